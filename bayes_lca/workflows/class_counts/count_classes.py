"""How many classes: one row per number of classes, by maximum likelihood and, on request, by posteriors."""

from collections.abc import Iterable

import pandas as pd

from bayes_lca.data.frame import Frame, check_whole, is_whole
from bayes_lca.data.survey_design import SurveyDesign
from bayes_lca.data.survey_weights import refuse_items_as_roles
from bayes_lca.measurement.items import Items
from bayes_lca.measurement.nominal import read_answers
from bayes_lca.table import SummaryTable
from bayes_lca.workflows.class_counts.all_shares import keep_shares
from bayes_lca.workflows.class_counts.blrt import check_bootstrap
from bayes_lca.workflows.class_counts.class_posteriors import posterior_columns, posterior_note, sample_classes
from bayes_lca.workflows.class_counts.common_method_counts import common_method_columns, preference_in_words
from bayes_lca.workflows.class_counts.likelihood_counts import LikelihoodCounts
from bayes_lca.workflows.class_counts.pseudo_criteria import WORDS, refuse_beside_design
from bayes_lca.workflows.class_counts.vlmr import LIMITS


def count_classes(
    items: Items,
    frame: Frame,
    classes: Iterable[int],
    *,
    count: str | int | None = None,
    design: SurveyDesign | None = None,
    n_starts: int = 50,
    seed: int = 0,
    blrt_draws: int = 0,
    blrt_starts: int = 20,
    jobs: int | None = None,
    progressbar: bool = True,
    bayes: bool = False,
    draws: int = 1000,
    tune: int = 500,
    chains: int = 4,
    common_method: bool = False,
) -> SummaryTable:
    r"""Compare numbers of classes, as in the usual table of a latent class analysis.

    With `bayes`, each number of classes is also compared by how well its posterior predicts a respondent left out,

    .. math:: \mathrm{elpd} = \sum_i \log p(y_i \mid y_{-i}),

    estimated by Pareto-smoothed importance sampling from the likelihood with the class summed out [1]_ [2]_. Priors are
    those of `LatentClass` with these items; draws come from a Gibbs sampler, each chain from a random start.

    Parameters
    ----------
    items : Items
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    classes : iterable of int
        Numbers of classes, ``range(1, 6)`` for one to five.
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    design : SurveyDesign, optional
        How respondents were sampled. The likelihood is weighted; criteria are those of a pseudo-likelihood, in columns
        ``pseudo_log_likelihood``, ``pseudo_AIC`` and so on; ``smallest_class_se`` is the standard error over samples of
        the design, and ``scaling`` how many times as large the scores vary as the information says. Tests are left out.
    n_starts : int, default 50
        Random starts for each number of classes.
    seed : int
    blrt_draws : int, default 0
        Bootstrap samples for the likelihood ratio test of one class fewer, 200 for example; 0 leaves the test out.
    blrt_starts, jobs, progressbar
        Of that test: `starts`, `jobs` and `progressbar` of `bootstrap_likelihood_ratio`.
    bayes : bool, default False
        Add columns from the posterior of each number of classes.
    draws, tune, chains : int
        Of these posteriors: draws of each chain that are kept, draws of its warm-up, and number of chains.
    common_method : bool, default False
        Add columns of the same numbers of classes with a common method: persons who lean towards higher or lower
        categories in all items, `CommonMethod` with its defaults [3]_. Without it such persons come out as classes.

    Returns
    -------
    SummaryTable
        One row per number of classes: ``log_likelihood``, ``parameters``, ``degrees_of_freedom`` (cells of
        the table of all answers less one less the parameters; below zero the classes cannot be identified),
        ``unidentified`` (combinations of parameters that the answers say nothing about; not a number where EM stopped
        before a maximum), ``AIC``, ``BIC``, ``aBIC`` (the sample-size-adjusted one; not a number up to 22 respondents,
        where its penalty is not positive), ``CAIC``, ``ICL``, ``entropy_r2``, ``smallest_class`` (its share) with the
        standard error ``smallest_class_se`` (not a number where the answers say nothing about it); of modal assignment
        the average posterior probability ``average_posterior`` and the odds of correct classification
        ``odds_correct``, each of the class where it is smallest;
        ``starts_at_mode`` out of ``starts``, of which ``converged_starts`` ended before the limit of iterations, and
        ``next_mode``, the log-likelihood of the second-best mode. For one class fewer against this number:
        ``vlmr_p`` and ``lmr_adjusted_p``, with the robust covariance as Mplus has them, and ``vuong_p``, Vuong's own
        with the inverse information alone (see `vuong_lo_mendell_rubin`), and with `blrt_draws` also ``blrt``, twice
        the difference of the log-likelihoods, ``blrt_p`` and its Monte Carlo interval ``blrt_p_lower`` to
        ``blrt_p_upper`` (see `bootstrap_likelihood_ratio`). The note counts what these tests had to leave out.

        With `bayes`: ``elpd`` with its standard error ``elpd_se``; ``elpd_difference`` to the number of classes that
        predicts best, with ``elpd_difference_se``; ``high_k``, the respondents for whom it is unreliable;
        ``smallest_share``, the posterior median of the share of the smallest class, and its 95 % interval
        ``smallest_share_lower`` to ``smallest_share_upper``; the ``modes`` that chains stayed in, where more than one,
        posterior columns are those of the mode that predicts best; the worst ``r_hat`` and ``ess`` of log-likelihood
        and ordered shares.

        With `common_method`, by maximum likelihood: ``method_log_likelihood``, ``method_parameters``,
        ``method_degrees_of_freedom``, ``method_AIC``, ``method_BIC``, ``method_aBIC``, ``method_entropy_r2``,
        ``method_smallest_class``; ``method_sd``, the standard deviation between persons of the log odds of a category
        against the one below; and ``method_starts_at_mode`` out of ``method_starts`` climbs. The note says which of
        all BIC prefers.

    Raises
    ------
    TypeError
        If `items` is no measurement part, such as a list of names.
    ValueError
        If items are not nominal, items or counts cannot be used, a number of classes is below 1 or above the number of
        distinct patterns, or a number of draws, starts, chains or jobs is no whole number; with `common_method`, if
        nobody declared the order of an item's categories, two that all items share apart.

    Warns
    -----
    UnusedCountsWarning
        If nothing is counted, and a column that is not used looks like counts.

    Notes
    -----
    Respondents without any answer take no part: they would change n, and with it BIC, and the entropy, and say nothing
    about classes. The note says how many there are.

    The standard error of the smallest share is :math:`\bar m (1 - \bar m) / \sqrt{\sum_i (m_i - \bar m)^2}`,
    with :math:`m_i` the membership probabilities of that class: the empirical information of the share with the item
    probabilities held at their estimates, hence a lower bound.

    References
    ----------
    .. [1] Vehtari, A., Gelman, A. & Gabry, J. (2017). Practical Bayesian model evaluation using leave-one-out
       cross-validation and WAIC. Statistics and Computing 27, 1413-1432. doi 10.1007/s11222-016-9696-4
    .. [2] Merkle, E. C., Furr, D. & Rabe-Hesketh, S. (2019). Bayesian comparison of latent variable models: Conditional
       versus marginal likelihoods. Psychometrika 84, 802-829. doi 10.1007/s11336-019-09679-0
    .. [3] Qu, Y., Tan, M. & Kutner, M. H. (1996). Random effects models in latent class analysis for evaluating
       accuracy of diagnostic tests. Biometrics 52(3), 797-810. doi 10.2307/2533043

    Examples
    --------
    >>> import bayes_lca as bl
    >>> items = bl.Items(["training", "recognition", "expertise"])
    >>> table = bl.count_classes(items, bl.example_survey(), [1, 2], n_starts=10)
    >>> table["parameters"].tolist()
    [6, 13]
    >>> int(table["BIC"].idxmin())
    2
    """
    if not isinstance(classes, Iterable) or not (classes := list(classes)):
        raise ValueError(f"classes={classes!r}: give the numbers of classes to compare, such as range(1, 6)")
    for n_classes in classes:
        if not is_whole(n_classes, least=1):
            raise ValueError(f"{n_classes!r} in classes: the number of classes is a whole number from 1 on")
    if blrt_draws != 0:
        check_bootstrap(blrt_draws, blrt_starts, jobs)
    if bayes:
        check_whole(least=50, draws=draws)
        check_whole(least=0, tune=tune)
        check_whole(least=2, chains=chains)
    if design is not None:
        restricted = bool(getattr(items, "restrictions", ()))
        options = {
            "count": count is not None,
            "blrt_draws": blrt_draws > 0,
            "bayes": bayes,
            "common_method": common_method,
        }
        refuse_beside_design(design, options | {"restrictions": restricted})
    answers = read_answers(items, frame, count, design.columns if design else (), restricted=True)
    responses = answers.responses
    if design is not None:
        refuse_items_as_roles(design, items.columns, len(answers.answered))
    sample = design.read(answers.frame, answers.answered).scaled(answers.answered) if design else None
    if items.restrictions and (blrt_draws or common_method):
        given = f"blrt_draws={blrt_draws}: the bootstrap" if blrt_draws else "common_method=True: the common method"
        raise ValueError(
            f"{given} is fitted to unrestricted classes, and items {list(items.columns)} are restricted; leave one of "
            "the two out"
        )
    known = {k: items.known(responses, k) for k in classes} if items.restrictions else {}
    likelihood = LikelihoodCounts(responses, n_starts, seed, known, sample)
    likelihood.check(max(classes))
    rows, notes = [], []
    for n_classes in classes:
        parts = [likelihood.test_by_scores(n_classes)] if sample is None else []
        if blrt_draws:
            parts.append(
                likelihood.test_by_bootstrap(n_classes, blrt_draws, blrt_starts, jobs, progressbar=progressbar)
            )
        row = {"classes": n_classes, **likelihood.criteria(n_classes)}
        for columns, remarks in parts:
            row |= columns
            notes += remarks
        rows.append(row)
    table = pd.DataFrame(rows).set_index("classes")
    note = f"{answers.note}; maximum likelihood"
    if sample is not None:
        note = f"{answers.note}, {sample.in_words}; maximum pseudo-likelihood"
    notes = [*_cautions(table), *notes]
    if sample is not None:
        notes.append(WORDS)
    elif max(classes) > 1:
        notes.append(LIMITS)
    if known:
        notes.append("items are restricted: no tests by scores")
    if common_method:
        columns, remarks = common_method_columns(likelihood, classes)
        table = table.join(columns)
        notes += [preference_in_words(table), *remarks]
    if bayes:
        posteriors = {
            n_classes: sample_classes(
                *(likelihood.codes, likelihood.counts, responses.n_categories, n_classes),
                *(items.category_weight(responses), draws, tune, chains, seed),
                known=known.get(n_classes),
            )
            for n_classes in classes
        }
        table = table.join(posterior_columns(posteriors))
        notes.append(posterior_note(posteriors))
    else:
        note += ", no draws"
    summary = SummaryTable.of(table, "; ".join([note, *notes]))
    keep_shares(summary, {n_classes: likelihood.fit(n_classes).class_share.tolist() for n_classes in classes})
    return summary


def _cautions(table: pd.DataFrame) -> list[str]:
    """Which rows of a table of class counts are no evidence beside those of too few cells, and which column."""
    cautions = [
        f"{n_classes} classes are not identified: the answers say nothing about {unidentified:g} combinations of their "
        "parameters"
        for n_classes, unidentified in table.loc[table["degrees_of_freedom"] >= 0, "unidentified"].items()
        if unidentified > 0
    ]
    if "aBIC" in table and table["aBIC"].isna().any():
        cautions.append("aBIC left out: with so few respondents its penalty is not positive")
    return cautions
