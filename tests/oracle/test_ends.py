"""Whoever asks a store, opens a model or writes a file can end it at every place where the library looks, and it looks often."""
import subprocess

import numpy as np
import pytest

import scores

IMAGES = 300


@pytest.fixture(scope="module")
def store(build_dir, small_berg_dir, tmp_path_factory):
    return scores.make_store(build_dir, tmp_path_factory.mktemp("ends") / "store", small_berg_dir, "1,2,3", IMAGES)


@pytest.mark.parametrize("least, question", [
    (80, ["rsa", "pearson", "correlation", 64, 64, 0, 0]), (18, ["rsa", "pearson", "euclidean", 2, 2, 1, 0]),
    (20, ["rsa", "spearman", "correlation", 3, 0, 0, 0]), (13, ["rsa", "kendall", "correlation", 0, 0, 0, 0]),
    (12, ["rsa", "spearman", "correlation", 0, 0, 0, 1]), (10, ["rsa", "pearson", "correlation", 0, 0, 0, 0, "matrix.npy"]),
    (7, ["contrast"]), (5, ["rank"]), (5, ["rsm", "rsm.npy"]), (10, ["control", 0]), (60, ["control", 1]),
    (50, ["model", "backbone", "bf16"]), (80, ["convert", "out.safetensors", "backbone"]), (80, ["convert", "out.pth", "backbone"]),
    (100, ["convert", "out.safetensors", "backbone", "bf16"]), (9, ["volume", "out.nii.gz", "to"]), (9, ["volume", "out.nii", "to"]),
    (4, ["volume", "out.npy", "from", "volume.nii.gz"]), (3, ["volume", "out.nii.gz", "stack"]), (1, ["plot"]), pytest.param(100, ["model", "backbone", "int8"], marks=pytest.mark.long)],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, list) else "")
def test_a_yes_at_each_place_is_the_end(build_dir, store, small_berg_dir, backbone_files, tmp_path, least, question):
    """Without a result; `least` such places are there."""
    square = np.random.default_rng(2).random((IMAGES, IMAGES))
    np.save(tmp_path / "matrix.npy", square + square.T)
    if "from" in question:
        nibabel = pytest.importorskip("nibabel")
        nibabel.save(nibabel.Nifti1Image(np.zeros((90, 90, 90, 4), np.float32), np.eye(4)), tmp_path / "volume.nii.gz")
    question = [backbone_files["safetensors"] if word == "backbone" else str(word) for word in question]
    done = subprocess.run([build_dir / "tests/cancelled", store, small_berg_dir, *question], cwd=tmp_path, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= least, done.stdout
    assert {path.name for path in tmp_path.iterdir()} <= {"matrix.npy", "volume.nii.gz"}
