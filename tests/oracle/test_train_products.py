"""Training without a Gram matrix, through the program: the components of the one with it, killed and resumed."""
import os
import shutil

import numpy as np
import pytest

import moments
from test_train import prepared, trained, work_of  # noqa: F401: fixtures


@pytest.mark.parametrize("kills", [1, pytest.param(8, marks=pytest.mark.long)])
def test_eigenvectors_by_products(trained, tmp_path, kills):
    """The components of the Gram matrix to float32's rounding, the same bytes after a kill, another run's to the Gram matrix."""
    place = trained.copy(tmp_path, work=True)
    options = ["--resume", "--keep-work", "--eigenvectors", "products"]
    calls = moments.count(place.command(*options), tmp_path / "calls")
    found, expected, whole = place.weights(), trained.weights(), place.path().read_bytes()
    for key in ("components_", "explained_variance_", "singular_values_"):
        scale = np.abs(expected["pca_param"][key]).max()
        assert np.abs(found["pca_param"][key] - expected["pca_param"][key]).max() <= 1e-6 * scale, key
    scale = np.abs(expected["reg_param"]["coef_"]).max()
    assert np.abs(found["reg_param"]["coef_"] - expected["reg_param"]["coef_"]).max() <= 1e-5 * scale
    for call in np.random.default_rng(int.from_bytes(os.urandom(4), "little")).integers(1, calls + 1, kills):
        print(call, "of", calls)
        shutil.rmtree(place.folder / "encoding_models")
        shutil.rmtree(place.folder / "work")
        shutil.copytree(trained.folder / "kept", place.folder / "work")
        moments.killed(place.command(*options), call)
        if work_of(place) or not place.path().exists():
            place.train(*options)
        assert place.path().read_bytes() == whole
    assert not list((place.folder / "work").glob("*.space-*"))


def test_the_plan_says_how_eigenvectors_are_found(trained, tmp_path):
    place = trained.copy(tmp_path)
    assert "eigenvectors: by products" in place.train("--dry-run", "--eigenvectors", "products")
    assert "eigenvectors: by" not in place.train("--dry-run")
    assert "eigenvectors 'qr' are not known: expected gram or products" in place.train("--eigenvectors", "qr", status=2)
