"""Ordinal items: cumulative logits by hand, what a change of coding does, and the truth found."""

import numpy as np
import pandas as pd
import pytensor.tensor as pt
import pytest
from pytensor.compile.mode import Mode
from scipy.special import expit, logit

import bayes_lca as bl
from bayes_lca.likelihood.em import fit_em
from bayes_lca.measurement.interface import Start
from bayes_lca.measurement.ordinal_items import cumulative_logit
from bayes_lca.models import LatentClass

INTERPRETED = Mode(linker="py", optimizer=None)


def evaluated(p, theta):
    return cumulative_logit(pt.as_tensor(p), pt.as_tensor(theta)).eval(mode=INTERPRETED)


def test_probabilities_are_differences_of_cumulative_ones():
    rng = np.random.default_rng(1)
    p, theta = rng.dirichlet(np.ones(4), size=3), rng.normal(0, 2, size=(2, 3))
    found = evaluated(p, theta)
    for c in range(2):
        for j in range(3):
            at_least = [1.0, *expit(theta[c, j] - logit(p[j].cumsum()[:-1])), 0.0]
            np.testing.assert_allclose(found[c, j], -np.diff(at_least), atol=1e-12)
    np.testing.assert_allclose(evaluated(p, np.zeros((1, 3)))[0], p, atol=1e-12)


def test_far_out_probabilities_stay_positive():
    found = evaluated(np.array([[0.2, 0.3, 0.5]]), np.array([[40.0], [-40.0]]))
    assert (found > 0).all()
    np.testing.assert_allclose(found.sum(axis=-1), 1)


def test_classes_have_proportional_odds():
    rng = np.random.default_rng(2)
    found = evaluated(rng.dirichlet(np.ones(5), size=2), np.array([[0.0, -1.0], [1.3, 0.5]]))
    log_odds = logit(found.cumsum(axis=-1)[..., :-1])
    np.testing.assert_allclose(log_odds[0] - log_odds[1], [[1.3] * 4, [1.5] * 4], atol=1e-9)


@pytest.fixture(scope="module")
def frame():
    return bl.simulate_cohort(n=300, seed=4)[0]


def recoded(frame, item, order):
    """The same answers, categories declared in another order."""
    categories = frame[item].cat.categories
    renamed = dict(zip(categories, categories[list(order)], strict=True))
    return frame.assign(**{item: frame[item].cat.rename_categories(renamed).cat.set_categories(categories)})


@pytest.mark.parametrize("order", [(2, 1, 0), (1, 0, 2)])
def test_a_nominal_model_does_not_depend_on_coding(frame, order):
    """Log-likelihood at the maximum, and log density with probabilities permuted along, to 1e-9."""
    items = bl.Items(bl.cohort_items())
    found, models = [], []
    for this in (frame, recoded(frame, "workload", order)):
        codes = items.read(this).codes
        found.append(fit_em(codes, np.ones(len(codes)), (3,) * 6, 3, n_starts=20).log_likelihood)
        models.append(LatentClass(3, items).build(this))
    assert found[0] == pytest.approx(found[1], abs=1e-9 * abs(found[0]))
    assert log_likelihood(models[0]) == pytest.approx(log_likelihood(models[1], item=1, order=order), abs=1e-9)


def log_likelihood(model, item=None, order=None):
    """Of an LCA at fixed parameters, the probabilities of one item in another order."""
    rng = np.random.default_rng(3)
    values = {"class_share": rng.dirichlet(np.ones(3)), "item_probability": rng.dirichlet(np.ones(3), size=(3, 6))}
    if item is not None:
        values["item_probability"][:, item] = values["item_probability"][:, item, list(order)]
    point = {}
    for name, value in values.items():
        transform = model.rvs_to_transforms[model[name]]
        point[model.rvs_to_values[model[name]]] = transform.forward(pt.as_tensor(value)).eval(mode=INTERPRETED)
    return float(model.logp(model.observed_RVs, sum=False, jacobian=False)[0].sum().eval(point, mode=INTERPRETED))


def test_reversal_turns_the_sign_of_locations_alone():
    """Cumulative logits are the same read from either end; any other order is another model."""
    rng = np.random.default_rng(5)
    p, theta = rng.dirichlet(np.ones(3), size=1), rng.normal(size=(2, 1))
    np.testing.assert_allclose(evaluated(p, theta), evaluated(p[:, ::-1], -theta)[..., ::-1], atol=1e-12)
    swapped = evaluated(p, theta)[..., [1, 0, 2]]
    log_odds = logit(swapped.cumsum(axis=-1)[..., :-1])
    assert np.ptp(log_odds[0] - log_odds[1]) > 0.05


def test_starting_values_give_rough_probabilities_back(frame):
    items = bl.OrdinalItems(["training", "recognition", "expertise"])
    responses = items.read(frame)
    p, theta = np.array([[0.2, 0.5, 0.3]] * 3), np.array([[1.0, -0.5, 0.2], [-1.0, 0.5, -0.2]])
    start = items.starting_values(responses, Start(np.empty((0, 2)), evaluated(p, theta), ("C1", "C2")))
    again = evaluated(start["baseline_probability_of_3"], start["item_location"].T)
    np.testing.assert_allclose(start["item_location"].sum(axis=1), 0, atol=1e-12)
    assert np.abs(again - evaluated(p, theta)).max() < 0.1


def test_truth_is_found():
    rng = np.random.default_rng(6)
    p, theta = rng.dirichlet(np.full(4, 4.0), size=5), np.array([[1.2] * 5, [-1.2] * 5])
    rho, latent = evaluated(p, theta), rng.integers(2, size=1200)
    codes = (rng.random((1200, 5, 1)) > rho[latent].cumsum(axis=-1)[..., :-1]).sum(axis=-1)
    answers = pd.DataFrame(codes, columns=list("abcde"))
    draws = bl.fit(
        LatentClass(2, bl.OrdinalItems(list("abcde"))), answers, order="a", draws=800, until=None, progressbar=False
    )
    profiles = bl.class_profiles(draws)
    z = (profiles["mean"].to_numpy().reshape(2, 5, 4) - rho[::-1]) / profiles["sd"].to_numpy().reshape(2, 5, 4)
    assert np.abs(z).max() < 4.5
    assert (np.abs(z) < 2).mean() > 0.85
    location = draws["posterior"]["item_location"].mean(["chain", "draw"]).transpose("latent_class", "item")
    assert np.abs(location.to_numpy() - theta[::-1]).max() < 0.5
    assert draws["sample_stats"]["diverging"].sum() == 0


def test_numbers_of_classes_are_not_compared_as_if_nominal(frame):
    items = bl.OrdinalItems(bl.cohort_items())
    for count in (
        lambda: bl.count_classes(items, frame, [2]),
        lambda: bl.overfitted(items, frame),
        lambda: bl.bootstrap_likelihood_ratio(items, frame, 2),
        lambda: bl.vuong_lo_mendell_rubin(items, frame, 2),
    ):
        with pytest.raises(ValueError, match=r"compared for nominal items only; give Items\(\['compensation'"):
            count()
    with pytest.raises(ValueError, match="items='training' is one text"):
        bl.OrdinalItems("training")
