"""From raw data to a model in Python alone, on a data set of a few images; what the numbers are is tested in tests/oracle."""

import json
import os
import shutil

import numpy as np
import pytest

import berg
from berg import BERG
from berg.core.exceptions import BERGError, IncompleteError, InvalidParameterError, ResourceError, StimulusError

QUIET = {"show_progress": False}


@pytest.fixture(scope="module")
def trained(tmp_path_factory, model_id, backbone_files):
    """(raw, berg_dir, report of training, report of evaluation) of subject 1."""
    folder = tmp_path_factory.mktemp("training")
    raw, berg_dir = folder / "raw", folder / "models"
    berg.simulate(
        raw, concepts=3, images_per_concept=4, test_images=4, sessions=4, voxels=400, image_size=64, **QUIET
    )
    berg.prepare(raw, berg_dir=berg_dir, subject=1, **QUIET)
    choices = {"berg_dir": berg_dir, "images": raw / "images", "backbone": backbone_files["safetensors"], **QUIET}
    training = berg.train(model_id, components=4, **choices)
    return raw, berg_dir, training, berg.evaluate(model_id, **choices)


def test_the_model_encodes(trained, model_id, backbone_files):
    _, berg_dir, _, _ = trained
    way_in = BERG(berg_dir=berg_dir)
    model = way_in.get_encoding_model(model_id, subject=1, backbone=backbone_files["safetensors"])
    images = np.random.default_rng(3).integers(0, 256, (2, 3, 64, 64), dtype=np.uint8)
    responses, metadata = way_in.encode(model, images, return_metadata=True, show_progress=False)
    assert responses.shape == (2, 400) and np.isfinite(responses).all()
    for key in ("correlation_results", "noise_ceiling_testset", "percent_noise_ceiling", "splithalf_corrected"):
        assert metadata["encoding_model"][key].shape == (400,)


def test_reports_are_dicts(trained):
    _, _, training, evaluation = trained
    assert isinstance(training, dict) and isinstance(evaluation, dict)
    json.dumps([training, evaluation])


def test_the_plan_computes_nothing(trained, model_id, backbone_files):
    raw, berg_dir, _, _ = trained
    before = sorted(os.listdir(berg_dir))
    plan = berg.train(
        model_id,
        berg_dir=berg_dir,
        images=raw / "images",
        backbone=backbone_files["safetensors"],
        components=4,
        force=True,
        plan_only=True,
    )
    assert isinstance(plan, dict) and sorted(os.listdir(berg_dir)) == before


def test_too_little_memory(trained, model_id, backbone_files):
    raw, berg_dir, _, _ = trained
    with pytest.raises(ResourceError):
        berg.train(
            model_id,
            berg_dir=berg_dir,
            images=raw / "images",
            backbone=backbone_files["safetensors"],
            components=4,
            memory="10M",
            force=True,
            **QUIET,
        )


def test_a_model_that_is_there_stays(trained, model_id, backbone_files):
    raw, berg_dir, _, _ = trained
    with pytest.raises(FileExistsError):
        berg.train(
            model_id, berg_dir=berg_dir, images=raw / "images", backbone=backbone_files["safetensors"], components=4, **QUIET
        )


def test_stages_are_told(trained, tmp_path, tqdm):
    raw, _, _, _ = trained
    berg.prepare(raw, berg_dir=tmp_path, subject=1)
    assert tqdm and all(bar.closed for bar in tqdm) and tqdm[-1].n == tqdm[-1].total > 0


@pytest.mark.parametrize("memory", ["4 apples", "G", "-1"])
def test_memory_that_is_no_size(trained, tmp_path, memory):
    with pytest.raises(ValueError, match="memory"):
        berg.prepare(trained[0], berg_dir=tmp_path, subject=1, memory=memory)


def test_ctrl_c_stops(trained, tmp_path, monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        berg._berg.prepare(trained[0], tmp_path, 1, progress=interrupt)


# --- Matrices in memory ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def matrices():
    rng = np.random.default_rng(11)
    features = rng.normal(size=(60, 8)) @ rng.normal(size=(8, 30)) + 0.1 * rng.normal(size=(60, 30)) + 5
    responses = features @ rng.normal(size=(30, 7)) + rng.normal(size=(60, 7))
    return features, responses


def test_fit_predicts_and_saves(matrices, tmp_path):
    features, responses = matrices
    fit = berg.fit(features, responses, components=8)
    assert fit.components_.shape == (8, 30) and fit.coef_.shape == (7, 8) and fit.alpha_ is None
    predicted = fit.predict(features)
    assert predicted.dtype == np.float32 and berg.correlate(predicted, responses).min() > 0.9

    scaler, pca = fit.parameters["scaler_param"], fit.parameters["pca_param"]
    scores = ((features - scaler["mean_"]) / scaler["scale_"] - pca["mean_"]) @ pca["components_"].T
    np.testing.assert_allclose(predicted, scores @ fit.coef_.T + fit.intercept_, atol=1e-4 * np.abs(responses).max())

    path = fit.save(tmp_path / "fit.npy")
    saved = np.load(path, allow_pickle=True).item()
    np.testing.assert_array_equal(saved["reg_param"]["coef_"], fit.coef_)
    with pytest.raises(FileExistsError):
        fit.save(path)


def test_fit_takes_what_numpy_takes(matrices):
    features, responses = matrices
    expected = berg.fit(features, responses, components=5).coef_
    for odd in (np.asfortranarray(features), features.astype(">f8"), features.tolist(), features[::-1][::-1]):
        np.testing.assert_array_equal(berg.fit(odd, responses, components=5).coef_, expected)


def test_ridge_picks_an_alpha_for_each_voxel(matrices):
    features, responses = matrices
    fit = berg.fit(features, responses, components=8, ridge=True, alphas=[0.1, 10, 1000], alpha_per_voxel=True)
    assert set(fit.alpha_) <= {0.1, 10, 1000} and fit.alpha_.shape == (7,)


@pytest.mark.parametrize(
    "choice, error",
    [
        ({"components": 31}, InvalidParameterError),
        ({"ridge": True, "alphas": [-1.0]}, InvalidParameterError),
        ({"ridge": True, "folds": 1}, InvalidParameterError),
    ],
)
def test_fit_refuses(matrices, choice, error):
    with pytest.raises(error):
        berg.fit(*matrices, **{"components": 5, **choice})


def test_fit_refuses_what_is_not_finite(matrices):
    features, responses = (matrix.copy() for matrix in matrices)
    features[3, 4] = np.nan
    with pytest.raises(StimulusError):
        berg.fit(features, responses, components=5)
    with pytest.raises(InvalidParameterError):
        berg.fit(matrices[0][:-1], responses, components=5)


def test_correlate_is_pearsons(matrices):
    features, responses = matrices
    other = features[:, :7]
    expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(other.T, responses.T)]
    np.testing.assert_allclose(berg.correlate(other, responses), expected, atol=1e-12)
    flat = other.copy()
    flat[:, 2] = 1
    r = berg.correlate(flat, responses)
    assert np.isnan(r[2]) and np.isfinite(np.delete(r, 2)).all()


