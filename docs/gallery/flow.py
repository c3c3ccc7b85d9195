import bayes_lca as bl

fits = {"alone": bl.load_example("alone"), "with covariates": bl.load_example()}
figure = bl.plot_structures(fits, "flow")
