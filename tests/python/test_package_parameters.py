"""What users ask for that does not fit: which exception, and that its message says expected and found."""

import shutil

import numpy as np
import pytest

import make_subject
from berg import BERG
from berg.core.exceptions import InvalidParameterError, ModelLoadError, ModelNotFoundError, ResourceError
from berg.core.parameter_validator import ValidationError
from berg.models.fmri.things_fmri_1_vit_b_32 import fMRIEncodingModel

FOLDER = "encoding_models/modality-fmri/train_dataset-things_fmri_1/model-vit_b_32"


def test_unknown_model(berg):
    for ask in (berg.get_encoding_model, berg.get_model_metadata):
        with pytest.raises(ModelNotFoundError, match="fmri-nsd-vit"):
            ask("fmri-nsd-vit", subject=1)


@pytest.mark.parametrize("subject", [0, 4, -1, "1", "sub-01", 1.0, None, True, [1], np.array([1, 2])])
def test_bad_subject(berg, model_id, subject):
    for ask in (berg.get_encoding_model, berg.get_model_metadata):
        with pytest.raises(InvalidParameterError, match=r"expected one of \[1, 2, 3\], found"):
            ask(model_id, subject=subject)


def test_subject_may_be_numpys(load):
    assert load({"roi": ["V1"]}, subject=np.int64(2)).subject == 2


def test_missing_subject(berg, model_id):
    with pytest.raises(TypeError):
        berg.get_encoding_model(model_id)
    with pytest.raises(InvalidParameterError):
        berg.get_model_metadata(model_id)


@pytest.mark.parametrize(
    "selection",
    [
        {"rois": ["V1"]},
        {"roi": ["V1"], 1: 2},
        ["V1"],
        " ",
        {"roi": "V1"},
        {"roi": ("V1",)},
        {"roi": None},
        {"roi": ["V1", "V9"]},
        {"roi": [1]},
        {"roi": [["V1"]]},
        {"roi": ["v1"]},
        {"roi": ["V1\0"]},
    ],
)
def test_bad_selection(selection):
    with pytest.raises(InvalidParameterError, match="expected .*, found"):
        fMRIEncodingModel(subject=1, selection=selection)


@pytest.mark.parametrize(
    "voxel_index, found",
    [
        ((0, 1), "found tuple"),
        ("01", "found str"),
        (None, "found NoneType"),
        (7, "found int"),
        ([0, 2], "found 2 in place 1"),
        ([0, 0.5], "found 0.5 in place 1"),
        ([0, None], "found None in place 1"),
        ([0, "1"], "found '1' in place 1"),
        ([[0, 1]], r"found \[0, 1\] in place 0"),
        ([0, [1, 0]], "in place 1"),
        (np.array([0, -1]), "found -1 in place 1"),
        (np.array([1, np.nan]), "found nan in place 1"),
        (np.array(["0", "1"]), "found .*'0'.* in place 0"),
        (np.ones((600, 1)), r"found shape \(600, 1\)"),
        (np.array(1), "found shape"),
        ([0, 0, "...", 1, 1, 0], r"found '\.\.\.' in place 2"),
        ([0] * 600, "at least one 1, found none in 600 places"),
        ([], "at least one 1"),
        (np.zeros(600, bool), "at least one 1"),
    ],
)
def test_bad_voxel_index(voxel_index, found):
    with pytest.raises(
        ValidationError, match=f"voxel_index: expected .*{found}|voxel_index: expected {found}"
    ):
        fMRIEncodingModel(subject=1, selection={"voxel_index": voxel_index})


@pytest.mark.parametrize(
    "selection, options, found",
    [
        (None, {"subject": np.float64(1.5)}, "found 1.5"),
        (None, {"subject": np.array([1])[0] + 8}, "found 9"),
        ({np.str_("rois"): ["V1"]}, {}, "found 'rois'"),
        ({"roi": ["V1", np.str_("V9"), np.float32(0.1)]}, {}, r"found \['V9', 0.1\]"),
        ({"voxel_index": [0, np.float64("nan")]}, {}, "found nan in place 1"),
        (None, {"threads": np.float32(0.5)}, "found 0.5"),
        (None, {"device": np.True_}, "found True"),
    ],
)
def test_numpys_scalars_are_shown_as_pythons(selection, options, found):
    with pytest.raises((InvalidParameterError, ValidationError), match=f"{found}(?! *\\))"):
        fMRIEncodingModel(**{"subject": 1, "selection": selection, **options})


