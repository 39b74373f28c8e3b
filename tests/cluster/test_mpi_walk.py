"""The whole way in several processes under mpirun: simulate, prepare, train, evaluate, encode, to the bytes of one process."""
import json
import os
import shutil

import pytest

from mpirun import contents

MODEL = "fmri-things_fmri_1-vit_b_32"
SMALL = ["--voxels", "150", "--concepts", "6", "--images-per-concept", "3", "--test-images", "5", "--sessions", "3", "--image-size", "64"]
RANKS = [(n, threads) for n in (1, 2, 3, 4) for threads in (1, 2)]


@pytest.fixture(scope="module")
def place(alone, tmp_path_factory):
    """A folder with raw/images, and berg/ as prepared."""
    folder = tmp_path_factory.mktemp("walk")
    alone("simulate", folder / "raw", "--subject", "1,2", *SMALL, "-q")
    alone("prepare", folder / "raw", "--subject", "1,2", "--berg-dir", folder / "berg", "-q")
    return folder


@pytest.fixture(scope="module")
def train(place, backbone_files):
    return ["train", MODEL, "--subject", "1,2", "--images", place / "raw/images", "--backbone", backbone_files["safetensors"],
            "--components", "5", "--ridge", "--alpha-per-voxel", "--batch", "1", "-q", "--berg-dir"]


@pytest.fixture(scope="module")
def evaluate(place, backbone_files):
    return ["evaluate", MODEL, "--subject", "1,2", "--images", place / "raw/images", "--backbone", backbone_files["safetensors"],
            "--no-sidecar", "-q", "--berg-dir"]


@pytest.fixture(scope="module")
def trained(alone, place, train):
    folder = shutil.copytree(place / "berg", place / "trained")
    alone(*train, folder)
    return contents(folder)


@pytest.fixture(scope="module")
def evaluated(alone, place, trained, evaluate):
    folder = shutil.copytree(place / "trained", place / "evaluated")
    alone(*evaluate, folder)
    return contents(folder)


@pytest.mark.parametrize("count, threads", RANKS)
def test_train_and_evaluate(ranks, place, train, evaluate, trained, evaluated, tmp_path, count, threads):
    folder = shutil.copytree(place / "berg", tmp_path / "berg")
    result = ranks(count, *train, folder, "--threads", threads, "--report", tmp_path / "report.json")
    assert result.status == 0 and not result.messages, result.text
    assert contents(folder) == trained
    assert {stage["stage"] for stage in json.loads((tmp_path / "report.json").read_text())["stages"]} >= {"features", "gram", "weights"}
    result = ranks(count, *evaluate, folder, "--threads", threads, "--json", tmp_path / "accuracy.json")
    assert result.status == 0 and not result.messages, result.text
    assert contents(folder) == evaluated
    assert [report["subject"] for report in json.loads((tmp_path / "accuracy.json").read_text())] == [1, 2]


# The change of a file at which a rank of three stands still, and what it then has under way in the work folder.
STAGES = {"features": (".f32", 4, "berg-features.*.f32"), "gram": (".new", 3, ".berg-gram-*.new"),
          "components": (".new", 7, ".berg-pca-*.new"), "regression": (".partial", 2, "berg-regression_*.partial")}


@pytest.mark.parametrize("stage, rank, then", [("features", 1, 2), ("features", 0, 1), ("gram", 1, 4), ("components", 1, 1),
                                               ("regression", 1, 2)])
def test_train_with_a_rank_killed(ranks, place, train, trained, tmp_path, stage, rank, then):
    """All end within ten seconds, and other numbers of processes go on to the same bytes."""
    folder = shutil.copytree(place / "berg", tmp_path / "berg")
    file, at, under_way = STAGES[stage]
    result = ranks.killed(3, *train, folder, "--threads", "1", rank=rank, at=at, file=file)
    assert result.messages == [] and result.text.count("exited on signal 9") == 1, result.text
    assert list((folder / "work").glob(under_way)), os.listdir(folder / "work")
    result = ranks(then, *train, folder, "--resume")
    assert result.status == 0, result.text
    assert contents(folder) == trained


def test_evaluate_with_a_rank_killed(ranks, place, trained, evaluate, evaluated, tmp_path):
    folder = shutil.copytree(place / "trained", tmp_path / "berg")
    result = ranks.killed(3, *evaluate, folder, rank=1, at=2, file=".unfinished.npy.partial")
    assert result.messages == [] and result.text.count("exited on signal 9") == 1, result.text
    result = ranks(2, *evaluate, folder)
    assert result.status == 0, result.text
    assert contents(folder) == evaluated


def test_a_disk_that_fails_at_one_rank(ranks, place, train, trained, tmp_path):
    folder = shutil.copytree(place / "berg", tmp_path / "berg")
    result = ranks(2, *train, folder, "--threads", "1", accident={"fail": "4+", "file": ".f32"}, rank=1)
    assert result.status == 5 and result.messages[0].startswith("rank 1: ") and "cannot be written" in result.messages[0], result.text
    assert len(result.messages) == 2 and "is kept; the same command with --resume goes on from it" in result.messages[1]
    assert ranks(3, *train, folder, "--resume").status == 0
    assert contents(folder) == trained


def test_a_run_that_is_there_is_refused_once(ranks, place, train, trained, tmp_path):
    result = ranks(3, *train, place / "trained")
    assert result.status == 5 and len(result.messages) == 1 and "already exists" in result.messages[0], result.text
