"""The kinds of pictures that the readers are tested on, each made from a seed of its own."""

import io
import struct
import zlib

import numpy as np
from PIL import Image

import pictures
from pixels import WRITE_JPEG

SIZES = [
    (1, 1),
    (1, 37),
    (37, 1),
    (2, 3),
    (17, 16),
    (31, 57),
    (64, 64),
    (129, 97),
    (256, 256),
    (257, 300),
    (350, 223),
]
SAMPLINGS = [
    "1x1,1x1,1x1",
    "2x1,1x1,1x1",
    "1x2,1x1,1x1",
    "2x2,1x1,1x1",
    "4x1,1x1,1x1",
    "1x4,1x1,1x1",
    "4x2,1x1,1x1",
    "2x2,2x1,1x2",
    "2x2,1x2,1x2",
    "2x2,2x1,2x1",
]


def jpeg_cases():
    """(width, height), colour spaces given and stored, sampling, quality, options. Quality is low with
    arithmetic coding: Pillow fails on such files where they exceed its buffer of 64 KiB."""
    cases = []
    for i, size in enumerate(SIZES):
        for j, sampling in enumerate(SAMPLINGS):
            options = ["-", "p", "o", "r", "a", "ap", "pr"][(i + j) % 7]
            quality = (
                [75, 50, 30, 60, 5][(3 * i + j) % 5]
                if "a" in options
                else [95, 75, 30, 100, 5][(3 * i + j) % 5]
            )
            cases.append((size, "rgb", "ycc", sampling, quality, options))
        cases.append((size, "grey", "grey", "1x1", [90, 50][i % 2], ["-", "p", "a"][i % 3]))
        cases.append((size, "rgb", "rgb", "1x1,1x1,1x1", 85, ["-", "p"][i % 2]))
        cases.append((size, "cmyk", "cmyk", "1x1,1x1,1x1,1x1", 80, ["-", "p"][i % 2]))
        cases.append(
            (size, "cmyk", "ycck", ["2x2,1x1,1x1,2x2", "1x1,1x1,1x1,1x1", "2x1,1x1,1x1,2x1"][i % 3], 80, "-")
        )
    return cases


def png_cases():
    kinds = [(0, bits) for bits in (1, 2, 4, 8, 16)] + [(3, bits) for bits in (1, 2, 4, 8)]
    kinds += [(colour, bits) for colour in (2, 4, 6) for bits in (8, 16)]
    return [
        (size, colour, bits, interlaced)
        for i, size in enumerate(SIZES)
        for colour, bits in kinds
        for interlaced in ((False, True) if i % 2 else (i % 4 == 0,))
    ]


def name_of(case):
    return "-".join(
        "x".join(map(str, part)) if isinstance(part, tuple) else str(part).replace(",", "_") for part in case
    )


def make_jpeg(path, case):
    (width, height), given, stored, sampling, quality, options = case
    rng = np.random.default_rng(zlib.crc32(name_of(case).encode()))
    channels = {"grey": 1, "rgb": 3, "cmyk": 4}[given]
    pictures.write_jpeg(
        WRITE_JPEG,
        path,
        pictures.smooth(rng, height, width, channels),
        given,
        stored,
        sampling,
        quality,
        options,
    )


def make_png(path, case):
    (width, height), colour, bits, interlaced = case
    rng = np.random.default_rng(zlib.crc32(name_of(case).encode()))
    samples = pictures.PNG_SAMPLES[colour]
    if bits == 16:
        values = rng.integers(0, 65536, (height, width, samples))
        values[rng.random((height, width)) < 0.5] %= 300  # grey is clipped at 255: have some below
    else:
        values = pictures.smooth(rng, height, width, samples) >> (8 - bits)
    palette, extra = None, []
    if colour == 3:
        count = int(values.max()) + 1
        palette = rng.integers(0, 256, (count, 3))
        extra = [pictures.png_chunk(b"tRNS", rng.integers(0, 256, count, dtype=np.uint8).tobytes())]
    elif colour in (0, 2):
        extra = [pictures.png_chunk(b"tRNS", struct.pack(">H", 1) * samples)]
    pictures.write_png(path, values, bits, colour, rng, interlaced, palette, extra)


def reference(path):
    with Image.open(path) as image:
        return image.convert("RGB")


def small_jpeg(**options):
    buffer = io.BytesIO()
    values = pictures.smooth(np.random.default_rng(3), 60, 83, 3)
    Image.fromarray(values).save(buffer, "JPEG", **options)
    return buffer.getvalue()
