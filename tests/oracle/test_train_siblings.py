"""Training the four siblings through the program, from prepared data in upstream's layout, against scikit-learn's formulas in float64
over the library's own features, of pictures that NumPy and Pillow cropped and resized."""
import json
import os
import shutil
import subprocess

import h5py
import numpy as np
import pytest
from PIL import Image

import make_prepared_siblings
import moments
import prepared_siblings
import training
from sibling_models import MODELS, weights_ending

IMAGES = {"nsd": 12, "eeg": 12, "meg": 18, "tvsd": 18}  # of which a quarter has four at least
COMPONENTS = 3
KEYS = ("nsd", "eeg", "meg", "tvsd")


class Place:
    """A berg directory with prepared data of one subject, and its images."""

    def __init__(self, program, backbone, folder, key, prepared=None, pictures=None):
        self.program, self.backbone, self.folder, self.key, self.prepared = program, backbone, folder, key, prepared
        self.pictures = pictures or folder / "images"
        self.model = MODELS[key]
        self.subject = self.model.subjects[0]

    @property
    def images(self):
        return self.pictures / ("nsd_stimuli.hdf5" if self.key == "nsd" else "")

    def command(self, *options, images=None, subject=None, components=COMPONENTS):
        command = [self.program, "train", self.model.model_id, "--subject", subject or self.subject, "--berg-dir", self.folder,
                   "--images", images or self.images, "--backbone", self.backbone, "--components", components,
                   "--features", "class-token", *options]
        return list(map(str, command))

    def train(self, *options, status=0, **more):
        done = subprocess.run(self.command(*options, **more), capture_output=True, text=True, timeout=600)
        assert done.returncode == status, (done.returncode, done.stderr)
        return done.stderr

    def path(self, split="all"):
        return self.model.weights_path(self.folder, self.subject, split)

    def weights(self, split="all"):
        return np.load(self.path(split), allow_pickle=True).item()

    def data(self, name):
        return self.folder / make_prepared_siblings.FOLDER.format(self.model.dataset) / name

    def copy(self, folder, work=False):
        """The prepared data elsewhere, and the images; with `work` instead the features and components of the same images, for
        --resume."""
        shutil.copytree(self.folder / "model_training_datasets", folder / "model_training_datasets")
        shutil.copytree(*((self.folder / "kept", folder / "work") if work else (self.pictures, folder / "images")))
        return Place(self.program, self.backbone, folder, self.key, self.prepared, self.pictures if work else None)

    def splits(self):
        return ["all", 1, 2, 3, 4] if self.model.has_quarters else ["all"]

    def shown(self, split):
        """Names or rows of the images of each trial."""
        return self.prepared.shown[0 if split == "all" else split] if self.model.has_quarters else self.prepared.shown

    def targets(self, split):
        """For each regression of the file, its place in it and (trials, targets)."""
        if self.model.has_quarters:
            return {("reg_param",): self.prepared.targets[0 if split == "all" else split]}
        if self.key == "eeg":
            return {("reg_param", name): values for name, values in self.prepared.targets.items()}
        return {(name,): values for name, values in self.prepared.targets.items()}


@pytest.fixture(scope="module")
def prepare(berg_program, backbone_files):
    def call(folder, key, **how):
        made = make_prepared_siblings.make(key, folder, folder / "images", **{"images": IMAGES[key], **how})
        return Place(berg_program, backbone_files["safetensors"], folder, key, made)
    return call


@pytest.fixture(scope="module")
def places(prepare, tmp_path_factory):
    """For each model its data, trained on, of MEG and TVSD in all splits."""
    made = {}
    for key in KEYS:
        place = made[key] = prepare(tmp_path_factory.mktemp(key), key)
        place.train("--keep-work", *(["--train-splits", "all,single"] if place.model.has_quarters else []))
        (place.folder / "work").rename(place.folder / "kept")
    return made


def test_images_of_matlab_are_turned_and_it_is_said(places, tmp_path):
    place = places["nsd"].copy(tmp_path)
    prepared_siblings.turn_for_matlab(place.images, "imgBrick")
    told = place.train("--report", tmp_path / "report.json").splitlines()
    assert f"berg: {place.images}:imgBrick: read as it is seen in MATLAB, which stores it with its dimensions in reverse" in told
    assert place.path().read_bytes() == places["nsd"].path().read_bytes()
    assert json.loads((tmp_path / "report.json").read_text())["turned_from_matlab"] == f"{place.images}:imgBrick"


