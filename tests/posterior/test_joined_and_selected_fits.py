"""Draws of several fits are joined with classes aligned, or refused; selected draws answer as a whole fit does."""

import json
import re
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.fitted.one_fit import FIT_IDENTITY, with_identity
from bayes_lca.fitted.views import with_views
from bayes_lca.posterior.labels.relabel import permute, rename_classes

NAMES = ["C1", "C2"]


def under_other_labels(draws, order, seed=None):
    """The same fit with its classes in another order, as a fit of another seed may show them."""
    permuted = permute(draws["posterior"].to_dataset(), np.tile(order, (draws["posterior"].sizes["chain"] * 100, 1)))
    other = draws.copy()
    other["posterior"] = xr.DataTree(rename_classes(permuted, NAMES))
    pivot = np.array(json.loads(draws.attrs["pivot"]))[list(order)]
    other.attrs = draws.attrs | {"pivot": json.dumps(pivot.tolist()), "seed": seed or draws.attrs["seed"]}
    return with_identity(other)


@pytest.fixture(scope="module")
def two_fits():
    """A chain each, the classes of the second in the other order."""
    draws = with_identity(bl.load_example())
    return draws.isel(chain=[0]), under_other_labels(draws.isel(chain=[1]), [1, 0], seed=7)


def joined(fits):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        return bl.concat_chains(fits)


def test_joined_classes_are_those_of_the_first_fit(two_fits):
    assert abs(bl.class_sizes(two_fits[0]).loc["C1", "mean"] - bl.class_sizes(two_fits[1]).loc["C1", "mean"]) > 0.2
    whole, draws = bl.load_example(), joined(two_fits)
    for table in (bl.class_sizes, bl.class_profiles, bl.odds_ratios, bl.random_intercepts, bl.membership):
        numbers = (pd.DataFrame(table(each)).select_dtypes("number") for each in (draws, whole))
        pd.testing.assert_frame_equal(*numbers, rtol=1e-6)
    np.testing.assert_array_equal(draws["log_likelihood"]["answers"], whole["log_likelihood"]["answers"])
    assert json.loads(draws.attrs["joined"]) == [{"seed": "1", "chains": [0]}, {"seed": "7", "chains": [1]}]
    assert draws["posterior"]["chain"].to_numpy().tolist() == [0, 1]


def test_chains_of_a_regression_on_known_or_seen_classes_are_joined(made_up):
    for latent in (True, False):
        fits = [
            made_up.draws("~ x + (1 | group)", latent=latent, seed=8),
            made_up.draws("~ x + (1 | group)", latent=latent),
        ]
        fits[1] = fits[1].copy()
        posterior = fits[1]["posterior"].to_dataset()
        fits[1]["posterior"] = xr.DataTree(posterior.isel(draw=slice(None, None, -1)).assign_coords(draw=range(40)))
        fits = [with_statistics(with_views(each)) for each in fits]
        draws = joined(fits)
        both = np.concatenate([each["posterior"]["intercept"].to_numpy() for each in fits])
        np.testing.assert_array_equal(draws["posterior"]["intercept"], both)


def with_statistics(draws):
    sizes = draws["posterior"].sizes["chain"], draws["posterior"].sizes["draw"]
    statistics = xr.Dataset({"diverging": (("chain", "draw"), np.zeros(sizes, dtype=bool))})
    draws["sample_stats"] = xr.DataTree(statistics.assign_coords(chain=range(sizes[0]), draw=range(sizes[1])))
    return draws


def by_xarray(fits):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return {
            "trees": xr.concat(fits, dim="chain"),
            "posteriors": posteriors_joined(fits, [0, 0]),
            "posteriors, chains numbered": posteriors_joined(fits, [0, 1]),
            "posteriors, draws after each other": posteriors_joined(fits, None),
        }


def posteriors_joined(fits, chains):
    result = fits[0].copy()
    parts = [draws["posterior"].to_dataset() for draws in fits]
    if chains is None:
        parts = [part.assign_coords(chain=[0], draw=part["draw"] + 100 * place) for place, part in enumerate(parts)]
        result["posterior"] = xr.DataTree(xr.concat(parts, dim="draw", coords="different", compat="equals"))
        return result
    parts = [part.assign_coords(chain=[chain]) for chain, part in zip(chains, parts, strict=True)]
    result["posterior"] = xr.DataTree(xr.concat(parts, dim="chain", coords="different", compat="equals"))
    return result


