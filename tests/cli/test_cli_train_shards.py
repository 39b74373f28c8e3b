"""Training in shards, by several processes that share the work folder: the bytes of one process, and what is told when parts are
missing, damaged or not this training's. How ranges of units become the same bytes is tests/unit/test_stages.c's."""
import json
import shutil

import pytest

import make_prepared
import moments
from program import MODEL, MODEL_FOLDER

STAGES = ["features", "gram", "eigenvectors", "components", "regression", "weights"]
IMAGES, VOXELS = 7, 23


class Training:
    """Prepared data of two subjects, and a work folder."""

    def __init__(self, berg, folder, images, backbones):
        self.berg, self.folder, self.images = berg, folder, images
        self.backbone, self.other_backbone = backbones["safetensors"], backbones["old"]
        self.work = folder / "work"

    def arguments(self, *options):
        fixed = ["--subject", "1,2", "--images", self.images, "--berg-dir", self.folder, "--features", "class-token",
                 "--components", 2, "--memory", "2G"]
        backbone = [] if "--backbone" in options else ["--backbone", self.backbone]
        return ["train", MODEL, *fixed, *backbone, *options]

    def __call__(self, *options, status=0):
        result = self.berg(*self.arguments("--quiet", *options))
        assert result.status == status, result.err
        return result

    def at_once(self, stage, shards, *options):
        """All shares of a stage as processes of their own at one time."""
        running = [self.berg.start(*self.arguments("--quiet", "--stage", stage, "--shard", f"{i + 1}/{shards}", "--threads",
                                                   1 + i % 2, *options)) for i in range(shards)]
        assert [one.wait() for one in running] == [0] * shards

    def merge(self, stage, shards, status=0):
        return self("--merge", stage, "--shards", shards, status=status)

    def weights(self):
        folder = self.folder / MODEL_FOLDER / "encoding_models_weights"
        return {path.name: path.read_bytes() for path in folder.glob("*")}

    def part(self, ending=".f32", first=2):
        """The part of features that begins with that image."""
        [path] = self.work.glob(f"berg-features.*-{first:08d}-*{ending}")
        return path


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    names = make_prepared.make_images(folder / "images", 1, IMAGES)
    for subject in (1, 2):
        make_prepared.make_subject(folder / "berg", names[:IMAGES - 1] if subject == 2 else names, subject, VOXELS)
    return folder


@pytest.fixture(scope="module")
def make_training(berg, prepared, backbone_files):
    def make(folder):
        shutil.copytree(prepared / "berg", folder)
        return Training(berg, folder, prepared / "images", backbone_files)
    return make


@pytest.fixture
def training(make_training, tmp_path):
    return make_training(tmp_path / "berg")


@pytest.fixture(scope="module")
def whole(make_training, tmp_path_factory):
    """The weights of one process."""
    training = make_training(tmp_path_factory.mktemp("whole") / "berg")
    training()
    assert len(training.weights()) == 2
    return training.weights()


# --- Faults ---

def flip(path, at):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def delete(training):
    training.part().unlink()
    return "is missing beside its journal"


def delete_all(training):
    training.part().unlink()
    training.part(".journal").unlink()
    return "2 of 7 images are missing, number 2 (from 0) first"


def cut_short(training):
    path = training.part()
    path.write_bytes(path.read_bytes()[:-1])
    return "does not fit its journal"


def change_a_byte(training):
    flip(training.part(), 768 * 4 * 5)
    return "1 of its images, image 3 (from 0) first, are not what was written"


def damage_the_journal(training):
    flip(training.part(".journal"), 3)
    return "the journal of the partial rows beside it is damaged"


def rename_a_part(training):
    """That of images 0 and 1 in the place of that of 2 and 3."""
    training.part().write_bytes(training.part(first=0).read_bytes())
    return "2 of its images, image 2 (from 0) first, are not what was written"


def take_from_another_run(training):
    """With its journal, under this run's name."""
    own, work = [training.part(), training.part(".journal")], training.folder / "other"
    training("--stage", "features", "--shard", "2/4", "--work", work, "--backbone", training.other_backbone)
    for path in own:
        [other] = work.glob(f"berg-features.*{path.suffix}")
        path.write_bytes(other.read_bytes())
    return "belongs to another run"


