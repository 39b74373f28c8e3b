"""Prepared data that `berg simulate MODEL` makes: files in upstream's layout, signal and noise as the truth says; and the walk
from simulation over training and evaluation to an encode, for each sibling."""
import json
import shutil
import subprocess

import h5py
import numpy as np
import pytest
from PIL import Image

from sibling_models import CHANNELS, MODELS

KEYS = ("eeg", "meg", "tvsd", "nsd")
UNITS, TIMES, TESTS, CONCEPTS, EACH, SIDE = 17, 6, 20, 5, 3, 48
REPEATS = {"eeg": 40, "meg": 12, "tvsd": 30, "nsd": 3}
TRAIN = CONCEPTS * EACH
QUARTER = TRAIN // 4
DATASETS = {"eeg": "eeg", "meg": "neural_data", "tvsd": "neural_data", "nsd": "betas"}


def simulate(berg, key, folder, *more):
    model = MODELS[key]
    times = [] if key == "nsd" else ["--times", TIMES]
    command = [berg, "simulate", model.model_id, folder, "--units", UNITS, *times, "--concepts", CONCEPTS, "--images-per-concept",
               EACH, "--test-images", TESTS, "--repeats", REPEATS[key], "--image-size", SIDE, *more]
    return subprocess.run(list(map(str, command)), capture_output=True, text=True)


def prepared(folder, key):
    return folder / "model_training_datasets" / f"train_dataset-{MODELS[key].dataset}"


def read(path, name):
    with h5py.File(path) as file:
        return file[name][:]


def truth_of(folder, key):
    return dict(np.load(folder / "truth" / f"{MODELS[key].name(MODELS[key].subjects[0])}.npz"))


@pytest.fixture(scope="module")
def made(tmp_path_factory, berg_program):
    folders = {key: tmp_path_factory.mktemp(key) / "berg" for key in KEYS}
    for key, folder in folders.items():
        done = simulate(berg_program, key, folder)
        assert done.returncode == 0, done.stderr
        assert f"berg train {MODELS[key].model_id} --subject {MODELS[key].subjects[0]} --berg-dir {folder}" in done.stderr
    return folders


SHAPES = {
    "eeg": {"eeg_sub-01_split-train.h5": (TRAIN, 4, UNITS, TIMES), "eeg_sub-01_split-test.h5": (TESTS, 40, UNITS, TIMES)},
    "meg": {"meg_P1_all_training_splits.h5": (TRAIN, UNITS, TIMES), "meg_P1_split-test.h5": (TESTS * 12, UNITS, TIMES),
            "meg_P1_split-test_averaged.h5": (TESTS, UNITS, TIMES),
            **{f"meg_P1_single_training_split_{k}.h5": (QUARTER, UNITS, TIMES) for k in (1, 2, 3, 4)}},
    "tvsd": {"tvsd_monkeyN_all_training_splits.h5": (TRAIN, UNITS, TIMES),
             "tvsd_monkeyN_split-test.h5": (TESTS * 30, UNITS, TIMES),
             "tvsd_monkeyN_split-test_averaged.h5": (TESTS, UNITS, TIMES),
             **{f"tvsd_monkeyN_single_training_split_{k}.h5": (QUARTER, UNITS, TIMES) for k in (1, 2, 3, 4)}},
    "nsd": {f"{side}h_betas_subject-1.h5": ((TRAIN + TESTS) * 3, UNITS) for side in "lr"}}
METADATA = {"eeg": "metadata_subject-1.npy", "meg": "meg_P1_metadata.npy", "tvsd": "tvsd_monkeyN_metadata.npy",
            "nsd": "metadata_subject-1.npy"}


@pytest.mark.parametrize("key", KEYS)
def test_files_of_upstreams_names_and_shapes(key, made):
    folder = prepared(made[key], key)
    assert {path.name for path in folder.iterdir()} == {METADATA[key], *SHAPES[key]}
    for name, shape in SHAPES[key].items():
        values = read(folder / name, DATASETS[key])
        assert (values.dtype, values.shape) == (np.float32, shape), name
        assert np.isfinite(values).all()


