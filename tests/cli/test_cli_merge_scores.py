"""berg merge of stores that berg score made with --shard: the bytes of one run, and what is refused."""
import json
import os
import shutil

import pytest
from PIL import Image

import moments
from program import MODEL

PARTS = 3


@pytest.fixture(scope="module")
def made(berg, five_berg_dir, backbone_files, photos, tmp_path_factory):
    """(folder of shards, store of one run, score): images of which some are the same under several names, within a shard and in two."""
    folder = tmp_path_factory.mktemp("stores")
    images = shutil.copytree(photos, folder / "images")
    for name, of in (("1b.jpg", "0.jpg"), ("3b.png", "3.png"), ("5.png", "3.png"), ("6.jpg", "4.jpg"), ("9.jpg", "0.jpg")):
        shutil.copy(photos / of, images / name)

    def score(store, *more):
        return berg("score", MODEL, "--berg-dir", five_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", "1", images,
                    "--batch", "2", "-o", store, *more)
    (folder / "parts").mkdir()
    for i in range(1, PARTS + 1):
        assert score(folder / f"parts/{i}.scores", "--shard", f"{i}/{PARTS}").status == 0
    assert score(folder / "one").status == 0
    return folder / "parts", folder / "one", score


@pytest.fixture
def parts(made, tmp_path):
    return shutil.copytree(made[0], tmp_path / "parts")


@pytest.fixture
def merge(berg, parts, tmp_path):
    def call(*more):
        result = berg("merge", *sorted(parts.iterdir()), *more, "-o", tmp_path / "all", "--json")
        assert result.status != 9 or not list(tmp_path.glob("all*")), "something was written"
        return result.status, json.loads(result.out) if result.out else None, result.lines
    return call


def contents(folder):
    return {name: (folder / name).read_bytes() for name in sorted(os.listdir(folder))}


def test_shards_become_the_store_of_one_run_with_its_other_names(merge, made, tmp_path):
    assert (made[1] / "aliases.tsv").read_text().count("\n") == 6
    assert merge()[:2] == (0, {"whole": True, "parts": 3, "images": 8, "held": 5})
    assert contents(tmp_path / "all") == contents(made[1])
    assert merge()[:2] == (0, {"whole": True, "parts": 3, "images": 8, "held": 5})  # again
    assert contents(tmp_path / "all") == contents(made[1]) and not (tmp_path / "all.merging").exists()


def test_checking_writes_nothing(merge, tmp_path):
    assert merge("--check")[0] == 0 and not list(tmp_path.glob("all*"))


def about(store, edit):
    path = store / "store.json"
    tree = json.loads(path.read_text())
    edit(tree)
    path.write_text(json.dumps(tree))


def damage(path):
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("fault, why", [
    (lambda store: damage(store / "scores_sub-01.npy"), "is damaged: its checksum is not that of images.tsv"),
    (lambda store: os.truncate(store / "scores_sub-01.npy", 130), "scores_sub-01.npy"),
    (lambda store: os.truncate(store / "images.tsv", 40), "images.tsv"),
    (lambda store: (store / "store.json").unlink(), "store.json"),
    (lambda store: about(store, lambda tree: tree["Shard"].update(Whole=False)), "the run that makes it has not ended"),
    (lambda store: about(store, lambda tree: tree["Shard"].update(Number=9)), "the number of a part"),
    (shutil.rmtree, "store.json")], ids=["byte", "scores", "table", "json", "unfinished", "number", "folder"])
def test_damaged(berg, merge, parts, made, tmp_path, fault, why):
    fault(parts / "2.scores")
    result = berg("merge", *(parts / f"{i}.scores" for i in (1, 2, 3)), "-o", tmp_path / "all", "--json")
    report = json.loads(result.out)
    assert (result.status, report["array"]) == (9, "2") and not list(tmp_path.glob("all*"))
    assert report["damaged"][0]["part"] == str(parts / "2.scores") and why in report["damaged"][0]["why"]
    shutil.rmtree(parts / "2.scores", ignore_errors=True)
    assert made[2](parts / "2.scores", "--shard", "2/3", "--resume").status == 0
    assert merge()[0] == 0 and contents(tmp_path / "all") == contents(made[1])


