"""The study of the number of classes: designs as claimed, the same results however it is run, tables by hand."""

import json
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from bayes_lca.calibration.kit import records
from bayes_lca.calibration.kit.running import run_study
from bayes_lca.calibration.kit.versions import source_digest
from bayes_lca.calibration.selection import study as selection
from bayes_lca.calibration.selection.designs import (
    CLEAR,
    DESIGNS,
    DISTINCT_ITEMS,
    MEDIUM,
    ONE_CLASS,
    SMALL_CLASS,
    TWO_CLASSES,
    UNCLEAR,
)
from bayes_lca.calibration.selection.plot import FEWER, MORE, RIGHT, plot_selection
from bayes_lca.calibration.selection.rates import choices_of, first_not_rejected, selection_rates
from bayes_lca.calibration.selection.study import Analysis, SelectionStudy, run_replicate
from bayes_lca.datasets import cohort
from bayes_lca.likelihood.em import fit_em
from bayes_lca.measurement.items import Items
from bayes_lca.workflows.class_counts.blrt_decision import BootstrapDecision

mpl.use("Agg")

QUICK = Analysis(starts=3, bayes=False, bootstrap_draws=19, bootstrap_starts=2)
SMALL_SAMPLES = tuple(replace(one, n=150, most_classes=3, replicates=2) for one in (TWO_CLASSES, ONE_CLASS))
TINY = SelectionStudy(SMALL_SAMPLES, analysis=QUICK)
EXAMPLE = Path(__file__).parents[2] / "examples" / "selection_study.py"
WRITTEN = (records.TABLE, records.CHOICES, records.COUNTS_OF_CLASSES, records.BOOTSTRAP)


def written(out):
    return [(out / name).read_bytes() for name in WRITTEN]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of a study run in one go, and its table."""
    out = tmp_path_factory.mktemp("whole")
    return out, run_study(TINY, out)


# Designs


@pytest.mark.parametrize(
    ("design", "entropy"),
    [(UNCLEAR, 0.46), (MEDIUM, 0.71), (CLEAR, 0.89), (DISTINCT_ITEMS, 0.46), (SMALL_CLASS, 0.56), (TWO_CLASSES, 0.71)],
)
def test_entropy_is_as_claimed_by_a_big_sample(design, entropy):
    """Membership of 20 000 respondents drawn from the truth, by Bayes' rule written out."""
    assert design.entropy_r2 == pytest.approx(entropy, abs=0.005)
    assert "entropy" not in design.name or design.name.endswith(f"{entropy}"[1:])
    frame = replace(design, n=20_000).simulate(np.random.default_rng(7))
    joint = np.tile(np.log(design.class_share), (len(frame), 1))
    for j, name in enumerate(frame):
        joint += np.log(design.item_probability[:, j, frame[name].cat.codes]).T
    membership = np.exp(joint) / np.exp(joint).sum(axis=1, keepdims=True)
    uncertain = -(membership * np.log(membership)).sum(axis=1) / np.log(design.true_classes)
    assert abs(1 - uncertain.mean() - design.entropy_r2) < 4 * uncertain.std() / np.sqrt(len(frame))


def test_shares_and_profiles_of_the_classes():
    np.testing.assert_allclose([sum(design.class_share) for design in DESIGNS], 1)
    assert SMALL_CLASS.class_share[3] == 0.06
    np.testing.assert_allclose(np.array(SMALL_CLASS.class_share[:3]) / 0.94, cohort.CLASS_SHARE)
    probability = SMALL_CLASS.item_probability
    np.testing.assert_allclose(probability[3, :3], probability[2, :3])
    np.testing.assert_allclose(probability[3, 3:], probability[0, 3:])
    assert (np.diff(UNCLEAR.item_probability[:, :, 2], axis=0) > 0).all()  # C2 between C1 and C3 in every item
    assert [one.true_classes for one in DESIGNS] == [3, 3, 3, 3, 4, 1, 2]
    assert np.isnan(ONE_CLASS.entropy_r2)


def test_answers_have_the_margins_and_pairs_of_the_design():
    """Pairs of the first and the last item tell classes and their shares apart from independent items."""
    frame = replace(SMALL_CLASS, n=40_000).simulate(np.random.default_rng(2))
    first, last = (frame[name].cat.codes == 2 for name in (frame.columns[0], frame.columns[-1]))
    of_class = SMALL_CLASS.item_probability[:, [0, 5], 2]
    for seen, expected in (
        (first, SMALL_CLASS.class_share @ of_class[:, 0]),
        (first & last, SMALL_CLASS.class_share @ of_class.prod(axis=1)),
    ):
        assert abs(seen.mean() - expected) < 4 * np.sqrt(expected * (1 - expected) / len(frame))
    assert len(SMALL_CLASS.simulate(np.random.default_rng(2))) == 2200


