"""Twenty random faults of an encoding in parts: the join names exactly the parts that are harmed, and their rerun makes the same bytes."""
import os
import re
import shutil
import subprocess

import numpy as np
import pytest

import moments
from program import MODEL

PARTS = 5
TASK = "SLURM_ARRAY_TASK_ID"


def files(folder, part):
    return sorted(folder.glob(f"part-{part:03}.*"))


def remove(folder, part):
    for path in files(folder, part):
        path.unlink()


class Run:
    """Parts as berg plan's scripts make them, each by a process of its own."""

    def __init__(self, berg, options, folder, images, parts=PARTS):
        self.jobs, self.output = folder / "jobs", folder / "all.npy"
        self.parts = folder / "all.npy.parts"
        plan = berg("plan", "--slurm", "-n", parts, "--processors", "1", "--jobs", self.jobs, *options, *images, "-o", self.output)
        assert plan.status == 0, plan.err
        self.count = parts

    def task(self, part, **settings):
        more = moments.environment(**settings) if settings else {}
        return subprocess.run(["sh", self.jobs / "01-encode.sh"], env={**os.environ, **more, TASK: str(part)}, capture_output=True).returncode

    def join(self):
        done = subprocess.run(["sh", self.jobs / "02-encode-merge.sh"], capture_output=True, text=True)
        return done.returncode, done.stderr

    def all(self):
        assert [self.task(part) for part in range(1, self.count + 1)] == [0] * self.count


@pytest.fixture(scope="module")
def runs(berg, small_berg_dir, backbone_files, photos, tmp_path_factory):
    """The run; and others whose parts may get among its own: other weights, another number of parts, other images."""
    options = ["encode", MODEL, "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], "--batch", "1", "--subject"]
    images = sorted(photos.iterdir())
    made = [Run(berg, [*options, "1"], tmp_path_factory.mktemp("faults"), images),
            Run(berg, [*options, "2"], tmp_path_factory.mktemp("subject"), images),
            Run(berg, [*options, "1"], tmp_path_factory.mktemp("six"), images, PARTS + 1),
            Run(berg, [*options, "1"], tmp_path_factory.mktemp("images"), images[::-1])]
    for run in made:
        run.all()
    return made


def deleted(run, part, rng, others):
    remove(run.parts, part)


def truncated(run, part, rng, others):
    path = run.parts / f"part-{part:03}.npy"
    os.truncate(path, rng.integers(path.stat().st_size))


def changed(run, part, rng, others):
    path = run.parts / f"part-{part:03}.npy"
    content = bytearray(path.read_bytes())
    content[rng.integers(128, len(content))] ^= 1
    path.write_bytes(content)


def without_a_sidecar(run, part, rng, others):
    (run.parts / f"part-{part:03}.json").unlink()


def killed(run, part, rng, others):
    remove(run.parts, part)
    assert run.task(part, kill=rng.integers(1, 6)) not in (0, 9)


def on_a_full_disk(run, part, rng, others):
    remove(run.parts, part)
    assert run.task(part, fail=f"{rng.integers(1, 4)}+", file=f"part-{part:03}.npy.partial") == 5


def doubled(run, part, rng, others):
    remove(run.parts, part)
    other = part % PARTS + 1
    for path in files(run.parts, other):
        shutil.copy(path, run.parts / path.name.replace(f"{other:03}", f"{part:03}"))


def of_another_run(run, part, rng, others):
    remove(run.parts, part)
    for path in files(others[rng.integers(len(others))].parts, part):
        shutil.copy(path, run.parts)


OWN = [deleted, truncated, changed, killed, on_a_full_disk]
NOT_OWN = [doubled, of_another_run, without_a_sidecar]  # or not known to be: what --resume keeps off


def indices_of(text):
    found = []
    for first, last in re.findall(r"(\d+)(?:-(\d+))?", re.search(r"--array=([\d,-]+)", text)[1]):
        found += range(int(first), int(last or first) + 1)
    return found


def test_faults(runs):
    run, *others = runs
    status, said = run.join()
    assert status == 0, said
    expected = run.output.read_bytes()
    seed = int.from_bytes(os.urandom(4), "little")
    rng = np.random.default_rng(seed)
    for fault in range(20):
        for path in run.output.parent.glob("all.json"):
            path.unlink()
        run.output.unlink()
        part = int(rng.integers(1, PARTS + 1))
        harm = (OWN + NOT_OWN)[fault % len(OWN + NOT_OWN)]
        told = f"seed {seed}, fault {fault}: part {part} {harm.__name__}"
        print(told)
        harm(run, part, rng, others)
        status, said = run.join()
        assert status == 9 and not run.output.exists(), (told, said)
        assert indices_of(said) == [part], (told, said)
        if harm in NOT_OWN:
            remove(run.parts, part)
        assert run.task(part) == 0, told
        status, said = run.join()
        assert status == 0, (told, said)
        assert run.output.read_bytes() == expected, told
