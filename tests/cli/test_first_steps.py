"""What someone meets who has nothing yet: each message ends in what to type, and what it says to type is known to the program."""
import re
import shlex
import shutil
import subprocess

import pytest

from program import MODEL

PLACES = {"XDG_CACHE_HOME": "", "TORCH_HOME": ""}
METADATA = "encoding_models/modality-fmri/train_dataset-things_fmri_1/model-vit_b_32/metadata"
WEIGHTS = "encoding_models/modality-fmri/train_dataset-things_fmri_1/model-vit_b_32/encoding_models_weights"


@pytest.fixture
def first(berg, photos, tmp_path):
    """first(BERG_DIR, ARGUMENT...): (status, message, the `berg fetch` that it ends in, as words) of an encode of subject 2."""
    def first(place, *arguments):
        result = berg("encode", MODEL, "--subject", "2", "--berg-dir", place, photos, "-o", tmp_path / "out.npy", *arguments,
                      environment={"HOME": str(tmp_path), **PLACES})
        command = re.search(r"berg (fetch .*)", result.message)
        return result.status, result.message, shlex.split(command[1]) if command else None
    return first


@pytest.mark.parametrize("name, told", [("nothing here", "there is no folder {}; "), ("a file", "{} is not a folder; "), ("empty", "")])
def test_a_folder_without_models(berg, first, tmp_path, name, told):
    place = tmp_path / name
    if name == "a file":
        place.touch()
    elif name == "empty":
        place.mkdir()
    status, message, command = first(place)
    assert status == 4 and f"; {told.format(place)}download it: " in message
    assert command == ["fetch", MODEL, "--subject", "2", "--backbone", "--berg-dir", "models" if name == "a file" else str(place)]
    asked = berg(*command, "--from", "http://127.0.0.1:9", "--retries", "0", "--dry-run", environment={"HOME": str(tmp_path)})
    assert asked.status not in (0, 2), asked.err  # the words are known; the server is not there


@pytest.mark.parametrize("name", ["two\nlines", "a\ttab, it's \\here\x7f", "it's \"quoted\" $HOME `x`", "~user", "é 日本"])
def test_a_shell_makes_the_folder_of_the_command(first, tmp_path, name):
    """Also where the message shows a control character as a space."""
    (tmp_path / name).mkdir()
    words = re.search("download it: berg (.*)", first(tmp_path / name)[1])[1]
    told = subprocess.run(["bash", "-c", f"printf '%s|' {words}"], capture_output=True).stdout.decode()
    assert told.split("|")[-3:] == ["--berg-dir", str(tmp_path / name), ""]


def test_a_subject_that_is_missing_beside_others(first, small_berg_dir, tmp_path):
    place = tmp_path / "models"
    shutil.copytree(small_berg_dir, place)
    (place / WEIGHTS / "weights_sub-02.npy").unlink()
    status, message, command = first(place)
    assert status == 4 and "weights_sub-02.npy: cannot be opened" in message and "; of this model's subjects there are 1, 3; " in message
    assert command[:4] == ["fetch", MODEL, "--subject", "2"]


def test_one_file_of_two(first, small_berg_dir, tmp_path):
    place = tmp_path / "models"
    shutil.copytree(small_berg_dir, place)
    (place / METADATA / "metadata_sub-02.npy").unlink()
    assert "metadata_sub-02.npy: cannot be opened" in first(place)[1]
    assert first(place)[2] == ["fetch", MODEL, "--subject", "2", "--backbone", "--berg-dir", str(place)]


def test_a_backbone_that_is_there_is_not_asked_for(first, tmp_path):
    (tmp_path / "models/backbones").mkdir(parents=True)
    (tmp_path / "models/backbones/vit_b_32.safetensors").touch()
    assert "--backbone" not in first(tmp_path / "models")[2]


def test_no_backbone(first, small_berg_dir, tmp_path):
    status, message, command = first(small_berg_dir)
    assert status == 4 and message.startswith(f"no weights of ViT-B/32, the network, are found: not in {small_berg_dir}/backbones ")
    assert f"nor as {tmp_path}/.cache/torch/hub/checkpoints/vit_b_32-d86f8d99.pth " in message
    assert command == ["fetch", MODEL, "--backbone", "--berg-dir", str(small_berg_dir)]


def test_names_that_are_nearly_right(first, small_berg_dir):
    assert "such as lFFA, found ffa" in first(small_berg_dir, "--roi", "ffa", "--backbone", "random:1")[1]


def test_an_output_that_has_no_place(berg, photos, small_berg_dir, tmp_path):
    def encode(out):
        result = berg("encode", MODEL, "--subject", "1", "--berg-dir", small_berg_dir, "--backbone", "random:1", photos, "-o", out)
        return result.status, result.message
    where = tmp_path / "new/out.npy"
    assert encode(where) == (5, f"{where}.partial: cannot be written: there is no folder {tmp_path}/new, mkdir -p makes one")
    assert encode(tmp_path / "out")[0] == 2 and encode(tmp_path / "out")[1].endswith("; such as responses.npy")


def test_training_data_that_are_missing(berg, photos, tmp_path):
    for model, told in ((MODEL, "; berg prepare RAW --subject 1 makes it of raw data (docs/training.md)"),
                        ("meg-things_meg_1-vit_b_32", "; upstream's programs make it (docs/training.md)")):
        result = berg("train", model, "--subject", "1", "--images", photos, "--berg-dir", tmp_path)
        assert result.status == 3 and result.message.endswith(told)
