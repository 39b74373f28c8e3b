"""The calls of upstream's card and our own examples, but for the path, the elided list, and fewer images."""

import pathlib
import re

import numpy as np
import pytest

from berg import _berg
from berg.core import cards
from berg.core.parameter_validator import ValidationError

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PLACE = "path/to/brain-encoding-response-generator"

# The calls that upstream's card shows. Its stimulus is int64, which upstream turns into black images.
CARD = """
from berg import BERG

berg = BERG(berg_dir="path/to/brain-encoding-response-generator")
model = berg.get_encoding_model(
    "fmri-things_fmri_1-vit_b_32",
    subject=1,
    selection={
        "roi": ["V1", "V2", "IT"],
        "voxel_index": [0, 0, '...', 1, 1, 0]
    }
)
stimulus = np.random.randint(0, 255, (100, 3, 256, 256))
responses = berg.encode(
    model,
    stimulus,
    show_progress=True
)
whole_brain = responses
responses, metadata = berg.encode(
    model,
    stimulus,
    return_metadata=True
)
from_encode = metadata
metadata = berg.get_model_metadata(
    "fmri-things_fmri_1-vit_b_32",
    subject=1
)
"""


@pytest.fixture
def torch_cache(backbone_files, tmp_path, monkeypatch):
    """The backbone where torch keeps it, as no example names one."""
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    (folder / "vit_b_32-d86f8d99.pth").symlink_to(backbone_files["old"])
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))


@pytest.fixture
def five_models(small_berg_dir, siblings_dir, tmp_path):
    """One folder with all that is there."""
    place = tmp_path / "five" / "encoding_models"
    for source in (small_berg_dir, siblings_dir):
        for data_set in source.glob("encoding_models/*/*"):
            link = place / data_set.relative_to(source / "encoding_models")
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(data_set)
    return place.parent


@pytest.fixture
def run(five_models, torch_cache):
    def run(code, images=4):
        assert PLACE in code and "(100, 3, " in code
        code = code.replace(PLACE, str(five_models)).replace("(100, 3, ", f"({images}, 3, ")
        names = {"np": np}
        exec(compile(code, "example", "exec"), names)
        return names

    return run


def test_card(run):
    index = [0, 0, *[0, 1] * 298, 1, 0]
    assert len(index) == 600
    names = run(CARD.replace("[0, 0, '...', 1, 1, 0]", str(index)))
    assert names["stimulus"].dtype == np.int64
    roi = names["metadata"]["roi"]
    voxels = np.concatenate([roi["V1"], roi["V2"], roi["IT"], np.flatnonzero(index)])
    assert np.array_equal(names["model"].selected_voxels, voxels)
    assert names["responses"].shape == (4, len(voxels)) and names["responses"].dtype == np.float32
    assert np.array_equal(names["responses"], names["whole_brain"])
    assert np.ptp(names["responses"], axis=0).min() > 0
    as_bytes = names["berg"].encode(names["model"], names["stimulus"].astype(np.uint8))
    assert np.array_equal(as_bytes, names["responses"])
    assert list(names["from_encode"]) == list(names["metadata"]) == ["fmri", "encoding_model", "prf", "roi"]


def test_card_with_its_dots(run):
    with pytest.raises(
        ValidationError, match=r"voxel_index: expected 0 or 1 in every place, found '\.\.\.' in place 2"
    ):
        run(CARD)


@pytest.mark.parametrize("name", _berg.model_ids())
def test_our_cards(run, name):
    names = run(cards.load(name)["example_usage"], 3)
    arrays = [names[key] for key in ("responses", "left", "right") if key in names]
    assert arrays and all(len(array) == 3 for array in arrays) and isinstance(names["metadata"], dict)


def test_readme(run):
    example, *_ = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)  # encoding comes first
    names = run(example)
    assert names["responses"].shape[0] == 4 and names["metadata"]["fmri"]["voxel_coords"].shape == (600, 3)
    assert np.array_equal(names["voxels"], names["responses"]) and names["channels"].shape == (4, 4, 2, 140)


def test_page_for_python(run, capsys):
    examples = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(), re.DOTALL)
    names = run("".join(examples), 3)  # the second goes on where the first ends
    assert names["averaged"].shape == (3, 2, 140) and names["seconds"][20] == pytest.approx(0)
    assert names["sensors"].shape[0] == 3
    assert re.fullmatch(r"\[ *\d+ +\d+ +\d+\]\n", capsys.readouterr().out)
