"""Pictures of all modes against Pillow, every byte, after decoding and after resize and crop; tensors against a float64
triangle filter and, where it is installed, torchvision."""
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

import pictures
from pixels import WRITE_JPEG, Pixels, Refused, pillow_transform, tensor_transform

SIZES = [(1, 1), (1, 37), (37, 1), (2, 3), (17, 16), (31, 57), (64, 64), (129, 97), (256, 256), (257, 300), (350, 223)]
SAMPLINGS = ["1x1,1x1,1x1", "2x1,1x1,1x1", "1x2,1x1,1x1", "2x2,1x1,1x1", "4x1,1x1,1x1", "1x4,1x1,1x1", "4x2,1x1,1x1",
             "2x2,2x1,1x2", "2x2,1x2,1x2", "2x2,2x1,2x1"]


SYSTEM_PILLOW = "dist-packages" in Image.__file__  # which shares our libjpeg; a wheel brings its own


@pytest.fixture(scope="module")
def tool():
    tool = Pixels()
    yield tool
    assert tool.close() == 0


def jpeg_cases():
    """(width, height), colour spaces given and stored, sampling, quality, options. Quality is low with arithmetic coding:
    Pillow fails on such files where they exceed its buffer of 64 KiB."""
    cases = []
    for i, size in enumerate(SIZES):
        for j, sampling in enumerate(SAMPLINGS):
            options = ["-", "p", "o", "r", "a", "ap", "pr"][(i + j) % 7]
            quality = [75, 50, 30, 60, 5][(3 * i + j) % 5] if "a" in options else [95, 75, 30, 100, 5][(3 * i + j) % 5]
            cases.append((size, "rgb", "ycc", sampling, quality, options))
        cases.append((size, "grey", "grey", "1x1", [90, 50][i % 2], ["-", "p", "a"][i % 3]))
        cases.append((size, "rgb", "rgb", "1x1,1x1,1x1", 85, ["-", "p"][i % 2]))
        cases.append((size, "cmyk", "cmyk", "1x1,1x1,1x1,1x1", 80, ["-", "p"][i % 2]))
        cases.append((size, "cmyk", "ycck", ["2x2,1x1,1x1,2x2", "1x1,1x1,1x1,1x1", "2x1,1x1,1x1,2x1"][i % 3], 80, "-"))
    return cases


def png_cases():
    kinds = [(0, bits) for bits in (1, 2, 4, 8, 16)] + [(3, bits) for bits in (1, 2, 4, 8)]
    kinds += [(colour, bits) for colour in (2, 4, 6) for bits in (8, 16)]
    return [(size, colour, bits, interlaced) for i, size in enumerate(SIZES) for colour, bits in kinds
            for interlaced in ((False, True) if i % 2 else (i % 4 == 0,))]


def name_of(case):
    return "-".join("x".join(map(str, part)) if isinstance(part, tuple) else str(part).replace(",", "_") for part in case)


def make_jpeg(path, case):
    (width, height), given, stored, sampling, quality, options = case
    rng = np.random.default_rng(zlib.crc32(name_of(case).encode()))
    channels = {"grey": 1, "rgb": 3, "cmyk": 4}[given]
    pictures.write_jpeg(WRITE_JPEG, path, pictures.smooth(rng, height, width, channels), given, stored, sampling, quality,
                        options)


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


def check(tool, path):
    expected = reference(path)
    np.testing.assert_array_equal(tool.decode(path), np.asarray(expected))
    np.testing.assert_array_equal(tool.picture(path), pillow_transform(expected))


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
    formats = [("png", {}), ("png", {"optimize": True}), ("jpg", {}), ("jpg", {"progressive": True, "quality": 40}),
               ("jpg", {"subsampling": 0, "quality": 98})]
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


def small_jpeg(**options):
    buffer = io.BytesIO()
    values = pictures.smooth(np.random.default_rng(3), 60, 83, 3)
    Image.fromarray(values).save(buffer, "JPEG", **options)
    return buffer.getvalue()


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
    path.write_bytes(pictures.insert_adobe(data[:2] + data[4 + length:], transform))
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
    """A profile that is none, a text that would inflate to 100 MB, a time out of range."""
    rng = np.random.default_rng(0)
    extra = [pictures.png_chunk(b"tIME", b"\xff" * 7), pictures.png_chunk(b"gAMA", struct.pack(">I", 1)),
             pictures.png_chunk(b"zTXt", b"bomb\0\0" + zlib.compress(bytes(100_000_000))),
             pictures.png_chunk(b"iCCP", b"profile\0\0nothing")]
    values = pictures.smooth(rng, 30, 40, 3)
    pictures.write_png(tmp_path / "plain.png", values, 8, 2, rng)
    pictures.write_png(tmp_path / "extra.png", values, 8, 2, rng, extra=extra)
    np.testing.assert_array_equal(tool.decode(tmp_path / "extra.png"), np.asarray(reference(tmp_path / "plain.png")))


