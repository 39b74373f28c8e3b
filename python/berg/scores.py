"""Scores of images, kept on disk: a kilobyte an image, of which responses and answers are made without the network."""

import json
import os
from contextlib import ExitStack

import numpy as np

from berg import _berg
from berg.core import progress, stimuli, travel
from berg.core.exceptions import InvalidParameterError, StimulusError
from berg.core.failures import reported
from berg.core.shown import shown
from berg.many import _checked


def _images(stimulus):
    """An array, or a tuple of paths."""
    if isinstance(stimulus, (str, os.PathLike)):
        stimulus = [stimulus]
    if isinstance(stimulus, (list, tuple)) and all(isinstance(item, (str, os.PathLike)) for item in stimulus):
        return tuple(os.fspath(item) for item in stimulus)
    if isinstance(stimulus, stimuli.Stored):
        raise StimulusError("stimulus: the images of a store have scores already; merge() adds them to another store")
    return stimuli.checked(stimulus)


def score(models, stimulus, path, show_progress=True):
    """Adds the scores of images to the store at `path`, which is made where there is none: berg score.

    Parameters
    ----------
    models : a loaded model, or a list of them
        Each subject's scores become an array of the store; what the models select does not matter.
    stimulus : integer array of shape (images, 3, height, width), a path, or a list of paths
        Paths are those of pictures, of folders of them, of lists and of arrays, as for `berg score`.
    path : str or path
    show_progress : bool

    Images whose pixels the store holds are passed over; a call that was cut short is simply made again. Returns the
    ScoreStore. StimulusError, InvalidParameterError: as encode() and encode_many(). BERGError: the store is of other
    subjects, or of other weights. OSError: it cannot be written, or another process adds to it.
    """
    models = _checked(models if isinstance(models, (list, tuple)) else [models])
    images = _images(stimulus)
    total = len(images) if isinstance(images, np.ndarray) else None
    with ExitStack() as stack:
        for model in sorted(models, key=id):  # as encode_many takes them
            stack.enter_context(model._lock)
        handles = tuple(model._loaded() for model in models)
        with progress.bar(show_progress, total, "Scoring") as move:
            _berg.score(handles, images, os.fspath(path), move)
    return ScoreStore(path, models[0].berg_dir)


def _path_of(part):
    if isinstance(part, ScoreStore):
        return part.path
    if isinstance(part, (str, os.PathLike)):
        return os.fspath(part)
    raise InvalidParameterError(f"parts: expected a ScoreStore or the path of one, found {type(part).__name__}; or the path of an output")


def merge(path, parts, force=False, check=False, show_progress=True):
    """Joins what was made in shards to what one process would have made, byte for byte: berg merge.

    Parameters
    ----------
    path : str or path
        What is made: a store, a file of the parts' format, a folder.
    parts : ScoreStores, or paths of stores, of outputs of `berg encode --shard` (.npy, .h5, .csv, with their sidecars)
        or of folders of these; a list, or one of these
    force : bool
        Replace an output that is there; not a store.
    check : bool
        Read the parts and say whether all is there; write nothing.
    show_progress : bool

    Stores that are no shards are added in their order to the one at `path`, which is made where there is none. Returns
    the ScoreStore, or of outputs the list of their paths; with `check` None. IncompleteError: parts are missing,
    damaged, doubled or of another run; its `report` is a dict that names them, and the numbers to run again. BERGError:
    stores of different subjects or weights, or damaged ones.
    """
    alone = isinstance(parts, (str, os.PathLike, ScoreStore))
    given = [_path_of(part) for part in ([parts] if alone else parts)]
    with reported(), progress.bar(show_progress, None, "Merging", "part") as move:
        report = json.loads(_berg.merge(given, os.fspath(path), bool(force), bool(check), move))
    if check:
        return None
    return [output["path"] for output in report["outputs"]] if "outputs" in report else ScoreStore(path)


