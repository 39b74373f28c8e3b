"""Correlation, noise ceilings and split halves against SciPy's pearsonr and zscore."""
import itertools
import warnings

import numpy as np
import pytest
from scipy.stats import pearsonr, zscore

from accuracy import FIGURES, Accuracy


@pytest.fixture(scope="module")
def library(build_dir, tmp_path_factory):
    return Accuracy(build_dir, tmp_path_factory.mktemp("accuracy"))


def scipy_r(a, b):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # constant columns
        return np.array([pearsonr(x, y)[0] for x, y in zip(a.T, b.T)])


@pytest.mark.parametrize("rows", [3, 100, 2000])
def test_pearson(library, rows):
    rng = np.random.default_rng(rows)
    a = rng.normal(size=(rows, 400)) * 10.0 ** rng.integers(-6, 7, 400) + rng.normal(0, 10, 400)
    b = rng.uniform(0, 2, 400) * a + rng.normal(size=a.shape) * a.std(axis=0)
    a[:, 7], b[:, 8] = 0.1, 3
    expected, found = scipy_r(a, b), library.correlate(a, b)
    assert np.flatnonzero(np.isnan(found)).tolist() == np.flatnonzero(np.isnan(expected)).tolist() == [7, 8]
    print(f"Pearson's r, {rows} rows: largest difference to scipy {np.nanmax(np.abs(found - expected)):.1e}")
    assert np.nanmax(np.abs(found - expected)) < 1e-10


def test_float32_as_upstream_has_it(library):
    a, b = np.random.default_rng(1).normal(size=(2, 100, 300)).astype(np.float32)
    apart = np.abs(library.correlate(a, b) - scipy_r(a.astype(np.float64), b.astype(np.float64))).max()
    single = np.abs(library.correlate(a, b) - scipy_r(a, b)).max()
    print(f"float32 data: {apart:.1e} from scipy in float64, {single:.1e} from scipy as it is")
    assert apart < 1e-12 and single < 1e-6


def test_noise_ceiling_and_split_half(library):
    """Twelve sessions of a hundred stimuli, as in THINGS-fMRI1."""
    rng = np.random.default_rng(2)
    data = rng.normal(size=(1, 100, 60)) * np.linspace(0, 1.5, 60) + rng.normal(size=(12, 100, 60))
    found = library.reliability(data)
    noise = zscore(data, axis=1).var(axis=0, ddof=1).mean(axis=0)
    ncsnr = np.sqrt(np.maximum(0, 1 - noise)) / np.sqrt(noise)
    r = np.zeros(60)
    for half in itertools.combinations(range(12), 6):  # 924, each pair of halves twice
        other = sorted(set(range(12)) - set(half))
        r += scipy_r(data[list(half)].mean(axis=0), data[other].mean(axis=0)) / 924
    expected = [100 * ncsnr ** 2 / (ncsnr ** 2 + 1), 100 * ncsnr ** 2 / (ncsnr ** 2 + 1 / 12), r, 2 * r / (1 + r)]
    for name, values in zip(FIGURES, expected):
        apart = np.abs(found[name] - values).max()
        print(f"{name}: largest difference {apart:.1e}")
        assert apart < 1e-10
