"""Files that the system does not give or take, call by call: never an answer that is wrong or short, always a documented status and
the reason. A few commands that read; `make torture` has all."""
import pathlib
import sys

import h5py
import numpy as np
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "torture"))

import cases  # noqa: E402
import make_raw  # noqa: E402
import sites  # noqa: E402
import torture  # noqa: E402

ROWS = np.random.default_rng(4).standard_normal((3, 60)).astype(np.float32)
REASON = torture.REASON


@pytest.fixture(scope="module")
def torturer(build_dir, tmp_path_factory):
    made = torture.Torturer(build_dir, tmp_path_factory.mktemp("calls"), what="calls")
    assert made.preload.exists(), f"{made.preload}: build it first"
    made.inputs.mkdir()
    np.save(made.inputs / "one.npy", ROWS)
    with h5py.File(made.inputs / "one.h5", "w") as file:
        file["responses"] = ROWS
        file["voxel_index"] = np.arange(60)
        file["image_names"] = np.array(["a", "b", "c"], "S4")
    with h5py.File(made.inputs / "many.h5", "w", libver="latest") as file:
        file["x"] = ROWS
        for i in range(20):  # more than a header holds
            file["x"].attrs[f"a{i}"] = np.bytes_(f"text {i}")
    return made


def write_volume(path):
    nibabel = pytest.importorskip("nibabel")
    nibabel.save(nibabel.Nifti1Image(np.ones((5, 4, 3, 2), np.float32), np.eye(4)), path)


@pytest.mark.parametrize("name, arguments, least", [
    ("hdf5", "compare {in}/one.npy {in}/one.h5 --json -", 50), ("volume", "compare {in}/a.nii.gz {in}/a.nii --json -", 4),
    ("attributes", "info --json {in}/many.h5", 15)])
def test_a_call_that_fails(torturer, name, arguments, least):
    if name == "volume":
        write_volume(torturer.inputs / "a.nii.gz")
        write_volume(torturer.inputs / "a.nii")
    command = torturer.count(cases.Case(name, arguments))
    assert command.whole.status == 0, command.whole.err
    sites.choose([command])
    verdicts, wrong = torturer.torture(command)
    assert [(number, verdict, run.err) for number, verdict, run in wrong] == []
    assert verdicts[torture.TOLD_SO] >= least


def put_something(inputs, out):
    (out / "raw").mkdir()
    (out / "raw" / "mine").write_text("mine")


def test_a_folder_that_cannot_be_read_is_not_an_empty_one(torturer):
    command = torturer.count(cases.Case("simulate", f"simulate {{out}}/raw {' '.join(cases.SCENE)}", put_something))
    assert command.whole.status == 5 and "is not empty" in command.whole.err
    sites.choose([command])
    verdicts, wrong = torturer.torture(command)
    assert [(number, verdict, run.err) for number, verdict, run in wrong] == []
    assert verdicts[torture.TOLD_SO] > 1


def test_the_block_of_responses_is_not_another_where_one_cannot_be_read(torturer):
    """Of two blocks of floats the wider one holds the responses."""
    raw = torturer.inputs / "raw"
    betas, _, _ = make_raw.make_raw(raw, voxels=20, sessions=2, concepts=2, images=2, tests=2)
    make_raw.write_responses(raw / "sub-01_ResponseData.h5", betas, block=1)
    with h5py.File(raw / "sub-01_ResponseData.h5", "a") as file:
        del file["ResponseData/block0_values"]
        file["ResponseData/block0_values"] = np.ones((20, 1))
    command = torturer.count(cases.Case("blocks", "prepare {in}/raw --subject 1 --berg-dir {out}/berg --threads 1 --quiet"))
    command.numbers = range(1, 130, 5)  # until the blocks are open
    verdicts, wrong = torturer.torture(command)
    assert [(number, verdict, run.err) for number, verdict, run in wrong] == []
    assert verdicts[torture.TOLD_SO] > 15


def test_the_places_that_are_tried():
    """First, middle and last of each stack, in the quickest command that has it."""
    slow = sites.Command(None, None, {7: [1, 4, 5, 9], 8: [2]}, 2.0)
    quick = sites.Command(None, None, {8: [1, 2], 9: [3]}, 1.0)
    assert sites.choose([slow, quick]) == 3
    assert quick.numbers == [1, 2, 3] and slow.numbers == [1, 5, 9]


def run_of(status=0, out=b"", err="", files=None):
    return torture.Run(status, out, err, files or {}, "failed open 1 0\n")


@pytest.mark.parametrize("run, verdict", [
    (run_of(0, b"[1]", files={"x": b"1"}), "same"), (run_of(0, b"[]", files={"x": b"1"}), "other output, same status"),
    (run_of(0, f"[{REASON}]".encode(), files={"x": b"1"}), "told so"),
    (run_of(0, b"[1]", "berg: 1 picture could not be read\n", {"x": b""}), "told so"),
    (run_of(3, err=f"berg: a: cannot be read: {REASON}\n"), "told so"), (run_of(3, err="berg: a: not HDF5\n"), "status 3 without its reason"),
    (run_of(6, err=f"berg: a: {REASON}\n"), "status 6 without its reason"), (run_of(1, err=f"berg: {REASON}\n"), "status 1"),
    (run_of(9, err=f"berg: parts are missing\n  damaged: a: {REASON}\n"), "told so"), (run_of(9, err="berg: x\n"), "status 9 without its reason"),
    (run_of(5, err=f"berg: {REASON}\n", files={"x": b""}), "x is not whole"),
])
def test_what_is_judged(run, verdict):
    assert torture.judge(run, run_of(0, b"[1]", files={"x": b"1"}), {}, torture.TOLD["calls"]) == verdict
