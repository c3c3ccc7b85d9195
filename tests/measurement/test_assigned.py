"""Indicators whose error is known, and the regression of the class behind them, against loops and hand calculations."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import xarray as xr
from pymc.model.transform.conditioning import remove_value_transforms
from pytensor.compile.mode import Mode
from scipy.special import gammaln, logsumexp, softmax

from bayes_lca.data.design import read_design
from bayes_lca.fitted.record import distinct_rows, record_answers
from bayes_lca.fitted.views import with_views
from bayes_lca.measurement.assigned import Assigned
from bayes_lca.measurement.items import Items
from bayes_lca.models import AssignedClass, LatentClass, Multinomial
from bayes_lca.structural.regression import Regression
from bayes_lca.structural.whitening import contrast_basis
from bayes_lca.workflows.ladder.assign import SMALLEST_ERROR, answers_of, modal_class_of

KNOWN = Assigned(
    labels={"pay": ("low", "middle", "high"), "training": ("no", "yes")},
    probability=np.array([[[0.5, 0.3, 0.2], [0.9, 0.1, 0.0]], [[0.1, 0.2, 0.7], [0.4, 0.6, 0.0]]]),
    class_share=np.array([0.3, 0.7]),
    class_names=("C1", "C2"),
)


# Reading a frame


def test_codes_are_those_of_the_known_labels():
    """A frame that lacks a category, declares others in another order, and has missing answers."""
    frame = pd.DataFrame(
        {
            "training": ["yes", "no", "yes", None],
            "pay": pd.Categorical(["high", None, "low", "high"], ["high", "never used", "low"]),
        },
        index=["a", "b", "c", "d"],
    )
    read = KNOWN.read(frame)
    np.testing.assert_array_equal(read.codes, [[2, 1], [-1, 0], [0, 1], [2, -1]])
    assert read.labels == (("low", "middle", "high"), ("no", "yes"))
    assert read.items == ("pay", "training")
    assert read.n_categories == (3, 2)
    assert list(read.respondents) == ["a", "b", "c", "d"]


def test_other_frames_and_types_say_the_same():
    numbered = Assigned({"a": ("0", "1"), "b": ("1", "2", "3")}, np.ones((2, 2, 3)) / 3, np.full(2, 0.5), ("C1", "C2"))
    columns = {"a": [1, 0, None, 1], "b": [3, 1, 1, 2]}
    expected = [[1, 2], [0, 0], [-1, 0], [1, 1]]
    for frame in (
        pd.DataFrame(columns),
        pl.DataFrame(columns),
        pd.DataFrame(columns).astype("string").replace("1.0", "1").replace("0.0", "0"),
    ):
        np.testing.assert_array_equal(numbered.read(frame).codes, expected)


def test_an_unknown_category_is_named_with_its_rows():
    frame = pd.DataFrame({"pay": ["low", "top", "top", "high"], "training": ["no", "yes", "no", "yes"]})
    with pytest.raises(ValueError, match=r"'pay' is 'top' in 2 of 4 rows, .* known are 'low', 'middle', 'high'"):
        KNOWN.read(frame)
    declared = frame.assign(pay=pd.Categorical(frame["pay"].replace("top", "low"), ["low", "top", "high"]))
    np.testing.assert_array_equal(KNOWN.read(declared).codes[:, 0], [0, 0, 0, 2])  # nobody chose it


def test_known_items_need_not_vary():
    """One clinic, or one new person, may answer alike; what tells classes apart is known."""
    frame = pd.DataFrame({"pay": ["low"] * 5, "training": [None] * 5, "x": [1.0, 2.0, 3.0, 4.0, 5.0]})
    np.testing.assert_array_equal(KNOWN.read(frame).codes, [[0, -1]] * 5)
    np.testing.assert_array_equal(KNOWN.read(frame.head(1)).codes, [[0, -1]])
    np.testing.assert_allclose(KNOWN.membership(np.array([[0, -1]])), [[0.15 / 0.22, 0.07 / 0.22]])


def test_an_unknown_column_is_refused():
    with pytest.raises(ValueError, match=r"unknown item column.*'training'"):
        KNOWN.read(pd.DataFrame({"pay": ["low", "high"]}))


@pytest.mark.parametrize("shape", [(2, 2, 2), (3, 2, 3), (2, 1, 3), (2, 6)])
def test_probabilities_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"2 classes and indicators 'pay', 'training' need \(2, 2, 3\)"):
        Assigned(KNOWN.labels, np.ones(shape), KNOWN.class_share, KNOWN.class_names)


def test_membership_is_that_of_a_hand_calculation():
    found = KNOWN.membership(np.array([[2, 1], [-1, 0], [0, -1], [-1, -1]]))
    joint = [[0.3 * 0.2 * 0.1, 0.7 * 0.7 * 0.6], [0.3 * 0.9, 0.7 * 0.4], [0.3 * 0.5, 0.7 * 0.1], [0.3, 0.7]]
    np.testing.assert_allclose(found, [np.array(row) / sum(row) for row in joint], rtol=1e-12)


# From a latent class fit


def measured_fit(*, seed=4, n=30, draws=25, names=("C1", "C2"), clear=0.2, codes=None):
    """A latent class fit made up about two profiles; the first item has a category more than the second."""
    rng = np.random.default_rng(seed)
    rho = np.stack(
        [rng.dirichlet(5 * np.array(row), size=(2, draws)) for row in ([6, 3, 1], [1, 2, 7])], axis=2
    )  # (chain, draw, class, category)
    yes = np.stack([rng.beta(2, 8 / clear - 2, (2, draws)), rng.beta(6, 2, (2, draws))], axis=2)
    second = np.stack([1 - yes, yes, np.full_like(yes, np.nan)], axis=-1)
    share = rng.beta(6, 4, (2, draws))
    if codes is None:
        codes = np.column_stack([rng.integers(-1, 3, n), rng.integers(-1, 2, n)])
    pattern = np.unique(codes, axis=0, return_inverse=True)[1].reshape(-1)
    posterior = xr.Dataset(
        {
            "item_probability": (
                ("chain", "draw", "latent_class", "item", "category"),
                np.stack([rho, second], axis=3),
            ),
            "class_share": (("chain", "draw", "latent_class"), np.stack([share, 1 - share], axis=-1)),
        },
        {
            "latent_class": list(names),
            "item": ["pay", "training"],
            "category": ["low", "middle", "high"],
            "chain": [0, 1],
            "draw": range(draws),
        },
    )
    items, labels = ["pay", "training"], [["low", "middle", "high"], ["low", "middle"]]
    respondents = pd.Index([f"r{i}" for i in range(n)], name="respondent")
    design = read_design(pd.DataFrame(index=respondents), "~ 1")
    patterns = distinct_rows(design, codes)
    groups, attributes = record_answers(codes, pattern, items, labels, design, respondents, patterns)
    attributes |= LatentClass(2, Items(items)).identity | {"relabelled": 1, "n_modes": 1}
    tree = {"/": xr.Dataset(attrs=attributes), "/posterior": posterior}
    return with_views(xr.DataTree.from_dict(tree | {f"/{name}": dataset for name, dataset in groups.items()}))


def test_answers_of_a_fit_are_its_posterior_means():
    draws = measured_fit(names=("limited", "rich"))
    known = answers_of(draws)
    mean = draws["posterior"]["item_probability"].to_numpy().mean(axis=(0, 1))
    np.testing.assert_allclose(known.probability, np.nan_to_num(mean), rtol=1e-12)
    np.testing.assert_allclose(known.probability.sum(axis=-1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(known.class_share, draws["posterior"]["class_share"].to_numpy().mean(axis=(0, 1)))
    assert dict(known.labels) == {"pay": ("low", "middle", "high"), "training": ("low", "middle")}
    assert known.class_names == ("limited", "rich")


def error_matrix_by_hand(draws):
    """Respondent after respondent: membership averaged over draws, and where the modal class falls."""
    posterior, codes = draws["posterior"], draws["observed_data"]["answers"].to_numpy()
    rho, share = posterior["item_probability"].to_numpy(), posterior["class_share"].to_numpy()
    total, assigned = np.zeros(2), np.zeros((2, 2))
    for answers in codes:
        joint = share.copy()
        for j, y in enumerate(answers):
            if y >= 0:
                joint *= rho[:, :, :, j, y]
        membership = (joint / joint.sum(axis=-1, keepdims=True)).mean(axis=(0, 1))
        total += membership
        assigned[:, membership.argmax()] += membership
    return assigned / total[:, None], total / len(codes)


def test_the_error_matrix_of_the_modal_class():
    draws = measured_fit(names=("limited", "rich"))
    found = modal_class_of(draws, "my class")
    expected, share = error_matrix_by_hand(draws)
    assert (expected > 0.02).all()  # errors of both kinds
    np.testing.assert_allclose(found.probability[:, 0], expected, rtol=1e-5)  # membership is in single precision
    np.testing.assert_allclose(found.class_share, share, rtol=1e-5)
    assert dict(found.labels) == {"my class": ("limited", "rich")}
    assert found.items == ("my class",)


def test_no_assignment_is_beyond_doubt():
    draws = measured_fit(codes=np.tile([0, 0], (30, 1)))
    error = modal_class_of(draws).probability[:, 0]
    np.testing.assert_allclose(error, [[1 - SMALLEST_ERROR, SMALLEST_ERROR]] * 2, rtol=2e-6)
    np.testing.assert_allclose(error.sum(axis=1), 1.0, rtol=1e-12)


@pytest.mark.parametrize("of", [answers_of, modal_class_of])
def test_classes_that_do_not_come_from_answers_alone_are_refused(of):
    draws = measured_fit()
    posterior = draws["posterior"].to_dataset()
    draws["posterior"] = xr.DataTree(posterior.assign(intercept=np.log(posterior["class_share"])))
    draws.attrs["formula"] = "~ age"
    with pytest.raises(ValueError, match=r"formula '~ age' of this fit of 30 respondents takes part in its classes"):
        of(draws)


# The regression


def survey(n=40, seed=3):
    """Answers with gaps, a covariate of few values, groups, and a class."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "x": rng.integers(0, 4, n) / 2,
            "group": rng.choice(["G1", "G2", "G3"], n),
            "pay": rng.choice(["low", "middle", "high"], n),
            "training": rng.choice(["no", "yes"], n),
            "modal_class": pd.Categorical(rng.choice(["C1", "C2"], n), ["C1", "C2"]),
        }
    )
    frame.loc[rng.random(n) < 0.15, "pay"] = None
    return frame


