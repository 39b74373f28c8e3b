"""fmri-things_fmri_1-vit_b_32: whole-brain responses of THINGS-fMRI1's three participants, from ViT-B/32."""

import logging
import operator
import os

import numpy as np

from berg import _berg, volumes
from berg.core import cards, forks, metadata, progress, stimuli
from berg.core.exceptions import InvalidParameterError, ModelLoadError
from berg.core.model_registry import register_model
from berg.core.parameter_validator import (
    get_selected_indices,
    validate_binary_array,
    validate_length,
    validate_rois,
    validate_selection_keys,
    validate_subject,
)
from berg.core.shown import shown
from berg.interfaces.base_model import BaseModelInterface

_card = cards.load("fmri-things_fmri_1-vit_b_32")
_properties = _card["parameters"]["selection"]["properties"]
_log = logging.getLogger("berg")

register_model(
    model_id=_card["model_id"],
    module_path=__name__,
    class_name="fMRIEncodingModel",
    modality=_card["modality"],
    training_dataset=_card["training_dataset"],
)


def _count(value, name):
    """A whole number from 0 up."""
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if not 0 <= number < 2**31:
        raise InvalidParameterError(f"{name}: expected a whole number from 0 up, found {shown(value)}")
    return number


def _units(outputs):
    """The axis of voxels: (name, length, labels, indices, values, unit)."""
    return outputs[0][3][0]



