"""Scores in an array of Slurm, as berg plan writes it: submitted, killed, run again."""
import os
import re

from program import MODEL


def contents(store):
    return {path.name: path.read_bytes() for path in store.iterdir()}


def test_an_array_and_its_join_make_the_store_of_one_process(slurm, berg, small_berg_dir, backbone_files, photos, tmp_path):
    options = [MODEL, "--subject", "1,2", "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], photos]
    assert berg("score", *options, "-o", tmp_path / "one.scores").status == 0
    jobs = tmp_path / "jobs here"
    plan = berg("plan", "--slurm", "-n", "3", "--processors", "1", "--jobs", jobs, "score", *options, "-o", tmp_path / "all.scores")
    assert plan.status == 0, plan.err
    array, join = (line.split()[0] for line in slurm.run("sh", jobs / "submit.sh").splitlines())
    assert slurm.finish(array, join) == {"": 0}, [path.read_text() for path in (jobs / "logs").iterdir()]
    assert {index: status for index, (_, _, status) in slurm.states(array).items()} == {"1": 0, "2": 0, "3": 0}
    assert contents(tmp_path / "all.scores") == contents(tmp_path / "one.scores")
    assert sorted(path.name for path in (jobs / "logs").iterdir()) == \
        sorted([f"berg-score-merge-{join}.log", *(f"berg-score-{array}_{i}.log" for i in (1, 2, 3))])
