"""What a terminal prints of a result: its tables with their intervals and notes, as a notebook shows them."""

import inspect
import typing

import pandas as pd
import pytest

import bayes_lca as bl
from bayes_lca.fitted.results_by_name import ResultsByName
from bayes_lca.table import SummaryTable
from bayes_lca.verdict import InWords, TablesWithVerdict
from bayes_lca.workflows.leave_one_group_out import GroupPredictions

ITEMS = ["training", "recognition", "expertise"]
FUNCTIONS = [name for name in sorted(set(bl.__all__)) if inspect.isfunction(getattr(bl, name))]
NO_RESULTS = {"SurveyDesign", "EngineTable", "Assigned", "ItemWeights", "CohortTruth", "CohortWavesTruth", "WavesTruth"}
"""Parts of models, data, and the truth of simulated surveys: nothing that was estimated."""


def results():
    """An object of each class that holds tables."""
    joint, alone, survey = bl.load_example(), bl.load_example("alone"), bl.example_survey()
    fits = {"joint": joint, "alone": alone}
    bch = bl.stepwise_odds_ratios(alone, bl.Regression("~ participation"), survey)
    elpd = pd.DataFrame({"elpd": [-3.0, -4.0], "mcse": [0.3, 0.4], "inside": [3, 2], "intervals": [3, 3]})
    calibration = pd.DataFrame({"mean": [0.4], "lower": [0.3], "upper": [0.5]})
    return {
        "compare_structures": bl.compare_structures(fits),
        "compare_group_structures": bl.compare_group_structures(fits, n_draws=50),
        "check_items": bl.check_items(joint),
        "check_items of waves": bl.check_items(bl.load_example("waves")),
        "bch_outcomes": bl.bch_outcomes(alone, "attitude", survey),
        "maximum_likelihood": bl.maximum_likelihood(bl.Items(ITEMS), survey, 2, n_starts=10),
        "leave_one_group_out": GroupPredictions(
            SummaryTable.of(elpd, "n = 20, 4 x 100 draws each"), SummaryTable.of(calibration, "n = 20")
        ),
        "fits by name": ResultsByName({**fits, "BCH": bch}),
        "tables by name": ResultsByName({"BCH": bch}),
    }


RESULTS = results()


@pytest.mark.parametrize("name", RESULTS)
def test_tables_are_printed_with_their_notes(name):
    result = RESULTS[name]
    tables = result if isinstance(result, dict) else result.tables
    assert tables and repr(result) == str(result)
    for of_part, table in tables.items():
        assert f"{of_part}\n" in str(result) and f"<h4>{of_part}</h4>" in result._repr_html_()
        if isinstance(table, SummaryTable):
            assert repr(table) in str(result) and table.note and table.note in str(result)
            assert table._repr_html_() in result._repr_html_()
        else:
            for shown in (str(result), result._repr_html_()):
                assert (
                    "LatentClass: C1, C2; " in shown and "n = 180, 0 rows left out, 0 answers missing, 2 x 100" in shown
                )


def test_a_fit_is_printed_with_its_model_first_and_its_arrays_below():
    draws = bl.load_example()
    assert str(draws).startswith("LatentClass: C1, C2; ~ participation + score + (1 | group)\nn = 180,")
    assert "<xarray.DataTree" in str(draws) and str(draws["posterior"]).startswith("<xarray.DataTree")


def test_groups_predicted_by_the_others_are_summed_up():
    assert RESULTS["leave_one_group_out"].verdict == (
        "Of 2 groups, each predicted by the others, the elpd is -7.0 (Monte Carlo error 0.5); 5 of 6 predictive "
        "intervals hold the share of an answer."
    )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_function_returns_what_python_prints_as_it_likes(name):
    """Classes of the package that functions return print themselves, and dicts of results are such classes."""
    returned = inspect.signature(getattr(bl, name)).return_annotation
    for each in typing.get_args(returned) or [returned]:
        base = typing.get_origin(each) or each
        if inspect.isclass(base) and base.__module__.startswith("bayes_lca") and base.__name__ not in NO_RESULTS:
            assert issubclass(base, TablesWithVerdict | InWords | SummaryTable | ResultsByName), base
            assert base.__str__ in (object.__str__, TablesWithVerdict.__str__) or issubclass(
                base, InWords | SummaryTable
            )
    assert typing.get_origin(returned) is not dict


def test_nothing_held_as_tables_prints_otherwise():
    for result in RESULTS.values():
        if isinstance(result, TablesWithVerdict):
            assert type(result).__str__ is TablesWithVerdict.__str__, type(result)
