"""The study of six medical groups, from answers to tables and pictures.

    python examples/medical_groups.py --out results

Classes are counted and described; then their regression on covariates is fitted as the paper did it (most likely
class, one level), with random intercepts for the groups, and jointly with the classes. Without ``--data`` it runs on
the synthetic cohort. Fits are kept in the output folder and read from there when the same command is run again.

The study is one long file on purpose: it is meant to be copied and changed as a whole.
"""

import argparse
import hashlib
import json
import warnings
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

import bayes_lca as bl
from bayes_lca.models import LatentClass, Multinomial

COHORT_REFERENCE = {"age": ">50", "education": "postgraduate", "department": "ancillary", "tier": "low"}
ESTIMATORS = {
    "single-level": "most likely class, one level (the paper's procedure)",
    "multilevel": "most likely class, random intercepts for groups",
    "joint": "classes and multilevel regression in one posterior",
}


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
    def measurement(self) -> bl.Items:
        """The items of the latent classes."""
        return bl.Items(self.items)

    def regression(self, *, multilevel: bool) -> bl.Regression:
        """The regression on covariates, with or without random intercepts."""
        levels = f" + (1 | {self.group})" if multilevel else ""
        return bl.Regression(f"~ {self.covariates}{levels}", reference=self.reference)

    def parts(self) -> dict[str, pd.DataFrame]:
        """The respondents analysed together: one part for each institution type, or all."""
        if self.by is None:
            return {"all": self.survey}
        missing = int(self.survey[self.by].isna().sum())
        if missing:
            raise ValueError(f"{missing} of {len(self.survey)} rows lack {self.by!r}; complete or leave them out first")
        return {str(name): part for name, part in self.survey.groupby(self.by, observed=True)}


def main() -> None:
    """Run the study."""
    study = read_arguments()
    study.out.mkdir(parents=True, exist_ok=True)
    pd.set_option("display.width", 160)
    heading("The study")
    print(study.source)
    print(f"{len(study.survey)} respondents, {len(study.items)} items: {', '.join(study.items)}")
    print(f"Regression: {study.regression(multilevel=True).formula}")

    heading("How many classes")
    write(study, "classes_counted", bl.count_classes(study.measurement, study.survey, range(1, study.most_classes + 1)))

    heading(f"{study.n_classes} classes")
    lca = fit(study, "classes", LatentClass(study.n_classes, study.measurement), study.survey, order=study.order)
    write(study, "class_sizes", bl.class_sizes(lca))
    write(study, "class_profiles", bl.class_profiles(lca))
    membership = bl.membership(lca)
    write(study, "membership", membership, shown=5)
    draw(study, "class_profiles", bl.plot_profiles(lca))

    fits = {}
    for part, respondents in study.parts().items():
        heading(f"What goes with the classes: {part} (n = {len(respondents)})")
        seen = respondents.assign(most_likely_class=membership.loc[respondents.index, "modal_class"])
        models = {
            "single-level": Multinomial("most_likely_class", study.regression(multilevel=False)),
            "multilevel": Multinomial("most_likely_class", study.regression(multilevel=True)),
            "joint": LatentClass(study.n_classes, study.measurement, study.regression(multilevel=True)),
        }
        fits[part] = {
            name: fit(study, f"{part}_{name}", model, seen, **({"order": lca} if name == "joint" else {}))
            for name, model in models.items()
        }
        report_part(study, part, fits[part])

    heading("What the nesting changes")
    text = "\n\n".join(closing_words(study, part, estimators) for part, estimators in fits.items())
    text += f"\n\n{study.source}"
    print(text)
    (study.out / "closing.txt").write_text(text + "\n", encoding="utf-8")
    print(f"\nTables and figures are in {study.out}/")


def report_part(study: Study, part: str, estimators: dict[str, xr.DataTree]) -> None:
    """Tables and figures of one part's three regressions."""
    tables = {name: bl.odds_ratios(draws) for name, draws in estimators.items()}
    for name, table in tables.items():
        write(study, f"{part}_odds_ratios_{name}", table, shown=0)
    print(side_by_side(tables).to_string())
    print("Odds ratios: posterior medians and 95 % intervals; * where the interval excludes 1.")
    for name, what in ESTIMATORS.items():
        print(f"  {name}: {what}; {tables[name].note}")
    draw(study, f"{part}_odds_ratios", bl.plot_odds_ratios(estimators))
    print()
    write(study, f"{part}_random_intercepts", bl.random_intercepts(estimators["joint"]))
    write(study, f"{part}_heterogeneity", bl.heterogeneity(estimators["joint"]))
    draw(study, f"{part}_random_intercepts", bl.plot_random_intercepts(estimators["joint"]))


def side_by_side(tables: dict[str, bl.SummaryTable]) -> pd.DataFrame:
    """Odds ratios of several estimators, one column each."""
    columns = {}
    for name, table in tables.items():
        star = np.where(excludes_one(table), "*", " ")
        numbers = zip(table["odds_ratio"], table["lower"], table["upper"], star, strict=True)
        columns[name] = pd.Series([f"{m:.2f} ({a:.2f}-{b:.2f}){s}" for m, a, b, s in numbers], index=table.index)
    return pd.DataFrame(columns)


