"""What a survey design does to the uncertainty of every parameter."""

import numpy as np
import pandas as pd
import xarray as xr

from bayes_lca.dims import CATEGORY
from bayes_lca.fitted.elements import by_label, existing_elements, row_index
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.survey_record import DIRECTIONS_HELD, DIRECTIONS_LEFT, UNCORRECTED, said_of_sample
from bayes_lca.likelihood.sandwich import FEWEST_ANSWERS
from bayes_lca.table import SummaryTable

CONSTANT = 1e-12
"""Standard deviation up to which a parameter does not vary."""


def design_effects(draws: xr.DataTree) -> SummaryTable:
    r"""Design effect of every parameter: how many times as uncertain it is as the weighted likelihood says.

    .. math:: \mathrm{deff} = \frac{\operatorname{var}(\tilde\theta)}{\operatorname{var}(\theta)}

    with draws after and before they were corrected for weights, strata and clusters. A simple random sample has 1; a
    sample with a design effect of 2 says as much about the parameter as a simple random sample of half the size.

    Parameters
    ----------
    draws : xarray.DataTree
        From ``fit(..., design=SurveyDesign(...))``.

    Returns
    -------
    SummaryTable
        One row per element of every variable of the draws, by ``variable`` and ``element``: ``mean`` and ``sd`` of the
        corrected draws, ``sd_uncorrected``, and ``design_effect``, not a number where a parameter is constant. Both
        have the same draws behind them, so that most of their Monte Carlo error cancels. A design effect below 1 is not
    believed of parameters behind which there are fewer than 30 answers, such as probabilities near 0: these stay as
    wide as they were, and the note says how many directions they span. It also has Kish's effective
        number of respondents, :math:`(\sum_i w_i)^2 / \sum_i w_i^2`.

    Raises
    ------
    ValueError
        If the fit is of no survey design, or was saved without respondents.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.

    References
    ----------
    Kish, L. (1965). Survey Sampling. Wiley.

    Williams, M. R. & Savitsky, T. D. (2021). Uncertainty estimation for pseudo-Bayesian inference under complex
    sampling. International Statistical Review 89(1), 72-107. doi 10.1111/insr.12376

    Examples
    --------
    >>> import warnings
    >>> import bayes_lca as bl
    >>> survey = bl.example_survey().assign(w=[1.0, 3.0] * 90)
    >>> lca = bl.LatentClass(2, bl.Items(["training", "recognition", "expertise"]))
    >>> with warnings.catch_warnings(action="ignore"):  # of few draws
    ...     draws = bl.fit(lca, survey, design=bl.SurveyDesign(weights="w"), draws=100, chains=2, progressbar=False)
    >>> table = bl.design_effects(draws)
    >>> bool((table["design_effect"] > 1).mean() > 0.5)
    True
    """
    fit = Fit.of(draws, needs="design_effects")
    if not fit.is_weighted:
        raise ValueError(
            f"design_effects: the {fit.n_respondents} respondents of this fit are taken for a simple random sample, "
            "whose design effects are 1; fit with design=bl.SurveyDesign(...)"
        )
    after, before = fit.posterior, fit.tree[UNCORRECTED].to_dataset()
    parts = [_rows(fit, str(name), after[name], before[name]) for name in after.data_vars]
    said = said_of_sample(fit.attributes)
    note = f"{fit.note}; Kish's effective n {said['kish_n']:.1f} of {fit.n_respondents}"
    note += f"; {said['n_units'] - said['n_strata']} degrees of freedom, sampling units less strata"
    if left := fit.attributes[DIRECTIONS_LEFT]:
        note += f"; {left} direction(s) left uncorrected, of which too few answers speak, such as probabilities near 0"
    if held := fit.attributes.get(DIRECTIONS_HELD, 0):
        note += f"; {held} direction(s) not made narrower, with fewer than {FEWEST_ANSWERS} answers behind them"
    return SummaryTable.of(pd.concat(parts).set_index(["variable", "element"]), note)


def _rows(fit: Fit, name: str, after: xr.DataArray, before: xr.DataArray) -> pd.DataFrame:
    """Rows of one variable; labels of the draws before may have been renamed since, places have not."""
    dims = [str(dim) for dim in after.dims if dim not in ("chain", "draw")] or ["element"]
    values = [each if each.ndim > 2 else each.expand_dims("element") for each in (after, before)]
    rows = [existing_elements(each, dims) for each in values]
    sd, uncorrected = (each.std(["chain", "draw"], ddof=1).to_numpy() for each in rows)
    effect = np.divide(sd, uncorrected, out=np.full(len(sd), np.nan), where=uncorrected > CONSTANT) ** 2
    columns = {
        "mean": rows[0].mean(["chain", "draw"]).to_numpy(),
        "sd": sd,
        "sd_uncorrected": uncorrected,
        "design_effect": effect,
    }
    index = row_index(rows[0], dims) if dims != ["element"] else pd.Index([""] * len(sd))
    table = pd.DataFrame(columns, index=index)
    if list(table.index.names) == ["latent_class", "item", CATEGORY]:
        table = by_label(table, fit)
    elements = [", ".join(map(str, row)) if isinstance(row, tuple) else str(row) for row in table.index]
    return table.reset_index(drop=True).assign(variable=name, element=elements)
