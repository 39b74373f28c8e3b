"""Writes the seeds of fuzz_merge, fuzz_merge_stores and fuzz_shares: python3 fuzz/make_merge_corpus.py."""
import io
import json
import pathlib
import struct

import h5py
import numpy as np

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
NPY, HDF5, CSV, AS_IT_IS = 0, 1, 2, 4
RUN = "1" * 64
ROWS = np.array([[1, 2, 3], [4, 5, 6]], np.float32)


def put(target, name, pieces):
    """The pieces with the lengths of all but the last before them."""
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(struct.pack(f"<{len(pieces) - 1}H", *map(len, pieces[:-1])) + b"".join(pieces))


# --- Parts of an encode ---

def sidecar(number, rows, file_format, images=4, of=2, axes=({"Name": "voxel"},), **more):
    each, longer = divmod(images, of)
    first = (number - 1) * each + min(number - 1, longer)
    shard = {"Number": number, "Of": of, "First": first, "Count": each + (number <= longer), "Images": images, "Files": [""], "Suffix": "",
             "Output": "", "Format": file_format, "Axes": list(axes), "ImagesHash": "2" * 16, "SkipsBad": False, "Run": RUN, "Rows": rows,
             "Bytes": 0, "Checksum": "", **more}
    return json.dumps({"Model": "fmri-things_fmri_1-vit_b_32", "Subject": 1, "GeneratedBy": [{"Name": "berg", "Version": "0.1.0"}],
                       "Images": {"Count": rows, "Files": [f"{first + i}.jpg" for i in range(rows)]},
                       "SourceFiles": [{"Role": "weights", "Path": "w.npy", "SHA256": "3" * 64}], "Shard": shard}).encode()


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def hdf5(rows, first=0, rois=True):
    file = io.BytesIO()
    with h5py.File(file, "w") as out:
        out["responses"] = rows
        out["voxel_index"] = np.arange(rows.shape[1], dtype=np.int64)
        out["voxel_coordinates"] = np.zeros((rows.shape[1], 3), np.int64)
        out["image_names"] = np.array([f"{first + i}.jpg".encode() for i in range(len(rows))], "S8")
        out["image_sha256"] = np.array([b"4" * 64] * len(rows), "S64")
        out["provenance"] = np.array(b"{}", "S2")
        if rois:
            out["rois/V1"] = np.array([0, 2], np.int64)
    return file.getvalue()


def csv(first, numbered):
    names = [str(i) if numbered else f'"{first + i},.jpg"' for i in range(2)]
    return "".join(f"{line}\n" for line in ["image,v0,v1,v2", *(f"{name},1,2,3" for name in names)]).encode()


def parts(name, how, one, other):
    put("merge", name, [one[0], one[1], other[0], bytes([how]), other[1]])


def make_parts():
    parts("npy", NPY, (sidecar(1, 2, "npy"), npy(ROWS)), (sidecar(2, 2, "npy"), npy(-ROWS)))
    parts("hdf5", HDF5, (sidecar(1, 2, "h5"), hdf5(ROWS)), (sidecar(2, 2, "h5"), hdf5(ROWS, 2)))
    parts("hdf5_no_rois", HDF5, (sidecar(1, 2, "h5"), hdf5(ROWS, rois=False)), (sidecar(2, 2, "h5"), hdf5(ROWS, 2, rois=False)))
    parts("csv", CSV, (sidecar(1, 2, "csv"), csv(0, False)), (sidecar(2, 2, "csv"), csv(2, False)))
    unnamed = [json.loads(sidecar(i, 2, "csv")) for i in (1, 2)]
    for tree in unnamed:
        del tree["Images"]["Files"]
    parts("csv_numbered", CSV, *((json.dumps(tree).encode(), csv(0, True)) for tree in unnamed))
    parts("doubled", NPY, (sidecar(2, 2, "npy"), npy(ROWS)), (sidecar(2, 2, "npy"), npy(ROWS)))
    parts("foreign", NPY, (sidecar(1, 2, "npy"), npy(ROWS)), (sidecar(4, 1, "npy", of=4, Run="5" * 64), npy(ROWS[:1])))
    parts("another_run", NPY, (sidecar(1, 2, "npy"), npy(ROWS)), (sidecar(2, 2, "npy", Run="5" * 64), npy(ROWS)))
    parts("other_files", NPY, *((sidecar(i, 2, "npy", Files=["_lh", "_rh"], Suffix="_lh", Output="lh"), npy(ROWS)) for i in (1, 2)))
    parts("no_rows", NPY, *((sidecar(i, 0, "npy", SkipsBad=True), npy(ROWS[:0])) for i in (1, 2)))
    parts("changed", NPY | AS_IT_IS, (sidecar(1, 2, "npy", Bytes=152, Checksum="0" * 16), npy(ROWS)), (sidecar(2, 2, "npy"), npy(ROWS)))
    parts("more_rows", HDF5, (sidecar(1, 1, "h5"), hdf5(ROWS)), (sidecar(2, 2, "h5"), hdf5(ROWS, 2)))


