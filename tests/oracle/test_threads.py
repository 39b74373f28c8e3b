"""No result depends on threads: on how many are asked for, how many start, or what else the process runs.

Each way of giving fewer threads than are asked for is one that users meet: limits on processes (a preloaded pthread_create that fails),
hosts with parallel regions of their own, what the environment says of OpenMP."""
import hashlib
import os
import re
import subprocess

import numpy as np
import pytest

MODEL = "fmri-things_fmri_1-vit_b_32"
FEW = [{"BERG_TEST_THREADS": "0"}, {"BERG_TEST_THREADS": "1"}]
ENVIRONMENTS = [{"OMP_DYNAMIC": "true"}, {"OMP_THREAD_LIMIT": "1"}, {"OMP_MAX_ACTIVE_LEVELS": "0"}, {"OMP_NUM_THREADS": "3"},
                {"SLURM_CPUS_PER_TASK": "5"}]
# Where all ways would be the same code again.
SOME = [(1, {}), (3, {}), (8, FEW[1]), (None, {"OMP_THREAD_LIMIT": "1"})]


def digests(folder):
    """What is in a folder, file by file; of sidecars and reports, what does not say when and how they were made."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".json":
            found[str(path.relative_to(folder))] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


@pytest.fixture(scope="module")
def run(berg_program, build_dir, tmp_path_factory):
    """run(*command, threads=None, **environment): runs the program to its end and returns its messages."""
    few = build_dir / "tests" / "few_threads.so"
    # the sanitizers' runtimes must come before what is preloaded
    sanitized = re.search(rb"__(asan|tsan)_init", berg_program.read_bytes())
    home = tmp_path_factory.mktemp("home")

    def run(*command, threads=None, **environment):
        if "BERG_TEST_THREADS" in environment:
            if sanitized:
                pytest.skip("a sanitizer's own pthread_create cannot be replaced")
            # by a name that is searched for: LD_PRELOAD takes a path to end at a space
            environment |= {"LD_PRELOAD": few.name, "LD_LIBRARY_PATH": str(few.parent)}
        command = [berg_program, *command] + (["--threads", threads] if threads else [])
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True,
                              env={"PATH": os.environ["PATH"], "HOME": str(home), **environment})
        assert done.returncode == 0, done.stderr
        return done.stdout
    return run


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    from PIL import Image
    folder = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(3)
    for i in range(5):
        Image.fromarray(rng.integers(0, 256, (60 + i, 80, 3), np.uint8)).save(folder / f"{i:02}.png")
    return folder


def ways():
    """Pairs of a number of threads and an environment."""
    return [(threads, {}) for threads in (1, 2, 3, 8)] + [(2, few) for few in FEW] + [(8, few) for few in FEW] + \
        [(None, environment) for environment in ENVIRONMENTS]


@pytest.mark.parametrize("precision", ["f32", pytest.param("bf16", marks=pytest.mark.long), "int8"])
def test_encode(run, converted, small_berg_dir, photos, tmp_path, precision):
    """One image, which all threads share, several, and more than a batch. The ways to fewer threads are those of all precisions."""
    for name, inputs, more, way in [("one", [photos / "03.png"], [], ways() if precision == "f32" else SOME), ("few", [photos], ["--batch", "3"], SOME),
                                    ("all", [photos], [], SOME[1:3])]:
        expected = None
        for i, (threads, environment) in enumerate(way):
            out = tmp_path / f"{name}{i}.npy"
            run("encode", MODEL, "--subject", "1,2", "--berg-dir", small_berg_dir, "--backbone", converted(precision),
                "--precision", precision, "-q", *more, *inputs, "-o", out, threads=threads, **environment)
            responses = [path.read_bytes() for path in sorted(tmp_path.glob(f"{name}{i}[_.]*npy"))]
            assert len(responses) == 2
            expected = expected or responses
            assert responses == expected, (name, threads, environment)


def test_arrays_that_one_thread_reads(run, converted, small_berg_dir, tmp_path):
    import h5py
    images = np.random.default_rng(4).integers(0, 256, (5, 3, 70, 60), np.uint8)
    with h5py.File(tmp_path / "images.h5", "w") as file:
        file.create_dataset("images", data=images, chunks=(2, 3, 70, 60), compression="gzip")
    expected = None
    for i, (threads, environment) in enumerate(SOME):
        run("encode", MODEL, "--subject", "1", "--berg-dir", small_berg_dir, "--backbone", converted("f32"), "-q", "--batch", "2",
            f"{tmp_path}/images.h5:images", "-o", tmp_path / f"{i}.h5", threads=threads, **environment)
        with h5py.File(tmp_path / f"{i}.h5") as file:
            responses = file["responses"][()].tobytes()
        expected = expected or responses
        assert responses == expected, (threads, environment)


def test_every_step_of_training(run, converted, tmp_path):
    """Simulated data, prepared, a ridge with an alpha for each voxel, its accuracy: the same files."""
    expected = None
    size = ["--concepts", "3", "--images-per-concept", "3", "--test-images", "3", "--sessions", "3", "--image-size", "64"]
    for i, (threads, environment) in enumerate([(1, {}), (3, {}), (8, FEW[1])]):
        folder = tmp_path / str(i)
        run("simulate", folder / "raw", "--subject", "1", "--voxels", "230", *size,
            threads=threads, **environment)
        run("prepare", folder / "raw", "--subject", "1", "--berg-dir", folder / "models", threads=threads, **environment)
        common = [MODEL, "--subject", "1", "--images", folder / "raw" / "images", "--backbone", converted("f32"), "--berg-dir",
                  folder / "models"]
        run("train", *common, "--components", "5", "--ridge", "--alphas", "1e2,1e4,1e6", "--folds", "3", "--alpha-per-voxel",
            threads=threads, **environment)
        run("evaluate", *common, threads=threads, **environment)
        found = digests(folder)
        expected = expected or found
        assert found == expected, (threads, environment)


def test_compare(run, small_berg_dir, tmp_path):
    rng = np.random.default_rng(6)
    a = rng.standard_normal((300, 700)).astype(np.float32)
    np.save(tmp_path / "a.npy", a)
    np.save(tmp_path / "b.npy", (a + 1e-3 * rng.standard_normal(a.shape)).astype(np.float32))
    said = {run("compare", tmp_path / "a.npy", tmp_path / "b.npy", "--atol", "1", "--json", "-", threads=threads, **environment)
            for threads, environment in ways()}
    assert len(said) == 1


def test_converted_weights(run, backbone_files, converted, tmp_path):
    if converted("int8") == converted("f32"):
        pytest.skip("this processor has no instructions for int8")
    whole = converted("int8").read_bytes()  # by as many threads as there are
    alone = tmp_path / "alone.safetensors"
    run("convert", "--precision", "int8", backbone_files["safetensors"], alone, **FEW[0])
    assert alone.read_bytes() == whole
    alone.unlink()


def test_how_many(run):
    import json

    def doctor(**environment):
        answer = json.loads(run("doctor", "--json", **environment))
        return answer["threads"], answer["threads_by"]
    assert doctor(OMP_NUM_THREADS="3", SLURM_CPUS_PER_TASK="5") == (3, "OMP_NUM_THREADS")
    assert doctor(SLURM_CPUS_PER_TASK="5") == (5, "SLURM_CPUS_PER_TASK")
    count, because = doctor()
    assert because in ("affinity", "cgroup quota") and 1 <= count <= len(os.sched_getaffinity(0))


def test_a_host_with_parallel_regions_of_its_own(build_dir, converted, small_berg_dir, photos, tmp_path):
    """Two threads of one, a model each, side by side and after one another."""
    done = subprocess.run([build_dir / "tests" / "host_with_openmp", small_berg_dir, converted("f32"), photos / "03.png", tmp_path],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    written = [path.read_bytes() for path in sorted(tmp_path.glob("*.npy"))]
    assert len(written) == 5
    assert len(set(written)) == 1
