"""The sibling models' metadata against NumPy's own reading of the file: each value of its own type, in every generation."""

import numpy as np
import pytest

from berg import BERG
from berg.core.exceptions import MissingMetadataError, ModelLoadError
from make_siblings import make_sibling
from sibling_metadata import GENERATIONS
from sibling_models import MODELS
from test_package_metadata import assert_same

ALL = [(key, generation) for key, known in GENERATIONS.items() for generation in known]


def metadata_of(folder, key):
    model = MODELS[key]
    return BERG(folder).get_model_metadata(model.model_id, subject=model.subjects[0])


@pytest.mark.parametrize("key, generation", ALL)
def test_metadata_are_numpys(tmp_path, key, generation):
    make_sibling(tmp_path, key, generation=generation, splits=(), class_tokens=True, components=1)
    path = MODELS[key].metadata_path(tmp_path, MODELS[key].subjects[0])
    assert_same(metadata_of(tmp_path, key), np.load(path, allow_pickle=True).item())


def test_lists_are_lists(siblings_dir):
    """Upstream calls .index on them."""
    eeg, meg = metadata_of(siblings_dir, "eeg"), metadata_of(siblings_dir, "meg")
    assert eeg["eeg"]["ch_names"].index("Oz") == 15
    assert isinstance(meg["encoding_model"]["test_concepts"], list)
    assert isinstance(meg["sensors"]["sensor_regions"], np.ndarray)
    assert (meg["sensors"]["sensor_regions"] == "Occipital").any()


def test_a_loaded_models_are_the_same(siblings_dir, load_sibling):
    for key in MODELS:
        with load_sibling(key) as model:
            assert_same(model.metadata, metadata_of(siblings_dir, key))


def test_splits_change_no_metadata(siblings_dir):
    """Upstream ignores further arguments."""
    berg, model_id = BERG(siblings_dir), MODELS["meg"].model_id
    assert_same(
        berg.get_model_metadata(model_id, subject=1, train_splits="single"),
        berg.get_model_metadata(model_id, subject=1),
    )


@pytest.fixture
def rewritten(tmp_path):
    """rewritten(change): metadata of EEG after change(metadata), as NumPy has them and as they are read."""

    def rewrite(change):
        make_sibling(tmp_path, "eeg", splits=(), class_tokens=True, components=1)
        path = MODELS["eeg"].metadata_path(tmp_path, 1)
        metadata = np.load(path, allow_pickle=True).item()
        change(metadata)
        np.save(path, metadata)
        return metadata_of(tmp_path, "eeg"), np.load(path, allow_pickle=True).item()

    return rewrite


def test_kinds_of_all_kinds(rewritten):
    def change(metadata):
        metadata["kinds"] = {
            "none": None,
            "true": True,
            "int": -(2**40),
            "float": 0.1,
            "inf": float("-inf"),
            "text": "garçon 🧠\n\"quoted\"\\",
            "tuple": (1, "a", (2.5, None)),
            "list": [[], {}, [True, False], np.arange(3)],
            "empty": {"list": [], "tuple": (), "dict": {}, "text": "", "array": np.empty((0, 3), np.float32)},
            "numpy": {
                "int": np.int64(7),
                "float": np.float32(0.1),
                "bool": np.bool_(True),
                "scalar array": np.array(2.5),
                "text array": np.array(["a", "bcd", ""]),
                "two by two": np.array([["a", "b"], ["c", "é"]]),
                "objects": np.array(["x", "yy"], dtype=object),
                "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
                "text": np.array("alone"),
            },
            7: "a number for a key",
            "dotted.key": {"a.b": np.arange(2)},
        }

    ours, theirs = rewritten(change)
    assert_same(ours, theirs)
    assert ours["kinds"][7] == "a number for a key"
    assert type(ours["kinds"]["numpy"]["int"]) is np.int64 and type(ours["kinds"]["int"]) is int


def test_nan_is_nan(rewritten):
    def change(metadata):
        metadata["nan"] = float("nan")

    ours, _ = rewritten(change)
    assert isinstance(ours["nan"], float) and np.isnan(ours["nan"])


def test_bytes_are_refused(rewritten):
    def change(metadata):
        metadata["raw"] = b"abc"

    with pytest.raises(ModelLoadError, match="raw"):
        rewritten(change)


def test_corrupt_is_not_missing(tmp_path):
    make_sibling(tmp_path, "eeg", splits=(), class_tokens=True, components=1)
    path = MODELS["eeg"].metadata_path(tmp_path, 1)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ModelLoadError, match=path.name) as caught:
        metadata_of(tmp_path, "eeg")
    assert not isinstance(caught.value, MissingMetadataError)
