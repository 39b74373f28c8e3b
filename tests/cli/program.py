"""The program as the tests run it, and what several of them name."""
import os
import re
import subprocess

import numpy as np

MODEL = "fmri-things_fmri_1-vit_b_32"
MODEL_FOLDER = "encoding_models/modality-fmri/train_dataset-things_fmri_1/model-vit_b_32"
# A slow machine tells how far it is every five seconds, which no test depends on.
PROGRESS = re.compile(r"berg: (\w+: )?[\d,]+ of [\d,]+ \w+, [\d.]+ \S+, [\d:]+ left$")


class Result:
    def __init__(self, done, binary):
        self.status = done.returncode
        self.out = done.stdout if binary else done.stdout.decode()
        self.err = done.stderr.decode()
        self.lines = [line for line in self.err.splitlines() if not PROGRESS.match(line)]

    @property
    def message(self):
        """The one line of a failure, without the program's name."""
        assert len(self.lines) == 1, self.err
        assert self.lines[0].startswith("berg: "), self.err
        return self.lines[0][len("berg: "):]


class Program:
    def __init__(self, path, home):
        self.path = path
        # No BERG_DIR, and a home in which torch has downloaded nothing.
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}
        sanitizers = ("ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS")
        self.environment |= {name: os.environ[name] for name in sanitizers if name in os.environ}

    def __call__(self, *arguments, stdin=b"", binary=False, environment=None, stdout=subprocess.PIPE, **more):
        done = subprocess.run([self.path, *map(str, arguments)], input=stdin, stdout=stdout, stderr=subprocess.PIPE,
                              env={**self.environment, **(environment or {})}, timeout=600, **more)
        done.stdout = done.stdout or b""
        return Result(done, binary)

    def start(self, *arguments, environment=None, **more):
        return subprocess.Popen([self.path, *map(str, arguments)], env={**self.environment, **(environment or {})},
                                stdin=subprocess.DEVNULL, **more)


def tiny_metadata():
    """Twelve voxels, with each kind of value that real metadata holds."""
    return {
        "fmri": {"voxel_coords": np.arange(36).reshape(12, 3), "n_voxels": 12, "subject_id": "sub-01"},
        "encoding_model": {
            "train_stimuli": np.array(["aardvark_01b.jpg", "zucchini_12s.jpg"], dtype=object),
            "test_avg_stimuli": np.array(["café.jpg", "x.jpg"]),
            "noise_ceiling_testset": np.r_[np.arange(11) * 7.5, np.nan],
            "correlation_results": np.linspace(-0.1, 0.75, 12),
        },
        "prf": {"prf_size": np.full(12, 1 / 3)},
        "roi": {"V1": np.array([0, 2, 4]), "hV4": np.array([5, 11]), "lFFA": np.array([], dtype=np.int64)},
    }
