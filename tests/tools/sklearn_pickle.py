"""Objects that are pickled as scikit-learn pickles its PCA, opcode for opcode, without scikit-learn."""
import contextlib
import sys
import types

PCA_MODULE = "sklearn.decomposition._pca"
OLD_PCA_MODULE = "sklearn.decomposition.pca"  # before 0.22


def estimator_class(module, name):
    """An empty class of that name and module: what a pickle records of a class is no more."""
    return type(name, (), {"__module__": module})


PCA = estimator_class(PCA_MODULE, "PCA")
OldPCA = estimator_class(OLD_PCA_MODULE, "PCA")


@contextlib.contextmanager
def importable(*classes):
    """While it lasts, pickle finds `classes` under the modules that they name."""
    saved = {}
    for made in classes:
        for name in ("sklearn", made.__module__):
            saved.setdefault(name, sys.modules.get(name))
            sys.modules[name] = types.ModuleType(name)
    for made in classes:
        setattr(sys.modules[made.__module__], made.__name__, made)
    try:
        yield
    finally:
        for name, module in saved.items():
            del sys.modules[name]
            if module is not None:
                sys.modules[name] = module


def pca_object(fitted, seed, *, old=False, version="1.5.2"):
    """The nine values of upstream's PCA dict as the object that they were taken from, its attributes in the order of
    scikit-learn's randomized solver, which so many features take. old: of the module before 0.22, whose objects have fewer
    attributes, and n_features_."""
    estimator = (OldPCA if old else PCA)()
    state = {"n_components": fitted["n_components_"], "copy": True, "whiten": False, "svd_solver": "auto", "tol": 0.0,
             "iterated_power": "auto"}
    if not old:
        state.update(n_oversamples=10, power_iteration_normalizer="auto")
    state["random_state"] = seed
    if not old:
        state["n_features_in_"] = fitted["n_features_in_"]
    state["_fit_svd_solver"] = "randomized"
    state.update({name: fitted[name] for name in ("mean_", "n_samples_")})
    if old:
        state["n_features_"] = fitted["n_features_in_"]
    state.update({name: fitted[name] for name in (
        "components_", "n_components_", "explained_variance_", "explained_variance_ratio_", "singular_values_",
        "noise_variance_")})
    state["_sklearn_version"] = "0.21.3" if old else version
    estimator.__dict__.update(state)
    return estimator


def as_dicts(tree):
    """The tree with objects as the dicts of their attributes, and None left out: what the reader shows."""
    tree = getattr(tree, "__dict__", tree)
    return {key: as_dicts(value) for key, value in tree.items() if value is not None} if isinstance(tree, dict) else tree
