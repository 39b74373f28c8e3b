"""--isa: one instruction set's bits on every processor that has it, what is not here refused, and nothing of two mixed."""
import json

import numpy as np
import pytest

import make_prepared
from program import MODEL


@pytest.fixture(scope="module")
def doctor(berg):
    return json.loads(berg("doctor", "--json").out)


@pytest.fixture(scope="module")
def here(doctor):
    """The names that this processor and build have, the widest last."""
    return [name for name, products in doctor["instruction_sets"].items() if "f32" in products]


@pytest.fixture(scope="module")
def two(here):
    if len(here) < 2:
        pytest.skip("this processor has one instruction set alone")
    return here[-2:]


@pytest.fixture
def responses(encode, stack, tmp_path):
    np.save(tmp_path / "two.npy", stack[:2])

    def call(*options, **more):
        out = tmp_path / "out.npy"
        result = encode(tmp_path / "two.npy", "-o", out, "-q", "--force", "--no-sidecar", *options, **more)
        assert result.status == 0, result.err
        return np.load(out)
    return call


def test_doctor_lists_what_there_is_and_what_is_taken(doctor, here):
    assert doctor["isa"] == here[-1] and doctor["instruction_sets"][here[-1]] == doctor["products"]
    for name, products in doctor["instruction_sets"].items():
        if name not in here:
            assert products["problem"].startswith(f"isa {name}: this ")


def test_each_has_bits_of_its_own_for_any_threads_and_batch(responses, here):
    auto = responses()
    for name in here:
        whole = responses("--isa", name, "--threads", 1)
        for options in (["--threads", 2], ["--threads", 3, "--batch", 1]):
            assert responses("--isa", name, *options).tobytes() == whole.tobytes(), (name, options)
        spread = np.abs(whole).max()
        assert np.abs(whole - auto).max() < 2e-5 * spread, name
        assert (whole.tobytes() == auto.tobytes()) == (name == here[-1] or name.startswith("neon"))
    assert responses("--isa", "auto").tobytes() == auto.tobytes()


@pytest.mark.parametrize("command", ["encode", "score", "train", "evaluate", "convert", "serve", "bench"])
def test_what_is_not_here_is_refused(berg, small_berg_dir, backbone_files, photos, tmp_path, doctor, here, command):
    where = ["--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", 1]
    folder = tmp_path / "prepared"
    if command == "train":
        names = make_prepared.make_images(folder / "images", 1, 7)
        make_prepared.make_subject(folder / "berg", names, 1, 23)
        where[1] = folder / "berg"
    output = tmp_path / "out.safetensors"
    words = {"encode": [MODEL, *where, photos, "-o", tmp_path / "out.npy"], "score": [MODEL, *where, photos, "-o", tmp_path / "out.scores"],
             "train": [MODEL, *where, "--images", folder / "images", "--work", tmp_path / "work"],
             "evaluate": [MODEL, *where, "--images", photos],
             "convert": [backbone_files["safetensors"], output, "--precision", "bf16"],
             "serve": [MODEL, *where, "--socket", tmp_path / "socket"], "bench": ["--seconds", "0.02"]}[command]
    for name in [name for name in doctor["instruction_sets"] if name not in here]:
        result = berg(command, *words, "--isa", name)
        assert result.status == 1 and result.message == doctor["instruction_sets"][name]["problem"]
    result = berg(command, *words, "--isa", "AVX2")
    assert result.status == 2 and "isa 'AVX2' is not known: expected auto, " in result.message
    assert not list(tmp_path.glob("out*"))


def test_it_goes_with_no_device(encode, photos, tmp_path, here):
    result = encode(photos, "-o", tmp_path / "out.npy", "--isa", here[0], "--device", "cuda")
    assert result.status == 2 and result.message == f"isa {here[0]} is the processor's: it goes with no device cuda"


def test_a_precision_that_it_lacks(encode, photos, tmp_path, here, doctor):
    lacks = next(name for name in here if doctor["instruction_sets"][name]["int8"].startswith("not "))
    result = encode(photos, "-o", tmp_path / "out.npy", "--isa", lacks, "--precision", "int8", "--strict")
    assert result.status == 1 and result.message == f"precision int8: this processor's {lacks} has no instructions for it"
    result = encode(photos, "-o", tmp_path / "out.npy", "--isa", lacks, "--precision", "int8")
    assert result.status == 0 and f"this processor's {lacks} has no instructions for int8: f32 does the work" in result.err
    about = json.loads((tmp_path / "out.json").read_text())
    assert (about["InstructionSet"], about["Precision"]) == (lacks, "f32")


def test_kept_weights_serve_each_with_its_own_bits(responses, here, tmp_path):
    """Weights are kept by their layout, which says how they are multiplied, and not by who has converted them."""
    here = [here[0], here[-1]]
    bits = {name: responses("--precision", "bf16", "--isa", name, "--no-cache").tobytes() for name in here}
    assert len(set(bits.values())) == len(set(here)) or here[0] == "neon"
    kept = []
    for first in here:
        cache = tmp_path / first
        for name in (first, *(name for name in here if name != first)):
            answer = responses("--precision", "bf16", "--isa", name, environment={"XDG_CACHE_HOME": str(cache)})
            assert answer.tobytes() == bits[name], (first, name)
        kept.append({path.name: path.read_bytes() for path in (cache / "berg").iterdir()})
    assert kept[0] and all(files == kept[0] for files in kept)