def picture_of(place, shown):
    if place.key == "nsd":
        with h5py.File(place.images) as file:
            return Image.fromarray(file["imgBrick"][shown])
    return Image.open(place.images / ("training_images" if place.key == "eeg" else "") / shown).convert("RGB")


def squared(picture):
    """The central square, 224 x 224, in the middle of a picture that preprocessing crops to just that."""
    side = min(picture.size)
    left, top = round((picture.width - side) / 2), round((picture.height - side) / 2)
    inner = picture.crop((left, top, left + side, top + side)).resize((224, 224), Image.BILINEAR)
    framed = Image.new("RGB", (256, 256))
    framed.paste(inner, (16, 16))
    return framed


@pytest.fixture(scope="module")
def features(places, library, small_berg_dir, backbone_files, tmp_path_factory):
    """features(key, shown): float64 (trials, 9216)."""
    folder = tmp_path_factory.mktemp("squared")
    found = {}
    for key, place in places.items():
        every = sorted(set(place.shown("all")))
        if key == "tvsd":  # was shown the pictures of MEG
            assert every == list(found["meg"])
            found[key] = found["meg"]
            continue
        paths = [folder / f"{key}{i:03d}.png" for i in range(len(every))]
        for name, path in zip(every, paths):
            picture = picture_of(place, name)
            (squared(picture) if key in ("nsd", "eeg") else picture).save(path)
        values = library("features", paths, berg_dir=small_berg_dir, backbone=backbone_files["safetensors"])
        found[key] = dict(zip(every, values[:, :, 0].reshape(len(paths), -1).astype(float)))
    return lambda key, shown: np.stack([found[key][name] for name in shown])


CASES = [(key, split) for key in KEYS for split in (["all", 1, 2, 3, 4] if MODELS[key].has_quarters else ["all"])]


@pytest.fixture(scope="module")
def oracle(places, features):
    """For each model and split: PCA parameters, scores, and for each regression coefficients and intercepts."""
    found = {}
    for key, split in CASES:
        parameters, scores = training.pca(features(key, places[key].shown(split)), COMPONENTS)
        found[key, split] = parameters, scores, {
            at: training.least_squares(scores, values.astype(float)) for at, values in places[key].targets(split).items()}
    return found


def inner(tree, at):
    for name in at:
        tree = tree[name]
    return tree


def test_the_files_have_upstreams_names_and_keys(places):
    pca = ["components_", "explained_variance_", "explained_variance_ratio_", "singular_values_", "mean_", "n_components_",
           "n_samples_", "noise_variance_", "n_features_in_"]
    repetitions = [f"rep-{r}" for r in range(1, 5)]
    for key, place in places.items():
        names = {place.path(split).name for split in place.splits()}
        assert {path.name for path in place.path().parent.iterdir()} == names
        weights = place.weights()
        assert list(weights) == ["scaler_param", "pca_param",
                                 *(["lh_reg_param", "rh_reg_param"] if key == "nsd" else ["reg_param"])]
        if key == "eeg":
            assert list(weights["pca_param"]) == list(weights["reg_param"]) == repetitions
        assert list(weights["pca_param"]["rep-1"] if key == "eeg" else weights["pca_param"]) == pca
        for at in place.targets("all"):
            assert list(inner(weights, at)) == ["coef_", "intercept_", "n_features_in_"]
            assert inner(weights, at)["coef_"].dtype == np.float32


@pytest.mark.parametrize("key, split", CASES)
def test_scaler_and_components(places, oracle, key, split):
    weights, (expected, _, _) = places[key].weights(split), oracle[key, split]
    scaler = weights["scaler_param"]
    assert np.allclose(scaler["mean_"], expected["mean_"], rtol=1e-9, atol=1e-12)
    assert np.allclose(scaler["scale_"], expected["scale_"], rtol=1e-7)
    assert scaler["n_samples_seen_"] == len(places[key].shown(split))
    for pca in weights["pca_param"].values() if key == "eeg" else [weights["pca_param"]]:
        assert np.allclose(pca["explained_variance_"], expected["explained_variance_"], rtol=1e-5)
        assert np.abs((pca["components_"].astype(float) * expected["components_"]).sum(axis=1) - 1).max() < 1e-4


@pytest.mark.parametrize("key, split", CASES)
def test_regressions(places, oracle, key, split):
    weights, (_, _, regressions) = places[key].weights(split), oracle[key, split]
    for at, (coef, intercept) in regressions.items():
        found = inner(weights, at)
        assert np.abs(found["coef_"] - coef).max() < 1e-4 * np.abs(coef).max()
        assert np.abs(found["intercept_"] - intercept).max() < 1e-4