TABLES = {
    "class_sizes": bl.class_sizes,
    "class_profiles": bl.class_profiles,
    "contrasts": lambda draws: bl.contrasts(draws, "intercept"),
    "convergence": bl.convergence,
    "membership": bl.membership,
    "modes": bl.modes,
    "odds_ratios": bl.odds_ratios,
    "posterior_predictive": bl.posterior_predictive,
    "save": lambda draws: bl.save(draws, "never.nc"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_plain_concat_is_refused(two_fits, name):
    for how, draws in by_xarray(two_fits).items():
        with pytest.raises(ValueError, match=r"chains .* are of .* fits.*bl\.concat_chains\(\[a, b\]\)") as refusal:
            TABLES[name](draws)
        assert str(refusal.value).startswith(name), how


def test_the_same_fit_under_other_labels_is_another():
    """Relabelled or renamed classes do not mix with those they were before."""
    draws = with_identity(bl.load_example())
    names = {"C1": "C2", "C2": "C1"}
    pivot = np.array(json.loads(draws.attrs["pivot"]))
    for other in (bl.name_classes(draws, names), bl.relabel(draws, pivot[::-1], order="training")):
        assert other.attrs[FIT_IDENTITY] != draws.attrs[FIT_IDENTITY]
    assert bl.relabel(draws, pivot).attrs[FIT_IDENTITY] == draws.attrs[FIT_IDENTITY]  # nothing changed


@pytest.mark.parametrize(
    "change, told",
    [
        (lambda a, b: [a], r"1 fit\(s\) to join"),
        (
            lambda a, b: [a, b.isel(draw=slice(50))],
            r"fit 2 has 50 draws of each chain and fit 1 has 100; .*slice\(50\)",
        ),
        (lambda a, b: [a, bl.name_classes(a, ["x", "y"])], "1 of 2 chains are there twice"),
        (lambda a, b: [a, bl.load_example("alone")], "fit 2 has another specification than fit 1"),
    ],
    ids=["one", "fewer draws", "twice", "another model"],
)
def test_what_is_not_to_be_joined_is_refused(two_fits, change, told):
    with pytest.raises(ValueError, match=told):
        bl.concat_chains(change(*two_fits))


def test_other_rows_are_not_joined(two_fits):
    first, second = two_fits
    turned = second.copy()
    patterns = second["patterns"].to_dataset()
    turned["patterns"] = xr.DataTree(
        patterns.assign(
            pattern_of_respondent=patterns["pattern_of_respondent"].copy(data=patterns["pattern_of_respondent"][::-1])
        )
    )
    with pytest.raises(
        ValueError, match=r"fit 2 has other respondents \(180\) than fit 1 \(180\), or these in another order"
    ):
        bl.concat_chains([first, turned])
    with pytest.raises(TypeError, match="takes a list of fits"):
        bl.concat_chains(first)


@pytest.mark.parametrize("axis", ["chain", "draw"])
def test_one_number_that_takes_an_axis_away_is_refused(axis):
    for draws in (bl.load_example().isel({axis: 0}), selected_posterior({axis: 0})):
        with pytest.raises(ValueError, match=re.escape(f"no axis {axis!r}") + r".*draws\.isel\(" + axis):
            bl.class_sizes(draws)


def selected_posterior(selection):
    draws = bl.load_example()
    draws["posterior"] = xr.DataTree(draws["posterior"].to_dataset().isel(selection))
    return draws


def test_a_posterior_that_has_more_than_its_statistics_is_refused():
    draws = bl.load_example()
    draws["sample_stats"] = xr.DataTree(draws["sample_stats"].to_dataset().isel(draw=slice(50)))
    with pytest.raises(ValueError, match="its 'sample_stats' lacks draw 50 of its posterior"):
        bl.class_sizes(draws)


def test_chains_of_waves_are_joined_with_classes_aligned():
    draws = bl.load_example("waves")
    turned = under_other_labels(draws.isel(chain=[1]), [1, 0], seed=7)
    together = joined([with_identity(draws).isel(chain=[0]), turned])
    for name in ("transition_probability", "item_probability", "class_share"):
        np.testing.assert_allclose(together["posterior"][name], draws["posterior"][name], rtol=1e-6)
    assert bl.class_sizes(together)["mean"].tolist() == pytest.approx(bl.class_sizes(draws)["mean"].tolist())
    assert bl.stayers_and_movers(together).note == bl.stayers_and_movers(draws).note
