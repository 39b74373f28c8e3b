"""notebook.py SOURCE FOLDER: runs a tutorial kept in percent format and writes it twice, with what its cells show: as a page
(Markdown and pictures) and as a Jupyter notebook. Cells begin with "# %%"; those with "# %% [markdown]" are text."""

import ast
import base64
import contextlib
import io
import json
import pathlib
import sys

CELL = "# %%"


def cells(source):
    """[(is text, lines)]; what stands before the first cell is no part of it."""
    made = []
    for line in source.split("\n"):
        if line.startswith(CELL):
            made.append(("[markdown]" in line, []))
        elif made:
            made[-1][1].append(line)
    return [(is_text, "\n".join(lines).strip("\n")) for is_text, lines in made]


def prose(lines):
    return "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines.split("\n"))


def run(code, names, label):
    """(what was printed, the value of a last line that is an expression)."""
    tree = ast.parse(code, label)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, label, "exec"), names)
        value = eval(compile(ast.Expression(last.value), label, "eval"), names) if last else None
    return printed.getvalue(), value


def shown(value):
    """{media type: content} as a notebook keeps it: pictures as base64 or SVG, and text."""
    if value is None:
        return {}
    if hasattr(value, "savefig"):  # matplotlib's
        kept = io.BytesIO()
        value.savefig(kept, format="png", dpi=110, bbox_inches="tight")
        return {"image/png": base64.b64encode(kept.getvalue()).decode(), "text/plain": "<Figure>"}
    if hasattr(value, "_repr_svg_"):
        return {"image/svg+xml": value._repr_svg_(), "text/plain": repr(value)}
    if hasattr(value, "_repr_png_"):
        return {"image/png": base64.b64encode(value._repr_png_()).decode(), "text/plain": "<picture>"}
    return {"text/plain": repr(value)}


class Page:
    """The page as it grows, and its pictures."""

    def __init__(self, folder, name):
        self.folder, self.name, self.lines, self.pictures, self.about = folder, name, [], 0, name

    def text(self, words):
        headings = [line.lstrip("# ") for line in words.split("\n") if line.startswith("#")]
        self.about = headings[-1] if headings else self.about
        self.lines += [words, ""]

    def block(self, language, content):
        self.lines += [f"```{language}", content.rstrip("\n"), "```", ""]

    def picture(self, ending, content):
        self.pictures += 1
        file = self.folder / f"{self.name}-{self.pictures}.{ending}"
        file.write_bytes(content)
        self.lines += [f"![Figure: {self.about}]({file.name})", ""]

    def output(self, printed, bundle):
        if printed:
            self.block("text", printed)
        if "image/png" in bundle:
            self.picture("png", base64.b64decode(bundle["image/png"]))
        elif "image/svg+xml" in bundle:
            self.picture("svg", bundle["image/svg+xml"].encode())
        elif bundle:
            self.block("text", bundle["text/plain"])


def notebook_cell(number, is_text, source, printed="", bundle=None):
    cell = {"cell_type": "markdown" if is_text else "code", "id": f"cell-{number}", "metadata": {}, "source": source}
    if not is_text:
        outputs = [{"output_type": "stream", "name": "stdout", "text": printed}] if printed else []
        if bundle:
            outputs.append({"output_type": "execute_result", "execution_count": number, "metadata": {}, "data": bundle})
        cell |= {"execution_count": number, "outputs": outputs}
    return cell


def make(source, folder):
    """Writes FOLDER/NAME.md, its pictures and NAME.ipynb."""
    page, kept, names = Page(folder, source.stem), [], {"__name__": "__main__"}
    for number, (is_text, lines) in enumerate(cells(source.read_text(encoding="utf-8")), 1):
        if is_text:
            words = prose(lines)
            page.text(words)
            kept.append(notebook_cell(number, True, words))
            continue
        printed, value = run(lines, names, f"{source.name}, cell {number}")
        bundle = shown(value)
        page.block("python", lines)
        page.output(printed, bundle)
        kept.append(notebook_cell(number, False, lines, printed, bundle))
    notebook = {"cells": kept, "metadata": {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}},
                "nbformat": 4, "nbformat_minor": 5}
    (folder / f"{source.stem}.ipynb").write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    page.lines += [f"*This page is a notebook that was run when the site was made: [{source.stem}.ipynb]({source.stem}.ipynb), with what "
                   "its cells show.*", ""]
    (folder / f"{source.stem}.md").write_text("\n".join(page.lines), encoding="utf-8")


if __name__ == "__main__":
    make(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve())
