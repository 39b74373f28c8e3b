"""The solver against scikit-learn itself: StandardScaler, PCA(svd_solver="full"), LinearRegression, Ridge, RidgeCV."""
import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler

import fitting
from fitting import Fit

SHAPES = {"wide": (150, 900, 20), "narrow": (500, 80, 25), "float32 products": (640, 10000, 30)}


@pytest.fixture(scope="module", params=SHAPES)
def problem(request):
    n, p, k = SHAPES[request.param]
    rng = np.random.default_rng(n)
    x = fitting.spectrum(n, p, 1.0, 7, 0.2) + rng.normal(size=p).astype(np.float32)
    scaler, pca = StandardScaler(), PCA(n_components=k, svd_solver="full")
    scores = pca.fit_transform(scaler.fit_transform(x.astype(np.float64)))
    y = (scores / scores.std(axis=0) @ rng.normal(size=(k, 60)) + 3 * rng.normal(size=(n, 60))).astype(np.float32)
    return x, y, k, scaler, pca, scores


def test_least_squares(problem):
    x, y, k, scaler, pca, scores = problem
    fit = Fit(x, y, components=k)
    assert np.allclose(fit["scaler_param.mean_"], scaler.mean_, rtol=1e-12, atol=1e-12)
    assert np.allclose(fit["scaler_param.scale_"], scaler.scale_, rtol=1e-11)
    assert np.abs(fit["pca_param.explained_variance_"] / pca.explained_variance_ - 1).max() < 1e-5
    assert np.abs(fit["pca_param.explained_variance_ratio_"] / pca.explained_variance_ratio_ - 1).max() < 1e-5
    assert abs(fit["pca_param.noise_variance_"] / pca.noise_variance_ - 1) < 1e-5
    ours = fit["pca_param.components_"]
    assert fitting.principal_angle(pca.components_, ours) < 1e-5
    # the signs are scikit-learn's, so that vectors compare one by one
    assert np.abs((ours * pca.components_).sum(axis=1) - 1).max() < 1e-4
    regression = LinearRegression().fit(scores, y.astype(np.float64))
    print("least squares, worst voxel and all:", fitting.worst(fit["reg_param.coef_"], regression.coef_))
    expected = regression.predict(scores)
    assert np.abs(fit.predict(x) - expected).max() < 1e-4 * expected.std()
    in_our_basis = LinearRegression().fit(pca_scores(x, scaler, ours), y.astype(np.float64))
    assert max(fitting.worst(fit["reg_param.coef_"], in_our_basis.coef_)) < 1e-4
    assert np.abs(fit["reg_param.intercept_"] - in_our_basis.intercept_).max() < 1e-5


def pca_scores(x, scaler, components):
    z = scaler.transform(x.astype(np.float64))
    return (z - z.mean(axis=0)) @ components.T.astype(np.float64)


@pytest.mark.parametrize("chunks", [1, 7])
def test_cross_validated_ridge(problem, chunks):
    """Upstream's way: RidgeCV(alphas, cv=5, scoring="r2") is a grid search, fitted once a chunk."""
    x, y, k, scaler, _, _ = problem
    alphas = [1e-2, 1.0, 1e2, 1e3, 1e4]
    fit = Fit(x, y, components=k, method="ridge", alphas=alphas, chunks=chunks)
    scores = pca_scores(x, scaler, fit["pca_param.components_"])
    first = 0
    for chunk in range(chunks):
        last = first + 60 // chunks + (chunk < 60 % chunks)
        search = GridSearchCV(Ridge(), {"alpha": alphas}, cv=5, scoring="r2").fit(scores, y[:, first:last].astype(np.float64))
        assert (fit["reg_param.alpha_"][first:last] == search.best_params_["alpha"]).all()
        best = search.best_estimator_
        assert max(fitting.worst(fit["reg_param.coef_"][first:last], best.coef_)) < 1e-4
        assert np.abs(fit["reg_param.intercept_"][first:last] - best.intercept_).max() < 1e-5
        first = last


def test_ridgecv_itself(problem):
    from sklearn.linear_model import RidgeCV
    x, y, k, scaler, _, _ = problem
    alphas = (1e-4, 1e-3, 1e-2, 0.1, 1, 10)
    fit = Fit(x, y, components=k, method="ridge", chunks=1)
    ridge = RidgeCV(alphas=alphas, cv=5, scoring="r2")
    ridge.fit(pca_scores(x, scaler, fit["pca_param.components_"]), y.astype(np.float64))
    assert (fit["reg_param.alpha_"] == ridge.alpha_).all()
    assert max(fitting.worst(fit["reg_param.coef_"], ridge.coef_)) < 1e-4


def test_ridge_of_features_themselves():
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(90, 140)).astype(np.float32) * 5 + 3, rng.normal(size=(90, 11)).astype(np.float32)
    z = StandardScaler().fit_transform(x.astype(np.float64))
    for how, theirs in (({"method": "ridge", "alphas": [7.0]}, Ridge(alpha=7)), ({}, LinearRegression())):
        fit = Fit(x, y, components=0, **how)
        theirs.fit(z, y.astype(np.float64))
        assert max(fitting.worst(fit["reg_param.coef_"], theirs.coef_)) < 1e-4
