"""Makes the seeds in fuzz/corpus for the container readers: python3 fuzz/make_corpus.py"""
import gzip
import io
import pathlib
import pickle
import struct
import sys
import zipfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests" / part) for part in ("oracle", "tools")]
from safetensors_bytes import one, safetensors  # noqa: E402
from sklearn_pickle import PCA, OldPCA, importable, pca_object  # noqa: E402
from torch_zip import sample_torch  # noqa: E402


def put(reader, name, data):
    folder = HERE / "corpus" / reader
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def npy(array):
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


put("npy", "matrix", npy(np.arange(6, dtype="f4").reshape(2, 3)))
put("npy", "fortran_big_endian", npy(np.asfortranarray(np.arange(6, dtype=">f8").reshape(2, 3))))
put("npy", "text", npy(np.array(["a", "bcd"])))
put("npy", "object", npy(np.array({}, dtype=object)))

TREE = {"a": np.arange(2), "b": {"c": np.float32(1), "d": np.array(["x"], dtype=object)}, "e": [1, 2.5, None, True, "ä"], "f": (1 << 40,),
        "g": np.array(["yz"]), "h": b"bytes"}
for protocol in (2, 3, 4, 5):
    put("pickle", f"protocol_{protocol}", pickle.dumps(np.array(TREE, dtype=object), protocol=protocol))

FITTED = {"components_": np.asfortranarray(np.arange(6, dtype="f4").reshape(2, 3)), "mean_": np.arange(3, dtype="f4"), "n_components_": 2,
          "explained_variance_": np.ones(2, "f4"), "explained_variance_ratio_": np.ones(2, "f4"), "singular_values_": np.ones(2, "f4"),
          "n_samples_": 9, "noise_variance_": np.float32(1), "n_features_in_": 3}
for old in (False, True):
    repetitions = {f"rep-{r}": pca_object(FITTED, r, old=old) for r in (1, 2)}  # which share arrays, so much is remembered
    for protocol in (2, 4):
        with importable(PCA, OldPCA):
            put("pickle", f"pca_{'old_' * old}protocol_{protocol}",
                pickle.dumps(np.array({"pca_param": repetitions, "reg_param": {"rep-1": {"n": 2}}}, dtype=object), protocol=protocol))
put("pickle", "buffers", pickle.dumps({"a": np.arange(2)}, protocol=5))

for name, save in (("stored", np.savez), ("deflated", np.savez_compressed)):
    out = io.BytesIO()
    save(out, a=np.arange(3), b=np.array(["x"]), c=np.array({"k": 1}, dtype=object))
    put("npz", name, out.getvalue())

put("torch_zip", "stored", sample_torch(extra=[("byteorder", "little")])[0])
put("torch_zip", "deflated", sample_torch(zipfile.ZIP_DEFLATED)[0])
put("safetensors", "two", safetensors({"__metadata__": {"format": "pt"}, **one(), "s": {"dtype": "F64", "shape": [], "data_offsets": [8, 16]}}, b"\0" * 16))
put("safetensors", "structure", safetensors({"__metadata__": {"berg.structure":
    '{"dict":[{"str":"a"},{"tensor":"w"},{"int":"3"},{"list":[{"float":"0x1p+1"},{"none":true},{"bool":false}]},'
    '{"str":"t"},{"object":["x"],"shape":[1]},{"str":"u"},{"unicode":["y"],"shape":[],"width":2}]}'}, **one()}, b"\0" * 8))


def nifti(dtype, code, shape, order="<", **fields):
    """A NIfTI-1 header and data, by hand; `fields` by offset in the header."""
    header = bytearray(352)
    def put(at, values, kind):
        raw = np.asarray(values, order + kind).tobytes()
        header[at:at + len(raw)] = raw
    put(0, 348, "i4")
    put(40, [len(shape), *shape] + [1] * (7 - len(shape)), "i2")
    put(70, [code, 8 * np.dtype(dtype).itemsize], "i2")
    put(76, [1] * 8, "f4")
    put(108, [352, *fields.get("scale", (1, 0))], "f4")
    header[344:347] = b"n+1"
    data = np.arange(np.prod(shape)).astype(np.dtype(dtype).newbyteorder(order))
    return bytes(header) + data.tobytes()


put("nifti", "float32", nifti("f4", 16, (2, 3, 2)))
put("nifti", "big_endian_scaled", nifti("i2", 4, (2, 2, 2, 3), ">", scale=(0.5, -1)))
put("nifti", "mask", nifti("u1", 2, (3, 3, 3)))
put("nifti", "compressed", gzip.compress(nifti("f8", 64, (2, 2, 2)), mtime=0))


def surface(places, corners, after=b""):
    """A triangle file of FreeSurfer, by hand."""
    places, corners = np.asarray(places, ">f4"), np.asarray(corners, ">i4")
    counts = struct.pack(">ii", len(places), len(corners))
    return b"\xff\xff\xfecreated by hand\n\n" + counts + places.tobytes() + corners.tobytes() + after


TETRAHEDRON = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]]
put("surface", "tetrahedron", surface(*TETRAHEDRON))
put("surface", "with_tags", surface(*TETRAHEDRON, struct.pack(">iii", 20, 0, 2)))
put("surface", "corner_beyond", surface(TETRAHEDRON[0], [[0, 1, 4]]))
