"""An HDF5 file that is asked for the same names again and again, and looks up each of them once."""

from typing import Any

import h5py


class RememberingFile(h5py.File):
    """An HDF5 file that remembers what stands under a name.

    h5netcdf keeps names of variables and axes, and looks them up in the file each time that it wants to know anything
    of them, dozens of times for each variable: most of the time that it takes to read or write a small fit.

    Parameters
    ----------
    file : path or file object
    mode : {"r", "w"}
    """

    def __init__(self, file: Any, mode: str):
        self._by_name: dict[str, Any] = {}
        self._may_change = mode != "r"
        super().__init__(file, mode, track_order=self._may_change)  # as h5netcdf opens it

    def __getitem__(self, name: Any) -> Any:
        """What stands under a name; what was deleted has none any more."""
        if not isinstance(name, str):
            return super().__getitem__(name)
        known = self._by_name.get(name)
        if known is None or (self._may_change and known.name != name):
            known = self._by_name[name] = super().__getitem__(name)
        return known
