"""The command `bayes-lca`: from a file of survey answers to tables, pictures and one page."""
