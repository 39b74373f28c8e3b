"""`berg evaluate` of the four sibling models: its figures against the definitions in float64 NumPy, its files against
upstream's names, and input that does not fit."""
import json
import shutil
import subprocess

import h5py
import numpy as np
import pytest
from PIL import Image

import accuracy
import prepared_siblings
import siblings_oracle
from pixels import square_transform
from prepared_siblings import FLAT, HOLE, IMAGES, PARTS, SILENT, SIZES

KEYS = list(SIZES)
RESULTS = {"nsd": ["model-vit_b_32/lh_betas_test_pred_subject-1.npy", "model-vit_b_32/rh_betas_test_pred_subject-1.npy"],
           "eeg": ["model-vit_b_32/eeg_test_pred_subject-1.npy"],
           "meg": ["vit_b_32/meg_test_pred_P1_{part}.npy"],
           "tvsd": ["vit_b_32/utah_array_test_pred_monkeyN_{part}.npy"]}


@pytest.fixture(scope="module")
def run(berg_program, backbone_files):
    """run(place, ...): berg evaluate."""
    def call(place, *more):
        command = [berg_program, "evaluate", place.model.model_id, "--subject", place.subject, "--images", place.images, "--berg-dir",
                   place.berg_dir, "--backbone", backbone_files["safetensors"], *more]
        return subprocess.run(list(map(str, command)), capture_output=True, text=True)
    return call


def predictions_of(place, part=PARTS[0]):
    folder = place.berg_dir / "results/test_encoding_models" / f"modality-{place.model.modality}" / \
        f"train_dataset-{place.model.dataset}"
    return [folder / name.format(part=part) for name in RESULTS[place.key]]


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory, run):
    """Each model, evaluated once, and its report."""
    made = {}
    for key in KEYS:
        place = prepared_siblings.make(tmp_path_factory.mktemp(key), key)
        done = run(place, "--json", "-", "--threads", 2)
        assert done.returncode == 0, done.stderr
        made[key] = (place, json.loads(done.stdout), done.stderr)
    return made


@pytest.fixture
def fresh(tmp_path, request):
    return prepared_siblings.make(tmp_path, request.param)


def pearson(averaged, predictions):
    return np.array([accuracy.pearson(*pair) for pair in zip(averaged.astype(np.float64).T, predictions.astype(np.float64).T)])


