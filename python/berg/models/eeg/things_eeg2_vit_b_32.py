"""eeg-things_eeg_2-vit_b_32: responses of THINGS-EEG2's ten participants, channels by times, from ViT-B/32."""

from berg.core import cards
from berg.core.parameter_validator import validate_channels
from berg.models.encoding_model import EncodingModel, Marks, register

_card = cards.load("eeg-things_eeg_2-vit_b_32")
_properties = _card["parameters"]["selection"]["properties"]
register(_card, __name__, "EEGEncodingModel")


class EEGEncodingModel(EncodingModel):
    """`selection`: "channels", a list of names, in their order and as often as named, none for an empty list;
    "timepoints", one 0 or 1 for each point in time.

    Responses are float32 (images, repetitions, channels, times), one prediction for each of the four repetitions of the
    training images, in units of z-scores against the baseline. All else: berg.models.encoding_model.EncodingModel.
    """

    MODEL_ID = _card["model_id"]
    SELECTION_KEYS = list(_properties)
    VALID_SUBJECTS = _card["parameters"]["subject"]["valid_values"]
    VALID_CHANNELS = _properties["channels"]["valid_values"]
    TIMEPOINTS_LENGTH = _card["sizes"]["timepoints"]
    _MARKS = {"timepoints": Marks("point in time", TIMEPOINTS_LENGTH, axis=1)}
    _ENCODING = "Encoding EEG responses"

    def _checked(self, key, value):
        if key == "channels":
            return tuple(validate_channels(value, self.VALID_CHANNELS))
        return super()._checked(key, value)