# One replicate


def test_a_replicate_does_not_depend_on_what_ran_before():
    design = SMALL_SAMPLES[0]
    first, other, again = (run_replicate(design, replicate, QUICK, seed=5) for replicate in (0, 1, 0))
    assert repr(first) == repr(again)
    assert not np.isin(pd.DataFrame(other["counts"])["BIC"], pd.DataFrame(first["counts"])["BIC"]).any()
    more = replace(design, replicates=9)
    assert repr(run_replicate(more, 0, QUICK, seed=5)) == repr(first)
    renamed = pd.DataFrame(run_replicate(replace(design, name="another"), 0, QUICK, seed=5)["counts"])
    assert not np.isin(renamed["BIC"], pd.DataFrame(first["counts"])["BIC"]).any()


def test_a_replicate_is_count_classes_and_tests_of_its_statistics():
    """Every test on the way, the last true class, and one more than true are tested, at the seed of the fits."""
    found = run_replicate(SMALL_SAMPLES[0], 0, QUICK, seed=5)
    counts, bootstrap = (pd.DataFrame(found[part]).set_index("classes") for part in ("counts", "bootstrap"))
    assert bootstrap.index.tolist() == [2, 3]
    expected = 2 * counts["log_likelihood"].diff()
    np.testing.assert_allclose(bootstrap["statistic"], expected.loc[[2, 3]])
    assert bootstrap["rejected"].tolist() == [True, False]
    assert {"BIC", "vlmr_p", "smallest_class"} <= set(counts)
    assert "elpd" not in counts


def test_further_classes_are_tested_while_tests_reject(monkeypatch):
    """Answers given beforehand for four true classes; two are skipped where the test of two does not reject."""
    four = replace(SMALL_CLASS, n=150, most_classes=6)
    for answers, tested in {
        (False, False, False): [2, 4, 5],
        (False, True, True): [2, 4, 5],
        (True, False, True, True): [2, 3, 4, 5],
        (True, True, True, True): [2, 3, 4, 5, 6],
    }.items():
        given = iter((*answers, False))
        monkeypatch.setattr(
            selection,
            "decide_by_bootstrap",
            lambda *_, given=given, **__: BootstrapDecision(next(given), 19, 19, 19, 0),
        )
        rows = run_replicate(four, 0, replace(QUICK, starts=1), seed=5)["bootstrap"]
        assert [row["classes"] for row in rows] == tested


def test_posteriors_join_the_counts():
    found = run_replicate(
        replace(SMALL_SAMPLES[0], most_classes=2), 0, replace(QUICK, bayes=True, draws=50, tune=20, chains=2), seed=5
    )
    counts = pd.DataFrame(found["counts"])
    assert counts["elpd"].idxmax() == 1
    chosen = choices_of(counts, pd.DataFrame(found["bootstrap"])).set_index("method")["chosen"]
    assert chosen["elpd, best"] == chosen["elpd"] == chosen["rule, any size"] == 2


# The whole study


def test_workers_and_interruptions_do_not_change_the_tables(whole, tmp_path):
    half = replace(TINY, designs=tuple(replace(one, replicates=1) for one in TINY.designs))
    run_study(half, tmp_path)
    first = TINY.tasks[-1].file_name
    (tmp_path / records.REPLICATES / f".{first}.1-1.unfinished").write_text('{"counts": [')
    before = {path.name: path.stat().st_mtime_ns for path in (tmp_path / records.REPLICATES).glob("*.json")}
    assert len(before) == 2
    run_study(TINY, tmp_path, jobs=2, backend="threading")
    assert written(tmp_path) == written(whole[0])
    assert all((tmp_path / records.REPLICATES / name).stat().st_mtime_ns == time for name, time in before.items())


def test_conditions_take_turns():
    study = SelectionStudy((replace(CLEAR, replicates=1), replace(UNCLEAR, replicates=3)))
    assert [task.file_name[-12:-5] for task in study.tasks] == ["89_0000", "46_0000", "46_0001", "46_0002"]
    names = [task.file_name for task in SelectionStudy().tasks]
    assert len(set(names)) == len(names) == 630


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (replace(TINY, seed=2), r"seed is \d+ there and 2 here"),
        (replace(TINY, analysis=replace(QUICK, bootstrap_draws=39)), "bootstrap_draws is 19 there and 39 here"),
        (replace(TINY, designs=(replace(SMALL_SAMPLES[0], separation=0.6), SMALL_SAMPLES[1])), "separation is 0.53"),
    ],
)
def test_settings_are_not_mixed(whole, other, named):
    with pytest.raises(ValueError, match=f"another study: .*{named}.*give another folder"):
        run_study(other, whole[0])


