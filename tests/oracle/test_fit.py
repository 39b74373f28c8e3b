"""The solver in memory against float64 NumPy: scaler, components, regression; the same bits however the work is cut."""
import functools

import numpy as np
import pytest

import fitting
from fitting import Fit, Refused

# rows, features, components; the float32 products begin at rows^2 x features = 4e9
SHAPES = {"wide": (120, 500, 20), "narrow": (400, 90, 30), "square": (64, 64, 63), "all of wide": (60, 300, 59),
          "all of narrow": (300, 40, 40), "two panels": (70, 4000, 12), "odd": (101, 3841, 7), "one": (30, 10, 1),
          "float32 products": (640, 10000, 24)}


@functools.lru_cache(maxsize=None)
def problem(shape):
    """Features whose spectrum falls off, with outliers among their means; responses that depend on them; the truth."""
    n, p, k = SHAPES[shape]
    rng = np.random.default_rng(n + p)
    x = fitting.spectrum(n, p, 0.8, n, 0.3) * rng.uniform(0.1, 10, p).astype(np.float32)
    x += (rng.normal(size=p) * 20).astype(np.float32)
    mean, variance, scale = fitting.scaler(x)
    z = (x - mean) / scale
    if n < 600:
        truth = fitting.pca(z, k)
    else:  # the same by way of the Gram matrix, in float64
        z -= z.mean(axis=0)
        values, vectors = np.linalg.eigh(z @ z.T)
        values, vectors = values[::-1], vectors[:, ::-1]
        v = (vectors[:, :k].T @ z) / np.sqrt(values[:k])[:, None]
        signs = np.sign(v[np.arange(k), np.abs(v).argmax(axis=1)])
        total = values.sum()
        truth = (v * signs[:, None], values[:k] / (n - 1), values[:k] / total,
                 values[k:].sum() / (n - 1) / (n - k), vectors[:, :k] * signs * np.sqrt(values[:k]))
    y = truth[4] / truth[4].std(axis=0) @ rng.normal(size=(k, 75)) * rng.uniform(0, 1, 75) + rng.normal(size=(n, 75))
    return x, y.astype(np.float32), k, (mean, variance, scale), truth


@functools.lru_cache(maxsize=None)
def fitted(shape):
    x, y, k, _, _ = problem(shape)
    return Fit(x, y, components=k)


@pytest.mark.parametrize("shape", SHAPES)
def test_scaler(shape):
    x, _, _, (mean, variance, scale), _ = problem(shape)
    fit = fitted(shape)
    assert np.allclose(fit["scaler_param.mean_"], mean, rtol=1e-13, atol=1e-13)
    assert np.allclose(fit["scaler_param.var_"], variance, rtol=1e-11)
    assert np.allclose(fit["scaler_param.scale_"], scale, rtol=1e-11)
    assert fit["scaler_param.n_features_in_"] == x.shape[1] and fit["scaler_param.n_samples_seen_"] == len(x)


@pytest.mark.parametrize("shape", SHAPES)
def test_components(shape):
    _, _, k, _, (components, variance, ratio, noise, _) = problem(shape)
    fit = fitted(shape)
    ours = fit["pca_param.components_"].astype(np.float64)
    assert np.abs(fit["pca_param.explained_variance_"] / variance - 1).max() < 1e-5
    assert np.abs(fit["pca_param.explained_variance_ratio_"] / ratio - 1).max() < 1e-5
    assert np.abs(fit["pca_param.singular_values_"]**2 / (variance * (SHAPES[shape][0] - 1)) - 1).max() < 1e-5
    assert abs(fit["pca_param.noise_variance_"] - noise) < 1e-5 * variance.sum() / len(ratio)
    assert np.abs(ours @ ours.T - np.eye(k)).max() < 1e-5
    assert fitting.principal_angle(components, ours) < 1e-5
    assert np.abs(fit["pca_param.mean_"]).max() < 1e-6
    largest = ours[np.arange(k), np.abs(ours).argmax(axis=1)]
    assert (largest > 0).all()
    clear = np.abs(np.diff(variance, prepend=np.inf, append=0)) > 1e-3 * variance.max()
    alone = clear[:-1] & clear[1:]  # vectors of their own
    assert ((ours * components).sum(axis=1)[alone] > 1 - 1e-5).all() and alone.any()


