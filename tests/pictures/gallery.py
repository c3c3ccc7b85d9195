"""A picture of every public plot function, of stored fits and of tables made up, that hangs on no sampler."""

import json
import warnings
from collections.abc import Callable
from functools import cache
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure

import bayes_lca as bl
from bayes_lca.posterior.checks.check_waves import WaveCheck
from pictures.synthetic import ANSWERS, synthetic

LONG_CLASSES = ["Participants who gain from nearly everything", "Those who see no change at all in their daily work"]
LONG_FITS = ["The latent class analysis alone, without anything", "with covariates and random intercepts of groups"]
TWELVE = {f"Work item number {j} is valued by colleagues": ANSWERS for j in range(12)}
LADDER = ["modal class", "proportional", "BCH", "two-step", "joint"]


@cache
def example(which: str, *, long: bool) -> xr.DataTree:
    """A fit that is shipped with the package; classes with long names if asked for."""
    draws = bl.load_example(which)
    return bl.name_classes(draws, LONG_CLASSES) if long else draws


@cache
def structures(*, long: bool) -> dict[str, xr.DataTree]:
    names = LONG_FITS if long else ["alone", "with covariates"]
    return dict(zip(names, (example("alone", long=long), example("with covariates", long=long)), strict=True))


@cache
def outcome(*, long: bool) -> bl.SummaryTable:
    return bl.stepwise_outcome(example("alone", long=long), "attitude", bl.example_survey())


@cache
def group_classes(*, long: bool) -> xr.DataTree:
    """A fit with classes of groups whose draws are made up."""
    survey = bl.example_survey().assign(ward=[f"ward {i % 30}" for i in range(180)])
    model = bl.LatentClass(2, bl.Items(["training", "expertise"]), bl.GroupClasses(2, group="ward"))
    with warnings.catch_warnings(action="ignore"):  # of few draws
        draws = bl.fit(model, survey, draws=5, tune=20, chains=2, until=None, progressbar=False)
    posterior, step = draws["posterior"].to_dataset(), np.linspace(-1, 1, 10).reshape(2, 5)
    for name, variable in posterior.items():
        centre = np.linspace(0.2, 0.6, int(np.prod(variable.shape[2:]))).reshape(variable.shape[2:])
        values = centre + 0.02 * step.reshape(2, 5, *[1] * centre.ndim)
        if name in ("group_class_share", "class_share", "item_probability"):
            values = values / values.sum(axis=-1, keepdims=True)
        posterior[name] = variable.dims, values
    draws["posterior"] = xr.DataTree(posterior)
    return bl.name_classes(draws, LONG_CLASSES) if long else draws


def item_pairs(n_items: int, *, long: bool) -> bl.ItemCheck:
    """A check of items, made up."""
    names = list(TWELVE)[:n_items] if long else [f"item {j}" for j in range(n_items)]
    rows = list(combinations(names, 2))
    step = np.linspace(0, 1, len(rows))
    pairs = bl.SummaryTable(
        {"p_value": 0.01 + 0.98 * step, "standardised_residual": 6.0 * np.cos(9 * step)},
        index=pd.MultiIndex.from_tuples(rows, names=["item_1", "item_2"]),
    )
    pairs.attrs["note"] = "n = 180, 0 rows left out, 0 answers missing, 2 x 100 draws"
    overall = bl.SummaryTable({"p_value": [0.01, 0.4]}, index=["largest pair", "common tilt"])
    items = bl.SummaryTable({"p_value": 0.5}, index=pd.Index(names, name="item"))
    return bl.ItemCheck(overall, items, pairs, patterns=None, groups=None, n_draws=200)


@cache
def free_items(*, long: bool) -> xr.DataTree:
    """A fit to waves with items that are free over them, whose draws are made up."""
    draws, model = bl.load_example("waves"), json.loads(bl.load_example("waves").attrs["specification"])
    draws.attrs["specification"] = json.dumps(model | {"measurement_over_time": ["recognition", "expertise"]})
    posterior = draws["posterior"].to_dataset()
    drift = xr.DataArray([0.0, 0.12, 0.25], dims="wave", coords={"wave": ["1", "2", "3"]})
    drift = drift * (posterior["item"] != "training")
    of_waves = ((1 - drift) * posterior["item_probability"] + drift / 3).transpose("chain", "draw", "wave", ...)
    draws["posterior"] = xr.DataTree(
        posterior.assign(item_probability_by_wave=of_waves, item_probability=of_waves.mean("wave"))
    )
    return bl.name_classes(draws, LONG_CLASSES) if long else draws


def wave_check(*, long: bool) -> WaveCheck:
    """A check of four items at three waves, made up."""
    names, waves = list(TWELVE)[:4] if long else [f"item {j}" for j in range(4)], ["1", "2", "3"]
    within = [(wave, *pair) for wave in waves for pair in combinations(names, 2)]
    over = [(name, *step) for name in names for step in pairwise(waves)]

    def table(rows, axes):
        step = np.linspace(0, 1, len(rows))
        index = pd.MultiIndex.from_tuples(rows, names=axes)
        made_up = bl.SummaryTable(
            {"p_value": 0.01 + 0.98 * step, "standardised_residual": 6.0 * np.cos(9 * step)}, index=index
        )
        made_up.attrs["note"] = "n = 150, 3 waves, 0 of 450 person-waves missed, 0 rows left out, 2 x 100 draws"
        return made_up

    overall = bl.SummaryTable({"p_value": [0.01, 0.4]}, index=["largest pair", "any of these"])
    items = bl.SummaryTable({"p_value": 0.5}, index=pd.MultiIndex.from_product([waves, names]))
    return WaveCheck(
        overall, items, table(within, ["wave", "item_1", "item_2"]), table(over, ["item", "wave_1", "wave_2"]), 200
    )


