"""The calls of upstream's card and our own examples, as they stand but for the path and the elided list."""

import pathlib
import re

import numpy as np
import pytest

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
def run(small_berg_dir, torch_cache):
    def run(code):
        assert PLACE in code
        names = {"np": np}
        exec(compile(code.replace(PLACE, str(small_berg_dir)), "example", "exec"), names)
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
    assert names["responses"].shape == (100, len(voxels)) and names["responses"].dtype == np.float32
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


def test_our_card(run, model_id):
    assert run(cards.load(model_id)["example_usage"])["responses"].shape[0] == 100


def test_readme(run):
    example, *_ = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)  # encoding comes first
    names = run(example)
    assert names["responses"].shape[0] == 100 and names["metadata"]["fmri"]["voxel_coords"].shape == (600, 3)


def test_page_for_python(run, capsys):
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "python.md").read_text(), re.DOTALL)
    run(example)
    assert re.fullmatch(r"\[ *\d+ +\d+ +\d+\]\n", capsys.readouterr().out)
