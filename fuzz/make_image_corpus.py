#!/usr/bin/env python3
"""Seeds for fuzz_jpeg and fuzz_png: small pictures of every kind, into fuzz/corpus/jpeg and fuzz/corpus/png.

    BERG_BUILD=build python3 fuzz/make_image_corpus.py

Made by the tests' own writers; the same bytes each time with the same versions of libjpeg, Pillow and
NumPy."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "oracle"))

import picture_cases as cases  # noqa: E402

JPEG = [
    ((17, 13), "rgb", "ycc", "2x2,1x1,1x1", 40, "-"),
    ((17, 13), "rgb", "ycc", "2x1,1x1,1x1", 40, "p"),
    ((17, 13), "rgb", "ycc", "1x2,1x1,1x1", 40, "a"),
    ((17, 13), "rgb", "ycc", "4x1,1x1,1x1", 40, "ap"),
    ((9, 9), "rgb", "rgb", "1x1,1x1,1x1", 40, "o"),
    ((33, 5), "grey", "grey", "1x1", 40, "r"),
    ((9, 9), "cmyk", "cmyk", "1x1,1x1,1x1,1x1", 40, "o"),
    ((9, 9), "cmyk", "ycck", "2x2,1x1,1x1,2x2", 40, "-"),
    # long ones, of which the crop drops rows or columns
    ((250, 33), "rgb", "ycc", "2x2,1x1,1x1", 30, "-"),
    ((250, 33), "rgb", "ycc", "2x1,1x1,1x1", 30, "r"),
    ((33, 250), "rgb", "ycc", "2x2,1x1,1x1", 30, "r"),
    ((33, 250), "rgb", "ycc", "1x2,1x1,1x1", 30, "-"),
    ((33, 250), "rgb", "ycc", "1x1,1x1,1x1", 30, "-"),
    ((33, 250), "grey", "grey", "1x1", 30, "-"),
]
PNG = [
    ((5, 4), colour, bits, interlaced)
    for interlaced in (False, True)
    for colour, bits in (
        (0, 1),
        (0, 4),
        (0, 8),
        (0, 16),
        (2, 8),
        (2, 16),
        (3, 2),
        (3, 8),
        (4, 8),
        (6, 8),
        (6, 16),
    )
]


def main():
    for kind, make, seeds in (("jpeg", cases.make_jpeg, JPEG), ("png", cases.make_png, PNG)):
        folder = HERE / "corpus" / kind
        folder.mkdir(parents=True, exist_ok=True)
        for case in seeds:
            name = cases.name_of(case)
            path = folder / f"{name}.{kind}"
            make(path, case)
            print(f"{path.stat().st_size:6} {path}")


main()
