"""The one door to a fit: what was written into its tree read back once, and the parts of models in NumPy."""
