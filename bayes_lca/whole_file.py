"""Files that are whole or not there: written beside their place, then renamed."""

import errno
import hashlib
import os
import platform
import re
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from bayes_lca.file_lock import lock

UNFINISHED = re.compile(r"\..+\.(?:(?P<machine>\w*)-)?\d+-\d+\.unfinished")
MACHINE = hashlib.sha256(os.fsencode(platform.node())).hexdigest()[:12]
"""A short name of this machine, of the whole of its own: nodes of a cluster begin with the same letters."""
LEFT_BEHIND = 3600.0
"""Seconds after which nobody writes to an unfinished file of another machine any more: its process was killed."""


def write_whole(path: str | os.PathLike, write: Callable[[Path], object], *, replace: bool = True) -> None:
    r"""Write a file so that an older one stays whole until the new one is on the disk.

    What killed processes left unfinished in the folder is removed: of this machine at once, of others where it is of
    another hour.

    Parameters
    ----------
    path : str or path
    write : callable
        Takes the path of an unfinished file beside it, and writes that.
    replace : bool, default True
        Whether a file that is there is replaced. If not, the first of several processes writes it.

    Raises
    ------
    FileExistsError
        If the file is there, and not to be replaced.
    OSError
        If the file cannot be written: no space left, no permission, no such folder. It names `path`, and what was
        there before is unchanged.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "table.csv"
    >>> write_whole(path, lambda unfinished: unfinished.write_text("a,b\n"))
    >>> path.read_text()
    'a,b\n'
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, f"no folder {os.fspath(path.parent)!r}; make it first", os.fspath(path))
    try:
        _remove_left_behind(path.parent.resolve())
        with _unfinished(path) as unfinished:
            write(unfinished)
            with open(unfinished, "rb+") as written:
                os.fsync(written.fileno())
            if replace:
                os.replace(unfinished, path)
            else:
                _link(unfinished, path)
    except FileExistsError:
        raise
    except OSError as error:
        raise _not_written(path, error) from error


def write_text_whole(path: str | os.PathLike, text: str, *, replace: bool = True) -> None:
    """Write text in the same way."""
    write_whole(path, lambda unfinished: unfinished.write_text(text, encoding="utf-8"), replace=replace)


def check_writable(path: str | os.PathLike) -> None:
    """Refuse a place where no file can be written, before the work that is to be kept there.

    Raises
    ------
    OSError
        As `write_whole` would.
    """
    path = Path(path)
    try:
        with _unfinished(path):
            pass
    except OSError as error:
        raise _not_written(path, error) from error


def _not_written(path: Path, error: OSError) -> OSError:
    message = f"not written, and what was there before is unchanged: {error.strerror or error}"
    return OSError(error.errno or errno.EIO, message, os.fspath(path))


@contextmanager
def _unfinished(path: Path) -> Generator[Path]:
    """An empty file beside a path, removed afterwards, that other processes know to be written to."""
    unfinished = path.with_name(f".{path.name}.{MACHINE}-{os.getpid()}-{threading.get_ident()}.unfinished")
    file = _create_locked(unfinished)
    try:
        yield unfinished
    finally:
        if file is not None:
            os.close(file)
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def _create_locked(unfinished: Path) -> int | None:
    """Make a file, and lock it where that can be done until it is closed or this process ends, however it ends."""
    while True:
        file = os.open(unfinished, os.O_CREAT | os.O_RDWR, 0o666)
        locked = lock(file, wait=False)
        with suppress(FileNotFoundError):
            if locked and os.path.samestat(os.fstat(file), unfinished.stat()):
                return file
        os.close(file)
        if locked is None:
            return None
        time.sleep(0.01)  # another process takes it for one that was left behind, as it was not locked yet


def _link(unfinished: Path, path: Path) -> None:
    """Give a file its name where no file has it."""
    try:
        os.link(unfinished, path)
    except FileExistsError:
        raise
    except OSError:  # file systems without links
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), os.fspath(path)) from None
        os.replace(unfinished, path)


@cache
def _remove_left_behind(folder: Path) -> None:
    """Once for each folder and process, as a study may write thousands of files to one."""
    with suppress(OSError):
        for file in folder.iterdir():
            if name := UNFINISHED.fullmatch(file.name):
                with suppress(OSError):
                    _remove_if_left_behind(file, name["machine"])


def _remove_if_left_behind(file: Path, machine: str | None) -> None:
    """Remove an unfinished file to which nobody writes: nobody here has it locked, or it is of another hour.

    The clock may have been set back since, so that the hour is one to come.
    """
    if machine == MACHINE:
        with open(file, "rb") as opened:
            if (locked := lock(opened.fileno(), wait=False)) is not None:
                if locked:
                    file.unlink()
                return
    if abs(time.time() - file.stat().st_mtime) > LEFT_BEHIND:
        file.unlink()
