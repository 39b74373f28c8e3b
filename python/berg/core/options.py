"""Arguments of training in the form that the extension takes."""

import array
import re

from berg.core.shown import shown

_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}


def byte_count(size):
    """Bytes of a number of bytes or of text such as "4G". ValueError."""
    if isinstance(size, str):
        match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?\s*", size, re.IGNORECASE)
        if not match:
            raise ValueError(f"memory: expected a number of bytes, or text such as '4G', found {shown(size)}")
        return int(float(match[1]) * _UNITS[match[2].upper()])
    return size


def regression(ridge, alphas, folds, alpha_per_voxel, chunks):
    """The keywords of the extension for what fit() and train() say of the regression."""
    options = {"method": "ridge" if ridge else "ols", "folds": folds, "chunks": chunks}
    options["alpha_per_voxel"] = alpha_per_voxel
    if alphas is not None:
        options["alphas"] = array.array("d", alphas)
    return options