@pytest.mark.parametrize("subject, voxels", [(1, 600), (2, 640), (3, 530)])
def test_voxel_index_is_as_long_as_the_subjects_files_say(load, subject, voxels):
    for wrong in (voxels - 1, voxels + 1, 211339, 1):
        with pytest.raises(ValidationError, match=f"expected {voxels} elements, one a voxel, found {wrong}"):
            load({"voxel_index": np.ones(wrong, int)}, subject=subject)
    model = load({"voxel_index": np.ones(voxels, int)}, subject=subject)
    assert model.VOXELS_LENGTH == voxels and np.array_equal(model.selected_voxels, np.arange(voxels))


def test_an_roi_without_voxels_is_an_error(tmp_path, model_id, backbone_files):
    make_subject.make_subject(tmp_path, 1, empty_rois=("lSTS",))
    berg = BERG(tmp_path)
    with pytest.raises(InvalidParameterError, match="lSTS"):
        berg.get_encoding_model(
            model_id, subject=1, selection={"roi": ["V1", "lSTS"]}, backbone=backbone_files["safetensors"]
        )
    assert berg.get_model_metadata(model_id, subject=1)["roi"]["lSTS"].shape == (0,)


@pytest.mark.parametrize(
    "options",
    [
        {"threads": -1},
        {"threads": 1.5},
        {"threads": "2"},
        {"batch": -1},
        {"batch": None},
        {"precision": "f64"},
        {"precision": None},
        {"device": None},
        {"device": "tpu"},
        {"threads": 2**40},
    ],
)
def test_bad_options(load, options):
    with pytest.raises(InvalidParameterError):
        load({"roi": ["V1"]}, **options)


def test_unknown_options_are_a_type_error(load):
    with pytest.raises(TypeError):
        load({"roi": ["V1"]}, colour="red")


def test_device_that_is_not_there(load, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(ResourceError):
        load({"roi": ["V1"]}, device="cuda")


@pytest.mark.parametrize(
    "what", ["metadata/metadata_sub-01.npy", "encoding_models_weights/weights_sub-01.npy"]
)
class TestFiles:
    @pytest.fixture
    def broken(self, small_berg_dir, tmp_path):
        shutil.copytree(small_berg_dir, tmp_path / "dir")
        return tmp_path / "dir"

    def fails(self, folder, model_id, what):
        with pytest.raises(ModelLoadError, match="^Failed to load model") as caught:
            BERG(folder).get_encoding_model(model_id, subject=1, backbone="random:1")
        assert what.rsplit("/", 1)[1] in str(caught.value)
        assert "\n" not in str(caught.value)
        return caught.value

    def test_missing(self, broken, model_id, what):
        (broken / FOLDER / what).unlink()
        error = self.fails(broken, model_id, what)
        assert "no such file" in str(error).lower()
        assert error.file.endswith(what.rsplit("/", 1)[1])

    def test_truncated(self, broken, model_id, what):
        path = broken / FOLDER / what
        path.write_bytes(path.read_bytes()[:-1000])
        self.fails(broken, model_id, what)

    def test_not_numpys(self, broken, model_id, what):
        (broken / FOLDER / what).write_bytes(b"<html>404</html>")
        self.fails(broken, model_id, what)


def test_missing_metadata_say_so(model_id, tmp_path):
    with pytest.raises(ModelLoadError, match="metadata_sub-01.npy"):
        BERG(tmp_path).get_model_metadata(model_id, subject=1)


def test_no_directory_at_all(model_id):
    with pytest.raises(ModelLoadError, match="directory"):
        BERG(None).get_model_metadata(model_id, subject=1)


def test_missing_backbone(load):
    with pytest.raises(ModelLoadError, match="no_such.pth"):
        load({"roi": ["V1"]}, backbone="/nowhere/no_such.pth")
