"""scripts/demo.sh and demo_models.sh: fail where one of their steps does, and know paths with a space in them. The program is a
stand-in that writes nothing but what is read back."""
import os
import pathlib
import shutil
import subprocess

import pytest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
STEPS = {"demo.sh": 10, "demo_models.sh": 8}
FIRST = {"demo.sh": "$ '{0}/a build/berg' simulate demo/raw", "demo_models.sh": "$ '{0}/python' tests/tools/make_subject.py"}
STAND_IN = r"""#!/bin/sh
echo "$*" >> calls
[ "$(wc -l < calls)" != "$FAILS" ] || exit 3
while [ $# -gt 1 ]; do
  case "$1 $2" in -o\ */) mkdir -p "$2" ;; -o\ *) touch "$2" ;; esac
  shift
done
"""


def demo(script, folder, fails=0):
    for name in ("scripts", "examples/images", "a build"):
        (folder / name).mkdir(parents=True)
    shutil.copy(SCRIPTS / script, folder / "scripts")
    (folder / "examples/images/one.jpg").touch()
    for program in ("a build/berg", "python"):
        (folder / program).write_text(STAND_IN)
        (folder / program).chmod(0o755)
    environment = {"BERG_BUILD": str(folder / "a build"), "PYTHON": str(folder / "python"), "FAILS": str(fails)}
    done = subprocess.run([folder / "scripts" / script], capture_output=True, text=True, env={**os.environ, **environment})
    return done, (folder / "calls").read_text().splitlines()


@pytest.mark.parametrize("script", STEPS)
def test_all_steps(tmp_path, script):
    done, calls = demo(script, tmp_path / "with a space")
    assert done.returncode == 0 and done.stderr == "" and len(calls) == STEPS[script]
    assert FIRST[script].format(tmp_path / "with a space") in done.stdout and "== Done" in done.stdout


@pytest.mark.parametrize("script, step", [(script, step) for script, steps in STEPS.items() for step in range(1, steps + 1)])
def test_a_step_that_fails(tmp_path, script, step):
    done, calls = demo(script, tmp_path / "with a space", step)
    assert done.returncode == 3 and len(calls) == step and "== Done" not in done.stdout