REGRESSION = Regression("~ x + (1 | group)")


def evaluate(model, frame, point):
    """Reported variables and the log-likelihood of every row of the model, free variables given as they are written."""
    plain = remove_value_transforms(model.build(frame))
    inputs = [plain.rvs_to_values[variable] for variable in plain.free_RVs]
    assert {variable.name for variable in plain.free_RVs} == set(point)
    function = plain.compile_fn(
        [*plain.replace_rvs_by_values(plain.deterministics), *plain.logp(plain.observed_RVs, sum=False)],
        inputs=inputs,
        point_fn=False,
        mode=Mode(linker="py", optimizer=None),
        on_unused_input="ignore",
    )
    out = function(*(point[variable.name] for variable in plain.free_RVs))
    values = dict(zip((variable.name for variable in plain.deterministics), out, strict=False))
    return values, out[-1]


@pytest.fixture(scope="module")
def point():
    rng = np.random.default_rng(6)
    return {
        "intercept_at_mean": np.array([0.4, -0.4]),
        "slope_standardised": np.array([[-0.7, 0.7]]),
        "group_sd": np.array([0.5, 0.8]),
        "group_coefficients": rng.normal(size=(3, 1)),
    }


def class_share_of(values, row):
    group = ["G1", "G2", "G3"].index(row["group"])
    return softmax(values["intercept"] + row["x"] * values["slope"][0] + values["group_effect"][group])


