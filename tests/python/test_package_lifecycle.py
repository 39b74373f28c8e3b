"""Loading, freeing, threads, signals."""

import gc
import logging
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import weakref

import numpy as np
import pytest

from berg import _berg
from berg.core.exceptions import ModelLoadError, StimulusError

SANITIZED = "ASAN_OPTIONS" in os.environ


def test_with_cleans_up(berg, load, images):
    with load({"roi": ["V1"]}) as model:
        responses = berg.encode(model, images)
    assert responses.shape[0] == len(images) and model.model is None
    with pytest.raises(ModelLoadError, match="not loaded"):
        berg.encode(model, images)
    model.cleanup()
    model.load_model()
    assert np.array_equal(berg.encode(model, images), responses)


def test_with_lets_exceptions_through(load):
    with pytest.raises(ZeroDivisionError):
        with load({"roi": ["V1"]}) as model:
            raise ZeroDivisionError
    assert model.model is None


def test_loading_is_quiet_but_logged(load, capfd, caplog):
    with caplog.at_level(logging.INFO, logger="berg"):
        load({"roi": ["V1"]}, subject=2)
    assert capfd.readouterr() == ("", "")
    assert "cpu" in caplog.text and "subject 2" in caplog.text


def test_garbage_is_collected(load):
    model = load({"roi": ["V1"]})
    dead = weakref.ref(model)
    del model
    gc.collect()
    assert dead() is None


