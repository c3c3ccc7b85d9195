"""Every function that takes a fit, with fits of every kind: it answers, or refuses by name, and never answers wrongly.

Among the kinds are one that the package has never heard of but whose two files are there (``tests/toy``), and one
that nobody wrote.
"""

import importlib
import json
import tempfile
import warnings
from pathlib import Path

import arviz_stats
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import bayes_lca as bl
from bayes_lca.datasets.example import ITEMS
from bayes_lca.fitted import kinds
from bayes_lca.fitted.capabilities import NEEDS

pytestmark = pytest.mark.usefixtures("pictures_are_not_written")
SHORT = {"draws": 20, "tune": 100, "chains": 2, "progressbar": False, "until": None}
TINY = {"measurement_draws": 4, "draws": 4, "tune": 50, "progressbar": False}
SURVEY = bl.example_survey().assign(
    visits=lambda frame: (2 * frame["participation"]).round().astype(int) + np.arange(180) % 3,
    calls=lambda frame: (frame["participation"] > 4) * (3 + np.arange(180) % 5),
    ward=lambda frame: [f"w{number % 30:02d}" for number in range(180)],
)
NEW_PERSONS = SURVEY.head(5).reset_index(drop=True).assign(**bl.example_waves().head(5)[["person", "wave"]])
"""Rows of a survey, which are waves of persons too."""
EXAMPLE = bl.LatentClass(2, bl.Items(ITEMS))
NESTED = bl.LatentClass(2, bl.Items(ITEMS), bl.Regression("~ participation + (1 | group)"))
CELLS = (
    SURVEY.groupby(["participation", "score", "group"], observed=True).size().rename("N").reset_index().query("N > 0")
)
RESTRICTIONS = [
    bl.Zero("training", category="decrease", classes=1),
    bl.Fixed("expertise", category="increase", classes=1, value=0.85),
    bl.Ordered("recognition", category="no change", classes=[1, 2]),
]
PIVOT = np.array([[[0.1, 0.2, 0.7]] * 3, [[0.7, 0.2, 0.1]] * 3])


def has_one_class(draws):
    return isinstance(draws, xr.DataTree) and draws["posterior"].sizes.get("latent_class") == 1


def has_numbers(draws):
    return isinstance(draws, xr.DataTree) and any("item_mean" in str(name) for name in draws["posterior"])


def pivot_for(draws):
    if has_numbers(draws):
        return np.array(json.loads(draws.attrs["pivot"]))
    return PIVOT[:1] if has_one_class(draws) else PIVOT


def saved_and_loaded(draws):
    with tempfile.TemporaryDirectory() as folder:
        bl.save(draws, Path(folder) / "fit.nc")
        return bl.load(Path(folder) / "fit.nc")


def chains_of(draws):
    return [draws.isel(chain=[0]), draws.isel(chain=[1])] if isinstance(draws, xr.DataTree) else [draws, draws]


