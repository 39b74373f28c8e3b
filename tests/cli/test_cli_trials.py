"""encode --trials: a number is the same whatever else is encoded or selected, in every format; what cannot be is refused.
tests/oracle/test_trials.py has the statistics."""
import csv
import json
import os

import h5py
import numpy as np
import pytest

import moments
from program import MODEL, MODEL_FOLDER
from sibling_models import MODELS
from siblings import FILES, IDS, SUBJECTS, also, files

ASKED = ["--trials", "3", "--seed", "7"]


@pytest.fixture
def encode(berg, small_berg_dir, backbone_files):
    """encode(...) of subject 1 of the small subjects, unless arguments say otherwise."""
    def call(*arguments, berg_dir=small_berg_dir, **more):
        subject = [] if "--subject" in arguments else ["--subject", "1"]
        return berg("encode", MODEL, *subject, "--berg-dir", berg_dir, "--backbone", backbone_files["safetensors"], *arguments, **more)
    return call


@pytest.fixture
def trials(encode, tmp_path):
    """trials(...): what a run with these arguments writes."""
    def call(*arguments, **more):
        result = encode(*arguments, "-o", tmp_path / "trials.npy", "--force", **more)
        assert result.status == 0, result.err
        return np.load(tmp_path / "trials.npy")
    return call


@pytest.fixture(scope="session")
def whole(berg, small_berg_dir, backbone_files, photos, tmp_path_factory):
    """Three trials of five photos: float32 (5, 3, 600), and the file."""
    path = tmp_path_factory.mktemp("whole") / "whole.npy"
    result = berg("encode", MODEL, "--subject", "1", "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"],
                  *ASKED, photos, "-o", path)
    assert result.status == 0, result.err
    values = np.load(path)
    assert values.dtype == np.float32 and values.shape == (5, 3, 600) and np.isfinite(values).all()
    return values, path


@pytest.mark.parametrize("options", [["--threads", "1"], ["--batch", "1"], ["--batch", "2", "--threads", "3"]])
def test_threads_and_batch_never_change_the_bytes(encode, photos, whole, options):
    assert encode(*ASKED, photos, "-o", "-", *options, binary=True).out == whole[1].read_bytes()


def test_shards_images_alone_and_images_in_another_order_are_the_same(trials, photos, whole):
    paths = sorted(photos.iterdir())
    parts = [trials(*ASKED, photos, "--shard", f"{i}/2") for i in (1, 2)]
    assert np.concatenate(parts).tobytes() == whole[0].tobytes()
    assert trials(*ASKED, *reversed(paths)).tobytes() == whole[0][::-1].tobytes()
    assert trials(*ASKED, paths[3], paths[3]).tobytes() == whole[0][[3, 3]].tobytes()


def test_from_a_store_they_are_those_of_its_images(berg, small_berg_dir, backbone_files, photos, whole, tmp_path):
    assert berg("score", MODEL, "--subject", "1", "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], photos,
                "-o", tmp_path / "s").status == 0
    for batch in [], ["--batch", "2"]:
        result = berg("encode", MODEL, "--subject", "1", "--berg-dir", small_berg_dir, *ASKED, "--scores", tmp_path / "s", *batch, "-o", "-",
                      binary=True)
        assert result.out == whole[1].read_bytes()


def test_a_selection_is_its_columns_of_the_whole(trials, photos, whole, small_subject):
    rois = small_subject[1]["roi"]
    voxels = np.concatenate([rois["V2"], rois["V1"]])
    assert trials(*ASKED, photos, "--roi", "V2,V1").tobytes() == whole[0][:, :, voxels].tobytes()


def test_more_trials_begin_with_the_same_ones(trials, photos, whole):
    photo = photos / "0.jpg"
    assert trials("--trials", "1", "--seed", "7", photo).tobytes() == whole[0][:1, :1].tobytes()
    assert np.array_equal(trials("--trials", "8", "--seed", "7", photo)[:, :3], whole[0][:1])


def test_seeds_trials_images_and_subjects_have_noise_of_their_own(trials, photos, whole):
    two = sorted(photos.iterdir())[:2]
    predicted = trials(*two)[:, None]
    first, other = whole[0][:2] - predicted, trials("--trials", "3", "--seed", "8", *two) - predicted
    second = trials(*ASKED, *two, "--subject", "2")[:, :, :530] - trials(*two, "--subject", "2")[:, None, :530]
    for a, b in ((first, other), (first[:, 1:], first[:, :-1]), (first[1:], first[:-1]), (first[:, :, :530], second)):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 0.1


