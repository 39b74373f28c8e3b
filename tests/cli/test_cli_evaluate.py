"""evaluate: its table, JSON and failures; tests/oracle/test_evaluate.py checks the numbers."""
import json
import re
import shutil
import signal
import subprocess

import numpy as np
import pytest

import moments
from prepared_subject import RESULTS, names_of, prepared_metadata, trial_order, write_images, write_prepared
from program import MODEL, MODEL_FOLDER


@pytest.fixture
def place(small_berg_dir, tmp_path):
    """A berg directory of subjects 1 and 3 and their images; subject 1 has a region without voxels, and one whose voxels do
    not vary."""
    folder = tmp_path / "berg"
    shutil.copytree(small_berg_dir / MODEL_FOLDER, folder / MODEL_FOLDER, copy_function=lambda a, b: None)
    names, rng = names_of(4), np.random.default_rng(1)
    write_images(tmp_path / "images", names)
    for subject in (1, 3):
        for part in (f"encoding_models_weights/weights_sub-0{subject}.npy", f"metadata/metadata_sub-0{subject}.npy"):
            (folder / MODEL_FOLDER / part).symlink_to(small_berg_dir / MODEL_FOLDER / part)
        metadata = np.load(folder / MODEL_FOLDER / f"metadata/metadata_sub-0{subject}.npy", allow_pickle=True).item()
        order = trial_order(4, 3, rng)
        metadata = prepared_metadata(metadata, names, order)
        trials = rng.normal(size=(12, len(metadata["fmri"]["voxel_coords"]))).astype(np.float32)
        if subject == 1:
            metadata["roi"]["lSTS"] = np.array([], dtype=np.int64)
            trials[:, metadata["roi"]["V1"]] = 1
        write_prepared(folder, subject, metadata, trials, order)
    return tmp_path


@pytest.fixture
def evaluate(berg, place, backbone_files):
    def call(*arguments, subject="1", **more):
        return berg("evaluate", MODEL, "--subject", subject, "--images", place / "images", "--berg-dir", place / "berg",
                    "--backbone", backbone_files["safetensors"], *arguments, **more)
    return call


@pytest.fixture
def start(berg, place, backbone_files):
    """Begins a quiet evaluation of subject 1 that stands still at a moment."""
    def call(*arguments, **moment):
        return berg.start("evaluate", MODEL, "--subject", "1", "--images", place / "images", "--berg-dir", place / "berg", "-q",
                          "--backbone", backbone_files["safetensors"], *arguments, stderr=subprocess.PIPE,
                          environment=moments.environment(**moment))
    return call


def test_the_table(evaluate, place):
    result = evaluate()
    assert (result.status, result.out) == (0, ""), result.err
    assert result.lines[:2] == ["berg: predictions", "berg: reliability"]
    assert "sub-01: 4 test images, 3 repeats" in result.lines
    rows = {line.split()[0]: line.split() for line in result.lines if re.match(r"\w+ +[\d,]+  ", line)}
    assert "V2" in rows and "lSTS" not in rows
    assert rows["V1"][2:] == ["-"] * 4
    assert re.search(r"^all voxels +600  ", result.err, re.M)
    assert re.search(r"^\d+ voxels: no r: their responses do not vary$", result.err, re.M)
    assert re.search(r"^\d+ voxels: no noise ceiling: a repeat does not vary$", result.err, re.M)
    assert result.lines[-1].endswith("metadata_sub-01.npy")
    assert "nan" not in result.err


def test_metadata_are_shown_with_the_new_entries(evaluate, berg, place):
    assert evaluate("--quiet").err == ""
    page = berg("metadata", MODEL, "--subject", 1, "--berg-dir", place / "berg")
    assert page.status == 0 and "accuracy r" in page.out and "nan" not in page.out
    text = berg("metadata", MODEL, "--subject", 1, "--berg-dir", place / "berg", "--key",
                "encoding_model.percent_noise_ceiling_definition").out
    assert "noise_ceiling_testset" in text
    values = json.loads(berg("metadata", MODEL, "--subject", 1, "--berg-dir", place / "berg", "--json", "--key",
                             "encoding_model.percent_noise_ceiling").out)
    assert len(values) == 600 and None in values


def test_json(evaluate, place):
    report = json.loads(evaluate("--json", "-", "--quiet").out)
    assert report["subject"] == 1 and report["model"] == MODEL
    assert next(roi for roi in report["rois"] if roi["name"] == "V1")["mean_r"] is None
    file = place / "accuracy.json"
    assert evaluate("--json", file, "--force", subject="1,3").status == 0
    reports = json.loads(file.read_text())
    assert [each["subject"] for each in reports] == [1, 3] and [each["voxels"] for each in reports] == [600, 530]
    assert {key: value for key, value in reports[0].items() if key not in ("seconds", "peak_memory_bytes")} == \
        {key: value for key, value in report.items() if key not in ("seconds", "peak_memory_bytes")}
    result = evaluate("--json", file, subject="3")
    assert result.status == 5 and str(file) in result.message
    result = evaluate("--json", place / "nowhere" / "a.json", "--force", "-q")
    assert result.status == 5 and "nowhere" in result.message


def test_predictions_are_not_overwritten(evaluate, place):
    file = place / "berg" / RESULTS / "fmri_test_pred_sub-01.npy"
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    result = evaluate()
    assert result.status == 5 and str(file) in result.message and file.read_text() == "mine"
    assert evaluate("--force").status == 0
    assert np.load(file).shape == (4, 600)


