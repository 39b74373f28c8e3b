"""compare: the dict, and what raises."""

import numpy as np
import pytest

import berg
from berg.core.exceptions import BERGError, InvalidParameterError


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("compare"), np.random.default_rng(5)
    a = rng.normal(size=(7, 12)).astype(np.float32)
    b = a + rng.normal(scale=0.01, size=a.shape).astype(np.float32)
    np.save(folder / "a.npy", a)
    np.save(folder / "b.npy", b)
    np.save(folder / "c.npy", a[:, 1:])
    return folder, a.astype(np.float64), b.astype(np.float64)


def test_equal(files):
    report = berg.compare(files[0] / "a.npy", str(files[0] / "a.npy"))
    assert (report["verdict"], report["reasons"], report["equal"]) == ("equal", [], 84)


def test_different_is_an_answer(files):
    folder, a, b = files
    report = berg.compare(folder / "a.npy", folder / "b.npy", threads=1)
    assert report["verdict"] == "different" and report["reasons"]
    assert report["mean_absolute_difference"] == pytest.approx(np.abs(a - b).mean())
    r = [np.corrcoef(x, y)[0, 1] for x, y in zip(a.T, b.T)]
    assert report["column_correlation"]["mean"] == pytest.approx(np.mean(r))
    assert "shapes differ" in berg.compare(folder / "a.npy", folder / "c.npy")["reasons"][0]


def test_tolerances(files):
    folder, a, b = files
    paths = folder / "a.npy", folder / "b.npy"
    assert berg.compare(*paths, atol=np.abs(a - b).max())["verdict"] == "within tolerances"
    assert berg.compare(*paths, atol=0.5 * np.abs(a - b).max())["verdict"] == "different"
    assert berg.compare(*paths, min_correlation=0.9, min_voxel_correlation=0.9)["verdict"] == "within tolerances"
    assert berg.compare(*paths, min_voxel_correlation=1)["verdict"] == "different"


def test_regions(files, small_berg_dir, small_subject, tmp_path):
    _, metadata = small_subject
    voxels = len(metadata["fmri"]["voxel_coords"])
    np.save(tmp_path / "a.npy", np.random.default_rng(1).normal(size=(3, voxels)))
    np.save(tmp_path / "metadata.npy", metadata)
    report = berg.compare(tmp_path / "a.npy", tmp_path / "a.npy", metadata=tmp_path / "metadata.npy")
    assert {roi["roi"]: roi["columns"] for roi in report["rois"]} == {
        name: len(members) for name, members in metadata["roi"].items() if len(members)}


def test_what_is_wrong_raises(files):
    a = files[0] / "a.npy"
    with pytest.raises(BERGError, match="nowhere.npy"):
        berg.compare(a, files[0] / "nowhere.npy")
    for wrong in ({"atol": -1}, {"rtol": float("inf")}, {"min_correlation": 1.5}):
        with pytest.raises(InvalidParameterError):
            berg.compare(a, a, **wrong)
    with pytest.raises(TypeError):
        berg.compare(a, a, tolerance=1)


def test_names_of_any_bytes(files, tmp_path):
    odd = tmp_path / "\udcff.npy"
    odd.write_bytes((files[0] / "a.npy").read_bytes())
    assert berg.compare(odd, odd)["verdict"] == "equal"
