"""The bootstrap test stopped early decides as the whole test does on the same draws."""

import numpy as np
import pytest

from bayes_lca.data.unique_rows import unique_rows
from bayes_lca.likelihood.em import fit_em
from bayes_lca.workflows.class_counts import blrt_decision
from bayes_lca.workflows.class_counts.best_of_rounds import compare_fits
from bayes_lca.workflows.class_counts.blrt import bootstrap
from bayes_lca.workflows.class_counts.blrt_decision import decide_by_bootstrap, largest_ratio
from bayes_lca.workflows.class_counts.bootstrap_samples import draw_sample, missing_answers, sample_seeds

DRAWS, STARTS, SEED = 39, 2, 4
TWO_CATEGORIES = (2,) * 4


def fits(codes, *numbers):
    patterns = unique_rows(codes)
    return [fit_em(codes[patterns.first], patterns.count, TWO_CATEGORIES, k, n_starts=20, seed=1) for k in numbers]


@pytest.fixture(scope="module")
def answers():
    """Four items that hang together a little, some answers missing."""
    rng = np.random.default_rng(6)
    codes = (rng.random((120, 4)) < np.where(rng.random((120, 1)) < 0.5, 0.65, 0.4)).astype(int)
    codes[:20, 1] = -1
    codes[10:30, 3] = -1
    return codes


@pytest.fixture(scope="module")
def whole(answers):
    """The test of one class against two with all its draws."""
    return bootstrap(*fits(answers, 1, 2), answers, TWO_CATEGORIES, DRAWS, STARTS, SEED, 1, progressbar=False)


def decide(answers, statistic, draws=DRAWS, **options):
    (smaller,) = fits(answers, 1)
    options = {"draws": draws, "starts": STARTS, "seed": SEED} | options
    return decide_by_bootstrap(smaller, statistic, answers, TWO_CATEGORIES, **options)


@pytest.fixture(scope="module")
def remembered():
    """What fits to each sample found, so that the same samples are fitted once."""
    known = {}

    def compare(codes, counts, *arguments, **options):
        key = codes.tobytes() + counts.tobytes()
        if key not in known:
            known[key] = compare_fits(codes, counts, *arguments, **options)
        return known[key]

    return compare


@pytest.mark.parametrize("draws", [19, 38, 39])
@pytest.mark.parametrize("rank", [0, 1, 2, 3, 12])
def test_decision_is_that_of_all_draws(answers, whole, draws, rank, remembered, monkeypatch):
    """Statistics at the largest draws of the whole test, and above by more than EM's tolerance."""
    monkeypatch.setattr(blrt_decision, "compare_fits", remembered)
    of_test = whole.draws[:draws]
    at = np.sort(of_test)[-rank - 1]
    for statistic in (at, at + 1e-3):
        found = decide(answers, statistic, draws)
        p = (1 + (of_test >= statistic).sum()) / (1 + draws)
        assert found.rejected == (p <= 0.05)
        assert found.exceeding == (of_test[: found.made] >= statistic).sum()
        allowed = (draws + 1) // 20 - 1
        if found.rejected:  # certain, and not before
            assert found.exceeding + draws - found.made == allowed
        else:
            assert found.exceeding == allowed + 1
            assert of_test[found.made - 1] >= statistic


def test_observed_answers_and_another_level(answers, whole):
    for level in (0.05, 0.2, whole.p, whole.p - 1e-6):
        assert decide(answers, whole.statistic, level=level).rejected == (whole.p <= level)


def test_no_model_exceeds_the_bound(answers):
    """Up to as many classes as would fit all patterns, in samples with answers missing as they are."""
    smaller, larger = fits(answers, 1, 2)
    hidden = missing_answers(answers)
    for model, n_classes in ((smaller, 2), (larger, 3), (smaller, 6)):
        share, probability = model.class_share, model.item_probability
        for seed in range(4):
            codes, counts = draw_sample(share, probability, hidden, np.random.default_rng(seed))
            bound = largest_ratio(share, probability, codes, counts)
            fewer, more = (fit_em(codes, counts, TWO_CATEGORIES, k, n_starts=5) for k in (len(share), n_classes))
            assert 0 < 2 * (more.log_likelihood - fewer.log_likelihood) < bound


def test_bound_by_hand():
    """Two items answered alike by all: shares of patterns against independence, and one item missing for some."""
    share, probability = np.array([1.0]), np.full((1, 2, 2), 0.5)
    codes, counts = np.array([[0, 0], [1, 1]]), np.array([30, 10])
    expected = 2 * (30 * np.log(0.75 / 0.25) + 10 * np.log(0.25 / 0.25))
    assert largest_ratio(share, probability, codes, counts) == pytest.approx(expected)
    codes, counts = np.array([[0, 0], [1, 1], [0, -1], [1, -1]]), np.array([30, 10, 5, 5])
    assert largest_ratio(share, probability, codes, counts) == pytest.approx(expected)


def test_models_are_fitted_only_where_the_bound_leaves_it_open(answers, monkeypatch):
    calls = []

    def counting(*arguments, **options):
        calls.append(options)
        return compare_fits(*arguments, **options)

    monkeypatch.setattr(blrt_decision, "compare_fits", counting)
    far = decide(answers, 1e6)
    assert (far.rejected, far.fitted, calls) == (True, 0, [])
    near = decide(answers, -1.0, max_iterations=30)
    assert (near.rejected, near.made, near.fitted, len(calls)) == (False, 2, 2, 2)
    assert calls[0] == {"n_starts": STARTS, "max_iterations": 30}


def test_samples_with_a_bound_at_the_statistic_are_fitted(answers, monkeypatch):
    (smaller,) = fits(answers, 1)
    model, hidden = (smaller.class_share, smaller.item_probability), missing_answers(answers)
    samples = (draw_sample(*model, hidden, np.random.default_rng(own)) for own in sample_seeds(SEED, 2, DRAWS))
    bounds = np.array([largest_ratio(*model, *sample) for sample in samples])
    monkeypatch.setattr(blrt_decision, "compare_fits", lambda *_, **__: (-np.inf,))
    for statistic in np.sort(bounds)[[0, 10, 30]]:
        found = decide(answers, statistic)
        assert found.fitted == (bounds[: found.made] >= statistic).sum()


def test_too_few_draws_to_reject(answers):
    with pytest.raises(ValueError, match=r"draws=18: with so few the p-value cannot be 0\.05 or less; give 19 or more"):
        decide(answers, 5.0, draws=18)
    decide(answers, 5.0, draws=19)
    with pytest.raises(ValueError, match=r"give 99 or more"):
        decide(answers, 5.0, draws=50, level=0.01)
