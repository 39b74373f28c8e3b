"""Encoding through the CUDA plug-in, by its build for the host: the library's whole way to a device and back, without one.
With $BERG_CUDA_UNDER_TEST the plug-in of that file, on a device (scripts/cuda_check.sh)."""
import os
import subprocess

import numpy as np
import pytest

import vit_oracle as oracle
from synthetic_images import synthetic_images

IMAGES = 3  # a chunk of the plug-in's, and half of one
LARGEST = 4e-5  # as in test_encode.py: in units of a voxel's spread over images
# Largest and rms error of responses against the oracle in float64, in these units.
ERRORS = {"f32": (LARGEST, 5e-6), "tf32": (5e-2, 1e-2), "bf16": (0.15, 0.03)}


@pytest.fixture(scope="module")
def images():
    return synthetic_images(IMAGES, seed=21, height=256, width=256)


@pytest.fixture(scope="module")
def run(library, small_berg_dir, backbone_files):
    def call(what, inputs, **options):
        return library(what, inputs, **{"berg_dir": small_berg_dir, "backbone": backbone_files["safetensors"], **options})
    return call


@pytest.fixture(scope="module")
def on_device(run, library, build_dir):
    plugin = os.environ.get("BERG_CUDA_UNDER_TEST", build_dir / "libberg_cuda_host.so")

    def call(what, inputs, **options):
        values = run(what, inputs, **{"device": "cuda", "plugin": plugin, **options})
        assert "on cuda: " in library.said
        return values
    return call


@pytest.fixture(scope="module")
def spread(run):
    """How much each voxel's response varies over images."""
    return run("responses", synthetic_images(12, seed=22, height=256, width=256)).std(axis=0)


@pytest.fixture(scope="module")
def whole(on_device, images):
    return on_device("responses", images)


def test_features_and_scores(run, on_device, images):
    found, wanted = on_device("features", images), run("features", images, device="cpu")
    assert np.linalg.norm(found - wanted) < 3e-6 * np.linalg.norm(wanted)
    found, wanted = (call("scores", images, components=8) for call in (on_device, run))
    assert np.abs(found - wanted).max() < 1e-5 * np.abs(wanted).max()


def test_responses_as_on_the_processor(run, whole, spread, images):
    wanted = run("responses", images, device="cpu")
    assert np.abs((whole - wanted) / spread).max() < 2 * LARGEST


@pytest.mark.parametrize("precision, largest", [("tf32", 5e-2), ("bf16", 0.4)])
def test_lower_precisions(on_device, library, whole, spread, images, precision, largest):
    found = on_device("responses", images, precision=precision)
    assert f"in {precision}" in library.said
    error = np.abs((found - whole) / spread).max()
    assert 1e-5 < error < largest


@pytest.fixture(scope="module")
def expected(small_subject, block_outputs, images):
    """Responses in float64: images of 256x256 are only cropped."""
    weights, _ = small_subject
    return oracle.responses(weights, oracle.scores(weights, block_outputs(np.ascontiguousarray(images[:, :, 16:240, 16:240]))))


@pytest.mark.parametrize("precision", ERRORS)
def test_each_precision_against_float64(on_device, spread, images, expected, precision):
    error = (on_device("responses", images, precision=precision) - expected) / spread
    largest, rms = np.abs(error).max(), np.sqrt(np.square(error).mean())
    print(f"figure: {precision} against float64: largest error {largest:.1e}, rms {rms:.1e} of a voxel's spread over images")
    assert largest < ERRORS[precision][0] and rms < ERRORS[precision][1]


@pytest.mark.parametrize("batch", [1, pytest.param(2, marks=pytest.mark.long), 100])
def test_the_same_bits_for_any_batch(on_device, whole, images, batch):
    assert on_device("responses", images, batch=batch).tobytes() == whole.tobytes()


def test_selections(on_device, small_subject, whole, images):
    """A region and chosen voxels are columns of the whole brain, subjects stand side by side, means are means."""
    _, metadata = small_subject
    v1 = metadata["roi"]["V1"]
    index = np.zeros(whole.shape[1], np.uint8)
    index[5:9] = 1
    found = on_device("responses", images, subjects=[2, 1], rois=["V1"])
    assert np.array_equal(found[:, -len(v1):], whole[:, v1])
    assert np.array_equal(on_device("responses", images[:1], voxel_index=index), whole[:1, 5:9])
    means = on_device("responses", images[:1], rois=["V1"], mean_roi=True)
    assert np.allclose(means[:, 0], whole[:1, v1].mean(axis=1), atol=1e-5)


