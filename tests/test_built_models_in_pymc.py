"""What PyMC and ArviZ promise of any model holds for built ones: their densities are those of a loop over rows."""

import arviz_stats
import numpy as np
import pymc as pm
import pytest
import xarray as xr
from pymc.stats.log_density import compute_log_likelihood, compute_log_prior
from scipy import stats
from scipy.special import gammaln

import bayes_lca as bl
from bayes_lca.datasets.example import ITEMS
from bayes_lca.dims import CLASS, ITEM, ITEM_PROBABILITY
from bayes_lca.structural.whitening import contrast_basis

REGRESSION = bl.Regression("~ participation + (1 | group)", slope=bl.ZeroSumNormal(1.5), group_sd=bl.HalfNormal(0.7))
MODELS = {
    "classes": bl.LatentClass(2, bl.Items(ITEMS, bl.Dirichlet(2.0)), bl.Shares(bl.Dirichlet(3.0))),
    "classes in order": bl.LatentClass(2, bl.OrdinalItems(ITEMS), bl.Shares(bl.Dirichlet(3.0))),
    "classes of persons": bl.LatentClass(
        2, bl.CommonMethod(bl.Items(ITEMS, bl.Dirichlet(2.0))), bl.Shares(bl.Dirichlet(3.0))
    ),
    "classes and regression": bl.LatentClass(2, bl.Items(ITEMS, bl.Dirichlet(2.0)), REGRESSION),
    "observed category": bl.Multinomial("education", REGRESSION),
}
WRITTEN_OUT = [name for name in MODELS if name not in ("classes in order", "classes of persons")]
OF_DENSITIES = {"progressbar": False, "backend": "jax"}


def made_up_draws(model, seed=4):
    """Values of all free variables, two chains of twenty draws, as `pymc.sample` returns them."""
    rng = np.random.default_rng(seed)
    variables = {}
    for variable in model.free_RVs:
        dims = model.named_vars_to_dims[variable.name]
        shape = (2, 20, *(len(model.coords[dim]) for dim in dims))
        if "Dirichlet" in type(variable.owner.op).__name__:
            values = rng.dirichlet(np.full(shape[-1], 4.0), size=shape[:-1])
        elif variable.name.endswith("_sd"):
            values = np.abs(rng.normal(0.5, 0.2, size=shape))
        else:
            values = rng.normal(0, 0.5, size=shape)
            if variable.name != "group_coefficients":
                values -= values.mean(axis=-1, keepdims=True)
        variables[variable.name] = (("chain", "draw", *dims), values)
    return xr.DataTree.from_dict({"/posterior": xr.Dataset(variables, {"chain": range(2), "draw": range(20)})})


def class_logits(posterior, frame, rows):
    """Of every respondent in every draw, written out; shape (chain, draw, respondent, class).

    Coefficients of a group are contrasts of the classes at the mean of its covariate over the `rows` of the model.
    """
    intercept = posterior["intercept_at_mean"].to_numpy()
    x = frame["participation"].to_numpy()
    slope = posterior["slope_standardised"].to_numpy()[:, :, 0] / x.std()
    groups = sorted(set(frame["group"]))
    mean_x = rows.groupby(rows["group"].astype(str))["participation"].mean()[groups].to_numpy()
    place = frame["group"].map(groups.index).to_numpy()
    of_group = posterior["group_coefficients"].to_numpy() @ contrast_basis(intercept.shape[-1]).T
    within = (x - mean_x[place])[:, None] * slope[:, :, None]
    return of_group[:, :, place] + within