def pooled(trials, shown):
    """Signal-to-noise ratio, and the ceiling of the average of an image's trials in percent: noise is how the trials of
    an image vary, the rest of how all vary is signal."""
    x = trials.astype(np.float64)
    noise = np.mean([x[shown == i].var(axis=0, ddof=1) for i in np.unique(shown)], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        ncsnr = np.sqrt(np.maximum(0, x.var(axis=0, ddof=1) - noise)) / np.sqrt(noise)
        return ncsnr, 100 * (ncsnr ** 2 / (ncsnr ** 2 + 1 / np.sum(shown == 0)))


def share(r, ceiling):
    with np.errstate(invalid="ignore", divide="ignore"):
        percent = 100 * np.maximum(r, 0) ** 2 / (ceiling / 100)
    return np.where(np.isfinite(percent), percent, np.nan)


def agree(found, expected, atol=2e-6):
    assert found.dtype == np.float64
    assert np.array_equal(np.isnan(found), np.isnan(expected))
    assert np.nanmax(np.abs(found - expected)) < atol


@pytest.mark.parametrize("key", ["nsd", "meg", "tvsd"])
def test_predictions_are_those_of_encode_under_upstreams_names(key, evaluated, berg_program, backbone_files, tmp_path):
    place = evaluated[key][0]
    paths = predictions_of(place)
    if key == "nsd":
        with h5py.File(place.images) as file, h5py.File(tmp_path / "tested.h5", "w") as tested:
            tested["images"] = file["imgBrick"][np.array([1, 4, 5, 9, 12, 13])]
        images = [f"{tmp_path / 'tested.h5'}:images"]
    else:
        images = [place.images / concept / stimulus for concept, stimulus in prepared_siblings.names(IMAGES)]
    out = tmp_path / "out.npy"
    subprocess.run(list(map(str, [berg_program, "encode", place.model.model_id, "--subject", place.subject, "--berg-dir",
                                  place.berg_dir, "--backbone", backbone_files["safetensors"], "-q", "-o", out, *images])), check=True)
    for side, path in zip("lr", paths):
        encoded = tmp_path / f"out_{side}h.npy" if key == "nsd" else out
        assert path.read_bytes() == encoded.read_bytes()
        assert path.with_suffix(".json").exists()
    units, times, _ = SIZES[key]
    assert np.load(paths[0]).shape == ((IMAGES, units) if key == "nsd" else (IMAGES, units, times))


def test_eeg_predictions_are_of_images_as_in_training(evaluated, block_outputs):
    """As upstream, which predicts them when it trains: the square in the middle, resized to what the network takes."""
    place = evaluated["eeg"][0]
    images = [Image.open(place.images / "test_images" / concept / stimulus)
              for concept, stimulus in prepared_siblings.names(IMAGES)]
    pixels = np.stack([square_transform(image) for image in images])
    weights = siblings_oracle.load(place.model.weights_path(place.berg_dir, 1))
    features = block_outputs(pixels, np.float32)
    z = siblings_oracle.standardise(weights["scaler_param"], features.reshape(IMAGES, -1))
    scores = siblings_oracle.project(weights["pca_param"], z)
    expected = np.stack([siblings_oracle.regress(weights["reg_param"][f"rep-{r}"], scores, np.arange(20)) for r in (1, 2, 3, 4)],
                        axis=1).reshape(IMAGES, 4, *SIZES["eeg"][:2])
    path, = predictions_of(place)
    found = np.load(path)
    assert path.with_suffix(".json").exists()
    assert found.dtype == np.float32 and found.shape == expected.shape
    assert np.abs(found - expected).max() < 1e-4 * expected.std()


def test_eeg_figures(evaluated):
    place = evaluated["eeg"][0]
    predictions = np.load(predictions_of(place)[0]).reshape(IMAGES, 4, -1)
    found = np.load(place.metadata, allow_pickle=True).item()["encoding_models"]
    units, times, _ = SIZES["eeg"]
    agree(found["correlation_averaged_repetitions"], pearson(place.averaged, predictions.astype(np.float64).mean(axis=1)).reshape(units, times))
    agree(found["correlation_single_repetitions"],
          np.stack([pearson(place.averaged, predictions[:, r]) for r in range(4)]).reshape(4, units, times))
    single = found["correlation_single_repetitions"].reshape(4, -1)
    assert np.isnan(single[:, [FLAT, HOLE, SILENT]]).all() and np.isnan(single).sum() == 12
    assert "noise_ceiling" not in found


@pytest.mark.parametrize("key", ["meg", "tvsd"])
def test_figures_of_single_trials(key, evaluated):
    place = evaluated[key][0]
    units, times, _ = SIZES[key]
    found = np.load(place.metadata, allow_pickle=True).item()["encoding_model"]
    r = pearson(place.averaged, np.load(predictions_of(place)[0]).reshape(IMAGES, -1))
    ncsnr, ceiling = pooled(place.trials, place.shown)
    shaped = (units, times)
    agree(found["ncsnr"], ncsnr.reshape(shaped))
    agree(found["noise_ceiling"], ceiling.reshape(shaped), 2e-4)
    agree(found["all_training_splits"]["correlation_results"], r.reshape(shaped))
    percent = found["all_training_splits"]["percent_noise_ceiling"]
    expected = share(r, ceiling).reshape(shaped)
    assert np.array_equal(np.isnan(percent), np.isnan(expected))
    assert np.allclose(percent, expected, rtol=1e-5, equal_nan=True)
    assert (ceiling == 0).any() and np.isnan(percent.ravel()[ceiling == 0]).all()  # nothing to divide by
    assert np.isnan(ceiling[[FLAT, HOLE]]).all() and not np.isnan(ceiling[SILENT])


@pytest.mark.parametrize("side", (0, 1))
def test_nsd_figures(side, evaluated):
    place = evaluated["nsd"][0]
    found = np.load(place.metadata, allow_pickle=True).item()["encoding_models"]
    name = "lr"[side]
    ncsnr = place.before["fmri"][f"{name}h_ncsnr"].astype(np.float64)
    r = pearson(place.averaged[side], np.load(predictions_of(place)[side]))
    r = np.where(r < 0, 0, r)
    ceiling = ncsnr ** 2 / (ncsnr ** 2 + 1 / 3)
    ceiling[ceiling == 0] = 1e-14
    explained = 100 * (r ** 2 / ceiling)
    explained[explained > 100] = 100
    agree(found[f"{name}h_correlation_nsdcore"], r)
    agree(found[f"{name}h_r2_nsdcore"], r ** 2)
    agree(found[f"{name}h_noise_ceiling_nsdcore"], ceiling)
    expected, got = explained, found[f"{name}h_explained_variance_nsdcore"]
    assert np.array_equal(np.isnan(got), np.isnan(expected)) and np.allclose(got, expected, atol=1e-3, equal_nan=True)
    assert (ceiling == 1e-14).sum() == 4 and np.isnan(ceiling).sum() == 1 and (explained == 100).any()
    assert (r == 0).any() and np.isnan(r[[FLAT, SILENT]]).all()


def test_nsd_keys_are_in_upstreams_order(evaluated):
    """Behind those that were there; test_all_else holds that these are what they were, of NSD-synthetic too."""
    found = np.load(evaluated["nsd"][0].metadata, allow_pickle=True).item()["encoding_models"]
    assert list(found) == list(evaluated["nsd"][0].before["encoding_models"]) + [f"{side}h_{quantity}_nsdcore" for quantity in
                                              ("correlation", "r2", "noise_ceiling", "explained_variance") for side in "lr"]


def same(found, before):
    """Equal and of the same kind, all the way down."""
    assert type(found) is type(before)
    if isinstance(before, dict):
        for name in before:
            same(found[name], before[name])
    elif isinstance(before, np.ndarray):
        assert found.dtype == before.dtype and np.array_equal(found, before, equal_nan=before.dtype.kind == "f")
    else:
        assert found == before


@pytest.mark.parametrize("key", KEYS)
def test_all_else_in_the_metadata_is_as_it_was(key, evaluated):
    place = evaluated[key][0]
    same(np.load(place.metadata, allow_pickle=True).item(), place.before)


@pytest.mark.parametrize("key", KEYS)
def test_report_and_table(key, evaluated):
    place, report, table = evaluated[key]
    assert (report["subject"], report["images"], report["repeats"]) == (place.subject, IMAGES, SIZES[key][2])
    assert report.get("trained_on") == (PARTS[0] if place.model.has_quarters else None)
    paths = [str(path) for path in predictions_of(place)]
    assert report["predictions"] == (paths if len(paths) > 1 else paths[0])
    found = np.load(place.metadata, allow_pickle=True).item()
    found = found.get("encoding_models") or {**found["encoding_model"], **found["encoding_model"]["all_training_splits"]}
    for name, figure in report["figures"].items():
        assert figure["mean"] == pytest.approx(np.nanmean(found[name]))
        assert figure["median"] == pytest.approx(np.nanmedian(found[name]))
        assert figure["without_number"] == np.isnan(found[name]).sum()
        assert name in table and f"{figure['mean']:.3f}" in table


def test_quarters_have_results_of_their_own(tmp_path, run):
    place = prepared_siblings.make(tmp_path, "meg")
    done = run(place, "--train-splits", "all,single", "--json", "-", "--quiet")
    assert done.returncode == 0, done.stderr
    assert [report["trained_on"] for report in json.loads(done.stdout)] == list(PARTS)
    found = np.load(place.metadata, allow_pickle=True).item()["encoding_model"]
    r = [found[part]["correlation_results"] for part in PARTS]
    for part, values in zip(PARTS, r):
        predictions = np.load(predictions_of(place, part)[0]).reshape(IMAGES, -1)
        agree(values, pearson(place.averaged, predictions).reshape(SIZES["meg"][:2]))
    assert len({values.tobytes() for values in r}) == len(PARTS)
    same(found, place.before["encoding_model"])


def test_results_lie_flat_where_metadata_know_no_parts(tmp_path, run):
    place = prepared_siblings.make(tmp_path, "tvsd")
    flat = {**place.before, "encoding_model": {key: value for key, value in place.before["encoding_model"].items()
                                               if key not in PARTS}}
    np.save(place.metadata, flat)
    assert run(place).returncode == 0
    found = np.load(place.metadata, allow_pickle=True).item()["encoding_model"]
    assert found["correlation_results"].shape == SIZES["tvsd"][:2] and "all_training_splits" not in found


def test_bits_depend_on_neither_threads_nor_a_second_run(tmp_path, run):
    place = prepared_siblings.make(tmp_path, "meg")
    assert run(place, "--threads", 1).returncode == 0
    first = place.metadata.read_bytes()
    assert run(place, "--threads", 3, "--force").returncode == 0
    assert place.metadata.read_bytes() == first


@pytest.mark.parametrize("fresh", ["nsd", pytest.param("eeg", marks=pytest.mark.long)], indirect=True)
def test_parts_are_measured_as_one_run(fresh, run, evaluated):
    """Of two hemispheres, whose images are rows of a dataset; and of images that are resized otherwise than elsewhere."""
    for i in (1, 2):
        assert run(fresh, "--shard", f"{i}/2", "-q").returncode == 0
    done = run(fresh, "--merge", 2, "-q")
    assert done.returncode == 0, done.stderr
    one = evaluated[fresh.key][0]
    assert fresh.metadata.read_bytes() == one.metadata.read_bytes()
    assert [path.read_bytes() for path in predictions_of(fresh)] == [path.read_bytes() for path in predictions_of(one)]
    folder = predictions_of(fresh)[0].parent
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in predictions_of(one)[0].parent.iterdir())


