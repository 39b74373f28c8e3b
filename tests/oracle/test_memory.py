"""The basis of --memory: the memory that a model is expected to hold, beside what the process has held."""
import re
import subprocess

import numpy as np
import pytest

from synthetic_images import synthetic_images

IMAGES = 16


@pytest.fixture(scope="module")
def images():
    return np.tile(synthetic_images(2, seed=41, height=256, width=256), (IMAGES // 2, 1, 1, 1))


@pytest.fixture(scope="module")
def memory(library, converted, small_berg_dir, images):
    """memory(precision): bytes (expected, held) with one batch of them all."""
    def measure(precision):
        library("responses", images, berg_dir=small_berg_dir, backbone=converted(precision), precision=precision, batch=IMAGES)
        return tuple(map(int, re.search(r"memory (\d+) expected, (\d+) held", library.said).groups()))
    return measure


@pytest.mark.parametrize("precision", ["f32", "bf16", "int8"])
def test_no_more_is_held_than_expected(memory, precision):
    expected, held = memory(precision)
    print(f"{precision}: {expected >> 20} MB expected, {held >> 20} MB held")
    assert held <= expected < 1.25 * held


def test_a_limit_that_int8_keeps_and_float32_does_not(berg_program, converted, small_berg_dir, images, tmp_path):
    if converted("int8") == converted("f32"):
        pytest.skip("this processor has no instructions for int8")
    np.save(tmp_path / "images.npy", images)

    def encode(precision):
        return subprocess.run([berg_program, "encode", "fmri-things_fmri_1-vit_b_32", "--berg-dir", small_berg_dir, "--subject",
                               "1", "--backbone", converted(precision), "--precision", precision, "--memory", "250M",
                               "--no-cache", "-o", tmp_path / "out.npy", tmp_path / "images.npy"], capture_output=True, text=True)
    refused = encode("f32")
    assert refused.returncode == 6 and "250 MB of memory are not enough" in refused.stderr
    assert encode("int8").returncode == 0
