"""berg merge of what berg encode made with --shard: the bytes of one process, and everything that can be wrong with parts.

Stores of scores: test_cli_merge_scores.py."""
import json
import os
import random
import resource
import shutil
import subprocess

import numpy as np
import pytest

import moments
from siblings import also

PARTS = 5


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    """Where images and outputs lie, so that commands are the same but for the shard."""
    return tmp_path_factory.mktemp("merge")


@pytest.fixture(scope="module")
def three(photos, tmp_path_factory):
    """Pictures that each of three parts has one of."""
    folder = tmp_path_factory.mktemp("three")
    for i in range(3):
        shutil.copy(photos / (f"{i}.png" if i % 2 else f"{i}.jpg"), folder)
    return folder


@pytest.fixture
def work(tmp_path):
    (tmp_path / "one").mkdir()
    return tmp_path


def encode_parts(encode, folder, count, *arguments, ending="npy"):
    for i in range(1, count + 1):
        result = encode(*arguments, "--shard", f"{i}/{count}", "-o", folder / f"part-{i}.{ending}", "-q")
        assert result.status == 0, result.err
    return [folder / f"part-{i}.{ending}" for i in range(1, count + 1)]


def outputs(folder):
    return {name: (folder / name).read_bytes() for name in sorted(os.listdir(folder))}


def same_as_one(berg, encode, work, *arguments, ending="npy", count=3):
    """Parts and one process, with the same arguments; what the merge makes has the same names and bytes, sidecars too."""
    encode_parts(encode, work, count, *arguments, ending=ending)
    assert encode(*arguments, "-o", work / f"one/all.{ending}", "-q").status == 0
    (work / "merged").mkdir()
    result = berg("merge", *sorted(work.glob(f"part-*.{ending}")), "-o", work / f"merged/all.{ending}", "-q")
    assert (result.status, result.err, result.out) == (0, "", "")
    assert outputs(work / "merged") == outputs(work / "one")
    return outputs(work / "merged")


@pytest.mark.parametrize("ending", ["npy", "csv", "h5"])
def test_parts_become_what_one_process_makes(berg, encode, three, work, ending):
    assert set(same_as_one(berg, encode, work, three, ending=ending)) == {"all.json", f"all.{ending}"}
    assert json.loads((work / "merged/all.json").read_text())["Images"]["Count"] == 3


@pytest.mark.parametrize("arguments, ending", [((), "csv"), (("--long",), "csv"), ((), "h5")])
def test_images_of_arrays_are_numbered_as_in_one_process(berg, encode, stack, work, arguments, ending):
    np.save(work / "stack.npy", stack[:3])
    same_as_one(berg, encode, work, work / "stack.npy", "--roi", "V1", *arguments, ending=ending, count=2)


@pytest.mark.parametrize("ending", ["npy", "h5"])
def test_files_of_several_subjects_are_merged_each(berg, encode, three, work, ending):
    files = same_as_one(berg, encode, work, three, "--subject", "1,2", "--roi", "V1,V2", "--mean", "roi", ending=ending)
    assert sorted(files) == [f"all_sub-0{i}.{end}" for i in (1, 2) for end in sorted((ending, "json"))]
    alone = work / "only_sub-02.npy".replace("npy", ending)
    assert berg("merge", *sorted(work.glob(f"part-*_sub-02.{ending}")), "-o", alone, "-q").status == 0
    assert alone.read_bytes() == (work / f"one/all_sub-02.{ending}").read_bytes()
    result = berg("merge", *sorted(work.glob(f"part-*_sub-02.{ending}")), "-o", work / f"both.{ending}", "--json")
    assert result.status == 9 and json.loads(result.out)["array"] == "1-3"  # those of the other subject
    assert not list(work.glob("both*"))


@pytest.mark.parametrize("key, ending", [("eeg", "h5"), ("nsd", "npy")])
def test_siblings_with_several_axes_and_files(berg, encode_with, three, work, key, ending):
    files = same_as_one(berg, lambda *a: encode_with(key, *a), work, three, ending=ending, count=2)
    assert len(files) == (4 if key == "nsd" else 2)