@pytest.mark.parametrize("answers", [{}, {"pay": "low"}, {"pay": "high", "training": None}], ids=str)
def test_the_log_likelihood_is_the_one_of_a_slow_loop(point, answers):
    """Also where all answer an item alike, or nobody does."""
    frame = survey().assign(**answers)
    values, log_likelihood = evaluate(AssignedClass(KNOWN, REGRESSION), frame, point)
    expected = 0.0
    for row in frame.to_dict("records"):
        total = 0.0
        for c, share in enumerate(class_share_of(values, row)):
            for j, (item, labels) in enumerate(KNOWN.labels.items()):
                if not pd.isna(row[item]):
                    share = share * KNOWN.probability[c, j, labels.index(row[item])]
            total += share
        expected += np.log(total)
    assert log_likelihood.sum() == pytest.approx(expected, rel=1e-12)
    assert len(log_likelihood) < len(frame)  # equal rows are counted once
    np.testing.assert_array_equal(values["item_probability"], KNOWN.probability)


def test_an_assignment_without_error_is_a_class_that_is_seen(point):
    """The likelihood of the multinomial regression, but for its coefficient: in how many orders counts come about."""
    frame, error = survey(), 1e-9
    certain = Assigned(
        {"modal_class": ("C1", "C2")}, (1 - 2 * error) * np.eye(2)[:, None] + error, np.full(2, 0.5), ("C1", "C2")
    )
    values, assigned = evaluate(AssignedClass(certain, REGRESSION), frame, point)
    others, _ = evaluate(Multinomial("modal_class", REGRESSION), frame, point)
    # coefficients are logits at the mean of a group's rows, and the two models have other rows
    moved = (values["group_effect"] - others["group_effect"]) @ contrast_basis(2)
    same = point | {"group_coefficients": point["group_coefficients"] + moved}
    others, seen = evaluate(Multinomial("modal_class", REGRESSION), frame, same)
    np.testing.assert_allclose(values["group_effect"], others["group_effect"], rtol=1e-10)
    counts = frame.groupby(["x", "group"])["modal_class"].value_counts().unstack().to_numpy()
    coefficient = (gammaln(counts.sum(axis=1) + 1) - gammaln(counts + 1).sum(axis=1)).sum()
    assert coefficient > 5
    assert assigned.sum() == pytest.approx(seen.sum() - coefficient, abs=1e-5)


