"""A study in one file, a line for each finished replicate."""

import errno
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from bayes_lca.file_lock import lock

LONGEST_LINE = 2**20
"""Bytes of a replicate, most of which have a few hundred."""


def read_lines(path: str | os.PathLike, key: Sequence[str], **made_by: object) -> dict[tuple, dict]:
    """Replicates there are, each once, by their key.

    The end of a line that a killed process left is no replicate.

    Parameters
    ----------
    path : str or path
        If there is no such file, there are no replicates.
    key : sequence of str
        Entries by which replicates are told apart; of those with the same, as of two processes that ran at once, the
        first counts.
    **made_by
        Entries that a replicate must have, such as the version of the code; others are left aside.

    Returns
    -------
    dict of tuple to dict

    Raises
    ------
    ValueError
        If a line is no replicate; it names file and line.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "fits.jsonl"
    >>> add_line(path, {"seed": 1, "warned": False, "code": "a1"})
    >>> add_line(path, {"seed": 2, "warned": True, "code": "b2"})
    >>> read_lines(path, ["seed"], code="b2")
    {(2,): {'seed': 2, 'warned': True, 'code': 'b2'}}
    """
    path = Path(path)
    *lines, last = path.read_bytes().split(b"\n") if path.exists() else [b""]
    replicates: dict[tuple, dict] = {}
    for number, line in enumerate([*lines, last] if _is_whole(last) else lines, start=1):
        try:
            replicate = json.loads(line)
            identity = tuple(replicate[name] for name in key)
            if all(replicate.get(name) == value for name, value in made_by.items()):
                replicates.setdefault(identity, replicate)
        except (ValueError, TypeError, KeyError) as error:
            raise ValueError(
                f"line {number} of {os.fspath(path)!r} is no replicate with {', '.join(key)}, so the file was damaged "
                "or changed; take the line out, and its replicate is run again"
            ) from error
    return replicates


def add_line(path: str | os.PathLike, replicate: Mapping) -> None:
    """Write a replicate at the end of a file, whole or not at all, whatever other processes do at the same time.

    Raises
    ------
    OSError
        If it cannot be written; what was there before is unchanged.
    """
    path, line = Path(path), (json.dumps(dict(replicate)) + "\n").encode()
    try:
        file = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
        try:
            lock(file, wait=True)
            _write_at_end(file, line)
        finally:
            os.close(file)
    except OSError as error:
        message = f"not written, and what was there before is unchanged: {error.strerror or error}"
        raise OSError(error.errno or errno.EIO, message, os.fspath(path)) from error


def _write_at_end(file: int, line: bytes) -> None:
    """In place of the half line of a killed process, if there is one."""
    end = _end_of_lines(file)
    os.lseek(file, end, os.SEEK_SET)
    last = os.read(file, LONGEST_LINE)
    if _is_whole(last):  # an editor has taken the end of the last line away
        end, line = end + len(last), b"\n" + line
    os.ftruncate(file, end)
    try:
        while line:
            os.lseek(file, 0, os.SEEK_END)
            line = line[os.write(file, line) :]
        os.fsync(file)
    except BaseException:
        os.ftruncate(file, end)
        raise


def _is_whole(line: bytes) -> bool:
    """Whether it is an object of JSON, of which no beginning is one."""
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _end_of_lines(file: int) -> int:
    """Bytes up to the end of the last line that has one."""
    end = os.lseek(file, 0, os.SEEK_END)
    while end > 0:
        start = max(end - LONGEST_LINE, 0)
        os.lseek(file, start, os.SEEK_SET)
        if (place := os.read(file, end - start).rfind(b"\n")) >= 0:
            return start + place + 1
        end = start
    return 0