CALLS = {
    "answers_of": bl.answers_of,
    "average_marginal_effects": lambda draws: bl.average_marginal_effects(draws, "participation"),
    "characteristics": lambda draws: bl.characteristics(SURVEY, ["age"], draws),
    "check_items": lambda draws: bl.check_items(draws, n_draws=20),
    "class_profiles": bl.class_profiles,
    "class_shift": lambda draws: bl.class_shift(bl.load_example("alone"), draws, largest=0.9),
    "class_sizes": bl.class_sizes,
    "common_method": lambda draws: bl.common_method(draws).sensitivity,
    "classification_table": bl.classification_table,
    "compare_estimators": lambda draws: bl.compare_estimators(fits={"measured": draws, "three-step": draws}),
    "compare_group_structures": lambda draws: bl.compare_group_structures({"a": draws, "b": draws}, n_draws=50),
    "compare_groups": lambda draws: bl.compare_groups(draws),
    "compare_structures": lambda draws: bl.compare_structures({"first": draws, "second": bl.load_example("alone")}),
    "concat_chains": lambda draws: bl.concat_chains(chains_of(draws)),
    "contrasts": lambda draws: bl.contrasts(draws, "intercept"),
    "convergence": bl.convergence,
    "covariate_tests": lambda draws: bl.covariate_tests(draws, SURVEY, ["age"]),
    "design_effects": bl.design_effects,
    "direct_effects": lambda draws: bl.direct_effects(draws, ["age"], frame=SURVEY, n_draws=20),
    "fit_estimators": lambda draws: bl.fit_estimators(NESTED, SURVEY, measured=draws, **TINY, until=None),
    "fit_distal": lambda draws: bl.fit_distal(draws, SURVEY, "score ~ latent_class", **TINY),
    "fit_two_step": lambda draws: bl.fit_two_step(draws, bl.Regression("~ participation"), SURVEY, **TINY),
    "group_classes": bl.group_classes,
    "group_level_effects": bl.group_level_effects,
    "group_membership": bl.group_membership,
    "group_shares": bl.group_shares,
    "heterogeneity": bl.heterogeneity,
    "holds_respondents": bl.holds_respondents,
    "keep_mode": lambda draws: bl.keep_mode(draws, 1),
    "membership": bl.membership,
    "membership_draws": bl.membership_draws,
    "membership_table": lambda draws: bl.membership_table(draws, SURVEY),
    "membership_of_new_rows": lambda draws: bl.membership(draws, NEW_PERSONS),
    "modal_class_of": bl.modal_class_of,
    "modes": bl.modes,
    "most_likely_paths": bl.most_likely_paths,
    "more_draws": lambda draws: bl.more_draws(draws, EXAMPLE, SURVEY, 2, progressbar=False),
    "name_classes": lambda draws: bl.name_classes(draws, ["first", "second"]),
    "nesting_in_words": lambda draws: bl.nesting_in_words(draws, draws, draws),
    "odds_ratios": bl.odds_ratios,
    "order": lambda draws: bl.fit(EXAMPLE, SURVEY, order=draws, draws=2, tune=2, until=None, progressbar=False),
    "outcome_by_class": bl.outcome_by_class,
    "plot_group_classes": bl.plot_group_classes,
    "plot_odds_ratios": bl.plot_odds_ratios,
    "plot_predictions": lambda draws: bl.plot_predictions(draws, "participation", n_draws=20),
    "plot_profiles": bl.plot_profiles,
    "plot_random_intercepts": bl.plot_random_intercepts,
    "plot_transitions": bl.plot_transitions,
    "plot_structures": lambda draws: bl.plot_structures({"first": draws, "second": bl.load_example("alone")}),
    "posterior_predictive": bl.posterior_predictive,
    "poststratify": lambda draws: bl.poststratify(draws, CELLS),
    "predict_classes": bl.predict_classes,
    "prior_from": bl.prior_from,
    "prior_sensitivity": bl.prior_sensitivity,
    "random_intercepts": bl.random_intercepts,
    "rank_groups": bl.rank_groups,
    "regression_table": bl.regression_table,
    "relabel": lambda draws: bl.relabel(draws, pivot_for(draws)),
    "report": lambda draws: bl.report(draws, Path(tempfile.mkdtemp()) / "page.html"),
    "save": saved_and_loaded,
    "split_halves": lambda draws: bl.split_halves(draws, repeats=2, n_draws=20),
    "stayers_and_movers": bl.stayers_and_movers,
    "transition_odds_ratios": bl.transition_odds_ratios,
    "transition_probabilities": bl.transition_probabilities,
    "bch_outcomes": lambda draws: bl.bch_outcomes(draws, ["score", "visits"], SURVEY, "~ participation"),
    "stepwise_outcome": lambda draws: bl.stepwise_outcome(draws, "attitude", bl.example_survey()),
    "stepwise_odds_ratios": lambda draws: bl.stepwise_odds_ratios(
        draws, bl.Regression("~ participation"), SURVEY, method="bch"
    ),
}
"""Every function that takes a fit, called with one and the simplest other arguments."""

SAMPLING = {"fit_distal", "fit_estimators", "fit_two_step", "more_draws", "order"}
"""They sample, so they are called where they refuse and not where they would answer."""

