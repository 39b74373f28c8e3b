"""Writes the seeds of fuzz_hdf5, fuzz_hdf5_filters and fuzz_stimuli_list: python3 fuzz/make_stimuli_corpus.py (needs h5py)."""
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

LISTS = {
    "plain": b"a.jpg\nb.png\n",
    "windows": b"\xef\xbb\xbf# pictures\r\n\r\n  a.jpg \r\n/absolute/b.png",
    "blank": b"# nothing\n  \n\t\n",
    "zero": b"a.jpg\n\0",
}

# pipeline (bits: 1 deflate, 2 shuffle, 4 LZF, 8 fletcher32), item size, chunk size (16 bits), data: see the fuzz entry
FILTERS = {
    "deflate": bytes([1, 4, 96, 0]) + zlib.compress(bytes(96)),
    "lzf": bytes([4, 1, 12, 0]) + bytes([1, 65, 66, 224, 1, 1]),
    "shuffle": bytes([2, 4, 9, 0]) + bytes(range(9)),
    "fletcher32": bytes([8, 1, 2, 0]) + bytes([1, 2, 2, 1, 2, 1]),
}


def main():
    for name in ("hdf5", "hdf5_filters", "stimuli_list"):
        (CORPUS / name).mkdir(parents=True, exist_ok=True)
    for name, (how, dtype, storage) in HDF5.items():
        with h5py.File(CORPUS / "hdf5" / f"{name}.h5", "w", track_order=False, **how) as file:
            file.create_dataset("images", data=IMAGES.astype(dtype), track_times=False, **storage)
            if name == "contiguous":
                file.create_group("group")["data"] = h5py.SoftLink("/images")
    for name, text in LISTS.items():
        (CORPUS / "stimuli_list" / f"{name}.txt").write_bytes(text)
    for name, data in FILTERS.items():
        (CORPUS / "hdf5_filters" / name).write_bytes(data)


if __name__ == "__main__":
    main()
