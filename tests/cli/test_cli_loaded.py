"""Libraries that are loaded when they are needed: which one is taken, and what is said where none is there."""
import os
import shutil
import subprocess

import numpy as np
import pytest

from program import MODEL

LAPACK = "liblapacke libopenblas"
NUMPYS = "numpy.libs/libscipy_openblas64_-0.so"


@pytest.fixture
def without(build_dir):
    """The environment of a system where libraries whose names begin so are not installed."""
    return lambda names: {"LD_PRELOAD": str(build_dir / "tests" / "without.so"), "WITHOUT": names}


@pytest.fixture
def report(berg, tiny_berg_dir, tmp_path, without):
    return lambda *arguments: berg("report", MODEL, "--berg-dir", tiny_berg_dir, "--subject", "1", *arguments, cwd=tmp_path,
                                   environment=without("libcairo"))


def test_a_page_and_svg_need_no_cairo(report, tmp_path):
    assert report("-o", "r.html", "--figures", "figures", "--formats", "svg").status == 0
    assert {path.suffix for path in (tmp_path / "figures").iterdir()} == {".svg"}
    assert "data:image/png" in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize("formats", [[], ["--formats", "png"], ["--formats", "svg,pdf"]])
def test_without_cairo_nothing_is_drawn(report, tmp_path, formats):
    done = report("-o", "r.html", "--figures", "figures", *formats)
    assert done.status == 1 and "libcairo2" in done.message and "SVG" in done.message
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("formats, wrong", [("", "found \"\""), ("svg,", "svg,\""), ("gif", "gif"), ("SVG", "SVG")])
def test_formats_that_are_none(report, tmp_path, formats, wrong):
    done = report("-o", "r.html", "--figures", "figures", "--formats", formats)
    assert done.status == 2 and wrong in done.message and not list(tmp_path.iterdir())


def test_formats_without_figures(report):
    done = report("-o", "r.html", "--formats", "svg")
    assert done.status == 2 and "--figures" in done.message


def test_formats_in_any_order(berg, tiny_berg_dir, tmp_path):
    done = berg("report", MODEL, "--berg-dir", tiny_berg_dir, "--subject", "1", "-o", "r.html", "--figures", ".", "--formats", "pdf,svg",
                cwd=tmp_path)
    assert done.status == 0 and {path.suffix for path in tmp_path.iterdir()} == {".html", ".svg", ".pdf"}


@pytest.fixture
def solver(build_dir, tmp_path, without):
    """The unit test of regions' patterns in bin/, as a program is installed, without the system's LAPACK."""
    program = tmp_path / "bin" / "test_patterns"
    program.parent.mkdir()
    shutil.copy(build_dir / "tests" / "test_patterns", program)
    return lambda: subprocess.run([program], env=without(LAPACK), cwd=build_dir, timeout=300, capture_output=True, text=True)


def lay(build_dir, folder):
    (folder / NUMPYS).parent.mkdir(parents=True)
    shutil.copy(build_dir / "tests" / "libnumpys_openblas.so", folder / NUMPYS)


@pytest.mark.parametrize("place", ["lib/python3.11/site-packages", "lib64/python3.15/dist-packages"])
def test_a_program_takes_the_lapack_of_numpy_beside_it(build_dir, solver, tmp_path, place):
    lay(build_dir, tmp_path / place)
    done = solver()
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("damaged", [False, True])
def test_no_lapack(build_dir, solver, tmp_path, damaged):
    if damaged:
        lay(build_dir, tmp_path / "lib/python3.11/site-packages")
        (tmp_path / "lib/python3.11/site-packages" / NUMPYS).write_bytes(b"no library")
    done = solver()
    assert done.returncode != 0 and "FAILED" in done.stderr


FIT = """
import sys
if len(sys.argv) > 2:
    import ctypes
    ctypes.CDLL(sys.argv[2])
import berg, numpy as np
x = np.random.default_rng(0).normal(size=(60, 20)).astype(np.float32)
sys.stdout.buffer.write(berg.fit(x, x, components=4).predict(x).tobytes())
with open("/proc/self/maps") as maps:
    print("numpy.libs" in maps.read(), file=sys.stderr)
"""


@pytest.fixture
def fit(build_dir, tmp_path):
    """Trains with a package that is in a folder of its own, as pip has it; returns bytes, and whether NumPy's library was loaded."""
    if not (build_dir / "python" / "berg" / "_berg.abi3.so").exists():
        pytest.skip("built without the Python package")
    shutil.copytree(build_dir / "python" / "berg", tmp_path / "site" / "berg")

    def run(environment, *arguments):
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path / "site"), **environment}
        return subprocess.run(["/usr/bin/python3", "-c", FIT, "", *arguments], env=environment, timeout=120, capture_output=True)
    return run


def expect(done, prediction, numpys):
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr.decode().strip() == str(numpys)
    assert np.array_equal(np.frombuffer(done.stdout, np.float32), prediction)


def test_the_package_takes_the_systems_lapack_or_numpys(build_dir, fit, without, tmp_path):
    """Beside the package, or wherever the process has loaded it from; the system's comes first."""
    other = tmp_path / "elsewhere"
    lay(build_dir, other)
    system = fit({})
    prediction = np.frombuffer(system.stdout, np.float32)
    assert len(prediction) == 60 * 20
    expect(system, prediction, False)
    refused = fit(without(LAPACK))
    assert refused.returncode and b"liblapacke" in refused.stderr and b"numpy" in refused.stderr
    expect(fit(without(LAPACK), other / NUMPYS), prediction, True)
    lay(build_dir, tmp_path / "site")
    expect(fit(without(LAPACK)), prediction, True)
    expect(fit({}), prediction, False)
