"""All bugs that are planted, layer after layer."""

from mutations.common_method import COMMON_METHOD
from mutations.confirmatory import CONFIRMATORY
from mutations.data import DATA
from mutations.density import DENSITY
from mutations.doors import DOORS
from mutations.group_classes import GROUP_CLASSES
from mutations.group_profiles import GROUP_PROFILES
from mutations.likelihood import LIKELIHOOD
from mutations.measurement import MEASUREMENT
from mutations.moves import MOVES
from mutations.mutation import Mutation
from mutations.numbers import NUMBERS
from mutations.outcomes import OUTCOMES
from mutations.pictures import PICTURES
from mutations.population_profiles import POPULATION_PROFILES
from mutations.posterior import POSTERIOR
from mutations.priors import PRIORS
from mutations.storage_and_reporting import STORAGE_AND_REPORTING
from mutations.structural import STRUCTURAL
from mutations.summaries import SUMMARIES
from mutations.survey import SURVEY
from mutations.transitions import TRANSITIONS
from mutations.wave_checks import WAVE_CHECKS
from mutations.weighted_pairs import WEIGHTED_PAIRS
from mutations.workflows import WORKFLOWS

MUTATIONS: tuple[Mutation, ...] = (
    *DATA,
    *MEASUREMENT,
    *COMMON_METHOD,
    *NUMBERS,
    *PRIORS,
    *CONFIRMATORY,
    *STRUCTURAL,
    *LIKELIHOOD,
    *DOORS,
    *MOVES,
    *TRANSITIONS,
    *WAVE_CHECKS,
    *DENSITY,
    *GROUP_CLASSES,
    *GROUP_PROFILES,
    *POPULATION_PROFILES,
    *PICTURES,
    *POSTERIOR,
    *SUMMARIES,
    *SURVEY,
    *WEIGHTED_PAIRS,
    *WORKFLOWS,
    *OUTCOMES,
    *STORAGE_AND_REPORTING,
)
