"""The program for aarch64, under qemu: the same answers as this machine's own within the fidelity limits, the same bits for any threads
and batch, and from one set of NEON to the next; which set each processor gets. `make test-arm` builds what is run here."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cli"))

from program import MODEL, Program  # noqa: E402

ARM = pathlib.Path(os.environ.get("BERG_ARM_BUILD", ROOT / "build-arm"))
SYSROOT = ROOT / "build-arm-sysroot"
# Processors of qemu's and what they have: NEON alone, dot products of bytes, and those of small matrices.
SETS = {"cortex-a72": "neon", "neoverse-n1": "neon_dot", "max": "neon_matrix"}
PRODUCTS = {"f32": "float32 (neon)",
            "bf16": {"neon": "bf16 weights, float32 products (neon)", "neon_dot": "bf16 weights, float32 products (neon)",
                     "neon_matrix": "bf16 (neon_matrix)"},
            "int8": {"neon": "not on this processor", "neon_dot": "int8 (neon_dot)", "neon_matrix": "int8 (neon_matrix)"}}


@pytest.fixture(scope="session")
def berg(berg_program, tmp_path_factory):
    return Program(berg_program, tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def arm(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")

    def run(processor, *arguments):
        done = subprocess.run(["qemu-aarch64", "-L", SYSROOT, ARM / "berg", *map(str, arguments)], capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "HOME": str(home), "QEMU_CPU": processor})
        assert done.returncode == 0, done.stderr
        return done.stdout
    return run


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    for name in ("cat.png", "face.jpg"):
        shutil.copy(ROOT / "examples" / "images" / name, folder)
    return folder


@pytest.fixture(scope="session")
def encoded(berg, arm, small_berg_dir, converted, pictures, tmp_path_factory):
    """encoded(PROCESSOR, PRECISION, THREADS, BATCH): the responses; None: this machine's own processor."""
    def encode(processor, precision="f32", threads=2, batch=2):
        out = tmp_path_factory.mktemp("out") / "responses.npy"
        arguments = ["encode", MODEL, "--subject", 1, "--berg-dir", small_berg_dir, "--backbone", converted(precision), "--no-cache",
                     "--precision", precision, "--threads", threads, "--batch", batch, "-q", pictures, "-o", out]
        if processor:
            arm(processor, *arguments)
        else:
            assert berg(*arguments).status == 0
        return np.load(out)
    return encode


@pytest.fixture(scope="session")
def reference(encoded):
    return encoded(None)


def lost(responses, reference):
    """What is missing to a correlation of 1 over voxels, of the worst image."""
    return max(1 - np.corrcoef(x, y)[0, 1] for x, y in zip(responses, reference))


@pytest.mark.parametrize("processor", SETS)
def test_each_processor_gets_its_set(arm, processor):
    about = json.loads(arm(processor, "doctor", "--json"))
    assert about["isa"] == SETS[processor]
    for precision, name in PRODUCTS.items():
        assert about["products"][precision] == (name if isinstance(name, str) else name[SETS[processor]])


def test_an_encode_within_the_fidelity_limits_and_of_the_same_bits(encoded, reference):
    first = encoded("max", threads=1, batch=1)
    assert np.abs(first - reference).max() < 1e-4 * reference.std()
    assert np.array_equal(encoded("neoverse-n1", threads=2, batch=2), first)
    assert np.array_equal(encoded("cortex-a72", threads=3, batch=1), first)


def test_int8_is_exact_in_both_sets(encoded, reference):
    """Weights were rounded on this machine, where it has int8; Arm reads the same file."""
    matrix = encoded("max", "int8", threads=2, batch=2)
    assert lost(matrix, reference) < 2 * lost(encoded(None, "int8"), reference)
    assert np.array_equal(encoded("neoverse-n1", "int8", threads=3, batch=1), matrix)


def test_bf16_by_matrices_and_widened(encoded, reference):
    matrix = encoded("max", "bf16", threads=2, batch=2)
    widened = encoded("cortex-a72", "bf16", threads=3, batch=1)
    own = lost(encoded(None, "bf16"), reference)
    assert lost(matrix, reference) < 2 * own
    assert lost(widened, reference) < 2 * own
    assert not np.array_equal(matrix, widened)