def test_missing_images_are_listed(evaluate, place):
    shutil.rmtree(place / "images" / names_of(4)[0][0])
    result = evaluate()
    assert result.status == 3
    assert result.lines[-1] == "  " + "/".join(names_of(4)[0])


@pytest.mark.parametrize("arguments, status, words", [
    (["--subject", "1", "--berg-dir", "y"], 2, "--images"), (["--images", "x"], 2, "--subject"),
    (["--images", "x", "--subject", "1"], 2, "--berg-dir"),
    (["--images", "x", "--subject", "7", "--berg-dir", "y"], 2, "subject 7"),
    (["--images", "x", "--subject", "1", "--berg-dir", "/nowhere"], 3, "/nowhere"),
    (["--images", "x", "--subject", "1", "--berg-dir", "y", "--threads", "2000"], 2, "threads")])
def test_wrong_calls(berg, arguments, status, words):
    result = berg("evaluate", MODEL, *arguments)
    assert result.status == status and words in result.message


def test_too_little_memory(evaluate):
    assert evaluate("--memory", "20M").status == 6


# --- In parts ---

def files(place):
    return {path.relative_to(place): path.read_bytes() for path in (place / "berg/results").rglob("*") if path.is_file()}


def metadata_of(place):
    return (place / "berg" / MODEL_FOLDER / "metadata/metadata_sub-01.npy").read_bytes()


def test_parts_are_measured_as_one_run(evaluate, place):
    results = place / "berg/results"
    first = evaluate("--shard", "1/3")
    assert (first.status, first.lines[-1].split(": ")[1]) == (0, "predictions of part 1 of 3"), first.err
    before = metadata_of(place)
    result = evaluate("--merge", "3")
    assert result.status == 9 and result.lines[-3:] == [line for line in result.lines if line.startswith("  ")]
    assert "of 3 parts 2 missing" in result.err and "run again: --array=2,3" in result.err
    for i in (2, 3):
        assert evaluate("--shard", f"{i}/3", "-q").status == 0
    assert "already whole" in evaluate("--shard", "2/3").err and evaluate("--shard", "2/3", "-q").err == ""
    (part,) = results.rglob("*.part-2-of-3.npy")
    data = part.read_bytes()
    part.write_bytes(data[:-4])
    result = evaluate("--merge", "3")
    assert result.status == 9 and "is cut short" in result.err and "run again: --array=2\n" in result.err
    assert metadata_of(place) == before and not list(results.rglob("*unfinished*"))
    assert evaluate("--shard", "2/3", "-q").status == 0 and part.read_bytes() == data
    assert evaluate("--merge", "3", "-q", "--json", place / "merged.json").status == 0
    joined, metadata = files(place), metadata_of(place)
    (place / "berg" / MODEL_FOLDER / "metadata/metadata_sub-01.npy").write_bytes(before)
    assert evaluate("--force", "-q", "--json", place / "one.json").status == 0
    assert metadata_of(place) == metadata
    assert len(joined) == 2 and files(place) == joined  # predictions and sidecar
    reports = [json.loads((place / name).read_text()) for name in ("merged.json", "one.json")]
    for report in reports:
        del report["seconds"], report["peak_memory_bytes"]
    assert reports[0] == reports[1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_what_a_scheduler_sends_ends_a_part_after_the_batch_at_hand(evaluate, start, place, number):
    run = start("--shard", "1/2", stop=1, file=".part-1-of-2.npy.partial")
    moments.wait_until_stopped(run)
    moments.go_on(run, number)
    message = run.communicate(timeout=600)[1].decode()
    assert run.returncode == 75
    assert re.fullmatch(rf"berg: stopped by {number.name} in predictions after \d of 2 images; the same command goes on\n", message)
    for i in (1, 2):
        assert evaluate("--shard", f"{i}/2", "-q").status == 0
    assert evaluate("--merge", "2", "-q").status == 0
    [predictions] = (path for path in (place / "berg/results").rglob("*") if path.suffix == ".npy")
    joined = predictions.read_bytes()
    assert evaluate("--force", "-q").status == 0 and predictions.read_bytes() == joined


def test_an_evaluation_of_which_nothing_is_kept_is_interrupted_by_a_termination(start, place):
    run = start(stop=1, file=".partial")
    moments.wait_until_stopped(run)
    moments.go_on(run, signal.SIGTERM)
    message = run.communicate(timeout=600)[1].decode()
    assert (run.returncode, message) == (130, "berg: interrupted; the same command starts again\n")


def test_parts_of_another_training_are_none(evaluate, place):
    for i in (1, 2):
        assert evaluate("--shard", f"{i}/2", "-q").status == 0
    metadata = place / "berg" / MODEL_FOLDER / "metadata/metadata_sub-01.npy"
    if metadata.is_symlink():
        data = metadata.read_bytes()
        metadata.unlink()
        metadata.write_bytes(data)
    tree = np.load(metadata, allow_pickle=True).item()
    tree["later"] = {"note": np.array([1])}
    np.save(metadata, tree, allow_pickle=True)
    result = evaluate("--merge", "2")
    assert result.status == 9 and "the parts are of another model, other weights or other images" in result.lines[-1]
    assert result.lines[-1].endswith("run again: --array=1-2") and not list((place / "berg/results").rglob("*unfinished*"))


def test_shards_that_make_no_sense(evaluate):
    assert "--shard: expected I/N" in evaluate("--shard", "3/2").message
    assert "--merge and --json are of all of them" in evaluate("--shard", "1/2", "--merge", "2").message
    assert "cannot be split into 9 shards" in evaluate("--shard", "1/9").lines[-1]
