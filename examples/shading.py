"""Arrays of colours: what the pictures of make_images.py and rendered.py are made with."""

import numpy as np
from PIL import Image


def noise(rng, height, width, octaves, first=4):
    """Cloud-like values in 0..1: random grids, each twice as fine and half as strong as the one before."""
    total = np.zeros((height, width))
    for octave in range(octaves):
        cells = first * 2**octave
        grid = rng.random((max(2, cells * height // width), cells)).astype(np.float32)
        total += np.asarray(Image.fromarray(grid).resize((width, height), Image.BICUBIC)) / 2**octave
    total -= total.min()
    return total / total.max()


def mix(a, b, share):
    return np.asarray(a, float) * (1 - share[..., None]) + np.asarray(b, float) * share[..., None]


def to_image(array):
    return Image.fromarray(np.clip(array, 0, 255).astype(np.uint8))


def smooth_step(low, high, x):
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def sky(rng, width, height, top=(66, 122, 196), low=(206, 226, 240)):
    ramp = mix(top, low, np.broadcast_to(np.linspace(0, 1, height)[:, None], (height, width)))
    return mix(ramp, (250, 250, 252), smooth_step(0.5, 0.85, noise(rng, height, width, 6, 3)) * 0.85)
