"""The study of six medical groups, from answers to tables and pictures.

    python examples/medical_groups.py --out results

Classes are counted and described; then their regression on covariates is fitted in every way from what the paper did
(most likely class, one level) to the joint posterior of classes and multilevel regression. Without ``--data`` it runs
on the synthetic cohort. Fits are kept in the output folder and read from there when the same command is run again.
"""

import argparse
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.group_predictors import group_predictors
from bayes_lca.models import LatentClass
from bayes_lca.whole_file import write_text_whole, write_whole

COHORT_REFERENCE = {"age": ">50", "education": "postgraduate", "department": "ancillary", "tier": "low"}


@dataclass(frozen=True)
class Study:
    """What is analysed, and how."""

    survey: pd.DataFrame
    source: str
    items: list[str]
    covariates: str
    reference: dict[str, str]
    group: str
    by: str | None
    n_classes: int
    most_classes: int
    order: str
    draws: int
    seed: int
    out: Path

    @property
    def classes(self) -> LatentClass:
        """The latent classes alone."""
        return LatentClass(self.n_classes, bl.Items(self.items))

    @property
    def formula(self) -> str:
        """The formula of the regression."""
        return f"~ {self.covariates} + (1 | {self.group})"

    @property
    def nested(self) -> LatentClass:
        """Classes and multilevel regression in one model."""
        regression = bl.Regression(self.formula, reference=self.reference)
        return LatentClass(self.n_classes, bl.Items(self.items), regression)

    def parts(self) -> dict[str, pd.DataFrame]:
        """The respondents analysed together: one part for each institution type, or all."""
        if self.by is None:
            return {"all": self.survey}
        if self.by not in self.survey:
            raise ValueError(
                f"column {self.by!r} is not among the {self.survey.shape[1]} columns of the {len(self.survey)} rows; "
                "name the column that splits the regression with --by, or give --by none"
            )
        missing = int(self.survey[self.by].isna().sum())
        if missing:
            raise ValueError(f"{missing} of {len(self.survey)} rows lack {self.by!r}; complete or leave them out first")
        return {str(name): part for name, part in self.survey.groupby(self.by, observed=True)}


def main() -> None:
    """Run the study."""
    study = read_arguments()
    parts = study.parts()
    study.out.mkdir(parents=True, exist_ok=True)
    pd.set_option("display.width", 160)
    warnings.showwarning = lambda message, category, *_: print(f"\nWARNING ({category.__name__}): {message}\n")
    heading("The study")
    print(study.source)
    print(f"{len(study.survey)} respondents, {len(study.items)} items: {', '.join(study.items)}")
    print(f"Regression: {study.formula}")

    heading("How many classes")
    counted = bl.count_classes(bl.Items(study.items), study.survey, range(1, study.most_classes + 1), bayes=True)
    write(study, "classes_counted", counted, shown=0)
    print(counted.astype(object).T, end="\n\n")
    print(bl.recommend_classes(counted))
    draw(study, "classes_counted", bl.plot_class_counts(counted))

    heading(f"{study.n_classes} classes")
    options: dict[str, Any] = {"draws": study.draws, "seed": study.seed}
    measured = bl.fit_or_load(
        study.out / "fits" / "classes.nc", study.classes, study.survey, order=study.order, **options
    )
    write(study, "classes_convergence", bl.convergence(measured), shown=0)
    write(study, "class_sizes", bl.class_sizes(measured))
    write(study, "class_profiles", bl.class_profiles(measured))
    write(study, "membership", bl.membership(measured), shown=5)
    draw(study, "class_profiles", bl.plot_profiles(measured))
    write(study, "classification", bl.classification_table(measured))

    heading("Do the classes explain the answers")
    check = bl.check_items(measured, group=study.group, frame=study.survey, seed=study.seed)
    for name in ("overall", "pairs", "items", "patterns", "groups"):
        write(study, f"check_{name}", getattr(check, name))
    draw(study, "check_pairs", bl.plot_check_items(check))
    bl.report(measured, study.out / "classes.html", counted=counted, check=check, title="Latent classes")

    closing = []
    for part, respondents in parts.items():
        heading(f"What goes with the classes: {part} (n = {len(respondents)})")
        if study.n_classes > 2:
            write(study, f"{part}_parallel_lines", test_of_parallel_lines(study, respondents, measured))
        fits = bl.fit_estimators(study.nested, respondents, measured=measured, out=study.out / "fits" / part, **options)
        report(study, part, fits)
        words = bl.nesting_in_words(fits["modal, single-level"], fits["modal, multilevel"], fits["joint"])
        closing.append("\n".join([f"{part.capitalize()}. {words}", *truth_covered(study, part, fits)]))

    heading("What the nesting changes")
    text = "\n\n".join([*closing, study.source])
    print(text)
    write_text_whole(study.out / "closing.txt", text + "\n")
    print(f"\nTables and figures are in {study.out}/, and pages that hold them all: *.html")


