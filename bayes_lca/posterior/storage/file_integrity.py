"""Files of fits before they are read: are they what was written, and can they be read without harm."""

import hashlib
import os
import re
from collections.abc import Buffer
from contextlib import suppress
from pathlib import Path

import h5py

try:
    import resource
except ImportError:  # systems that are no Unix set no limits
    resource = None

SEAL = re.compile(rb"bayes_lca sha256 ([0-9a-f]{64})\n")
SEAL_SIZE = len(b"bayes_lca sha256 ") + 64 + 1
READ_AT_ONCE = 2**22

DEFLATE, SHUFFLE, FLETCHER32 = 1, 2, 3
LARGEST_DEPTH = 8
STRONGEST_COMPRESSION = 1032
"""Bytes that one byte compressed by deflate can stand for at the most."""
OF_CONTAINER = Path("/sys/fs/cgroup/memory.max")
SMALL = 2**20
"""Bytes that may stand in a file without having been written, as in an empty variable."""


class UnreadableFileError(ValueError):
    """The file is no fit, or not the one that was saved."""


def seal(content: Buffer) -> bytes:
    """SHA-256 of the content of a file, to be written at its end, behind what HDF5 reads."""
    return b"bayes_lca sha256 " + hashlib.sha256(content).hexdigest().encode() + b"\n"


def check_seal(path: Path) -> bool:
    """Refuse a file that is not the one that was sealed; one without a seal is not judged.

    Returns
    -------
    bool
        Whether there is a seal.

    Raises
    ------
    UnreadableFileError
        If the content was changed, by a damaged disk for example.
    """
    size = path.stat().st_size - SEAL_SIZE
    if size < 0:
        return False
    with open(path, "rb") as file:
        file.seek(size)
        seal = SEAL.fullmatch(file.read())
    if seal and seal[1].decode() != _digest(path, size):
        raise UnreadableFileError(
            "its checksum is not that of the content that was saved, so the file was damaged or changed; take it from "
            "a backup, or fit again"
        )
    return seal is not None


def check_hdf5(path: Path) -> None:
    """Refuse an HDF5 file that reads other files, would not fit into memory, or holds other than numbers and text.

    Raises
    ------
    UnreadableFileError
    """
    with h5py.File(path, "r") as file:
        total = _bytes_in(file, 0)
    memory = _memory()
    if memory is not None and total > memory:
        has = f"this machine has {memory / 2**30:.1f} GB for it"
        raise UnreadableFileError(f"it declares {total / 2**30:.1f} GB, and {has}")


def _bytes_in(group: h5py.Group, depth: int) -> int:
    """Bytes that all datasets of a group will take."""
    if depth > LARGEST_DEPTH:
        raise UnreadableFileError(f"its groups are nested more than {LARGEST_DEPTH} deep")
    total = 0
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise UnreadableFileError(f"{group.name}/{name} is a link to another place or file")
        member = group[name]
        if isinstance(member, h5py.Group):
            total += _bytes_in(member, depth + 1)
        elif isinstance(member, h5py.Dataset):
            total += _bytes_of(member)
        else:
            raise UnreadableFileError(f"{group.name}/{name} is neither a group nor a variable")
    return total


def _bytes_of(dataset: h5py.Dataset) -> int:
    settings = dataset.id.get_create_plist()
    if dataset.is_virtual or settings.get_external_count():
        raise UnreadableFileError(f"{dataset.name} takes its values from other files")
    filters = {settings.get_filter(place)[0] for place in range(settings.get_nfilters())}
    if not filters <= {DEFLATE, SHUFFLE, FLETCHER32}:
        raise UnreadableFileError(f"{dataset.name} is stored by a filter that no fit is stored by")
    text = h5py.check_string_dtype(dataset.dtype) is not None
    if dataset.dtype.kind not in "fiub" and not text:
        raise UnreadableFileError(f"{dataset.name} holds {dataset.dtype}, neither numbers nor text")
    size = dataset.size if dataset.shape is not None else 0
    declared, stored = size * dataset.dtype.itemsize, dataset.id.get_storage_size()
    if declared > STRONGEST_COMPRESSION * stored + SMALL:
        raise UnreadableFileError(f"{dataset.name} declares {size:,} values, more than its {stored:,} bytes can hold")
    return declared


def _digest(path: Path, size: int) -> str:
    """SHA-256 of the first bytes of a file."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while size > 0:
            part = file.read(min(READ_AT_ONCE, size))
            digest.update(part)
            size -= len(part)
            if not part:
                break
    return digest.hexdigest()


def _memory() -> int | None:
    """Bytes of memory that this process may take, where the system tells: of the machine, its container, its limit."""
    limits = []
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(OSError, ValueError):
        limits.append(int(OF_CONTAINER.read_text()))
    if resource is not None and (allowed := resource.getrlimit(resource.RLIMIT_AS)[0]) != resource.RLIM_INFINITY:
        limits.append(allowed)
    return min(limits, default=None)