def test_the_same_pixels_are_the_same_image(trials, whole, photos, tmp_path):
    """An image is known by what the network sees, not by its name or where it lies."""
    from PIL import Image
    photo = sorted(photos.iterdir())[1]
    Image.open(photo).save(tmp_path / "copy.png", compress_level=1)
    assert (tmp_path / "copy.png").read_bytes() != photo.read_bytes()
    assert trials(*ASKED, tmp_path / "copy.png").tobytes() == whole[0][1].tobytes()


def test_formats_hold_the_same(encode, photos, whole, tmp_path):
    two = sorted(photos.iterdir())[:2]
    for name, more in (("a.h5", []), ("wide.csv", []), ("long.csv", ["--long"])):
        assert encode(*ASKED, *two, "--roi", "V1", "-o", tmp_path / name, *more).status == 0
    with h5py.File(tmp_path / "a.h5") as file:
        values, names = file["responses"][:], [name.decode() for name in file["trial_names"][:]]
        assert file["responses"].attrs["axes"] == b"image trial voxel" and names == ["trial-1", "trial-2", "trial-3"]
        voxels = file["voxel_index"][:]
        assert json.loads(file["provenance"][0])["Trials"]["Seed"] == "7"
    assert np.array_equal(values, whole[0][:2, :, voxels])
    wide, table = (list(csv.reader((tmp_path / name).open(newline=""))) for name in ("wide.csv", "long.csv"))
    assert wide[0][:2] == ["image", f"trial-1_voxel_{voxels[0]}"] and wide[0][-1] == f"trial-3_voxel_{voxels[-1]}"
    assert np.array_equal(np.array([line[1:] for line in wide[1:]], np.float32).reshape(values.shape), values)
    assert table[0] == ["image", "trial", "voxel", "value"] and table[1][1:3] == ["trial-1", str(voxels[0])]
    assert np.array_equal(np.array([line[-1] for line in table[1:]], np.float32).reshape(values.shape), values)


def test_killed_and_resumed(encode, berg, small_berg_dir, backbone_files, photos, whole, tmp_path):
    out = tmp_path / "out.npy"
    command = ["encode", MODEL, "--subject", "1", "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"],
               "--batch", "1", photos, "-o", out]
    assert moments.killed([berg.path, *map(str, command), *ASKED], 4, file="out.npy.partial")
    others = (["--trials", "3", "--seed", "8"], [*ASKED, "--mode", "prediction"], [*ASKED, "--common", "0.1"],
              [*ASKED, "--average", "2"], ["--trials", "4", "--seed", "7"], [])
    for other in others:
        result = berg(*command, *other, "--resume")
        assert result.status == 5 and "another run" in result.err, other
    assert berg(*command, *ASKED, "--resume").status == 0
    assert out.read_bytes() == whole[1].read_bytes()


# --- What is said and refused -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def changed(small_berg_dir, tmp_path_factory):
    """changed(name, change): a folder of subject 1 with `change(weights, metadata)` done."""
    made = {}

    def make(name, change):
        if name not in made:
            folder = made[name] = tmp_path_factory.mktemp(name)
            parts = {"encoding_models_weights": "weights_sub-01.npy", "metadata": "metadata_sub-01.npy"}
            values = {part: np.load(small_berg_dir / MODEL_FOLDER / part / file, allow_pickle=True).item()
                      for part, file in parts.items()}
            change(*values.values())
            for part, file in parts.items():
                (folder / MODEL_FOLDER / part).mkdir(parents=True)
                np.save(folder / MODEL_FOLDER / part / file, values[part])
        return made[name]
    return make


def set_ceilings(*values):
    """The first voxels' ceilings, in percent."""
    def change(weights, metadata):
        metadata["encoding_model"]["noise_ceiling_singletrial"][:len(values)] = values
        weights["pca_param"]["explained_variance_"] *= 1e-6
    return change


def test_counts_of_what_is_not_as_measured(encode, changed, photos, tmp_path):
    """Of 600: four without a number, two of 0; with hardly any predicted variance no other predicts too much."""
    folder = changed("ceilings", lambda weights, metadata: (
        metadata["encoding_model"].update(noise_ceiling_singletrial=np.r_[[np.nan] * 4, 0, 0, np.full(594, 25.0)]),
        weights["pca_param"].update(explained_variance_=weights["pca_param"]["explained_variance_"] * 1e-9)))
    result = encode(*ASKED, photos, "-o", tmp_path / "out.npy", berg_dir=folder)
    assert result.status == 0
    assert "sub-01: 4 of 600 columns have no noise ceiling: it counts as 0" in result.lines[0]
    assert "sub-01: predictions of 6 of 600 columns vary more than their noise ceilings leave signal for" in result.lines[1]
    assert len(result.lines) == 3 and np.isfinite(np.load(tmp_path / "out.npy")).all()
    said = json.loads((tmp_path / "out.json").read_text())["Trials"]
    assert said == {"Mode": "complete", "Count": 3, "Seed": "7", "CommonNoise": 0, "AverageOf": 1, "Columns": 600,
                    "Reliability": "encoding_model.noise_ceiling_singletrial", "WithoutNoiseCeiling": 4, "NoiseCeilingZero": 2,
                    "PredictionsBeyondCeiling": 6}
    result = encode(*ASKED, "--mode", "signal", photos / "0.jpg", "-o", tmp_path / "signal.npy", berg_dir=folder)
    assert "sub-01: predictions of 594 of 600 columns hardly vary: they are scaled by 10 and no more" in result.lines[1]
    assert json.loads((tmp_path / "signal.json").read_text())["Trials"]["GainLimited"] == 594


