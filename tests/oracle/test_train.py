"""Training through the program, against scikit-learn's formulas in float64 over the library's own features."""
import os
import shutil
import subprocess

import h5py
import numpy as np
import pytest

import make_prepared
import moments
import training

MODEL = "fmri-things_fmri_1-vit_b_32"
MODEL_FOLDER = "encoding_models/modality-fmri/train_dataset-things_fmri_1/model-vit_b_32"
IMAGES = 12
COMPONENTS = 4
VOXELS = {1: 40, 2: 33}


class Place:
    """A berg directory with prepared data."""

    def __init__(self, program, backbone, folder, images):
        self.program, self.backbone, self.folder, self.images = program, backbone, folder, images

    def command(self, *options, subject="1", components=COMPONENTS):
        command = [self.program, "train", MODEL, "--subject", subject, "--berg-dir", self.folder, "--images", self.images,
                   "--backbone", self.backbone, "--components", components, *options]
        return list(map(str, command))

    def stopped(self, *options, **moment):
        """A run that stands still at a moment (moments.py)."""
        run = subprocess.Popen(self.command(*options), stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                               env={**os.environ, **moments.environment(**moment)})
        moments.wait_until_stopped(run)
        return run

    def train(self, *options, subject="1", components=COMPONENTS, status=0, **more):
        command = self.command(*options, subject=subject, components=components)
        done = subprocess.run(command, capture_output=True, text=True, timeout=600, **more)
        assert done.returncode == status, (done.returncode, done.stderr)
        return done.stderr

    def path(self, subject=1, ending="npy"):
        return self.folder / MODEL_FOLDER / "encoding_models_weights" / f"weights_sub-0{subject}.{ending}"

    def prepared(self, what, subject=1):
        return self.folder / make_prepared.FOLDER / f"fmri_sub-0{subject}_{what}"

    def weights(self, subject=1):
        return np.load(self.path(subject), allow_pickle=True).item()

    def copy(self, folder, work=False):
        """The prepared data elsewhere, with `work` also the features and components, for --resume."""
        shutil.copytree(self.folder / "model_training_datasets", folder / "model_training_datasets")
        if work:
            shutil.copytree(self.folder / "kept", folder / "work")
        return Place(self.program, self.backbone, folder, self.images)


