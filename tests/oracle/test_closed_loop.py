"""Image after image through one model: after the first calls nothing is allocated, no page is touched for the first time, no thread
is started; nor does a batch allocate anything."""
import json
import subprocess

import pytest


def run(build_dir, berg_dir, backbone, *arguments):
    command = [build_dir / "tests" / "closed_loop", berg_dir, backbone, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("threads, precision", [pytest.param(1, "f32", marks=pytest.mark.long), (3, "f32"), (2, "int8")])
def test_a_call_takes_nothing_but_time(build_dir, small_berg_dir, backbone_files, threads, precision):
    took = run(build_dir, small_berg_dir, backbone_files["safetensors"], 4, 0, threads, precision)
    assert took["allocations"] == 0
    assert took["faults"] < 40  # of the whole process: what the allocations of a single call would touch is 170
    assert took["beside"]["allocations"] <= 3 * 4
    assert took["threads"] == [threads, threads]


def test_a_batch_allocates_nothing(build_dir, small_berg_dir, backbone_files):
    assert run(build_dir, small_berg_dir, backbone_files["safetensors"], "batches", 20, 4)["allocations"] == 0
