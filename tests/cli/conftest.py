"""Driving the program: `berg(...)` runs it with a clean environment and returns status, output and messages."""
import os
import pathlib

import numpy as np
import pytest

import made_once
import make_siblings
from program import MODEL, MODEL_FOLDER, Program, tiny_metadata
from sibling_models import MODELS
from siblings import IDS, SUBJECTS

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden"


@pytest.fixture(scope="session")
def berg(berg_program, tmp_path_factory):
    assert berg_program.exists(), f"{berg_program}: build it first"
    return Program(berg_program, tmp_path_factory.mktemp("home"))


@pytest.fixture
def golden():
    """golden(text, name): `text` is what tests/cli/golden/<name> holds. BERG_GOLDEN=write rewrites the files, to be read
    before they are committed."""
    def compare(text, name):
        path = GOLDEN / name
        if os.environ.get("BERG_GOLDEN") == "write":
            path.write_text(text)
        assert text == path.read_text()
    return compare


@pytest.fixture(scope="session")
def tiny_berg_dir(tmp_path_factory):
    """A berg directory that holds metadata of one subject and no weights."""
    folder = tmp_path_factory.mktemp("tiny")
    (folder / MODEL_FOLDER / "metadata").mkdir(parents=True)
    np.save(folder / MODEL_FOLDER / "metadata" / "metadata_sub-01.npy", tiny_metadata())
    return folder


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """Five small images of different sizes and kinds."""
    from PIL import Image
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(5)
    for i, (width, height) in enumerate([(300, 256), (256, 256), (64, 97), (500, 333), (224, 224)]):
        smooth = Image.fromarray(rng.integers(0, 256, (9, 9, 3), np.uint8)).resize((width, height))
        smooth.save(folder / (f"{i}.png" if i % 2 else f"{i}.jpg"))
    return folder


@pytest.fixture(scope="session")
def five_berg_dir(data_dir, small_berg_dir):
    """The first model's small subjects, and one of each sibling, fitted to class tokens alone; for reading."""
    def make(folder):
        (folder / MODEL_FOLDER).parent.parent.mkdir(parents=True)
        link = (folder / MODEL_FOLDER).parent
        link.symlink_to(os.path.relpath((small_berg_dir / MODEL_FOLDER).parent, link.parent))  # test data may be moved
        for key in MODELS:
            make_siblings.make_sibling(folder, key, class_tokens=True)
    with made_once.made_once(data_dir, "five-berg-dir", make) as folder:
        yield folder


@pytest.fixture
def encode_with(berg, five_berg_dir, backbone_files):
    """encode_with(KEY, ...): with the model of that key, its first subject unless another is named, and the backbone it was made for."""
    def call(key, *arguments, berg_dir=five_berg_dir, backbone=backbone_files["safetensors"], **more):
        subject = [] if "--subject" in arguments else ["--subject", SUBJECTS[key]]
        return berg("encode", IDS[key], "--berg-dir", berg_dir, "--backbone", backbone, *subject, *arguments, **more)
    return call


@pytest.fixture
def encode(berg, small_berg_dir, backbone_files):
    """encode(...) with subject 1 of the small subjects and the backbone they were made for, unless arguments say otherwise."""
    def call(*arguments, **more):
        fixed = ["--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"]]
        if "--subject" not in arguments:
            fixed += ["--subject", "1"]
        return berg("encode", MODEL, *fixed, *arguments, **more)
    return call


@pytest.fixture(scope="session")
def stack():
    """uint8 (6, 3, 64, 64)"""
    return np.random.default_rng(8).integers(0, 256, (6, 3, 64, 64), np.uint8)


@pytest.fixture(scope="session")
def many(tmp_path_factory):
    """Enough images that a run can be interrupted: uint8 (10, 3, 224, 224)."""
    path = tmp_path_factory.mktemp("many") / "many.npy"
    np.save(path, np.random.default_rng(9).integers(0, 256, (10, 3, 224, 224), np.uint8))
    return path
