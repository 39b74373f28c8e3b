"""What the Python tests share: where the build is, synthetic subjects, and the backbone that they are fitted to."""
import contextlib
import hashlib
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

TESTS = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(TESTS / "oracle"), str(TESTS / "tools")]

import make_subject  # noqa: E402
import made_once  # noqa: E402
import vit_oracle  # noqa: E402
from random_backbone import TENSORS  # noqa: E402
from write_state_dict import read_safetensors, write_state_dict  # noqa: E402


BUILD = pathlib.Path(os.environ.get("BERG_BUILD", TESTS.parent / "build")).resolve()
os.environ["BERG_TEST_DATA"] = str(pathlib.Path(os.environ.get("BERG_TEST_DATA", BUILD / "test-data")).resolve())


def pytest_configure(config):
    config.addinivalue_line("markers", "long: shows what another test shows at more places; make test-long runs it, make test does not")


@pytest.fixture(scope="session")
def build_dir():
    """The build folder under test: $BERG_BUILD, or build/ of this checkout."""
    return BUILD


@pytest.fixture(scope="session")
def data_dir():
    """Where data that all runs of the tests read are kept."""
    return pathlib.Path(os.environ["BERG_TEST_DATA"])


@pytest.fixture(scope="session")
def berg_program(build_dir):
    return build_dir / "berg"


@pytest.fixture(scope="session")
def locales(tmp_path_factory):
    """locales(NAME): the environment in which a host sets that locale. Turkish has decimal commas, and no I for its i; Pashto has
    decimal separators of two bytes."""
    folder = tmp_path_factory.mktemp("locales")
    for name in ("tr_TR", "ps_AF"):
        subprocess.run(["localedef", "--no-archive", "-i", name, "-f", "UTF-8", folder / f"{name}.UTF-8"], check=True,
                       capture_output=True)
    return lambda name: {"LOCPATH": str(folder), "LC_ALL": f"{name}.UTF-8"}


@pytest.fixture(scope="session")
def small_berg_dir(data_dir):
    """Three small subjects fitted to random:1: 600, 640 and 530 voxels, 8 components. For reading: all tests share them."""
    def make(folder):
        for subject in (1, 2, 3):
            make_subject.make_subject(folder, subject, backbone=make_subject.BACKBONE)
    with made_once.made_once(data_dir, "berg-dir", make) as folder:
        yield folder


@pytest.fixture(scope="session")
def small_subject(small_berg_dir):
    """sub-01 of small_berg_dir as NumPy reads it: (weights, metadata)."""
    return vit_oracle.load_subject(small_berg_dir, 1)


@pytest.fixture(scope="session")
def backbone(backbone_files):
    """The weights of random:1 as a dict of float32 arrays, as NumPy made them."""
    state = read_safetensors(backbone_files["safetensors"])
    return {name: state[name] for name, _, _ in TENSORS}


@pytest.fixture(scope="session")
def block_outputs(request):
    """block_outputs(pixels, dtype): what NumPy's network makes of them with random:1, kept with the test data."""
    def outputs(pixels, dtype=np.float64):
        def make():
            weights, parts = request.getfixturevalue("backbone"), np.array_split(pixels, -(-len(pixels) // 4))
            return np.concatenate([vit_oracle.block_outputs(weights, part, dtype) for part in parts])
        name = hashlib.sha256(np.ascontiguousarray(pixels)).hexdigest()[:12]
        return made_once.kept_array(f"blocks-{name}-{np.dtype(dtype).name}", make)
    return outputs


@pytest.fixture(scope="session")
def backbone_files(data_dir):
    """The same backbone in each form that users have: .pth with "new" and "old" names, "safetensors". A gigabyte, for reading:
    all tests share it."""
    names = {"new": "new.pth", "old": "old.pth", "safetensors": "vit.safetensors"}

    def make(folder):
        weights = vit_oracle.load_backbone(make_subject.BACKBONE)
        for form, name in names.items():
            write_state_dict(folder / name, weights, "old" if form == "old" else "new")
    with made_once.made_once(data_dir, "backbone", make) as folder:
        yield {form: folder / name for form, name in names.items()}


@pytest.fixture(scope="session")
def converted(build_dir, berg_program, backbone_files):
    """converted(precision): the backbone made ready for it by the program under test, once a build; in float32, and where the
    processor has no int8, as it is."""
    made, kept = {"f32": backbone_files["safetensors"]}, contextlib.ExitStack()
    program = hashlib.sha256(berg_program.read_bytes()).hexdigest()[:12]

    def convert(precision):
        def make(folder):
            command = [berg_program, "convert", "--precision", precision, made["f32"], folder / f"vit.{precision}.safetensors"]
            result = subprocess.run(command, capture_output=True, text=True)
            assert result.returncode == 0 or (precision == "int8" and "instructions" in result.stderr), result.stderr
        if precision not in made:
            folder = kept.enter_context(made_once.made_once(build_dir / "converted", f"vit-{precision}", make, makers=program))
            made[precision] = next(folder.iterdir(), made["f32"])
        return made[precision]
    with kept:
        yield convert


@pytest.fixture(scope="session")
def library(build_dir, tmp_path_factory):
    """The C library, called through the program build/tests/features."""
    from library import Library
    return Library(build_dir, tmp_path_factory.mktemp("library"))