def take_rows_from_another_run(training):
    work = training.folder / "other"
    training("--stage", "features", "--shard", "2/4", "--work", work, "--backbone", training.other_backbone)
    [other] = work.glob("berg-features.*.f32")
    training.part().write_bytes(other.read_bytes())
    return "2 of its images, image 2 (from 0) first, are not what was written"


@pytest.fixture(scope="module")
def with_features(make_training, tmp_path_factory):
    training = make_training(tmp_path_factory.mktemp("features") / "berg")
    training.at_once("features", 4)
    return training


@pytest.mark.parametrize("fault", [delete, delete_all, cut_short, change_a_byte, damage_the_journal, rename_a_part,
                                   take_from_another_run, take_rows_from_another_run])
def test_a_part_that_is_not_as_it_was_is_named_and_made_again(training, with_features, fault):
    shutil.copytree(with_features.work, training.work)
    told = fault(training)
    result = training("--merge", "features", "--shards", 4, "--json", status=9)
    assert told in result.message and "run again --array=2" in result.message, result.message
    found = json.loads(result.out)["merge"]
    assert found["shards"] == [2] and found["array"] == "2" and found["stage"] == "features"
    assert all(2 <= gap["first"] < gap["end"] <= 4 for gap in found["missing"])
    assert training("--stage", "gram", status=9).message.startswith("stage gram needs features, of which ")
    training("--stage", "features", "--shard", "2/4")
    training.merge("features", 4)
    for first in (0, 2, 4, 6):
        assert training.part(first=first).read_bytes() == with_features.part(first=first).read_bytes()


