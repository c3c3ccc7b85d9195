"""What goes with the classes: predictions, marginal effects, groups compared, populations."""
