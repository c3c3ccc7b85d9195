"""Outputs of other programs in repositories: how they are read, and how a run goes on where it stopped.

The outputs here are made up, in the layout of Mplus; `make equivalence-all` reads real ones.
"""

import csv
import json
import subprocess
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from equivalence.repositories import checkout, summary, units
from equivalence.repositories.checkout import Listed
from equivalence.repositories.figure import BAND, DIFFERS, PRINT, WHY, Figure
from equivalence.repositories.mplus_class_tests import height_at, without_rare_answers
from equivalence.repositories.mplus_data import NotAsked, frame_of, satisfied
from equivalence.repositories.mplus_input import expanded, numbers_of, read_input
from equivalence.repositories.mplus_output import MplusOutput
from equivalence.repositories.results import Result, Results
from equivalence.sources import SOURCES
from equivalence_all import KEPT, PAGE, REPEATED, WRONG, main

import bayes_lca as bl
from bayes_lca.likelihood.classification import Classification
from bayes_lca.likelihood.unrestricted import table_fit

INPUT = """
  TITLE: two classes: a made-up study
  DATA: FILE = "C:/somewhere/else/
  answers.dat";
  VARIABLE:
  NAMES = id w u1-u4 x;   ! comment with a ; in it
   MISSING = .;
   USEVARIABLES ARE u1 - u4;
   categorical = u1-u4; MISSING ARE ALL (-99) x (97 98);
  classes = c(2);
  ANALYSIS: type = mixture;
    estimator = mlr;
  MODEL:
    %OVERALL%
    [u1$1*0];
"""


def test_an_input_is_read_by_its_statements():
    asked = read_input(INPUT.splitlines())
    assert asked.names == ["id", "w", "u1", "u2", "u3", "u4", "x"]
    assert asked.used == asked.listed("categorical") == ["u1", "u2", "u3", "u4"]
    assert asked.classes == {"C": 2}
    assert asked.data_file == "answers.dat"
    assert asked.missing == {"": [-99.0], "x": [97.0, 98.0]}
    assert "%OVERALL%" in asked.commands["MODEL"]
    assert asked.commands["TITLE"].strip().startswith("two classes")


def test_lists_of_variables_are_written_out():
    names = ["a", "b", "c", "q1"]
    assert expanded("a - c, q1-q3", names) == ["a", "b", "c", "q1", "q2", "q3"]
    assert read_input(["VARIABLE: NAMES = y1-y3 z; USEVAR = ALL;"]).used == ["y1", "y2", "y3", "z"]
    assert numbers_of("-99 7-9") == [-99.0, 7.0, 8.0, 9.0]


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("x EQ 1", [0, 2]),
        ("(x == 1 AND y GT 2)", [2]),
        ("x ne 1 or y = 1", [0, 1, 3]),
        ("X = 1 AND NOT_A_COLUMN GE 2", None),
        ("__import__('os')", None),
    ],
)
def test_conditions_of_rows(condition, rows):
    table = pd.DataFrame({"x": [1, 2, 1, 3], "y": [1, 2, 3, 4]})
    if rows is None:
        with pytest.raises(NotAsked, match="condition"):
            satisfied(table, condition)
    else:
        assert np.flatnonzero(satisfied(table, condition)).tolist() == rows


