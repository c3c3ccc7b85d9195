"""A page about one fit, as a methodologist would attach it to a paper."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import xarray as xr

from bayes_lca.data.frame import check_whole
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.checks.check_items import ItemCheck
from bayes_lca.posterior.checks.check_waves import WaveCheck
from bayes_lca.posterior.tables.odds_ratios import class_pairs
from bayes_lca.posterior.tables.rows import CI_PROB
from bayes_lca.reporting.sections.checks import checks_section, require_check_of
from bayes_lca.reporting.sections.class_counts import class_counts_section, require_counts_of
from bayes_lca.reporting.sections.classification import classification_section
from bayes_lca.reporting.sections.common_method import common_method_sections
from bayes_lca.reporting.sections.convergence import convergence_section, problems_of, soundness
from bayes_lca.reporting.sections.covariates import covariates_section
from bayes_lca.reporting.sections.data import data_section
from bayes_lca.reporting.sections.group_classes import group_classes_sections
from bayes_lca.reporting.sections.model import model_section
from bayes_lca.reporting.sections.profiles import profiles_section
from bayes_lca.reporting.sections.reproduction import reproduction_section, sampled_at
from bayes_lca.reporting.sections.small_cells import without_small_cells
from bayes_lca.reporting.sections.transitions import transitions_sections
from bayes_lca.reporting.sections.warnings import warnings_section
from bayes_lca.reporting.writing.files import check_path, tables_folder, write_page, write_tables
from bayes_lca.reporting.writing.html_page import html_page
from bayes_lca.reporting.writing.section import Bullets, Paragraph, Section, Table
from bayes_lca.table import tail_probabilities

SMART_LCA = (
    "van Lissa, C. J., Garnier-Villarreal, M. & Anadria, D. (2024). Recommended practices in latent class analysis "
    "using the open-source R-package tidySEM. Structural Equation Modeling 31(3), 526-534. "
    "doi 10.1080/10705511.2023.2250920"
)
LEFT_TO_AUTHORS = (
    "the research question, the design of the study, and why these respondents and so many of them (step 1);",
    "whether the analysis is exploratory or confirmatory, and whether it was registered (step 1);",
    "why these items measure what the classes are about (step 1);",
    "why numbers of classes up to the largest were compared, and what speaks for the chosen one in substance "
    "(steps 6, 7);",
    "what the names of the classes stand for (step 11);",
    "how many intervals were read, and which questions were asked before the data were seen (step 12);",
    "where code and data, or synthetic data, can be found (step 9).",
)


def report(
    draws: xr.DataTree,
    path: str | os.PathLike,
    *,
    title: str | None = None,
    check: ItemCheck | WaveCheck | None = None,
    counted: pd.DataFrame | None = None,
    reference: str | None = None,
    ci_prob: float = CI_PROB,
    tables: bool = False,
    smallest_cell: int | None = None,
) -> Path:
    """Write one HTML page about a fit: data, model, classes, covariates, checks, convergence, settings.

    The page is one file that fetches nothing and runs nothing, in the order of the SMART-LCA checklist [1]_. Tables
    carry their notes, figures are vector graphics. It holds no respondent's row: membership is shown as its
    distribution. Problems of convergence stand above everything else; what `fit` has warned of has a section. The same
    draws give the same bytes.

    Parameters
    ----------
    draws : xarray.DataTree
        From `fit` of any model, or from `fit_two_step`.
    path : str or path
        File to write, such as ``"report.html"``; an older one is replaced once the new one is whole.
    title : str, optional
        Heading; model, number of classes and respondents by default.
    check : ItemCheck or WaveCheck, optional
        From `check_items` of this fit.
    counted : SummaryTable, optional
        From `count_classes`.
    reference : str, optional
        The class, or category, all others are compared with; all pairs by default.
    ci_prob : float, default 0.95
        Probability of the equal-tailed intervals, but for those of `check` and `counted`.
    tables : bool, default False
        Also write every table as CSV and as a LaTeX ``tabular`` (booktabs) to a folder beside the page:
        ``report_tables/class_sizes.csv`` for ``report.html``. Files of the same names are replaced, others stay.
    smallest_cell : int, optional
        Leave out counts of fewer respondents than this, see `suppress_small_cells`: of answers given and missing,
        outcomes, levels of covariates, groups, and modal classes. All counts are shown by default.

    Returns
    -------
    pathlib.Path
        Of the page.

    Raises
    ------
    TypeError
        If `draws` is no tree, or `title` no text.
    NotRelabelledError, SeveralModesError
        If an average would mix labels or modes.
    ValueError
        If `draws` is no fit or was saved without respondents, `path` is a folder, `check` is of another fit, `counted`
        is no table of class counts or is given for observed categories, `reference` is no class, `ci_prob` no
        probability, or `smallest_cell` no whole number from 1 on.
    FileNotFoundError
        If the folder of `path` does not exist.

    Notes
    -----
    A response pattern that fewer than 5 respondents gave is not spelled out. Other counts are shown as they are unless
    `smallest_cell` is given: look at small ones before you share the page. It hides neither how many answers are
    missing over all items nor how many rows were left out.

    References
    ----------
    .. [1] van Lissa, C. J., Garnier-Villarreal, M. & Anadria, D. (2024). Recommended practices in latent class analysis
       using the open-source R-package tidySEM. Structural Equation Modeling 31(3), 526-534.
       doi 10.1080/10705511.2023.2250920

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import bayes_lca as bl
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = bl.report(bl.load_example("alone"), Path(folder) / "report.html")
    ...     page.name, "<h1>Latent class analysis: 2 classes, 180 respondents</h1>" in page.read_text("utf-8")
    ('report.html', True)
    """
    fit = Fit.of(draws, needs="report")
    path = check_path(path)
    if title is not None and not isinstance(title, str):
        raise TypeError(f"title={title!r}: give the heading as text, or None for model, classes and respondents")
    tail_probabilities(ci_prob)
    class_pairs(fit, reference)
    require_check_of(fit, check)
    require_counts_of(fit, counted)
    if smallest_cell is not None:
        check_whole(least=1, smallest_cell=smallest_cell)
    problems = problems_of(fit)
    sections = [
        data_section(fit, smallest_cell),
        warnings_section(fit, smallest_cell),
        model_section(fit),
        class_counts_section(fit, counted),
        profiles_section(fit, ci_prob),
        *transitions_sections(fit, reference, ci_prob),
        *common_method_sections(fit, ci_prob),
        *group_classes_sections(fit, ci_prob),
        classification_section(fit, ci_prob),
        covariates_section(fit, reference, ci_prob),
        checks_section(fit, check),
        convergence_section(fit, problems),
        reproduction_section(fit),
    ]
    if smallest_cell is not None:
        sections = [without_small_cells(section, smallest_cell) for section in sections]
    page = html_page(
        _title(fit) if title is None else title,
        _lead(fit),
        problems,
        "" if problems else soundness(fit),
        [*sections, _left_to_authors(), _references(sections)],
    )
    if tables:
        of_sections = [block for section in sections for block in section.blocks if isinstance(block, Table)]
        write_tables(tables_folder(path), of_sections)
    write_page(path, page)
    return path


def _title(fit: Fit) -> str:
    n_classes = len(fit.classes)
    classes = "" if fit.class_is_observed else "1 class, " if n_classes == 1 else f"{n_classes} classes, "
    return f"{fit.words.title}: {classes}{fit.n_respondents} respondents"


def _lead(fit: Fit) -> str:
    sampled = f" Sampled {when}." if (when := sampled_at(fit)) else ""
    return f"Formula {fit.formula_shown}.{sampled} In the order of the SMART-LCA checklist."


def _left_to_authors() -> Section:
    introduction = Paragraph("A fit cannot say, and the paper should:")
    return Section("authors", "Left to the authors", "", [introduction, Bullets(LEFT_TO_AUTHORS)])


def _references(sections: Sequence[Section]) -> Section:
    cited = [SMART_LCA, *(source for section in sections for source in section.references)]
    return Section("references", "References", "", [Bullets(sorted(set(cited), key=str.casefold))])
