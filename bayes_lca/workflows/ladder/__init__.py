"""Covariates of latent classes in one, two and three steps, side by side."""
