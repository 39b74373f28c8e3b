"""berg compare against NumPy: every figure, every format, verdicts, and the same bits however it is computed."""
import json
import subprocess

import h5py
import numpy as np
import pytest

from comparing import check, compare, figures


@pytest.fixture
def berg_compare(berg_program, tmp_path):
    """berg_compare(a, b, ...): saves arrays as .npy, gives the report."""
    def call(a, b, *options, **more):
        paths = []
        for name, side in (("a", a), ("b", b)):
            if isinstance(side, np.ndarray):
                np.save(tmp_path / f"{name}.npy", side)
                side = tmp_path / f"{name}.npy"
            paths.append(side)
        return compare(berg_program, *paths, *options, **more)
    return call


def noisy(rows=40, columns=70, seed=1, noise=0.05, dtype=np.float32):
    rng = np.random.default_rng(seed)
    a = rng.standard_normal((rows, columns)) * rng.uniform(0.1, 30, columns) + rng.uniform(-100, 100, columns)
    return a.astype(dtype), (a + noise * rng.standard_normal(a.shape)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_every_figure(berg_compare, dtype):
    a, b = noisy(dtype=dtype)
    report, status = berg_compare(a, b)
    assert (status, report["verdict"]) == (8, "different")
    check(report, a, b)


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64])
def test_whole_numbers(berg_compare, dtype):
    rng = np.random.default_rng(2)
    a, b = (rng.integers(0, 2 if dtype is np.bool_ else 100, (9, 11)).astype(dtype) for _ in range(2))
    check(berg_compare(a, b, status=8)[0], a.astype(float), b.astype(float))


def test_types_may_differ(berg_compare):
    a, _ = noisy()
    for b in (a.astype(np.float64), np.asfortranarray(a), a.astype(">f4"), a.astype(">f8")):
        report, status = berg_compare(a, b)
        assert (status, report["verdict"], report["equal"]) == (0, "equal", a.size)
        assert report["column_correlation"]["least"] == report["correlation"] == 1


def test_a_huge_mean_does_not_drown_the_spread(berg_compare):
    rng = np.random.default_rng(3)
    a = 1e8 + rng.standard_normal((50, 20))
    b = a + 0.1 * rng.standard_normal((50, 20))
    report, _ = berg_compare(a, b)
    want = figures(a - 1e8, b - 1e8)
    assert np.isclose(report["column_correlation"]["mean"], np.mean(want["column_correlations"]), rtol=1e-7)
    assert np.isclose(report["relative_rms"]["median"], np.median(want["relative_rms"]), rtol=1e-7)


def test_nan_and_infinity(berg_compare):
    a, b = noisy(30, 20)
    a[3, 4] = b[3, 4] = np.nan
    a[5, 1] = np.nan
    b[2, 7] = b[9, 7] = np.nan
    a[8, 8] = b[8, 8] = np.inf
    a[8, 9], b[8, 9] = np.inf, -np.inf
    a[8, 10] = -np.inf
    a[:, 11] = np.nan
    a[12] = b[12] = np.nan
    report, _ = berg_compare(a, b, status=8)
    check(report, a, b)
    first = report["not_finite"]["first"]
    assert (first["row"], first["column"]) == (0, 11)


def test_columns_without_variance(berg_compare):
    a, b = noisy(30, 9, dtype=np.float64)
    a[:, 2], b[:, 2] = 0.1, 0.1
    a[:, 3] = 1 / 3
    b[:, 4] = -7.7e5
    report, _ = berg_compare(a, b, status=8)
    check(report, a, b)
    assert report["column_correlation"]["defined"] == 6
    assert report["relative_rms"]["defined"] == 7


@pytest.mark.parametrize("rows, columns", [(1, 1), (1, 50), (50, 1), (2, 2), (3, 200)])
def test_small_shapes(berg_compare, rows, columns):
    a, b = noisy(rows, columns)
    check(berg_compare(a, b, status=8)[0], a, b)


def test_one_dimension_is_one_row(berg_compare):
    a, b = noisy(1, 500)
    report, _ = berg_compare(a[0], b[0], status=8)
    assert report["a"]["shape"] == [500]
    check(report, a, b)
    assert berg_compare(a[0], a, status=0)[0]["verdict"] == "equal"


