"""The page and the plot from Python."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest

import berg as package
from berg.core import exceptions


def test_plot_shows_in_a_notebook(small_berg_dir, model_id, tmp_path):
    plot = package.plot_accuracy(model_id, berg_dir=small_berg_dir, subject=[1, 3])
    root = ElementTree.fromstring(plot._repr_svg_())
    titles = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")]
    assert titles[0] == "Accuracy of each region"
    assert any(title.startswith("V1, sub-03: r² 0.") for title in titles)
    assert not any("sub-02" in title for title in titles)
    plot.save(tmp_path / "plot.svg")
    assert (tmp_path / "plot.svg").read_text(encoding="utf-8") == plot.svg
    with pytest.raises(FileExistsError):
        plot.save(tmp_path / "plot.svg")


def test_bars_are_the_metadata(small_berg_dir, small_subject, model_id):
    _, metadata = small_subject
    svg = package.plot_accuracy(model_id, berg_dir=small_berg_dir).svg
    for name, voxels in metadata["roi"].items():
        r = np.maximum(metadata["encoding_model"]["correlation_results"][voxels].mean(), 0) ** 2
        limit = np.sqrt(metadata["encoding_model"]["noise_ceiling_testset"][voxels] / 100).mean() ** 2
        assert f"<title>{name}, sub-01: r² {r:.4f}, ceiling {limit:.4f}</title>" in svg


def test_report(small_berg_dir, model_id, tmp_path):
    page = tmp_path / "report.html"
    package.report(model_id, page, berg_dir=str(small_berg_dir), subject=(1, 2, 3), figures=tmp_path / "figures",
                   json=tmp_path / "report.json")
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert (tmp_path / "figures/encoding_accuracy.png").exists() and (tmp_path / "report.json").exists()
    with pytest.raises(FileExistsError):
        package.report(model_id, page, berg_dir=small_berg_dir)
    package.report(model_id, page, berg_dir=small_berg_dir, force=True)


@pytest.mark.parametrize("model, options, kind", [
    ("no-such-model", {}, exceptions.ModelNotFoundError),
    (None, {"subject": 4}, exceptions.InvalidParameterError),
    (None, {"subject": [1, 1]}, exceptions.InvalidParameterError),
    (None, {"subject": []}, exceptions.InvalidParameterError),
    (None, {"berg_dir": "/nowhere"}, exceptions.ModelLoadError),
    (None, {"berg_dir": None}, exceptions.ModelLoadError),
    (None, {"subject": "1"}, exceptions.InvalidParameterError)])
def test_what_is_wrong_raises(small_berg_dir, model_id, tmp_path, model, options, kind):
    for call in (lambda **given: package.plot_accuracy(model or model_id, **given),
                 lambda **given: package.report(model or model_id, tmp_path / "r.html", **given)):
        with pytest.raises(kind):
            call(**{"berg_dir": small_berg_dir, **options})
    assert not list(tmp_path.iterdir())
