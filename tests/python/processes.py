"""What test_package_processes.py runs, each case in a process of its own, so that a hang is that process's and can be ended:

    processes.py CASE BERG_DIR BACKBONE IMAGES.npy EXPECTED.npy

Exits 0 when every process gave the expected responses, bytes for bytes."""
import concurrent.futures
import multiprocessing
import os
import subprocess
import sys
import threading

import numpy as np

import berg
from berg import BERG

MODEL = "fmri-things_fmri_1-vit_b_32"
case, berg_dir, backbone, images_path, expected_path = sys.argv[1:6]
images, expected = np.load(images_path), np.load(expected_path)


def load(threads=0):
    return BERG(berg_dir=berg_dir).get_encoding_model(MODEL, subject=1, backbone=backbone, threads=threads)


def encode(model):
    return BERG(berg_dir=berg_dir).encode(model, images, show_progress=False)


def is_right(responses):
    return responses.tobytes() == expected.tobytes()


model = None


def with_the_parents(_):
    return is_right(encode(model))


def with_its_own(_):
    return is_right(encode(load()))


def compare(_):
    return berg.compare(expected_path, expected_path)["verdict"] == "equal"


def fit(_):
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((60, 40)), rng.standard_normal((60, 130))
    return berg.fit(x, y, components=10).predict(x).tobytes() == fitted


def pool(work, start="fork"):
    with multiprocessing.get_context(start).Pool(4) as workers:
        return all(workers.map(work, range(4)))


def at_once(work):
    """A fork, and the child's answer as its exit status."""
    child = os.fork()
    if not child:
        try:
            os._exit(0 if work() else 1)
        except BaseException as error:  # what the parent is told is the status
            print(type(error).__name__, error, flush=True)
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def while_another_thread_encodes():
    """The child of a fork in the midst of another thread's encode: this model says so at once, one of its own works."""
    many = np.repeat(images, 12, axis=0)
    model = load()
    worker = threading.Thread(target=lambda: model.generate_response(many, show_progress=False))
    worker.start()
    while not model.model.busy:
        pass

    def child():
        try:
            model.generate_response(images, show_progress=False)
            return False
        except berg.core.exceptions.ModelLoadError as error:
            if "forked" not in str(error):
                return False
        model.load_model()
        return is_right(model.generate_response(images, show_progress=False)) and is_right(encode(load()))
    status = at_once(child)
    worker.join()
    return status == 0 and is_right(model.generate_response(images, show_progress=False))


def inside_a_callback():
    """A progress callback that forks: the child's call ends with one line, the parent's goes on."""
    statuses, model = [], load()

    def move(done, total, seconds):
        if not statuses:
            child = os.fork()
            if not child:
                statuses.append(None)
                return
            statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    out = np.empty((len(images), model.model.columns), np.float32)
    try:
        model.model.encode(images, out, progress=move)
    except Exception as error:
        if statuses == [None]:
            os._exit(0 if "forked" in str(error) else 3)
        raise
    if statuses == [None]:
        os._exit(4)
    return statuses == [0] and is_right(out)


rng = np.random.default_rng(1)
features, targets = rng.standard_normal((60, 40)), rng.standard_normal((60, 130))
fitted = berg.fit(features, targets, components=10).predict(features).tobytes() if case == "fit" else b""


def run():
    global model
    if case == "after_load":
        model = load()
        return pool(with_the_parents)
    if case == "after_use":
        model = load()
        return is_right(encode(model)) and pool(with_the_parents) and is_right(encode(model))
    if case == "one_thread":
        model = load(threads=1)
        return is_right(encode(model)) and pool(with_the_parents)
    if case == "after_cleanup":
        model = load()
        encode(model)
        model.cleanup()
        return pool(with_its_own)
    if case == "compare":
        return compare(0) and pool(compare)
    if case == "fit":
        return fit(0) and pool(fit)
    if case in ("spawn", "forkserver"):
        return is_right(encode(load())) and pool(with_its_own, case)
    if case == "subprocess":
        model = load()
        encode(model)
        again = [sys.executable, __file__, "itself", *sys.argv[2:6]]
        return subprocess.run(again, env=os.environ).returncode == 0
    if case == "itself":
        return is_right(encode(load()))
    if case == "executor":
        encode(load())
        with concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as workers:
            return all(workers.map(with_its_own, range(4)))
    if case == "loky":
        import joblib
        encode(load())
        return all(joblib.Parallel(2, backend="loky")(joblib.delayed(with_its_own)(i) for i in range(4)))
    if case == "while_another_thread_encodes":
        return while_another_thread_encodes()
    if case == "inside_a_callback":
        return inside_a_callback()
    raise SystemExit(f"no case {case}")


if __name__ == "__main__":
    sys.exit(0 if run() else 1)
