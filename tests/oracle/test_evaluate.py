"""`berg evaluate` on a small subject: its predictions, figures and metadata against NumPy's."""
import hashlib
import json
import os
import shutil
import subprocess

import h5py
import numpy as np
import pytest

import accuracy
import made_once
import make_subject
import moments
from prepared_subject import (PREPARED, RESULTS, names_of, prepared_metadata, trial_order, write_images,
                              write_prepared)
from vit_oracle import MODEL_FOLDER

MODEL = "fmri-things_fmri_1-vit_b_32"
IMAGES, REPEATS = 9, 4
FLAT, FLAT_REPEAT, HOLE, SILENT = 5, 6, 7, 8  # voxels without a number, and why
ADDED = ["correlation_results", "percent_noise_ceiling", "percent_noise_ceiling_definition"]


class Place:
    """A berg directory with one prepared subject, and its images."""

    def __init__(self, folder, berg, backbone, subject):
        self.berg_dir, self.images, self.berg, self.backbone = folder / "berg", folder / "images", berg, backbone
        self.subject = subject
        self.model = self.berg_dir / MODEL_FOLDER
        self.metadata = self.model / "metadata" / f"metadata_sub-0{subject}.npy"
        self.predictions = self.berg_dir / RESULTS / f"fmri_test_pred_sub-0{subject}.npy"

    def prepared(self, rest):
        return self.berg_dir / PREPARED / f"fmri_sub-0{self.subject}_{rest}"

    def command(self, *more):
        command = [self.berg, "evaluate", MODEL, "--subject", self.subject, "--images", self.images, "--berg-dir",
                   self.berg_dir, "--backbone", self.backbone, *more]
        return list(map(str, command))

    def evaluate(self, *more):
        return subprocess.run(self.command(*more), capture_output=True, text=True)

    def report(self, *more):
        done = self.evaluate("--json", "-", "--quiet", *more)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return json.loads(done.stdout)

    def message(self, status, *more):
        """The lines of a failure."""
        done = self.evaluate(*more)
        assert done.returncode == status, done.stderr
        return [line for line in done.stderr.splitlines() if line not in ("berg: predictions", "berg: reliability")]


def build(folder, berg, backbone, models, subject, silent_voxel=None, images=IMAGES, repeats=REPEATS):
    """The place, the metadata before, the trials, and the image that each shows."""
    place, rng = Place(folder, berg, backbone, subject), np.random.default_rng(9)
    shutil.copytree(models / MODEL_FOLDER / "metadata", place.model / "metadata")
    weights = place.model / "encoding_models_weights"
    weights.mkdir()
    source = models / MODEL_FOLDER / "encoding_models_weights" / f"weights_sub-0{subject}.npy"
    if silent_voxel is None:
        (weights / source.name).symlink_to(source)
    else:
        fitted = np.load(source, allow_pickle=True).item()
        fitted["reg_param"]["coef_"][silent_voxel] = 0
        np.save(weights / source.name, fitted)
    before = np.load(place.metadata, allow_pickle=True).item()
    names, order = names_of(images), trial_order(images, repeats, rng)
    write_images(place.images, names)
    metadata = prepared_metadata(before, names, order)
    voxels = len(metadata["fmri"]["voxel_coords"])
    signal = rng.normal(size=(images, voxels)) * rng.uniform(0, 1.5, voxels)
    trials = (signal[order] + rng.normal(size=(len(order), voxels))).astype(np.float32)
    trials[:, FLAT] = 2
    trials[:images, FLAT_REPEAT] = 0.3
    trials[1, HOLE] = np.nan
    write_prepared(place.berg_dir, subject, metadata, trials, order)
    return place, metadata, trials, order


@pytest.fixture(scope="module")
def models(data_dir):
    """Two subjects of 600 and 530 voxels, with 4 components. For reading."""
    def make(folder):
        for subject in (1, 3):
            make_subject.make_subject(folder, subject, components=4, accuracy=subject == 1)
    with made_once.made_once(data_dir, "evaluated-berg-dir", make) as folder:
        yield folder


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory, berg_program, backbone_files, models):
    """One evaluation that all tests look at."""
    place, metadata, trials, order = build(tmp_path_factory.mktemp("evaluated"), berg_program, backbone_files["safetensors"],
                                            models, 1, SILENT)
    report = place.report("--memory", "3G", "--threads", "2")
    return place, metadata, trials, order, report


