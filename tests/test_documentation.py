"""What the documentation says: every example runs as it stands there, and every argument is told of."""

import doctest
import importlib
import inspect
import pkgutil
import warnings

import matplotlib.pyplot as plt
import pytest

import bayes_lca as bl

PUBLIC = {name: getattr(bl, name) for name in bl.__all__}
FUNCTIONS = sorted(name for name, entry in PUBLIC.items() if inspect.isfunction(entry))
CLASSES = sorted(name for name, entry in PUBLIC.items() if inspect.isclass(entry) and not issubclass(entry, Exception))
MADE_BY_FUNCTIONS = {
    "BCHOutcomes",
    "GroupComparison",
    "ItemCheck",
    "MaximumLikelihoodEstimates",
    "PartialInvariance",
    "StructureComparison",
    "SummaryTable",
}
"""Classes whose objects users are given; what makes them has the example."""


def examples():
    """Every docstring of the package that has an example."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    for module in pkgutil.walk_packages(bl.__path__, "bayes_lca."):
        loaded = importlib.import_module(module.name)
        for test in finder.find(loaded, module.name, module=loaded):
            if test.examples:
                yield pytest.param(test, id=test.name.removeprefix("bayes_lca."))


EXAMPLES = list(examples())


@pytest.fixture
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)  # the draws of examples are few
        yield
    plt.close("all")


@pytest.mark.parametrize("test", EXAMPLES)
def test_examples_run(test, quiet, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = []
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    runner.run(test, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


TAKE_MINUTES = {
    "calibration.intervals.replicates.run_replicate",
    "calibration.kit.running.run_study",
    "workflows.ladder.compare_estimators.compare_estimators",
    "workflows.ladder.compare_outcomes.compare_outcomes",
    "workflows.ladder.estimators.fit_estimators",
    "workflows.ladder.two_step.fit_two_step",
    "workflows.leave_one_group_out.leave_one_group_out",
}
"""Examples of several fits at once; the README's and the tests of these functions run them with few draws."""


def test_no_example_is_skipped_but_those_that_take_minutes():
    skipped = {
        test.id for test in EXAMPLES if any(example.options.get(doctest.SKIP) for example in test.values[0].examples)
    }
    assert skipped == TAKE_MINUTES


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_tells_its_arguments_result_and_an_example(name):
    text = inspect.getdoc(PUBLIC[name])
    parameters = inspect.signature(PUBLIC[name]).parameters
    for parameter in parameters:
        assert any(parameter in line.partition(" : ")[0].replace("*", "").split(", ") for line in text.splitlines()), (
            f"{parameter} is not told of"
        )
    returns_nothing = inspect.signature(PUBLIC[name]).return_annotation is None
    assert returns_nothing or "\nReturns\n-------\n" in text
    assert ">>> " in text


@pytest.mark.parametrize(
    "name", sorted(set(FUNCTIONS) - {"cohort_items", "cohort_truth", "example_survey", "example_waves", "load_cohort"})
)
def test_every_function_that_can_refuse_says_when(name):
    assert "\nRaises\n------\n" in inspect.getdoc(PUBLIC[name])


@pytest.mark.parametrize("name", sorted(set(CLASSES) - MADE_BY_FUNCTIONS))
def test_every_class_has_an_example(name):
    assert ">>> " in inspect.getdoc(PUBLIC[name])
