"""What libberg writes, read by NumPy, json and zipfile, and there and back."""
import json
import struct
import zipfile

import numpy as np
import pytest

from containers import check, convert, flat, load, metadata, run, same, save, weights
from safetensors_bytes import W8, safetensors
from torch_zip import sample_torch


TREES = {"weights": weights(), "metadata": metadata(),
         "odd": {"none": None, "list": [1, "a", [2.5]], "tuple": (True, np.arange(2)), 3: "int key", "a.b": np.ones(2), "text": 'q"\\\n\t ä𝄞',
                 "nan": float("inf"), "float": 0.1, "str_": np.str_("abc"), "empty": {}, "zero": np.array([], dtype=object)}}


@pytest.mark.parametrize("name", TREES)
def test_there_and_back(tmp_path, name):
    tree = TREES[name]
    save(tmp_path / "a.npy", tree, 4)
    convert(tmp_path / "a.npy", tmp_path / "b.npy")
    same(load(tmp_path / "b.npy"), tree)
    convert(tmp_path / "a.npy", tmp_path / "c.safetensors")
    convert(tmp_path / "c.safetensors", tmp_path / "d.npy")
    same(load(tmp_path / "d.npy"), tree)
    assert (tmp_path / "b.npy").read_bytes() == (tmp_path / "d.npy").read_bytes()
    convert(tmp_path / "d.npy", tmp_path / "e.safetensors")
    assert (tmp_path / "c.safetensors").read_bytes() == (tmp_path / "e.safetensors").read_bytes()


def test_torch_there_and_back(tmp_path):
    data, wanted = sample_torch(wrap=lambda tree: {**tree, "epoch": 3})
    (tmp_path / "a.pth").write_bytes(data)
    for step, target in enumerate(["b.pth", "c.safetensors", "d.pth", "e.npy", "f.pth"]):
        convert(tmp_path / (["a.pth", "b.pth", "c.safetensors", "d.pth", "e.npy"][step]), tmp_path / target)
        check(tmp_path / target, {**wanted, "epoch": 3})
    with zipfile.ZipFile(tmp_path / "f.pth") as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            at = info.header_offset
            raw = (tmp_path / "f.pth").read_bytes()
            assert (at + 30 + sum(struct.unpack("<HH", raw[at + 26:at + 30]))) % 64 == 0


def test_dotted_names_nest(tmp_path):
    np.savez(tmp_path / "a.npz", **{"a.b": np.arange(2), "a.c.d": np.arange(3), "e": np.arange(4)})
    same(load(convert(tmp_path / "a.npz", tmp_path / "b.npy")), {"a": {"b": np.arange(2), "c": {"d": np.arange(3)}}, "e": np.arange(4)})
    np.savez(tmp_path / "c.npz", **{"a": np.arange(2), "a.c": np.arange(3)})
    same(load(convert(tmp_path / "c.npz", tmp_path / "d.npy")), {"a": np.arange(2), "a.c": np.arange(3)})


def test_npz_written(tmp_path):
    save(tmp_path / "a.npy", metadata(), 4)
    with np.load(convert(tmp_path / "a.npy", tmp_path / "b.npz")) as loaded:  # without allow_pickle
        wanted = dict(flat(metadata()))
        assert loaded.files == list(wanted)
        for name, value in wanted.items():
            assert np.array_equal(loaded[name], value) and loaded[name].shape == np.shape(value), name


def test_plain_npy_is_what_numpy_writes(tmp_path):
    for array in (np.arange(6.0).reshape(2, 3), np.float32(2), np.array(["a", "bc"]), np.zeros((0, 3), "i2"), np.arange(100000, dtype="u1")):
        np.save(tmp_path / "a.npy", array)
        (tmp_path / "b.npy").unlink(missing_ok=True)
        convert(tmp_path / "a.npy", tmp_path / "b.npy")
        if np.lib.NumpyVersion(np.__version__) >= "1.24.0":
            assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
        assert np.array_equal(np.load(tmp_path / "b.npy"), array)
    texts = np.array([["a", "bc"], ["ä", ""]], dtype=object)
    np.save(tmp_path / "o.npy", texts)
    assert np.array_equal(np.load(convert(tmp_path / "o.npy", tmp_path / "p.npy"), allow_pickle=True), texts)


def test_json(tmp_path):
    tree = {**metadata(), "nan": np.array([np.nan, np.inf, -0.0, 1e-5]), "third": 1 / 3, "single": np.float32(0.1), "none": None,
            "list": [1, (2, "x")], "large": np.zeros((40, 50)), "half": np.array([0.1, 65504, 6e-8], "f2"), "q": 'a"\\\n\x01'}
    save(tmp_path / "a.npy", tree, 4)
    read = json.loads(convert(tmp_path / "a.npy", tmp_path / "b.json").read_text())
    assert list(read) == list(tree) and list(read["encoding_model"]) == list(tree["encoding_model"])
    assert read["nan"] == ["NaN", "Infinity", -0.0, 1e-5] and read["third"] == 1 / 3 and read["single"] == 0.1
    assert read["fmri"]["voxel_coords"] == tree["fmri"]["voxel_coords"].tolist() and read["fmri"]["n_voxels"] == 9
    assert read["large"] == {"dtype": "float64", "shape": [40, 50]} and read["none"] is None and read["list"] == [1, [2, "x"]]
    assert read["encoding_model"]["test_avg_stimuli"] == tree["encoding_model"]["test_avg_stimuli"].tolist()
    assert read["encoding_model"]["empty"] == [] and read["encoding_model"]["flag"] is True and read["q"] == tree["q"]
    assert np.array_equal(np.array(read["half"], "f2"), tree["half"])


def test_cannot_be_held(tmp_path):
    save(tmp_path / "a.npy", {"a": np.arange(2, dtype="u2"), "s": np.array(["x"])}, 4)
    done = run("--convert", tmp_path / "a.npy", tmp_path / "b.pth")
    assert done.returncode == 3 and b"uint16" in done.stderr and b"a.npy" in done.stderr
    (tmp_path / "b.safetensors").write_bytes(safetensors({"w": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}}, W8))
    for ending in ("npy", "npz"):
        assert run("--convert", tmp_path / "b.safetensors", tmp_path / f"c.{ending}").returncode == 3
    convert(tmp_path / "b.safetensors", tmp_path / "d.pth")
    save(tmp_path / "n.npy", {"a": None, "b": b"bytes"}, 4)
    for ending in ("npz", "safetensors", "json", "pth"):
        assert run("--convert", tmp_path / "n.npy", tmp_path / f"n.{ending}").returncode == 3
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npy", "b.safetensors", "d.pth", "n.npy"]


def test_targets(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3))
    assert run("--convert", tmp_path / "a.npy", tmp_path / "b.txt").returncode == 2
    assert run("--convert", tmp_path / "a.npy", tmp_path / "a.npy").returncode == 5
    assert run("--convert", tmp_path / "a.npy", tmp_path / "no" / "b.npz").returncode == 5
    assert run("--convert", tmp_path / "none.npy", tmp_path / "b.npz").returncode == 3
