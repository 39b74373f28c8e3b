"""Several models in one pass over the images."""

from contextlib import ExitStack

from berg import _berg
from berg.core import progress, stimuli
from berg.core.exceptions import InvalidParameterError
from berg.models.encoding_model import EncodingModel


def _checked(models):
    models = list(models)
    if not models:
        raise InvalidParameterError("models: expected at least one, found none")
    for i, model in enumerate(models):
        if not isinstance(model, EncodingModel):
            raise InvalidParameterError(
                f"models: expected models that get_encoding_model returned, found {type(model).__name__} in place {i}"
            )
        if any(model is other for other in models[:i]):
            raise InvalidParameterError(f"models: expected each model once, found one again in place {i}")
    return models


def encode_many(models, stimulus, show_progress=True):
    """Responses of several models to the same images: the network runs once an image.

    Parameters
    ----------
    models : list
        Loaded models, of one subject or several, of one data set or several.
    stimulus : integer array of shape (images, 3, height, width), or a ScoreStore
    show_progress : bool

    Returns a list of what encode() returns for each model, to the same bits. The `memory` of the first model decides
    how many of them stay in memory at a time: where it does not suffice for all, they take turns over several passes.

    InvalidParameterError: models of different backbones or precisions; no model, another object, the same one twice.
    """
    models = _checked(models)
    stimulus = stimuli.checked(stimulus)
    with ExitStack() as stack:
        # In one order whatever the list's, so that two threads with the same models do not wait for each other.
        for model in sorted(models, key=id):
            stack.enter_context(model._lock)
        handles = [model._loaded() for model in models]
        responses = [model._target(len(stimulus)) for model in models]
        with progress.bar(show_progress, len(stimulus), f"Encoding responses of {len(models)} models") as move:
            _berg.encode_many(handles, stimuli.native(stimulus), responses, progress=move)
        return [model._answer(array) for model, array in zip(models, responses)]
