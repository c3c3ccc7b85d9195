import bayes_lca as bl

draws = bl.load_example()
figure = bl.plot_random_intercepts(draws)
