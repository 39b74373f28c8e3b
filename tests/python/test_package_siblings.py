"""The sibling models' classes as upstream has them, before any file is read: places, signatures, constants, cards."""

import importlib
import inspect
import json
import os

import numpy as np
import pytest

from berg import BERG, _berg
from berg.core import cards, model_registry
from berg.core.exceptions import InvalidParameterError
from berg.core.parameter_validator import (
    ValidationError,
    validate_channels,
    validate_roi,
    validate_subject,
    validate_subjects,
)
from berg.interfaces.base_model import BaseModelInterface
from sibling_models import CHANNELS, MODELS

PLACES = {
    "nsd": ("FMRIEncodingModel", "fmri.nsd_fsaverage_vit_b_32"),
    "eeg": ("EEGEncodingModel", "eeg.things_eeg2_vit_b_32", "eeg.things_eeg"),
    "meg": ("MEGEncodingModel", "meg.things_meg_1_vit_b_32", "meg.things_meg_1"),
    "tvsd": ("UtahArrayEncodingModel", "utah_array.tvsd_vit_b_32", "utah_array.tvsd_utah_array"),
}
PARAMETERS = {
    "nsd": ["self", "subject", "selection", "device", "berg_dir"],
    "eeg": ["self", "subject", "device", "selection", "berg_dir"],
    "meg": ["self", "subject", "device", "selection", "train_splits", "berg_dir"],
    "tvsd": ["self", "subject", "device", "selection", "berg_dir"],
}
KEYS = {
    "nsd": ["roi", "lh_vertices", "rh_vertices"],
    "eeg": ["channels", "timepoints"],
    "meg": ["region", "sensors", "sensor_index", "timepoints"],
    "tvsd": ["roi", "electrodes", "timepoints"],
}
ALL_IDS = sorted(_berg.model_ids())


def class_of(key):
    return model_registry.get_model_class(MODELS[key].model_id)


@pytest.fixture(params=MODELS)
def key(request):
    return request.param


def test_upstreams_places(key):
    name, *modules = PLACES[key]
    for module in modules:
        assert getattr(importlib.import_module(f"berg.models.{module}"), name) is class_of(key)
    entry = model_registry.MODEL_REGISTRY[MODELS[key].model_id]
    assert entry["module_path"] == f"berg.models.{modules[0]}" and entry["class_name"] == name


def test_upstreams_signatures(key):
    parameters = inspect.signature(class_of(key).__init__).parameters
    assert list(parameters)[: len(PARAMETERS[key])] == PARAMETERS[key]
    ours = list(parameters.values())[len(PARAMETERS[key]) :]
    assert all(p.kind in (p.KEYWORD_ONLY, p.VAR_KEYWORD) for p in ours)
    assert (parameters["selection"].default is inspect.Parameter.empty) == (key == "nsd")
    assert parameters["device"].default == "auto" and parameters["berg_dir"].default is None


def test_nsd_wants_a_selection():
    with pytest.raises(TypeError):
        class_of("nsd")(1)


def test_constants(key):
    model = class_of(key)
    assert model.MODEL_ID == model.get_model_id() == MODELS[key].model_id
    assert model.SELECTION_KEYS == KEYS[key]
    assert model.VALID_SUBJECTS == list(MODELS[key].subjects)


def test_constants_of_each():
    nsd, eeg, meg, tvsd = map(class_of, ("nsd", "eeg", "meg", "tvsd"))
    assert nsd.VERTICES_LENGTH == 163842 and {"OWFA", "OVWFA", "nsdgeneral", "V1v"} < set(nsd.VALID_ROIS)
    assert eeg.VALID_CHANNELS == list(CHANNELS) and eeg.TIMEPOINTS_LENGTH == 140
    assert meg.VALID_REGIONS == ["Central", "Frontal", "Occipital", "Parietal", "Temporal"]
    assert len(meg.VALID_SENSOR_PREFIXES) == 14 and meg.VALID_TRAIN_SPLITS == ["all", "single"]
    assert (meg.SENSORS_LENGTH, meg.TIMEPOINTS_LENGTH) == (271, 281)
    assert tvsd.VALID_ROIS == ["V1", "V4", "IT"] and tvsd.VALID_TRAIN_SPLITS == ["all", "single"]
    assert (tvsd.ELECTRODES_LENGTH, tvsd.TIMEPOINTS_LENGTH) == (1024, 300)


