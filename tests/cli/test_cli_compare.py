"""berg compare as it is used: the page, exit statuses, the JSON file, inputs that are wrong or hostile."""
import gzip
import json
import struct

import h5py
import numpy as np
import pytest

from program import MODEL, tiny_metadata


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Responses of 6 images and 12 voxels, and the same with one value altered."""
    folder = tmp_path_factory.mktemp("pair")
    a = np.random.default_rng(1).standard_normal((6, 12)).astype(np.float32).round(2)
    b = a.copy()
    b[4, 9] += 1
    for name, values in (("a", a), ("b", b)):
        np.save(folder / f"{name}.npy", values)
        with h5py.File(folder / f"{name}.h5", "w") as file:
            file["responses"] = values
            file["voxel_index"] = np.arange(12, dtype=np.int64)
            file["image_names"] = np.array([f"photos/{i}.jpg".encode() for i in range(6)])
    np.save(folder / "metadata.npy", tiny_metadata())
    return folder


def test_the_page(berg, pair, golden):
    result = berg("compare", "a.h5", "b.npy", "--metadata", "metadata.npy", cwd=pair)
    assert (result.status, result.err) == (8, "")
    golden(result.out, "compare.txt")


def test_the_page_of_two_trainings(berg, pair, golden, tmp_path):
    tree = {"scaler": {"mean_": np.arange(6) / 4, "n_": 5}, "reg": {"coef_": np.eye(3, dtype=np.float32)}, "text": "one"}
    np.save(tmp_path / "a.npy", tree)
    tree["scaler"]["mean_"] = tree["scaler"]["mean_"] + [0, 0, 0.5, 0, 0, 0]
    tree["reg"] = {"coef_": np.eye(3), "intercept_": np.zeros(3)}
    np.save(tmp_path / "b.npy", tree)
    result = berg("compare", "a.npy", "b.npy", cwd=tmp_path)
    assert (result.status, result.err) == (8, "")
    golden(result.out, "compare_entries.txt")


def test_equal_is_status_0(berg, pair):
    result = berg("compare", pair / "a.h5", pair / "a.npy")
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines()[-1].split() == ["verdict", "equal"]


def test_quiet_prints_nothing(berg, pair):
    for b, status in (("a.npy", 0), ("b.npy", 8)):
        result = berg("compare", "-q", pair / "a.h5", pair / b)
        assert (result.status, result.out, result.err) == (status, "", "")


def test_json_to_a_file(berg, pair, tmp_path):
    path = tmp_path / "report.json"
    result = berg("compare", pair / "a.h5", pair / "b.npy", "--json", path)
    assert result.status == 8 and result.out.startswith("A ")
    report = json.loads(path.read_text())
    assert report["largest_difference"]["image"] == "photos/4.jpg" and report["largest_difference"]["voxel"] == 9
    again = berg("compare", pair / "a.h5", pair / "a.npy", "--json", path)
    assert again.status == 5 and "--force" in again.message
    assert json.loads(path.read_text()) == report
    assert berg("compare", pair / "a.h5", pair / "a.npy", "--json", path, "-f").status == 0
    assert json.loads(path.read_text())["verdict"] == "equal"
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]
    assert berg("compare", pair / "a.h5", pair / "a.npy", "--json", tmp_path / "no" / "where.json").status == 5


def test_outputs_of_encode_agree_across_formats(berg, small_berg_dir, backbone_files, photos, tmp_path):
    encode = ["encode", MODEL, "--subject", "1", "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"],
              photos]
    for ending in ("npy", "h5", "nii.gz", "nii"):
        assert berg(*encode, "--no-sidecar", "-o", tmp_path / f"out.{ending}").status == 0
    assert berg("compare", tmp_path / "out.npy", tmp_path / "out.h5", "-q").status == 0
    assert berg("compare", tmp_path / "out.nii", tmp_path / "out.nii.gz", "-q").status == 0
    report = json.loads(berg("compare", tmp_path / "out.nii", tmp_path / "out.nii.gz", "--json", "-").out)
    assert report["columns"] == np.load(tmp_path / "out.npy").shape[1]


@pytest.mark.parametrize("options, what", [(["--atol", "-1"], "--atol: expected 0 or more"), (["--atol", "nan"], "--atol"),
                                           (["--rtol", "-0.1"], "--rtol"),
                                           (["--min-correlation", "1.5"], "--min-correlation: expected -1 to 1"),
                                           (["--min-voxel-correlation", "-2"], "--min-voxel-correlation")])
def test_tolerances_that_make_no_sense(berg, pair, options, what):
    result = berg("compare", pair / "a.npy", pair / "b.npy", *options)
    assert result.status == 2 and what in result.message


def test_two_operands(berg, pair):
    assert berg("compare", pair / "a.npy").status == 2
    assert berg("compare", pair / "a.npy", pair / "a.npy", pair / "a.npy").status == 2


@pytest.mark.parametrize("other, reason", [(np.zeros((6, 11)), "shapes differ"), (np.zeros((7, 12)), "shapes differ"),
                                           (np.zeros(72), "shapes differ"), (np.zeros(()), "shapes differ"),
                                           (np.array(["x"]), "one is an array, the other a set of named arrays")])
def test_other_shapes_differ(berg, pair, tmp_path, other, reason):
    np.save(tmp_path / "other.npy", other)
    result = berg("compare", pair / "a.h5", tmp_path / "other.npy")
    assert (result.status, result.err) == (8, "")
    assert reason in result.out


def test_metadata_that_does_not_fit(berg, pair, tmp_path):
    np.save(tmp_path / "six.npy", np.zeros((3, 6)))
    many = berg("compare", tmp_path / "six.npy", tmp_path / "six.npy", "--metadata", pair / "metadata.npy")
    assert many.status == 3 and "found 12 voxels, 6 columns" in many.message
    none = berg("compare", pair / "a.npy", pair / "a.npy", "--metadata", pair / "a.npy")
    assert none.status == 3 and "voxel_coords" in none.message
    np.save(tmp_path / "far.npy", {"fmri": {"voxel_coords": np.zeros((12, 3), np.int64)}, "roi": {"V1": np.array([12])}})
    far = berg("compare", pair / "a.npy", pair / "a.npy", "--metadata", tmp_path / "far.npy")
    assert far.status == 3 and "roi.V1" in far.message


@pytest.mark.parametrize("name", ["missing.npy", "missing.h5:x", "missing.nii.gz", "text.npy", "text.nii", "text.nii.gz", ".",
                                  "a.h5:nothing", "a.h5:image_names", "empty.npy", "empty.nii", "plain.h5", "short.npy",
                                  "scalar.h5:one"])
def test_what_cannot_be_read(berg, pair, tmp_path, name):
    (tmp_path / "a.h5").write_bytes((pair / "a.h5").read_bytes())
    for text in ("text.npy", "text.nii", "text.nii.gz"):
        (tmp_path / text).write_text("no array " * 100)
    for empty in ("empty.npy", "empty.nii"):
        (tmp_path / empty).write_bytes(b"")
    with h5py.File(tmp_path / "plain.h5", "w") as file:
        file["other"] = np.zeros(3)
    with h5py.File(tmp_path / "scalar.h5", "w") as file:
        file["one"] = 1.0
    (tmp_path / "short.npy").write_bytes((pair / "a.npy").read_bytes()[:-1])
    for sides in ((pair / "a.npy", name), (name, pair / "a.npy")):
        result = berg("compare", *sides, cwd=tmp_path)
        assert (result.status, result.out) == (3, "")
        assert name.split(":")[0] in result.message


def test_hdf5_without_the_usual_names_says_which_there_are(berg, tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["other"] = np.zeros((2, 3))
    result = berg("compare", tmp_path / "x.h5", tmp_path / "x.h5")
    assert result.status == 3 and "FILE:DATASET" in result.message and "other" in result.message
    assert berg("compare", f"{tmp_path}/x.h5:other", f"{tmp_path}/x.h5:other").status == 0


@pytest.mark.parametrize("how", ["variable", "chunked", "other length", "numbers"])
def test_labels_that_are_something_else_are_passed_over(berg, pair, tmp_path, how):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["responses"] = np.load(pair / "b.npy")
        file["voxel_index"] = np.arange(11 if how == "other length" else 12, dtype=np.int32 if how == "numbers" else np.int64)
        names = np.array([b"name %d" % i for i in range(5 if how == "other length" else 6)])
        if how == "variable":
            names = names.astype(h5py.string_dtype())
        if how == "numbers":
            names = np.arange(6)
        file.create_dataset("image_names", data=names, chunks=(2,) if how == "chunked" else None)
    result = berg("compare", tmp_path / "x.h5", pair / "a.npy", "--json", "-")
    assert result.status == 8
    assert "image" not in json.loads(result.out)["largest_difference"]


def test_names_go_to_the_terminal_without_control_characters(berg, pair, tmp_path):
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["responses"] = np.load(pair / "b.npy")
        file["image_names"] = np.array([b"\x1b[31m<b>"] * 6)
    result = berg("compare", tmp_path / "x.h5", pair / "a.npy")
    assert result.status == 8 and "\x1b" not in result.out and "?[31m<b>" in result.out
    with h5py.File(tmp_path / "y.h5", "w") as file:
        file["responses"] = np.load(pair / "b.npy")
        file["image_names"] = np.array([b"\xff\xfe"] * 6)
    assert "image" not in json.loads(berg("compare", tmp_path / "y.h5", pair / "a.npy", "--json", "-").out)["worst_row"]


def nifti(dims=(2, 3, 4, 5), datatype=16, itemsize=4, offset=352.0, magic=b"n+1\0", size=348, missing=0, slope=1.0):
    """A file of zeros, and what is wrong with it."""
    header = bytearray(352)
    struct.pack_into("<i", header, 0, size)
    struct.pack_into("<8h", header, 40, len(dims), *dims, *([1] * (7 - len(dims))))
    struct.pack_into("<hh", header, 70, datatype, 8 * itemsize)
    struct.pack_into("<fff", header, 108, offset, slope, 0)
    header[344:348] = magic
    return bytes(header) + bytes(max(0, int(np.prod(dims, dtype=np.int64)) * itemsize - missing) if missing >= 0 else 0)


HOSTILE = {"cut": dict(missing=1), "no values": dict(missing=-1), "no dimension": dict(dims=()), "negative": dict(dims=(2, -3, 4)),
           "zero": dict(dims=(2, 0, 4)), "complex": dict(datatype=32, itemsize=8), "rgb": dict(datatype=128),
           "nan offset": dict(offset=float("nan")), "offset in the header": dict(offset=8.0), "far offset": dict(offset=1e9),
           "huge offset": dict(offset=3e38), "pair": dict(magic=b"ni1\0"), "nifti-2": dict(size=540),
           "bomb": dict(dims=(32767,) * 7, missing=-1), "long": dict(dims=(1, 1, 1, 32767, 32767, 3, 3), missing=-1)}


@pytest.mark.parametrize("ending", ["nii", "nii.gz"])
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_volumes(berg, tmp_path, name, ending):
    path = tmp_path / f"x.{ending}"
    data = nifti(**HOSTILE[name])
    path.write_bytes(gzip.compress(data) if ending == "nii.gz" else data)
    result = berg("compare", path, path)
    assert (result.status, result.out) == (3, "")
    assert str(path) in result.message


@pytest.mark.parametrize("level", [0, 9])
@pytest.mark.parametrize("damage", ["value", "checksum", "cut", "cut early"])
def test_damaged_compression(berg, tmp_path, damage, level):
    values = np.random.default_rng(1).integers(0, 4, 120).astype(np.float32).tobytes()
    data = bytearray(gzip.compress(nifti()[:352] + values, level))
    path = tmp_path / "x.nii.gz"
    path.write_bytes(data)
    assert berg("compare", path, path).status == 0
    path.write_bytes(gzip.compress(nifti()[:352] + values + b"more", level))
    assert berg("compare", path, path).status == 0
    if damage == "value":
        data[-20] ^= 1
    if damage == "checksum":
        data[-6] ^= 1
    path.write_bytes(data[:-3] if damage == "cut" else data[:len(data) // 2] if damage == "cut early" else data)
    result = berg("compare", path, path)
    assert (result.status, result.out) == (3, "")
    assert str(path) in result.message


def test_volumes_of_other_sides_differ(berg, tmp_path):
    (tmp_path / "a.nii").write_bytes(nifti((2, 3, 4, 5)))
    (tmp_path / "b.nii").write_bytes(nifti((3, 2, 4, 5)))
    result = berg("compare", tmp_path / "a.nii", tmp_path / "b.nii")
    assert result.status == 8 and "A is float32 (5, 4, 3, 2), B is float32 (5, 4, 2, 3)" in result.out
    assert berg("compare", tmp_path / "a.nii", tmp_path / "a.nii").status == 0
