"""Section of who moves: transition probabilities, stayers and movers, what goes with moving."""

from bayes_lca.dims import TRANSITION_SLOPE, of_transition
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.paths import paths_of
from bayes_lca.fitted.record_sequences import N_MISSED_WAVES
from bayes_lca.posterior.effects.transition_probabilities import transition_probabilities
from bayes_lca.posterior.plots.transitions import plot_transitions
from bayes_lca.posterior.tables.random_intercepts import heterogeneity
from bayes_lca.posterior.tables.stayers import stayers_and_movers
from bayes_lca.posterior.tables.transition_odds_ratios import transition_odds_ratios
from bayes_lca.reporting.writing.figures import drawn
from bayes_lca.reporting.writing.section import Block, Paragraph, Picture, Section, Table

ANCHOR, TITLE = "transitions", "Who moves"
STEPS = "estimates with intervals (step 11), visualisation (step 13), follow-up analyses (step 14)"
READING = (
    "A transition probability is that of being in a class at a wave, given the class at the wave before, averaged over "
    "the persons who come to the wave whatever class they are in. Shares of stayers and movers count how many are in "
    "each class."
)
SPACING = "How far apart in time waves are is not modelled."
ODDS = (
    "Odds ratios of moving compare the odds of being moved to the first class of a contrast against the second, among "
    "persons who were in the same class before."
)
REFERENCES = (
    "Vermunt, J. K., Langeheine, R. & Bockenholt, U. (1999). Discrete-time discrete-state latent Markov models with "
    "time-constant and time-varying covariates. Journal of Educational and Behavioral Statistics 24(2), 179-207. "
    "doi 10.3102/10769986024002179",
)


def transitions_sections(fit: Fit, reference: str | None, ci_prob: float) -> list[Section]:
    """The section of a fit to several waves, none of another."""
    if not fit.supports("transition_probabilities", "stayers_and_movers"):
        return []
    paths = paths_of(fit)
    formula = fit.attributes[of_transition("formula")]
    steps = "the same for all steps" if paths.equal_over_time else "of their own in every step"
    design = (
        f"Waves {', '.join(paths.waves)}; persons missed {fit.attributes[N_MISSED_WAVES]} of "
        f"{fit.n_respondents * len(paths.waves)} waves. Transitions have formula {formula} and constants {steps}."
    )
    blocks: list[Block] = [
        Paragraph(f"{design} {SPACING} {READING}"),
        Table("transition_probabilities", "Transition probabilities", transition_probabilities(fit, ci_prob=ci_prob)),
        Table("stayers_and_movers", "Stayers and movers", stayers_and_movers(fit, ci_prob=ci_prob)),
        Picture(
            "Who moves",
            "Bars of the classes at every wave joined by ribbons as wide as the share of persons who go from one to "
            "the other, and the probability of every move with its interval; the numbers are in the tables above.",
            drawn(plot_transitions, fit, ci_prob=ci_prob),
        ),
    ]
    if TRANSITION_SLOPE in fit.posterior:
        table = transition_odds_ratios(fit, reference, ci_prob=ci_prob)
        blocks += [Paragraph(ODDS), Table("transition_odds_ratios", "Odds ratios of moving", table)]
    if paths.transition_groupings and not fit.has_regression:
        table = heterogeneity(fit, reference, ci_prob=ci_prob)
        blocks.append(Table("heterogeneity", "How much groups differ: posterior medians", table))
    return [Section(ANCHOR, TITLE, STEPS, blocks, references=REFERENCES)]
