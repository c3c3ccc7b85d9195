"""Section of the number of classes: the table that compares them, its picture, and the recommendation in words."""

import pandas as pd

from bayes_lca.fitted.fit import Fit
from bayes_lca.reporting.writing.cells import Column, Display, display_of, label_of
from bayes_lca.reporting.writing.figures import drawn
from bayes_lca.reporting.writing.section import Block, Bullets, Paragraph, Picture, Section, Table
from bayes_lca.table import SummaryTable
from bayes_lca.workflows.class_counts.plot_class_counts import plot_class_counts
from bayes_lca.workflows.class_counts.pseudo_criteria import OF_THE_LIKELIHOOD, PSEUDO, WORDS, is_pseudo
from bayes_lca.workflows.class_counts.recommendation import Recommendation, recommend_classes

ANCHOR, TITLE = "classes", "Number of classes"
STEPS = "number of classes, criteria (steps 6-8), fit of all models (step 11)"
UNNOTED = "the table was given without a note"

PARTS = {
    "criteria": "log_likelihood parameters degrees_of_freedom unidentified AIC BIC aBIC CAIC ICL".split(),
    "of a pseudo-likelihood": [*(PSEUDO + name for name in OF_THE_LIKELIHOOD), "scaling"],
    "tests of one class fewer": "vlmr_p lmr_adjusted_p vuong_p blrt blrt_p blrt_p_lower".split(),
    "classification": "entropy_r2 average_posterior odds_correct".split(),
    "smallest class": "smallest_class smallest_class_se smallest_share smallest_share_lower".split(),
    "starts": "starts_at_mode starts converged_starts next_mode".split(),
    "posterior": "elpd elpd_se elpd_difference elpd_difference_se high_k modes r_hat ess".split(),
    "with a common method": "method_log_likelihood method_parameters method_degrees_of_freedom method_AIC method_BIC "
    "method_aBIC method_entropy_r2 method_smallest_class method_sd method_starts_at_mode method_starts".split(),
}
REFERENCES = (
    "Nylund, K. L., Asparouhov, T. & Muthén, B. O. (2007). Deciding on the number of classes in latent class analysis "
    "and growth mixture modeling. Structural Equation Modeling 14(4), 535-569. doi 10.1080/10705510701575396",
)
OF_POSTERIORS = (
    "Vehtari, A., Gelman, A. & Gabry, J. (2017). Practical Bayesian model evaluation using leave-one-out "
    "cross-validation and WAIC. Statistics and Computing 27, 1413-1432. doi 10.1007/s11222-016-9696-4",
)


def class_counts_section(fit: Fit, counted: pd.DataFrame | None) -> Section:
    """What speaks for each number of classes, beside the number of this fit."""
    if fit.class_is_observed:
        return Section(ANCHOR, TITLE, "", left_out="the categories are observed, so there is no number to decide.")
    if fit.supports("transition_probabilities"):
        return Section(ANCHOR, TITLE, "", left_out="bl.count_wave_classes(...) compares numbers of classes over waves.")
    if counted is None:
        why = "no table of numbers of classes was given: report(..., counted=bl.count_classes(...))."
        return Section(ANCHOR, TITLE, "", left_out=why)
    counted = counted.sort_index()
    table = Table("class_counts", "Numbers of classes compared", _noted(counted), turned(counted))
    if is_pseudo(counted):
        said = f"This fit has {len(fit.classes)} classes. No number of classes is recommended: {WORDS}."
        return Section(ANCHOR, TITLE, STEPS, [Paragraph(said), table], references=REFERENCES)
    recommended = recommend_classes(counted)
    blocks: list[Block] = [
        Paragraph(_fitted_in_words(fit, recommended, [int(n) for n in counted.index])),
        Bullets(recommended.words.splitlines()),
        table,
    ]
    if len(counted) > 1:
        blocks.append(
            Picture(
                "What speaks for each number of classes",
                "Information criteria, choices of criteria and tests, and the share of the smallest class by number of "
                f"classes; the numbers are in the table above. Recommended: {recommended.n_classes}"
                f"{' with a common method' if recommended.common_method else ''}.",
                drawn(plot_class_counts, counted),
            )
        )
    references = REFERENCES + (OF_POSTERIORS if "elpd" in counted.columns else ())
    return Section(ANCHOR, TITLE, STEPS, blocks, references=references)


def require_counts_of(fit: Fit, counted: pd.DataFrame | None) -> None:
    """Refuse numbers of classes for a fit whose classes were seen, and what is no table.

    Raises
    ------
    ValueError
    """
    if counted is None:
        return
    if fit.class_is_observed:
        raise ValueError(
            f"the categories of outcome {fit.outcome!r} are observed, so the table of numbers of classes is of another "
            "model; leave out counted"
        )
    if fit.supports("transition_probabilities"):
        raise ValueError(
            f"this fit follows {fit.n_respondents} respondents over waves, and the report shows numbers of classes of "
            "one wave only; leave out counted, and give the table of bl.count_wave_classes(...) beside the page"
        )
    if not isinstance(counted, pd.DataFrame):
        raise ValueError(f"counted={type(counted).__name__}: give the table that bl.count_classes(...) returns")


def _fitted_in_words(fit: Fit, recommended: Recommendation, compared: list[int]) -> str:
    n_classes, has_method = len(fit.classes), fit.supports("common_method")
    method = " with a common method" if has_method else ""
    classes = f"{n_classes} class{'' if n_classes == 1 else 'es'}{method}"
    numbers = f"This fit has {classes}. Compared were {', '.join(map(str, compared))}."
    if (n_classes, has_method) == (recommended.n_classes, recommended.common_method):
        return f"{numbers} The recommendation from the table agrees:"
    return (
        f"{numbers} The recommendation from the table is another; say in the paper why {n_classes}{method} were chosen:"
    )


def turned(counted: pd.DataFrame) -> Display:
    """One column for each number of classes; rows in groups, columns the package does not know in the last."""
    shown = display_of(counted)
    columns = _by_name(counted, shown)
    known = [name for names in PARTS.values() for name in names]
    parts = PARTS | {"further": [name for name in columns if name not in known]}
    rows = [(part, columns[name]) for part, names in parts.items() for name in names if name in columns]
    names = [Column("", [part for part, _ in rows]), Column("classes", [column.label for _, column in rows])]
    values = [
        Column(str(n_classes), [column.cells[place] for _, column in rows], is_number=True)
        for place, n_classes in enumerate(counted.index)
    ]
    return Display(names, values)


def _by_name(counted: pd.DataFrame, shown: Display) -> dict[str, Column]:
    """Columns as they are shown, by their name in the table; an interval says what it is of."""
    names = [name for name in map(str, counted.columns) if not name.endswith("_upper")]
    return {
        name: Column(f"{label_of(name.removesuffix('_lower'))}, interval", column.cells, is_number=True)
        if name.endswith("_lower")
        else column
        for name, column in zip(names, shown.values, strict=True)
    }


def _noted(counted: pd.DataFrame) -> SummaryTable:
    return SummaryTable.of(pd.DataFrame(counted), counted.attrs.get("note") or UNNOTED)
