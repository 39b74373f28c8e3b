""".safetensors files: right ones, wrong ones, and the order and metadata of those that libberg writes."""
import json
import struct

import numpy as np
import pytest

from containers import check, convert, dump, expected, flat, refused, save, weights
from safetensors_bytes import W8, one, safetensors


def test_safetensors(tmp_path):
    a, b = np.arange(6, dtype="f4").reshape(2, 3), np.arange(3, dtype="i8")
    header = {"b": {"dtype": "I64", "shape": [3], "data_offsets": [0, 24]}, "__metadata__": {"format": "pt"},
              "a.x": {"dtype": "F32", "shape": [2, 3], "data_offsets": [24, 48]},
              "s": {"dtype": "F64", "shape": [], "data_offsets": [48, 56]}, "e": {"dtype": "U8", "shape": [0], "data_offsets": [56, 56]}}
    (tmp_path / "x.safetensors").write_bytes(safetensors(header, b.tobytes() + a.tobytes() + np.float64(2).tobytes()))
    check(tmp_path / "x.safetensors", {"b": b, "a.x": a, "s": np.array(2.0), "e": np.zeros(0, "u1")}, "safetensors")


@pytest.mark.parametrize("data", [
    safetensors(one(), W8 + b"x"), safetensors(one(), W8[:7]), safetensors(one(data_offsets=[0, 4]), W8[:4]),
    safetensors(one(data_offsets=[1, 9]), W8 + b"x"), safetensors(one(data_offsets=[8, 0]), W8),
    safetensors(one(data_offsets=[0, 8, 8]), W8), safetensors(one(data_offsets=[0.5, 8]), W8),
    safetensors(one(shape=[-2]), W8), safetensors(one(shape=[2**53 + 2]), W8), safetensors(one(shape=[1e300]), W8),
    safetensors(one(shape=[2**40, 2**40]), W8), safetensors(one(shape=2), W8), safetensors(one(shape=[1] * 8 + [2]), W8),
    safetensors(one(dtype="F8_E4M3"), W8), safetensors(one(dtype=3), W8), safetensors(one(more=1), W8),
    safetensors({"w": {"dtype": "F32", "shape": [2]}}, W8), safetensors({"w": 3}), safetensors([1]),
    safetensors({**one(), "v": one()["w"]}, W8), safetensors({"__metadata__": {"k": 1}}), safetensors({"__metadata__": "x"}),
    safetensors(b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', W8),
    safetensors(b'{"w":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', W8),
    safetensors(b'{"w\\u0000x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', W8), safetensors(b"{" * 8),
    safetensors(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"), safetensors(b'{"\xff\xfe":1}'), safetensors(b'{} x'), safetensors(b'{"a'),
    struct.pack("<Q", 100_000_001) + b"{}", struct.pack("<Q", 1 << 63) + b"{}", struct.pack("<Q", 100) + b"{}",
    safetensors({"__metadata__": {"berg.structure": "{"}}), safetensors({"__metadata__": {"berg.structure": '{"tensor":"no"}'}}),
    safetensors({"__metadata__": {"berg.structure": '{"list":3}'}}), safetensors({"__metadata__": {"berg.structure": '{"dict":[{"int":"1"}]}'}}),
    safetensors({"__metadata__": {"berg.structure": '{"unicode":["abc"],"shape":[1],"width":2}'}}),
    safetensors({"__metadata__": {"berg.structure": '{"object":["abc"],"shape":[2]}'}}),
    safetensors({"__metadata__": {"berg.structure": '{"list":[' * 100 + "]}" * 100}}),
])
def test_safetensors_wrong(tmp_path, data):
    (tmp_path / "x.safetensors").write_bytes(data)
    refused(tmp_path / "x.safetensors")


def test_safetensors_order(tmp_path):
    np.savez(tmp_path / "a.npz", z=np.zeros(2, "f8"), y=np.zeros(1, "?"), b=np.zeros(3, "f4"), a=np.zeros(1, "f4"), i=np.zeros(1, "i8"), u=np.zeros(5, "u1"))
    raw = convert(tmp_path / "a.npz", tmp_path / "b.safetensors").read_bytes()
    length, = struct.unpack("<Q", raw[:8])
    assert length % 8 == 0
    header = json.loads(raw[8:8 + length])
    assert list(header) == ["i", "z", "a", "b", "u", "y"]
    assert [header[k]["data_offsets"][0] for k in header] == [0, 8, 24, 28, 40, 45]


def test_safetensors_metadata_is_kept(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(safetensors({"__metadata__": {"format": "pt", "q": 'a"b'}, **one()}, W8))
    raw = convert(tmp_path / "a.safetensors", tmp_path / "b.safetensors").read_bytes()
    assert json.loads(raw[8:8 + struct.unpack("<Q", raw[:8])[0]])["__metadata__"] == {"format": "pt", "q": 'a"b'}


def test_official_library_reads_ours(tmp_path):
    reference = pytest.importorskip("safetensors")
    save(tmp_path / "a.npy", weights(), 4)
    path = convert(tmp_path / "a.npy", tmp_path / "b.safetensors")
    arrays = {name: value for name, value in flat(weights()) if not isinstance(value, int)}
    with reference.safe_open(path, framework="numpy") as file:
        assert set(file.keys()) <= set(dict(flat(weights()))) and "berg.structure" in file.metadata()
        for name, value in arrays.items():
            found = file.get_tensor(name)
            assert found.dtype == value.dtype.newbyteorder("=") and np.array_equal(found, value), name


@pytest.mark.parametrize("metadata", [None, {"format": "pt", "ä": 'a"b'}])
def test_we_read_the_official_library(tmp_path, metadata):
    numpy_form = pytest.importorskip("safetensors.numpy")
    rng = np.random.default_rng(4)
    tensors = {f"ä.{dtype}": (rng.random((3, 5)) * 100).astype(dtype)
               for dtype in ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1", "?")}
    tensors.update(scalar=np.array(2.5), empty=np.zeros((0, 4), "f4"))
    numpy_form.save_file(tensors, tmp_path / "a.safetensors", metadata)
    found_form, entries = dump(tmp_path / "a.safetensors")
    assert found_form == "safetensors" and set(entries) == set(tensors)
    for name, value in tensors.items():
        assert entries[name] == expected(value), name
    again = numpy_form.load_file(convert(tmp_path / "a.safetensors", tmp_path / "b.safetensors"))
    for name, value in tensors.items():
        assert again[name].dtype == value.dtype and np.array_equal(again[name], value), name


def test_bfloat16_of_the_official_library(tmp_path):
    torch = pytest.importorskip("torch")
    torch_form = pytest.importorskip("safetensors.torch")
    value = torch.arange(-4, 4).to(torch.bfloat16).reshape(2, 4)
    torch_form.save_file({"w": value}, tmp_path / "a.safetensors")
    again = torch_form.load_file(convert(tmp_path / "a.safetensors", tmp_path / "b.safetensors"))
    assert again["w"].dtype == torch.bfloat16 and torch.equal(again["w"], value)
