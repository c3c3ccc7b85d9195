"""Files that are whole or not there: written beside their place, then renamed."""

import errno
import os
import re
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

UNFINISHED = re.compile(r"\..+\.\d+-\d+\.unfinished")
LEFT_BEHIND = 3600.0
"""Seconds after which nobody writes to an unfinished file any more: its process was killed."""


def write_whole(path: str | os.PathLike, write: Callable[[Path], object]) -> None:
    r"""Write a file so that an older one stays whole until the new one is on the disk.

    What killed processes left unfinished in the folder, and nobody touched for an hour, is removed.

    Parameters
    ----------
    path : str or path
    write : callable
        Takes the path of an unfinished file beside it, and writes that.

    Raises
    ------
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
    unfinished = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.unfinished")
    try:
        _remove_left_behind(path.parent.resolve())
        write(unfinished)
        with open(unfinished, "rb+") as written:
            os.fsync(written.fileno())
        os.replace(unfinished, path)
    except OSError as error:
        message = f"not written, and what was there before is unchanged: {error.strerror or error}"
        raise OSError(error.errno or errno.EIO, message, os.fspath(path)) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


@cache
def _remove_left_behind(folder: Path) -> None:
    """Once for each folder and process, as a study may write thousands of files to one."""
    for file in folder.iterdir():
        if UNFINISHED.fullmatch(file.name):
            with suppress(OSError):
                if time.time() - file.stat().st_mtime > LEFT_BEHIND:
                    file.unlink()


def write_text_whole(path: str | os.PathLike, text: str) -> None:
    """Write text in the same way."""
    write_whole(path, lambda unfinished: unfinished.write_text(text, encoding="utf-8"))
