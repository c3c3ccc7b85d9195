"""A fit on disk: the same fit when it comes back, and never half a file."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl

# A short fit leaves a respondent or two for whom the estimate is unreliable; the table of modes counts them.
pytestmark = pytest.mark.filterwarnings("ignore:Estimated shape parameter of Pareto distribution:UserWarning")


@pytest.fixture
def small(lca_draws):
    """A fit of few draws, with every group."""
    result = lca_draws.copy()
    for name, node in lca_draws.children.items():
        if "draw" in node.dims:
            result[name] = xr.DataTree(node.to_dataset().isel(draw=slice(20)))
    return result


def without_empty_text(draws):
    """Columns of nothing but None, such as the messages of divergences that did not happen, are not stored."""
    result = draws.copy()
    stats = draws["sample_stats"].to_dataset()
    empty = [name for name, values in stats.items() if values.dtype == object and not values.notnull().any()]
    result["sample_stats"] = xr.DataTree(stats.drop_vars(empty))
    return result


@pytest.mark.parametrize("name", ["lca_draws", "joint_draws", "multinomial_draws"])
def test_loaded_draws_are_the_saved_ones(name, request, tmp_path):
    draws = request.getfixturevalue(name)
    bl.save(draws, tmp_path / "fit.nc")
    loaded = bl.load(tmp_path / "fit.nc")
    xr.testing.assert_identical(loaded, without_empty_text(draws))
    assert dict(loaded.attrs) == dict(draws.attrs)
    for node in without_empty_text(draws).subtree:
        for variable, values in node.variables.items():
            kind = loaded[node.path].variables[variable].dtype
            assert kind == values.dtype or (kind.kind in "UOT" and values.dtype.kind in "UOT"), variable


def test_tables_of_loaded_draws_are_those_of_the_saved_ones(joint_draws, tmp_path):
    bl.save(joint_draws, tmp_path / "fit.nc")
    loaded = bl.load(tmp_path / "fit.nc")
    for table in (bl.class_sizes, bl.class_profiles, bl.membership, bl.odds_ratios, bl.random_intercepts, bl.modes):
        pd.testing.assert_frame_equal(pd.DataFrame(table(loaded)), pd.DataFrame(table(joint_draws)))
        assert table(loaded).note == table(joint_draws).note
    xr.testing.assert_identical(bl.posterior_predictive(loaded, seed=1), bl.posterior_predictive(joint_draws, seed=1))


def test_saving_leaves_the_draws_alone(small, tmp_path):
    before = small.copy(deep=True)
    bl.save(small, tmp_path / "fit.nc")
    xr.testing.assert_identical(small, before)


def test_file_is_compressed_and_alone(lca_draws, tmp_path):
    bl.save(lca_draws, tmp_path / "fit.nc")
    assert [path.name for path in tmp_path.iterdir()] == ["fit.nc"]
    in_memory = sum(node.to_dataset().nbytes for node in lca_draws.subtree)
    assert (tmp_path / "fit.nc").stat().st_size < 0.6 * in_memory


def test_paths_may_be_text_without_a_suffix(small, tmp_path):
    bl.save(small, str(tmp_path / "first fit"))
    xr.testing.assert_identical(bl.load(str(tmp_path / "first fit")), without_empty_text(small))


def test_a_file_can_be_overwritten_by_what_was_loaded_from_it(small, tmp_path):
    path = tmp_path / "fit.nc"
    bl.save(small, path)
    loaded = bl.load(path)
    loaded.attrs["note"] = "second"
    bl.save(loaded, path)
    again = bl.load(path)
    assert again.attrs["note"] == "second"
    xr.testing.assert_identical(again, loaded)


def test_an_interrupted_save_leaves_the_old_file_whole(small, tmp_path, monkeypatch):
    path = tmp_path / "fit.nc"
    bl.save(small, path)
    before = path.read_bytes()

    def half_written(self, target, **options):
        with open(target, "wb") as file:
            file.write(before[: len(before) // 2])
        raise KeyboardInterrupt

    monkeypatch.setattr(xr.DataTree, "to_netcdf", half_written)
    with pytest.raises(KeyboardInterrupt):
        bl.save(small, path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["fit.nc"]


def test_a_save_that_cannot_be_renamed_leaves_the_old_file_whole(small, tmp_path, monkeypatch):
    path = tmp_path / "fit.nc"
    bl.save(small, path)
    before = path.read_bytes()

    def disk_full(*names):
        raise OSError("no space left on device")

    monkeypatch.setattr("os.replace", disk_full)
    with pytest.raises(OSError, match="no space left"):
        bl.save(small, path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["fit.nc"]


def test_saved_files_have_the_permissions_of_other_files(small, tmp_path):
    """A file that others in a group should read must not be the owner's alone."""
    bl.save(small, tmp_path / "fit.nc")
    (tmp_path / "other.txt").write_text("text", encoding="utf-8")
    assert (tmp_path / "fit.nc").stat().st_mode == (tmp_path / "other.txt").stat().st_mode


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.nc"):
        bl.load(tmp_path / "nothing.nc")
    with pytest.raises(FileNotFoundError, match=r"nothing\.nc"):
        bl.load(str(tmp_path / "nothing.nc"))


def damaged_files(path):
    """A saved fit damaged in several ways."""
    whole = path.read_bytes()
    noise = np.random.default_rng(0).bytes(200)
    yield "empty", b""
    yield "text", b"respondent,answer\n1,2\n"
    yield "beginning", whole[: len(whole) // 3]
    yield "all but the end", whole[:-100]
    yield "no header", b"\0" * 512 + whole[512:]
    for part in (0.01, 0.1, 0.3, 0.5, 0.8, 0.99):
        place = int(part * len(whole))
        yield f"noise at {part}", whole[:place] + noise + whole[place + len(noise) :]


def test_damaged_files_are_refused_or_read_whole(small, tmp_path):
    """Damage may hit unused bytes; otherwise it must show as a ValueError that names the file."""
    path = tmp_path / "fit.nc"
    bl.save(small, path)
    refused = []
    for name, content in damaged_files(path):
        broken = tmp_path / "broken.nc"
        broken.write_bytes(content)
        try:
            bl.load(broken)
        except ValueError as error:
            assert "broken.nc" in str(error)
            refused.append(name)
    assert {"empty", "text", "beginning", "all but the end", "no header"} <= set(refused)


def test_foreign_files_are_refused(tmp_path, small):
    foreign = tmp_path / "foreign.nc"
    xr.Dataset({"temperature": ("day", [1.0, 2.0])}).to_netcdf(foreign, engine="h5netcdf")
    with pytest.raises(ValueError, match="no fit of bayes_lca"):
        bl.load(foreign)
    posterior_alone = xr.DataTree.from_dict({"/posterior": small["posterior"].to_dataset()})
    posterior_alone.to_netcdf(foreign, engine="h5netcdf")
    with pytest.raises(ValueError, match="no fit of bayes_lca"):
        bl.load(foreign)
    with pytest.raises(ValueError, match="not a NetCDF file"):
        bl.load(tmp_path)
