"""nilearn opens the volumes, and masks, smooths and averages them at the right places."""
import os
import pathlib
import subprocess
import sys

import nibabel
import numpy as np
import pytest

nilearn = pytest.importorskip("nilearn")
from nilearn import image, maskers, masking  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "tools"))
from subject_metadata import subject_metadata  # noqa: E402

BERG = pathlib.Path(os.environ.get("BERG_BUILD", ROOT / "build")).resolve() / "berg"
MODEL = "fmri-things_fmri_1-vit_b_32"
AFFINE = np.array([[-2, 0, 0, 90], [0, 2, 0, -120], [0, 0, 2, -70], [0, 0, 0, 1.]])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a mask, responses, and what berg volume makes of them; the metadata; the responses."""
    folder = tmp_path_factory.mktemp("nilearn")
    place = folder / "encoding_models/modality-fmri/train_dataset-things_fmri_1/model-vit_b_32/metadata"
    place.mkdir(parents=True)
    metadata, _ = subject_metadata(1, 3000, 1)
    np.save(place / "metadata_sub-01.npy", np.array(metadata, object))
    coords = metadata["fmri"]["voxel_coords"]
    data = np.zeros(coords.max(axis=0) + 2, np.uint8)
    data[tuple(coords.T)] = 1
    nibabel.save(nibabel.Nifti1Image(data, AFFINE), folder / "mask.nii.gz")
    responses = np.random.default_rng(0).standard_normal((5, 3000), np.float32)
    np.save(folder / "responses.npy", responses)
    same = ["--subject", "1", "--berg-dir", ".", "--like", "mask.nii.gz"]
    for command in (["to", MODEL, "responses.npy", "-o", "responses.nii.gz"],
                    ["to", MODEL, "responses.npy", "--outside", "0", "-o", "zeros.nii"],
                    ["rois", MODEL, "--each", "-o", "sub-01_mask.nii.gz"],
                    ["rois", MODEL, "--roi", "rPPA,V1,lEBA", "-o", "some_dseg.nii.gz"]):
        subprocess.run([BERG, "volume", *command, *same], cwd=folder, check=True)
    return folder, metadata, responses


def test_affine_and_masking(made):
    folder, _, responses = made
    loaded = image.load_img(folder / "responses.nii.gz")
    np.testing.assert_array_equal(loaded.affine, AFFINE)
    # nilearn takes voxels in C order of the mask, as the subject's are numbered
    np.testing.assert_array_equal(masking.apply_mask(folder / "zeros.nii", folder / "mask.nii.gz"), responses)
    back = masking.unmask(responses, folder / "mask.nii.gz")
    zeros = np.asarray(image.load_img(folder / "zeros.nii").dataobj)
    np.testing.assert_array_equal(np.asarray(back.dataobj), zeros)


def test_a_region(made):
    folder, metadata, responses = made
    masker = maskers.NiftiMasker(folder / "sub-01_label-V1_mask.nii.gz")
    np.testing.assert_array_equal(masker.fit_transform(folder / "zeros.nii"), responses[:, metadata["roi"]["V1"]])


def test_labels(made):
    folder, metadata, responses = made
    masker = maskers.NiftiLabelsMasker(folder / "some_dseg.nii.gz")
    means = [responses[:, metadata["roi"][name]].mean(axis=1) for name in ("rPPA", "V1", "lEBA")]
    np.testing.assert_allclose(masker.fit_transform(folder / "zeros.nii"), np.stack(means, 1), atol=1e-5)


def test_the_mean_image(made):
    folder, metadata, responses = made
    mean = np.asarray(image.mean_img(folder / "zeros.nii").dataobj)
    np.testing.assert_allclose(mean[tuple(metadata["fmri"]["voxel_coords"].T)], responses.mean(axis=0), atol=1e-6)
