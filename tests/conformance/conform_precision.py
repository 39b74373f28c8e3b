"""The price of bf16 and int8 in brain space: subjects fitted to the backbone's own features, with and without outlier channels."""
import json
import os
import pathlib
import subprocess

import numpy as np
import pytest

import make_subject
import vit_oracle as oracle
from synthetic_images import synthetic_images
from write_state_dict import write_safetensors

MODEL = "fmri-things_fmri_1-vit_b_32"
VOXELS, COMPONENTS, TRAINING, TEST = 4000, 250, 300, 60
LIMITS = {"bf16": (0.9999, 0.999), "int8": (0.9995, 0.995)}


def all_fitted(z, components, rng):
    """As make_subject.fit_pca, but with every component from the features."""
    eigenvalues, vectors = np.linalg.eigh((z @ z.T).astype(np.float64))
    largest = np.argsort(eigenvalues)[::-1][:components]
    rows = (vectors[:, largest] / np.sqrt(eigenvalues[largest])).T.astype(np.float32) @ z
    scores = z @ rows.T
    parameters, _ = make_subject_fit(z[:components // 8], components, rng)
    parameters.update(components_=rows, mean_=np.zeros(z.shape[1], np.float32))
    return parameters, scores.std(axis=0, ddof=1, dtype=np.float64)


make_subject_fit = make_subject.fit_pca


@pytest.fixture(scope="module", params=["outliers", "plain"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def source(kind, backbone, tmp_path_factory):
    weights = dict(backbone)
    for name, value in backbone.items():
        if kind == "plain" and name.endswith(("ln_1.weight", "ln_2.weight")):
            weights[name] = np.where(np.abs(value) > 5, value / 12, value).astype(np.float32)
    path = tmp_path_factory.mktemp(kind) / "vit.safetensors"
    write_safetensors(path, weights)
    yield path
    path.unlink()


@pytest.fixture(scope="module", params=["fitted", "half random"])
def berg_dir(request, kind, source, library, small_berg_dir, tmp_path_factory):
    count = TRAINING if request.param == "fitted" else 24
    features = library("features", synthetic_images(count, 1, 256, 256), berg_dir=small_berg_dir, backbone=source)
    features = features.reshape(count, oracle.FEATURES)
    folder = tmp_path_factory.mktemp("subject")
    patch = pytest.MonkeyPatch()
    patch.setattr(make_subject, "training_features", lambda *_: features)
    if request.param == "fitted":
        patch.setattr(make_subject, "fit_pca", all_fitted)
    make_subject.make_subject(folder, 1, voxels=VOXELS, components=COMPONENTS)
    patch.undo()
    yield request.param, folder
    for path in folder.rglob("weights*"):
        path.unlink()


def test_price_in_brain_space(kind, source, berg_dir, build_dir, tmp_path):
    title, folder = berg_dir
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    images = tmp_path / "images.npy"
    np.save(images, synthetic_images(TEST, 2, 256, 256))
    metadata = pathlib.Path(folder) / oracle.MODEL_FOLDER / "metadata" / "metadata_sub-01.npy"

    def berg(*arguments):
        return subprocess.run([build_dir / "berg", *map(str, arguments)], env=environment, capture_output=True, text=True)
    for precision in ("f32", *LIMITS):
        done = berg("encode", MODEL, "--subject", 1, "--berg-dir", folder, "--backbone", source, images, "--strict",
                    "--no-cache", "--precision", precision, "-o", tmp_path / f"{precision}.h5")
        assert done.returncode == 0, done.stderr
    for precision, (mean, least) in LIMITS.items():
        done = berg("compare", tmp_path / "f32.h5", tmp_path / f"{precision}.h5", "--metadata", metadata,
                    "--min-correlation", mean, "--min-voxel-correlation", least)
        print(f"\n{kind}, {title}, {precision}:\n{done.stdout}")
        report = berg("compare", tmp_path / "f32.h5", tmp_path / f"{precision}.h5", "--metadata", metadata, "--json", "-")
        assert report.returncode in (0, 8) and (not report.stdout or json.loads(report.stdout))
        assert done.returncode == 0, done.stdout + done.stderr
