#!/usr/bin/env python3
"""Runs every command with its N-th allocation failing, for each N, and judges what it says and leaves.

    torture.py [--build DIR] [--step K] [--from N] [--rest] [--jobs J] [--work DIR] [COMMAND...]

A run that ends with the status of the undisturbed one must give the same output to the byte, times apart; any other ends with
status 6, one line that says so, and nothing under a final name but what is whole. What the libraries beneath do in want of
memory (a crash in cairo, say) is counted apart, by the library that the allocation was for. Exit status: 0 when nothing is
wrong in the program's own code.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "cli"), str(TESTS / "oracle"), str(TESTS / "tools"), str(TESTS / "torture")]

import cases  # noqa: E402
import make_subject  # noqa: E402

NO_MEMORY = 6
SECONDS = 300
# What an interrupted run may leave, to be resumed or discarded.
UNFINISHED = re.compile(r"\.(partial|journal|unfinished(_lh|_rh)?\.npy|npy\.partial\.journal)$|(^|/)work/|\.merging/")
# A store of scores grows in place: what was committed counts, which tests/cli/test_cli_score.py holds against whole ones.
GROWN = re.compile(r"^store/")
# Times of a run, and its memory, differ from one run to the next.
TIMES = [(re.compile(rb'"(seconds|[a-z_]+_seconds)":\s*\{[^}]*\}'), b'"seconds"'),
         (re.compile(rb'"(seconds|peak_memory_bytes|[a-z_]*flops|share|seconds_of_products)":\s*[-+.e0-9]+'), b'"seconds"'),
         (re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), b"DATE")]
# Libraries that crash themselves when memory runs out, by the name of their file.
FRAGILE = ("libfontconfig", "libcairo", "libpixman", "libfreetype", "libexpat", "libnifti", "libznz", "libopenblas",
           "libgomp", "liblapack", "libgfortran")


def plain(data):
    for pattern, text in TIMES:
        data = pattern.sub(text, data)
    return data


class Run:
    def __init__(self, status, out, err, files, log):
        self.status, self.out, self.err, self.files, self.log = status, out, err, files, log

    @property
    def reached(self):
        return "failed " in self.log

    @property
    def libraries(self):
        """The files that code was in when the allocation failed, innermost first, without libc and this harness."""
        names = [pathlib.Path(line.split("(")[0]).name for line in self.log.splitlines() if line.startswith("/")]
        return [name for name in names if not name.startswith(("libc.so", "libfailing", "ld-linux"))]

    @property
    def is_fragile(self):
        return any(name.startswith(FRAGILE) for name in self.libraries)


def read_tree(folder):
    return {str(path.relative_to(folder)): plain(path.read_bytes()) for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.is_symlink()}


class Torturer:
    def __init__(self, build, work, rest=False):
        self.program, self.preload = build / "berg", build / "tests" / "libfailing_allocations.so"
        self.work, self.inputs, self.rest = work, work / "in", rest
        home = work / "home"
        home.mkdir(parents=True, exist_ok=True)
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1",
                            "OPENBLAS_NUM_THREADS": "1"}

    def make_inputs_once(self, backbone=None):
        """`backbone`: weights of make_subject.BACKBONE that are there already."""
        if self.inputs.exists():
            return
        if not backbone:
            backbone = self.work / "vit.safetensors"
            make_subject.write_state_dict(backbone, make_subject.oracle.load_backbone(make_subject.BACKBONE), "new")
        self.inputs.mkdir(parents=True)
        cases.make_inputs(self.inputs, backbone)

        def berg(*words):
            subprocess.run([self.program, *map(str, words)], env=self.environment, check=True, capture_output=True)
        cases.finish_inputs(self.inputs, berg)

    def run(self, case, number):
        """`number` 0: none fails."""
        out, log = self.work / case.name / "out", self.work / case.name / "log"
        case.prepare(self.inputs, out)
        log.unlink(missing_ok=True)
        # by a name that is searched for: LD_PRELOAD takes a path to end at a space
        environment = self.environment | {"LD_PRELOAD": self.preload.name, "LD_LIBRARY_PATH": str(self.preload.parent),
                                          "TORTURE_LOG": str(log), "TORTURE_FAIL": str(number)}
        if self.rest:
            environment["TORTURE_REST"] = "1"
        try:
            done = subprocess.run([self.program, *case.command(self.inputs, out)], env=environment, capture_output=True,
                                  timeout=SECONDS, stdin=subprocess.DEVNULL)
            status, text, error = done.returncode, done.stdout, done.stderr
        except subprocess.TimeoutExpired:
            status, text, error = "hang", b"", b""
        said = log.read_text() if log.exists() else ""
        return Run(status, plain(text), error.decode(errors="replace"), read_tree(out), said)

    def count(self, case):
        whole = self.run(case, 0)
        return whole, int(re.search(r"count (\d+)", whole.log).group(1))

    def torture(self, case, step=1, first=1):
        """(number of allocations, how often each verdict, what is wrong)"""
        whole, allocations = self.count(case)
        before = self.before(case)
        verdicts, wrong = collections.Counter(), []
        for number in range(first, allocations + 1, step):
            run = self.run(case, number)
            verdict = judge(run, whole, before) if run.reached else "not reached"
            # a wrong output is the program's fault, whichever library ran out of memory
            if verdict not in GOOD and run.is_fragile and not verdict.startswith("other"):
                verdict = f"in {next(name for name in run.libraries if name.startswith(FRAGILE))}: {verdict}"
            elif verdict not in GOOD:
                wrong.append((number, verdict, run))
            verdicts[verdict] += 1
        shutil.rmtree(self.work / case.name)
        return allocations, verdicts, wrong

    def before(self, case):
        out = self.work / case.name / "out"
        case.prepare(self.inputs, out)
        return read_tree(out)


GOOD = ("same", "no memory", "not reached")


def judge(run, whole, before):
    if run.status == "hang":
        return "hang"
    if run.status < 0 or run.status > 9:
        return f"crash {run.status}"
    if run.status == whole.status:
        if run.out != whole.out:
            return "other output, same status"
        other = [name for name in whole.files if run.files.get(name) != whole.files[name]]
        more = [name for name in run.files if name not in whole.files]
        return f"other file {other[0]}" if other else f"left {more[0]}" if more else "same"
    if run.status != NO_MEMORY:
        return f"status {run.status}"
    lines = [line for line in run.err.splitlines() if line]
    messages = [line for line in lines if not re.search(r"is kept; the same command with --resume goes on", line)]
    if len(messages) != 1 or not messages[0].startswith("berg: "):
        return f"{len(messages)} lines"
    for name, data in run.files.items():
        if data in (whole.files.get(name), before.get(name)) or GROWN.search(name):
            continue
        if name in whole.files:
            return f"{name} is not whole"
        if not UNFINISHED.search("/" + name):
            return f"left {name}"
    return "no memory"


def report(case, allocations, verdicts, wrong):
    told = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
    print(f"{case.name}: {allocations} allocations: {told}", flush=True)
    for number, verdict, run in wrong:
        lines = run.err.splitlines()
        print(f"  {number}: {verdict}; {run.status}; {lines[-1] if lines else ''}")
        for frame in [line for line in run.log.splitlines() if "/" in line][1:7]:
            print("      " + frame)
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commands", nargs="*", help="names of commands, or their beginnings; all without")
    parser.add_argument("--build", type=pathlib.Path, default=os.environ.get("BERG_BUILD", TESTS.parent / "build"))
    parser.add_argument("--step", type=int, default=int(os.environ.get("TORTURE_STEP", 1)), help="every K-th allocation")
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("--rest", action="store_true", help="all later allocations fail too")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--work", type=pathlib.Path, help="keeps the inputs there, for another run")
    asked = parser.parse_args()
    chosen = [case for case in cases.CASES if not asked.commands or case.name.startswith(tuple(asked.commands))]
    with tempfile.TemporaryDirectory() as temporary:
        work = (asked.work or pathlib.Path(temporary)).resolve()
        torturer = Torturer(pathlib.Path(asked.build).resolve(), work, asked.rest)
        torturer.make_inputs_once()
        total, bad = collections.Counter(), 0
        with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
            started = [(case, pool.submit(torturer.torture, case, asked.step, asked.first)) for case in chosen]
            for case, future in started:
                allocations, verdicts, wrong = future.result()
                report(case, allocations, verdicts, wrong)
                total += verdicts
                bad += len(wrong)
    print(f"torture: {sum(total.values())} runs, {bad} wrong: "
          + ", ".join(f"{count} {verdict}" for verdict, count in total.most_common()))
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
