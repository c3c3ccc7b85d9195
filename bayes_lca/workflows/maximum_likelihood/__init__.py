"""Latent classes by maximum likelihood, with the tables that other programs print."""