def test_each_stage_says_what_to_run_again(training, whole):
    def break_one(stage):
        ours = {"features": "berg-features.*-00000003-*.f32", "gram": "berg-gram-*.block-*", "eigenvectors": "berg-eigenvectors-*",
                "components": "berg-pca-*.block-07", "regression": "berg-regression_sub-02-*.npy"}
        if stage == "weights":
            (training.folder / MODEL_FOLDER / "encoding_models_weights" / "weights_sub-02.npy").unlink()
            return "1 of 2 files are missing, number 0 (from 0) of sub-02 first"
        path = sorted(training.work.glob(ours[stage]))[-1]
        flip(path, path.stat().st_size // 2)
        return path.name
    for stage in STAGES:
        if stage == "gram":  # its first panels add to their sum all blocks that are there: without them all wait
            for shard in ("3/3", "2/3"):
                training("--stage", stage, "--shard", shard)
        else:
            training.at_once(stage, 3)
        told = break_one(stage)
        if stage == "gram":
            training("--stage", stage, "--shard", "1/3")
        result = training("--merge", stage, "--shards", 3, "--json", status=9)
        again = json.loads(result.out)["merge"]["shards"]
        assert told in result.message and 1 <= len(again) < 3
        for shard in again:
            training("--stage", stage, "--shard", f"{shard}/3")
        training.merge(stage, 3)
    assert training.weights() == whole
    assert [path.name[:14] for path in training.work.iterdir()] == ["berg-finished-"]


def test_a_merge_that_was_done_is_told_as_that_whatever_runs_again(training, whole):
    for stage in STAGES:
        training("--stage", stage)
        training.merge(stage, 1)
    before = {path: path.stat() for path in training.folder.rglob("weights_*")}
    for stage in STAGES:
        assert computed(training("--stage", stage, "--json"))[0] == 0
        training.merge(stage, 1)
    assert {path: path.stat() for path in training.folder.rglob("weights_*")} == before and training.weights() == whole
    first = min(before)
    first.rename(first.with_suffix(".kept"))  # another file in its place is not this training's
    shutil.copy(first.with_suffix(".kept"), first)
    assert "already exists" in training.merge("weights", 1, status=5).message
    training("--force", "--keep-work")
    assert len([*training.work.glob("berg-finished-*")]) == 1
    training("--resume")
    assert not training.work.exists()


@pytest.mark.parametrize("stage, parts", [("components", ".safetensors.block-"), ("regression", "-0000")])
def test_a_merge_that_is_killed_twice_leaves_no_parts(training, berg, stage, parts, whole):
    for one in STAGES[:STAGES.index(stage)]:
        training("--stage", one)
        training.merge(one, 1)
    for shard in ("1/2", "2/2"):
        training("--stage", stage, "--shard", shard)
    command = list(map(str, [berg.path, *training.arguments("--quiet", "--merge", stage, "--shards", 2)]))

    def left():
        return [path for path in training.work.glob(f"berg-{'pca' if stage == 'components' else stage}*") if parts in path.name]
    all_parts, call = len(left()), 1
    while len(left()) == all_parts:  # in the midst of the removal
        assert moments.killed(command, call)
        call += 1
    assert left() and moments.killed(command, 3)
    training.merge(stage, 2)
    assert not left()
    training("--resume")
    assert training.weights() == whole


# --- Processes ---

def computed(result):
    share = json.loads(result.out)["shard"]
    return share["computed"], share["units"]


def test_a_share_has_one_process_and_a_killed_one_is_gone_on_with(training, berg, whole):
    training("--stage", "features", "--shard", "1/4")
    command = training.arguments("--quiet", "--stage", "features", "--shard", "2/4", "--batch", 1)
    run = berg.start(*command, environment=moments.environment(stop=2, file="-00000002-00000004.journal"))
    moments.wait_until_stopped(run)
    try:
        for shard in ("2/4", "1/1", "2/5"):
            result = training("--stage", "features", "--shard", shard, status=5)
            assert "another process is at work on some of stage features, images" in result.message
        assert computed(training("--stage", "features", "--shard", "3/4", "--json")) == (2, 2)
        for options in (["--merge", "features"], ["--resume"]):
            assert "another training run is at work in this folder" in training(*options, status=5).message
    finally:
        run.kill()
        run.wait()
    assert computed(training("--stage", "features", "--shard", "1/4", "--json")) == (0, 2)
    assert berg(*training.arguments("--stage", "features", "--shard", "1/4")).lines[-1] == \
        "berg: stage features, shard 1/4: already whole"
    again, units = computed(training("--stage", "features", "--shard", "1/2", "--json"))
    assert again < 2 and units == 4  # an image at least was safe
    training("--resume")
    assert training.weights() == whole


def test_more_shares_than_there_are(training, berg):
    for stage in ("features", "gram", "eigenvectors"):
        training("--stage", stage)
        training("--merge", stage)
    lines = berg(*training.arguments("--stage", "eigenvectors", "--shard", "3/3")).lines
    assert lines[-1] == "berg: stage eigenvectors, shard 3/3: nothing to do, it cannot be cut into so many"


def test_what_is_made_on_a_disk_of_the_nodes_own(training, tmp_path, whole):
    scratch = tmp_path / "scratch"
    for stage in STAGES:
        for shard in ("1/2", "2/2"):
            training("--stage", stage, "--shard", shard, "--scratch", scratch / shard[0])
        training.merge(stage, 2)
    assert training.weights() == whole
    assert not [*scratch.rglob("berg-*")]


@pytest.mark.parametrize("options, text", [
    (["--stage", "fit"], "stage 'fit' is not known: expected features, gram"),
    (["--merge", "fit"], "stage 'fit' is not known"),
    (["--stage", "gram", "--merge", "gram"], "do not go together"),
    (["--shard", "1/2"], "belong to --stage"),
    (["--scratch", "x"], "belong to --stage"),
    (["--shards", "2"], "belongs to --merge"),
    (["--stage", "gram", "--shard", "3/2"], "expected I/N with I from 1 to N"),
    (["--merge", "gram", "--shards", 10 ** 12], "shards: expected 1 to "),
    (["--stage", "gram", "--dry-run"], "of the whole training"),
])
def test_options_that_make_no_sense(training, options, text):
    result = training(*options, status=2)
    assert text in result.err