def report(study: Study, part: str, fits: dict[str, xr.DataTree | bl.SummaryTable]) -> None:
    """Tables and figures of one part's regressions."""
    joint = fits["joint"]
    for name, result in fits.items():
        if isinstance(result, xr.DataTree) and name != "measured":
            write(study, f"{part}_convergence_{name.replace(', ', '_')}", bl.convergence(result), shown=0)
    compared = bl.compare_estimators(fits=fits)
    write(study, f"{part}_odds_ratios", compared, shown=0)
    print(side_by_side(compared).to_string())
    print("Odds ratios and 95 % intervals; * where the interval excludes 1.")
    print(compared.note, end="\n\n")
    draw(
        study,
        f"{part}_odds_ratios",
        bl.plot_odds_ratios({name: result for name, result in fits.items() if name != "measured"}),
    )
    write(study, f"{part}_class_shift", bl.class_shift(fits["measured"], joint), shown=0)
    write(study, f"{part}_direct_effects", bl.direct_effects(joint))
    if group_predictors(Fit.reading(joint)):
        write(study, f"{part}_group_level_effects", bl.group_level_effects(joint))
    write(study, f"{part}_heterogeneity", bl.heterogeneity(joint))
    write(study, f"{part}_random_intercepts", bl.random_intercepts(joint))
    write(study, f"{part}_groups_compared", bl.compare_groups(joint), shown=0)
    draw(study, f"{part}_random_intercepts", bl.plot_random_intercepts(joint))
    bl.report(joint, study.out / f"{part}.html", title=f"What goes with the classes: {part}", tables=True)


def test_of_parallel_lines(study: Study, respondents: pd.DataFrame, measured: xr.DataTree) -> bl.SummaryTable:
    """Whether the most likely class could be an ordered outcome of the covariates, in the order of the study."""
    membership = bl.membership(measured)
    modal_class = pd.Series(membership["modal_class"].astype(str).to_numpy(), study.survey.index[membership["row"]])
    return bl.parallel_lines(
        respondents.assign(modal_class=modal_class),
        "modal_class",
        f"~ {study.covariates} + (1 | {study.group})",
        reference=study.reference,
        categories=Fit.reading(measured).classes,
    )


def side_by_side(compared: bl.SummaryTable) -> pd.DataFrame:
    """Odds ratios of several estimators, one column each."""
    star = np.where((compared["lower"] > 1) | (compared["upper"] < 1), "*", " ")
    numbers = zip(compared["odds_ratio"], compared["lower"], compared["upper"], star, strict=True)
    cells = pd.Series([f"{m:.2f} ({a:.2f}-{b:.2f}){s}" for m, a, b, s in numbers], index=compared.index)
    return cells.unstack("estimator", sort=False)


