#!/usr/bin/env python3
"""Makes a hemisphere's surface in FreeSurfer's binary form: a sphere as finely divided as fsaverage's, pulled into a rough brain.

    make_surface.py lh.inflated          # 163,842 vertices
    make_surface.py rh.flat --flat       # no depth

NumPy only; the same arguments give the same file.
"""
import argparse
import pathlib
import struct

import numpy as np

FSAVERAGE = 7  # times that each triangle of an icosahedron is divided into four


def icosahedron():
    golden = (1 + 5 ** 0.5) / 2
    places = np.array([(s, t * golden, 0) for t in (1, -1) for s in (-1, 1)], float)
    places = np.concatenate([np.roll(places, k, axis=1) for k in range(3)])
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2)
    near = np.abs(gaps - 2) < 1e-9
    corners = [(i, j, k) for i in range(12) for j in range(i) for k in range(j) if near[i, j] and near[j, k] and near[i, k]]
    return places, np.array(corners)


def divide(places, corners):
    """Each triangle becomes four; its own vertices keep their numbers."""
    edges = np.sort(corners[:, [(0, 1), (1, 2), (2, 0)]].reshape(-1, 2), axis=1)
    unique, which = np.unique(edges, axis=0, return_inverse=True)
    middle = len(places) + which.reshape(-1, 3)
    a, b, c = corners.T
    ab, bc, ca = middle.T
    new = np.concatenate([np.stack(t, axis=1) for t in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))])
    return np.concatenate([places, places[unique].mean(axis=1)]), new


def sphere(divisions=FSAVERAGE):
    places, corners = icosahedron()
    for _ in range(divisions):
        places, corners = divide(places, corners)
    return places / np.linalg.norm(places, axis=1, keepdims=True), corners


def brain(divisions=FSAVERAGE, side="l"):
    """Places in millimetres and corners: longer than high, the front lower than the back, flat towards the other hemisphere."""
    places, corners = sphere(divisions)
    right, front, up = places.T
    outward = right if side == "r" else -right
    x = np.where(outward > 0, 40 * outward, 12 * outward)
    z = 50 * up * (1 - 0.25 * front) + 8 * np.cos(2 * front)
    return np.stack([x if side == "r" else -x, 85 * front, z], axis=1), corners


def flat(divisions=FSAVERAGE, side="l"):
    """The sphere laid out by longitude and latitude, cut open at the front: no depth, and no triangles across the cut."""
    places, corners = sphere(divisions)
    right, front, up = places.T
    longitude = np.arctan2(right if side == "r" else -right, -front)
    uncut = np.ptp(longitude[corners], axis=1) < np.pi
    return np.stack([60 * longitude, 100 * up, 0 * up], axis=1), corners[uncut]


def triangle_file(places, corners, after=b""):
    places, corners = np.asarray(places, ">f4"), np.asarray(corners, ">i4")
    counts = struct.pack(">ii", len(places), len(corners))
    return b"\xff\xff\xfecreated by make_surface.py\n\n" + counts + places.tobytes() + corners.tobytes() + after


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=pathlib.Path, help="lh.… or rh.…")
    parser.add_argument("--divisions", type=int, default=FSAVERAGE)
    parser.add_argument("--flat", action="store_true")
    options = parser.parse_args()
    make = flat if options.flat else brain
    options.path.write_bytes(triangle_file(*make(options.divisions, options.path.name[0])))


if __name__ == "__main__":
    main()
