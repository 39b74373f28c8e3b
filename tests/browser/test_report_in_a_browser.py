"""The page of `berg report` in Chromium, at desktop and phone width, on light and dark paper. Not part of `make
test`: `make test-browser`. BERG_SCREENSHOTS=DIR keeps what it looked like."""
import os
import pathlib
import subprocess

import html5lib
import pytest

from chromium import PROGRAM, Chromium
from report_page import Report, metadata_of, save

pytestmark = pytest.mark.skipif(not PROGRAM, reason="Chromium is not installed")

# Relative luminance and contrast as WCAG 2.1 defines them.
CONTRAST = """
var light = c => { const [r, g, b] = c.match(/[\\d.]+/g).map(Number).map(v => v / 255)
  .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
var paper = light(getComputedStyle(document.body).backgroundColor);
var ratio = c => { const l = light(c); return (Math.max(l, paper) + 0.05) / (Math.min(l, paper) + 0.05); };
"""


@pytest.fixture(scope="module")
def report(berg_program, tmp_path_factory):
    berg_dir = tmp_path_factory.mktemp("models")
    for subject in (1, 2, 3):
        save(berg_dir, subject, metadata_of(subject, 9000))
    return Report(berg_program, berg_dir, tmp_path_factory.mktemp("report"), "1,2,3")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Chromium(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_page(report, browser, width, dark):
    requests, logged = browser.open(report.page, width, dark)
    assert [url for url in requests if not url.startswith("data:")] == [report.page.resolve().as_uri()]
    assert logged == []
    browser.ask("document.querySelectorAll('details').forEach(d => d.open = true)")
    # Nothing is wider than the window; tables scroll within themselves.
    assert browser.ask("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    # Words of figures lie within them and not on each other.
    assert browser.ask("""[...document.querySelectorAll('svg text')].filter(t => {
        const a = t.getBoundingClientRect(), b = t.ownerSVGElement.getBoundingClientRect();
        return a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 1 || a.bottom > b.bottom + 1;
      }).map(t => t.textContent)""") == []
    assert browser.ask("""[...document.querySelectorAll('svg')].flatMap(s => {
        const all = [...s.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
        return all.flatMap(([x, a], i) => all.slice(i + 1).filter(([y, b]) =>
          a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3)
          .map(([y]) => x + ' / ' + y));
      })""") == []
    colours = browser.ask(CONTRAST + """
      [...new Set([...document.querySelectorAll('h1, p, a, figcaption, td, th, dt, dd, summary, code, svg text')]
        .map(e => e.ownerSVGElement ? getComputedStyle(e).fill : getComputedStyle(e).color))]
        .map(c => [c, ratio(c)])""")
    assert all(ratio >= 4.5 for _, ratio in colours), colours
    marks = browser.ask(CONTRAST + """
      [...new Set([...document.querySelectorAll('svg rect')].map(e => getComputedStyle(e).fill))]
        .map(c => [c, ratio(c)])""")
    assert all(ratio >= 3 for _, ratio in marks), marks
    if os.environ.get("BERG_SCREENSHOTS"):
        name = f"report-{width}-{'dark' if dark else 'light'}.png"
        browser.photograph(pathlib.Path(os.environ["BERG_SCREENSHOTS"]) / name)


def test_figure_files_open(report, browser):
    for path in sorted(report.figures.glob("*.svg")):
        requests, logged = browser.open(path, 1280)
        assert logged == [] and browser.ask("document.documentElement.tagName") == "svg"
        assert not [url for url in requests if not url.startswith(("data:", "file:"))]


def test_page_is_valid_html(report):
    parser = html5lib.HTMLParser()
    parser.parse(report.html)
    assert parser.errors == []


def test_figures_are_valid_xml(report):
    subprocess.run(["xmllint", "--noout", *report.figures.glob("*.svg")], check=True)
