"""The metadata dict against NumPy's own reading of the same file: keys, order, types and every value."""

import numpy as np
import pytest

import vit_oracle


def assert_same(ours, theirs, path="metadata"):
    assert type(ours) is type(theirs), path
    if isinstance(theirs, dict):
        assert list(ours) == list(theirs), path
        for key in theirs:
            assert_same(ours[key], theirs[key], f"{path}.{key}")
    elif isinstance(theirs, (list, tuple)):
        assert len(ours) == len(theirs), path
        for place, value in enumerate(theirs):
            assert_same(ours[place], value, f"{path}[{place}]")
    elif isinstance(theirs, np.ndarray):
        assert ours.dtype == theirs.dtype and ours.shape == theirs.shape, path
        # equal_nan knows no strings
        assert np.array_equal(ours, theirs, equal_nan=theirs.dtype.kind == "f"), path
        if theirs.dtype == object:
            assert {type(value) for value in ours.flat} == {type(value) for value in theirs.flat} == {str}, (
                path
            )
    else:
        assert ours == theirs, path


@pytest.mark.parametrize("subject", [1, 2, 3])
def test_metadata_are_numpys(berg, model_id, small_berg_dir, subject):
    path = small_berg_dir / vit_oracle.MODEL_FOLDER / "metadata" / f"metadata_sub-0{subject}.npy"
    theirs = np.load(path, allow_pickle=True).item()
    assert_same(berg.get_model_metadata(model_id, subject=subject), theirs)


def test_numbers_strings_and_orders_of_all_kinds(berg, model_id, small_subject, small_berg_dir, tmp_path):
    """A file as other versions might write it: int subject, Fortran order, odd strings, no accuracies."""
    _, metadata = small_subject
    metadata = {part: dict(values) for part, values in metadata.items()}
    metadata["fmri"]["subject_id"] = 1
    metadata["fmri"]["voxel_coords"] = np.asfortranarray(metadata["fmri"]["voxel_coords"])
    metadata["fmri"]["spacing"] = 2.5
    metadata["encoding_model"]["train_stimuli"] = np.array(
        ["", "garçon_01b.jpg", "图.jpg", "🧠.jpg"] * 2, dtype=object
    )
    metadata["encoding_model"]["test_avg_stimuli"] = np.array(["é", "", "日本語"])
    for name in ("correlation_results", "percent_noise_ceiling"):
        del metadata["encoding_model"][name]
    path = tmp_path / vit_oracle.MODEL_FOLDER / "metadata" / "metadata_sub-01.npy"
    path.parent.mkdir(parents=True)
    np.save(path, metadata)
    from berg import BERG

    assert_same(BERG(tmp_path).get_model_metadata(model_id, subject=1), metadata)


def test_lists_stay_lists(model_id, tmp_path):
    """Although the library reads them as arrays: of Python's numbers and of NumPy's, nested, and tuples."""
    metadata = {
        "fmri": {"voxel_coords": [[0, 1, 2], [3, 4, 5], [6, 7, 8]], "spacing": (2.5, np.float32(1), 3)},
        "roi": {"V1": [0, 2], "V2": list(np.array([1, 2], np.int32)), "V3": (np.int64(1),), "V4": [], "V5": np.array([1], np.uint8)},
        "of": {"grid": [tuple(np.arange(2.0)), (np.float16(1), 4)], "ragged": [[1], [2, np.uint8(3)]], "marks": [True, np.False_]},
    }
    path = tmp_path / vit_oracle.MODEL_FOLDER / "metadata" / "metadata_sub-01.npy"
    path.parent.mkdir(parents=True)
    np.save(path, metadata)
    from berg import BERG

    ours = BERG(tmp_path).get_model_metadata(model_id, subject=1)
    assert_same(ours, metadata)
    assert [type(value) for value in ours["roi"]["V2"]] == [np.int32] * 2


def test_encode_returns_them_too(berg, load, images, model_id, small_subject):
    model = load({"roi": ["V1"]})
    result = berg.encode(model, images, return_metadata=True)
    assert isinstance(result, tuple) and len(result) == 2
    responses, metadata = result
    assert responses.shape == (len(images), len(metadata["roi"]["V1"]))
    assert_same(metadata, small_subject[1])
    assert_same(model.metadata, small_subject[1])


def test_arrays_are_the_callers_own(berg, model_id):
    metadata = berg.get_model_metadata(model_id, subject=1)
    metadata["roi"]["V1"][:] = -1
    metadata["fmri"]["voxel_coords"][0] = 99
    assert berg.get_model_metadata(model_id, subject=1)["roi"]["V1"].min() >= 0


def test_class_reads_them_without_a_model(small_berg_dir, model_id, small_subject):
    from berg.core.model_registry import get_model_class

    assert_same(get_model_class(model_id).get_metadata(berg_dir=small_berg_dir, subject=1), small_subject[1])


def test_cleaned_up_model_still_has_them(load, small_subject):
    model = load({"roi": ["V1"]})
    model.cleanup()
    assert_same(model.get_metadata(model_instance=model), small_subject[1])
