#!/usr/bin/env python3
"""cuda_profile.py SECONDS PROGRAM ARGUMENT...: Nsight Compute over all kernels that a program starts, their time summed by name, then in
full over the three that take longest. Each of the two passes has SECONDS. Leaves the device's clocks as they are."""
import csv
import io
import subprocess
import sys

METRICS = {"gpu__time_duration.sum": "ns",
           "sm__throughput.avg.pct_of_peak_sustained_elapsed": "% of arithmetic",
           "gpu__compute_memory_throughput.avg.pct_of_peak_sustained_elapsed": "% of memory",
           "sm__warps_active.avg.pct_of_peak_sustained_active": "% of warps"}
NCU = ["ncu", "--clock-control", "none", "--target-processes", "all"]
MOST = 400  # kernels


def run(seconds, command):
    """What it wrote, also where it was stopped or failed."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=seconds)
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired as late:
        return 1, (late.stdout or b"").decode(errors="replace") + f"\ncuda_profile: ncu was stopped after {seconds:.0f} s"


def kernels(text):
    """Rows of ncu's raw page: (name, [a number for each metric]); the line of units has no number."""
    lines = text.splitlines()
    first = next((i for i, line in enumerate(lines) if line.startswith('"ID"')), len(lines))
    for row in csv.DictReader(io.StringIO("\n".join(lines[first:]))):
        if (row.get("ID") or "").isdigit():
            yield row["Kernel Name"], [float((row.get(name) or "nan").replace(",", "")) for name in METRICS]


def by_name(rows):
    """[(name, times, total ns, mean of the other metrics weighted by time)], the longest first."""
    sums = {}
    for name, (ns, *shares) in rows:
        entry = sums.setdefault(name, [0, 0.0] + [0.0] * len(shares))
        entry[0] += 1
        entry[1] += ns
        for i, share in enumerate(shares):
            entry[2 + i] += share * ns
    return sorted(((name, e[0], e[1], [x / e[1] for x in e[2:]]) for name, e in sums.items()), key=lambda entry: -entry[2])


def main():
    seconds, program = float(sys.argv[1]), sys.argv[2:]
    status, text = run(seconds, NCU + ["--csv", "--page", "raw", "--print-units", "base", "--launch-count", str(MOST),
                                       "--kernel-name-base", "function", "--metrics", ",".join(METRICS), *program])
    table = by_name(kernels(text))
    if not table:
        print(text[-4000:])
        return status or 1
    total = sum(entry[2] for entry in table)
    for rank, (name, times, ns, shares) in enumerate(table):
        line = f"{ns / total:6.1%} of the time, {times:4} x {ns / times / 1e3:9.1f} us, " + ", ".join(
            f"{share:5.1f} {what}" for share, what in zip(shares, list(METRICS.values())[1:]))
        print(f"{'figure: ' if rank < 5 else ''}{line}: {name[:60]}")
    for name, *_ in table[:3]:
        _, text = run(seconds / 4, NCU + ["--set", "full", "--kernel-name-base", "function", "--kernel-name", name, "--launch-count", "1",
                                          *program])
        print(text[-20000:])
    return status


if __name__ == "__main__":
    sys.exit(main())