@pytest.mark.parametrize("shape", SHAPES)
def test_least_squares(shape):
    x, y, k, (mean, _, scale), _ = problem(shape)
    fit = fitted(shape)
    z = (x - mean) / scale
    scores = (z - z.mean(axis=0)) @ fit["pca_param.components_"].T.astype(np.float64)
    coef, intercept = fitting.least_squares(scores, y)
    one, all_of_them = fitting.worst(fit["reg_param.coef_"], coef)
    assert one < 1e-4 and all_of_them < 1e-4
    assert np.abs(fit["reg_param.intercept_"] - intercept).max() < 1e-5
    expected = scores @ coef.T + intercept
    assert np.abs(fit.predict(x) - expected).max() < 1e-4 * expected.std()
    assert np.abs(fit.predict(np.asfortranarray(x[::-3].astype(np.float64))) - expected[::-3]).max() < 1e-4 * expected.std()


@pytest.mark.parametrize("method", ["ols", "ridge", "each"])
@pytest.mark.parametrize("components", [20, 0])
def test_chunks_and_threads_change_no_bit(method, components):
    x, y, _, _, _ = problem("wide")
    how = {"components": components, "method": "ols" if method == "ols" else "ridge", "alpha_per_voxel": method == "each"}
    if method == "ridge":
        how["alphas"] = [3.0]  # an alpha for each chunk would depend on chunks
    fits = [Fit(x, y, threads=threads, chunks=chunks, **how)
            for chunks, threads in ((1, 2), (7, 2), (32, 2), (75, 1), (1, 1), (0, 3))]
    for other in fits[1:]:
        for name, value in fits[0].entries.items():
            assert np.array_equal(value, other[name]), name


def test_threads_change_no_bit_of_float32_products():
    x, y, k, _, _ = problem("float32 products")
    other = Fit(x, y, components=k, threads=1)
    for name, value in fitted("float32 products").entries.items():
        assert np.array_equal(value, other[name]), name


@pytest.mark.parametrize("shape", ["wide", "narrow"])
@pytest.mark.parametrize("alpha", [0.01, 10.0, 1e4])
def test_ridge(shape, alpha):
    x, y, k, _, (_, _, _, _, scores) = problem(shape)
    fit = Fit(x, y, components=k, method="ridge", alphas=[alpha])
    coef, intercept = fitting.ridge(scores, y, alpha)
    one, all_of_them = fitting.worst(fit["reg_param.coef_"], coef)
    assert one < 1e-4 and all_of_them < 1e-4
    assert np.abs(fit["reg_param.intercept_"] - intercept).max() < 1e-5
    assert (fit["reg_param.alpha_"] == alpha).all() and fit["reg_param.alpha_"].dtype == np.float64


ALPHAS = [1e-4, 1e-2, 1.0, 30.0, 1e3, 1e5]


@pytest.mark.parametrize("folds", [2, 5, 7])
@pytest.mark.parametrize("per_voxel", [False, True])
def test_alpha_by_cross_validation(folds, per_voxel):
    x, y, k, _, (_, _, _, _, scores) = problem("wide")
    y = y.copy()
    y[:, 3] = 2.5       # constant
    y[:60, 4] = 1       # constant in some folds
    scored = fitting.cross_validated(scores, y, ALPHAS, folds)
    fit = Fit(x, y, components=k, method="ridge", alphas=ALPHAS, folds=folds, alpha_per_voxel=per_voxel, chunks=3)
    alphas = fit["reg_param.alpha_"]
    for chunk in (slice(0, 25), slice(25, 50), slice(50, 75)):
        if not per_voxel:
            assert (alphas[chunk] == ALPHAS[scored[:, chunk].mean(axis=1).argmax()]).all()
    if per_voxel:
        best = scored.argmax(axis=0)
        chosen = np.array([ALPHAS.index(alpha) for alpha in alphas])
        apart = scored[best, np.arange(75)] - scored[chosen, np.arange(75)]
        assert (apart < 1e-6).all() and (best == chosen).sum() > 65  # rounding may decide between equals
        assert len(set(alphas)) > 2
    coef, intercept = fitting.ridge(scores, y, alphas)
    one, _ = fitting.worst(np.delete(fit["reg_param.coef_"], 3, 0), np.delete(coef, 3, 0))
    assert one < 1e-4
    assert (fit["reg_param.coef_"][3] == 0).all() and fit["reg_param.intercept_"][3] == 2.5


@pytest.mark.parametrize("rows", [40, 200])
@pytest.mark.parametrize("method", ["ols", "ridge"])
def test_features_themselves(rows, method):
    """Without components; more features than rows give the solution of least norm."""
    rng = np.random.default_rng(3)
    x = rng.normal(size=(rows, 70)).astype(np.float32) * 3 + 5
    y = (x @ rng.normal(size=(70, 30)) * 0.1 + rng.normal(size=(rows, 30))).astype(np.float32)
    for standardise in (True, False):
        mean, _, scale = fitting.scaler(x, standardise)
        z = (x - mean) / scale
        fit = Fit(x, y, components=0, standardise=standardise, method=method, alphas=[2.0])
        coef, intercept = fitting.least_squares(z, y) if method == "ols" else fitting.ridge(z, y, 2.0)
        one, _ = fitting.worst(fit["reg_param.coef_"], coef)
        assert one < 1e-4
        assert not [name for name in fit.entries if name.startswith("pca")]
        assert np.abs(fit.predict(x) - (z @ coef.T + intercept)).max() < 1e-4


