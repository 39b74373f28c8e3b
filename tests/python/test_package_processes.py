"""Models in forked, spawned and threaded processes: the same bytes, and no hang, ever."""
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

CASES = ["after_load", "after_use", "one_thread", "after_cleanup", "compare", "fit", "spawn", "forkserver", "subprocess",
         "executor", "loky", "while_another_thread_encodes", "inside_a_callback"]
SCRIPT = pathlib.Path(__file__).with_name("processes.py")
TIMES = int(os.environ.get("BERG_PROCESS_REPEATS", "1"))


@pytest.fixture(scope="module")
def arguments(load, images, small_berg_dir, backbone_files, tmp_path_factory):
    folder, images = tmp_path_factory.mktemp("processes"), images[:1]
    np.save(folder / "images.npy", images)
    model = load()
    np.save(folder / "expected.npy", model.generate_response(images, show_progress=False))
    model.cleanup()
    return [small_berg_dir, backbone_files["safetensors"], folder / "images.npy", folder / "expected.npy"]


@pytest.mark.parametrize("case", CASES)
def test_processes(case, arguments):
    """The limit of time is there for a hang alone: a case takes seconds."""
    packages = os.path.dirname(os.path.dirname(sys.modules["berg"].__file__))  # with the extension beside it
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([packages, os.environ.get("PYTHONPATH", "")])}
    for _ in range(TIMES):
        done = subprocess.run([sys.executable, SCRIPT, case, *map(str, arguments)], capture_output=True, text=True,
                              env=environment, timeout=900)
        assert done.returncode == 0, done.stdout + done.stderr
