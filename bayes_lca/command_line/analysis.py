"""The analysis behind the command: what the protocol says, one step after the other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import xarray as xr
from matplotlib.figure import Figure

from bayes_lca.command_line.assumptions import assumptions
from bayes_lca.command_line.settings import Settings
from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.checks.check_items import ItemCheck, check_items
from bayes_lca.posterior.checks.check_waves import WaveCheck
from bayes_lca.posterior.effects.compare_groups import compare_groups
from bayes_lca.posterior.effects.marginal_effects import average_marginal_effects
from bayes_lca.posterior.labels.convergence import convergence
from bayes_lca.posterior.plots.odds_ratios import plot_odds_ratios
from bayes_lca.posterior.plots.predictions import plot_predictions
from bayes_lca.posterior.plots.profiles import plot_profiles
from bayes_lca.posterior.plots.random_intercepts import plot_random_intercepts
from bayes_lca.posterior.tables.class_tables import class_profiles, class_sizes
from bayes_lca.posterior.tables.classification import classification_table
from bayes_lca.posterior.tables.membership import membership
from bayes_lca.posterior.tables.odds_ratios import odds_ratios
from bayes_lca.posterior.tables.random_intercepts import heterogeneity, random_intercepts
from bayes_lca.reporting.paper.characteristics import characteristics
from bayes_lca.reporting.paper.numbers_of_classes import class_number_table
from bayes_lca.reporting.paper.regression_table import regression_table
from bayes_lca.reporting.paper.write_tables import write_tables
from bayes_lca.reporting.report import report
from bayes_lca.sampling.fit_or_load import fit_or_load
from bayes_lca.table import SummaryTable
from bayes_lca.whole_file import write_whole
from bayes_lca.workflows.class_counts.count_classes import count_classes
from bayes_lca.workflows.class_counts.plot_class_counts import plot_class_counts
from bayes_lca.workflows.class_counts.recommendation import recommend_classes
from bayes_lca.workflows.maximum_likelihood.maximum_likelihood import maximum_likelihood


class Analysis:
    """The steps of the protocol, each printed as it is done.

    Parameters
    ----------
    settings : Settings
    say : callable
        Takes a line of text.
    """

    def __init__(self, settings: Settings, say: Callable[[str], object]):
        self.settings, self.say = settings, say

    def run(self) -> Path:
        """All steps; the page they end with."""
        self._heading("1 Data")
        for line in assumptions(self.settings):
            self.say(line)
        for folder in ("tables", "figures", "fits"):
            (self.settings.out / folder).mkdir(parents=True, exist_ok=True)
        self._heading("2 How many classes")
        counted = self._counted()
        n_classes = self.settings.take or recommend_classes(counted).n_classes
        self._heading(f"3 {n_classes} classes")
        measured = self._classes(n_classes)
        self._heading("4 Do the classes explain the answers")
        check = None
        if self.settings.regression is None:
            check = self._checked(measured)
            final = measured
        else:
            self._checked(measured)
            self._heading("5 What goes with the classes")
            final = self._regression(n_classes, measured)
        self._write_paper(counted, measured, final)
        page = report(final, self.settings.out / "report.html", title=self.settings.title, counted=counted, check=check)
        self._heading("6 Results")
        self.say(f"{page}: everything on one page")
        self.say(f"{self.settings.out / 'tables'}: every table as CSV; {self.settings.out / 'figures'}: pictures")
        return page

    def _counted(self) -> SummaryTable:
        settings = self.settings
        counted = count_classes(
            settings.items,
            settings.survey,
            settings.numbers,
            bayes=True,
            seed=settings.sampling["seed"],
            draws=settings.sampling["draws"],
            progressbar=False,
        )
        self._write("classes_counted", counted)
        shown = ["log_likelihood", "parameters", "BIC", "aBIC", "entropy_r2", "smallest_class", "vlmr_p", "elpd"]
        self.say(counted[[name for name in shown if name in counted]].to_string(float_format="{:.3f}".format))
        self.say("")
        self.say(str(recommend_classes(counted)))
        if len(counted) > 1:
            self._draw("classes_counted", plot_class_counts(counted))
        if settings.take is not None:
            self.say(f"--take {settings.take} decides.")
        return counted

    def _classes(self, n_classes: int) -> xr.DataTree:
        settings = self.settings
        measured = self._fit("classes", n_classes, nested=False)
        sizes = class_sizes(measured)
        self.say(repr(sizes))
        self._write("class_sizes", sizes)
        self._write("class_profiles", class_profiles(measured))
        self._write("classification", classification_table(measured))
        self._write("membership", membership(measured))
        self._write("convergence_classes", convergence(measured))
        self._draw("class_profiles", plot_profiles(measured))
        estimates = maximum_likelihood(settings.items, settings.survey, n_classes, seed=settings.sampling["seed"])
        for name in ("fit", "chi_squared", "shares", "probabilities", "thresholds", "error_matrix", "starts"):
            self._write(f"maximum_likelihood_{name}", getattr(estimates, name))
        self.say(f"By maximum likelihood: {estimates.verdict}")
        return measured

    def _checked(self, measured: xr.DataTree) -> ItemCheck | WaveCheck:
        check = check_items(measured, seed=self.settings.sampling["seed"])
        for name in ("overall", "pairs", "items", "patterns"):
            if getattr(check, name) is not None:
                self._write(f"check_{name}", getattr(check, name))
        self.say(repr(check.overall))
        return check

    def _regression(self, n_classes: int, measured: xr.DataTree) -> xr.DataTree:
        joint = self._fit("regression", n_classes, nested=True, order=measured)
        fit = Fit.reading(joint)
        self._write("convergence_regression", convergence(joint))
        if fit.terms and n_classes > 1:
            ratios = odds_ratios(joint)
            self.say(repr(ratios))
            self._write("odds_ratios", ratios)
            self._draw("odds_ratios", plot_odds_ratios(joint))
            for covariate in fit.formula.covariates:
                self._write(f"marginal_effects_{covariate}", average_marginal_effects(joint, covariate))
                self._draw(f"predictions_{covariate}", plot_predictions(joint, covariate))
        if fit.groupings and n_classes > 1:
            self.say(repr(heterogeneity(joint)))
            self._write("heterogeneity", heterogeneity(joint))
            self._write("random_intercepts", random_intercepts(joint))
            self._write("groups_compared", compare_groups(joint))
            self._draw("random_intercepts", plot_random_intercepts(joint))
        return joint

    def _fit(self, name: str, n_classes: int, *, nested: bool, order: str | xr.DataTree | None = None) -> xr.DataTree:
        settings = self.settings
        path = settings.out / "fits" / f"{name}_{n_classes}.nc"
        self.say(f"fit {path}: {'read, or made anew if anything changed' if path.exists() else 'sampled'}")
        missing: dict[str, Any] = {"missing": settings.missing} if nested else {}
        return fit_or_load(
            path,
            settings.model(n_classes, nested=nested),
            settings.survey,
            order=settings.order if order is None else order,
            key=settings.key,
            progressbar=False,
            **missing,
            **settings.sampling,
        )

    def _write_paper(self, counted: SummaryTable, measured: xr.DataTree, final: xr.DataTree) -> None:
        """The tables of a paper, as documents of other programs where their packages are installed."""
        fit, tables = Fit.reading(final), {"Table 2. Numbers of classes": class_number_table(counted)}
        if fit.formula.columns:
            described = characteristics(
                self.settings.survey, list(fit.formula.columns), measured, key=self.settings.key
            )
            tables = {"Table 1. Respondents by class": described, **tables}
        if fit.terms and len(fit.classes) > 1:
            tables["Table 3. What goes with the classes"] = regression_table(final)
        for suffix in ("docx", "xlsx"):
            try:
                path = write_tables(self.settings.out / f"paper.{suffix}", tables)
                self.say(f"{path}: the tables of a paper")
            except ImportError as error:
                self.say(f"left out, {error}")

    def _heading(self, text: str) -> None:
        self.say(f"\n{text}\n{'-' * len(text)}")

    def _write(self, name: str, table: SummaryTable) -> None:
        table.write(self.settings.out / "tables" / f"{name}.csv")

    def _draw(self, name: str, figure: Figure) -> None:
        path = self.settings.out / "figures" / f"{name}.png"
        write_whole(path, lambda unfinished: figure.savefig(unfinished, dpi=200, format="png"))
