"""Copies and pickles of models: made of the arguments, loaded where the original was."""

import copy
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

from berg.core.model_registry import get_model_class
from sibling_models import MODELS

MODEL = "fmri-things_fmri_1-vit_b_32"
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
    squares = squares[:1]
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


def test_a_pickle_is_small_and_holds_whole_paths(load, images, small_berg_dir, backbone_files, monkeypatch, tmp_path):
    """It is sent to each of thousands of tasks, which run in folders of their own."""
    from berg import BERG

    monkeypatch.chdir(small_berg_dir.parent)
    backbone = os.path.relpath(backbone_files["safetensors"])
    marks = np.random.default_rng(3).integers(0, 2, 600)
    berg = BERG(berg_dir=small_berg_dir.name)
    for selection in (None, {"roi": ["V1"]}, {"voxel_index": marks}, "V1 + V2"):
        model = berg.get_encoding_model(MODEL, subject=1, selection=selection, backbone=backbone, cache="kept")
        sent = pickle.dumps(model)
        assert len(sent) < 2000
        monkeypatch.chdir(tmp_path)
        other = pickle.loads(sent)
        assert np.array_equal(other.selected_voxels, model.selected_voxels)
        assert other.berg_dir == str(small_berg_dir) and other.cache == str(small_berg_dir.parent / "kept")
        monkeypatch.chdir(small_berg_dir.parent)
    model = load({"voxel_index": np.repeat([1, 0, 1], 200)})
    assert len(pickle.dumps(model)) < 1000
    assert np.array_equal(
        again(model).generate_response(images[:1], show_progress=False),
        model.generate_response(images[:1], show_progress=False),
    )


def test_errors_come_back_whole(load_sibling, tmp_path):
    """From a worker whose machine lacks the files."""
    from berg.core.exceptions import ModelLoadError

    model = load_sibling("eeg", {"channels": ["Oz"]})
    model.berg_dir = str(tmp_path / "not here")
    sent = pickle.dumps(model)
    with pytest.raises(ModelLoadError) as caught:
        pickle.loads(sent)
    back = pickle.loads(pickle.dumps(caught.value))
    assert str(back) == str(caught.value) and "not here" in str(back) and "No such file" in str(back)
    assert back.file == caught.value.file


def test_a_store_is_opened_where_it_lies(load, images, monkeypatch, tmp_path):
    import berg

    monkeypatch.chdir(tmp_path)
    store = berg.score(load(), images[:2], "s.scores", show_progress=False)
    sent, expected = pickle.dumps(store), store.scores()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert len(sent) < 2000 and np.array_equal(pickle.loads(sent).scores(), expected)


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
