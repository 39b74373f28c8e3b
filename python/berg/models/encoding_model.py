"""What the classes of all models share: parameters, loading, responses, metadata."""

import logging
import operator
import os
from typing import NamedTuple

import numpy as np

from berg import _berg
from berg.core import cards, forks, metadata, options, outputs, progress, stimuli, travel
from berg.core.exceptions import (
    BERGError,
    InvalidParameterError,
    MissingMetadataError,
    MissingNameError,
    ModelLoadError,
)
from berg.core.model_registry import register_model
from berg.core.parameter_validator import (
    validate_binary_array,
    validate_expression,
    validate_length,
    validate_selection_keys,
    validate_subject,
)
from berg.core.shown import shown
from berg.interfaces.base_model import BaseModelInterface

_log = logging.getLogger("berg")


def register(card, module, class_name):
    """The class `class_name` of `module` is of the model that the card is of."""
    register_model(
        model_id=card["model_id"],
        module_path=module,
        class_name=class_name,
        modality=card["modality"],
        training_dataset=card["training_dataset"],
        yaml_path=cards.yaml_path(card["model_id"]),
    )


class Marks(NamedTuple):
    """A key of a selection that takes one 0 or 1 for each unit: of upstream's models so many (None: the subject's
    files say), and which axis of which output they are of."""

    unit: str
    length: int | None
    output: int = 0
    axis: int = 0


def _count(value, name, bits=31):
    """A whole number from 0 up, of so many bits."""
    try:
        number = operator.index(value)
    except TypeError:
        number = -1
    if not 0 <= number < 2**bits:
        most = "up" if bits == 31 else f"to 2**{bits} - 1"
        raise InvalidParameterError(f"{name}: expected a whole number from 0 {most}, found {shown(value)}")
    return number


def _bytes(memory):
    try:
        size = operator.index(options.byte_count(memory or 0))
    except (TypeError, ValueError):
        size = -1
    if not 0 <= size < 2**63:
        raise InvalidParameterError(
            f"memory: expected a number of bytes, or text such as '4G', found {shown(memory)}"
        )
    return size


def _reopened(model_class, arguments, loaded):
    model = model_class(**{**arguments, "selection": travel.unpacked(arguments["selection"])})
    if loaded:
        model.load_model()
    return model


