"""What `make docs` is made with, as far as it needs no Sphinx: the C reference, the links, the notebooks."""
import json
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SITE = ROOT / "docs/site"
sys.path.insert(0, str(SITE))

import header  # noqa: E402
import links  # noqa: E402
import theme  # noqa: E402

SOURCE = (ROOT / "include/berg.h").read_text()


def declared():
    code = re.sub(r"/\*.*?\*/", "", SOURCE, flags=re.DOTALL)
    functions = re.findall(r"^BERG_API [^;(]*?\b(berg_\w+)\(", code, re.MULTILINE)
    types = re.findall(r"^\} (berg_\w+);|^typedef struct (berg_\w+) \2;|^typedef enum \w+ \{[^}]*\} (berg_\w+);|\(\*(berg_\w+_fn)\)", code, re.MULTILINE)
    return {*functions, *(name for found in types for name in found if name)}


def test_each_name_of_the_header_has_one_entry():
    entries = re.findall(r"^\.\. c:(?:function|struct|enum|type):: .*?\b(berg_\w+(?=\()|berg_\w+_fn|berg_\w+$)", "\n".join(header.pages(SOURCE).values()), re.M)
    assert len(declared()) > 150 and set(entries) == declared() and len(entries) == len(set(entries))


def test_a_comment_is_about_the_declaration_below_it():
    (_, _, entries), = header.sections_of("/* Opens. EINPUT. */\nBERG_API int berg_a_open(int a,\n                  int b);\nBERG_API int berg_b(void); /* 3 */\n")[:1]
    assert [(entry.signature, entry.text) for entry in entries] == [
        ("int berg_a_open(int a, int b)", "Opens. EINPUT."), ("int berg_b(void)", "Returns: 3")]


def test_text_of_a_comment_becomes_a_page():
    roles = {"berg_free": "func"}
    assert header.escaped("Takes `force`*, frees with berg_free, not berg_other: FILE:NAME (docs/models.md).", roles) == (
        r"Takes \ ``force``\ \*, frees with \ :c:func:`berg_free`\ , not berg\_other: FILE\:NAME (\ :doc:`docs/models.md </docs/models>`\ ).")


@pytest.mark.parametrize("body, told", [
    ('<a href="other.html#there">', []), ('<a href="#here"><p id="here">', []), ('<a href="https://example.org">', []),
    ('<a href="folder/">', []), ('<img src="a.png">', ["a.png: there is no such file"]),
    ('<a href="none.html">', ["none.html: there is no such file"]), ('<a href="other.html#no">', ["other.html#no: there is no such anchor"]),
    ('<a href="#no">', ["#no: there is no such anchor"]), ('<script src="https://cdn.example/x.js">', ["loads https://cdn.example/x.js"]),
    ('<link rel="stylesheet" href="//fonts.example/x.css">', ["loads //fonts.example/x.css"])])
def test_links(tmp_path, body, told):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/index.html").touch()
    (tmp_path / "other.html").write_text('<h1 id="there">')
    (tmp_path / "page.html").write_text(body)
    wrong, elsewhere = links.check(tmp_path)
    assert wrong == [f"page.html: {line}" for line in told] and elsewhere == re.findall(r"https://example.org", body)


@pytest.mark.parametrize("style, told", [
    ("a { background: url(a.png) }", ["a.png: there is no such file"]), ("@import url('here.css');", []),
    ("@import url(/javascript/x.css);", ["/javascript/x.css: there is no such file"]), ("a { content: url('data:image/svg+xml,<svg>') }", []),
    ("@import url(https://fonts.example/x.css);", ["loads https://fonts.example/x.css"])])
def test_what_style_sheets_load(tmp_path, style, told):
    (tmp_path / "here.css").write_text("")
    (tmp_path / "site.css").write_text(style)
    assert links.check(tmp_path)[0] == [f"site.css: {line}" for line in told]


def test_the_theme_is_mended_and_a_whole_one_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(theme, "JAVASCRIPT", tmp_path)
    (tmp_path / "n.css").write_text("html { margin: 0 }")
    for folder in ("styles", "scripts"):
        (tmp_path / folder).mkdir()
    style, script, module = tmp_path / "styles/furo.css", tmp_path / "scripts/furo.js", tmp_path / "scripts/spy.js"
    style.write_text('@import url(/javascript/n.css);\n@media not print {\n  body[data-theme="dark"] {\n    --ink: white; } }\n')
    module.write_text("var Spy = 1;")
    script.write_text('import Spy from "./spy.js";\nmain(Spy);\n')
    theme.mend(tmp_path)
    assert style.read_text().startswith("html { margin: 0 }\n@media not print") and "@import" not in style.read_text()
    assert re.search(r"prefers-color-scheme: dark\) \{\s+body:not\(\[data-theme=.light.\]\) \{\s+--ink: white; \}", style.read_text())
    assert script.read_text() == "var Spy = 1;\nmain(Spy);\n"
    whole = style.read_text(), script.read_text()
    theme.mend(tmp_path)
    assert (style.read_text(), script.read_text()) == whole


def run(folder, source):
    (folder / "made.py").write_text(source)
    (folder / "out").mkdir()
    done = subprocess.run([sys.executable, SITE / "notebook.py", "made.py", "out"], cwd=folder, capture_output=True, text=True)
    return done, folder / "out"


def test_a_tutorial_is_run(tmp_path):
    done, out = run(tmp_path, "# said nowhere\n# %% [markdown]\n# # Title\n#\n# Text.\n# %%\nclass Picture:\n    def _repr_svg_(self):\n"
                              "        return '<svg/>'\nprint('two', 1 + 1)\n# %%\nPicture()\n# %%\n6 * 7\n")
    assert done.returncode == 0, done.stderr
    page = (out / "made.md").read_text()
    assert page.startswith("# Title\n\nText.\n\n```python\nclass Picture:") and "said nowhere" not in page
    assert "```text\ntwo 2\n```" in page and "![Figure: Title](made-1.svg)" in page and "```text\n42\n```" in page
    assert (out / "made-1.svg").read_text() == "<svg/>"
    cells = json.loads((out / "made.ipynb").read_text())["cells"]
    assert [cell["cell_type"] for cell in cells] == ["markdown", "code", "code", "code"]
    assert cells[1]["outputs"][0]["text"] == "two 2\n" and cells[2]["outputs"][0]["data"]["image/svg+xml"] == "<svg/>"


def test_a_tutorial_that_fails_says_where(tmp_path):
    done, out = run(tmp_path, "# %% [markdown]\n# Text\n# %%\n1 / 0\n")
    assert done.returncode and 'File "made.py, cell 2", line 1' in done.stderr and not list(out.iterdir())


@pytest.mark.parametrize("path", sorted((ROOT / "docs/tutorials").glob("*.py")), ids=lambda path: path.stem)
def test_each_tutorial_is_one_of_the_site(path):
    import build
    import notebook
    assert path.stem in build.TUTORIALS
    kinds = [is_text for is_text, _ in notebook.cells(path.read_text())]
    assert kinds[0] and kinds.count(False) >= 3