def test_palette_index_beyond_the_end_is_black(tool, tmp_path):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 16, (9, 11, 1))
    palette = rng.integers(1, 256, (10, 3))
    pictures.write_png(tmp_path / "p.png", values, 4, 3, rng, palette=palette)
    expected = np.concatenate([palette, np.zeros((6, 3), int)])[values[..., 0]]
    np.testing.assert_array_equal(tool.decode(tmp_path / "p.png"), expected)


# Damage

def refusal(tool, path):
    with pytest.raises(Refused) as caught:
        tool.decode(path)
    message = str(caught.value)
    assert message.startswith("BERG_EINPUT ") and path.name in message and message.isprintable()
    return message


DAMAGED = [((83, 60), "rgb", "ycc", "2x2,1x1,1x1", 90, "-"), ((83, 60), "rgb", "ycc", "2x2,1x1,1x1", 90, "p"),
           ((83, 60), "rgb", "ycc", "1x1,1x1,1x1", 90, "a"), ((83, 60), "cmyk", "ycck", "1x1,1x1,1x1,1x1", 70, "r"),
           ((40, 50), 2, 8, False), ((40, 50), 6, 16, True), ((40, 50), 3, 4, False)]


def make_case(folder, case):
    path = folder / ("picture.png" if isinstance(case[1], int) else "picture.jpg")
    (make_png if isinstance(case[1], int) else make_jpeg)(path, case)
    return path


@pytest.mark.parametrize("case", DAMAGED, ids=name_of)
def test_truncated(tool, tmp_path, case):
    """Cut at many places: an error every time, or the whole picture, never a part of it."""
    path = make_case(tmp_path, case)
    data, whole = path.read_bytes(), np.asarray(reference(path))
    cuts = sorted(set(np.linspace(0, len(data) - 1, 150).astype(int)) | set(range(40)) | set(range(len(data) - 20, len(data))))
    refused = 0
    for cut in cuts:
        path.write_bytes(data[:cut])
        try:
            np.testing.assert_array_equal(tool.decode(path), whole, f"cut at {cut}")
        except Refused as error:
            assert str(error).startswith("BERG_EINPUT ") and path.name in str(error)
            refused += 1
    assert refused == len(cuts)


@pytest.mark.parametrize("case", DAMAGED, ids=name_of)
def test_flipped_bytes(tool, tmp_path, case):
    """PNG has checksums: every flip is seen. JPEG has none: what is not seen must come out as Pillow has it."""
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
    for name, data, says in [("empty.jpg", b"", "empty file"), ("text.png", b"hello, world", "68 65 6c 6c"),
                             ("short.jpg", b"\xff\xd8", "ff d8"), ("gif.jpg", b"GIF89a\0\0\0\0", "47 49 46"),
                             ("start.jpg", b"\xff\xd8\xff", "damaged JPEG"),
                             ("start.png", pictures.PNG_SIGNATURE, "truncated PNG")]:
        (tmp_path / name).write_bytes(data)
        assert says in refusal(tool, tmp_path / name)
    refusal(tool, tmp_path / "missing.jpg")
    (tmp_path / "folder.jpg").mkdir()
    refusal(tool, tmp_path / "folder.jpg")


@pytest.mark.parametrize("width,height", [(65500, 65500), (65500, 2733), (0, 10), (10, 0)])
def test_jpeg_size_in_header(tool, tmp_path, width, height):
    data = bytearray(small_jpeg())
    at = data.index(b"\xff\xc0") + 5
    data[at:at + 4] = struct.pack(">HH", height, width)
    path = tmp_path / "huge.jpg"
    path.write_bytes(data)
    message = refusal(tool, path)
    if width * height:
        assert f"{width} x {height}" in message and "178956970" in message


@pytest.mark.parametrize("width,height", [(100000, 100000), (178956971, 1), (2**31 - 1, 2**31 - 1), (2**31, 1), (0, 1), (1, 0)])
def test_png_size_in_header(tool, tmp_path, width, height):
    path = tmp_path / "huge.png"
    path.write_bytes(pictures.PNG_SIGNATURE + pictures.png_header(width, height, 8, 2)
                     + pictures.png_chunk(b"IDAT", zlib.compress(bytes(1000))) + pictures.png_chunk(b"IEND", b""))
    refusal(tool, path)


