"""fmri-things_fmri_1-vit_b_32: whole-brain responses of THINGS-fMRI1's three participants, from ViT-B/32."""

from berg import volumes
from berg.core import cards
from berg.core.parameter_validator import get_selected_indices, validate_rois
from berg.models.encoding_model import EncodingModel, Marks, register

_card = cards.load("fmri-things_fmri_1-vit_b_32")
_properties = _card["parameters"]["selection"]["properties"]
register(_card, __name__, "fMRIEncodingModel")


class fMRIEncodingModel(EncodingModel):
    """`selection`: "roi", a list of names; "voxel_index", one 0 or 1 for each voxel of the subject. The columns of the
    responses are the voxels of the ROIs, one ROI after the other as listed, then those of voxel_index ascending.

    Responses are float32 (images, voxels), in units of z-scores within a session.

    Parameters
    ----------
    min_noise_ceiling : float, optional
        Keep the columns whose noise ceiling on the test set is at least this, in percent.

    Attributes
    ----------
    selected_voxels : int64 array
        Once loaded, the voxel behind each column: an index into the metadata's arrays.
    VOXELS_LENGTH : int
        Once loaded, the subject's number of voxels. Of the class: {subject: number}, as in the model's card.

    All else: berg.models.encoding_model.EncodingModel.
    """

    MODEL_ID = _card["model_id"]
    SELECTION_KEYS = list(_properties)
    VALID_SUBJECTS = _card["parameters"]["subject"]["valid_values"]
    VALID_ROIS = _properties["roi"]["valid_values"]
    VOXELS_LENGTH = {int(subject): voxels for subject, voxels in _card["voxels"].items()}
    _MARKS = {"voxel_index": Marks("voxel", None)}
    _ENCODING = "Encoding fMRI responses"

    def __init__(
        self, subject, device="auto", selection=None, berg_dir=None, *, min_noise_ceiling=None, **options
    ):
        self.min_noise_ceiling = min_noise_ceiling
        super().__init__(subject, device, selection, berg_dir, **options)
        rois, marks = self._asked.get("roi"), self._asked.get("voxel_index")
        self.selected_rois = None if rois is None else list(rois)
        self.selected_voxels = None if marks is None else get_selected_indices(marks)

    def _checked(self, key, value):
        if key == "roi":
            return tuple(validate_rois(value, self.VALID_ROIS))
        return super()._checked(key, value)

    def _options(self):
        least = self.min_noise_ceiling
        return {"min_noise_ceiling": float("nan") if least is None else float(least)}

    def _arguments(self):
        return {**super()._arguments(), "min_noise_ceiling": self.min_noise_ceiling}

    def _opened(self, whole):
        self.VOXELS_LENGTH = whole[0].axes[0].length
        self.selected_voxels = self.outputs[0].axes[0].indices

    @property
    def voxels(self):
        """Where the columns of the responses are: index, coordinates and ROI names of each (berg.volumes.Voxels)."""
        with self._lock:
            self._loaded()
            return volumes.voxels_of(self.selected_voxels, self.metadata)