@pytest.mark.parametrize("key", ["eeg", "meg", "tvsd"])
def test_every_image_named_is_there(key, made):
    metadata = np.load(prepared(made[key], key) / METADATA[key], allow_pickle=True).item()
    images = made[key] / "images"
    if key == "eeg":
        names = [images / f"{part}ing_images" / concept / file if part == "train" else images / "test_images" / concept / file
                 for part in ("train", "test")
                 for concept, file in zip(metadata[f"{part}_img_info"][f"{part}_img_concepts"],
                                          metadata[f"{part}_img_info"][f"{part}_img_files"])]
        concepts = metadata["test_img_info"]["test_img_concepts"]
        assert concepts == sorted(concepts) and concepts[0].startswith("00001_") and type(concepts) is list
    else:
        encoding = metadata["encoding_model"]
        parts = [(encoding["all_training_splits"], "train"), (encoding, "test")]
        names = [images / concept / file for part, start in parts
                 for concept, file in zip(part[f"{start}_concepts"], part[f"{start}_stimuli"])]
    assert len(set(names)) == TRAIN + TESTS and all(path.is_file() for path in names)
    assert len(list(images.rglob("*.jpg"))) == TRAIN + TESTS
    assert Image.open(names[0]).size == (SIDE, SIDE)


def test_nsd_images_are_rows(made):
    metadata = np.load(prepared(made["nsd"], "nsd") / METADATA["nsd"], allow_pickle=True).item()
    images = read(made["nsd"] / "nsd_stimuli.hdf5", "imgBrick")
    assert (images.dtype, images.shape) == (np.uint8, (TRAIN + TESTS, SIDE, SIDE, 3))
    assert len({image.tobytes() for image in images}) == len(images)
    assert (np.bincount(metadata["img_presentation_order"]) == 3).all()
    assert np.array_equal(np.concatenate([metadata["train_img_num"], metadata["test_img_num"]]), np.arange(TRAIN + TESTS))


def test_axes(made):
    eeg, meg, tvsd = (np.load(prepared(made[key], key) / METADATA[key], allow_pickle=True).item() for key in ("eeg", "meg", "tvsd"))
    assert eeg["ch_names"] == list(CHANNELS)[:UNITS]
    assert np.allclose(eeg["times"], -0.1 + 0.7 * np.arange(TIMES) / TIMES)
    sensors = meg["sensors"]
    assert len(set(sensors["sensor_names"])) == UNITS == sensors["n_sensors"]
    assert all(name.startswith(prefix) for name, prefix in zip(sensors["sensor_names"], sensors["sensor_prefixes"]))
    assert len(set(sensors["sensor_prefixes"])) == 14 and set(sensors["sensor_hemispheres"]) == {"Left", "Right", "Midline"}
    assert all(region[0] == prefix[2] for region, prefix in zip(sensors["sensor_regions"], sensors["sensor_prefixes"]))
    assert list(tvsd["roi"]["roi_labels"]) == ["V1", "V4", "IT"] and tvsd["utah_array"]["n_electrodes"] == UNITS
    assert list(np.bincount(tvsd["roi"]["roi_assignments"])) == [9, 4, 4]


def test_axes_of_upstreams_size_are_upstreams(tmp_path, berg_program):
    command = [berg_program, "simulate", MODELS["eeg"].model_id, tmp_path, "--concepts", 1, "--images-per-concept", 1, "--test-images",
               2, "--repeats", 2, "--image-size", 32]
    assert subprocess.run(list(map(str, command)), capture_output=True).returncode == 0
    metadata = np.load(prepared(tmp_path, "eeg") / METADATA["eeg"], allow_pickle=True).item()
    assert metadata["ch_names"] == list(CHANNELS)
    assert np.allclose(metadata["times"], -0.1 + 0.005 * np.arange(140))


