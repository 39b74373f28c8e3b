"""Metadata whose numbers are Python lists, tuples or integers of other types than upstream's are read as those of int64 arrays."""
import numpy as np
import pytest

from program import MODEL, MODEL_FOLDER, tiny_metadata
from sibling_models import MODELS
from siblings import IDS, SUBJECTS

SELECTED = {"fmri": "V1 + V2 & ceiling > 5", "nsd": "V1v + FBA-2 & lh_ncsnr > 0.1", "eeg": "O1 + Oz & 0.1 < time < 0.12",
            "meg": "Occipital & time < 0.1", "tvsd": "V4 & time > 0.1"}
FORMS = {"lists": list, "ints": np.ndarray.tolist, "tuples": tuple, "int32": lambda a: a.astype(np.int32),
         "big-endian uint64": lambda a: a.astype(">u8")}


def changed(value, form):
    """Integers in that form, and short rows of other numbers too where it is a list; all else as it is."""
    if isinstance(value, dict):
        return {key: changed(entry, form) for key, entry in value.items()}
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf" or value.size > 100000:
        return value
    if value.dtype.kind == "f" and (form not in ("lists", "ints", "tuples") or value.size > 2000):
        return value
    if value.ndim > 1 and form in ("lists", "tuples"):
        return FORMS[form](FORMS[form](row) for row in value)
    return FORMS[form](value)


def path_in(folder, key):
    if key == "fmri":
        return folder / MODEL_FOLDER / "metadata" / "metadata_sub-01.npy"
    return MODELS[key].metadata_path(folder, MODELS[key].subjects[0])


@pytest.mark.parametrize("key, form", [*[("fmri", form) for form in FORMS], ("nsd", "ints"), ("nsd", "int32"), ("eeg", "tuples"),
                                       ("meg", "lists"), ("tvsd", "lists"), ("tvsd", "int32")])
def test_numbers_of_metadata(berg, five_berg_dir, tmp_path, key, form):
    metadata = np.load(path_in(five_berg_dir, key), allow_pickle=True).item()
    path = path_in(tmp_path, key)
    path.parent.mkdir(parents=True)
    np.save(path, changed(metadata, form))

    def shown(folder):
        results = [berg("metadata", IDS[key], "--berg-dir", folder, "--subject", SUBJECTS[key], *more, binary=True) for more in
                   ([], ["--select", SELECTED[key]], ["--select", SELECTED[key], "-o", "-"])]
        assert [(result.status, result.err) for result in results] == [(0, "")] * 3, results[-1].err
        return [result.out.replace(bytes(folder), b"") for result in results]
    assert shown(tmp_path) == shown(five_berg_dir)


def encoded(encode_with, folder, key, *more):
    result = encode_with(key, *more, "-o", "-", berg_dir=folder, binary=True)
    return result.status, result.out


def test_regions_of_lists_are_encoded(encode_with, five_berg_dir, photos, tmp_path):
    source = (five_berg_dir / MODEL_FOLDER).resolve()
    path = path_in(tmp_path, "fmri")
    path.parent.mkdir(parents=True)
    (tmp_path / MODEL_FOLDER / "encoding_models_weights").symlink_to(source / "encoding_models_weights")
    np.save(path, changed(np.load(source / "metadata" / "metadata_sub-01.npy", allow_pickle=True).item(), "lists"))
    for more in ["--roi", "V1,hV4"], ["--mean", "roi"]:
        ours = encoded(encode_with, tmp_path, "fmri", photos / "4.jpg", *more)
        assert ours[0] == 0 and ours == encoded(encode_with, five_berg_dir, "fmri", photos / "4.jpg", *more)


@pytest.mark.parametrize("region, words", [
    ([0, 12], "roi.V1: expected indices below the number of voxels, found 12"),
    ([0, -1], "found -1"),
    (["a", "b"], "roi.V1: not voxel indices: expected whole numbers (n,), found a list or dict of something else"),
    ([True, False], "found a list or dict of something else"),
    ([1.5, 2], "expected whole numbers (n,), found float64 (2,)"),
    ([[1, 2], [3, 4]], "expected whole numbers (n,), found int64 (2, 2)"),
    ([[1, 2], [3]], "found a list or dict of something else"),
    (None, "V1: this subject has no such ROI: expected one of the metadata's ROIs, such as hV4, found V1"),
    ([], "V1: this ROI has no voxels in this subject")], ids=str)
def test_regions_that_are_none(berg, tmp_path, region, words):
    path = path_in(tmp_path, "fmri")
    path.parent.mkdir(parents=True)
    metadata = tiny_metadata()
    metadata["roi"]["V1"] = region
    np.save(path, metadata)
    result = berg("volume", "rois", MODEL, "--berg-dir", tmp_path, "--subject", "1", "--roi", "V1", "-o", tmp_path / "x.nii")
    assert result.status in (2, 4, 5, 6) and words in result.message, result.err
    assert not (tmp_path / "x.nii").exists()
