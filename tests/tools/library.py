"""Runs the test program `features` over the library and reads what it wrote. With $BERG_PLUGIN_UNDER_TEST whoever names no device
gets the plug-in of that file, or an error: nothing goes to the processor unseen (scripts/cuda_check.sh)."""
import os
import subprocess

import numpy as np

PLUGIN = os.environ.get("BERG_PLUGIN_UNDER_TEST")
SHAPES = {"pixels": (3, 224, 224), "features": (12, 50, 768)}
OPTIONS = {"berg_dir": "-d", "backbone": "-b", "subjects": "-s", "rois": "-r", "voxel_index": "-v",
           "min_noise_ceiling": "-n", "threads": "-t", "batch": "-B", "precision": "-p", "components": "-c",
           "device": "-D", "plugin": "-P"}


class Library:
    """The library under test, one process a call; `folder` takes the files between."""

    def __init__(self, build_dir, folder):
        self.program, self.folder, self.calls = build_dir / "tests" / "features", folder, 0
        self.said = ""  # what the last call wrote on standard error

    def __call__(self, what, inputs, mean_roi=False, skip_bad=False, **options):
        """Pixels, features, scores or responses of `inputs`, an array of images or a list of paths."""
        self.calls += 1
        out = self.folder / f"{self.calls}.raw"
        if isinstance(inputs, np.ndarray):
            np.save(self.folder / f"{self.calls}.npy", inputs)
            inputs = [self.folder / f"{self.calls}.npy"]
        if "voxel_index" in options:
            np.asarray(options["voxel_index"], np.uint8).tofile(self.folder / f"{self.calls}.index")
            options["voxel_index"] = self.folder / f"{self.calls}.index"
        command = [self.program, what] + (["-m"] if mean_roi else []) + (["-k"] if skip_bad else [])
        if PLUGIN and what != "pixels":
            options = {"device": "cuda", "plugin": PLUGIN, **options}
        for name, value in options.items():
            values = value if isinstance(value, (list, tuple)) else [value]
            command += [OPTIONS[name], ",".join(map(str, values))]
        done = subprocess.run(list(map(str, command + [out] + list(inputs))), capture_output=True, text=True)
        self.said = done.stderr
        assert done.returncode == 0, f"status {done.returncode}: {done.stderr}"
        values = np.fromfile(out, np.uint8 if what == "pixels" else np.float32)
        out.unlink()
        width = int(np.prod(SHAPES[what])) if what in SHAPES else options.get("components")
        images = len(values) // width if width else self.images(inputs)
        return values.reshape((images,) + SHAPES.get(what, (-1,)))

    @staticmethod
    def images(inputs):
        """Images in `inputs`: those of a .npy, or one a path."""
        if len(inputs) == 1 and str(inputs[0]).endswith(".npy"):
            return len(np.load(inputs[0], mmap_mode="r"))
        return len(inputs)
