"""Libraries that are found by searching: never in the folder that one stands in, which may be one of downloads."""
import os
import shutil
import subprocess

import pytest

import elf

# Opened when they are of use, rather than needed from the start.
LOADED_LATER = ["liblapacke.so.3", "libopenblas.so.0", "libcuda.so.1", "libberg_cuda.so"]
FIT = "import berg, numpy as np; berg.fit(np.eye(8), np.eye(8), components=4)"


def linked(folder):
    """Every ELF file below `folder` with what it needs and where that is looked for."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return {path: facts for path in files if (facts := elf.dynamic(path))}


def expect_absolute(files):
    wrong = {str(path): paths for path, (_, paths) in files.items()
             if not all(element.startswith(("/", "$ORIGIN", "${ORIGIN}")) for element in paths)}
    assert not wrong


def test_what_is_built(build_dir):
    files = linked(build_dir)
    assert build_dir / "berg" in files and any(path.name.startswith("libberg.so") for path in files)
    expect_absolute(files)


@pytest.mark.skipif(not shutil.which("cmake"), reason="cmake is not there to install with")
def test_what_is_installed(build_dir, tmp_path):
    has_python = (build_dir / "python" / "berg" / "_berg.abi3.so").exists()
    for component in ["Unspecified"] + ["python"] * has_python:
        subprocess.run(["cmake", "--install", build_dir, "--component", component, "--prefix", tmp_path], check=True,
                       stdout=subprocess.DEVNULL)
        (build_dir / f"install_manifest_{component}.txt").unlink()
    names = {path.name for path in linked(tmp_path)}
    assert "berg" in names and any(name.startswith("libberg.so") for name in names)
    assert not has_python or "_berg.abi3.so" in names
    expect_absolute(linked(tmp_path))


@pytest.fixture
def downloads(build_dir, tmp_path):
    """A folder where each library that could be looked for is one that runs at once."""
    needed = {name for names, _ in linked(build_dir).values() for name in names}
    assert "libcjson.so.1" in needed
    for name in sorted(needed) + LOADED_LATER:
        shutil.copy(build_dir / "tests" / "libhostile_library.so", tmp_path / name)
    return tmp_path


def test_such_a_library_runs_where_it_is_loaded(berg, build_dir, tmp_path):
    shutil.copy(build_dir / "tests" / "libhostile_library.so", tmp_path / "libcjson.so.1")
    assert berg("list", environment={"LD_LIBRARY_PATH": str(tmp_path)}).status == 99


@pytest.mark.parametrize("command", ["list", "doctor"])
def test_the_program_in_a_folder_of_libraries(berg, downloads, command):
    result = berg(command, cwd=downloads)
    assert result.status == 0 and result.out


def test_the_program_under_a_name_that_is_not_its_own(berg, downloads):
    """As `exec -a ./berg`: the folder of the name is not that of the program."""
    done = subprocess.run(["./berg", "doctor"], executable=berg.path, cwd=downloads, env=berg.environment, timeout=120,
                          capture_output=True, text=True)
    assert done.returncode == 0 and "libberg_cuda.so" in done.stdout and "./libberg_cuda.so" not in done.stdout


def test_the_package_in_a_folder_of_libraries(build_dir, downloads):
    if not (build_dir / "python" / "berg" / "_berg.abi3.so").exists():
        pytest.skip("built without the Python package")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(build_dir / "python")}
    environment |= {name: os.environ[name] for name in ("LD_PRELOAD", "ASAN_OPTIONS") if name in os.environ}
    done = subprocess.run(["/usr/bin/python3", "-c", FIT], cwd=downloads, env=environment, timeout=120, capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stderr
