"""All bugs that are planted, layer after layer."""

from mutations.common_method import COMMON_METHOD
from mutations.confirmatory import CONFIRMATORY
from mutations.data import DATA
from mutations.density import DENSITY
from mutations.doors import DOORS
from mutations.likelihood import LIKELIHOOD
from mutations.measurement import MEASUREMENT
from mutations.moves import MOVES
from mutations.mutation import Mutation
from mutations.numbers import NUMBERS
from mutations.posterior import POSTERIOR
from mutations.priors import PRIORS
from mutations.storage_and_reporting import STORAGE_AND_REPORTING
from mutations.structural import STRUCTURAL
from mutations.summaries import SUMMARIES
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
    *DENSITY,
    *POSTERIOR,
    *SUMMARIES,
    *WORKFLOWS,
    *STORAGE_AND_REPORTING,
)