COVARIATES_IN_CLASSES = {
    r"formula '~ participation.*' of this fit of 180 respondents takes part in its classes; a regression in steps": (
        "answers_of fit_estimators fit_two_step modal_class_of stepwise_odds_ratios stepwise_outcome bch_outcomes"
    )
}
NO_OUTCOME = {r"^outcome_by_class: it is not declared to hold for a fit of ": "outcome_by_class"}
NO_GROUP_CLASSES = {
    r"^{name}: groups of this fit of 180 respondents have no classes; fit LatentClass\(3, Items": (
        "group_classes group_membership plot_group_classes"
    )
}
NO_GROUPS = NO_OUTCOME | {
    r"none of the fits 'a', 'b' has groups to leave out": "compare_group_structures",
    r"has no groups to compare; add \(1 \| group\)": "compare_groups group_shares rank_groups",
    r"has no random intercepts; add \(1 \| group\)": (
        "group_level_effects heterogeneity plot_random_intercepts prior_sensitivity random_intercepts"
    ),
}
NO_COMMON_METHOD = NO_OUTCOME | {
    r"^common_method: it .* is not declared to hold for (nom|ord|ind).*; fit it with .*CommonMethod": "common_method"
}
NOT_OF_NUMBERS = (
    "answers_of class_shift common_method compare_structures direct_effects fit_estimators fit_two_step "
    "plot_structures prior_from split_halves stepwise_odds_ratios stepwise_outcome bch_outcomes"
)
NO_COVARIATES = NO_GROUPS | {
    r"'participation' is no covariate of '~ 1' \(180 respondents\)": "average_marginal_effects plot_predictions",
    r"variable='intercept' is not among the draws; they have \['class_share', 'item_probability'\]": "contrasts",
    r"formula '~ 1' has no covariates; odds ratios come from": (
        "compare_estimators nesting_in_words odds_ratios plot_odds_ratios regression_table"
    ),
    r"'~ 1' has no covariates or groups, so there are no cells, and the table has 44 rows": "poststratify",
}
NEED_ROWS = (
    "average_marginal_effects characteristics check_items classification_table compare_group_structures "
    "compare_groups concat_chains covariate_tests design_effects direct_effects fit_estimators group_level_effects "
    "group_shares membership membership_draws membership_table modal_class_of modes more_draws nesting_in_words "
    "plot_predictions posterior_predictive poststratify predict_classes prior_sensitivity rank_groups relabel report "
    "split_halves stepwise_odds_ratios stepwise_outcome bch_outcomes"
)
"""Functions that need the rows of the respondents."""
LOCALLY_INDEPENDENT = (
    "answers_of fit_estimators fit_two_step modal_class_of split_halves stepwise_odds_ratios stepwise_outcome "
    "bch_outcomes"
)
"""Functions that take answers for independent within classes."""
SURVEYED = {
    r"^{name}: its later steps know no survey weights; regress the classes in one step": (
        "answers_of fit_estimators fit_two_step modal_class_of stepwise_odds_ratios"
    ),
    next(iter(COVARIATES_IN_CLASSES)): "stepwise_outcome bch_outcomes",
    r"^fit_distal: its draws of an outcome know no survey weights; bl.stepwise_outcome": "fit_distal",
    r"^characteristics: its counts and tests are of respondents who count once": "characteristics",
    r"^compare_group_structures: groups are left out by reweighting draws": "compare_group_structures",
    r"^{name}: what is observed is held against answers of a simple random sample": ("covariate_tests direct_effects"),
    r"^concat_chains: draws were corrected about the mean of each fit": "concat_chains",
    r"^group_level_effects: its estimates of groups are not weighted": "group_level_effects",
    r"^modes: the density of a respondent left out is computed from draws of an ordinary posterior": "modes",
    r"^prior_sensitivity: draws are reweighted as if they were of an ordinary posterior": "prior_sensitivity",
    r"^relabel: draws were corrected under the labels that they have": "relabel",
    r"^split_halves: halves of respondents are no samples of the design": "split_halves",
}
REFUSED = {
    "LatentClass, survey design": SURVEYED | NO_COMMON_METHOD,
    "LatentClass, regression": COVARIATES_IN_CLASSES | NO_COMMON_METHOD,
    "LatentClass": NO_COVARIATES | NO_COMMON_METHOD,
    "LatentClass, CommonMethod": {
        r"variable='intercept' is not among the draws; they have \['class_share', 'item_probability', 'st": "contrasts"
    }
    | NO_COVARIATES
    | {
        r"^{name}: it depends on what answers are, and is not declared to hold for items that share a common method": (
            f"{LOCALLY_INDEPENDENT} prior_from"
        )
    },
    "LatentClass, no respondents": NO_COMMON_METHOD
    | {
        r"takes part in its classes; a regression in steps": "answers_of fit_two_step",
        r": needs the rows of the 180 respondents, and this fit was saved without respondents": NEED_ROWS,
    },
    "LatentClass, completed data sets": NO_COMMON_METHOD
    | {
        r"takes part in its classes; a regression in steps": "answers_of fit_two_step",
        r": needs the rows of the 180 respondents, which differ between the 2 completed data sets of": NEED_ROWS,
    },
    "AssignedClass": NO_COMMON_METHOD
    | {
        r"the answer probabilities of items .* do not vary over the draws: there is nothing to match": "prior_from",
        r"^{name}: the classes of this fit are those of an earlier one, with covariates beside them": (
            "answers_of fit_estimators fit_two_step modal_class_of relabel split_halves stepwise_odds_ratios "
            "stepwise_outcome bch_outcomes"
        ),
    },
    "Multinomial": {
        r"^{name}: this fit of outcome 'education' has no latent classes: its categories are observed": (
            "characteristics "
            "answers_of check_items class_profiles class_shift class_sizes classification_table common_method "
            "compare_structures covariate_tests direct_effects fit_distal fit_estimators fit_two_step membership "
            "membership_draws membership_of_new_rows membership_table modal_class_of name_classes order "
            "outcome_by_class plot_profiles plot_structures "
            "prior_from relabel split_halves stepwise_odds_ratios stepwise_outcome bch_outcomes"
        )
    },
    "LatentClass, OrdinalItems": COVARIATES_IN_CLASSES
    | NO_GROUPS
    | NO_COMMON_METHOD
    | {
        r"'~ participation' of this fit of 180 respondents has no random intercepts": "nesting_in_words",
        r"9 cell\(s\) stand in the table more than once \(44 of 44 rows": "poststratify",
    },
    "LatentClass, restricted": NO_COVARIATES
    | NO_COMMON_METHOD
    | {
        r"the answer probabilities of this fit of 180 respondents are restricted": (
            "stepwise_odds_ratios stepwise_outcome bch_outcomes"
        ),
        r"order is a fit whose classes are exchangeable in sets \[0, 1\]": "order",
    },
    "LatentClass, NormalItems": NO_GROUPS
    | {
        r"^{name}: it depends on what answers are, and is not declared to hold for normal items": NOT_OF_NUMBERS,
        r"takes part in its classes; a regression in steps": ("modal_class_of"),
        r"'~ participation' of this fit of 180 respondents has no random intercepts": "nesting_in_words",
        r"9 cell\(s\) stand in the table more than once \(44 of 44 rows": "poststratify",
    },
    "LatentClass, Mixed": NO_GROUPS
    | {
        r"^{name}: it depends on what answers are, and is not declared to hold for items of several": NOT_OF_NUMBERS,
        r"takes part in its classes; a regression in steps": "modal_class_of",
        r"'~ participation' of this fit of 180 respondents has no random intercepts": "nesting_in_words",
        r"9 cell\(s\) stand in the table more than once \(44 of 44 rows": "poststratify",
    },
    "LatentClass, CountItems": {
        piece: names for piece, names in NO_COVARIATES.items() if "'intercept' is not among" not in piece
    }
    | {
        r"^{name}: it depends on what answers are, and is not declared to hold for counts": NOT_OF_NUMBERS,
        r"variable='intercept' is not among the draws; they have \['class_share', 'item_mean'\]": "contrasts",
    },
    "LatentClass, one class": NO_COVARIATES
    | NO_COMMON_METHOD
    | {
        r"the fits differ in latent_class: 'C1', 'C2' and 'C1'": "class_shift",
        r"the most likely class is the same in all 180 rows that have column 'age'": "characteristics covariate_tests",
        r"measured is a fit of 1 classes": "fit_estimators",
        r"2 names for 1 classes; give one per class": "name_classes",
        r"order is a fit of 1 classes": "order",
        r"item_probability has 1 classes and class_share 1: give two or more": "stepwise_odds_ratios",
        r"measured is a fit of 1 class and 180 respondents: there are none to compare": (
            "fit_distal stepwise_outcome bch_outcomes"
        ),
    },
    "DistalOutcome": {
        r"^{name}: this fit is of the outcome 'score', given classes of an earlier fit; use outcome_by_class": " ".join(
            sorted(
                set(NEEDS)
                - {"class_sizes", "convergence", "holds_respondents", "keep_mode", "membership", "membership_draws"}
                - {"modes", "outcome_by_class", "save", "group_classes", "group_membership", "plot_group_classes"}
            )
        )
    },
}
for _refused in REFUSED.values():
    _refused.update(NO_GROUP_CLASSES)
