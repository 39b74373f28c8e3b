"""The library's list of metadata entries as the nested dict that upstream's files hold."""

import numpy as np


def _value(code, shape, values):
    """Arrays as NumPy's, those of str with dtype object; without dimensions Python's int, float, str."""
    if code == "|O":
        if not shape:
            return values[0]
        array = np.empty(len(values), dtype=object)
        array[:] = values
        return array.reshape(shape)
    dtype = np.dtype(code)
    # An element of no bytes ('<U0') has no place in a buffer.
    array = np.frombuffer(values, dtype).reshape(shape) if dtype.itemsize else np.zeros(shape, dtype)
    return array if shape else array[()].item()


def nested(entries):
    """{"fmri": {"voxel_coords": array}} from [("fmri.voxel_coords", type code, shape, values)], same order."""
    tree = {}
    for name, code, shape, values in entries:
        *parents, leaf = name.split(".")
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
        branch[leaf] = _value(code, shape, values)
    return tree
