"""How similar responses to images are, region by region, and what regions, subjects and models have in common in that."""

import json
import os
import tempfile

import numpy as np

from berg import _berg
from berg.core import options, progress
from berg.core.exceptions import InvalidParameterError
from berg.scores import opened, rows_of


def _images(store, images):
    """Rows of the store as the extension takes them."""
    rows = rows_of(store, images)
    return None if rows is None else np.asarray(rows, np.uintp)


def _text(value):
    return None if value is None else str(value)


def rsm(
    store,
    roi,
    path=None,
    *,
    berg_dir=None,
    subject=None,
    model_id=None,
    train_splits=None,
    metric="correlation",
    adjust="none",
    distance=False,
    form="square",
    images=None,
    dtype="float32",
    sidecar=True,
    force=False,
    threads=0,
    show_progress=False,
):
    """The similarity of a region's responses to every two images of a store: berg rsm.

    Parameters
    ----------
    store : ScoreStore or path
    roi : str or list of str
        A region or an expression ("V1 + V2 & ceiling > 20"), or several: a matrix each.
    path : path
        An .h5 with a dataset for each region, or a .npy of one, written as it is made. Without it the matrix is returned, or
        with a list of regions a dict of them.
    subject, model_id, train_splits :
        Whose scores; needed where the store is of several.
    metric : "correlation" over the units, "cosine", "euclidean" or "sqeuclidean"
    adjust : "none", "demean" or "zscore"
        What is done to each unit's responses over the images first.
    distance : bool
        1 - r and 1 - cosine, in place of r and cosine.
    form : "square", "condensed" (the pairs above the diagonal) or "rdms" (an .h5 that rsatoolbox loads)
    images : list of names or rows, or a text file of names
        Only these, in this order.
    dtype : "float32" or "float64"

    Returns the matrices, or with `path` a dict of what `berg rsm` tells: units, mean, least and most of each region, images
    without a pattern. InvalidParameterError: no such region, subject, metric. FileExistsError: unless `force`.
    """
    store = opened(store)
    several = not isinstance(roi, str)
    regions = list(roi) if several else [roi]
    if np.dtype(dtype) not in (np.dtype("f4"), np.dtype("f8")):
        raise InvalidParameterError(f"dtype: expected float32 or float64, found {np.dtype(dtype)}")
    asked = {
        "images": _images(store, images),
        "berg_dir": store.folder(berg_dir),
        "model_id": model_id,
        "subject": _text(subject),
        "train_splits": train_splits,
        "metric": metric,
        "adjust": adjust,
        "form": form,
        "distance": distance,
        "float64": np.dtype(dtype).itemsize == 8,
        "threads": threads,
    }
    total = len(regions) * (len(store) if images is None else len(asked["images"]))
    with progress.bar(show_progress, total, "Comparing") as move:
        if path is not None:
            report = _berg.rsm(store._store, path, regions, sidecar=sidecar, force=force, progress=move, **asked)
            return json.loads(report)
        found = {}
        with tempfile.TemporaryDirectory() as folder:
            for region in regions:
                file = os.path.join(folder, f"{len(found)}.npy")
                _berg.rsm(store._store, file, [region], progress=move, **asked)
                found[region] = np.load(file)
                os.remove(file)
    return found if several else found[roi]


def _side(side, subject, model_id):
    """(model id, subject, train splits, region, matrix) of a region, a (subject, region), or a dict; a path that ends in .npy is
    a matrix."""
    if isinstance(side, os.PathLike) or (isinstance(side, str) and side.endswith(".npy")):
        return (None, None, None, None, os.fspath(side))
    if isinstance(side, str):
        return (model_id, _text(subject), None, side, None)
    if isinstance(side, tuple) and len(side) == 2:
        return (model_id, _text(side[0]), None, side[1], None)
    if isinstance(side, dict) and set(side) <= {"model_id", "subject", "train_splits", "roi"} and "roi" in side:
        return (
            side.get("model_id", model_id),
            _text(side.get("subject", subject)),
            side.get("train_splits"),
            side["roi"],
            None,
        )
    raise InvalidParameterError(
        'sides: expected "V1", (subject, "V1"), {"subject": ..., "roi": ...}, an array of dissimilarities or a .npy of them'
    )


def rsa(
    store,
    sides,
    *,
    berg_dir=None,
    subject=None,
    model_id=None,
    measure="pearson",
    metric="correlation",
    adjust="none",
    images=None,
    permutations=0,
    bootstraps=0,
    seed=1,
    memory=0,
    exact=False,
    threads=0,
    show_progress=False,
):
    """Compares what every two of several sides say of all pairs of a store's images: berg rsa.

    Parameters
    ----------
    store : ScoreStore or path
    sides : list
        Each a region ("V1", or any expression), (subject, region), a dict with model_id, subject, train_splits and roi, or
        dissimilarities of the same images: an array (images, images) or of the pairs above its diagonal, or a .npy of one.
    measure : "pearson", "cosine", "spearman", "rho-a" or "kendall"
    metric, adjust, images : as for rsm
    permutations, bootstraps : int
        How many, for p and for 95 % intervals; of approximations, and their size, docs/similarity.md tells. `exact`: none.
    memory : int or str
        Bytes for ranks, or text such as "4G"; pairs beyond it are counted on a grid.

    Returns a dict of all that `berg rsa -o rsa.json` tells, "values" as a float64 array (sides, sides).
    """
    store = opened(store)
    with tempfile.TemporaryDirectory() as folder:
        taken = []
        for side in sides:
            if isinstance(side, np.ndarray):
                file = os.path.join(folder, f"matrix-{len(taken)}.npy")
                np.save(file, np.ascontiguousarray(side))
                side = file
            taken.append(_side(side, subject, model_id))
        rows = _images(store, images)
        with progress.bar(show_progress, len(store) if rows is None else len(rows), "Comparing") as move:
            report = _berg.rsa(
                store._store,
                tuple(taken),
                images=rows,
                berg_dir=store.folder(berg_dir),
                measure=measure,
                metric=metric,
                adjust=adjust,
                permutations=permutations,
                bootstraps=bootstraps,
                seed=seed,
                memory=options.byte_count(memory),
                exact=exact,
                threads=threads,
                progress=move,
            )
    found = json.loads(report)
    found["values"] = np.array(found["values"], float)
    return found
