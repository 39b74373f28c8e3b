"""berg simulate: its messages, what it refuses, and what a full disk or an interruption leaves."""
import resource
import signal
import subprocess

import pytest

import moments

SMALL = ["--voxels", 200, "--concepts", 6, "--images-per-concept", 2, "--test-images", 3, "--sessions", 2, "--image-size",
         32]


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_summary_names_the_next_command(berg, tmp_path):
    result = berg("simulate", tmp_path / "raw", *SMALL, "--subject", "1,sub-03")
    assert result.status == 0 and result.out == ""
    assert "images" in result.lines[0] and "responses" in result.lines[1]
    assert f"berg prepare {tmp_path}/raw --subject 1" in result.lines[-1]
    assert "15 images, 2 subjects, 18 trials, 400 voxels" in result.lines[-1]
    assert [name for name in files(tmp_path / "raw") if not name.startswith("images")] == [
        f"{folder}/sub-0{subject}{end}" for folder, ends in (
            ("betas_csv", ["_ResponseData.h5", "_StimulusMetadata.csv", "_VoxelMetadata.csv"]),
            ("brainmasks", ["_space-T1w_brainmask.nii.gz"]), ("truth", [".npz"]))
        for subject in (1, 3) for end in ends]
    assert berg("simulate", tmp_path / "quiet", *SMALL, "-q").err == ""


@pytest.mark.parametrize("options, said", [
    (["--sessions", 1], "sessions: expected 2 to"),
    (["--test-images", 1], "test images: expected 2 to"),
    (["--concepts", 0], "concepts: expected 1 to"),
    (["--images-per-concept", 0], "images per concept: expected 1 to"),
    (["--images-per-concept", 91], "images per concept: expected 1 to"),
    (["--concepts", 1, "--test-images", 98], "at most 99"),
    (["--image-size", 15], "image size: expected 16 to"),
    (["--voxels", 99], "voxels: expected 100 to"),
    (["--sessions", 13], "12 training images do not fill 13 sessions"),
    (["--subject", "4"], "subject 4: expected 1 to 3"),
    (["--subject", "1,1"], "named twice"),
    (["--dtype", "f16"], "expected f64 or f32"),
    (["--seed", "-1"], "--seed"),
    (["--threads", "99999999999"], "--threads"),
])
def test_wrong_options(berg, tmp_path, options, said):
    result = berg("simulate", tmp_path / "raw", *SMALL, *options)
    assert result.status == 2 and said in result.message
    assert not (tmp_path / "raw").exists()


def test_folder_is_needed(berg):
    assert berg("simulate").status == 2 and berg("simulate", "a", "b").status == 2


def test_nothing_is_replaced_unless_forced(berg, tmp_path):
    (tmp_path / "empty").mkdir()
    assert berg("simulate", tmp_path / "empty", *SMALL, "-q").status == 0  # an empty folder is as good as none
    again = berg("simulate", tmp_path / "empty", *SMALL)
    assert again.status == 5 and "is not empty" in again.message
    before = files(tmp_path / "empty")
    assert berg("simulate", tmp_path / "empty", *SMALL, "-q", "--force").status == 0
    assert files(tmp_path / "empty") == before
    (tmp_path / "file").write_text("mine")
    assert berg("simulate", tmp_path / "file", *SMALL, "--force").status == 5
    assert (tmp_path / "file").read_text() == "mine"


def test_disk_is_asked_first(berg, tmp_path):
    result = berg("simulate", tmp_path / "raw", "--voxels", 2000000, "--concepts", 5000, "--images-per-concept", 90)
    assert result.status == 6 and "GB" in result.message and "room for" in result.message
    assert not (tmp_path / "raw").exists()


@pytest.fixture
def small_disk(tmp_path):
    """mount(megabytes) gives a folder with that much space."""
    mounted = []

    def mount(megabytes):
        folder = tmp_path / f"disk-{megabytes}"
        folder.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder], capture_output=True)
        if done.returncode:
            pytest.skip("a small file system needs root")
        mounted.append(folder)
        return folder
    yield mount
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)


def test_too_small_a_disk(berg, small_disk):
    folder = small_disk(1)
    result = berg("simulate", folder / "raw", *SMALL, "--voxels", 1000)
    assert result.status == 6 and "the disk has room for 0.00 GB" in result.message
    assert not (folder / "raw").exists()


@pytest.mark.parametrize("limit, name", [(300, ".jpg"), (5000, "ResponseData.h5"), (60000, "ResponseData.h5"),
                                         (400000, "VoxelMetadata.csv")])
def test_writing_that_fails(berg, tmp_path, limit, name):
    """A limit on the size of files stands for a disk that fills up after it was asked: whatever file is the one that cannot
    be written, it is not there, and the others are as they would have been."""
    options = ["simulate", tmp_path / "raw", *SMALL, "--voxels", 1000, "-q"]
    result = berg(*options, restore_signals=False,
                  preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert result.status == 5 and name in result.message and "cannot be written" in result.message
    left = {path: (tmp_path / "raw" / path).read_bytes() for path in files(tmp_path / "raw")}
    assert not [path for path in left if path.endswith(name) or path.endswith(".new")]
    assert berg(*options, "--force").status == 0
    assert all((tmp_path / "raw" / path).read_bytes() == content for path, content in left.items())


def test_interruption(berg, tmp_path):
    """Files that are there are whole; a run with --force then makes all of them."""
    big = ["--voxels", 3000, "--concepts", 200, "--image-size", 64, "--images-per-concept", 10]
    process = berg.start("simulate", tmp_path / "raw", *big, "-q", stderr=subprocess.PIPE,
                         environment=moments.environment(stop=40))
    moments.wait_until_stopped(process)
    assert list(tmp_path.glob("raw/images/*/*.jpg"))
    moments.go_on(process, signal.SIGINT)
    message = process.communicate(timeout=600)[1].decode()
    assert process.returncode == 130 and "interrupted" in message
    assert files(tmp_path / "raw") and not [name for name in files(tmp_path / "raw") if name.endswith(".new")]
    assert not (tmp_path / "raw" / "betas_csv").exists()