def test_trials_are_those_of_one_process(berg, encode, three, work):
    same_as_one(berg, encode, work, three, "--roi", "V1", "--trials", "3", "--seed", "5", ending="h5", count=2)


@pytest.mark.parametrize("bad, ending", [("0.jpg", "csv"), ("2.jpg", "npy"), ("0.jpg", "h5")])
def test_a_shard_of_which_no_image_can_be_read(berg, encode, three, work, bad, ending):
    shutil.copytree(three, work / "photos")
    (work / "photos" / bad).write_text("no picture")
    same_as_one(berg, encode, work, work / "photos", "--skip-bad", "--roi", "V1", ending=ending)
    assert len(json.loads((work / "merged/all.json").read_text())["Images"]["LeftOut"]) == 1


def test_folders_of_several_models(berg, encode_with, three, work):
    for i in (1, 2):
        assert encode_with("fmri", *also("nsd"), three, "-q", "--shard", f"{i}/2", "-o", f"{work}/out-{i}/").status == 0
    assert encode_with("fmri", *also("nsd"), three, "-q", "-o", f"{work}/one/").status == 0
    assert berg("merge", f"{work}/out-1/", f"{work}/out-2", "-o", f"{work}/all").status == 0
    assert outputs(work / "all") == outputs(work / "one") and len(outputs(work / "all")) == 6
    (work / "out-2/fmri-nsd_fsaverage-vit_b_32_subject-01_rh.npy").unlink()
    result = berg("merge", f"{work}/out-1/", f"{work}/out-2", f"{work}/out-3", "-o", f"{work}/again", "--json")
    assert result.status == 9 and json.loads(result.out)["array"] == "2"
    assert not (work / "again").exists()


# --- Faults ---

@pytest.fixture(scope="module")
def pristine(berg, small_berg_dir, backbone_files, photos, at):
    """(folder of parts, bytes of the whole, encode): made once, for reading."""
    from program import MODEL

    def encode(*arguments, **more):
        return berg("encode", MODEL, "--subject", "1", "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"],
                    photos, *arguments, **more)
    (at / "parts").mkdir()
    encode_parts(encode, at / "parts", PARTS)
    assert encode("-o", at / "whole.npy", "-q").status == 0
    return at / "parts", (at / "whole.npy").read_bytes(), encode


@pytest.fixture
def parts(pristine, tmp_path):
    return shutil.copytree(pristine[0], tmp_path / "parts")


@pytest.fixture
def merge(berg, parts, tmp_path):
    """Merges the parts there are; (status, report, lines of messages)."""
    def call(*more):
        result = berg("merge", *sorted(parts.glob("part-*.npy")), *more, "-o", tmp_path / "all.npy", "--json")
        assert result.status != 9 or not list(tmp_path.glob("all*")), "something was written"
        return result.status, json.loads(result.out) if result.out else None, result.lines
    return call


def change(path, edit):
    about = json.loads(path.read_text())
    edit(about)
    path.write_text(json.dumps(about))


def flip(path, seed=0):
    data = bytearray(path.read_bytes())
    data[random.Random(seed).randrange(128, len(data))] ^= 16
    path.write_bytes(data)


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def test_whole(merge, pristine, tmp_path):
    status, report, _ = merge()
    assert status == 0
    assert report == {"whole": True, "of": PARTS, "missing": [], "damaged": [], "foreign": [], "doubled": [], "rerun": [], "array": "",
                      "outputs": [{"path": str(tmp_path / "all.npy"), "rows": 5}]}
    assert (tmp_path / "all.npy").read_bytes() == pristine[1]
    assert "Shard" not in json.loads((tmp_path / "all.json").read_text())
    status, report, lines = merge()
    assert status == 5 and "already exists" in lines[0]
    assert merge("--check")[0] == 0


def test_checking_writes_nothing(berg, merge, parts, tmp_path):
    assert merge("--check")[0] == 0 and not list(tmp_path.glob("all*"))
    cut(parts / "part-5.npy")
    assert merge("--check")[1]["array"] == "5"


