"""Section of class sizes and profiles."""

from bayes_lca.dims import CLASS, GROUP_CLASS, ITEM
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.free_items import items_free_over_waves
from bayes_lca.fitted.free_profiles import free_by
from bayes_lca.posterior.plots.profiles import plot_profiles
from bayes_lca.posterior.tables.class_tables import class_profiles, class_sizes
from bayes_lca.reporting.sections.model import labels_were_aligned
from bayes_lca.reporting.sections.pivot import beside
from bayes_lca.reporting.writing.figures import drawn
from bayes_lca.reporting.writing.section import Block, Paragraph, Picture, Section, Table

ANCHOR, TITLE = "profiles", "Class sizes and profiles"
STEPS = "class proportions, estimates with intervals (step 11), visualisation (step 13)"
SHORTHAND = "Names of classes are shorthand for their profiles; they claim nothing beyond what the table says of them."
PAIRED = (
    "Classes have profiles of their own in each group class. Nothing in the likelihood says which class of one group "
    "class is which of another: they are paired by how alike they answer, and compared only as far as they do."
)
TIED = (
    "Classes have profiles of their own in each group class. What makes them the same classes there are their slopes, "
    "which are equal in all group classes."
)
KNOWN_POPULATIONS = (
    "Classes have profiles of their own in each known population. They are paired by how alike they answer, and "
    "compared only as far as they do."
)
KNOWN = "The probabilities of the indicators come from the earlier fit; this fit does not change them."


def profiles_section(fit: Fit, ci_prob: float) -> Section:
    """How large the classes are, and how each answers the items."""
    if fit.class_is_observed:
        return Section(ANCHOR, TITLE, "", left_out="the categories are observed; their counts are with the data.")
    blocks: list[Block] = []
    if fit.supports("class_sizes"):
        sizes = class_sizes(fit, ci_prob=ci_prob)
        blocks.append(Table("class_sizes", "Class sizes as shares of the respondents", sizes))
    if fit.supports("class_profiles"):
        blocks = [Paragraph(SHORTHAND if labels_were_aligned(fit) else f"{SHORTHAND} {KNOWN}"), *blocks]
        blocks.append(_profiles(fit, ci_prob))
    if fit.supports("class_sizes", "class_profiles", "plot_profiles"):
        blocks += _pictures(fit, ci_prob)
    if blocks and items_free_over_waves(fit):
        blocks += _by_wave(fit, ci_prob)
    if blocks and (by := free_by(fit)):
        blocks += _by_set(fit, by, ci_prob)
    if not blocks:
        return Section(ANCHOR, TITLE, "", left_out=f"there is no table of classes for {fit.answers.words}.")
    return Section(ANCHOR, TITLE, STEPS, blocks)


def _profiles(fit: Fit, ci_prob: float) -> Table:
    long = class_profiles(fit, ci_prob=ci_prob)
    shown = beside(long.reorder_levels([ITEM, long.index.names[-1], CLASS]), CLASS)
    caption = "Probability of each answer by class" if all(fit.labels) else "Items by class, in their units"
    return Table("class_profiles", caption if shown is None else f"{caption}: mean (interval)", long, shown)


def _by_wave(fit: Fit, ci_prob: float) -> list[Block]:
    """Profiles of every wave, where each has its own."""
    return [
        Picture(
            "Class profiles at every wave",
            "A panel for each item that is free over waves, with a line for each class and intervals; a flat line is a "
            "class that answers alike at all waves. The numbers are in the table below.",
            drawn(plot_profiles, fit, by_wave=True, ci_prob=ci_prob),
        ),
        Table(
            "class_profiles_by_wave",
            "Class profiles at every wave, and the change from the first",
            class_profiles(fit, by_wave=True, ci_prob=ci_prob),
        ),
    ]


def _by_set(fit: Fit, by: str, ci_prob: float) -> list[Block]:
    """Profiles in every group class or population, where each has its own."""
    reading = KNOWN_POPULATIONS if by != GROUP_CLASS else TIED if fit.terms else PAIRED
    what = by.replace("_", " ") if by == GROUP_CLASS else by
    return [
        Paragraph(reading),
        Picture(
            f"Class profiles by {what}",
            f"A panel for each item with each {what} along it and a marker for each class, with intervals; markers at "
            "one height are a class that answers alike in all of them. The numbers are in the table below.",
            drawn(plot_profiles, fit, by=by, ci_prob=ci_prob),
        ),
        Table(
            "class_profiles_by_set",
            f"Class profiles by {what}, and the difference to the first",
            class_profiles(fit, by=by, ci_prob=ci_prob),
        ),
    ]


def _pictures(fit: Fit, ci_prob: float) -> list[Picture]:
    if not all(fit.labels):
        return [
            Picture(
                "Class profiles: items in their units",
                "A panel for each item with the mean of every class, its interval and, in grey, one standard deviation "
                "within the class to either side; the numbers are in the table above.",
                drawn(plot_profiles, fit, ci_prob=ci_prob),
            )
        ]
    pictures = []
    if len(fit.items) > 1:
        pictures.append(
            Picture(
                "Class profiles: probability of the last category of each item",
                "A line for each class through the probability of the last category of each item, with intervals; the "
                "numbers are in the table above.",
                drawn(plot_profiles, fit, ci_prob=ci_prob),
            )
        )
    if max(map(len, fit.labels)) > 2:
        pictures.append(
            Picture(
                "Class profiles: probabilities of all categories",
                "Stacked bars of the mean probabilities of all categories of each item, one panel for each class; the "
                "numbers are in the table above.",
                drawn(plot_profiles, fit, category="all", ci_prob=ci_prob),
            )
        )
    return pictures
