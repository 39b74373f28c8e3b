"""What encode takes for images. Shape and type are checked here, values by the library as it reads them."""

import os

import numpy as np

from berg.core.exceptions import StimulusError


class Stored:
    """Images that a store holds the scores of: what ScoreStore is to the models."""

    _store = None  # a _berg.Store

    def __len__(self):
        return self._store.images


def native(stimulus):
    """What the extension takes for a stimulus that was checked."""
    return stimulus._store if isinstance(stimulus, Stored) else stimulus


def _picture(stimulus):
    """How a picture's path becomes an array."""
    if not isinstance(stimulus, (str, os.PathLike)):
        return ""
    return "; of a picture: np.asarray(PIL.Image.open(path).convert('RGB')).transpose(2, 0, 1)[None]"


def _one(stimulus):
    """How a single image becomes an array of one."""
    if stimulus.ndim == 3 and stimulus.shape[0] == 3:
        return "; one image is stimulus[None]"
    if stimulus.ndim == 3 and stimulus.shape[2] == 3:
        return "; one image is stimulus.transpose(2, 0, 1)[None]"
    return ""


def checked(stimulus):
    """The array in native byte order, or the store. StimulusError: not integers of shape (images, 3, height, width)."""
    if isinstance(stimulus, Stored):
        return stimulus
    if not isinstance(stimulus, np.ndarray):
        raise StimulusError(f"stimulus: expected a NumPy array, found {type(stimulus).__name__}{_picture(stimulus)}")
    expected = "stimulus: expected an array of shape (images, 3, height, width)"
    if stimulus.ndim != 4:
        raise StimulusError(f"{expected}, found {stimulus.ndim} dimensions, shape {stimulus.shape}{_one(stimulus)}")
    if stimulus.shape[1] != 3:
        hint = "; channels come second: stimulus.transpose(0, 3, 1, 2)" if stimulus.shape[3] == 3 else ""
        raise StimulusError(f"{expected}, found {stimulus.shape}{hint}")
    if stimulus.size == 0:
        raise StimulusError(f"{expected} with at least one image and pixel, found {stimulus.shape}")
    if stimulus.dtype.kind not in "iu":
        # Whether a float image means 0..1 or 0..255 is a guess that nobody should make.
        raise StimulusError(
            f"stimulus: expected integers from 0 to 255, such as uint8, found {stimulus.dtype}; of values from 0 to 1 they "
            "are (255 * stimulus).round().astype('uint8')"
        )
    return stimulus if stimulus.dtype.isnative else stimulus.astype(stimulus.dtype.newbyteorder("="))
