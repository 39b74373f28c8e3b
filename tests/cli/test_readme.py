"""The README's first lines: its C example compiled against an installed library, and the header as other languages see it."""
import os
import pathlib
import re
import shutil
import subprocess

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGES = [ROOT / "examples" / "images" / name for name in ("fruit.jpg", "cat.png")]
MODEL = "fmri-things_fmri_1-vit_b_32"


@pytest.fixture(scope="module")
def prefix(build_dir, tmp_path_factory):
    """The library as `make install` lays it out."""
    folder = tmp_path_factory.mktemp("prefix")
    subprocess.run(["cmake", "--install", build_dir, "--prefix", folder], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def libraries(prefix):
    return next(prefix.glob("lib*/**/libberg.so")).parent


def test_the_first_commands(berg_program, small_berg_dir, tmp_path):
    """As they stand, but for the server, which is not there, and the network's weights, which are random."""
    install, folder, fetch, encode = re.search(r"```sh\n(.*?)\n```", (ROOT / "README.md").read_text(), re.DOTALL)[1].splitlines()
    assert install.startswith("pip install libberg ") and folder.startswith("export BERG_DIR=")
    shutil.copy(IMAGES[0], tmp_path / "photo.jpg")

    def run(line, more, models):
        command = line.split("#")[0].strip().removeprefix("berg ")
        return subprocess.run(f"'{berg_program}' {command} {more}", shell=True, cwd=tmp_path, capture_output=True, text=True,
                              env={**os.environ, "BERG_DIR": str(models), "HOME": str(tmp_path)})
    asked = run(fetch, "--from http://127.0.0.1:9 --retries 0 --dry-run", tmp_path / "models")
    assert asked.returncode == 3 and "http://127.0.0.1:9" in asked.stderr
    assert run(encode, "--backbone random:1", small_berg_dir).returncode == 0
    assert np.load(tmp_path / "responses.npy").shape == (1, 600) and (tmp_path / "responses.json").exists()


def write_example(folder):
    (code,) = re.findall(r"```c\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (folder / "example.c").write_text(code)


def compile_example(folder, flags):
    write_example(folder)
    subprocess.run(["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-o", "example", "example.c", *flags], check=True, cwd=folder)


def flags_of(libraries, *options):
    """What pkg-config says."""
    return subprocess.run(["pkg-config", "--cflags", "--libs", *options, "berg"], check=True, capture_output=True, text=True,
                          env={**os.environ, "PKG_CONFIG_PATH": str(libraries / "pkgconfig")}).stdout.split()


def test_the_c_example_gives_what_the_program_gives(prefix, libraries, small_berg_dir, berg_program, tmp_path):
    environment = {**os.environ, "LD_LIBRARY_PATH": str(libraries), "PKG_CONFIG_PATH": str(libraries / "pkgconfig")}
    (line,) = re.findall(r"^cc -o example .*$", (ROOT / "README.md").read_text(), re.MULTILINE)
    write_example(tmp_path)
    assert subprocess.run(line, shell=True, check=True, capture_output=True, cwd=tmp_path, env=environment).stderr == b""
    subprocess.run(["./example", small_berg_dir, *IMAGES], check=True, cwd=tmp_path, env=environment)
    subprocess.run([berg_program, "encode", MODEL, "--subject", "1", "--berg-dir", small_berg_dir, "--backbone", "random:1", "-q",
                    *IMAGES, "-o", "program.npy"], check=True, cwd=tmp_path)
    responses = np.load(tmp_path / "responses.npy")
    assert responses.shape == (2, 600)
    assert np.array_equal(responses, np.load(tmp_path / "program.npy"))

    failed = subprocess.run(["./example", tmp_path, *IMAGES], capture_output=True, text=True, cwd=tmp_path, env=environment)
    assert failed.returncode == 4 and len(failed.stderr.splitlines()) == 1


def test_the_c_example_with_the_archive(libraries, small_berg_dir, tmp_path):
    flags = flags_of(libraries, "--static")
    assert not [flag for flag in flags if flag.endswith(".so")]  # names, so that the linker may take archives
    compile_example(tmp_path, [str(libraries / "libberg.a") if flag == "-lberg" else flag for flag in flags])
    subprocess.run(["./example", small_berg_dir, *IMAGES], check=True, cwd=tmp_path)
    assert np.load(tmp_path / "responses.npy").shape == (2, 600)


@pytest.mark.parametrize("language, standard", [("c", "c11"), ("c++", "c++11")])
def test_the_header_stands_alone(language, standard, tmp_path):
    (tmp_path / "alone").write_text("#include <berg.h>\n")
    subprocess.run(["clang", "-x", language, f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
                    "-I", ROOT / "include", "alone"], check=True, cwd=tmp_path)


def test_cmake_finds_the_package(prefix, tmp_path):
    (tmp_path / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.22)\nproject(user C)\n"
                                             "find_package(berg 0.1 REQUIRED)\nget_target_property(x berg::berg IMPORTED_LOCATION)\n"
                                             "message(STATUS \"berg is ${x}\")\n")
    out = subprocess.run(["cmake", "-S", ".", "-B", "b", f"-DCMAKE_PREFIX_PATH={prefix}"], check=True, capture_output=True, text=True,
                         cwd=tmp_path).stdout
    assert "libberg.so" in out
