"""Fits in files: whole, exact, and what of them may be passed on."""