def test_code_is_not_mixed(whole, monkeypatch):
    assert len(json.loads((whole[0] / records.SETTINGS).read_text())["versions"]["code"]) == 16
    monkeypatch.setattr(selection, "RESTS_ON", ("bayes_lca.dims",))
    with pytest.raises(ValueError, match=r"versions\.code is '[0-9a-f]{16}' there"):
        run_study(TINY, whole[0])


def test_digest_follows_code_and_imports_but_no_words(tmp_path, monkeypatch):
    package = tmp_path / "counted_package"
    (package / "inner").mkdir(parents=True)
    files = {
        "__init__.py": "",
        "inner/__init__.py": "",
        "top.py": "from counted_package.inner import part\nfrom counted_package.inner.other import f\n",
        "inner/part.py": '"""Words."""\nx = 1\n',
        "inner/other.py": 'def f():\n    """Words."""\n    return 1\n',
        "apart.py": "y = 1\n",
    }

    def digest(**changed):
        for name, text in (files | {name.replace("__", "/") + ".py": text for name, text in changed.items()}).items():
            (package / name).write_text(text)
        return source_digest("counted_package.top")

    monkeypatch.syspath_prepend(tmp_path)
    base = digest()
    assert digest(inner__part='"""Other words."""\nx = 1  # more\n') == base
    assert digest(inner__other="def f():\n    return 1\n") == base
    assert digest(apart="y = 2\n") == base
    changed = [digest(inner__part="x = 2\n"), digest(inner__other="def f():\n    return 2\n"), digest(top="x = 1\n")]
    assert len({base, *changed}) == 4


# Tables


def made_up(chosen_by_bic, vlmr_p, rejected):
    """Counts and tests of data sets with two true classes, up to three compared."""
    counts, bootstrap = [], []
    for replicate, (best, p, answers) in enumerate(zip(chosen_by_bic, vlmr_p, rejected, strict=True)):
        cell = {"design": "two", "true_classes": 2, "replicate": replicate}
        for k in (1, 2, 3):
            criteria = dict.fromkeys(("AIC", "aBIC", "CAIC", "ICL"), float(k)) | {"BIC": float(abs(k - best))}
            fit = {"log_likelihood": -100.0 + k, "smallest_class": (1.0, 0.3, 0.04)[k - 1], "starts_at_mode": 5}
            tests = {"vlmr_p": p[k - 1], "lmr_adjusted_p": p[k - 1], "vuong_p": 0.01}
            counts.append(cell | {"classes": k} | criteria | fit | tests)
        for k, answer in answers.items():
            bootstrap.append(cell | {"classes": k, "rejected": answer, "draws": 19, "made": 4 * k})
    return pd.DataFrame(counts), pd.DataFrame(bootstrap)


def test_table_by_hand():
    counts, bootstrap = made_up(
        chosen_by_bic=[2, 2, 3, 1],
        vlmr_p=[(np.nan, 0.01, 0.2), (np.nan, 0.01, 0.01), (np.nan, 0.2, 0.01), (np.nan, np.nan, 0.5)],
        rejected=[{2: True, 3: False}, {2: True, 3: True}, {2: False, 3: True}, {2: True, 3: False}],
    )
    choices = choices_of(counts, bootstrap)
    chosen = choices.pivot(index="replicate", columns="method", values="chosen")
    assert chosen["BIC"].tolist() == [2, 2, 3, 1]
    assert chosen["AIC"].tolist() == [1, 1, 1, 1]
    assert chosen["BLRT"].tolist() == [2, 3, 1, 2]
    assert chosen["VLMR"].tolist() == [2, 3, 1, pd.NA]
    assert chosen["VLMR, Vuong's own"].tolist() == [3] * 4
    assert chosen["rule, 10 %"].tolist() == [2, 2, 2, 1]  # the third class is too small
    assert chosen["rule, any size"].tolist() == [2, 2, 3, 1]
    assert chosen["elpd, best"].isna().all()

    table = selection_rates(choices, counts, bootstrap).set_index("method")
    assert set(table.index) == {*chosen.columns} - {"elpd", "elpd, best"}
    bic, blrt, vlmr = table.loc["BIC"], table.loc["BLRT"], table.loc["VLMR"]
    assert bic[["data_sets", "no_choice", "correct", "fewer", "more"]].tolist() == [4, 0, 0.5, 0.25, 0.25]
    assert bic["correct_se"] == pytest.approx(np.sqrt(0.5 * 0.5 / 3))  # sd with n - 1, over the root of n = 4
    assert bic[["chose_1", "chose_2", "chose_3"]].tolist() == [0.25, 0.5, 0.25]
    assert blrt[["type_1_error", "power"]].tolist() == [0.5, 0.75]
    assert blrt[["bootstrap_draws", "draws_made"]].tolist() == [19, 10]
    assert vlmr[["data_sets", "no_choice", "type_1_error"]].tolist() == [3, 1, 0.5]
    assert vlmr["power"] == pytest.approx(2 / 3)
    assert vlmr["correct"] == pytest.approx(1 / 3)
    assert table.loc["VLMR, Vuong's own", ["type_1_error", "power", "correct"]].tolist() == [1, 1, 0]
    assert table.loc["AIC", ["type_1_error", "power"]].isna().all()
    assert table.loc["AIC", "correct_se"] == pytest.approx(np.sqrt(0.25 * 0.75 / 8))  # Agresti and Coull: 2 of 8