def test_all_faults_are_told_before_anything_is_written(merge, parts, pristine):
    (parts / "part-1.npy").unlink()
    (parts / "part-1.json").unlink()
    cut(parts / "part-2.npy")
    for ending in ("npy", "json"):
        shutil.copy(parts / f"part-3.{ending}", parts / f"part-4.{ending}")
    assert pristine[2]("--roi", "V1", "--precision", "bf16", "--shard", "1/5", "-o", parts / "part-5.npy", "--force").status == 0
    size = (pristine[0] / "part-2.npy").stat().st_size
    status, report, lines = merge()
    assert status == 9
    assert report["missing"] == [1, 4, 5] and report["rerun"] == [1, 2, 4, 5] and report["array"] == "1,2,4,5" and not report["whole"]
    (damaged,), (foreign,), (doubled,) = (report[key] for key in ("damaged", "foreign", "doubled"))
    assert damaged == {"part": str(parts / "part-2.npy"), "number": 2, "why": f"is cut short: it holds {size - 100} bytes of {size}"}
    assert doubled == {"part": str(parts / "part-4.npy"), "number": 3, "why": f"is part 3 of 5 once more, as {parts}/part-3.npy is"}
    assert foreign["part"] == str(parts / "part-5.npy") and "is of another run than" in foreign["why"]
    assert "precision bf16, expected f32" in foreign["why"] and "other columns" in foreign["why"] and "engine" in foreign["why"]
    assert "of 5 parts 3 missing, 1 damaged, 1 foreign, 1 doubled: " in lines[0] and lines[0].endswith("run again: --array=1,2,4,5")
    assert [line.split(":")[0] for line in lines[1:]] == ["  missing", "  damaged", "  foreign", "  doubled"]


@pytest.mark.parametrize("fault, why", [
    (lambda parts: flip(parts / "part-2.npy"), "has other bytes than were written: checksum "),
    (lambda parts: (parts / "part-2.npy").write_bytes(b""), "is cut short: it holds 0 bytes of "),
    (lambda parts: (parts / "part-2.json").write_text("{"), "part-2.json is damaged: it is no JSON"),
    (lambda parts: (parts / "part-2.json").unlink(), "part-2.json to say which part it is"),
    (lambda parts: (parts / "part-2.npy.partial").touch(), "the run that writes it has not ended: "),
    (lambda parts: change(parts / "part-2.json", lambda about: about.pop("Shard")), "names no shard: it is no part"),
    (lambda parts: change(parts / "part-2.json", lambda about: about["Shard"].update(Rows=0)), "holds 1 rows, its sidecar says 0"),
    (lambda parts: change(parts / "part-2.json", lambda about: about["Shard"].update(First=0)), "its Shard makes no sense"),
    (lambda parts: change(parts / "part-2.json", lambda about: about["Shard"].update(Of=10**15, Images=10**15)), "its Shard makes no sense"),
    (lambda parts: change(parts / "part-2.json", lambda about: about["Shard"].update(Suffix="/../x")), "its Shard makes no sense"),
    (lambda parts: change(parts / "part-2.json", lambda about: about["Shard"].update(Files=[str(i) for i in range(10**5)])),
     "its Shard makes no sense"),
    (lambda parts: change(parts / "part-2.json", lambda about: about["Shard"].update(Checksum=7, Number="2")), "its Shard makes no sense"),
    (lambda parts: change(parts / "part-2.json", lambda about: about.update(Shard=[[]] * 9)), "its Shard makes no sense"),
    (lambda parts: (parts / "part-2.json").write_text("[" * 10**6), "part-2.json is damaged: it is no JSON"),
    (lambda parts: shutil.copy(parts / "part-3.json", parts / "part-2.json"), "has other bytes than were written: checksum "),
], ids=["byte", "empty", "json", "sidecar", "partial", "unsharded", "rows", "range", "of", "suffix", "files", "kinds", "list", "deep", "another's"])
def test_damaged(merge, parts, fault, why):
    fault(parts)
    status, report, _ = merge()
    assert (status, report["array"]) == (9, "2")
    (damaged,) = report["damaged"]
    assert damaged["part"] == str(parts / "part-2.npy") and why in damaged["why"]


