"""A simulated data set against what THINGS-fMRI1's raw files are like, and its known ceilings against estimates."""
import hashlib
import importlib.util
import pickle
import subprocess

import h5py
import nibabel
import numpy as np
import pytest
from PIL import Image

from accuracy import reliability
from raw_data import RawSubject, noise_ceilings, read_table

SIZES = {"concepts": 30, "images-per-concept": 5, "test-images": 40, "sessions": 8, "image-size": 48}
ROIS = ["V1", "V2", "V3", "hV4", "VO1", "VO2", "LO1 (prf)", "LO2 (prf)", "TO1", "TO2", "V3b", "V3a", "lEBA", "rEBA",
        "lFFA", "rFFA", "lOFA", "rOFA", "lSTS", "rSTS", "lPPA", "rPPA", "lRSC", "rRSC", "lTOS", "rTOS", "lLOC", "rLOC",
        "IT"]


def simulate(program, folder, **options):
    """berg simulate with SIZES, where `options` says nothing else."""
    options = {**SIZES, "voxels": 600, **{name.replace("_", "-"): value for name, value in options.items()}}
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    done = subprocess.run([program, "simulate", folder, "-q", *arguments], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0 and not done.stderr, done.stderr
    return folder


def digests(folder):
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def folder(berg_program, tmp_path_factory):
    return simulate(berg_program, tmp_path_factory.mktemp("raw"), subject="1,2", voxels=3000, threads=2)


@pytest.fixture(scope="module")
def raw(folder):
    return RawSubject(folder, 1)


def test_design(raw):
    trials = raw.trials
    assert raw.trial_header == ["trial_type", "session", "run", "subject_id", "trial_id", "stimulus", "concept"]
    assert len(trials["trial_id"]) == 30 * 5 + 40 * 8 == raw.responses.shape[1]
    assert (trials["trial_id"] == np.arange(470)).all() and (trials["subject_id"] == 1).all()
    assert (np.diff(trials["session"] * 100 + trials["run"]) >= 0).all()
    assert set(trials["session"]) == set(range(1, 9)) and set(trials["run"]) == set(range(1, 11))
    is_test = trials["trial_type"] == "test"
    assert set(trials["trial_type"]) == {"train", "test"}
    train, test = trials["stimulus"][~is_test], trials["stimulus"][is_test]
    assert len(set(train)) == len(train) == 150 and len(set(test)) == 40 and not set(train) & set(test)
    for session in range(1, 9):
        own = trials["session"] == session
        assert (np.unique(trials["stimulus"][own & is_test]) == np.unique(test)).all() and (own & is_test).sum() == 40
        assert (own & ~is_test).sum() in (18, 19)
    assert set(trials["concept"][is_test]) <= set(trials["concept"][~is_test])
    assert all(name.startswith(f"{concept}_") for name, concept in zip(trials["stimulus"], trials["concept"]))


def test_images(folder, raw):
    expected = {f"{concept}/{name}" for name, concept in zip(raw.trials["stimulus"], raw.trials["concept"])}
    found = {str(path.relative_to(folder / "images")) for path in (folder / "images").glob("*/*")}
    assert found == expected
    pixels = np.stack([np.asarray(Image.open(folder / "images" / name)) for name in sorted(found)]).astype(float)
    assert pixels.shape == (len(found), 48, 48, 3)
    # no two alike, none flat, and smooth as photographs are: neighbours resemble each other, as in no white noise
    assert len({image.tobytes() for image in pixels}) == len(found)
    assert (pixels.std(axis=(1, 2, 3)) > 10).all()
    neighbours = np.mean([np.corrcoef(image[:, 1:].ravel(), image[:, :-1].ravel())[0, 1] for image in pixels])
    assert neighbours > 0.8


def test_subjects_see_the_same_images_in_another_order(folder, raw):
    other = RawSubject(folder, 2)
    assert set(other.trials["stimulus"]) == set(raw.trials["stimulus"])
    assert (other.trials["stimulus"] != raw.trials["stimulus"]).mean() > 0.9
    assert (other.truth["test_stimuli"] == raw.truth["test_stimuli"]).all()
    # whose localisers found no STS
    assert not other.voxel("lSTS").any() and not other.voxel("rSTS").any() and other.voxel("V1").any()


def test_voxel_columns(raw):
    header = raw.voxel_header
    assert len(header) == len(set(header)) == 222
    assert header[:13] == ["voxel_id", "subject_id", "voxel_x", "voxel_y", "voxel_z", "nc_singletrial", "nc_testset",
                           "splithalf_uncorrected", "splithalf_corrected", "prf-eccentricity", "prf-polarangle",
                           "prf-rsquared", "prf-size"]
    assert header[13:42] == ROIS
    assert all(name.startswith("glasser-") for name in header[42:])
    assert [name for name in header if "\n" in name] == ["glasser-p9-\n46v", "glasser-a9-\n46v"]
    assert header[42] == "glasser-V1" and header[-1] == "glasser-p24"
    assert header[124:127] == ["glasser-p9-\n46v", "glasser-46", "glasser-a9-\n46v"]
    assert (raw.voxel("voxel_id") == np.arange(3000)).all() and (raw.voxel("subject_id") == 1).all()


def test_header_lines(folder):
    """The two names with a newline are quoted, so that the header takes three lines."""
    lines = (folder / "betas_csv" / "sub-01_VoxelMetadata.csv").read_text().split("\n")
    assert lines[0].endswith(',"glasser-p9-') and lines[1].startswith('46v",glasser-46,"glasser-a9-')
    assert lines[2].startswith('46v",') and lines[3].startswith("0,1,") and len(lines) == 3 + 3000 + 1


def test_regions(raw):
    rois = np.stack([raw.voxel(name) for name in ROIS])
    assert set(np.unique(rois)) == {0, 1} and (rois.sum(axis=1) >= 3).all()
    assert (rois.sum(axis=0) > 1).any() and (rois.sum(axis=0) == 0).mean() > 0.3  # overlaps, and brain outside them
    parcels = np.stack([raw.voxel(name) for name in raw.voxel_header[42:]])
    assert set(np.unique(parcels)) == {0, 1} and (parcels.sum(axis=0) <= 1).all() and parcels.sum(axis=0).mean() > 0.3
    left = raw.voxel("voxel_x") < raw.voxel("voxel_x").mean()
    assert left[raw.voxel("lFFA") == 1].all() and not left[raw.voxel("rFFA") == 1].any()


def test_fields(raw):
    x, angle = raw.voxel("prf-eccentricity"), raw.voxel("prf-polarangle")
    v1, anywhere = raw.voxel("V1") == 1, np.isfinite(x)
    assert anywhere[v1].mean() > 0.8 and not anywhere.all()
    for name in ("prf-polarangle", "prf-rsquared", "prf-size"):
        assert (np.isfinite(raw.voxel(name)) == anywhere).all()
    assert (x[anywhere] >= 0).all() and ((angle[anywhere] >= 0) & (angle[anywhere] < 360)).all()
    # the left hemisphere sees the right half of the field
    left = raw.voxel("voxel_x") < raw.voxel("voxel_x").mean() - 1
    assert (np.cos(np.radians(angle[anywhere & left])) >= -1e-9).all()
    size = raw.voxel("prf-size")
    assert np.corrcoef(x[v1 & anywhere], size[v1 & anywhere])[0, 1] > 0.9


def test_mask_gives_the_order_of_voxels(folder, raw):
    image = nibabel.load(folder / "brainmasks" / "sub-01_space-T1w_brainmask.nii.gz")
    mask = np.asarray(image.dataobj)
    assert mask.dtype == np.uint8 and set(np.unique(mask)) == {0, 1}
    coordinates = np.stack([raw.voxel(f"voxel_{axis}") for axis in "xyz"], axis=1)
    assert (np.argwhere(mask) == coordinates).all()


@pytest.mark.parametrize("name, code", [("f64", "<f8"), ("f32", "<f4")])
def test_response_table(berg_program, tmp_path, name, code):
    simulate(berg_program, tmp_path / "raw", dtype=name)
    with h5py.File(tmp_path / "raw" / "betas_csv" / "sub-01_ResponseData.h5") as file:
        group = file["ResponseData"]
        assert group.attrs["pandas_type"] == b"frame" and group.attrs["nblocks"] == 2
        values, ids = group["block0_values"], group["block1_values"]
        assert values.dtype == code and values.shape == (600, 470) and values.chunks is None
        assert ids.dtype == "<i8" and (ids[:, 0] == np.arange(600)).all() and (group["axis1"][:] == np.arange(600)).all()
        assert group["block1_items"][0] == b"voxel_id" and values.attrs["transposed"] == 1
        assert list(pickle.loads(group["axis0"][0].tobytes())) == ["voxel_id", *range(470)]
        assert list(pickle.loads(group["block0_items"][0].tobytes())) == list(range(470))
        assert np.isfinite(values[:]).all() and (values[:].std(axis=1) > 0).all()
        table = values[:]
    if all(map(importlib.util.find_spec, ("pandas", "tables"))):
        import pandas
        frame = pandas.read_hdf(tmp_path / "raw" / "betas_csv" / "sub-01_ResponseData.h5", key="ResponseData")
        assert list(frame.columns) == ["voxel_id", *range(470)] and (frame["voxel_id"] == np.arange(600)).all()
        assert np.array_equal(frame[list(range(470))].to_numpy(), table)


def test_reliability_columns_are_of_the_responses(raw):
    voxels = slice(0, None, 20)
    expected = reliability(raw.test_responses()[voxels].transpose(1, 2, 0))
    for column, figure in (("nc_singletrial", "noise_ceiling_singletrial"), ("nc_testset", "noise_ceiling_testset"),
                           ("splithalf_uncorrected",) * 2, ("splithalf_corrected",) * 2):
        np.testing.assert_allclose(raw.voxel(column)[voxels], expected[figure], atol=1e-9, err_msg=column)


def test_known_ceilings(raw):
    """They follow from the variances, and estimates scatter around them where the signal is strong enough that none is cut
    off at 0."""
    truth, (_, estimate) = raw.truth, noise_ceilings(raw.test_responses())
    signal, noise = truth["signal_variance"], truth["noise_variance"]
    np.testing.assert_allclose(truth["nc_singletrial"], 100 * signal / (signal + noise))
    np.testing.assert_allclose(truth["nc_testset"], 100 * signal / (signal + noise / 8))
    strong = truth["nc_testset"] > 40
    error = (estimate - truth["nc_testset"])[strong]
    assert strong.sum() > 100 and abs(error.mean()) < 1.5 and error.std() < 15
    silent = truth["signal_variance"] == 0
    assert silent.mean() > 0.2 and estimate[silent].mean() < 12


def test_known_signal(raw):
    """Unit variance over the test images; the mean response approaches it as the ceiling says."""
    signal, truth = raw.truth["test_signal"].astype(float), raw.truth
    loud = truth["signal_variance"] > 0
    np.testing.assert_allclose(signal[loud].mean(axis=1), 0, atol=1e-5)
    np.testing.assert_allclose(signal[loud].var(axis=1), 1, atol=1e-4)
    assert not signal[~loud].any()
    test = raw.test_responses()
    mean = ((test - test.mean(axis=2, keepdims=True)) / test.std(axis=2, keepdims=True)).mean(axis=1)
    strong = np.flatnonzero(truth["nc_testset"] > 40)
    r = np.array([np.corrcoef(mean[v], signal[v])[0, 1] for v in strong])
    assert abs(r.mean() - np.sqrt(truth["nc_testset"][strong] / 100).mean()) < 0.02


def test_noise_has_the_known_variance(raw):
    """Residuals of the test responses around session offsets and gains times the signal."""
    truth, test = raw.truth, raw.test_responses()
    silent = truth["signal_variance"] == 0
    # without signal all is offset and gain * noise; E exp(2 g) with g of standard deviation 0.12
    ratio = test[silent].var(axis=2, ddof=1).mean(axis=1) / truth["noise_variance"][silent]
    assert abs(ratio.mean() / np.exp(2 * 0.12 ** 2) - 1) < 0.02


def test_same_bytes_for_any_threads(berg_program, tmp_path, folder):
    one = simulate(berg_program, tmp_path / "one", threads=1, subject="1,3")
    three = simulate(berg_program, tmp_path / "three", threads=3, subject="1,3")
    assert digests(one) == digests(three)
    another = digests(simulate(berg_program, tmp_path / "another", seed=2))
    same = [name for name, digest in digests(one).items() if another.get(name) == digest]
    assert not [name for name in same if "mask" not in name]
    # a subject is the same, whoever else is simulated; and the number of voxels does not change the images
    alone = digests(simulate(berg_program, tmp_path / "alone", subject=3))
    assert all(digests(one)[name] == digest for name, digest in alone.items())
    images = {name: digest for name, digest in digests(folder).items() if name.startswith("images")}
    assert all(alone[name] == digest for name, digest in images.items())


def test_test_images_of_few_concepts(berg_program, tmp_path):
    """More test images than concepts, more concepts than words, training images that sessions cannot share equally."""
    few = RawSubject(simulate(berg_program, tmp_path / "few", concepts=3, sessions=2, test_images=7,
                              images_per_concept=1, voxels=100))
    is_test = few.trials["trial_type"] == "test"
    assert len(set(few.trials["stimulus"][is_test])) == 7 and (~is_test).sum() == 3
    assert (few.truth["test_stimuli"] == np.unique(few.trials["stimulus"][is_test])).all()
    many = simulate(berg_program, tmp_path / "many", concepts=1500, images_per_concept=1, test_images=90, sessions=2,
                    image_size=16, voxels=100)
    header, rows = read_table(many / "betas_csv" / "sub-01_StimulusMetadata.csv")
    stimuli = np.array([row[header.index("stimulus")] for row in rows if row[0] == "test"])
    assert len({row[-1] for row in rows}) == 1500
    assert (RawSubject(many).truth["test_stimuli"] == np.unique(stimuli)).all()