def loop_over_respondents(name, posterior, frame, rows):
    """Log-likelihood of every respondent in every draw, shape (chain, draw, respondent)."""
    if name == "classes":
        logits = np.log(posterior["class_share"].to_numpy())[:, :, None]
    else:
        logits = class_logits(posterior, frame, rows)
    share = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    if name == "observed category":
        return np.log(share[:, :, np.arange(len(frame)), frame["education"].cat.codes])
    rho = posterior[ITEM_PROBABILITY].transpose("chain", "draw", CLASS, ITEM, "category").to_numpy()
    result = np.empty((*rho.shape[:2], len(frame)))
    for row in range(len(frame)):
        of_class = share[:, :, row if share.shape[2] > 1 else 0].copy()
        for place, item in enumerate(ITEMS):
            code = frame[item].cat.codes.iloc[row]
            of_class *= rho[:, :, :, place, code] if code >= 0 else 1.0
        result[:, :, row] = np.log(of_class.sum(axis=-1))
    return result


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_log_likelihood_of_pymc_is_that_of_respondents(name):
    frame = bl.example_survey()
    draws = made_up_draws(MODELS[name].build(frame, collapse=False))
    with MODELS[name].build(frame, collapse=False):
        compute_log_likelihood(draws, **OF_DENSITIES)
    (values,) = draws["log_likelihood"].to_dataset().data_vars.values()
    expected = loop_over_respondents(name, draws["posterior"], frame, frame)
    np.testing.assert_allclose(values.to_numpy(), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", WRITTEN_OUT)
def test_log_likelihood_of_distinct_rows_is_that_of_all_who_have_them(name):
    frame = bl.example_survey()
    observed = ["education"] if name == "observed category" else ITEMS
    columns = {"classes": ITEMS, "observed category": ["participation", "group"]}
    rows = frame.drop_duplicates(columns.get(name, [*ITEMS, "participation", "group"]))
    built = MODELS[name].build(frame)
    draws = made_up_draws(built)
    with built:
        compute_log_likelihood(draws, **OF_DENSITIES)
    (values,) = draws["log_likelihood"].to_dataset().data_vars.values()
    assert values.sizes["pattern"] == len(rows) < len(frame)
    expected = loop_over_respondents(name, draws["posterior"], frame, rows).sum(axis=-1)
    beyond = 0.0
    if name == "observed category":  # how often a row is seen with each category, in any order of its respondents
        cells = frame.groupby([*columns[name], *observed], observed=False).size().unstack(observed)
        beyond = (gammaln(cells.sum(axis=1) + 1) - gammaln(cells + 1).sum(axis=1)).sum()
    np.testing.assert_allclose(values.sum("pattern"), expected + beyond, rtol=1e-9)


def expected_log_prior(posterior):
    """Log prior of every draw, by SciPy, without the effects of groups, shape (chain, draw)."""

    def rows(values, logpdf):
        return np.apply_along_axis(logpdf, -1, values.to_numpy()).reshape(2, 20, -1).sum(axis=-1)

    def zero_sum(sigma):
        return lambda row: stats.norm.logpdf(row, scale=sigma).sum() + np.log(sigma * np.sqrt(2 * np.pi))

    priors = {
        "class_share": stats.dirichlet([3.0, 3.0]).logpdf,
        "item_probability": stats.dirichlet([2.0, 2.0, 2.0]).logpdf,
        "intercept_at_mean": zero_sum(2.5),
        "slope_standardised": zero_sum(1.5),
        "group_sd": lambda row: stats.halfnorm.logpdf(row, scale=0.7).sum(),
    }
    return {name: rows(posterior[name], logpdf) for name, logpdf in priors.items() if name in posterior}


@pytest.mark.parametrize("name", MODELS)
def test_log_prior_of_pymc_and_the_sensitivity_of_arviz(name):
    model = MODELS[name].build(bl.example_survey())
    draws = made_up_draws(model)
    with model:
        compute_log_prior(draws, **OF_DENSITIES)
    assert set(draws["log_prior"].data_vars) == {variable.name for variable in model.free_RVs}
    for variable, expected in expected_log_prior(draws["posterior"]).items():
        values = draws["log_prior"][variable]
        np.testing.assert_allclose(
            values.sum([dim for dim in values.dims if dim not in ("chain", "draw")]), expected, rtol=1e-5, atol=1e-5
        )
    with model:
        compute_log_likelihood(draws, **OF_DENSITIES)
    table = arviz_stats.psense_summary(draws)
    assert np.isfinite(table[["prior", "likelihood"]].to_numpy()).all()


def test_pymc_recovers_the_names_of_all_variables():
    for model in MODELS.values():
        built = model.build(bl.example_survey())
        for variable in built.free_RVs:
            value = built.rvs_to_values[variable].name
            assert pm.util.get_untransformed_name(value) == variable.name
