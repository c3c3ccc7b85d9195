"""Whether a tree that was read from a file is a fit, so that no table is made from something else."""

import json
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr

from bayes_lca.dims import (
    CATEGORY,
    CLASS,
    CLASS_SHARE,
    COUNT,
    ITEM,
    ITEM_PROBABILITY,
    PATTERN,
    PATTERN_OF_RESPONDENT,
    PATTERN_OF_TABLE_ROW,
    RESPONDENT,
    ROW_OF_RESPONDENT,
)
from bayes_lca.fitted.fit import Fit
from bayes_lca.fitted.record import AXES, ENCODING, LAYOUT, PATTERNS, TABLE, respondents_of
from bayes_lca.fitted.respondents import (
    DATA_SET_OF_CHAIN,
    DATA_SETS,
    GROUP_SIZES,
    HOLDS_RESPONDENTS,
    LOG_LIKELIHOOD_DIAGNOSTICS,
)
from bayes_lca.fitted.survey_record import SURVEY, UNCORRECTED
from bayes_lca.posterior.storage.file_integrity import UnreadableFileError
from bayes_lca.posterior.storage.places import check_counted, check_places, check_whole
from bayes_lca.posterior.storage.without_respondents import AXES_OF_ROWS

COUNTS = ("n_respondents", "n_dropped", "n_missing_answers")
LISTS = (
    *("groupings", "labels", "chain_modes", "em_log_likelihoods", "em_starts_by_mode", LOG_LIKELIHOOD_DIAGNOSTICS),
    *("mode_log_evidence", "start_weights", "chains_by_start", DATA_SETS, DATA_SET_OF_CHAIN),
)
MAPPINGS = ("specification", AXES, "levels", "versions", GROUP_SIZES)
ROUNDING = 1e-6
SHOWN = 200
"""Letters of an attribute that a message shows."""


class OtherLayoutError(UnreadableFileError):
    """The file is a fit, in a layout that this version does not read."""


def check_fit(draws: xr.DataTree) -> None:
    """Refuse a tree that lacks what every fit has, or holds what no fit can have.

    Raises
    ------
    UnreadableFileError
        Naming what is wrong, and the version of the package that wrote the fit where it is another.
    """
    try:
        _check_attributes(draws)
        _check_draws(draws)
        _check_rows(draws)
        check_posterior(draws)
        _check_likelihood(draws)
    except UnreadableFileError as error:
        raise type(error)(f"{error}{_other_version(draws)}") from error


def _check_attributes(draws: xr.DataTree) -> None:
    attributes = draws.attrs
    if attributes.get("layout") != LAYOUT:
        is_fit = {"model", *COUNTS} <= set(attributes) and {"chain", "draw"} <= set(draws["posterior"].sizes)
        raise (OtherLayoutError if is_fit else UnreadableFileError)(
            f"it has layout {attributes.get('layout', 1)}, which another version of bayes-lca wrote, and this version "
            f"reads layout {LAYOUT}; fit again, or read it with the version that wrote it"
        )
    required = ("model", "specification", AXES, "formula", "groupings", "levels", "labels", *COUNTS)
    if lacking := [name for name in required if name not in attributes]:
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
                raise UnreadableFileError(f"its {name} is {shown(attributes[name])}, no {kind.__name__}")
    if not all(isinstance(of_item, list) for of_item in json.loads(attributes["labels"])):
        raise UnreadableFileError(f"its labels are {shown(attributes['labels'])}, no list for each item")
    if not all(isinstance(name, str) for name in json.loads(attributes["groupings"])):
        raise UnreadableFileError(f"its groupings are {attributes['groupings']!r}, no names")


def _json(name: str, text):
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise UnreadableFileError(f"its {name} is {shown(text)}, which is not JSON") from error


def shown(value) -> str:
    """What a file has in place of what was written, as far as a message shows it."""
    text = repr(value)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _check_draws(draws: xr.DataTree) -> None:
    """Whether there are draws, of as many items as have labels."""
    posterior = draws["posterior"]
    if not {"chain", "draw"} <= set(posterior.dims) or not posterior.data_vars:
        raise UnreadableFileError("its posterior has no chains of draws")
    if not all(posterior.sizes.values()):
        raise UnreadableFileError(f"its posterior is empty: {dict(posterior.sizes)}")
    if ITEM in posterior.sizes and len(json.loads(draws.attrs["labels"])) != posterior.sizes[ITEM]:
        raise UnreadableFileError(f"it has labels of other than its {posterior.sizes[ITEM]} items")


def check_posterior(draws: xr.DataTree) -> None:
    """Whether draws are those of the model that it names, and numbers that its variables can be."""
    posterior = draws["posterior"]
    variables = _known(draws, lambda fit: fit.answer_variables)
    if lacking := [name for name in variables if name not in posterior]:
        raise UnreadableFileError(f"its posterior lacks {', '.join(lacking)}, on which the answers depend")
    for name, values in posterior.data_vars.items():
        if values.dims[:2] != ("chain", "draw") or values.dtype.kind not in "fi":
            raise UnreadableFileError(f"its {name} has dims {values.dims} of {values.dtype}, no draws of numbers")
        numbers = values.to_numpy()
        gone = np.isnan(numbers)
        if np.isinf(numbers).any() or (gone != gone[:1, :1]).any() or (gone.any() and CATEGORY not in values.dims):
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


