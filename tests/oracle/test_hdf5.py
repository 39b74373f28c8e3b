"""The HDF5 reader against h5py: every kind of storage, index of chunks, group, header, type and filter that h5py writes."""
import os
import pathlib
import shutil
import subprocess

import numpy as np
import pytest

h5py = pytest.importorskip("h5py")

BUILD = pathlib.Path(os.environ.get("BERG_BUILD", pathlib.Path(__file__).parents[2] / "build")).resolve()
CORPUS = pathlib.Path(__file__).parents[2] / "fuzz" / "corpus" / "hdf5"
TOOL = BUILD / "tests" / "hdf5_rows"
TYPES = [order + kind for kind in ("i2", "i4", "i8", "u2", "u4", "u8", "f2", "f4", "f8") for order in "<>"] + ["u1", "i1"]
FILTERS = [{}, {"compression": "gzip"}, {"compression": "lzf"}, {"shuffle": True}, {"fletcher32": True},
           {"compression": "gzip", "shuffle": True, "fletcher32": True}, {"compression": "lzf", "shuffle": True, "fletcher32": True}]
ENDS = ["earliest", "latest"]


def run(path, name, rows=None):
    out = path.parent / "out"
    done = subprocess.run([TOOL, path, name, out, *([str(rows)] if rows else [])], capture_output=True, text=True, errors="replace")
    return done, out


def read(path, name, expected, rows=None):
    """Rows, and where there are columns these too, are what h5py gave."""
    done, out = run(path, name, rows)
    assert done.returncode == 0, done.stderr
    native = np.ascontiguousarray(expected).astype(expected.dtype.newbyteorder("="))
    assert out.read_bytes() == native.tobytes() * (2 if native.ndim > 1 else 1), name


def refused(path, name, part):
    done, _ = run(path, name)
    assert done.returncode == 3 and part in done.stderr and done.stderr.count("\n") == 1, done.stderr


def numbers(shape, code="<i4"):
    return (np.arange(np.prod(shape)) * 7919 % 251).reshape(shape).astype(code)


@pytest.mark.parametrize("end", ENDS)
def test_every_type_in_every_storage(tmp_path, end):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver=end) as file:
        for code in TYPES:
            file[f"plain {code}"] = numbers((5, 6), code)
            file.create_dataset(f"chunks {code}", data=numbers((5, 6), code), chunks=(2, 4), compression="gzip", shuffle=True)
            file[f"named {code}"] = np.dtype(code)
            file.create_dataset(f"of named {code}", data=numbers((5, 6), code), dtype=file[f"named {code}"])
            small = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            small.set_layout(h5py.h5d.COMPACT)
            made = h5py.h5d.create(file.id, f"compact {code}".encode(), h5py.h5t.py_create(np.dtype(code)),
                                   h5py.h5s.create_simple((5, 6)), small)
            made.write(h5py.h5s.ALL, h5py.h5s.ALL, numbers((5, 6), code))
    for code in TYPES:
        for kind in ("plain", "chunks", "of named", "compact"):
            read(path, f"{kind} {code}", numbers((5, 6), code), rows=2)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("how", FILTERS, ids=lambda how: "-".join(f"{key}={value}" for key, value in how.items()) or "none")
