import bayes_lca as bl

measured = bl.load_example("alone")
table = bl.stepwise_outcome(measured, "attitude", bl.example_survey())
figure = bl.plot_outcome(table)
