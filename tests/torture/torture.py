#!/usr/bin/env python3
"""Runs every command with one of its allocations, or of its calls on files, failing, and judges what it says and leaves.

    torture.py [--build DIR] [--what allocations|calls] [--once | --step K [--from N]] [--rest] [--jobs J] [--work DIR] [COMMAND...]

What fails is chosen by the place it comes from: each stack from main to an allocation, or to a call, has its first, a middle and its
last hit (with --once the last alone), in the quickest of the commands that have it. With --step it is chosen by number instead,
every K-th of each command.

A run that ends with the status of the undisturbed one must give the same output to the byte, times apart; any other ends with a
status that is documented for it, one line that says so, and nothing under a final name but what is whole; the same command, said
again, then gives the bytes of the undisturbed one. What the libraries beneath do in want of memory (a crash in cairo, say) is
counted apart, by the library that the allocation was for. Exit status: 0 when nothing is wrong in the program's own code.
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
import time

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "cli"), str(TESTS / "oracle"), str(TESTS / "tools"), str(TESTS / "torture")]

import again  # noqa: E402
import cases  # noqa: E402
import make_subject  # noqa: E402
import sites  # noqa: E402

SECONDS = 300
INCOMPLETE = 9  # a merge says part by part why
# The statuses that may come of it, and what is then said. Of calls: an input, the model's files, an output, memory, a part of a
# merge; and where less is done because of it, that it is.
REASON = "Input/output error"
LESS = re.compile((REASON + "|could not be read|unknown processor").encode())
TOLD = {"allocations": {6: "memory"}, "calls": {3: REASON, 4: REASON, 5: REASON, 6: "memory", 9: REASON}}
# What an interrupted run may leave, to be resumed or discarded.
UNFINISHED = re.compile(r"\.(partial|journal|unfinished(_lh|_rh)?\.(npy|json)|npy\.partial\.journal)$|(^|/)work/|\.merging(/|$)")
# A store of scores grows in place: what was committed counts, which tests/cli/test_cli_score.py holds against whole ones.
GROWN = re.compile(r"^store/")
# Times of a run, and its memory, differ from one run to the next.
TIMES = [(re.compile(rb'"(seconds|[a-z_]+_seconds)":\s*\{[^}]*\}'), b'"seconds"'),
         (re.compile(rb'"(seconds|peak_memory_bytes|[a-z_]*flops|share|seconds_of_products)":\s*[-+.e0-9]+'), b'"seconds"'),
         (re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), b"DATE")]
# Libraries that crash themselves when memory runs out, by the name of their file.
FRAGILE = ("libfontconfig", "libcairo", "libpixman", "libfreetype", "libexpat", "libnifti", "libznz", "libopenblas",
           "libgomp", "liblapack", "libgfortran")
LOADER = "(dlerror+"


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
    def __init__(self, build, work, rest=False, what="allocations"):
        self.program, self.preload = build / "berg", build / "tests" / f"libfailing_{what}.so"
        self.work, self.inputs, self.rest, self.what = work, work / "in", rest, what
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

    def run(self, case, **settings):
        """fail=N, stacks=FILE as faults.c has them; none fails without."""
        out, log = self.work / case.name / "out", self.work / case.name / "log"
        case.prepare(self.inputs, out)
        log.unlink(missing_ok=True)
        # by a name that is searched for: LD_PRELOAD takes a path to end at a space
        environment = self.environment | {"LD_PRELOAD": self.preload.name, "LD_LIBRARY_PATH": str(self.preload.parent),
                                          "TORTURE_LOG": str(log)}
        environment |= {f"TORTURE_{name.upper()}": str(value) for name, value in settings.items()}
        if self.rest:
            environment["TORTURE_REST"] = "1"
        status, text, error = self.say(case.command(self.inputs, out), environment)
        said = log.read_text() if log.exists() else ""
        return Run(status, plain(text), error.decode(errors="replace"), read_tree(out), said)

    def say(self, words, environment):
        """(status, standard output, standard error)"""
        try:
            done = subprocess.run([self.program, *words], env=environment, capture_output=True, timeout=SECONDS,
                                  stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return "hang", b"", b""
        return done.returncode, done.stdout, done.stderr

    def count(self, case):
        """A command that nothing is chosen of yet."""
        stacks, begin = self.work / case.name / "stacks", time.monotonic()
        whole = self.run(case, stacks=stacks)
        return sites.Command(case, whole, sites.hits_of(stacks), time.monotonic() - begin)

    def torture(self, command):
        """(how often each verdict, what is wrong)"""
        before = self.before(command.case)
        verdicts, wrong = collections.Counter(), []
        for number in command.numbers:
            run = self.run(command.case, fail=number)
            verdict = judge(run, command.whole, before, TOLD[self.what]) if run.reached else "not reached"
            if verdict == TOLD_SO:
                verdict = self.judge_again(command, run, before)
            # a wrong output is the program's fault, whichever library ran out of memory
            if verdict not in GOOD and run.is_fragile and not verdict.startswith("other"):
                verdict = f"in {next(name for name in run.libraries if name.startswith(FRAGILE))}: {verdict}"
            elif verdict not in GOOD and LOADER in run.log:  # which then says less of why a library is not there
                verdict = f"in dlerror: {verdict}"
            elif verdict not in GOOD:
                wrong.append((number, verdict, run))
            verdicts[verdict] += 1
        shutil.rmtree(self.work / command.case.name)
        return verdicts, wrong

    def judge_again(self, command, run, before):
        """Of what the failed run left, where that is more than nothing."""
        if run.files == before or command.whole.status:
            return TOLD_SO
        out = self.work / command.case.name / "out"
        words = command.case.command(self.inputs, out) + again.more_words(command.case)
        status, _, error = self.say(words, self.environment)
        after = read_tree(out)
        if "--force" in words and command.replaced is None:  # some outputs tell the command that made them
            command.case.prepare(self.inputs, out)
            self.say(words, self.environment)
            command.replaced = read_tree(out)
        whole = command.replaced if "--force" in words else command.whole.files
        verdict = again.judge_again(status, error.decode(errors="replace").strip(), run.files, after, whole)
        return TOLD_SO if verdict == "same" else ASKS if status == INCOMPLETE and "--merge" in words else verdict

    def before(self, case):
        out = self.work / case.name / "out"
        case.prepare(self.inputs, out)
        return read_tree(out)


TOLD_SO = "told so"
# Parts of an evaluation know the metadata that they were made with, which the results then change (docs/accuracy.md).
ASKS = "told so, and then asked for the parts again"
GOOD = ("same", TOLD_SO, ASKS, "not reached")


def judge(run, whole, before, told):
    if run.status == "hang":
        return "hang"
    if run.status < 0 or run.status > 9:
        return f"crash {run.status}"
    if run.status == whole.status:
        other = [name for name in whole.files if run.files.get(name) != whole.files[name]]
        told_there = [run.err.encode(), run.out, *(run.files.get(name, b"") for name in other)]
        if REASON in told.values() and any(map(LESS.search, told_there)):
            return TOLD_SO
        if run.out != whole.out:
            return "other output, same status"
        more = [name for name in run.files if name not in whole.files and not again.TEMPORARY.search(name)]
        return f"other file {other[0]}" if other else f"left {more[0]}" if more else "same"
    if run.status not in told:
        return f"status {run.status}"
    if run.status == INCOMPLETE:
        return TOLD_SO if told[INCOMPLETE] in run.err else "status 9 without its reason"
    said_anyway = whole.err.splitlines()
    lines = [line for line in run.err.splitlines() if line and line not in said_anyway]
    messages = [line for line in lines if not re.search(r"is kept; the same command with --resume goes on", line)]
    if len(messages) != 1 or not messages[0].startswith("berg: "):
        return f"{len(messages)} lines"
    if told[run.status] not in messages[0]:
        return f"status {run.status} without its reason"
    for name, data in run.files.items():
        if data in (whole.files.get(name), before.get(name)) or GROWN.search(name):
            continue
        if name in whole.files and not again.WORK.search(name):
            return f"{name} is not whole"
        if not UNFINISHED.search("/" + name):
            return f"left {name}"
    return TOLD_SO


def report(command, what, verdicts, wrong):
    told = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())
    print(f"{command.case.name}: {command.calls} {what} from {len(command.hits)} places: {told or 'all tried before'}", flush=True)
    for number, verdict, run in wrong:
        lines = run.err.splitlines()
        print(f"  {number}: {verdict}; {run.status}; {lines[-1] if lines else ''}")
        for frame in [line for line in run.log.splitlines() if "/" in line][1:7]:
            print("      " + frame)
    sys.stdout.flush()


def torture_all(torturer, chosen, asked):
    """How much is wrong in the program's own code."""
    total, bad = collections.Counter(), 0
    with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
        commands = list(pool.map(torturer.count, chosen))
        places = sites.choose(commands, sites.last if asked.once else sites.ends)
        if asked.step:
            sites.choose_by_number(commands, asked.step, asked.first)
        for command, (verdicts, wrong) in zip(commands, pool.map(torturer.torture, commands), strict=True):
            report(command, torturer.what, verdicts, wrong)
            total += verdicts
            bad += len(wrong)
    print(f"torture: {sum(total.values())} runs, {sum(command.calls for command in commands)} {torturer.what} from {places} places, "
          f"{bad} wrong: " + ", ".join(f"{count} {verdict}" for verdict, count in total.most_common()), flush=True)
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commands", nargs="*", help="names of commands, or their beginnings; all without")
    parser.add_argument("--build", type=pathlib.Path, default=os.environ.get("BERG_BUILD", TESTS.parent / "build"))
    parser.add_argument("--what", choices=list(TOLD), help="what fails; both, one after the other, without")
    parser.add_argument("--step", type=int, help="every K-th instead, wherever it comes from")
    parser.add_argument("--from", dest="first", type=int, default=1, help="the first of those")
    parser.add_argument("--once", action="store_true", help="the last hit of each place alone")
    parser.add_argument("--rest", action="store_true", help="all later ones fail too")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--work", type=pathlib.Path, help="keeps the inputs there, for another run")
    asked = parser.parse_args()
    chosen = [case for case in cases.CASES if not asked.commands or case.name.startswith(tuple(asked.commands))]
    bad = 0
    with tempfile.TemporaryDirectory() as temporary:
        for what in [asked.what] if asked.what else list(TOLD):
            torturer = Torturer(pathlib.Path(asked.build).resolve(), (asked.work or pathlib.Path(temporary)).resolve(), asked.rest, what)
            torturer.make_inputs_once()
            bad += torture_all(torturer, chosen, asked)
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
