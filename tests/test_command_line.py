"""The command `bayes-lca`: a file in, a page and tables out, and words for whatever cannot be done."""

import functools
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from bayes_lca.command_line import analysis
from bayes_lca.command_line.arguments import parser
from bayes_lca.command_line.main import _Warned, main
from bayes_lca.command_line.settings import Settings, class_numbers, items_named, missing_codes
from bayes_lca.data.suspected_codes import MissingCodeWarning

N = 160


@pytest.fixture(scope="module")
def survey():
    """Two classes of four items coded 1 to 3, 99 where refused, in eight sites."""
    rng = np.random.default_rng(7)
    older = rng.random(N) < 0.5
    in_first = rng.random(N) < np.where(older, 0.7, 0.4)
    share = np.where(in_first[:, None], [[0.1, 0.2, 0.7]], [[0.7, 0.2, 0.1]]).cumsum(axis=1)
    answers = {f"q{j}": (rng.random(N)[:, None] > share).sum(axis=1) + 1 for j in range(1, 5)}
    frame = pd.DataFrame(
        {"id": np.arange(N) + 500, **answers, "age": np.where(older, 60, 30) + rng.integers(9, size=N)}
    )
    frame["sex"] = rng.choice(["female", "male"], N)
    frame["site"] = np.arange(N) % 8 + 1
    frame.loc[[3, 8], "q2"] = 99
    return frame


@pytest.fixture
def command(survey, tmp_path, monkeypatch):
    """Runs the command on the survey, with few draws that nobody waits for."""
    monkeypatch.setattr(analysis, "fit_or_load", functools.partial(analysis.fit_or_load, until=None, tune=60, cores=1))
    survey.to_csv(tmp_path / "study.csv", index=False)

    def run(*arguments):
        few = ["--draws", "50", "--chains", "2", "--out", str(tmp_path / "results")]
        return main([str(tmp_path / "study.csv"), "--items", "q1-q4", *few, *map(str, arguments)])

    return run


REGRESSION = ("--missing", "99", "--covariates", "age + sex", "--group", "site", "--key", "id", "--classes", "1-2")


def test_from_a_file_to_a_page(command, tmp_path, capsys, monkeypatch):
    assert command(*REGRESSION, "--reference", "sex=male", "--take", "2") == 0
    said = capsys.readouterr().out
    assert "160 rows, 8 columns; each row is one respondent" in said
    assert "4 items, 2 of 640 answers missing" in said
    assert "q2: 1 < 2 < 3; order by value; 2 missing" in said
    assert "sex: female against male" in said
    assert "site: 8 groups with random intercepts" in said
    assert "WARNING (ConvergenceWarning)" in said
    results = tmp_path / "results"
    page = (results / "report.html").read_text(encoding="utf-8")
    assert "Number of classes" in page
    assert "sex[female]" in page
    tables = {path.stem for path in (results / "tables").glob("*.csv")}
    assert {"classes_counted", "class_profiles", "odds_ratios", "heterogeneity", "membership"} <= tables
    assert {"maximum_likelihood_thresholds", "check_overall", "marginal_effects_age"} <= tables
    assert pd.read_csv(results / "tables" / "membership.csv").iloc[0, 0] == 500
    assert {path.stem for path in (results / "figures").glob("*.png")} >= {"class_profiles", "odds_ratios"}

    for step in ("_counted", "_checked", "_draw", "_write", "_write_paper"):
        monkeypatch.setattr(analysis.Analysis, step, lambda *_: None)
    monkeypatch.setattr(analysis, "report", lambda *_, **__: None)
    assert {"paper.docx", "paper.xlsx"} <= {path.name for path in results.iterdir()}

    kept = {path: path.stat().st_mtime_ns for path in (results / "fits").iterdir()}
    assert command(*REGRESSION, "--reference", "sex=male", "--take", "2") == 0
    assert {path: path.stat().st_mtime_ns for path in (results / "fits").iterdir()} == kept
    assert "read, or made anew if anything changed" in capsys.readouterr().out


