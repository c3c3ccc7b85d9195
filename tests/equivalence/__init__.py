"""Quantities of bayes_lca beside those of other programs and publications, a module for every source."""