def test_an_assignment_with_error_mixes_the_classes(point):
    frame = survey()
    error = np.array([[0.9, 0.1], [0.25, 0.75]])
    known = Assigned({"modal_class": ("C1", "C2")}, error[:, None], np.full(2, 0.5), ("C1", "C2"))
    values, log_likelihood = evaluate(AssignedClass(known, REGRESSION), frame, point)
    expected = sum(
        logsumexp(np.log(class_share_of(values, row)) + np.log(error[:, ["C1", "C2"].index(row["modal_class"])]))
        for row in frame.to_dict("records")
    )
    assert log_likelihood.sum() == pytest.approx(expected, rel=1e-12)


def test_rows_without_a_covariate_are_left_out_or_refused(point):
    frame = survey()
    frame.loc[[2, 5], "x"] = np.nan
    with pytest.raises(ValueError, match="2 of 40 rows lack a covariate"):
        AssignedClass(KNOWN, REGRESSION).build(frame)
    with pytest.warns(UserWarning, match="2 of 40 rows left out"):
        prepared = AssignedClass(KNOWN, REGRESSION).prepare(frame, missing="drop")
    assert prepared.attributes["n_respondents"] == 38
    assert prepared.groups["patterns"].sizes["respondent"] == 38


def test_starting_values_follow_the_shares_of_the_classes_in_these_rows():
    frame = survey()
    prepared = AssignedClass(KNOWN, REGRESSION).prepare(frame)
    membership = KNOWN.membership(KNOWN.read(frame).codes)
    share = (membership.sum(axis=0) + 0.5) / (len(frame) + 1.0)
    expected = np.log(share) - np.log(share).mean()
    np.testing.assert_allclose(prepared.start["intercept_at_mean"], expected, rtol=0, atol=0.0101)
    assert prepared.pivot is None
    assert prepared.attributes["relabelled"] == 1
