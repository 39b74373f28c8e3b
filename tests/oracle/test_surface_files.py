"""Rows of values at the vertices of a hemisphere as GIfTI and MGH, read back by nibabel, zlib and an XML parser."""
import base64
import gzip
import os
import pathlib
import resource
import struct
import subprocess
import xml.etree.ElementTree
import zlib

import nibabel
import numpy as np
import pytest

BUILD = pathlib.Path(os.environ.get("BERG_BUILD", pathlib.Path(__file__).parents[2] / "build")).resolve()
ROWS_TOOL, SURFACE_TOOL = BUILD / "tests" / "append_rows", BUILD / "tests" / "write_surface"
ENDINGS = ["func.gii", "mgh", "mgz"]
COLUMNS, ROWS = 211, 13
VERTICES = 3 * COLUMNS + 5


def rows():
    r, c = np.meshgrid(np.arange(ROWS, dtype=np.uint32), np.arange(COLUMNS, dtype=np.uint32), indexing="ij")
    with np.errstate(over="ignore"):
        mixed = r * np.uint32(2654435761) + c * np.uint32(40503)
    return mixed.astype(np.float32) / np.float32(65536) - np.float32(32768)


def laid_out(outside):
    surface = np.full((ROWS, VERTICES), outside, np.float32)
    surface[:, 1:3 * COLUMNS:3] = rows()
    return surface


def append(path, *options, status=0):
    done = subprocess.run([ROWS_TOOL, path, str(COLUMNS), str(ROWS), *options], capture_output=True, text=True)
    assert done.returncode == status, done.stderr
    return done


def frames(path):
    """(images, vertices), whichever format it is."""
    image = nibabel.load(path)
    if path.name.endswith(".gii"):
        return np.stack([array.data for array in image.darrays])
    data = np.asarray(image.dataobj)
    assert data.shape[1:3] == (1, 1)
    return data[:, 0, 0, :].T if data.ndim == 4 else data[:, 0, 0][None]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("options, outside", [((), 0), (("nan",), np.nan)])
def test_nibabel_reads_each_row_laid_over_the_whole_surface(tmp_path, ending, options, outside):
    path = tmp_path / f"lh.{ending}"
    append(path, "left", *options)
    data = frames(path)
    assert data.dtype.kind == "f" and data.dtype.itemsize == 4
    assert np.array_equal(data, laid_out(outside), equal_nan=True)
    assert not path.with_name(f"lh.{ending}.partial").exists()


@pytest.mark.parametrize("side, name", [("left", "CortexLeft"), ("right", "CortexRight")])
def test_gifti_says_hemisphere_and_images(tmp_path, side, name):
    append(tmp_path / "a.func.gii", side)
    image = nibabel.load(tmp_path / "a.func.gii")
    assert image.meta["AnatomicalStructurePrimary"] == name
    assert image.meta["Description"] == "session z-scores" and image.meta["GeneratedBy"].startswith("libberg ")
    assert [array.meta["Name"] for array in image.darrays] == [f'i,"{r}".png' for r in range(ROWS)]
    assert {nibabel.nifti1.intent_codes.niistring[array.intent] for array in image.darrays} == {"NIFTI_INTENT_NONE"}
    assert image.numDA == ROWS and image.agg_data()[3].shape == (VERTICES,)


def test_gifti_without_nibabel(tmp_path):
    append(tmp_path / "a.func.gii", "left")
    root = xml.etree.ElementTree.parse(tmp_path / "a.func.gii").getroot()
    arrays = root.findall("DataArray")
    assert root.tag == "GIFTI" and root.get("Version") == "1.0" and int(root.get("NumberOfDataArrays")) == len(arrays) == ROWS
    for array, row in zip(arrays, laid_out(0)):
        assert (array.get("Encoding"), array.get("Endian"), array.get("Dim0")) == ("GZipBase64Binary", "LittleEndian", str(VERTICES))
        text = array.find("Data").text
        assert zlib.decompress(base64.b64decode(text, validate=True)) == row.astype("<f4").tobytes()


def test_mgh_is_what_the_format_says(tmp_path):
    append(tmp_path / "a.mgh", "left")
    append(tmp_path / "a.mgz", "left")
    content = (tmp_path / "a.mgh").read_bytes()
    assert struct.unpack(">7ih", content[:30]) == (1, VERTICES, 1, 1, ROWS, 3, 0, 1)
    assert np.frombuffer(content[30:90], ">f4").tolist() == [1, 1, 1, -1, 0, 0, 0, 0, -1, 0, 1, 0, 0, 0, 0]
    assert content[90:284] == bytes(194) and content[284:-20] == laid_out(0).astype(">f4").tobytes() and content[-20:] == bytes(20)
    assert gzip.decompress((tmp_path / "a.mgz").read_bytes()) == content
    assert nibabel.load(tmp_path / "a.mgh").affine[:3, :3].tolist() == [[-1, 0, 0], [0, 0, 1], [0, -1, 0]], "coronal"