def test_a_name_in_every_sidecar_that_leads_elsewhere(merge, parts):
    for path in parts.glob("part-*.json"):
        change(path, lambda about: about["Shard"].update(Suffix="/../../x", Files=["/../../x"]))
    status, report, _ = merge()
    assert status == 3 and not report["whole"] and not list(parts.parent.glob("x*"))


@pytest.mark.parametrize("arguments, why", [
    (("--shard", "2/4"), "number of parts 4, expected 5"),
    (("--shard", "2/5", "--roi", "V1"), "other columns"),
    (("--shard", "2/5", "--skip-bad"), "other --skip-bad"),
    (("--shard", "2/5", "--trials", "1"), "other trials"),
    (("--shard", "2/5", "--backbone", "random:1"), "other backbone")], ids=lambda value: value if isinstance(value, str) else "")
def test_foreign(merge, parts, pristine, arguments, why):
    for name in ("part-2.npy", "part-2.json"):
        (parts / name).unlink()
    assert pristine[2](*arguments, "-o", parts / "part-2.npy", "-q").status == 0
    status, report, _ = merge()
    assert (status, report["array"], report["missing"]) == (9, "2", [2])
    assert report["foreign"][0]["part"] == str(parts / "part-2.npy") and why in report["foreign"][0]["why"]


def test_other_images_under_the_same_names(merge, parts, pristine, photos, berg, small_berg_dir, backbone_files, tmp_path):
    """What the run is of is known by names and sizes of all images, times aside."""
    folder = tmp_path / "elsewhere"
    shutil.copytree(photos, folder)
    (folder / "4.jpg").write_bytes((folder / "4.jpg").read_bytes() + b"\0")
    from program import MODEL
    common = ["--subject", "1", "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], "4.jpg", "0.jpg", "-q"]
    for i, here in (1, photos), (2, folder):
        shard = ["--shard", f"{i}/2", "-o", tmp_path / f"x-{i}.npy"]
        assert berg("encode", MODEL, *common, *shard, cwd=here).status == 0
    result = berg("merge", tmp_path / "x-1.npy", tmp_path / "x-2.npy", "-o", tmp_path / "x.npy")
    assert result.status == 9 and "other images" in result.lines[0]
    shutil.copy2(photos / "4.jpg", folder)
    os.utime(folder / "4.jpg", (1, 1))
    assert berg("encode", MODEL, *common, *shard, "--force", cwd=folder).status == 0
    assert berg("merge", tmp_path / "x-1.npy", tmp_path / "x-2.npy", "-o", tmp_path / "x.npy").status == 0


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in (2, 3, 4))])
def test_random_faults_are_named_and_the_rerun_completes(merge, parts, pristine, tmp_path, seed):
    """Five faults each: a part deleted, cut, changed, half written, without its sidecar, doubled, of another run."""
    pick = random.Random(seed)
    path = [None, *(parts / f"part-{i}.npy" for i in range(1, PARTS + 1))]

    def copied(source, i):
        for ending in (".npy", ".json"):
            shutil.copy(source.with_suffix(ending), path[i].with_suffix(ending))

    def other_run(i):
        if not (tmp_path / "other.npy").exists():
            assert pristine[2]("--shard", f"{i}/{PARTS}", "--roi", "V1", "-o", tmp_path / "other.npy", "-q").status == 0
        copied(tmp_path / "other.npy", i)
    faults = {"deleted": lambda i: (path[i].unlink(), path[i].with_suffix(".json").unlink()),
              "cut": lambda i: cut(path[i]), "changed": lambda i: flip(path[i], seed),
              "half": lambda i: (path[i].unlink(), path[i].with_suffix(".json").unlink(), (parts / f"{path[i].name}.partial").touch()),
              "bare": lambda i: path[i].with_suffix(".json").unlink(),
              "doubled": lambda i: copied(pristine[0] / f"part-{i % PARTS + 1}.npy", i), "foreign": other_run}
    for _ in range(5):
        i, kind = pick.randrange(1, PARTS + 1), pick.choice(sorted(faults))
        faults[kind](i)
        status, report, lines = merge()
        assert (status, report["rerun"], report["array"]) == (9, [i], str(i)), (kind, lines)
        named = [part["part"] for key in ("damaged", "foreign", "doubled") for part in report[key]]
        assert named == ([] if kind in ("deleted", "half") else [str(path[max(i, i % PARTS + 1)])] if kind == "doubled" else [str(path[i])])
        again = ["--resume"] if kind in ("deleted", "cut", "changed", "half") else ["--resume", "--force"]
        assert pristine[2]("--shard", f"{i}/{PARTS}", "-o", path[i], "-q", *again).status == 0
        assert path[i].read_bytes() == (pristine[0] / path[i].name).read_bytes()
    assert merge()[0] == 0
    assert (tmp_path / "all.npy").read_bytes() == pristine[1]


