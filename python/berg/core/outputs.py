"""What the columns of responses are, and the arrays that they go to."""

from dataclasses import dataclass

import numpy as np

from berg.core.exceptions import InvalidParameterError


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


# --- Arrays ---


def _check_array(array, shape):
    if not isinstance(array, np.ndarray):
        raise InvalidParameterError(f"out: expected a NumPy array or a path, found {type(array).__name__}")
    if array.dtype != np.float32 or not array.dtype.isnative or array.shape != shape:
        raise InvalidParameterError(f"out: expected float32 {shape}, found {array.dtype} {array.shape}")
    if not (array.flags.c_contiguous and array.flags.writeable):
        raise InvalidParameterError("out: expected a writable array in C order, found another")


def target(outputs, shape, out):
    """Where the library writes float32 of `shape` (images, columns): into `out`, where that is one array, else a new one.

    InvalidParameterError: `out` is not what the outputs go to, an array, or of several a tuple.
    """
    if out is None:
        return np.empty(shape, np.float32)
    arrays = (out,) if len(outputs) == 1 else out
    if not isinstance(arrays, (tuple, list)) or len(arrays) != len(outputs):
        raise InvalidParameterError(
            f"out: expected a path or a tuple of {len(outputs)} arrays, found {type(out).__name__}"
        )
    for array, output in zip(arrays, outputs):
        _check_array(array, output.shape(shape[0]))
    return out.reshape(shape) if len(arrays) == 1 else np.empty(shape, np.float32)


def answer(outputs, responses, out):
    """Responses (images, columns) as a model's users get them: `out`, filled, or views of an array or a tuple of them."""
    parts = [output.of(responses) for output in outputs]
    if out is None:
        return parts[0] if len(parts) == 1 else tuple(parts)
    if len(parts) > 1:
        for array, part in zip(out, parts):
            array[...] = part
    return out
