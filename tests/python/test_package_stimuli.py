"""Images of every type that NumPy has: the same responses, or a StimulusError."""

import numpy as np
import pytest

from berg.core.exceptions import StimulusError


@pytest.fixture(scope="session")
def v1(load):
    return load({"roi": ["V1"]})


@pytest.fixture(scope="session")
def encode(berg, v1):
    return lambda stimulus, **options: berg.encode(v1, stimulus, show_progress=False, **options)


@pytest.fixture(scope="session")
def expected(encode, images):
    return encode(images)


@pytest.mark.parametrize(
    "dtype",
    [
        np.int16,
        np.uint16,
        np.int32,
        np.uint32,
        np.int64,
        np.uint64,
        np.longlong,
        np.intp,
        ">i2",
        ">u4",
        ">i8",
        ">u8",
    ],
)
def test_integers_mean_what_they_say(encode, images, expected, dtype):
    assert np.array_equal(encode(images.astype(dtype)), expected)


def test_int8_holds_half_the_values(encode, images):
    half = (images // 2).astype(np.int8)
    assert np.array_equal(encode(half), encode(half.astype(np.uint8)))


def test_images_differ(expected):
    """Upstream's int64 images all gave the same responses."""
    assert np.ptp(expected, axis=0).min() > 0


def unaligned(images):
    room = np.zeros(images.size * 2 + 1, np.uint8)
    view = room[1:].view(np.int16).reshape(images.shape)
    view[...] = images
    return view


@pytest.mark.parametrize(
    "arrange",
    [
        np.asfortranarray,
        lambda a: np.ascontiguousarray(a[::-1])[::-1],
        lambda a: np.repeat(a, 2, axis=0)[::2],
        lambda a: np.ascontiguousarray(a.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2),
        lambda a: a[:, ::-1].copy()[:, ::-1],
        lambda a: np.ascontiguousarray(a[:, :, :, ::-1])[:, :, :, ::-1],
        unaligned,
        lambda a: np.frombuffer(a.tobytes(), np.uint8).reshape(a.shape),
    ],
    ids=[
        "fortran",
        "images backwards",
        "every other image",
        "NHWC transposed",
        "BGR",
        "mirrored",
        "unaligned",
        "read-only",
    ],
)
def test_any_strides(encode, images, expected, arrange):
    arranged = arrange(images)
    assert np.array_equal(arranged, images)
    assert np.array_equal(encode(arranged), expected)


def test_one_image_repeated_without_copies(encode, images, expected):
    same = np.broadcast_to(images[0], (4, *images[0].shape))
    assert np.array_equal(encode(same), np.repeat(expected[:1], 4, axis=0))


@pytest.mark.parametrize("value", [-1, 256, 2**31, -(2**62)])
def test_values_outside_0_to_255(encode, images, value):
    wrong = images.astype(np.int64)
    wrong[-1, 2, 100, 100] = value
    with pytest.raises(StimulusError, match="255"):
        encode(wrong)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda a: a.astype(np.float32), "found float32"),
        (lambda a: a / 255, "found float64"),
        (lambda a: a > 9, "found bool"),
        (lambda a: a.astype(np.complex64), "found complex64"),
        (lambda a: a.astype(object), "found object"),
        (lambda a: a.astype("U3"), "found <U3"),
        (lambda a: a.astype(np.longdouble), "found float128"),
        (lambda a: a.astype("m8[s]"), "found timedelta"),
        (lambda a: a[:, :2], r"found \(5, 2, 270, 270\)"),
        (lambda a: a[:, [0, 1, 2, 0]], r"found \(5, 4, 270, 270\)"),
        (lambda a: a.transpose(0, 2, 3, 1), r"found \(5, 270, 270, 3\).*transpose"),
        (lambda a: a[0], "found 3 dimensions"),
        (lambda a: a[None], "found 5 dimensions"),
        (lambda a: a[:0], r"found \(0, 3"),
        (lambda a: a[:, :, :0], r"found \(5, 3, 0"),
        (lambda a: a.tolist(), "found list"),
        (lambda a: None, "found NoneType"),
        (lambda a: memoryview(a), "found memoryview"),
    ],
)
def test_what_is_no_stimulus(encode, images, make, message):
    with pytest.raises(StimulusError, match=message):
        encode(make(images))


def test_a_refused_stimulus_leaves_the_model_as_it_was(encode, images, expected):
    with pytest.raises(StimulusError):
        encode(images.astype(np.int64) + 1000)
    assert np.array_equal(encode(images), expected)
