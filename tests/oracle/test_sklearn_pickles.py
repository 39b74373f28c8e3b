"""scikit-learn's PCA objects in pickles: read as the dict of their attributes, never made; other classes are refused."""
import pickle
import pickletools

import numpy as np
import pytest

from containers import box_with, check, convert, load, refused, run, same, save, with_header
from sklearn_pickle import OLD_PCA_MODULE, PCA, PCA_MODULE, OldPCA, as_dicts, estimator_class, importable, pca_object


def fitted(seed, order="C"):
    rng = np.random.default_rng(seed)
    return {"components_": np.asarray(rng.standard_normal((3, 11)).astype("f4"), order=order),
            "explained_variance_": rng.random(3).astype("f4"), "explained_variance_ratio_": rng.random(3).astype("f4"),
            "singular_values_": rng.random(3).astype("f4"), "mean_": rng.random(11).astype("f4"), "n_components_": 3,
            "n_samples_": 16540, "noise_variance_": np.float32(0.25), "n_features_in_": 11}


def write(path, tree, protocol=4):
    with importable(PCA, OldPCA):
        return save(path, tree, protocol)


def two_repetitions(**options):
    return {"pca_param": {f"rep-{r}": pca_object(fitted(r), 20200220 + 10 * r, **options) for r in (1, 2)}, "after": 7}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("old", [False, True], ids=[PCA_MODULE, OLD_PCA_MODULE])
def test_an_object_is_its_attributes(tmp_path, protocol, old):
    tree = two_repetitions(old=old)
    path = write(tmp_path / "x.npy", tree, protocol)
    check(path, as_dicts(tree), "npy-pickle")
    same(load(convert(path, tmp_path / "y.npy")), {**as_dicts(tree), "after": 7})


def test_orders_and_kinds(tmp_path):
    tree = {"rep-1": pca_object(fitted(1, "F"), None), "rep-2": pca_object(fitted(2), np.int64(3))}
    tree["rep-1"].tol, tree["rep-1"].flag, tree["rep-2"].text = 0.125, True, "ä"
    check(write(tmp_path / "x.npy", tree), as_dicts(tree))


def test_shared(tmp_path):
    """What two objects have in common is written once; an object may be there twice itself."""
    first, second = fitted(1), fitted(2)
    second["mean_"], second["components_"] = first["mean_"], first["components_"]
    tree = {"rep-1": pca_object(first, 1), "rep-2": pca_object(second, 1)}
    tree["rep-3"] = tree["rep-1"]
    path = write(tmp_path / "x.npy", tree)
    assert path.stat().st_size < 2 * first["components_"].nbytes + 2000
    check(path, as_dicts(tree))


def test_form(tmp_path):
    """The opcodes around the attributes, as scikit-learn's own objects have them."""
    with importable(PCA):
        ops = [op.name for op, _, _ in pickletools.genops(pickle.dumps(pca_object(fitted(1), 1), protocol=3))]
    assert ops[:8] == ["PROTO", "GLOBAL", "BINPUT", "EMPTY_TUPLE", "NEWOBJ", "BINPUT", "EMPTY_DICT", "BINPUT"]
    assert ops[-4:] == ["BINPUT", "SETITEMS", "BUILD", "STOP"]


@pytest.mark.parametrize("module,name", [
    ("sklearn.decomposition._incremental_pca", "IncrementalPCA"), ("sklearn.decomposition._pca", "ProbabilisticPCA"),
    ("sklearn.linear_model._base", "LinearRegression"), ("evil", "PCA")])
def test_other_classes(tmp_path, module, name):
    other = estimator_class(module, name)
    value = other()
    value.__dict__.update(fitted(1))
    with importable(other):
        save(tmp_path / "x.npy", {"a": value}, 4)
    refused(tmp_path / "x.npy", "refused, and nothing was executed: calls something that is not on the list", "at byte",
            "expected arrays, plain values and scikit-learn's PCA", f"found {module}.{name}")


def test_a_state_that_runs_something(tmp_path):
    value = pca_object(fitted(1), np.random.RandomState(3))
    write(tmp_path / "x.npy", {"a": value})
    refused(tmp_path / "x.npy", "refused", "numpy.random")


CLASS = b"csklearn.decomposition._pca\nPCA\n"


@pytest.mark.parametrize("body,words", [
    (CLASS + b")\x81", "neither an array nor a plain value"),  # never given its attributes
    (CLASS, "neither an array nor a plain value"),
    (CLASS + b"N\x85\x81}b", "PCA()"),  # with an argument
    (CLASS + b"]\x81}b", "PCA()"),
    (CLASS + b")\x81]b", "a dict of attributes"),
    (CLASS + b")\x81N}\x86b", "a dict of attributes"),  # with slots
    (CLASS + b")R", "calls something that is not callable"),
    (b"cnumpy\nndarray\n)\x81}b", "not a known class"),
    (b"N)\x81", "not a known class"),
    (b"cos\nsystem\n)\x81", "os.system"),
    (b"0)\x81", "not a known class"),
    (CLASS + b")}\x92", "unsupported opcode"),
])
def test_wrong_objects(tmp_path, body, words):
    (tmp_path / "x.npy").write_bytes(box_with(body))
    refused(tmp_path / "x.npy", words)


def test_nothing_below(tmp_path):
    for data in (b")\x81.", CLASS + b"\x81.", b"\x81.", b"(" + CLASS + b"()\x81."):
        (tmp_path / "x.npy").write_bytes(with_header(b"\x80\x04" + data))
        refused(tmp_path / "x.npy", "the stack is empty")


def test_an_object_within_itself(tmp_path):
    value = pca_object(fitted(1), 1)
    value.me = value
    write(tmp_path / "x.npy", {"a": value})
    assert run(tmp_path / "x.npy").returncode == 3


def test_attributes_are_those_of_the_moment(tmp_path):
    """An item set in the state after it was given to the object is not the object's."""
    def text(letters):
        return b"X" + len(letters).to_bytes(4, "little") + letters
    state = b"}q\x50" + text(b"a") + b"K\x01s"
    later = text(b"state") + b"h\x50" + text(b"b") + b"K\x02s"
    (tmp_path / "x.npy").write_bytes(box_with(b"}(" + text(b"object") + CLASS + b")\x81" + state + b"b" + later + b"u"))
    check(tmp_path / "x.npy", {"object": {"a": 1}, "state": {"a": 1, "b": 2}})
