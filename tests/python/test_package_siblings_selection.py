"""Selections of the sibling models that do not fit: upstream's classes of exception, and when they come."""

import numpy as np
import pytest

from berg import BERG
from berg.core.exceptions import InvalidParameterError, ModelLoadError
from berg.core.model_registry import get_model_class
from berg.core.parameter_validator import ValidationError
from make_siblings import make_sibling
from sibling_models import MODELS, VERTICES

LENGTHS = {
    ("nsd", "lh_vertices"): VERTICES,
    ("nsd", "rh_vertices"): VERTICES,
    ("eeg", "timepoints"): 140,
    ("meg", "sensor_index"): 271,
    ("meg", "timepoints"): 281,
    ("tvsd", "electrodes"): 1024,
    ("tvsd", "timepoints"): 300,
}


def made(key, selection, **options):
    model = MODELS[key]
    return get_model_class(model.model_id)(
        model.subjects[0], selection=selection, **{"berg_dir": "/nonexistent", **options}
    )


@pytest.mark.parametrize("key, name", LENGTHS)
def test_bad_vectors(key, name):
    length = LENGTHS[key, name]
    for bad in (
        np.ones(length - 1, int),
        [1] * (length + 1),
        [0] * length,
        [2] + [1] * (length - 1),
        tuple([1] * length),
        "1" * length,
        None,
        np.ones((1, length)),
        [0, 0, "...", 1, 1, 0],
    ):
        with pytest.raises(ValidationError, match=f"{name}: expected"):
            made(key, {name: bad})
    with pytest.raises(ValidationError, match=f"expected {length} elements, one a .*, found 3"):
        made(key, {name: [1, 0, 1]})
    for good in (np.ones(length, bool), [0] * (length - 1) + [1], np.ones(length, np.float32)):
        made(key, {name: good})


@pytest.mark.parametrize(
    "key, selection, kind",
    [
        ("eeg", {"channels": "Oz"}, ValidationError),
        ("eeg", {"channels": ("Oz",)}, ValidationError),
        ("eeg", {"channels": ["Oz", "Fz"]}, ValidationError),
        ("eeg", {"channels": None}, ValidationError),
        ("nsd", {"roi": "V9"}, ValidationError),
        ("nsd", {"roi": ["V1v", "V9"]}, ValidationError),
        ("nsd", {"roi": 1}, ValidationError),
        ("nsd", {"roi": []}, ValidationError),
        ("meg", {"region": "Occipital"}, InvalidParameterError),
        ("meg", {"region": ["occipital"]}, InvalidParameterError),
        ("meg", {"sensors": "MLO"}, InvalidParameterError),
        ("meg", {"sensors": ["MLO11"]}, InvalidParameterError),
        ("tvsd", {"roi": "V1"}, InvalidParameterError),
        ("tvsd", {"roi": ["V1", "V2"]}, InvalidParameterError),
        ("tvsd", {"roi": None}, InvalidParameterError),
        *((key, {"voxel_index": [1]}, InvalidParameterError) for key in MODELS),
        *((key, ["roi"], InvalidParameterError) for key in MODELS),
    ],
)
def test_bad_names(key, selection, kind):
    with pytest.raises(kind, match="expected .*, found"):
        made(key, selection)


@pytest.mark.parametrize("key", ["meg", "tvsd"])
@pytest.mark.parametrize(
    "splits",
    [
        {"train_splits": "full"},
        {"train_splits": "split1"},
        {"train_splits": None},
        {"train_splits": 1},
        {"train_split": "all"},
        {"train_split": "split5"},
        {"train_split": "single"},
        {"train_splits": "single", "train_split": "full"},
    ],
)
def test_bad_splits(key, splits):
    with pytest.raises(InvalidParameterError, match="train_splits?: expected .*, found"):
        made(key, None, **splits)