@pytest.mark.parametrize("ending", ENDINGS)
def test_twice_is_the_same(tmp_path, ending):
    for name in "ab":
        append(tmp_path / f"{name}.{ending}", "left")
    assert (tmp_path / f"a.{ending}").read_bytes() == (tmp_path / f"b.{ending}").read_bytes()


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("kind", [(), ("means",), ("plain",), ("shaped",)])
def test_columns_that_are_no_vertices_are_refused(tmp_path, ending, kind):
    done = subprocess.run([ROWS_TOOL, tmp_path / f"a.{ending}", "210", "2", *kind], capture_output=True, text=True)
    assert done.returncode == 2 and "a surface needs a vertex behind each column" in done.stderr
    assert not (tmp_path / f"a.{ending}").exists()


def write(path, vertices, names, *chosen, **more):
    """Rows of one value an image, at all vertices or the chosen ones."""
    return subprocess.run([SURFACE_TOOL, path, str(vertices), ",".join(map(str, chosen)) or "all", *names], capture_output=True,
                          **more)


HOSTILE = [b"plain", b"<MD>&amp;]]></Name>\"'", "Stra\u00dfe \u732b \U0001f408".encode(), b"a\tb\nc\rd", b"bell\x07 \x1b[31m",
           b"\xff\xfe no text", b"\xed\xa0\x80 half", "\uffff\ufffe".encode(), b"n" * 100000, b"%s%n", b""]
READ = ["plain", "<MD>&amp;]]></Name>\"'", "Stra\u00dfe \u732b \U0001f408", "a\tb\nc\rd", "bell? ?[31m", "?? no text", "??? half",
        "??", "n" * 100000, "%s%n", ""]


def test_names_of_any_bytes_are_kept_or_shown(tmp_path):
    done = write(tmp_path / "a.func.gii", 5, HOSTILE)
    assert done.returncode == 0, done.stderr
    root = xml.etree.ElementTree.parse(tmp_path / "a.func.gii").getroot()
    values = [array.find("MetaData/MD/Value").text or "" for array in root.findall("DataArray")]
    assert values == READ
    image = nibabel.load(tmp_path / "a.func.gii")
    assert [array.meta["Name"] for array in image.darrays] == [name.strip() for name in READ]
    assert frames(tmp_path / "a.func.gii").tolist() == [[float(r)] * 5 for r in range(len(READ))]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("vertices, names, chosen, status, message", [
    (0, ["a"], (), 2, "a number of vertices of 0: a surface file holds 1 to 2147483647"),
    (9, [], (), 2, "a number of images of 0: a surface file holds 1 to 2147483647"),
    (9, ["a"], (3, 3), 2, "column 1 is vertex 3, after vertex 3: expected ascending ones"),
    (9, ["a"], (5, 2), 2, "column 1 is vertex 2, after vertex 5: expected ascending ones"),
    (9, ["a"], (2, 9), 4, "column 1 is vertex 9 of a surface that has 0 to 8"),
])
def test_what_does_not_fit_is_refused(tmp_path, ending, vertices, names, chosen, status, message):
    done = write(tmp_path / f"a.{ending}", vertices, names, *chosen)
    assert done.returncode == status and message in done.stderr.decode() and done.stderr.count(b"\n") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_selection_of_nothing_is_a_surface_of_nothing(tmp_path, ending):
    assert write(tmp_path / f"a.{ending}", 7, ["a", "b"], "none").returncode == 0
    assert np.isnan(frames(tmp_path / f"a.{ending}")).all()


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_full_disk_leaves_nothing(tmp_path, ending):
    """The limit on the size of this process's files stands for it: write gives EFBIG instead of ENOSPC."""
    path, names = tmp_path / f"a.{ending}", [f"name {i}" for i in range(40)]
    assert write(path, 2000, names).returncode == 0
    size = path.stat().st_size
    path.unlink()
    for limit in sorted({0, 1, 100, min(4096, size - 1), size // 2, size - 1}):
        done = write(path, 2000, names, restore_signals=False,
                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        assert done.returncode == 5 and f"a.{ending}: cannot be written" in done.stderr.decode(), limit
        assert not list(tmp_path.iterdir()), limit


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_whole_hemisphere_a_row_at_a_time(tmp_path, ending):
    """fsaverage: 40 images are 26 MB, of which the writer holds one, as of one image."""
    path = tmp_path / f"a.{ending}"
    one, done = write(tmp_path / f"one.{ending}", 163842, ["x"]), write(path, 163842, ["x"] * 40)
    assert (one.returncode, done.returncode) == (0, 0)
    assert int(done.stdout) < int(one.stdout) + 2000, "kB"
    data = frames(path)
    assert data.shape == (40, 163842) and np.array_equal(data[:, 7], np.arange(40))
