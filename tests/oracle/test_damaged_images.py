"""Damaged pictures: cut, changed, of impossible size, or not images at all. Each is refused in one line that names it."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

import pictures
from picture_cases import make_jpeg, make_png, name_of, reference, small_jpeg
from pixels import Refused

SYSTEM_PILLOW = "dist-packages" in Image.__file__  # which shares our libjpeg; a wheel brings its own


def refusal(tool, path):
    with pytest.raises(Refused) as caught:
        tool.decode(path)
    message = str(caught.value)
    assert message.startswith("BERG_EINPUT ") and path.name in message and message.isprintable()
    return message


DAMAGED = [
    ((83, 60), "rgb", "ycc", "2x2,1x1,1x1", 90, "-"),
    ((83, 60), "rgb", "ycc", "2x2,1x1,1x1", 90, "p"),
    ((83, 60), "rgb", "ycc", "1x1,1x1,1x1", 90, "a"),
    ((83, 60), "cmyk", "ycck", "1x1,1x1,1x1,1x1", 70, "r"),
    ((40, 50), 2, 8, False),
    ((40, 50), 6, 16, True),
    ((40, 50), 3, 4, False),
]


def make_case(folder, case):
    path = folder / ("picture.png" if isinstance(case[1], int) else "picture.jpg")
    (make_png if isinstance(case[1], int) else make_jpeg)(path, case)
    return path


@pytest.mark.parametrize("case", DAMAGED, ids=name_of)
def test_truncated(tool, tmp_path, case):
    """Cut at many places: an error every time, never a part of the picture; the whole of it where a PNG lacks its end mark alone."""
    path = make_case(tmp_path, case)
    data, whole = path.read_bytes(), np.asarray(reference(path))
    cuts = sorted(
        set(np.linspace(0, len(data) - 1, 150).astype(int))
        | set(range(40))
        | set(range(len(data) - 20, len(data)))
    )
    refused = 0
    for cut in cuts:
        path.write_bytes(data[:cut])
        try:
            np.testing.assert_array_equal(tool.decode(path), whole, f"cut at {cut}")
        except Refused as error:
            assert str(error).startswith("BERG_EINPUT ") and path.name in str(error)
            refused += 1
    assert refused == len([cut for cut in cuts if path.suffix == ".jpg" or cut < len(data) - 12])


@pytest.mark.parametrize("case", DAMAGED, ids=name_of)
def test_flipped_bytes(tool, tmp_path, case):
    """PNG has checksums: every flip is seen. JPEG has none: what is not seen comes out as Pillow has it."""
    path = make_case(tmp_path, case)
    data = path.read_bytes()
    rng = np.random.default_rng(1)
    for at in np.linspace(0, len(data) - 1, 300).astype(int):
        damaged = bytearray(data)
        damaged[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        if path.suffix == ".png":
            refusal(tool, path)
            continue
        try:
            pixels = tool.decode(path)
        except Refused as error:
            assert str(error).startswith("BERG_EINPUT ")
            continue
        try:
            expected = np.asarray(reference(path))
        except (OSError, SyntaxError, struct.error, IndexError, TypeError, ValueError, KeyError):
            continue  # Pillow reads the markers itself, some of them more strictly
        # Where scans of a progressive picture are lost, another libjpeg than ours may smooth otherwise.
        if SYSTEM_PILLOW or case[-1] != "p":
            np.testing.assert_array_equal(pixels, expected, f"bit at byte {at}")


def test_not_pictures(tool, tmp_path):
    for name, data, says in [
        ("empty.jpg", b"", "empty file"),
        ("text.png", b"hello, world", "68 65 6c 6c"),
        ("short.jpg", b"\xff\xd8", "ff d8"),
        ("gif.jpg", b"GIF89a\0\0\0\0", "47 49 46"),
        ("start.jpg", b"\xff\xd8\xff", "damaged JPEG"),
        ("start.png", pictures.PNG_SIGNATURE, "truncated PNG"),
    ]:
        (tmp_path / name).write_bytes(data)
        assert says in refusal(tool, tmp_path / name)
    refusal(tool, tmp_path / "missing.jpg")
    (tmp_path / "folder.jpg").mkdir()
    refusal(tool, tmp_path / "folder.jpg")


@pytest.mark.parametrize("width,height", [(65500, 65500), (65500, 2733), (0, 10), (10, 0)])
def test_jpeg_size_in_header(tool, tmp_path, width, height):
    data = bytearray(small_jpeg())
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", height, width)
    path = tmp_path / "huge.jpg"
    path.write_bytes(data)
    message = refusal(tool, path)
    if width * height:
        assert f"{width} x {height}" in message and "178956970" in message


@pytest.mark.parametrize(
    "width,height", [(100000, 100000), (178956971, 1), (2**31 - 1, 2**31 - 1), (2**31, 1), (0, 1), (1, 0)]
)
def test_png_size_in_header(tool, tmp_path, width, height):
    path = tmp_path / "huge.png"
    path.write_bytes(
        pictures.PNG_SIGNATURE
        + pictures.png_header(width, height, 8, 2)
        + pictures.png_chunk(b"IDAT", zlib.compress(bytes(1000)))
        + pictures.png_chunk(b"IEND", b"")
    )
    refusal(tool, path)


def test_png_structure(tool, tmp_path):
    header, data = pictures.png_header(4, 4, 8, 3), pictures.png_chunk(b"IDAT", zlib.compress(bytes(20)))
    palette, end = pictures.png_chunk(b"PLTE", bytes(6)), pictures.png_chunk(b"IEND", b"")
    unknown = pictures.png_chunk(b"ABCD", b"critical")
    path = tmp_path / "parts.png"
    for parts in (
        [header, palette, data[:-1]],
        [header, palette],
        [header, data, end],
        [palette, header, data, end],
        [header, palette, end],
        [header, header, palette, data, end],
        [header, palette, unknown, data, end],
        [end],
        [header, palette, pictures.png_chunk(b"IDAT", zlib.compress(bytes(19))), end],
        [header, palette, pictures.png_chunk(b"IDAT", b"not deflate"), end],
        [header, palette, pictures.png_chunk(b"IDAT", zlib.compress(b"\x07" + bytes(19))), end],
        [pictures.png_header(4, 4, 7, 3), palette, data, end],
        [pictures.png_header(4, 4, 8, 5), data, end],
    ):
        path.write_bytes(pictures.PNG_SIGNATURE + b"".join(parts))
        refusal(tool, path)
