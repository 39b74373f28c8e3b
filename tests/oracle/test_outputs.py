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


def test_hdf5_of_more_than_one_chunk(tmp_path):
    h5py = pytest.importorskip("h5py")
    append(tmp_path / "a.h5", rows=700, columns=5003)
    with h5py.File(tmp_path / "a.h5") as file:
        assert np.array_equal(file["responses"][:], values(700, 5003))


@pytest.mark.parametrize("options, head", [((), [f"voxel_{3 * c + 1}" for c in range(COLUMNS)]),
                                           (("means",), [f"ROI {c}" for c in range(COLUMNS)]),
                                           (("plain",), [f"voxel_{c}" for c in range(COLUMNS)])])
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


def test_twice_is_the_same(tmp_path):
    for ending in ("h5", "nii.gz"):
        append(tmp_path / f"a.{ending}")
        time.sleep(1.1)
        append(tmp_path / f"b.{ending}")
        assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()
    assert gzip.decompress((tmp_path / "a.nii.gz").read_bytes())[:4] == b"\x5c\x01\x00\x00"
