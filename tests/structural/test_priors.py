"""Priors take positive numbers, and parts take the priors of their parameters."""

import numpy as np
import pytest

import bayes_lca as bl
from bayes_lca import priors

ARGUMENTS = [
    (bl.Dirichlet, "a"),
    (bl.ZeroSumNormal, "sigma"),
    (bl.HalfNormal, "sigma"),
    (priors.HalfStudentT, "nu"),
    (priors.HalfStudentT, "sigma"),
    (priors.Exponential, "lam"),
    (priors.LKJ, "eta"),
    (priors.Horseshoe, "expected"),
    (priors.Horseshoe, "slab"),
]


@pytest.mark.parametrize("value", [0, -1.0, np.inf, np.nan, True, "1"])
@pytest.mark.parametrize(("prior", "argument"), ARGUMENTS)
def test_a_width_that_is_no_positive_number_is_refused(prior, argument, value):
    with pytest.raises(ValueError, match=rf"{prior.__name__}\({argument}=.*must be a positive number"):
        prior(**{argument: value})


def test_parts_refuse_priors_of_another_kind_of_parameter():
    with pytest.raises(TypeError, match="slope"):
        bl.Regression("~ x", slope=bl.HalfNormal(1.0))
    with pytest.raises(TypeError, match="group_sd"):
        bl.Regression("~ x + (1 | g)", group_sd=bl.ZeroSumNormal(1.0))
