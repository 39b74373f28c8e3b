"""Two processes write one output at the same time: what is there in the end is whole and one of theirs, each exit status is
documented, and nothing else is left. BERG_WRITERS=40 has each kind of output tried forty times."""
import json
import os
import pathlib
import shutil
import subprocess
import time

import numpy as np
import pytest

import make_prepared
import make_raw
from prepared_subject import names_of, prepared_metadata, trial_order, write_images, write_prepared
from program import MODEL, MODEL_FOLDER

TRIES = int(os.environ.get("BERG_WRITERS", 3))


class Writers:
    """Two commands that write into one folder. `measured` names JSON whose numbers are times and rates."""

    def __init__(self, berg, folder):
        self.berg, self.folder, self.kept, self.measured = berg, folder, None, None

    def keep(self):
        """What is in the folder now is there before each try."""
        self.kept = self.folder.with_name("kept")
        shutil.copytree(self.folder, self.kept, symlinks=True)

    def clear(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        if self.kept:
            shutil.copytree(self.kept, self.folder, symlinks=True)
        else:
            self.folder.mkdir()

    def files(self):
        paths = [path for path in self.folder.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.folder)): self.content(path) for path in paths}

    def content(self, path):
        if path.name == self.measured:
            return json.loads(path.read_text(), parse_int=lambda _: 0, parse_float=lambda _: 0)
        return path.read_bytes()

    def start(self, command):
        return subprocess.Popen([self.berg.path, *map(str, command)], cwd=self.folder,
                                env={**self.berg.environment, "SOURCE_DATE_EPOCH": "1000000000"},
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def alone(self, command):
        self.clear()
        begin = time.monotonic()
        process = self.start(command)
        message = process.communicate(timeout=600)[1]
        assert process.returncode == 0, message
        return self.files(), time.monotonic() - begin

    def race(self, one, other, refusing=False):
        """`refusing`: the second to come is turned away as long as the first is at work."""
        expected, seconds = zip(*[self.alone(one)] * 2 if other is one else [self.alone(command) for command in (one, other)])
        assert set(expected[0]) == set(expected[1])
        for i in range(TRIES):
            self.clear()
            first = self.start(one)
            time.sleep(seconds[0] * i / TRIES)  # they meet at different points each time; nothing here depends on it
            second = self.start(other)
            messages = [process.communicate(timeout=600)[1] for process in (first, second)]
            statuses = [first.returncode, second.returncode]
            assert 0 in statuses and set(statuses) <= ({0, 5} if refusing else {0}), messages
            files = self.files()
            assert set(files) == set(expected[0]), messages
            assert [name for name, found in files.items() if found not in [side[name] for side in expected]] == [], messages


@pytest.fixture
def writers(berg, tmp_path):
    (tmp_path / "out").mkdir()
    return Writers(berg, tmp_path / "out")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    """Two dicts, and two sets of values and of responses, of the same shapes."""
    folder = tmp_path_factory.mktemp("inputs")
    rng = np.random.default_rng(3)
    for name in "ab":
        np.save(folder / f"{name}.npy", {"x": rng.normal(size=300_000), "y": {"z": np.arange(5)}}, allow_pickle=True)
        np.save(folder / f"values-{name}.npy", rng.normal(size=600))
        np.save(folder / f"rows-{name}.npy", rng.normal(size=(40, 600)).astype(np.float32))
    return folder


@pytest.mark.parametrize("ending", ["npy", "npz", "safetensors", "pth", "json"])
def test_convert(writers, inputs, ending):
    writers.race(*[["convert", inputs / f"{name}.npy", f"x.{ending}", "--force"] for name in "ab"])


def test_metadata(writers, tiny_berg_dir):
    writers.race(*[["metadata", MODEL, "--subject", 1, "--berg-dir", tiny_berg_dir, "--key", key, "-o", "x.npy", "--force"]
                   for key in ("fmri.voxel_coords", "prf.prf_size")])


def test_compare(writers, inputs):
    writers.race(*[["compare", inputs / "rows-a.npy", inputs / f"rows-{name}.npy", "--atol", 100, "--json", "x.json", "--force",
                    "-q"] for name in "ab"])


def test_volumes(writers, inputs, small_berg_dir):
    common = [MODEL, "--berg-dir", small_berg_dir, "--subject", 1, "--force"]
    for ending in ("nii.gz", "nii"):
        writers.race(*[["volume", "to", *common, inputs / f"rows-{name}.npy", "-o", f"x.{ending}"] for name in "ab"])
        for name in "ab":
            writers.alone(["volume", "to", *common, inputs / f"rows-{name}.npy", "-o", f"x.{ending}"])
            shutil.copy(writers.folder / f"x.{ending}", writers.folder.parent / f"{name}.{ending}")
    writers.race(*[["volume", "from", *common, writers.folder.parent / f"{name}.nii.gz", "-o", "x.npy"] for name in "ab"])


def test_masks_of_regions(writers, small_berg_dir):
    writers.race(*[["volume", "rois", MODEL, "--berg-dir", small_berg_dir, "--subject", 1, "--roi", roi, "-o", "x", "--force"]
                   for roi in ("V1", "V2")])


def test_report(writers, small_berg_dir):
    writers.race(*[["report", MODEL, "--berg-dir", small_berg_dir, "--subject", 1, "-o", "x.html", "--json", "x.json",
                    "--figures", "figures", "--force", quiet] for quiet in ("-q", "--quiet")])


def test_simulate(writers):
    writers.race(*[["simulate", "raw", "--subject", 1, "--voxels", 150, "--concepts", 10, "--image-size", 32,
                    "--images-per-concept", 2, "--seed", seed, "-q", "--force"] for seed in (1, 2)])


@pytest.mark.parametrize("ending", ["npy", "h5", "csv", "nii.gz"])
def test_encode(writers, small_berg_dir, backbone_files, photos, ending):
    writers.race(*[["encode", MODEL, "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", 1,
                    photos / photo, "-o", f"x.{ending}", "--force", "-q"] for photo in ("0.jpg", "1.png")], refusing=True)


def test_prepare(writers, tmp_path):
    make_raw.make_raw(tmp_path / "raw")
    command = ["prepare", tmp_path / "raw", "--subject", 1, "--berg-dir", "berg", "--force", "-q"]
    writers.race(command, command, refusing=True)


def test_train(writers, backbone_files):
    names = make_prepared.make_images(writers.folder / "images", 2, 2)
    make_prepared.make_subject(writers.folder / "berg", names, 1, 12)
    writers.keep()
    writers.measured = "x.json"
    command = ["train", MODEL, "--subject", 1, "--images", "images", "--berg-dir", "berg", "--backbone",
               backbone_files["safetensors"], "--components", 2, "--features", "class-token", "--report", "x.json", "--force", "-q"]
    writers.race(command, command, refusing=True)


def test_evaluate(writers, small_berg_dir, backbone_files):
    names, berg_dir = names_of(4), writers.folder / "berg"
    write_images(writers.folder / "images", names)
    for part in ("encoding_models_weights/weights_sub-01.npy", "metadata/metadata_sub-01.npy"):
        (berg_dir / MODEL_FOLDER / part).parent.mkdir(parents=True)
        (berg_dir / MODEL_FOLDER / part).symlink_to(pathlib.Path(small_berg_dir) / MODEL_FOLDER / part)
    metadata = np.load(small_berg_dir / MODEL_FOLDER / "metadata/metadata_sub-01.npy", allow_pickle=True).item()
    rng = np.random.default_rng(1)
    order = trial_order(4, 3, rng)
    metadata = prepared_metadata(metadata, names, order)
    trials = rng.normal(size=(12, len(metadata["fmri"]["voxel_coords"]))).astype(np.float32)
    write_prepared(berg_dir, 1, metadata, trials, order)
    writers.keep()
    writers.measured = "x.json"
    command = ["evaluate", MODEL, "--subject", 1, "--images", "images", "--berg-dir", "berg", "--backbone",
               backbone_files["safetensors"], "--json", "x.json", "--force", "-q"]
    writers.race(command, command, refusing=True)
