"""Warnings that several steps share are given once."""

import warnings

import pytest

from bayes_lca.workflows.warned_once import warned_once


def warn(*messages):
    with warned_once(stacklevel=3):
        for message in messages:
            warnings.warn(message, UserWarning, stacklevel=2)
        warnings.warn("another kind", RuntimeWarning, stacklevel=2)


def test_each_text_is_said_once_in_its_order():
    with pytest.warns() as said:
        warn("11 of 180 rows left out", "11 of 180 rows left out", "BCH is left out", "11 of 180 rows left out")
    texts = [(str(each.message), each.category) for each in said]
    assert texts == [
        ("11 of 180 rows left out", UserWarning),
        ("BCH is left out", UserWarning),
        ("another kind", RuntimeWarning),
    ]
    assert {each.filename for each in said} == {__file__}


def test_a_problem_passes():
    with pytest.raises(ValueError, match="no rows"), warned_once(stacklevel=3):
        raise ValueError("no rows")
