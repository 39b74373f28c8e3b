"""Pictures of every kind for the tests of the readers, written by Pillow, by libjpeg
(tests/tools/write_jpeg.c), or, where neither writes a kind of PNG, byte by byte."""

import struct
import subprocess
import zlib

import numpy as np
from PIL import Image

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def smooth(rng, height, width, channels):
    """Noise at two scales: edges, flat parts, and every value."""
    small = rng.integers(0, 256, (max(1, height // 9), max(1, width // 9), channels), dtype=np.uint8)
    planes = [Image.fromarray(small[..., c]).resize((width, height), Image.BICUBIC) for c in range(channels)]
    coarse = np.stack([np.asarray(plane, np.int16) for plane in planes], -1)
    return np.clip(coarse + rng.integers(-20, 21, coarse.shape), 0, 255).astype(np.uint8)


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_header(width, height, bits, colour, interlaced=False):
    return png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, int(interlaced)))


def _pack(values, bits):
    """Rows of samples to rows of bytes, first sample in the high bits."""
    rows = values.reshape(values.shape[0], -1)
    if bits == 16:
        return rows.astype(">u2").view(np.uint8)
    if bits == 8:
        return rows.astype(np.uint8)
    single = (rows[..., None] >> np.arange(bits - 1, -1, -1)) & 1
    return np.packbits(single.reshape(rows.shape[0], -1).astype(np.uint8), axis=1)


def _filter(rows, step, rng):
    """Each row with a filter type drawn at random out of the five."""
    out = bytearray()
    above = np.zeros(rows.shape[1], np.int32)
    for row in rows.astype(np.int32):
        left = np.concatenate([np.zeros(step, np.int32), row])[: len(row)]
        corner = np.concatenate([np.zeros(step, np.int32), above])[: len(row)]
        estimate = left + above - corner
        distances = np.abs(np.stack([estimate - left, estimate - above, estimate - corner]))
        paeth = np.choose(distances.argmin(0), [left, above, corner])
        kind = int(rng.integers(5))
        predicted = [0, left, above, (left + above) // 2, paeth][kind]
        out.append(kind)
        out += ((row - predicted) & 255).astype(np.uint8).tobytes()
        above = row
    return bytes(out)


def write_png(path, values, bits, colour, rng, interlaced=False, palette=None, extra=()):
    """`values` [height][width][samples], whole numbers below 2^bits. `extra`: chunks before the data."""
    height, width = values.shape[:2]
    step = max(1, PNG_SAMPLES[colour] * bits // 8)
    parts = [values[y0::dy, x0::dx] for x0, y0, dx, dy in ADAM7] if interlaced else [values]
    raw = b"".join(_filter(_pack(part, bits), step, rng) for part in parts if part.size)
    packed = zlib.compress(raw, 6)
    half = len(packed) // 2
    chunks = [png_header(width, height, bits, colour, interlaced)]
    if palette is not None:
        chunks.append(png_chunk(b"PLTE", palette.astype(np.uint8).tobytes()))
    chunks += extra
    chunks += [png_chunk(b"IDAT", packed[:half]), png_chunk(b"IDAT", packed[half:]), png_chunk(b"IEND", b"")]
    path.write_bytes(PNG_SIGNATURE + b"".join(chunks))


def write_jpeg(tool, path, values, given, stored, sampling, quality, options="-"):
    raw = path.with_suffix(".raw")
    raw.write_bytes(values.tobytes())
    height, width = values.shape[:2]
    subprocess.run(
        [tool, raw, str(width), str(height), given, stored, sampling, str(quality), options, path], check=True
    )
    raw.unlink()


def insert_exif_orientation(data, orientation):
    """The bytes of a JPEG with an Exif segment that says how the camera was held."""
    tiff = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 0x112, 3, 1, orientation, 0) + b"\0\0\0\0"
    body = b"Exif\0\0" + tiff
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]


def insert_adobe(data, transform):
    body = b"Adobe\0\x64\0\0\0\0" + bytes([transform])
    return data[:2] + b"\xff\xee" + struct.pack(">H", len(body) + 2) + body + data[2:]
