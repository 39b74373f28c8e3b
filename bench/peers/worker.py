"""The process of one system: python -m peers.worker SYSTEM CASE serve | first FIGURE COUNT | prepare | step NAME

Speaks JSON lines on its standard output; what libraries print goes to standard error. `serve` loads the system, says so, and then
answers {"run": COUNT} with seconds and {"check": COUNT} with correlations until its standard input ends. `first` says when the
response is there, and then the most memory that the process held.
"""
import json
import os
import sys

from .case import FORWARD, WHOLE, Case
from .systems import SYSTEMS


def peak_megabytes():
    """The most that this process held since its program started (getrusage would count its parent's memory too)."""
    (line,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def versions(module):
    import importlib.metadata
    return {name: importlib.metadata.version(name) for name in module.PACKAGES}


def serve(system, case, say):
    module = system.load()
    peer = module.Peer(case, system.precision, (WHOLE, case.roi, FORWARD))
    say({"versions": versions(module)})
    for line in sys.stdin:
        request = json.loads(line)
        count = request.get("run") or request["check"]
        results = peer.run(case.stimuli(count))
        if "check" in request:
            from .check import check
            say(check(case, system.precision, results))
        else:
            say({"seconds": {figure: seconds for figure, (seconds, _) in results.items()}})


def first(system, case, say, figure, count):
    peer = system.load().Peer(case, system.precision, (figure,))
    ((_, responses),) = peer.run(case.stimuli(int(count))).values()
    say({"images": len(responses)})
    say({"megabytes": peak_megabytes()})


def prepare(system, case, say):
    make = getattr(system.load(), "prepare", None)
    if make:
        make(case, system.precision)
    say({})


def step(system, case, say, name):
    from .prepare import take_step
    take_step(case, name)
    say({})


def main():
    name, case, mode, *more = sys.argv[1:]
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(message):
        print(json.dumps(message), file=out, flush=True)
    system = next((system for system in SYSTEMS if system.name == name), None)
    try:
        {"serve": serve, "first": first, "prepare": prepare, "step": step}[mode](system, Case.from_json(case), say, *more)
    except Exception as failure:  # whatever a peer raises: the others go on
        import traceback
        traceback.print_exc()
        text = str(failure).strip() or type(failure).__name__
        say({"error": text.splitlines()[0]})
        sys.exit(1)
    out.close()
    os._exit(0)  # some peers' threads are not easily ended


if __name__ == "__main__":
    main()
