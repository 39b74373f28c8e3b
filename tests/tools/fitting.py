"""The solver of berg.h through ctypes, and the same in plain float64 NumPy."""
import ctypes
import os
import pathlib

import numpy as np

BUILD = pathlib.Path(os.environ.get("BERG_BUILD", pathlib.Path(__file__).parents[2] / "build")).resolve()
size_t, text = ctypes.c_size_t, ctypes.c_char_p


class Error(ctypes.Structure):
    _fields_ = [("status", ctypes.c_int), ("message", ctypes.c_char * 768), ("file", ctypes.c_char * 256),
                ("offset", ctypes.c_uint64), ("item", ctypes.c_char * 128), ("expected", ctypes.c_char * 128),
                ("found", ctypes.c_char * 128)]


class Array(ctypes.Structure):
    _fields_ = [("name", text), ("dtype", ctypes.c_int), ("itemsize", size_t), ("ndim", size_t),
                ("shape", size_t * 8), ("strides", ctypes.c_ssize_t * 8), ("data", ctypes.c_void_p)]


class Regression(ctypes.Structure):
    _fields_ = [("size", size_t), ("method", text), ("alphas", ctypes.POINTER(ctypes.c_double)), ("alpha_count", size_t),
                ("folds", size_t), ("alpha_per_voxel", ctypes.c_int), ("chunks", size_t)]


class Options(ctypes.Structure):
    _fields_ = [("size", size_t), ("components", size_t), ("standardise", ctypes.c_int), ("threads", ctypes.c_int),
                ("regression", ctypes.POINTER(Regression)), ("memory", size_t)]


PROGRESS = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, size_t, size_t, ctypes.c_double)
STAGE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, text, text)
WARN = ctypes.CFUNCTYPE(None, ctypes.c_void_p, text)


class Run(ctypes.Structure):
    _fields_ = [("size", size_t), ("progress", PROGRESS), ("user", ctypes.c_void_p), ("stage", STAGE), ("warn", WARN)]


# The order of BERG_DTYPE_MAP.
DTYPES = ["|b1", "|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f2", None, "<f4", "<f8"]
STATUSES = ["OK", "EINTERNAL", "EDEVICE", "EARGUMENT", "ENOMODEL", "EPARAMETER", "ESTIMULUS", "EINPUT", "EMODEL",
            "EWRITE", "EEXISTS", "ELIMIT", "EDIFFERENT", "ECANCELLED",
            "EINCOMPLETE"]


class Refused(Exception):
    def __init__(self, status, message):
        super().__init__(f"{STATUSES[status]}: {message}")
        self.status, self.message = STATUSES[status], message


def load():
    library = ctypes.CDLL(str(BUILD / "libberg.so"))
    for function in (library.berg_fit_options_init, library.berg_regression_options_init, library.berg_run_init):
        function.argtypes, function.restype = [ctypes.c_void_p, size_t], None
    library.berg_fit_entry.restype = ctypes.POINTER(Array)
    library.berg_fit_entry.argtypes = [ctypes.c_void_p, size_t]
    library.berg_fit_count.restype = size_t
    library.berg_fit_count.argtypes = [ctypes.c_void_p]
    library.berg_fit_free.argtypes = [ctypes.c_void_p]
    library.berg_fit_predict.argtypes = [ctypes.c_void_p, ctypes.POINTER(Array), ctypes.c_void_p,
                                         ctypes.POINTER(Error)]
    library.berg_fit_save.argtypes = [ctypes.c_void_p, text, ctypes.c_int, ctypes.POINTER(Error)]
    return library


LIBRARY = load()


def made(kind, initialise):
    """A struct of options with the library's defaults."""
    options = kind()
    initialise(ctypes.byref(options), ctypes.sizeof(options))
    return options


def check(status, error):
    if status:
        assert error.status == status
        raise Refused(status, error.message.decode())


def view(values):
    """A berg_array over a NumPy array, any strides."""
    code = values.dtype.newbyteorder("<").str if values.dtype.itemsize > 1 else values.dtype.str
    array = Array(dtype=DTYPES.index(code), itemsize=values.itemsize, ndim=values.ndim, data=values.ctypes.data)
    for d in range(values.ndim):
        array.shape[d], array.strides[d] = values.shape[d], values.strides[d]
    return array


def to_numpy(array):
    shape = array.shape[:array.ndim]
    dtype = np.dtype(DTYPES[array.dtype])
    count = int(np.prod(shape, dtype=int))
    data = ctypes.string_at(array.data, count * dtype.itemsize)
    return np.frombuffer(data, dtype).reshape(shape)


