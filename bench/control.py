#!/usr/bin/env python3
"""berg control beside plain NumPy on full responses, as a ratio.

    control.py STORE BERG_DIR REGION REGION [--berg build/berg] [--images 3000] [--generations 20] [--min-ceiling 20]

STORE holds scores of THINGS-fMRI1 subjects (berg score; for random ones build/tests/make_store). Both sides choose by the mean of all
subjects of the store. NumPy's way is the published one: all voxels' responses in memory, their means and ranks pair by pair; and for
sets the similarity matrix of all images, of as many as fit (--images), from which each set's part is taken. What is not the same for
both sides, reading scores and weights, is left out of NumPy's time. Prints JSON.
"""
import argparse
import itertools
import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests/oracle"))
import vit_oracle  # noqa: E402

SIZE, KEPT, CHANGES = 50, 200, (1, 5, 12, 25, 38)


def run(program, *args):
    """(seconds, seconds of processor time)"""
    before, start = os.times(), time.perf_counter()
    subprocess.run([program, *map(str, args)], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return time.perf_counter() - start, after.children_user + after.children_system - before.children_user - before.children_system


def measured(work):
    before, start = time.process_time(), time.perf_counter()
    work()
    return time.perf_counter() - start, time.process_time() - before


def load(store, berg_dir, least):
    """Of each subject: scores, coefficients, intercepts, and the voxels that count of each region."""
    subjects = []
    for path in sorted(store.glob("scores_sub-0?.npy")):
        weights, metadata = vit_oracle.load_subject(berg_dir, int(path.stem[-1]))
        kept = metadata["encoding_model"]["noise_ceiling_singletrial"] > least
        regions = {name: voxels[kept[voxels]] for name, voxels in metadata["roi"].items() if kept[voxels].any()}
        subjects.append((np.load(path), weights["reg_param"]["coef_"], weights["reg_param"]["intercept_"], regions))
    return subjects


def univariate(subjects):
    names = [name for name in subjects[0][3] if all(name in s[3] for s in subjects)]
    means = 0
    for scores, coef, intercept, regions in subjects:
        means = means + np.array([(scores @ coef[regions[n]].T + intercept[regions[n]]).mean(axis=1) for n in names]) / len(subjects)
    for a, b in itertools.combinations(means, 2):
        for one, other in itertools.product((1, -1), repeat=2):
            order = np.argsort(-(one * a + other * b))
            order[(one * (a - a.mean()) >= 0.04)[order] & (other * (b - b.mean()) >= 0.04)[order]][:25]
    return len(names)


def similarities(subjects, region, images):
    return sum(np.corrcoef(s[images] @ c[r[region]].T + i[r[region]]).astype(np.float32) for s, c, i, r in subjects) / len(subjects)


def search(matrices, generations, rng):
    images, below = len(matrices[0]), np.tril_indices(SIZE, -1)

    def score(batch):
        batch = np.sort(batch)
        return np.corrcoef(*(m[np.ix_(batch, batch)][below] for m in matrices))[0, 1]

    kept = [rng.choice(images, SIZE, replace=False) for _ in range(KEPT)]
    for _ in range(generations):
        made = list(kept)
        for batch in kept:
            others = np.setdiff1d(np.arange(images), batch)
            for change in CHANGES:
                mutant = batch.copy()
                mutant[rng.choice(SIZE, change, replace=False)] = rng.choice(others, change, replace=False)
                made.append(mutant)
        made += [rng.choice(images, SIZE, replace=False) for _ in range(len(made))]
        best = np.argsort([-score(batch) for batch in made])[:KEPT]
        kept = [made[i] for i in best]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=pathlib.Path)
    parser.add_argument("berg_dir", type=pathlib.Path)
    parser.add_argument("regions", nargs=2)
    parser.add_argument("--berg", default="build/berg")
    parser.add_argument("--images", type=int, default=3000)
    parser.add_argument("--generations", type=int, default=20)
    parser.add_argument("--min-ceiling", type=float, default=20)
    asked = parser.parse_args()
    control = (asked.berg, "control", asked.store, "--berg-dir", asked.berg_dir, "--min-ceiling", asked.min_ceiling, "-q", "-o", "-")
    subjects = load(asked.store, asked.berg_dir, asked.min_ceiling)
    pairs = univariate(subjects)
    plain = measured(lambda: univariate(subjects))
    ours = run(*control, "--pairs", "all")
    result = {"images": len(subjects[0][0]), "subjects": len(subjects),
              "univariate": {"pairs": pairs * (pairs - 1) // 2, "berg": ours, "numpy": plain, "ratio": plain[1] / ours[1]}}

    few = np.arange(min(asked.images, len(subjects[0][0])))
    matrices = []
    made = measured(lambda: matrices.extend(similarities(subjects, region, few) for region in asked.regions))
    searched = measured(lambda: search(matrices, max(1, asked.generations // 10), np.random.default_rng(1)))
    short = run(*control, *asked.regions, "--multivariate", "--generations", 1)
    long = run(*control, *asked.regions, "--multivariate", "--generations", 1 + asked.generations)
    generation = [(b - a) / (2 * asked.generations) for a, b in zip(short, long)]  # both conditions
    theirs = [t / max(1, asked.generations // 10) for t in searched]
    result["multivariate"] = {"berg_generation": generation, "berg_before": short, "numpy_generation": theirs,
                              "numpy_matrices": made, "numpy_images": len(few), "ratio": theirs[1] / generation[1]}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