class ScoreStore(stimuli.Stored):
    """The scores of images that `score` or `berg score` kept.

    It stands for its images wherever encode() takes some: `berg.encode(model, store)` gives the responses of all of
    them. len() says how many there are.

    Parameters
    ----------
    path : str or path
        The folder.
    berg_dir : path
        The folder of models that questions are answered with; None: $BERG_DIR. store.rank(...) is
        berg.rank(store, ..., berg_dir=store.berg_dir), and so are contrast, rsm, rsa and control.

    Attributes
    ----------
    about : dict
        What the store holds and was made with, as store.json says.

    BERGError: no store, or a damaged one. What is added later is seen by a ScoreStore that is opened later.
    """

    def __init__(self, path, berg_dir=None):
        self.path = os.fspath(path)
        self.berg_dir = os.environ.get("BERG_DIR") if berg_dir is None else os.fspath(berg_dir)
        self._store = _berg.Store(self.path)
        self.about = json.loads(self._store.describe())

    def __repr__(self):
        return f"<ScoreStore {self.path}: {len(self)} images>"

    def __reduce__(self):
        return ScoreStore, (travel.whole_path(self.path), travel.whole_path(self.berg_dir))

    @property
    def subjects(self):
        """(model id, subject) of each array of scores."""
        return [(part["Model"], part["Subject"]) for part in self.about["Parts"]]

    @property
    def names(self):
        """The images' names, in the order of the rows."""
        return [self._store.name(image) for image in range(len(self))]

    def index(self, name):
        """The row of an image, by its name or, where it is the only one, by its name without the folder. BERGError:
        none, or several."""
        return self._store.find(name)

    def check(self, threads=0):
        """Reads all of it and holds it against its checksums. BERGError: damaged, with the first row that is."""
        self._store.check(threads)

    def folder(self, berg_dir):
        """The folder of models: as given, else the store's own, else $BERG_DIR."""
        return berg_dir or self.berg_dir or os.environ.get("BERG_DIR")

    def scores(self, subject=None, model_id=None):
        """Scores as a read-only float32 array (images, components), mapped from the file.

        `subject` and `model_id` may be left out where the store has one subject's. InvalidParameterError: it has no
        such, or several.
        """
        fits = [
            part
            for part in self.about["Parts"]
            if subject in (None, part["Subject"]) or str(subject) == part["Subject"]
            if model_id in (None, part["Model"])
        ]
        if len(fits) != 1:
            known = ", ".join(f"{subject} of {model}" for model, subject in self.subjects)
            raise InvalidParameterError(
                f"subject: expected one of those that the store has ({known}), found {shown(subject)}"
                + ("" if model_id is None else f" of {model_id}")
            )
        file = os.path.join(self.path, fits[0]["File"])
        array = np.load(file, mmap_mode="r")
        if len(array) < len(self):  # a run was killed after the rows, before their header
            array = np.memmap(file, np.float32, "r", array.offset, (len(self), array.shape[1]))
        return array[: len(self)]

    def rank(self, expression, **options):
        """Images by one number of their responses: berg.rank."""
        return self._ask("rank", expression, options)

    def contrast(self, groups, contrasts="a - b", **options):
        """Groups of images contrasted in every voxel: berg.contrast."""
        return self._ask("contrast", groups, {"contrasts": contrasts, **options})

    def rsm(self, roi, **options):
        """Similarity of a region's responses to all pairs of images: berg.rsm."""
        return self._ask("rsm", roi, options)

    def rsa(self, sides, **options):
        """Regions, subjects and matrices compared by what they say of all pairs of images: berg.rsa."""
        return self._ask("rsa", sides, options)

    def control(self, regions=None, **options):
        """Images that drive two regions together or apart: berg.control."""
        return self._ask("control", regions, options)

    def _ask(self, question, of, options):
        import berg

        return getattr(berg, question)(self, of, **options)


def opened(store):
    """The ScoreStore, of itself or of its path."""
    if isinstance(store, ScoreStore):
        return store
    if isinstance(store, (str, os.PathLike)):
        return ScoreStore(store)
    raise InvalidParameterError(f"store: expected a ScoreStore or the path of one, found {type(store).__name__}")


def rows_of(store, images):
    """Rows of a store, given as rows, as names, or as a text file of names; None: all."""
    if images is None:
        return None
    if isinstance(images, (str, os.PathLike)):
        return _berg.find_listed(store._store, images)
    rows = [store.index(image) if isinstance(image, (str, os.PathLike)) else image for image in images]
    if any(isinstance(row, (bool, np.bool_)) or not isinstance(row, (int, np.integer)) or row < 0 for row in rows):
        raise InvalidParameterError("images: expected names, or rows from 0")
    return tuple(int(row) for row in rows)
