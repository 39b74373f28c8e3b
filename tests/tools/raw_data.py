"""Reads a data set in THINGS-fMRI1's raw layout with NumPy, h5py and the csv module, and estimates ceilings as
docs/simulation.md defines them: the oracle of the simulation's tests."""
import csv

import h5py
import numpy as np


def read_table(path):
    """Header and rows of a CSV; quoted names may hold newlines."""
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


class RawSubject:
    def __init__(self, folder, subject=1):
        betas = folder / "betas_csv"
        header, rows = read_table(betas / f"sub-0{subject}_StimulusMetadata.csv")
        self.trial_header = header
        self.trials = {name: np.array(column) for name, column in zip(header, zip(*rows))}
        for name in ("session", "run", "subject_id", "trial_id"):
            self.trials[name] = self.trials[name].astype(int)
        self.voxel_header, rows = read_table(betas / f"sub-0{subject}_VoxelMetadata.csv")
        self.voxel_text = {name: column for name, column in zip(self.voxel_header, zip(*rows))}
        with h5py.File(betas / f"sub-0{subject}_ResponseData.h5") as file:
            self.responses = file["ResponseData/block0_values"][:]
        self.truth = dict(np.load(folder / "truth" / f"sub-0{subject}.npz"))

    def voxel(self, name):
        return np.array([float(value) if value else np.nan for value in self.voxel_text[name]])

    def test_responses(self):
        """float64 (voxels, sessions, test images), images by name."""
        is_test, sessions = self.trials["trial_type"] == "test", np.unique(self.trials["session"])
        names = np.unique(self.trials["stimulus"][is_test])
        parts = []
        for session in sessions:
            at = np.flatnonzero(is_test & (self.trials["session"] == session))
            at = at[np.argsort(self.trials["stimulus"][at])]
            assert (self.trials["stimulus"][at] == names).all()
            parts.append(self.responses[:, at].astype(float))
        return np.stack(parts, axis=1)


def noise_ceilings(test):
    """Single-trial and test-set ceilings in percent of responses (voxels, repeats, images): z-scores within each repeat,
    noise variance as the mean over images of the variance over repeats."""
    z = (test - test.mean(axis=2, keepdims=True)) / test.std(axis=2, keepdims=True)
    noise = z.var(axis=1, ddof=1).mean(axis=1)
    signal = np.maximum(0, 1 - noise)
    return 100 * signal / (signal + noise), 100 * signal / (signal + noise / test.shape[1])
