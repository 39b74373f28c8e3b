"""prepare against plain NumPy: the same numbers whatever the source's type and layout, memory and threads; resumed to the
same bytes after any kill."""
import os
import random
import shutil
import signal
import subprocess

import h5py
import numpy as np
import pytest

import make_raw
import moments
import prepare_oracle as oracle


def prepare(program, raw, berg_dir, *options):
    return subprocess.run([program, "prepare", raw, "--subject", "1", "--berg-dir", berg_dir, *map(str, options)],
                          capture_output=True, text=True)


def prepared_files(berg_dir):
    folder = berg_dir / oracle.PREPARED
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())} if folder.exists() else {}


def read_matrices(berg_dir):
    found = {}
    for name in oracle.MATRICES:
        with h5py.File(berg_dir / oracle.PREPARED / f"fmri_sub-01_{name}.h5") as file:
            data = file["neural_data"]
            assert list(file) == ["neural_data"] and data.dtype == np.dtype("<f4") and data.chunks is None
            found[name] = data[:]
    return found


def ulps(a, b):
    """Distance in units of the last place."""
    def ordered(x):
        bits = x.view(np.int32).astype(np.int64)
        return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)
    return np.abs(ordered(a) - ordered(b)).max()


def assert_prepared(berg_dir, betas, rows):
    expected, found = oracle.matrices(betas, rows), read_matrices(berg_dir)
    for name, matrix in expected.items():
        assert found[name].shape == matrix.shape
        assert ulps(found[name], matrix) == 0, name


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw")
    return (folder, *make_raw.make_raw(folder))


@pytest.fixture(scope="module")
def whole(raw, berg_program, tmp_path_factory):
    """A berg directory prepared at once."""
    berg_dir = tmp_path_factory.mktemp("whole")
    done = prepare(berg_program, raw[0], berg_dir)
    assert done.returncode == 0, done.stderr
    return berg_dir


def test_the_numbers_are_numpys(raw, whole):
    assert_prepared(whole, raw[1], raw[2])
    assert sorted(prepared_files(whole)) == [f"fmri_sub-01_{name}" for name in (
        "metadata.npy", "split-test.h5", "split-test_averaged.h5", "split-train.h5")]


def test_a_voxel_that_never_changes_is_zero(whole):
    assert all((matrix[:, -1] == 0).all() for matrix in read_matrices(whole).values())


def test_the_metadata_are_upstreams(raw, whole):
    found = np.load(whole / oracle.PREPARED / "fmri_sub-01_metadata.npy", allow_pickle=True).item()
    oracle.assert_same_metadata(found, oracle.metadata(raw[2], raw[3], 1))
    assert "rTOS" not in found["roi"] and len(found["roi"]["lSTS"]) == 0 and "LO1_prf" in found["roi"]


@pytest.mark.parametrize("dtype", ["<f8", "<f4", ">f8", ">f4"])
@pytest.mark.parametrize("storage", [{}, {"chunks": (7, 5), "compression": "gzip"}, {"chunks": (60, 44)},
                                     {"chunks": (1, 44), "compression": "lzf", "shuffle": True}])
def test_types_and_layouts_of_the_source(raw, whole, berg_program, tmp_path, dtype, storage):
    folder = tmp_path / "betas_csv"
    shutil.copytree(raw[0], folder)
    betas = raw[1].astype(dtype)
    make_raw.write_responses(folder / "sub-01_ResponseData.h5", betas, block=len(storage) % 2, **storage)
    done = prepare(berg_program, tmp_path, tmp_path / "berg")
    assert done.returncode == 0, done.stderr
    assert_prepared(tmp_path / "berg", betas.astype(dtype.replace(">", "<")), raw[2])
    if dtype.endswith("f8"):
        assert prepared_files(tmp_path / "berg") == prepared_files(whole)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_long_sessions_and_many_voxels(berg_program, tmp_path, dtype):
    """More trials in a session than NumPy's pairwise summation takes at once, if it used that here."""
    betas, rows, _ = make_raw.make_raw(tmp_path, voxels=333, dtype=dtype, sessions=3, concepts=10, images=90, tests=20)
    done = prepare(berg_program, tmp_path, tmp_path / "berg")
    assert done.returncode == 0, done.stderr
    assert_prepared(tmp_path / "berg", betas, rows)


@pytest.fixture(scope="module")
def large(tmp_path_factory, berg_program):
    """(raw folder, files that an undisturbed run makes, memory that forces many blocks)."""
    folder = tmp_path_factory.mktemp("large")
    make_raw.make_raw(folder, voxels=3001, sessions=4, concepts=10, images=40, tests=20)
    done = prepare(berg_program, folder, folder / "berg")
    assert done.returncode == 0, done.stderr
    return folder, prepared_files(folder / "berg"), "34600K"


@pytest.mark.parametrize("options", [("--threads", 1), ("--threads", 3), ("--threads", 1, "--memory", "34600K"),
                                     ("--threads", 2, "--memory", "35M"), ("--memory", "36M")])
def test_memory_and_threads_never_change_the_bytes(large, berg_program, tmp_path, options):
    done = prepare(berg_program, large[0], tmp_path, *options)
    assert done.returncode == 0, done.stderr
    assert prepared_files(tmp_path) == large[1]


