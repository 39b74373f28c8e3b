"""Pictures of all modes against Pillow, every byte, after decoding and after resize and crop."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

import pictures
from picture_cases import jpeg_cases, make_jpeg, make_png, name_of, png_cases, reference, small_jpeg
from pixels import Refused, pillow_transform, square_transform


def check(tool, path):
    expected = reference(path)
    np.testing.assert_array_equal(tool.decode(path), np.asarray(expected))
    np.testing.assert_array_equal(tool.picture(path), pillow_transform(expected))
    np.testing.assert_array_equal(tool.square(path), square_transform(expected))


def test_enough_pictures():
    assert len(jpeg_cases()) >= 150 and len(png_cases()) >= 150


@pytest.mark.parametrize("case", jpeg_cases(), ids=name_of)
def test_jpeg(tool, tmp_path, case):
    make_jpeg(tmp_path / "picture.jpg", case)
    check(tool, tmp_path / "picture.jpg")


@pytest.mark.parametrize("case", png_cases(), ids=name_of)
def test_png(tool, tmp_path, case):
    make_png(tmp_path / "picture.png", case)
    check(tool, tmp_path / "picture.png")


@pytest.mark.parametrize("progressive", [False, True])
def test_a_stray_byte_before_a_table(tool, tmp_path, progressive):
    """libjpeg warns of it and reads on; a whole segment that is passed over is another matter."""
    path = tmp_path / "picture.jpg"
    Image.fromarray(pictures.smooth(np.random.default_rng(5), 60, 80, 3)).save(path, progressive=progressive)
    data = path.read_bytes()
    for marker in b"\xff\xdb", b"\xff\xc4", b"\xff\xc2" if progressive else b"\xff\xc0":
        at = data.index(marker)
        path.write_bytes(data[:at] + b"\0" + data[at:])
        check(tool, path)
        path.write_bytes(data[:at] + bytes(16) + data[at:])
        with pytest.raises(Refused, match="extraneous bytes before marker"):
            tool.decode(path)


@pytest.mark.parametrize("case", [((40, 50), 2, 8, False), ((40, 50), 6, 16, True), ((40, 50), 3, 4, False)], ids=name_of)
def test_png_without_its_end_mark(tool, tmp_path, case):
    path = tmp_path / "picture.png"
    make_png(path, case)
    data = path.read_bytes()
    for missing in range(1, 13):
        path.write_bytes(data[:-missing])
        check(tool, path)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "I;16", "I", "CMYK"])
def test_pillow_writes(tool, tmp_path, mode):
    """What Pillow itself writes of each mode, in each format that takes it."""
    rng = np.random.default_rng(5)
    rgba = Image.fromarray(pictures.smooth(rng, 77, 121, 4), "RGBA")
    if mode == "I;16":
        image = Image.fromarray(rng.integers(0, 400, (77, 121)).astype(np.uint16))
    elif mode in ("I", "CMYK", "1", "P"):
        image = rgba.convert("RGB").convert(mode)
    else:
        image = rgba.convert(mode)
    formats = [
        ("png", {}),
        ("png", {"optimize": True}),
        ("jpg", {}),
        ("jpg", {"progressive": True, "quality": 40}),
        ("jpg", {"subsampling": 0, "quality": 98}),
    ]
    written = 0
    for i, (ending, options) in enumerate(formats):
        path = tmp_path / f"{i}.{ending}"
        try:
            image.save(path, **options)
        except (OSError, KeyError):
            continue
        check(tool, path)
        written += 1
    assert written or mode in ("PA", "I")


def test_orientation_is_not_applied(tool, tmp_path):
    path = tmp_path / "turned.jpg"
    for orientation in range(1, 9):
        path.write_bytes(pictures.insert_exif_orientation(small_jpeg(), orientation))
        check(tool, path)


@pytest.mark.parametrize("transform", [0, 1, 2, 9])
def test_adobe_marker(tool, tmp_path, transform):
    """The marker before JFIF's and instead of it."""
    data = small_jpeg(subsampling=0)
    path = tmp_path / "adobe.jpg"
    path.write_bytes(pictures.insert_adobe(data, transform))
    check(tool, path)
    length = struct.unpack(">H", data[4:6])[0]
    path.write_bytes(pictures.insert_adobe(data[:2] + data[4 + length :], transform))
    check(tool, path)


def test_bytes_around_the_end_are_no_damage(tool, tmp_path):
    path = tmp_path / "long.jpg"
    data = small_jpeg()
    path.write_bytes(data + b"after the end" * 100)
    check(tool, path)
    path.write_bytes(data[:-2] + b"\0" * 7 + data[-2:])
    check(tool, path)
    png = tmp_path / "long.png"
    make_png(png, ((17, 16), 2, 8, False))
    png.write_bytes(png.read_bytes() + b"after the end" * 100)
    check(tool, png)


def test_ancillary_chunks_are_of_no_consequence(tool, tmp_path):
    """An invalid profile, a text that would inflate to 100 MB, a time out of range."""
    rng = np.random.default_rng(0)
    extra = [
        pictures.png_chunk(b"tIME", b"\xff" * 7),
        pictures.png_chunk(b"gAMA", struct.pack(">I", 1)),
        pictures.png_chunk(b"zTXt", b"bomb\0\0" + zlib.compress(bytes(100_000_000))),
        pictures.png_chunk(b"iCCP", b"profile\0\0nothing"),
    ]
    values = pictures.smooth(rng, 30, 40, 3)
    pictures.write_png(tmp_path / "plain.png", values, 8, 2, rng)
    pictures.write_png(tmp_path / "extra.png", values, 8, 2, rng, extra=extra)
    np.testing.assert_array_equal(
        tool.decode(tmp_path / "extra.png"), np.asarray(reference(tmp_path / "plain.png"))
    )


def test_palette_index_beyond_the_end_is_black(tool, tmp_path):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 16, (9, 11, 1))
    palette = rng.integers(1, 256, (10, 3))
    pictures.write_png(tmp_path / "p.png", values, 4, 3, rng, palette=palette)
    expected = np.concatenate([palette, np.zeros((6, 3), int)])[values[..., 0]]
    np.testing.assert_array_equal(tool.decode(tmp_path / "p.png"), expected)
