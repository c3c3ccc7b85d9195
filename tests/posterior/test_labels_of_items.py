"""Every answer has the name the user gave it, in tables, ArviZ, predictions and pictures, also where items differ."""

import warnings

import arviz as az
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.data.category_axis import category_axis, off_axis, on_axis
from bayes_lca.models import LatentClass
from bayes_lca.reporting.sections.profiles import profiles_section

LABELS = {"health": ("1", "2"), "pain": ("1", "2", "3"), "smokes": ("no", "yes"), "retired": ("False", "True")}
ITEMS = list(LABELS)
SHAPE = (2, 30)  # chains and draws


@pytest.fixture(scope="module")
def frame():
    """Two classes far apart, the larger one of low answers."""
    rng, n = np.random.default_rng(1), 200
    high = rng.random(n) < 0.4
    codes = {
        item: np.where(high, size - 1 - low, low)
        for item, labels in LABELS.items()
        for size in [len(labels)]
        for low in [rng.choice(size, n, p=_weights(size)[0])]
    }
    return pd.DataFrame(
        {
            "health": 1 + codes["health"],
            "pain": 1 + codes["pain"],
            "smokes": np.array(["no", "yes"])[codes["smokes"]],
            "retired": codes["retired"] == 1,
        }
    )


@pytest.fixture(scope="module")
def probability():
    """Draws of the answer probabilities by item, shape (chain, draw, class, category of the item)."""
    rng = np.random.default_rng(2)
    return {
        item: np.stack([rng.dirichlet(40 * weights, SHAPE) for weights in _weights(len(labels))], axis=2)
        for item, labels in LABELS.items()
    }


def _weights(size):
    """Answer probabilities of a class of low answers, and of one of high answers, shape (class, category)."""
    low = 8.0 ** np.linspace(1, 0, size)
    return np.stack([low, low[::-1]]) / low.sum()


@pytest.fixture(scope="module")
def draws(frame, probability):
    model = LatentClass(2, bl.Items(ITEMS))
    padded = np.zeros((*SHAPE, 2, 4, 3))
    for j, item in enumerate(ITEMS):
        padded[..., j, : len(LABELS[item])] = probability[item]
    share = np.random.default_rng(3).dirichlet([60, 40], SHAPE)
    pairs = [probability[item] for item in ITEMS if len(LABELS[item]) == 2]
    posterior = xr.Dataset(
        {
            "class_share": (("chain", "draw", "latent_class"), share),
            "item_probability_of_2": (
                ("chain", "draw", "latent_class", "item_of_2", "category_of_2"),
                np.stack(pairs, axis=3),
            ),
            "item_probability_of_3": (
                ("chain", "draw", "latent_class", "item_of_3", "category_of_3"),
                probability["pain"][..., None, :],
            ),
            "item_probability": (("chain", "draw", "latent_class", "item", "category"), padded),
        }
    )
    with warnings.catch_warnings(action="ignore"):
        return bl.adopt(model, frame, xr.DataTree.from_dict({"/posterior": posterior}))


def expected(probability, latent_class, item, label):
    return probability[item][:, :, ["C1", "C2"].index(latent_class), LABELS[item].index(label)]


def test_class_profiles_name_each_answer_as_the_user_does(draws, probability):
    table = bl.class_profiles(draws)
    of_items = [(item, label) for item, labels in LABELS.items() for label in labels]
    assert table.index.tolist() == [(name, item, label) for name in ("C1", "C2") for item, label in of_items]
    for row in table.index:
        assert table.loc[row, "mean"] == pytest.approx(expected(probability, *row).mean())
    assert "health: 1 < 2 (by value)" in table.note
    assert "smokes: no < yes (sorted as text, nobody declared an order)" in table.note


