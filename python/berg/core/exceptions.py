"""What can go wrong, by class. Messages are one line: what, where, what was expected and what was found.

Failures that come out of the library carry the parts of that line too: `file`, `offset` (byte in the file),
`item` (tensor, key, option), `expected`, `found`; None where one does not apply.
"""


class BERGError(Exception):
    """Base of all of the package's exceptions but ValidationError (berg.core.parameter_validator)."""

    file = None
    offset = None
    item = None
    expected = None
    found = None


class ModelNotFoundError(BERGError):
    """No model of that name."""


class ModelLoadError(BERGError):
    """A file of the model is missing, corrupt or does not fit."""


class InvalidParameterError(BERGError):
    """Unknown subject, ROI or key, or an argument that makes no sense."""


class StimulusError(BERGError):
    """Stimuli of the wrong type, shape or range."""


class ResourceError(BERGError):
    """The device, the memory or the disk does not allow it."""


class IncompleteError(BERGError):
    """Parts of what is to be put together are missing, damaged, doubled or of another run; `report` says which."""

    report = None


# Two cases that upstream's releases and docs report by different classes: programs may look for either.


class MissingNameError(ModelLoadError, InvalidParameterError):
    """A name of the selection that the subject's metadata lack, found when the model is loaded."""


class MissingMetadataError(ModelLoadError, InvalidParameterError, FileNotFoundError):
    """The file of a subject's metadata is not there."""