REFUSED["Multinomial"][r"^{name}: it is not declared to hold for a fit of Multinomial; functions"] = (
    "compare_group_structures"
)
REFUSED["LatentClass, GroupClasses"] = NO_COMMON_METHOD | {
    r"^{name}: groups of this fit have classes, and no random intercepts; look at group_classes": (
        "compare_groups group_level_effects group_shares heterogeneity nesting_in_words plot_random_intercepts "
        "poststratify prior_sensitivity random_intercepts rank_groups"
    ),
    r"^{name}: the classes of this fit were found together with classes of groups": (
        "answers_of class_shift compare_estimators fit_distal fit_estimators fit_two_step modal_class_of split_halves "
        "stepwise_odds_ratios stepwise_outcome bch_outcomes"
    ),
}
REFUSED["LatentClass, GroupClasses, profiles free"] = REFUSED["LatentClass, GroupClasses"] | {
    r"^{name}: classes of this fit have a profile in each group class, and it knows one of each class; look at": (
        "characteristics check_items compare_structures covariate_tests direct_effects plot_structures prior_from "
        "relabel"
    )
}
REFUSED["LatentClass, KnownClass, profiles free"] = {
    r"^{name}: classes of this fit have a profile in each population, and it knows one of each class; look at": (
        "answers_of check_items class_shift common_method compare_estimators compare_structures design_effects "
        "direct_effects fit_distal fit_estimators fit_two_step group_level_effects modal_class_of nesting_in_words "
        "plot_structures poststratify prior_from prior_sensitivity relabel split_halves stepwise_odds_ratios "
        "stepwise_outcome bch_outcomes"
    ),
    **(NO_GROUPS | NO_GROUP_CLASSES),
}
ONE_WAVE = {
    r"^{name}: nobody moves in this fit of 180 respondents, each of whom is in a class or category once; follow": (
        "most_likely_paths plot_transitions stayers_and_movers transition_odds_ratios transition_probabilities"
    )
}
REFUSED = {kind: ONE_WAVE | pieces for kind, pieces in REFUSED.items()} | {
    "LatentTransition": {
        r"^{name}: the function is for respondents who answered once": (
            "answers_of average_marginal_effects characteristics class_shift classification_table "
            "compare_estimators compare_group_structures compare_groups compare_structures "
            "covariate_tests direct_effects group_classes group_membership outcome_by_class "
            "plot_group_classes plot_predictions regression_table "
            "fit_distal fit_estimators fit_two_step group_level_effects group_shares membership_draws "
            "membership_table modal_class_of nesting_in_words plot_structures poststratify "
            "predict_classes prior_from prior_sensitivity rank_groups split_halves stepwise_odds_ratios "
            "stepwise_outcome bch_outcomes"
        ),
        r"^common_method: it depends on what answers are, and is not declared to hold for nominal": "common_method",
        r"variable='intercept' is not among the draws": "contrasts",
        r"formula '~ 1' has no covariates; odds ratios come from": "odds_ratios plot_odds_ratios",
    }
}
"""What each kind of fit refuses: pieces of messages, and the functions that say so; all others answer."""
OF_SURVEYED_WAVES = {
    r"^check_items: what is observed is held against answers of a simple random sample": "check_items",
    **{piece: names for piece, names in SURVEYED.items() if names in ("modes", "relabel", "concat_chains")},
}
REFUSED["LatentTransition, survey design"] = OF_SURVEYED_WAVES | {
    piece: names
    for piece, names in REFUSED["LatentTransition"].items()
    if "'intercept'" not in piece and "no covariates" not in piece
}
REFUSED["Multinomial, survey design"] = REFUSED["Multinomial"] | {
    piece: names
    for piece, names in SURVEYED.items()
    if names in ("concat_chains", "group_level_effects", "modes", "prior_sensitivity")
}
REFUSED = {kind: dict(refused) for kind, refused in REFUSED.items()}
for kind, refused in REFUSED.items():
    if not kind.endswith(("survey design", "no respondents", "completed data sets")):
        refused[r"^design_effects: the 1[85]0 respondents of this fit are taken for a simple random"] = "design_effects"


