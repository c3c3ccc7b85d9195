"""Attributes that say whether a fit holds the rows of its respondents, and what is known of them where it does not."""

HOLDS_RESPONDENTS = "holds_respondents"
LOG_LIKELIHOOD_DIAGNOSTICS = "log_likelihood_diagnostics"
GROUP_SIZES = "group_sizes"
DATA_SETS, DATA_SET_OF_CHAIN = "data_sets", "data_set_of_chain"
"""Of draws that are stacked over several completed data sets: what is known of the fit of each, and the data set of
each chain, from 0 on, by its number."""
