"""The program whose isa `amx` multiplies by the twin of the tile unit, which has the bits of the processor's: float32 by six products
no further from float64 than AVX-512's, the same bits for any threads and batch, int8's bits those of AVX-512, and converted files that
either reads; what was used is told. The same program's isa `avx2` has int8 by AVX-VNNI, as AVX-512 codes it. `make test-tiles` builds what is run here. On a processor with tiles, its own bits as well."""
import json
import os
import pathlib
import sys

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "cli"))

import vit_oracle as oracle  # noqa: E402
from program import MODEL, Program  # noqa: E402
from synthetic_images import synthetic_images  # noqa: E402

TWIN = pathlib.Path(os.environ.get("BERG_TWIN_BUILD", ROOT / "build-twin"))
IMAGES = 3


@pytest.fixture(scope="session")
def berg(tmp_path_factory):
    return Program(TWIN / "berg", tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    """256x256, so that preprocessing only crops."""
    path = tmp_path_factory.mktemp("pictures") / "pictures.npy"
    np.save(path, synthetic_images(IMAGES, seed=13, height=256, width=256))
    return path


@pytest.fixture(scope="session")
def encoded(berg, small_berg_dir, converted, pictures, tmp_path_factory):
    """encoded(ISA, PRECISION, OPTION...): the responses and the sidecar."""
    def encode(isa, precision="f32", *options, program=berg):
        out = tmp_path_factory.mktemp("out") / "responses.npy"
        done = program("encode", MODEL, "--subject", 1, "--berg-dir", small_berg_dir, "--backbone", converted(precision), "--no-cache",
                       "--isa", isa, "--precision", precision, *options, "-q", pictures, "-o", out)
        assert done.status == 0, done.err
        return np.load(out), json.loads(out.with_suffix(".json").read_text())
    return encode


@pytest.fixture(scope="session")
def tiles(encoded):
    return encoded("amx", "f32", "--threads", 1)


@pytest.fixture(scope="session")
def registers(encoded):
    return encoded("avx512")[0]


def lost(responses, reference):
    """What is missing to a correlation of 1 over voxels, of the worst image."""
    return max(1 - np.corrcoef(x, y)[0, 1] for x, y in zip(responses, reference))


def test_the_widest_set_is_told(berg, tiles):
    about = json.loads(berg("doctor", "--json").out)
    assert about["isa"] == "amx"
    assert about["products"] == {"f32": "float32 by six products of bf16 (amx)", "bf16": "bf16 (amx)", "int8": "int8 (amx)"}
    assert tiles[1]["InstructionSet"] == "amx"


def test_float32_is_no_further_from_float64(tiles, registers, small_subject, block_outputs, pictures):
    weights, pixels = small_subject[0], np.ascontiguousarray(np.load(pictures)[:, :, 16:240, 16:240])
    reference = oracle.responses(weights, oracle.scores(weights, block_outputs(pixels)))
    error = [np.sqrt(np.mean((responses - reference) ** 2)) for responses in (tiles[0], registers)]
    assert error[0] <= error[1], error


@pytest.mark.parametrize("precision, options", [
    ("f32", ("--threads", 3, "--batch", 2)), ("bf16", ("--threads", 3, "--batch", 1)), ("int8", ("--threads", 2, "--batch", 2))])
def test_the_same_bits_for_any_threads_and_batch(encoded, precision, options):
    assert np.array_equal(encoded("amx", precision, *options)[0], encoded("amx", precision, "--threads", 1)[0])


def test_bf16_loses_no_more_than_the_registers(encoded, registers):
    assert lost(encoded("amx", "bf16")[0], registers) < 1.2 * lost(encoded("avx512", "bf16")[0], registers)


def test_int8_has_the_bits_of_the_registers(encoded):
    assert np.array_equal(encoded("amx", "int8")[0], encoded("avx512", "int8")[0])


def test_int8_beside_avx2(berg, encoded):
    """Weights as AVX-512 has converted them, in any threads and batches, to no less than it makes of them."""
    if "avx512_vnni" not in pathlib.Path("/proc/cpuinfo").read_text():
        pytest.skip("this processor has no products of bytes")
    responses, about = encoded("avx2", "int8", "--strict")
    products = json.loads(berg("doctor", "--json").out)["instruction_sets"]["avx2"]["int8"]
    assert (about["InstructionSet"], about["Precision"], about["Products"]) == ("avx2", "int8", products) == ("avx2", "int8", "int8 (avx2 vnni)")
    assert np.array_equal(encoded("avx2", "int8", "--threads", 3, "--batch", 2)[0], responses)
    floats = encoded("avx2")[0]
    assert 0 < lost(responses, floats) < 1.2 * lost(encoded("avx512", "int8")[0], floats)


def test_converted_files_are_the_same(berg, small_berg_dir, backbone_files, tmp_path):
    files = {}
    for isa in ("amx", "avx512"):
        files[isa] = tmp_path / f"{isa}.safetensors"
        done = berg("convert", "--precision", "bf16", "--isa", isa, backbone_files["safetensors"], files[isa])
        assert done.status == 0, done.err
    assert files["amx"].read_bytes() == files["avx512"].read_bytes()


def test_the_processors_own_bits(encoded, tiles, berg_program, tmp_path):
    own = Program(berg_program, tmp_path)
    if json.loads(own("doctor", "--json").out)["isa"] != "amx":
        pytest.skip("this processor has no tiles")
    assert np.array_equal(encoded("amx", program=own)[0], tiles[0])
    assert np.array_equal(encoded("amx", "bf16", program=own)[0], encoded("amx", "bf16")[0])