@pytest.fixture(scope="module")
def fits():
    """A fit of every kind of model and measurement part, and two that hold less."""
    survey = SURVEY
    regression = bl.Regression("~ participation + score + (1 | group)")
    models = {
        "AssignedClass": bl.AssignedClass(bl.answers_of(bl.load_example("alone")), regression),
        "Multinomial": bl.Multinomial("education", regression),
        "LatentClass, OrdinalItems": bl.LatentClass(2, bl.OrdinalItems(ITEMS), bl.Regression("~ participation")),
        "LatentClass, restricted": bl.LatentClass(2, bl.Items(ITEMS, restrictions=RESTRICTIONS)),
        "LatentClass, CommonMethod": bl.LatentClass(2, bl.CommonMethod(bl.Items(ITEMS))),
        "LatentClass, NormalItems": bl.LatentClass(
            2, bl.NormalItems(["score", "attitude"]), bl.Regression("~ participation")
        ),
        "LatentClass, Mixed": bl.LatentClass(
            2,
            bl.Mixed(bl.OrdinalItems(ITEMS[:2]), bl.CountItems(["calls"]), bl.NormalItems(["score"])),
            bl.Regression("~ participation"),
        ),
        "LatentClass, CountItems": bl.LatentClass(2, bl.CountItems(["visits", "calls"])),
        "LatentClass, GroupClasses": bl.LatentClass(
            2, bl.Items(ITEMS), bl.GroupClasses(2, group="ward", formula="~ participation")
        ),
        "LatentClass, GroupClasses, profiles free": bl.LatentClass(
            2, bl.Items(ITEMS), bl.GroupClasses(2, group="ward", formula="~ participation", profiles="free")
        ),
        "LatentClass, KnownClass, profiles free": bl.LatentClass(
            2, bl.Items(ITEMS), bl.KnownClass("role", "~ participation", profiles="free")
        ),
        "LatentClass, one class": bl.LatentClass(1, bl.Items(ITEMS)),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sampled = {name: bl.fit(model, survey, **SHORT) for name, model in models.items()}
        moved = survey.assign(participation=survey["participation"].to_numpy()[::-1])
        distal = bl.fit_distal(
            bl.load_example("alone"), survey, "score ~ latent_class", **TINY | {"measurement_draws": 40, "draws": 40}
        )
        weighted = survey.assign(w=np.random.default_rng(2).gamma(2.0, size=180), c=np.arange(180) % 30)
        design = bl.SurveyDesign(weights="w", cluster="c")
        sampled["LatentClass, survey design"] = bl.fit(NESTED, weighted, design=design, **SHORT)
        sampled["Multinomial, survey design"] = bl.fit(models["Multinomial"], weighted, design=design, **SHORT)
        of_persons = np.random.default_rng(2).gamma(2.0, size=150)
        waves = bl.example_waves().assign(w=lambda frame: of_persons[frame["person"].astype(int) - 1])
        model = bl.LatentTransition(
            *(2, bl.Items(ITEMS), "person", "wave", bl.Regression("~ participation + (1 | group)")),
            transition=bl.Transition("~ participation + (1 | group)"),
        )
        sampled["LatentTransition, survey design"] = bl.fit(model, waves, design=bl.SurveyDesign(weights="w"), **SHORT)
        stacked = bl.fit_multiple(bl.LatentClass(2, bl.Items(ITEMS), regression), [survey, moved], **SHORT)
    with tempfile.TemporaryDirectory() as folder:
        bl.save(bl.load_example(), Path(folder) / "fit.nc", respondents=False)
        without = bl.load(Path(folder) / "fit.nc")
    return {
        "LatentClass, regression": bl.load_example(),
        "LatentClass": bl.load_example("alone"),
        "LatentTransition": bl.load_example("waves"),
        "LatentClass, no respondents": without,
        "LatentClass, completed data sets": stacked,
        "DistalOutcome": distal,
        **sampled,
    }


def test_every_function_that_takes_a_fit_is_called():
    assert set(CALLS) == set(NEEDS)


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("kind", REFUSED)
def test_every_function_answers_or_refuses_every_kind_of_fit(fits, kind, name):
    assert set(fits) == set(REFUSED)
    pieces = [piece for piece, names in REFUSED[kind].items() if name in names.split()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if pieces:
            with pytest.raises(ValueError, match=pieces[0].replace("{name}", name)):
                CALLS[name](fits[kind])
        elif name not in SAMPLING:
            CALLS[name](fits[kind])


def densities(draws, posterior, row):
    """Share of each class, and probability of the answers given it, of one respondent: shape (draw, class) both.

    Of the fit, and of its draws one after the other.
    """
    observed, constant = draws["observed_data"], draws["constant_data"]
    if "first_step" in draws.children:
        step = draws["sample_stats"]["measurement_draw"].to_numpy().reshape(-1)
        share = draws["first_step"]["known_membership"].to_numpy()[step, int(constant["known_row"][row])]
        mean, sd = (posterior[f"outcome_{name}"].to_numpy() for name in ("location", "sd"))
        return share, stats.norm.pdf(float(observed["outcome"][row]), mean, sd)
    if "intercept" in posterior:
        eta = posterior["intercept"].to_numpy().copy()
        for position, x in enumerate(constant["design"][row].to_numpy()):
            eta += x * posterior["slope"].isel(term=position).to_numpy()
        if "group_effect" in posterior:
            eta += posterior["group_effect"].isel(group=int(constant["group_index"][row])).to_numpy()
        share = np.exp(eta) / np.exp(eta).sum(axis=1, keepdims=True)
    else:
        share = posterior["class_share"].to_numpy()
    if "outcome" in observed:
        return share, np.tile(np.arange(share.shape[1]) == int(observed["outcome"][row]), (len(share), 1))
    answers = observed["answers"][row].to_numpy()
    if "style_loading" in posterior:
        return share, density_of_persons(posterior, answers)
    if "count_item_mean" in posterior:
        ordinal, count, normal = answers[:2], answers[2], answers[3]
        rho = posterior["ordinal_item_probability"].transpose("drawn", "latent_class", ...).to_numpy()
        evidence = np.prod([rho[:, :, j, int(code)] for j, code in enumerate(ordinal)], axis=0)
        mean, sd = (
            posterior[f"normal_item_{name}"].transpose("drawn", ...).to_numpy()[..., 0] for name in ("mean", "sd")
        )
        evidence = evidence * stats.norm.pdf(normal, mean, sd[:, None])
        return share, evidence * stats.poisson.pmf(count, posterior["count_item_mean"].to_numpy()[..., 0])
    if "item_mean" in posterior and "item_sd" not in posterior:
        mean = posterior["item_mean"].transpose("drawn", "latent_class", "item").to_numpy()
        return share, np.prod(stats.poisson.pmf(answers, mean), axis=2)
    if "item_mean" in posterior:
        mean = posterior["item_mean"].transpose("drawn", "latent_class", "item").to_numpy()
        sd = posterior["item_sd"].transpose("drawn", "item").to_numpy()[:, None]
        return share, np.prod(stats.norm.pdf(answers, mean, sd), axis=2)
    rho = posterior["item_probability"].transpose("drawn", "latent_class", "item", "category").to_numpy()
    return share, np.prod([rho[:, :, j, code] for j, code in enumerate(answers) if code >= 0], axis=0)


def density_of_persons(posterior, answers):
    """Of answers in categories -1, 0 and 1 of a person's tilt, on a grid of persons."""
    typical = posterior["typical_person::item_probability"].transpose("drawn", "latent_class", "item", "category")
    lam, u = posterior["style_loading"].isel(style=0).to_numpy(), np.linspace(-8, 8, 401)
    likelihood = np.full((*typical.shape[:2], len(u)), stats.norm.pdf(u) * (u[1] - u[0]))
    for j, code in enumerate(answers):
        if code >= 0:
            weight = (
                typical.to_numpy()[:, :, j, :, None] * np.exp(lam[:, j, None, None] * np.outer([-1, 0, 1], u))[:, None]
            )
            likelihood *= weight[:, :, code] / weight.sum(axis=2)
    return likelihood.sum(axis=2)


ELSEWHERE = {
    *("LatentClass, no respondents", "LatentClass, completed data sets", "LatentClass, survey design"),
    *("LatentClass, GroupClasses", "LatentClass, GroupClasses, profiles free", "LatentTransition"),
    *("LatentClass, KnownClass, profiles free", "Multinomial, survey design", "LatentTransition, survey design"),
}
"""Fits without rows, and those that have tests of their own of this: weighted, of groups, and of persons over waves."""


@pytest.mark.parametrize("kind", [kind for kind in REFUSED if kind not in ELSEWHERE])
def test_answers_are_those_of_a_loop_over_respondents(fits, kind):
    """Log-likelihood, membership and sizes of classes, from the rows as the frame had them."""
    draws = fits[kind]
    posterior = draws["posterior"].to_dataset().stack(drawn=["chain", "draw"]).transpose("drawn", ...)
    loop = [densities(draws, posterior, row) for row in range(180)]
    share, evidence = (np.stack(part, axis=1) for part in zip(*loop, strict=True))  # (draw, respondent, class)
    (stored,) = draws["log_likelihood"].to_dataset().data_vars.values()
    stored = stored.stack(drawn=["chain", "draw"]).transpose("drawn", "respondent").to_numpy()
    np.testing.assert_allclose(stored, np.log((share * evidence).sum(axis=2)), rtol=1e-5)
    if kind == "Multinomial":
        return
    membership = share * evidence / (share * evidence).sum(axis=2, keepdims=True)
    classes = draws["posterior"]["latent_class"].to_numpy().tolist()
    np.testing.assert_allclose(bl.membership(draws)[classes].to_numpy(), membership.mean(axis=0), atol=1e-5)
    each = bl.membership_draws(draws).transpose("chain", "draw", "respondent", "latent_class").to_numpy()
    np.testing.assert_allclose(each.reshape(membership.shape), membership, atol=1e-5)
    sizes = bl.class_sizes(draws)
    of_draws = share.mean(axis=1)
    np.testing.assert_allclose(sizes["mean"], of_draws.mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(sizes[["lower", "upper"]], np.quantile(of_draws, [0.025, 0.975], axis=0).T, atol=1e-4)


def test_a_fit_of_a_model_nobody_wrote_is_refused_by_every_function():
    """Answers that depend on a person's intercept as well, in a tree that has all that other fits have."""
    draws = bl.load_example().copy()
    posterior = draws["posterior"].to_dataset()
    loading = xr.DataArray(np.ones((2, 100, 3)), dims=("chain", "draw", "item"))
    draws["posterior"] = xr.DataTree(posterior.assign(loading=loading))
    specification = json.loads(draws.attrs["specification"]) | {"kind": "CommonMethod"}
    draws.attrs = draws.attrs | {"model": "CommonMethod", "specification": json.dumps(specification)}
    for name, call in CALLS.items():
        with pytest.raises(ValueError, match="'CommonMethod', a model nothing is known of"):
            call(draws)
        assert name in NEEDS


def test_a_part_nobody_wrote_is_refused_by_every_function():
    draws = bl.load_example().copy()
    specification = json.loads(draws.attrs["specification"])
    specification["measurement"]["kind"] = "Triads"
    draws.attrs = draws.attrs | {"specification": json.dumps(specification)}
    for call in CALLS.values():
        with pytest.raises(ValueError, match="'Triads', which nothing is known of"):
            call(draws)


@pytest.mark.parametrize(
    "given, told",
    [
        ("fit.nc", r"the path 'fit\.nc'; read the file first, bl\.load\('fit\.nc'\)"),
        (EXAMPLE, r"the model LatentClass.*; fit it first, bl\.fit\(model, frame\)"),
        (SURVEY, r"a table of 180 rows"),
        (3, "int '3'"),
    ],
    ids=["path", "model", "table", "number"],
)
@pytest.mark.parametrize("name", sorted(set(CALLS) - {"characteristics", "covariate_tests", "order", "prior_from"}))
def test_what_is_no_fit_is_told_what_it_is(name, given, told):
    with pytest.raises(TypeError, match=told):
        CALLS[name](given)


TRUE_MEANS = np.array([[2.0, 8.0, 5.0], [7.0, 3.0, 9.0]])


@pytest.fixture(scope="module")
def toy():
    """The two modules; what they register is taken back at the end."""
    registries = kinds.KINDS, kinds.MEASUREMENT, kinds.STRUCTURAL, kinds.HIDDEN
    before = [dict(registry) for registry in registries]
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parent)
        part, model = (importlib.import_module(f"toy.{name}") for name in ("scores", "score_classes"))
    yield part, model
    for registry, entries in zip(registries, before, strict=True):
        registry.clear()
        registry.update(entries)


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(2)
    latent = (rng.random(300) < 0.3).astype(int)
    scores = np.round(rng.normal(TRUE_MEANS[latent])).clip(0).astype(int)
    return pd.DataFrame(scores, columns=["a", "b", "c"]).assign(latent=latent, x=rng.normal(size=300) + latent)


@pytest.fixture(scope="module")
def draws(toy, frame):
    part, model = toy
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        return bl.fit(
            model.ScoreClasses(2, part.Scores(("a", "b", "c")), bl.Regression("~ x")),
            frame, draws=200, tune=200, chains=2, until=None, progressbar=False,
        )  # fmt: skip


def test_a_fit_of_it_finds_the_truth(draws, frame):
    mean = draws["posterior"]["score_mean"].mean(["chain", "draw"]).to_numpy()
    np.testing.assert_allclose(mean, TRUE_MEANS, atol=0.3)
    sizes = bl.class_sizes(draws)
    assert sizes.loc["C1", "lower"] < 1 - frame["latent"].mean() < sizes.loc["C1", "upper"]
    of_x = bl.odds_ratios(draws, reference="C1")
    assert of_x.loc[("C2 vs C1", "x"), "lower"] > 1
    modal = bl.membership(draws)["modal_class"].cat.codes.to_numpy()
    assert (modal == frame["latent"]).mean() > 0.99


def test_its_log_likelihood_is_that_of_a_loop(draws, frame):
    posterior = draws["posterior"].isel(chain=1, draw=7)
    mean = posterior["score_mean"].to_numpy()
    intercept, slope = (posterior[name].to_numpy() for name in ("intercept", "slope"))
    for row in (0, 5, 299):
        eta = intercept + slope[0] * frame["x"].iloc[row]
        share = np.exp(eta) / np.exp(eta).sum()
        scores = frame[["a", "b", "c"]].iloc[row].to_numpy()
        density = [np.prod(np.exp(-0.5 * (scores - mean[k]) ** 2) / np.sqrt(2 * np.pi)) for k in range(2)]
        stored = draws["log_likelihood"]["answers"].isel(chain=1, draw=7, respondent=row).item()
        assert stored == pytest.approx(np.log(share @ density), rel=1e-10)


def test_it_survives_a_file(draws, tmp_path):
    bl.save(draws, tmp_path / "toy.nc")
    assert bl.class_sizes(bl.load(tmp_path / "toy.nc")).equals(bl.class_sizes(draws))


def test_what_it_did_not_declare_is_refused_by_name(toy, draws):
    _, model = toy
    refused = {}
    for name in sorted(set(CALLS) - set(model.SUPPORTED)):
        with pytest.raises(ValueError, match=rf"^{name}: ") as refusal:
            CALLS[name](draws)
        refused[name] = str(refusal.value)
    assert refused["check_items"] == "check_items: scores have no categories to check"
    assert "not declared to hold for a fit of ScoreClasses" in refused["class_profiles"]
    assert len(refused) > 25


def test_a_twin_declares_only_what_depends_on_answers(toy):
    part, _ = toy

    with pytest.raises(ValueError, match=r"Mistaken: supported has \['class_sizes', 'reprot'\], which do not depend"):

        class Mistaken(part.ScoresGivenClass):
            supported = frozenset({"relabel", "class_sizes", "reprot"})


def test_a_twin_that_has_profiles_says_what_their_table_shows(toy):
    part, _ = toy

    with pytest.raises(ValueError, match=r"Silent: supported has 'class_profiles', whose table shows what profile_val"):

        class Silent(part.ScoresGivenClass):
            supported = frozenset({"relabel", "class_profiles"})


def test_a_refusal_names_only_what_answers(toy, draws, monkeypatch):
    part, _ = toy
    monkeypatch.setattr(part.ScoresGivenClass, "supported", frozenset())
    with pytest.raises(ValueError) as refusal:
        bl.class_profiles(draws)
    assert "class_sizes" in str(refusal.value)
    assert "relabel" not in str(refusal.value)


THINNED = {"draw": slice(None, None, 4)}
SELECTED = {
    "every fourth draw of the tree": lambda draws: draws.isel(THINNED),
    "every fourth draw of the posterior": lambda draws: with_posterior(
        draws, lambda posterior: posterior.isel(THINNED)
    ),
    "a chain of the tree": lambda draws: draws.isel(chain=[1]),
    "a chain of the posterior": lambda draws: with_posterior(draws, lambda values: values.sel(chain=[1])),
}


def with_posterior(draws, select):
    result = draws.copy()
    result["posterior"] = xr.DataTree(select(draws["posterior"].to_dataset()))
    return result


WALKED = [("nested", "every fourth draw of the posterior"), ("nested", "a chain of the tree")]
OTHERS = [(fit, which) for fit in ("nested", "alone") for which in SELECTED if (fit, which) not in WALKED]


@pytest.mark.parametrize("fit, which", [*WALKED, *(pytest.param(*case, marks=pytest.mark.slow) for case in OTHERS)])
def test_every_function_answers_for_selected_draws(fit, which):
    """The same functions as for the whole fit, and the views of respondents as many draws as the posterior."""
    whole = bl.load_example("alone") if fit == "alone" else bl.load_example()
    refused = REFUSED["LatentClass" if fit == "alone" else "LatentClass, regression"]
    draws = SELECTED[which](whole)
    unable = {name for names in refused.values() for name in names.split()} | SAMPLING | {"concat_chains"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in sorted(set(CALLS) - unable):
            CALLS[name](draws)
    sizes, posterior = bl.class_sizes(draws), draws["posterior"]
    np.testing.assert_allclose(sizes["mean"], posterior["class_share"].mean(["chain", "draw"]))
    modes = bl.modes(draws)
    log_likelihood = whole["log_likelihood"]["answers"].sel(chain=posterior["chain"], draw=posterior["draw"])
    tree = xr.DataTree.from_dict({"/posterior": posterior.to_dataset(), "/log_likelihood": log_likelihood.to_dataset()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = arviz_stats.loo(tree)
    assert modes["elpd_loo"].iloc[0] == pytest.approx(expected.elpd, rel=1e-9)
    assert modes["chains"].tolist() == [", ".join(map(str, posterior["chain"].to_numpy()))]