class Fit:
    """berg_fit_open; entries by name: fit["pca_param.components_"]."""

    def __init__(self, features, responses, components=250, standardise=True, threads=2, memory=0, method="ols",
                 alphas=None, folds=0, alpha_per_voxel=False, chunks=0, progress=None, stage=None):
        options, error, self.handle = made(Options, LIBRARY.berg_fit_options_init), Error(), ctypes.c_void_p()
        assert options.components == 250 and options.standardise == 1
        options.components, options.standardise, options.threads, options.memory = components, standardise, threads, memory
        regression = made(Regression, LIBRARY.berg_regression_options_init)
        options.regression = ctypes.pointer(regression)
        regression.method, regression.alpha_per_voxel = method.encode(), alpha_per_voxel
        regression.chunks = chunks
        if folds:
            regression.folds = folds
        if alphas is not None:
            numbers = (ctypes.c_double * len(alphas))(*alphas)
            regression.alphas, regression.alpha_count = ctypes.cast(numbers, ctypes.POINTER(ctypes.c_double)), len(alphas)
        run = made(Run, LIBRARY.berg_run_init)
        run.progress, run.stage = PROGRESS(progress or 0), STAGE(stage or 0)
        x, y = view(features), view(responses)
        check(LIBRARY.berg_fit_open(ctypes.byref(self.handle), ctypes.byref(x), ctypes.byref(y), ctypes.byref(options),
                                    ctypes.byref(run), ctypes.byref(error)), error)
        entries = [LIBRARY.berg_fit_entry(self.handle, i).contents for i in range(LIBRARY.berg_fit_count(self.handle))]
        self.entries = {entry.name.decode(): to_numpy(entry) for entry in entries}

    def __getitem__(self, name):
        return self.entries[name]

    def predict(self, features):
        error = Error()
        out = np.full((features.shape[0], len(self["reg_param.intercept_"])), np.nan, np.float32)
        x = view(features)
        check(LIBRARY.berg_fit_predict(self.handle, ctypes.byref(x), out.ctypes.data, ctypes.byref(error)), error)
        return out

    def save(self, path, force=False):
        error = Error()
        check(LIBRARY.berg_fit_save(self.handle, str(path).encode(), force, ctypes.byref(error)), error)

    def __del__(self):
        if self.handle:
            LIBRARY.berg_fit_free(self.handle)


# --- The same in float64 ---------------------------------------------------------------------------------------------

def scaler(x, standardise=True):
    """mean, variance, scale as scikit-learn's StandardScaler fits them."""
    x, n = x.astype(np.float64), len(x)
    mean = x.mean(axis=0)
    away = x - mean
    variance = ((away**2).sum(axis=0) - away.sum(axis=0)**2 / n) / n
    eps = np.finfo(np.float64).eps
    constant = variance <= n * eps * variance + (n * mean * eps)**2
    return mean, variance, np.where(constant | (not standardise), 1, np.sqrt(variance))


def pca(z, components):
    """Components (signs as scikit-learn >= 1.5), variances, their ratio, the noise, scores."""
    n, centred = len(z), z - z.mean(axis=0)
    u, s, v = np.linalg.svd(centred, full_matrices=False)
    signs = np.sign(v[np.arange(len(v)), np.abs(v).argmax(axis=1)])
    signs[signs == 0] = 1
    u, v, variance = u * signs, v * signs[:, None], s**2 / (n - 1)
    left = min(z.shape) - components
    noise = variance[components:].sum() / left if left else 0
    return v[:components], variance[:components], (variance / variance.sum())[:components], noise, (u * s)[:, :components]


def least_squares(x, y):
    x, y = x.astype(np.float64), y.astype(np.float64)
    coef = np.linalg.lstsq(x - x.mean(axis=0), y - y.mean(axis=0), rcond=1e-8)[0].T
    return coef, y.mean(axis=0) - coef @ x.mean(axis=0)


def ridge(x, y, alpha):
    """`alpha`: one, or one a target."""
    x, y = x.astype(np.float64), y.astype(np.float64)
    centred = x - x.mean(axis=0)
    u, s, v = np.linalg.svd(centred, full_matrices=False)
    shrunk = s[:, None] / (s[:, None]**2 + np.broadcast_to(alpha, y.shape[1])[None, :])
    coef = (v.T @ (shrunk * (u.T @ (y - y.mean(axis=0))))).T
    return coef, y.mean(axis=0) - coef @ x.mean(axis=0)


def cross_validated(x, y, alphas, folds=5):
    """r^2 of held-out rows, (alphas, targets): the mean over consecutive folds, the first one longer where uneven."""
    n, scores = len(x), np.zeros((len(alphas), y.shape[1]))
    sizes = np.full(folds, n // folds)
    sizes[:n % folds] += 1
    ends = np.cumsum(sizes)
    for end, size in zip(ends, sizes):
        out = np.zeros(n, bool)
        out[end - size:end] = True
        for a, alpha in enumerate(alphas):
            coef, intercept = ridge(x[~out], y[~out], alpha)
            truth = y[out].astype(np.float64)
            residual = ((truth - x[out] @ coef.T - intercept)**2).sum(axis=0)
            total = ((truth - truth.mean(axis=0))**2).sum(axis=0)
            scores[a] += np.where(total > 0, 1 - residual / np.where(total > 0, total, 1), residual == 0) / folds
    return scores


def principal_angle(a, b):
    """Sine of the largest angle between the row spaces of two orthonormal bases."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    a = np.linalg.qr(a.T)[0].T
    return np.linalg.norm(b - (b @ a.T) @ a, 2)


def worst(ours, expected):
    """Largest error of a row against its norm, and of all against all."""
    off = np.linalg.norm(ours - expected, axis=-1)
    size = np.linalg.norm(expected, axis=-1)
    return (off / np.where(size > 0, size, 1)).max(), np.linalg.norm(off) / np.linalg.norm(size)


def spectrum(rows, columns, decay, seed, noise=0.0):
    """float32 features of 80 directions whose variances fall as i^-decay, plus noise."""
    rng = np.random.default_rng(seed)
    rank = min(rows, columns, 80)
    u = np.linalg.qr(rng.normal(size=(rows, rank)))[0]
    v = np.linalg.qr(rng.normal(size=(columns, rank)))[0]
    s = np.arange(1, rank + 1)**(-decay / 2) * np.sqrt(rows * columns)
    return ((u * s) @ v.T + noise * rng.normal(size=(rows, columns))).astype(np.float32)
