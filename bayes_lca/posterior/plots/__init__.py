"""Pictures of a fit, and of fits beside each other."""