def test_float64_trials(tmp_path, run, evaluated):
    place, units = prepared_siblings.make(tmp_path, "tvsd"), SIZES["tvsd"][:2]
    path = place.prepared / "tvsd_monkeyN_split-test.h5"
    path.unlink()
    prepared_siblings.write_h5(path, "neural_data", place.trials.astype(np.float64).reshape(-1, *units))
    assert run(place).returncode == 0
    assert place.metadata.read_bytes() == evaluated["tvsd"][0].metadata.read_bytes()


# --- Input that does not fit ---


@pytest.fixture
def refused(run):
    """refused(place, status, ...): the one line of a failure; nothing is half written."""
    def call(place, status, *more):
        before = place.metadata.read_bytes()
        done = run(place, *more)
        lines = [line for line in done.stderr.splitlines() if line not in ("berg: predictions", "berg: reliability")]
        assert done.returncode == status, done.stderr
        assert len(lines) == 1, done.stderr
        assert place.metadata.read_bytes() == before
        assert not any(path.exists() for path in predictions_of(place))
        return lines[0]
    return call


def change(place, key, value):
    """One entry of the prepared metadata, at "a.b"."""
    path = next(path for path in place.prepared.iterdir() if path.name.endswith("metadata.npy") or path.name.startswith("metadata"))
    metadata = np.load(path, allow_pickle=True).item()
    *outer, last = key.split(".")
    inner = metadata
    for name in outer:
        inner = inner[name]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    np.save(path, metadata)
    return path


