#!/usr/bin/env python3
"""Kills every command that writes files, before calls that change one (tests/preload/moments.c), and runs it again.

    kills.py [--build DIR] [--kills N] [--jobs J] [--work DIR] [COMMAND...]

The N moments are spread evenly over the calls of all commands, at least two a command. What lies under a final name after a kill
is whole; the command, said again (with --resume where it takes that, else with --force), gives the bytes of an undisturbed run
and leaves nothing else; it may be refused where all of that is there. Exit status: 0 when all do.
"""
import argparse
import collections
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import tempfile

from torture import GROWN, SECONDS, TESTS, UNFINISHED, Torturer, again, cases, read_tree

import moments  # found by torture's paths

def judge_left(left, whole, before):
    """What is wrong with the files that a killed run left; None: nothing."""
    for name, data in left.items():
        if data in (whole.get(name), before.get(name)) or GROWN.search(name):
            continue
        if not UNFINISHED.search("/" + name) and not again.TEMPORARY.search(name):
            return f"{name} is {'not whole' if name in whole else 'left'}"
    return None


class Killer(Torturer):
    def __init__(self, build, work):
        super().__init__(build, work)
        moments.BUILD = build

    def replacing(self, case):
        """--force, also the first time: some outputs tell the command that made them."""
        return [] if case.arguments.split()[0] in again.AGAIN else ["--force"]

    def go(self, case, out, more=(), **settings):
        environment = self.environment | (moments.environment(**settings) if settings else {})
        return subprocess.run([self.program, *case.command(self.inputs, out), *more], env=environment, capture_output=True,
                              timeout=SECONDS, stdin=subprocess.DEVNULL)

    def whole(self, case):
        """What an undisturbed run leaves, and the number of its calls."""
        out, count = self.work / case.name / "out", self.work / case.name / "count"
        case.prepare(self.inputs, out)
        before = read_tree(out)
        done = self.go(case, out, self.replacing(case), count=count)
        assert done.returncode == 0, (case.name, done.stderr)
        return before, read_tree(out), int(count.read_text())

    def kill(self, case, at, before, whole):
        """The verdict: "same", or what is wrong."""
        out = self.work / case.name / "out"
        case.prepare(self.inputs, out)
        if self.go(case, out, self.replacing(case), kill=at).returncode == 0:
            return "not reached"  # how often rows are made safe depends on the time it takes
        left = read_tree(out)
        wrong = judge_left(left, whole, before)
        if wrong:
            return wrong
        done = self.go(case, out, again.more_words(case))
        return again.judge_again(done.returncode, done.stderr.decode(errors="replace").strip(), left, read_tree(out), whole)

    def all_kills(self, case, whole, count):
        before, files, calls = whole
        places = sorted({1 + i * (calls - 1) // max(count - 1, 1) for i in range(count)})
        verdicts = [(at, self.kill(case, at, before, files)) for at in places]
        return calls, verdicts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commands", nargs="*", help="names of commands, or their beginnings; all without")
    parser.add_argument("--build", type=pathlib.Path, default=os.environ.get("BERG_BUILD", TESTS.parent / "build"))
    parser.add_argument("--kills", type=int, default=1000, help="of all commands together")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--work", type=pathlib.Path, help="keeps the inputs there, for another run")
    asked = parser.parse_args()
    chosen = [case for case in cases.CASES if "{out}" in case.arguments and not case.arguments.startswith("compare")
              and (not asked.commands or case.name.startswith(tuple(asked.commands)))]
    with tempfile.TemporaryDirectory() as temporary:
        killer = Killer(pathlib.Path(asked.build).resolve(), (asked.work or pathlib.Path(temporary)).resolve())
        killer.make_inputs_once()
        total = collections.Counter()
        with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
            wholes = list(pool.map(killer.whole, chosen))
            calls = sum(whole[2] for whole in wholes)
            counts = [max(2, round(asked.kills * whole[2] / calls)) for whole in wholes]
            for case, (made, verdicts) in zip(chosen, pool.map(killer.all_kills, chosen, wholes, counts), strict=True):
                verdicts = [(at, verdict) for at, verdict in verdicts if verdict != "not reached"]
                wrong = [(at, verdict) for at, verdict in verdicts if verdict != "same"]
                total.update(kills=len(verdicts), wrong=len(wrong))
                print(f"{case.name}: {made} calls, killed {len(verdicts)} times: {len(verdicts) - len(wrong)} same", flush=True)
                for at, verdict in wrong:
                    print(f"  before call {at}: {verdict}", flush=True)
    print(f"kills: {total['kills']} kills, {total['wrong']} wrong")
    return total["wrong"] > 0


if __name__ == "__main__":
    sys.exit(main())
