"""utah_array-tvsd-vit_b_32: multi-unit activity of TVSD's two monkeys, electrodes by times, from ViT-B/32."""

from berg.core import cards
from berg.core.parameter_validator import validate_rois
from berg.models.encoding_model import Marks, register
from berg.models.split_model import SplitModel

_card = cards.load("utah_array-tvsd-vit_b_32")
_properties = _card["parameters"]["selection"]["properties"]
register(_card, __name__, "UtahArrayEncodingModel")


class UtahArrayEncodingModel(SplitModel):
    """`subject`: "N" or "F". `selection`: "roi", a list of areas; "electrodes", one 0 or 1 for each electrode;
    "timepoints", one 0 or 1 for each point in time. Electrodes are all that either of the first two names, each once,
    ascending; of an empty list of areas alone, none. Which electrodes an area has is as the metadata's file says
    (docs/models.md).

    `train_splits`: "all", or "single" for four predictions, each by a model of another quarter of the training trials.
    `train_split`: "full", or "split1" to "split4" for one of the four.

    Responses are float32 (images, electrodes, times), with "single" (images, 4, electrodes, times). All else:
    berg.models.encoding_model.EncodingModel.
    """

    MODEL_ID = _card["model_id"]
    SELECTION_KEYS = list(_properties)
    VALID_SUBJECTS = _card["parameters"]["subject"]["valid_values"]
    VALID_TRAIN_SPLITS = _card["parameters"]["train_splits"]["valid_values"]
    VALID_ROIS = _properties["roi"]["valid_values"]
    ELECTRODES_LENGTH = _card["sizes"]["electrodes"]
    TIMEPOINTS_LENGTH = _card["sizes"]["timepoints"]
    _MARKS = {
        "electrodes": Marks("electrode", ELECTRODES_LENGTH),
        "timepoints": Marks("point in time", TIMEPOINTS_LENGTH, axis=1),
    }
    _QUARTERS = _card["sizes"]["splits"]
    _ENCODING = "Encoding Utah Array responses"
    _WHO = "monkey"

    def __init__(
        self,
        subject,
        device="auto",
        selection=None,
        berg_dir=None,
        *,
        train_splits="all",
        train_split=None,
        **options,
    ):
        self._take_split(train_splits, train_split)
        super().__init__(subject, device, selection, berg_dir, **options)

    def _checked(self, key, value):
        if key == "roi":
            return tuple(validate_rois(value, self.VALID_ROIS))
        return super()._checked(key, value)