def test_dependent_features_have_least_norm():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(100, 12)).astype(np.float32)
    x[:, 6:9], x[:, 10] = x[:, :3], 7
    y = rng.normal(size=(100, 9)).astype(np.float32)
    mean, _, scale = fitting.scaler(x)
    coef, _ = fitting.least_squares((x - mean) / scale, y)
    fit = Fit(x, y, components=0)
    assert fitting.worst(fit["reg_param.coef_"], coef)[0] < 1e-4
    assert np.abs(fit["reg_param.coef_"][:, 10]).max() < 1e-12 and fit["scaler_param.scale_"][10] == 1


@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
def test_huge_means_and_tiny_spreads(dtype):
    """Standardised before it is multiplied: in float32 a spread of 1e-2 about 1e4 is a dozen values, and they count."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(150, 40)) @ rng.normal(size=(40, 400))
    x = (x / x.std(axis=0)).astype(np.float64)
    x[:, ::7] = 1e4 + 1e-2 * x[:, ::7]
    x[:, 3], x[:, 11] = 1e4, 0
    x, y = x.astype(dtype), (x[:, :20] + 1e4 * (np.arange(20) > 9)).astype(dtype)
    mean, variance, scale = fitting.scaler(x)
    truth = fitting.pca((x - mean) / scale, 15)
    fit = Fit(x, y, components=15)
    assert np.abs((fit["scaler_param.mean_"] - mean) / scale).max() < (1e-7 if dtype == "<f8" else 1e-9)
    assert np.allclose(fit["scaler_param.scale_"], scale, rtol=1e-6)
    assert fit["scaler_param.scale_"][3] == 1 and fit["scaler_param.scale_"][11] == 1
    assert np.abs(fit["pca_param.explained_variance_"] / truth[1] - 1).max() < 1e-5
    assert fitting.principal_angle(truth[0], fit["pca_param.components_"]) < 1e-5
    coef, intercept = fitting.least_squares(truth[4], y)
    assert fitting.worst(fit["reg_param.coef_"] @ fit["reg_param.coef_"].T, coef @ coef.T)[0] < 1e-3
    assert np.abs(fit["reg_param.intercept_"] - intercept).max() < 2e-3
    assert np.abs(fit.predict(x) - (truth[4] @ coef.T + intercept)).max() < 5e-3


def test_strides_and_types_change_nothing():
    x, y, k, _, _ = problem("wide")
    fit = fitted("wide")
    wide = np.zeros((240, 1000), np.float32)
    wide[::-2, ::2] = x
    for features, responses in ((np.asfortranarray(x), np.asfortranarray(y)), (wide[::-2, ::2], y[:, ::-1][:, ::-1])):
        other = Fit(features, responses, components=k)
        for name, value in fit.entries.items():
            assert np.array_equal(value, other[name]), name
    other = Fit(x.astype(np.float64), y.astype(np.float64), components=k)
    assert fitting.principal_angle(fit["pca_param.components_"], other["pca_param.components_"]) < 1e-6
    assert np.allclose(fit["reg_param.coef_"], other["reg_param.coef_"], atol=1e-6)
    small = Fit(x, y, components=k, memory=4 << 20)  # narrower panels: other bits, the same numbers
    assert fitting.principal_angle(fit["pca_param.components_"], small["pca_param.components_"]) < 1e-6


def test_not_standardised():
    x, y, k, _, _ = problem("narrow")
    fit = Fit(x, y, components=k, standardise=False)
    components, variance, _, _, _ = fitting.pca(x - x.astype(np.float64).mean(axis=0), k)
    assert (fit["scaler_param.scale_"] == 1).all()
    assert np.abs(fit["pca_param.explained_variance_"] / variance - 1).max() < 1e-5
    assert fitting.principal_angle(components, fit["pca_param.components_"]) < 1e-5


@pytest.mark.parametrize("ending", [".npy", ".safetensors"])
def test_saved_as_upstream_does(tmp_path, ending):
    x, y, k, _, _ = problem("wide")
    fit, path = Fit(x, y, components=k, method="ridge"), tmp_path / ("weights" + ending)
    fit.save(path)
    with pytest.raises(Refused, match="EEXISTS"):
        fit.save(path)
    fit.save(path, force=True)
    if ending == ".safetensors":
        return
    tree = np.load(path, allow_pickle=True).item()
    assert [list(part) for part in tree.values()] == [
        ["scale_", "mean_", "var_", "n_features_in_", "n_samples_seen_"],
        ["components_", "explained_variance_", "explained_variance_ratio_", "singular_values_", "mean_",
         "n_components_", "n_samples_", "noise_variance_", "n_features_in_"],
        ["coef_", "intercept_", "n_features_in_", "alpha_"]]
    assert list(tree) == ["scaler_param", "pca_param", "reg_param"]
    types = {"n_samples_seen_": np.int64, "noise_variance_": np.float32, "n_components_": int, "n_samples_": int,
             "n_features_in_": int}
    for part, values in tree.items():
        for name, value in values.items():
            if name in types:
                assert type(value) is types[name], name
            assert np.array_equal(value, fit[f"{part}.{name}"]), name
            if isinstance(value, np.ndarray):
                assert value.dtype == (np.float64 if part == "scaler_param" or name == "alpha_" else np.float32)


def bad(shape, place, value=np.nan):
    values = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    values[place] = value
    return values


REFUSED = {
    "rows": (dict(), np.zeros((9, 4), np.float32), "EARGUMENT", "10 rows.*found 9"),
    "components": (dict(components=10), None, "EARGUMENT", "1 to 9 .*found 10"),
    "type": (dict(), np.zeros((10, 4), np.int32), "EARGUMENT", "responses.*float32 or float64.*int32"),
    "dimensions": (dict(), np.zeros((10,), np.float32), "EARGUMENT", "responses.*two dimensions"),
    "method": (dict(method="lasso"), None, "EARGUMENT", "\"ols\" or \"ridge\", found lasso"),
    "alpha": (dict(method="ridge", alphas=[1, -1]), None, "EARGUMENT", "alphas.*-1"),
    "no alpha": (dict(method="ridge", alphas=[]), None, "EARGUMENT", "at least one"),
    "folds": (dict(method="ridge", folds=6), None, "EARGUMENT", "fewer than two"),
    "memory": (dict(memory=1000), None, "ELIMIT", "MiB"),
    "response": (dict(chunks=3), bad((10, 200), (4, 130)), "ESTIMULUS", "target 130"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    how, responses, status, message = REFUSED[case]
    x = np.random.default_rng(2).normal(size=(10, 30)).astype(np.float32)
    responses = np.ones((10, 4), np.float32) if responses is None else responses
    with pytest.raises(Refused, match=message) as caught:
        Fit(x, responses, **{"components": 3, **how})
    assert caught.value.status == status


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("components", [2, 0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_features_not_finite(value, components, dtype):
    for rows, columns in ((20, 50), (60, 50), (20, 4000)):
        x = bad((rows, columns), (7, columns - 3), value).astype(dtype)
        with pytest.raises(Refused, match=f"feature {columns - 3}") as caught:
            Fit(x, np.ones((rows, 2), np.float32), components=components)
        assert caught.value.status == "ESTIMULUS"


@pytest.mark.parametrize("rows, columns", [(50, 400), (400, 50), (700, 9000)])
def test_too_few_directions(rows, columns):
    rng = np.random.default_rng(6)
    x = (rng.normal(size=(rows, 6)) @ rng.normal(size=(6, columns))).astype(np.float32)
    y = rng.normal(size=(rows, 3)).astype(np.float32)
    with pytest.raises(Refused, match="9 asked for.*only 6 independent"):
        Fit(x, y, components=9)
    Fit(x, y, components=6)
    with pytest.raises(Refused, match="only 0 independent"):
        Fit(np.ones_like(x), y, components=1)


def test_predictions_refused():
    fit = fitted("wide")
    with pytest.raises(Refused, match="expected 500 columns.*found 499"):
        fit.predict(np.zeros((3, 499), np.float32))
    with pytest.raises(Refused, match="row 20"):
        fit.predict(bad((40, 500), (20, 7)))


def test_stages_and_cancelling():
    x, y, k, _, _ = problem("wide")
    stages = []
    Fit(x, y, components=k, stage=lambda _, stage, unit: stages.append((stage, unit)))
    assert stages == [(b"gram", b"panels"), (b"eigenvectors", b"eigenvectors"), (b"components", b"panels"),
                      (b"regression", b"targets")]
    for stop in range(8):
        calls = []
        with pytest.raises(Refused, match="cancelled"):
            Fit(x, y, components=k, progress=lambda _, done, total, seconds: calls.append(done) or len(calls) > stop)
