"""An encoding in an array of Slurm: its parts deleted, truncated, doubled, of another run; the join names them, their rerun is enough."""
import pathlib
import re
import shutil

import pytest

import moments
from program import MODEL

PARTS = 4


@pytest.fixture
def encoded(slurm, berg, small_berg_dir, backbone_files, photos, tmp_path):
    """After the array: the folder of jobs, that of parts, and what one process makes."""
    options = ["encode", MODEL, "--subject", "1", "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], "--batch", "1",
               photos]
    assert berg(*options, "-o", tmp_path / "one.npy").status == 0
    jobs = tmp_path / "jobs"
    plan = berg("plan", "--slurm", "-n", PARTS, "--processors", "1", "--jobs", jobs, *options, "-o", tmp_path / "all.npy")
    assert plan.status == 0, plan.err
    assert set(slurm.finish(slurm.submit("01-encode.sh", cwd=jobs)).values()) == {0}
    return jobs, tmp_path / "all.npy.parts", tmp_path / "one.npy"


def join(slurm, jobs):
    """The exit status of the job that joins, and what it says."""
    job = slurm.submit("02-encode-merge.sh", cwd=jobs)
    status, = slurm.finish(job).values()
    return status, (jobs / f"logs/berg-encode-merge-{job}.log").read_text()


def same(one, other):
    return one.read_bytes() == other.read_bytes()


def deleted(parts):
    (parts / "part-002.npy").unlink()
    (parts / "part-002.json").unlink()
    return "2"


def truncated(parts):
    path = parts / "part-003.npy"
    path.write_bytes(path.read_bytes()[:-100])
    return "3"


def doubled(parts):
    for ending in ("npy", "json"):
        shutil.copy(parts / f"part-001.{ending}", parts / f"part-004.{ending}")
    return "4"




def test_a_whole_array_is_joined_to_the_bytes_of_one_process(slurm, encoded):
    jobs, parts, one = encoded
    status, said = join(slurm, jobs)
    assert status == 0, said
    assert same(parts.parent / "all.npy", one)


@pytest.mark.parametrize("harm", [deleted, truncated, doubled])
def test_what_is_missing_is_named_and_made_again(slurm, encoded, harm):
    jobs, parts, one = encoded
    expected = harm(parts)
    status, said = join(slurm, jobs)
    assert status == 9 and not (parts.parent / "all.npy").exists(), said
    indices, = re.findall(r"--array=([\d,-]+)", said)
    assert indices == expected, said
    if harm is doubled:  # --resume replaces its own that is damaged, and keeps off another's
        for path in parts.glob("part-004.*"):
            path.unlink()
    assert set(slurm.finish(slurm.submit(f"--array={indices}", "01-encode.sh", cwd=jobs)).values()) == {0}
    status, said = join(slurm, jobs)
    assert status == 0, said
    assert same(parts.parent / "all.npy", one)


def stands_still(folder):
    """Whether a process that names the folder is stopped (tests/preload/moments.c)."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (process / "cmdline").read_bytes() and ") T " in (process / "stat").read_text():
                return True
        except OSError:
            pass  # it has ended meanwhile
    return False


def test_the_signal_before_the_end_of_the_time_reaches_the_program(slurm, encoded):
    """As --signal=B:USR1@120 sends it. The task has then kept what it did, and goes on when it is requeued."""
    jobs, parts, one = encoded
    for path in parts.glob("part-001.*"):
        path.unlink()
    moment = {**slurm.environment, **moments.environment(stop=2, file="part-001.npy.partial")}
    again = slurm.submit("--array=1", "--export=ALL", "01-encode.sh", cwd=jobs, environment=moment)
    slurm.wait(lambda: stands_still(parts), "the task")
    for number in ("USR1", "CONT"):
        slurm.run("scancel", "--batch", f"--signal={number}", f"{again}_1")
    assert slurm.finish(again) == {"1": 75}
    said = (jobs / f"logs/berg-encode-{again}_1.log").read_text()
    assert re.search(r"stopped by SIGUSR1 after \d of 3 images; the same command with --resume goes on", said)
    assert join(slurm, jobs)[0] == 9
    assert slurm.finish(slurm.submit("--array=1", "01-encode.sh", cwd=jobs)) == {"1": 0}
    assert join(slurm, jobs)[0] == 0 and same(parts.parent / "all.npy", one)


def test_a_part_of_another_run_is_refused(slurm, encoded, berg, small_berg_dir, backbone_files, photos):
    jobs, parts, one = encoded
    for path in parts.glob("part-002.*"):
        path.unlink()
    assert berg("encode", MODEL, "--subject", "1", "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], photos,
                "--precision", "bf16", "--no-cache", "--shard", f"2/{PARTS}", "-o", parts / "part-002.npy").status == 0
    status, said = join(slurm, jobs)
    assert status == 9 and "part-002.npy" in said and "--array=2" in said, said