@pytest.mark.parametrize("key", KEYS)
def test_encode_gives_the_oracles_predictions(places, oracle, tmp_path, key):
    place = places[key]
    pictures = []
    for i, shown in enumerate(place.shown("all")[:5]):
        picture = picture_of(place, shown)
        pictures.append(tmp_path / f"{i:03d}.png")
        (squared(picture) if key in ("nsd", "eeg") else picture).save(pictures[-1])
    subprocess.run([place.program, "encode", place.model.model_id, "--subject", str(place.subject), "--berg-dir", place.folder,
                    "--backbone", place.backbone, "-q", "-o", tmp_path / "out.npy", *pictures], check=True, capture_output=True)
    _, scores, regressions = oracle[key, "all"]
    scores = scores[:len(pictures)]
    expected = [scores @ coef.T + intercept for coef, intercept in regressions.values()]
    if key == "nsd":
        found = [np.load(tmp_path / f"out_{side}h.npy") for side in "lr"]
    elif key == "eeg":
        responses = np.load(tmp_path / "out.npy")
        assert responses.shape[1:] == (4, 6, 5)
        found = [responses[:, r].reshape(len(scores), -1) for r in range(4)]
    else:
        responses = np.load(tmp_path / "out.npy")
        assert responses.shape[1:] == (place.prepared.targets[0].shape[1] // responses.shape[2], responses.shape[2])
        found = [responses.reshape(len(scores), -1)]
    for one, other in zip(found, expected, strict=True):
        assert np.abs(one - other).max() < 1e-4 * np.abs(other).max()


def test_metadata_are_grouped_as_the_models_are(places):
    for key, place in places.items():
        metadata = np.load(place.model.metadata_path(place.folder, place.subject), allow_pickle=True).item()
        prepared = place.prepared.metadata
        if key == "nsd":
            assert list(metadata) == ["fmri", "encoding_models"]
            assert list(metadata["fmri"]) == ["lh_ncsnr", "rh_ncsnr", "lh_fsaverage_rois", "rh_fsaverage_rois"]
            assert list(metadata["encoding_models"]) == ["train_img_num", "val_img_num", "test_img_num"]
            assert np.array_equal(metadata["fmri"]["lh_fsaverage_rois"]["V1v"], prepared["lh_fsaverage_rois"]["V1v"])
        elif key == "eeg":
            assert metadata["eeg"]["ch_names"] == prepared["ch_names"]
            assert metadata["encoding_models"] == {name: prepared[name] for name in ("train_img_info", "test_img_info")}
        else:
            assert list(metadata) == list(prepared)
            assert list(metadata["encoding_model"]) == list(prepared["encoding_model"])


@pytest.mark.parametrize("key", ["meg", pytest.param("tvsd", marks=pytest.mark.long)])
def test_quarters_without_files_are_cut_by_the_permutation(places, oracle, tmp_path, key):
    place = places[key].copy(tmp_path)
    for path in place.data("").glob("*single*"):
        path.unlink()
    place.train("--train-splits", "split2,split4", "--chunks", 3)
    assert [path.name for path in sorted(place.path().parent.iterdir())] == [place.path(2).name, place.path(4).name]
    for split in (2, 4):
        assert place.path(split).read_bytes() == places[key].path(split).read_bytes()


@pytest.mark.parametrize("key", ["meg", pytest.param("tvsd", marks=pytest.mark.long)])
def test_data_of_the_generation_before(places, prepare, tmp_path, key):
    place = prepare(tmp_path, key, quarters=False, generation="plain")
    place.train()
    assert place.path().read_bytes() == places[key].path().read_bytes()
    assert weights_ending("all", "newest") in place.path().name


@pytest.mark.parametrize("key, options", [
    ("nsd", ["--chunks", 5, "--threads", 1, "--batch", 7]), ("tvsd", ["--chunks", 3, "--threads", 3, "--memory", "600M"]),
    pytest.param("eeg", ["--chunks", 3, "--batch", 7, "--memory", "600M"], marks=pytest.mark.long),
    pytest.param("meg", ["--chunks", 5, "--threads", 1, "--batch", 5], marks=pytest.mark.long)])
def test_chunks_threads_and_memory_change_no_bit(places, tmp_path, key, options):
    place = places[key].copy(tmp_path)
    place.train(*options)
    assert place.path().read_bytes() == places[key].path().read_bytes()


@pytest.mark.parametrize("key", KEYS)
def test_chunked_files_and_float64_change_no_bit(places, tmp_path, key):
    place = places[key].copy(tmp_path, work=True)
    for path in place.data("").glob("*.h5"):
        with h5py.File(path, "r+") as file:
            (name, values), = [(name, data[()]) for name, data in file.items()]
            del file[name]
            file.create_dataset(name, data=values.astype(float), chunks=(3,) + (2,) * (values.ndim - 1), compression="gzip")
    place.train("--resume", "--chunks", 4)
    assert place.path().read_bytes() == places[key].path().read_bytes()


def test_two_subjects_share_features_and_components(berg_program, places, tmp_path):
    place = places["eeg"].copy(tmp_path)
    make_prepared_siblings.make("eeg", tmp_path, tmp_path / "images", subject=3, images=IMAGES["eeg"])
    report = tmp_path / "report.json"
    place.train("--report", report, subject="1,3")
    stages = json.loads(report.read_text())["stages"]
    assert [stage["stage"] for stage in stages].count("gram") == 1
    assert [(stage["subject"], stage["targets"]) for stage in stages if stage["stage"] == "regression"] == [(1, 120), (3, 120)]
    assert place.path().read_bytes() == places["eeg"].path().read_bytes()


def test_python_trains_them(places, tmp_path, build_dir):
    place = places["tvsd"].copy(tmp_path)
    code = ("import berg, sys\n"
            "report = berg.train('utah_array-tvsd-vit_b_32', berg_dir=sys.argv[1], images=sys.argv[2], subject='N',\n"
            "    backbone=sys.argv[3], components=int(sys.argv[4]), features='class-token', train_splits='split3', show_progress=False)\n"
            "print([s['subject'] for s in report['subjects']], report['subjects'][0]['label'])\n")
    done = subprocess.run(["/usr/bin/python3", "-c", code, place.folder, place.images, place.backbone, str(COMPONENTS)],
                          capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(build_dir / "python")})
    assert done.stdout == "['N'] monkeyN_split3\n", done.stderr
    assert place.path(3).read_bytes() == places["tvsd"].path(3).read_bytes()