PARTS = """Mplus VERSION 8.11

MODEL FIT INFORMATION

Number of Free Parameters                       11

Loglikelihood

          H0 Value                        -912.345
          H0 Scaling Correction Factor      1.0123
            for MLR

Chi-Square Test of Model Fit for the Binary and Ordered Categorical
(Ordinal) Outcomes**

          Pearson Chi-Square

          Value                             69.831
          Degrees of Freedom                    43
          P-Value                           0.0060

          Likelihood Ratio Chi-Square

          Value                             75.756
          Degrees of Freedom                    43
          P-Value                           0.0015

** Of the 64 cells in the latent class indicator table, 3
   were deleted in the calculation of chi-square due to extreme values.

Average Latent Class Probabilities for Most Likely Latent Class Membership (Row)
by Latent Class (Column)

           1        2

    1   0.900    0.060
    2   0.100    0.800
    3   0.050    0.150

           3

    1   0.040
    2   0.100
    3   0.800


MODEL RESULTS

                                                    Two-Tailed
                    Estimate       S.E.  Est./S.E.    P-Value

Latent Class Pattern 1 2

 Thresholds
    U1$1               4.062      0.723      5.620      0.000
    U2$1              15.000      0.000    999.000    999.000

Categorical Latent Variables

 C2#1     ON
    C1#1              -0.500      0.100     -5.000      0.000

 Means
    C1#1              -0.949      0.226     -4.194      0.000


RESULTS IN PROBABILITY SCALE

                    Estimate       S.E.

Latent Class 1

 U1
    Category 1         0.983      0.012     81.767      0.000
    Category 2         0.017      0.012      1.407      0.159


VUONG-LO-MENDELL-RUBIN LIKELIHOOD RATIO TEST FOR 1 (H0) VERSUS 2 CLASSES

          H0 Loglikelihood Value                        -1000.000
          2 Times the Loglikelihood Difference            175.310
          Difference in the Number of Parameters                7
          Mean                                              9.004
          Standard Deviation                               10.615
          P-Value                                          0.0000

LO-MENDELL-RUBIN ADJUSTED LRT TEST

          Value                                           170.000
          P-Value                                          0.0001
"""


def test_an_output_is_read_part_by_part():
    output = MplusOutput(PARTS.replace("\n", "\r\n"))
    assert output.version == "8.11"
    assert output.fit == {"parameters": "11", "log_likelihood": "-912.345", "scaling": "1.0123"}
    assert output.chi_squared["likelihood_ratio"].value == "75.756"
    assert output.chi_squared["pearson"].degrees_of_freedom == "43"
    assert output.deleted_cells == 3
    assert output.average_posterior[0] == ["0.900", "0.060", "0.040"]
    assert output.average_posterior[2] == ["0.050", "0.150", "0.800"]
    first, held, moved, mean = output.parameters
    assert (first.of_class, first.group, first.name) == ("Latent Class Pattern 1 2", "Thresholds", "U1$1")
    assert (first.estimate, first.error) == ("4.062", "0.723")
    assert held.is_fixed
    assert not first.is_fixed
    assert (moved.group, moved.name) == ("C2#1 ON", "C1#1")
    assert (mean.of_class, mean.group) == ("Categorical Latent Variables", "Means")
    assert [(line.item, line.category, line.estimate) for line in output.probabilities] == [
        ("U1", 1, "0.983"),
        ("U1", 2, "0.017"),
    ]
    test = output.likelihood_ratio_test
    assert (test["mean"], test["p"], test["adjusted statistic"], test["adjusted p"]) == (
        "9.004",
        "0.0000",
        "170.000",
        "0.0001",
    )
    assert not output.is_mixture


def test_verdicts_go_by_the_digits_printed():
    assert Figure("", "", "1.23", 1.2355).verdict == PRINT
    assert Figure("", "", "1.23", 1.2365).verdict == DIFFERS
    assert Figure("", "", "1.23", 1.2365, 0.002).verdict == BAND
    assert Figure("", "", "12", 12.7, 0.1).verdict == DIFFERS
    assert Figure("", "", "1.23", np.nan, 1.0).verdict == DIFFERS


# A made-up study: answers, and an output as the package itself would print it

ITEMS = ["u1", "u2", "u3", "u4"]


@pytest.fixture(scope="module")
def answers() -> pd.DataFrame:
    rng = np.random.default_rng(4)
    yes = np.where(rng.random(400) < 0.4, 0.85, 0.2)
    frame = pd.DataFrame((rng.random((400, 4)) < yes[:, None]).astype(float), columns=ITEMS)
    return frame.mask(rng.random(frame.shape) < 0.02)


