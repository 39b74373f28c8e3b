"""The machine, as the table describes it."""
import datetime
import json
import os
import pathlib
import subprocess

FLAGS = ("avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_bf16", "amx_int8")


def describe():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in reversed(lines))}
    flags = set(fields.get("flags", "").split())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"name": fields.get("model name", "unknown processor"), "cores": len(os.sched_getaffinity(0)),
            "flags": [flag for flag in FLAGS if flag in flags], "memory_gb": round(memory / 2**30, 1),
            "date": datetime.date.today().isoformat()}


def bench(case, *more):
    """What `berg bench --json` says; None where it fails."""
    command = [f"{case.build}/berg", "bench", *more, "--json", "--threads", str(case.threads), "--isa", case.isa]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else None
