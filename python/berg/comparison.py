"""Two files of responses, weights or metadata held against each other."""

import json
import math

from berg import _berg


def compare(
    a,
    b,
    *,
    atol=math.nan,
    rtol=math.nan,
    min_correlation=math.nan,
    min_voxel_correlation=math.nan,
    metadata=None,
    threads=0,
):
    """Returns a dict of all that `berg compare --json` tells; docs/compare.md has the keys.

    That they differ is an answer and raises nothing: "verdict" is "equal", "within tolerances" or "different", and
    "reasons" says why.

    Parameters
    ----------
    a, b : path
        Responses (.npy, .h5, .nii.gz, "FILE.h5:DATASET"), one image a row, in any two formats; or two files of weights or
        metadata, compared entry by entry.
    atol, rtol : float
        Each value: |a - b| <= atol + rtol |b|, as numpy.allclose. With none of these four, values must be equal.
    min_correlation, min_voxel_correlation : float
        What the columns' correlations over rows must be at least: their mean, and each.
    metadata : path
        A metadata_sub-0N.npy: figures for each region too.

    BERGError: a file that cannot be read. InvalidParameterError: a tolerance below 0, a correlation beyond 1.
    """
    return json.loads(
        _berg.compare(
            a,
            b,
            atol=atol,
            rtol=rtol,
            min_correlation=min_correlation,
            min_voxel_correlation=min_voxel_correlation,
            metadata=metadata,
            threads=threads,
        )
    )
