"""Latent classes by maximum likelihood: estimates and standard errors, fit, classification, starts."""

from dataclasses import dataclass

from bayes_lca.data.frame import Frame, check_whole
from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.em import fit_em
from bayes_lca.likelihood.estimate_errors import EstimateErrors
from bayes_lca.likelihood.identification import degrees_of_freedom, warn_of_too_few_cells
from bayes_lca.likelihood.modes import MaximumLikelihood
from bayes_lca.likelihood.unrestricted import SPARSE, TableFit, table_fit
from bayes_lca.measurement.items import Items
from bayes_lca.measurement.nominal import NominalAnswers, read_answers
from bayes_lca.table import SummaryTable
from bayes_lca.verdict import TablesWithVerdict
from bayes_lca.workflows.maximum_likelihood import estimate_tables, fit_tables


@dataclass(frozen=True, eq=False, repr=False)
class MaximumLikelihoodEstimates(TablesWithVerdict):
    """Latent classes at the best maximum of the likelihood, as `maximum_likelihood` returns them.

    Classes are named C1, C2, ... in order of falling share.

    Attributes
    ----------
    answers : NominalAnswers
    found : MaximumLikelihood
        Modes that the starts reached.
    errors : EstimateErrors
        Both covariances of the estimates.
    table_of_answers : TableFit
        Departure from the table of all answers.
    """

    answers: NominalAnswers
    found: MaximumLikelihood
    errors: EstimateErrors
    table_of_answers: TableFit

    @property
    def fit(self) -> SummaryTable:
        """Log-likelihood, parameters, scaling correction factor, criteria and entropy, a row each."""
        return fit_tables.fit_table(self)

    @property
    def chi_squared(self) -> SummaryTable:
        """Pearson's and the likelihood ratio statistic against the table of all answers."""
        return fit_tables.chi_squared_table(self)

    @property
    def shares(self) -> SummaryTable:
        """Class shares with both standard errors; who is assigned where, and how surely."""
        return fit_tables.share_table(self)

    def class_logits(self, reference: str | None = None) -> SummaryTable:
        """Log odds of each class against a reference, the smallest by default."""
        return estimate_tables.class_logit_table(self, reference)

    @property
    def probabilities(self) -> SummaryTable:
        """Probability of each answer in each class, with both standard errors."""
        return estimate_tables.probability_table(self)

    @property
    def thresholds(self) -> SummaryTable:
        """Logit of each answer or one before it, in each class; held at 15 or -15 where it has no finite estimate."""
        return estimate_tables.threshold_table(self)

    @property
    def error_matrix(self) -> SummaryTable:
        """Probability of being assigned to each class (columns) for the members of a class (rows)."""
        return fit_tables.error_table(self)

    @property
    def average_posterior(self) -> SummaryTable:
        """Average probability of each class (columns) among those assigned to a class (rows)."""
        return fit_tables.average_posterior_table(self)

    @property
    def starts(self) -> SummaryTable:
        """The modes reached, best first, and how many starts reached each."""
        return fit_tables.start_table(self)

    @property
    def class_names(self) -> list[str]:
        """C1, C2, ..., the largest class first."""
        return [f"C{k + 1}" for k in range(len(self.found.class_share))]

    @property
    def note(self) -> str:
        """What the estimates rest on."""
        held, open_ = self.errors.n_at_boundary, self.errors.n_unidentified
        return "; ".join(
            [
                self.answers.note,
                f"best of {self.found.n_starts} starts, met by {self.found.best_starts}",
                *([f"{held} parameters held at the boundary of zero"] if held else []),
                *([f"{open_} combinations of parameters that the answers do not identify"] if open_ else []),
            ]
        )

    @property
    def verdict(self) -> str:
        """Whether the maximum can be trusted, and whether the classes describe the table of answers."""
        n_classes, n = len(self.found.class_share), int(self.errors.model.count.sum())
        words = [
            f"{n_classes} class{'es' if n_classes > 1 else ''} of n = {n}: log-likelihood "
            f"{self.found.log_likelihood:.3f}, {_starts_in_words(self.found)}."
        ]
        if self.errors.n_unidentified:
            words.append(
                f"{self.errors.n_unidentified} combination(s) of parameters are not identified: fewer classes can be "
                "told apart, and what rests on them has no standard error."
            )
        table = self.table_of_answers
        if table.refused:
            words.append(f"No chi-squared: {table.refused}.")
        elif table.degrees_of_freedom <= 0:
            words.append("No chi-squared: the model has as many parameters as the table of answers has cells.")
        elif n < SPARSE * table.n_cells:
            words.append(
                f"{n} respondents in {table.n_cells} cells are too sparse for p-values of chi-squared: bl.check_items "
                "of a fit judges it by replicated data."
            )
        return "\n".join(words)

    @property
    def tables(self) -> dict[str, SummaryTable]:
        """What is shown; thresholds, class logits and average posteriors are asked for by name."""
        return {
            "fit": self.fit,
            "chi squared": self.chi_squared,
            "shares": self.shares,
            "probabilities": self.probabilities,
            "error matrix: class, and class assigned to": self.error_matrix,
            "starts": self.starts,
        }


