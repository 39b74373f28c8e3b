"""A cluster of one node, and data that are walked through it."""
import os
import pathlib
import subprocess
import sys

import pytest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "cli"), str(pathlib.Path(__file__).resolve().parent)]

from mpirun import MPI, Ranks  # noqa: E402
from program import MODEL, Program  # noqa: E402
from slurm import Slurm  # noqa: E402


@pytest.fixture(scope="session")
def berg(berg_program, tmp_path_factory):
    return Program(berg_program, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def slurm():
    cluster = Slurm()
    yield cluster
    cluster.end()


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def ranks(berg_program, build_dir, home):
    assert (build_dir / "libberg_mpi.so").exists(), "make mpi builds the plug-in"
    return Ranks(berg_program, home)


@pytest.fixture(scope="session")
def alone(berg_program, home):
    def run(*arguments, **more):
        done = subprocess.run([berg_program, *map(str, arguments)], env={"PATH": os.environ["PATH"], "HOME": str(home), **MPI},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, **more)
        assert done.returncode == 0, done.stderr
        return done.stderr
    return run


@pytest.fixture(scope="session")
def raw(berg, tmp_path_factory):
    """A simulated data set, prepared: its folder has images/ and the berg directory berg/."""
    folder = tmp_path_factory.mktemp("walk") / "a walk"
    for command in (["simulate", folder / "raw", "--subject", "1,2", "--voxels", "300", "--concepts", "10", "--images-per-concept", "3",
                     "--test-images", "6", "--sessions", "3", "--image-size", "64"],
                    ["prepare", folder / "raw", "--subject", "1,2", "--berg-dir", folder / "berg"]):
        result = berg(*command, "-q")
        assert result.status == 0, result.err
    return folder


@pytest.fixture(scope="session")
def photos(raw):
    """Twelve of its pictures in one folder."""
    folder = raw / "photos"
    folder.mkdir()
    for path in sorted((raw / "raw/images").rglob("*.jpg"))[:12]:
        os.link(path, folder / path.name)
    return folder