def _check_likelihood(draws: xr.DataTree) -> None:
    """Whether draws and rows belong to each other, so that a row has a likelihood at a draw."""
    if not draws.attrs.get(HOLDS_RESPONDENTS, 1):
        return
    first = np.array([0])
    try:
        with np.errstate(all="ignore"):
            value = Fit.reading(draws, "load").log_likelihood_in(first, first)
    except KeyError as error:
        raise UnreadableFileError(f"it lacks what its likelihood depends on: {error}") from error
    except (IndexError, TypeError, AttributeError, ValueError) as error:
        raise UnreadableFileError(f"its draws do not belong to its rows: {error}") from error
    if np.isnan(value).any():
        raise UnreadableFileError("its first row has no likelihood at its first draw")


def _known(draws: xr.DataTree, ask: Callable[[Fit], Any]) -> Any:
    """What the model that a file names says of it."""
    try:
        return ask(Fit.reading(draws, "load"))
    except ValueError as error:
        raise UnreadableFileError(str(error)) from error
    except KeyError as error:
        raise UnreadableFileError(f"it lacks {error}, on which its model depends") from error


def _check_rows(draws: xr.DataTree) -> None:
    """Whether it holds as much about respondents as it says."""
    wanted, n = [ENCODING], draws.attrs["n_respondents"]
    holds_respondents = bool(draws.attrs.get(HOLDS_RESPONDENTS, 1))
    if holds_respondents:
        wanted += [PATTERNS, "sample_stats", *([SURVEY, UNCORRECTED] if SURVEY in draws.attrs else [])]
    elif GROUP_SIZES not in draws.attrs or LOG_LIKELIHOOD_DIAGNOSTICS not in draws.attrs:
        raise UnreadableFileError("it holds no respondents, and no counts of them either")
    else:
        _refuse_rows(draws)
    if lacking := [name for name in wanted if name not in draws.children]:
        raise UnreadableFileError(f"it lacks {', '.join(lacking)}")
    for name in json.loads(draws.attrs["groupings"]):
        if name not in draws[ENCODING].coords or name not in draws["posterior"].coords:
            raise UnreadableFileError(f"it lacks the groups of {name!r}")
    for name, node in draws.children.items():
        if node.sizes.get(RESPONDENT, n) != n:
            raise UnreadableFileError(f"its {name} has {node.sizes[RESPONDENT]} respondents, and the fit {n}")
        if (
            holds_respondents
            and node.sizes.get(PATTERN, draws[PATTERNS].sizes[PATTERN]) != draws[PATTERNS].sizes[PATTERN]
        ):
            raise UnreadableFileError(f"its {name} has other rows than its {PATTERNS}")
        for axis in ("chain", "draw"):
            if node.sizes.get(axis, draws["posterior"].sizes[axis]) != draws["posterior"].sizes[axis]:
                raise UnreadableFileError(f"its {name} has other {axis}s than its posterior")
    if holds_respondents:
        _check_patterns(draws, n)


def _refuse_rows(draws: xr.DataTree) -> None:
    """Refuse rows of respondents in a fit that says that it holds none."""
    for node in draws.subtree:
        for name, values in node.to_dataset(inherit=False).variables.items():
            if rows := set(AXES_OF_ROWS) & {str(name), *values.dims}:
                raise UnreadableFileError(
                    f"it says that it holds no respondents, and {name!r} in {node.path!r} has a value for each "
                    f"{rows.pop()}; save the fit again with respondents=False"
                )


def _check_patterns(draws: xr.DataTree, n_respondents: int) -> None:
    """Whether respondents and distinct rows belong to each other."""
    counted = TABLE in draws.children
    if counted and PATTERN_OF_TABLE_ROW not in draws[TABLE]:
        raise OtherLayoutError(f"its {TABLE} does not say which distinct row each of its rows is; fit again")
    wanted = {PATTERNS: (COUNT, *(() if counted else (PATTERN_OF_RESPONDENT, ROW_OF_RESPONDENT)))}
    wanted |= {TABLE: (COUNT,)} if counted else {}
    for group, names in wanted.items():
        if lacking := [name for name in names if name not in draws[group]]:
            raise UnreadableFileError(f"its {group} lack {', '.join(lacking)}")
    if counted:
        check_counted(draws, n_respondents)
    pattern, count = respondents_of(draws)[PATTERN_OF_RESPONDENT].to_numpy(), draws[PATTERNS][COUNT].to_numpy()
    check_whole(PATTERN_OF_RESPONDENT, pattern, 0, len(count))
    if len(pattern) != n_respondents or not np.array_equal(np.bincount(pattern, minlength=len(count)), count):
        raise UnreadableFileError(f"its {n_respondents} respondents are not those that its distinct rows count")
    check_places(draws, _known(draws, lambda fit: fit.kind.observed))


def _other_version(draws: xr.DataTree) -> str:
    try:
        wrote = json.loads(draws.attrs["versions"])["bayes-lca"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return ""
    here = version("bayes-lca")
    if wrote == here:
        return ""
    return f"; bayes-lca {wrote} wrote it, and this is {here}: read it with that version, or fit again"
