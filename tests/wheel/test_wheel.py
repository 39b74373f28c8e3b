"""What a wheel gives to those who install it: the package, the program, the library."""
import os
import pathlib
import shutil
import subprocess
import tarfile
import zipfile

import numpy as np
import pytest

import elf
from conftest import OFFLINE, ROOT, Environment, pythons, version_of

USE = ROOT / "tests" / "wheel" / "use.py"
MODEL = "fmri-things_fmri_1-vit_b_32"
PROGRAM = r"""
#include <berg.h>
#include <stdio.h>
int main(void) { return puts(berg_version()) < 0; }
"""


@pytest.fixture(scope="module")
def used(environments, tmp_path_factory):
    """The folder of a model that was trained with the wheel, and what was said."""
    folder = tmp_path_factory.mktemp("used")
    done = environments(next(iter(pythons()))).python(USE, folder)
    return folder, done.stdout.split()


def test_it_is_small_and_needs_libc_and_libm(wheel, tmp_path):
    assert wheel.stat().st_size < 10e6
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    linked = {path.name: elf.dynamic(path) for path in tmp_path.rglob("*") if path.is_file() and elf.dynamic(path)}
    assert set(linked) == {"berg", "_berg.abi3.so", "libberg.so.0.1"}
    for needed, paths in linked.values():
        assert set(needed) <= {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}
        assert all(path.startswith("$ORIGIN") for path in paths)


def test_no_path_of_the_machine_that_built_it(wheel):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            assert str(ROOT).encode() not in data and b"/tmp/tmp" not in data, name


def test_licences_of_what_is_linked_in(wheel):
    names = {pathlib.Path(name).name for name in zipfile.ZipFile(wheel).namelist()}
    assert {"LICENSE", "cjson.txt", "libcsv.txt", "libcsv-LGPL-2.1.txt", "libjpeg-turbo.txt", "libspng.txt", "nifticlib.txt",
            "zlib.txt"} <= names


def test_a_model_is_trained_reported_and_used(used):
    assert used[1][0] in ("True", "False")


@pytest.mark.skipif(not (ROOT / "build" / "berg").exists(), reason="no program of the system's libraries to compare with")
def test_training_gives_what_the_systems_lapack_gives(used, environment, tmp_path):
    """The same data trained by the build, which takes the system's LAPACK, and by the wheel's program with NumPy's alone."""
    folder, _ = used
    pictures = sorted((folder / "raw/images").iterdir())[0]
    words = ["train", MODEL, "--subject", "1", "--images", folder / "raw/images", "--backbone", "random:1", "--components", "12"]
    without = {"LD_PRELOAD": str(ROOT / "build/tests/without.so"), "WITHOUT": "liblapacke libopenblas"}
    responses = {}
    for name, program, variables in (("system", ROOT / "build/berg", {}), ("numpy", environment.folder / "bin/berg", without)):
        models = tmp_path / name
        shutil.copytree(folder / "models", models)
        for weights in models.rglob("weights_sub-01*"):
            weights.unlink()
        environment.run(program, *words, "--berg-dir", models, environment=variables)
        environment.run(program, "encode", MODEL, "--subject", "1", "--backbone", "random:1", "--berg-dir", models, pictures,
                        "-o", tmp_path / f"{name}.npy")
        responses[name] = np.load(tmp_path / f"{name}.npy")
    assert np.abs(responses["system"] - responses["numpy"]).max() < 1e-4 * np.abs(responses["system"]).max()


def test_on_each_python(each_python, environments, used):
    """One binary of the limited API."""
    environment = environments(each_python)
    environment.python("-c", "import sys, numpy as np; from berg import BERG; import berg;"
                       f"m = BERG(berg_dir=sys.argv[1]).get_encoding_model('{MODEL}', subject=1, backbone='random:1');"
                       "r = BERG(berg_dir=sys.argv[1]).encode(m, np.zeros((2, 3, 32, 32), np.uint8));"
                       "assert r.shape == (2, 300) and (r[0] == r[1]).all()", used[0] / "models")
    assert environment.run("berg", "--version").stdout.split()[1]
    assert (environment.folder / "bin" / "berg").read_bytes().startswith(b"\x7fELF")


