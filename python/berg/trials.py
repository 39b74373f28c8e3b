"""Simulated single trials of images."""

from berg.core.exceptions import InvalidParameterError
from berg.models.encoding_model import EncodingModel


def encode_trials(model, stimulus, trials=1, seed=0, mode="complete", **kwargs):
    """Simulated single trials of images, float32 (images, trials, ...): the model's generate_trials, which says what the
    parameters are.

    InvalidParameterError: `model` is no loaded model of this package.
    """
    if not isinstance(model, EncodingModel):
        raise InvalidParameterError(
            f"model: expected one that get_encoding_model returned, found {type(model).__name__}"
        )
    return model.generate_trials(stimulus, trials, seed, mode, **kwargs)