def rewrite(path, name, values):
    path.unlink()
    prepared_siblings.write_h5(path, name, values)


meg, eeg, nsd, tvsd = (pytest.mark.parametrize("fresh", [key], indirect=True) for key in ("meg", "eeg", "nsd", "tvsd"))


@meg
def test_an_image_seen_more_often_than_others(fresh, refused):
    numbers = fresh.before["encoding_model"]["test_image_nr"].copy()
    numbers[np.flatnonzero(numbers == 2)[0]] = 5
    path = change(fresh, "encoding_model.test_image_nr", numbers)
    line = refused(fresh, 3)
    assert str(path) in line and "encoding_model.test_image_nr" in line and "4 of image 1, 3 of image 2" in line


@meg
@pytest.mark.parametrize("value, words", [(None, "no entry of this name"), (np.array([1.5] * 24), "found 1.5 at place 0"),
                                          (np.array(["a"] * 24), "whole numbers"), (np.array([-1.0] * 24), "found -1")])
def test_numbers_of_images_that_are_none(value, words, fresh, refused):
    path = change(fresh, "encoding_model.test_image_nr", value)
    line = refused(fresh, 3)
    assert str(path) in line and "encoding_model.test_image_nr" in line and words in line


@meg
def test_a_name_that_leads_out_of_the_folder(fresh, refused):
    files = ["../" + name for name in fresh.before["encoding_model"]["test_img_files"]]
    path = change(fresh, "encoding_model.test_img_files", np.array(files))
    line = refused(fresh, 3)
    assert str(path) in line and "../" in line and "no file name" in line


@meg
def test_missing_image(fresh, run):
    shutil.rmtree(fresh.images / "00000_thing")
    done = run(fresh)
    assert done.returncode == 3 and "1 of 6 test images are missing: 00000_thing/thing_00b.jpg" in done.stderr


@meg
@pytest.mark.parametrize("rest, shape", [("split-test", (24, 6, 4)), ("split-test", (23, 6, 5)), ("split-test", (24, 30)),
                                         ("split-test_averaged", (5, 6, 5))])
def test_responses_of_another_shape(rest, shape, fresh, refused):
    path = fresh.prepared / f"meg_P1_{rest}.h5"
    rewrite(path, "neural_data", np.zeros(shape, np.float32))
    line = refused(fresh, 3)
    assert str(path) in line and "neural_data" in line
    assert f"expected float32 ({24 if rest == 'split-test' else 6}, 6, 5)" in line
    assert f"found float32 ({', '.join(map(str, shape))})" in line


