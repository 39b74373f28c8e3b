"""berg train as a user meets it: messages, plan, exit statuses. What it computes is tests/oracle/test_train.py's."""
import json
import re
import signal
import subprocess

import numpy as np
import pytest

import make_prepared
import moments
from program import MODEL


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Prepared data of two subjects: (berg directory, images)."""
    folder = tmp_path_factory.mktemp("train")
    names = make_prepared.make_images(folder / "images", 2, 3)
    for subject in (1, 2):
        make_prepared.make_subject(folder / "berg", names, subject, 12)
    return folder / "berg", folder / "images"


@pytest.fixture
def train(berg, place, backbone_files):
    def run(*options, images=place[1], berg_dir=place[0], subject="1", model=MODEL, **more):
        return berg("train", model, "--subject", subject, "--images", images, "--berg-dir", berg_dir, "--backbone",
                    backbone_files["safetensors"], "--components", "2", *options, **more)
    return run


def test_a_dry_run_shows_the_plan_and_computes_nothing(train, place):
    result = train("--dry-run", subject="1,sub-02")
    assert (result.status, result.out) == (0, "")
    assert result.lines[0] == "berg: sub-01: 6 trials, 12 voxels, regressed in 1 chunk"
    assert result.lines[2] == "berg: 6 images, 460,800 features (all), 2 components, ols"
    stages = [line.split("  ")[1] for line in result.lines if line.startswith("  ")]
    assert stages == ["stage", "features", "gram", "eigenvectors", "components", "regression sub-01", "weights sub-01",
                      "regression sub-02", "weights sub-02"]
    assert "disk:" in result.lines[-1] and "memory:" in result.lines[-1]
    assert not (place[0] / "work").exists() and not (place[0] / "encoding_models").exists()


def test_a_want_of_lapack_is_told_before_the_features(train, build_dir, tmp_path):
    """Which take hours. Where they alone are asked for, they are made without it."""
    missing = {"LD_PRELOAD": str(build_dir / "tests" / "without.so"), "WITHOUT": "liblapacke libopenblas"}
    work = tmp_path / "work"
    result = train("--work", work, "--features", "class-token", environment=missing)
    assert result.status == 1 and "LAPACK, which training needs, cannot be loaded" in result.lines[-1] and not work.exists()
    assert train("--work", work, "--features", "class-token", "--stage", "features", environment=missing).status == 0
    result = train("--work", work, "--features", "class-token", "--stage", "eigenvectors", environment=missing)
    assert result.status != 0 and "LAPACK" in result.err


def test_a_run_reports_its_stages(train, place, tmp_path):
    report = tmp_path / "report.json"
    result = train("--report", report, "--features", "class-token", "--work", tmp_path / "a" / "work")
    assert (result.status, result.out) == (0, "")
    assert "weights_sub-01.npy" in result.lines[-1]
    written = json.loads(report.read_text())
    assert [stage["stage"] for stage in written["stages"]][0] == "features"
    assert [stage["stage"] for stage in written["stages"]][-2:] == ["regression", "weights"]
    assert written["feature_count"] == 9216 and written["precision"] == "f32" and written["images"] == 6
    assert 0 < written["stages"][0]["share"] < 2 and written["peak_memory_bytes"] > 1 << 20
    assert train("--quiet", "--force", "--features", "class-token").err == ""
    again = train("--quiet", "--features", "class-token")
    assert again.status == 5 and "weights_sub-01.npy: already exists" in again.message
    kept = train("--quiet", "--report", report, "--features", "class-token")
    assert kept.status == 5 and "report.json: already exists" in kept.message


def test_lines_that_cannot_be_made_safe_are_told_as_that(train, tmp_path):
    """Not as missing, a stage later."""
    options = ["--quiet", "--force", "--features", "class-token", "--work", tmp_path / "work"]
    result = train(*options, environment=moments.environment(fail="1+", file=".npy.partial.journal"))
    assert result.status == 5 and ".npy.partial" in result.lines[0] and "Input/output error" in result.lines[0], result.err
    assert train(*options, "--resume").status == 0


@pytest.mark.parametrize("options, text", [
    (["--features", "some"], "expected all or class-token"),
    (["--alphas", "1"], "belong to --ridge"),
    (["--alpha-per-voxel"], "belong to --ridge"),
    (["--ridge", "--alphas", "1,x"], 'numbers above 0, found "x"'),
    (["--ridge", "--folds", "1"], "at least 2"),
    (["--ridge", "--folds", "4"], "fewer than two in one"),
    (["--batch", "100000"], "batch: expected 1 to 4096"),
    (["--components", "0"], "at least 1"),
    (["--memory", "much"], "a size such as"),
])
def test_options_that_make_no_sense(train, options, text):
    result = train(*options)
    assert result.status == 2 and text in result.err


def test_what_must_be_named(berg, place):
    assert "Give --images" in berg("train", MODEL, "--subject", "1", "--berg-dir", place[0]).err
    assert "Give --subject" in berg("train", MODEL, "--images", place[1], "--berg-dir", place[0]).err
    assert "Give --berg-dir" in berg("train", MODEL, "--subject", "1", "--images", place[1]).err
    assert berg("train", "fmri-thing", "--subject", "1").status == 2


def test_subjects_that_are_not_prepared(train):
    assert "fmri_sub-03_metadata.npy: cannot be opened" in train("--quiet", subject="3").message
    assert train(subject="3").status == 3
    assert train(subject="4").status == 2


def test_too_little_memory_is_6_with_the_least_that_would_do(train):
    result = train("--memory", "50M", "--dry-run")
    assert result.status == 6
    assert "50 MB of memory are not enough" in result.lines[-1] and "MB is the least that would do" in result.lines[-1]


def test_a_job_of_slurm_has_less_than_the_usual_memory(berg, train):
    """Nine tenths of what the scheduler gives, unless the user knows better."""
    job = {"SLURM_MEM_PER_NODE": "50"}
    assert "45 MB of memory are not enough" in train("--dry-run", environment=job).lines[-1]
    assert "memory:" in train("--dry-run", "--memory", "2G", environment=job).lines[-1]
    doctor = json.loads(berg("doctor", "--json", environment=job).out)
    assert (doctor["memory_limit_bytes"], doctor["memory_limit_by"]) == (50 << 20, "SLURM_MEM_PER_NODE")


@pytest.mark.parametrize("stage, unit, file", [("features", "images", "berg-features.journal"), ("regression", "voxels", ".npy.partial")])
def test_what_a_scheduler_sends_ends_after_the_unit_at_hand(berg, place, backbone_files, train, tmp_path, stage, unit, file):
    options = ["--quiet", "--force", "--features", "class-token", "--batch", "2", "--chunks", "4", "--backbone",
               backbone_files["safetensors"], "--work", tmp_path / "work"]
    assert train(*options, subject="2").status == 0
    weights = next(place[0].rglob("weights_sub-02.npy"))
    expected = weights.read_bytes()
    weights.unlink()
    run = berg.start("train", MODEL, "--subject", "2", "--images", place[1], "--berg-dir", place[0], "--components", "2", *options,
                     stderr=subprocess.PIPE, environment=moments.environment(stop=2, file=file))
    moments.wait_until_stopped(run)
    moments.go_on(run, signal.SIGTERM)
    message = run.communicate(timeout=600)[1].decode()
    assert run.returncode == 75, message
    assert re.fullmatch(rf"berg: stopped by SIGTERM in {stage} after \d+ of \d+ {unit}; the same command with --resume goes on\n",
                        message)
    assert list((tmp_path / "work").glob("berg-*")) and not weights.exists()
    assert train(*options, "--resume", subject="2").status == 0
    assert weights.read_bytes() == expected
    weights.unlink()


def test_a_backbone_with_a_nan_is_refused_at_once(train, tmp_path, backbone):
    from write_state_dict import write_state_dict
    broken = dict(backbone)
    broken["conv_proj.bias"] = np.where(np.arange(768) == 5, np.nan, broken["conv_proj.bias"]).astype(np.float32)
    path = tmp_path / "broken.safetensors"
    write_state_dict(path, broken, "new")
    result = train("--backbone", path, "--quiet", "--work", tmp_path / "work", subject="2")
    assert result.status == 4 and "conv_proj.bias" in result.message
    path.unlink()
    assert not (tmp_path / "work").exists()
