#!/usr/bin/env python3
"""libberg beside upstream's pipeline (torch, torchvision, scikit-learn) on the same machine, in turns; medians.

    PYTHONPATH=build/python python bench/compare_upstream.py BERG_DIR vit_b_32.safetensors [--repeats 7]

Runs in the environment that `make conformance` makes. Throughput and latency are of loaded models in one process; "start to first
response" is a new process that loads the model, encodes one image onto V1 and ends, files in the page cache.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / folder) for folder in ("conformance", "oracle", "tools")]
MODEL = "fmri-things_fmri_1-vit_b_32"


class Upstream:
    def __init__(self, berg_dir, backbone):
        import upstream
        import vit_oracle
        self.pipeline = upstream
        backbone = {name: values for name, values in read_safetensors(backbone).items() if not name.startswith(("encoder.ln.", "heads."))}
        self.network = upstream.network(backbone)
        self.weights, self.metadata = vit_oracle.load_subject(berg_dir, 1)

    def encode(self, images):
        return self.pipeline.encode(self.network, self.weights, images)


def read_safetensors(path):
    import json
    import numpy as np
    data = np.memmap(path, np.uint8, "r")
    length = int(data[:8].view("<u8")[0])
    entries = json.loads(bytes(data[8:8 + length]))
    return {name: np.array(data[8 + length + entry["data_offsets"][0]:8 + length + entry["data_offsets"][1]])
            .view("<f4").reshape(entry["shape"]) for name, entry in entries.items() if name != "__metadata__"}


class Libberg:
    def __init__(self, berg_dir, backbone, roi=None):
        from berg import BERG
        self.berg = BERG(berg_dir=str(berg_dir))
        self.model = self.berg.get_encoding_model(MODEL, subject=1, backbone=str(backbone), selection={"roi": roi} if roi else None)

    def encode(self, images):
        return self.berg.encode(self.model, images, show_progress=False)


def first_response(arguments):
    """What a new process does that wants one image's response of V1."""
    import numpy as np
    image = np.random.default_rng(0).integers(0, 256, (1, 3, 256, 256), dtype=np.uint8)
    if arguments.first == "libberg":
        Libberg(arguments.berg_dir, arguments.backbone, ["V1"]).encode(image)
    else:
        pipeline = Upstream(arguments.berg_dir, arguments.backbone)
        v1 = pipeline.metadata["roi"]["V1"]
        regression = pipeline.weights["reg_param"]
        regression["coef_"], regression["intercept_"] = regression["coef_"][v1], regression["intercept_"][v1]
        pipeline.encode(image)


def peak_megabytes():
    """The most that this process held since its program started (getrusage would count its parent's memory too)."""
    (line,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def measure_process(name, arguments):
    """(seconds, megabytes) of a new process from start to end."""
    before = time.perf_counter()
    out = subprocess.run([sys.executable, __file__, arguments.berg_dir, arguments.backbone, "--first", name], check=True,
                         capture_output=True, text=True).stdout
    return time.perf_counter() - before, float(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("berg_dir")
    parser.add_argument("backbone", help="weights as .safetensors (berg convert)")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--first", choices=("libberg", "upstream"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.first:
        first_response(arguments)
        return print(peak_megabytes())

    import numpy as np
    images = np.random.default_rng(1).integers(0, 256, (arguments.images, 3, 256, 256), dtype=np.uint8)
    systems = {"libberg": Libberg(arguments.berg_dir, arguments.backbone), "upstream": Upstream(arguments.berg_dir, arguments.backbone)}
    batch, single, start, memory = ({name: [] for name in systems} for _ in range(4))
    for turn in range(arguments.repeats + 1):
        for name, system in systems.items():
            for times, count in ((batch, arguments.images), (single, 1)):
                before = time.perf_counter()
                responses = system.encode(images[:count])
                times[name].append(time.perf_counter() - before)
                assert responses.shape == (count, systems["upstream"].weights["reg_param"]["coef_"].shape[0])
    for turn in range(arguments.repeats):
        for name in systems:
            seconds, megabytes = measure_process(name, arguments)
            start[name].append(seconds)
            memory[name].append(megabytes)

    def row(text, values, unit, of=lambda x: x):
        ours, theirs = (statistics.median(of(x) for x in values[name][-arguments.repeats:]) for name in ("libberg", "upstream"))
        ratio = max(ours / theirs, theirs / ours)
        print(f"| {text} | {ours:.3g} {unit} | {theirs:.3g} {unit} | {ratio:.3g} |")
    print("| | libberg | upstream's pipeline | ratio |\n| --- | --- | --- | --- |")
    row(f"whole brain, {arguments.images} images", batch, "images/s", lambda seconds: arguments.images / seconds)
    row("whole brain, one image", single, "ms", lambda seconds: 1000 * seconds)
    row("a new process, one image, V1", start, "s")
    row("its peak memory", memory, "MB")


if __name__ == "__main__":
    main()
