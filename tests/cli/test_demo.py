"""scripts/demo.sh: fails where one of its steps does, and knows paths with a space in them. The program is a stand-in that writes
nothing but what is read back."""
import os
import pathlib
import shutil
import subprocess

import pytest

DEMO = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "demo.sh"
STEPS = 10
STAND_IN = """#!/bin/sh
echo "$*" >> calls
[ "$(wc -l < calls)" != "$FAILS" ] || exit 3
while [ $# -gt 1 ]; do [ "$1" != -o ] || touch "$2"; shift; done
"""


def demo(folder, fails=0):
    for name in ("scripts", "examples/images", "a build"):
        (folder / name).mkdir(parents=True)
    shutil.copy(DEMO, folder / "scripts")
    (folder / "examples/images/one.jpg").touch()
    for program in ("a build/berg", "python"):
        (folder / program).write_text(STAND_IN)
        (folder / program).chmod(0o755)
    environment = {"BERG_BUILD": str(folder / "a build"), "PYTHON": str(folder / "python"), "FAILS": str(fails)}
    done = subprocess.run([folder / "scripts/demo.sh"], capture_output=True, text=True, env={**os.environ, **environment})
    return done, (folder / "calls").read_text().splitlines()


def test_all_steps(tmp_path):
    done, calls = demo(tmp_path / "with a space")
    assert done.returncode == 0 and done.stderr == "" and len(calls) == STEPS
    assert f"$ '{tmp_path}/with a space/a build/berg' simulate demo/raw" in done.stdout and "== Done" in done.stdout


@pytest.mark.parametrize("step", range(1, STEPS + 1))
def test_a_step_that_fails(tmp_path, step):
    done, calls = demo(tmp_path / "with a space", step)
    assert done.returncode == 3 and len(calls) == step and "== Done" not in done.stdout
