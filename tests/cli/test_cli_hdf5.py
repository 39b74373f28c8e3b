"""info of HDF5 files: what h5py says they hold, and one line for what cannot be told."""
import json

import numpy as np
import pytest

h5py = pytest.importorskip("h5py")

SMALL = {"f4": np.float32([[0.1, np.nan, 1e30]]), "f8": np.float64(1 / 3), "f2": np.float16([1.5, -2]), "i8": np.int64([2**62 + 1, -5]),
         "u8": np.uint64(2**64 - 1), "big": np.arange(6, dtype=">i2").reshape(2, 3), "none": np.zeros((0, 5), "f4"),
         "names": np.array([b"V1", "ä".encode(), b""])}


def fill(file):
    for name, value in SMALL.items():
        file[f"small/{name}"] = value
    large = file.create_dataset("large", data=np.zeros((40, 100), "f4"), chunks=(10, 100), compression="gzip", shuffle=True)
    large.attrs["axes"] = np.bytes_("image channel")
    file.attrs["creator"] = "libberg ä"
    file.attrs["number"] = 5
    file["small"].attrs["note"] = "x"


def about(berg, path):
    result = berg("info", "--json", path)
    assert result.status == 0 and result.err == ""
    tree = json.loads(result.out)
    return tree, {entry["name"]: entry for entry in tree["entries"]}


@pytest.mark.parametrize("how", [{}, {"libver": "latest"}, {"userblock_size": 1024}], ids=["old", "latest", "user block"])
def test_what_h5py_wrote(berg, tmp_path, how):
    with h5py.File(tmp_path / "a.h5", "w", **how) as file:
        fill(file)
        file["a link"] = h5py.SoftLink("/large")
        file["elsewhere"] = h5py.ExternalLink("other.h5", "/x")
        file["small/round"] = file["/"]  # a cycle: another name of what has been told
        file["same"] = file["large"]
    tree, entries = about(berg, tmp_path / "a.h5")
    assert tree["format"] == "hdf5" and tree["attributes"] == {"creator": "libberg ä"} and "more" not in tree
    assert list(entries) == ["a link", "elsewhere", "large", "same", "small", *sorted(f"small/{name}" for name in [*SMALL, "round"])]
    assert entries["large"] == dict(name="large", dtype="float32", shape=[40, 100], bytes=16000, chunks=[10, 100], matlab=False,
                                    filters=["shuffle", "gzip"], attributes={"axes": "image channel"})
    assert entries["a link"]["target"] == "/large" and entries["elsewhere"]["target"] == "other.h5"
    assert entries["small"] == {"name": "small", "dtype": "group", "attributes": {"note": "x"}}
    for name, value in SMALL.items():
        entry = entries[f"small/{name}"]
        value = np.asarray(value)
        assert entry["shape"] == list(value.shape) and entry["bytes"] == value.nbytes
        if name == "names":
            assert entry["dtype"] == "str" and entry["value"] == ["V1", "ä", ""]
            continue
        assert entry["dtype"] == value.dtype.name
        read = np.array(entry["value"], float if value.dtype.kind == "f" else object).astype(value.dtype.newbyteorder("="))
        np.testing.assert_array_equal(read.reshape(value.shape), value)


def test_the_table(berg, tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        fill(file)
        del file["small"]
        file["images"] = np.zeros((4, 3, 80, 60), "u1")
        file["images"].attrs["MATLAB_class"] = np.bytes_("uint8")
        file["text"] = np.bytes_(("ä" * 50).encode())
        file["few"] = [1.5, 2e9]
    assert berg("info", tmp_path / "a.h5").out.splitlines() == [
        f"{tmp_path}/a.h5: hdf5, 4 entries  creator = libberg ä",
        "few     float64  (2,)             16 bytes  [1.5, 2000000000]",
        "images  uint8    (4, 3, 80, 60)    57.6 kB  in MATLAB (60, 80, 3, 4)",
        "large   float32  (40, 100)         16.0 kB  axes = image channel",
        f"text    str      ()              100 bytes  {'ä' * 30}..."]


def test_attributes_wherever_they_are(berg, tmp_path):
    """Many of them lie in a heap in the latest format; texts of variable length always lie in another."""
    texts = {f"text {i}": "long " * i for i in range(40)}
    for end in "earliest", "latest":
        with h5py.File(tmp_path / "a.h5", "w", libver=end) as file:
            file["a"] = [1, 2]
            for i, (name, text) in enumerate(texts.items()):
                file["a"].attrs[name] = np.bytes_(text) if i % 2 else text
                file["a"].attrs[f"numbers {i}"] = np.arange(i)
            file["a"].attrs["padded"] = np.array(b"spaces    ", dtype=h5py.string_dtype("ascii", 10))
        found = about(berg, tmp_path / "a.h5")[1]["a"]["attributes"]
        assert {name: text.rstrip() for name, text in found.items()} == \
            {**{name: text.rstrip() for name, text in texts.items()}, "padded": "spaces"}, end


def test_what_cannot_be_read_says_why(berg, tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["records"] = np.zeros(3, [("a", "i4")])
        file["texts"] = ["a", "b"]
        file["empty"] = h5py.Empty("f4")
        file.create_dataset("other", data=np.arange(10), chunks=(5,), scaleoffset=0)
        file.create_dataset("unwritten", (5,), "i4", chunks=(2,))
    entries = about(berg, tmp_path / "a.h5")[1]
    reasons = {"records": "not a numeric dataset", "texts": "not a numeric dataset", "empty": "holds no data",
               "other": "unsupported compression", "unwritten": "some of its data were never written"}
    assert {name: entries[name]["refused"][:len(reason)] for name, reason in reasons.items()} == reasons
    assert entries["records"]["shape"] == [3] and entries["texts"]["dtype"] == "text of variable length"
    assert "h5repack -f GZIP=4" in entries["other"]["refused"] and entries["other"]["dtype"] == "int64"


def test_a_file_of_many_objects_is_shown_in_part(berg, tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for i in range(10001):
            file[f"{i}"] = h5py.SoftLink("/x")
    tree, entries = about(berg, tmp_path / "a.h5")
    assert len(entries) == 10000 and tree["more"] is True
    assert berg("info", tmp_path / "a.h5").out.startswith(f"{tmp_path}/a.h5: hdf5, the first 10,000 entries\n")


def test_damaged_files_are_refused_in_one_line(berg, tmp_path):
    with h5py.File(tmp_path / "a.h5", "w", libver="latest") as file:
        fill(file)
    whole = (tmp_path / "a.h5").read_bytes()
    with h5py.File(tmp_path / "open.h5", "w"):
        assert "another program has it open for writing" in berg("info", tmp_path / "open.h5").message
    for name, data, words in [("cut.h5", whole[:-1], "it is cut short"), ("short.h5", whole[:20], "its superblock is cut short"),
                              ("sum.h5", whole[:60] + bytes([whole[60] ^ 1]) + whole[61:], "has another checksum"),
                              ("group.h5", whole.replace(b"OHDR", b"OHDX"), "is damaged")]:
        (tmp_path / name).write_bytes(data)
        for more in [], ["--json"]:
            result = berg("info", *more, tmp_path / name)
            assert result.status == 3 and result.out == "" and words in result.message, name


def test_numbers_of_a_few_bytes_in_chunks_that_would_be_large(berg, tmp_path):
    """What is shown is worth no gigabyte of memory."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("a", data=[1, 2, 3], maxshape=(None,), chunks=(1 << 26,), compression="gzip")
    entry = about(berg, tmp_path / "a.h5")[1]["a"]
    assert entry["chunks"] == [1 << 26] and "value" not in entry
