"""zip64: archives whose numbers stand in 64-bit fields, as those beyond 4 GB must. Python's zipfile writes small ones
so, once its limits are lowered."""
import io
import struct
import zipfile

import numpy as np
import pytest

from containers import check, convert, refused

ARRAYS = {"a": np.arange(30.0), "b": np.arange(7, dtype="i4"), "empty": np.zeros((0, 2), "f4")}
LOCATOR, END64, DIRECTORY = b"PK\6\7", b"PK\6\6", b"PK\1\2"


@pytest.fixture(params=[zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def archive(request, monkeypatch):
    """An .npz in which every size, offset and count that can be in a zip64 field is."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", -1)
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 0)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", request.param) as file:
        for name, array in ARRAYS.items():
            data = io.BytesIO()
            np.save(data, array)
            file.writestr(f"{name}.npy", data.getvalue())
    data = out.getvalue()
    entry = data.index(DIRECTORY)
    assert END64 in data and LOCATOR in data
    assert data[entry + 20:entry + 28] == b"\xff" * 8 and data[entry + 42:entry + 46] == b"\xff" * 4
    return data


def extra_of(data):
    """Where the zip64 field of the first entry of the directory has its numbers: size, packed size, offset."""
    entry = data.index(DIRECTORY)
    at = entry + 46 + struct.unpack("<H", data[entry + 28:entry + 30])[0]
    assert data[at:at + 4] == b"\1\0\x18\0"
    return at + 4


def put(data, at, number, form="<Q"):
    number = struct.pack(form, number)
    return data[:at] + number + data[at + len(number):]


def test_read(tmp_path, archive):
    (tmp_path / "x.npz").write_bytes(archive)
    check(tmp_path / "x.npz", ARRAYS, "npz")


def test_other_fields_before(tmp_path, archive):
    # an unknown field stands before the one of id 1; every later place moves by six bytes
    at = extra_of(archive) - 4
    entry = archive.index(DIRECTORY)
    data = archive[:at] + b"\x99\x99\2\0ab" + archive[at:]
    data = put(data, entry + 30, 28 + 6, "<H")
    data = put(data, data.index(END64) + 40, struct.unpack("<Q", archive[archive.index(END64) + 40:][:8])[0] + 6)
    data = put(data, data.index(LOCATOR) + 8, data.index(END64))
    (tmp_path / "x.npz").write_bytes(data)
    check(tmp_path / "x.npz", ARRAYS, "npz")


LARGE = [1 << 32, 1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]


@pytest.mark.parametrize("number", LARGE)
@pytest.mark.parametrize("field", [0, 8, 16])
def test_wrong_sizes_and_offsets(tmp_path, archive, field, number):
    (tmp_path / "x.npz").write_bytes(put(archive, extra_of(archive) + field, number))
    refused(tmp_path / "x.npz", "a.npy")


@pytest.mark.parametrize("number", LARGE)
@pytest.mark.parametrize("field", [32, 40, 48])
def test_wrong_directory(tmp_path, archive, field, number):
    (tmp_path / "x.npz").write_bytes(put(archive, archive.index(END64) + field, number))
    refused(tmp_path / "x.npz", "zip directory")


@pytest.mark.parametrize("number", [*LARGE, 0])
def test_wrong_locator(tmp_path, archive, number):
    (tmp_path / "x.npz").write_bytes(put(archive, archive.index(LOCATOR) + 8, number))
    refused(tmp_path / "x.npz", "zip64 directory not found")


def test_field_too_short_or_missing(tmp_path, archive):
    at = extra_of(archive) - 4
    for place, value in ((at + 2, 16), (at + 2, 40), (at, 2)):
        (tmp_path / "x.npz").write_bytes(put(archive, place, value, "<H"))
        refused(tmp_path / "x.npz", "a.npy")


def test_every_truncation(tmp_path, archive):
    for length in range(len(archive)):
        (tmp_path / "cut.npz").write_bytes(archive[:length])
        refused(tmp_path / "cut.npz")


def test_more_members_than_16_bits_count(tmp_path):
    # written by libberg as well: 70,000 members need the zip64 directory
    np.savez(tmp_path / "a.npz", **{f"v{i}": np.int8(i % 100) for i in range(70000)})
    convert(tmp_path / "a.npz", tmp_path / "b.npz")
    with np.load(tmp_path / "b.npz") as loaded:
        assert len(loaded.files) == 70000 and loaded["v69999"] == 99
    with zipfile.ZipFile(tmp_path / "b.npz") as file:
        assert file.testzip() is None
