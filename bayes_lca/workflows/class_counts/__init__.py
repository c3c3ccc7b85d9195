"""How many classes: criteria, tests, posteriors, and a recommendation in words."""
