"""Weights, arrays and pictures that another program changes while a run reads them: nothing is made of two versions of one."""
import os
import shutil
import subprocess

import h5py
import numpy as np
import pytest

import moments
from program import MODEL


def stopped_midway(berg, berg_dir, backbone, images, output):
    run = berg.start("encode", MODEL, "--berg-dir", berg_dir, "--backbone", backbone, "--subject", "1", "--batch", "2", images,
                     "-o", output, "--no-cache", stderr=subprocess.PIPE,
                     environment=moments.environment(stop=4, file=f"{output.name}.partial"))
    moments.wait_until_stopped(run)
    return run


@pytest.mark.parametrize("what, name", [("backbone", "many.npy"), ("images", "many.npy"), ("images", "many.npz"), ("images", "many.h5")])
def test_a_source_that_is_overwritten_meanwhile_gives_no_output(berg, small_berg_dir, backbone_files, many, tmp_path, what, name):
    sources = {"backbone": tmp_path / "backbone.safetensors", "images": tmp_path / name}
    shutil.copyfile(backbone_files["safetensors"], sources["backbone"])
    if name.endswith("npy"):
        shutil.copyfile(many, sources["images"])
    elif name.endswith("npz"):
        np.savez(sources["images"], images=np.load(many))
    else:
        with h5py.File(sources["images"], "w") as file:
            file["images"] = np.load(many)
    images = f"{sources['images']}:images" if name.endswith("h5") else sources["images"]
    run = stopped_midway(berg, small_berg_dir, sources["backbone"], images, tmp_path / "out.npy")
    with open(sources[what], "r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(b"\0\0\0\0")
    moments.go_on(run)
    message = run.communicate(timeout=600)[1].decode()
    assert run.returncode == {"backbone": 4, "images": 3}[what], message
    assert message.splitlines()[-1].startswith(f"berg: {sources[what]}: was changed while it was in use")
    assert not list(tmp_path.glob("out*"))


def overwrite_in_place(path):
    with open(path, "r+b") as file:
        file.seek(-2, os.SEEK_END)
        file.write(b"\0\0")


@pytest.mark.parametrize("command", ["encode", "score"])
def test_a_picture_that_is_overwritten_when_it_was_read_gives_no_output(berg, small_berg_dir, backbone_files, photos, tmp_path, command):
    shutil.copytree(photos, tmp_path / "photos")
    out = tmp_path / ("out.npy" if command == "encode" else "out.scores")
    moment = moments.environment(stop=4, file="out.npy.partial" if command == "encode" else "/scores_sub-01.npy")
    run = berg.start(command, MODEL, "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", "1",
                     "--batch", "1", tmp_path / "photos", "-o", out, stderr=subprocess.PIPE, environment=moment)
    moments.wait_until_stopped(run)
    overwrite_in_place(tmp_path / "photos" / "0.jpg")
    moments.go_on(run)
    message = run.communicate(timeout=600)[1].decode()
    assert run.returncode == 3, message
    assert f"berg: {tmp_path}/photos/0.jpg: was changed while it was in use" in message
    if command == "encode":
        assert not list(tmp_path.glob("out*"))
    else:
        found = berg("info", out)
        assert found.status or f"{out}: store of scores, 0 images" in found.out


def test_a_picture_that_is_overwritten_when_the_first_of_two_models_is_done_is_found_by_the_second(
        berg, five_berg_dir, backbone_files, photos, tmp_path):
    """The first one's sidecar, behind two journals, has the hash of what was read."""
    shutil.copytree(photos, tmp_path / "photos")
    run = berg.start("encode", MODEL, "--berg-dir", five_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", "1",
                     "--also", "meg-things_meg_1-vit_b_32:1", tmp_path / "photos", "-o", f"{tmp_path}/out/",
                     stderr=subprocess.PIPE, environment=moments.environment(stop=3, file=".new"))
    moments.wait_until_stopped(run)
    overwrite_in_place(tmp_path / "photos" / "0.jpg")
    moments.go_on(run)
    message = run.communicate(timeout=600)[1].decode()
    assert run.returncode == 3 and f"berg: {tmp_path}/photos/0.jpg: was changed while it was in use" in message, message
    assert sorted(path.suffix for path in (tmp_path / "out").iterdir() if "meg" in path.name) == [".journal", ".partial"]


def test_a_source_that_is_cut_short_meanwhile_is_one_line(berg, small_berg_dir, backbone_files, many, tmp_path):
    images = tmp_path / "many.npy"
    shutil.copyfile(many, images)
    run = stopped_midway(berg, small_berg_dir, backbone_files["safetensors"], images, tmp_path / "out.npy")
    os.truncate(images, 4096)
    moments.go_on(run)
    message = run.communicate(timeout=600)[1].decode()
    assert run.returncode == 4
    assert message.splitlines()[-1] == "berg: weights, metadata or images were cut short by another program while they were read"
    assert not (tmp_path / "out.npy").exists()
