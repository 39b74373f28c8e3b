"""libberg's program: every answer is a process of its own."""
import subprocess
import time

import numpy as np

from . import libberg
from .case import FORWARD, MODEL, SUBJECT, WHOLE

PACKAGES = ()
prepare = libberg.prepare


def command(case, precision, figure, count):
    """What encodes the first `count` images, 1 or all; responses to standard output as .npy."""
    images = case.stimuli_folder / ("all.npy" if count > 1 else "one.npy")
    roi = [] if figure == WHOLE else ["--roi", figure]
    return [f"{case.build}/berg", "encode", MODEL, "--subject", str(SUBJECT), "--berg-dir", case.berg_dir, "--backbone",
            str(libberg.backbone(case)), "--precision", precision, "--strict", "--threads", str(case.threads), "--isa", case.isa, *roi, "-q", "--no-sidecar",
            str(images), "-o", "-"]


class Peer:
    def __init__(self, case, precision, figures):
        self.case, self.precision, self.figures = case, precision, [figure for figure in figures if figure != FORWARD]

    def run(self, images):
        import io
        results = {}
        for figure in self.figures:
            start = time.perf_counter()
            done = subprocess.run(command(self.case, self.precision, figure, len(images)), capture_output=True)
            if done.returncode:
                raise RuntimeError(done.stderr.decode().strip().splitlines()[-1])
            results[figure] = time.perf_counter() - start, np.load(io.BytesIO(done.stdout))
        return results