@pytest.mark.parametrize(
    ("rejected", "chosen"), [({2: False, 3: True, 4: False}, 1), ({2: True, 4: False}, 3), ({2: True, 3: True}, 3)]
)
def test_first_not_rejected(rejected, chosen):
    assert first_not_rejected(pd.Series(rejected)) == chosen


def test_level_of_the_choice_of_vlmr_is_that_of_its_errors():
    """A p-value just below 5 % counts in both, one just above in neither."""
    counts, bootstrap = made_up([2, 2], [(np.nan, 0.0499, 0.0501)] * 2, [{2: True, 3: False}] * 2)
    choices = choices_of(counts, bootstrap)
    assert (choices.loc[choices["method"] == "VLMR", "chosen"] == 2).all()
    vlmr = selection_rates(choices, counts, bootstrap).set_index("method").loc["VLMR"]
    assert vlmr[["type_1_error", "power"]].tolist() == [0, 1]


def test_a_study_without_bootstrap_tests(tmp_path):
    study = replace(TINY, analysis=replace(QUICK, bootstrap_draws=0))
    table = run_study(study, tmp_path)
    assert "BLRT" not in set(table["method"])
    assert table.loc[table["method"] == "VLMR", "type_1_error"].notna().all()
    assert "BLRT" not in plot_selection(table)._supxlabel.get_text()


def test_bars_are_the_shares_of_the_table(whole):
    table = whole[1]
    fig = plot_selection(table)
    methods = [label.get_text() for label in fig.axes[0].get_yticklabels()]
    assert methods == table.loc[table["design"] == "two classes", "method"].tolist()
    for ax, design in zip(fig.axes, TINY.designs, strict=False):
        rows = table[table["design"] == design.name].set_index("method").loc[methods]
        width = np.array([bar.get_width() for bar in ax.patches]).reshape(len(methods), 3)
        np.testing.assert_allclose(width, rows[["chose_1", "chose_2", "chose_3"]])
        np.testing.assert_allclose(width.sum(axis=1), 1)
        colours = [mpl.colors.to_hex(bar.get_facecolor()) for bar in ax.patches[:3]]
        expected = [FEWER, RIGHT, MORE] if design.true_classes == 2 else [RIGHT, MORE, MORE]
        assert colours == [mpl.colors.to_hex(colour) for colour in expected]
    error = {line.get_label(): line.get_xdata() for line in fig.axes[2].lines if not line.get_label().startswith("_")}
    for method, values in error.items():
        np.testing.assert_allclose(values, table.loc[table["method"] == method, "type_1_error"])
    assert "19 draws" in fig._supxlabel.get_text()


def test_the_command_runs_and_reports(tmp_path, monkeypatch, capsys):
    out = tmp_path / "study"
    options = ["--conditions", "one class", "--replicates", "1", "--draws", "0", "--starts", "2", "--jobs", "1"]
    command = ["selection_study.py", "--out", str(out), *options, "--bootstrap-draws", "19"]
    monkeypatch.setattr(sys, "argv", command)
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    first = written(out)
    said = capsys.readouterr().out
    assert "1 of 1 replicates" in said
    assert (out / "figure.png").stat().st_size > 10_000
    monkeypatch.setattr(sys, "argv", [*command, "--report"])
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    assert written(out) == first
    assert "replicates," not in capsys.readouterr().out


def test_the_true_number_is_found_where_classes_are_clear():
    """BIC at entropy .89, from a few starts; posteriors and bootstrap aside."""
    frame = CLEAR.simulate(np.random.default_rng(3))
    responses = Items(list(cohort.ITEMS)).read(frame)
    fits = [fit_em(responses.codes, np.ones(2200), responses.n_categories, k, n_starts=2) for k in (2, 3, 4)]
    bic = [-2 * fit.log_likelihood + (13 * k - 1) * np.log(2200) for k, fit in zip((2, 3, 4), fits, strict=True)]
    assert np.argmin(bic) == 1
