"""Pictures without a camera: coloured noise with the 1/f spectrum and the varied contrast of photographs."""
import numpy as np


def stretch(count, target):
    """Matrix (target, count) that interpolates `count` samples linearly to `target` points."""
    at = np.linspace(0, count - 1, target)
    return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(count)))


def synthetic_images(count, seed=0, height=224, width=224):
    """uint8 (count, 3, height, width), the same for the same arguments."""
    rng = np.random.default_rng([seed, 0x1A6E])
    images = np.empty((count, 3, height, width), np.uint8)
    for image in images:
        picture = rng.normal(0, 0.8, (3, 1, 1)) + np.zeros((3, height, width))
        for cells in (2, 4, 8, 16, 32, 64):
            grey, colour = rng.normal(size=(1, cells, cells)), 0.5 * rng.normal(size=(3, cells, cells))
            rough = rng.uniform(0.3, 1.7)
            waves = stretch(cells, height) @ (grey + colour) @ stretch(cells, width).T
            picture += rough * 2 / cells ** 0.7 * waves
        contrast = rng.uniform(15, 60)
        image[...] = np.clip(rng.uniform(80, 170) + contrast * picture, 0, 255)
    return images
