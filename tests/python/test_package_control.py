"""control: the dict, its figure, and what raises."""

import json
import subprocess

import pytest

import berg
from berg.core.exceptions import InvalidParameterError

MODEL = "fmri-things_fmri_1-vit_b_32"
ASKED = {"min_ceiling": 4, "draws": 50, "permutations": 50}


@pytest.fixture(scope="module")
def store(build_dir, small_berg_dir, tmp_path_factory):
    path = tmp_path_factory.mktemp("control") / "store"
    subprocess.run([build_dir / "tests/make_store", path, small_berg_dir, MODEL, "1,2,3", "400", "2"], check=True)
    return berg.ScoreStore(path)


def test_the_same_as_the_program(store, build_dir, small_berg_dir):
    found = berg.control(store, ["V1", "IT"], berg_dir=small_berg_dir, cv=True, seed=4, **ASKED)
    done = subprocess.run([build_dir / "berg", "control", store.path, "V1", "IT", "--cv", "--min-ceiling", "4", "--draws", "50",
                           "--permutations", "50", "--seed", "4", "--berg-dir", small_berg_dir, "-o", "-"], capture_output=True,
                          check=True)
    assert found == json.loads(done.stdout)


def test_regions_and_subjects(store, small_berg_dir, monkeypatch):
    monkeypatch.setenv("BERG_DIR", str(small_berg_dir))
    result = berg.control(store, subjects=[1, 3], **ASKED)
    assert result["subjects"] == ["1", "3"]
    regions = len(result["regions"])
    assert regions > 10 and len(result["pairs"]) == regions * (regions - 1) // 2
    assert "responses" not in result


class Bar:
    """What tqdm is to the package; `calls` has what bars were moved to, `stop` ends the first that moves."""
    calls, stop = [], False

    def __init__(self, total, desc, unit):
        self.n, self.total = 0, total

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def update(self, steps):
        if Bar.stop:
            raise KeyError("enough")
        self.n += steps
        Bar.calls.append((self.n, self.total))


def test_progress_of_the_search_and_cancelling(store, small_berg_dir, monkeypatch):
    monkeypatch.setattr("berg.core.progress._tqdm", lambda: Bar)
    asked = {"berg_dir": small_berg_dir, "multivariate": True, "generations": 6, "images": 10, "show_progress": True, **ASKED}
    result = berg.control(store, ("V1", "IT"), **asked)
    assert Bar.calls == [(i + 1, 12) for i in range(12)]
    assert [len(c["curve"]) for c in result["pairs"][0]["conditions"]] == [6, 6]
    monkeypatch.setattr(Bar, "stop", True)
    with pytest.raises(KeyError, match="enough"):
        berg.control(store, ("V1", "IT"), **asked)


@pytest.mark.parametrize("ending, begins", [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_figures(store, small_berg_dir, tmp_path, ending, begins):
    for name, asked in (("u", {"responses": True, "cv": True}), ("m", {"multivariate": True, "generations": 3, "images": 8})):
        result = berg.control(store, ["V1", "IT", "lLOC"], berg_dir=small_berg_dir, **ASKED, **asked)
        path = tmp_path / f"{name}.{ending}"
        berg.plot_control(result, path, pair=2)
        assert path.read_bytes().startswith(begins)
        if ending == "svg":
            assert "IT and lLOC" in path.read_text() and path.read_text().count("<path") > 3
        with pytest.raises(FileExistsError):
            berg.plot_control(result, path)


def test_figures_of_other_things(store, small_berg_dir, tmp_path):
    bare = berg.control(store, ["V1", "IT"], berg_dir=small_berg_dir, **ASKED)
    for result, pair, says in ((bare, 0, "no responses of all images"), (bare, 1, "no pair 1 among 1"), ({}, 0, "not berg_control's"),
                               ([1], 0, "not berg_control's")):
        with pytest.raises(Exception, match=says):
            berg.plot_control(result, tmp_path / "x.svg", pair)
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_asked(store, small_berg_dir):
    for regions, asked in ((["V1", "IT"], {"margin": -1}), (["V1", "IT"], {"subjects": [4]}), (["V1"], {}), (["V1", "no"], {}),
                           (["V1", "IT"], {"images": 401})):
        with pytest.raises(InvalidParameterError):
            berg.control(store, regions, berg_dir=small_berg_dir, **{**ASKED, **asked})