def test_arviz_names_them_too(draws, probability):
    table = az.summary(draws, var_names=["item_probability"], kind="stats", round_to="none")
    for row in (("C1", "health", "1"), ("C2", "pain", "3"), ("C1", "smokes", "yes"), ("C2", "retired", "False")):
        assert table.loc[f"item_probability[{', '.join(row)}]", "mean"] == pytest.approx(
            expected(probability, *row).mean()
        )
    chosen = draws["posterior"]["item_probability"].sel(latent_class="C1", item="health", category="1")
    np.testing.assert_allclose(chosen, expected(probability, "C1", "health", "1"))
    assert draws["posterior"]["item_probability"].sel(item="health", category="3").isnull().all()


def test_predicted_answers_have_their_labels(draws):
    predicted = bl.posterior_predictive(draws)
    assert predicted["label"].sel(item="pain").to_numpy().tolist() == ["1", "2", "3"]
    assert predicted["label"].sel(item="smokes").to_numpy().tolist() == ["no", "yes", ""]
    texts = bl.posterior_predictive(draws, labels=True)["answers"]
    for item, labels in LABELS.items():
        codes = predicted["answers"].sel(item=item).to_numpy()
        assert (texts.sel(item=item).to_numpy() == np.array(labels)[codes]).all()


def test_membership_is_that_of_the_answers(draws, frame, probability):
    share = draws["posterior"]["class_share"].to_numpy()
    joint = share.copy()
    for item, labels in LABELS.items():
        joint *= probability[item][..., labels.index(str(frame[item].iloc[5]))]
    by_hand = (joint / joint.sum(axis=-1, keepdims=True)).mean(axis=(0, 1))
    np.testing.assert_allclose(bl.membership(draws)[["C1", "C2"]].iloc[5], by_hand, rtol=1e-5)


def test_pictures_and_reports_name_them(draws):
    ticks = [tick.get_text() for tick in bl.plot_profiles(draws).axes[0].get_xticklabels()]
    assert [text.replace("\n", " ") for text in ticks] == ["health “2”", "pain “3”", "smokes “yes”", "retired “True”"]
    assert len(bl.plot_profiles(draws, category="all").axes) == 2
    section = profiles_section(bl.fitted.fit.Fit.of(draws, "report"), 0.95)
    table = next(block.table for block in section.blocks if getattr(block, "name", "") == "class_profiles")
    assert table.index.tolist() == bl.class_profiles(draws).index.tolist()


def test_a_file_keeps_the_labels(draws, tmp_path):
    bl.save(draws, tmp_path / "fit.nc")
    pd.testing.assert_frame_equal(bl.class_profiles(bl.load(tmp_path / "fit.nc")), bl.class_profiles(draws))


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([("1", "2"), ("1", "2", "3"), ("0", "1")], ["0", "1", "2", "3"]),
        ([("2", "10"), ("1", "2")], ["1", "2", "10"]),
        ([("no", "yes"), ("no", "perhaps", "yes")], ["no", "perhaps", "yes"]),
        ([("low", "mid"), ("mid", "high"), ("none", "low")], ["none", "low", "mid", "high"]),
        ([("a", "b"), ("b", "a")], ["a", "b"]),
    ],
)
def test_one_axis_has_the_labels_of_all_items(labels, names):
    axis, place = category_axis(labels)
    assert axis == names
    longest = max(map(len, labels))
    values = np.full((5, len(labels), longest), np.nan)
    for j, of_item in enumerate(labels):
        assert [axis[position] for position in place[j, : len(of_item)]] == list(of_item)
        values[:, j, : len(of_item)] = np.random.default_rng(j).random((5, len(of_item)))
    np.testing.assert_array_equal(off_axis(on_axis(values, labels), labels), values)


def test_an_axis_of_too_many_labels_has_places_that_are_no_labels():
    labels = [tuple(f"{item}: {k}" for k in range(5)) for item in range(30)]
    axis, place = category_axis(labels)
    assert axis == ["1st", "2nd", "3rd", "4th", "5th"]
    assert (place == np.arange(5)).all()
