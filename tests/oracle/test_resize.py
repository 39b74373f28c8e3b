"""The resizings of arrays: Pillow's of both transforms, every byte; torch's against a float64 triangle filter and, where it is
installed, torchvision itself."""

import numpy as np
import pytest
from PIL import Image

import pictures
from pixels import pillow_transform, square_transform, tensor_transform

PILLOW = {"picture": pillow_transform, "square": square_transform}

ARRAY_SIZES = [
    (224, 224),
    (256, 256),
    (500, 375),
    (375, 500),
    (31, 57),
    (1000, 800),
    (800, 800),
    (2000, 100),
    (100, 2000),
    (1, 1),
    (1, 900),
    (900, 1),
    (2, 1),
    (255, 257),
    (257, 255),
    (256, 700),
    (700, 256),
    (513, 512),
    (640, 480),
    (333, 334),
    (3, 4),
    (1201, 1603),
    (97, 4001),
    (4001, 97),
    (225, 224),
    (600, 599),
]


def arrays(width, height):
    rng = np.random.default_rng(width * 10007 + height)
    yield rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    yield rng.choice(np.array([0, 255], np.uint8), (height, width, 3))
    yield pictures.smooth(rng, height, width, 3)
    yield np.full((height, width, 3), 255, np.uint8)


@pytest.mark.parametrize("kind", PILLOW)
@pytest.mark.parametrize("width,height", ARRAY_SIZES)
def test_resize_as_pillow(tool, tmp_path, width, height, kind):
    for array in arrays(width, height):
        np.testing.assert_array_equal(
            tool.raw(kind, array, tmp_path / "raw"), PILLOW[kind](Image.fromarray(array))
        )


@pytest.mark.parametrize("kind", PILLOW)
@pytest.mark.parametrize("rounds", range(4))
def test_resize_as_pillow_any_size(tool, tmp_path, rounds, kind):
    rng = np.random.default_rng(rounds)
    for _ in range(20):
        height, width = (int(2 ** rng.uniform(0, 10.5)) for _ in range(2))
        array = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        np.testing.assert_array_equal(
            tool.raw(kind, array, tmp_path / "raw"),
            PILLOW[kind](Image.fromarray(array)),
            f"{width} x {height}",
        )


@pytest.mark.parametrize("long", range(224, 236))
def test_square_is_the_central_one(tool, tmp_path, long):
    """Of a short side of 224 nothing is resized, so the crop shows: half a pixel goes to the even one."""
    wide = np.random.default_rng(long).integers(0, 256, (224, long, 3), dtype=np.uint8)
    start = round((long - 224) / 2)
    for array, kept in ((wide, wide[:, start : start + 224]), (wide.transpose(1, 0, 2), wide.transpose(1, 0, 2)[start : start + 224])):
        got = tool.raw("square", np.ascontiguousarray(array), tmp_path / "raw")
        np.testing.assert_array_equal(got, kept.transpose(2, 0, 1))


def test_what_is_outside_the_square_is_of_no_consequence(tool, tmp_path):
    rng = np.random.default_rng(5)
    array = rng.integers(0, 256, (300, 500, 3), dtype=np.uint8)
    before = tool.raw("square", array, tmp_path / "raw")
    array[:, :100], array[:, 400:] = 255 - array[:, :100], 255 - array[:, 400:]
    np.testing.assert_array_equal(tool.raw("square", array, tmp_path / "raw"), before)


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
