"""Ranks of parts of which nobody has stated what they say are refused by the part."""

import numpy as np
import pytest

import bayes_lca as bl
from bayes_lca import priors
from bayes_lca.calibration.ranks.stated_parts import stated_measurement, stated_structure

X = np.zeros((4, 1))


def test_a_part_that_nobody_stated_is_refused():
    with pytest.raises(TypeError, match=r"NormalItems\(.*no statement of this part is known; give one to stated_meas"):
        stated_measurement(bl.NormalItems(["a", "b"]), 2, (0, 0))
    with pytest.raises(TypeError, match=r"GroupClasses\(.*no statement of this part is known; give one to stated_str"):
        stated_structure(bl.GroupClasses(2, group="g"), 2, X, ())


def test_priors_that_nobody_stated_are_refused():
    with pytest.raises(TypeError, match=r"group_sd=HalfStudentT\(.*no statement of another prior than HalfNormal"):
        stated_structure(bl.Regression("~ x + (1 | g)", group_sd=priors.HalfStudentT(3.0, 1.0)), 2, X, ())
    with pytest.raises(ValueError, match=r"prior=.*of single items, classes or terms: no statement of it is known"):
        stated_structure(bl.Regression("~ x", prior={"x": priors.ZeroSumNormal(0.5)}), 2, X, ())


def test_the_prior_of_a_unit_is_that_of_a_standard_deviation_of_standardised_numbers():
    one, other = (
        stated_structure(bl.Regression("~ x", slope=slope), 2, X, ())
        for slope in (priors.ZeroSumNormal(2.0), priors.PerUnit(priors.ZeroSumNormal(2.0)))
    )
    assert one.slope == other.slope == priors.ZeroSumNormal(2.0)