# --- Stores ---

MASK = (1 << 64) - 1


def mix(total, word):
    total = (total ^ word) * 0x9E3779B97F4A7C15 & MASK
    return (total << 29 | total >> 35) & MASK


def checksum(data):
    """base_checksum_short, of less than 64 bytes."""
    assert len(data) < 64
    lanes = [0xD1342543DE82EF95 * (i + 1) & MASK for i in range(8)]
    for i, byte in enumerate(data):
        lanes[i % 8] = mix(lanes[i % 8], byte + 1)
    one = two = len(data)
    for i in range(8):
        one = mix(one, lanes[i])
        two = mix(two ^ one, lanes[7 - i])
    return two


PART = {"Model": "fmri-things_fmri_1-vit_b_32", "Subject": "1", "TrainSplits": "all", "Scores": 3, "Basis": "0" * 32,
        "File": "scores_sub-01.npy"}
ABOUT = {"Format": "berg scores 1", "Images": 2, "Aliases": 0, "Version": "0.1.0", "Backbone": "random:1", "BackboneChecksum": "random:1",
         "Precision": "f32", "Products": "float32", "InstructionSet": "avx2", "Parts": [PART]}


def store(names, digests, rows=ROWS, aliases="", **more):
    about = {**ABOUT, "Images": len(names), "Aliases": max(aliases.count("\n") - 1, 0), **more}
    table = "name\tbytes\tsha256\tscores_sub-01\n" + "".join(
        f"{name}\t7\t{digest:064x}\t{checksum(row.tobytes()):016x}\n" for name, digest, row in zip(names, digests, rows))
    return [json.dumps(about).encode(), table.encode(), aliases.encode(), npy(rows)]


def shard(number, of=2, images=4, whole=True, run=RUN):
    return {"Shard": {"Number": number, "Of": of, "First": 0, "Count": 2, "Images": images, "ImagesHash": "2" * 16, "SkipsBad": False,
                      "Whole": whole, "Run": run}}


def stores(name, one, other):
    put("merge_stores", name, one + other)


def make_stores():
    stores("apart", store(["a.jpg", "b.jpg"], [1, 2]), store(["c.jpg", "d.jpg"], [3, 4], -ROWS))
    stores("same", store(["a.jpg", "b.jpg"], [1, 2]), store(["c.jpg", "b.jpg"], [1, 2]))
    stores("shards", store(["a.jpg", "b.jpg"], [1, 2], **shard(1)), store(["c.jpg", "d.jpg"], [3, 4], **shard(2)))
    stores("aliases", store(["a.jpg", "b.jpg"], [1, 2], aliases="name\trow\tafter\nz.jpg\t0\t1\n", **shard(1)),
           store(["c.jpg", "d.jpg"], [3, 4], aliases="name\trow\tafter\ny.jpg\t1\t2\n", **shard(2)))
    stores("other_names", store(["a.jpg", "b.jpg"], [1, 2], aliases="name\trow\nz.jpg\t0\n"), store(["c.jpg", "d.jpg"], [3, 4]))
    stores("unfinished", store(["a.jpg", "b.jpg"], [1, 2], **shard(1)), store(["c.jpg", "d.jpg"], [3, 4], **shard(2, whole=False)))
    stores("foreign", store(["a.jpg", "b.jpg"], [1, 2], **shard(1)), store(["c.jpg", "d.jpg"], [3, 4], **shard(4, of=4, whole=False)))
    stores("foreign_of_many", store(["a.jpg", "b.jpg"], [1, 2], **shard(1)),
           store(["c.jpg", "d.jpg"], [3, 4], **shard(900, of=900, images=900, whole=False)))
    stores("a_shard_and_a_store", store(["a.jpg", "b.jpg"], [1, 2], **shard(1)), store(["c.jpg", "d.jpg"], [3, 4]))


# --- Logs of shares ---

def record(kind, name, digest=1, scores=b"", is_file=1, size=7):
    text = name.encode()
    body = struct.pack("<4Q72s", kind, is_file, size, len(text), f"{digest:064x}".encode()) + text + bytes(-len(text) % 8) + scores
    return bytes(8) + body


def make_shares():
    folder = CORPUS / "shares"
    folder.mkdir(parents=True, exist_ok=True)
    scores = np.ones(3, np.float32).tobytes()
    scored, held, left_out = record(0, "a.jpg", scores=scores), record(1, "folder/b.jpg", 2), record(2, "c.jpg: is damaged")
    for name, data in {"all": scored + held + left_out + scored, "cut": scored + held[:50], "long_name": record(1, "x" * 100)}.items():
        (folder / name).write_bytes(b"\0" + data)
    (folder / "wrong_sum").write_bytes(b"\1" + scored)


make_parts()
make_stores()
make_shares()
