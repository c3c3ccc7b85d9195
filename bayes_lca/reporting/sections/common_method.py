"""Section of a common method: loadings, and what the person makes up of the answers."""

from bayes_lca.fitted.fit import Fit
from bayes_lca.reporting.writing.section import Paragraph, Section, Table

READING = (
    "Persons differ in their style of answering, whatever their class. The loading of a tilt is the standard deviation "
    "between persons of the log odds of a category against the one below. Of the variance of the scores of an item's "
    "categories, shares are of the class, of the person within a class, and of the rest."
)
REFERENCES = (
    "Qu, Y., Tan, M. & Kutner, M. H. (1996). Random effects models in latent class analysis for evaluating accuracy of "
    "diagnostic tests. Biometrics 52(3), 797-810. doi 10.2307/2533043",
)


def common_method_sections(fit: Fit, ci_prob: float) -> list[Section]:
    """The section of a fit with a common method, none of another."""
    if not fit.supports("common_method"):
        return []
    from bayes_lca.posterior.checks.common_method import common_method  # brings ArviZ, which other pages do without

    effect = common_method(fit, ci_prob=ci_prob)
    blocks = [
        Paragraph(READING),
        Table("loadings", "Loadings on the style of a person", effect.loadings),
        Table("variance_shares", "Shares of the variance of each item", effect.variance),
    ]
    return [Section("method", "Common method", "estimates with intervals (step 11)", blocks, references=REFERENCES)]
