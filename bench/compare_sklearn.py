#!/usr/bin/env python3
"""libberg's solver beside scikit-learn's on the same features: time, peak memory, explained variance.

    PYTHONPATH=build/python python bench/compare_sklearn.py STORE ROWS [--panels 20] [--targets 6604] [--components 250]

STORE is the features.f32 that `berg train --keep-work` leaves: panels of [ROWS][3840] float32. As many panels are taken as
scikit-learn can hold: its scaler makes a float64 copy. Each solver runs in a process of its own, one after the other, features
already in memory when the clock starts: StandardScaler, PCA (scikit-learn's default for the size: randomised) and regression of
random responses.
"""
import argparse
import json
import pathlib
import resource
import subprocess
import sys
import time

import numpy as np

WIDTH = 3840


def load(arguments):
    features = np.empty((arguments.rows, arguments.panels * WIDTH), np.float32)
    with open(arguments.store, "rb") as store:  # read, not mapped: mapped pages would count as memory
        for panel in range(arguments.panels):
            block = np.fromfile(store, np.float32, arguments.rows * WIDTH).reshape(-1, WIDTH)
            features[:, panel * WIDTH:(panel + 1) * WIDTH] = block
    responses = np.random.default_rng(1).standard_normal((arguments.rows, arguments.targets), np.float32)
    return features, responses


def solve_sklearn(features, responses, components):
    from sklearn.decomposition import PCA
    from sklearn.linear_model import LinearRegression
    from sklearn.preprocessing import StandardScaler
    standardised = StandardScaler().fit_transform(features)
    pca = PCA(components, random_state=20200220)
    scores = pca.fit_transform(standardised)
    LinearRegression().fit(scores, responses)
    return pca.explained_variance_ratio_


def solve_berg(features, responses, components):
    import berg
    return berg.fit(features, responses, components=components).explained_variance_ratio_


def child(arguments):
    features, responses = load(arguments)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    ratio = {"sklearn": solve_sklearn, "berg": solve_berg}[arguments.solver](features, responses, arguments.components)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "peak_gb": peak / 2**20, "beyond_the_matrices_gb": (peak - held) / 2**20,
                      "explained_variance": float(np.sum(ratio, dtype=float)), "last_component": float(ratio[-1])}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("store", type=pathlib.Path)
    parser.add_argument("rows", type=int)
    parser.add_argument("--panels", type=int, default=20)
    parser.add_argument("--targets", type=int, default=6604)
    parser.add_argument("--components", type=int, default=250)
    parser.add_argument("--solver", choices=("sklearn", "berg"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.solver:
        child(arguments)
        return
    print(f"{arguments.rows:,} images x {arguments.panels * WIDTH:,} features, {arguments.components} components, "
          f"{arguments.targets:,} voxels")
    for solver in ("berg", "sklearn"):
        run = subprocess.run([sys.executable, __file__, *sys.argv[1:], "--solver", solver], stdout=subprocess.PIPE, text=True)
        if run.returncode:
            print(f"{solver:8} ended with status {run.returncode}: out of memory?")
            continue
        figures = json.loads(run.stdout)
        print(f"{solver:8} {figures['seconds']:7.1f} s  peak {figures['peak_gb']:5.1f} GiB "
              f"({figures['beyond_the_matrices_gb']:.1f} beyond the matrices)  "
              f"explained variance {figures['explained_variance']:.6f}, of the last component {figures['last_component']:.3e}")


if __name__ == "__main__":
    main()
