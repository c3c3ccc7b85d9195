import bayes_lca as bl

draws = bl.load_example()
figure = bl.plot_profiles(draws, category="all")