# --- Interrupted runs ---


@pytest.mark.parametrize("key, kills", [("nsd", 1), ("meg", 1), *(pytest.param(key, 8, marks=pytest.mark.long) for key in KEYS)])
def test_killed_at_any_moment_and_resumed(prepare, tmp_path, key, kills):
    place = prepare(tmp_path, key, images=12)
    options = ["--chunks", 3, *(["--train-splits", "all,split1"] if place.model.has_quarters else [])]
    command = place.command(*options, components=2)
    calls = moments.count(command, tmp_path / "calls")
    files = [place.path(split) for split in place.splits()[:2]]
    expected = [path.read_bytes() for path in files]
    rng = np.random.default_rng(int.from_bytes(os.urandom(4), "little"))
    chosen = rng.integers(1, calls + 1, kills)
    print(chosen, "of", calls)
    for call in chosen:
        shutil.rmtree(place.folder / "encoding_models")
        moments.killed(command, call)
        if (place.folder / "work").exists() or not files[-1].exists():
            place.train("--resume", *options, components=2)
        assert [path.read_bytes() for path in files] == expected


# --- Wrong input ---


def change(path, **entries):
    """Entries of prepared metadata: others, or with None taken away."""
    metadata = np.load(path, allow_pickle=True).item()
    for at, value in entries.items():
        *way, last = at.split("__")
        tree = inner(metadata, way)
        if value is None:
            del tree[last]
        else:
            tree[last] = value
    np.save(path, metadata)


def replace(path, make):
    with h5py.File(path, "r+") as file:
        name, = file
        values = file[name][()]
        del file[name]
        file[name] = make(values)


def of_split(key):
    return {"meg": "meg_P1_{}", "tvsd": "tvsd_monkeyN_{}"}[key]


def nsd_number(place, number):
    numbers = np.load(place.data("metadata_subject-1.npy"), allow_pickle=True).item()["train_img_num"].copy()
    numbers[-1] = number
    change(place.data("metadata_subject-1.npy"), train_img_num=numbers)


def with_nan(values):
    values[3, 2, 1] = np.nan
    return values


