"""Models as PyMC users meet them: printed, named, drawn from, extended."""

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pymc as pm
import pytest
from pytensor.compile.mode import Mode
from scipy.special import softmax

import bayes_lca as bl
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.measured_classes import MeasuredClasses
from bayes_lca.hidden.one_class import draw_class
from bayes_lca.measurement.outcome_families import NormalOutcome
from bayes_lca.models import AssignedClass, LatentClass, LatentTransition, Multinomial
from bayes_lca.models.distal_outcome import DistalOutcome
from bayes_lca.priors import LKJ
from bayes_lca.structural.outcome_regression import OutcomeRegression

GOLDEN = Path(__file__).parent / "golden"
ITEMS = bl.Items(bl.cohort_items())
KNOWN = bl.Assigned(
    {"training": ("decrease", "no change", "increase")},
    np.array([[[0.7, 0.2, 0.1]], [[0.1, 0.2, 0.7]]]),
    np.array([0.4, 0.6]),
    ("C1", "C2"),
)
MODELS = {
    "latent_class": LatentClass(3, ITEMS),
    "latent_class_ordinal": LatentClass(3, bl.OrdinalItems(bl.cohort_items())),
    "latent_class_common_method": LatentClass(3, bl.CommonMethod(ITEMS)),
    "latent_profile": LatentClass(3, bl.NormalItems(["score", "participation", "attitude"])),
    "latent_profile_free": LatentClass(
        3, bl.NormalItems(["score", "attitude"], "free"), bl.Regression("~ participation + (1 | group)")
    ),
    "latent_class_mixed": LatentClass(
        2,
        bl.Mixed(bl.Items(["training", "workload"]), bl.NormalItems(["score", "attitude"]), bl.CountItems(["visits"])),
    ),
    "latent_class_counts": LatentClass(2, bl.CountItems(["visits", "calls"])),
    "latent_class_dispersed_counts": LatentClass(2, bl.CountItems(["visits", "calls"], "negative_binomial")),
    "latent_class_regression": LatentClass(3, ITEMS, bl.Regression("~ age + participation + (1 | city/group)")),
    "latent_class_correlated": LatentClass(
        3, ITEMS, bl.Regression("~ participation + (1 | group)", correlation=LKJ(2.0))
    ),
    "latent_class_prior_by_class": LatentClass(
        2, bl.Items(bl.cohort_items(), prior={"training": [{"decrease": 1, "no change": 2, "increase": 8}, 1.0]})
    ),
    "latent_class_restricted": LatentClass(
        3,
        bl.Items(
            bl.cohort_items(),
            restrictions=[
                bl.Fixed("training", category="increase", classes=1, value=0.9),
                bl.Equal(["workload", "promotion"], classes=1),
                bl.Ordered("expertise", category="increase", classes=[3, 2]),
            ],
        ),
    ),
    "distal_outcome": DistalOutcome(
        MeasuredClasses(Fit.reading(bl.load_example("alone")), np.array([0, 100])),
        NormalOutcome(),
        OutcomeRegression("participation ~ latent_class + age + latent_class:score + (1 | group)"),
    ),
    "latent_class_group_classes": LatentClass(3, ITEMS, bl.GroupClasses(2, group="ward", formula="~ participation")),
    "latent_class_group_profiles": LatentClass(3, ITEMS, bl.GroupClasses(2, group="ward", profiles="free")),
    "assigned_class": AssignedClass(KNOWN, bl.Regression("~ participation + (1 | group)")),
    "multinomial": Multinomial("title", bl.Regression("~ age + participation + (1 | group)")),
    "multinomial_prior_by_term": Multinomial(
        "title", bl.Regression("~ age + participation", prior={"participation": bl.PerUnit(bl.ZeroSumNormal(0.5))})
    ),
    "multinomial_random_slopes": Multinomial(
        "title", bl.Regression("~ age + participation + (participation | city/group)")
    ),
}
MODELS |= {
    "latent_transition": LatentTransition(3, ITEMS, "person", "wave"),
    "latent_transition_regression": LatentTransition(
        *(2, ITEMS, "person", "wave"),
        initial=bl.Regression("~ age"),
        transition=bl.Transition("~ participation + (1 | group)", "free"),
    ),
    "latent_transition_person_intercept": LatentTransition(2, ITEMS, "person", "wave", person_intercept=True),
}
FAST = {"mode": Mode(linker="py", optimizer="fast_compile")}


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(4)
    wards = [f"w{number % 25:02d}" for number in range(200)]
    counts = {"visits": rng.poisson(2.0, 200), "calls": rng.poisson(5.0, 200)}
    seen = {"person": np.arange(200) // 2, "wave": np.arange(200) % 2 + 1}
    return bl.simulate_cohort(n=200, seed=2)[0].assign(**counts, **seen, ward=wards)


@pytest.fixture(scope="module")
def built(frame):
    """Models of the frame by name, each built once, which no test changes."""
    return cache(lambda name: MODELS[name].build(frame))


@pytest.fixture(scope="module")
def unequal():
    """Items of two, three and four categories."""
    rng = np.random.default_rng(3)
    return pd.DataFrame({name: rng.integers(0, size, 80) for name, size in {"a": 2, "b": 3, "c": 4}.items()})


@pytest.mark.parametrize("name", MODELS)
def test_printed_model_is_the_golden_text(name, built):
    """A changed prior shows here as a changed line; if it is meant, the golden text is changed along with it."""
    printed = "\n".join(line.rstrip() for line in built(name).str_repr().splitlines()) + "\n"
    assert printed == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def assert_axes_have_names(model):
    for variable in [*model.free_RVs, *model.deterministics, *model.observed_RVs]:
        if variable.name == "group_correlation_root":
            continue  # rows and columns of a Cholesky factor are no classes
        dims = model.named_vars_to_dims[variable.name] if variable.ndim else ()
        assert len(dims) == variable.ndim, variable.name
        assert all(dim in model.coords for dim in dims), variable.name


@pytest.mark.parametrize("name", MODELS)
def test_every_axis_of_every_variable_has_a_name(name, built):
    assert_axes_have_names(built(name))


def test_axes_of_items_of_unequal_sizes_have_names(unequal):
    assert_axes_have_names(LatentClass(2, bl.Items(["a", "b", "c"])).build(unequal))


def test_axes_of_groups_and_their_slopes_carry_their_names(built):
    model = built("multinomial_random_slopes")
    assert list(model.coords["city:group_term"]) == ["participation"]
    assert len(model.coords["city:group_coefficient"]) == 2 * (len(model.coords["category"]) - 1)
    for name in ("city", "city:group"):
        dims = model.named_vars_to_dims
        assert dims[f"{name}_slope"] == (name, f"{name}_term", "category")
        assert dims[f"{name}_slope_sd"] == (f"{name}_term", "category")
        assert dims[f"{name}_effect"] == (name, "category")
    correlated = built("latent_class_correlated")
    assert correlated.named_vars_to_dims["group_correlation"] == ("latent_class", "other_class")
    assert list(correlated.coords["other_class"]) == ["C1", "C2", "C3"]


def test_categories_carry_the_labels_that_items_share(frame, unequal):
    model = MODELS["latent_class"].build(frame)
    assert list(model.coords["category"]) == ["decrease", "no change", "increase"]
    assert list(model.coords["item"]) == bl.cohort_items()
    assert list(model.coords["latent_class"]) == ["C1", "C2", "C3"]
    assert list(LatentClass(2, bl.Items(["a", "b", "c"])).build(unequal).coords["category"]) == [
        *("1st", "2nd", "3rd", "4th")
    ]


def test_equal_rows_are_counted_once(frame):
    model = MODELS["latent_class"].build(frame)
    patterns = frame[bl.cohort_items()].drop_duplicates()
    assert len(model.coords["pattern"]) == len(patterns) < len(frame)
    assert model["count"].get_value().sum() == len(frame)


def test_outcomes_of_equal_covariates_are_counted(frame):
    model = Multinomial("title", bl.Regression("~ tier + (1 | city)")).build(frame)
    cells = frame.groupby(["tier", "city"], observed=True)["title"].value_counts().unstack(fill_value=0)
    counts = model["outcome_counts"].get_value()
    assert counts.shape == cells.shape
    assert len(counts) < len(frame) / 5
    labels = [str(label) for label in cells.columns]
    assert labels == list(model.coords["category"])
    assert sorted(map(tuple, counts)) == sorted(map(tuple, cells.to_numpy()))


def test_rows_can_be_kept_apart(frame):
    prepared = MODELS["latent_class"].prepare(frame, collapse=False)
    assert len(prepared.model.coords["pattern"]) == len(frame)
    assert (prepared.model["count"].get_value() == 1).all()
    codes = frame[bl.cohort_items()].apply(lambda item: item.cat.codes).to_numpy()
    np.testing.assert_array_equal(prepared.model["answer_codes"].get_value(), codes)


@pytest.mark.parametrize("n_classes", [0, -1, 2.0, "3", None])
def test_number_of_classes_is_a_whole_number(n_classes):
    with pytest.raises(ValueError, match="n_classes"):
        LatentClass(n_classes, ITEMS)


def test_one_class_is_refused_a_regression(frame):
    with pytest.raises(ValueError, match="n_classes=1"):
        LatentClass(1, ITEMS, bl.Regression("~ age"))


def test_more_classes_than_patterns_are_refused(frame):
    few = frame.assign(a=frame["compensation"], b=frame["compensation"])
    with pytest.raises(ValueError, match=r"n_classes=4 exceeds the 3 distinct answer patterns of 200 respondents"):
        LatentClass(4, bl.Items(["a", "b"])).build(few)


SHARE = np.array([0.5, 0.3, 0.2])
PROBABILITY = np.array(  # items of three, two and three categories
    [
        [[0.7, 0.2, 0.1], [0.9, 0.1, 0.0], [0.2, 0.2, 0.6]],
        [[0.1, 0.8, 0.1], [0.4, 0.6, 0.0], [0.5, 0.25, 0.25]],
        [[0.05, 0.05, 0.9], [0.2, 0.8, 0.0], [0.01, 0.98, 0.01]],
    ]
)


def z_of_frequencies(answers, share, probability):
    """Frequencies of all pairs of categories of all pairs of items, in standard errors from the model's."""
    n, n_items = answers.shape
    scores = []
    for i in range(n_items):
        for j in range(i, n_items):
            for a in range(probability.shape[2]):
                for b in range(probability.shape[2]):
                    if i == j and a != b:
                        continue
                    both = probability[:, i, a] * (1 if i == j else probability[:, j, b])
                    expected = share @ both
                    observed = ((answers[:, i] == a) & (answers[:, j] == b)).mean()
                    if expected == 0:
                        assert observed == 0
                        continue
                    scores.append((observed - expected) / np.sqrt(expected * (1 - expected) / n))
    return np.array(scores)


def draw_answers(class_logits, seed, n=40_000):
    """A class for each row, then answers given the class, as the hidden and the measurement part draw them."""
    rng = np.random.default_rng(seed)
    latent_class = draw_class(class_logits, (n,), rng)
    return bl.Items(["a", "b", "c"]).draw(None, latent_class, PROBABILITY, rng=rng)


def test_drawn_answers_have_the_frequencies_of_the_model():
    answers = draw_answers(np.log(SHARE) + 3.0, seed=1)
    assert answers.shape == (40_000, 3)
    assert answers.dtype.kind == "i"
    scores = z_of_frequencies(answers, SHARE, PROBABILITY)
    assert len(scores) > 25
    assert np.abs(scores).max() < 4


def test_drawn_answers_follow_the_class_logits_of_their_row():
    eta = np.repeat([[2.0, 0.0, -1.0], [-3.0, 0.0, 1.0]], 20_000, axis=0)
    answers = draw_answers(eta, seed=2)
    for part, logits in ((answers[:20_000], eta[0]), (answers[20_000:], eta[-1])):
        assert np.abs(z_of_frequencies(part, softmax(logits), PROBABILITY)).max() < 4


def test_pymc_draws_answers_of_the_model(frame):
    """Fixed parameters through pm.do; as many rows as the frame has distinct patterns."""
    model = LatentClass(3, bl.Items(["compensation", "workload", "promotion"])).build(frame)
    probability = np.stack([PROBABILITY[:, 0], PROBABILITY[:, 2], PROBABILITY[:, 0][:, ::-1]], axis=1)
    fixed = pm.do(model, {"class_share": SHARE, "item_probability": probability}, prune_vars=True)
    answers = pm.draw(fixed["answers"], draws=1000, random_seed=4, **FAST)
    assert answers.shape[1:] == (len(model.coords["pattern"]), 3)
    assert np.abs(z_of_frequencies(answers.reshape(-1, 3), SHARE, probability)).max() < 4


def test_a_prior_predictive_draw_has_the_shape_of_the_data(built):
    for model in map(built, MODELS):
        (observed,) = model.observed_RVs
        drawn = pm.draw(observed, random_seed=1, **FAST)
        assert drawn.shape == tuple(len(model.coords[dim]) for dim in model.named_vars_to_dims[observed.name])
        assert drawn.dtype.kind == "f" or drawn.min() >= 0
        assert np.isfinite(drawn).all()
        if "outcome_counts" in model.named_vars:
            np.testing.assert_array_equal(drawn.sum(axis=1), model["outcome_counts"].get_value().sum(axis=1))


def test_pymc_draws_outcomes_of_the_model(frame):
    """Fixed parameters through pm.do: the frequencies in each pattern are those of its covariates."""
    model = Multinomial("title", bl.Regression("~ tier")).build(frame[["title", "tier"]])
    labels, terms = list(model.coords["category"]), list(model.coords["term"])
    rng = np.random.default_rng(6)
    alpha, beta = rng.normal(size=len(labels)), rng.normal(size=(len(terms), len(labels)))
    fixed = pm.do(model, {"intercept_at_mean": alpha, "slope_standardised": beta}, prune_vars=True)
    draws = 4000
    counts = pm.draw(fixed["outcome"], draws=draws, random_seed=5, **FAST)
    n = model["outcome_counts"].get_value().sum(axis=1)
    design = pd.get_dummies(frame["tier"])[["medium", "high"]].to_numpy(dtype=float)
    standardised = (design - design.mean(axis=0)) / design.std(axis=0)
    assert terms == ["tier[medium]", "tier[high]"]
    sizes = frame["tier"].value_counts()
    assert sorted(sizes) == sorted(set(n))  # each pattern is known by its number of respondents
    for pattern, size in enumerate(n):
        row = np.flatnonzero(frame["tier"] == sizes.index[sizes == size][0])[0]
        probability = softmax(alpha + standardised[row] @ beta)
        error = np.sqrt(probability * (1 - probability) / (size * draws))
        assert np.abs((counts[:, pattern].mean(axis=0) / size - probability) / error).max() < 4


def test_models_can_be_extended(frame):
    """A user adds a belief about the largest class and a variable of their own, and the density follows."""
    plain = LatentClass(2, ITEMS).build(frame)
    point = {name: value + 0.1 for name, value in plain.initial_point().items()}
    before = plain.compile_logp(**FAST)(point)
    with LatentClass(2, ITEMS).build(frame) as model:
        share = model["class_share"]
        pm.Potential("belief", -0.5 * ((share[0] - 0.3) / 0.1) ** 2)
        pm.Normal("own", 0.0, 2.0)
    point["own"] = np.array(1.0)
    (first,) = model.replace_rvs_by_values([share[0]])
    value = model.compile_fn(first, inputs=model.value_vars, on_unused_input="ignore", **FAST)(point)
    expected = before - 0.5 * ((value - 0.3) / 0.1) ** 2 - 0.125 - np.log(2.0 * np.sqrt(2 * np.pi))
    assert model.compile_logp(**FAST)(point) == pytest.approx(expected, abs=1e-6)
