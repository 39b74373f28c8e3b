"""Correlation, noise ceilings and split halves against the definitions in plain NumPy, and against ceilings that are known."""
import functools
import operator

import numpy as np
import pytest

import accuracy
from accuracy import FIGURES, Accuracy, Refused

REQUIRED, EXPECTED = 1e-6, 1e-10  # what is asked for; what float64 gives
EARGUMENT = 3  # its number among the statuses


@pytest.fixture(scope="module")
def library(build_dir, tmp_path_factory):
    return Accuracy(build_dir, tmp_path_factory.mktemp("accuracy"))


def simulate(repeats, stimuli, voxels, snr, seed=0):
    """Signal of variance `snr` times that of the noise, with a scale and an offset for each repeat and voxel."""
    rng = np.random.default_rng(seed)
    signal = rng.standard_normal((1, stimuli, voxels)) * np.sqrt(snr)
    data = signal + rng.standard_normal((repeats, stimuli, voxels))
    return data * rng.uniform(0.5, 3, (repeats, 1, voxels)) + rng.normal(0, 5, (repeats, 1, voxels))


def compare(found, expected):
    for name in FIGURES:
        assert (np.isnan(found[name]) == np.isnan(expected[name])).all(), name
        apart = np.abs(found[name] - expected[name])
        assert np.nanmax(apart, initial=0) < EXPECTED, (name, np.nanmax(apart))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("repeats, stimuli, voxels", [(2, 10, 40), (3, 9, 33), (4, 100, 17), (5, 12, 16), (7, 20, 1)])
def test_every_split_of_few_repeats(library, repeats, stimuli, voxels, dtype):
    data = simulate(repeats, stimuli, voxels, np.linspace(0, 3, voxels)).astype(dtype)
    compare(library.reliability(data), accuracy.reliability(data))


@pytest.mark.parametrize("repeats, count", [(12, 462), (13, 1000), (20, 1000)])
def test_many_repeats(library, repeats, count):
    """Twelve have 462 splits, which are all taken; from thirteen on a thousand are drawn, the same ones each time."""
    data = simulate(repeats, 25, 5, 0.3)
    assert len(accuracy.splits(repeats)) == count
    compare(library.reliability(data), accuracy.reliability(data))


def test_splits_by_hand():
    assert accuracy.splits(2) == [(0,)]
    assert accuracy.splits(4) == [(0, 1), (0, 2), (0, 3)]
    assert accuracy.splits(3) == [(0,), (1,), (2,)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_what_has_no_number(library, dtype):
    """A repeat that is constant, a value that is not finite: NaN everywhere, for that voxel only."""
    data = simulate(4, 15, 40, 0.5).astype(dtype)
    data[1, :, 3] = 0.1
    assert functools.reduce(operator.add, [0.1] * 15) / 15 != 0.1  # a mean by plain sums is not the value itself
    data[:, :, 20] = 7
    data[2, 5, 21] = np.nan
    data[0, 0, 22] = np.inf
    found = library.reliability(data)
    compare(found, accuracy.reliability(data))
    for name in FIGURES:
        assert np.flatnonzero(np.isnan(found[name])).tolist() == [3, 20, 21, 22], name


def test_one_repeat_and_one_stimulus_have_nothing_to_compare(library):
    for shape in [(1, 10, 5), (4, 1, 5)]:
        for values in library.reliability(np.random.default_rng(0).normal(size=shape)).values():
            assert np.isnan(values).all() and len(values) == 5
    assert all(len(values) == 0 for values in library.reliability(np.zeros((3, 4, 0))).values())


def test_repeats_that_agree_and_that_contradict(library):
    same = np.repeat(np.random.default_rng(1).normal(size=(1, 20, 30)), 6, axis=0)
    found = library.reliability(same * np.arange(1, 7)[:, None, None])
    for name, value in zip(FIGURES, (100, 100, 1, 1)):
        assert np.allclose(found[name], value, rtol=0, atol=1e-10), name
    # the signal is negative: its ceiling is 0, its split half is what it is
    found = library.reliability(np.stack([same[0], -same[0], same[0], -same[0] + 0.1 * same[1, ::-1]]))
    assert (found["noise_ceiling_testset"] == 0).all() and (found["noise_ceiling_singletrial"] == 0).all()


def test_halves_whose_average_cancels(library):
    """Repeats 0 and 1 add up to nothing, so that one of the three splits has no correlation."""
    x = np.random.default_rng(2).normal(size=(3, 20, 4))
    found = library.reliability(np.stack([x[0], -x[0], x[1], x[2]]))
    assert np.isnan(found["splithalf_uncorrected"]).all() and np.isnan(found["splithalf_corrected"]).all()
    assert np.isfinite(found["noise_ceiling_testset"]).all()


def test_relations(library):
    data = simulate(12, 100, 200, 0.2)
    found = library.reliability(data)
    single, testset, r, corrected = (found[name] for name in FIGURES)
    x = single / (100 - single)
    assert np.allclose(testset, 100 * 12 * x / (12 * x + 1), rtol=1e-12)
    assert np.allclose(corrected, 2 * r / (1 + r), rtol=1e-15)
    # the mean correlation between two repeats is what the noise ceiling of one is
    pairs = np.mean([library.correlate(data[a], data[b]) for a in range(12) for b in range(a)], axis=0)
    assert np.allclose(single, 100 * np.maximum(0, pairs), rtol=0, atol=1e-9)
    # units, and the order of repeats and of stimuli, do not matter
    for other in (1000 * data - 3, data[::-1], data[:, ::-1]):
        again = library.reliability(np.ascontiguousarray(other))
        for name in FIGURES:
            assert np.allclose(again[name], found[name], rtol=0, atol=1e-9), name


def test_same_bits_for_any_threads_and_layout(library):
    data = simulate(6, 30, 333, 0.4).astype(np.float32)
    first = library.reliability(data, threads=1)
    for options in ({"threads": 2}, {"threads": 7}, {"order": "210"}, {"order": "102"}):
        again = library.reliability(data, **options)
        assert all(again[name].tobytes() == first[name].tobytes() for name in FIGURES), options
    few = library.reliability(data[:, :, 100:130])
    assert all(few[name].tobytes() == first[name][100:130].tobytes() for name in FIGURES)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [2, 3, 100, 1001])