def test_images_that_are_left_out(on_device, run, images, tmp_path):
    from PIL import Image
    paths = [tmp_path / f"{i}.png" for i in range(4)]
    for path, image in zip(paths[:2] + paths[3:], images):
        Image.fromarray(image.transpose(1, 2, 0)).save(path)
    paths[2].write_bytes(b"no picture")
    found, wanted = (call("responses", paths, skip_bad=True, batch=2) for call in (on_device, run))
    assert np.isnan(found[2]).all() and np.isfinite(found[[0, 1, 3]]).all()
    assert np.allclose(found, wanted, atol=1e-3, equal_nan=True)


# --- What can go wrong ---

@pytest.fixture(scope="module")
def attempt(build_dir, small_berg_dir, backbone_files, images, tmp_path_factory):
    folder = tmp_path_factory.mktemp("attempts")
    np.save(folder / "images.npy", images[:1])

    def call(*options):
        done = subprocess.run([build_dir / "tests" / "features", "responses", "-d", small_berg_dir, "-b",
                               backbone_files["safetensors"], *map(str, options), folder / "out.raw",
                               folder / "images.npy"], capture_output=True, text=True)
        return done.returncode, done.stderr.strip()
    return call


BROKEN = {1: "of another version: its interface is 2, expected 1", 2: "the driver is too old", 3: "no device",
          4: "the device does not answer", 5: "broken device is too old: compute capability 7.5, 8.0 or later",
          6: "the device fell off the bus", 7: "one image at a time needs 9999 MB"}
FOUND = {6, 7}  # there is a device, and what the caller may have counted on does not come: a warning


@pytest.mark.parametrize("number", BROKEN)
def test_a_plugin_that_fails_is_one_clear_line_and_auto_goes_on(build_dir, attempt, number):
    plugin = build_dir / "tests" / "cuda" / f"libbroken_plugin_{number}.so"
    status, said = attempt("-D", "cuda", "-P", plugin)
    assert status == (6 if number == 7 else 1)
    assert BROKEN[number] in said and "\n" not in said and "cuda" in said
    status, said = attempt("-D", "auto", "-P", plugin)
    warned, on = said.split("\n", 1) if number in FOUND else ("", said)
    assert status == 0 and on.startswith("features: on cpu in f32\n")
    assert (BROKEN[number] in warned) == (number in FOUND)
    assert not warned or warned.startswith("features: warning: the processor does the work, not the device: ")


def test_a_device_that_fails_while_it_runs(build_dir, attempt):
    plugin = build_dir / "tests" / "cuda" / "libbroken_plugin_8.so"
    status, said = attempt("-D", "cuda", "-P", plugin)
    assert status == 1 and said.endswith("features: cuda: broken device: an illegal memory access was encountered")


def test_files_that_are_no_plugins(build_dir, attempt, tmp_path):
    text = tmp_path / "libberg_cuda.so"
    text.write_text("not a library\n" * 100)
    for plugin, what in [(tmp_path / "none.so", "not there"), (text, "invalid ELF header"),
                         (build_dir / "libberg.so", "not a plug-in: it has no berg_cuda_plugin")]:
        status, said = attempt("-D", "cuda", "-P", plugin)
        assert status == 1 and what in said and str(plugin)[:100] in said and "\n" not in said


def test_precisions_belong_to_devices(build_dir, attempt, converted):
    plugin = build_dir / "libberg_cuda_host.so"
    assert attempt("-D", "cuda", "-p", "int8", "-P", plugin)[0] == 2
    assert attempt("-D", "cpu", "-p", "tf32", "-P", plugin)[0] == 2
    assert attempt("-p", "tf32", "-P", build_dir / "none.so")[0] == 1
    status, said = attempt("-p", "int8", "-P", plugin, "-b", converted("int8"))
    assert status == 0 and "on cpu in" in said
