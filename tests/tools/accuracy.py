"""Correlation and reliability: the library's (by the program `accuracy`), and the definitions of docs/accuracy.md in plain
float64 NumPy, a loop for every word of them."""
import itertools
import subprocess

import numpy as np

FIGURES = ("noise_ceiling_singletrial", "noise_ceiling_testset", "splithalf_uncorrected", "splithalf_corrected")


class Refused(Exception):
    """The call's message; `status` is the number of its berg_status."""

    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Accuracy:
    """The library under test, one process a call; `folder` takes the files between."""

    def __init__(self, build_dir, folder):
        self.program, self.folder = build_dir / "tests" / "accuracy", folder

    def _call(self, what, arrays, order, threads):
        out = self.folder / "out.raw"
        paths = [self.folder / f"{i}.raw" for i in range(len(arrays))]
        for array, path in zip(arrays, paths):
            np.ascontiguousarray(array.transpose([int(d) for d in order])).tofile(path)
        command = [self.program, what, arrays[0].dtype, order, threads, *arrays[0].shape, *paths, out]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
        if done.returncode:
            raise Refused(done.returncode, done.stderr.strip())
        return np.fromfile(out)

    def correlate(self, a, b, order="01", threads=2):
        return self._call("correlate", [a, b], order, threads)

    def reliability(self, responses, order="012", threads=2):
        return dict(zip(FIGURES, self._call("reliability", [responses], order, threads).reshape(4, -1)))


def pearson(x, y):
    """r of two lists of numbers."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if not (np.isfinite(x).all() and np.isfinite(y).all()) or np.ptp(x) == 0 or np.ptp(y) == 0:
        return np.nan
    x, y = x - x.mean(), y - y.mean()
    return np.clip(np.dot(x / np.linalg.norm(x), y / np.linalg.norm(y)), -1, 1)


def noise_ceilings(voxel):
    """(single trial, test set) of one voxel's responses [repeats][stimuli], in percent."""
    repeats = len(voxel)
    z = (voxel - voxel.mean(axis=1, keepdims=True)) / voxel.std(axis=1, keepdims=True)
    noise = z.var(axis=0, ddof=1).mean()
    signal_sd = np.sqrt(max(0, 1 - noise))
    if noise == 0:
        return 100.0, 100.0
    ncsnr = signal_sd / np.sqrt(noise)
    return tuple(100 * ncsnr ** 2 / (ncsnr ** 2 + 1 / n) for n in (1, repeats))


class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def __call__(self):
        mask = 2 ** 64 - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = ((self.state ^ self.state >> 30) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & mask
        return z ^ z >> 31


def splits(repeats):
    """The first half of each split."""
    half = repeats // 2
    all_halves = list(itertools.combinations(range(repeats), half)) if repeats < 16 else []
    if repeats % 2 == 0:
        all_halves = [chosen for chosen in all_halves if 0 in chosen]
    if 0 < len(all_halves) <= 1000:
        return all_halves
    drawn, random = [], SplitMix64(20200220)
    for _ in range(1000):
        order = list(range(repeats))
        for j in range(half):
            other = j + random() % (repeats - j)
            order[j], order[other] = order[other], order[j]
        drawn.append(tuple(order[:half]))
    return drawn


def split_half(voxel):
    """(mean r over all splits, its Spearman-Brown correction) of one voxel."""
    everyone = np.arange(len(voxel))
    r = np.mean([pearson(voxel[list(half)].mean(axis=0), voxel[np.setdiff1d(everyone, half)].mean(axis=0))
                 for half in splits(len(voxel))])
    return r, 2 * r / (1 + r)


def reliability(responses):
    """The four figures of each voxel of [repeats][stimuli][voxels]."""
    found = np.full((4, responses.shape[2]), np.nan)
    for v in range(responses.shape[2]):
        voxel = responses[:, :, v].astype(np.float64)
        if len(voxel) > 1 and np.isfinite(voxel).all() and (np.ptp(voxel, axis=1) > 0).all():
            found[:, v] = noise_ceilings(voxel) + split_half(voxel)
    return dict(zip(FIGURES, found))
