"""packaging/berg.def, as far as it can be looked at without Apptainer: its sections, and what its scripts call."""
import os
import pathlib
import re
import shlex
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECIPE = ROOT / "packaging/berg.def"


def sections():
    """{name: text}; what comes before the first is the header."""
    parts = re.split(r"^%(\w+)\n", RECIPE.read_text(), flags=re.M)
    return {"header": parts[0], **dict(zip(parts[1::2], parts[2::2]))}


def commands(name):
    return [shlex.split(line) for line in sections()[name].splitlines() if line.strip()]


def test_the_sections_are_apptainers():
    assert set(sections()) == {"header", "files", "post", "environment", "runscript", "test", "labels", "help"}
    header = dict(line.split(": ", 1) for line in sections()["header"].splitlines() if line and not line.startswith("#"))
    assert header == {"Bootstrap": "docker", "From": "debian:stable-slim"}
    assert len(re.findall(r"^%", RECIPE.read_text(), re.M)) == len(sections()) - 1


@pytest.mark.parametrize("name", ["post", "environment", "runscript", "test"])
def test_scripts_are_a_shell_s(name, tmp_path):
    script = tmp_path / "script.sh"
    script.write_text("#!/bin/sh\n" + sections()[name])
    subprocess.run(["sh", "-n", script], check=True)
    subprocess.run(["shellcheck", "--severity=warning", script], check=True)


def test_the_targets_it_makes_are_the_makefiles():
    for command in commands("post"):
        if command[0] == "make":
            subprocess.run(["make", "--dry-run", *command[1:]], cwd=ROOT, check=True, capture_output=True)
    assert [command[1] for command in commands("post") if command[0] == "make"] == ["deps-build", "install"]


def test_its_own_test_passes_with_what_is_built(build_dir, tmp_path):
    script = sections()["test"].replace("/opt/berg/bin/python", "/usr/bin/python3")
    environment = {**os.environ, "PATH": f"{build_dir}:{os.environ['PATH']}", "PYTHONPATH": str(build_dir / "python"), "HOME": str(tmp_path)}
    subprocess.run(["sh", "-e", "-c", script], check=True, capture_output=True, env=environment)


def test_the_run_script_hands_arguments_on(build_dir):
    done = subprocess.run(["sh", "-c", sections()["runscript"], "run", "--version"], capture_output=True, text=True,
                          env={**os.environ, "PATH": f"{build_dir}:{os.environ['PATH']}"}, check=True)
    assert re.fullmatch(r"berg \d+\.\d+\.\d+\n", done.stdout)
