"""Checks of what users ask of a model. Messages say what was expected and what was found."""

import operator

import numpy as np

from berg.core.exceptions import InvalidParameterError
from berg.core.shown import shown


class ValidationError(Exception):
    """A voxel_index that does not fit. As upstream, neither a BERGError nor a ValueError."""


def validate_subject(subject, valid_subjects):
    """The subject as an int. InvalidParameterError: not an integer, or not one of `valid_subjects`."""
    try:
        number = operator.index(subject)
    except TypeError:
        number = None
    if number not in valid_subjects or isinstance(subject, (bool, np.bool_)):
        raise InvalidParameterError(f"subject: expected one of {list(valid_subjects)}, found {shown(subject)}")
    return number


def validate_selection_keys(selection, valid_keys):
    """InvalidParameterError: not a dict, or a key that is not in `valid_keys`."""
    if not isinstance(selection, dict):
        raise InvalidParameterError(f"selection: expected a dict, found {type(selection).__name__}")
    for key in selection:
        if key not in valid_keys:
            raise InvalidParameterError(f"selection: expected keys of {sorted(valid_keys)}, found {shown(key)}")


def validate_rois(rois, valid_rois):
    """The names, in the order given. InvalidParameterError: not a list, or a name not in `valid_rois`."""
    if not isinstance(rois, list):
        raise InvalidParameterError(f"roi: expected a list of names, found {type(rois).__name__}")
    unknown = [name for name in rois if not isinstance(name, str) or name not in valid_rois]
    if unknown:
        raise InvalidParameterError(f"roi: expected names of {valid_rois}, found {shown(unknown)}")
    return list(rois)


def _binary(values, name):
    """bool array of a one-dimensional array or list that holds nothing but 0 and 1."""
    if isinstance(values, np.ndarray) and values.ndim != 1:
        raise ValidationError(f"{name}: expected one dimension, found shape {values.shape}")
    if isinstance(values, np.ndarray) and values.dtype.kind in "biuf":
        good = (values == 0) | (values == 1)
    else:
        values = list(values)
        # Of other types, arrays among them, only numbers are compared: a comparison with 0 may mean anything.
        good = np.array(
            [np.isscalar(v) and not isinstance(v, str) and v in (0, 1) for v in values], dtype=bool
        )
    if not good.all():
        first = int(np.argmin(good))
        raise ValidationError(
            f"{name}: expected 0 or 1 in every place, found {shown(values[first])} in place {first}"
        )
    return np.asarray(values, dtype=bool)


def validate_binary_array(array, expected_length, parameter_name="binary array"):
    """The array with one 0 or 1 a voxel, as a bool array.

    `expected_length` None leaves the length unchecked. ValidationError: neither list nor array, values other
    than 0 and 1, another length, or nothing but 0.
    """
    if not isinstance(array, (list, np.ndarray)):
        raise ValidationError(
            f"{parameter_name}: expected a list or a NumPy array, found {type(array).__name__}"
        )
    binary = _binary(array, parameter_name)
    validate_length(binary, expected_length, parameter_name)
    if not binary.any():
        raise ValidationError(
            f"{parameter_name}: expected at least one 1, found none in {len(binary)} places"
        )
    return binary


def validate_length(array, expected_length, parameter_name):
    """ValidationError where the array has another length; None: any length will do."""
    if expected_length is not None and len(array) != expected_length:
        raise ValidationError(
            f"{parameter_name}: expected {expected_length} elements, one a voxel, found {len(array)}"
        )


def get_selected_indices(binary_array):
    """Indices of the ones, ascending, int64."""
    return np.flatnonzero(np.asarray(binary_array) == 1)
