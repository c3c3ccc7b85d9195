"""Files that are whole or not there: written beside their place, then renamed."""

import errno
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def write_whole(path: str | os.PathLike, write: Callable[[Path], object]) -> None:
    r"""Write a file so that an older one stays whole until the new one is on the disk.

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


def write_text_whole(path: str | os.PathLike, text: str) -> None:
    """Write text in the same way."""
    write_whole(path, lambda unfinished: unfinished.write_text(text, encoding="utf-8"))
