"""The sibling models in float64 NumPy, from features to responses: what the library's numbers, selections and shapes are
held against. Written from upstream's rules, one model after the other, not from the library.

Features are (images, 460800), or (images, 12, 50, 768) as vit_oracle.block_outputs gives them.
"""
import numpy as np

from sibling_models import MODELS, VERTICES
from sklearn_pickle import PCA, OldPCA, importable

ALIASES = {"OVWFA": "OWFA"}  # the card's name of the ROI that the metadata calls OWFA


def load(path):
    """A weights or metadata file as its dict; pickled PCA objects as the dicts of their attributes."""
    with importable(PCA, OldPCA):
        return as_objects(np.load(path, allow_pickle=True).item())


def as_objects(tree):
    tree = tree if isinstance(tree, dict) else getattr(tree, "__dict__", tree)
    return {key: as_objects(value) for key, value in tree.items()} if isinstance(tree, dict) else tree


def standardise(scaler, features):
    """float64 (images, features); of the class tokens alone where the scaler is of those."""
    features = features.reshape(len(features), -1)
    if features.shape[1] != len(scaler["mean_"]):
        features = features.reshape(len(features), 12, 50, 768)[:, :, 0].reshape(len(features), -1)
    return (features.astype(np.float64) - scaler["mean_"]) / scaler["scale_"]


def project(pca, z):
    return (z - pca["mean_"].astype(np.float64)) @ pca["components_"].astype(np.float64).T


def regress(regression, scores, rows):
    """(images, rows)"""
    return scores @ regression["coef_"][rows].astype(np.float64).T + regression["intercept_"][rows]


def chosen(vector, length):
    """The positions of a binary vector, ascending; all where there is none."""
    return np.arange(length) if vector is None else np.flatnonzero(vector)


def union(*parts):
    return np.unique(np.concatenate([np.asarray(part, np.int64) for part in parts]))


def nsd_vertices(selection, metadata):
    """(left, right): `roi` beats the vectors; a hemisphere without a vector is whole. Several ROIs, of which upstream takes
    the first, are their union."""
    roi = selection.get("roi")
    if roi is None:
        return tuple(chosen(selection.get(f"{side}h_vertices"), VERTICES) for side in "lr")
    names = [ALIASES.get(name, name) for name in ([roi] if isinstance(roi, str) else roi)]
    return tuple(union(*(metadata["fmri"][f"{side}h_fsaverage_rois"][name] for name in names)) for side in "lr")


def eeg_channels(selection, metadata):
    """In the caller's order, twice where named twice; none for an empty list."""
    names = metadata["eeg"]["ch_names"]
    channels = selection.get("channels")
    return np.arange(len(names)) if channels is None else np.array([names.index(name) for name in channels], np.int64)


def meg_sensors(selection, metadata):
    """The union of regions, prefixes and the vector, ascending; all where that is empty."""
    sensors = metadata["sensors"]
    found = union(np.flatnonzero(np.isin(sensors["sensor_regions"], selection.get("region") or [])),
                  np.flatnonzero(np.isin(sensors["sensor_prefixes"], selection.get("sensors") or [])),
                  np.flatnonzero(selection.get("sensor_index", [])))
    return found if len(found) else np.arange(MODELS["meg"].units)


def tvsd_electrodes(selection, metadata):
    """The union of areas and the vector, ascending, none where an empty list is all that is asked for. Areas are those of
    roi_assignments at the row of the weights."""
    if selection.get("roi") is None and selection.get("electrodes") is None:
        return np.arange(MODELS["tvsd"].units)
    regions = metadata["roi"] if "roi" in metadata else metadata["utah_array"]
    numbers = [list(regions["roi_labels"]).index(name) for name in selection.get("roi") or []]
    return union(np.flatnonzero(np.isin(regions["roi_assignments"], numbers)), np.flatnonzero(selection.get("electrodes", [])))


UNITS = {"eeg": eeg_channels, "meg": meg_sensors, "tvsd": tvsd_electrodes}


def series(model, regression, scores, units, times):
    """(images, units, times): row unit * times + time of the weights."""
    rows = (units[:, None] * model.times + times).ravel()
    return regress(regression, scores, rows).reshape(len(scores), len(units), len(times))


def encode_nsd(weights, metadata, features, selection):
    """A tuple: (images, vertices) of the left hemisphere, and of the right."""
    scores = project(weights["pca_param"], standardise(weights["scaler_param"], features))
    return tuple(regress(weights[f"{side}h_reg_param"], scores, rows)
                 for side, rows in zip("lr", nsd_vertices(selection, metadata)))


def encode_eeg(weights, units, times, features):
    """(images, repetitions, channels, times): one scaler; a PCA for each repetition, or one for all."""
    z = standardise(weights["scaler_param"], features)
    pca = weights["pca_param"]
    repetitions = [series(MODELS["eeg"], regression, project(pca.get(name, pca), z), units, times)
                   for name, regression in weights["reg_param"].items()]
    return np.stack(repetitions, axis=1)


def encode_split(key, weights, units, times, features):
    scores = project(weights["pca_param"], standardise(weights["scaler_param"], features))
    return series(MODELS[key], weights["reg_param"], scores, units, times)


def encode(key, weights, metadata, features, selection=None):
    """Responses, float64, in upstream's shape. weights: the dict of a file; of MEG and TVSD also the list of the four of the
    quarters, in order, whose responses get an axis of their own after the images (train_splits="single")."""
    selection, model = selection or {}, MODELS[key]
    if key == "nsd":
        return encode_nsd(as_objects(weights), metadata, features, selection)
    units, times = UNITS[key](selection, metadata), chosen(selection.get("timepoints"), model.times)
    if key == "eeg":
        return encode_eeg(as_objects(weights), units, times, features)
    if isinstance(weights, dict):
        return encode_split(key, weights, units, times, features)
    return np.stack([encode_split(key, quarter, units, times, features) for quarter in weights], axis=1)


def encode_first(weights, features, columns):
    """The first model: (images, voxels), for voxels in the caller's order."""
    scores = project(weights["pca_param"], standardise(weights["scaler_param"], features))
    return regress(weights["reg_param"], scores, columns)