def test_more_dimensions(berg_compare):
    a, b = noisy(6, 60)
    b[4, 33] += 100
    report, _ = berg_compare(a.reshape(6, 3, 4, 5), b.reshape(6, 3, 4, 5), status=8)
    check(report, a, b)
    assert report["largest_difference"]["index"] == [4, *np.unravel_index(33, (3, 4, 5))]


def test_more_rows_than_a_block_and_more_columns_than_a_tile(berg_compare):
    a, b = noisy(1100, 4001)  # blocks of 1,048 rows
    b[1090, 3900] += 70
    a[1095, 3950] = np.nan
    report, _ = berg_compare(a, b, status=8)
    check(report, a, b)
    assert report["not_finite"]["first"] == {"row": 1095, "column": 3950}
    assert berg_compare(a, b, "--threads", 1)[0] == berg_compare(a, b, "--threads", 3)[0] == report


@pytest.mark.parametrize("atol, rtol", [(0.1, 0), (0, 1e-3), (0.02, 5e-4)])
def test_tolerances_are_allclose(berg_compare, atol, rtol):
    a, b = noisy(dtype=np.float64)
    report, status = berg_compare(a, b, "--atol", atol, "--rtol", rtol)
    check(report, a, b, atol=atol, rtol=rtol)
    assert status == (0 if np.allclose(a, b, atol=atol, rtol=rtol) else 8)
    near = a + (atol + rtol * np.abs(a)) * 0.99
    assert berg_compare(near, a, "--atol", atol, "--rtol", rtol, status=0)[0]["verdict"] == "within tolerances"
    beyond = near.copy()
    beyond[7, 5] = a[7, 5] + (atol + rtol * abs(a[7, 5])) * 1.01
    report, _ = berg_compare(beyond, a, "--atol", atol, "--rtol", rtol, status=8)
    assert report["beyond_tolerance"] == 1


def test_the_relative_tolerance_is_a_share_of_b(berg_compare):
    a, b = np.array([[10.0, 9.0]]), np.array([[9.0, 9.0]])
    assert np.allclose(b, a, rtol=0.105, atol=0) and not np.allclose(a, b, rtol=0.105, atol=0)
    berg_compare(b, a, "--rtol", 0.105, status=0)
    berg_compare(a, b, "--rtol", 0.105, status=8)


def test_correlations_asked_for(berg_compare):
    a, b = noisy(noise=1)
    want = figures(a, b)["column_correlations"]
    mean, least = want.mean(), want.min()
    assert berg_compare(a, b, "--min-correlation", mean - 1e-6, status=0)[0]["verdict"] == "within tolerances"
    assert "a mean correlation" in berg_compare(a, b, "--min-correlation", mean + 1e-6, status=8)[0]["reasons"][0]
    berg_compare(a, b, "--min-voxel-correlation", least - 1e-6, status=0)
    berg_compare(a, b, "--min-voxel-correlation", least + 1e-6, status=8)
    # All that is asked for must hold.
    report, _ = berg_compare(a, b, "--min-correlation", mean - 1e-6, "--atol", 0.1, status=8)
    assert len(report["reasons"]) == 1 and "values differ by more than" in report["reasons"][0]


def test_correlation_does_not_excuse_what_is_not_a_number(berg_compare):
    a, _ = noisy()
    b = a.copy()
    b[3, 3] = np.nan
    report, _ = berg_compare(a, b, "--min-correlation", 0.5, status=8)
    assert "NaN or infinite in one" in report["reasons"][0]
    assert report["not_finite"]["first"] == {"row": 3, "column": 3}


def test_a_voxel_that_became_constant_has_no_correlation_to_pass_with(berg_compare):
    a, b = noisy(noise=1e-4)
    b[:, 6] = 1
    berg_compare(a, b, "--min-correlation", 0.9, status=0)
    report, _ = berg_compare(a, b, "--min-voxel-correlation", 0.9, status=8)
    assert "1 columns differ and have no correlation" in report["reasons"][0]
    a[:, 6] = 1
    berg_compare(a, b, "--min-voxel-correlation", 0.9, status=0)


def test_correlation_of_one_row_is_across_its_values(berg_compare):
    a, b = noisy(1, 300, noise=3)
    r = np.corrcoef(a[0].astype(float), b[0].astype(float))[0, 1]
    for option in ("--min-correlation", "--min-voxel-correlation"):
        berg_compare(a[0], b[0], option, r - 1e-6, status=0)
        berg_compare(a[0], b[0], option, r + (1 - r) / 2, status=8)