def resident():
    return int(pathlib.Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(SANITIZED, reason="AddressSanitizer keeps freed memory in quarantine")
def test_memory_comes_back(berg, load, images, model_id):
    """The backbone alone is 350 MB: a model, an array or a dict that stays would show."""

    def use():
        model = load({"roi": ["V1"]})
        berg.encode(model, images[:1], return_metadata=True, show_progress=False)
        with pytest.raises(StimulusError):
            berg.encode(model, images.astype(np.int64) + 300)
        berg.get_model_metadata(model_id, subject=1)

    readings = []
    for _ in range(17):
        use()
        gc.collect()
        readings.append(resident())
    # What stays grows at every turn; what an allocator keeps for later comes and goes, some MB each time.
    assert np.median(readings[-7:]) - np.median(readings[3:10]) < 7e6, readings


@pytest.mark.skipif(SANITIZED, reason="AddressSanitizer keeps freed memory in quarantine")
def test_metadata_do_not_leak(berg, model_id):
    readings = []
    for _ in range(100):
        berg.get_model_metadata(model_id, subject=1)  # some 0.5 MB of arrays and strings
        readings.append(resident())
    assert np.median(np.diff(readings[10:])) < 1e4 and readings[-1] - readings[10] < 20e6, readings


def in_threads(tasks):
    results = [None] * len(tasks)

    def run(place, task):
        results[place] = task()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(tasks)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_one_model_serves_threads_in_turn(berg, whole_model, images, whole):
    images, whole = images[:2], whole[:2]
    for responses in in_threads([lambda: berg.encode(whole_model, images, show_progress=False)] * 4):
        assert np.array_equal(responses, whole)


def test_models_run_side_by_side(berg, load, images, whole):
    images, whole = images[:2], whole[:2]

    def task(selection):
        model = load(selection, threads=1)
        return [berg.encode(model, images, show_progress=False) for _ in range(2)], model.selected_voxels

    selections = [None, {"roi": ["V1"]}, {"roi": ["IT", "V1"]}]
    for responses, voxels in in_threads([lambda s=s: task(s) for s in selections]):
        assert all(np.array_equal(again, whole[:, voxels]) for again in responses)


def test_cleanup_waits_for_a_running_encode(berg, load, images, whole):
    model = load(batch=1)
    results = []
    thread = threading.Thread(target=lambda: results.append(berg.encode(model, images, show_progress=False)))
    thread.start()
    time.sleep(0.01)
    model.cleanup()
    thread.join()
    if results:  # the encode came first, as it nearly always does
        assert np.array_equal(results[0], whole)


def test_python_goes_on_meanwhile(berg, whole_model, images):
    """Ten turns of this thread within one encode, whenever that is: a held GIL would allow none."""
    many = np.repeat(images, 2, axis=0)
    for _ in range(20):
        thread = threading.Thread(target=lambda: berg.encode(whole_model, many, show_progress=False))
        thread.start()
        turns = 0
        while thread.is_alive():
            time.sleep(0.001)
            turns += 1
        if turns > 10:
            return
    pytest.fail("the GIL was held")


def test_a_model_in_use_says_so(images, small_berg_dir, backbone_files, model_id):
    """Under the lock of the class above: the extension itself never gives one handle to two calls."""
    model = _berg.Model(
        model_id,
        str(small_berg_dir),
        "1",
        [("roi", ("V1",))],
        backbone=str(backbone_files["safetensors"]),
        min_noise_ceiling=float("nan"),
        device="cpu",
        precision="f32",
        threads=0,
        batch=1,
    )
    out = np.empty((len(images), model.columns), np.float32)
    seen = []

    def progress(done, total, seconds):
        for again in (
            model.close,
            model.metadata,
            model.outputs,
            lambda: model.output_path("a.npy", 0),
            lambda: model.columns,
            lambda: model.encode(images, out.copy()),
        ):
            with pytest.raises(RuntimeError, match="in use"):
                again()
        seen.append((done, total))

    model.encode(images, out, progress=progress)
    assert seen[-1] == (len(images), len(images))
    with pytest.raises(ValueError, match="out"):
        model.encode(images, out[:, :-1].copy())
    out.flags.writeable = False
    with pytest.raises((BufferError, ValueError)):
        model.encode(images, out)
    model.close()
    model.close()
    with pytest.raises(RuntimeError, match="closed"):
        _ = model.columns


INTERRUPTED = """
import os, signal, sys, threading
import numpy as np

class Bar:
    def __init__(self, total, desc, unit): self.n = 0
    def __enter__(self): return self
    def __exit__(self, *exception): pass
    def set_postfix(self, fields, refresh): pass
    def update(self, step):
        self.n += step
        print("batch", self.n, flush=True)

sys.modules["tqdm"] = type(sys)("tqdm")
sys.modules["tqdm.auto"] = type(sys)("tqdm.auto")
sys.modules["tqdm.auto"].tqdm = Bar
from berg import BERG

berg = BERG(sys.argv[1])
model = berg.get_encoding_model("fmri-things_fmri_1-vit_b_32", subject=1, selection={"roi": ["V1"]},
                                backbone=sys.argv[2], batch=4)
images = np.random.default_rng(1).integers(0, 256, (4, 3, 224, 224), dtype=np.uint8)
expected = berg.encode(model, images, show_progress=False)
try:
    berg.encode(model, np.broadcast_to(images[0], (100000, 3, 224, 224)))
except KeyboardInterrupt:
    again = berg.encode(model, images, show_progress=False)
    print("interrupted", np.array_equal(again, expected), flush=True)

# Without a progress bar no Python runs between batches: the extension itself must look for signals.
try:
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()
    berg.encode(model, np.broadcast_to(images[0], (100000, 3, 224, 224)), show_progress=False)
except KeyboardInterrupt:
    print("quietly too", flush=True)
"""


def test_ctrl_c_stops_between_batches(small_berg_dir, backbone_files):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    child = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(small_berg_dir), str(backbone_files["safetensors"])],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        for line in child.stdout:
            if line.startswith("batch") and line != "batch 0\n":
                break
        child.send_signal(signal.SIGINT)
        rest, _ = child.communicate(timeout=600)
    finally:
        child.kill()
    assert rest.splitlines()[-2:] == ["interrupted True", "quietly too"]
    assert child.returncode == 0
