"""berg rsm and berg rsa against rsatoolbox itself: calc_rdm, compare, load_rdm, the noise ceiling."""
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from rsatoolbox.data import Dataset
from rsatoolbox.inference import noise_ceiling
from rsatoolbox.rdm import RDMs, calc_rdm, compare, concat, load_rdm

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests/tools"), str(ROOT / "tests/oracle")]

import make_subject  # noqa: E402
import vit_oracle  # noqa: E402

BUILD = pathlib.Path(os.environ.get("BERG_BUILD", ROOT / "build")).resolve()
MODEL = "fmri-things_fmri_1-vit_b_32"
IMAGES = 60


@pytest.fixture(scope="module")
def berg_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("berg")
    for subject in (1, 2, 3):
        make_subject.make_subject(folder, subject, backbone=make_subject.BACKBONE)
    return folder


@pytest.fixture(scope="module")
def store(berg_dir, tmp_path_factory):
    path = tmp_path_factory.mktemp("similarity") / "store"
    subprocess.run([BUILD / "tests/make_store", path, berg_dir, MODEL, "1,2,3", str(IMAGES), "1"], check=True)
    return path


def berg(*arguments):
    subprocess.run([BUILD / "berg", *map(str, arguments), "-f"], check=True, capture_output=True)


def data(store, berg_dir, region, subject=1):
    weights, metadata = vit_oracle.load_subject(berg_dir, subject)
    rows = metadata["roi"][region]
    scores = np.load(store / f"scores_sub-0{subject}.npy").astype(np.float64)
    regression = weights["reg_param"]
    return Dataset(scores @ regression["coef_"][rows].astype(np.float64).T + regression["intercept_"][rows])


@pytest.mark.parametrize("ours, theirs", [("correlation", "correlation"), ("sqeuclidean", "euclidean")])
def test_rdms_are_those_of_calc_rdm(store, berg_dir, tmp_path, ours, theirs):
    path = tmp_path / "rdms.h5"
    berg("rsm", store, "--berg-dir", berg_dir, "--subject", 1, "--roi", "V1,IT", "--form", "rdms", "--metric", ours, "-o", path)
    found = load_rdm(str(path))
    expected = concat([calc_rdm(data(store, berg_dir, region), method=theirs) for region in ("V1", "IT")])
    assert found.n_cond == IMAGES and found.dissimilarity_measure == expected.dissimilarity_measure
    np.testing.assert_allclose(found.get_vectors(), expected.get_vectors(), rtol=1e-8, atol=1e-12)
    assert list(found.rdm_descriptors["region"]) == ["V1", "IT"]
    assert found.pattern_descriptors["image"][4] == "image-000004.jpg"


def test_condensed_is_the_order_of_rdms(store, berg_dir, tmp_path):
    path = tmp_path / "c.npy"
    berg("rsm", store, "--berg-dir", berg_dir, "--subject", 1, "--roi", "IT", "--form", "condensed", "--double", "-o", path)
    found = RDMs(np.load(path)[None])
    np.testing.assert_allclose(found.get_vectors(), calc_rdm(data(store, berg_dir, "IT"), method="correlation").get_vectors(), rtol=1e-8)


@pytest.mark.parametrize("measure, method", [("pearson", "corr"), ("cosine", "cosine"), ("spearman", "spearman"), ("rho-a", "rho-a"),
                                             ("kendall", "tau-a")])
@pytest.mark.parametrize("ours, theirs", [("correlation", "correlation"), ("sqeuclidean", "euclidean")])
def test_measures_are_those_of_compare(store, berg_dir, tmp_path, ours, theirs, measure, method):
    path = tmp_path / "rsa.json"
    berg("rsa", store, "--berg-dir", berg_dir, "--roi", "V1,IT", "--subject", "1,2", "--measure", measure, "--metric", ours, "-o", path)
    rdms = concat([calc_rdm(data(store, berg_dir, region, subject), method=theirs) for region in ("V1", "IT") for subject in (1, 2)])
    np.testing.assert_allclose(json.loads(path.read_text())["values"], compare(rdms, rdms, method=method), rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("measure, method", [("pearson", "corr"), ("cosine", "cosine")])
def test_noise_ceilings(store, berg_dir, tmp_path, measure, method):
    path = tmp_path / "rsa.json"
    berg("rsa", store, "--berg-dir", berg_dir, "--roi", "V1", "--subject", "1,2,3", "--measure", measure, "-o", path)
    found = json.loads(path.read_text())["ceilings"][0]
    rdms = concat([calc_rdm(data(store, berg_dir, "V1", subject), method="correlation") for subject in (1, 2, 3)])
    lower, upper = noise_ceiling.boot_noise_ceiling(rdms, method=method)
    assert (found["lower"], found["upper"]) == (pytest.approx(lower, rel=1e-8), pytest.approx(upper, rel=1e-8))
