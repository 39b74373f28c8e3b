"""The package under test is that of the build, or with BERG_INSTALLED=1 the one that is installed."""

import os
import pathlib
import sys

import numpy as np
import pytest

import made_once
from make_siblings import make_sibling
from sibling_models import MODELS

TESTS = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("BERG_BUILD", TESTS.parent / "build")).resolve()
if not os.environ.get("BERG_INSTALLED"):
    sys.path.insert(0, str(BUILD / "python"))

MODEL = "fmri-things_fmri_1-vit_b_32"


@pytest.fixture(scope="session")
def model_id():
    return MODEL


@pytest.fixture(scope="session")
def berg(small_berg_dir):
    """BERG over three small subjects."""
    from berg import BERG

    return BERG(berg_dir=str(small_berg_dir))


@pytest.fixture(scope="session")
def load(berg, backbone_files):
    """load(selection, subject=1, ...): a model with the backbone that the subjects are fitted to. From a file, as that
    loads many times faster than random numbers are made."""
    backbone = backbone_files["safetensors"]

    def load(selection=None, subject=1, **options):
        return berg.get_encoding_model(
            MODEL, subject=subject, selection=selection, **{"backbone": backbone, **options}
        )

    return load


@pytest.fixture(scope="session")
def whole_model(load):
    return load()


@pytest.fixture(scope="session")
def images():
    """uint8, with every value from 0 to 255 in it, of a size that is resized."""
    rng = np.random.default_rng(20)
    smooth = rng.integers(0, 256, (5, 3, 9, 9), dtype=np.uint8).repeat(30, axis=2).repeat(30, axis=3)
    smooth[:, :, ::2, ::3] = rng.integers(0, 256, smooth[:, :, ::2, ::3].shape)
    assert len(np.unique(smooth)) == 256
    return smooth


@pytest.fixture(scope="session")
def whole(berg, whole_model, images):
    """Responses of all voxels of subject 1 to `images`."""
    responses = berg.encode(whole_model, images, show_progress=False)
    responses.flags.writeable = False
    return responses


@pytest.fixture(scope="session")
def siblings_dir(data_dir):
    """The first subject of each sibling model, 4 components of the class tokens. For reading: all tests share it."""

    def make(folder):
        for key in MODELS:
            make_sibling(folder, key, class_tokens=True)

    with made_once.made_once(data_dir, "python-siblings", make) as folder:
        yield folder


@pytest.fixture(scope="session")
def load_sibling(siblings_dir, backbone_files):
    """load_sibling("eeg", selection, ...): the first subject's model, with the backbone that it is fitted to."""
    from berg import BERG

    def load(key, selection=None, **options):
        model = MODELS[key]
        options = {"subject": model.subjects[0], "backbone": backbone_files["safetensors"], **options}
        return BERG(siblings_dir).get_encoding_model(model.model_id, selection=selection, **options)

    return load


@pytest.fixture(scope="session")
def squares():
    """Three uint8 images that the network sees the middle of."""
    return np.random.default_rng(21).integers(0, 256, (3, 3, 256, 256), dtype=np.uint8)


@pytest.fixture(scope="session")
def square_features(squares, block_outputs):
    """What NumPy's network makes of `squares`."""
    return block_outputs(squares[:, :, 16:240, 16:240])


@pytest.fixture(scope="session")
def sibling_wholes(load_sibling, squares):
    """{key: responses to `squares` of everything}, in the model's own form."""
    wholes = {}
    for key in MODELS:
        with load_sibling(key) as model:
            wholes[key] = model.generate_response(squares, show_progress=False)
    return wholes


@pytest.fixture
def tqdm(monkeypatch):
    """tqdm, whether installed or not: a bar that keeps what it is told, in the list returned."""
    bars = []

    class Bar:
        def __init__(self, total, desc, unit):
            self.total, self.desc, self.n, self.postfix, self.closed = total, desc, 0, [], False
            bars.append(self)

        def __enter__(self):
            return self

        def __exit__(self, *exception):
            self.close()

        def close(self):
            self.closed = True

        def set_postfix(self, fields, refresh):
            self.postfix.append(fields)

        def update(self, step):
            self.n += step

    auto = type(sys)("tqdm.auto")
    auto.tqdm = Bar
    monkeypatch.setitem(sys.modules, "tqdm", type(sys)("tqdm"))
    monkeypatch.setitem(sys.modules, "tqdm.auto", auto)
    return bars
