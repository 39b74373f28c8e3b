"""CITATION.cff is in order, and its check finds what is not."""
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECK = ROOT / "tests" / "check_citation.py"


def check(root):
    done = subprocess.run([sys.executable, CHECK, root], capture_output=True, text=True)
    return done.returncode, done.stdout.splitlines()


def test_this_one_is_in_order():
    assert check(ROOT) == (0, [])


@pytest.mark.parametrize("old, new, message", [
    ("cff-version: 1.2.0", "cff-version: 1.1.0", "cff-version is '1.1.0', not '1.2.0'"),
    ("title: libberg\n", "", "title is missing"),
    ("license:", "licence:", "licence is no key of the format"),
    ("  - name: The libberg developers", "  - names: The libberg developers",
     "the software: {'names': 'The libberg developers'} is neither an entity nor a person"),
    ("authors:\n  - name: The libberg developers\n", "authors: []\n", "the software: authors is no list of one or more"),
    ("  - type: article\n    title: THINGS", "  - title: THINGS", "a reference has no type"),
    ("\nversion: ", "\nversion: 9", "version is 9"),
])
def test_a_fault_is_found(tmp_path, old, new, message):
    text = (ROOT / "CITATION.cff").read_text()
    assert old in text
    (tmp_path / "CITATION.cff").write_text(text.replace(old, new, 1))
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "berg.h").write_text((ROOT / "include" / "berg.h").read_text())
    status, lines = check(tmp_path)
    assert status == 1 and len(lines) == 1
    assert lines[0].startswith(f"CITATION.cff: {message}")