def test_quarters_are_upstreams(made):
    order = np.random.RandomState(20200220).permutation(TRAIN)
    for key in ("meg", "tvsd"):
        folder, stem = prepared(made[key], key), {"meg": "meg_P1", "tvsd": "tvsd_monkeyN"}[key]
        encoding = np.load(folder / METADATA[key], allow_pickle=True).item()["encoding_model"]
        whole, names = read(folder / f"{stem}_all_training_splits.h5", "neural_data"), encoding["all_training_splits"]["train_stimuli"]
        for k in range(4):
            part = order[k * QUARTER:(k + 1) * QUARTER]
            assert np.array_equal(read(folder / f"{stem}_single_training_split_{k + 1}.h5", "neural_data"), whole[part])
            assert list(encoding[f"single_training_split_{k + 1}"]["train_stimuli"]) == [names[t] for t in part]


def shown_trials(folder, key):
    """(trials, columns) of the test of each output, and the index of the image that each shows."""
    place, name = prepared(folder, key), DATASETS[key]
    metadata = np.load(place / METADATA[key], allow_pickle=True).item()
    if key == "eeg":
        trials = read(place / "eeg_sub-01_split-test.h5", name)
        return [trials.reshape(TESTS * 40, -1)], np.repeat(np.arange(TESTS), 40)
    if key == "nsd":
        shown = metadata["img_presentation_order"]
        return [read(place / f"{side}h_betas_subject-1.h5", name)[shown >= TRAIN] for side in "lr"], shown[shown >= TRAIN] - TRAIN
    stem, numbers = {"meg": ("meg_P1", "test_image_nr"), "tvsd": ("tvsd_monkeyN", "test_img_ids")}[key]
    trials = read(place / f"{stem}_split-test.h5", name)
    return [trials.reshape(len(trials), -1)], metadata["encoding_model"][numbers].astype(int) - 1


