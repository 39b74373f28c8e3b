"""What the Python tests share: where the build is, and synthetic subjects made once a session."""
import os
import pathlib
import subprocess
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(TESTS / "oracle"), str(TESTS / "tools")]

import make_subject  # noqa: E402
import vit_oracle  # noqa: E402


@pytest.fixture(scope="session")
def build_dir():
    """The build folder under test: $BERG_BUILD, or build/ of this checkout."""
    return pathlib.Path(os.environ.get("BERG_BUILD", TESTS.parent / "build")).resolve()


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
def small_berg_dir(tmp_path_factory):
    """Three small subjects fitted to random:1: 600, 640 and 530 voxels, 8 components."""
    folder = tmp_path_factory.mktemp("berg-dir")
    for subject in (1, 2, 3):
        make_subject.make_subject(folder, subject, backbone=make_subject.BACKBONE)
    return folder


@pytest.fixture(scope="session")
def small_subject(small_berg_dir):
    """sub-01 of small_berg_dir as NumPy reads it: (weights, metadata)."""
    return vit_oracle.load_subject(small_berg_dir, 1)


@pytest.fixture(scope="session")
def backbone():
    """The weights of random:1 as a dict of float32 arrays."""
    return vit_oracle.load_backbone(make_subject.BACKBONE)


@pytest.fixture(scope="session")
def backbone_files(backbone, tmp_path_factory):
    """The same backbone in each form that users have: .pth with "new" and "old" names, "safetensors"."""
    from write_state_dict import write_state_dict
    folder = tmp_path_factory.mktemp("backbone")
    files = {"new": folder / "new.pth", "old": folder / "old.pth", "safetensors": folder / "vit.safetensors"}
    for name, path in files.items():
        write_state_dict(path, backbone, "old" if name == "old" else "new")
    yield files
    for path in files.values():  # a gigabyte, which pytest would keep for three sessions
        path.unlink()


@pytest.fixture(scope="session")
def library(build_dir, tmp_path_factory):
    """The C library, called through the program build/tests/features."""
    from library import Library
    return Library(build_dir, tmp_path_factory.mktemp("library"))
