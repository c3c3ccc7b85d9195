"""The page of a fit: whole, readable, safe to share, and saying what the tables of the package say."""

import dataclasses
import json
import re
import warnings
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.fitted import model as model_module
from bayes_lca.fitted.capabilities import Capabilities
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.kept_warnings import WARNED
from bayes_lca.fitted.probabilities import FittedProbabilities
from bayes_lca.models import AssignedClass
from bayes_lca.posterior.labels import convergence as convergence_module
from bayes_lca.posterior.tables.class_tables import class_profiles, class_sizes
from bayes_lca.posterior.tables.classification import classification_table
from bayes_lca.posterior.tables.membership import membership
from bayes_lca.posterior.tables.odds_ratios import odds_ratios
from bayes_lca.reporting.report import report
from bayes_lca.reporting.sections.checks import TOO_FEW, checks_section
from bayes_lca.reporting.sections.reproduction import reproduction_section
from bayes_lca.reporting.writing import files

SECTIONS = [
    "data",
    "warnings",
    "model",
    "classes",
    "profiles",
    "classification",
    "covariates",
    "checks",
    "convergence",
    "reproduction",
]
LEFT_OUT = {
    "lca": {"classes", "covariates"},
    "joint": {"classes", "checks"},
    "multinomial": {"classes", "profiles", "classification", "checks"},
}


def three(values) -> list[str]:
    return [f"{value:.3f}".replace("-", "\N{MINUS SIGN}") for value in values]


@pytest.mark.parametrize("kind", LEFT_OUT)
def test_every_kind_of_fit_has_its_sections(kind, reports, read):
    page = read(reports[kind])
    ids = [attributes["id"] for attributes in page.of("h2")]
    assert [anchor for anchor in ids if anchor in SECTIONS] == SECTIONS
    text = reports[kind].read_text(encoding="utf-8")
    bodies = {anchor: text.split(f'<h2 id="{anchor}">')[1].split("</section>")[0] for anchor in SECTIONS}
    assert {anchor for anchor, body in bodies.items() if "Left out: " in body} == LEFT_OUT[kind]
    assert all("<table" not in bodies[anchor] and "<img" not in bodies[anchor] for anchor in LEFT_OUT[kind])
    assert len(page.tables) == text.count('class="note"'), "every table has a note"


def test_numbers_are_those_of_the_tables(reports, read, short_lca, short_joint):
    of_lca, of_joint = read(reports["lca"]), read(reports["joint"])
    sizes = class_sizes(short_lca)
    assert of_lca.column("Class sizes", "mean") == three(sizes["mean"])
    assert of_lca.column("Class sizes", "ESS bulk") == [f"{value:.0f}" for value in sizes["ess_bulk"]]
    ratios = odds_ratios(short_joint)
    assert of_joint.column("Odds ratios", "odds ratio") == three(ratios["odds_ratio"])
    assert of_joint.column("Odds ratios", "contrast") == list(ratios.index.get_level_values("contrast"))
    assert of_joint.column("Odds ratios", "term") == list(ratios.index.get_level_values("term"))
    ends = zip(three(ratios["lower"]), three(ratios["upper"]), strict=True)
    assert of_joint.column("Odds ratios", "interval") == [f"{low} to {high}" for low, high in ends]
    profiles = class_profiles(short_lca)
    for name in ("C1", "C2", "C3"):
        cells = of_lca.column("Probability of each answer by class", name)
        own = profiles.loc[name]
        spelled = zip(three(own["mean"]), three(own["lower"]), three(own["upper"]), strict=True)
        shown = [cell.replace("<0.001", "0.000") for cell in cells]
        assert shown == [f"{middle} ({low} to {high})" for middle, low, high in spelled]
    r_hat = profiles["r_hat"].unstack("latent_class", sort=False).max(axis=1)
    assert of_lca.column("Probability of each answer by class", "largest R-hat") == three(r_hat)


