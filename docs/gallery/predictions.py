import bayes_lca as bl

draws = bl.load_example()
figure = bl.plot_predictions(draws, "participation")
