"""Seeds of a replicate, whatever else is run and in which order."""

import hashlib

import numpy as np


def replicate_seeds(seed: int, design: str, *numbers: int) -> tuple[np.random.SeedSequence, int]:
    """Seeds of the data and of the analysis.

    Parameters
    ----------
    seed : int
        Of the study.
    design : str
        Name of the part of the study.
    *numbers : int
        Which data set of the design, each 0 or larger.

    Returns
    -------
    data : numpy.random.SeedSequence
    analysis : int
        Below 2 ** 32.

    Examples
    --------
    >>> replicate_seeds(1, "observed", 0)[1] == replicate_seeds(1, "observed", 1)[1]
    False
    """
    name = int.from_bytes(hashlib.sha256(design.encode()).digest()[:4])
    data, analysis = np.random.SeedSequence(seed, spawn_key=(name, *numbers)).spawn(2)
    return data, int(analysis.generate_state(1)[0])
