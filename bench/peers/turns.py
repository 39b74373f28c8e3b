"""One process a system, which stays alive and computes only in its turn; and the new processes whose start is timed."""
import json
import os
import pathlib
import subprocess
import sys
import threading
import time

PATIENCE = 600  # seconds for one answer
REST = 0.2  # seconds between two systems, in which the threads of the first stop looking for work


# libberg takes --isa. oneDNN, in torch and OpenVINO, reads the first, which OpenVINO wants to be the same as the second (its builds before
# the end of 2026 pass over that one); torch's own kernels and what it compiles go by the third, MKL in it by the fourth, NumPy's OpenBLAS by
# the last. ONNX Runtime has no such switch.
HELD_TO = {"avx2": {"ONEDNN_MAX_CPU_ISA": "AVX2", "OV_CPU_MAX_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2",
                    "MKL_ENABLE_INSTRUCTIONS": "AVX2", "OPENBLAS_CORETYPE": "Haswell"}}


class Failed(Exception):
    """Why a system gave no answer, in one line."""


def environment(case, system):
    """Everybody gets the same number of threads."""
    paths = [str(pathlib.Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH")]
    variables = dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, paths)))
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        variables[name] = str(case.threads)
    if system is None or system.module not in ("libberg", "program"):
        # Set on some machines for the sake of old builds of OpenBLAS; those in wheels are new, and slower with them.
        variables.pop("OPENBLAS_CORETYPE", None)
        variables.pop("OPENBLAS_L2_SIZE", None)
    return {**variables, **HELD_TO.get(case.isa, {})}


class Process:
    """worker.py in one of its modes."""

    def __init__(self, case, system, *mode):
        name = system.name if system else "everybody"
        self.log = open(pathlib.Path(case.folder) / f"{name}.log", "a")
        command = [sys.executable, "-m", "peers.worker", name, case.to_json(), *map(str, mode)]
        self.running = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                        env=environment(case, system))

    def answer(self):
        """The next line. Failed: the system's own error, or that it ended."""
        timer = threading.Timer(PATIENCE, self.running.kill)
        timer.start()
        line = self.running.stdout.readline()
        timer.cancel()
        if not line:
            raise Failed(f"the process ended with status {self.running.wait()}; see {self.log.name}")
        message = json.loads(line)
        if "error" in message:
            raise Failed(message["error"])
        return message

    def ask(self, request):
        try:
            self.running.stdin.write(json.dumps(request) + "\n")
            self.running.stdin.flush()
        except BrokenPipeError:
            pass  # the answer says it
        return self.answer()

    def close(self):
        try:
            self.running.stdin.close()
        except BrokenPipeError:
            pass
        try:
            self.running.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.running.kill()
            self.running.wait()
        self.running.stdout.close()
        self.log.close()


def once(case, system, *mode):
    """The one answer of a process."""
    process = Process(case, system, *mode)
    try:
        return process.answer()
    finally:
        process.close()


def first_response(case, system, figure, count):
    """(seconds, megabytes) of a new process: until the response is there, and the most it held. A program's response is there when
    it ends."""
    if system.alone:
        return of_a_program(system.load().command(case, system.precision, figure, count))
    start = time.perf_counter()
    process = Process(case, system, "first", figure, count)
    try:
        process.answer()
        seconds = time.perf_counter() - start
        return seconds, process.answer()["megabytes"]
    finally:
        process.close()


def of_a_program(command):
    start = time.perf_counter()
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    messages = running.stderr.read()
    running.stderr.close()
    _, status, usage = os.wait4(running.pid, 0)  # its own peak: this process, whose memory a child starts with, is small
    running.returncode = os.waitstatus_to_exitcode(status)
    if status:
        raise Failed((messages.strip().splitlines() or [f"status {running.returncode}"])[-1])
    return time.perf_counter() - start, usage.ru_maxrss / 1024
