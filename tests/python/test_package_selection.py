"""A str as `selection`: the language of docs/selections.md through the package."""
import copy
import json
import pickle

import numpy as np
import pytest

from berg import BERG
from berg.core.exceptions import InvalidParameterError
from sibling_models import MODELS


def test_columns_are_those_of_the_whole(berg, load, whole_model, whole, images):
    metadata = whole_model.metadata
    rois, ceiling = metadata["roi"], metadata["encoding_model"]["noise_ceiling_testset"]
    voxels = np.union1d(rois["V2"], rois["V1"])
    voxels = voxels[ceiling[voxels] > 50]
    model = load("V2 + V1 & ceiling > 50")
    np.testing.assert_array_equal(model.selected_voxels, voxels)
    np.testing.assert_array_equal(berg.encode(model, images, show_progress=False), whole[:, voxels])


def test_copies_select_the_same(load):
    model = load("V1 - V2")
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(other.selected_voxels, model.selected_voxels)
        assert other.selection == "V1 - V2"


def test_every_sibling_takes_a_str(load_sibling, sibling_wholes, squares):
    expressions = {"nsd": "V1v + OVWFA & lh", "eeg": "Oz & time < 0", "meg": "MRO & 0.1 <= time <= 0.2", "tvsd": "V4 & time == 100ms"}
    for key, expression in expressions.items():
        with load_sibling(key, expression) as model:
            whole, part = sibling_wholes[key], model.generate_response(squares, show_progress=False)
            for all_of_it, some, output in zip(*(((whole,), (part,)) if key != "nsd" else (whole, part)), model.outputs):
                for dimension, axis in enumerate(output.axes, 1):
                    places = np.arange(axis.length) if axis.indices is None else axis.indices
                    all_of_it = np.take(all_of_it, places, dimension)
                np.testing.assert_array_equal(some, all_of_it)
    assert part.shape == (3, 256, 1)


def test_a_hemisphere_of_nothing_has_no_file(load_sibling, squares, tmp_path):
    with load_sibling("nsd", "rh & V1v") as model:
        assert model.generate_response(squares, show_progress=False)[0].shape == (3, 0)
        left, right = model.generate_response(squares, show_progress=False, out=tmp_path / "x.npy", sidecar=True)
    assert left is None and np.load(right).shape[0] == 3 and [path.name for path in sorted(tmp_path.iterdir())] == [
        "x_rh.json", "x_rh.npy"]
    assert json.loads((tmp_path / "x_rh.json").read_text())["Select"] == "rh & V1v"


@pytest.mark.parametrize("expression, message", [
    ("V1 +", "selection: character 5: expected a set"),
    ("V1 + V9", "selection: character 6: this subject has no region 'V9': did you mean V1?"),
    ("V1 & !V1", "selects no voxel of this subject"),
    ("  ", "selection: expected an expression such as"),
    ("V1\0", "selection: expected text, found"),
    ("\udce9.nii", "selection: expected text, found")])
def test_what_is_wrong_is_an_invalid_parameter(load, expression, message):
    with pytest.raises(InvalidParameterError) as caught:
        load(expression)
    assert message in str(caught.value)


def test_a_ceiling_goes_into_the_expression(load):
    with pytest.raises(InvalidParameterError, match="write & ceiling >= 20"):
        load("V1", min_noise_ceiling=20)


def test_what_is_neither_dict_nor_str_is_refused(small_berg_dir):
    with pytest.raises(InvalidParameterError, match="selection: expected a dict or a str, found list"):
        BERG(small_berg_dir).get_encoding_model(MODELS["eeg"].model_id, subject=1, selection=["Oz"])