def test_kills_at_any_moment_are_resumed_to_the_same_bytes(large, berg_program, tmp_path):
    folder, expected, memory = large
    command = [berg_program, "prepare", folder, "--subject", "1", "--berg-dir", tmp_path / "berg", "--memory", memory,
               "--threads", "1", "--resume"]
    calls = moments.count(command, tmp_path / "calls", clock=2)
    assert calls > 100
    shutil.rmtree(tmp_path / "berg")
    random.seed(7)
    partly = 0
    for first in random.sample(range(1, calls + 1), 12):
        found = {}
        for call in (first, random.randint(1, calls - first + 1), random.randint(1, calls)):
            if not moments.killed(command, call, clock=2):
                break
            found = prepared_files(tmp_path / "berg")
            assert all(found[name] == expected[name] for name in set(found) & set(expected))
            partly += any(name.endswith(".journal") for name in found)
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0 or "already exists" in done.stderr, done.stderr
        assert prepared_files(tmp_path / "berg") == expected
        shutil.rmtree(tmp_path / "berg")
    assert partly > 6


@pytest.mark.parametrize("files", range(5))
def test_a_kill_between_giving_names(large, berg_program, tmp_path, files):
    """All voxels done, the first `files` files with their names; one more with both its names."""
    folder, expected, memory = large
    fingerprint = journal_of(berg_program, folder, tmp_path / "part", memory)
    target = tmp_path / "berg" / oracle.PREPARED
    target.mkdir(parents=True)
    order = [f"fmri_sub-01_{name}" for name in ("split-train.h5", "split-test.h5", "split-test_averaged.h5",
                                                "metadata.npy")]
    for i, name in enumerate(order):
        path = target / (name if i < files else f"{name}.partial")
        path.write_bytes(expected[name])
        if i == files:
            (target / name).hardlink_to(path)
    (target / JOURNAL).write_bytes(fingerprint)
    done = prepare(berg_program, folder, tmp_path / "berg", "--resume")
    assert done.returncode == 0, done.stderr
    assert prepared_files(tmp_path / "berg") == expected


JOURNAL = "fmri_sub-01_split-train.h5.partial.journal"


def prepare_command(program, folder, berg_dir, memory):
    return [program, "prepare", folder, "--subject", "1", "--berg-dir", berg_dir, "--memory", memory, "--threads", "1",
            "--force"]


def journal_of(program, folder, berg_dir, memory):
    """The journal of a run of these inputs, made to say that all voxels are done."""
    assert moments.killed(prepare_command(program, folder, berg_dir, memory), 1, file=JOURNAL)
    lines = (berg_dir / oracle.PREPARED / JOURNAL).read_bytes().split(b"\n")
    return b"\n".join([lines[0], b"rows %020d" % 3001, *lines[2:]])


def interrupted(program, folder, berg_dir, memory):
    """How many voxels an interrupted run says are done; some but not all."""
    run = subprocess.Popen(prepare_command(program, folder, berg_dir, memory), stderr=subprocess.PIPE, text=True,
                           env={**os.environ, **moments.environment(stop=3, file=JOURNAL, clock=2)})
    moments.wait_until_stopped(run)
    moments.go_on(run, signal.SIGINT)
    message = run.communicate()[1].splitlines()[-1]
    assert run.returncode == 130
    assert message.startswith("berg: interrupted after ") and message.endswith("with --resume goes on")
    return int((berg_dir / oracle.PREPARED / JOURNAL).read_text().splitlines()[1].split()[1])


def test_an_interrupted_run_goes_on_where_it_was(large, berg_program, tmp_path):
    folder, expected, memory = large
    done = interrupted(berg_program, folder, tmp_path, memory)
    assert 0 < done < 3001
    partial = tmp_path / oracle.PREPARED / "fmri_sub-01_split-train.h5.partial"
    with h5py.File(partial, "r+") as file:
        file["neural_data"][5, done - 1] += 1  # would be right again, had it begun anew
    result = prepare(berg_program, folder, tmp_path, "--resume")
    assert result.returncode == 0, result.stderr
    name = "fmri_sub-01_split-train.h5"
    with h5py.File(tmp_path / oracle.PREPARED / name, "r+") as file:
        file["neural_data"][5, done - 1] -= 1
    found = read_matrices(tmp_path)["split-train"]
    (tmp_path / "expected.h5").write_bytes(expected[name])
    with h5py.File(tmp_path / "expected.h5") as file:
        np.testing.assert_allclose(found, file["neural_data"][:], atol=1e-6)


def test_files_missing_from_what_an_interrupted_run_left(large, berg_program, tmp_path):
    folder, expected, memory = large
    interrupted(berg_program, folder, tmp_path, memory)
    partial = tmp_path / oracle.PREPARED / "fmri_sub-01_metadata.npy.partial"
    kept = partial.read_bytes()
    partial.unlink()
    result = prepare(berg_program, folder, tmp_path, "--resume")
    assert result.returncode == 3
    assert result.stderr == f"berg: {partial}: is missing, so the run cannot be resumed: force a new start\n"
    partial.write_bytes(kept)
    assert prepare(berg_program, folder, tmp_path, "--resume").returncode == 0
    assert prepared_files(tmp_path) == expected


def test_other_inputs_are_not_gone_on_with(large, berg_program, tmp_path):
    folder, expected, memory = large
    shutil.copytree(folder, tmp_path / "raw", ignore=shutil.ignore_patterns("berg"))
    interrupted(berg_program, tmp_path / "raw", tmp_path / "berg", memory)
    table = tmp_path / "raw" / "sub-01_VoxelMetadata.csv"
    table.write_text(table.read_text() + "\n")
    result = prepare(berg_program, tmp_path / "raw", tmp_path / "berg", "--resume")
    assert result.returncode == 5 and "belongs to another run" in result.stderr
    assert prepare(berg_program, tmp_path / "raw", tmp_path / "berg", "--force").returncode == 0
    assert prepared_files(tmp_path / "berg") == expected