def test_good_splits():
    for key in ("meg", "tvsd"):
        assert made(key, None).train_splits == "all"
        assert made(key, None, train_splits="single").train_splits == "single"
        assert made(key, None, train_split="full").train_splits == "all"
        assert made(key, None, train_split="split3").train_splits == "split3"


def test_roi_none_is_no_key():
    """NSD's card says that it may be."""
    model = made("nsd", {"roi": None})
    assert model._asked == {}


@pytest.mark.parametrize(
    "key, selection, name",
    [
        ("nsd", {"roi": "nsdgeneral"}, "nsdgeneral"),
        ("eeg", {"channels": ["Oz", "Pz"]}, "Pz"),
    ],
)
def test_a_name_that_the_metadata_lack(tmp_path, backbone_files, key, selection, name):
    """Known to the card, found missing when the model is loaded: as upstream a ModelLoadError, which quotes it."""
    model = MODELS[key]
    make_sibling(tmp_path, key, class_tokens=True, components=2, accuracy=False)
    path = model.metadata_path(tmp_path, 1)
    metadata = np.load(path, allow_pickle=True).item()
    if key == "eeg":
        metadata["eeg"]["ch_names"][metadata["eeg"]["ch_names"].index("Pz")] = "Fz"
    np.save(path, metadata)
    for kind in (ModelLoadError, InvalidParameterError):
        with pytest.raises(kind, match=f"^Failed to load model: .*{name}") as caught:
            BERG(tmp_path).get_encoding_model(
                model.model_id, subject=1, selection=selection, backbone=backbone_files["safetensors"]
            )
    assert caught.value.file == str(path)


def test_files_of_another_size_say_how_long_a_vector_is(tmp_path):
    """Upstream's lengths are of its own files; a model of fewer times has vectors of fewer places."""
    make_sibling(tmp_path, "eeg", class_tokens=True, components=2, accuracy=False)
    path = MODELS["eeg"].metadata_path(tmp_path, 1)
    metadata = np.load(path, allow_pickle=True).item()
    metadata["eeg"]["times"] = metadata["eeg"]["times"][:7]
    np.save(path, metadata)
    made("eeg", {"timepoints": [1] * 7}, berg_dir=tmp_path)
    with pytest.raises(ValidationError, match="expected 7 elements, one a point in time, found 8"):
        made("eeg", {"timepoints": [1] * 8}, berg_dir=tmp_path)
    with pytest.raises(ValidationError, match="expected 7 elements, one a point in time, found 140"):
        made("eeg", {"timepoints": [1] * 140}, berg_dir=tmp_path).load_model()


def test_each_hemisphere_has_its_own_length(tmp_path):
    make_sibling(tmp_path, "nsd", class_tokens=True, components=2, accuracy=False)
    path = MODELS["nsd"].metadata_path(tmp_path, 1)
    metadata = np.load(path, allow_pickle=True).item()
    metadata["fmri"]["rh_ncsnr"] = metadata["fmri"]["rh_ncsnr"][:9]
    np.save(path, metadata)
    made("nsd", {"rh_vertices": [1] * 9}, berg_dir=tmp_path)
    with pytest.raises(ValidationError, match=f"lh_vertices: expected {VERTICES} elements, one a vertex, found 9"):
        made("nsd", {"lh_vertices": [1] * 9}, berg_dir=tmp_path)


def test_a_selection_is_kept_as_it_was():
    """What the caller does with its lists afterwards changes no model."""
    channels, times = ["Oz"], np.ones(140, bool)
    model = made("eeg", {"channels": channels, "timepoints": times})
    channels.append("Pz")
    times[:] = 0
    arguments = model._arguments()["selection"]
    assert arguments["channels"] == ["Oz"] and arguments["timepoints"].all()


@pytest.mark.parametrize("memory", ["much", -1, "4X", 1.5, [1]])
def test_bad_memory(memory):
    with pytest.raises(InvalidParameterError, match="memory: expected .*, found"):
        made("eeg", None, memory=memory)
