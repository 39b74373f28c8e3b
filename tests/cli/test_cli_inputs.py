"""encode: inputs that people have, told as what they are."""
import json
import shutil

import numpy as np
import pytest


@pytest.mark.parametrize("content, found", [(b"hello world", "hello "), (b"\x00\x01NUMPY", r"\x00\x01NUMP"), (b"", "an empty file")])
def test_what_is_no_npy_says_how_it_begins(encode, tmp_path, content, found):
    (tmp_path / "wrong.npy").write_bytes(content)
    result = encode(tmp_path / "wrong.npy", "-o", tmp_path / "out.npy")
    assert result.status == 3
    assert found in result.message


def test_pictures_of_other_formats_are_named(encode, photos, tmp_path):
    """Rows of a folder do not move up in silence."""
    folder = tmp_path / "folder"
    shutil.copytree(photos, folder)
    for name in "1a.webp", "2a.GIF", "note.txt":
        (folder / name).write_bytes(b"RIFF....WEBPVP8 ")
    result = encode(folder, "-o", tmp_path / "x.npy")
    assert result.status == 0
    assert result.lines[0] == f"berg: {folder}/1a.webp and 1 more: left out: only JPEG and PNG are read (--all-pictures refuses such folders)"
    assert json.loads((tmp_path / "x.json").read_text())["Images"]["OtherFormats"] == [f"{folder}/1a.webp", f"{folder}/2a.GIF"]
    result = encode(folder, "-o", tmp_path / "y.npy", "--all-pictures")
    assert result.status == 3 and "--all-pictures leaves none out" in result.message
    assert encode(photos, "-o", tmp_path / "y.npy", "--all-pictures").status == 0


def test_arrays_in_an_npz(encode, stack, tmp_path):
    np.save(tmp_path / "a.npy", stack)
    expected = encode(tmp_path / "a.npy", "-o", "-", binary=True).out
    np.savez(tmp_path / "one.npz", images=stack)
    np.savez_compressed(tmp_path / "two.npz", images=stack, labels=np.arange(6))
    for source in "one.npz", "one.npz:images", "two.npz:images":
        assert encode(tmp_path / source, "-o", "-", binary=True).out == expected, source
    for source, words in ("two.npz", "holds 2 arrays: name one, as FILE:NAME; there are: images, labels"), \
                         ("two.npz:x", 'holds no array "x"; there are: images, labels'), ("two.npz:labels", "is not a batch of images"):
        result = encode(tmp_path / source, "-o", tmp_path / "x.npy")
        assert result.status == 3 and words in result.message


def test_arrays_of_matlab_are_turned_and_it_is_said(encode, tmp_path):
    """height x width x 3 x images lie in MATLAB's files as images x 3 x width x height."""
    h5py = pytest.importorskip("h5py")
    images = np.random.default_rng(5).integers(0, 256, (2, 3, 240, 300), dtype=np.uint8)
    np.save(tmp_path / "a.npy", images)
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        file["images"] = images.transpose(0, 1, 3, 2)
        file["images"].attrs["MATLAB_class"] = np.bytes_("uint8")
    expected = encode(tmp_path / "a.npy", "-o", "-", binary=True).out
    name = f"{tmp_path}/a.mat:images"
    assert encode(name, "-o", "-", binary=True).out == expected
    result = encode(name, "-o", tmp_path / "x.npy")
    assert result.lines[0] == f"berg: {name}: read as it is seen in MATLAB, which stores it with its dimensions in reverse"
    assert json.loads((tmp_path / "x.json").read_text())["Images"]["TurnedFromMATLAB"] == [name]
    assert "MATLAB" not in encode(name, "-q", "-o", tmp_path / "y.npy").err
