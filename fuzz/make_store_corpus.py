"""Writes the seeds of fuzz_store: python3 fuzz/make_store_corpus.py."""
import io
import json
import pathlib
import struct

import numpy as np

CORPUS = pathlib.Path(__file__).parent / "corpus" / "store"
PART = {"Model": "fmri-things_fmri_1-vit_b_32", "Subject": "1", "TrainSplits": "all", "Scores": 3, "Basis": "0" * 32,
        "File": "scores_sub-01.npy"}
ABOUT = {"Format": "berg scores 1", "Images": 2, "Aliases": 0, "Version": "0.1.0", "Backbone": "random:1", "BackboneChecksum": "random:1",
         "Precision": "f32", "Products": "float32", "InstructionSet": "avx2", "Parts": [PART]}
HEAD = "name\tbytes\tsha256\tscores_sub-01\n"
SCORES = np.array([[1, 2, 3], [0.5, -1, np.nan]], np.float32)
SUMS = [f"{0:016x}"] * 2  # not those of the rows


def table(names, sums=SUMS):
    return HEAD + "".join(f"{name}\t{7 if name.endswith('jpg') else '-'}\t{i:064x}\t{s}\n" for i, (name, s) in enumerate(zip(names, sums)))


def seed(name, about, lines, scores):
    file = io.BytesIO()
    np.save(file, scores)
    text, rows = json.dumps(about).encode(), lines.encode()
    (CORPUS / name).write_bytes(struct.pack("<HH", len(text), len(rows)) + text + rows + file.getvalue())


CORPUS.mkdir(parents=True, exist_ok=True)
seed("two", ABOUT, table(["a.jpg", "folder/b\\t.jpg"]), SCORES)
seed("array", {**ABOUT, "Images": 1}, table(["x.npy[0]", "x.npy[1]"]), SCORES)
seed("none", {**ABOUT, "Images": 0}, HEAD, SCORES[:0])
seed("more", {**ABOUT, "Images": 9}, table(["a.jpg", "a.jpg"]), SCORES)
seed("doubles", ABOUT, table(["a.jpg", "b.jpg"]), SCORES.astype(np.float64))
seed("elsewhere", {**ABOUT, "Parts": [{**PART, "File": "../x.npy"}]}, table(["a.jpg", "b.jpg"]), SCORES)
seed("format", {**ABOUT, "Format": "berg scores 2"}, HEAD, SCORES)
