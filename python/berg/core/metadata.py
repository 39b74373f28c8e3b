"""Metadata as Python's and NumPy's own values, nested as upstream's files hold them."""

import json

import numpy as np


def _array(code, shape, values):
    dtype = np.dtype(code)
    # An element of no bytes ('<U0') has no place in a buffer.
    return np.frombuffer(values, dtype).reshape(shape) if dtype.itemsize else np.zeros(shape, dtype)


def _texts(values, shape):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array.reshape(shape)


# --- Entries by dotted name alone ---


def _value(code, shape, values):
    """Arrays as NumPy's, those of str with dtype object; without dimensions Python's int, float, str."""
    if code == "|O":
        return _texts(values, shape) if shape else values[0]
    array = _array(code, shape, values)
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


# --- Entries with the structure of their file (berg_metadata_structure in berg.h) ---


def _dict(node, arrays):
    keys, values = node["dict"][::2], node["dict"][1::2]
    return {_plain(key, arrays): _plain(value, arrays) for key, value in zip(keys, values)}


def _box(node, arrays):
    box = np.empty((), dtype=object)
    box[()] = _plain(node["box"][0], arrays)
    return box


def _unicode(node, arrays):
    array = np.array(node["unicode"], dtype=f"<U{node['width']}").reshape(node["shape"])
    return array[()] if node.get("is_scalar") else array


_KINDS = {
    "str": lambda node, arrays: node["str"],
    "dict": _dict,
    "list": lambda node, arrays: [_plain(item, arrays) for item in node["list"]],
    "tuple": lambda node, arrays: tuple(_plain(item, arrays) for item in node["tuple"]),
    "tensor": lambda node, arrays: arrays[node["tensor"]],
    "scalar": lambda node, arrays: arrays[node["scalar"]][()],
    "int": lambda node, arrays: int(node["int"]),
    "float": lambda node, arrays: float.fromhex(node["float"]),
    "bool": lambda node, arrays: node["bool"],
    "none": lambda node, arrays: None,
    "box": _box,
    "object": lambda node, arrays: _texts(node["object"], node["shape"]),
    "unicode": _unicode,
}


def _plain(node, arrays):
    for kind, value in _KINDS.items():
        if kind in node:
            return value(node, arrays)
    raise ValueError(f"no kind of value: {node}")


def tree(structure, entries):
    """What the file holds, each value of its own type, from the structure as JSON and the entries that are not text."""
    arrays = {name: _array(code, shape, values) for name, code, shape, values in entries}
    return _plain(json.loads(structure), arrays)
