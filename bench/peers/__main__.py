"""python -m peers [options] BERG_DIR BACKBONE.pth: libberg and its peers in one run, by turns; a Markdown table, and all in JSON.

scripts/peers.sh makes what it needs: a virtual environment and, where none is named, a subject.
"""
import argparse
import hashlib
import json
import os
import pathlib
import sys
import time

from . import machine
from .case import MODEL, ROOT, SUBJECT, WHOLE, Case
from .systems import SYSTEMS, chosen
from .table import markdown
from .turns import HELD_TO, REST, Failed, Process, first_response, once

SINGLES = 3  # of one image, in a turn


def say(text):
    print(f"peers: {text}", file=sys.stderr, flush=True)


def arguments():
    parser = argparse.ArgumentParser(prog="peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("berg_dir", nargs="?")
    parser.add_argument("backbone", nargs="?", help="torchvision's vit_b_32 as .pth")
    parser.add_argument("--systems", help=f"some of {', '.join(system.name for system in SYSTEMS)}, or families of them (all)")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--images", type=int, default=100, help="in a batch (100)")
    parser.add_argument("--roi", default="V1")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)),
                        help="of each (as many as this process may run on)")
    parser.add_argument("--isa", choices=["auto", *HELD_TO], default="auto",
                        help="hold every system to an instruction set, by its own switch (auto: what the processor has)")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build", help="folder of libberg (build)")
    parser.add_argument("--work", type=pathlib.Path, help="where exports and images are kept (BUILD/peers)")
    parser.add_argument("--json", metavar="OUT", help="everything, each single time too")
    parser.add_argument("--table", metavar="RUN.json", help="only print the table of a run")
    options = parser.parse_args()
    if not options.table and not options.backbone:
        parser.error("BERG_DIR and BACKBONE.pth are needed")
    try:
        options.systems = chosen(options.systems.split(",") if options.systems else None)
    except ValueError as unknown:
        parser.error(str(unknown))
    return options


def make_case(options):
    """Prepared data are kept for exactly these files."""
    import vit_oracle
    weights = pathlib.Path(options.berg_dir) / vit_oracle.MODEL_FOLDER / f"encoding_models_weights/weights_sub-0{SUBJECT}.npy"
    files = [(str(path.resolve()), path.stat().st_size, path.stat().st_mtime_ns)
             for path in (weights, pathlib.Path(options.backbone))]
    folder = (options.work or options.build / "peers") / hashlib.sha256(repr(files).encode()).hexdigest()[:12]
    folder.mkdir(parents=True, exist_ok=True)
    return Case(str(pathlib.Path(options.berg_dir).resolve()), str(pathlib.Path(options.backbone).resolve()),
                str(options.build.resolve()), str(folder.resolve()), options.images, options.roi, options.threads, options.isa)


class Contestant:
    """A system and its results; `guard` turns a failure into a status, after which it takes no further part."""

    def __init__(self, system):
        self.system, self.process = system, None
        self.record = {"name": system.name, "label": system.label, "family": system.family, "precision": system.precision,
                       "status": "ok", "check": None, "seconds": {}, "megabytes": {}}

    def guard(self, what, call, *values):
        if self.record["status"] != "ok":
            return
        try:
            call(*values)
        except Failed as failure:
            self.record["status"] = f"{what}: {failure}"
            say(f"{self.system.name}: {self.record['status']}")
            self.close()

    def note(self, kind, name, value):
        self.record[kind].setdefault(name, []).append(value)

    def enter(self, case, versions):
        """Prepares and loads it and checks its numbers, which is also the first, untimed run."""
        once(case, self.system, "prepare")
        self.process = Process(case, self.system, "serve")
        versions.update(self.process.answer()["versions"])
        self.record["check"] = self.process.ask({"check": case.images})
        if not self.system.alone:
            self.process.ask({"run": 1})
        say(f"{self.system.name}: {self.record['check']}")
        if self.system.alone:
            self.close()

    def turn(self, case):
        if self.system.alone:
            return
        time.sleep(REST)
        for name, seconds in self.process.ask({"run": case.images})["seconds"].items():
            self.note("seconds", name, seconds)
        for _ in range(SINGLES):
            for name, seconds in self.process.ask({"run": 1})["seconds"].items():
                self.note("seconds", f"one {name}", seconds)

    def first(self, case):
        seconds, megabytes = first_response(case, self.system, case.roi, 1)
        self.note("seconds", "first", seconds)
        self.note("megabytes", "first", megabytes)

    def all(self, case):
        self.note("megabytes", "all", first_response(case, self.system, WHOLE, case.images)[1])

    def close(self):
        if self.process:
            self.process.close()
        self.process = None


def prepare(case):
    for name in ("images", "matrices", "reference"):
        try:
            once(case, None, "step", name)
        except Failed as failure:
            if name != "reference":
                raise SystemExit(f"peers: {name}: {failure}")
            say(f"nothing to check the responses against: {failure}")


def take_turns(case, contestants, repeats, record):
    for repeat in range(repeats):
        say(f"turn {repeat + 1} of {repeats}")
        record["bench"]["machine"].append(machine.bench(case, "--seconds", "0.5"))
        for contestant in contestants[::-1] if repeat % 2 else contestants:
            contestant.guard("failed", contestant.turn, case)


def run(options):
    case, contestants = make_case(options), [Contestant(system) for system in options.systems]
    record = {"images": case.images, "roi": case.roi, "threads": case.threads, "isa": case.isa, "repeats": options.repeats,
              "machine": machine.describe(), "versions": {"Python": sys.version.split()[0]},
              "bench": {"machine": [], "model": None}, "systems": [contestant.record for contestant in contestants]}
    prepare(case)
    try:
        for contestant in contestants:
            contestant.guard("not available", contestant.enter, case, record["versions"])
        take_turns(case, contestants, options.repeats, record)
    finally:
        for contestant in contestants:
            contestant.close()
    for repeat in range(options.repeats):
        say(f"first responses, {repeat + 1} of {options.repeats}")
        for contestant in contestants:
            contestant.guard("failed", contestant.first, case)
    for contestant in contestants:
        contestant.guard("failed", contestant.all, case)
    if any(system.module == "libberg" for system in options.systems):
        record["bench"]["model"] = machine.bench(case, MODEL, "--subject", str(SUBJECT), "--berg-dir", case.berg_dir,
                                                 "--backbone", case.backbone, "--images", str(case.images),
                                                 "--repeats", str(options.repeats))
    return record


def main():
    options = arguments()
    record = json.loads(pathlib.Path(options.table).read_text()) if options.table else run(options)
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps(record, indent=1) + "\n")
    print(markdown(record), end="")


if __name__ == "__main__":
    main()