@pytest.fixture
def fresh(tmp_path, berg_program, backbone_files, models):
    return build(tmp_path, berg_program, backbone_files["safetensors"], models, 3)[0]


def expected(place, trials, order):
    """r and the four figures of each voxel by the definitions."""
    with h5py.File(place.prepared("split-test_averaged.h5")) as file:
        averaged = file["neural_data"][:]
    predictions = np.load(place.predictions)
    r = np.array([accuracy.pearson(*pair) for pair in zip(averaged.T, predictions.T)])
    presentations = np.stack([np.flatnonzero(order == i) for i in range(IMAGES)], axis=1)  # [repeats][images]
    return r, accuracy.reliability(trials[presentations])


def test_predictions_are_those_of_encode(evaluated, berg_program, tmp_path):
    place, metadata, *_ = evaluated
    encoding, out = metadata["encoding_model"], tmp_path / "encoded.npy"
    paths = [place.images / concept / stimulus
             for concept, stimulus in zip(encoding["test_avg_concepts"], encoding["test_avg_stimuli"])]
    subprocess.run(list(map(str, [berg_program, "encode", MODEL, "--subject", 1, "--berg-dir", place.berg_dir,
                                  "--backbone", place.backbone, "-q", "-o", out, *paths])), check=True)
    predictions = np.load(place.predictions)
    assert predictions.dtype == np.float32 and predictions.shape == (IMAGES, 600)
    assert place.predictions.read_bytes() == out.read_bytes()
    assert sorted(path.name for path in place.predictions.parent.iterdir()) == \
        [place.predictions.with_suffix(".json").name, place.predictions.name]


def test_the_sidecar_is_that_of_encode(evaluated, berg_program, tmp_path):
    """But for the command, the prepared data among the sources, and the metadata, which the run has written itself."""
    place, metadata, *_ = evaluated
    encoding, out = metadata["encoding_model"], tmp_path / "encoded.npy"
    paths = [place.images / concept / stimulus
             for concept, stimulus in zip(encoding["test_avg_concepts"], encoding["test_avg_stimuli"])]
    subprocess.run(list(map(str, [berg_program, "encode", MODEL, "--subject", 1, "--berg-dir", place.berg_dir,
                                  "--backbone", place.backbone, "-q", "-o", out, *paths])), check=True)
    tree = json.loads(place.predictions.with_suffix(".json").read_text())
    encoded = json.loads(out.with_suffix(".json").read_text())
    command = tree["GeneratedBy"][0].pop("Command")
    assert command.startswith(f"berg evaluate {MODEL}") and "--memory" not in command and "--json" not in command
    encoded["GeneratedBy"][0].pop("Command")
    prepared = tree["SourceFiles"].pop(0)
    assert (prepared["Role"], prepared["Path"]) == ("input", str(place.prepared("metadata.npy"))) == \
        ("input", tree["Sources"].pop(0))
    assert prepared["SHA256"] == hashlib.sha256(place.prepared("metadata.npy").read_bytes()).hexdigest()
    assert tree == encoded  # the metadata's hash too: encode saw them as they are now
    assert tree["Images"]["Count"] == IMAGES and tree["Columns"]["Voxels"] == [[0, 599]]


def test_figures_in_the_metadata(evaluated):
    place, _, trials, order, _ = evaluated
    found = np.load(place.metadata, allow_pickle=True).item()["encoding_model"]
    r, reliability = expected(place, trials, order)
    for name, values in {"correlation_results": r, **reliability}.items():
        assert found[name].dtype == np.float64 and found[name].shape == (600,), name
        assert (np.isnan(found[name]) == np.isnan(values)).all(), name
        assert np.nanmax(np.abs(found[name] - values)) < 1e-10, name
    ceiling = reliability["noise_ceiling_testset"]
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = np.where(ceiling > 0, 100 * np.maximum(r, 0) ** 2 / (ceiling / 100), np.nan)
    assert np.isnan(percent[ceiling == 0]).all() and (ceiling == 0).any()
    assert np.allclose(found["percent_noise_ceiling"], percent, rtol=1e-9, atol=1e-9, equal_nan=True)
    assert "libberg" in found["percent_noise_ceiling_definition"]


