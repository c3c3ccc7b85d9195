import bayes_lca as bl

check = bl.check_items(bl.load_example("alone"))
figure = bl.plot_check_items(check, figsize=(6.5, 3.4))
