"""One data set of a design, analysed in every way."""

import numpy as np
from threadpoolctl import threadpool_limits

from bayes_lca.calibration.kit.seeds import replicate_seeds
from bayes_lca.calibration.waves_outcomes_weights.analyses import Analyses
from bayes_lca.calibration.waves_outcomes_weights.design import Design


def run_replicate(design: Design, replicate: int, *, seed: int) -> dict[str, list[dict]]:
    """Simulate one data set and analyse it.

    What is drawn depends on `seed`, the design and `replicate` alone. Compiled models are kept for the next data set in
    the same process.

    Parameters
    ----------
    design : Design
    replicate : int
        Number of the data set, from 0 on.
    seed : int
        Seed of the study.

    Returns
    -------
    dict
        ``intervals`` and ``fits``, rows of `Analyses` with ``design`` and ``replicate``.

    Examples
    --------
    >>> from bayes_lca.calibration.waves_outcomes_weights.weights import WeightsDesign
    >>> found = run_replicate(WeightsDesign(strata=3, clusters=6, draws=50), 0, seed=1)
    >>> len(found["intervals"]), len(found["fits"])
    (8, 2)
    """
    data_seed, analysis_seed = replicate_seeds(seed, design.name, replicate)
    frame, truth = design.simulate(np.random.Generator(np.random.PCG64(data_seed)))
    analyses = Analyses()
    with threadpool_limits(1):  # sums of several threads differ in the last digit with the number of threads
        design.analyse(analyses, frame, truth, analysis_seed)
    cell = {"design": design.name, "replicate": replicate}
    return {"intervals": [cell | row for row in analyses.estimates], "fits": [cell | row for row in analyses.fits]}
