import bayes_lca as bl

items = bl.Items(bl.cohort_items())
counted = bl.count_classes(items, bl.load_cohort(), range(1, 6))
figure = bl.plot_class_counts(counted)
