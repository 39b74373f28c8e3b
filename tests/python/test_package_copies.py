"""Copies and pickles of models: made of the arguments, loaded where the original was."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

from berg.core.model_registry import get_model_class
from sibling_models import MODELS

SELECTIONS = {
    "nsd": {"roi": ["V1v", "OVWFA"]},
    "eeg": {"channels": ["Oz", "Cz", "Oz"], "timepoints": np.arange(140) % 2},
    "meg": {"region": ["Occipital"], "sensor_index": [1] + [0] * 270},
    "tvsd": {"roi": []},
}
OPTIONS = {"meg": {"train_splits": "single"}, "tvsd": {"train_split": "split2"}}


def again(model):
    return pickle.loads(pickle.dumps(model))


def same(ours, theirs):
    ours, theirs = (value if isinstance(value, tuple) else (value,) for value in (ours, theirs))
    return all(a.shape == b.shape and np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("key", MODELS)
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, again])
def test_a_loaded_model(load_sibling, squares, key, copied):
    model = load_sibling(key, SELECTIONS[key], threads=1, batch=2, memory="8G", **OPTIONS.get(key, {}))
    other = copied(model)
    assert other is not model and type(other) is type(model) and other.model is not model.model
    responses = model.generate_response(squares, show_progress=False)
    model.cleanup()
    assert same(other.generate_response(squares, show_progress=False), responses)
    names = ("subject", "device", "threads", "batch", "memory", "backbone", "berg_dir", "precision", "train_splits")
    kept = {name: getattr(model, name) for name in names if name != "device" and hasattr(model, name)}
    assert kept == {name: getattr(other, name) for name in kept}


def test_the_first_model(load, images):
    model = load({"roi": ["V2", "V1"], "voxel_index": np.arange(600) < 9}, subject=1, min_noise_ceiling=10)
    other = copy.deepcopy(model)
    assert np.array_equal(other.selected_voxels, model.selected_voxels)
    assert np.array_equal(
        other.generate_response(images, show_progress=False), model.generate_response(images, show_progress=False)
    )
    assert len(other.selected_voxels) < 600 and other.selected_rois == ["V2", "V1"]


def test_a_model_that_is_not_loaded_stays_so():
    model = get_model_class(MODELS["eeg"].model_id)(3, selection={"channels": []}, berg_dir="/nonexistent")
    for other in (copy.deepcopy(model), again(model)):
        assert other.model is None and other.subject == 3
        assert other._arguments()["selection"] == {"channels": []}


def test_after_cleanup_what_was_asked_for_is_asked_again(load_sibling):
    model = load_sibling("eeg")
    assert model.device == "cpu"
    model.cleanup()
    assert model.device == "auto" and copy.deepcopy(model).device == "auto"


def test_the_original_keeps_its_arguments(load_sibling):
    """A copy is not changed by what is done with the lists of the original."""
    selection = {"channels": ["Oz", "Cz"]}
    model = load_sibling("eeg", selection)
    selection["channels"].append("nonsense")
    assert again(model).outputs[0].axes[1].labels == ["Oz", "Cz"]


def test_files_that_are_gone_fail_as_in_loading(load_sibling, tmp_path, siblings_dir):
    from berg.core.exceptions import ModelLoadError

    model = load_sibling("eeg", {"channels": ["Oz"]})
    model.berg_dir = str(tmp_path)
    with pytest.raises(ModelLoadError, match=r"metadata_subject-01\.npy"):
        copy.deepcopy(model)


def test_in_another_process(load_sibling, squares, build_dir, tmp_path):
    model = load_sibling("eeg", {"channels": ["Oz"]})
    (tmp_path / "model").write_bytes(pickle.dumps(model))
    np.save(tmp_path / "images.npy", squares)
    script = (
        "import pickle, sys, numpy as np\n"
        f"sys.path.insert(0, {str(build_dir / 'python')!r})\n"
        "model = pickle.load(open(sys.argv[1] + '/model', 'rb'))\n"
        "images = np.load(sys.argv[1] + '/images.npy')\n"
        "np.save(sys.argv[1] + '/responses.npy', model.generate_response(images, show_progress=False))\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
    expected = model.generate_response(squares, show_progress=False)
    assert np.array_equal(np.load(tmp_path / "responses.npy"), expected)
