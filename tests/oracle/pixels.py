"""The C readers and resizings (tests/tools/pixels.c) as one process that answers calls; their references."""

import os
import pathlib
import subprocess

import numpy as np
from PIL import Image

BUILD = pathlib.Path(os.environ.get("BERG_BUILD", pathlib.Path(__file__).parents[2] / "build")).resolve()
WRITE_JPEG = BUILD / "tests" / "write_jpeg"


class Refused(Exception):
    """The tool's error: its status and one line."""


class Pixels:
    def __init__(self):
        self.process = subprocess.Popen(
            [BUILD / "tests" / "pixels"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def ask(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().decode().rstrip("\n")
        if answer.startswith("error "):
            raise Refused(answer[len("error ") :])
        assert answer.startswith("ok "), f"no answer to {command!r}: the program has ended"
        width, height = map(int, answer.split()[1:])
        data = self.process.stdout.read(width * height * 3)
        return np.frombuffer(data, np.uint8), width, height

    def decode(self, path):
        data, width, height = self.ask(f"decode {path}")
        return data.reshape(height, width, 3)

    def picture(self, path):
        return self.ask(f"picture {path}")[0].reshape(3, 224, 224)

    def square(self, path):
        return self.ask(f"square {path}")[0].reshape(3, 224, 224)

    def raw(self, kind, array, path):
        """`array`: [height][width][3] for "picture" and "square", [3][height][width] for "tensor"."""
        path.write_bytes(array.tobytes())
        height, width = array.shape[1:] if kind == "tensor" else array.shape[:2]
        return self.ask(f"raw {kind} {width} {height} {path}")[0].reshape(3, 224, 224)

    def close(self):
        self.process.stdin.close()
        return self.process.wait()


def output_size(width, height):
    short, long = min(width, height), max(width, height)
    other = int(256 * long / short)
    return (256, other) if width <= height else (other, 256)


def crop_start(size, kept=224):
    return int(round((size - kept) / 2.0))


def pillow_transform(image):
    """Resize and CenterCrop of torchvision on a Pillow image, as [3][224][224]. Horizontally first: from 12.2
    on Pillow resizes tall pictures vertically first, which is another rounding."""
    width, height = output_size(*image.size)
    if image.size[1] > 2 * image.size[0]:
        image = image.resize((width, image.size[1]), Image.BILINEAR)
    if (width, height) != image.size:
        image = image.resize((width, height), Image.BILINEAR)
    left, top = crop_start(width), crop_start(height)
    return np.asarray(image.crop((left, top, left + 224, top + 224))).transpose(2, 0, 1)


def square_transform(image):
    """CenterCrop of the shorter side and Resize of torchvision on a Pillow image, as [3][224][224]."""
    side = min(image.size)
    left, top = (crop_start(size, side) for size in image.size)
    square = image.crop((left, top, left + side, top + side)).resize((224, 224), Image.BILINEAR)
    return np.asarray(square).transpose(2, 0, 1)


def _triangle(size, wanted, first):
    """224 rows, from `first` on, of the matrix [wanted][size] of the antialiased triangle filter. Where its
    centres lie is float32, as in torch: on long sides that moves weights visibly."""
    scale = float(np.float32(size) / np.float32(wanted))
    support = max(scale, 1.0)
    centres = ((np.arange(first, first + 224) + 0.5) * scale).astype(np.float32).astype(np.float64)
    weights = np.maximum(0.0, 1.0 - np.abs(np.arange(size) + 0.5 - centres[:, None]) / support)
    return weights / weights.sum(1, keepdims=True)


def tensor_transform(planes):
    """torchvision's transform of a uint8 tensor [3][height][width], in float64 and before the rounding."""
    height, width = planes.shape[1:]
    wide, high = output_size(width, height)
    left, top = crop_start(wide), crop_start(high)
    if (wide, high) == (width, height):
        return planes[:, top : top + 224, left : left + 224]
    across = _triangle(width, wide, left)
    down = _triangle(height, high, top)
    return down @ (planes.astype(np.float64) @ across.T)