class EncodingModel(BaseModelInterface):
    """A model of one subject.

    Parameters
    ----------
    subject : int or str
        One of VALID_SUBJECTS.
    device : str
        "cpu", "cuda" or "auto".
    selection : dict or str, optional
        What to predict; the class says which keys there are. A str is an expression, such as "V1 + V2 & ceiling > 20"
        (docs/selections.md), whose columns are ascending. None or {}: everything.
    berg_dir : str or path
        Folder in upstream's layout.
    precision : str
        Of the products: "f32", "bf16" or "int8" (docs/precision.md). Once loaded, the one that is computed in: a
        processor without instructions for int8 computes in float32, and says so in the log.
    isa : str
        Which of the processor's instructions compute: "auto", the widest there are; "portable", "avx2", "avx512" or
        "amx"; on Arm "neon", "neon_dot" or "neon_matrix". One that is not here is a ResourceError. Once loaded, the one in use.
    strict : bool
        Raise ResourceError where the processor has no instructions for the precision.
    cache : bool, str or path, optional
        Where bf16 and int8 keep the weights they converted: True, in the user's cache folder (berg doctor names it); a
        folder; None or False, nowhere.
    threads : int
        0: OMP_NUM_THREADS, SLURM_CPUS_PER_TASK, else as many as this process may use.
    backbone : str or path, optional
        ViT-B/32 weights (.pth, .safetensors), or "random:SEED". None: searched for.
    batch : int
        Images at a time; 0: chosen. Never changes the numbers.
    memory : int or str, optional
        Bytes that the process may hold, or text such as "4G". None: no limit. ResourceError where it does not suffice.

    scores_only : bool
        No backbone is opened: the model makes responses of a ScoreStore's scores alone.

    Attributes
    ----------
    outputs : list of berg.core.outputs.Output
        Once loaded, what the responses are: one array, or one for each hemisphere, with axes that know names, places
        in the metadata's arrays, and times.

    An object may be used from several threads; they take turns. A copy (copy.deepcopy) and a pickle are made of the
    arguments, paths made whole: where the model was loaded, the copy is loaded anew, from the files that lie there.
    """

    MODEL_ID = None
    SELECTION_KEYS = []
    VALID_SUBJECTS = []
    _MARKS = {}  # key: Marks
    _ENCODING = "Encoding responses"  # over the progress bar
    _WHO = "subject"

    def __init__(
        self,
        subject,
        device="auto",
        selection=None,
        berg_dir=None,
        *,
        precision="f32",
        isa="auto",
        strict=False,
        cache=True,
        threads=0,
        backbone=None,
        batch=0,
        memory=None,
        scores_only=False,
    ):
        self.subject = validate_subject(subject, self.VALID_SUBJECTS)
        self.device = device
        self.selection = selection
        self.berg_dir = berg_dir
        self.precision = precision
        self.isa = isa
        self.strict = bool(strict)
        self.cache = _berg.cache_folder() if cache is True else cache or None
        self.threads = _count(threads, "threads")
        self.backbone = backbone
        self.batch = _count(batch, "batch")
        self.memory = _bytes(memory)
        self.scores_only = bool(scores_only)
        self.outputs = None
        self.model = None
        self._before = None  # device, precision and isa asked for, of a loaded model
        self._lock = forks.Lock()
        for name in ("device", "precision", "isa"):
            if not isinstance(getattr(self, name), str):
                raise InvalidParameterError(f"{name}: expected a str, found {shown(getattr(self, name))}")
        self._select = validate_expression(selection) if isinstance(selection, str) else None
        selection = {} if selection is None or self._select else selection
        validate_selection_keys(selection, self.SELECTION_KEYS)
        self._asked = {key: self._checked(key, selection[key]) for key in self.SELECTION_KEYS if key in selection}

    # --- Selection ---

    def _checked(self, key, value):
        """A tuple of names, or a bool array: what the library takes for `key`."""
        marks = validate_binary_array(value, None, key).copy()
        unit, length, _, _ = self._MARKS[key]
        if length is not None and len(marks) != length:
            # Files of another size than upstream's decide themselves.
            validate_length(marks, self._length_in_files(key) or length, key, unit)
        return marks

    def _length_in_files(self, key):
        try:
            return self._length(key, self._whole())
        except BERGError:
            return None

    def _whole(self):
        """The outputs of the whole subject, as the metadata have them."""
        return outputs.taken(_berg.metadata_outputs(self.MODEL_ID, self.berg_dir, str(self.subject)))

    def _length(self, key, whole):
        marks = self._MARKS[key]
        return whole[marks.output].axes[marks.axis].length

    def _check_lengths(self, whole):
        for key in self._MARKS.keys() & self._asked.keys():
            validate_length(self._asked[key], self._length(key, whole), key, self._MARKS[key].unit)

    # --- Loading ---

    def _options(self):
        """What the library is asked for beside the parameters that all models have."""
        return {}

    def _open(self):
        asked = [
            (key, value.view(np.uint8) if isinstance(value, np.ndarray) else value)
            for key, value in self._asked.items()
        ]
        try:
            return _berg.Model(
                self.MODEL_ID,
                self.berg_dir,
                str(self.subject),
                asked,
                backbone=self.backbone,
                device=self.device,
                precision=self.precision,
                isa=self.isa,
                threads=self.threads,
                batch=self.batch,
                strict=self.strict,
                cache=self.cache,
                memory=self.memory,
                scores_only=self.scores_only,
                select=self._select,
                **self._options(),
            )
        except InvalidParameterError as error:
            # Names have been held against the card: one that a file does not fit is not in the file.
            if error.file is None:
                raise
            missing = MissingNameError(f"Failed to load model: {error}")
            vars(missing).update(vars(error))
            raise missing from None

    def load_model(self):
        """Reads weights, backbone and metadata.

        ModelLoadError: a file is missing or corrupt, or (MissingNameError) the metadata lack a name of the selection.
        InvalidParameterError: a parameter does not fit. ValidationError: a vector of 0 and 1 has another length than
        the subject's files ask for. ResourceError: the device or the memory is not available.
        """
        with self._lock:
            self.cleanup()
            self._lock.was_elsewhere = False
            whole = self._whole()
            self._check_lengths(whole)
            self.model = self._open()
            self._before = self.device, self.precision, self.isa
            self.device = self.model.device
            self.precision = self.model.precision
            self.isa = self.model.isa
            self.outputs = outputs.taken(self.model.outputs())
            self._opened(whole)
            _log.info(
                "model %s loaded on %s for %s %s: %d columns, backbone %s",
                self.MODEL_ID,
                self.device,
                self._WHO,
                self.subject,
                self.model.columns,
                self.model.backbone,
            )

    def _opened(self, whole):
        """For what a class wants to know of a model that was just loaded, and of the outputs of its whole subject."""

    def _loaded(self):
        if self._lock.was_elsewhere:
            raise ModelLoadError(
                "The model was in use in another thread when this process was forked: call load_model() first"
            )
        if self.model is None:
            raise ModelLoadError("The model is not loaded: call load_model() first")
        return self.model

    def cleanup(self):
        """Frees weights and mapped files, after a running encode is done. load_model() loads them again."""
        with self._lock:
            if self.model is not None:
                if not self._lock.was_elsewhere:  # else its memory may be in the middle of anything: it is left alone
                    self.model.close()
                self.model = None
                self.device, self.precision, self.isa = self._before

    # --- Copies ---

    def _arguments(self):
        """The constructor's keywords that make this model again."""
        device, precision, isa = (self.device, self.precision, self.isa) if self.model is None else self._before
        selection = {key: list(v) if isinstance(v, tuple) else v for key, v in self._asked.items()}
        given = ("subject", "berg_dir", "strict", "cache", "threads", "backbone", "batch", "memory", "scores_only")
        return {
            **{name: getattr(self, name) for name in given},
            "device": device,
            "precision": precision,
            "isa": isa,
            "selection": self._select or selection,
        }

    def __reduce__(self):
        with self._lock:
            arguments = self._arguments()
            for name in ("berg_dir", "backbone", "cache"):
                arguments[name] = travel.whole_path(arguments[name])
            arguments["selection"] = travel.packed(arguments["selection"])
            return _reopened, (type(self), arguments, self.model is not None)

    # --- Responses ---

    def _target(self, images, out=None):
        return outputs.target(self.outputs, (images, self._loaded().columns), out)

    def _answer(self, responses, out=None):
        return outputs.answer(self.outputs, responses, out)

    def _encoded_to(self, path):
        """What an encode to `path` has written: `path`, or of two hemispheres a tuple of two paths, None where nothing of
        one is selected."""
        if len(self.outputs) == 1:
            return path
        return tuple(
            self.model.output_path(path, i) if output.columns else None for i, output in enumerate(self.outputs)
        )

    def generate_response(
        self,
        stimulus,
        show_progress=True,
        *,
        out=None,
        force=False,
        resume=False,
        sidecar=False,
        long_table=False,
    ):
        """Responses to images.

        Parameters
        ----------
        stimulus : integer array of shape (images, 3, height, width), or berg.ScoreStore
            RGB, 0 to 255. Any integer type, strides and byte order. Of a store: all images that it holds, of whose
            scores responses are made without the network, to the same bits.
        show_progress : bool
            Show a progress bar, where tqdm is installed.
        out : float32 array in C order, tuple of two such arrays (of two hemispheres), str or path, optional
            Where the responses go. A file is written in constant memory; its ending says how: .npy, .h5, .csv; of
            voxels .nii.gz, of vertices .func.gii or .mgh, of EEG and MEG -ave.fif. Two hemispheres are two files,
            "_lh" and "_rh" before the ending.
        force, resume : bool
            With a path: replace a file that is there; go on from what an interrupted call left.
        sidecar : bool
            With a path: also write a .json beside it that says what the responses were made from and what
            their columns are.
        long_table : bool
            With a .csv: a line a value, with a column for each axis, in place of a line an image.

        Returns `out` (of files of two hemispheres a tuple of their paths), or new float32 arrays. StimulusError: not
        such images. FileExistsError, OSError: the file is there already, or cannot be written.
        """
        return self._encode(
            stimulus,
            show_progress,
            out,
            force=force,
            resume=resume,
            sidecar=sidecar,
            long_table=long_table,
        )

    def _encode(self, stimulus, show_progress, out, trials=None, **of_files):
        """Responses, or the simulated `trials` that the library is asked for."""
        stimulus = stimuli.checked(stimulus)
        with self._lock:
            model = self._loaded()
            to_file = isinstance(out, (str, os.PathLike))
            rows = len(stimulus) * (trials[0] if trials else 1)
            target = out if to_file else self._target(rows, out)
            with progress.bar(show_progress, len(stimulus), self._ENCODING) as move:
                model.encode(stimuli.native(stimulus), target, progress=move, trials=trials, **of_files)
            return self._encoded_to(out) if to_file else self._answer(target, out)

    def generate_trials(
        self,
        stimulus,
        trials=1,
        seed=0,
        mode="complete",
        show_progress=True,
        *,
        common=0.0,
        average=1,
        out=None,
        force=False,
        resume=False,
        sidecar=False,
        long_table=False,
    ):
        """Simulated single trials of images: responses with each unit's own noise (docs/trials.md has the definitions).

        Parameters
        ----------
        stimulus, show_progress, force, resume, sidecar, long_table
            As in generate_response.
        trials : int
            Of each image.
        seed : int
            0 to 2**64 - 1. Another seed gives other noise; the same one the same numbers for an image, trial and unit,
            whatever else is encoded or selected.
        mode : str
            "complete": the unit's noise, and the signal that the model does not explain, drawn once an image;
            "prediction": noise alone; "signal": noise about a prediction scaled to the whole signal; "matched": the
            noise that gives the unit's reliability, in any units.
        common : float
            Share of the noise variance, 0 to 1, that all units of a trial have in common.
        average : int
            Each trial is the mean of so many.
        out : str or path, optional
            A .npy, .h5 or .csv to write instead.

        Returns a float32 array (images, trials, ...), of two hemispheres a tuple of two; with `out` its path or paths.
        InvalidParameterError: a parameter does not fit, or too little is known of the model. ModelLoadError: metadata
        without noise ceilings, or weights without the variances of the components.
        """
        if not isinstance(mode, str):
            raise InvalidParameterError(f"mode: expected a str, found {shown(mode)}")
        if not isinstance(out, (str, os.PathLike, type(None))):
            raise InvalidParameterError(f"out: expected a path, found {type(out).__name__}")
        trials = _count(trials, "trials")
        asked = trials, _count(seed, "seed", 64), mode, float(common), _count(average, "average")
        answer = self._encode(
            stimulus,
            show_progress,
            out,
            asked,
            force=force,
            resume=resume,
            sidecar=sidecar,
            long_table=long_table,
        )
        if out is not None:
            return answer
        arrays = answer if isinstance(answer, tuple) else (answer,)
        arrays = tuple(array.reshape(len(stimulus), trials, *array.shape[1:]) for array in arrays)
        return arrays if isinstance(answer, tuple) else arrays[0]

    # --- Metadata ---

    @classmethod
    def get_metadata(cls, berg_dir=None, subject=None, model_instance=None, **kwargs):
        """What is known of the subject, whatever is selected: the dict that its file holds, of the same types.

        With a loaded `model_instance` its own; else `subject`'s in `berg_dir`. InvalidParameterError: no such
        subject. ModelLoadError: the file is missing (MissingMetadataError) or corrupt.
        """
        if model_instance is not None:
            with model_instance._lock:
                if model_instance.model is not None:
                    return metadata.tree(*model_instance.model.metadata())
            berg_dir, subject = model_instance.berg_dir, model_instance.subject
        subject = validate_subject(subject, cls.VALID_SUBJECTS)
        try:
            return metadata.tree(*_berg.metadata(cls.MODEL_ID, berg_dir, str(subject)))
        except ModelLoadError as error:
            if "No such file or directory" not in str(error):
                raise
            missing = MissingMetadataError(f"{error}: {cls._WHO} {subject}")
            vars(missing).update(vars(error))
            raise missing from None

    @property
    def metadata(self):
        """The subject's metadata, as get_metadata gives it: a new dict each time."""
        return self.get_metadata(model_instance=self)

    @classmethod
    def get_model_id(cls):
        """The model's id."""
        return cls.MODEL_ID
