"""Conversions on a full disk. The limit on the size of this process's files stands for it: write gives EFBIG instead of
ENOSPC, with the same short writes before."""
import resource
import subprocess

import numpy as np
import pytest

from containers import DUMP, convert, save

ENDINGS = ["npy", "npz", "pth", "pt", "json", "safetensors"]


@pytest.fixture
def source(tmp_path):
    # below and beyond the buffers of streams and of the copies of strided arrays; all that torch takes
    rng = np.random.default_rng(6)
    tree = {"a": rng.random(40000), "b": np.asfortranarray(rng.random((150, 100)).astype("f4")), "n": 3}
    return save(tmp_path / "source.npy", tree, 4)


def convert_within(limit, source, target):
    """As a program that ignores SIGXFSZ, which the limit else kills it with. Python does, and hands that down."""
    return subprocess.run([DUMP, "--convert", source, target], capture_output=True, timeout=600, restore_signals=False,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))


@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_is_left(tmp_path, source, ending):
    size = convert(source, tmp_path / f"whole.{ending}").stat().st_size
    before = sorted(tmp_path.iterdir())
    target = tmp_path / f"target.{ending}"
    # size - 1 is found only when the last buffer is flushed
    for limit in sorted({0, 1, 100, min(4096, size - 1), size // 2, size - 1}):
        done = convert_within(limit, source, target)
        assert done.returncode == 5, (limit, done)
        message = done.stderr.decode()
        assert message.count("\n") == 1 and f"{target.name}: cannot be written" in message
        assert sorted(tmp_path.iterdir()) == before, limit
    assert convert_within(size, source, target).returncode == 0
    assert target.read_bytes() == (tmp_path / f"whole.{ending}").read_bytes()


@pytest.mark.parametrize("limit", [0, 5000])
def test_source_is_untouched(source, limit):
    data = source.read_bytes()
    assert convert_within(limit, source, source.with_suffix(".npz")).returncode == 5
    assert source.read_bytes() == data and [path.name for path in source.parent.iterdir()] == [source.name]
