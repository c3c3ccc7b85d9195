"""Attributes that say whether a fit holds the rows of its respondents, and what is known of them where it does not."""

HOLDS_RESPONDENTS = "holds_respondents"
LOG_LIKELIHOOD_DIAGNOSTICS = "log_likelihood_diagnostics"
GROUP_SIZES = "group_sizes"