def printed(answers: pd.DataFrame, n_classes: int) -> str:
    """An output with the figures of ours."""
    ours = bl.maximum_likelihood(bl.Items(ITEMS), answers.astype("Int64"), n_classes, n_starts=20, seed=1)
    fit, shares, names = ours.fit["value"], ours.shares, ours.class_names
    blank = "\n"
    lines = [
        "Mplus VERSION 8.4",
        "",
        "INPUT INSTRUCTIONS",
        INPUT.replace("c(2)", f"c({n_classes})"),
        "*** WARNING",
        "",
        "SUMMARY OF ANALYSIS",
        f"Number of observations   {int(answers.notna().any(axis=1).sum())}",
        "",
        "Estimator                                 MLR",
        "",
        "THE MODEL ESTIMATION TERMINATED NORMALLY",
        "",
        "MODEL FIT INFORMATION",
        f"Number of Free Parameters   {int(fit['parameters'])}",
        f"          H0 Value   {fit['log_likelihood']:.3f}",
        f"          H0 Scaling Correction Factor  {fit['scaling']:.4f}",
        f"          Akaike (AIC)   {fit['AIC']:.3f}",
        f"          Bayesian (BIC)   {fit['BIC']:.3f}",
        "",
        "FINAL CLASS COUNTS AND PROPORTIONS FOR THE LATENT CLASSES",
        "BASED ON THE ESTIMATED MODEL",
        "",
        *(f"       {k + 1}   {400 * share:.5f}   {share:.5f}" for k, share in enumerate(shares["estimate"])),
        "",
        "CLASSIFICATION QUALITY",
        "",
        f"     Entropy     {fit['entropy_r2']:.3f}",
        "",
        "Classification Probabilities for the Most Likely Latent Class Membership (Column)",
        "by Latent Class (Row)",
        blank,
        *(
            f"    {k + 1}   " + "   ".join(f"{value:.3f}" for value in row)
            for k, row in enumerate(ours.error_matrix.to_numpy())
        ),
        blank,
        "MODEL RESULTS",
        "",
    ]
    for k, name in enumerate(names):
        lines += [f"Latent Class {k + 1}", "", " Thresholds"]
        for item in ITEMS:
            row = ours.thresholds.loc[(name, item)].iloc[0]
            lines.append(f"    {item.upper()}$1   {row['estimate']:.3f}   {row['robust_se']:.3f}   1.0   0.5")
        lines.append("")
    if n_classes > 1:
        lines += ["Categorical Latent Variables", "", " Means"]
        for k, (_, row) in enumerate(ours.class_logits(names[-1]).iterrows()):
            lines.append(f"    C#{k + 1}   {row['estimate']:.3f}   {row['robust_se']:.3f}   1.0   0.5")
    return "\n".join([*lines, "", "QUALITY OF NUMERICAL RESULTS", ""])


@pytest.fixture
def clones(tmp_path, answers, monkeypatch):
    """A folder with a clone of one repository, which is the only one listed but for one that is not there."""
    home = tmp_path / "clones" / "study"
    (home / "models").mkdir(parents=True)
    rows = answers.assign(id=1, w=1, x=2)[["id", "w", *ITEMS, "x"]]
    text = rows.to_csv(sep="\t", header=False, index=False, na_rep=".", float_format="%g")
    (home / "models" / "answers.dat").write_text(text, encoding="utf-8")
    for n_classes in (1, 2):
        (home / "models" / f"c{n_classes}.out").write_text(printed(answers, n_classes), encoding="utf-8")
    (home / "notes.out").write_text("no output of Mplus", encoding="utf-8")
    commit = committed(home)
    entries = [Listed("somebody/study", commit, ""), Listed("somebody/elsewhere", commit, "")]
    monkeypatch.setattr(checkout, "listed", lambda: entries)
    return tmp_path / "clones"


def committed(home) -> str:
    """Commit everything in a folder, and say which commit it is."""

    def git(*arguments):
        settings = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
        done = subprocess.run(
            ["git", "-C", str(home), *settings, *arguments], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    git("init", "--quiet")
    git("add", "--all")
    git("commit", "--quiet", "--message", "a study")
    return git("rev-parse", "HEAD")


def test_a_clone_and_a_bare_copy_are_read_at_the_commit(clones, tmp_path):
    entry, missing = checkout.listed()
    assert checkout.find(missing, clones) is None
    (clones / "study" / "models" / "c1.out").write_text("changed since", encoding="utf-8")
    bare = tmp_path / "mirror" / "somebody+study"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(clones / "study"), str(bare)], check=True)
    for folder in (clones, tmp_path / "mirror"):
        found = checkout.find(entry, folder)
        assert found is not None
        assert found.text("models/c1.out").startswith("Mplus VERSION")
        assert found.named("ANSWERS.dat", "models/c1.out") == ["models/answers.dat"]
    assert checkout.find(replace(entry, commit="0" * 40), clones) is None


