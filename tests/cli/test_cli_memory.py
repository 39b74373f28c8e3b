"""Memory that runs out at one place: never an answer that is wrong or short, always status 6 and one line. A few commands, some of
their allocations; `make torture` has all."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "torture"))

import cases  # noqa: E402
import sites  # noqa: E402
import torture  # noqa: E402

# As many allocations of each command.
RUNS = 25
# Of these all places: quick, and files that are written by way of memory.
WHOLE = ["metadata-npy", "convert-safetensors"]
QUICK = ["list", "describe", "metadata", "metadata-json", "metadata-key-text", "metadata-npy", "info-npz", "info-hdf5-json",
         "info-safetensors", "convert-safetensors", "compare-different", "volume-to", "volume-rois", "encode-csv"]


@pytest.fixture(scope="module")
def torturer(build_dir, backbone_files, tmp_path_factory):
    made = torture.Torturer(build_dir, tmp_path_factory.mktemp("torture"))
    assert made.preload.exists(), f"{made.preload}: build it first"
    made.make_inputs_once(backbone_files["safetensors"])
    return made


@pytest.mark.parametrize("case", [case for case in cases.CASES if case.name in QUICK], ids=lambda case: case.name)
def test_an_allocation_that_fails(torturer, case):
    command = torturer.count(case)
    if case.name in WHOLE:
        sites.choose([command])
    else:
        sites.choose_by_number([command], 1 + command.calls // RUNS, 1)
    verdicts, wrong = torturer.torture(command)
    assert [(number, verdict, run.err) for number, verdict, run in wrong] == []
    assert verdicts[torture.TOLD_SO] > 0


@pytest.mark.long
@pytest.mark.parametrize("what", list(torture.TOLD))
def test_a_tenth_of_all_places(torturer, build_dir, what):
    """Of every command; allocations, and calls on files."""
    tenth, wrong, runs = torture.Torturer(build_dir, torturer.work, what=what), [], 0
    commands = [tenth.count(case) for case in cases.CASES]
    sites.choose(commands)
    for command in commands:
        command.numbers = command.numbers[::10]
        verdicts, found = tenth.torture(command)
        wrong += [(command.case.name, number, verdict, run.err) for number, verdict, run in found]
        runs += verdicts.total()
    assert wrong == [] and runs > 200


def run_of(status=0, out=b"", err="", files=None):
    return torture.Run(status, out, err, files or {}, "failed 1 8\n")


@pytest.mark.parametrize("run, verdict", [
    (run_of(0, b"[1]", files={"x": b"1"}), "same"),
    (run_of(0, b"[]", files={"x": b"1"}), "other output, same status"),
    (run_of(0, b"[1]", files={"x": b""}), "other file x"),
    (run_of(0, b"[1]", files={"x": b"1", "x.new": b""}), "left x.new"),
    (run_of(5, err="berg: x\n"), "status 5"),
    (run_of(-11), "crash -11"),
    (run_of(6, err="berg: out of memory\n"), "told so"),
    (run_of(6, err="berg: out of memory\n", files={"x": b"1", "x.partial": b"2"}), "told so"),
    (run_of(6, err="berg: out of memory\n", files={"x": b"2"}), "x is not whole"),
    (run_of(6, err="berg: out of memory\n", files={"x.new": b"2"}), "left x.new"),
    (run_of(6, err=""), "0 lines"),
    (run_of(6, err="Not enough memory\nberg: out of memory\n"), "2 lines"),
])
def test_what_is_judged(run, verdict):
    assert torture.judge(run, run_of(0, b"[1]", files={"x": b"1"}), {}, torture.TOLD["allocations"]) == verdict
