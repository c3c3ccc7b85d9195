"""Transitions between waves, outcomes of classes, survey weights: how often intervals and tests err."""