def test_shards_of_two_are_not_joined(berg, encode, photos, two, tmp_path):
    for part, isa in ((1, two[0]), (2, two[1])):
        assert encode(photos, "-q", "--isa", isa, "--shard", f"{part}/2", "-o", tmp_path / f"part-{part}.npy").status == 0
        assert json.loads((tmp_path / f"part-{part}.json").read_text())["InstructionSet"] == isa
    result = berg("merge", tmp_path / "part-1.npy", tmp_path / "part-2.npy", "-o", tmp_path / "all.npy", "--json")
    assert result.status == 9
    foreign, = json.loads(result.out)["foreign"]
    assert "instruction set" in foreign["why"] and all(name in foreign["why"] for name in two)
    assert not (tmp_path / "all.npy").exists()
    assert encode(photos, "-q", "--isa", two[0], "--shard", "2/2", "-o", tmp_path / "part-2.npy", "--force").status == 0
    assert berg("merge", tmp_path / "part-1.npy", tmp_path / "part-2.npy", "-o", tmp_path / "all.npy", "-q").status == 0
    assert encode(photos, "-q", "--isa", two[0], "-o", tmp_path / "one.npy").status == 0
    assert (tmp_path / "all.npy").read_bytes() == (tmp_path / "one.npy").read_bytes()


def test_a_store_is_of_one(berg, small_berg_dir, backbone_files, photos, two, tmp_path):
    first, *others = sorted(photos.iterdir())
    where = ["--berg-dir", small_berg_dir, "--subject", 1]
    command = ["score", MODEL, *where, "--backbone", backbone_files["safetensors"], "-q", "-o", tmp_path / "s"]
    assert berg(*command, first, "--isa", two[0]).status == 0
    result = berg(*command, *others, "--isa", two[1])
    assert result.status == 3 and "instruction set" in result.message
    assert berg(*command, *others, "--isa", two[0]).status == 0
    same, other = (berg("encode", MODEL, *where, "--scores", tmp_path / "s", "-o", tmp_path / f"{name}.npy", "--isa", name) for name in two)
    assert same.status == other.status == 0
    assert "become responses" not in same.err
    assert f"computed in {two[0]}, and become responses in {two[1]}" in other.err
    about = json.loads((tmp_path / f"{two[1]}.json").read_text())
    assert (about["ScoresInstructionSet"], about["InstructionSet"]) == tuple(two)


def test_a_training_of_each(berg, backbone_files, two, tmp_path):
    """The same weights in any number of threads; those of the other differ, in last digits, and its work is not taken for its own."""
    names = make_prepared.make_images(tmp_path / "images", 1, 7)
    made = {}
    for isa, threads in ((two[1], 2), (two[0], 1), (two[0], 2)):
        folder = tmp_path / f"{isa}-{threads}"
        make_prepared.make_subject(folder, names, 1, 23)
        command = ["train", MODEL, "--subject", 1, "--images", tmp_path / "images", "--berg-dir", folder, "--backbone",
                   backbone_files["safetensors"], "--features", "class-token", "--components", 2, "-q", "--json", "--keep-work"]
        result = berg(*command, "--isa", isa, "--threads", threads)
        assert result.status == 0, result.err
        assert json.loads(result.out)["isa"] == isa
        weights, = folder.glob("encoding_models/*/*/*/*weights/*.npy")
        made[isa, threads] = weights.read_bytes()
    assert made[two[0], 1] == made[two[0], 2]
    assert made[two[0], 2] != made[two[1], 2] or two[0].startswith("neon")
    result = berg(*command, "--isa", two[1], "--resume", "--force")
    assert result.status == 5 and "belongs to another run" in result.message and all(name in result.message for name in two)


def test_bench_measures_each_or_one(berg, here):
    machine = json.loads(berg("bench", "--json", "--seconds", "0.01").out)["machine"]
    assert machine["isa"] == here[-1] and list(machine["other_instruction_sets"]) == here[:-1]
    assert all(of["products"]["f32"]["flops"] > 1e8 for of in (machine, *machine["other_instruction_sets"].values()))
    machine = json.loads(berg("bench", "--json", "--seconds", "0.01", "--isa", here[0]).out)["machine"]
    assert machine["isa"] == here[0] and "other_instruction_sets" not in machine


def test_a_plan_passes_it_on(berg, small_berg_dir, backbone_files, photos, tmp_path, here):
    result = berg("plan", "encode", MODEL, "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", 1,
                  "--isa", here[0], photos, "-o", tmp_path / "all.npy", "--shards", "-n", 2)
    assert result.status == 0, result.err
    assert result.out.count(f"--isa {here[0]} ") == 2
