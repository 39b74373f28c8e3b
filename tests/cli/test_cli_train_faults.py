"""Training in shards while things go wrong at random: what is joined is what one process makes, after a rerun of just the shards that
the merge names. Faults one by one: test_cli_train_shards.py."""
import json
import os
import random
import shutil

import pytest

import moments
from test_cli_train_shards import (  # noqa: F401
    MODEL_FOLDER, STAGES, Training, make_training, prepared, training, whole)

# By stage, the names of the files that shards leave.
LEFT = {"features": "berg-features.*-*", "gram": "berg-gram-*", "eigenvectors": "berg-eigenvectors-*", "components": "berg-pca-*",
        "regression": "berg-regression_*", "weights": "*.npy"}


class Cluster:
    """Shards of one stage, as they come; `pick` decides what happens to them."""

    def __init__(self, training, pick, stage):
        self.training, self.pick, self.stage, self.shards = training, pick, stage, pick.randrange(1, 5)
        self.told = [f"stage {stage} of {self.shards} shards"]

    def shard(self, shard, *options, work=None, shards=None, environment=None):
        place = ["--work", work] if work else []
        command = self.training.arguments("--quiet", "--stage", self.stage, "--shard", f"{shard}/{shards or self.shards}", "--threads",
                                          self.pick.randrange(1, 4), *place, *options)
        return self.training.berg(*command, environment=environment)

    def all(self):
        order = self.pick.sample(range(1, self.shards + 1), self.shards)
        for shard in order:
            self.shard(shard)  # which says itself what it lacks
        return order

    def files(self, work=None):
        folder = self.training.folder / MODEL_FOLDER / "encoding_models_weights" if self.stage == "weights" else work or self.training.work
        return sorted(path for path in folder.glob(LEFT[self.stage]) if path.suffix != ".lock" and path.stat().st_size)

    def some_file(self):
        path = self.pick.choice(self.files())
        self.told.append(path.name)
        return path

    def join(self):
        result = self.training.berg(*self.training.arguments("--quiet", "--merge", self.stage, "--shards", self.shards, "--json"))
        assert result.status in (0, 9), (self.told, result.err)
        again = json.loads(result.out)["merge"]["shards"] if result.status else []
        assert bool(again) == bool(result.status) and (not again or "run again --array=" in result.message), (self.told, result.err)
        return again


# --- What happens; whether the merge has to see it ---

def deleted(run):
    run.all()
    run.some_file().unlink()
    return True


def truncated(run):
    run.all()
    path = run.some_file()
    os.truncate(path, run.pick.randrange(path.stat().st_size))
    return True


def changed(run):
    run.all()
    path = run.some_file()
    data = bytearray(path.read_bytes())
    data[run.pick.randrange(len(data))] ^= 1 << run.pick.randrange(8)
    path.write_bytes(data)
    return False  # of a header or a place that is not used nothing follows


def killed(run):
    shard = run.pick.randrange(1, run.shards + 1)
    run.told.append(f"shard {shard}")
    run.shard(shard, environment=moments.environment(kill=run.pick.randrange(1, 25)))
    for other in range(1, run.shards + 1):
        if other != shard:
            run.shard(other)
    return False


def on_a_full_disk(run):
    for shard in range(1, run.shards + 1):
        run.shard(shard, environment=moments.environment(fail=f"{run.pick.randrange(1, 15)}+", file="berg-"))
    return False


def under_another_name(run):
    run.all()
    path, other = run.some_file(), run.some_file()
    other.write_bytes(path.read_bytes())
    return False


def of_another_run(run):
    """What others made, of which some have other names of their own, in the place of this run's."""
    run.all()
    work, options = run.training.folder / "other", run.pick.choice([["--backbone", "random:1"], ["--components", "1"]])
    for stage in STAGES[:STAGES.index(run.stage) + 1]:
        run.training("--stage", stage, "--work", work, *options)
        if stage != run.stage:
            run.training("--merge", stage, "--work", work, *options)
    theirs = run.files(work)
    for path in run.files():
        alike = [other for other in theirs if other.suffix == path.suffix]
        if alike and run.pick.random() < 0.5:
            shutil.copy(run.pick.choice(alike), path)
    for path in theirs:
        shutil.copy(path, run.training.work)
    return False


def of_another_number(run):
    """Two arrays in one folder."""
    number = run.shards + run.pick.randrange(1, 3)
    for shard in run.pick.sample(range(1, number + 1), run.pick.randrange(1, number + 1)):
        run.shard(shard, shards=number)
    for shard in run.pick.sample(range(1, run.shards + 1), run.pick.randrange(run.shards)):
        run.shard(shard)
    return False


def at_another_time(run):
    run.all()
    for path in run.files():
        os.utime(path, (1, run.pick.randrange(2 ** 31)))
    assert not run.join(), run.told
    return False


FAULTS = [deleted, killed, on_a_full_disk, of_another_number, at_another_time, truncated, changed, under_another_name, of_another_run]
OF_WEIGHTS = FAULTS[:4]  # they have no place for a checksum, and with them the run has ended


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 21))])
def test_whatever_happens_the_rerun_of_what_is_named_completes(training, whole, seed):  # noqa: F811
    """A fault in each stage."""
    pick = random.Random(seed)
    for stage in STAGES:
        run, fault = Cluster(training, pick, stage), pick.choice(OF_WEIGHTS if stage == "weights" else FAULTS)
        run.told.append(fault.__name__)
        print(seed, run.told)
        is_seen = fault(run)
        again = run.join()
        assert again or not is_seen, run.told
        for shard in again:
            result = run.shard(shard)
            assert result.status == 0, (run.told, shard, result.err)
        assert not again or not run.join(), run.told
    assert training.weights() == whole
    assert [path.name[:14] for path in training.work.iterdir()] == ["berg-finished-"]