def write_hdf5(path, responses, voxels=None, names=None, key="responses", **how):
    with h5py.File(path, "w") as file:
        file.create_dataset(key, data=responses, **how)
        if voxels is not None:
            file["voxel_index"] = np.asarray(voxels, np.int64)
        if names is not None:
            file["image_names"] = np.array([name.encode() for name in names])


def test_one_altered_value_is_found_by_name(berg_compare, tmp_path):
    a, _ = noisy(12, 30)
    b = a.copy()
    b[7, 21] += 0.5
    voxels, names = np.arange(30) * 7 + 3, [f"folder/café {i}.jpg" for i in range(12)]
    write_hdf5(tmp_path / "a.h5", a, voxels, names)
    report, _ = berg_compare(tmp_path / "a.h5", b, status=8)
    check(report, a, b)
    assert report["beyond_tolerance"] == 1
    place = {key: report["largest_difference"][key] for key in ("row", "column", "voxel", "image")}
    assert place == {"row": 7, "column": 21, "voxel": 21 * 7 + 3, "image": "folder/café 7.jpg"}
    assert report["worst_row"]["image"] == "folder/café 7.jpg"
    assert report["column_correlation"]["worst"]["voxel"] == 150


@pytest.mark.parametrize("how", [{}, {"chunks": (5, 7)}, {"chunks": (5, 30), "compression": "gzip", "shuffle": True}])
def test_hdf5_of_every_name_and_layout(berg_compare, tmp_path, how):
    a, b = noisy(12, 30)
    write_hdf5(tmp_path / "a.h5", a, key="responses", **how)
    write_hdf5(tmp_path / "b.h5", b, key="neural_data", **how)
    write_hdf5(tmp_path / "c.h5", b.astype(">f8"), key="group/other:name", **how)
    check(berg_compare(tmp_path / "a.h5", tmp_path / "b.h5", status=8)[0], a, b)
    check(berg_compare(tmp_path / "a.h5", f"{tmp_path}/c.h5:group/other:name", status=8)[0], a, b)
    berg_compare(tmp_path / "b.h5", b, status=0)


def test_other_voxels_differ_though_the_values_agree(berg_compare, tmp_path):
    a, _ = noisy(5, 4)
    write_hdf5(tmp_path / "a.h5", a, [1, 2, 3, 4], list("abcde"))
    write_hdf5(tmp_path / "b.h5", a, [1, 2, 3, 5], list("abcdf"))
    report, _ = berg_compare(tmp_path / "a.h5", tmp_path / "b.h5", status=8)
    assert report["reasons"] == ["the columns are other voxels: voxel_index differs"]
    assert report["other_image_names"] == 1


def volumes(path, values, shape=(5, 4, 3), outside=0.0, **more):
    """[images][n] values in the first n voxels, x fastest."""
    nibabel = pytest.importorskip("nibabel")
    data = np.full((len(values), np.prod(shape)), outside, values.dtype)
    data[:, 7:7 + values.shape[1]] = values
    data = data.reshape(len(values), *shape[::-1]).T
    image = nibabel.Nifti1Image(data, np.eye(4))
    if more.get("big_endian"):
        image = nibabel.Nifti1Image(data, np.eye(4), nibabel.Nifti1Header(endianness=">"))
        image.header.set_data_dtype(np.dtype(values.dtype).newbyteorder(">"))
    nibabel.save(image, path)


def test_volumes_leave_out_what_is_outside(berg_compare, tmp_path):
    a, b = noisy(6, 20)
    b[4, 13] += 50
    volumes(tmp_path / "a.nii.gz", a)
    volumes(tmp_path / "b.nii", b, outside=np.nan, big_endian=True)
    report, _ = berg_compare(tmp_path / "a.nii.gz", tmp_path / "b.nii", status=8)
    assert report["outside"] == 40
    place = report["largest_difference"]
    assert place["column"] == 7 + 13 and place["xyz"] == [0, 0, 1]
    for item in (report["column_correlation"]["worst"], report["relative_rms"]["worst"], place):
        item["column"] -= 7
    check(report, a, b)
    berg_compare(tmp_path / "a.nii.gz", tmp_path / "a.nii.gz", status=0)