def maximum_likelihood(
    items: Items,
    frame: Frame,
    n_classes: int,
    *,
    count: str | int | None = None,
    n_starts: int = 100,
    seed: int = 0,
) -> MaximumLikelihoodEstimates:
    r"""Estimate latent classes by maximum likelihood, as Mplus, Latent GOLD and poLCA do.

    Maximises :math:`\sum_i \log \sum_k \pi_k \prod_{j\,\text{answered}} \rho_{k j y_{ij}}` from many random starts; the
    best is led to its maximum by Newton steps. Missing answers are missing at random. Covariances are
    :math:`I^{-1}` of the observed information, and the sandwich :math:`I^{-1} J I^{-1}` with J the summed products of
    the respondents' scores, which Mplus's estimator MLR prints [1]_. Probabilities at zero are held there, each by what
    it is, and have no standard error.

    Parameters
    ----------
    items : Items
    frame : pandas.DataFrame, polars.DataFrame or any eager frame narwhals understands
    n_classes : int
    count : str or int, optional
        Column of the number of respondents with each row, where the frame is a frequency table.
    n_starts : int, default 100
        Random starts, each run to its end.
    seed : int
        Of the starts.

    Returns
    -------
    MaximumLikelihoodEstimates
        Shown with the verdict first. Its tables are ``fit``, ``chi_squared``, ``shares``, ``class_logits()``,
        ``probabilities``, ``thresholds``, ``error_matrix``, ``average_posterior`` and ``starts``. Estimates have ``se``
        of the information, ``robust_se``, and the 95 % interval ``lower`` to ``upper`` of the robust one, of
        probabilities and shares made on the scale of logits.

        ``fit`` has ``scaling``, the mean eigenvalue of the robust by the usual covariance. Where answers are missing,
        the table of all answers that ``chi_squared`` compares with is estimated without a model by EM; where it is too
        large for that, the statistics are not a number and the note says why.

    Raises
    ------
    TypeError
        If `items` is no measurement part, such as a list of names.
    ValueError
        If items are not nominal or restricted, items or counts cannot be used, or `n_classes` is below 1 or above the
        number of distinct patterns.
    FirstStepError
        If the starts did not end at a maximum.

    Warns
    -----
    UnidentifiedWarning
        If there are more parameters than the table of all answers has cells.

    References
    ----------
    .. [1] Muthen and Muthen (2017). Mplus User's Guide, eighth edition. Standard errors of White (1982). Maximum
       likelihood estimation of misspecified models. Econometrica 50, 1-25. https://doi.org/10.2307/1912526

    Examples
    --------
    >>> import bayes_lca as bl
    >>> items = bl.Items(["training", "recognition", "expertise"])
    >>> estimates = bl.maximum_likelihood(items, bl.example_survey(), 2, n_starts=10)
    >>> estimates.shares["estimate"].round(2).to_dict()
    {'C1': 0.64, 'C2': 0.36}
    >>> estimates.thresholds.loc[("C1", "training", "decrease"), ["estimate", "robust_se"]].round(2).tolist()
    [-3.62, 0.6]
    """
    check_whole(least=1, n_classes=n_classes, n_starts=n_starts)
    answers = read_answers(items, frame, count)
    responses = answers.responses
    distinct = unique_rows(responses.codes)
    codes, counts = responses.codes[distinct.first], distinct.count.astype(float)
    if n_classes > len(counts):
        raise ValueError(
            f"{n_classes} classes exceed the {len(counts)} distinct answer patterns of {int(counts.sum())} respondents;"
            " ask for fewer classes"
        )
    found = fit_em(codes, counts, responses.n_categories, n_classes, n_starts=n_starts, seed=seed)
    model = Classification(found.item_probability, found.class_share, codes, counts)
    sizes = responses.n_observed_categories
    errors = EstimateErrors(model, sizes)
    freedom = degrees_of_freedom(errors.n_parameters, sizes)
    warn_of_too_few_cells(n_classes, freedom, stacklevel=2)
    return MaximumLikelihoodEstimates(answers, found, errors, table_fit(model, sizes, freedom))


def _starts_in_words(found: MaximumLikelihood) -> str:
    """How often the best maximum was met, and what that says."""
    met = f"met by {found.best_starts} of {found.n_starts} starts"
    if found.best_starts == 1 < found.n_starts and len(found.class_share) > 1:
        return f"{met} only, so a better one may exist: give more starts"
    return met