def test_classification_is_told_without_respondents(reports, read, short_lca):
    page = read(reports["lca"])
    answered = (short_lca["observed_data"]["answers"] >= 0).any("item").to_numpy()
    members = membership(short_lca)[answered]
    counts = members["modal_class"].value_counts().sort_index()
    assert page.column("Respondents by modal class", "n") == [*map(str, counts), str(len(members))]
    above = [(part["certainty"] > 0.8).mean() for _, part in members.groupby("modal_class", observed=True)]
    assert page.column("Respondents by modal class", "above 0.8")[:3] == three(above)
    given = classification_table(short_lca).loc["class given modal class"]
    shown = page.column("Average probability of each class", "C2")
    means = [float(cell.split(" ")[0]) for cell in shown]  # in as many decimals as their intervals need
    assert means == pytest.approx(given.xs("C2", level="latent_class")["mean"].tolist(), abs=5e-4)
    assert max(len(rows) for rows in page.tables.values()) < short_lca.attrs["n_respondents"]
    for file in (reports["lca"].parent / "lca_tables").glob("*.csv"):
        assert len(pd.read_csv(file)) < short_lca.attrs["n_respondents"]


def test_data_are_counted(reports, read, survey, short_lca, short_joint):
    page = read(reports["joint"])
    missing = survey[bl.cohort_items()].isna().sum()
    assert page.column("Missing answers by item", "missing") == [*map(str, missing)]
    answered = survey["training"].value_counts().reindex(["decrease", "no change", "increase"])
    rows = zip(page.column("Answers by item", "item"), page.column("Answers by item", "n"), strict=True)
    assert [n for item, n in rows if item == "training"] == [*map(str, answered)]
    sizes = survey["group"].value_counts().sort_index()
    assert page.column("Respondents by group", "n") == [*map(str, sizes)]
    participation = survey["participation"]
    assert page.column("Numeric covariates", "mean") == three([participation.mean()])
    assert page.column("Numeric covariates", "quartile 3") == three([participation.quantile(0.75)])
    levels = page.column("Categorical covariates", "level")
    education = survey["education"].astype(str).value_counts()
    assert page.column("Categorical covariates", "n") == [str(education[level]) for level in levels]
    assert page.column("Categorical covariates", "coding") == ["reference", "", ""]
    assert f"respondents without any answer: {(survey[bl.cohort_items()].isna().all(axis=1)).sum()}." in page.all_text


def test_hostile_names_are_text(hostile_report, read):
    text = hostile_report.read_text(encoding="utf-8")
    assert "<script" not in text and "<b>" not in text
    page = read(hostile_report)
    name = '<script>alert("1")</script> & <b> $x$'
    heading = re.search(r"<h1>(.*?)</h1>", text)[1]
    title = re.search(r"<title>(.*?)</title>", text)[1]
    assert heading == title == "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &lt;b&gt; $x$"
    assert page.column("Missing answers by item", "item")[0] == f"{name} compensation"
    assert page.column("Answers by item", "category")[0] == f"decrease {name}"
    assert page.column("Class sizes", "class") == [f"A {name}", f"B {name}", "C"]
    assert f"G1 {name}" in page.column("Respondents by group", "group")
    assert page.column("Odds ratios", "contrast")[0] == f"B {name} vs A {name}"
    assert f"{name} compensation" in page.column("Pairs of items", "item 1")
    assert "Content-Security-Policy" in {each.get("http-equiv") for each in page.of("meta")}


def test_hostile_names_in_files_of_tables(hostile_report):
    folder = hostile_report.parent / "page_tables"
    sizes = pd.read_csv(folder / "class_sizes.csv")
    assert sizes["latent_class"][0] == 'A <script>alert("1")</script> & <b> $x$'
    latex = (folder / "class_profiles.tex").read_text(encoding="utf-8")
    escaped = (
        r"\textless{}script\textgreater{}alert(\textquotedbl{}1\textquotedbl{})\textless{}/script\textgreater{} \& "
        r"\textless{}b\textgreater{} \$x\$"
    )
    assert f"{escaped} compensation & decrease {escaped} & " in latex
    rows = [line for line in latex.splitlines() if line.endswith(r" \\")]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {7}