def closing_words(study: Study, part: str, estimators: dict[str, xr.DataTree]) -> str:
    """What the nesting and the classification error change, in plain words."""
    tables = {name: bl.odds_ratios(draws) for name, draws in estimators.items()}
    width = {name: np.log(table["upper"] / table["lower"]) for name, table in tables.items()}
    of_groups = varies_between_groups_only(estimators["multilevel"], tables["multilevel"].index)
    words = [f"{part.capitalize()}, n = {estimators['joint'].attrs['n_respondents']}."]
    wider = width["multilevel"] / width["single-level"]
    if of_groups.any():
        found = {name: int(excludes_one(table)[of_groups].sum()) for name, table in tables.items()}
        words.append(
            f"Of the {int(of_groups.sum())} contrasts of covariates that belong to the group, the single-level "
            f"regression calls {found['single-level']} different from 1 at 95 %, the multilevel regression "
            f"{found['multilevel']}, the joint model {found['joint']}. With respondents nested in "
            f"{bl.heterogeneity(estimators['joint'])['groups'].iloc[0]} groups, these intervals are "
            f"{spread(wider[of_groups])} times as wide as those of the single-level regression."
        )
    if (~of_groups).any():
        words.append(
            "For covariates that differ between respondents the multilevel intervals are "
            f"{spread(wider[~of_groups])} times as wide as the single-level ones."
        )
    clear = (excludes_one(tables["joint"]) | excludes_one(tables["multilevel"])) & ~of_groups
    if clear.any():
        ratio = (tables["multilevel"]["log_odds"] / tables["joint"]["log_odds"])[clear]
        words.append(
            f"Over the {int(clear.sum())} such contrasts that either finds different from 1, the regression of the "
            f"most likely class shows {spread(ratio)} of the log odds of the joint model. A ratio below 1 is what "
            "treating the most likely class as seen does; part may be that the joint model finds the classes anew "
            "in this part of the survey."
        )
    mor = bl.heterogeneity(estimators["joint"])
    for (_, contrast), row in mor.iterrows():
        words.append(
            f"Two like respondents from two groups differ in their odds of {contrast} by a median factor of "
            f"{row['median_odds_ratio']:.2f} ({row['median_odds_ratio_lower']:.2f} to "
            f"{row['median_odds_ratio_upper']:.2f})."
        )
    words += truth_covered(study, part, tables)
    return "\n".join(words)


def truth_covered(study: Study, part: str, tables: dict[str, bl.SummaryTable]) -> list[str]:
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
    true = np.exp(true[true.index.isin(tables["joint"].index)])
    held = {}
    for name, table in tables.items():
        interval = table.loc[true.index]
        held[name] = int(((interval["lower"] <= true) & (true <= interval["upper"])).sum())
    counts = ", ".join(f"{name} {count}" for name, count in held.items())
    return [f"The cohort is simulated, so the truth is known: of {len(true)} intervals, those that hold it: {counts}."]


def excludes_one(table: pd.DataFrame) -> pd.Series:
    """Whether each interval of odds ratios lies on one side of 1."""
    return (table["lower"] > 1) | (table["upper"] < 1)


def spread(values: pd.Series) -> str:
    """Median and range, in words."""
    return f"{values.median():.2f} ({values.min():.2f} to {values.max():.2f})"


def varies_between_groups_only(draws: xr.DataTree, rows: pd.MultiIndex) -> pd.Series:
    """Whether each term of a table of odds ratios is the same for all respondents of a group."""
    constant = draws["constant_data"]
    design = pd.DataFrame(constant["design"].to_numpy(), columns=constant["term"].to_numpy())
    finest = json.loads(draws.attrs["groupings"])[-1]
    inside = design.groupby(constant[f"{finest}_index"].to_numpy()).nunique().max() == 1
    return pd.Series(inside.reindex(rows.get_level_values("term")).to_numpy(), index=rows)


def fit(study: Study, name: str, model, survey: pd.DataFrame, **options) -> xr.DataTree:
    """Fit a model, or read the fit an earlier run of the same command has left."""
    path = study.out / "fits" / f"{name}.nc"
    path.parent.mkdir(exist_ok=True)
    order = options.get("order", "size")
    order = order.attrs["settings_digest"] if isinstance(order, xr.DataTree) else order
    settings = repr((model, study.draws, study.seed, survey.to_csv(), order, version("bayes-lca")))
    digest = hashlib.sha256(settings.encode()).hexdigest()
    if path.exists() and (kept := bl.load(path)).attrs.get("settings_digest") == digest:
        print(f"[{name}: read from {path}]{kept.attrs['study_warnings']}")
        return kept
    print(f"[{name}: sampling]", flush=True)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        draws = bl.fit(model, survey, draws=study.draws, seed=study.seed, **options)
    said = "".join(f"\nWARNING, {name}: {one.message}" for one in caught if issubclass(one.category, UserWarning))
    print(said, end="\n" * bool(said))
    write(study, f"{name}_convergence", bl.convergence(draws), shown=0)
    draws.attrs |= {"settings_digest": digest, "study_warnings": said}
    bl.save(draws, path)
    return draws


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
    figure.savefig(study.out / f"{name}.png", dpi=200)


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
