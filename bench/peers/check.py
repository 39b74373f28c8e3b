"""Checks responses by their correlation with the float64 reference over images, voxel by voxel."""
import numpy as np

from .case import FORWARD, WHOLE

# The lowest correlation allowed for a voxel (or for the features of one image); float32 differs by rounding, int8 by much more.
LEAST = {"f32": 0.999, "bf16": 0.99, "int8": 0.9}
VOXELS_AT_A_TIME = 20000


def correlations(values, reference):
    """float64 (columns,), over rows; NaN where one of the two is constant."""
    parts = []
    for first in range(0, values.shape[1], VOXELS_AT_A_TIME):
        a, b = (np.asarray(array[:, first:first + VOXELS_AT_A_TIME], np.float64) for array in (values, reference))
        a, b = a - a.mean(axis=0), b - b.mean(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            parts.append((a * b).sum(axis=0) / np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0)))
    return np.concatenate(parts)


def check(case, precision, results):
    """{"least", "mean", "right"} of what a peer's run of all images gave; "unchecked" says why there is no reference."""
    if not case.reference_folder.exists():
        return {"unchecked": "no reference, which needs torch and torchvision"}
    reference, found = np.load(case.reference_folder / "responses.npy", mmap_mode="r"), []
    for figure, (_, values) in results.items():
        if figure == FORWARD:
            values, expected = values[:1].reshape(-1, 1), np.load(case.reference_folder / "features.npy")[:, None]
        else:
            expected = reference if figure == WHOLE else reference[:, case.voxels]
        if values.shape != expected.shape:
            return {"least": None, "mean": None, "right": False, "why": f"{figure}: {values.shape} for {expected.shape}"}
        found.append(correlations(values, expected))
    least, mean = min(float(r.min()) for r in found), min(float(r.mean()) for r in found)
    return {"least": least, "mean": mean, "right": least >= LEAST[precision]}
