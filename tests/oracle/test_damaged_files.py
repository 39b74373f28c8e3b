"""Containers that are truncated, altered, or not containers at all."""
import zipfile

import numpy as np

from containers import dump_each, refused, run
from safetensors_bytes import W8, one, safetensors
from torch_zip import sample_torch


def samples(folder):
    np.save(folder / "plain.npy", np.arange(6, dtype="f4").reshape(2, 3))
    np.save(folder / "pickled.npy", {"a": np.arange(3), "b": {"c": np.array(["x"], dtype=object), "d": np.float32(2)}, "e": 1.5})
    np.savez(folder / "x.npz", a=np.arange(3), b=np.float32(1))
    np.savez_compressed(folder / "y.npz", a=np.arange(300))
    (folder / "x.pth").write_bytes(sample_torch()[0])
    (folder / "x.safetensors").write_bytes(safetensors(one(), W8))
    return ["plain.npy", "pickled.npy", "x.npz", "y.npz", "x.pth", "x.safetensors"]


def test_every_truncation(tmp_path):
    for name in samples(tmp_path):
        data = (tmp_path / name).read_bytes()
        assert run(tmp_path / name).returncode == 0
        # all lengths of a file of a kilobyte; of larger ones the start, the end and every seventh
        lengths = [n for n in range(len(data)) if not (200 < n < len(data) - 200 and n % 7)]
        for length, (status, message) in zip(lengths, dump_each(tmp_path / "cut", [data[:n] for n in lengths])):
            assert status == 3 and message.count("\n") == 1, (name, length, status, message)


def test_flipped_bytes_never_crash(tmp_path):
    rng = np.random.default_rng(3)
    for name in samples(tmp_path):
        data, damaged = (tmp_path / name).read_bytes(), []
        for _ in range(150):
            damaged.append(bytearray(data))
            for at in rng.integers(0, len(data), rng.integers(1, 4)):
                damaged[-1][at] = rng.integers(0, 256)
        for content, (status, message) in zip(damaged, dump_each(tmp_path / "damaged", damaged)):
            assert status in (0, 3, 6), (name, status, message, bytes(content))


def test_not_there(tmp_path):
    refused(tmp_path / "none.npy", "No such file")
    refused(tmp_path, "directory")
    (tmp_path / "empty.npy").write_bytes(b"")
    refused(tmp_path / "empty.npy", "empty")
    (tmp_path / "text.npy").write_bytes(b"not an array at all, just text")
    refused(tmp_path / "text.npy", "unknown format")
    for before in 0, 512, 4096:  # behind a user block, as in MATLAB's files
        (tmp_path / "weights.npy").write_bytes(b"x" * before + b"\x89HDF\r\n\x1a\n")
        refused(tmp_path / "weights.npy", "is an HDF5 file, which is read for images and responses (as FILE:DATASET by berg encode, train")


def test_zip_wrong(tmp_path):
    good = sample_torch()[0]
    local = good.index(b"data/0") - 8 - 30
    assert good[local:local + 4] == b"PK\3\4"
    for at, value in ((local, b"XX"), (local + 26, b"\xff\xff"), (local + 28, b"\xff\xff"), (local + 30, b"Z"), (local + 8, b"\1")):
        (tmp_path / "x.pth").write_bytes(good[:at] + value + good[at + len(value):])
        refused(tmp_path / "x.pth")
    pickle_at = good.index(b"\x80\x02}")
    (tmp_path / "x.pth").write_bytes(good[:pickle_at + 20] + b"?" + good[pickle_at + 21:])
    refused(tmp_path / "x.pth", "checksum")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "x")
    refused(tmp_path / "other.zip", "readme.txt")
