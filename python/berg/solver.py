"""The solver of training for any features and responses in memory, and the measures of accuracy.

For people with other features and other data sets: the same standardisation, exact principal components and regression
that train() does out of core, on NumPy arrays.
"""

import numpy as np

from berg import _berg
from berg.core import metadata, options, progress


def _matrix(values, name, dimensions):
    matrix = np.asarray(values)
    if matrix.ndim != dimensions:
        raise ValueError(f"{name}: expected {dimensions} dimensions, found shape {matrix.shape}")
    if matrix.dtype not in (np.float32, np.float64):
        if matrix.dtype.kind not in "biuf":
            raise ValueError(f"{name}: expected numbers, found {matrix.dtype}")
        matrix = matrix.astype(np.float64)
    return matrix if matrix.dtype.isnative else matrix.astype(matrix.dtype.newbyteorder("="))


class Fit:
    """Standardisation, principal components and regression, fitted to matrices.

    `parameters` holds all of it under scikit-learn's names, nested as in upstream's weights: parameters["scaler_param"]
    ["mean_"], parameters["pca_param"]["components_"], parameters["reg_param"]["coef_"], ... Those used most are
    attributes too.
    """

    def __init__(self, handle):
        self._handle = handle
        self.parameters = metadata.nested(handle.entries())
        regression = self.parameters["reg_param"]
        self.coef_ = regression["coef_"]
        self.intercept_ = regression["intercept_"]
        self.alpha_ = regression.get("alpha_")
        self.components_ = self.parameters.get("pca_param", {}).get("components_")
        self.explained_variance_ratio_ = self.parameters.get("pca_param", {}).get("explained_variance_ratio_")

    def predict(self, features):
        """Responses to `features` (m, p): float32 (m, targets)."""
        features = _matrix(features, "features", 2)
        responses = np.empty((len(features), len(self.coef_)), np.float32)
        self._handle.predict(features, responses)
        return responses

    def save(self, path, force=False):
        """To upstream's pickled .npy or to .safetensors, by the ending; returns the path."""
        self._handle.save(path, force)
        return path


def fit(
    features,
    responses,
    components=250,
    *,
    standardise=True,
    ridge=False,
    alphas=None,
    folds=5,
    alpha_per_voxel=False,
    chunks=0,
    memory="4G",
    threads=0,
    isa="auto",
    show_progress=False,
):
    """Fits `responses` (n, targets) to `features` (n, p); returns a Fit.

    Parameters
    ----------
    features, responses : array_like
        float32 and float64 are used where they lie, other numbers are copied.
    components : int
        Principal components that the regression sees, at most min(n - 1, p); 0: the features themselves.
    standardise : bool
        Features to mean 0 and variance 1; False: to mean 0 only.
    ridge, alphas, folds, alpha_per_voxel, chunks, isa
        As in train().

    InvalidParameterError: shapes that do not fit. StimulusError: a value that is not finite.
    """
    with progress.stages(show_progress) as bar:
        return Fit(
            _berg.Fit(
                _matrix(features, "features", 2),
                _matrix(responses, "responses", 2),
                components=components,
                standardise=standardise,
                memory=options.byte_count(memory),
                threads=threads,
                isa=isa,
                **options.regression(ridge, alphas, folds, alpha_per_voxel, chunks),
                **bar,
            )
        )


def correlate(a, b, threads=0):
    """Pearson's r of each column of two matrices (n, columns): float64 (columns,), NaN where one has no variance."""
    a, b = _matrix(a, "a", 2), _matrix(b, "b", 2)
    r = np.empty(a.shape[1])
    _berg.correlate(a, b, r, threads)
    return r


def reliability(responses, threads=0):
    """Noise ceilings and split-half reliability of responses (repeats, stimuli, voxels).

    A dict of float64 (voxels,): noise_ceiling_singletrial, noise_ceiling_testset (percent of variance),
    splithalf_uncorrected, splithalf_corrected. NaN where a repeat has no variance. Definitions: docs/accuracy.md.
    """
    responses = _matrix(responses, "responses", 3)
    values = np.empty((4, responses.shape[2]))
    _berg.reliability(responses, values, threads)
    names = (
        "noise_ceiling_singletrial",
        "noise_ceiling_testset",
        "splithalf_uncorrected",
        "splithalf_corrected",
    )
    return dict(zip(names, values))
