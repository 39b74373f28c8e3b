"""Writes the seeds of fuzz_hdf5, fuzz_hdf5_filters, fuzz_stimuli_list and fuzz_csv: python3 fuzz/make_stimuli_corpus.py (needs h5py)."""
import pathlib
import zlib

import h5py
import numpy as np

CORPUS = pathlib.Path(__file__).parent / "corpus"
IMAGES = (np.arange(2 * 3 * 4 * 4) % 256).reshape(2, 3, 4, 4)

HDF5 = {
    "contiguous": (dict(), "u1", dict()),
    "latest": (dict(libver="latest"), ">i2", dict()),
    "chunked": (dict(), "<i8", dict(chunks=(1, 3, 4, 4), compression="gzip", shuffle=True, fletcher32=True)),
    "latest_chunked": (dict(libver="latest"), "u1", dict(chunks=(1, 3, 2, 4), compression="lzf", maxshape=(None, 3, 4, 4))),
    "scaleoffset": (dict(), "<i4", dict(chunks=(2, 3, 4, 4), scaleoffset=0)),
    "floats": (dict(), ">f4", dict()),
}

# Of the layout that HDF5 2.0 brought, which h5py 3.16 writes: every index of chunks, and data in one piece.
LAYOUTS = {
    "images": dict(chunks=(1, 3, 2, 4), compression="gzip"),
    "single": dict(chunks=(2, 3, 4, 4), compression="gzip"),
    "grows": dict(chunks=(1, 3, 2, 4), compression="gzip", maxshape=(None, 3, 4, 4)),
    "tree": dict(chunks=(1, 3, 2, 4), compression="gzip", maxshape=(None, None, 4, 4)),
    "plain": dict(chunks=(1, 3, 2, 4)),
    "whole": dict(),
}

LISTS = {
    "plain": b"a.jpg\nb.png\n",
    "windows": b"\xef\xbb\xbf# pictures\r\n\r\n  a.jpg \r\n/absolute/b.png",
    "blank": b"# nothing\n  \n\t\n",
    "zero": b"a.jpg\n\0",
}

CSVS = {
    "all": b'u,t,i,"r\nr",m\n1,"a, ""b""",-7,0.5,1\n,c,8,,0\n',
    "windows": b'\xef\xbb\xbft,m\r\n"two\r\nlines",1.0\r\n\r\nx,0.0',
    "numbers": b't,"r\nr",i\na,nan,+1\nb,-inf,2\nc,1e-320,3\nd,.5,4\ne,9007199254740993,-9223372036854775808\n',
    "ragged": b't,i\na,1\nb\n',
    "quote": b't,i\na"b,1\n',
    "twice": b't,i,i\na,1,2\n',
    "missing": b'i\n1\n',
}

# pipeline (bits: 1 deflate, 2 shuffle, 4 LZF, 8 fletcher32), item size, chunk size (16 bits), data: see the fuzz entry
FILTERS = {
    "deflate": bytes([1, 4, 96, 0]) + zlib.compress(bytes(96)),
    "lzf": bytes([4, 1, 12, 0]) + bytes([1, 65, 66, 224, 1, 1]),
    "shuffle": bytes([2, 4, 9, 0]) + bytes(range(9)),
    "fletcher32": bytes([8, 1, 2, 0]) + bytes([1, 2, 2, 1, 2, 1]),
}


def main():
    for name in ("hdf5", "hdf5_filters", "stimuli_list", "csv"):
        (CORPUS / name).mkdir(parents=True, exist_ok=True)
    for name, (how, dtype, storage) in HDF5.items():
        with h5py.File(CORPUS / "hdf5" / f"{name}.h5", "w", track_order=False, **how) as file:
            file.create_dataset("images", data=IMAGES.astype(dtype), track_times=False, **storage)
            if name == "contiguous":
                file.create_group("group")["data"] = h5py.SoftLink("/images")
    for name, many, how in ("matlab", 2, {}), ("attributes", 12, dict(libver="latest")):  # many of them lie in a heap
        with h5py.File(CORPUS / "hdf5" / f"{name}.h5", "w", **how) as file:
            images = file.create_dataset("images", data=IMAGES.astype("u1"), track_times=False)
            for i in range(many):
                images.attrs[f"text {i}"] = "variable" if i % 2 else np.bytes_("fixed")
            images.attrs["MATLAB_class"] = np.bytes_("uint8")
            file.attrs["creator"] = np.bytes_("libberg")
    if h5py.version.hdf5_version_tuple >= (2, 0, 0):
        with h5py.File(CORPUS / "hdf5" / "v200.h5", "w", libver=("v200", "v200")) as file:
            for name, storage in LAYOUTS.items():
                file.create_dataset(name, data=IMAGES.astype("<i2"), track_times=False, **storage)
    for name, text in LISTS.items():
        (CORPUS / "stimuli_list" / f"{name}.txt").write_bytes(text)
    for name, text in CSVS.items():
        (CORPUS / "csv" / f"{name}.csv").write_bytes(text)
    for name, data in FILTERS.items():
        (CORPUS / "hdf5_filters" / name).write_bytes(data)


if __name__ == "__main__":
    main()
