"""torch's checkpoints, by hand and by torch itself where it is installed."""
import io
import pickle
import struct
import zipfile

import numpy as np
import pytest

from containers import check, refused, run
from torch_zip import Call, Global, Storage, TorchPickler, sample_torch, tensor, torch_bytes


@pytest.mark.parametrize("compress", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_torch(tmp_path, compress):
    data, wanted = sample_torch(compress, extra=[("byteorder", "little")])
    (tmp_path / "x.pth").write_bytes(data)
    check(tmp_path / "x.pth", wanted, "torch")


def test_torch_metadata_on_ordered_dict(tmp_path):
    a = Storage("0", np.arange(4, dtype="f8"))

    # OrderedDict(), SETITEMS, then BUILD {'_metadata': ...}: the order of opcodes that torch gives a state_dict
    out = io.BytesIO()
    pickler = TorchPickler(out, protocol=2)
    pickler.write(b"\x80\x02")
    pickler.save(Call(Global("collections", "OrderedDict"), ()))
    pickler.write(b"(")
    pickler.save("w")
    pickler.save(tensor(a, 0, (4,), (1,)))
    pickler.write(b"u")
    pickler.save({"_metadata": {"": {"version": 1}}})
    pickler.write(b"b.")
    with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
        archive.writestr("m/data.pkl", out.getvalue())
        archive.writestr("m/data/0", a.array.tobytes())
    check(tmp_path / "x.pth", {"w": a.array}, "torch")


def test_torch_nested(tmp_path):
    data, wanted = sample_torch(wrap=lambda tree: {"epoch": 3, "state_dict": tree})
    (tmp_path / "x.pth").write_bytes(data)
    check(tmp_path / "x.pth", {"epoch": 3, "state_dict": wanted})


@pytest.mark.parametrize("offset, size, stride", [(0, (25,), (1,)), (24, (1,), (1,)), (1, (2, 12), (12, 1)), (0, (2, 2), (24, 1)),
                                                  (1 << 62, (2,), (1 << 62,)), (0, (1 << 32, 1 << 32), (0, 0)),
                                                  (0, (1 << 30,), (0,)), (-1, (1,), (1,)), (0, (2,), (-1,)), (0, (2,), (1, 1))])
def test_torch_outside_of_storage(tmp_path, offset, size, stride):
    a = Storage("0", np.arange(24, dtype="f4"))
    (tmp_path / "x.pth").write_bytes(torch_bytes({"w": tensor(a, offset, size, stride)}, {"0": a}))
    refused(tmp_path / "x.pth", "pickle")


def test_torch_big_endian_and_missing_storage(tmp_path):
    (tmp_path / "big.pth").write_bytes(sample_torch(extra=[("byteorder", "big")])[0])
    refused(tmp_path / "big.pth", "byte order", "big")
    a = Storage("0", np.arange(24, dtype="f4"))
    (tmp_path / "missing.pth").write_bytes(torch_bytes({"w": tensor(a, 0, (1,), (1,))}, {}))
    refused(tmp_path / "missing.pth", "storage is missing")
    short = Storage("0", np.arange(4, dtype="f4"))
    (tmp_path / "short.pth").write_bytes(torch_bytes({"w": tensor(a, 0, (1,), (1,))}, {"0": short}))
    refused(tmp_path / "short.pth", "shorter")


def test_old_torch_says_what_to_do(tmp_path):
    (tmp_path / "x.pth").write_bytes(pickle.dumps(119547037146038801333356, protocol=2) + b"....")
    refused(tmp_path / "x.pth", "torch.save")


def test_real_torch(tmp_path):
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.LayerNorm(4))
    torch.save(model.state_dict(), tmp_path / "x.pth")
    check(tmp_path / "x.pth", {k: v.numpy() for k, v in model.state_dict().items()}, "torch")
    tree = {"half": torch.arange(3).half(), "t": torch.arange(6.0).reshape(2, 3).T, "n": 3, "b": torch.tensor(True)}
    torch.save(tree, tmp_path / "y.pth")
    check(tmp_path / "y.pth", {k: v.numpy() if hasattr(v, "numpy") else v for k, v in tree.items()})
    assert run("--convert", tmp_path / "y.pth", tmp_path / "z.pth").returncode == 0
    loaded = torch.load(tmp_path / "z.pth", weights_only=True)
    assert all(torch.equal(torch.as_tensor(loaded[k]), torch.as_tensor(tree[k])) for k in tree)
    assert loaded["t"].dtype == tree["t"].dtype and type(loaded["n"]) is int


def test_checksums_that_were_not_computed(tmp_path):
    """As torch.serialization.set_crc32_options(False) leaves them: zeros."""
    data, wanted = sample_torch()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        checksums = {struct.pack("<I", member.CRC) for member in archive.infolist()}
    for checksum in checksums - {bytes(4)}:
        data = data.replace(checksum, bytes(4))
    (tmp_path / "x.pth").write_bytes(data)
    check(tmp_path / "x.pth", wanted, "torch")