def test_a_volume_against_an_array(berg_compare, tmp_path):
    a, b = noisy(3, 60)
    nibabel = pytest.importorskip("nibabel")
    nibabel.save(nibabel.Nifti1Image(a.reshape(3, 3, 4, 5).T, np.eye(4)), tmp_path / "a.nii")
    check(berg_compare(tmp_path / "a.nii", b, status=8)[0], a, b)


def test_scaled_volumes(berg_compare, tmp_path):
    nibabel = pytest.importorskip("nibabel")
    stored = np.random.default_rng(1).integers(-3000, 3000, (5, 4, 3, 2)).astype(np.int16)
    image = nibabel.Nifti1Image(stored, np.eye(4))
    image.header.set_slope_inter(0.25, 3)
    nibabel.save(image, tmp_path / "a.nii.gz")
    values = np.asarray(nibabel.load(tmp_path / "a.nii.gz").dataobj, np.float64)
    berg_compare(tmp_path / "a.nii.gz", values.T.reshape(2, 60).copy(), status=0)


def roi_metadata(path, voxels, rois, coordinates=None):
    coordinates = np.zeros((voxels, 3), np.int64) if coordinates is None else coordinates
    np.save(path, {"fmri": {"voxel_coords": coordinates, "n_voxels": voxels}, "roi": rois})
    return path


ROIS = {"V1": np.array([0, 2, 4, 9]), "hV4": np.array([5, 11]), "none": np.array([], np.int64), "far": np.array([28, 29])}


def check_rois(report, a, b, columns_of):
    for item in report["rois"]:
        columns = columns_of[item["roi"]]
        want = figures(a[:, columns], b[:, columns])
        assert item["columns"] == len(columns)
        for key, value in (("correlation_mean", np.mean(want["column_correlations"])),
                           ("correlation_median", np.median(want["column_correlations"])),
                           ("correlation_least", np.min(want["column_correlations"])),
                           ("rms_difference", want["rms_difference"]), ("largest_difference", want["largest"]),
                           ("relative_rms_median", np.median(want["relative_rms"]))):
            assert np.isclose(item[key], value, rtol=1e-11), key


def test_by_roi(berg_compare, tmp_path):
    a, b = noisy(20, 30)
    metadata = roi_metadata(tmp_path / "m.npy", 30, ROIS)
    report, _ = berg_compare(a, b, "--metadata", metadata, status=8)
    assert [item["roi"] for item in report["rois"]] == ["V1", "hV4", "far"]
    check_rois(report, a, b, ROIS)


def test_by_roi_of_a_selection(berg_compare, tmp_path):
    a, b = noisy(20, 6)
    voxels = [4, 5, 11, 0, 4, 20]
    write_hdf5(tmp_path / "a.h5", a, voxels)
    metadata = roi_metadata(tmp_path / "m.npy", 30, ROIS)
    report, _ = berg_compare(tmp_path / "a.h5", b, "--metadata", metadata, status=8)
    assert [item["roi"] for item in report["rois"]] == ["V1", "hV4"]
    check_rois(report, a, b, {"V1": [0, 3, 4], "hV4": [1, 2]})


def test_by_roi_in_a_volume(berg_compare, tmp_path):
    a, b = noisy(6, 20)
    volumes(tmp_path / "a.nii.gz", a)
    volumes(tmp_path / "b.nii.gz", b)
    coordinates = np.array(np.unravel_index(np.arange(7, 27), (3, 4, 5))).T[:, ::-1].astype(np.int64)
    metadata = roi_metadata(tmp_path / "m.npy", 20, {k: v[v < 20] for k, v in ROIS.items()}, coordinates)
    report, _ = berg_compare(tmp_path / "a.nii.gz", tmp_path / "b.nii.gz", "--metadata", metadata, status=8)
    check_rois(report, a, b, ROIS)
    assert [item["roi"] for item in report["rois"]] == ["V1", "hV4"]


