"""The models, each one file that reads like the paper."""

from bayes_lca.models.assigned_class import AssignedClass
from bayes_lca.models.latent_class import LatentClass
from bayes_lca.models.latent_transition import LatentTransition
from bayes_lca.models.multinomial import Multinomial

__all__ = ["AssignedClass", "LatentClass", "LatentTransition", "Multinomial"]
