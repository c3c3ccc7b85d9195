"""Whether a tree that was read from a file is a fit, so that no table is made from something else."""

import json
from importlib.metadata import version

import numpy as np
import xarray as xr

from bayes_lca.dims import CATEGORY, CLASS, CLASS_SHARE, ITEM, ITEM_PROBABILITY, RESPONDENT
from bayes_lca.fitted.respondents import GROUP_SIZES, LOG_LIKELIHOOD_DIAGNOSTICS, holds_respondents
from bayes_lca.posterior.storage.file_integrity import UnreadableFileError

COUNTS = ("n_respondents", "n_dropped", "n_missing_answers")
LISTS = ("groupings", "labels", "chain_modes", "em_log_likelihoods", "em_starts_by_mode", LOG_LIKELIHOOD_DIAGNOSTICS)
MAPPINGS = ("levels", "versions", GROUP_SIZES)
ROUNDING = 1e-6


def check_fit(draws: xr.DataTree) -> None:
    """Refuse a tree that lacks what every fit has, or holds what no fit can have.

    Raises
    ------
    UnreadableFileError
        Naming what is wrong, and the version of the package that wrote the fit where it is another.
    """
    try:
        _check_attributes(draws)
        _check_posterior(draws)
        _check_rows(draws)
    except UnreadableFileError as error:
        raise UnreadableFileError(f"{error}{_other_version(draws)}") from error


def _check_attributes(draws: xr.DataTree) -> None:
    attributes = draws.attrs
    if lacking := [name for name in ("formula", "groupings", "levels", "labels", *COUNTS) if name not in attributes]:
        raise UnreadableFileError(f"it lacks {', '.join(lacking)}")
    if not isinstance(attributes["formula"], str):
        raise UnreadableFileError(f"its formula is {attributes['formula']!r}, no text")
    for name in COUNTS:
        value = np.asarray(attributes[name])
        if value.shape != () or value.dtype.kind not in "iu" or value < 0:
            raise UnreadableFileError(f"its {name} is {attributes[name]!r}, no whole number")
    for kind, names in ((list, LISTS), (dict, MAPPINGS)):
        for name in names:
            if name in attributes and not isinstance(_json(name, attributes[name]), kind):
                raise UnreadableFileError(f"its {name} is {attributes[name]!r}, no {kind.__name__}")
    if not all(isinstance(name, str) for name in json.loads(attributes["groupings"])):
        raise UnreadableFileError(f"its groupings are {attributes['groupings']!r}, no names")


def _json(name: str, text):
    try:
        return json.loads(text)
    except (TypeError, ValueError) as error:
        raise UnreadableFileError(f"its {name} is {text!r}, which is not JSON") from error


def _check_posterior(draws: xr.DataTree) -> None:
    posterior = draws["posterior"]
    if not {"chain", "draw"} <= set(posterior.dims) or not posterior.data_vars:
        raise UnreadableFileError("its posterior has no chains of draws")
    if not all(posterior.sizes.values()):
        raise UnreadableFileError(f"its posterior is empty: {dict(posterior.sizes)}")
    if (CLASS in posterior.dims) != (ITEM_PROBABILITY in posterior):
        raise UnreadableFileError("its classes have no probabilities of answers")
    for name, values in posterior.data_vars.items():
        if values.dims[:2] != ("chain", "draw") or values.dtype.kind not in "fi":
            raise UnreadableFileError(f"its {name} has dims {values.dims} of {values.dtype}, no draws of numbers")
        numbers = values.to_numpy()
        gone = np.isnan(numbers)
        if np.isinf(numbers).any() or (gone != gone[:1, :1]).any() or (gone.any() and name != ITEM_PROBABILITY):
            raise UnreadableFileError(f"its {name} holds draws that are no numbers")
    for name in (ITEM_PROBABILITY, CLASS_SHARE):
        if name in posterior and not posterior[name].min() >= -ROUNDING:
            raise UnreadableFileError(f"its {name} is negative in some draws, so it is no probability")
    if ITEM_PROBABILITY in posterior:
        values = posterior[ITEM_PROBABILITY]
        if set(values.dims) != {"chain", "draw", CLASS, ITEM, CATEGORY}:
            raise UnreadableFileError(f"its {ITEM_PROBABILITY} has dims {values.dims}")
        if float(np.abs(values.sum(CATEGORY) - 1).max()) > ROUNDING:
            raise UnreadableFileError(f"its {ITEM_PROBABILITY} does not add up to 1 over categories")
        if len(json.loads(draws.attrs["labels"])) != posterior.sizes[ITEM]:
            raise UnreadableFileError(f"it has labels of other than its {posterior.sizes[ITEM]} items")


def _check_rows(draws: xr.DataTree) -> None:
    """Whether it holds as much about respondents as it says."""
    wanted = ["constant_data"]
    if holds_respondents(draws):
        wanted += ["observed_data", "log_likelihood", "sample_stats"]
    elif GROUP_SIZES not in draws.attrs or LOG_LIKELIHOOD_DIAGNOSTICS not in draws.attrs:
        raise UnreadableFileError("it holds no respondents, and no counts of them either")
    if lacking := [name for name in wanted if name not in draws.children]:
        raise UnreadableFileError(f"it lacks {', '.join(lacking)}")
    for name in json.loads(draws.attrs["groupings"]):
        if name not in draws["constant_data"].coords or name not in draws["posterior"].coords:
            raise UnreadableFileError(f"it lacks the groups of {name!r}")
    n = draws.attrs["n_respondents"]
    for name, node in draws.children.items():
        if node.sizes.get(RESPONDENT, n) != n:
            raise UnreadableFileError(f"its {name} has {node.sizes[RESPONDENT]} respondents, and the fit {n}")
        for axis in ("chain", "draw"):
            if node.sizes.get(axis, draws["posterior"].sizes[axis]) != draws["posterior"].sizes[axis]:
                raise UnreadableFileError(f"its {name} has other {axis}s than its posterior")


def _other_version(draws: xr.DataTree) -> str:
    try:
        wrote = json.loads(draws.attrs["versions"])["bayes-lca"]
    except (KeyError, TypeError, ValueError):
        return ""
    here = version("bayes-lca")
    if wrote == here:
        return ""
    return f"; bayes-lca {wrote} wrote it, and this is {here}: read it with that version, or fit again"
