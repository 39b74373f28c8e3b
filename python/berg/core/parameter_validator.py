"""Checks of what users ask of a model. Messages say what was expected and what was found."""

import operator

import numpy as np

from berg.core.exceptions import InvalidParameterError
from berg.core.shown import shown


class ValidationError(Exception):
    """A vector of 0 and 1, a channel or an ROI of NSD that does not fit. As upstream, no BERGError and no ValueError."""


def validate_subject(subject, valid_subjects):
    """The subject as an int or a str. InvalidParameterError: neither, or not one of `valid_subjects`."""
    known = None
    if isinstance(subject, str):
        known = str(subject)
    elif not isinstance(subject, (bool, np.bool_)):
        try:
            known = operator.index(subject)
        except TypeError:
            pass
    if known not in valid_subjects:
        raise InvalidParameterError(f"subject: expected one of {list(valid_subjects)}, found {shown(subject)}")
    return known


def validate_subjects(subjects, valid_subjects):
    """A list of subjects, from one of them, a list, or "all". InvalidParameterError: one is not known, or none."""
    if isinstance(subjects, str) and subjects.lower() == "all":
        return list(valid_subjects)
    if not isinstance(subjects, list):
        return [validate_subject(subjects, valid_subjects)]
    if not subjects:
        raise InvalidParameterError("subject: expected at least one, found an empty list")
    return [validate_subject(subject, valid_subjects) for subject in subjects]


def validate_expression(text):
    """The text of a selection. InvalidParameterError: empty, or none that a C string in UTF-8 can hold."""
    if not text.strip():
        raise InvalidParameterError('selection: expected an expression such as "V1 & ceiling > 20", found an empty str')
    if "\0" in text or not text.isascii() and text.encode("utf-8", "replace").decode() != text:
        raise InvalidParameterError(f"selection: expected text, found {shown(text)}")
    return text


def validate_selection_keys(selection, valid_keys):
    """InvalidParameterError: not a dict, or a key that is not in `valid_keys`."""
    if not isinstance(selection, dict):
        raise InvalidParameterError(f"selection: expected a dict or a str, found {type(selection).__name__}")
    for key in selection:
        if key not in valid_keys:
            raise InvalidParameterError(f"selection: expected keys of {sorted(valid_keys)}, found {shown(key)}")


def validate_names(names, valid_names, parameter_name, exception=InvalidParameterError):
    """The names, in the order given. `exception`: not a list, or a name not in `valid_names`."""
    if not isinstance(names, list):
        raise exception(f"{parameter_name}: expected a list of names, found {type(names).__name__}")
    unknown = [name for name in names if not isinstance(name, str) or name not in valid_names]
    if unknown:
        raise exception(f"{parameter_name}: expected names of {valid_names}, found {shown(unknown)}")
    return list(names)


def validate_rois(rois, valid_rois):
    """The names, in the order given. InvalidParameterError: not a list, or a name not in `valid_rois`."""
    return validate_names(rois, valid_rois, "roi")


def validate_channels(channels, valid_channels):
    """The names, in the order given. ValidationError: not a list, or a name not in `valid_channels`."""
    return validate_names(channels, valid_channels, "channels", ValidationError)


def validate_roi(roi, valid_rois):
    """A list of names, from one or a list. ValidationError: neither, none, or a name not in `valid_rois`."""
    names = validate_names([roi] if isinstance(roi, str) else roi, valid_rois, "roi", ValidationError)
    if not names:
        raise ValidationError("roi: expected at least one name, found an empty list")
    return names


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
    """The array of 0 and 1, one for each voxel, channel or point in time, as a bool array.

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


def validate_length(array, expected_length, parameter_name, unit=None):
    """ValidationError where the array has another length; None: any length will do. `unit`: what each element is of."""
    if expected_length is not None and len(array) != expected_length:
        each = f", one a {unit}" if unit else ""
        raise ValidationError(f"{parameter_name}: expected {expected_length} elements{each}, found {len(array)}")


def get_selected_indices(binary_array):
    """Indices of the ones, ascending, int64."""
    return np.flatnonzero(np.asarray(binary_array) == 1)
