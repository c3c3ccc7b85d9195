import bayes_lca as bl

<<<<<<< HEAD
figure = bl.plot_transitions(bl.load_example("waves"))
=======
draws = bl.load_example("waves")
figure = bl.plot_transitions(draws)
>>>>>>> wt-I