def test_data_of_other_rows_are_refused(clones):
    found = checkout.find(checkout.listed()[0], clones)
    text = found.text("models/c2.out")
    place, frame = frame_of(MplusOutput(text), found, "models/c2.out")
    assert place == "models/answers.dat"
    assert len(frame) == 400
    with pytest.raises(NotAsked, match="other rows"):
        frame_of(MplusOutput(text.replace("observations   400", "observations   399")), found, "models/c2.out")
    with pytest.raises(NotAsked, match="not in the repository"):
        frame_of(MplusOutput(text.replace("answers.dat", "other.dat")), found, "models/c2.out")
    with pytest.raises(NotAsked, match="parameters, and 9 of unrestricted classes"):
        units.model_of(MplusOutput(text.replace("Free Parameters   9", "Free Parameters   8")), found, "models/c2.out")


def run(clones, tmp_path, capsys) -> tuple[int, str]:
    """Exit status and output of a run of this repository alone."""
    arguments = ["--repositories", str(clones), "--results", str(tmp_path / "results"), "--only", "somebody"]
    return main(arguments), capsys.readouterr().out


def test_every_figure_is_set_beside_ours_and_a_second_run_computes_nothing(clones, tmp_path, capsys, monkeypatch):
    status, text = run(clones, tmp_path, capsys)
    assert status == 0
    assert "somebody/elsewhere: left out" in text
    assert "2 outputs of latent classes, 2 models of rows to compare" in text
    stored = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((tmp_path / "results").glob("*.json"))]
    figures = [Figure.of(figure) for result in stored for figure in result["figures"]]
    assert {figure.verdict for figure in figures} == {PRINT}
    assert len(figures) == 40
    assert f"{len(figures)} quantities from 1 sources" in text
    monkeypatch.setattr(units.Unit, "figures", lambda self: pytest.fail("computed again"))
    status, again = run(clones, tmp_path, capsys)
    assert again.split("Version")[1] == text.split("Version")[1]


