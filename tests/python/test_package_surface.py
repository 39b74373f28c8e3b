"""What can be imported and asked without any file: upstream's names, in upstream's places."""

import inspect
import io
import re
import sys

import pytest

from berg import BERG, __version__, _berg
from berg.core import cards, exceptions, failures, model_registry
from berg.core.parameter_validator import ValidationError
from berg.interfaces.base_model import BaseModelInterface
from berg.models.fmri.things_fmri_1_vit_b_32 import fMRIEncodingModel

ROIS = (
    "V1 V2 V3 hV4 VO1 VO2 LO1_prf LO2_prf TO1 TO2 V3b V3a lFFA rFFA lOFA rOFA lEBA rEBA lPPA rPPA lRSC rRSC "
    "lTOS rTOS lLOC rLOC IT lSTS rSTS"
).split()

MODELS = [
    "eeg-things_eeg_2-vit_b_32",
    "fmri-nsd_fsaverage-vit_b_32",
    "fmri-things_fmri_1-vit_b_32",
    "meg-things_meg_1-vit_b_32",
    "utah_array-tvsd-vit_b_32",
]


@pytest.fixture
def anywhere():
    return BERG(berg_dir="/nowhere")  # unchecked until a model is loaded


def test_berg_keeps_the_path(anywhere):
    assert anywhere.berg_dir == "/nowhere"


def test_version_is_the_headers():
    assert re.fullmatch(r"\d+\.\d+\.\d+", __version__)


def test_signatures():
    def parameters(function):
        return list(inspect.signature(function).parameters)

    assert parameters(BERG.get_encoding_model) == ["self", "model_id", "device", "selection", "kwargs"]
    assert parameters(BERG.encode) == ["self", "model", "stimulus", "return_metadata", "kwargs"]
    assert parameters(BERG.get_model_catalog) == ["self", "print_format"]
    assert parameters(fMRIEncodingModel.__init__)[:5] == [
        "self",
        "subject",
        "device",
        "selection",
        "berg_dir",
    ]
    assert parameters(fMRIEncodingModel.generate_response)[:3] == ["self", "stimulus", "show_progress"]
    assert parameters(fMRIEncodingModel.get_metadata) == ["berg_dir", "subject", "model_instance", "kwargs"]
    ours = [
        p
        for p in inspect.signature(fMRIEncodingModel.__init__).parameters.values()
        if p.name not in ("self", "subject", "device", "selection", "berg_dir")
    ]
    assert all(p.kind in (p.KEYWORD_ONLY, p.VAR_KEYWORD) for p in ours)


def test_list_models_is_sorted_and_quiet(anywhere, capsys):
    assert anywhere.list_models() == MODELS
    assert anywhere.list_models(expand_brainscore_vision=True, expand_brainscore_language=True) == MODELS
    assert capsys.readouterr().out == ""


def test_catalog(anywhere, capsys):
    assert anywhere.get_model_catalog() == {
        "EEG": ["THINGS EEG2"],
        "MEG": ["THINGS MEG1"],
        "Utah arrays": ["THINGS Ventral Stream Spiking Dataset (TVSD)"],
        "fMRI": ["Natural Scenes Dataset (NSD) (fsaverage surface space)", "THINGS fMRI1"],
    }
    assert capsys.readouterr().out == ""
    anywhere.get_model_catalog(print_format=True)
    title, rule, *lines = capsys.readouterr().out.split("\n")
    assert title and rule == "=" * 33
    *_, modality, first, second, blank, end = lines
    assert modality.endswith("FMRI") and second.endswith("THINGS fMRI1") and first[0] == second[0] == " "
    assert blank == end == ""


def test_variants(anywhere, model_id):
    assert anywhere.get_model_variants(model_id) == []
    with pytest.raises(exceptions.ModelNotFoundError):
        anywhere.get_model_variants("eeg-none")


def test_describe_prints_the_card_and_returns_it(anywhere, model_id, capsys):
    described = anywhere.describe(model_id)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == lines[2] == "=" * 80 and lines[1].endswith(f"Model: {model_id}")
    text = "\n".join(lines)
    for fact in ("fMRI", "THINGS fMRI1", "Domenic Bersch", "211,339", "226,950", "189,164", *ROIS):
        assert fact in text
    assert all(len(line) <= 80 or " " not in line.strip() for line in lines), (
        "only words that cannot be broken are longer"
    )
    assert set(described) == {
        "model_id",
        "model_info",
        "description",
        "input",
        "output",
        "parameters",
        "parameters_by_function",
        "performance",
        "example_usage",
    }
    assert set(described["model_info"]) == {"modality", "training_dataset", "model_architecture", "creator"}
    assert list(described["parameters_by_function"]) == ["encode", "get_encoding_model", "get_model_metadata"]
    with pytest.raises(exceptions.ModelNotFoundError):
        anywhere.describe("fmri-things_fmri1-vit_b_32")


