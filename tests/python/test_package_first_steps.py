"""What someone meets in Python who has nothing yet: each message says what to type."""
import re
import shlex

import numpy as np
import pytest
from berg.core.exceptions import InvalidParameterError, ModelLoadError, ModelNotFoundError, StimulusError

import berg
from berg import BERG

NAME = "fmri-things_fmri_1-vit_b_32"


def test_no_folder_of_models(monkeypatch):
    monkeypatch.delenv("BERG_DIR", raising=False)
    with pytest.raises(ModelLoadError, match=f"no berg directory is named, .*to have one: berg fetch {NAME} --subject 1 --backbone --berg-dir models"):
        BERG().get_encoding_model(NAME, subject=1)
    with pytest.raises(TypeError, match='Give berg_dir="models", say, or set BERG_DIR'):
        berg.fetch(NAME, subject=1)
    monkeypatch.setenv("BERG_DIR", "elsewhere")
    assert BERG().berg_dir == "elsewhere" and BERG("here").berg_dir == "here"


def test_a_folder_without_models(tmp_path):
    with pytest.raises(ModelLoadError) as caught:
        BERG(tmp_path).get_encoding_model(NAME, subject=1)
    command = shlex.split(str(caught.value).split("; download it: ")[1])
    assert command[:5] == ["berg", "fetch", NAME, "--subject", "1"] and command[-2:] == ["--berg-dir", str(tmp_path)]


@pytest.mark.parametrize("name, told", [
    ("fmri-things_fmri_1-vit_b32", f", did you mean {NAME}?"), ("nsd", ", did you mean fmri-nsd_fsaverage-vit_b_32?"), ("gpt", "; known are: eeg")])
def test_a_model_that_is_not_known(name, told):
    with pytest.raises(ModelNotFoundError, match=re.escape(f"Model '{name}' not found{told}")):
        BERG("x").get_encoding_model(name, subject=1)


def test_no_subject():
    with pytest.raises(TypeError, match=re.escape(f"One of [1, 2, 3]: get_encoding_model('{NAME}', subject=1)")):
        BERG("x").get_encoding_model(NAME)


@pytest.mark.parametrize("stimulus, told", [
    ("photo.jpg", "transpose(2, 0, 1)[None]"), (np.zeros((3, 4, 5), np.uint8), "one image is stimulus[None]"),
    (np.zeros((4, 5, 3), np.uint8), "one image is stimulus.transpose(2, 0, 1)[None]"),
    (np.zeros((1, 3, 4, 5)), "are (255 * stimulus).round().astype('uint8')")])
def test_images_in_other_forms(whole_model, stimulus, told):
    with pytest.raises(StimulusError, match=re.escape(told)):
        BERG("x").encode(whole_model, stimulus)


def test_what_is_no_model():
    with pytest.raises(InvalidParameterError, match="expected what get_encoding_model returns, found str"):
        BERG("x").encode("x", np.zeros((1, 3, 4, 5), np.uint8))
