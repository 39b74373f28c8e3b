"""What the Python tests share: where the build is, synthetic subjects, and the backbone that they are fitted to."""
import os
import pathlib
import subprocess
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(TESTS / "oracle"), str(TESTS / "tools")]

import make_subject  # noqa: E402
import made_once  # noqa: E402
import vit_oracle  # noqa: E402


@pytest.fixture(scope="session")
def build_dir():
    """The build folder under test: $BERG_BUILD, or build/ of this checkout."""
    return pathlib.Path(os.environ.get("BERG_BUILD", TESTS.parent / "build")).resolve()


@pytest.fixture(scope="session")
def data_dir(build_dir):
    """Where data that all runs of the tests read are kept."""
    return pathlib.Path(os.environ.get("BERG_TEST_DATA", build_dir / "test-data")).resolve()


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
def backbone():
    """The weights of random:1 as a dict of float32 arrays."""
    return vit_oracle.load_backbone(make_subject.BACKBONE)


@pytest.fixture(scope="session")
def backbone_files(request, data_dir):
    """The same backbone in each form that users have: .pth with "new" and "old" names, "safetensors". A gigabyte, for reading:
    all tests share it."""
    names = {"new": "new.pth", "old": "old.pth", "safetensors": "vit.safetensors"}

    def make(folder):
        from write_state_dict import write_state_dict
        for form, name in names.items():
            write_state_dict(folder / name, request.getfixturevalue("backbone"), "old" if form == "old" else "new")
    with made_once.made_once(data_dir, "backbone", make) as folder:
        yield {form: folder / name for form, name in names.items()}


@pytest.fixture(scope="session")
def library(build_dir, tmp_path_factory):
    """The C library, called through the program build/tests/features."""
    from library import Library
    return Library(build_dir, tmp_path_factory.mktemp("library"))
