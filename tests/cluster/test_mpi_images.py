"""berg encode and berg score in several processes under mpirun: the bytes of one process, whatever happens to one of them."""
import os
import pathlib
import re
import shutil
import signal
import subprocess

import numpy as np
import pytest

from mpirun import Ranks, contents, same

MODEL = "fmri-things_fmri_1-vit_b_32"
RANKS = [(n, threads) for n in (1, 2, 3, 4) for threads in (1, 2)]


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Twelve, of which three come twice."""
    path = tmp_path_factory.mktemp("images") / "images.npy"
    pixels = np.random.default_rng(11).integers(0, 256, (12, 3, 40, 40), np.uint8)
    pixels[4], pixels[8], pixels[11] = pixels[3], pixels[1], pixels[9]
    np.save(path, pixels)
    return path


@pytest.fixture(scope="module")
def model(small_berg_dir, backbone_files):
    return MODEL, "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", "1,2", "--batch", "1"


@pytest.fixture(scope="module")
def encoded(alone, model, images, tmp_path_factory):
    """Folder of what one process writes."""
    folder = tmp_path_factory.mktemp("encoded")
    alone("encode", *model, images, "--no-sidecar", "-o", folder / "r.npy")
    return folder


@pytest.fixture(scope="module")
def scored(alone, model, images, tmp_path_factory):
    store = tmp_path_factory.mktemp("scored") / "store"
    alone("score", *model, images, "-o", store)
    return store


def are_encoded(folder, encoded):
    names = ["r_sub-01.npy", "r_sub-02.npy"]
    assert sorted(path.name for path in folder.iterdir()) == names
    return all(same(folder / name, encoded / name) for name in names)


@pytest.mark.parametrize("count, threads", RANKS)
def test_encode(ranks, model, images, encoded, tmp_path, count, threads):
    result = ranks(count, "encode", *model, images, "--no-sidecar", "--threads", threads, "-o", tmp_path / "r.npy")
    assert result.status == 0, result.text
    assert len(result.messages) == 1 and result.messages[0].startswith("12 images, 1,240 columns")
    assert are_encoded(tmp_path, encoded)


@pytest.fixture(scope="module")
def with_provenance(alone, model, images, tmp_path_factory):
    """HDF5 files, and sidecars, which name the command: a process alone, asked in the same words."""
    folder = tmp_path_factory.mktemp("with")
    alone("encode", *model, images, "-o", "r.h5", "--mpi", cwd=folder)
    return contents(folder)


@pytest.mark.parametrize("count", [2, 3, 4])
def test_encode_with_provenance(ranks, model, images, with_provenance, tmp_path, count):
    assert ranks(count, "encode", *model, images, "-o", "r.h5", cwd=tmp_path).status == 0
    assert contents(tmp_path) == with_provenance and len(with_provenance) == 4


@pytest.mark.parametrize("count, threads", RANKS)
def test_score(ranks, model, images, scored, tmp_path, count, threads):
    result = ranks(count, "score", *model, images, "--threads", threads, "-o", tmp_path / "store")
    assert result.status == 0, result.text
    assert result.messages == [f"9 images added, 3 held already: {tmp_path}/store holds 9"]
    assert contents(tmp_path / "store") == contents(scored) and os.listdir(tmp_path) == ["store"]
    again = ranks(count, "score", *model, images, "-o", tmp_path / "store")
    assert again.messages == [f"0 images added, 12 held already: {tmp_path}/store holds 9"]


def test_a_store_that_grows(ranks, alone, model, images, scored, tmp_path):
    few = np.load(images)[[5, 1, 9]]
    np.save(tmp_path / "few.npy", few)
    for name, run in (("one", alone), ("two", lambda *arguments: ranks(2, *arguments))):
        run("score", *model, tmp_path / "few.npy", "-o", tmp_path / name)
        run("score", *model, images, "-o", tmp_path / name)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


@pytest.mark.parametrize("rank, then", [(0, 2), (1, 4), (2, 1), (1, 0)])
def test_encode_with_a_rank_killed(ranks, alone, model, images, encoded, tmp_path, rank, then):
    """All end within ten seconds; whoever goes on, in however many processes or alone (0), ends with the same bytes."""
    command = ["encode", *model, images, "--no-sidecar", "--threads", "1", "-o", tmp_path / "r.npy"]
    result = ranks.killed(3, *command, rank=rank, at=4, file="r_sub-01.npy.partial")
    assert result.messages == [] and result.text.count("exited on signal 9") == 1, result.text
    assert (tmp_path / "r_sub-01.npy.partial").exists() and not (tmp_path / "r_sub-01.npy").exists()
    if then:
        result = ranks(then, *command, "--resume")
        assert result.status == 0, result.text
    else:
        alone(*command, "--resume")
    assert are_encoded(tmp_path, encoded)


def test_what_a_scheduler_sends_to_all_ranks_ends_them_after_the_batch_at_hand(ranks, model, images, encoded, tmp_path):
    command = ["encode", *model, images, "--no-sidecar", "--threads", "1", "-o", tmp_path / "r.npy"]
    result = ranks.told(signal.SIGUSR1, 2, *command, rank=1, at=3, file="r_sub-01.npy.partial")
    assert result.status == 75, result.text
    assert [re.sub(r"\b\d+", "N", line) for line in result.messages] == [
        "stopped by SIGUSR1 after N of N images; the same command with --resume goes on"]
    assert (tmp_path / "r_sub-01.npy.partial").exists()
    assert ranks(2, *command, "--resume").status == 0 and are_encoded(tmp_path, encoded)


@pytest.mark.parametrize("rank, then", [(0, 2), (1, 4), (2, 1), (1, 0)])
def test_score_with_a_rank_killed(ranks, alone, model, images, scored, tmp_path, rank, then):
    command = ["score", *model, images, "--threads", "1", "-o", tmp_path / "store"]
    result = ranks.killed(3, *command, rank=rank, at=3, file=".log")
    assert result.messages == [] and result.text.count("exited on signal 9") == 1, result.text
    assert (tmp_path / "store.shares").exists()
    if then:
        result = ranks(then, *command)
        assert result.status == 0, result.text
    else:
        alone(*command)
    assert contents(tmp_path / "store") == contents(scored) and os.listdir(tmp_path) == ["store"]


def test_encode_killed_again_and_again(ranks, alone, model, images, tmp_path):
    """In four processes, then three, then two: what each left is used by the next."""
    command = ["encode", *model, images, images, images, "--no-sidecar", "--threads", "1", "-o"]
    alone(*command, tmp_path / "one.npy")
    for count in (4, 3, 2):
        ranks.killed(count, *command, tmp_path / "r.npy", "--resume", rank=1, at=3, file="r_sub-02.npy.partial")
    alone(*command, tmp_path / "r.npy", "--resume")
    assert sorted(os.listdir(tmp_path)) == ["one_sub-01.npy", "one_sub-02.npy", "r_sub-01.npy", "r_sub-02.npy"]
    assert all(same(tmp_path / f"one_sub-0{s}.npy", tmp_path / f"r_sub-0{s}.npy") for s in (1, 2))


def test_a_disk_that_fails_at_one_rank(ranks, model, images, encoded, scored, tmp_path):
    """One message, of the rank that has it; the others keep what they had."""
    command = ["encode", *model, images, "--no-sidecar", "--threads", "1", "-o", tmp_path / "r.npy"]
    result = ranks(3, *command, accident={"fail": "4+", "file": "r_sub-02.npy.partial"}, rank=1)
    failed = f"rank 1: {tmp_path}/r_sub-02.npy.partial: cannot be written"
    assert result.status == 5 and result.messages[0].startswith(failed), result.text
    assert all("is kept; the same command with --resume goes on from it" in message for message in result.messages[1:])
    assert ranks(2, *command, "--resume").status == 0
    assert are_encoded(tmp_path, encoded)
    command = ["score", *model, images, "--threads", "1", "-o", tmp_path / "store"]
    result = ranks(3, *command, accident={"fail": "3+", "file": ".log"}, rank=2)
    assert result.status == 5 and len(result.messages) == 1, result.text
    assert result.messages[0].startswith(f"rank 2: {tmp_path}/store.shares/2.log: cannot be written")
    assert ranks(2, *command).status == 0
    assert contents(tmp_path / "store") == contents(scored)


def test_images_that_are_left_out(ranks, alone, model, tmp_path):
    from PIL import Image
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(2)
    for i in range(8):
        Image.fromarray(rng.integers(0, 256, (50, 60, 3), np.uint8)).save(folder / f"{i}.jpg")
    for i in (2, 6):
        (folder / f"{i}.jpg").write_bytes(b"no picture")
    for name, run in (("one", alone), ("two", lambda *arguments: ranks(3, *arguments).text)):
        told = run("encode", *model, folder, "--skip-bad", "--no-sidecar", "-o", tmp_path / f"{name}.npy")
        assert told.count("berg: left out: ") == 2 and "6 images, 2 left out" in told, told
        told = run("score", *model, folder, "--skip-bad", "-o", tmp_path / f"{name}-store")
        assert told.count("berg: left out: ") == 2 and "6 images added, 2 left out" in told, told
    assert contents(tmp_path / "one-store") == contents(tmp_path / "two-store")
    assert same(tmp_path / "one_sub-02.npy", tmp_path / "two_sub-02.npy")


@pytest.mark.parametrize("arguments, message", [
    (["--nonsense"], "unknown option --nonsense (see berg encode -h)"),
    (["-o", "/nowhere/at/all.npy"], "/nowhere/at/all_sub-01.npy.partial: cannot be written: there is no folder /nowhere/at, mkdir -p makes one"),
    (["-o", "-"], "-o -: with --mpi the responses go to a file (see berg encode -h)"),
])
def test_what_all_ranks_find_is_said_once(ranks, model, images, arguments, message):
    assert ranks(3, "encode", *model, images, *arguments).messages == [message]


def test_what_one_rank_finds_is_said_with_its_number(ranks, model, images, tmp_path):
    """Of a machine, say, that lacks a file: the others do not wait for it."""
    lists = [["encode", *model, path, "-o", tmp_path / "r.npy"] for path in (images, tmp_path / "missing.npy", images)]
    result = ranks.differing(lists)
    assert result.status == 3 and len(result.messages) == 1 and not os.listdir(tmp_path), result.text
    assert result.messages[0].startswith(f"rank 1: {tmp_path}/missing.npy")


def test_without_the_plug_in(berg_program, ranks, model, images, tmp_path):
    """One line, and the status of a device that is not there."""
    program = shutil.copy(berg_program, tmp_path / "berg")
    result = Ranks(program, tmp_path)(2, "encode", *model, images, "-o", tmp_path / "r.npy")
    assert len(result.messages) == 1, result.text
    assert result.messages[0].startswith("no plug-in for MPI, which `make mpi` builds: ") and "not there" in result.messages[0]
    done = subprocess.run([program, "encode", *map(str, model), images, "-o", tmp_path / "r.npy", "--mpi"], capture_output=True)
    assert done.returncode == 1


def test_nothing_stays_behind(ranks, model, images, home, tmp_path):
    """Of fifty runs: no process, no file of MPI's, no shared memory."""
    def left():
        here = [path for path in pathlib.Path("/proc").glob("[0-9]*/cmdline") if str(tmp_path).encode() in read(path)]
        return here, sorted(os.listdir(home)), sorted(os.listdir("/dev/shm")), os.listdir(tmp_path)

    def read(path):
        try:
            return path.read_bytes()
        except OSError:  # it has ended
            return b""
    np.save(tmp_path / "one.npy", np.load(images)[:2])
    ranks(2, "score", *model, tmp_path / "one.npy", "-o", tmp_path / "store")
    before = left()
    for _ in range(50):
        assert ranks(2, "score", *model, tmp_path / "one.npy", "-o", tmp_path / "store").status == 0
    assert left() == before
