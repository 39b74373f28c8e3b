"""What the columns of responses are."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Axis:
    """One dimension of an output, after that of images.

    Attributes
    ----------
    name : str
        "repetition", "voxel", "vertex", "channel", "sensor", "electrode" or "time".
    length : int
    labels : list of str or None
        Names, such as those of channels.
    indices : int64 array or None
        Places in the metadata's arrays.
    values : float64 array or None
        Of "time": points in time, in `unit`.
    unit : str or None
        "s" or "ms".
    """

    name: str
    length: int
    labels: list | None
    indices: np.ndarray | None
    values: np.ndarray | None
    unit: str | None


@dataclass(frozen=True)
class Output:
    """An array of responses: `name` is "lh" or "rh" where there are two, else ""."""

    name: str
    first: int
    columns: int
    axes: tuple

    def shape(self, images):
        """The shape of the responses to so many images."""
        return (images, *(axis.length for axis in self.axes))

    def of(self, responses):
        """This output's part of responses (images, columns), in its own shape: a view."""
        part = responses[:, self.first : self.first + self.columns]
        return part.reshape(self.shape(len(responses)))


def _array(values, dtype):
    return None if values is None else np.frombuffer(values, dtype)


def taken(outputs):
    """A list of Output, of what the extension gives."""
    return [
        Output(
            name,
            first,
            columns,
            tuple(
                Axis(axis, length, labels, _array(indices, np.int64), _array(values, np.float64), unit)
                for axis, length, labels, indices, values, unit in axes
            ),
        )
        for name, first, columns, axes in outputs
    ]
