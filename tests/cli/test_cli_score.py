"""berg score: scores that are kept, grown, interrupted and damaged; and responses that are made of them."""
import fcntl
import json
import os
import re
import shutil
import signal
import struct
import subprocess

import numpy as np
import pytest

import moments
from program import MODEL, MODEL_FOLDER
from siblings import IDS, also, files


@pytest.fixture
def score(berg, five_berg_dir, backbone_files):
    """score(STORE, INPUT, ...): of the first model's subject 1, unless others are named."""
    def call(store, *arguments, berg_dir=five_berg_dir, backbone=backbone_files["safetensors"], subject="1", **more):
        return berg("score", MODEL, "--berg-dir", berg_dir, "--backbone", backbone, "--subject", subject, "-o", store,
                    *arguments, **more)
    return call


@pytest.fixture
def from_store(berg, five_berg_dir):
    def call(store, *arguments, model="fmri", berg_dir=five_berg_dir, **more):
        subject = () if "--subject" in arguments else ("--subject", "1")
        return berg("encode", IDS[model], "--berg-dir", berg_dir, "--scores", store, *subject, *arguments, **more)
    return call


@pytest.fixture(scope="module")
def scored(berg, five_berg_dir, backbone_files, photos, tmp_path_factory):
    """A store of the five photos, for reading."""
    store = tmp_path_factory.mktemp("scored") / "photos.scores"
    result = berg("score", MODEL, "--berg-dir", five_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", "1", photos, "-o", store)
    assert (result.status, result.out) == (0, ""), result.err
    assert result.message == f"5 images added: {store} holds 5"
    return store


@pytest.fixture
def copy(scored, tmp_path):
    return shutil.copytree(scored, tmp_path / "copy")


def contents(folder):
    return {name: (folder / name).read_bytes() for name in sorted(os.listdir(folder))}


SELECTIONS = (), ("--roi", "V1,V2"), ("--mean", "roi"), ("--min-noise-ceiling", "20")


# Each format and each selection once; their pairs wait for `make test-long`.
@pytest.mark.parametrize("ending, options", [
    pytest.param(ending, options, marks=() if options == SELECTIONS[i % 4] or ending == "npy" else pytest.mark.long,
                 id=f"{ending}-{' '.join(options)}")
    for i, ending in enumerate(["npy", "csv", "nii.gz"], 1) for options in SELECTIONS])
def test_responses_are_those_of_the_images(scored, from_store, encode_with, photos, tmp_path, options, ending):
    if ending == "nii.gz" and options and options[0] in ("--mean", "--roi"):
        options = ("--roi", "V1")
    here, there = tmp_path / f"here.{ending}", tmp_path / f"there.{ending}"
    assert encode_with("fmri", photos, "-o", there, *options).status == 0
    result = from_store(scored, "-o", here, *options, "--batch", "2", "--threads", "1")
    assert result.status == 0, result.err
    assert here.read_bytes() == there.read_bytes()
    about = json.loads((tmp_path / "here.json").read_text())
    assert [source["Role"] for source in about["SourceFiles"]][-2:] == ["scores", "images"] and about["ScoresPrecision"] == "f32"


def test_scores_are_what_weights_make_responses_of(scored, from_store, small_subject, tmp_path):
    """Against NumPy, from the files alone."""
    weights, _ = small_subject
    scores = np.load(scored / "scores_sub-01.npy", mmap_mode="r")
    regression = weights["reg_param"]
    expected = scores.astype(np.float64) @ regression["coef_"].astype(np.float64).T + regression["intercept_"]
    assert from_store(scored, "-o", tmp_path / "r.npy").status == 0
    np.testing.assert_allclose(np.load(tmp_path / "r.npy"), expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("precision", ["bf16", "int8"])
def test_the_precision_of_the_scores_is_that_of_the_responses(score, from_store, encode_with, converted, photos, tmp_path, precision):
    options = "--precision", precision, "--no-cache", "--no-sidecar"
    backbone = converted(precision)
    assert score(tmp_path / "s", photos, *options[:3], backbone=backbone).status == 0
    assert from_store(tmp_path / "s", "-o", tmp_path / "here.npy", "--no-cache", "--no-sidecar").status == 0
    assert encode_with("fmri", photos, "-o", tmp_path / "there.npy", *options, backbone=backbone).status == 0
    assert (tmp_path / "here.npy").read_bytes() == (tmp_path / "there.npy").read_bytes()
    other = from_store(tmp_path / "s", "-o", tmp_path / "f32.npy", "--precision", "f32")
    if json.loads((tmp_path / "s/store.json").read_text())["Precision"] != "f32":
        assert other.status == 0 and f"computed in {precision}, and become responses in f32" in other.lines[0]


def test_all_models_in_one_pass(score, from_store, encode_with, photos, tmp_path):
    keys = ["nsd", "eeg", "meg", "tvsd"]
    result = score(tmp_path / "s", photos, *also(*keys), subject="1,3")
    assert result.status == 0, result.err
    names = sorted(name for name in os.listdir(tmp_path / "s") if name.endswith(".npy"))
    assert names == sorted([f"scores_{IDS['eeg']}_subject-01.npy", f"scores_{IDS['fmri']}_sub-01.npy", f"scores_{IDS['fmri']}_sub-03.npy",
                     f"scores_{IDS['nsd']}_subject-01.npy", f"scores_{IDS['meg']}_P1.npy", f"scores_{IDS['tvsd']}_monkeyN.npy"])
    assert encode_with("fmri", photos, "-o", f"{tmp_path}/there/", *also(*keys), "--no-sidecar").status == 0
    result = from_store(tmp_path / "s", "-o", f"{tmp_path}/here/", *also(*keys), "--no-sidecar")
    assert result.status == 0, result.err
    for name in files(["fmri", *keys]):
        assert (tmp_path / "here" / name).read_bytes() == (tmp_path / "there" / name).read_bytes(), name


def test_growing(score, scored, photos, tmp_path):
    """In two calls, of which the second has what the first had, too."""
    first = sorted(photos.iterdir())
    assert score(tmp_path / "s", *first[:2]).status == 0
    assert score(tmp_path / "s", photos).message == f"3 images added, 2 held already: {tmp_path}/s holds 5"
    assert contents(tmp_path / "s") == contents(scored)
    assert score(tmp_path / "s", photos).message == f"0 images added, 5 held already: {tmp_path}/s holds 5"
    shutil.copy(first[3], tmp_path / "again\t3.jpg")
    assert score(tmp_path / "s", tmp_path / "again\t3.jpg", first[3]).message == f"0 images added, 2 held already: {tmp_path}/s holds 5"
    assert (tmp_path / "s/aliases.tsv").read_text() == f"name\trow\n{tmp_path}/again\\t3.jpg\t3\n"


def test_an_array_and_twice_the_same_in_a_batch(score, from_store, tmp_path):
    images = np.random.default_rng(3).integers(0, 256, (4, 3, 32, 32), np.uint8)
    images[2] = images[0]
    np.save(tmp_path / "images.npy", images)
    result = score(tmp_path / "s", tmp_path / "images.npy", "--json")
    assert json.loads(result.out) == {"images": 3, "added": 3, "held": 1, "left_out": 0}
    table = [line.split("\t") for line in (tmp_path / "s/images.tsv").read_text().splitlines()]
    assert [line[:2] for line in table[1:]] == [[f"{tmp_path}/images.npy[{i}]", "-"] for i in (0, 1, 3)]


@pytest.mark.parametrize("count", [3, pytest.param(20, marks=pytest.mark.long)])
def test_killed_at_many_moments(score, scored, berg, five_berg_dir, backbone_files, photos, tmp_path, count):
    command = [berg.path, "score", MODEL, "--berg-dir", five_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", "1",
               "--batch", "2", photos, "-o"]
    calls = moments.count([*command, tmp_path / "whole"], tmp_path / "count")
    assert contents(tmp_path / "whole") == contents(scored)
    for at in {1 + i * (calls - 1) // (count - 1) for i in range(count)}:
        store = tmp_path / f"killed-{at}"
        assert moments.killed([*command, store], at)
        result = score(store, photos, "--batch", "1")
        assert result.status == 0, (at, result.err)
        assert contents(store) == contents(scored), at


def test_what_a_scheduler_sends_ends_after_the_batch_at_hand(score, scored, berg, five_berg_dir, backbone_files, photos, tmp_path):
    store = tmp_path / "s"
    run = berg.start("score", MODEL, "--berg-dir", five_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", "1",
                     "--batch", "2", photos, "-o", store, "-q", stderr=subprocess.PIPE,
                     environment=moments.environment(stop=6, file="scores_sub-01.npy"))
    moments.wait_until_stopped(run)
    moments.go_on(run, signal.SIGUSR1)
    message = run.communicate(timeout=600)[1].decode()
    assert run.returncode == 75
    done = re.fullmatch(r"berg: stopped by SIGUSR1 after (\d) of 5 images; the same command goes on\n", message)[1]
    assert 0 < int(done) < 5
    held = json.loads(score(store, photos, "--json").out)
    assert held == {"images": 5, "added": 5 - int(done), "held": int(done), "left_out": 0}
    assert contents(store) == contents(scored)


def test_what_readers_see_meanwhile_is_whole(berg, five_berg_dir, backbone_files, photos, tmp_path):
    command = ["score", MODEL, "--berg-dir", five_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", "1", "--batch", "2",
               photos, "-o", tmp_path / "s"]
    run = berg.start(*command, environment=moments.environment(stop=6, file="scores_sub-01.npy"), stderr=-3)
    moments.wait_until_stopped(run)
    about = berg("info", "--check", "--json", tmp_path / "s")
    assert about.status == 0 and 0 < json.loads(about.out)["Images"] < 5
    second = berg(*command)
    assert (second.status, second.message) == (5, f"{tmp_path}/s: another run is adding to this store: wait for it to end")
    moments.go_on(run)
    assert run.wait() == 0 and json.loads(berg("info", "--json", tmp_path / "s").out)["Images"] == 5


def test_a_lock_that_a_killed_run_left(score, photos, tmp_path):
    """The file alone says nothing; its lock does."""
    (tmp_path / "s").mkdir()
    with open(tmp_path / "s/.lock", "w") as lock:
        fcntl.fcntl(lock, 37, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))  # F_OFD_SETLK
        assert score(tmp_path / "s", photos).status == 5
    assert score(tmp_path / "s", photos).status == 0


def change(path, at, to):
    with open(path, "r+b") as file:
        file.seek(at)
        file.write(to)


def shrink(path, rows):
    np.save(path, np.load(path)[:rows])


DAMAGES = {
    "a bit of a score": (lambda s: change(s / "scores_sub-01.npy", 128 + 2 * 32 + 5, b"\x7e"),
                         r"{s}/scores_sub-01.npy: row 2 (image {photos}/2.jpg) is damaged: its checksum is not that of images.tsv"),
    "a hash": (lambda s: change(s / "images.tsv", len((s / "images.tsv").read_bytes()) - 5, b"g"),
               r"{s}/scores_sub-01.npy: row 4 (image {photos}/4.jpg) is damaged: its checksum is not that of images.tsv"),
    "rows gone": (lambda s: os.truncate(s / "scores_sub-01.npy", 200),
                  r"{s}/scores_sub-01.npy: npy data: the file is truncated, at byte 200: expected 160 bytes of data, found 72"),
    "a header of fewer": (lambda s: shrink(s / "scores_sub-01.npy", 2), r"{s}/scores_sub-01.npy: scores are missing: expected float32 of (5, 8), found 2 rows"),
    "doubles": (lambda s: np.save(s / "scores_sub-01.npy", np.zeros((5, 8))),
                r"{s}/scores_sub-01.npy: these are no scores of the store: expected float32 of (5, 8), found float64 of 8 columns"),
    "lines gone": (lambda s: os.truncate(s / "images.tsv", 200), r"{s}/images.tsv: lines are missing: expected 5 lines of images, found 1"),
    "no table": (lambda s: os.remove(s / "images.tsv"), r"{s}/images.tsv: cannot be opened: No such file or directory"),
    "a heading": (lambda s: change(s / "images.tsv", 0, b"N"), r"{s}/images.tsv: its first line does not name the store's subjects"),
    "no JSON": (lambda s: (s / "store.json").write_text("{"), r"{s}/store.json: this is no store of scores, or a damaged one: expected JSON"),
    "another format": (lambda s: (s / "store.json").write_text('{"Format": "berg scores 2"}'),
                       r"{s}/store.json: Format: this is no store of scores, or a damaged one: expected berg scores 1"),
    "a file elsewhere": (lambda s: (s / "store.json").write_text((s / "store.json").read_text().replace("scores_sub", "../scores_sub")),
                         r"{s}/store.json: File: this is no store of scores, or a damaged one: expected a name without a folder"),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_damaged_stores(copy, from_store, photos, tmp_path, what):
    damage, message = DAMAGES[what]
    damage(copy)
    result = from_store(copy, "-o", tmp_path / "r.npy")
    assert (result.status, result.message) == (3, message.format(s=copy, photos=photos))
    assert not (tmp_path / "r.npy").exists()


def test_checked_before_it_grows(copy, score, photos):
    change(copy / "scores_sub-01.npy", 130, b"\x7e")
    assert score(copy, photos).status == 0  # nothing of it is read
    result = score(copy, photos, "--check")
    assert result.status == 3 and "row 0" in result.message


def test_scores_that_are_no_numbers(copy, berg, photos):
    """Also where their checksum is right: it is made anew here as base/checksum.c does."""
    change(copy / "scores_sub-01.npy", 128, struct.pack("<f", float("nan")))
    result = berg("info", "--check", copy)
    assert result.status == 3 and "row 0" in result.message


def test_stores_of_others(copy, score, from_store, berg, five_berg_dir, photos, tmp_path):
    assert from_store(copy, "-o", tmp_path / "r.npy", "--subject", "2").message == \
        f"{copy} holds no scores of subject 2 of {MODEL} (train_splits all)"
    about = json.loads((copy / "store.json").read_text())

    def refused(message, *options, **more):
        result = score(copy, photos, *options, **more)
        assert (result.status, result.message) == (3, message)
    refused(f"{copy}: the store is of another subject: expected 2 of {MODEL} (all), found 1 of {MODEL} (all)", subject="2")
    refused(f"{copy}: the store is of another number of subjects: expected 2, found 1", subject="1,2")
    refused(f"{copy}: the store is of another backbone: expected random:2, found vit.safetensors", "--backbone", "random:2")
    (copy / "store.json").write_text(json.dumps({**about, "Precision": "tf32"}))
    refused(f"{copy}: the store is of another precision: expected f32, found tf32")
    (copy / "store.json").write_text(json.dumps({**about, "InstructionSet": "abacus"}))
    refused(f"{copy}: the store is of another processor's instruction set: expected {about['InstructionSet']}, found abacus")
    about["Parts"][0]["Basis"] = "0" * 32
    (copy / "store.json").write_text(json.dumps(about))
    refused(f"{copy}: its scores of subject 1 are of other principal components than the model has now")
    result = from_store(copy, "-o", tmp_path / "r.npy")
    assert result.status == 3 and "are of other principal components than those in" in result.message


def test_folders_that_are_no_stores(score, from_store, berg, photos, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thesis.txt").touch()
    assert score(tmp_path / "full", photos).message == f"{tmp_path}/full: this folder is no store of scores, but holds thesis.txt"
    assert os.listdir(tmp_path / "full") == ["thesis.txt"]
    (tmp_path / "file").touch()
    assert score(tmp_path / "file", photos).status == 5
    assert berg("info", tmp_path / "full").status == 3 and from_store(tmp_path / "none", "-o", tmp_path / "r.npy").status == 3


def test_usage(berg, scored, from_store, photos, tmp_path):
    assert berg("score", MODEL, photos).message.startswith("where are the scores to be kept? Give -o STORE")
    for options, message in {("--roi", "V1", photos): "--scores: takes the images of the store, and no INPUT beside it",
                             ("--backbone", "random:1"): "--scores: no image is read",
                             ("--shard", "1/2"): "--scores: no image is read"}.items():
        result = from_store(scored, "-o", tmp_path / "r.npy", *options)
        assert result.status == 2 and message in result.message
    assert berg("encode", MODEL, "-o", "r.npy").status == 2


def test_none_that_can_be_read(score, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    assert score(tmp_path / "s", tmp_path / "a.jpg").status == 3
    result = score(tmp_path / "s", tmp_path / "a.jpg", "--skip-bad")
    assert result.status == 3 and "none of the 1 images could be read" in result.lines[-1]


def test_info(berg, scored, photos):
    assert berg("info", scored).out.splitlines()[0] == f"{scored}: store of scores, 5 images, the first is {photos}/0.jpg"
    assert json.loads(berg("info", "--json", "--check", scored).out)["Images"] == 5
    assert berg("info", "--check", photos / "0.jpg").status == 2


def test_merged_shards_are_what_one_run_makes(score, scored, berg, photos, tmp_path):
    for part in (1, 2, 3):
        assert score(tmp_path / f"part-{part}", photos, "--shard", f"{part}/3").status == 0
    parts = [tmp_path / f"part-{part}" for part in (1, 2, 3)]
    result = berg("merge", *parts, "-o", tmp_path / "all")
    assert (result.status, result.message) == (0, f"5 images of 3 parts: {tmp_path}/all holds 5")
    assert contents(tmp_path / "all") == contents(scored)
    assert berg("merge", *parts, "-o", tmp_path / "all", "-q").status == 0  # again
    assert contents(tmp_path / "all") == contents(scored)
    change(parts[2] / "scores_sub-01.npy", 130, b"\x7e")
    result = berg("merge", *parts, "-o", tmp_path / "bad")
    assert result.status == 9 and f"{parts[2]}/scores_sub-01.npy: row 0 (image {photos}/4.jpg) is damaged" in result.lines[0]
    assert not list(tmp_path.glob("bad*"))


def test_stores_that_are_no_shards_are_added_up(score, scored, berg, photos, tmp_path):
    pictures = sorted(photos.iterdir())
    stores = [tmp_path / "a", tmp_path / "b"]
    for store, some in zip(stores, (pictures[:2], pictures[2:])):
        assert score(store, *some).status == 0
    assert berg("merge", *stores, stores[0], "-o", tmp_path / "all", "-q").status == 0
    assert contents(tmp_path / "all") == contents(scored)
    change(stores[1] / "scores_sub-01.npy", 130, b"\x7e")
    result = berg("merge", *stores, "-o", tmp_path / "bad")
    assert result.status == 3 and f"{stores[1]}/scores_sub-01.npy: row 0 (image {photos}/2.jpg) is damaged" in result.message
    assert json.loads(berg("info", "--json", "--check", tmp_path / "bad").out)["Images"] == 2
    about = json.loads((stores[1] / "store.json").read_text())
    (stores[1] / "store.json").write_text(json.dumps({**about, "InstructionSet": "abacus"}))
    assert "the store is of another processor's instruction set" in berg("merge", *stores, "-o", tmp_path / "mixed").message


def test_merging_keeps_other_names(score, berg, photos, tmp_path):
    """Those that pixels had within a part, and those that they have in another."""
    first, second = sorted(photos.iterdir())[:2]
    for name, picture in (("again.jpg", first), ("tab\t.png", second)):
        shutil.copy(picture, tmp_path / name)
    assert score(tmp_path / "a", first, tmp_path / "again.jpg").status == 0
    assert score(tmp_path / "b", second, tmp_path / "tab\t.png", tmp_path / "again.jpg").status == 0
    for _ in range(2):
        assert berg("merge", tmp_path / "a", tmp_path / "b", "-o", tmp_path / "all", "-q").status == 0
        names = (tmp_path / "all/aliases.tsv").read_text()
        assert names == f"name\trow\n{tmp_path}/again.jpg\t0\n{tmp_path}/tab\\t.png\t1\n"
    assert json.loads(berg("info", "--json", tmp_path / "all").out)["Aliases"] == 2


def test_names_that_are_no_utf8(score, berg, five_berg_dir, photos, tmp_path):
    """Every answer about them is JSON that can be read."""
    for i, photo in enumerate(sorted(photos.iterdir())):
        shutil.copy(photo, os.path.join(tmp_path, os.fsdecode(b"%d-\xe9.jpg" % i)))
    assert score(tmp_path / "s", tmp_path).status == 0
    for command in (["rank", tmp_path / "s", "V1", "-o", tmp_path / "answer.json"],
                    ["control", tmp_path / "s", "V1", "V2", "--min-ceiling", "-1", "--images", "2", "-o", tmp_path / "answer.json"]):
        result = berg(*command, "--berg-dir", five_berg_dir, "--force", "-q")
        assert result.status == 0, result.err
        text = (tmp_path / "answer.json").read_bytes().decode()
        assert "-?.jpg" in text and json.loads(text)


def test_nothing_is_promised_of_images_that_failed(score, berg, five_berg_dir, small_berg_dir, photos, tmp_path):
    """Scores that overflow end the run after its images were looked at: no name may be noted of rows that are not there."""
    folder = tmp_path / "berg"
    shutil.copytree(small_berg_dir, folder, symlinks=False)
    weights = folder / MODEL_FOLDER / "encoding_models_weights/weights_sub-01.npy"
    broken = np.load(weights, allow_pickle=True).item()
    broken["pca_param"]["components_"] = broken["pca_param"]["components_"].copy()
    broken["pca_param"]["components_"][0, 100_000] = np.nan
    np.save(weights, broken)
    (tmp_path / "twice").mkdir()
    for name in "a.jpg", "b.jpg":
        shutil.copy(photos / "0.jpg", tmp_path / "twice" / name)
    assert score(tmp_path / "s", tmp_path / "twice", berg_dir=folder).status == 4
    about = json.loads((tmp_path / "s/store.json").read_text())
    assert (about["Images"], about["Aliases"]) == (0, 0)
    assert berg("info", "--check", tmp_path / "s").status == 0
