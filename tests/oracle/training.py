"""The training run's oracle: scikit-learn's formulas in float64 NumPy, from the features that the library gives."""
import numpy as np


def pca(features, components):
    """StandardScaler and exact PCA: dict of upstream's parameters, and the scores."""
    x = features.astype(np.float64)
    mean, var = x.mean(axis=0), x.var(axis=0)
    scale = np.where(var <= 10 * np.finfo(float).eps * np.maximum(1, np.abs(mean)), 1.0, np.sqrt(var))
    z = (x - mean) / scale
    z_mean = z.mean(axis=0)
    u, s, vt = np.linalg.svd(z - z_mean, full_matrices=False)
    signs = np.sign(vt[np.arange(len(vt)), np.abs(vt).argmax(axis=1)])
    u, vt = u * signs, vt * signs[:, None]
    n, k = len(x), components
    variance = s ** 2 / (n - 1)
    return {"mean_": mean, "var_": var, "scale_": scale, "components_": vt[:k],
            "explained_variance_": variance[:k], "explained_variance_ratio_": variance[:k] / variance.sum(),
            "singular_values_": s[:k], "noise_variance_": variance[k:].sum() / (min(x.shape) - k)}, (u * s)[:, :k]


def least_squares(scores, responses):
    """Coefficients (targets, k) and intercepts."""
    x, y = scores - scores.mean(axis=0), responses - responses.mean(axis=0)
    coef = np.linalg.lstsq(x, y, rcond=None)[0].T
    return coef, responses.mean(axis=0) - coef @ scores.mean(axis=0)


def ridge(scores, responses, alpha):
    x, y = scores - scores.mean(axis=0), responses - responses.mean(axis=0)
    coef = np.linalg.solve(x.T @ x + alpha * np.eye(x.shape[1]), x.T @ y).T
    return coef, responses.mean(axis=0) - coef @ scores.mean(axis=0)


def r2(truth, prediction):
    return 1 - ((truth - prediction) ** 2).sum(axis=0) / ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)


def best_alpha(scores, responses, alphas, folds):
    """R2 of each alpha and target, averaged over consecutive folds."""
    parts = np.array_split(np.arange(len(scores)), folds)
    total = np.zeros((len(alphas), responses.shape[1]))
    for part in parts:
        rest = np.setdiff1d(np.arange(len(scores)), part)
        for a, alpha in enumerate(alphas):
            coef, intercept = ridge(scores[rest], responses[rest], alpha)
            total[a] += r2(responses[part], scores[part] @ coef.T + intercept)
    return total / folds
