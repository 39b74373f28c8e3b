"""A training in arrays of Slurm, as berg plan writes them: every stage, tasks that were killed, the bytes of one process."""
import re

import pytest

from program import MODEL


@pytest.fixture(scope="module")
def options(raw, backbone_files):
    return ["train", MODEL, "--subject", "1,2", "--images", raw / "raw/images", "--backbone", backbone_files["safetensors"],
            "--features", "class-token", "--components", "8"]


@pytest.fixture(scope="module")
def expected(berg, raw, options):
    result = berg(*options, "--berg-dir", raw / "berg", "-q")
    assert result.status == 0, result.err
    return weights(raw / "berg")


def weights(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("weights_sub-*.npy")}


@pytest.fixture
def place(raw, tmp_path):
    """A berg directory of its own with the same prepared data."""
    folder = tmp_path / "berg dir"
    folder.mkdir()
    (folder / "model_training_datasets").symlink_to(raw / "berg/model_training_datasets")
    return folder


def logs(jobs):
    return {path.name: path.read_text() for path in sorted((jobs / "logs").iterdir())}


def test_arrays_and_their_joins_make_the_weights_of_one_process(slurm, berg, expected, options, place, tmp_path):
    jobs = tmp_path / "jobs"
    plan = berg("plan", "--slurm", "-n", "3", "--processors", "1", "--jobs", jobs, *options, "--berg-dir", place)
    assert plan.status == 0, plan.err
    submitted = [line.split() for line in slurm.run("sh", jobs / "submit.sh").splitlines()]
    assert [name for _, name in submitted] == sorted(path.name for path in jobs.glob("[01]*.sh"))
    slurm.finish(*(job for job, _ in submitted))
    assert all(status == 0 for job, _ in submitted for _, _, status in slurm.states(job).values()), logs(jobs)
    assert weights(place) == expected


def test_a_join_names_the_tasks_that_were_killed_and_their_rerun_is_enough(slurm, berg, expected, options, place, tmp_path):
    jobs = tmp_path / "jobs"
    assert berg("plan", "--slurm", "-n", "4", "--processors", "1", "--jobs", jobs, *options, "--berg-dir", place).status == 0
    array = slurm.submit("--hold", "01-features.sh", cwd=jobs)
    slurm.run("scancel", f"{array}_2", f"{array}_4")
    slurm.run("scontrol", "release", array)
    slurm.finish(array)
    after = [line.split() for line in slurm.run("sh", "submit.sh", "2", cwd=jobs).splitlines()]
    assert slurm.finish(*(job for job, _ in after)) != {"": 0}
    assert slurm.states(after[0][0])[""][2] == 9
    said = (jobs / f"logs/berg-features-merge-{after[0][0]}.log").read_text()
    indices, = re.findall(r"--array=([\d,-]+)", said)
    assert indices == "2,4"
    # what waited for it is gone, and does not wait for ever
    assert all(slurm.states(job)[""][0] in ("CANCELLED", "FAILED") for job, name in after if "merge" in name)
    again = slurm.submit(f"--array={indices}", "01-features.sh", cwd=jobs)
    assert set(slurm.finish(again).values()) == {0}
    rest = [line.split() for line in slurm.run("sh", "submit.sh", "2", cwd=jobs).splitlines()]
    slurm.finish(*(job for job, _ in rest))
    assert weights(place) == expected, logs(jobs)
