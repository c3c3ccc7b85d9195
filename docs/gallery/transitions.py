import bayes_lca as bl

draws = bl.load_example("waves")
figure = bl.plot_transitions(draws)