def test_classes_alone(command, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(analysis.Analysis, "_draw", lambda *_: None)
    assert command("--missing", "99", "--classes", "2") == 0
    assert "5 What goes with the classes" not in capsys.readouterr().out
    assert not (tmp_path / "results" / "tables" / "odds_ratios.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--items", "q1-q9"), "--items q1-q9: no such column; the 8 columns are 'id', 'q1'"),
        (("--items", "q1"), "--items names 'q1' twice"),
        (("--items", "q4-q1"), "'q1' stands before 'q4' in the file"),
        (("--classes", "five"), "--classes five: give the smallest and the largest"),
        (("--classes", "3-2"), "--classes 3-2: numbers of classes rise"),
        (("--take", "0"), "--take 0: a model has at least one class"),
        (("--covariates", "age + wealth"), "no column 'wealth'; the 8 columns are"),
        (("--covariates", "age", "--reference", "female"), "--reference female: give column and level"),
        (("--missing", "income=9"), "'income', not among the columns"),
        (("--sheet", "one"), "is no workbook of Excel"),
        (("--key", "sex"), "key 'sex' repeats"),
        (
            ("--covariates", "aeg"),
            "'sex', 'site'; did you mean 'age'?",
        ),
        (("--covariates", "age + q2"), "'q2' is among the items that the classes are made of"),
        (
            ("--covariates", "age", "--reference", "sex=male"),
            "--reference 'sex': no covariate; the covariates are 'age'",
        ),
        (("--reference", "sex=male"), "no --covariates are named"),
        (("--order", "q9"), "--order q9: choose size, or one of the items 'q1'"),
        (("--draws", "10"), "--draws 10: a whole number from 50 on"),
        (("--chains", "0"), "--chains 0: a whole number from 1 on"),
    ],
)
def test_what_cannot_be_done_is_said_without_a_traceback(arguments, words, command, capsys):
    assert command(*arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("\nbayes-lca: ")
    assert words in error


def test_codes_that_look_missing_are_told_with_the_option_that_declares_them(capsys):
    warned = _Warned()
    warned(MissingCodeWarning("item 'q1' has '99' in 12 rows"), MissingCodeWarning)
    assert "--missing 99, or --missing NAME=99" in capsys.readouterr().out


def test_an_option_given_twice_adds_to_itself():
    asked = ["a.sav", "--items", "q1", "--missing", "99", "--items", "q2", "--missing", "age=999"]
    given = parser().parse_args(asked)
    assert (given.items, given.missing) == (["q1", "q2"], ["99", "age=999"])
    assert parser().parse_args(["a.sav", "--items", "q1"]).missing == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("study.sav", "--itmes", "q1-q6"), "there is no option --itmes; did you mean '--items'?"),
        (("study.sav", "--items", "q1", "--clases=1-3"), "there is no option --clases; did you mean '--classes'?"),
        (("--items", "q1-q6", "study.sav"), "no file is named; write it first"),
        (("study.sav",), "the following arguments are required: --items"),
        (("study.sav", "--items", "q1", "--draws", "many"), "invalid int value: 'many'"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_told_in_a_line(arguments, words, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    error = capsys.readouterr().err.strip()
    assert words in error
    assert "\n" not in error


def test_incomplete_rows_stop_the_command_or_are_dropped(survey, tmp_path, capsys):
    survey.assign(age=survey["age"].where(survey.index > 4)).to_csv(tmp_path / "study.csv", index=False)
    asked = [str(tmp_path / "study.csv"), "--items", "q1-q4", "--covariates", "age", "--out", str(tmp_path / "results")]
    assert main(asked) == 1
    assert "5 of 160 rows lack a covariate or group (age in 5)" in capsys.readouterr().err
    assert not (tmp_path / "results").exists()
    settings = Settings.of(parser().parse_args([*asked, "--incomplete", "drop"]))
    assert settings.missing == "drop"


@pytest.mark.parametrize(("raised", "status"), [(KeyboardInterrupt(), 130), (OSError("no space left"), 1)])
def test_exit_status_of_what_happens_on_the_way(raised, status, command, monkeypatch, capsys):
    def fails(*_, **__):
        raise raised

    monkeypatch.setattr(analysis, "count_classes", fails)
    assert command("--missing", "99") == status
    assert "no space left" in (said := capsys.readouterr().err) or "goes on from the fits that are kept" in said


def test_errors_may_be_asked_for_whole(command, monkeypatch):
    monkeypatch.setenv("BAYES_LCA_TRACEBACK", "1")
    with pytest.raises(ValueError, match="no such column"):
        command("--items", "z")


def test_names_codes_and_numbers():
    assert items_named(["q1,q2", "q4-q6"], ["q1", "q2", "q4", "x", "q6", "q5"]) == ["q1", "q2", "q4", "q5", "q6"]
    assert items_named(["a-b"], ["a-b", "a", "b"]) == ["a-b"]
    assert items_named(["q1-z"], ["q1", "x", "z"]) == ["q1", "x", "z"]
    assert missing_codes(["9", "98", "age=-1"], ["a"]) == {"a": ["9", "98"], "age": ["-1"]}
    assert list(class_numbers("3")) == [3]


def test_help_reads_like_a_protocol_and_needs_no_sampler():
    asked = "import sys; from bayes_lca.command_line.main import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    done = subprocess.run(
        [sys.executable, "-c", asked + "print('pymc' in sys.modules)"], capture_output=True, text=True, check=True
    )
    steps = [line.split()[1] for line in done.stdout.splitlines() if line[:2] == "  " and line.strip()[:1].isdigit()]
    assert steps[:6] == ["data", "how", "classes", "check", "regression", "page"]
    assert "exit status: 0 done" in done.stdout
    assert "numbers of classes, step 2, are compared anew" in done.stdout
    assert done.stdout.rstrip().endswith("False")
    wrong = subprocess.run(
        [sys.executable, "-m", "bayes_lca.command_line.main", "study.sav"], capture_output=True, text=True, check=False
    )
    assert wrong.returncode == 2
    assert "--items" in wrong.stderr
