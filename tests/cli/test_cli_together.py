"""encode --also: several models in one pass give each the bytes that it gives alone, whatever of them fit the memory at a time."""
import os
import re
import shutil
import signal

import numpy as np
import pytest

import moments
from siblings import FILES, IDS, also, files, marks

OTHERS = ["nsd", "eeg", "meg", "tvsd"]
ALL = ["fmri", *OTHERS]


def same(folder, expected, keys=ALL):
    for name in files(keys):
        assert (folder / name).read_bytes() == (expected / name).read_bytes(), name


@pytest.fixture(scope="module")
def photos(photos, tmp_path_factory):
    """Three of them: what is tested here turns on models."""
    folder = tmp_path_factory.mktemp("three")
    for path in sorted(photos.iterdir())[:3]:
        shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="module")
def alone(berg, five_berg_dir, converted, photos, tmp_path_factory):
    """alone(precision): the folder of what each model gives by itself."""
    made = {}

    def make(precision="f32"):
        if precision not in made:
            folder = made[precision] = tmp_path_factory.mktemp("alone")
            for key in ALL:
                subject = "N" if key == "tvsd" else "1"
                result = berg("encode", IDS[key], "--berg-dir", five_berg_dir, "--backbone", converted(precision),
                              "--subject", subject, "--precision", precision, "--no-cache", photos, "-o", f"{folder}/")
                assert result.status == 0, result.err
        return made[precision]
    return make


@pytest.mark.parametrize("precision", ["f32", "bf16", "int8"])
def test_together_and_alone(encode_with, alone, converted, photos, tmp_path, precision):
    result = encode_with("fmri", *also(*OTHERS), photos, "-o", f"{tmp_path}/out/", "--precision", precision, "--no-cache",
                         "--no-sidecar", backbone=converted(precision))
    assert (result.status, result.out) == (0, "")
    assert sorted(os.listdir(tmp_path / "out")) == files(ALL)
    same(tmp_path / "out", alone(precision))
    assert re.search(r"3 images, 746,915 columns, .*: " + ", ".join(re.escape(f"{tmp_path}/out/{name}.npy") for key in ALL
                                                                    for name in FILES[key]), result.lines[-1])


def test_batches_and_order(encode_with, alone, photos, tmp_path):
    result = encode_with("tvsd", *also("eeg", "fmri"), photos, "-o", f"{tmp_path}/", "--batch", "2", "--threads", "1")
    assert result.status == 0, result.err
    same(tmp_path, alone(), ["tvsd", "eeg", "fmri"])


@pytest.fixture(scope="module")
def least_memory(berg, five_berg_dir, backbone_files, photos, tmp_path_factory):
    """MB with which an encode of all models by two threads just goes, as its messages say."""
    limit, out = 1, tmp_path_factory.mktemp("least")
    while True:
        result = berg("encode", IDS["fmri"], "--subject", "1", *also(*OTHERS), "--berg-dir", five_berg_dir, "--backbone",
                      backbone_files["safetensors"], "--threads", "2", photos, "-o", f"{out}/", "--memory", f"{limit}M")
        needed = re.search(r"one image at a time needs (\d+) MB", result.err)
        if not needed:
            return limit
        assert result.status == 6 and int(needed[1]) > limit
        limit = int(needed[1])


def test_models_take_turns_where_memory_is_short(encode_with, alone, least_memory, photos, tmp_path):
    options, limit = [*also(*OTHERS), "--threads", "2"], least_memory
    result = encode_with("fmri", *options, photos, "-o", f"{tmp_path}/", "--memory", f"{limit}M")
    assert result.status == 0, result.err
    told = re.search(rf"memory: {limit} MB do not hold all models at once, so that the network runs (\d) times an image: (.*)", result.lines[0])
    passes = [part.split(", ") for part in told[2].split("; then ")]
    assert int(told[1]) == len(passes) > 1 and sum(passes, []) == [IDS[key] for key in ALL]
    same(tmp_path, alone())
    one = photos / "0.jpg"
    assert "memory" in encode_with("fmri", *options, one, "-o", f"{tmp_path}/", "--memory", f"{limit}M", "--quiet", "--force").message
    enough = encode_with("fmri", *options, one, "-o", f"{tmp_path}/", "--memory", "4G", "--force")
    assert enough.status == 0 and "memory" not in enough.err


# Where one of several passes is killed, and where the only one is; the rest waits for `make test-long`.
@pytest.mark.parametrize("short, stopped", [
    pytest.param(short, name, marks=() if (short, name) in ((True, "meg-things_meg_1-vit_b_32_P1"), (False, "utah_array-tvsd-vit_b_32_monkeyN"))
                 else pytest.mark.long, id=f"{'turns' if short else 'one pass'}-{name}")
    for short in (False, True)
    for name in ("utah_array-tvsd-vit_b_32_monkeyN", "meg-things_meg_1-vit_b_32_P1", "fmri-things_fmri_1-vit_b_32_sub-01")])
def test_killed_and_resumed(alone, least_memory, five_berg_dir, backbone_files, berg, photos, tmp_path, stopped, short):
    options = [*also(*OTHERS), "--batch", "1", "--threads", "2"]
    if short:
        options += ["--memory", f"{least_memory}M"]
    command = ["encode", IDS["fmri"], "--subject", "1", "--berg-dir", five_berg_dir, "--backbone", backbone_files["safetensors"],
               *options, photos, "-o", f"{tmp_path}/out/"]
    assert moments.killed([berg.path, *map(str, command)], 4, file=f"{stopped}.npy.partial")
    left = os.listdir(tmp_path / "out")
    assert f"{stopped}.npy.partial" in left and f"{stopped}.npy" not in left
    result = berg(*command, "--resume")
    assert result.status == 0, result.err
    assert sorted(os.listdir(tmp_path / "out")) == sorted(files(ALL) + files(ALL, "json"))
    same(tmp_path / "out", alone())


