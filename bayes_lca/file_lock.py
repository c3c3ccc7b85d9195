"""Locks of open files, which the system takes back when a process ends, however it ends."""

try:
    import fcntl
except ImportError:  # systems that are no Unix have no such locks
    fcntl = None


def lock(file: int, *, wait: bool) -> bool | None:
    """Lock an open file until it is closed.

    Parameters
    ----------
    file : int
        Its descriptor.
    wait : bool
        Whether to wait until nobody else has the lock.

    Returns
    -------
    bool or None
        Whether it is locked here now; None where the system or the disk knows no locks.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryFile() as file:
    ...     lock(file.fileno(), wait=True) in (True, None)
    True
    """
    if fcntl is None:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