def test_missing_doubled_and_foreign_are_all_told(merge, parts, made):
    shutil.copytree(parts / "1.scores", parts / "again.scores")
    shutil.rmtree(parts / "2.scores")
    about(parts / "3.scores", lambda tree: (tree.update(Precision="bf16"), tree["Shard"].update(Run="0" * 64)))
    shutil.copytree(made[1], parts / "whole.scores")
    status, report, lines = merge()
    assert (status, report["missing"], report["array"]) == (9, [2, 3], "2,3")
    assert [part["part"] for part in report["doubled"]] == [str(parts / "again.scores")]
    assert {part["part"]: part["why"] for part in report["foreign"]} == {
        str(parts / "3.scores"): f"is of another run than {parts}/1.scores: the store is of another precision: expected f32, found bf16",
        str(parts / "whole.scores"): "is a store, but of no shard"}


def test_a_shard_of_many_more_parts_that_has_not_ended_is_foreign(merge, parts):
    number = {"Number": 100000, "Of": 100000, "Images": 100000, "First": 99999, "Count": 1, "Whole": False}
    about(parts / "2.scores", lambda tree: tree["Shard"].update(number))
    status, report, _ = merge()
    assert (status, report["missing"], report["damaged"]) == (9, [2], [])
    assert report["foreign"] == [{"part": str(parts / "2.scores"), "number": 100000,
                                  "why": f"is of another run than {parts}/1.scores: of 100000 parts, expected 3"}]


def test_a_shard_that_is_whole_is_passed_over(made, parts):
    store = parts / "2.scores"
    before = contents(store)
    result = made[2](store, "--shard", "2/3", "--resume")
    assert result.status == 0 and result.lines[0] == f"berg: {store}: already whole"
    assert contents(store) == before
    damage(store / "scores_sub-01.npy")
    result = made[2](store, "--shard", "2/3", "--resume")
    assert result.status == 3 and "is damaged" in result.lines[0]


def test_a_shard_that_grows_by_another_is_none(made, parts, merge):
    assert made[2](parts / "1.scores", "--shard", "2/3").status == 0
    assert "Shard" not in json.loads((parts / "1.scores/store.json").read_text())
    status, report, _ = merge()
    assert (status, report["missing"]) == (9, [1]) and report["foreign"][0]["why"] == "is a store, but of no shard"


def test_a_merge_that_is_killed_goes_on(berg, parts, made, tmp_path):
    command = ["merge", *sorted(parts.iterdir()), "-o", tmp_path / "all"]
    calls = moments.count([berg.path, *map(str, command)], tmp_path / "count")
    for call in range(1, calls + 1, max(1, calls // 8)):
        for left in tmp_path.glob("all*"):
            shutil.rmtree(left)
        if not moments.killed([berg.path, *map(str, command)], call) or (tmp_path / "all").exists():
            assert contents(tmp_path / "all") == contents(made[1])
            continue
        assert berg(*command).status == 0
        assert contents(tmp_path / "all") == contents(made[1])


def test_what_a_killed_merge_of_other_shards_left_is_not_gone_on_with(berg, parts, made, stack, tmp_path):
    Image.fromarray(stack[0].transpose(1, 2, 0)).save(tmp_path / "more.png")
    (tmp_path / "others").mkdir()
    for i in (1, 2):
        assert made[2](tmp_path / f"others/{i}.scores", tmp_path / "more.png", "--shard", f"{i}/2").status == 0
    other, own = (["merge", *map(str, sorted(folder.iterdir())), "-o", str(tmp_path / "all")] for folder in (tmp_path / "others", parts))
    calls = moments.count([berg.path, *other], tmp_path / "count")
    shutil.rmtree(tmp_path / "all")
    assert moments.killed([berg.path, *other], calls - 3) and not (tmp_path / "all").exists()
    assert berg(*own).status == 0
    assert contents(tmp_path / "all") == contents(made[1])
