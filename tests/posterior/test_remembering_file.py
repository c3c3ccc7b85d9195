"""A file that looks up a name once says what stands under it now."""

import h5py
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.fitted.views import without_views
from bayes_lca.posterior.storage.remembering_file import RememberingFile


def test_what_was_deleted_is_forgotten_and_what_took_its_place_is_found(tmp_path):
    with RememberingFile(tmp_path / "a.h5", "w") as file:
        file["/x"] = [1, 2]
        assert file["/x"] is file["/x"]
        del file["/x"]
        file["/x"] = [3]
        assert file["/x"][:].tolist() == [3]
        del file["/x"]
        with pytest.raises(KeyError):
            file["/x"]
    with RememberingFile(tmp_path / "a.h5", "r") as file, pytest.raises(KeyError):
        file["/x"]


def test_a_tree_is_written_and_read_as_by_xarray_alone_with_fewer_lookups(tmp_path, monkeypatch):
    tree, looked_up = without_views(bl.load_example("waves")), []
    of_groups = h5py.Group.__getitem__
    monkeypatch.setattr(h5py.Group, "__getitem__", lambda group, name: looked_up.append(name) or of_groups(group, name))
    tree.to_netcdf(tmp_path / "plain.nc", engine="h5netcdf")
    plain = xr.load_datatree(tmp_path / "plain.nc", engine="h5netcdf")
    of_plain, looked_up[:] = len(looked_up), []
    with RememberingFile(tmp_path / "fit.nc", "w") as file:
        tree.to_netcdf(file, engine="h5netcdf")
    with RememberingFile(tmp_path / "fit.nc", "r") as file:
        read = xr.load_datatree(file, engine="h5netcdf")
    assert len(looked_up) < of_plain / 4
    assert read.identical(plain)
    assert xr.load_datatree(tmp_path / "fit.nc", engine="h5netcdf").identical(plain)
    for node in plain.subtree:
        kinds = {name: values.dtype for name, values in node.variables.items()}
        assert {name: values.dtype for name, values in read[node.path].variables.items()} == kinds