def truth_covered(study: Study, part: str, fits: dict[str, xr.DataTree | bl.SummaryTable]) -> list[str]:
    """For the synthetic cohort: how many intervals hold the coefficient that generated the data."""
    as_the_cohort = study.reference.items() >= COHORT_REFERENCE.items() and study.order == "compensation"
    slopes = bl.cohort_truth().slopes
    slopes = slopes[slopes["role"] == part].set_index("term")
    if not is_synthetic(study.survey) or not as_the_cohort or slopes.empty or study.n_classes != 3:
        return []
    true = pd.concat(
        {
            "C2 vs C1": slopes["C2_vs_C1"],
            "C3 vs C1": slopes["C3_vs_C1"],
            "C3 vs C2": slopes["C3_vs_C1"] - slopes["C2_vs_C1"],
        }
    )
    held = []
    for name, table in bl.compare_estimators(fits=fits).groupby(level="estimator", sort=False):
        interval = table.droplevel("estimator")
        known = np.exp(true[true.index.isin(interval.index)])
        inside = (interval.loc[known.index, "lower"] <= known) & (known <= interval.loc[known.index, "upper"])
        held.append(f"{name} {int(inside.sum())}")
    counts = ", ".join(held)
    return [f"The cohort is simulated, so the truth is known: of {len(known)} intervals, those that hold it: {counts}."]


def write(study: Study, name: str, table: bl.SummaryTable, *, shown: int = 60) -> None:
    """Write a table as CSV, and print its first rows."""
    table.write(study.out / f"{name}.csv")
    if shown:
        print(table.head(shown))
        if len(table) > shown:
            print(f"... {len(table)} rows in all: {study.out / name}.csv")
        print()


def draw(study: Study, name: str, figure) -> None:
    """Write a figure as PNG."""
    write_whole(study.out / f"{name}.png", lambda unfinished: figure.savefig(unfinished, dpi=200, format="png"))


def heading(text: str) -> None:
    """Print a heading."""
    print(f"\n{text}\n{'=' * len(text)}", flush=True)


def is_synthetic(survey: pd.DataFrame) -> bool:
    """Whether these are the rows of the synthetic cohort."""
    return survey.attrs.get("source") == bl.load_cohort().attrs["source"]


def read_arguments() -> Study:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    add = parser.add_argument
    add("--data", help="a CSV file with one row per respondent; the synthetic cohort by default")
    add("--items", nargs="+", default=bl.cohort_items(), help="columns that hold the answers")
    add("--categories", nargs="+", help="categories of the items in their order; sorted by default")
    add("--covariates", default="age + education + department + participation + attitude + tier")
    add("--reference", nargs="*", help="reference levels, as age='>50' tier=low")
    add("--group", default="group", help="column of the groups respondents are nested in")
    add("--by", default="role", help="column by which the regression is split; 'none' for one regression")
    add("--classes", type=int, default=3)
    add("--most-classes", type=int, default=5, help="classes are counted up to this number")
    add("--order", default="compensation", help="item by which classes are ordered, or 'size'")
    add("--draws", type=int, default=1000, help="draws of each of four chains")
    add("--seed", type=int, default=1)
    add("--out", type=Path, default=Path("results"))
    given = parser.parse_args()
    reference = COHORT_REFERENCE
    if given.reference is not None:
        reference = dict(level.split("=", maxsplit=1) for level in given.reference)
    survey = bl.load_cohort() if given.data is None else pd.read_csv(given.data)
    source = survey.attrs["source"] if given.data is None else f"Data: {given.data}"
    if given.categories is not None:
        ordered = pd.CategoricalDtype(given.categories, ordered=True)
        survey = survey.astype(dict.fromkeys(given.items, ordered))
    return Study(
        survey=survey,
        source=source,
        items=given.items,
        covariates=given.covariates,
        reference=reference,
        group=given.group,
        by=None if given.by == "none" else given.by,
        n_classes=given.classes,
        most_classes=given.most_classes,
        order=given.order,
        draws=given.draws,
        seed=given.seed,
        out=given.out,
    )


if __name__ == "__main__":
    main()