class fMRIEncodingModel(BaseModelInterface):
    """The model of one subject.

    Parameters
    ----------
    subject : int
        1, 2 or 3.
    device : str
        "cpu", "cuda" or "auto".
    selection : dict, optional
        "roi": list of names; "voxel_index": one 0 or 1 for each voxel of the subject. The columns of the
        responses are the voxels of the ROIs, one ROI after the other as listed, then those of voxel_index
        ascending. None or {}: all voxels.
    berg_dir : str or path
        Folder in upstream's layout.
    precision : str
        Of the products: "f32", "bf16" or "int8" (docs/precision.md). Once loaded, the one that is computed in: a
        processor without instructions for int8 computes in float32, and says so in the log.
    strict : bool
        Raise ResourceError instead.
    cache : bool, str or path, optional
        Where bf16 and int8 keep the weights they converted: True, in the user's cache folder (berg doctor names it); a
        folder; None or False, nowhere.
    threads : int
        0: OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, else as many as this process may use.
    backbone : str or path, optional
        ViT-B/32 weights (.pth, .safetensors), or "random:SEED". None: searched for.
    batch : int
        Images at a time; 0: chosen. Never changes the numbers.
    min_noise_ceiling : float, optional
        Keep the columns whose noise ceiling on the test set is at least this, in percent.

    Attributes
    ----------
    selected_voxels : int64 array
        Once loaded, the voxel behind each column: an index into the metadata's arrays.
    VOXELS_LENGTH : int
        Once loaded, the subject's number of voxels. Of the class: {subject: number}, as in the model's card.

    An object may be used from several threads; they take turns.
    """

    MODEL_ID = _card["model_id"]
    SELECTION_KEYS = list(_properties)
    VALID_SUBJECTS = _card["parameters"]["subject"]["valid_values"]
    VALID_ROIS = _properties["roi"]["valid_values"]
    VOXELS_LENGTH = {int(subject): voxels for subject, voxels in _card["voxels"].items()}

    def __init__(
        self,
        subject,
        device="auto",
        selection=None,
        berg_dir=None,
        *,
        precision="f32",
        strict=False,
        cache=True,
        threads=0,
        backbone=None,
        batch=0,
        min_noise_ceiling=None,
    ):
        self.subject = validate_subject(subject, self.VALID_SUBJECTS)
        self.device = device
        self.selection = selection
        self.berg_dir = berg_dir
        self.precision = precision
        self.strict = bool(strict)
        self.cache = _berg.cache_folder() if cache is True else cache or None
        self.threads = _count(threads, "threads")
        self.backbone = backbone
        self.batch = _count(batch, "batch")
        self.min_noise_ceiling = min_noise_ceiling
        self.selected_rois = None
        self.selected_voxels = None
        self.model = None
        self._voxel_index = None
        self._lock = forks.Lock()
        for name in ("device", "precision"):
            if not isinstance(getattr(self, name), str):
                raise InvalidParameterError(f"{name}: expected a str, found {shown(getattr(self, name))}")
        self._take_selection({} if selection is None else selection)

    def _take_selection(self, selection):
        validate_selection_keys(selection, self.SELECTION_KEYS)
        if "roi" in selection:
            self.selected_rois = validate_rois(selection["roi"], self.VALID_ROIS)
        if "voxel_index" in selection:
            # How long it must be is in the subject's files: load_model looks.
            self._voxel_index = validate_binary_array(selection["voxel_index"], None, "voxel_index")
            self.selected_voxels = get_selected_indices(self._voxel_index)

    def _asked(self):
        """The selection as the library takes it."""
        asked = []
        if self.selected_rois:
            asked.append(("roi", tuple(self.selected_rois)))
        if self._voxel_index is not None:
            asked.append(("voxel_index", self._voxel_index.view(np.uint8)))
        return asked

    def load_model(self):
        """Reads weights, backbone and metadata.

        ModelLoadError: a file is missing or corrupt. InvalidParameterError: a parameter does not fit, or an
        ROI has no voxels in this subject. ValidationError: voxel_index has another length than the subject
        has voxels. ResourceError: the device or the memory is not available.
        """
        with self._lock:
            self.cleanup()
            self._lock.was_elsewhere = False
            voxels = _units(_berg.metadata_outputs(self.MODEL_ID, self.berg_dir, str(self.subject)))[1]
            if self._voxel_index is not None:
                validate_length(self._voxel_index, voxels, "voxel_index")
            self.model = _berg.Model(
                self.MODEL_ID,
                self.berg_dir,
                str(self.subject),
                self._asked(),
                backbone=self.backbone,
                min_noise_ceiling=float("nan")
                if self.min_noise_ceiling is None
                else float(self.min_noise_ceiling),
                device=self.device,
                precision=self.precision,
                threads=self.threads,
                batch=self.batch,
                strict=self.strict,
                cache=self.cache,
            )
            self.device = self.model.device
            self.precision = self.model.precision
            self.VOXELS_LENGTH = voxels
            self.selected_voxels = np.frombuffer(_units(self.model.outputs())[3], np.int64)
            _log.info(
                "model %s loaded on %s for subject %d: %d columns, backbone %s",
                self.MODEL_ID,
                self.device,
                self.subject,
                len(self.selected_voxels),
                self.model.backbone,
            )

    def generate_response(self, stimulus, show_progress=True, *, out=None, force=False, resume=False, sidecar=False):
        """Responses to images.

        Parameters
        ----------
        stimulus : integer array of shape (images, 3, height, width)
            RGB, 0 to 255. Any integer type, strides and byte order.
        show_progress : bool
            Show a progress bar, where tqdm is installed.
        out : float32 array of shape (images, columns) in C order, or str or path, optional
            Where the responses go. A file is written in constant memory; its ending says how: .npy, .h5,
            .csv, .nii.gz.
        force, resume : bool
            With a path: replace a file that is there; go on from what an interrupted call left.
        sidecar : bool
            With a path: also write a .json beside it that says what the responses were made from and what
            their columns are.

        Returns `out`, or a new float32 array (images, columns), in units of z-scores within a session.
        StimulusError: not such images. FileExistsError, OSError: the file is there already, or cannot be
        written.
        """
        stimulus = stimuli.checked(stimulus)
        with self._lock:
            model = self._loaded()
            if out is None:
                out = np.empty((len(stimulus), model.columns), np.float32)
            elif not isinstance(out, (str, os.PathLike)):
                self._check_out(out, (len(stimulus), model.columns))
            with progress.bar(show_progress, len(stimulus), "Encoding fMRI responses") as move:
                model.encode(stimulus, out, progress=move, force=force, resume=resume, sidecar=sidecar)
            return out

    @staticmethod
    def _check_out(out, shape):
        if not isinstance(out, np.ndarray):
            raise InvalidParameterError(f"out: expected a NumPy array or a path, found {type(out).__name__}")
        if out.dtype != np.float32 or not out.dtype.isnative or out.shape != shape:
            raise InvalidParameterError(f"out: expected float32 {shape}, found {out.dtype} {out.shape}")
        if not (out.flags.c_contiguous and out.flags.writeable):
            raise InvalidParameterError("out: expected a writable array in C order, found another")

    def _loaded(self):
        if self._lock.was_elsewhere:
            raise ModelLoadError(
                "The model was in use in another thread when this process was forked: call load_model() first"
            )
        if self.model is None:
            raise ModelLoadError("The model is not loaded: call load_model() first")
        return self.model

    @classmethod
    def get_metadata(cls, berg_dir=None, subject=None, model_instance=None, **kwargs):
        """What is known of every voxel of the subject, selected or not: the nested dict of the metadata file.

        With a loaded `model_instance` its own; else `subject`'s in `berg_dir`. InvalidParameterError: no such
        subject. ModelLoadError: the file is missing or corrupt.
        """
        if model_instance is not None:
            with model_instance._lock:
                if model_instance.model is not None:
                    return metadata.nested(model_instance.model.metadata())
            berg_dir, subject = model_instance.berg_dir, model_instance.subject
        subject = validate_subject(subject, cls.VALID_SUBJECTS)
        return metadata.nested(_berg.metadata(cls.MODEL_ID, berg_dir, str(subject)))

    @property
    def metadata(self):
        """The subject's metadata, as get_metadata gives it: a new dict each time."""
        return self.get_metadata(model_instance=self)

    @property
    def voxels(self):
        """Where the columns of the responses are: index, coordinates and ROI names of each (berg.volumes.Voxels)."""
        with self._lock:
            self._loaded()
            return volumes.voxels_of(self.selected_voxels, self.metadata)

    @classmethod
    def get_model_id(cls):
        """The model's id."""
        return cls.MODEL_ID

    def cleanup(self):
        """Frees weights and mapped files, after a running encode is done. load_model() loads them again."""
        with self._lock:
            if self.model is not None:
                if not self._lock.was_elsewhere:  # else its memory may be in the middle of anything: it is left alone
                    self.model.close()
                self.model = None
