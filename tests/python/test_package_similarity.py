"""berg.rsm and berg.rsa: what the program gives, as arrays and dicts."""
import subprocess

import numpy as np
import pytest

import berg

MODEL = "fmri-things_fmri_1-vit_b_32"


@pytest.fixture(scope="module")
def store(build_dir, small_berg_dir, tmp_path_factory):
    path = tmp_path_factory.mktemp("similarity") / "store"
    subprocess.run([build_dir / "tests/make_store", path, small_berg_dir, MODEL, "1,2", "50", "1"], check=True)
    return berg.ScoreStore(path)


def test_a_matrix_and_several(store, small_berg_dir, tmp_path):
    matrix = berg.rsm(store, "V1", berg_dir=small_berg_dir, subject=1)
    assert matrix.shape == (50, 50) and matrix.dtype == np.float32 and (np.diag(matrix) == 1).all()
    both = berg.rsm(store.path, ["V1", "IT"], berg_dir=small_berg_dir, subject="1", distance=True, dtype="float64")
    assert list(both) == ["V1", "IT"]
    np.testing.assert_allclose(1 - both["V1"], matrix, atol=1e-7)
    report = berg.rsm(store, "V1", tmp_path / "m.npy", berg_dir=small_berg_dir, subject=1)
    assert (np.load(tmp_path / "m.npy") == matrix).all() and (tmp_path / "m.json").exists()
    assert report["regions"][0]["images_without_pattern"] == 0 and report["images"] == 50
    with pytest.raises(FileExistsError):
        berg.rsm(store, "V1", tmp_path / "m.npy", berg_dir=small_berg_dir, subject=1)


def test_images_by_name_and_row(store, small_berg_dir):
    whole = berg.rsm(store, "IT", berg_dir=small_berg_dir, subject=2)
    part = berg.rsm(store, "IT", berg_dir=small_berg_dir, subject=2, images=["image-000007.jpg", 3, np.int64(9)])
    np.testing.assert_allclose(part, whole[np.ix_([7, 3, 9], [7, 3, 9])], atol=1e-6)
    for wrong in ([1.5, 2], [-1, 2], [True, 2], [1, 50]):
        with pytest.raises(berg.core.exceptions.InvalidParameterError):
            berg.rsm(store, "IT", berg_dir=small_berg_dir, subject=2, images=wrong)


def test_sides_of_every_kind(store, small_berg_dir, tmp_path):
    d = berg.rsm(store, "V1", berg_dir=small_berg_dir, subject=1, form="condensed", dtype="f8")
    np.save(tmp_path / "d.npy", d)
    sides = ["V1", (2, "V1"), {"subject": 2, "roi": "IT", "model_id": MODEL}, d, tmp_path / "d.npy"]
    found = berg.rsa(store, sides, berg_dir=small_berg_dir, subject=1, bootstraps=20, permutations=20)
    assert found["values"].shape == (5, 5) and found["images"] == 50
    np.testing.assert_allclose(found["values"][0, 3:], 1, rtol=1e-12)
    np.testing.assert_allclose(found["values"][1, 3], found["values"][0, 1], rtol=1e-9)
    assert found["comparisons"][0]["bootstraps"]["samples"] == 20 and found["ceilings"][0]["subjects"] == 2
    with pytest.raises(berg.core.exceptions.InvalidParameterError, match="sides: expected"):
        berg.rsa(store, ["V1", 7], berg_dir=small_berg_dir, subject=1)
    with pytest.raises(berg.core.exceptions.InvalidParameterError, match="two sides"):
        berg.rsa(store, ["V1"], berg_dir=small_berg_dir, subject=1)
