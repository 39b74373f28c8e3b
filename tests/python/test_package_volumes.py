"""model.voxels, and to_nifti against nibabel."""
import json

import nibabel
import numpy as np
import pytest

import berg
from berg.core.exceptions import InvalidParameterError, ModelLoadError


@pytest.fixture(scope="module")
def model(small_berg_dir, backbone_files):
    with berg.BERG(small_berg_dir).get_encoding_model(
        "fmri-things_fmri_1-vit_b_32", subject=1, selection={"roi": ["V2", "V1"]}, backbone=backbone_files["safetensors"]
    ) as model:
        yield model


def test_voxels(model):
    metadata, voxels = model.metadata, model.voxels
    index = np.r_[metadata["roi"]["V2"], metadata["roi"]["V1"]]
    np.testing.assert_array_equal(voxels.index, index)
    np.testing.assert_array_equal(voxels.coordinates, metadata["fmri"]["voxel_coords"][index])
    assert len(voxels) == len(voxels.rois) == len(index)
    for name, members in metadata["roi"].items():
        np.testing.assert_array_equal(voxels.in_roi(name), np.isin(index, members))
    assert "V2" in voxels.rois[0] and "V1" in voxels.rois[-1]


def test_columns_and_all_voxels(model, tmp_path):
    coords = model.metadata["fmri"]["voxel_coords"]
    values = np.arange(2.0 * len(model.voxels)).reshape(2, -1)[:, np.unique(model.voxels.index, return_inverse=True)[1]]
    assert berg.to_nifti(model, values, tmp_path / "a.nii.gz", sidecar=True) == tmp_path / "a.nii.gz"
    data = np.asanyarray(nibabel.load(tmp_path / "a.nii.gz").dataobj)
    assert data.dtype == np.float64
    np.testing.assert_array_equal(data[tuple(model.voxels.coordinates.T)].T, values)
    assert np.isnan(data).sum() == data.size - 2 * len(np.unique(model.voxels.index))
    assert json.loads((tmp_path / "a.json").read_text())["Outside"] == "nan"
    affine = np.diag([2, 2, 2, 1])
    for source in (model, model.metadata):
        whole = np.arange(len(coords), dtype=">f4")
        berg.to_nifti(source, whole, str(tmp_path / "b.nii"), affine=affine, outside=0, force=True)
        image = nibabel.load(tmp_path / "b.nii")
        np.testing.assert_array_equal(image.affine, affine)
        data = np.asanyarray(image.dataobj)
        np.testing.assert_array_equal(data[tuple(coords.T)], whole)
        assert np.count_nonzero(data) == len(coords) - 1 and not np.isnan(data).any()


def test_what_does_not_fit(model, tmp_path):
    values = np.zeros(len(model.metadata["fmri"]["voxel_coords"]))
    path = tmp_path / "a.nii.gz"
    for wrong in ({"outside": 1}, {"affine": np.eye(3)}, {"affine": np.zeros((4, 4))}, {"voxels": [0, 1]}, {"voxels": [[0]]}):
        with pytest.raises(InvalidParameterError):
            berg.to_nifti(model, values, path, **wrong)
    for wrong in (values[:-1], np.zeros((1, 1, 1)), values.astype(str), values + 1j):
        with pytest.raises(InvalidParameterError):
            berg.to_nifti(model, wrong, path)
    nibabel.save(nibabel.Nifti1Image(np.ones((2, 2, 2)), np.eye(4)), tmp_path / "small.nii")
    with pytest.raises(ModelLoadError, match="outside its grid"):
        berg.to_nifti(model, values, path, like=tmp_path / "small.nii")
    assert not path.exists()
    berg.to_nifti(model, values, path)
    with pytest.raises(FileExistsError):
        berg.to_nifti(model, values, path)


def test_a_sidecar_of_responses(model, tmp_path):
    images = np.zeros((2, 3, 32, 32), np.uint8)
    model.generate_response(images, show_progress=False, out=tmp_path / "out.npy", sidecar=True)
    tree = json.loads((tmp_path / "out.json").read_text())
    assert tree["Columns"]["Count"] == len(model.voxels) and tree["Images"] == {"Count": 2}