def test_all_else_in_the_metadata_is_as_it_was(evaluated):
    place, before, *_ = evaluated
    after = np.load(place.metadata, allow_pickle=True)
    assert after.shape == () and after.dtype == object
    after = after.item()
    assert list(after) == list(before) == ["fmri", "encoding_model", "prf", "roi"]
    for part in before:
        added = ADDED if part == "encoding_model" else []
        assert list(after[part]) == list(before[part]) + added
        for name, value in before[part].items():
            assert type(after[part][name]) is type(value), name
            if name in accuracy.FIGURES:
                continue
            if isinstance(value, np.ndarray):
                assert after[part][name].dtype == value.dtype and after[part][name].shape == value.shape, name
                if value.dtype == object:
                    assert {type(text) for text in after[part][name]} == {str}
            assert np.array_equal(after[part][name], value), name
    assert type(after["encoding_model"]["percent_noise_ceiling_definition"]) is str


def test_report(evaluated):
    place, before, trials, order, report = evaluated
    r, reliability = expected(place, trials, order)
    ceiling = reliability["noise_ceiling_testset"]
    assert (report["subject"], report["images"], report["repeats"], report["voxels"]) == (1, IMAGES, REPEATS, 600)
    assert report["mean_r"] == pytest.approx(np.nanmean(r)) and report["median_r"] == pytest.approx(np.nanmedian(r))
    assert report["mean_noise_ceiling_testset"] == pytest.approx(np.nanmean(ceiling))
    assert report["voxels_without_number"] == {
        "r": {"responses_without_variance": 1, "predictions_without_variance": 1, "not_finite": 1},
        "noise_ceiling": {"repeat_without_variance": 2, "not_finite": 1},
        "percent_noise_ceiling": {"ceiling_is_zero": int((ceiling[~np.isnan(r)] == 0).sum())}}
    assert [roi["name"] for roi in report["rois"]] == list(before["roi"])
    percent = np.load(place.metadata, allow_pickle=True).item()["encoding_model"]["percent_noise_ceiling"]
    for roi in report["rois"]:
        voxels = before["roi"][roi["name"]]
        assert roi["voxels"] == len(voxels)
        assert roi["mean_r"] == pytest.approx(np.nanmean(r[voxels]))
        assert roi["r2"] == pytest.approx(max(0, np.nanmean(r[voxels])) ** 2)
        assert roi["ceiling_r2"] == pytest.approx(np.nanmean(np.sqrt(ceiling[voxels] / 100)) ** 2)
        assert roi["median_percent_noise_ceiling"] == pytest.approx(np.nanmedian(percent[voxels]))
    for name, values in reliability.items():
        apart = np.nanmax(np.abs(before["encoding_model"][name] - values))
        assert report["difference_to_dataset"][name] == pytest.approx(apart)
    assert set(report["seconds"]) == {"predictions", "correlation", "reliability", "metadata"}


def test_run_again(evaluated):
    """Refused, then with --force the same bytes from other threads and a memory so short that blocks are small."""
    place = evaluated[0]
    files = place.metadata, place.predictions, place.predictions.with_suffix(".json")
    kept = [path.read_bytes() for path in files]
    message, = place.message(5)
    assert str(place.predictions) in message
    place.report("--force", "--threads", "1", "--memory", "1100M")
    assert [path.read_bytes() for path in files] == kept


