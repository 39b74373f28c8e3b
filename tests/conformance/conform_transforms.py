"""Preprocessing against torchvision's transform: tensors within its rounding, pictures to the byte."""
import numpy as np
import PIL.Image
import pytest
import torch

import upstream
from synthetic_images import synthetic_images

SIZES = [(224, 224), (255, 255), (256, 256), (257, 256), (256, 300), (512, 512), (333, 500), (500, 333),
         (97, 131), (31, 64), (640, 480), (768, 1024), (225, 999), (1201, 400), (16, 16), (1, 1), (3, 2)]


def levels(normalised):
    """uint8 levels back from the transform's output: exact, being far wider apart than float32 rounds."""
    mean, std = (torch.tensor(v)[:, None, None] for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    values = (normalised.double() * std + mean) * 255
    assert (values - values.round()).abs().max() < 1e-3
    return values.round().to(torch.uint8).numpy()


def pictures(height, width):
    """Smooth, noisy and black-and-white ones."""
    rng = np.random.default_rng(height * 1009 + width)
    smooth = synthetic_images(2, seed=height + width, height=height, width=width)
    noise = rng.integers(0, 256, (2, 3, height, width), dtype=np.uint8)
    return np.concatenate([smooth, noise, 255 * (noise[:1] > 127).astype(np.uint8)])


def test_arrays(library):
    differing = pixels = 0
    for height, width in SIZES:
        images = pictures(height, width)
        theirs = levels(upstream.transform()(torch.from_numpy(images))).astype(int)
        apart = np.abs(library("pixels", images).astype(int) - theirs)
        print(f"{height}x{width}: {np.count_nonzero(apart)} of {apart.size} differ, by at most {apart.max()}")
        assert apart.max() <= 1
        differing, pixels = differing + np.count_nonzero(apart), pixels + apart.size
    assert differing <= pixels / 10_000


def as_trained(picture):
    """What the transform makes of a picture, with its horizontal pass before its vertical one.

    Pillow 13 turns the passes round for pictures more than twice as high as wide (pull request 9549), which
    moves a few of their pixels by one level. Models are trained with earlier ones; two resizes of one pass
    each keep their order."""
    width, height = picture.size
    if height > 2 * width:
        picture = picture.resize((256, height), PIL.Image.BILINEAR)
        picture = picture.resize((256, 256 * height // width), PIL.Image.BILINEAR)
    return levels(upstream.transform()(picture))


ENCODINGS = [(".png", {}), (".jpg", {"quality": 92}), (".jpg", {"quality": 60, "progressive": True}),
             (".jpg", {"quality": 95, "subsampling": 0})]


@pytest.mark.parametrize("ending, options", ENCODINGS, ids=str)
def test_files(library, tmp_path, ending, options):
    paths = []
    for height, width in SIZES:
        for index, image in enumerate(pictures(height, width)):
            paths.append(tmp_path / f"{height}x{width}-{index}{ending}")
            PIL.Image.fromarray(image.transpose(1, 2, 0)).save(paths[-1], **options)
    ours = library("pixels", paths)
    for path, pixels in zip(paths, ours):
        with PIL.Image.open(path) as picture:
            assert np.array_equal(pixels, as_trained(picture.convert("RGB"))), path.name


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "I;16", "CMYK"])
def test_modes(library, tmp_path, mode):
    """Pictures that are not RGB, turned into it as Pillow turns them."""
    rng, paths = np.random.default_rng(7), []
    for index, image in enumerate(pictures(300, 280)):
        picture = PIL.Image.fromarray(image.transpose(1, 2, 0))
        if mode == "I;16":
            picture = PIL.Image.fromarray(image[0].astype(np.uint16) * 257)
        elif mode in ("LA", "RGBA"):
            picture = picture.convert(mode[:-1])
            picture.putalpha(PIL.Image.fromarray(rng.integers(0, 256, (300, 280), dtype=np.uint8)))
        else:
            picture = picture.convert(mode)
        paths.append(tmp_path / f"{index}{'.jpg' if mode == 'CMYK' else '.png'}")
        picture.save(paths[-1])
    for path, pixels in zip(paths, library("pixels", paths)):
        with PIL.Image.open(path) as picture:
            assert np.array_equal(pixels, as_trained(picture.convert("RGB"))), path.name