@meg
def test_whole_numbers_are_no_responses(fresh, refused):
    rewrite(fresh.prepared / "meg_P1_split-test.h5", "neural_data", np.zeros((24, 6, 5), np.int16))
    assert "found int16 (24, 6, 5)" in refused(fresh, 3)


@meg
def test_missing_files(fresh, refused):
    (fresh.prepared / "meg_P1_split-test.h5").unlink()
    assert "meg_P1_split-test.h5" in refused(fresh, 3)
    (fresh.prepared / "meg_P1_metadata.npy").unlink()
    assert "meg_P1_metadata.npy" in refused(fresh, 3)


@meg
def test_missing_quarter(fresh, refused):
    path = fresh.model.weights_path(fresh.berg_dir, 1, 2)
    path.unlink()
    assert str(path) in refused(fresh, 4, "--train-splits", "split2")


@meg
def test_splits_that_are_none(fresh, refused):
    assert "split5" in refused(fresh, 2, "--train-splits", "split5")


@eeg
def test_splits_of_a_model_without(fresh, refused):
    assert "train_splits" in refused(fresh, 2, "--train-splits", "all")


@eeg
def test_eeg_of_another_shape(fresh, refused):
    path = fresh.prepared / "eeg_sub-01_split-test.h5"
    rewrite(path, "eeg", np.zeros((6, 6, 5, 3), np.float32))
    line = refused(fresh, 3)
    assert str(path) in line and "expected float32 (6, repeats, 5, 4)" in line and "found float32 (6, 6, 5, 3)" in line


@eeg
def test_eeg_names_that_are_numbers(fresh, refused):
    path = change(fresh, "test_img_info.test_img_files", [1, 2, 3, 4, 5, 6])
    line = refused(fresh, 3)
    assert str(path) in line and "test_img_info.test_img_files" in line and "is not a list of names" in line


@eeg
def test_eeg_concepts_that_are_too_few(fresh, refused):
    change(fresh, "test_img_info.test_img_concepts", ["a", "b"])
    assert "found 2 for 6 stimuli" in refused(fresh, 3)


@nsd
def test_nsd_image_that_was_never_shown(fresh, refused):
    path = change(fresh, "test_img_num", np.array([1, 4, 5, 9, 12, 14, 15]))
    line = refused(fresh, 3)
    assert str(path) in line and "none of image 15" in line


@nsd
def test_nsd_images_that_are_not_ascending(fresh, refused):
    change(fresh, "test_img_num", np.array([4, 1]))
    assert "1 behind 4" in refused(fresh, 3)


@nsd
def test_nsd_image_that_the_array_has_not(fresh, refused):
    with h5py.File(fresh.images) as file:
        images = file["imgBrick"][:12]
    rewrite(fresh.images, "imgBrick", images)
    line = refused(fresh, 3)
    assert str(fresh.images) in line and "expected image 13" in line and "found 12 images" in line


@nsd
def test_nsd_images_that_are_none(fresh, refused):
    rewrite(fresh.images, "imgBrick", np.zeros((15, 40, 40), np.uint8))
    line = refused(fresh, 3)
    assert str(fresh.images) in line and "(15, 40, 40)" in line


@nsd
def test_nsd_images_of_matlab_are_turned_and_it_is_said(fresh, run, evaluated):
    prepared_siblings.turn_for_matlab(fresh.images, "imgBrick")
    done = run(fresh)
    assert done.returncode == 0, done.stderr
    turned = f"{fresh.images}:imgBrick"
    assert f"berg: {turned}: read as it is seen in MATLAB, which stores it with its dimensions in reverse" in done.stderr.splitlines()
    for path, plain in zip(predictions_of(fresh), predictions_of(evaluated["nsd"][0]), strict=True):
        assert path.read_bytes() == plain.read_bytes()
        assert json.loads(path.with_suffix(".json").read_text())["Images"]["TurnedFromMATLAB"] == [turned]


@nsd
def test_nsd_betas_of_other_trials(fresh, refused):
    rewrite(fresh.prepared / "rh_betas_subject-1.h5", "betas", np.zeros((44, 40), np.float32))
    line = refused(fresh, 3)
    assert "rh_betas_subject-1.h5" in line and "expected float32 (45, 40), found float32 (44, 40)" in line


@nsd
def test_nsd_without_ceilings(fresh, refused):
    change(fresh, "rh_ncsnr", None)
    assert "rh_ncsnr" in refused(fresh, 3)


@tvsd
def test_predictions_that_are_there_stay(fresh, run):
    assert run(fresh).returncode == 0
    done = run(fresh)
    assert done.returncode == 5 and "already exists" in done.stderr
    assert run(fresh, "--force").returncode == 0
