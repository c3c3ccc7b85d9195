import bayes_lca as bl
from bayes_lca.models import LatentClass

lca = LatentClass(2, bl.Items(["training", "recognition", "expertise"]))
expected = bl.prior_predictive(lca, bl.example_survey())
figure = bl.plot_prior_predictive(expected)
