"""Questions about the images of a ScoreStore: who drives a region most, and which voxels tell groups of images apart."""

import json
import math

import numpy as np

from berg import _berg
from berg.core import progress
from berg.core.exceptions import InvalidParameterError
from berg.core.shown import shown
from berg.scores import opened, rows_of

MAPS = ("e", "t", "df", "p", "log", "q", "d", "g", "sd")


def _parts(store, subjects, model_id, name):
    """Numbers of the store's arrays of scores of these subjects, of the one model."""
    parts = [(i, part) for i, part in enumerate(store.about["Parts"]) if part.get("TrainSplits", "all") == "all"]
    models = {part["Model"] for _, part in parts}
    if model_id is None and len(models) > 1:
        raise InvalidParameterError(f"model_id: the store has several models: {', '.join(sorted(models))}")
    parts = [(i, part) for i, part in parts if model_id in (None, part["Model"])]
    if subjects is None:
        wanted = [part["Subject"] for _, part in parts]
    else:
        wanted = [str(subject) for subject in (subjects if isinstance(subjects, (list, tuple)) else [subjects])]
    found = {part["Subject"]: i for i, part in parts}
    if not wanted or set(wanted) - set(found):
        raise InvalidParameterError(f"{name}: expected some of {', '.join(found) or 'none'}, found {shown(subjects)}")
    return [found[subject] for subject in wanted]


def rank(
    store,
    expression,
    *,
    berg_dir=None,
    subjects=None,
    model_id=None,
    top=25,
    bottom=0,
    zscore=False,
    images=None,
    threads=0,
    show_progress=False,
):
    """Images by one number of their responses: berg rank. Returns its JSON as a dict (docs/questions.md).

    Parameters
    ----------
    store : ScoreStore or path
    expression : str
        "mean(lFFA + rFFA) - mean(lPPA + rPPA)", "V1", "typicality(V1)", "similarity(lEBA + rEBA, cat.jpg)".
    berg_dir : path
        None: the store's, else $BERG_DIR.
    subjects, model_id : which of the store's; all subjects by default
    top, bottom : int
        How many images are listed from each end.
    zscore : bool
        Average z-scores over subjects in place of values.
    images : sequence of rows or names, or a text file of names
        Rank only these.

    InvalidParameterError: the expression, or a subject. BERGError: damaged scores, or scores of other weights.
    """
    store = opened(store)
    parts = _parts(store, subjects, model_id, "subjects")
    with progress.bar(show_progress, len(parts) * len(store), "Ranking") as move:
        text = _berg.rank(
            store._store, expression, store.folder(berg_dir), parts, top, bottom, zscore, rows_of(store, images), threads, move
        )
    return json.loads(text)


def contrast(
    store,
    groups,
    contrasts="a - b",
    *,
    berg_dir=None,
    subject=None,
    model_id=None,
    select=None,
    paired=False,
    pooled=False,
    one_sided=False,
    correction="bh",
    fdr=None,
    threads=0,
):
    """Groups of images contrasted in every voxel (vertex, channel and time, ...): berg contrast.

    Parameters
    ----------
    store : ScoreStore or path
    groups : dict of name to sequence of rows or names, or to a text file of names
    contrasts : str or list of str
        Weights of groups that sum to 0, "2 faces - objects - scrambled".
    berg_dir : path
        None: the store's, else $BERG_DIR.
    subject, model_id : which of the store's; may be left out where there is one
    select : str
        Test only these columns, "V1 & ceiling > 20".
    fdr : float
        Keep what has at most this false discovery rate; the rest is NaN.

    Returns a dict of float64 arrays with a number for each column, "e" (difference of means), "t", "df", "p", "log"
    (-log10 p), "q", "d", "g" and "sd", NaN where nothing was tested, and "about"; a list of them for a list of contrasts.
    The sampling unit is the image: t grows with their number, so look at d (docs/questions.md).
    """
    if correction not in ("bh", "by"):
        raise InvalidParameterError(f"correction: expected 'bh' or 'by', found {shown(correction)}")
    store = opened(store)
    parts = _parts(store, subject, model_id, "subject")
    if len(parts) != 1:
        raise InvalidParameterError(f"subject: expected one, found {len(parts)}")
    if not isinstance(groups, dict):
        raise InvalidParameterError(f"groups: expected a dict of names and images, found {type(groups).__name__}")
    weights = (contrasts,) if isinstance(contrasts, str) else tuple(contrasts)
    made = _berg.contrast(
        store._store,
        parts[0],
        tuple((name, rows_of(store, images)) for name, images in groups.items()),
        weights,
        store.folder(berg_dir),
        select,
        paired,
        pooled,
        one_sided,
        correction == "by",
        math.nan if fdr is None else fdr,
        threads,
    )
    results = [
        dict(zip(MAPS, np.frombuffer(values).reshape(len(MAPS), -1)), about=json.loads(text)) for text, values in made
    ]
    return results[0] if isinstance(contrasts, str) else results


def draw_pictures(groups, path, *, folder=None, heading=None, force=False):
    """A contact sheet of pictures at `path` (.png, .pdf, .svg, .html). Returns how many could not be read.

    Parameters
    ----------
    groups : dict of title to list of names, or of (name, caption)
        As the lists of rank() have them: {"top": [(item["name"], f"{item['value']:.2f}") for item in ranking["top"]]}.
    folder : path
        Where names that are relative lie.
    """
    triples = []
    for title, pictures in groups.items():
        pairs = [(picture, "") if isinstance(picture, str) else picture for picture in pictures]
        triples.append((title, tuple(name for name, _ in pairs), tuple(caption for _, caption in pairs)))
    return _berg.draw_pictures(tuple(triples), path, folder, heading, force)
