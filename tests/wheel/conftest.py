"""dist/libberg-*.whl in virtual environments of every Python from 3.11 on that is here, installed from a folder without network."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
OFFLINE = pathlib.Path(os.environ.get("BERG_OFFLINE", ROOT / "build" / "wheel" / "offline"))
sys.path.insert(0, str(ROOT / "tests" / "tools"))


def pythons():
    """Names and paths of interpreters, one of each version."""
    return dict(line.split("\t") for line in (OFFLINE / "pythons").read_text().splitlines())


def only(pattern):
    found, = (ROOT / "dist").glob(pattern)
    return found


@pytest.fixture(scope="session")
def wheel():
    return only("libberg-*.whl")


@pytest.fixture(scope="session")
def sdist():
    return only("libberg-*.tar.gz")


class Environment:
    """A virtual environment whose programs see no others but the system's."""

    def __init__(self, folder, python):
        self.folder = folder
        subprocess.run([python, "-m", "venv", folder], check=True)
        self.variables = {"PATH": f"{folder}/bin:/usr/bin:/bin", "HOME": str(folder), "LC_ALL": "C.UTF-8"}

    def run(self, *words, status=0, **more):
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=1200,
                              env=self.variables | more.pop("environment", {}), **more)
        assert done.returncode == status, done.stdout + done.stderr
        return done

    def python(self, *words, **more):
        return self.run(self.folder / "bin" / "python", *words, **more)

    def install(self, *what):
        self.python("-m", "pip", "install", "--quiet", "--no-index", "--find-links", OFFLINE, *what)
        return self

    @property
    def packages(self):
        found, = self.folder.glob("lib/python3.*/site-packages")
        return found


@pytest.fixture(scope="session")
def environments(tmp_path_factory, wheel):
    """Made at the first question."""
    made = {}

    def make(name):
        if name not in made:
            made[name] = Environment(tmp_path_factory.mktemp("venv") / name, pythons()[name]).install(wheel)
        return made[name]
    return make


@pytest.fixture
def environment(environments):
    return environments(next(iter(pythons())))


def pytest_generate_tests(metafunc):
    if "each_python" in metafunc.fixturenames:
        metafunc.parametrize("each_python", pythons())


def version_of(path):
    return re.match(r"libberg-([^-]+)", path.name).group(1).removesuffix(".tar.gz")
