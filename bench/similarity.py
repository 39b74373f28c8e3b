#!/usr/bin/env python3
"""berg rsm and berg rsa on stores of random scores: time, peak memory, share of the product rate, beside plain NumPy.

    python3 bench/similarity.py BERG_DIR [--build build] [--images 26107] [--many 1000000] [--numpy 6000] [--roi V1,IT] [--threads 2]

BERG_DIR holds a THINGS-fMRI1 subject 1. Stores are made in a temporary folder (a kilobyte an image) by build/tests/make_store. NumPy
takes the part that it can hold: responses, np.corrcoef of each region, the correlation of the two upper triangles; its time is
scaled to all pairs by their number. Wall and processor time are both told: on a busy machine the second says more.
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

MODEL = "fmri-things_fmri_1-vit_b_32"
NUMPY = """
import sys, time
import numpy as np
scores, weights, metadata, count, regions = sys.argv[1:6]
s = np.load(scores, mmap_mode="r")[:int(count)]
regression = np.load(weights, allow_pickle=True).item()["reg_param"]
rois = np.load(metadata, allow_pickle=True).item()["roi"]
start = time.perf_counter()
upper = np.triu_indices(len(s), 1)
rdms = []
for region in regions.split(","):
    r = s @ regression["coef_"][rois[region]].T + regression["intercept_"][rois[region]]
    rdms.append(1 - np.corrcoef(r)[upper])
print(np.corrcoef(*rdms)[0, 1], time.perf_counter() - start)
"""


def timed(*command):
    """(Output, own processor seconds), wall seconds, processor seconds with the system's, peak MB."""
    done = subprocess.run(["/usr/bin/time", "-f", "\n%e %U %S %M", *map(str, command)], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    wall, user, system, peak = map(float, done.stderr.strip().splitlines()[-1].split())
    return (done.stdout, user), wall, user + system, peak / 1024


def tell(what, wall, processor, peak, more=""):
    print(f"{what:<62} {wall:8.2f} s {processor:8.2f} s processor {peak:7.0f} MB  {more}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("berg_dir", type=pathlib.Path)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--images", type=int, default=26107)
    parser.add_argument("--many", type=int, default=1000000)
    parser.add_argument("--numpy", type=int, default=6000)
    parser.add_argument("--roi", default="V1,IT")
    parser.add_argument("--threads", type=int, default=2)
    asked = parser.parse_args()
    a, b = asked.roi.split(",")
    berg = asked.build / "berg"
    common = "--berg-dir", asked.berg_dir, "--threads", asked.threads, "-f", "-q"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def store(count):
            path = folder / str(count)
            subprocess.run([asked.build / "tests/make_store", path, asked.berg_dir, MODEL, "1", str(count), "1"], check=True)
            return path

        some = store(asked.images)
        (out, _), *spent = timed(asked.build / "tests/double_rate", asked.threads, 3)
        rate, alone = map(float, out.split())
        tell("float64 products, 3 s", *spent, f"{rate:.1f} GFLOP/s at best, {alone:.1f} in a second of processor time")
        (_, user), *spent = timed(berg, "rsm", some, "--roi", a, "-o", folder / "rsm.npy", *common)
        about = json.loads((folder / "rsm.json").read_text())["Similarity"]["regions"][0]
        work = asked.images * (asked.images + 1920) * min(about["units"], 251) / 1e9  # whole squares on the diagonal
        made = work / user
        tell(f"rsm {a}, {asked.images:,} images, float32 .npy", *spent,
             f"{made:.1f} GFLOP in a second of its own processor time: {made / alone:.0%}")
        (folder / "rsm.npy").unlink()
        _, *spent = timed(berg, "rsa", some, "--a", a, "--b", b, "-o", folder / "r.json", *common)
        tell(f"rsa {a} {b}, {asked.images:,} images", *spent)
        plain = spent[0]
        _, *spent = timed(berg, "rsa", some, "--a", a, "--b", b, "--permutations", 1000, "--bootstrap", 1000, "-o", folder / "r.json",
                          *common)
        found = json.loads((folder / "r.json").read_text())["comparisons"][0]
        tell("  with 1,000 permutations and 1,000 bootstraps", *spent,
             "variance left out: " + ", ".join(f"{found[kind]['variance_left_out']:.1e}" for kind in ("permutations", "bootstraps")))
        weights, metadata = (next(asked.berg_dir.glob(f"**/{name}_sub-01.npy")) for name in ("weights", "metadata"))
        (out, _), *spent = timed(sys.executable, "-c", NUMPY, some / "scores_sub-01.npy", weights, metadata, asked.numpy, asked.roi)
        scaled = float(out.split()[1]) * (asked.images / asked.numpy) ** 2
        tell(f"NumPy, {asked.numpy:,} images", *spent, f"{scaled:.0f} s for all, {scaled / plain:.0f} times as long")
        many = store(asked.many)
        _, *spent = timed(berg, "rsa", many, "--a", a, "--b", b, "-o", folder / "r.json", *common)
        tell(f"rsa {a} {b}, {asked.many:,} images", *spent)


if __name__ == "__main__":
    main()