@cache
def prior_predictive(*, long: bool) -> xr.DataTree:
    """Answers of 20 draws of 30 respondents to three items, made up."""
    items = list(TWELVE)[:3] if long else ["training", "recognition", "expertise"]
    labels = ["a very great decrease of it", "no change", "increase"] if long else ANSWERS
    draw, respondent, item = np.ogrid[:20, :30, :3]
    answers = (draw * respondent + respondent * item + draw // 7) % 3
    coords = {"item": items, "label": (("item", "code"), [labels] * 3)}
    predicted = xr.Dataset({"answers": (("chain", "draw", "respondent", "item"), answers[None])}, coords)
    observed = xr.Dataset({"answers": (("respondent", "item"), (respondent[0] * (item[0] + 1)) % 3)}, {"item": items})
    return xr.DataTree.from_dict({"/prior_predictive": predicted, "/observed_data": observed})


def class_counts() -> bl.SummaryTable:
    """A table such as `count_classes` returns, for one to four classes."""
    criteria = {"AIC": [852, 736, 730, 741], "BIC": [872, 778, 789, 815], "aBIC": [853, 737, 731, 742]}
    criteria |= {"CAIC": [878, 791, 810, 840], "ICL": [872, 817, 841, 890]}
    criteria |= {"log_likelihood": [-420, -355, -345, -340], "parameters": [6, 13, 20, 27]}
    rest = {"entropy_r2": [np.nan, 0.84, 0.92, 0.88], "smallest_class": [1.0, 0.364, 0.083, 0.041]}
    rest |= {"smallest_class_se": [0.0, 0.038, 0.022, 0.02], "vlmr_p": [np.nan, 1e-9, 0.2, 0.4]}
    rest |= {"lmr_adjusted_p": [np.nan, 1e-9, 0.21, 0.41], "vuong_p": [np.nan, 1e-9, 0.2, 0.4]}
    rest |= {"starts": 5, "starts_at_mode": 5, "converged_starts": 5, "unidentified": 0}
    table = bl.SummaryTable(criteria | rest, index=pd.RangeIndex(1, 5, name="classes")).astype(float)
    table.attrs["note"] = "n = 180, 0 rows left out, 0 answers missing; maximum likelihood, no draws"
    return table


def ladder() -> dict[str, bl.SummaryTable]:
    """Odds ratios of twelve terms by five estimators, made up."""
    contrasts, terms = ["C2 vs C1", "C3 vs C1", "C3 vs C2"], [f"covariate[level {n} of it]" for n in range(1, 13)]
    index = pd.MultiIndex.from_product([contrasts, terms], names=["contrast", "term"])
    tables = {}
    for place, name in enumerate(LADDER):
        middle = np.exp(np.sin(np.arange(len(index))) + 0.1 * place)
        rows = {"odds_ratio": middle, "lower": middle / 1.6, "upper": middle * 1.6}
        tables[name] = bl.SummaryTable(rows, index=index)
        tables[name].attrs["note"] = "n = 2200, 0 rows left out"
    return tables


PICTURES: dict[str, Callable[..., Figure]] = {
    "profiles": lambda long, **page: bl.plot_profiles(example("alone", long=long), **page),
    "all_categories": lambda long, **page: bl.plot_profiles(example("alone", long=long), category="all", **page),
    "odds_ratios": lambda long, **page: bl.plot_odds_ratios(example("with covariates", long=long), **page),
    "random_intercepts": lambda long, **page: bl.plot_random_intercepts(
        example("with covariates", long=long), sort_by=LONG_CLASSES[0] if long else "C1", **page
    ),
    "structures": lambda long, **page: bl.plot_structures(structures(long=long), n_draws=20, **page),
    "flow": lambda long, **page: bl.plot_structures(structures(long=long), "flow", n_draws=20, **page),
    "distance": lambda long, **page: bl.plot_structures(structures(long=long), "distance", n_draws=20, **page),
    "transitions": lambda long, **page: bl.plot_transitions(example("waves", long=long), **page),
    "profiles_by_wave": lambda long, **page: bl.plot_profiles(free_items(long=long), by_wave=True, **page),
    "wave_pairs": lambda long, **page: bl.plot_check_items(wave_check(long=long), **page),
    "predictions": lambda long, **page: bl.plot_predictions(
        example("with covariates", long=long), "participation", n_draws=20, **page
    ),
    "outcome": lambda long, **page: bl.plot_outcome(outcome(long=long), **page),
    "prior_predictive": lambda long, **page: bl.plot_prior_predictive(prior_predictive(long=long), **page),
    "item_pairs": lambda long, **page: bl.plot_check_items(item_pairs(5, long=long), **page),
    "class_counts": lambda long, **page: bl.plot_class_counts(class_counts(), **page),
    "group_classes": lambda long, **page: bl.plot_group_classes(group_classes(long=long), **page),
}
"""By name, of short or of long names, on a page of any width."""

CROWDED: dict[str, Callable[..., Figure]] = {
    "six classes, twelve items": lambda **page: bl.plot_profiles(synthetic(6, labels=TWELVE), **page),
    "their bars": lambda **page: bl.plot_profiles(synthetic(6, labels=TWELVE), category="all", **page),
    "pairs of twelve items": lambda **page: bl.plot_check_items(item_pairs(12, long=True), **page),
    "thirty groups": lambda **page: bl.plot_random_intercepts(synthetic(groups={"hospital": 30}), sort_by="C2", **page),
    "the ladder": lambda **page: bl.plot_odds_ratios(ladder(), **page),
}
