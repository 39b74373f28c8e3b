"""meg-things_meg_1-vit_b_32: responses of THINGS-MEG1's four participants, sensors by times, from ViT-B/32."""

from berg.core import cards
from berg.core.parameter_validator import validate_names
from berg.models.encoding_model import Marks, register
from berg.models.split_model import SplitModel

_card = cards.load("meg-things_meg_1-vit_b_32")
_properties = _card["parameters"]["selection"]["properties"]
register(_card, __name__, "MEGEncodingModel")


class MEGEncodingModel(SplitModel):
    """`selection`: "region", a list of names; "sensors", a list of prefixes such as "MLO"; "sensor_index", one 0 or 1
    for each sensor; "timepoints", one 0 or 1 for each point in time. Sensors are all that any of the first three name,
    each once, ascending; where they name none, all.

    `train_splits`: "all", or "single" for four predictions, each by a model of another quarter of the training trials.
    `train_split`, as upstream had it before: "full", or "split1" to "split4" for one of the four.

    Responses are float32 (images, sensors, times), with "single" (images, 4, sensors, times), in units of z-scores
    against the baseline. All else: berg.models.encoding_model.EncodingModel.
    """

    MODEL_ID = _card["model_id"]
    SELECTION_KEYS = list(_properties)
    VALID_SUBJECTS = _card["parameters"]["subject"]["valid_values"]
    VALID_TRAIN_SPLITS = _card["parameters"]["train_splits"]["valid_values"]
    VALID_REGIONS = _properties["region"]["valid_values"]
    VALID_SENSOR_PREFIXES = _properties["sensors"]["valid_values"]
    SENSORS_LENGTH = _card["sizes"]["sensors"]
    TIMEPOINTS_LENGTH = _card["sizes"]["timepoints"]
    _MARKS = {
        "sensor_index": Marks("sensor", SENSORS_LENGTH),
        "timepoints": Marks("point in time", TIMEPOINTS_LENGTH, axis=1),
    }
    _QUARTERS = _card["sizes"]["splits"]
    _ENCODING = "Encoding MEG responses"

    def __init__(
        self,
        subject,
        device="auto",
        selection=None,
        train_splits="all",
        berg_dir=None,
        *,
        train_split=None,
        **options,
    ):
        self._take_split(train_splits, train_split)
        super().__init__(subject, device, selection, berg_dir, **options)

    def _checked(self, key, value):
        if key == "region":
            return tuple(validate_names(value, self.VALID_REGIONS, key))
        if key == "sensors":
            return tuple(validate_names(value, self.VALID_SENSOR_PREFIXES, key))
        return super()._checked(key, value)
