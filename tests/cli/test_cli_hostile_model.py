"""Files of a model that are well formed but malicious, or that a format cannot hold: refused in one line before any encoding."""
import resource
import shutil

import numpy as np
import pytest

import moments
from program import MODEL, MODEL_FOLDER


@pytest.fixture
def changed(small_berg_dir, tmp_path):
    """changed(part, edit): a berg directory whose sub-01 has the dict of `part` edited."""
    def change(part, edit):
        folder = tmp_path / "berg-dir"
        shutil.copytree(small_berg_dir / MODEL_FOLDER, folder / MODEL_FOLDER, dirs_exist_ok=True)
        stem = {"metadata": "metadata", "encoding_models_weights": "weights"}[part]
        path = folder / MODEL_FOLDER / part / f"{stem}_sub-01.npy"
        value = np.load(path, allow_pickle=True).item()
        edit(value)
        np.save(path, value)
        return folder
    return change


@pytest.fixture
def refused(berg, photos, tmp_path, backbone_files):
    """refused(folder, status, *parts): encode ends so, in one line that holds the parts, and has written nothing."""
    def check(folder, status, *parts, out="out.npy", options=()):
        place = tmp_path / "place"
        place.mkdir()
        result = berg("encode", MODEL, "--berg-dir", folder, "--backbone", backbone_files["safetensors"], "--subject", 1, photos, "-o", place / out,
                      *options)
        assert result.status == status, result.err
        assert len(result.err.splitlines()) == 1
        for part in parts:
            assert part in result.err
        assert not list(place.iterdir())
    return check


@pytest.mark.parametrize("value", [1e-300, 1e300, np.nan, np.inf, 0.0])
def test_scales_that_float32_cannot_use(changed, refused, value):
    def edit(weights):
        weights["scaler_param"]["scale_"][7] = value
    refused(changed("encoding_models_weights", edit), 4, "weights_sub-01.npy", "scale_", "index 7")


@pytest.mark.parametrize("coordinate, found", [(2 ** 62, "4611686018427387905"), (40000, "40001"), (-5, "-5"),
                                               (np.iinfo(np.int64).min, "-9223372036854775808")])
def test_coordinates_that_no_volume_holds(changed, refused, coordinate, found):
    def edit(metadata):
        metadata["fmri"]["voxel_coords"][3, 1] = coordinate
    refused(changed("metadata", edit), 2 if coordinate > 0 else 4, found, out="out.nii.gz")


def test_a_volume_too_large_for_memory(changed, refused):
    def edit(metadata):
        metadata["fmri"]["voxel_coords"][0] = 32000
    refused(changed("metadata", edit), 4, "32001 x 32001 x 32001", out="out.nii")


def test_means_are_no_volume(small_berg_dir, refused):
    refused(small_berg_dir, 2, "a volume needs a voxel behind each column", out="out.nii.gz", options=["--mean", "roi"])


def test_more_images_than_a_volume_file_holds(berg, small_berg_dir, tmp_path, backbone_files):
    np.save(tmp_path / "many.npy", np.zeros((32768, 3, 1, 1), np.uint8))
    result = berg("encode", MODEL, "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", 1,
                  tmp_path / "many.npy", "-o", tmp_path / "out.nii.gz")
    assert result.status == 2 and "32768 does not fit NIfTI-1" in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["many.npy"]


def test_a_journal_of_more_rows_than_images(berg, small_berg_dir, photos, tmp_path, backbone_files):
    """Another run's limit on file sizes stops after the first rows; then the journal is made to claim more."""
    def encode(*more, **how):
        return berg("encode", MODEL, "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", 1, "-o",
                    tmp_path / "out.npy", "--batch", "1", "--threads", "1", photos, *more, **how)

    full = encode(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000)),
                  restore_signals=False)  # Python ignores SIGXFSZ, so that writing fails instead
    assert full.status == 5, full.err
    journal, partial = tmp_path / "out.npy.partial.journal", tmp_path / "out.npy.partial"
    assert b"rows 00000000000000000002" in journal.read_bytes()
    journal.write_bytes(journal.read_bytes().replace(b"rows 00000000000000000002", b"rows 00000000000000000009"))
    partial.write_bytes(partial.read_bytes() + bytes(9 * 2400))
    result = encode("--resume")
    assert result.status == 3, result.err
    assert "expected at most 5, one an image, found 9 rows" in result.err


def test_means_over_other_voxels_are_another_run(berg, small_berg_dir, photos, tmp_path, backbone_files):
    """The regions are called the same, and have other voxels above another ceiling."""
    command = ["encode", MODEL, "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", 1, "--roi", "lLOC,IT", "--mean", "roi",
               "--batch", 1, "--threads", 1, photos, "-o", tmp_path / "out.npy", "--min-noise-ceiling"]
    assert moments.killed([berg.path, *map(str, command), "0"], 4, file="out.npy.partial")
    other = berg(*command, 20, "--resume")
    assert other.status == 5 and "out.npy.partial" in other.message
    assert berg(*command, 0, "--resume").status == 0