def test_made_without_files(key):
    """As upstream's own tests make each model."""
    model = class_of(key)(subject=MODELS[key].subjects[0], device="cpu", selection={}, berg_dir="/nonexistent")
    assert isinstance(model, BaseModelInterface) and model.device == "cpu" and model.model is None


def test_metadata_of_no_file(key):
    """Upstream's class raises FileNotFoundError, its BERG InvalidParameterError; ours is a ModelLoadError in both."""
    from berg.core.exceptions import ModelLoadError

    subject = MODELS[key].subjects[0]
    who = "monkey N" if key == "tvsd" else "subject 1"
    for kind in (FileNotFoundError, InvalidParameterError, ModelLoadError):
        with pytest.raises(kind, match=f"metadata_.*{who}$"):
            class_of(key).get_metadata(berg_dir="/nonexistent", subject=subject)
        with pytest.raises(kind, match=f"metadata_.*{who}$"):
            BERG("/nonexistent").get_model_metadata(MODELS[key].model_id, subject=subject)


@pytest.mark.parametrize("subject", [0, 11, "1", "monkeyN", "n", 1.0, True, None, ["N"], np.array([1, 2])])
def test_bad_subjects(key, subject):
    for ask in (
        lambda: class_of(key)(subject, selection=None),
        lambda: BERG("/nonexistent").get_model_metadata(MODELS[key].model_id, subject=subject),
    ):
        with pytest.raises(InvalidParameterError, match="subject: expected one of .*, found"):
            ask()


def test_unknown_keywords_are_a_type_error(key):
    with pytest.raises(TypeError, match="colour"):
        class_of(key)(MODELS[key].subjects[0], selection=None, colour="red")
    if key in ("nsd", "eeg"):
        with pytest.raises(TypeError, match="train_splits"):
            class_of(key)(MODELS[key].subjects[0], selection=None, train_splits="all")


# --- Cards ---


@pytest.mark.parametrize("model_id", ALL_IDS)
def test_yaml_card_is_the_librarys(model_id):
    yaml = pytest.importorskip("yaml")
    path = model_registry.MODEL_REGISTRY[model_id]["yaml_path"]
    assert os.path.isfile(path)
    with open(path, encoding="utf-8") as file:
        assert yaml.safe_load(file) == json.loads(_berg.card(model_id))


@pytest.mark.parametrize("model_id", ALL_IDS)
def test_yaml_card_is_for_reading(model_id):
    with open(model_registry.MODEL_REGISTRY[model_id]["yaml_path"], encoding="utf-8") as file:
        lines = file.read().splitlines()
    assert lines[0] == f"model_id: {model_id}"
    assert all(len(line) <= 100 or " " not in line.strip() for line in lines)


@pytest.mark.parametrize("model_id", ALL_IDS)
def test_described(model_id, capsys):
    described = BERG("/nonexistent").describe(model_id)
    text = capsys.readouterr().out
    assert described["model_id"] == model_id and described["parameters"]["subject"]
    for size in cards.load(model_id).get("sizes", {}).values():
        assert f": {size:,}" in text


# --- Upstream's validators ---


def test_validate_subject_of_names():
    assert validate_subject("N", ["N", "F"]) == "N"
    with pytest.raises(InvalidParameterError):
        validate_subject(1, ["N", "F"])


def test_validate_subjects():
    assert validate_subjects("all", [1, 2, 3]) == validate_subjects("ALL", [1, 2, 3]) == [1, 2, 3]
    assert validate_subjects(2, [1, 2, 3]) == [2]
    assert validate_subjects("N", ["N", "F"]) == ["N"]
    assert validate_subjects([3, 1], [1, 2, 3]) == [3, 1]
    for bad in ([], None, [1, 4], 4, "some", (1, 2)):
        with pytest.raises(InvalidParameterError):
            validate_subjects(bad, [1, 2, 3])


def test_validate_channels():
    assert validate_channels(["Oz", "Pz", "Oz"], ["Oz", "Pz"]) == ["Oz", "Pz", "Oz"]
    assert validate_channels([], ["Oz"]) == []
    for bad in ("Oz", ["XX"], None, ("Oz",), [1]):
        with pytest.raises(ValidationError):
            validate_channels(bad, ["Oz", "Pz"])


def test_validate_roi():
    assert validate_roi("V1", ["V1", "V2"]) == ["V1"]
    assert validate_roi(["V2", "V1"], ["V1", "V2"]) == ["V2", "V1"]
    for bad in ("ZZ", ["V1", "ZZ"], None, 1, []):
        with pytest.raises(ValidationError):
            validate_roi(bad, ["V1", "V2"])