def test_what_an_interrupted_run_left_is_replaced(fresh):
    fresh.predictions.parent.mkdir(parents=True)
    for ending in ("", ".partial", ".partial.journal"):
        (fresh.predictions.parent / f"{fresh.predictions.name}.unfinished.npy{ending}").write_bytes(b"rest of a run")
    sidecar = fresh.predictions.with_suffix(".json")
    sidecar.write_text('{"GeneratedBy": [{"Name": "libberg"}]}')
    fresh.report()
    assert len(np.load(fresh.predictions)) == IMAGES
    assert sorted(path.name for path in fresh.predictions.parent.iterdir()) == [sidecar.name, fresh.predictions.name]
    assert json.loads(sidecar.read_text())["Images"]["Count"] == IMAGES


@pytest.mark.parametrize("mine", ["", "mine", "[]", "{}", '{"GeneratedBy": [{"Name": "fMRIPrep"}]}'])
def test_a_sidecar_of_others_stays(fresh, mine):
    sidecar = fresh.predictions.with_suffix(".json")
    sidecar.parent.mkdir(parents=True)
    sidecar.write_text(mine)
    message, = fresh.message(5)
    assert str(sidecar) in message and sidecar.read_text() == mine and not fresh.predictions.exists()


def test_without_a_sidecar(fresh):
    sidecar = fresh.predictions.with_suffix(".json")
    sidecar.parent.mkdir(parents=True)
    sidecar.write_text("mine")
    fresh.report("--no-sidecar")
    assert fresh.predictions.exists() and sidecar.read_text() == "mine"
    fresh.report("--force")
    assert json.loads(sidecar.read_text())["Subject"] == 3


def test_missing_images_are_all_named(fresh):
    names = names_of(IMAGES)
    gone = [1, 4, 8]
    for i in gone:
        (fresh.images / names[i][0] / names[i][1]).unlink()
    lines = fresh.message(3)
    assert f"3 of {IMAGES} test images are missing" in lines[0]
    assert lines[1:] == [f"  {names[i][0]}/{names[i][1]}" for i in gone]
    assert not fresh.predictions.exists()
    shutil.rmtree(fresh.images)
    assert len(fresh.message(3)) == 1 + IMAGES


def change_metadata(place, change):
    metadata = np.load(place.prepared("metadata.npy"), allow_pickle=True).item()
    change(metadata["encoding_model"])
    np.save(place.prepared("metadata.npy"), metadata)


def unequal(encoding):
    encoding["test_stimuli"][list(encoding["test_stimuli"]).index(encoding["test_avg_stimuli"][2])] = \
        str(encoding["test_avg_stimuli"][3])


def unknown(encoding):
    encoding["test_stimuli"][3] = "nobody.jpg"


def unsorted(encoding):
    encoding["test_avg_stimuli"] = encoding["test_avg_stimuli"][::-1].copy()


def twice(encoding):
    encoding["test_avg_stimuli"][1] = encoding["test_avg_stimuli"][0]


def short(encoding):
    encoding["test_avg_concepts"] = encoding["test_avg_concepts"][:-1]


def without(encoding):
    del encoding["test_stimuli"]


@pytest.mark.parametrize("change, words", [
    (unequal, "unequally often"), (unknown, "nobody.jpg"), (unsorted, "not in ascending order"),
    (twice, "two stimuli of one name"), (short, "one concept a stimulus"), (without, "no entry of this name")])
def test_metadata_that_do_not_fit(fresh, change, words):
    before = fresh.metadata.read_bytes()
    change_metadata(fresh, change)
    message, = fresh.message(3)
    assert words in message and str(fresh.prepared("metadata.npy")) in message
    assert fresh.metadata.read_bytes() == before and not fresh.predictions.exists()


def test_prepared_metadata_of_lists(fresh):
    """Measured as those of arrays, and kept as the lists that they are."""
    expected = fresh.report()
    metadata = np.load(fresh.prepared("metadata.npy"), allow_pickle=True).item()
    lists = {key: {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in part.items()}
             for key, part in metadata.items()}
    np.save(fresh.prepared("metadata.npy"), lists)
    report = fresh.report("--force")
    kept = np.load(fresh.metadata, allow_pickle=True).item()
    assert kept["roi"] == lists["roi"] and kept["fmri"] == lists["fmri"]
    for measured in expected, report:
        del measured["seconds"], measured["peak_memory_bytes"]
    assert report["rois"] and report == expected


