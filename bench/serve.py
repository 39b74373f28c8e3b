"""What a request over the socket costs beside the same call in this process, in turns: one image at a time, and batches.

    python3 bench/serve.py BERG_DIR BACKBONE [--images 1000] [--turns 5] [--once 60] [--precision f32] [--roi V1]

Prints JSON: medians in seconds, and their ratios.
"""
import argparse
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = pathlib.Path(os.environ.get("BERG_BUILD", pathlib.Path(__file__).resolve().parent.parent / "build")).resolve()
sys.path.insert(0, str(BUILD / "python"))

import numpy as np  # noqa: E402

from berg import BERG, Client  # noqa: E402

MODEL = "fmri-things_fmri_1-vit_b_32"


def timed(call, images):
    start = time.perf_counter()
    answer = call(images)
    return time.perf_counter() - start, answer


def in_turns(calls, images, turns):
    """The median time of each, after one of each that does not count; the answers are the same bits."""
    for call in calls.values():
        call(images)
    seconds = {name: [] for name in calls}
    for _ in range(turns):
        answers = []
        for name, call in calls.items():
            taken, answer = timed(call, images)
            seconds[name].append(taken)
            answers.append(answer)
        assert all(np.array_equal(answer, answers[0]) for answer in answers)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    return {**medians, "ratio": medians["socket"] / medians["process"]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("berg_dir")
    parser.add_argument("backbone")
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--once", type=int, default=60)
    parser.add_argument("--precision", default="f32")
    parser.add_argument("--roi", help="such as V1,V2; default: the whole brain")
    asked = parser.parse_args()
    images = np.random.default_rng(1).integers(0, 256, (asked.images, 3, 256, 256), np.uint8)
    model = BERG(asked.berg_dir).get_encoding_model(MODEL, subject=1, backbone=asked.backbone, precision=asked.precision,
                                                    selection={"roi": asked.roi.split(",")} if asked.roi else None)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/s"
        server = subprocess.Popen([BUILD / "berg", "serve", MODEL, "--subject", "1", "--berg-dir", asked.berg_dir, "--backbone", asked.backbone,
                                   "--precision", asked.precision, "--socket", path, *(["--roi", asked.roi] if asked.roi else [])],
                                  stderr=subprocess.PIPE, text=True)
        server.stderr.readline()
        with Client(path) as client:
            calls = {"process": lambda images: model.generate_response(images, show_progress=False),
                     "socket": lambda images: client.encode(images)[0]}
            print(json.dumps({"columns": client.about["columns"], "precision": client.about["precision"],
                              "one_image": in_turns(calls, images[:1], asked.once),
                              f"{asked.images}_images": in_turns(calls, images, asked.turns)}, indent=1))
        server.send_signal(signal.SIGTERM)
        server.communicate()


if __name__ == "__main__":
    main()
