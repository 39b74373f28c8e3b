"""docs/clusters.md: its blocks of commands and of Python, in their order, in a Slurm of one node."""
import os
import pathlib
import re
import subprocess
import sys

import numpy as np
import pytest

from program import MODEL

DOC = pathlib.Path(__file__).resolve().parents[2] / "docs/clusters.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", DOC.read_text(), re.M | re.S)
# Of these the test's data are smaller than the real ones.
SMALLER = {"train": "--components 8 --features class-token"}


@pytest.fixture(scope="module")
def place(berg_program, small_berg_dir, backbone_files, raw, photos, tmp_path_factory):
    """A folder as the page has it: models/, photos/, images/, `berg` on the path; and the environment for it."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "models/backbones").mkdir(parents=True)
    (folder / "models/encoding_models").mkdir()
    (folder / "models/backbones/vit_b_32-d86f8d99.pth").symlink_to(backbone_files["new"])
    (folder / "models/model_training_datasets").symlink_to(raw / "berg/model_training_datasets")
    trained = "modality-fmri/train_dataset-things_fmri_1"
    (folder / "models/encoding_models/modality-fmri").mkdir()
    (folder / "models/encoding_models" / trained).symlink_to(small_berg_dir / "encoding_models" / trained)
    (folder / "photos").symlink_to(photos)
    (folder / "images").symlink_to(raw / "raw/images")
    (folder / "bin").mkdir()
    smaller = "\n".join(f'  *" {word} "*) set -- "$@" {options} ;;' for word, options in SMALLER.items())
    (folder / "bin/berg").write_text(f'#!/bin/sh\ncase " $* " in\n{smaller}\nesac\nexec "{berg_program}" "$@"\n')
    (folder / "bin/berg").chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def environment(place, slurm, build_dir):
    path = os.pathsep.join([str(place / "bin"), os.path.dirname(sys.executable), os.environ["PATH"]])
    return {**slurm.environment, "PATH": path, "BERG_DIR": "models", "PYTHONPATH": str(build_dir / "python")}


def run(command, place, environment):
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def wait_for_all(slurm):
    slurm.wait(lambda: not slurm.run("squeue", "-h"), "the queue", 300)


def test_the_commands(slurm, place, environment, berg, berg_program, small_berg_dir, backbone_files):
    said = []
    weights = "models/encoding_models/modality-fmri/train_dataset-things_fmri_1"
    for kind, text in BLOCKS:
        if kind != "sh":
            continue
        if "plan train" in text:  # not into the models that all tests read
            (place / weights).unlink()
        if "--array=2" in text:  # the task that is to be made again
            for path in (place / "responses.npy.parts").glob("part-002.*"):
                path.unlink()
            for ending in ("npy", "json"):
                (place / f"responses.{ending}").unlink()
        said.append(run(["sh", "-e", "-c", text], place, environment))
        wait_for_all(slurm)
        if "plan train" in text:
            assert list((place / weights).rglob("weights_sub-01.npy"))
            (place / weights).rename(place / "trained")
            (place / weights).symlink_to(small_berg_dir / "encoding_models/modality-fmri/train_dataset-things_fmri_1")
    assert berg("encode", MODEL, "--subject", "1", "--berg-dir", small_berg_dir, "--backbone", backbone_files["new"],
                place / "photos", "-o", place / "one.npy").status == 0
    assert (place / "responses.npy").read_bytes() == (place / "one.npy").read_bytes()
    assert len(list((place / "photos.scores").iterdir())) >= 3
    assert any("#SBATCH --array=1-4" in text for text in said)
    doctor, = (text for text in said if "threads" in text and "memory" in text)
    assert "SLURM_CPUS_PER_TASK" in doctor and "SLURM_MEM_PER_NODE" in doctor


def test_the_python(place, environment):
    """One script of all blocks; each leaves its answer in `parts`."""
    np.save(place / "images.npy", np.random.default_rng(2).integers(0, 256, (6, 3, 64, 64), np.uint8))
    lines = ["import numpy as np", "images = np.load('images.npy')", "if __name__ == '__main__':"]
    for kind, text in BLOCKS:
        if kind == "python":
            lines += [f"    {line}" for line in text.splitlines()]
            lines += ["    whole = model.generate_response(images, show_progress=False)",
                      "    print(np.concatenate(parts).tobytes() == whole.tobytes(), file=open('answers', 'a'))"]
    (place / "page.py").write_text("\n".join(lines) + "\n")
    run([sys.executable, "page.py"], place, environment)
    assert (place / "answers").read_text().split() == ["True"] * 3
