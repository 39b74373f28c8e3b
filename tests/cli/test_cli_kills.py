"""A run that is killed before a call that changes a file, and said again: the bytes of an undisturbed one. Two commands at a few
moments; `make torture` has all at a thousand."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "torture"))

import again  # noqa: E402
import cases  # noqa: E402
import kills  # noqa: E402

WHOLE = {"x.csv": b"12", "x.json": b"3"}
PARTIAL = {"x.csv.partial": b"1", "x.csv.partial.journal": b"2"}


@pytest.mark.parametrize("left, verdict", [
    ({}, None), (WHOLE, None), ({"x.csv": b"12"}, None), ({"mine": b"m"}, None), (PARTIAL, None), ({".x.csv.abcdefgh.new": b"1"}, None),
    ({"x.csv.merging": b"1"}, None),
    ({"x.csv": b"1"}, "x.csv is not whole"), ({"x.csv": b""}, "x.csv is not whole"), ({"y.csv": b"12"}, "y.csv is left"),
    ({"mine": b"other"}, "mine is left"),
])
def test_what_a_killed_run_left_is_judged(left, verdict):
    assert kills.judge_left(left, WHOLE, {"mine": b"m"}) == verdict


@pytest.mark.parametrize("status, left, after, verdict", [
    (0, PARTIAL, WHOLE, "same"), (5, WHOLE, WHOLE, "same"), (0, {}, {**WHOLE, ".x.csv.abcdefgh.new": b"1"}, "same"),
    (5, {"x.csv": b"12"}, WHOLE, "again: status 5: why"), (3, WHOLE, WHOLE, "again: status 3: why"), (-11, {}, WHOLE, "again: status -11: why"),
    (0, PARTIAL, {"x.csv": b"12"}, "other x.json"), (0, PARTIAL, {**WHOLE, "x.csv": b"13"}, "other x.csv"),
    (0, PARTIAL, {**WHOLE, **PARTIAL}, "x.csv.partial is left"), (5, WHOLE, {**WHOLE, **PARTIAL}, "x.csv.partial is left"),
])
def test_what_the_same_command_then_does_is_judged(status, left, after, verdict):
    assert again.judge_again(status, "why", left, after, WHOLE) == verdict


@pytest.mark.long
@pytest.mark.parametrize("name", ["convert-npz", "encode-hemispheres"])
def test_killed_at_a_few_moments(build_dir, backbone_files, tmp_path, name):
    killer = kills.Killer(build_dir, tmp_path)
    killer.make_inputs_once(backbone_files["safetensors"])
    (case,) = [case for case in cases.CASES if case.name == name]
    calls, verdicts = killer.all_kills(case, killer.whole(case), 4)
    assert calls > 2 and [verdict for _, verdict in verdicts] == ["same"] * len(verdicts) and len(verdicts) > 2
