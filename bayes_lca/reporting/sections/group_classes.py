"""Section of group classes: their shares, the classes within them, and which groups belong to which."""

from bayes_lca.fitted.fit import Fit
from bayes_lca.posterior.plots.group_classes import plot_group_classes
from bayes_lca.posterior.tables.group_classes import group_classes, group_membership
from bayes_lca.reporting.writing.figures import drawn
from bayes_lca.reporting.writing.section import Paragraph, Picture, Section, Table

MOST_GROUPS_NAMED = 60
READING = (
    "Groups fall into classes, which differ in the shares of the classes of respondents; no distribution of groups is "
    "assumed. A group is the unit of the likelihood: predictive criteria such as elpd_loo leave out whole groups."
)
AT_THE_SAME_COVARIATES = " Shares within group classes are at the same covariates."
UNNAMED = "The membership of {n} groups is in group_membership(draws)."
REFERENCES = (
    "Vermunt, J. K. (2003). Multilevel latent class models. Sociological Methodology 33(1), 213-239. "
    "doi 10.1111/j.0081-1750.2003.t01-1-00131.x",
)


def group_classes_sections(fit: Fit, ci_prob: float) -> list[Section]:
    """The section of a fit with group classes, none of another."""
    if not fit.supports("group_classes"):
        return []
    caption = "Shares of group classes among groups, and of classes within them"
    blocks = [
        Paragraph(READING + (AT_THE_SAME_COVARIATES if fit.terms else "")),
        Table("group_classes", caption, group_classes(fit, ci_prob=ci_prob)),
        Picture(
            caption,
            "Class shares with intervals, one panel for each group class; the numbers are in the table above.",
            drawn(plot_group_classes, fit, ci_prob=ci_prob),
        ),
    ]
    n_groups = len(fit.group_names[fit.unit_with_classes])
    if n_groups <= MOST_GROUPS_NAMED:
        blocks.append(Table("group_membership", "Membership of groups", group_membership(fit, ci_prob=ci_prob)))
    else:
        blocks.append(Paragraph(UNNAMED.format(n=n_groups)))
    steps = "estimates with intervals (step 11)"
    return [Section("group_classes", "Group classes", steps, blocks, references=REFERENCES)]