WRONG = {
    "no metadata": ("eeg", lambda p: p.data("metadata_subject-1.npy").unlink(), 3, "metadata_subject-1.npy"),
    "no responses": ("nsd", lambda p: p.data("rh_betas_subject-1.h5").unlink(), 3, "rh_betas_subject-1.h5"),
    "another dataset": ("meg", lambda p: (p.data("meg_P1_all_training_splits.h5").unlink(), make_prepared_siblings.write(
        p.data("meg_P1_all_training_splits.h5"), "betas", np.zeros((IMAGES["meg"], 5, 4), "f4"))), 3, "neural_data"),
    "too few dimensions": ("tvsd", lambda p: replace(p.data("tvsd_monkeyN_all_training_splits.h5"), lambda v: v[:, :, 0]), 3,
                           f"expected float32 ({IMAGES['tvsd']}, 6, 3): trials, electrode, times"),
    "times before electrodes": ("tvsd", lambda p: replace(p.data("tvsd_monkeyN_all_training_splits.h5"),
                                                          lambda v: v.transpose(0, 2, 1)), 3, f"float32 ({IMAGES['tvsd']}, 3, 6)"),
    "other channels": ("eeg", lambda p: change(p.data("metadata_subject-1.npy"), ch_names=["O1", "O2"]), 3,
                       f"expected float32 ({IMAGES['eeg']}, any, 2, 5): trials, repetitions, channel, times"),
    "no names of channels": ("eeg", lambda p: change(p.data("metadata_subject-1.npy"), ch_names=None), 3, "ch_names"),
    "no names of images": ("eeg", lambda p: change(p.data("metadata_subject-1.npy"), train_img_info__train_img_files=None), 3,
                           "train_img_info.train_img_files: entry missing"),
    "numbers for names": ("tvsd", lambda p: change(p.data("tvsd_monkeyN_metadata.npy"),
                                                   encoding_model__all_training_splits__train_stimuli=np.arange(IMAGES["tvsd"])), 3,
                          "encoding_model.all_training_splits.train_stimuli: not names: expected text, found int64 (18,)"),
    "a path that leads out": ("meg", lambda p: change(
        p.data("meg_P1_metadata.npy"),
        encoding_model__all_training_splits__train_img_files=np.array(["a/b.jpg"] * (IMAGES["meg"] - 1) + ["../../etc/x.jpg"])), 3,
        "leads out of its folder"),
    "other numbers of trials": ("nsd", lambda p: change(p.data("metadata_subject-1.npy"), img_presentation_order=np.arange(40)), 3,
                                "lh_betas_subject-1.h5: betas"),
    "an image never shown": ("nsd", lambda p: nsd_number(p, 39000000), 3, "no trial showed"),
    "a number that is none": ("nsd", lambda p: change(p.data("metadata_subject-1.npy"), train_img_num=np.array([-1.5])), 3,
                              "train_img_num"),
    "numbers not in order": ("nsd", lambda p: nsd_number(p, 0), 3, "not in order"),
    "images that are missing": ("eeg", lambda p: shutil.rmtree(p.images / "training_images" / "concept001"), 3,
                                "4 of 12 training images are missing"),
    "too few rows of images": ("nsd", lambda p: (p.images.unlink(), make_prepared_siblings.stimuli(p.images, 10)), 3,
                               "training images are missing"),
    "a value that is no number": ("tvsd", lambda p: replace(p.data("tvsd_monkeyN_all_training_splits.h5"), with_nan), 3,
                              "tvsd_monkeyN_all_training_splits.h5: neural_data: trial 3, column 7 (from 0) cannot be regressed"),
}


@pytest.mark.parametrize("what", WRONG)
def test_wrong_input_is_one_line_and_a_status(places, tmp_path, what):
    key, break_it, status, text = WRONG[what]
    late = "cannot be regressed" in text  # seen when all else is done
    place = places[key].copy(tmp_path, work=late)
    break_it(place)
    message = place.train("--quiet", *(["--resume"] if late else []), status=status)
    lines = [line for line in message.splitlines() if not line.endswith("goes on from it")]
    assert text in lines[-1], message
    assert len(lines) == 1 or "images are missing" in text  # of which the plan lists all
    assert not place.path().exists()


def test_images_of_nsd_are_rows(places, tmp_path):
    place = places["nsd"].copy(tmp_path)
    assert "rows of an HDF5 dataset" in place.train(images=place.images.parent, status=3)
    place.train(images=f"{place.images}:imgBrick")
    assert place.path().read_bytes() == places["nsd"].path().read_bytes()


def test_splits_and_subjects_that_there_are_not(places):
    assert "this model has none" in places["eeg"].train("--train-splits", "all", status=2)
    assert "split1 to split4" in places["meg"].train("--train-splits", "all,split5", status=2)
    assert "N or F" in places["tvsd"].train(subject="1", status=2)
    assert "already exists" in places["tvsd"].train(status=5)
