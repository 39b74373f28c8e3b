#!/usr/bin/env python3
"""Makes a small data set in THINGS-fMRI1's raw layout, as pandas writes it: h5py and NumPy only.

    make_raw.py DIR [--subject 1] [--voxels 60]

sub-0N_ResponseData.h5 is a frame in pandas' "fixed" format (block0_values voxels by trials), the two CSVs have all columns
of the original, among them two whose names hold a line break. The same arguments give the same numbers.
"""
import argparse
import csv
import pathlib
import pickle

import h5py
import numpy as np

VOXEL_COLUMNS = ["voxel_id", "subject_id", "voxel_x", "voxel_y", "voxel_z", "nc_singletrial", "nc_testset",
                 "splithalf_uncorrected", "splithalf_corrected", "prf-eccentricity", "prf-polarangle", "prf-rsquared",
                 "prf-size"]
ROI_COLUMNS = ["V1", "V2", "V3", "hV4", "VO1", "VO2", "LO1 (prf)", "LO2 (prf)", "TO1", "TO2", "V3b", "V3a", "lEBA", "rEBA",
               "lFFA", "rFFA", "lOFA", "rOFA", "lSTS", "rSTS", "lPPA", "rPPA", "lRSC", "rRSC", "lTOS", "rTOS", "lLOC",
               "rLOC", "IT"]
# A few of the 180; the two with a line break are as in the original.
GLASSER_COLUMNS = ["glasser-V1", "glasser-p9-\n46v", "glasser-46", "glasser-a9-\n46v", "glasser-9-46d", "glasser-p24"]
TRIAL_COLUMNS = ["trial_type", "session", "run", "subject_id", "trial_id", "stimulus", "concept"]


def make_trials(rng, sessions=4, concepts=6, images=4, tests=5):
    """Rows of StimulusMetadata.csv as dicts: training images once, spread over the sessions; test images once a session."""
    names = ["aardvark", "Zebra", "café", "ball", "cactus", "dog", "egg", "fig", "gate", "hat"]
    names += [f"thing{i}" for i in range(max(0, concepts - len(names)))]
    train = [(f"{name}_{i + 1:02d}b.jpg", name) for name in names[:concepts] for i in range(images)]
    test = [(f"{names[i % concepts]}_{i + 13}s.jpg", names[i % concepts]) for i in range(tests)]
    rng.shuffle(train)
    rows = []
    for session in range(1, sessions + 1):
        shown = [("train", *image) for image in train[session - 1::sessions]] + [("test", *image) for image in test]
        for position in rng.permutation(len(shown)):
            kind, stimulus, concept = shown[position]
            rows.append({"trial_type": kind, "session": session, "run": 1, "subject_id": 1, "stimulus": stimulus,
                         "concept": concept})
    for i, row in enumerate(rows):
        row["trial_id"] = i
    return rows


def make_voxels(rng, voxels, missing=("rTOS",), empty=("lSTS",)):
    """Columns of VoxelMetadata.csv: name -> values. ROIs overlap; some are empty, one has no column."""
    side = int(np.ceil(voxels ** (1 / 3)))
    x, y, z = np.unravel_index(np.arange(voxels), (side, side, side))
    columns = {"voxel_id": np.arange(voxels), "subject_id": np.ones(voxels, int), "voxel_x": x + 3, "voxel_y": y + 11,
               "voxel_z": z + 7}
    for name in VOXEL_COLUMNS[5:]:
        columns[name] = rng.normal(0.3, 1, voxels)
    columns["prf-size"][rng.random(voxels) < 0.2] = np.nan
    for name in ROI_COLUMNS + GLASSER_COLUMNS:
        if name not in missing:
            columns[name] = (rng.random(voxels) < (0 if name in empty else 0.15)).astype(int)
    return columns


def text_of(value):
    return "" if isinstance(value, float) and np.isnan(value) else repr(value) if isinstance(value, float) else str(value)


def write_csv(path, names, rows, newline="\n"):
    with open(path, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator=newline)
        writer.writerow(names)
        writer.writerows([text_of(value) for value in row] for row in rows)


def write_trials(path, rows, names=TRIAL_COLUMNS, **how):
    write_csv(path, names, ([row[name] for name in names] for row in rows), **how)


def write_voxels(path, columns, **how):
    write_csv(path, list(columns), zip(*(np.asarray(values).tolist() for values in columns.values())), **how)


def write_responses(path, betas, block=0, **storage):
    """A frame of `betas` (voxels, trials) with a column voxel_id before; `block`: which block the floats are."""
    voxels, trials = betas.shape
    with h5py.File(path, "w") as file:
        group = file.create_group("ResponseData")
        for name, value in {"pandas_type": "frame", "pandas_version": "0.15.2", "ndim": 2, "nblocks": 2}.items():
            group.attrs[name] = value
        labels = group.create_dataset("axis0", (1,), dtype=h5py.vlen_dtype(np.uint8))
        labels[0] = np.frombuffer(pickle.dumps(["voxel_id", *range(trials)]), np.uint8)
        group["axis1"] = np.arange(voxels)
        group[f"block{block}_items"] = np.arange(trials)
        group.create_dataset(f"block{block}_values", data=betas, **storage)
        group[f"block{1 - block}_items"] = np.array([b"voxel_id"])
        group[f"block{1 - block}_values"] = np.arange(voxels).reshape(voxels, 1)


def make_betas(rng, rows, voxels, dtype=np.float64):
    """float (voxels, trials): a drift and a scale for each session; the last voxel never changes."""
    session = np.array([row["session"] for row in rows])
    betas = rng.normal(0, 1, (voxels, len(rows)))
    betas = betas * rng.uniform(0.5, 3, (voxels, session.max() + 1))[:, session] + 5 * rng.normal(
        0, 1, (voxels, session.max() + 1))[:, session]
    betas[-1] = 0.25
    return betas.astype(dtype)


def make_raw(folder, subject=1, voxels=60, seed=0, dtype=np.float64, **design):
    """Writes the three files of one subject to `folder`; returns (betas, rows, columns)."""
    rng = np.random.default_rng([seed, subject])
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rows = make_trials(rng, **design)
    columns = make_voxels(rng, voxels)
    betas = make_betas(rng, rows, voxels, dtype)
    write_responses(folder / f"sub-0{subject}_ResponseData.h5", betas)
    write_trials(folder / f"sub-0{subject}_StimulusMetadata.csv", rows)
    write_voxels(folder / f"sub-0{subject}_VoxelMetadata.csv", columns)
    return betas, rows, columns


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--subject", type=int, default=1)
    parser.add_argument("--voxels", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    make_raw(given.folder, given.subject, given.voxels, given.seed)


if __name__ == "__main__":
    main()