def test_containers_entry_by_entry(berg_compare, tmp_path):
    a, b = noisy(8, 12)
    tree = {"pca": {"components": a, "n": 8, "noise": np.float32(2.5)}, "text": np.array(["x", "yy"], object), "gone": a[0],
            "turned": a, "kind": "sub-01"}
    np.save(tmp_path / "one.npy", tree)
    other = {"pca": {"components": b, "n": 8, "noise": np.float64(2.5)}, "text": np.array(["x", "yz"]), "new": a[0],
             "turned": a.T, "kind": 1}
    np.savez(tmp_path / "other.npz", **{f"pca.{k}": v for k, v in other.pop("pca").items()}, **other)
    report, _ = berg_compare(tmp_path / "one.npy", tmp_path / "other.npz", status=8)
    entries = {entry["name"]: entry for entry in report["entries"]}
    check(entries["pca.components"], a, b)
    assert {name: entry.get("reason") for name, entry in entries.items() if entry["verdict"] == "different"} == {
        "pca.components": "96 of 96 values differ", "text": "1 of 2 texts differ, from 1 on", "gone": "only in A",
        "turned": "another shape", "kind": "text in one, numbers in the other", "new": "only in B"}
    assert entries["pca.noise"]["verdict"] == entries["pca.n"]["verdict"] == "equal"
    assert entries["pca.noise"]["b"] == {"dtype": "float64", "shape": []}


@pytest.mark.parametrize("target", ["safetensors", "npz", "pth"])
def test_a_converted_container_is_equal(berg_program, berg_compare, tmp_path, target):
    a, b = noisy(8, 12)
    np.save(tmp_path / "one.npy", {"a": a, "b": {"c": b.astype(np.float64), "n": np.arange(5)}})
    subprocess.run([berg_program, "convert", tmp_path / "one.npy", tmp_path / f"two.{target}"], check=True)
    report, _ = berg_compare(tmp_path / "one.npy", tmp_path / f"two.{target}", status=0)
    assert report["verdict"] == "equal" and len(report["entries"]) == 3


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0,)])
def test_nothing_equals_nothing(berg_compare, shape):
    report, _ = berg_compare(np.zeros(shape, np.float32), np.zeros(shape, np.float32), status=0)
    assert report["values"] == 0


def test_memory_does_not_grow_with_the_images(berg_program, tmp_path):
    """200 MB a side; what is mapped is let go of, the rest is two blocks."""
    if b"__asan_init" in berg_program.read_bytes():
        pytest.skip("AddressSanitizer keeps what is freed")
    for name in "ab":
        np.lib.format.open_memmap(tmp_path / f"{name}.npy", "w+", np.float32, (25_000, 2_000)).flush()
    code = ("import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
            "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)")
    done = subprocess.run(["/usr/bin/python3", "-c", code, berg_program, "compare", tmp_path / "a.npy", tmp_path / "b.npy"],
                          capture_output=True, text=True, check=True)
    for name in "ab":
        (tmp_path / f"{name}.npy").unlink()
    assert int(done.stdout) < 150_000  # kB


def test_every_allocation_may_fail(build_dir, tmp_path):
    a, b = noisy(4, 20)
    write_hdf5(tmp_path / "a.h5", a, np.arange(20), "abcd")
    np.save(tmp_path / "b.npy", b)
    volumes(tmp_path / "c.nii.gz", a)
    np.save(tmp_path / "d.npy", {"x": a, "y": np.array(["text"]), "z": {"n": 3}})
    metadata = roi_metadata(tmp_path / "m.npy", 20, {"V1": np.array([3, 4])})
    for files in (("a.h5", "b.npy", metadata), ("c.nii.gz", "c.nii.gz"), ("d.npy", "d.npy")):
        done = subprocess.run([build_dir / "tests" / "failing_compare", *(tmp_path / name for name in files)],
                              capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) > 10


def test_a_dataset_named_with_its_slash_has_its_labels(berg_compare, tmp_path):
    a, b = noisy(4, 20)
    write_hdf5(tmp_path / "a.h5", a, np.arange(20) + 100, "abcd")
    report, _ = berg_compare(f"{tmp_path}/a.h5:/responses", b, status=8)
    assert report["worst_row"]["image"] in "abcd" and report["largest_difference"]["voxel"] >= 100


def test_the_json_is_json(berg_compare):
    a, b = noisy(3, 4)
    a[:] = np.nan
    report, _ = berg_compare(a, b, status=8)
    assert report["correlation"] is None and report["largest_difference"] == {"absolute": None}
    assert json.loads(json.dumps(report, allow_nan=False)) == report
