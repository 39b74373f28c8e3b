"""The site that `make docs` built: an entry for each name, tutorials with what they show, nothing that leads nowhere."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("BERG_BUILD", ROOT / "build"))
sys.path[:0] = [str(ROOT / "docs/site"), str(BUILD / "python")]

import build as site_build  # noqa: E402
import links  # noqa: E402
import package  # noqa: E402

SITE = BUILD / "docs" / site_build.version()


def anchors(folder):
    return {anchor for page in folder.rglob("*.html") for anchor in links.Reader(page.read_text()).anchors}


def test_no_link_leads_nowhere_and_nothing_is_loaded_from_elsewhere():
    wrong, _ = links.check(BUILD / "docs")
    assert not wrong


def test_each_name_of_the_header_has_an_entry():
    there = anchors(SITE / "reference/c")
    code = re.sub(r"/\*.*?\*/", "", (ROOT / "include/berg.h").read_text(), flags=re.DOTALL)
    names = re.findall(r"^BERG_API [^;(]*?\b(berg_\w+)\(", code, re.MULTILINE)
    assert len(names) > 150 and not [name for name in names if f"c.{name}" not in there]


def test_each_public_name_of_the_package_has_an_entry():
    there = links.Reader((SITE / "reference/python.html").read_text()).anchors
    assert not [name for names in package.GROUPS.values() for name in names if name not in there]


def test_the_manual_is_there_with_each_command():
    there = links.Reader((SITE / "reference/berg.1.html").read_text()).anchors
    commands = re.findall(r"^\.Ss (\w+)$", (ROOT / "docs/berg.1").read_text(), re.MULTILINE)
    assert len(commands) > 20 and not [name for name in commands if name not in there]


@pytest.mark.parametrize("name", site_build.TUTORIALS)
def test_a_tutorial_shows_what_it_computed(name):
    page = (SITE / f"docs/tutorials/{name}.html").read_text()
    assert len(re.findall(r'<img alt="Figure: ', page)) >= 2 and f"{name}.ipynb" in page


def test_all_versions_are_named():
    assert f'href="{SITE.name}/index.html"' in (SITE.parent / "versions.html").read_text()
    assert SITE.name in re.search(r"<title>(.*?)</title>", (SITE / "index.html").read_text())[1]


def test_a_link_to_an_anchor_that_is_not_there_is_found(tmp_path):
    """Of pages too that this version's site is made of: the check is not blind to them."""
    subprocess.run(["cp", "-r", SITE, tmp_path / "site"], check=True)
    page = tmp_path / "site/docs/models.html"
    text = page.read_text()
    page.write_text(text.replace('id="selection"', 'id="elsewhere"'))
    assert page.read_text() != text
    wrong, _ = links.check(tmp_path / "site")
    assert any("models.html#selection: there is no such anchor" in line for line in wrong)
