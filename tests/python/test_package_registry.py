"""Models of other packages beside ours: registered with a card in a YAML file, described and encoded."""

import json
import sys

import numpy as np
import pytest

from berg import BERG
from berg.core import cards, model_registry
from berg.core.exceptions import ModelLoadError, ModelNotFoundError
from berg.interfaces.base_model import BaseModelInterface

CARD = """\
# As upstream's template has it
model_id: eeg-elsewhere-linear
modality: EEG
training_dataset: Elsewhere
species: Human
stimuli: Images
model_type: Linear
creator: Someone else
description: |
  A model of another package.

  With a second paragraph.
input:
  type: numpy.ndarray
  shape: [batch_size, 3, height, width]
  description: RGB images.
  constraints:
    - Values from 0 to 255
output:
  type: numpy.ndarray
  shape: [batch_size, n_channels]
  description: Responses.
  dimensions:
    - name: n_channels
      description: Two of them.
parameters:
  subject:
    function: get_encoding_model
    type: int
    required: true
    valid_values: [1, 2]
    description: Whose.
  selection:
    function: get_encoding_model
    type: dict
    properties:
      channels:
        type: list[str]
        valid_values: [A1, A2]
references:
  - Themselves
"""


class Elsewhere(BaseModelInterface):
    """What upstream asks of a class, and no more."""

    def __init__(self, subject, device="auto", selection=None, berg_dir=None, gain=1):
        self.subject, self.gain, self.loaded = subject, gain, False

    def load_model(self):
        self.loaded = True

    def generate_response(self, stimulus, show_progress=True):
        assert self.loaded
        return stimulus.mean(axis=(2, 3))[:, :2] * self.gain

    @classmethod
    def get_metadata(cls, berg_dir=None, subject=None, model_instance=None, **kwargs):
        return {"berg_dir": berg_dir, "subject": subject}

    @classmethod
    def get_model_id(cls):
        return "eeg-elsewhere-linear"

    def cleanup(self):
        self.loaded = False


@pytest.fixture
def registered(monkeypatch, tmp_path):
    """registered(text): the path of its card."""
    monkeypatch.setattr(model_registry, "MODEL_REGISTRY", model_registry.MODEL_REGISTRY.copy())
    monkeypatch.setattr(cards, "MODEL_REGISTRY", model_registry.MODEL_REGISTRY)

    def register(text=CARD, model_id="eeg-elsewhere-linear"):
        path = tmp_path / "card.yaml"
        if text is not None:
            path.write_text(text, encoding="utf-8")
        model_registry.register_model(
            model_id=model_id,
            module_path=__name__,
            class_name="Elsewhere",
            modality="EEG",
            training_dataset="Elsewhere",
            yaml_path=str(path),
        )
        return path

    return register


def test_described(registered, capsys):
    pytest.importorskip("yaml")
    registered()
    described = BERG("/nowhere").describe("eeg-elsewhere-linear")
    text = capsys.readouterr().out
    for fact in ("eeg-elsewhere-linear", "Elsewhere", "With a second paragraph.", "A1, A2", "n_channels: Two"):
        assert fact in text
    assert "Themselves" in text
    assert described["model_info"]["model_architecture"] == "Linear"
    assert described["parameters"]["subject"]["valid_values"] == [1, 2]
    assert described["performance"] == {} and described["example_usage"] is None
    assert list(described["parameters_by_function"]) == ["get_encoding_model"]


def test_described_by_its_class(registered, capsys):
    pytest.importorskip("yaml")
    registered()
    assert Elsewhere(1).describe()["model_id"] == "eeg-elsewhere-linear"
    assert "Elsewhere" in capsys.readouterr().out


def test_encoded(registered, squares):
    registered()
    berg = BERG("/somewhere")
    assert "eeg-elsewhere-linear" in berg.list_models()
    assert berg.get_model_catalog()["EEG"] == ["Elsewhere", "THINGS EEG2"]
    model = berg.get_encoding_model("eeg-elsewhere-linear", subject=2, gain=3)
    responses, metadata = berg.encode(model, squares, return_metadata=True)
    assert np.array_equal(responses, squares.mean(axis=(2, 3))[:, :2] * 3)
    assert metadata == {"berg_dir": "/somewhere", "subject": 2}
    assert berg.get_model_metadata("eeg-elsewhere-linear", subject=1)["subject"] == 1


def test_a_card_of_json_needs_no_yaml(registered, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "yaml", None)
    registered(json.dumps({"model_id": "eeg-elsewhere-linear", "description": "short"}))
    described = BERG("/nowhere").describe("eeg-elsewhere-linear")
    assert described["description"] == "short" and described["parameters"] == {}
    assert "short" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["- a\n- list", "a: [", "text", ""])
def test_a_card_that_is_none(registered, text):
    path = registered(text)
    with pytest.raises(ModelLoadError, match=f"^Failed to load card: {path}: ") as caught:
        BERG("/nowhere").describe("eeg-elsewhere-linear")
    assert "\n" not in str(caught.value)


def test_without_yaml_the_message_says_so(registered, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)
    registered()
    with pytest.raises(ModelLoadError, match="PyYAML"):
        BERG("/nowhere").describe("eeg-elsewhere-linear")


def test_a_card_that_is_not_there(registered):
    path = registered(None)
    with pytest.raises(ModelLoadError, match=f"{path}: No such file"):
        BERG("/nowhere").describe("eeg-elsewhere-linear")


def test_a_model_without_a_card(registered):
    model_registry.register_model("eeg-bare", __name__, "Elsewhere")
    with pytest.raises(ModelNotFoundError, match="eeg-bare"):
        BERG("/nowhere").describe("eeg-bare")
    BERG("/nowhere").get_model_catalog(print_format=True)


def test_another_class_for_one_of_ours_brings_its_card(registered, capsys):
    pytest.importorskip("yaml")
    registered(model_id="eeg-things_eeg_2-vit_b_32")
    BERG("/nowhere").describe("eeg-things_eeg_2-vit_b_32")
    assert "Someone else" in capsys.readouterr().out