def test_tables_are_written_beside(reports, short_lca):
    folder = reports["lca"].parent / "lca_tables"
    csv = {file.stem for file in folder.glob("*.csv")}
    assert csv == {file.stem for file in folder.glob("*.tex")}
    assert {"class_sizes", "class_profiles", "certainty", "check_pairs", "convergence", "priors", "answers"} <= csv
    sizes = class_sizes(short_lca)
    read_back = pd.read_csv(folder / "class_sizes.csv")
    np.testing.assert_allclose(read_back[sizes.columns], sizes, rtol=1e-12)
    assert read_back["note"][0] == sizes.note
    latex = (folder / "class_sizes.tex").read_text(encoding="utf-8")
    assert all(rule in latex for rule in (r"\toprule", r"\midrule", r"\bottomrule", r"\end{tabular}"))
    assert sizes.note.replace("%", r"\%") in latex
    first = f"C1 & {three(sizes['mean'])[0]} & "
    assert first in latex


@pytest.mark.usefixtures("pictures_are_not_written")
def test_without_tables_only_the_page_is_written(short_multinomial, tmp_path):
    written = report(short_multinomial, tmp_path / "page.html")
    assert written == tmp_path / "page.html"
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


def test_priors_are_those_the_fit_has(reports, read, short_joint):
    average, spread = "class logits at the mean", "standard deviation of random"
    shown = {kind: [name[:24] for name in read(path).column("Priors", "parameter")] for kind, path in reports.items()}
    assert shown["lca"] == ["answer probabilities of ", "class shares"]
    assert shown["joint"] == ["answer probabilities of ", average, "slopes of class logits, ", spread[:24]]
    assert shown["multinomial"] == shown["joint"][1:]
    assert read(reports["joint"]).column("Priors", "prior")[1:] == [
        "ZeroSumNormal(sigma=2.5)",
        "PerUnit(prior=ZeroSumNormal(sigma=1.25), columns=12)",
        "HalfNormal(sigma=1.0)",
    ]
    without = short_joint.copy()
    without["posterior"] = xr.DataTree(short_joint["posterior"].to_dataset().drop_vars("slope"))
    section = reproduction_section(Fit.reading(without))
    (table,) = [block for block in section.blocks if getattr(block, "name", "") == "priors"]
    assert len(table.table) == 3