@pytest.fixture(scope="module")
def prepared(berg_program, backbone_files, tmp_path_factory):
    """Images and prepared data of two subjects, who saw the same images, each in an order of their own."""
    folder = tmp_path_factory.mktemp("prepared")
    names = make_prepared.make_images(folder / "images", 3, IMAGES // 3)
    responses = {s: make_prepared.make_subject(folder / "berg", names, s, voxels) for s, voxels in VOXELS.items()}
    place = Place(berg_program, backbone_files["safetensors"], folder / "berg", folder / "images")
    place.responses = responses
    return place


@pytest.fixture(scope="module")
def trained(prepared):
    prepared.train("--safetensors", "--chunks", 3, "--keep-work", subject="1,2")
    (prepared.folder / "work").rename(prepared.folder / "kept")
    return prepared


def shown(place, subject):
    metadata = np.load(place.prepared("metadata.npy", subject), allow_pickle=True).item()["encoding_model"]
    return [place.images / c / s for c, s in zip(metadata["train_concepts"], metadata["train_stimuli"])]


@pytest.fixture(scope="module")
def features(trained, library):
    """{path: float32 (460800,)} of all training images."""
    paths = sorted(shown(trained, 1))
    values = library("features", paths, berg_dir=trained.folder, backbone=trained.backbone)
    return dict(zip(paths, values.reshape(len(paths), -1)))


@pytest.fixture(scope="module")
def oracle(trained, features):
    """Per subject: PCA parameters, scores in the order of the trials, coefficients, intercepts."""
    found = {}
    for subject, responses in trained.responses.items():
        x = np.stack([features[path] for path in shown(trained, subject)])
        parameters, scores = training.pca(x, COMPONENTS)
        found[subject] = parameters, scores, *training.least_squares(scores, responses.astype(float))
    return found


def test_the_weights_are_the_dict_that_upstream_reads(trained):
    weights = trained.weights()
    expected = {
        "scaler_param": {"scale_": "f8 460800", "mean_": "f8 460800", "var_": "f8 460800", "n_features_in_": int,
                         "n_samples_seen_": np.int64},
        "pca_param": {"components_": "f4 4 460800", "explained_variance_": "f4 4", "explained_variance_ratio_": "f4 4",
                      "singular_values_": "f4 4", "mean_": "f4 460800", "n_components_": int, "n_samples_": int,
                      "noise_variance_": np.float32, "n_features_in_": int},
        "reg_param": {"coef_": "f4 40 4", "intercept_": "f4 40", "n_features_in_": int}}

    def describe(value):
        if isinstance(value, np.ndarray):
            return " ".join([value.dtype.str[1:], *map(str, value.shape)])
        return type(value)
    found = {part: {name: describe(value) for name, value in values.items()} for part, values in weights.items()}
    assert found == expected
    assert [list(values) for values in found.values()] == [list(values) for values in expected.values()]
    assert weights["scaler_param"]["n_samples_seen_"] == IMAGES and weights["pca_param"]["n_samples_"] == IMAGES
    assert [weights[part]["n_features_in_"] for part in weights] == [460800, 460800, 4]


@pytest.mark.parametrize("subject", [1, 2])
def test_scaler_and_components(trained, oracle, subject):
    weights, (expected, _, _, _) = trained.weights(subject), oracle[subject]
    scaler, pca = weights["scaler_param"], weights["pca_param"]
    assert np.allclose(scaler["mean_"], expected["mean_"], rtol=1e-9, atol=1e-12)
    assert np.allclose(scaler["var_"], expected["var_"], rtol=1e-7)
    assert np.allclose(scaler["scale_"], expected["scale_"], rtol=1e-7)
    assert np.abs(pca["mean_"]).max() < 1e-5
    for name in ("explained_variance_", "explained_variance_ratio_", "singular_values_", "noise_variance_"):
        assert np.allclose(pca[name], expected[name], rtol=1e-5), name
    directions = pca["components_"].astype(float)
    assert np.abs(directions @ directions.T - np.eye(COMPONENTS)).max() < 1e-5
    assert np.abs((directions * expected["components_"]).sum(axis=1) - 1).max() < 1e-4  # signs too


@pytest.mark.parametrize("subject", [1, 2])
def test_regression(trained, oracle, subject):
    regression, (_, _, coef, intercept) = trained.weights(subject)["reg_param"], oracle[subject]
    assert np.abs(regression["coef_"] - coef).max() < 1e-4 * np.abs(coef).max()
    assert np.abs(regression["intercept_"] - intercept).max() < 1e-4


def test_encode_gives_the_oracles_predictions(trained, oracle, tmp_path):
    for subject in (1, 2):
        _, scores, coef, intercept = oracle[subject]
        listed = tmp_path / "list.txt"
        listed.write_text("".join(f"{path}\n" for path in shown(trained, subject)[:4]))
        out = tmp_path / f"{subject}.npy"
        subprocess.run([trained.program, "encode", MODEL, "--subject", str(subject), "--berg-dir", trained.folder,
                        "--backbone", trained.backbone, "-o", out, listed], check=True, capture_output=True)
        expected = scores[:4] @ coef.T + intercept
        assert np.abs(np.load(out) - expected).max() < 1e-4 * np.abs(expected).max()


def test_safetensors_hold_the_same(trained, tmp_path):
    converted = tmp_path / "weights.npy"
    subprocess.run([trained.program, "convert", trained.path(ending="safetensors"), converted], check=True)
    assert converted.read_bytes() == trained.path().read_bytes()


def test_the_metadata_are_the_prepared_ones(trained):
    for subject in (1, 2):
        copy = trained.folder / MODEL_FOLDER / "metadata" / f"metadata_sub-0{subject}.npy"
        assert copy.read_bytes() == trained.prepared("metadata.npy", subject).read_bytes()


@pytest.mark.parametrize("options", [["--chunks", 1, "--threads", 1], ["--chunks", 7, "--batch", 7, "--memory", "600M"]])
def test_chunks_threads_and_memory_change_no_bit(trained, tmp_path, options):
    place = trained.copy(tmp_path)
    place.train(*options)
    assert place.path().read_bytes() == trained.path().read_bytes()
    assert not (place.folder / "work").exists()


def test_float64_responses_in_chunks(trained, tmp_path):
    place = trained.copy(tmp_path, work=True)
    with h5py.File(place.prepared("split-train.h5"), "r+") as file:
        values = file["neural_data"][()].astype(float)
        del file["neural_data"]
        file.create_dataset("neural_data", data=values, chunks=(7, 9), compression="gzip")
    place.train("--resume")
    assert place.path().read_bytes() == trained.path().read_bytes()


def test_subjects_who_saw_different_images(trained, features, tmp_path):
    place = trained.copy(tmp_path, work=True)
    path = place.prepared("metadata.npy", 2)
    metadata = np.load(path, allow_pickle=True).item()
    for name in ("train_stimuli", "train_concepts"):
        metadata["encoding_model"][name] = metadata["encoding_model"][name][:8]
    np.save(path, metadata)
    with h5py.File(place.prepared("split-train.h5", 2), "r+") as file:
        values = file["neural_data"][:8]
        del file["neural_data"]
        file["neural_data"] = values
    place.train("--resume", subject="2,1")
    assert place.path().read_bytes() == trained.path().read_bytes()
    parameters, scores = training.pca(np.stack([features[p] for p in shown(place, 2)]), COMPONENTS)
    weights = place.weights(2)
    assert weights["pca_param"]["n_samples_"] == 8
    assert np.allclose(weights["pca_param"]["explained_variance_"], parameters["explained_variance_"], rtol=1e-5)
    coef, _ = training.least_squares(scores, values.astype(float))
    assert np.abs(weights["reg_param"]["coef_"] - coef).max() < 1e-4 * np.abs(coef).max()


def test_class_tokens(trained, features, tmp_path):
    place = trained.copy(tmp_path)
    place.train("--features", "class-token")
    paths = shown(place, 1)
    x = np.stack([features[p] for p in paths]).reshape(IMAGES, 12, 50, 768)[:, :, 0].reshape(IMAGES, -1)
    parameters, scores = training.pca(x, COMPONENTS)
    weights = place.weights()
    assert weights["pca_param"]["components_"].shape == (COMPONENTS, 9216)
    assert np.allclose(weights["scaler_param"]["mean_"], parameters["mean_"], rtol=1e-9, atol=1e-12)
    assert np.allclose(weights["pca_param"]["explained_variance_"], parameters["explained_variance_"], rtol=1e-5)
    coef, intercept = training.least_squares(scores, trained.responses[1].astype(float))
    expected = scores @ coef.T + intercept
    found = {}
    for batch in (1, 2, 5):
        out = tmp_path / f"{batch}.npy"
        subprocess.run([place.program, "encode", MODEL, "--subject", "1", "--berg-dir", place.folder, "--backbone",
                        place.backbone, "--batch", str(batch), "--threads", str(1 + batch % 3), "-o", out, *paths[:5]], check=True,
                       capture_output=True)
        found[batch] = np.load(out)
    assert np.abs(found[2] - expected[:5]).max() < 1e-4 * np.abs(expected).max()
    assert found[1].tobytes() == found[2].tobytes() == found[5].tobytes()


@pytest.mark.parametrize("per_voxel", [False, True])
def test_ridge(trained, oracle, tmp_path, per_voxel):
    place = trained.copy(tmp_path, work=True)
    alphas = [10.0, 1000.0, 100000.0]
    place.train("--resume", "--ridge", "--alphas", ",".join(map(str, alphas)), "--folds", 3, "--chunks", 2,
                *(["--alpha-per-voxel"] if per_voxel else []))
    regression, (_, scores, _, _) = place.weights()["reg_param"], oracle[1]
    responses = trained.responses[1].astype(float)
    merit = training.best_alpha(scores, responses, alphas, 3)
    if not per_voxel:
        merit = np.concatenate([np.repeat(part.mean(axis=1, keepdims=True), part.shape[1], axis=1)
                                for part in np.array_split(merit, 2, axis=1)], axis=1)
    chosen = np.array(alphas)[merit.argmax(axis=0)]
    assert regression["alpha_"].dtype == np.float64
    assert regression["alpha_"].tolist() == chosen.tolist()
    for alpha in set(chosen):
        coef, intercept = training.ridge(scores, responses, alpha)
        where = chosen == alpha
        assert np.abs(regression["coef_"][where] - coef[where]).max() < 1e-4 * np.abs(coef).max()
        assert np.abs(regression["intercept_"][where] - intercept[where]).max() < 1e-4


# --- Interrupted runs ---


def snapshot(place):
    return [place.path(subject).read_bytes() for subject in (1, 2)]


def work_of(place):
    """What a run has left to resume from; its lock alone does not count."""
    return [path.name for path in (place.folder / "work").glob("*") if path.name != "berg-lock"]


@pytest.mark.parametrize("kills", [1, pytest.param(12, marks=pytest.mark.long)])
def test_killed_at_any_moment_and_resumed(trained, tmp_path, kills):
    place = trained.copy(tmp_path)
    calls = moments.count(place.command("--batch", 3, subject="1,2"), tmp_path / "calls")
    expected = snapshot(place)
    rng = np.random.default_rng(int.from_bytes(os.urandom(4), "little"))
    chosen = [*rng.integers(1, calls + 1, kills), calls]  # the last: all is done but for the lock
    print(chosen, "of", calls)
    for call in chosen:
        shutil.rmtree(place.folder / "encoding_models")
        moments.killed(place.command("--batch", 3, subject="1,2"), call)
        if work_of(place) or not place.path(2).exists():  # else it finished
            place.train("--batch", 3, "--resume", subject="1,2")
        assert snapshot(place) == expected
        assert not work_of(place)


def test_an_interrupted_run_is_not_overrun(trained, tmp_path):
    place = trained.copy(tmp_path)
    bad = sorted(shown(place, 1))[-1]
    images = tmp_path / "images"
    shutil.copytree(place.images, images)
    place.images, bad = images, images / bad.relative_to(place.images)
    good = bad.read_bytes()
    about = bad.stat()
    bad.write_bytes(good[:len(good) // 2] + bytes(len(good) - len(good) // 2))
    os.utime(bad, ns=(about.st_atime_ns, about.st_mtime_ns))
    message = place.train("--batch", 4, status=3)
    assert bad.name in message and "--resume" in message
    assert not place.path().exists()
    # mended, with the time it had: what was computed of the others counts
    bad.write_bytes(good)
    os.utime(bad, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert "interrupted training" in place.train(status=5)
    assert "8 done" in place.train("--resume", "--dry-run")
    place.train("--resume")
    assert place.path().read_bytes() == trained.path().read_bytes()
    assert "already exists" in place.train(status=5)
    place.train("--force")
    assert place.path().read_bytes() == trained.path().read_bytes()


def test_kept_work_serves_another_number_of_components(trained, tmp_path):
    place = trained.copy(tmp_path, work=True)
    assert (place.folder / "work" / "berg-features.f32").stat().st_size == IMAGES * (460800 * 4 + 120 * 8)
    assert "12 images, 12 done" in place.train("--resume", "--dry-run", components=3)
    place.train("--resume", components=3)
    found, whole = place.weights(), trained.weights()
    assert np.allclose(found["pca_param"]["components_"], whole["pca_param"]["components_"][:3], atol=1e-6)
    assert not (place.folder / "work").exists()


def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at if at >= 0 else path.stat().st_size + at)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))


def own_regression(place, kept):
    """That of the place's own responses, with all before it: of a run whose weights are gone."""
    place.train("--resume", "--keep-work")
    place.path().unlink()
    [path] = {path.name for path in (place.folder / "work").glob("berg-regression_sub-01-*")} - set(os.listdir(kept))
    return place.folder / "work" / path


@pytest.mark.parametrize("where", [-1000, 4_000_000])
def test_changed_bytes_of_components_are_made_again(trained, tmp_path, where):
    place = trained.copy(tmp_path, work=True)
    [path] = (place.folder / "work").glob("berg-pca-*")
    flip(path, where)
    assert "12 images, 12 done" in place.train("--resume", "--dry-run")
    place.train("--resume")
    assert place.path().read_bytes() == trained.path().read_bytes()


@pytest.mark.parametrize("where", [700, -1])
def test_changed_bytes_of_a_regression_are_made_again(trained, tmp_path, where):
    place = trained.copy(tmp_path, work=True)
    flip(own_regression(place, trained.folder / "kept"), where)
    place.train("--resume")
    assert place.path().read_bytes() == trained.path().read_bytes()


def test_changed_bytes_of_features_are_computed_again(trained, tmp_path):
    place = trained.copy(tmp_path, work=True)
    work = place.folder / "work"
    flip(work / "berg-features.f32", 3 * 3840 * 4 + 5)
    for path in work.glob("berg-pca-*"):
        path.unlink()
    message = place.train("--resume", status=3)
    assert "the features of image 3 (from 0) are not what was written: --resume computes them again" in message
    assert "11 done" in place.train("--resume", "--dry-run")
    place.train("--resume")
    assert place.path().read_bytes() == trained.path().read_bytes()


def test_changed_bytes_of_an_unfinished_regression_are_made_again(trained, tmp_path):
    place = trained.copy(tmp_path, work=True)
    path = own_regression(place, trained.folder / "kept")
    path.unlink()
    # killed as the second note is about to be written
    assert moments.killed(place.command("--chunks", 4, "--resume"), 3, file=".npy.partial.journal", clock=2)
    partial, journal = (path.with_name(f"{path.name}.partial{ending}") for ending in ("", ".journal"))
    assert int(journal.read_text().split()[4]) == 10
    flip(partial, 300)
    place.train("--resume", "--chunks", 4)
    assert place.path().read_bytes() == trained.path().read_bytes()


def test_another_runs_features_are_refused(trained, tmp_path):
    place = trained.copy(tmp_path)
    place.train("--keep-work", "--features", "class-token")
    place.path().unlink()
    message = place.train("--resume", status=5)
    assert "belongs to another run" in message and "class tokens" not in message.split("found")[0]


def test_a_live_run_is_not_called_interrupted(trained, tmp_path):
    place = trained.copy(tmp_path)
    run = place.stopped("--batch", 3, stop=4, file="berg-features.journal")
    try:
        assert "work: another training run is at work in this folder" in place.train(status=5)
    finally:
        run.kill()
        run.wait()
    assert "interrupted training" in place.train(status=5)


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system is mounted by root")
def test_a_full_disk(trained, tmp_path):
    place = trained.copy(tmp_path)
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", disk], capture_output=True)
    if mounted.returncode:
        pytest.skip("no tmpfs can be mounted here")
    try:
        message = place.train("--work", disk / "work", status=6)
        assert "disk is too small" in message and not place.path().exists()
        subprocess.run(["mount", "-o", "remount,size=60m", disk], check=True)
        hog = disk / "hog"
        running = place.stopped("--work", disk / "work", "--batch", 1, "--threads", 1, stop=2, file="berg-features.f32")
        with open(hog, "wb") as file, pytest.raises(OSError):
            while True:
                file.write(bytes(1 << 20))
                file.flush()
        moments.go_on(running)
        assert running.wait() in (5, 6) and not place.path().exists()
        hog.unlink(missing_ok=True)
        place.train("--work", disk / "work", "--resume")
        assert place.path().read_bytes() == trained.path().read_bytes()
        assert not (disk / "work").exists()
    finally:
        subprocess.run(["umount", disk], check=True)


# --- Wrong input ---


def edit(place, **changes):
    path = place.prepared("metadata.npy")
    metadata = np.load(path, allow_pickle=True).item()
    metadata["encoding_model"].update(changes)
    np.save(path, metadata)


def test_too_little_memory(trained, tmp_path):
    place = trained.copy(tmp_path)
    message = place.train("--memory", "100M", status=6)
    assert "100 MB of memory are not enough" in message
    least = int(message.split("training: ")[1].split(" MB")[0])
    place.train("--memory", f"{least}M", "--dry-run")
    place.train("--memory", f"{least - 2}M", "--dry-run", status=6)


def test_missing_images_are_all_listed(trained, tmp_path):
    place = trained.copy(tmp_path)
    place.images = tmp_path / "images"
    shutil.copytree(trained.images, place.images)
    gone = sorted(place.images.rglob("*.jpg"))[::3]
    for path in gone:
        path.unlink()
    message = place.train(status=3)
    assert message.splitlines()[0] == "berg: 4 training images are missing:"
    assert message.splitlines()[1:5] == [f"  {path}" for path in gone]
    assert "4 of 12 training images are missing" in message.splitlines()[-1]
    assert not (place.folder / "work").exists()


@pytest.mark.parametrize("case, text", [
    ("fewer", "too few training images"), ("twice", "shown twice"), ("lengths", "training images do not fit"),
    ("shape", "neural_data"), ("dtype", "neural_data"), ("slash", "no file name"), ("missing", "train_concepts"),
    ("nan", "finite")])
def test_wrong_input(trained, tmp_path, case, text):
    place = trained.copy(tmp_path, work=case == "nan")
    encoding = np.load(place.prepared("metadata.npy"), allow_pickle=True).item()["encoding_model"]
    components = IMAGES if case == "fewer" else COMPONENTS
    if case in ("shape", "dtype", "nan"):
        with h5py.File(place.prepared("split-train.h5"), "r+") as file:
            values = file["neural_data"][()]
            if case == "nan":
                values[3, 17] = np.nan
            del file["neural_data"]
            file["neural_data"] = {"shape": values[:, 1:], "dtype": np.zeros((IMAGES, 40), "i4"), "nan": values}[case]
    if case == "twice":
        for name in ("train_stimuli", "train_concepts"):
            encoding[name][4] = encoding[name][9]
    if case == "lengths":
        encoding["train_concepts"] = encoding["train_concepts"][1:]
    if case == "slash":
        encoding["train_concepts"][0] = "../concept000"
    edit(place, **encoding)
    if case == "missing":
        path = place.prepared("metadata.npy")
        metadata = np.load(path, allow_pickle=True).item()
        del metadata["encoding_model"]["train_concepts"]
        np.save(path, metadata)
    message = place.train(*(["--resume"] if case == "nan" else []), status=3, components=components)
    assert text in message
    assert not place.path().exists()


def test_two_runs_at_once(trained, tmp_path):
    place = trained.copy(tmp_path)
    first = place.stopped(stop=1, file="berg-features.f32")
    assert "another training run" in place.train("--resume", status=5)
    moments.go_on(first)
    assert first.wait() == 0
