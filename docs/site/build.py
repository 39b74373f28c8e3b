"""build.py BUILD FOLDER: makes the site of this version in FOLDER/VERSION, from the pages that are there, the manual page, berg.h, the
package in BUILD/python and the tutorials, which are run over small data that scripts/demo.sh makes in FOLDER-work. Asks no network."""

import os
import pathlib
import re
import shutil
import subprocess
import sys

import theme

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DEMO_SIZE = "--voxels 4000 --concepts 20"

PAGES = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"]
# Files that pages link to and that are no pages: they are there to be downloaded.
FILES = ["CITATION.cff", "include/berg.h"]

CONTENTS = """
```{toctree}
:caption: First
:hidden:

%(first)s
```

```{toctree}
:caption: Guides
:hidden:

%(guides)s
```

```{toctree}
:caption: Reference
:hidden:

reference/berg.1
reference/c/index
reference/python
docs/file-formats
docs/selections
```

```{toctree}
:caption: The project
:hidden:

CHANGELOG
ARCHITECTURE
CONTRIBUTING
SECURITY
docs/DEPENDENCIES
docs/PERFORMANCE
```
"""
TUTORIALS = ["responses", "training", "questions"]  # in the order to be read
NOT_GUIDES = {"file-formats", "selections", "DEPENDENCIES", "PERFORMANCE", "install"}


def version():
    text = (ROOT / "include/berg.h").read_text(encoding="utf-8")
    return ".".join(re.findall(r"#define BERG_VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", text))


def copied(source, target, change=lambda text: text):
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(change(source.read_text(encoding="utf-8")), encoding="utf-8")


def to_index(text):
    """README.md is the site's first page, and a tutorial is shown as it ran."""
    text = re.sub(r"\]\(((?:\.\./)?)README\.md", r"](\1index.md", text)
    return re.sub(r"(\]\([\w/.]*tutorials/\w+)\.py\)", r"\1.md)", text)


def contents():
    guides = sorted(path.stem for path in (ROOT / "docs").glob("*.md") if path.stem not in NOT_GUIDES)
    first = [f"docs/{path.stem}" for path in (ROOT / "docs").glob("install.md")]
    return CONTENTS % {"first": "\n".join([*first, *(f"docs/tutorials/{name}" for name in TUTORIALS)]),
                       "guides": "\n".join(f"docs/{name}" for name in guides)}


def lay_pages(source):
    """Markdown as it lies in the repository, so that its links hold."""
    for name in PAGES:
        copied(ROOT / name, source / name.replace("README", "index"), to_index)
    for path in (ROOT / "docs").glob("*.md"):
        copied(path, source / "docs" / path.name, to_index)
    with open(source / "index.md", "a", encoding="utf-8") as file:
        file.write(contents())
    for name in [*FILES, *(str(path.relative_to(ROOT)) for path in (ROOT / "examples").glob("*.ipynb"))]:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    shutil.copytree(ROOT / "docs/images", source / "docs/images")


def lay_manual(source):
    page = subprocess.run(["mandoc", "-T", "html", "-O", "fragment", ROOT / "docs/berg.1"], check=True, capture_output=True, text=True).stdout
    body = page[page.index('<div class="manual-text">'):]
    body = re.sub(r"<(/?)h2\b", r"<\1h3", body)
    body = re.sub(r"<(/?)h1\b", r"<\1h2", body)
    sections = re.findall(r'<h2 class="Sh" id="([^"]+)">', body)
    links = "\n".join(f'<a href="#{name}">{name.replace("_", " ").lower()}</a> &middot;' for name in sections)
    (source / "reference/berg.1.html").write_text(f"<p>{links.removesuffix(' &middot;')}</p>\n{body}", encoding="utf-8")
    (source / "reference/berg.1.md").write_text("# The program: berg(1)\n\n```{eval-rst}\n.. raw:: html\n   :file: berg.1.html\n```\n", encoding="utf-8")


def lay_references(source):
    import header
    import package

    (source / "reference/c").mkdir(parents=True)
    for name, text in header.pages((ROOT / "include/berg.h").read_text(encoding="utf-8")).items():
        (source / f"reference/c/{name}.rst").write_text(text, encoding="utf-8")
    (source / "reference/python.rst").write_text(package.page(), encoding="utf-8")
    lay_manual(source)


