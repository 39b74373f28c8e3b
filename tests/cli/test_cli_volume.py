"""berg volume: usage errors; the contents of the volumes are checked in tests/oracle/test_volumes.py."""
import gzip
import os
import struct

import numpy as np
import pytest

from program import MODEL


@pytest.fixture
def volume(berg, tiny_berg_dir, tmp_path):
    """volume(way, ...) of the subject of twelve voxels, in tmp_path."""
    def call(way, *arguments, **more):
        return berg("volume", way, MODEL, "--berg-dir", tiny_berg_dir, "--subject", "1", *arguments, cwd=tmp_path, **more)
    np.save(tmp_path / "values.npy", np.arange(12.0))
    return call


@pytest.mark.parametrize("arguments, status, found", [
    ([], 2, "which values"),
    (["values.npy", "--key", "prf.prf_size", "-o", "x"], 2, "which values"),
    (["values.npy"], 2, "-o OUT"),
    (["missing.npy", "-o", "x"], 3, "missing.npy"),
    (["--key", "prf.size", "-o", "x"], 2, 'no key "prf.size"'),
    (["--key", "roi.V1", "-o", "x"], 2, "each of the subject's 12 voxels, found 3; --columns"),
    (["--key", "encoding_model.train_stimuli", "-o", "x"], 2, "12 voxels"),
    (["values.npy", "-o", "x", "--row", "0"], 2, "there are 1 rows"),
    (["values.npy", "-o", "x", "--row", "-1"], 2, "expected a number from 0"),
    (["values.npy", "-o", "x", "--outside", "1"], 2, "--outside: expected nan or 0"),
    (["values.npy", "-o", "x", "--like", "a", "--affine", "b"], 2, "give one of them"),
    (["values.npy", "-o", "x", "--like", "missing.nii"], 3, "missing.nii"),
    (["values.npy", "-o", "x", "--like", "values.npy"], 3, "not a NIfTI-1 file"),
    (["values.npy", "-o", "nowhere/x"], 5, "nowhere/x.json"),
    (["values.npy", "-o", "x", "--columns", "values.npy"], 3, "voxel indices"),
])
def test_wrong_calls(volume, tmp_path, arguments, status, found):
    result = volume("to", *arguments)
    assert result.status == status and found in result.message
    assert os.listdir(tmp_path) == ["values.npy"]


def test_whole_numbers_have_no_nan(volume, tmp_path):
    np.save(tmp_path / "values.npy", np.arange(12))
    assert "int64 has no NaN" in volume("to", "values.npy", "-o", "x", "--outside", "nan").message
    assert volume("to", "values.npy", "-o", "x").status == 0


def test_nothing_is_replaced_without_force(volume, tmp_path):
    for name in ("x.nii.gz", "x.json"):
        (tmp_path / name).write_text("mine")
        result = volume("to", "values.npy", "-o", "x")
        assert result.status == 5 and name in result.message
        assert (tmp_path / name).read_text() == "mine"
        (tmp_path / name).unlink()
    assert volume("to", "values.npy", "-o", "x").status == 0
    assert volume("to", "values.npy", "-o", "x").status == 5
    before = (tmp_path / "x.nii.gz").read_bytes()
    assert volume("to", "values.npy", "-o", "x", "--force").status == 0
    assert (tmp_path / "x.nii.gz").read_bytes() == before
    assert volume("from", "x.nii.gz", "-o", "values.npy").status == 5
    assert volume("from", "x.nii.gz", "-o", "back.nii").status == 2
    assert sorted(os.listdir(tmp_path)) == ["values.npy", "x.json", "x.nii.gz"]


def test_a_volume_of_another_grid(volume, tmp_path):
    assert volume("to", "values.npy", "-o", "x", "--no-sidecar").status == 0
    raw = bytearray(gzip.decompress((tmp_path / "x.nii.gz").read_bytes()))
    raw[42] -= 1
    (tmp_path / "smaller.nii").write_bytes(raw)
    result = volume("from", "smaller.nii", "-o", "back.npy")
    assert result.status == 4 and "does not fit the subject" in result.message


def test_regions_asked_wrongly(volume, tmp_path):
    assert "no such ROI" in volume("rois", "--roi", "V9", "-o", "x").message
    assert "give one of them" in volume("rois", "--each", "--stack", "-o", "x").message
    assert volume("rois", "-o", "x_dseg").status == 0  # the empty region is left out
    assert (tmp_path / "x_dseg.tsv").read_text() == "index\tname\tvoxels\n1\tV1\t3\n2\thV4\t2\n"


def test_encode_takes_a_space_for_volumes_only(berg, tiny_berg_dir, tmp_path):
    result = berg("encode", MODEL, "--berg-dir", tiny_berg_dir, "--subject", "1", "x.png", "-o", "x.npy", "--like", "m.nii")
    assert result.status == 2 and "only a volume" in result.message


@pytest.mark.parametrize("code, field, words", [
    (254, b"", "its sform has no inverse"),                                       # sform_code, all rows 0
    (252, struct.pack("<3f", 0, 2, 2), "its qform has voxels without a size"),    # qform_code, pixdim
])
def test_a_space_that_cannot_be_used_is_refused(volume, tmp_path, code, field, words):
    assert volume("to", "values.npy", "-o", "good.nii").status == 0
    data = bytearray((tmp_path / "good.nii").read_bytes())
    data[252:256] = bytes(4)
    data[code] = 1
    data[80:80 + len(field)] = field
    data[280:328] = bytes(48)
    (tmp_path / "like.nii").write_bytes(data)
    result = volume("to", "values.npy", "-o", "x", "--like", "like.nii")
    assert result.status == 3 and result.message.startswith(f"like.nii: {words}")
    assert not (tmp_path / "x.nii.gz").exists()
