"""What a pickle carries to another process or machine: whole paths, and vectors of 0 and 1 in few bytes."""

import os
import zlib

import numpy as np


def whole_path(path):
    """The same path for a process in another folder; None, and "random:SEED" in place of a file, as they are."""
    if path is None or os.path.isabs(path) or os.fspath(path).startswith("random:"):
        return path
    return os.path.abspath(path)


class Marks:
    """A bool array on its way."""

    def __init__(self, marks):
        self.length = len(marks)
        self.packed = zlib.compress(np.packbits(marks).tobytes(), 9)

    def array(self):
        bits = np.frombuffer(zlib.decompress(self.packed), np.uint8)
        return np.unpackbits(bits, count=self.length).view(bool)


def packed(selection):
    """A selection whose arrays are Marks."""
    if not isinstance(selection, dict):
        return selection
    return {key: Marks(value) if isinstance(value, np.ndarray) else value for key, value in selection.items()}


def unpacked(selection):
    if not isinstance(selection, dict):
        return selection
    return {key: value.array() if isinstance(value, Marks) else value for key, value in selection.items()}