def test_reliability_of_pure_signal_and_pure_noise():
    rng = np.random.default_rng(5)
    signal = rng.normal(size=(1, 40, 1)).repeat(6, axis=0)
    noise = rng.normal(size=(6, 40, 1))
    result = berg.reliability(np.concatenate([signal, noise], axis=2))
    assert result["noise_ceiling_testset"][0] == pytest.approx(100)
    assert result["splithalf_uncorrected"][0] == pytest.approx(1)
    assert result["noise_ceiling_singletrial"][1] < 20
    with pytest.raises(ValueError, match="dimensions"):
        berg.reliability(noise[0])


def test_a_sibling_from_simulation_to_a_quarters_accuracy(tmp_path, backbone_files):
    meg, folder = "meg-things_meg_1-vit_b_32", tmp_path / "berg"
    berg.simulate_prepared(
        meg, folder, 2, units=5, times=4, concepts=4, images_per_concept=4, test_images=6, repeats=3, image_size=48, **QUIET
    )
    choices = {"berg_dir": folder, "images": folder / "images", "subject": 2, "backbone": backbone_files["safetensors"], **QUIET}
    training = {key: value for key, value in choices.items() if key != "subject"}
    berg.train(meg, subject=2, features="class-token", components=3, train_splits="all,split2", **training)
    report = berg.evaluate(meg, train_splits="split2", **choices)
    assert report["trained_on"] == "single_training_split_2" and (report["images"], report["repeats"]) == (6, 3)
    (path,) = folder.glob("encoding_models/*/*/*/metadata/metadata_P2.npy")
    found = np.load(path, allow_pickle=True).item()["encoding_model"]
    assert found["single_training_split_2"]["correlation_results"].shape == (5, 4)
    assert "correlation_results" not in found["all_training_splits"]
    with pytest.raises(InvalidParameterError):
        berg.evaluate(meg, train_splits="single", **choices)
    with pytest.raises(InvalidParameterError):
        berg.simulate_prepared("fmri-things_fmri_1-vit_b_32", tmp_path / "raw", **QUIET)


def test_stages_in_shards_are_one_training(trained, model_id, tmp_path, backbone_files):
    raw, berg_dir, _, _ = trained
    own = tmp_path / "berg"
    shutil.copytree(berg_dir / "model_training_datasets", own / "model_training_datasets")
    choices = {"berg_dir": own, "images": raw / "images", "backbone": backbone_files["safetensors"], "components": 4, **QUIET}
    with pytest.raises(BERGError, match="stage gram needs features"):
        berg.train(model_id, stage="gram", **choices)
    report = berg.train(model_id, stage="features", shard=(2, 2), scratch=tmp_path / "scratch", **choices)
    assert report["shard"] == {"stage": "features", "shard": 2, "shards": 2, "units": 6, "computed": 6}
    with pytest.raises(IncompleteError, match=r"--array=1\b") as told:
        berg.train(model_id, merge="features", shards=2, **choices)
    assert told.value.report["merge"]["shards"] == [1]
    berg.train(model_id, stage="features", shard=(1, 2), **choices)
    assert berg.train(model_id, merge="features", shards=2, **choices)["merge"]["shards"] == []
    berg.train(model_id, resume=True, **choices)
    [made], [expected] = (list(folder.rglob("weights_sub-01.npy")) for folder in (own, berg_dir))
    assert made.read_bytes() == expected.read_bytes()
    parts = {**{name: choices[name] for name in ("berg_dir", "images", "backbone")}, **QUIET}
    berg.evaluate(model_id, shard=(1, 2), **parts)
    with pytest.raises(IncompleteError, match="run again: --array=2") as told:
        berg.evaluate(model_id, merge=2, **parts)
    assert told.value.report["missing"] == [2] and told.value.report["array"] == "2"
