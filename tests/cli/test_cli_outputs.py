"""What an output's path may be: what is no file is never replaced, and whatever can be refused is refused before the work."""
import os
import signal
import stat
import subprocess

import numpy as np
import pytest

import moments
from program import MODEL
from siblings import IDS, SUBJECTS

ANY = "fmri"


@pytest.fixture
def pipes(tmp_path):
    """Pipes that nobody reads under the names of outputs."""
    for name in ["x.npy", "x.json", "x.npz", "x.tsv", "x.png", "x.nii.gz", "x.html"]:
        os.mkfifo(tmp_path / name)
    np.save(tmp_path / "in.npy", np.arange(6, dtype=np.float32).reshape(2, 3))
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


COMMANDS = [
    ["convert", "in.npy", "x.npz"],
    ["compare", "in.npy", "in.npy", "--json", "x.json"],
    ["metadata", MODEL, "--subject", "sub-01", "--key", "fmri.voxel_coords", "-o", "x.npy"],
    ["rank", "none.scores", "mean(V1)", "-o", "x.tsv"],
    ["rank", "none.scores", "mean(V1)", "--sheet", "x.png"],
    ["rsa", "none.scores", "--subject", "1", "--a", "V1", "--b", "IT", "-o", "x.json"],
    ["contrast", "none.scores", "--a", "a.txt", "--b", "b.txt", "--subject", "1", "-o", "m.csv", "--json", "x.json"],
    ["control", "none.scores", "V1", "IT", "-o", "x.json"],
    ["evaluate", MODEL, "--subject", "1", "--images", ".", "--json", "x.json"],
    ["train", MODEL, "--subject", "1", "--images", ".", "--report", "x.json"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:1] + command[-2:]))
@pytest.mark.parametrize("force", [[], ["--force"]], ids=["", "force"])
def test_a_pipe_is_neither_replaced_nor_written_to(berg, tiny_berg_dir, pipes, command, force):
    before = names(pipes)
    result = berg(*command, *force, cwd=pipes, environment={"BERG_DIR": str(tiny_berg_dir)})
    assert (result.status, result.message) == (5, f"{command[-1]}: is a pipe, which is neither replaced by a file nor written to")
    assert names(pipes) == before and stat.S_ISFIFO(os.stat(pipes / command[-1]).st_mode)


def refuse_before_the_first_image(result, status, words):
    assert result.status == status and words in result.message, result.err
    assert "images, " not in result.err  # no progress


@pytest.mark.parametrize("name", ["x.npy", "x.nii.gz"])
def test_an_encode_to_a_pipe_is_refused(encode_with, photos, pipes, name):
    before = names(pipes)
    refuse_before_the_first_image(encode_with(ANY, photos, "-o", pipes / name, "--force", "--no-sidecar"), 5, f"{name}: is a pipe")
    assert names(pipes) == before


def test_a_sidecar_that_is_a_pipe_is_refused_before_the_work(encode_with, photos, pipes):
    refuse_before_the_first_image(encode_with(ANY, photos, "-o", pipes / "x.csv", "--force"), 5, "x.json: is a pipe")
    assert "x.csv" not in names(pipes)


def test_standard_output_by_its_path_is_refused(encode_with, photos, tmp_path):
    (tmp_path / "link.npy").symlink_to("/dev/stdout")
    refuse_before_the_first_image(encode_with(ANY, photos, "-o", tmp_path / "link.npy", "--force"), 5, "link.npy: is a ")


def test_a_link_to_nothing_is_refused_before_the_work_and_replaced_by_force(encode_with, photos, tmp_path):
    link = tmp_path / "x.npy"
    link.symlink_to(tmp_path / "nothing.npy")
    refuse_before_the_first_image(encode_with(ANY, photos, "-o", link), 5, "is a link to a place where nothing is")
    assert names(tmp_path) == ["x.npy"]
    assert encode_with(ANY, photos / "4.jpg", "-o", link, "--force").status == 0
    assert not link.is_symlink() and len(np.load(link)) == 1 and names(tmp_path) == ["x.json", "x.npy"]


