"""Relational neural control: out of many images those that drive two regions of the brain together, or apart."""

import json
import math
import os

from berg import _berg
from berg.core.exceptions import InvalidParameterError
from berg.core.progress import bar
from berg.core.shown import shown
from berg.scores import opened


def control(
    store,
    regions=None,
    *,
    berg_dir=None,
    subjects=None,
    model_id=None,
    multivariate=False,
    cv=False,
    images=0,
    margin=0.04,
    min_ceiling=None,
    draws=10_000,
    permutations=10_000,
    generations=2_000,
    seed=1,
    grand_mean=False,
    responses=False,
    threads=0,
    show_progress=False,
):
    """Chooses images of a store for each pair of regions, after Gifford et al. (2025): berg control. docs/control.md has the
    definitions, and the keys of the dict that is returned.

    Parameters
    ----------
    store : ScoreStore or path
    regions : list of str
        Two or more, as selections write them ("V1", "lFFA + rFFA"); None: all that the metadata name.
    berg_dir : str or path
        The folder of models; None: the store's, else $BERG_DIR.
    subjects : list
        None: all that the store has.
    model_id : str
        Of a store of several models.
    multivariate : bool
        Sets of images that align or separate the regions' similarities, by a genetic search; False: images that drive mean
        responses up or down.
    cv : bool
        Leave each subject out in turn: choose by the others, test on that one.
    images : int
        Of a condition (25), or of a set (50).
    margin, min_ceiling : float
        How far beyond the baseline; the percent that a voxel's single-trial noise ceiling must be above (20; negative: all).
    draws, permutations, generations, seed : int
    grand_mean : bool
        Hold responses against the mean over all images, not that of the most typical random set.
    responses : bool
        Also every image's response in each region, which plot_control draws.
    show_progress : bool

    InvalidParameterError: a subject or region that is not there, or has no voxel above the ceiling; too few images.
    """
    if isinstance(regions, str):
        raise InvalidParameterError(f"regions: expected a list of two or more, found {shown(regions)}")
    store = opened(store)
    with bar(show_progress, None, "Choosing images", "step") as move:
        text = _berg.control(
            store._store,
            None if regions is None else [str(region) for region in regions],
            None if subjects is None else [str(subject) for subject in subjects],
            store.folder(berg_dir),
            model_id=model_id,
            multivariate=multivariate,
            cv=cv,
            images=images,
            margin=margin,
            min_ceiling=math.nan if min_ceiling is None else min_ceiling,
            draws=draws,
            permutations=permutations,
            generations=generations,
            seed=seed,
            grand_mean=grand_mean,
            responses=responses,
            threads=threads,
            progress=move,
        )
    return json.loads(text)


def plot_control(result, path, pair=0, force=False):
    """Draws one pair of what `control` returned, with `responses=True` unless it is multivariate, to `path`: .svg, .png or
    .pdf. FileExistsError unless `force`."""
    _berg.plot_control(json.dumps(result), pair, os.fspath(path), force)