def test_correlation(library, rows, dtype):
    rng = np.random.default_rng(rows)
    a = (rng.normal(size=(rows, 150)) * 10.0 ** rng.integers(-4, 5, 150) + rng.normal(0, 1e3, 150)).astype(dtype)
    b = (0.3 * a + rng.normal(size=a.shape) * a.std(axis=0)).astype(dtype)
    expected = np.array([accuracy.pearson(a[:, c], b[:, c]) for c in range(150)])
    found = library.correlate(a, b)
    assert (np.isnan(found) == np.isnan(expected)).all()
    assert np.nanmax(np.abs(found - expected)) < 1e-10
    for options in ({"threads": 1}, {"threads": 5}, {"order": "10"}):
        assert library.correlate(a, b, **options).tobytes() == found.tobytes()


def test_correlation_of_what_does_not_vary(library):
    rng = np.random.default_rng(4)
    a = rng.normal(size=(10, 6))
    b = a.copy()
    a[:, 0], b[:, 1], b[3, 2], a[9, 3] = 0.1, -1e30, np.nan, np.inf
    b[:, 4] = -a[:, 4]
    found = library.correlate(a, b)
    assert np.isnan(found[:4]).all() and np.allclose(found[4:], [-1, 1], rtol=0, atol=1e-15)
    assert np.abs(found[4:]).max() <= 1
    assert np.isnan(library.correlate(a[:1], b[:1])).all()


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e300])
def test_correlation_of_extreme_sizes(library, scale):
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(2, 20, 5))
    assert np.abs(library.correlate(a * scale, b) - library.correlate(a, b)).max() < 1e-12


def test_a_huge_mean_and_a_tiny_spread(library):
    rng = np.random.default_rng(6)
    a, b = rng.integers(0, 1024, (2, 50, 8)) / 1024.0  # exact beside 2^30
    expected = library.correlate(a, b)
    assert np.abs(library.correlate(a + 2.0 ** 30, b) - expected).max() < 1e-7


def test_arrays_that_do_not_fit(library):
    a = np.zeros((4, 3))
    for call in (lambda: library.correlate(a, a, threads=-1), lambda: library.correlate(a[:0], a[:0]),
                 lambda: library.correlate(a.astype(np.int64), a.astype(np.int64)),
                 lambda: library.reliability(np.zeros((0, 4, 3))), lambda: library.reliability(np.zeros((4, 0, 3)))):
        with pytest.raises(Refused) as refusal:
            call()
        assert refusal.value.status == EARGUMENT, refusal.value


def test_known_ceilings_are_recovered(library):
    """The variance of each voxel's signal over the stimuli shown, and of its noise, are known, hence its ceilings. Where
    max(0, .) hardly bites, the mean error of the single-trial ceiling is nothing but chance, and that of the test set's, a
    concave function of it, what the curvature makes of chance: a small part of one voxel's own standard error."""
    repeats, stimuli, voxels = 12, 100, 4000
    print("\n  snr  ceiling %  mean error  standard error  of one voxel  share at 0")
    for snr in (0.005, 0.02, 0.05, 0.1, 0.2, 0.3, 1.0):
        rng = np.random.default_rng(int(1000 * snr) + 1)
        signal = rng.standard_normal((stimuli, voxels)) * np.sqrt(snr)
        data = (signal + rng.standard_normal((repeats, stimuli, voxels))).astype(np.float32)
        share = signal.var(axis=0, ddof=1) / (signal.var(axis=0, ddof=1) + 1)
        single, testset = (library.reliability(data)[name] for name in FIGURES[:2])
        off_single, off = single - 100 * share, testset - 100 * repeats * share / (1 + (repeats - 1) * share)
        error, zeros = off.std() / np.sqrt(voxels), (testset == 0).mean()
        print(f"{snr:5.3f}  {(testset - off).mean():9.2f}  {off.mean():+10.3f}  {error:14.3f}  {off.std():12.2f}"
              f"  {zeros:10.4f}")
        if snr >= 0.05:
            assert zeros < 0.01
            assert abs(off_single.mean()) < 4 * off_single.std() / np.sqrt(voxels)
            assert abs(off.mean()) < 0.2 * off.std()
            curve = -100 * repeats * (repeats - 1) / (1 + (repeats - 1) * share) ** 3 * (off_single / 100).var()
            assert abs(off.mean() - curve.mean()) < 4 * error + 0.1 * abs(curve.mean())
