import bayes_lca as bl

draws = bl.load_example()
figure = bl.plot_odds_ratios(draws, reference="C1")
