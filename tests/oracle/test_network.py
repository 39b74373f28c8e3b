"""The random backbone bit for bit, and the forward pass on each instruction set against float64."""
import os
import subprocess

import numpy as np
import pytest

import vit_oracle as oracle
from random_backbone import TENSORS, random_backbone
from synthetic_images import synthetic_images


@pytest.fixture(scope="module")
def pixels(tmp_path_factory):
    """A picture and the two extremes, as an array and as a file of raw bytes."""
    images = np.concatenate([synthetic_images(1, seed=51), np.zeros((1, 3, 224, 224), np.uint8),
                             np.full((1, 3, 224, 224), 255, np.uint8)])
    path = tmp_path_factory.mktemp("network") / "pixels.raw"
    images.tofile(path)
    return images, path


@pytest.fixture(scope="module")
def reference(backbone, pixels):
    return oracle.block_outputs(backbone, pixels[0])


@pytest.fixture(scope="module")
def single(backbone, pixels):
    return oracle.block_outputs(backbone, pixels[0], np.float32)


@pytest.fixture(scope="module")
def weights_file(build_dir, tmp_path_factory):
    """random:1 as raw float32, every tensor in order: made once, mapped by each run."""
    path = tmp_path_factory.mktemp("weights") / "weights.raw"
    subprocess.run([build_dir / "tests" / "network", "weights", "1", path], check=True)
    yield path
    path.unlink()


@pytest.fixture(scope="module")
def blocks(build_dir, weights_file, pixels, tmp_path_factory):
    """Block outputs, float32 (images, 12, 50, 768), of an instruction set; skips without it.
    products: "oneDNN", or "own" for the dot products that serve where oneDNN has no steady kernel."""
    folder = tmp_path_factory.mktemp("blocks")

    def run(isa, products, threads=2, form="plain", path=pixels[1]):
        tool, out = build_dir / "tests" / "network", folder / "out.raw"
        environment = dict(os.environ, **({"DNNL_MAX_CPU_ISA": "AVX2"} if products == "own" else {}))
        done = subprocess.run([tool, "blocks", weights_file, out, path, isa, str(threads), form],
                              capture_output=True, text=True, env=environment)
        if done.returncode == 3:
            pytest.skip(f"this machine has no {isa}")
        assert done.returncode == 0, done.stderr
        assert products != "own" or done.stdout.startswith("own")
        return np.fromfile(out, np.float32).reshape(12, -1, 50, 768).swapaxes(0, 1)
    return run


def check_weights(path, expected):
    ours, first = np.fromfile(path, np.uint32), 0
    assert list(expected) == [name for name, _, _ in TENSORS]
    for name, values in expected.items():
        assert np.array_equal(ours[first:first + values.size], values.reshape(-1).view(np.uint32)), name
        first += values.size
    assert first == ours.size == 87_453_696


def test_random_backbone_bit_for_bit(weights_file, backbone):
    check_weights(weights_file, backbone)


def test_random_backbone_of_the_largest_seed(build_dir, tmp_path):
    seed, path = 2 ** 64 - 1, tmp_path / "out.raw"
    subprocess.run([build_dir / "tests" / "network", "weights", str(seed), path], check=True)
    check_weights(path, random_backbone(seed))
    path.unlink()


@pytest.mark.parametrize("products", ["oneDNN", "own"])
@pytest.mark.parametrize("isa", ["portable", "avx2", "avx512"])
def test_block_outputs_of_each_instruction_set(blocks, reference, single, isa, products):
    """Block by block, stopping at the first that departs. NumPy's float32 is printed beside."""
    ours = blocks(isa, products)
    for layer in range(oracle.LAYERS):
        spread = reference[:, layer].std()
        rms, peer = (np.sqrt(np.mean((values[:, layer] - reference[:, layer]) ** 2)) / spread
                     for values in (ours, single))
        largest = np.abs(ours[:, layer] - reference[:, layer]).max() / spread
        print(f"{isa}, {products}, block {layer:2}: rms {rms:.1e}, largest {largest:.1e} of the spread; "
              f"NumPy's float32 rms {peer:.1e}")
        assert rms < 2e-6 and largest < 2e-5, f"output of block {layer}"


@pytest.mark.parametrize("products", ["oneDNN", "own"])
@pytest.mark.parametrize("isa", ["portable", "avx2", "avx512"])
def test_same_bits_for_any_threads_packing_and_company(blocks, pixels, tmp_path, isa, products):
    whole = blocks(isa, products, threads=2)
    for threads, form in ((1, "packed"), (3, "plain")):
        assert blocks(isa, products, threads, form).tobytes() == whole.tobytes(), (threads, form)
    pixels[0][0].tofile(tmp_path / "one.raw")
    alone = blocks(isa, products, 2, "plain", tmp_path / "one.raw")
    assert alone.tobytes() == whole[0].tobytes()
