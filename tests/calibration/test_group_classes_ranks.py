"""Group classes in repeated samples: ranks of the truth under draws from its prior, and their number by BIC."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import bayes_lca as bl

N_GROUPS, SIZE, ITEMS = 30, 12, ["a", "b", "c", "d"]
DRAWS = 99
SMALLEST_P = 0.01
"""Of the smallest p-value of all quantities, Bonferroni's correction made."""


def survey_of(share, within, answer, n_groups, size, rng):
    """Groups and respondents with these shares and answers."""
    group = np.repeat(np.arange(n_groups), size)
    of_group = rng.choice(len(share), n_groups, p=share)[group]
    person = (within[of_group].cumsum(axis=1) > rng.random((len(group), 1))).argmax(axis=1)
    codes = (answer[person].cumsum(axis=2) > rng.random((len(group), answer.shape[1], 1))).argmax(axis=2)
    frame = pd.DataFrame(codes, columns=ITEMS[: answer.shape[1]])
    return frame.assign(school=[f"s{g:02d}" for g in group])


def quantities(share, within, answer):
    """What no change of labels at either level changes: shapes (..., group_class), (..., w, c), (..., c, item, k)."""
    overall = np.einsum("...w,...wc->...c", share, within)
    between = np.einsum("...w,...wc->...", share, (within - overall[..., None, :]) ** 2)
    mean = np.einsum("...c,...cjk->...jk", overall, answer)
    spread = np.einsum("...c,...cjk->...j", overall, (answer - mean[..., None, :, :]) ** 2)
    return {
        "largest group class": share.max(axis=-1),
        "largest class": overall.max(axis=-1),
        "spread between group classes": between,
        "spread of the first item": spread[..., 0],
        "first answer to the last item": mean[..., -1, 0],
    }


def ranks_of(seed):
    """Rank of each quantity of parameters drawn from the prior among draws given a survey with these parameters."""
    rng = np.random.default_rng([7, seed])
    share, answer = rng.dirichlet([1, 1]), rng.dirichlet(np.ones(3), size=(2, len(ITEMS)))
    logit = rng.normal(0, 2.5, 2) * np.sqrt(2)
    within = np.stack([1 / (1 + np.exp(-logit)), 1 / (1 + np.exp(logit))], axis=1)
    frame = survey_of(share, within, answer, N_GROUPS, SIZE, rng)
    frame[ITEMS] = frame[ITEMS].astype(pd.CategoricalDtype([0, 1, 2]))
    model = bl.LatentClass(2, bl.Items(ITEMS, empty_categories="keep"), bl.GroupClasses(2, group="school"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        draws = bl.fit(model, frame, draws=500, tune=300, chains=4, seed=seed, until=None, progressbar=False)
    posterior = draws["posterior"].to_dataset().stack(drawn=["chain", "draw"]).transpose("drawn", ...)
    which = np.linspace(0, posterior.sizes["drawn"] - 1, DRAWS).astype(int)
    eta = posterior["intercept"].transpose("drawn", "group_class", "latent_class").to_numpy()[which]
    drawn = quantities(
        posterior["group_class_share"].to_numpy()[which],
        np.exp(eta) / np.exp(eta).sum(axis=-1, keepdims=True),
        posterior["item_probability"].transpose("drawn", "latent_class", "item", "category").to_numpy()[which],
    )
    truth = quantities(share, within, answer)
    return {name: int((values < truth[name]).sum()) for name, values in drawn.items()}


@pytest.mark.slow
@pytest.mark.parametrize("n_surveys", [200])
def test_ranks_of_the_truth_are_uniform(n_surveys):
    """Simulation-based calibration (Talts et al. 2018, arXiv:1804.06788)."""
    ranks = pd.DataFrame([ranks_of(seed) for seed in range(n_surveys)])
    rng = np.random.default_rng(1)
    p = {
        name: stats.kstest((of.to_numpy() + rng.random(n_surveys)) / (DRAWS + 1), "uniform").pvalue
        for name, of in ranks.items()
    }
    assert min(p.values()) * len(p) > SMALLEST_P, p


def right_number(seed):
    """Whether BIC by groups finds two group classes of 50 groups."""
    rng = np.random.default_rng([8, seed])
    within = np.array([[0.6, 0.3, 0.1], [0.15, 0.35, 0.5]])
    answer = np.array([[[0.8, 0.2]] * 4, [[0.8, 0.2]] * 2 + [[0.2, 0.8]] * 2, [[0.2, 0.8]] * 4])
    frame = survey_of(np.array([0.6, 0.4]), within, answer, 50, 20, rng)
    table = bl.count_group_classes(
        bl.Items(ITEMS), frame, group="school", classes=3, group_classes=[1, 2, 3], n_starts=20, seed=seed
    )
    return table["BIC_groups"].idxmin() == (3, 2)


@pytest.mark.slow
@pytest.mark.parametrize("n_surveys", [30])
def test_the_right_number_of_group_classes_is_found(n_surveys):
    """In nine surveys of ten and more."""
    assert np.mean([right_number(seed) for seed in range(n_surveys)]) >= 0.9


def test_quantities_do_not_depend_on_labels():
    rng = np.random.default_rng(2)
    share, within, answer = rng.dirichlet([1, 1]), rng.dirichlet([1, 1], 2), rng.dirichlet(np.ones(3), (2, 4))
    one, other = quantities(share, within, answer), quantities(share[::-1], within[::-1, ::-1], answer[::-1])
    for name, value in one.items():
        assert value == pytest.approx(other[name]), name
