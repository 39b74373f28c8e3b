"""What every system is given: the same files, images, region and threads."""
import contextlib
import dataclasses
import functools
import json
import os
import pathlib
import shutil
import sys

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[1:1] = [str(ROOT / "tests" / folder) for folder in ("conformance", "oracle", "tools")]
MODEL = "fmri-things_fmri_1-vit_b_32"
SUBJECT = 1
WHOLE, FORWARD = "whole", "forward"  # two of the figures; the third is the region's name
FEATURES = 12 * 50 * 768


@dataclasses.dataclass(frozen=True)
class Case:
    berg_dir: str
    backbone: str  # torchvision's .pth
    build: str  # of libberg: berg, libberg.so, python/
    folder: str  # what the systems make once, and their logs
    images: int
    roi: str
    threads: int
    isa: str = "auto"  # what every system is held to, as far as it lets itself be held: turns.py

    def to_json(self):
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text):
        return cls(**json.loads(text))

    def path(self, name):
        return pathlib.Path(self.folder) / name

    @contextlib.contextmanager
    def making(self, name):
        """A folder to fill, which then appears as path(name) whole; None where it exists already."""
        if self.path(name).exists():
            yield None
            return
        new = self.path(f"{name}.{os.getpid()}")
        new.mkdir(parents=True)
        try:
            yield new
            new.rename(self.path(name))
        finally:
            shutil.rmtree(new, ignore_errors=True)

    @property
    def stimuli_folder(self):
        return self.path(f"images-{self.images}")

    @property
    def reference_folder(self):
        return self.path(f"reference-{self.images}")

    def stimuli(self, count):
        """uint8 (count, 3, 256, 256)."""
        return np.load(self.stimuli_folder / "all.npy")[:count]

    @functools.cached_property
    def _subject(self):
        import vit_oracle
        return vit_oracle.load_subject(self.berg_dir, SUBJECT)

    @property
    def weights(self):
        """The subject's weights as its file has them: a dict of dicts."""
        return self._subject[0]

    @functools.cached_property
    def voxels(self):
        """Of the region."""
        import vit_oracle
        path = pathlib.Path(self.berg_dir) / vit_oracle.MODEL_FOLDER / "metadata" / f"metadata_sub-0{SUBJECT}.npy"
        return np.asarray(np.load(path, allow_pickle=True).item()["roi"][self.roi])

    def normalised(self, images):
        """float32 (n, 3, 224, 224): the middle of images of 256 x 256, as torchvision's transform gives them. NumPy only."""
        pixels = images[:, :, 16:240, 16:240].astype(np.float32)
        mean, std = (np.array(values, np.float32)[:, None, None] for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        pixels *= 1 / (255 * std)
        pixels -= mean / std
        return pixels