def test_an_interrupted_run_goes_on_and_a_changed_output_is_computed_again(clones, tmp_path, capsys, monkeypatch):
    whole, made = units.Unit.figures, []

    def interrupted(self):
        if made:
            raise KeyboardInterrupt
        made.append(self.name)
        return whole(self)

    monkeypatch.setattr(units.Unit, "figures", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(clones, tmp_path, capsys)
    counted = []
    monkeypatch.setattr(units.Unit, "figures", lambda self: counted.append(self.name) or whole(self))
    assert run(clones, tmp_path, capsys)[0] == 0
    assert len(counted) == 1
    output = clones / "study" / "models" / "c2.out"
    figure = output.read_text(encoding="utf-8").split("Entropy     ")[1][:5]
    output.write_text(output.read_text(encoding="utf-8").replace(f"Entropy     {figure}", "Entropy     0.123"))
    entries = [Listed("somebody/study", committed(clones / "study"), "")]
    monkeypatch.setattr(checkout, "listed", lambda: entries)
    status, text = run(clones, tmp_path, capsys)
    assert status == 1
    assert counted[1:] == ["2 classes: models/c2.out"]
    assert "| open | 1 | not explained |" in text


def test_outputs_of_one_model_give_each_kind_of_figure_once(clones, tmp_path, capsys, monkeypatch):
    models = clones / "study" / "models"
    text = (models / "c2.out").read_text(encoding="utf-8")
    (models / "again.out").write_text(text.replace("VERSION 8.4", "VERSION 8.11"), encoding="utf-8")
    (models / "c2.out").write_text(text.split("CLASSIFICATION QUALITY")[0] + text[text.index("MODEL RESULTS") :])
    entries = [Listed("somebody/study", committed(clones / "study"), "")]
    monkeypatch.setattr(checkout, "listed", lambda: entries)
    assert "3 outputs of latent classes, 2 models of rows" in run(clones, tmp_path, capsys)[1]
    collected = units.collect([checkout.find(entries[0], clones)])
    (unit,) = [unit for unit in collected.units if len(unit.outputs) == 2]
    quantities = [(figure.kind, figure.quantity) for figure in unit.figures()]
    assert len(quantities) == len(set(quantities))
    assert "entropy" in {kind for kind, _ in quantities}


def test_results_are_kept_whole(tmp_path):
    results, empty = Results(tmp_path), Result("a source", "a model", "one", "0", ["an output"])
    result, is_new = results.compute("unit", empty, lambda: [Figure("a", "b", "1.0", 1.0)])
    assert is_new
    assert results.compute("unit", empty, list)[0].figures == result.figures
    (tmp_path / "unit.json").write_text('{"fingerprint": "one", "sou', encoding="utf-8")
    assert results.stored("unit", "one") is None


def test_counts_add_up():
    figures = [
        Figure("a", "1", "1.0", 1.0),
        Figure("a", "2", "1.0", 2.0, why="boundary"),
        Figure("b", "3", "1", 1.8, 0.4),
    ]
    counted = summary.Summary([Result("s", "m", "f", "0", ["o"], figures, 2.0)], "0")
    (row,) = counted.by_source()
    assert [row[name] for name in ("quantities", PRINT, BAND, DIFFERS)] == [3, 1, 1, 1]
    assert [line["why"] for line in counted.differences()] == ["boundary"]
    assert "| a | 1 | 0 | 1 |" in counted.markdown()


def test_rare_answers_are_left_out_as_mplus_does():
    codes = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    item = np.array([[[0.999, 0.001], [0.996, 0.004]]])
    model = Classification(item, np.array([1.0]), codes, np.array([1990.0, 6.0, 3.0, 1.0]))
    table = table_fit(model, (2, 2), 1)
    ours = without_rare_answers(model, table)
    assert ours["of chi-squared"] == 0  # the last row is expected of .008 of 2000
    kept = 2 * sum(
        n * np.log(n / (2000 * p)) for n, p in ((1990, 0.999 * 0.996), (6, 0.999 * 0.004), (3, 0.001 * 0.996))
    )
    assert ours["likelihood_ratio"] == pytest.approx(kept)
    assert ours["pearson"] == pytest.approx(table.pearson - (1 - 0.008) ** 2 / 0.008)


def test_the_log_likelihood_at_printed_estimates(answers):
    ours = bl.maximum_likelihood(bl.Items(ITEMS), answers.astype("Int64"), 2, n_starts=10)
    thresholds = ours.thresholds["estimate"].to_numpy().reshape(2, -1)
    at = height_at(ours.errors.model, thresholds, [2] * 4, ours.shares["estimate"].to_numpy())
    assert at == pytest.approx(ours.found.log_likelihood, abs=1e-8)
    assert height_at(ours.errors.model, thresholds.round(1), [2] * 4, [0.5, 0.5]) < at


# What is kept in the project


def kept(name: str) -> list[dict]:
    with (KEPT / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_kept_counts_are_those_of_the_page_and_of_the_differences():
    sources, differences = kept("sources.csv"), kept("differences.csv")
    total = {name: sum(int(row[name]) for row in sources) for name in ("quantities", PRINT, BAND, DIFFERS)}
    assert total["quantities"] == total[PRINT] + total[BAND] + total[DIFFERS] >= 10_000
    assert len(sources) >= 40
    assert len(differences) == total[DIFFERS]
    assert {row["why"] for row in differences} <= set(WHY) - set(WRONG)
    text = PAGE.read_text(encoding="utf-8")
    assert f"{total['quantities']} quantities from {len(sources)} sources" in text
    assert f"{total[PRINT]} (" in text


def test_sources_in_both_tables_are_counted_once():
    assert set(REPEATED) <= {source.name for source in SOURCES}


def test_listed_repositories_have_a_commit_and_a_reason():
    entries = [*csv.DictReader(checkout.LIST.read_text(encoding="utf-8").splitlines())]
    assert all(len(entry["commit"]) == 40 and entry["why"] and "/" in entry["name"] for entry in entries)