def run(what, command, **options):
    """A program of which the site is made; where it fails, what it said is enough."""
    if subprocess.run(command, check=False, **options).returncode:
        sys.exit(f"docs: {what} failed")


def made_demo(build, work):
    """The demo's model of simulated data, made once."""
    demo = work / "demo"
    if not (demo / "report.html").exists():
        print("docs: a model of simulated data, for the tutorials", flush=True)
        with open(work / "demo.log", "w", encoding="utf-8") as log:
            run(f"scripts/demo.sh, of which {log.name} tells,", [ROOT / "scripts/demo.sh"], cwd=ROOT, stdout=log, stderr=log,
                env={**os.environ, "BERG_BUILD": str(build), "DEMO_FOLDER": str(demo), "DEMO_SIZE": DEMO_SIZE})
    return demo


def is_newer(made, *sources):
    return made.exists() and all(made.stat().st_mtime > source.stat().st_mtime for source in sources)


def lay_tutorials(source, build, work):
    """Those whose source, or the library that they ran with, is newer than what they showed are run."""
    folder = work / "tutorials"
    folder.mkdir(exist_ok=True)
    demo = made_demo(build, work)
    for name in TUTORIALS:
        if is_newer(folder / f"{name}.ipynb", ROOT / f"docs/tutorials/{name}.py", HERE / "notebook.py", build / "libberg.so"):
            continue
        print(f"docs: tutorial {name}", flush=True)
        out = work / f"tutorial-{name}"
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(ROOT / "examples/images", out / "photos")
        environment = {**os.environ, "PYTHONPATH": str(build / "python"), "BERG_DIR": str(demo / "models"), "MPLBACKEND": "Agg",
                       "PATH": f"{build}:{os.environ['PATH']}"}
        run(f"tutorial {name}", [sys.executable, HERE / "notebook.py", ROOT / f"docs/tutorials/{name}.py", folder], cwd=out, env=environment)
    shutil.copytree(folder, source / "docs/tutorials")


def write_versions(folder):
    """The first page of all versions, which stay where they are: the newest is what index.html leads to."""
    there = sorted((path.name for path in folder.iterdir() if re.fullmatch(r"\d+\.\d+\.\d+", path.name)),
                   key=lambda name: [int(part) for part in name.split(".")], reverse=True)
    head = '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
    style = "<style>:root { color-scheme: light dark } body { font: 1rem/1.5 sans-serif; margin: 3rem auto; max-width: 40rem; padding: 0 1rem }</style>\n"
    items = "\n".join(f'<li><a href="{name}/index.html">libberg {name}</a></li>' for name in there)
    (folder / "versions.html").write_text(f"{head}<title>libberg: all versions</title>\n{style}<h1>libberg</h1>\n<ul>\n{items}\n</ul>\n</html>\n",
                                          encoding="utf-8")
    (folder / "index.html").write_text(f'{head}<meta http-equiv="refresh" content="0; url={there[0]}/index.html">\n<title>libberg</title>\n'
                                       f'<p><a href="{there[0]}/index.html">libberg {there[0]}</a></p>\n</html>\n', encoding="utf-8")


def main(build, folder):
    work = folder.with_name(folder.name + "-work")
    source = work / "source"
    shutil.rmtree(source, ignore_errors=True)
    (source / "reference").mkdir(parents=True)
    sys.path.insert(0, str(build / "python"))
    lay_pages(source)
    lay_references(source)
    lay_tutorials(source, build, work)
    for name in ("conf.py", "templates"):
        (shutil.copytree if (HERE / name).is_dir() else shutil.copy)(HERE / name, source / name)
    (source / "static").mkdir()
    shutil.copy(HERE / "site.css", source / "static")
    place = folder / version()
    shutil.rmtree(place, ignore_errors=True)
    run("Sphinx", [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-E", "-d", work / "doctrees", "-b", "html", source, place],
        env={**os.environ, "BERG_SITE_VERSION": version()})
    theme.mend(place / "_static")
    write_versions(folder)
    return subprocess.run([sys.executable, HERE / "links.py", folder], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*(pathlib.Path(argument).resolve() for argument in sys.argv[1:3])))