@pytest.mark.skipif(not shutil.which("cc"), reason="no compiler")
def test_a_c_program_is_compiled_against_it(environment, wheel, tmp_path):
    (tmp_path / "own.c").write_text(PROGRAM)
    options = environment.python("-m", "berg", "--includes", "--libs").stdout.split()
    environment.run("cc", tmp_path / "own.c", *options, "-o", tmp_path / "by_words")
    assert environment.run(tmp_path / "by_words").stdout.strip() == version_of(wheel)
    if shutil.which("pkg-config"):
        path = environment.python("-m", "berg", "--pkg-config-dir").stdout.strip()
        options = environment.run("pkg-config", "--cflags", "--libs", "berg", environment={"PKG_CONFIG_PATH": path}).stdout.split()
        environment.run("cc", tmp_path / "own.c", *options, "-o", tmp_path / "by_pkg_config")
        assert environment.run(tmp_path / "by_pkg_config").stdout.strip() == version_of(wheel)


@pytest.mark.skipif(not shutil.which("cmake"), reason="no cmake")
def test_cmake_finds_it(environment, wheel, tmp_path):
    (tmp_path / "own.c").write_text(PROGRAM)
    (tmp_path / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.22)\nproject(own C)\nfind_package(berg REQUIRED)\n"
                                             "add_executable(own own.c)\ntarget_link_libraries(own berg::berg)\n")
    place = environment.python("-m", "berg", "--cmake-dir").stdout.strip()
    environment.run("cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-Dberg_DIR={place}")
    environment.run("cmake", "--build", tmp_path / "build")
    assert environment.run(tmp_path / "build" / "own").stdout.strip() == version_of(wheel)


def test_the_helper_says_what_it_can(environment):
    assert "--cmake-dir" in environment.python("-m", "berg", status=2).stderr


def test_uninstalling_leaves_nothing(wheel, tmp_path):
    environment = Environment(tmp_path / "venv", next(iter(pythons().values()))).install("--no-deps", wheel)
    environment.python("-m", "pip", "uninstall", "--quiet", "--yes", "libberg")
    assert not [path for path in environment.folder.rglob("*berg*") if "pip" not in path.parts]


def test_an_installed_berg_is_told_once(environments, wheel, tmp_path):
    environment = Environment(tmp_path / "venv", next(iter(pythons().values()))).install(wheel)
    say = ["-c", "import berg; import berg.core; from berg import BERG"]
    assert not environment.python(*say).stderr
    about = environment.packages / "berg-1.2.3.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: berg\nVersion: 1.2.3\n")
    said = environment.python(*say).stderr
    assert said.count("berg 1.2.3") == 1 and "pip uninstall berg" in said


def test_the_sdist_builds_without_network(sdist, tmp_path):
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {"LICENSE", "pyproject.toml", "CMakeLists.txt", "include/berg.h", "cli/main.c", "docs/berg.1"} <= names
    assert not any(name.startswith(("tests/", "fuzz/", ".")) for name in names)
    environment = Environment(tmp_path / "venv", pythons()["3.11"] if "3.11" in pythons() else next(iter(pythons().values())))
    kept = {name: os.environ[name] for name in os.environ if name.startswith(("CMAKE_C_COMPILER_LAUNCHER", "CCACHE"))}
    environment.python("-m", "pip", "wheel", "--quiet", "--no-index", "--no-deps", "--find-links", OFFLINE, "-w", tmp_path / "made", sdist,
                       environment=kept)
    environment.install(*(tmp_path / "made").glob("libberg-*.whl"))
    assert environment.run("berg", "--version").stdout.split()[1] == version_of(sdist)
    environment.python("-c", "import berg")


@pytest.mark.skipif(os.geteuid() != 0 or "BERG_FRESH" not in os.environ, reason="a Debian of its own is made and entered as root alone")
def test_in_a_debian_with_python_alone(wheel, tmp_path):
    fresh = pathlib.Path(os.environ["BERG_FRESH"])
    work = fresh / "wheel"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    for file in (wheel, USE, *OFFLINE.glob("numpy-*-cp311-*.whl")):
        shutil.copy(file, work)
    script = ("python3 -m venv /wheel/venv && /wheel/venv/bin/pip install --quiet --no-index --find-links /wheel libberg && "
              "PATH=/wheel/venv/bin:$PATH python /wheel/use.py /wheel/used")
    done = subprocess.run(["unshare", "--net", "--mount", "--pid", "--fork", f"--mount-proc={fresh}/proc", "chroot", fresh, "sh", "-ec", script],
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.split()[0] == "True"  # LAPACK is NumPy's
