"""Structural parts: how likely each class is for each respondent."""