def test_weights_without_variances_have_the_mode_that_goes_without(encode, changed, trials, photos, whole, tmp_path):
    folder = changed("bare", lambda weights, metadata: weights["pca_param"].pop("explained_variance_"))
    result = encode(*ASKED, photos, "-o", tmp_path / "out.npy", berg_dir=folder)
    assert result.status == 4
    assert result.message.endswith("weights_sub-01.npy: no explained_variance_ of the components, so that how much predictions vary "
                                   "is not known: of the modes of trials, prediction goes without")
    asked = [*ASKED, "--mode", "prediction", photos / "0.jpg"]
    assert trials(*asked, berg_dir=folder).tobytes() == trials(*asked).tobytes()


@pytest.mark.parametrize("name, change, message", [
    ("high", set_ceilings(1, 130), "encoding_model.noise_ceiling_singletrial: expected percent, 0 to 100, found 130 at index 1"),
    ("low", set_ceilings(-1), "encoding_model.noise_ceiling_singletrial: expected percent, 0 to 100, found -1 at index 0"),
    ("unknown", set_ceilings(*[np.nan] * 600), "no column selected has a noise ceiling, which its trials need: all are NaN"),
    ("missing", lambda weights, metadata: metadata["encoding_model"].pop("noise_ceiling_singletrial"),
     "encoding_model.noise_ceiling_singletrial: array missing: expected the reliability of single trials, as an evaluation writes it, "
     "found no array of this name"),
    ("short", lambda weights, metadata: metadata["encoding_model"].update(noise_ceiling_singletrial=np.ones(599)),
     "encoding_model.noise_ceiling_singletrial: does not fit: expected one number a unit, found float64 (599,)"),
    ("negative", lambda weights, metadata: weights["pca_param"]["explained_variance_"].__setitem__(2, -1),
     "pca_param.explained_variance_: expected finite numbers from 0 up, found -1 at index 2"),
])
def test_files_that_make_no_sense(encode, changed, photos, tmp_path, name, change, message):
    result = encode(*ASKED, photos, "-o", tmp_path / "out.npy", berg_dir=changed(name, change))
    assert result.status == 4 and result.message.endswith(message)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("options, message", [
    (["--trials", "0"], "trials of each image: expected 1 to 100,000, found 0"),
    (["--trials", "100001"], "trials of each image: expected 1 to 100,000, found 100001"),
    ([*ASKED, "--mode", "full"], "mode of the trials: expected complete, prediction, signal or matched, found full"),
    ([*ASKED, "--common", "1.5"], "noise in common: expected a share, 0 to 1, found 1.5"),
    ([*ASKED, "--average", "0"], "average of the trials: expected 1 to 10,000,000, found 0"),
    ([*ASKED, "--mean", "roi"], "means over regions have noise of their own: encode trials of the voxels, and average those"),
    (["--seed", "1"], "--seed, --mode, --average and --common are of simulated trials: give --trials too (see berg encode -h)"),
])
def test_options_that_make_no_sense(encode, photos, tmp_path, options, message):
    result = encode(*options, photos, "-o", tmp_path / "out.npy")
    assert (result.status, result.message) == (2, message)
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("name", ["out.nii.gz", "out.nii", "out.func.gii", "out.mgh", "out-ave.fif"])
def test_formats_without_an_axis_for_them(encode, photos, tmp_path, name):
    result = encode(*ASKED, photos, "-o", tmp_path / name)
    assert (result.status, result.message) == (2, f"{tmp_path / name}: trials of images go to .npy, .h5, .hdf5 or .csv")


def test_memory_for_a_row(encode, photos, tmp_path):
    result = encode("--trials", "100000", photos, "-o", tmp_path / "out.npy", "--memory", "600M", "--quiet")
    assert result.status == 6
    assert result.message.startswith("600 MB of memory are not enough for 100000 trials of an image: these need ")


# --- The other models -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def sibling(berg, five_berg_dir, backbone_files):
    def call(key, *arguments):
        return berg("encode", IDS[key], "--subject", SUBJECTS[key], "--berg-dir", five_berg_dir, "--backbone",
                    backbone_files["safetensors"], *arguments)
    return call


