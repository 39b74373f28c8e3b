"""berg.encode_trials: simulated single trials as arrays and files, the same as the program's."""
import subprocess

import numpy as np
import pytest

import berg
from berg import BERG
from berg.core.exceptions import InvalidParameterError, ModelLoadError

MODEL = "fmri-things_fmri_1-vit_b_32"


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(4).integers(0, 256, (3, 3, 224, 224), np.uint8)


@pytest.fixture(scope="module")
def model(small_berg_dir, backbone_files):
    with BERG(small_berg_dir).get_encoding_model(MODEL, subject=1, backbone=backbone_files["safetensors"],
                                                 selection={"roi": ["V1"]}) as model:
        yield model


def test_arrays_files_and_the_program_give_the_same(model, images, small_berg_dir, backbone_files, berg_program, tmp_path):
    trials = berg.encode_trials(model, images, trials=4, seed=2**64 - 1, mode="prediction", common=0.25, average=3, show_progress=False)
    columns = model.outputs[0].columns
    assert trials.shape == (3, 4, columns) and trials.dtype == np.float32
    path = tmp_path / "trials.npy"
    assert BERG(small_berg_dir).encode_trials(model, images, 4, 2**64 - 1, "prediction", common=0.25, average=3, out=path,
                                              show_progress=False) == path
    np.save(tmp_path / "images.npy", images)
    subprocess.run([berg_program, "encode", MODEL, "--subject", "1", "--berg-dir", small_berg_dir, "--backbone",
                    backbone_files["safetensors"], "--roi", "V1", "--trials", "4", "--seed", str(2**64 - 1), "--mode", "prediction",
                    "--common", "0.25", "--average", "3", tmp_path / "images.npy", "-o", tmp_path / "program.npy"],
                   check=True, capture_output=True)
    assert np.load(path).tobytes() == trials.tobytes() == np.load(tmp_path / "program.npy").tobytes()


def test_defaults_are_one_complete_trial(model, images):
    assert np.array_equal(berg.encode_trials(model, images), model.generate_trials(images, 1, 0, "complete"))
    assert berg.encode_trials(model, images).shape[1] == 1
    assert not np.array_equal(berg.encode_trials(model, images, seed=1), berg.encode_trials(model, images))


def test_units_that_cannot_be_as_measured_are_logged(model, images, caplog):
    berg.encode_trials(model, images)
    assert "columns vary more than their noise ceilings leave signal for" in caplog.text


@pytest.mark.parametrize("arguments, message", [
    ({"trials": 0}, "trials of each image: expected 1 to 100,000, found 0"),
    ({"trials": -1}, "trials: expected a whole number from 0 up, found -1"),
    ({"seed": 2**64}, "seed: expected a whole number from 0 to 2"),
    ({"seed": 1.5}, "seed: expected a whole number from 0 to 2"),
    ({"mode": "full"}, "mode of the trials: expected complete, prediction, signal or matched, found full"),
    ({"mode": 3}, "mode: expected a str, found 3"),
    ({"common": float("nan")}, "noise in common: expected a share, 0 to 1, found nan"),
    ({"average": 0}, "average of the trials: expected 1 to 10,000,000, found 0"),
    ({"out": np.zeros(3)}, "out: expected a path, found ndarray"),
])
def test_parameters_that_make_no_sense(model, images, arguments, message):
    with pytest.raises(InvalidParameterError, match=message):
        berg.encode_trials(model, images, **arguments)


def test_a_model_is_needed(images):
    with pytest.raises(InvalidParameterError, match="model: expected one that get_encoding_model returned, found str"):
        berg.encode_trials(MODEL, images)


def test_a_model_that_is_not_loaded(model, images):
    copy = type(model)(**model._arguments())
    with pytest.raises(ModelLoadError, match="not loaded"):
        berg.encode_trials(copy, images)
