"""scikit-learn's own objects beside the stand-ins of tests/tools/sklearn_pickle.py: their pickles, what the reader makes of
them, and what they predict beside the oracle of the sibling models."""
import pickle

import numpy as np
import pytest
import sklearn
from sklearn.decomposition import PCA, IncrementalPCA
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

import siblings_oracle as oracle
import sklearn_pickle
from containers import check, refused
from make_siblings import make_sibling
from sibling_models import MODELS

NINE = ("components_", "explained_variance_", "explained_variance_ratio_", "singular_values_", "mean_", "n_components_",
        "n_samples_", "noise_variance_", "n_features_in_")


def fitted(seed):
    """So much wider than high that the solver is the one of upstream's fits."""
    features = np.random.default_rng(seed).standard_normal((40, 600)).astype(np.float32)
    return PCA(n_components=3, random_state=seed).fit(features)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_stand_in_is_pickled_as_the_real_one(protocol):
    real = {f"rep-{r}": fitted(20200220 + 10 * r) for r in (1, 2)}
    stand_in = {name: sklearn_pickle.pca_object({key: getattr(pca, key) for key in NINE}, pca.random_state, version=sklearn.__version__)
                for name, pca in real.items()}
    expected = pickle.dumps(real, protocol=protocol)
    with sklearn_pickle.importable(sklearn_pickle.PCA):
        assert pickle.dumps(stand_in, protocol=protocol) == expected


def test_real_objects_are_read(tmp_path):
    tree = {"pca_param": {f"rep-{r}": fitted(r) for r in (1, 2)}}
    np.save(tmp_path / "x.npy", tree)
    wanted = sklearn_pickle.as_dicts(tree)
    for pca in wanted["pca_param"].values():
        pca["_sklearn_version"] = sklearn.__version__  # which is only there while it is pickled
    check(tmp_path / "x.npy", wanted, "npy-pickle")


@pytest.mark.parametrize("other", [IncrementalPCA(n_components=3), LinearRegression(), StandardScaler()], ids=lambda o: type(o).__name__)
def test_other_estimators_are_refused(tmp_path, other):
    np.save(tmp_path / "x.npy", {"pca_param": {"rep-1": other}})
    refused(tmp_path / "x.npy", "refused, and nothing was executed", type(other).__name__)


def rebuilt(estimator, parameters):
    """As upstream's classes do it: an estimator that never fitted anything, given what was."""
    for name, value in parameters.items():
        setattr(estimator, name, value)
    return estimator


def predict(scaler, pca, regression, features):
    z = rebuilt(StandardScaler(), scaler).transform(features)
    scores = rebuilt(PCA(), pca).transform(z).astype(np.float32)
    return rebuilt(LinearRegression(), regression).predict(scores).astype(np.float32)


@pytest.mark.parametrize("form", ["dicts", "single"])
def test_oracle_and_scikit_learn(tmp_path, form):
    features = np.random.default_rng(3).standard_normal((6, 9216)).astype(np.float32)
    made = {key: make_sibling(tmp_path, key, class_tokens=True, accuracy=False, form=form) for key in MODELS}

    def close(key, found, whole):
        spread = whole.std()
        assert found.size == whole.size and np.abs(found.reshape(whole.shape) - whole).max() < 1e-4 * spread, key
    weights, metadata = made["nsd"]
    for side, whole in zip("lr", oracle.encode("nsd", weights["all"], metadata, features)):
        parts = (weights["all"][name] for name in ("scaler_param", "pca_param", f"{side}h_reg_param"))
        close("nsd", predict(*parts, features), whole)
    weights, metadata = made["eeg"]
    whole = oracle.encode("eeg", weights["all"], metadata, features)
    for r, (name, regression) in enumerate(weights["all"]["reg_param"].items()):
        pca = weights["all"]["pca_param"]
        close("eeg", predict(weights["all"]["scaler_param"], pca.get(name, pca), regression, features), whole[:, r])
    for key in ("meg", "tvsd"):
        weights, metadata = made[key]
        single = oracle.encode(key, [weights[k] for k in (1, 2, 3, 4)], metadata, features)
        for k in range(4):
            close(key, predict(*(weights[k + 1][part] for part in ("scaler_param", "pca_param", "reg_param")), features), single[:, k])