def load_parts(berg_dir, key):
    """The weights and metadata of a sibling's subject, as NumPy reads them."""
    subject = SUBJECTS[key] if key == "tvsd" else int(SUBJECTS[key])
    paths = MODELS[key].weights_path(berg_dir, subject), MODELS[key].metadata_path(berg_dir, subject)
    return (np.load(path, allow_pickle=True).item() for path in paths)


def normal(numbers, what):
    """Mean 0 and variance 1, within 4.5 standard errors."""
    assert abs(numbers.mean()) < 4.5 / np.sqrt(numbers.size), what
    assert abs(numbers.var() - 1) < 4.5 * np.sqrt(2 / numbers.size), what


@pytest.mark.parametrize("key, repeats", [("meg", 12), ("tvsd", 30)])
def test_matched_noise_of_averages_ceilings(sibling, five_berg_dir, photos, tmp_path, key, repeats):
    """The metadata's ceilings are of means of 12 and 30 trials; inverted, they give the noise that is drawn."""
    weights, metadata = load_parts(five_berg_dir, key)
    assert sibling(key, photos, "-o", tmp_path / "predicted.npy").status == 0
    assert sibling(key, *ASKED, "--mode", "matched", photos, "-o", tmp_path / "trials.npy").status == 0
    of_mean = metadata["encoding_model"]["noise_ceiling"].astype(np.float64) / 100
    ceiling = of_mean / (repeats - (repeats - 1) * of_mean)
    coefficients = weights["reg_param"]["coef_"].astype(np.float64)
    variance = (coefficients ** 2 @ weights["pca_param"]["explained_variance_"].astype(np.float64)).reshape(ceiling.shape)
    known = ceiling > 1e-3  # where the ceiling has lost no digits
    noise = np.load(tmp_path / "trials.npy").astype(np.float64) - np.load(tmp_path / "predicted.npy")[:, None]
    assert noise.shape == (5, 3, *ceiling.shape) and known.mean() > 0.2
    normal(noise[:, :, known] / np.sqrt(variance * (1 - ceiling) / np.where(known, ceiling, 1))[known], key)


def test_noise_of_both_hemispheres(sibling, five_berg_dir, photos, tmp_path):
    """NSD: z-scores whose noise has the variance 1 / (1 + ncsnr^2); the hemispheres' noise is not the same."""
    _, metadata = load_parts(five_berg_dir, "nsd")
    photo = sorted(photos.iterdir())[0]
    assert sibling("nsd", photo, "-o", tmp_path / "predicted.npy").status == 0
    assert sibling("nsd", "--trials", "2", "--mode", "prediction", photo, "-o", tmp_path / "trials.npy").status == 0
    drawn = []
    for side in ("lh", "rh"):
        ratio = metadata["fmri"][f"{side}_ncsnr"].astype(np.float64)
        noise = np.load(tmp_path / f"trials_{side}.npy").astype(np.float64) - np.load(tmp_path / f"predicted_{side}.npy")[:, None]
        known = np.isfinite(ratio)
        drawn.append((noise * np.sqrt(1 + np.where(known, ratio, 0) ** 2)).reshape(2, -1))
        normal(drawn[-1][:, known], side)
    assert abs(np.corrcoef(drawn[0].ravel(), drawn[1].ravel())[0, 1]) < 4.5 / np.sqrt(drawn[0].size)


def test_together_or_alone(sibling, photos, tmp_path):
    asked = [*ASKED, "--mode", "matched", "--quiet"]
    photo = sorted(photos.iterdir())[0]
    assert sibling("fmri", *asked, *also("nsd", "meg", "tvsd"), photo, "-o", f"{tmp_path}/both/").status == 0
    for key in ("fmri", "nsd", "meg", "tvsd"):
        assert sibling(key, *asked, photo, "-o", f"{tmp_path}/alone/").status == 0
    names = files(["fmri", "nsd", "meg", "tvsd"])
    assert len(names) == sum(len(FILES[key]) for key in ("fmri", "nsd", "meg", "tvsd"))
    for name in names:
        assert (tmp_path / "both" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes(), name


def test_models_of_which_too_little_is_known(sibling, photos, tmp_path):
    result = sibling("eeg", *ASKED, photos, "-o", tmp_path / "out.npy")
    assert (result.status, result.message) == (
        2, "eeg-things_eeg_2-vit_b_32: no noise ceilings are known of this model, which simulated trials need")
    result = sibling("meg", *ASKED, photos, "-o", tmp_path / "out.npy")
    assert (result.status, result.message) == (
        2, "meg-things_meg_1-vit_b_32: in the units of its responses the noise of a trial is not known: of the modes of trials it has "
           "matched alone, found complete")
