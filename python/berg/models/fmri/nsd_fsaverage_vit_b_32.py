"""fmri-nsd_fsaverage-vit_b_32: responses of NSD's eight participants on the surface of fsaverage, from ViT-B/32."""

from berg.core import cards
from berg.core.parameter_validator import validate_roi
from berg.models.encoding_model import EncodingModel, Marks, register

_card = cards.load("fmri-nsd_fsaverage-vit_b_32")
_properties = _card["parameters"]["selection"]["properties"]
register(_card, __name__, "FMRIEncodingModel")


class FMRIEncodingModel(EncodingModel):
    """`selection`: "roi", a name or a list of names, whose vertices are joined; or "lh_vertices" and "rh_vertices",
    one 0 or 1 for each vertex of the hemisphere. A hemisphere that has no vector is whole; beside an ROI the vectors
    are not looked at.

    Responses are a tuple of two, float32 (images, vertices) of the left and of the right hemisphere, vertices
    ascending, in units of z-scores within a session. All else: berg.models.encoding_model.EncodingModel.
    """

    MODEL_ID = _card["model_id"]
    SELECTION_KEYS = list(_properties)
    VALID_SUBJECTS = _card["parameters"]["subject"]["valid_values"]
    VALID_ROIS = _properties["roi"]["valid_values"]
    VERTICES_LENGTH = _card["sizes"]["lh_vertices"]
    _MARKS = {
        "lh_vertices": Marks("vertex", VERTICES_LENGTH),
        "rh_vertices": Marks("vertex", VERTICES_LENGTH, output=1),
    }
    _ENCODING = "Encoding fMRI responses"

    def __init__(self, subject, selection, device="auto", berg_dir=None, **options):
        if isinstance(selection, dict) and selection.get("roi", "") is None:
            # The card says that it may be.
            selection = {key: value for key, value in selection.items() if key != "roi"}
        super().__init__(subject, device, selection, berg_dir, **options)

    def _checked(self, key, value):
        if key == "roi":
            return tuple(validate_roi(value, self.VALID_ROIS))
        return super()._checked(key, value)

    def load_model(self, device=None):
        """As every model; `device` is upstream's, and means nothing: the constructor's is taken."""
        super().load_model()