def test_two_outputs_do_not_get_one_sidecar(encode_with, photos, tmp_path):
    assert encode_with(ANY, photos / "4.jpg", "-o", tmp_path / "x.npy").status == 0
    sidecar = (tmp_path / "x.json").read_bytes()
    refuse_before_the_first_image(encode_with(ANY, photos / "4.jpg", "-o", tmp_path / "x.csv"), 5,
                                  f"x.json: already exists as the sidecar of {tmp_path / 'x.npy'}, where the sidecar of ")
    assert names(tmp_path) == ["x.json", "x.npy"] and (tmp_path / "x.json").read_bytes() == sidecar
    assert encode_with(ANY, photos / "4.jpg", "-o", tmp_path / "x.csv", "--no-sidecar").status == 0


def on_a_small_disk(size, folder, *command, environment):
    """In a mount namespace of its own, where `folder` is a disk of that size; and what is left there."""
    listing = folder.parent / f"{folder.name}.txt"
    script = f'mount -t tmpfs -o size={size} tmpfs "$0" && "$@"; status=$?; ls -A "$0" > "$0.txt"; exit $status'
    done = subprocess.run(["unshare", "-rm", "sh", "-c", script, folder, *map(str, command)], env=environment,
                          capture_output=True, text=True, timeout=600)
    return done, listing.read_text().split()


@pytest.fixture(scope="session")
def small_disks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("disk")
    if subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")


def test_a_disk_without_room_for_the_rows_is_refused_before_the_work(berg, five_berg_dir, backbone_files, photos, tmp_path, small_disks):
    environment = berg.environment | {"TMPDIR": str(tmp_path)}
    for output in tmp_path / "x.npy", "-":
        done, left = on_a_small_disk("8k", tmp_path, berg.path, "encode", IDS[ANY], "--subject", SUBJECTS[ANY], "--berg-dir",
                                     five_berg_dir, "--backbone", backbone_files["safetensors"], *[photos] * 20, "-o", output,
                                     environment=environment)
        assert done.returncode == 6 and "bytes are needed on the disk" in done.stderr, done.stderr
        assert done.stderr.count("\n") == 1 and left == [] and done.stdout == ""


def test_a_disk_full_at_the_sidecar_leaves_an_output_to_resume(berg, five_berg_dir, backbone_files, photos, tmp_path, small_disks):
    command = [berg.path, "encode", IDS[ANY], "--subject", SUBJECTS[ANY], "--berg-dir", five_berg_dir, "--backbone",
               backbone_files["safetensors"], photos / "4.jpg", "-o", tmp_path / "x.npy"]
    for pages in range(2, 20):  # the last page of the sidecar is written when it is closed
        done, left = on_a_small_disk(f"{4 * pages}k", tmp_path, *command, environment=berg.environment)
        if not done.returncode:
            break
        assert done.returncode == 5 and "x.json: cannot be written: No space left on device" in done.stderr, done.stderr
        assert sorted(left) == ["x.npy.partial", "x.npy.partial.journal"]
    assert pages > 3 and sorted(left) == ["x.json", "x.npy"]


VOLUMES = {"to": ["values.npy", "-o", "out/x.nii.gz"], "from": ["values.nii.gz", "-o", "out/x.npy"], "rois": ["-o", "out/x.nii.gz"],
           "rois --stack": ["-o", "out/x.nii"], "rois --each": ["--roi", "hV4", "-o", "out/x.nii"]}
LEFT = {"to": ["x.json", "x.nii.gz"], "from": ["x.json", "x.npy"], "rois": ["x.json", "x.nii.gz", "x.tsv"],
        "rois --stack": ["x.json", "x.nii", "x.tsv"], "rois --each": ["x_label-hV4_mask.json", "x_label-hV4_mask.nii"]}


