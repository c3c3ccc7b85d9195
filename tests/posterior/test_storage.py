"""A fit on disk: the same fit when it comes back, and never half a file."""

import errno
import resource
import shutil
import warnings
from contextlib import contextmanager

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import bayes_lca as bl
from bayes_lca.posterior.storage.file_integrity import UnreadableFileError
from bayes_lca.posterior.storage.whole_fit import check_fit

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
    """To the last digit: what is summed lies in memory in the same order."""
    bl.save(joint_draws, tmp_path / "fit.nc")
    loaded = bl.load(tmp_path / "fit.nc")
    for name, values in joint_draws["posterior"].data_vars.items():
        assert values.to_numpy().strides == loaded["posterior"][name].to_numpy().strides, name
    for table in (bl.class_sizes, bl.class_profiles, bl.membership, bl.odds_ratios, bl.random_intercepts, bl.modes):
        pd.testing.assert_frame_equal(pd.DataFrame(table(loaded)), pd.DataFrame(table(joint_draws)), check_exact=True)
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

    def interrupted(*written):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bl.save(small, path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["fit.nc"]


def test_a_save_that_cannot_be_renamed_leaves_the_old_file_whole(small, tmp_path, monkeypatch):
    path = tmp_path / "fit.nc"
    bl.save(small, path)
    before = path.read_bytes()

    def not_allowed(*names):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("os.replace", not_allowed)
    with pytest.raises(PermissionError, match=r"unchanged: Permission denied: .*fit\.nc"):
        bl.save(small, path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["fit.nc"]


@contextmanager
def no_file_larger_than(size):
    """A disk on which no file can grow further: writes fail as the system lets them fail."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("limit", [0, 2_000, 60_000])
def test_a_full_disk_leaves_the_old_file_whole(small, tmp_path, limit):
    path = tmp_path / "fit.nc"
    bl.save(small, path)
    before = path.read_bytes()
    with (
        no_file_larger_than(limit),
        pytest.raises(OSError, match=r"what was there before is unchanged.*fit\.nc") as told,
    ):
        bl.save(small, path)
    assert told.value.errno == errno.EFBIG
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["fit.nc"]
    bl.save(small, path)
    xr.testing.assert_identical(bl.load(path), without_empty_text(small))


def test_a_full_disk_leaves_old_tables_and_reports_whole(small, tmp_path):
    table = bl.class_profiles(small)
    for name, write in {"table.csv": table.write, "fit.html": lambda path: bl.report(small, path)}.items():
        (tmp_path / name).write_text("older", encoding="utf-8")
        with no_file_larger_than(1_000), pytest.raises(OSError, match=rf"unchanged.*{name}"):
            write(tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8") == "older"
    assert sorted(found.name for found in tmp_path.iterdir()) == ["fit.html", "table.csv"]


def test_a_folder_that_is_not_there_is_named(small, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere.fit\.nc"):
        bl.save(small, tmp_path / "nowhere" / "fit.nc")
    with pytest.raises(FileNotFoundError, match=r"nowhere.table\.csv"):
        bl.class_profiles(small).write(tmp_path / "nowhere" / "table.csv")


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


@pytest.fixture(scope="module")
def saved(lca_draws, tmp_path_factory):
    """A small file of a fit, to be damaged."""
    path = tmp_path_factory.mktemp("saved") / "fit.nc"
    few = lca_draws.copy()
    for name, node in lca_draws.children.items():
        if "draw" in node.dims:
            few[name] = xr.DataTree(node.to_dataset().isel(draw=slice(5)))
    del few["posterior_predictive"]
    bl.save(few, path)
    return path


def refusal(path):
    """What `load` says of a file it refuses."""
    with pytest.raises(ValueError, match=r"\.nc'") as told:
        bl.load(path)
    assert type(told.value) is ValueError
    return str(told.value)


def test_every_flipped_bit_is_seen(saved, tmp_path):
    """Seeded flips anywhere in the file; those in the name of the seal leave the content whole."""
    whole, broken = saved.read_bytes(), tmp_path / "broken.nc"
    for place in np.random.default_rng(0).integers(8 * len(whole), size=200):
        flipped = bytearray(whole)
        flipped[place // 8] ^= 1 << (place % 8)
        broken.write_bytes(flipped)
        if place // 8 < len(whole) - 82:
            assert "checksum is not that" in refusal(broken)


def test_a_damaged_seal_hides_no_content(saved, tmp_path):
    broken = tmp_path / "broken.nc"
    broken.write_bytes(saved.read_bytes()[:-80] + b"x" * 80)
    xr.testing.assert_identical(bl.load(broken), bl.load(saved))
    digit = b"1" if saved.read_bytes()[-2:-1] == b"0" else b"0"
    broken.write_bytes(saved.read_bytes()[:-2] + digit + b"\n")
    assert "checksum" in refusal(broken)


@pytest.mark.parametrize("kept", [0, 1, 7, 8, 100, 2048, 0.3, 0.9, -83, -100])
def test_truncated_files_are_refused(saved, tmp_path, kept):
    whole, broken = saved.read_bytes(), tmp_path / "broken.nc"
    broken.write_bytes(whole[: int(kept * len(whole)) if 0 < kept < 1 else kept])
    assert "not a NetCDF file" in refusal(broken)


def test_damaged_files_without_a_seal_are_refused(saved, tmp_path):
    """Files of other writers: noise where the structure is."""
    whole, broken = saved.read_bytes()[:-82], tmp_path / "broken.nc"
    noise = np.random.default_rng(0).bytes(200)
    for content in (b"\0" * 512 + whole[512:], noise + whole[200:], b"respondent,answer\n1,2\n"):
        broken.write_bytes(content)
        assert "not a NetCDF file" in refusal(broken)


def test_foreign_files_are_refused(tmp_path, saved):
    foreign = tmp_path / "foreign.nc"
    xr.Dataset({"temperature": ("day", [1.0, 2.0])}).to_netcdf(foreign, engine="h5netcdf")
    assert "no fit of bayes_lca" in refusal(foreign)
    posterior_alone = xr.DataTree.from_dict({"/posterior": bl.load(saved)["posterior"].to_dataset()})
    posterior_alone.to_netcdf(foreign, engine="h5netcdf")
    assert "no fit of bayes_lca" in refusal(foreign)
    with pytest.raises(ValueError, match="not a NetCDF file"):
        bl.load(tmp_path)


@pytest.fixture
def opened(saved, tmp_path):
    """A copy of a fit without its seal, to be changed by hand; and `path`."""
    path = tmp_path / "changed.nc"
    path.write_bytes(saved.read_bytes()[:-82])
    with h5py.File(path, "r+") as file:
        yield file, path


def test_links_to_other_files_are_not_followed(opened, saved):
    file, path = opened
    file["patterns/secret"] = h5py.ExternalLink(str(saved), "/posterior/class_share")
    file.close()
    assert "patterns/secret is a link to another place or file" in refusal(path)


def test_links_within_the_file_are_not_followed(opened):
    file, path = opened
    file["patterns/loop"] = h5py.SoftLink("/patterns")
    file.close()
    assert "is a link" in refusal(path)


def test_endless_groups_are_not_walked(opened):
    file, path = opened
    file["patterns/loop"] = file["/"]
    file.close()
    assert "nested more than" in refusal(path)


def test_virtual_variables_do_not_read_other_files(opened, saved):
    file, path = opened
    layout = h5py.VirtualLayout(shape=(600,), dtype="i8")
    layout[:] = h5py.VirtualSource(saved, "patterns/pattern_of_respondent", shape=(600,))
    file["patterns"].create_virtual_dataset("secret", layout)
    file.close()
    assert "patterns/secret takes its values from other files" in refusal(path)


def test_variables_stored_in_other_files_are_not_read(opened, tmp_path):
    file, path = opened
    (tmp_path / "raw").write_bytes(b"secret__" * 8)
    file["patterns"].create_dataset("secret", (8,), "i8", external=[(str(tmp_path / "raw"), 0, 64)])
    file.close()
    assert "patterns/secret takes its values from other files" in refusal(path)


@pytest.mark.parametrize("options", [{}, {"compression": "gzip", "fillvalue": 0.0}])
def test_huge_declared_variables_are_refused_before_memory_is_asked_for(opened, options):
    file, path = opened
    file["posterior"].create_dataset("bomb", (10**6, 10**6), "f8", chunks=(1000, 1000), **options)
    file.close()
    assert "posterior/bomb declares 1,000,000,000,000 values" in refusal(path)


def test_more_than_the_memory_is_refused(saved, monkeypatch):
    monkeypatch.setattr("bayes_lca.posterior.storage.file_integrity._memory", lambda: 1000)
    assert "this machine has" in refusal(saved)


def test_only_numbers_and_text_are_read(opened):
    file, path = opened
    file["patterns"].create_dataset("pickle", data=np.void(b"cos\nsystem\n(S'true'\ntR."))
    file.close()
    assert "neither numbers nor text" in refusal(path)


def test_unknown_filters_are_refused(opened):
    file, path = opened
    file["patterns"].create_dataset("packed", data=np.arange(100), compression="lzf")
    file.close()
    assert "stored by a filter" in refusal(path)


def test_text_that_looks_like_code_stays_text(saved, tmp_path):
    draws = bl.load(saved)
    draws.attrs["model_text"] = "__import__('os').system('touch run')"
    bl.save(draws, tmp_path / "fit.nc")
    assert bl.load(tmp_path / "fit.nc").attrs["model_text"] == draws.attrs["model_text"]


def changed(saved, change):
    """A fit after `change` has done something to it, in a file without a seal."""
    draws = bl.load(saved)
    draws = change(draws) or draws
    path = saved.with_name("changed.nc")
    draws.to_netcdf(path, engine="h5netcdf")
    return path


def with_posterior(**variables):
    def change(draws):
        draws["posterior"] = xr.DataTree(draws["posterior"].to_dataset().assign(variables))

    return change


def with_values(name, edit, made=lambda values: values):
    def change(draws):
        values = draws["posterior"][name].copy(deep=True)
        edit(values)
        draws["posterior"] = xr.DataTree(draws["posterior"].to_dataset().assign({name: made(values)}))

    return change


def with_group(name, edit):
    return lambda draws: draws.update({name: xr.DataTree(edit(draws[name].to_dataset()))})


def without_attribute(name):
    return lambda draws: draws.attrs.pop(name) and None


WRONG = {
    "no levels": (without_attribute("levels"), "it lacks levels"),
    "no labels": (without_attribute("labels"), "it lacks labels"),
    "levels not JSON": (lambda d: d.attrs.update(levels="{'a': 1}"), r"levels is \"{'a': 1}\", which is not JSON"),
    "levels a list": (lambda d: d.attrs.update(levels="[1]"), "levels is '[1]', no dict"),
    "levels a number": (lambda d: d.attrs.update(levels=3.0), "levels is"),
    "groupings numbers": (lambda d: d.attrs.update(groupings="[1]"), "no names"),
    "unknown grouping": (lambda d: d.attrs.update(groupings='["ward"]'), "lacks the groups of 'ward'"),
    "n text": (lambda d: d.attrs.update(n_respondents="many"), "n_respondents is 'many', no whole number"),
    "other n": (lambda d: d.attrs.update(n_respondents=599), "has 600 respondents, and the fit 599"),
    "formula a number": (lambda d: d.attrs.update(formula=1), "formula is"),
    "no encoding": (lambda d: d.drop_nodes("encoding"), "lacks encoding"),
    "no answers": (lambda d: d.drop_nodes("patterns"), "lacks patterns"),
    "no model": (without_attribute("model"), "it lacks model"),
    "no axes": (without_attribute("axes"), "it lacks axes"),
    "no classes": (
        lambda d: d.update({"posterior": xr.DataTree(d["posterior"].to_dataset().isel(latent_class=0))}),
        "it lacks 'latent_class', on which its model depends",
    ),
    "other counts": (
        with_group("patterns", lambda rows: rows.assign(count=rows["count"] + 1)),
        "are not those that its",
    ),
    "other rows": (
        lambda d: d.update({"more": xr.DataTree(d["patterns"].to_dataset().isel(pattern=slice(2)))}),
        "more has other rows",
    ),
    "not a number": (
        with_values("class_share", lambda v: v.__setitem__((0, 3, 1), np.nan)),
        "class_share holds draws",
    ),
    "not a number of an item": (
        with_values("item_probability", lambda v: v.__setitem__((0, 3, 1, 0, 0), np.nan)),
        "item_probability holds draws that",
    ),
    "infinite": (
        with_values("class_share", lambda v: v.__setitem__((0, 3, 1), np.inf)),
        "class_share holds draws",
    ),
    "negative": (with_values("class_share", lambda v: v.__setitem__((0, 3, 1), -0.5)), "class_share is negative"),
    "not adding up": (with_values("item_probability", lambda v: v.__setitem__((0, 3, 1), 0.5)), "does not add up to 1"),
    "no draws": (lambda d: d.update({"posterior": xr.DataTree(d["posterior"].to_dataset().isel(draw=0))}), "no chains"),
    "other draws": (
        lambda d: d.update({"sample_stats": xr.DataTree(d["sample_stats"].to_dataset().isel(draw=slice(2)))}),
        "sample_stats has other draws",
    ),
    "stray variable": (with_posterior(note=("item", np.arange(6.0))), "note has dims"),
    "no profiles": (
        lambda d: d.update({"posterior": xr.DataTree(d["posterior"].to_dataset().drop_vars("item_probability"))}),
        "lacks item_probability, on which the answers depend",
    ),
    "rows that are not there": (
        with_group(
            "patterns",
            lambda rows: rows.assign(pattern_of_respondent=rows["pattern_of_respondent"].astype(int) + 10**12),
        ),
        "its pattern_of_respondent has 1000000000000 to ",
    ),
    "rows before the first": (
        with_group("patterns", lambda rows: rows.assign(row_of_respondent=rows["row_of_respondent"] - 5)),
        "its row_of_respondent has -5 to 594, and is from 0",
    ),
    "answers that are not there": (
        with_group("patterns", lambda rows: rows.assign(answers=rows["answers"] + 2)),
        "for item 1, which has 3 categories",
    ),
    "answers as text": (
        with_group("patterns", lambda rows: rows.assign(answers=rows["answers"].astype(str))),
        "no numbers",
    ),
    "labels nested without end": (
        lambda d: d.attrs.update(labels="[" * 100_000 + "]" * 100_000),
        "[[[..., which is not JSON",
    ),
    "labels no lists": (lambda d: d.attrs.update(labels='["a", "b", "c", "d", "e", "f"]'), "no list for each item"),
    "probabilities of other axes": (
        with_values("item_probability", lambda v: None, lambda v: v.isel(category=0, drop=True)),
        "its item_probability has dims ('chain', 'draw', 'latent_class', 'item')",
    ),
    "no places of respondents": (
        with_group("patterns", lambda rows: rows.drop_vars("row_of_respondent")),
        "its patterns lack row_of_respondent",
    ),
    "a posterior of no classes": (
        lambda d: d.update({"posterior": xr.DataTree(d["posterior"].to_dataset().isel(latent_class=[]))}),
        "its posterior is empty: {'chain': 4",
    ),
    "a share of other axes": (
        with_values("class_share", lambda v: None, lambda v: v.isel(latent_class=0, drop=True)),
        "its draws do not belong to its rows: ",
    ),
    "labels of fewer items": (lambda d: d.attrs.update(labels='[["a", "b"]]'), "labels of other than its 6 items"),
}


@pytest.fixture(scope="module")
def loaded(saved):
    return bl.load(saved)


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_whole_fit_is_refused_by_name(name, loaded):
    change, message = WRONG[name]
    draws = loaded.copy()
    draws = change(draws) or draws
    with pytest.raises(UnreadableFileError) as told:
        check_fit(draws)
    assert message.replace('\\"', '"') in str(told.value)


def nested_with(**changes):
    """A fit with groups, some variables of whose rows are changed."""
    draws = bl.load_example().copy()
    rows = draws["patterns"].to_dataset()
    draws["patterns"] = xr.DataTree(rows.assign({name: change(rows[name]) for name, change in changes.items()}))
    return draws


def test_groups_that_are_not_there_are_refused():
    for change, message in ((lambda g: g + 1, "has 1 to 6, and is from 0 to 5"), (lambda g: g - 1, "has -1 to 4")):
        with pytest.raises(UnreadableFileError, match=f"its group_index {message}"):
            check_fit(nested_with(group_index=change))
    with pytest.raises(UnreadableFileError, match="its group_index is of float64, no whole numbers"):
        check_fit(nested_with(group_index=lambda g: g + 0.5))


def test_effects_of_groups_that_are_not_there_are_refused():
    draws = bl.load_example().copy()
    draws["posterior"] = xr.DataTree(draws["posterior"].to_dataset().drop_vars("group_effect"))
    with pytest.raises(UnreadableFileError, match="group_effect"):
        check_fit(draws)


def counted_with(change):
    """A fit of a frequency table, changed."""
    draws = bl.load_example("alone").copy()
    patterns = draws["patterns"].to_dataset()
    rows = np.arange(patterns.sizes["pattern"])
    table = xr.Dataset(
        {"count": ("table_row", patterns["count"].to_numpy()), "pattern_of_table_row": ("table_row", rows)},
        {"table_row": rows},
    )
    draws["patterns"] = xr.DataTree(patterns.drop_dims("respondent"))
    draws["frequency_table"] = xr.DataTree(change(table))
    return draws


def test_a_table_is_not_counted_out_before_its_counts_are_right():
    """A count of a trillion would ask for terabytes."""
    check_fit(counted_with(lambda table: table))
    refusals = {
        "counts 15000000000000 respondents, and the fit 180": lambda table: table.assign(
            count=table["count"] * 0 + 10**12
        ),
        "its frequency_table count has -": lambda table: table.assign(count=-table["count"]),
        "its pattern_of_table_row has 7 to 21": lambda table: table.assign(
            pattern_of_table_row=table["pattern_of_table_row"] + 7
        ),
        "its count has dims": lambda table: table.assign(count=table["count"].isel(table_row=0)),
    }
    for message, change in refusals.items():
        with pytest.raises(UnreadableFileError, match=message):
            check_fit(counted_with(change))


def test_whole_fits_are_not_refused(loaded):
    check_fit(loaded)


def test_fits_of_another_version_say_so(saved):
    def older(draws):
        del draws.attrs["levels"]
        draws.attrs["versions"] = '{"bayes-lca": "0.0.1"}'

    message = refusal(changed(saved, older))
    assert "it lacks levels; bayes-lca 0.0.1 wrote it, and this is" in message


def test_whole_fits_of_another_version_are_read(saved):
    def other(draws):
        draws.attrs["versions"] = '{"bayes-lca": "9.0"}'
        del draws.attrs["holds_respondents"]

    assert bl.holds_respondents(bl.load(changed(saved, other)))


@pytest.mark.parametrize("layout", [None, 2])
def test_a_fit_of_another_layout_is_refused_with_the_remedy(saved, layout):
    def older(draws):
        del draws.attrs["layout"]
        if layout is not None:
            draws.attrs["layout"] = layout

    message = refusal(changed(saved, older))
    assert f"it has layout {layout or 1}, which another version of bayes-lca wrote, and this version reads" in message
    assert "fit again, or read it with the version that wrote it" in message


def test_other_readers_of_netcdf_read_the_file(saved, tmp_path):
    """What is a view of the distinct rows is not in the file."""
    shutil.copy(saved, tmp_path / "copy.nc")
    draws = bl.load(saved)
    kept = draws.drop_nodes(["observed_data", "constant_data", "log_likelihood"])
    assert xr.load_datatree(tmp_path / "copy.nc").identical(kept)


def test_a_file_follows_distinct_rows_and_not_respondents(tmp_path):
    """Every respondent ten times: ten times the views, the same rows."""
    frame, _ = bl.simulate_cohort(n=200, seed=4)
    model = bl.LatentClass(2, bl.Items(["training", "recognition"]))
    rows, sizes = [], []
    for times in (1, 10):
        survey = pd.concat([frame] * times, ignore_index=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", bl.ConvergenceWarning)
            warnings.simplefilter("ignore", bl.UnidentifiedWarning)  # two items suffice here
            draws = bl.fit(model, survey, draws=50, tune=50, chains=2, until=None, progressbar=False)
        bl.save(draws, tmp_path / "fit.nc")
        rows.append(draws["patterns"].sizes["pattern"])
        sizes.append((tmp_path / "fit.nc").stat().st_size)
        assert draws["log_likelihood"]["answers"].shape == (2, 50, 200 * times)
    assert rows[0] == rows[1] <= 9
    assert sizes[1] < 1.25 * sizes[0]


def test_labels_of_respondents_are_compressed_as_all_numbers_are(tmp_path):
    bl.save(bl.load_example(), tmp_path / "fit.nc")
    with h5py.File(tmp_path / "fit.nc") as file:
        labels, row = file["patterns/respondent"], file["patterns/row_of_respondent"]
        assert labels.shape == (180,) and labels.compression == row.compression == "gzip"