@pytest.mark.parametrize("rest", ["split-test.h5", "split-test_averaged.h5"])
def test_responses_that_do_not_fit(fresh, rest):
    path = fresh.prepared(rest)
    with h5py.File(path) as file:
        values = file["neural_data"][:]
    for wrong in (values[:-1], values[:, :-1], np.zeros(values.shape, np.int32), values[0]):
        with h5py.File(path, "w") as file:
            file["neural_data"] = wrong
        message, = fresh.message(3)
        assert f"expected float32 {values.shape}" in message and str(path) in message
    path.unlink()
    message, = fresh.message(3)
    assert str(path) in message


def test_a_model_of_another_number_of_voxels(fresh):
    other = fresh.model / "encoding_models_weights" / "weights_sub-03.npy"
    fitted = np.load(other, allow_pickle=True).item()
    fitted["reg_param"]["coef_"] = fitted["reg_param"]["coef_"][:-1]
    fitted["reg_param"]["intercept_"] = fitted["reg_param"]["intercept_"][:-1]
    other.unlink()
    np.save(other, fitted)
    assert fresh.evaluate().returncode == 4


def test_weights_that_are_overwritten_behind_the_predictions_give_no_results(fresh):
    """The encoding compared them when it ended; what the sidecar says of them is found out later."""
    weights = fresh.model / "encoding_models_weights" / "weights_sub-03.npy"
    source = weights.resolve()
    weights.unlink()
    shutil.copyfile(source, weights)
    before = fresh.metadata.read_bytes()
    # the folder is synced for the journal, and again when the predictions have the name that they keep until all is done
    run = subprocess.Popen(fresh.command(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                           env={**os.environ, **moments.environment(stop=2, file=f"/{fresh.predictions.parent.name}")})
    moments.wait_until_stopped(run)
    assert [path.name for path in fresh.predictions.parent.glob("*unfinished.npy")]
    with open(weights, "r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(b"\0\0\0\0")
    moments.go_on(run)
    message = run.communicate(timeout=600)[1].decode().splitlines()[-1]
    assert run.returncode == 4 and message.startswith(f"berg: {weights}: was changed while it was in use"), message
    assert not list(fresh.predictions.parent.iterdir()) and fresh.metadata.read_bytes() == before


def test_one_repeat_has_no_ceiling(fresh):
    """float64 data, chunked, of one presentation each."""
    metadata = np.load(fresh.prepared("metadata.npy"), allow_pickle=True).item()
    names = names_of(IMAGES)
    order = np.random.default_rng(3).permutation(IMAGES)
    metadata = prepared_metadata(metadata, names, order)
    trials = np.random.default_rng(4).normal(size=(IMAGES, 530))
    write_prepared(fresh.berg_dir, 3, metadata, trials, order)
    with h5py.File(fresh.prepared("split-test.h5"), "w") as file:
        file.create_dataset("neural_data", data=trials, chunks=(4, 100), compression="gzip")
    report = fresh.report()
    assert "seen once" in report["note"] and report["repeats"] == 1
    assert report["ceiling_r2"] is None and report["mean_r"] is not None
    assert report["voxels_without_number"]["noise_ceiling"] == {"repeat_without_variance": 0, "not_finite": 0}
    found = np.load(fresh.metadata, allow_pickle=True).item()["encoding_model"]
    for name in accuracy.FIGURES + ("percent_noise_ceiling",):
        assert np.isnan(found[name]).all()
    r = [accuracy.pearson(*pair) for pair in zip(trials[np.argsort(order)].T, np.load(fresh.predictions).T)]
    assert np.abs(found["correlation_results"] - r).max() < 1e-10


@pytest.mark.long
def test_every_allocation_may_fail(tmp_path, build_dir, berg_program, backbone_files, models):
    place = build(tmp_path, berg_program, backbone_files["safetensors"], models, 1, images=2, repeats=2)[0]
    done = subprocess.run([build_dir / "tests" / "failing_evaluate", place.berg_dir, place.backbone, place.images,
                           place.predictions], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 200
    assert list(place.predictions.parent.iterdir()) == [place.predictions.with_suffix(".json")]  # of the last run
