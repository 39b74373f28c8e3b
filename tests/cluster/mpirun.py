"""Runs the program in several processes by mpirun, one of them with an accident of its own."""
import filecmp
import os
import pathlib
import re
import signal
import subprocess
import time

import moments

# More ranks than cores, as root in a container: what Open MPI asks to be told.
MPI = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_btl_vader_single_copy_mechanism": "none"}
MPIRUN = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n"]
# A rank that fails or dies ends all of them within it.
SECONDS = 10


def children(pid):
    return pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def is_stopped(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"


class Result:
    def __init__(self, status, text):
        self.status, self.text = status, text
        lines = [line for line in text.splitlines() if line.startswith("berg: ")]
        self.messages = [line[len("berg: "):] for line in lines if not re.match(r"berg: ([a-z]+: )?\d+ of \d+ [a-z]+, ", line)]


class Ranks:
    """ranks(N, ARGUMENTS...): the program in N processes, its messages and status."""

    def __init__(self, program, home):
        self.program = program
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "TMPDIR": str(home), **MPI}

    def command(self, count, arguments, accident=None, rank=0):
        """`accident`: what moments.environment takes, for that rank alone."""
        whole = [self.program, *map(str, arguments), "--mpi"]
        if accident is None:
            return [*MPIRUN, str(count), *whole]
        given = [f"{name}={value}" for name, value in moments.environment(**accident).items()]
        parts = [(rank, whole), (1, ["env", *given, *whole]), (count - rank - 1, whole)]
        return ["mpirun", *MPIRUN[1:-1], *sum([[":", "-n", str(n), *part] for n, part in parts if n], [])[1:]]

    def run(self, command, timeout=600, **more):
        done = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=timeout, **more)
        return Result(done.returncode, done.stdout.decode())

    def __call__(self, count, *arguments, accident=None, rank=0, **more):
        return self.run(self.command(count, arguments, accident, rank), **more)

    def differing(self, lists):
        """A process for each list of arguments."""
        parts = [[":", "-n", "1", self.program, *map(str, arguments), "--mpi"] for arguments in lists]
        return self.run(["mpirun", *MPIRUN[1:-1], *sum(parts, [])[1:]])

    def killed(self, count, *arguments, rank, at, file):
        """The program in `count` processes, of which one stops at its `at`-th change of such a file, and is killed there: from then on
        the others have SECONDS."""
        process, rank_there = self.stopped(count, arguments, rank, at, file)
        os.kill(rank_there, signal.SIGKILL)
        text, _ = process.communicate(timeout=SECONDS)
        assert process.returncode
        return Result(process.returncode, text.decode())

    def told(self, number, count, *arguments, rank, at, file):
        """The same where all processes get a signal at that moment, as schedulers send it, and that one goes on."""
        process, rank_there = self.stopped(count, arguments, rank, at, file)
        for child in children(process.pid):
            os.kill(int(child), number)
        os.kill(rank_there, signal.SIGCONT)
        text, _ = process.communicate(timeout=600)
        return Result(process.returncode, text.decode())

    def stopped(self, count, arguments, rank, at, file):
        """(mpirun, the process that stands still)."""
        command = self.command(count, arguments, {"stop": at, "file": file}, rank)
        process = subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT)
        stopped = []
        while not stopped:
            assert process.poll() is None, process.communicate()[0].decode()
            stopped = [child for child in children(process.pid) if is_stopped(child)]
            time.sleep(0.02)
        return process, int(stopped[0])


def contents(folder):
    """Each file under it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def same(a, b):
    return filecmp.cmp(a, b, shallow=False)
