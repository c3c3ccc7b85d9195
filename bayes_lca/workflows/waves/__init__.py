"""Latent transitions by maximum likelihood: numbers of classes, and items that are equal or free over waves."""