def test_same_draws_give_the_same_bytes(short_multinomial, tmp_path):
    one, two = (report(short_multinomial, tmp_path / f"{name}.html") for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()


@pytest.mark.usefixtures("pictures_are_not_written")
def test_problems_of_convergence_come_first(short_multinomial, tmp_path, read):
    divergent = short_multinomial.copy()
    diverging = np.zeros((4, 50), dtype=bool)
    diverging[2, :7] = True
    stats = short_multinomial["sample_stats"].to_dataset().assign(diverging=(("chain", "draw"), diverging))
    divergent["sample_stats"] = xr.DataTree(stats)
    path = report(divergent, tmp_path / "page.html")
    text = path.read_text(encoding="utf-8")
    said = text.index("7 divergent transitions, 3.5 % of all: raise target_accept")
    assert text.index("These draws should not be trusted yet") < said < text.index("<nav") < text.index("<main>")
    assert read(path).column("Chains", "divergences") == ["0", "0", "7", "0"]


@pytest.mark.usefixtures("pictures_are_not_written")
def test_kept_modes_and_warnings_are_told(short_multinomial, tmp_path):
    draws = short_multinomial.copy()
    draws.attrs = short_multinomial.attrs | {
        "kept_mode": 2,
        WARNED: json.dumps([["ConvergenceWarning", "3 runs diverged earlier"]]),
    }
    text = report(draws, tmp_path / "page.html").read_text(encoding="utf-8")
    top = text.split("<nav")[0]
    assert "3 runs diverged earlier" in top and "only the 4 of mode 2 are reported" in top


@pytest.mark.parametrize(
    ("attribute", "value", "error"),
    [("relabelled", 0, bl.NotRelabelledError), ("chain_modes", "[0, 1, 1, 1]", bl.SeveralModesError)],
)
def test_draws_that_cannot_be_summarised_are_refused(attribute, value, error, short_lca, tmp_path):
    draws = short_lca.copy()
    draws.attrs = short_lca.attrs | {attribute: value}
    del draws["patterns"]
    with pytest.raises(error):
        report(draws, tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("pictures_are_not_written")
def test_interrupted_run_leaves_the_old_page(short_multinomial, tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_text("old", encoding="utf-8")

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        report(short_multinomial, path)
    assert path.read_text(encoding="utf-8") == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


@pytest.mark.usefixtures("pictures_are_not_written")
def test_reference_and_interval_are_passed_on(short_multinomial, tmp_path, read):
    page = read(report(short_multinomial, tmp_path / "page.html", reference="skill", ci_prob=0.5))
    table = odds_ratios(short_multinomial, "skill", ci_prob=0.5)
    assert page.column("Odds ratios", "contrast") == list(table.index.get_level_values("contrast"))
    assert page.column("Odds ratios", "interval")[0] == " to ".join(three(table[["lower", "upper"]].iloc[0]))
    contrasts = page.column("Random intercepts by group: log odds against skill", "contrast")
    assert contrasts[:2] == ["limited vs skill", "comprehensive vs skill"]
    assert set(page.column("How much groups differ", "contrast")) == {"limited vs skill", "comprehensive vs skill"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"check": "yes"}, "bl.check_items"),
        ({"counted": pd.DataFrame({"BIC": [1.0]})}, "is not in the table of 1 rows"),
        ({"counted": 3}, "bl.count_classes"),
        ({"reference": "C9"}, "C9"),
        ({"ci_prob": 95}, "between 0 and 1"),
    ],
)
def test_bad_input_is_named(options, said, short_lca, tmp_path):
    with pytest.raises(ValueError, match=re.escape(said)):
        report(short_lca, tmp_path / "page.html", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("title", [5, ["A", "B"], b"A"])
def test_title_that_is_no_text_is_refused(title, short_multinomial, tmp_path):
    with pytest.raises(TypeError, match=re.escape(f"title={title!r}: give the heading as text")):
        report(short_multinomial, tmp_path / "page.html", title=title)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_fit_is_refused(tmp_path):
    with pytest.raises(TypeError, match=re.escape("report takes the draws that bl.fit returns, not the path 'fit.nc'")):
        report("fit.nc", tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("pictures_are_not_written")
def test_what_sections_share_is_computed_once(short_joint, tmp_path, monkeypatch):
    """Convergence, membership and the formula are asked for by several sections."""
    times = Counter()

    def counted(owner, name):
        original = getattr(owner, name)

        def counting(*arguments, **options):
            times[name] += 1
            return original(*arguments, **options)

        monkeypatch.setattr(owner, name, counting)

    counted(convergence_module, "_convergence_table")
    counted(model_module, "read_formula")
    counted(FittedProbabilities, "membership_in")
    report(short_joint, tmp_path / "page.html")
    assert times == {"_convergence_table": 1, "read_formula": 1, "membership_in": 1}


FUNCTIONS_OF_SECTIONS = {
    "profiles": {"class_sizes", "class_profiles", "plot_profiles"},
    "classification": {"membership", "classification_table"},
    "covariates": {
        *("odds_ratios", "plot_odds_ratios", "group_level_effects"),
        *("heterogeneity", "random_intercepts", "plot_random_intercepts"),
    },
    "checks": {"check_items"},
}


def supporting(draws: xr.DataTree, *, without: set[str]) -> Fit:
    """The fit of a kind of model that some functions are not declared to hold for."""
    fit = Fit.reading(draws)
    capabilities = Capabilities.of(fit.kind.capabilities.supported - without)
    return dataclasses.replace(fit, kind=dataclasses.replace(fit.kind, capabilities=capabilities))


@pytest.mark.usefixtures("pictures_are_not_written")
def test_what_a_model_does_not_support_is_left_out(short_joint, tmp_path, read):
    fit = supporting(short_joint, without=set().union(*FUNCTIONS_OF_SECTIONS.values()))
    path = report(fit, tmp_path / "page.html")
    text = path.read_text(encoding="utf-8")
    left_out = {anchor for anchor in SECTIONS if "Left out: " in text.split(f'<h2 id="{anchor}">')[1].split("<h2")[0]}
    assert left_out == {"classes", *FUNCTIONS_OF_SECTIONS}
    assert not read(path).of("img")


@pytest.mark.usefixtures("pictures_are_not_written")
@pytest.mark.parametrize(
    ("function", "caption"),
    [
        ("class_sizes", "Class sizes as shares"),
        ("class_profiles", "Probability of each answer by class"),
        ("membership", "Respondents by modal class"),
        ("classification_table", "Entropy R2"),
        ("odds_ratios", "Odds ratios"),
        ("heterogeneity", "How much groups differ"),
        ("random_intercepts", "Random intercepts by group"),
    ],
)
def test_one_table_is_left_out(function, caption, short_joint, tmp_path, read, reports):
    page = read(report(supporting(short_joint, without={function}), tmp_path / "page.html"))
    whole = set(read(reports["joint"]).tables)
    gone = whole - set(page.tables)
    assert [name for name in gone if name.startswith(caption)]
    assert set(page.tables) < whole


def test_check_and_table_of_another_fit_are_refused(short_lca, short_joint, short_multinomial, check, tmp_path):
    fewer = short_joint.copy()
    patterns = short_joint["patterns"].to_dataset().isel(respondent=slice(599))
    count = np.bincount(patterns["pattern_of_respondent"], minlength=patterns.sizes["pattern"])
    fewer["patterns"] = xr.DataTree(patterns.assign(count=("pattern", count)))
    fewer.attrs = short_joint.attrs | {"n_respondents": 599}
    with pytest.raises(ValueError, match=r"n = 600.*n = 599"):
        report(fewer, tmp_path / "page.html", check=check)
    renamed = short_lca.copy()
    names = [f"{name}2" for name in bl.cohort_items()]
    for group in ("posterior", "patterns", "encoding"):
        renamed[group] = xr.DataTree(short_lca[group].to_dataset().assign_coords(item=names))
    axes = json.loads(short_lca.attrs["axes"]) | {"item": names}
    renamed.attrs = short_lca.attrs | {"axes": json.dumps(axes)}
    with pytest.raises(ValueError, match="compensation2"):
        report(renamed, tmp_path / "page.html", check=check)
    with pytest.raises(ValueError, match="outcome 'benefit' has no items"):
        report(short_multinomial, tmp_path / "page.html", check=check)
    with pytest.raises(ValueError, match="outcome 'benefit' are observed"):
        report(short_multinomial, tmp_path / "page.html", counted=pd.DataFrame())


def test_no_rare_response_pattern_is_on_the_page(short_lca, check):
    patterns = check.patterns.copy()
    patterns.loc["largest pattern", "observed"] = 1
    rare = dataclasses.replace(check, patterns=bl.SummaryTable.of(patterns, "n = 1"))
    section = checks_section(Fit.reading(short_lca), rare)
    (table,) = [block for block in section.blocks if getattr(block, "name", "") == "check_patterns"]
    spelled = check.patterns.loc["largest pattern", "pattern"]
    assert table.table.loc["largest pattern", "pattern"] == TOO_FEW
    assert not [column for column in table.display.values if spelled in column.cells]


def test_places_where_no_page_can_be_written(short_multinomial, tmp_path):
    with pytest.raises(ValueError, match="is a folder"):
        report(short_multinomial, tmp_path)
    with pytest.raises(FileNotFoundError, match="no folder"):
        report(short_multinomial, tmp_path / "none" / "page.html")


def counts(n: int) -> bl.SummaryTable:
    """A table such as count_classes returns, in which 3 classes have the smallest BIC."""
    bic = np.array([9000.0, 8500.0, 8400.4, 8410.0])
    table = pd.DataFrame(
        {"log_likelihood": [-4400.0, -4100.0, -4000.0, -3990.0], "parameters": [12, 25, 38, 51], "AIC": bic - 50}
        | {name: bic for name in ("BIC", "aBIC", "CAIC", "ICL")}
        | {
            "entropy_r2": [np.nan, 0.8, 0.7, 0.6],
            "smallest_class": [1.0, 0.4, 0.3, 0.12],
            "smallest_class_se": 0.01,
            "starts_at_mode": 9,
        }
        | {"smallest_share": [1.0, 0.4, 0.3, 0.1], "smallest_share_lower": 0.05, "smallest_share_upper": 1.0}
        | {"brand_new": [1.0, 2.0, 3.0, 4.0]},
        index=pd.RangeIndex(1, 5, name="classes"),
    )
    return bl.SummaryTable.of(table.head(n), "n = 600, 0 rows left out, 68 answers missing; maximum likelihood")


@pytest.mark.usefixtures("pictures_are_not_written")
def test_number_of_classes_is_argued(short_lca, tmp_path, read):
    counted = counts(4)
    path = report(short_lca, tmp_path / "page.html", counted=counted, tables=True)
    page, recommended = read(path), bl.recommend_classes(counted)
    assert recommended.n_classes == 3
    for sentence in recommended.words.splitlines():
        assert sentence in page.all_text
    assert "The recommendation from the table agrees" in page.all_text
    assert counted.note in page.all_text
    names = page.column("Numbers of classes compared", "classes")
    shown = page.column("Numbers of classes compared", "3")
    assert shown[names.index("BIC")] == "8400.4"
    assert shown[names.index("parameters")] == "38"
    assert shown[names.index("smallest share, interval")] == "0.050 to 1.000"
    assert page.column("Numbers of classes compared", "4")[names.index("brand new")] == "4.000"
    assert len(names) == counted.shape[1] - 1
    assert [each for each in page.of("img") if "Recommended: 3" in each["alt"]]
    assert pd.read_csv(tmp_path / "page_tables" / "class_counts.csv")["BIC"].tolist() == counted["BIC"].tolist()


@pytest.mark.usefixtures("pictures_are_not_written")
def test_another_number_of_classes_is_to_be_explained(short_lca, tmp_path, read):
    page = read(report(short_lca, tmp_path / "page.html", counted=counts(2)))
    assert "is another; say in the paper why 3 were chosen" in page.all_text
    assert "agrees:" not in page.all_text
    one = read(report(short_lca, tmp_path / "one.html", counted=pd.DataFrame(counts(1))))
    assert not [each for each in one.of("img") if "Recommended" in each["alt"]], "one number cannot be compared"


@pytest.mark.usefixtures("pictures_are_not_written")
def test_a_common_method_is_recommended_on_the_page(short_lca, tmp_path, read):
    counted = counts(4)
    counted = counted.assign(**{f"method_{name}": counted[name] for name in ("BIC", "smallest_class", "entropy_r2")})
    counted = counted.assign(method_BIC=counted["BIC"] - [0, 0, 20, 0], method_log_likelihood=counted["log_likelihood"])
    page = read(report(short_lca, tmp_path / "page.html", counted=counted.assign(method_starts_at_mode=9)))
    assert "3 classes with a common method are recommended: BIC is smallest there, by 20.0 less" in page.all_text
    assert "is another; say in the paper why 3 were chosen" in page.all_text
    names = page.column("Numbers of classes compared", "classes")
    assert "method BIC" in names
    assert [each for each in page.of("img") if "Recommended: 3 with a common method." in each["alt"]]


@pytest.mark.usefixtures("pictures_are_not_written")
def test_stepwise_fit(short_lca, survey, tmp_path, read):
    second = AssignedClass(bl.modal_class_of(short_lca), bl.Regression("~ participation"))
    frame = survey.assign(modal_class=bl.membership(short_lca)["modal_class"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", bl.ConvergenceWarning)
        draws = bl.fit(second, frame, draws=40, tune=100, chains=2, until=None, progressbar=False)
    page = read(report(draws, tmp_path / "page.html"))
    assert "come from the earlier fit" in page.all_text
    assert "Step-wise latent class regression, single-level" in page.all_text
    assert page.column("Probability of each answer by class", "largest R-hat") == ["–"] * 3