def test_png_structure(tool, tmp_path):
    header, data = pictures.png_header(4, 4, 8, 3), pictures.png_chunk(b"IDAT", zlib.compress(bytes(20)))
    palette, end = pictures.png_chunk(b"PLTE", bytes(6)), pictures.png_chunk(b"IEND", b"")
    unknown = pictures.png_chunk(b"ABCD", b"critical")
    path = tmp_path / "parts.png"
    for parts in ([header, palette, data], [header, data, end], [palette, header, data, end], [header, palette, end],
                  [header, header, palette, data, end], [header, palette, unknown, data, end], [end],
                  [header, palette, pictures.png_chunk(b"IDAT", zlib.compress(bytes(19))), end],
                  [header, palette, pictures.png_chunk(b"IDAT", b"not deflate"), end],
                  [header, palette, pictures.png_chunk(b"IDAT", zlib.compress(b"\x07" + bytes(19))), end],
                  [pictures.png_header(4, 4, 7, 3), palette, data, end], [pictures.png_header(4, 4, 8, 5), data, end]):
        path.write_bytes(pictures.PNG_SIGNATURE + b"".join(parts))
        refusal(tool, path)


# Resizing of arrays

ARRAY_SIZES = [(224, 224), (256, 256), (500, 375), (375, 500), (31, 57), (1000, 800), (800, 800), (2000, 100), (100, 2000),
               (1, 1), (1, 900), (900, 1), (2, 1), (255, 257), (257, 255), (256, 700), (700, 256), (513, 512), (640, 480),
               (333, 334), (3, 4), (1201, 1603), (97, 4001), (4001, 97), (225, 224), (600, 599)]


def arrays(width, height):
    rng = np.random.default_rng(width * 10007 + height)
    yield rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    yield rng.choice(np.array([0, 255], np.uint8), (height, width, 3))
    yield pictures.smooth(rng, height, width, 3)
    yield np.full((height, width, 3), 255, np.uint8)


@pytest.mark.parametrize("width,height", ARRAY_SIZES)
def test_resize_as_pillow(tool, tmp_path, width, height):
    for array in arrays(width, height):
        np.testing.assert_array_equal(tool.raw("picture", array, tmp_path / "raw"), pillow_transform(Image.fromarray(array)))


@pytest.mark.parametrize("rounds", range(4))
def test_resize_as_pillow_any_size(tool, tmp_path, rounds):
    rng = np.random.default_rng(rounds)
    for _ in range(20):
        height, width = (int(2 ** rng.uniform(0, 10.5)) for _ in range(2))
        array = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        np.testing.assert_array_equal(tool.raw("picture", array, tmp_path / "raw"), pillow_transform(Image.fromarray(array)),
                                      f"{width} x {height}")


def tensor_pairs(tool, folder, transform):
    """What the tool and `transform` make of the arrays of all sizes."""
    for size in ARRAY_SIZES:
        for array in arrays(*size):
            planes = np.ascontiguousarray(array.transpose(2, 0, 1))
            yield size, tool.raw("tensor", planes, folder / "raw").astype(np.float64), transform(planes)


def test_tensor_against_float64(tool, tmp_path):
    """Every pixel is a level that the exact value rounds to, but for the error of float32."""
    for size, levels, exact in tensor_pairs(tool, tmp_path, tensor_transform):
        assert np.abs(levels - exact).max() <= 0.5 + 2e-3, size
        not_half = np.abs(exact - np.floor(exact) - 0.5) > 2e-3
        np.testing.assert_array_equal(levels[not_half], np.rint(exact)[not_half])


def test_tensor_against_torchvision(tool, tmp_path):
    torch = pytest.importorskip("torch")
    functional = pytest.importorskip("torchvision.transforms.functional")

    def transform(planes):
        tensor = torch.from_numpy(planes.copy())[None]
        resized = functional.resize(tensor, [256], functional.InterpolationMode.BILINEAR, antialias=True)
        return functional.center_crop(resized, [224])[0].numpy()

    differ = total = 0
    for size, levels, expected in tensor_pairs(tool, tmp_path, transform):
        assert np.abs(levels - expected).max() <= 1, size
        differ += np.count_nonzero(levels != expected)
        total += levels.size
    assert differ <= total * 1e-4, f"{differ} of {total} differ"