def test_every_index_of_chunks(tmp_path, end, how):
    """Of the latest format: one chunk, a fixed array, one that grows, a B-tree of version 2, and, unfiltered, the implicit
    one; of the earliest always B-trees of version 1. The numbers of chunks make pages, secondary blocks and inner nodes."""
    path = tmp_path / "a.h5"
    cases = {"single": ((5, 7), (5, 7), None), "single for a larger one": ((5, 7), (8, 9), (8, 9)),
             "fixed": ((9, 10), (2, 3), None), "fixed in pages": ((3000, 2), (1, 1), None),
             "fixed with room": ((9, 10), (2, 3), (20, 40)),
             "grows": ((9, 10), (2, 3), (None, 10)), "grows across": ((4, 500), (3, 1), (7, None)),
             "grows far": ((9000, 2), (1, 2), (None, 2)), "tree": ((9, 10), (2, 3), (None, None)),
             "deep tree": ((70, 60), (1, 1), (None, None)), "three": ((5, 6, 7), (2, 4, 3), (None, 6, 9))}
    with h5py.File(path, "w", libver=end) as file:
        for name, (shape, chunks, most) in cases.items():
            file.create_dataset(name, data=numbers(shape), chunks=chunks, maxshape=most, **how)
    for name, (shape, _, _) in cases.items():
        read(path, name, numbers(shape), rows=max(1, shape[0] // 3))


def chunk_by_chunk(file, name, shape, chunks, early=False, most=None, options=None):
    made = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    made.set_chunk(chunks)
    if early:
        made.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    return h5py.Dataset(h5py.h5d.create(file.id, name.encode(), h5py.h5t.STD_I32LE, h5py.h5s.create_simple(shape, most), made))


@pytest.mark.parametrize("how", [{}, {"fletcher32": True}], ids=["plain", "filtered"])
def test_pages_of_the_array_that_grows(tmp_path, how):
    """Its data blocks have pages from element 131,052 on."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file.create_dataset("a", data=numbers(140000, "u1"), chunks=(1,), maxshape=(None,), **how)
    read(path, "a", numbers(140000, "u1"))


def test_implicit_index(tmp_path):
    """Chunks set aside at once and not filtered have no index; with room to grow they lie as the largest shape has them."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver="latest") as file:
        chunk_by_chunk(file, "a", (9, 10), (2, 3), early=True)[:] = numbers((9, 10))
        chunk_by_chunk(file, "b", (9, 10), (2, 3), early=True, most=(15, 31))[:] = numbers((9, 10))
    read(path, "a", numbers((9, 10)), rows=4)
    read(path, "b", numbers((9, 10)), rows=4)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("most", [None, (None, 2), (None, None)])
def test_chunks_never_written_are_missed_and_others_read(tmp_path, end, most):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver=end) as file:
        data = file.create_dataset("a", (5000, 2), "i4", chunks=(1, 2), maxshape=most)
        data[:3] = numbers((3, 2))
        data[4500] = 5
        file.create_dataset("none", (5000, 2), "i4", chunks=(1, 2), maxshape=most)
    out = run(path, "a", 1)
    assert "some of its data were never written" in out[0].stderr and out[1].read_bytes() == numbers((3, 2)).tobytes()
    refused(path, "none", "some of its data were never written")


@pytest.mark.parametrize("version", [1, 2])
def test_layouts_before_version_3(tmp_path, version):
    """No program writes them any more: messages of version 3, written anew in the same room."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["plain"] = numbers((4, 5))
        file.create_dataset("chunks", data=numbers(20), chunks=(3,))
        plain = file["plain"].id.get_offset().to_bytes(8, "little")
    data = bytearray(path.read_bytes())
    at = data.index(b"\3\1" + plain)
    data[at:at + 24] = bytes([version, 2, 1, 0, 0, 0, 0, 0]) + plain + bytes([4, 0, 0, 0, 5, 0, 0, 0])
    at = data.index(b"\3\2\2")
    data[at:at + 24] = bytes([version, 2, 2, 0, 0, 0, 0, 0]) + data[at + 3:at + 11] + bytes([3, 0, 0, 0, 4, 0, 0, 0])
    path.write_bytes(data)
    read(path, "plain", numbers((4, 5)))
    read(path, "chunks", numbers(20))


@pytest.mark.parametrize("end", ENDS)
def test_shapes_that_changed(tmp_path, end):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver=end) as file:
        for name, most in [("one", (None, 10)), ("two", (None, None))]:
            data = file.create_dataset(name, data=numbers((9, 10)), chunks=(2, 3), maxshape=most, compression="gzip")
            data.resize((4, 10))
            data.resize((30, 10))
            data[:] = numbers((30, 10))
            data.resize((7, 10))
        file.create_dataset("empty", (0, 10), chunks=(2, 3), maxshape=(None, 10))
    read(path, "one", numbers((7, 10)), rows=2)
    read(path, "two", numbers((7, 10)), rows=2)
    read(path, "empty", numbers((0, 10)))


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("count", [1, 7, 9, 500, 3000])
def test_groups_of_any_number_of_links(tmp_path, end, count):
    """Symbol tables with inner nodes; links in the header and, where they are many, in a heap of several blocks."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver=end) as file:
        group = file.create_group("some/group")
        for i in range(count):
            group[f"{'long ' * (i % 9)}name {i}"] = np.int32([i, i + 1])
        file["linked"] = h5py.SoftLink("/some/group/name 0")
        file["some/beside"] = h5py.SoftLink("group/name 0")
        file["some/round"] = h5py.SoftLink("round")
        file["there"] = h5py.SoftLink("some/group")
    for i in {0, count // 2, count - 1}:
        read(path, f"some/group/{'long ' * (i % 9)}name {i}", np.int32([i, i + 1]))
    for name in ("linked", "some/beside", "there/name 0", "/some/./group//name 0"):
        read(path, name, np.int32([0, 1]))
    for name in ("some/round", "some/group/none", "some/group", "linked/name 0"):
        refused(path, name, f"{name}: no such dataset; there are: some/group/")


@pytest.mark.parametrize("end", ENDS)
def test_headers_in_many_blocks(tmp_path, end):
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver=end, track_order=True) as file:
        for i in range(12):
            data = file.create_dataset(f"data {i}", data=numbers((4, 5)), track_times=True)
            for a in range(7):
                data.attrs[f"attribute {a}"] = np.arange(40 * a)
            file.attrs[f"of the root {i}"] = np.arange(100)
    for i in range(12):
        read(path, f"data {i}", numbers((4, 5)))


@pytest.mark.parametrize("sizes", [(4, 4), (8, 8), (8, 4), (2, 2)])
@pytest.mark.parametrize("block", [0, 512, 4096])
def test_sizes_of_addresses_and_user_blocks(tmp_path, sizes, block):
    path = tmp_path / "a.h5"
    how = h5py.h5p.create(h5py.h5p.FILE_CREATE)
    how.set_sizes(*sizes)
    how.set_userblock(block)
    with h5py.File(h5py.h5f.create(bytes(path), h5py.h5f.ACC_TRUNC, how)) as file:
        file["group/plain"] = numbers((4, 5))
        file.create_dataset("group/chunks", data=numbers((40, 5)), chunks=(3, 2), compression="gzip")
    with open(path, "r+b") as file:
        file.write(b"#!/bin/sh\n" if block else b"")
    read(path, "group/plain", numbers((4, 5)))
    read(path, "group/chunks", numbers((40, 5)), rows=7)


def test_superblocks_of_every_version(tmp_path):
    """Version 1 is in tests/unit/hdf5/nodes.h5: h5py writes none by itself."""
    for version, end in [(0, "earliest"), (2, ("v108", "v108")), (3, "latest")]:
        path = tmp_path / f"{version}.h5"
        with h5py.File(path, "w", libver=end) as file:
            file.create_dataset("a", data=numbers((40, 5)), chunks=(3, 2), maxshape=(None, None))
        assert path.read_bytes()[8] == version
        read(path, "a", numbers((40, 5)), rows=7)


@pytest.mark.parametrize("end", ENDS)
def test_a_file_that_is_open_is_refused_and_one_left_open_too(tmp_path, end):
    """Only files of the latest format say themselves that they were not closed."""
    path, left = tmp_path / "a.h5", tmp_path / "left.h5"
    with h5py.File(path, "w", libver=end) as file:
        file["a"] = numbers((4, 5))
        file.flush()
        left.write_bytes(path.read_bytes())
        refused(path, "a", "a.h5: cannot be read as HDF5: another program has it open for writing")
    read(path, "a", numbers((4, 5)))
    with h5py.File(path, "r"):
        read(path, "a", numbers((4, 5)))
    if end == "latest":
        refused(left, "a", "it is being written, or was not closed by its writer")


def test_links_into_other_files_are_named(tmp_path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["x"] = h5py.ExternalLink("other.h5", "/images")
        file["g/y"] = h5py.SoftLink("/x")
    for name in "x", "x/y", "g/y":
        refused(tmp_path / "a.h5", name, f"a.h5: {name}: is a link into another file, other.h5, which is not followed: name that file")


def test_layouts_of_version_5(tmp_path):
    """HDF5 2.0 writes them, with every index that there is; the file is one of the seeds of the fuzzer."""
    path, images = tmp_path / "v200.h5", (np.arange(2 * 3 * 4 * 4) % 256).reshape(2, 3, 4, 4)
    shutil.copy(CORPUS / path.name, path)
    assert path.read_bytes().count(b"\x05\x02") >= 5  # version 5, chunks
    for name in "images", "single", "grows", "tree", "plain", "whole":
        read(path, name, images.astype("<i2"))


@pytest.mark.parametrize("end", ENDS)
def test_damaged_metadata(tmp_path, end):
    """Every few bytes of the file one is changed: the same numbers, or one line that says what is wrong, be it that no memory
    holds the shape."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w", libver=end) as file:
        file.create_dataset("g/a", data=numbers((6, 4)), chunks=(2, 3), maxshape=(None, 4))
    whole, expected = path.read_bytes(), numbers((6, 4)).tobytes() * 2
    kept = 0
    for at in range(0, len(whole), 7 if end == "latest" else 23):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1:])
        done, out = run(path, "g/a", 4)
        assert done.returncode in (0, 3, 6) and done.stderr.count("\n") == (done.returncode != 0)
        kept += done.returncode == 0 and out.read_bytes() == expected
    assert kept > 20  # what is free, times, data that no one asked for
