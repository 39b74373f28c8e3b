"""The files that rows end up in, read back by NumPy, h5py, nibabel and the csv module; runs that are killed and resumed."""
import csv
import gzip
import os
import pathlib
import signal
import subprocess
import time

import numpy as np
import pytest

import moments

BUILD = pathlib.Path(os.environ.get("BERG_BUILD", pathlib.Path(__file__).parents[2] / "build")).resolve()
TOOL = BUILD / "tests" / "append_rows"
COLUMNS, ROWS = 211, 13


def values(rows=ROWS, columns=COLUMNS):
    r, c = np.meshgrid(np.arange(rows, dtype=np.uint32), np.arange(columns, dtype=np.uint32), indexing="ij")
    with np.errstate(over="ignore"):
        mixed = r * np.uint32(2654435761) + c * np.uint32(40503)
    return mixed.astype(np.float32) / np.float32(65536) - np.float32(32768)


def append(path, *options, rows=ROWS, columns=COLUMNS, status=0):
    done = subprocess.run([TOOL, path, str(columns), str(rows), *options], capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    assert status or not os.path.exists(f"{path}.partial")
    assert not list(pathlib.Path(path).parent.glob(".*.new"))
    return done


def names(rows=ROWS):
    return [f'i,"{r}".png' for r in range(rows)]


def coordinates(columns=COLUMNS):
    c = np.arange(columns)
    return np.stack([c % 5, c // 5 % 7, c // 35], 1)


def test_npy_is_what_numpy_saves(tmp_path):
    append(tmp_path / "a.npy")
    np.save(tmp_path / "b.npy", values())
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()


def test_partial_is_a_npy_meanwhile(tmp_path):
    path = tmp_path / "a.npy"
    assert moments.killed([TOOL, path, "100", "100000"], 1000, clock=0.3)
    some = np.load(f"{path}.partial")
    assert 200 < len(some) < 1000
    assert np.array_equal(some, values(len(some), 100))


@pytest.mark.parametrize("ending", ["h5", "hdf5"])
def test_hdf5(tmp_path, ending):
    h5py = pytest.importorskip("h5py")
    append(tmp_path / f"a.{ending}")
    with h5py.File(tmp_path / f"a.{ending}") as file:
        assert sorted(file) == ["image_names", "responses", "voxel_coordinates", "voxel_index"]
        assert file["responses"].dtype == np.float32 and file["responses"].chunks is None
        assert np.array_equal(file["responses"][:], values())
        assert list(file["image_names"].asstr()[:]) == names()
        assert file["voxel_index"].dtype == np.int64
        assert np.array_equal(file["voxel_index"][:], 3 * np.arange(COLUMNS) + 1)
        assert np.array_equal(file["voxel_coordinates"][:], coordinates())
        assert file.attrs["model"] in ("a-model", b"a-model") and file.attrs["subject"] == 2
        assert "libberg" in str(file.attrs["creator"])


def test_hdf5_of_means_and_without_labels(tmp_path):
    h5py = pytest.importorskip("h5py")
    append(tmp_path / "means.h5", "means")
    append(tmp_path / "plain.h5", "plain")
    with h5py.File(tmp_path / "means.h5") as file:
        assert sorted(file) == ["image_names", "responses", "roi_names"]
        assert list(file["roi_names"].asstr()[:]) == [f"ROI {c}" for c in range(COLUMNS)]
    with h5py.File(tmp_path / "plain.h5") as file:
        assert sorted(file) == ["responses"] and np.array_equal(file["responses"][:], values())


SHAPE = (2, 3, 7)
CHANNELS = ["Oz", 'a,"b"', "\u00e9"]
TIMES = (np.arange(7) - 20) / 200


def shaped_values():
    return values(columns=42).reshape(ROWS, *SHAPE)


def test_rows_of_several_dimensions(tmp_path):
    append(tmp_path / "a.npy", "shaped", columns=42)
    np.save(tmp_path / "b.npy", shaped_values())
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()


def test_hdf5_of_several_dimensions(tmp_path):
    h5py = pytest.importorskip("h5py")
    append(tmp_path / "a.h5", "shaped", columns=42)
    axes = "image repetition channel time"
    with h5py.File(tmp_path / "a.h5") as file:
        assert sorted(file) == ["channel_names", "image_names", "regions", "repetition_names", "responses", "time"]
        assert np.array_equal(file["responses"][:], shaped_values())
        assert file["responses"].attrs["axes"] in (axes, axes.encode())
        assert list(file["channel_names"].asstr()[:]) == CHANNELS
        assert list(file["repetition_names"].asstr()[:]) == ["rep-1", "rep-2"]
        assert file["time"].dtype == np.float64 and np.array_equal(file["time"][:], TIMES)
        assert file["time"].attrs["unit"] in ("s", b"s")
        assert list(file["regions"]["O"][:]) == [0, 2]


def test_csv_of_several_dimensions(tmp_path):
    append(tmp_path / "wide.csv", "shaped", columns=42)
    append(tmp_path / "long.csv", "shaped", "long", columns=42)
    append(tmp_path / "voxels.csv", "long", columns=3)
    with open(tmp_path / "wide.csv", newline="") as file:
        wide = list(csv.reader(file, strict=True))
    assert wide[0] == ["image"] + [f"{r}_{c}_{t:g}s" for r in ("rep-1", "rep-2") for c in CHANNELS for t in TIMES]
    assert np.array_equal(np.array([row[1:] for row in wide[1:]]).astype(np.float32), values(columns=42))
    with open(tmp_path / "long.csv", newline="") as file:
        lines = list(csv.reader(file, strict=True))
    assert lines[0] == ["image", "repetition", "channel", "time", "value"]
    assert [line[:4] for line in lines[1:]] == [[name, r, c, f"{t:g}"] for name in names() for r in ("rep-1", "rep-2")
                                                for c in CHANNELS for t in TIMES]
    assert np.array_equal(np.array([line[4] for line in lines[1:]]).astype(np.float32), shaped_values().ravel())
    with open(tmp_path / "voxels.csv", newline="") as file:
        lines = list(csv.reader(file, strict=True))
    assert lines[0] == ["image", "voxel", "value"] and [line[1] for line in lines[1:4]] == ["1", "4", "7"]


def test_hdf5_of_more_than_one_chunk(tmp_path):
    h5py = pytest.importorskip("h5py")
    append(tmp_path / "a.h5", rows=700, columns=5003)
    with h5py.File(tmp_path / "a.h5") as file:
        assert np.array_equal(file["responses"][:], values(700, 5003))


@pytest.mark.parametrize("options, head", [((), [f"voxel_{3 * c + 1}" for c in range(COLUMNS)]),
                                           (("means",), [f"ROI {c}" for c in range(COLUMNS)]),
                                           (("plain",), [f"column_{c}" for c in range(COLUMNS)])])
def test_csv(tmp_path, options, head):
    append(tmp_path / "a.csv", *options)
    with open(tmp_path / "a.csv", newline="") as file:
        rows = list(csv.reader(file, strict=True))
    assert rows[0] == ["image"] + head
    assert [row[0] for row in rows[1:]] == (names() if options != ("plain",) else [str(r) for r in range(ROWS)])
    assert np.array_equal(np.array([row[1:] for row in rows[1:]]).astype(np.float32), values())


@pytest.mark.parametrize("ending", ["nii", "nii.gz"])
def test_nifti(tmp_path, ending):
    nibabel = pytest.importorskip("nibabel")
    append(tmp_path / f"a.{ending}")
    image = nibabel.load(tmp_path / f"a.{ending}")
    data = np.asarray(image.dataobj)
    assert data.shape == (5, 7, (COLUMNS + 34) // 35 + 1, ROWS)
    assert data.dtype == np.float32
    header = image.header
    assert header["qform_code"] == 0 and header["sform_code"] == 0
    assert b"space unknown" in bytes(header["descrip"])
    x, y, z = coordinates().T
    assert np.array_equal(data[x, y, z].T, values())
    outside = np.ones(data.shape[:3], bool)
    outside[x, y, z] = False
    assert outside.any() and not data[outside].any()


def test_nifti_of_more_images_than_it_counts(tmp_path):
    done = append(tmp_path / "a.nii", rows=32768, columns=3, status=2)
    assert "a number of images of 32768 does not fit NIfTI-1" in done.stderr
    assert np.load(tmp_path / "a.nii.partial").shape == (32768, 3)


@pytest.mark.parametrize("ending", ["npy", "h5", "csv", "nii", "nii.gz"])
def test_killed_and_resumed_is_the_same(tmp_path, ending):
    rows, columns = 3000, 50
    whole, killed = tmp_path / f"whole.{ending}", tmp_path / f"killed.{ending}"
    append(whole, rows=rows, columns=columns)
    resumed, safe = [], [0]
    for call in (30, 800, 1000):
        done = subprocess.run([TOOL, killed, str(columns), str(rows), "resume"], capture_output=True, text=True,
                              env={**os.environ, **moments.environment(kill=call, clock=0.3)})
        assert done.returncode == -signal.SIGKILL and not killed.exists()
        resumed.append(int(done.stdout))
        journal = pathlib.Path(f"{killed}.partial.journal").read_text().split()
        safe.append(int(journal[journal.index("rows", 3) + 1]))
        header = 128
        assert os.path.getsize(f"{killed}.partial") >= header + safe[-1] * columns * 4
    append(killed, "resume", rows=rows, columns=columns)
    assert resumed == safe[:3] and 0 < safe[1] < safe[2] < safe[3] < rows
    assert killed.read_bytes() == whole.read_bytes()


def test_resumed_with_another_shape_is_another_run(tmp_path):
    assert moments.killed([TOOL, tmp_path / "a.npy", "42", "3000", "shaped"], 800, clock=0.3)
    assert np.load(tmp_path / "a.npy.partial").shape[1:] == SHAPE
    done = append(tmp_path / "a.npy", "resume", columns=42, rows=3000, status=5)
    assert "another run" in done.stderr and "rows of 2 x 3 x 7" in done.stderr
    append(tmp_path / "a.npy", "shaped", "resume", columns=42, rows=3000)
    assert np.array_equal(np.load(tmp_path / "a.npy"), values(3000, 42).reshape(-1, *SHAPE))


def test_twice_is_the_same(tmp_path):
    for ending in ("h5", "nii.gz"):
        append(tmp_path / f"a.{ending}")
        time.sleep(1.1)
        append(tmp_path / f"b.{ending}")
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()
    assert gzip.decompress((tmp_path / "a.nii.gz").read_bytes())[:4] == b"\x5c\x01\x00\x00"