@pytest.mark.parametrize("key", KEYS)
def test_trials_are_the_true_signal_and_noise_of_the_true_variance(key, made):
    truth = truth_of(made[key], key)
    trials, shown = shown_trials(made[key], key)
    for output, x in enumerate(trials):
        signal = truth["test_signal"][output].reshape(TESTS, -1).astype(np.float64)
        noise = truth["noise_variance"][output].reshape(-1)
        rest = (x - signal[shown]) / np.sqrt(noise)
        # 17 or 102 columns: of so many standard normal means and variances none is further out than 4.5 deviations
        assert np.abs(rest.mean(axis=0)).max() < 4.5 / np.sqrt(len(rest))
        assert np.abs(rest.var(axis=0) - 1).max() < 4.5 * np.sqrt(2 / len(rest))
        off = np.corrcoef(rest.T)[np.triu_indices(rest.shape[1], 1)]
        assert np.abs(off).max() < 5.5 / np.sqrt(len(rest))
        assert np.allclose(signal.mean(axis=0), 0, atol=1e-5)
        assert np.allclose(signal.var(axis=0), truth["signal_variance"][output].reshape(-1), rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("key", KEYS)
def test_true_ceilings(key, made):
    truth = truth_of(made[key], key)
    signal, noise = truth["signal_variance"], truth["noise_variance"]
    assert np.allclose(truth["noise_ceiling"], 100 * signal / (signal + noise / REPEATS[key]))
    assert (signal.max(axis=2) == 0).sum() >= 1  # a unit that responds to nothing
    assert signal.max() > 0.3
    if key != "nsd":
        assert (signal[:, :, 0] == 0).all()  # before the stimulus


@pytest.mark.parametrize("key", ["meg", "tvsd"])
def test_averages(key, made):
    (trials,), shown = shown_trials(made[key], key)
    stem = {"meg": "meg_P1", "tvsd": "tvsd_monkeyN"}[key]
    averaged = read(prepared(made[key], key) / f"{stem}_split-test_averaged.h5", "neural_data").reshape(TESTS, -1)
    assert np.allclose(averaged, [trials[shown == i].mean(axis=0, dtype=np.float64) for i in range(TESTS)], atol=1e-6)


@pytest.mark.parametrize("key", KEYS)
def test_bytes_are_the_seeds_alone(key, made, tmp_path, berg_program):
    assert simulate(berg_program, key, tmp_path / "again", "--threads", 3).returncode == 0
    assert simulate(berg_program, key, tmp_path / "other", "--seed", 2).returncode == 0
    files = sorted(path.relative_to(made[key]) for path in made[key].rglob("*") if path.is_file())
    assert files == sorted(path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*") if path.is_file())
    for path in files:
        assert (made[key] / path).read_bytes() == (tmp_path / "again" / path).read_bytes(), path
    for name in SHAPES[key]:
        assert (prepared(made[key], key) / name).read_bytes() != (prepared(tmp_path / "other", key) / name).read_bytes()


def test_subjects_see_the_same_images_and_respond_otherwise(tmp_path, berg_program):
    assert simulate(berg_program, "meg", tmp_path, "--subject", "1,3").returncode == 0
    one, three = (read(prepared(tmp_path, "meg") / f"meg_P{s}_split-test_averaged.h5", "neural_data") for s in (1, 3))
    assert one.shape == three.shape and np.abs(np.corrcoef(one.ravel(), three.ravel())[0, 1]) < 0.5
    assert (tmp_path / "truth/P3.npz").exists()


@pytest.mark.parametrize("key, more, status, words", [
    ("eeg", ["--units", 64], 2, "units: expected 1 to 63, found 64"),
    ("nsd", ["--times", 2], 2, "times: expected 1 to 1, found 2"),
    ("meg", ["--subject", "5"], 2, "subject 5"),
    ("meg", ["--voxels", 500], 2, "--voxels"),
    ("meg", ["--dtype", "f32"], 2, "--dtype"),
    ("meg", ["--repeats", 1], 2, "repeats: expected 2 to 1000, found 1"),
    ("tvsd", ["--concepts", 1, "--images-per-concept", 3], 2, "four quarters")])
def test_what_cannot_be_simulated(key, more, status, words, tmp_path, berg_program):
    done = simulate(berg_program, key, tmp_path / "berg", *more)
    assert done.returncode == status and words in done.stderr
    assert not (tmp_path / "berg").exists()


def test_options_of_prepared_data_alone(tmp_path, berg_program):
    done = subprocess.run([berg_program, "simulate", tmp_path / "raw", "--units", "5"], capture_output=True, text=True)
    assert done.returncode == 2 and "--units" in done.stderr and "MODEL" in done.stderr
    done = subprocess.run([berg_program, "simulate", "meg-things", tmp_path / "raw"], capture_output=True, text=True)
    assert done.returncode == 2 and "no model" in done.stderr


def test_a_folder_that_holds_something(made, berg_program, tmp_path):
    shutil.copytree(made["nsd"], tmp_path / "berg")
    done = simulate(berg_program, "nsd", tmp_path / "berg")
    assert done.returncode == 5 and "is not empty" in done.stderr
    (prepared(tmp_path / "berg", "nsd") / METADATA["nsd"]).write_bytes(b"other")
    assert simulate(berg_program, "nsd", tmp_path / "berg", "--force").returncode == 0
    assert (prepared(tmp_path / "berg", "nsd") / METADATA["nsd"]).read_bytes() == \
        (prepared(made["nsd"], "nsd") / METADATA["nsd"]).read_bytes()


# --- From simulation to an encode ---

# Training and test images, of class tokens and few components; of NSD fewer, where no ceiling is estimated from them.
WALK = {"concepts": 10, "each": 5, "tests": 24}
WALKS = {"eeg": WALK, "meg": WALK, "tvsd": WALK, "nsd": {"concepts": 8, "each": 4, "tests": 10}}


def call(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def walk(berg, backbone, key, folder):
    """The report of the evaluation."""
    model, images, size = MODELS[key], folder / ("nsd_stimuli.hdf5" if key == "nsd" else "images"), WALKS[key]
    where = [model.model_id, "--subject", model.subjects[0], "--berg-dir", folder, "--backbone", backbone, "-q"]
    times = [] if key == "nsd" else ["--times", TIMES]
    call(berg, "simulate", model.model_id, folder, "--units", UNITS, *times, "--concepts", size["concepts"], "--images-per-concept",
         size["each"], "--test-images", size["tests"], "--repeats", REPEATS[key], "--image-size", 64, "-q")
    call(berg, "train", *where, "--images", images, "--features", "class-token", "--components", 15)
    return json.loads(call(berg, "evaluate", *where, "--images", images, "--json", "-"))


def correlations(predicted, signal):
    a, b = (values - values.mean(axis=0) for values in (predicted.astype(np.float64), signal.astype(np.float64)))
    with np.errstate(invalid="ignore"):  # before the stimulus there is no signal
        return (a * b).sum(axis=0) / np.sqrt((a ** 2).sum(axis=0) * (b ** 2).sum(axis=0))


@pytest.mark.parametrize("key", ["meg", "nsd", pytest.param("eeg", marks=pytest.mark.long), pytest.param("tvsd", marks=pytest.mark.long)])
def test_the_walk_finds_what_was_put_in(key, tmp_path, berg_program, backbone_files):
    """Ceilings as near to the true ones as so few images let them come, predictions that go with the true signal, and
    responses of an encode."""
    folder, model = tmp_path / "berg", MODELS[key]
    backbone = backbone_files["safetensors"]
    report = walk(berg_program, backbone, key, folder)
    truth = truth_of(folder, key)
    metadata = np.load(model.metadata_path(folder, model.subjects[0]), allow_pickle=True).item()
    strong = truth["noise_ceiling"] > (60 if key == "nsd" else 80)
    paths = report["predictions"] if key == "nsd" else [report["predictions"]]
    for output, path in enumerate(paths):
        predicted = np.load(path)
        predicted = predicted.mean(axis=1) if key == "eeg" else predicted
        tests = WALKS[key]["tests"]
        r = correlations(predicted.reshape(tests, -1), truth["test_signal"][output].reshape(tests, -1))
        chosen = strong[output].reshape(-1)
        assert chosen.sum() >= 3
        assert r[chosen].mean() > 0.5  # of a network with random weights and a regression on 15 components
    if key in ("meg", "tvsd"):
        found, expected = metadata["encoding_model"]["noise_ceiling"], truth["noise_ceiling"][0]
        # of 24 images the standard error of a ceiling of 80 % is some 6 %, that of all of them together far less
        assert np.abs(found - expected)[strong[0]].max() < 20
        assert np.abs((found - expected)[strong[0]].mean()) < 5
        assert metadata["encoding_model"]["all_training_splits"]["correlation_results"].shape == (UNITS, TIMES)
    if key == "nsd":
        for output, side in enumerate("lr"):
            assert np.allclose(metadata["encoding_models"][f"{side}h_noise_ceiling_nsdcore"],
                               np.maximum(truth["noise_ceiling"][output, :, 0] / 100, 1e-14), rtol=1e-5)
    if key == "eeg":
        found = metadata["encoding_models"]
        assert found["correlation_single_repetitions"].shape == (4, UNITS, TIMES)
        assert found["correlation_averaged_repetitions"][strong[0]].mean() > 0.5
    encoded = folder / "encoded.npy"
    if key == "nsd":
        stimuli = tmp_path / "one.npy"
        np.save(stimuli, read(folder / "nsd_stimuli.hdf5", "imgBrick")[:1])
    else:
        stimuli = next((folder / "images").rglob("*.jpg"))
    call(berg_program, "encode", model.model_id, "--subject", model.subjects[0], "--berg-dir", folder, "--backbone", backbone, "-q",
         "-o", encoded, stimuli)
    shape = {"nsd": (1, UNITS), "eeg": (1, 4, UNITS, TIMES)}
    responses = np.load(folder / "encoded_lh.npy" if key == "nsd" else encoded)
    assert responses.shape == shape.get(key, (1, UNITS, TIMES)) and np.isfinite(responses).all()