def test_describe_on_a_terminal_without_unicode(anywhere, model_id, monkeypatch):
    latin = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", latin)
    anywhere.describe(model_id)


def test_card_has_what_upstreams_tests_ask(model_id):
    card = cards.load(model_id)
    for key in (
        "model_id modality training_dataset species stimuli model_type creator description input output "
        "parameters references"
    ).split():
        assert card[key], key
    assert card["parameters"]["subject"]["valid_values"] == [1, 2, 3]
    assert list(card["parameters"]["selection"]["properties"]) == ["roi", "voxel_index"]
    assert card["parameters"]["selection"]["properties"]["roi"]["valid_values"] == card["rois"] == ROIS


def test_example_in_the_card_is_python(model_id):
    compile(cards.load(model_id)["example_usage"], "example", "exec")


def test_constants(model_id):
    assert fMRIEncodingModel.MODEL_ID == fMRIEncodingModel.get_model_id() == model_id
    assert fMRIEncodingModel.SELECTION_KEYS == ["roi", "voxel_index"]
    assert fMRIEncodingModel.VALID_SUBJECTS == [1, 2, 3]
    assert fMRIEncodingModel.VALID_ROIS == ROIS
    assert fMRIEncodingModel.VOXELS_LENGTH == {1: 211339, 2: 226950, 3: 189164}


def test_registry(model_id):
    entry = model_registry.MODEL_REGISTRY[model_id]
    assert set(entry) == {"module_path", "class_name", "modality", "training_dataset", "yaml_path"}
    assert model_registry.get_model_class(model_id) is fMRIEncodingModel
    assert sorted(model_registry.get_available_models()) == MODELS
    with pytest.raises(ValueError, match="eeg-none"):
        model_registry.get_model_class("eeg-none")


def test_a_model_of_ones_own_can_be_registered(anywhere, monkeypatch):
    class Own(BaseModelInterface):
        def __init__(self, device, selection, berg_dir):
            self.cleaned = False

        def load_model(self):
            self.loaded = True

        def generate_response(self, stimulus):
            return stimulus

        @classmethod
        def get_metadata(cls, berg_dir=None, subject=None, model_instance=None, **kwargs):
            return {}

        @classmethod
        def get_model_id(cls):
            return "own"

        def cleanup(self):
            self.cleaned = True

    monkeypatch.setattr(model_registry, "MODEL_REGISTRY", {})
    monkeypatch.setattr(sys.modules[__name__], "Own", Own, raising=False)
    model_registry.register_model("own", __name__, "Own", "eeg", "mine")
    with anywhere.get_encoding_model("own") as model:
        assert model.loaded and anywhere.encode(model, 5) == 5
    assert model.cleaned


def test_interface_is_abstract():
    assert BaseModelInterface.__abstractmethods__ == {
        "load_model",
        "generate_response",
        "get_metadata",
        "get_model_id",
        "cleanup",
    }
    with pytest.raises(TypeError):
        BaseModelInterface()


def test_exceptions_derive_from_one():
    for name in "ModelNotFoundError ModelLoadError InvalidParameterError StimulusError ResourceError IncompleteError".split():
        assert getattr(exceptions, name).__bases__ == (exceptions.BERGError,)
    assert ValidationError.__bases__ == (Exception,)


@pytest.mark.parametrize(
    "status, kind",
    [
        ("BERG_ENOMODEL", exceptions.ModelNotFoundError),
        ("BERG_EPARAMETER", exceptions.InvalidParameterError),
        ("BERG_EARGUMENT", exceptions.InvalidParameterError),
        ("BERG_ESTIMULUS", exceptions.StimulusError),
        ("BERG_EMODEL", exceptions.ModelLoadError),
        ("BERG_ELIMIT", exceptions.ResourceError),
        ("BERG_EDEVICE", exceptions.ResourceError),
        ("BERG_EWRITE", OSError),
        ("BERG_EEXISTS", FileExistsError),
        ("BERG_ECANCELLED", KeyboardInterrupt),
        ("BERG_EINCOMPLETE", exceptions.IncompleteError),
        ("BERG_EINPUT", exceptions.BERGError),
        ("BERG_EINTERNAL", exceptions.BERGError),
    ],
)
def test_statuses_become_exceptions(status, kind):
    error = failures.exception_of(status, "what went wrong", "a.npy", 12, "coef_", "float32", "")
    assert type(error) is kind and "what went wrong" in str(error)
    if isinstance(error, exceptions.BERGError):
        assert (error.file, error.offset, error.item, error.expected, error.found) == (
            "a.npy",
            12,
            "coef_",
            "float32",
            None,
        )


def test_extension_is_of_the_limited_api():
    assert _berg.__file__.endswith(".abi3.so")
