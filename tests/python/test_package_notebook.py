"""The cells of the notebooks of examples/, in order, over a small subject."""

import ast
import json
import pathlib
import xml.etree.ElementTree as ElementTree

import nibabel
import numpy as np
import pytest
from PIL import Image

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent.parent / "examples"


def run(source, names):
    """Runs a cell; gives the value of a last line that is an expression, which a notebook would show."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None


def read(name):
    return json.loads((EXAMPLES / f"{name}.ipynb").read_text(encoding="utf-8"))


@pytest.fixture
def run_all(small_berg_dir, backbone_files, tmp_path, monkeypatch):
    """run_all(NAME): the names that its cells leave, and what each of them shows; files go to tmp_path."""
    def run_all(name):
        monkeypatch.setenv("BERG_DIR", str(small_berg_dir))
        monkeypatch.setenv("BACKBONE", str(backbone_files["safetensors"]))
        monkeypatch.setenv("OUT", str(tmp_path))
        monkeypatch.chdir(EXAMPLES)
        names = {}
        return names, [run("".join(cell["source"]), names) for cell in read(name)["cells"] if cell["cell_type"] == "code"]

    return run_all


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.ipynb")))
def test_it_is_a_notebook_without_outputs(name):
    notebook = read(name)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    for cell in notebook["cells"]:
        assert cell["cell_type"] in ("code", "markdown")
        assert cell["cell_type"] == "markdown" or (cell["outputs"], cell["execution_count"]) == ([], None)


def test_look(run_all, tmp_path, capsys):
    names, shown = run_all("look")
    images = len(list((EXAMPLES / "images").iterdir()))
    voxels = shown[0]
    assert shown[1] == (images, voxels)
    assert "column " in capsys.readouterr().out
    data = np.asanyarray(nibabel.load(tmp_path / "responses.nii.gz").dataobj)
    np.testing.assert_array_equal(data[tuple(names["voxels"].coordinates.T)].T, np.load(tmp_path / "responses.npy"))
    svg = next(value for value in shown if hasattr(value, "_repr_svg_"))._repr_svg_()
    assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"
    assert sorted(path.name for path in tmp_path.iterdir()) == \
        ["report.html", "responses.json", "responses.nii.gz", "responses.npy"]


def test_questions(run_all, berg, whole_model, tmp_path):
    names, shown = run_all("questions")
    store, control = names["store"], names["control"]
    assert shown[1] == len(store) == len(list((tmp_path / "pictures").iterdir())) == 56
    assert all(isinstance(shown[cell], Image.Image) for cell in (2, 5, 6))
    strongest = int(np.nanargmax(np.abs(names["contrast"]["t"])))
    assert shown[3]["column"] == strongest and shown[3]["t"] == names["contrast"]["t"][strongest]
    # the first of the ranking, from responses
    responses = berg.encode(whole_model, store, show_progress=False).astype(float)
    rois = whole_model.voxels
    values = responses[:, rois.in_roi("V1")].mean(axis=1) - responses[:, rois.in_roi("hV4")].mean(axis=1)
    assert names["ranking"]["subjects"][0]["top"][0]["image"] == values.argmax()
    assert names["ranking"]["subjects"][0]["bottom"][0]["image"] == values.argmin()
    upper = np.triu_indices(len(store), 1)
    distances = [1 - np.corrcoef(responses[:, rois.in_roi(roi)])[upper] for roi in ("V1", "V2", "hV4")]
    np.testing.assert_allclose(shown[4], np.corrcoef(distances).round(2), atol=0.0101)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Images ranked by mean(V1) - mean(hV4)" in page and "Control of V1 and hV4" in page
    assert "could not be read" not in page
    assert sum(len(condition["images"]) for condition in control["pairs"][0]["conditions"]) >= 6
