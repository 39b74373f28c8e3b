"""Memory that runs out anywhere, from opening the stimuli to the last file, is reported and leaves nothing behind."""
import os
import struct
import subprocess
import zlib

import numpy as np
import pytest
from PIL import Image

from moments import preloaded


def test_every_allocation_may_fail(build_dir, small_berg_dir, backbone_files, tmp_path):
    pixels = np.random.default_rng(3).integers(0, 256, (40, 52, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "image.png")
    done = subprocess.run([build_dir / "tests" / "failing_memory", small_berg_dir, backbone_files["safetensors"],
                           tmp_path / "out.nii", tmp_path / "image.png"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 200
    assert [path.name for path in tmp_path.iterdir()] == ["image.png"]


def interlaced():
    """A PNG of 8 x 8 grey pixels in seven passes, which Pillow does not write."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = [range(x, 8, across) for x, y, across, down in passes for _ in range(y, 8, down)]

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 1))
            + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(row) for row in rows))) + chunk(b"IEND", b""))


def make_file(kind, folder):
    """The command that reads or writes it, and what it is told on standard input."""
    values, path = np.arange(120, dtype=np.uint8).reshape(4, 10, 3), folder / f"a.{kind}"
    if kind == "npz":
        np.savez_compressed(path, values)
        return ["dump_file", path], ""
    if kind == "h5":
        h5py = pytest.importorskip("h5py")
        with h5py.File(path, "w") as file:
            file.create_dataset("x", data=values, chunks=(2, 10, 3), compression="gzip")
        return ["hdf5_rows", path, "x", folder / "out"], ""
    if kind == "new.h5":
        return ["draft_hdf5", path], "group\t0\tg\ndataset\t1\tx\tf4\t2,3\t00\nlist\t0\tl\t6162\nstring\t0\ta\ttext\n"
    if kind == "interlaced.png":
        path.write_bytes(interlaced())
    else:
        Image.fromarray(values).save(path, **({"progressive": True} if kind == "jpg" else {}))
    return ["pixels"], f"decode {path}\n"


@pytest.mark.parametrize("kind", ["png", "interlaced.png", "jpg", "npz", "h5", "new.h5"])
def test_want_of_memory_is_never_told_as_damage(build_dir, tmp_path, kind):
    """Of this process or of a library: zlib's, libspng's and libjpeg's."""
    (tool, *arguments), stdin = make_file(kind, tmp_path)
    log = tmp_path / "log"

    def run(**failing):
        log.unlink(missing_ok=True)
        environment = {**os.environ, **preloaded("libfailing_allocations.so"), "TORTURE_LOG": str(log), **failing}
        return subprocess.run([build_dir / "tests" / tool, *arguments], env=environment, input=stdin.encode(), capture_output=True)
    if not (build_dir / "tests/libfailing_allocations.so").exists():
        pytest.skip("sanitizers bring an allocator of their own")
    assert run().returncode == 0
    count = int(log.read_text().split()[1])
    assert count > 5
    told = 0
    for number in range(1, count + 1):
        for rest in {}, {"TORTURE_REST": "1"}:
            done = run(TORTURE_FAIL=str(number), **rest)
            message = (done.stderr + done.stdout[:300]).decode(errors="replace")
            assert "damaged" not in message and "EINPUT" not in message and done.returncode in (0, 6, 100), (number, message)
            told += "memory" in message
    assert told > count