def test_parts_that_are_whole_are_passed_over(pristine, parts):
    encode = pristine[2]
    mine = parts / "part-2.npy"

    def state():
        return mine.stat().st_ino, mine.stat().st_mtime_ns
    before = state()
    result = encode("--shard", "2/5", "-o", mine, "--resume")
    assert (result.status, result.message) == (0, f"{mine}: already whole")
    assert state() == before
    assert "already exists" in encode("--shard", "2/5", "-o", mine).message
    for other in (("--shard", "3/5"), ("--shard", "2/5", "--roi", "V1")):  # neither that part nor that run
        result = encode(*other, "-o", mine, "--resume")
        assert result.status == 5 and "already exists" in result.message
    assert state() == before
    flip(mine)
    assert encode("--shard", "2/5", "-o", mine, "--resume", "-q").status == 0
    assert mine.read_bytes() == (pristine[0] / "part-2.npy").read_bytes()


def test_what_cannot_be_merged(berg, encode, photos, parts, tmp_path):
    assert encode(photos, "--shard", "1/2", "-o", tmp_path / "a.nii.gz", "--roi", "V1", "-q").status == 0
    result = berg("merge", tmp_path / "a.nii.gz", "-o", tmp_path / "b.nii.gz")
    assert result.status == 2 and "parts are merged as .npy, .h5, .hdf5 or .csv: encode to one of these" in result.message
    result = berg("merge", *parts.glob("*.npy"), "-o", tmp_path / "b.csv")
    assert result.status == 2 and "a merge keeps their format" in result.message
    result = berg("merge", tmp_path / "none.npy", "-o", tmp_path / "b.npy")
    assert result.status == 3 and f"{tmp_path}/none.npy cannot be opened" in result.lines[0]
    assert not list(tmp_path.glob("b*"))


def test_a_merge_that_is_killed_starts_again(berg, parts, pristine, tmp_path):
    command = ["merge", *sorted(parts.glob("*.npy")), "-o", tmp_path / "all.npy"]
    calls = moments.count([berg.path, *map(str, command)], tmp_path / "count")
    for call in range(1, calls + 1):
        for left in tmp_path.glob("all*"):
            left.unlink()
        if moments.killed([berg.path, *map(str, command)], call) and (tmp_path / "all.npy").exists():
            assert (tmp_path / "all.npy").read_bytes() == pristine[1] and (tmp_path / "all.json").exists()
            continue
        assert berg(*command).status in (0, 5)
        assert (tmp_path / "all.npy").read_bytes() == pristine[1]


def test_memory_is_that_of_a_few_blocks(berg, encode, photos, tmp_path):
    """Files of 60 MB within an address space that has room for no such file."""
    if b"__asan_init" in berg.path.read_bytes() or b"__tsan_init" in berg.path.read_bytes():
        pytest.skip("a sanitizer's own address space is larger")
    room = 48 << 20
    parts = encode_parts(encode, tmp_path, 2, photos / "0.jpg", photos / "1.png", "--trials", "25000")
    assert min(part.stat().st_size for part in parts) > room
    done = subprocess.run([berg.path, "merge", *map(str, parts), "-o", tmp_path / "all.npy", "-q"], env=berg.environment,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (room, room)), stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    assert np.load(tmp_path / "all.npy", mmap_mode="r").shape == (2, 25000, 600)
