"""Log densities of PyMC models as programs that run without Python, for the sampler."""
