#!/usr/bin/env python3
"""Makes the files of tests/unit/hdf5, which the reader's unit tests read: what libhdf5 makes of every kind of storage.

    make_hdf5_fixtures.py FOLDER
"""
import ctypes
import pathlib
import sys

import h5py
import numpy as np

ROWS, COLUMNS = 5, 3


def h5py_library():
    """The libhdf5 that h5py has loaded, for the two calls that h5py does not pass on."""
    for line in open("/proc/self/maps"):
        name = line.split()[-1]
        if "libhdf5" in name and "_hl" not in name:
            return ctypes.CDLL(name)
    raise RuntimeError("h5py has loaded no libhdf5")


def make_types(path):
    values = np.arange(ROWS * COLUMNS, dtype="f8").reshape(ROWS, COLUMNS)
    chunks = {"chunks": (2, 2), "shuffle": True, "compression": "gzip", "compression_opts": 4}
    with h5py.File(path, "w") as file:
        file.create_dataset("group/data", data=values.astype("u1"))
        file.create_dataset("i16be", data=values.astype(">i2"))
        file.create_dataset("i64", data=values.astype("<i8"), **chunks)
        file.create_dataset("u32be", data=values.astype(">u4"), **chunks)
        file.create_dataset("f32be", data=values.astype(">f4"), **chunks)
        file.create_dataset("f64", data=values)
        small = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        small.set_layout(h5py.h5d.COMPACT)
        space = h5py.h5s.create_simple((ROWS, COLUMNS))
        compact = h5py.h5d.create(file.id, b"compact", h5py.h5t.STD_U16BE, space, small)
        compact.write(h5py.h5s.ALL, h5py.h5s.ALL, values.astype("<u2"))
        for name, kind in [("text", "S4"), ("bool", "?"), ("long double", np.longdouble), ("unwritten", "u1")]:
            file.create_dataset(name, (ROWS, COLUMNS), kind)
        file.create_dataset("external", (ROWS, COLUMNS), "u1", external=[("/etc/passwd", 0, ROWS * COLUMNS)])
        file["nothing"] = h5py.Empty("u1")
        file["scalar"] = np.uint8(7)
        file.create_dataset("nine", (1,) * 9, "u1")
        file["elsewhere"] = h5py.ExternalLink("b.h5", "/data")


def make_columns(path):
    """An element's value is its place in C order."""
    values = np.arange(5 * 84)
    with h5py.File(path, "w") as file:
        file.create_dataset("four", data=values.reshape(5, 3, 4, 7).astype("<f4"))
        for name, shape, chunk, kind in [("four chunked", (5, 3, 4, 7), (2, 2, 3, 3), "<f4"),
                                         ("three swapped", (5, 12, 7), (3, 5, 2), ">f4"), ("two chunked", (5, 84), (2, 50), "<f4")]:
            file.create_dataset(name, data=values.reshape(shape).astype(kind), chunks=chunk, compression="gzip")


def make_chunks(path):
    rows, columns = np.meshgrid(np.arange(7), np.arange(300), indexing="ij")
    with h5py.File(path, "w") as file:
        file.create_dataset("neural_data", data=(rows * 1000 + columns).astype(">f4"), chunks=(3, 64), compression="gzip",
                            compression_opts=1)


def make_nodes(path):
    """Superblock 1, which says how many children the nodes of the trees have."""
    library = h5py_library()
    how, oldest = h5py.h5p.create(h5py.h5p.FILE_CREATE), h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    oldest.set_libver_bounds(h5py.h5f.LIBVER_EARLIEST, h5py.h5f.LIBVER_LATEST)
    assert library.H5Pset_istore_k(ctypes.c_int64(how.id), 2) >= 0
    assert library.H5Pset_sym_k(ctypes.c_int64(how.id), 2, 2) >= 0
    values = np.arange(ROWS * COLUMNS, dtype="f8").reshape(ROWS, COLUMNS)
    with h5py.File(h5py.h5f.create(bytes(path), h5py.h5f.ACC_TRUNC, how, oldest)) as file:
        for i in range(40):
            file.create_dataset(f"d{i}", data=values, chunks=(1, 1) if i % 8 == 0 else None)
    assert path.read_bytes()[8] == 1


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    for name, make in [("types", make_types), ("columns", make_columns), ("chunks", make_chunks), ("nodes", make_nodes)]:
        make(folder / f"{name}.h5")


if __name__ == "__main__":
    main()