def test_standard_input_is_read_once(encode_with, least_memory, tmp_path):
    """Models that take turns would find nothing there the second time: known before the first."""
    np.save(tmp_path / "images.npy", np.zeros((2, 3, 224, 224), np.uint8))
    data = (tmp_path / "images.npy").read_bytes()
    result = encode_with("fmri", *also(*OTHERS), "-", "-o", f"{tmp_path}/out/", "--threads", "2", "--memory", f"{least_memory}M",
                         stdin=data)
    assert result.status == 3
    assert re.search(r"standard input is read once, and these models need \d passes over the images: give them as a file$", result.message)
    assert not (tmp_path / "out").exists() or not os.listdir(tmp_path / "out")
    assert encode_with("fmri", *also(*OTHERS), "-", "-o", f"{tmp_path}/out/", stdin=data).status == 0


def test_interrupted(encode_with, five_berg_dir, backbone_files, berg, photos, tmp_path):
    run = berg.start("encode", IDS["eeg"], "--subject", "1", "--berg-dir", five_berg_dir, "--backbone", backbone_files["safetensors"],
                     *also("meg"), "--batch", "1", photos, "-o", f"{tmp_path}/", stderr=-1,
                     environment=moments.environment(stop=3, file="P1.npy.partial"))
    moments.wait_until_stopped(run)
    moments.go_on(run, signal.SIGINT)
    message = run.communicate(timeout=600)[1].decode()
    assert run.returncode == 130
    for name in files(["eeg", "meg"]):
        assert f"{tmp_path}/{name}.partial is kept; the same command with --resume goes on from it" in message


def test_selections_are_for_the_first_alone(encode_with, alone, photos, tmp_path):
    times = marks(tmp_path / "times.npy", 140, 30, 50)
    result = encode_with("eeg", *also("meg", "fmri"), "--channels", "Oz,O1", "--timepoints", times, photos, "-o", f"{tmp_path}/out/")
    assert result.status == 0, result.err
    same(tmp_path / "out", alone(), ["meg", "fmri"])
    whole = np.load(alone() / f"{FILES['eeg'][0]}.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "out" / f"{FILES['eeg'][0]}.npy"), whole[:, :, [15, 14]][..., [30, 50]])


def test_several_subjects_and_quarters(encode_with, alone, photos, tmp_path):
    meg = IDS["meg"]
    result = encode_with("fmri", "--subject", "1-2", "--also", f"{meg}:1:single", "--also", f"{meg}:1:split2",
                    *also("meg"), photos, "-o", f"{tmp_path}/")
    assert result.status == 0, result.err
    first = "fmri-things_fmri_1-vit_b_32"
    names = [f"{first}_sub-01", f"{first}_sub-02", f"{meg}_P1", f"{meg}_single_P1", f"{meg}_split2_P1"]
    assert sorted(os.listdir(tmp_path)) == sorted(f"{name}.{ending}" for name in names for ending in ("json", "npy"))
    same(tmp_path, alone(), ["fmri", "meg"])
    single, second = (np.load(tmp_path / f"{meg}_{part}_P1.npy") for part in ("single", "split2"))
    assert single.shape == (3, 4, 271, 281)
    np.testing.assert_array_equal(single[:, 1], second)


@pytest.mark.parametrize("options, status, message", [
    (["-o", "x.npy", "--also", "meg-things_meg_1-vit_b_32:1"], 2, "-o x.npy: several models need a folder, which ends in /"),
    (["-o", "out/", "--also", "meg-things_meg_1-vit_b_32"], 2,
     '--also: expected MODEL:SUBJECT[,SUBJECT...], found "meg-things_meg_1-vit_b_32"'),
    (["-o", "out/", "--also", "meg-things_meg_2-vit_b_32:1"], 2,
     'no model "meg-things_meg_2-vit_b_32", did you mean meg-things_meg_1-vit_b_32?'),
    (["-o", "out/", "--also", "meg-things_meg_1-vit_b_32:5"], 2,
     "meg-things_meg_1-vit_b_32: subject 5 is not known: expected 1, 2, 3 or 4"),
    (["-o", "out/", "--also", "meg-things_meg_1-vit_b_32:1,1"], 2, "--subject: 1 is named twice"),
    (["-o", "out/", "--also", "meg-things_meg_1-vit_b_32:1:quarter"], 2,
     "meg-things_meg_1-vit_b_32: train_splits: not known: expected all, single, or split1 to split4, found quarter"),
    (["-o", "out/", "--also", "eeg-things_eeg_2-vit_b_32:1"], 2,
     "--also: out/eeg-things_eeg_2-vit_b_32_subject-01.npy would be written twice"),
    (["-o", "out/", "--format", "txt"], 2, '--format: expected npy, h5 or csv, found "txt"'),
    (["-o", "x.npy", "--format", "npy"], 2, "--format: of files in a folder alone; else the ending of -o says it"),
])
def test_wrong_calls(encode_with, photos, tmp_path, options, status, message):
    result = encode_with("eeg", photos, *options, cwd=tmp_path)
    assert result.status == status
    assert result.message.removesuffix(" (see berg encode -h)") == message
    assert not list(tmp_path.iterdir())
