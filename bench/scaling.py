#!/usr/bin/env python3
"""What encoding costs by the number of images, voxels and threads: seconds and peak memory of `berg encode`, a process a figure.

    bench/scaling.py BERG_DIR BACKBONE WORK [--precision f32 int8] [--images 1 10 100 1000] [--voxels 1000 10000 100000 0]
                     [--threads 1 2] [--long 20000] [--program build/berg]

WORK is a folder for stimuli and responses; --long needs 850 KB of it an image. Images are 256x256 noise, the same hundred over and
over. Each figure is the least of three runs, but of one for more than 1,000 images. --voxels 0 is the whole brain; --long N
encodes N images onto all of it. Prints Markdown.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np

MODEL = "fmri-things_fmri_1-vit_b_32"
SIDE = 256


def voxels_of(arguments):
    """The subject's number of voxels."""
    told = subprocess.run([arguments.program, "metadata", MODEL, "--subject", "1", "--berg-dir", arguments.berg_dir, "--json"],
                          check=True, capture_output=True, text=True)
    return json.loads(told.stdout)["fmri"]["voxel_coords"]["shape"][0]


def stimuli(folder, count):
    """`count` images as .npy, [count][3][256][256] uint8."""
    path = folder / f"stimuli-{count}.npy"
    if not path.exists():
        hundred = np.random.default_rng(1).integers(0, 256, (100, 3, SIDE, SIDE), np.uint8)
        with open(path, "wb") as file:  # not mapped: a child's peak memory begins with its parent's
            np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (count, 3, SIDE, SIDE)})
            for first in range(0, count, 100):
                file.write(hundred[:count - first].tobytes())
    return path


def first_voxels(arguments, count):
    """A file that marks the first `count` voxels."""
    path = arguments.work / f"voxels-{count}.npy"
    np.save(path, (np.arange(arguments.total) < count).astype(np.uint8))
    return path


def encode(arguments, precision, images, voxels=0, threads=0):
    """Seconds, peak bytes."""
    out = arguments.work / "responses.npy"
    command = [arguments.program, "encode", MODEL, "--subject", "1", "--berg-dir", arguments.berg_dir, "--backbone",
               arguments.backbone, "--precision", precision, "--quiet", "--force", "--no-sidecar", stimuli(arguments.work, images), "-o", out]
    if voxels:
        command += ["--voxel-index", first_voxels(arguments, voxels)]
    if threads:
        command += ["--threads", str(threads)]
    figures = []
    for _ in range(3 if images <= 1000 else 1):
        start = time.perf_counter()
        child = subprocess.Popen([str(part) for part in command])
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            sys.exit(f"scaling: berg encode ended with {child.returncode}")
        figures.append((time.perf_counter() - start, usage.ru_maxrss * 1024))
        out.unlink()
    return min(figures)


def table(title, column, rows):
    print(f"\n{title}\n\n| precision | {column} | seconds | images/s | peak memory, MB |\n| --- | --- | --- | --- | --- |")
    for precision, value, images, (seconds, memory) in rows:
        print(f"| {precision} | {value} | {seconds:.2f} | {images / seconds:.3g} | {memory / 1e6:,.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("berg_dir")
    parser.add_argument("backbone")
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--program", default="build/berg")
    parser.add_argument("--precision", nargs="+", default=["f32", "int8"])
    parser.add_argument("--images", nargs="+", type=int, default=[1, 10, 100, 1000])
    parser.add_argument("--voxels", nargs="+", type=int, default=[1000, 10000, 100000, 0])
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--long", type=int, default=0)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    arguments.total = voxels_of(arguments)
    for precision in arguments.precision:
        encode(arguments, precision, 1)  # converts the weights, brings the files into memory
    cases = [(p, n) for p in arguments.precision for n in arguments.images]
    table("By images, whole brain", "images", ((p, f"{n:,}", n, encode(arguments, p, n)) for p, n in cases))
    cases = [(p, n) for p in arguments.precision for n in arguments.voxels]
    table("By voxels, 100 images", "voxels", ((p, f"{n or arguments.total:,}", 100, encode(arguments, p, 100, n)) for p, n in cases))
    cases = [(p, n) for p in arguments.precision for n in arguments.threads]
    table("By threads, 100 images, whole brain", "threads", ((p, n, 100, encode(arguments, p, 100, 0, n)) for p, n in cases))
    if arguments.long:
        table("One long run, whole brain", "images", ((p, f"{arguments.long:,}", arguments.long, encode(arguments, p, arguments.long))
                                                      for p in arguments.precision))


if __name__ == "__main__":
    main()
