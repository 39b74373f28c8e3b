"""rank, contrast and draw_pictures: what the program gives, as Python has it, and what raises."""

import json
import subprocess

import numpy as np
import pytest
from PIL import Image

import berg
import scores
from berg.core.exceptions import BERGError, InvalidParameterError


@pytest.fixture(scope="module")
def store(build_dir, small_berg_dir, tmp_path_factory):
    path = scores.make_store(build_dir, tmp_path_factory.mktemp("asking") / "store", small_berg_dir, "1,2", 90)
    return berg.ScoreStore(path)


def test_rank_is_what_the_program_says(store, small_berg_dir, berg_program, tmp_path):
    expression, path = "mean(V1) - mean(V2)", tmp_path / "r.json"
    subprocess.run([berg_program, "rank", store.path, expression, "--berg-dir", small_berg_dir, "--top", "7", "--bottom", "2",
                    "--zscore", "-q", "-o", path], check=True)
    made = berg.rank(store, expression, berg_dir=small_berg_dir, top=7, bottom=2, zscore=True)
    assert made == json.loads(path.read_text())


@pytest.mark.parametrize("as_names", [False, True])
def test_rank_some_images(store, small_berg_dir, as_names):
    chosen = [5, 80, 33, 2]
    images = [store.names[image] for image in chosen] if as_names else np.array(chosen)
    made = berg.rank(store, "V1", berg_dir=small_berg_dir, subjects=2, images=images)
    values = scores.responses_of(store.path, small_berg_dir, 2)[:, scores.rois_of(small_berg_dir, 2)["V1"]].mean(axis=1)
    assert [item["image"] for item in made["subjects"][0]["top"]] == sorted(chosen, key=lambda image: -values[image])


def test_contrasts_are_arrays(store, small_berg_dir, tmp_path):
    listed = scores.write_list(tmp_path / "b.txt", range(30, 90))
    groups = {"a": range(30), "b": listed}
    one, other = berg.contrast(store, groups, ["a - b", "b - a"], berg_dir=small_berg_dir, subject=1, pooled=True)
    responses = scores.responses_of(store.path, small_berg_dir, 1)
    a, b = responses[:30], responses[30:]
    e = a.mean(axis=0) - b.mean(axis=0)
    sd = np.sqrt((29 * a.var(axis=0, ddof=1) + 59 * b.var(axis=0, ddof=1)) / 88)
    np.testing.assert_allclose(one["e"], e, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(one["d"], e / sd, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(other["t"], -one["t"])
    assert one["about"]["test"] == "pooled" and one["t"].dtype == np.float64
    some = berg.contrast(store, groups, berg_dir=small_berg_dir, subject=1, select="V1", fdr=0.99)
    assert set(np.flatnonzero(~np.isnan(some["t"]))) <= set(scores.rois_of(small_berg_dir, 1)["V1"])


def test_pictures(store, tmp_path):
    Image.new("RGB", (300, 300), (1, 2, 3)).save(tmp_path / "one.png")
    assert berg.draw_pictures({"top": [("one.png", "0.5"), "two.png"]}, tmp_path / "s.png", folder=tmp_path) == 1
    pixels = np.asarray(Image.open(tmp_path / "s.png").convert("RGB"))
    assert np.all(pixels == (1, 2, 3), axis=-1).sum() >= 220 * 220
    with pytest.raises(FileExistsError):
        berg.draw_pictures({"top": ["one.png"]}, tmp_path / "s.png")


def test_what_raises(store, small_berg_dir, tmp_path):
    with pytest.raises(InvalidParameterError, match="subjects: expected some of 1, 2, found 7"):
        berg.rank(store, "V1", berg_dir=small_berg_dir, subjects=7)
    with pytest.raises(InvalidParameterError, match="no \\) closes this"):
        berg.rank(store, "mean(V1", berg_dir=small_berg_dir)
    with pytest.raises(InvalidParameterError, match="subject: expected one, found 2"):
        berg.contrast(store, {"a": [1, 2], "b": [3, 4]}, berg_dir=small_berg_dir)
    with pytest.raises(InvalidParameterError, match="there is no group c"):
        berg.contrast(store, {"a": [1, 2], "b": [3, 4]}, "a - c", berg_dir=small_berg_dir, subject=1)
    with pytest.raises(BERGError, match="holds no image of the name nobody.jpg"):
        berg.contrast(store, {"a": [1, 2], "b": ["nobody.jpg", 4]}, berg_dir=small_berg_dir, subject=1)
    with pytest.raises(InvalidParameterError, match="correction"):
        berg.contrast(store, {"a": [1, 2], "b": [3, 4]}, berg_dir=small_berg_dir, subject=1, correction="fdr")