@pytest.fixture
def volumes(tiny_berg_dir, berg, tmp_path):
    """volumes(WAY): the command that writes to the empty folder out/, and the names of what it leaves there."""
    np.save(tmp_path / "values.npy", np.arange(12.0))
    subject = [MODEL, "--berg-dir", tiny_berg_dir, "--subject", "1"]
    assert berg("volume", "to", *subject, "values.npy", "-o", "values.nii.gz", cwd=tmp_path).status == 0
    (tmp_path / "out").mkdir()

    def command(way):
        name, *more = way.split()
        return ["volume", name, *subject, *more, *VOLUMES[way]]
    return command


@pytest.mark.parametrize("way", VOLUMES)
def test_nothing_is_left_of_volumes_that_cannot_be_synced(berg, volumes, tmp_path, way):
    """Each file is on the disk before one has its name."""
    for call in range(1, 9):
        result = berg(*volumes(way), cwd=tmp_path, environment=moments.environment(fail=call, file=".new"))
        if not result.status:
            break
        assert result.status == 5 and "cannot be written: Input/output error" in result.message
        assert names(tmp_path / "out") == []
    assert call == len(LEFT[way]) + 1 and names(tmp_path / "out") == LEFT[way]


@pytest.mark.parametrize("way", VOLUMES)
def test_a_disk_full_at_any_page_leaves_no_volume_without_its_sidecar(berg, volumes, tmp_path, small_disks, way):
    command = [str(word).replace("out/", f"{tmp_path}/out/").replace("values", f"{tmp_path}/values") for word in volumes(way)]
    for pages in range(1, 60):
        done, left = on_a_small_disk(f"{4 * pages}k", tmp_path / "out", berg.path, *command, environment=berg.environment)
        if not done.returncode:
            break
        assert done.returncode == 5 and "No space left on device" in done.stderr and left == [], done.stderr
    assert pages > 1 and sorted(left) == LEFT[way]


@pytest.mark.parametrize("way", [way for way in VOLUMES if way != "from"])
def test_volumes_that_are_interrupted_leave_nothing(berg, volumes, tmp_path, way):
    """When the first of their files is on the disk, and none has its name."""
    run = berg.start(*volumes(way), cwd=tmp_path, stderr=subprocess.PIPE, environment=moments.environment(stop=1, file=".new"))
    moments.wait_until_stopped(run)
    assert len(names(tmp_path / "out")) == 1
    moments.go_on(run, signal.SIGINT)
    message = run.communicate(timeout=600)[1].decode()
    assert (run.returncode, message, names(tmp_path / "out")) == (130, "berg: cancelled\n", [])


def test_an_encode_whose_sidecar_cannot_be_synced_leaves_rows_to_resume(berg, five_berg_dir, backbone_files, photos, tmp_path):
    command = ["encode", IDS[ANY], "--subject", SUBJECTS[ANY], "--berg-dir", five_berg_dir, "--backbone",
               backbone_files["safetensors"], photos / "4.jpg", "-q", "-o", tmp_path / "x.npy"]
    broken = moments.environment(fail=2, file=".new")  # the first is the journal
    result = berg(*command, environment=broken)
    assert (result.status, names(tmp_path)) == (5, ["x.npy.partial", "x.npy.partial.journal"])
    assert "x.json: cannot be written: Input/output error" in result.err
    assert berg(*command, "--resume").status == 0 and names(tmp_path) == ["x.json", "x.npy"]


@pytest.mark.parametrize("subjects, output, ending", [("1", "x.h5", 12), ("1,2", "x.npy", 26), ("1,2", "x.csv", 34),
                                                      pytest.param("1-3", "x.h5", 50, marks=pytest.mark.long)],
                         ids=["h5", "two npy", "two csv", "three h5"])
