"""The cells of examples/look.ipynb, in order, over a small subject."""

import ast
import json
import pathlib
import xml.etree.ElementTree as ElementTree

import nibabel
import numpy as np
import pytest

NOTEBOOK = pathlib.Path(__file__).resolve().parent.parent.parent / "examples" / "look.ipynb"


def run(source, names):
    """Runs a cell; gives the value of a last line that is an expression, which a notebook would show."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, NOTEBOOK.name, "exec"), names)
    return eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), names) if last else None


@pytest.fixture(scope="module")
def notebook():
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))


def test_it_is_a_notebook_without_outputs(notebook):
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    for cell in notebook["cells"]:
        assert cell["cell_type"] in ("code", "markdown")
        assert cell["cell_type"] == "markdown" or (cell["outputs"], cell["execution_count"]) == ([], None)


def test_its_cells_run(notebook, small_berg_dir, backbone_files, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("BERG_DIR", str(small_berg_dir))
    monkeypatch.setenv("BACKBONE", str(backbone_files["safetensors"]))
    monkeypatch.setenv("OUT", str(tmp_path))
    monkeypatch.chdir(NOTEBOOK.parent)
    names = {}
    shown = [run("".join(cell["source"]), names) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    images = len(list((NOTEBOOK.parent / "images").iterdir()))
    voxels = shown[0]
    assert shown[1] == (images, voxels)
    assert "column " in capsys.readouterr().out
    data = np.asanyarray(nibabel.load(tmp_path / "responses.nii.gz").dataobj)
    np.testing.assert_array_equal(data[tuple(names["voxels"].coordinates.T)].T, np.load(tmp_path / "responses.npy"))
    svg = next(value for value in shown if hasattr(value, "_repr_svg_"))._repr_svg_()
    assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert sorted(path.name for path in tmp_path.iterdir()) == \
        ["report.html", "responses.json", "responses.nii.gz", "responses.npy"]
