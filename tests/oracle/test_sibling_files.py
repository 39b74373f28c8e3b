"""The sibling models' files, every form and generation that their tools have written, as libberg's reader sees them."""
import numpy as np
import pytest

from containers import check, convert, load, same
from make_siblings import EEG_FORMS, make_sibling
from sibling_metadata import GENERATIONS
from sibling_models import MODELS
from sklearn_pickle import as_dicts

WEIGHTS = [("nsd", {}), *(("eeg", {"form": form}) for form in EEG_FORMS), ("eeg", {"form": "objects", "components_order": "F"}),
           ("meg", {"splits": ["all", 3]}), ("meg", {"splits": ["all", 2], "generation": "train_split"}),
           ("meg", {"generation": "plain", "dtype": "f8", "order": "F"}), ("tvsd", {"splits": [1], "subject": "F"})]


@pytest.mark.parametrize("key,options", WEIGHTS, ids=lambda value: "-".join(map(str, value.values())) if isinstance(value, dict) else value)
def test_weights(tmp_path, key, options):
    made, _ = make_sibling(tmp_path, key, class_tokens=True, components=2, accuracy=False, **options)
    model, subject = MODELS[key], options.get("subject", MODELS[key].subjects[0])
    for split, weights in made.items():
        check(model.weights_path(tmp_path, subject, split, options.get("generation", "newest")), as_dicts(weights), "npy-pickle")


def test_forms_hold_the_same(tmp_path):
    """Objects, dicts: two spellings of the same numbers."""
    spellings = [make_sibling(tmp_path / form, "eeg", class_tokens=True, form=form)[0]["all"] for form in ("dicts", "objects", "old_objects")]
    for other in spellings[1:]:
        for rep, pca in spellings[0]["pca_param"].items():
            for name, value in pca.items():
                found = as_dicts(other["pca_param"][rep])
                if name in found:
                    np.testing.assert_array_equal(found[name], value)


@pytest.mark.parametrize("key,generation", [(key, generation) for key, known in GENERATIONS.items() for generation in known])
def test_metadata(tmp_path, key, generation):
    """Read and written again: the same keys in the same order, a list still a list, an array of the same type."""
    _, metadata = make_sibling(tmp_path, key, generation=generation, splits=[])
    path = MODELS[key].metadata_path(tmp_path, MODELS[key].subjects[0])
    same(load(convert(path, tmp_path / "again.npy")), metadata)


def test_the_same_again(tmp_path):
    for folder in ("first", "second"):
        make_sibling(tmp_path / folder, "eeg", form="objects", class_tokens=True)
    first, second = (MODELS["eeg"].weights_path(tmp_path / folder, 1).read_bytes() for folder in ("first", "second"))
    assert first == second