def test_an_encode_that_is_killed_while_it_ends_is_resumed(berg, five_berg_dir, backbone_files, photos, tmp_path, subjects, output, ending):
    """Between names of outputs and sidecars and the removal of what it went on from."""
    command = [berg.path, "encode", MODEL, "--subject", subjects, "--berg-dir", five_berg_dir, "--backbone", backbone_files["safetensors"],
               "--threads", "1", "-q", photos / "4.jpg", "-o"]
    (tmp_path / "whole").mkdir()
    calls = moments.count([*command, tmp_path / "whole" / output], tmp_path / "count")
    whole = {path.name: path.read_bytes() for path in (tmp_path / "whole").iterdir()}
    for at in range(calls - ending, calls + 1, ending // 10):
        folder = tmp_path / str(at)
        folder.mkdir()
        assert moments.killed([*command, folder / output], at)
        left = {path.name for path in folder.iterdir()}
        result = berg(*command[1:], folder / output, "--resume")
        found = {path.name: path.read_bytes() for path in folder.iterdir()}
        all_done = result.status == 5 and left >= whole.keys()
        assert result.status == 0 or all_done, (at, result.err)
        assert found == whole, at


def test_a_file_of_another_hand_where_a_resumed_run_ends_is_kept(berg, five_berg_dir, backbone_files, photos, tmp_path):
    command = ["encode", MODEL, "--subject", "1", "--berg-dir", five_berg_dir, "--backbone", backbone_files["safetensors"], "-q",
               photos / "4.jpg", "-o", tmp_path / "x.h5"]
    assert berg(*command, environment=moments.environment(fail=2, file=".new")).status == 5  # its rows are kept
    (tmp_path / "x.h5").write_text("mine")
    for again in range(2):
        result = berg(*command, "--resume")
        assert (result.status, result.lines[0]) == (5, f"berg: {tmp_path}/x.h5: already exists; force (--force, force=True) replaces it")
        assert (tmp_path / "x.h5").read_text() == "mine" and names(tmp_path) == ["x.h5", "x.h5.partial", "x.h5.partial.journal"]


# --- What cannot be removed is told ---

def test_a_temporary_file_that_stays_is_told_with_the_failure(berg, tmp_path):
    np.save(tmp_path / "in.npy", np.arange(6.0))
    result = berg("convert", "in.npy", "x.npz", cwd=tmp_path, environment=moments.environment(fail="1+"))
    left, _ = names(tmp_path)
    assert left.startswith(".x.npz.") and left.endswith(".new")
    assert (result.status, result.message) == (
        5, f"x.npz: cannot be written: Input/output error; {left} stays, it cannot be removed: Input/output error")


def test_rows_that_stay_are_told_with_the_failure(berg, five_berg_dir, backbone_files, photos, tmp_path):
    """The first call behind the journal's: nothing is kept that could be gone on from, and nothing can be removed."""
    result = berg("encode", IDS[ANY], "--subject", SUBJECTS[ANY], "--berg-dir", five_berg_dir, "--backbone",
                  backbone_files["safetensors"], photos / "4.jpg", "-q", "-o", tmp_path / "x.npy", environment=moments.environment(fail="2+"))
    assert result.status == 5 and names(tmp_path)
    for name in names(tmp_path):
        assert f"{tmp_path / name} stays, it cannot be removed: Input/output error" in result.lines[0], result.err


def test_a_folder_of_standard_output_that_stays_is_told(berg, five_berg_dir, backbone_files, photos, tmp_path):
    command = [berg.path, "encode", IDS[ANY], "--subject", SUBJECTS[ANY], "--berg-dir", five_berg_dir, "--backbone",
               backbone_files["safetensors"], photos / "4.jpg", "-q", "-o", "-"]
    (tmp_path / "tmp").mkdir()
    last = moments.count(list(map(str, command)), tmp_path / "count")
    done = subprocess.run(list(map(str, command)), env={**berg.environment, "TMPDIR": str(tmp_path / "tmp"),
                                                        **moments.environment(fail=last)}, capture_output=True, timeout=600)
    (folder,) = (tmp_path / "tmp").iterdir()
    assert (done.returncode, done.stderr.decode()) == (5, f"berg: {folder}: cannot be removed: Input/output error\n")
    assert done.stdout[:6] == b"\x93NUMPY"
