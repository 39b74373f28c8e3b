"""Which exception a failure of the library becomes: the extension asks exception_of."""

import contextlib
import json

from berg.core.exceptions import (
    BERGError,
    IncompleteError,
    InvalidParameterError,
    ModelLoadError,
    ModelNotFoundError,
    ResourceError,
    StimulusError,
)
from berg.core.parameter_validator import ValidationError

_CLASSES = {
    "BERG_ENOMODEL": ModelNotFoundError,
    "BERG_EARGUMENT": InvalidParameterError,
    "BERG_EPARAMETER": InvalidParameterError,
    "BERG_ESTIMULUS": StimulusError,
    "BERG_EMODEL": ModelLoadError,
    "BERG_ELIMIT": ResourceError,
    "BERG_EDEVICE": ResourceError,
    "BERG_EWRITE": OSError,
    "BERG_EEXISTS": FileExistsError,
    "BERG_ECANCELLED": KeyboardInterrupt,
    "BERG_EINCOMPLETE": IncompleteError,
}


def exception_of(status, message, file, offset, item, expected, found):
    """The exception for a berg_error, `status` by name; empty strings and None are parts that do not apply."""
    if status == "BERG_EPARAMETER" and item == "voxel_index":
        return ValidationError(message)
    if status == "BERG_EMODEL":
        # Programs written for upstream look for these words.
        message = f"Failed to load model: {message}"
    exception = _CLASSES.get(status, BERGError)(message)
    if isinstance(exception, BERGError):
        exception.file = file or None
        exception.offset = offset
        exception.item = item or None
        exception.expected = expected or None
        exception.found = found or None
    return exception


@contextlib.contextmanager
def reported():
    """Around a call that joins parts: an IncompleteError carries the library's report as a dict."""
    try:
        yield
    except IncompleteError as error:
        error.report = json.loads(error.report) if error.report else None
        raise
