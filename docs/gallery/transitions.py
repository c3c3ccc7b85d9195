import bayes_lca as bl

figure = bl.plot_transitions(bl.load_example("waves"))
