"""The four models beside the first: names, sizes, subjects and file names, as upstream's tools have them."""
import dataclasses
import pathlib

import numpy as np

VERTICES = 163842  # of one hemisphere
QUARTERS = 4
FOLDER = "encoding_models/modality-{modality}/train_dataset-{dataset}/model-vit_b_32"

CHANNELS = (
    "Fp1 F3 F7 FT9 FC5 FC1 C3 T7 TP9 CP5 CP1 Pz P3 P7 O1 Oz O2 P4 P8 TP10 CP6 CP2 Cz C4 T8 FT10 FC6 FC2 F4 F8 Fp2 AF7 "
    "AF3 AFz F1 F5 FT7 FC3 FCz C1 C5 TP7 CP3 P1 P5 PO7 PO3 POz PO4 PO8 P6 P2 CPz CP4 TP8 C6 C2 FC4 FT8 F6 F2 AF4 AF8"
).split()


@dataclasses.dataclass(frozen=True)
class Model:
    key: str
    model_id: str
    modality: str
    dataset: str
    subjects: tuple
    units: int  # of one block of responses
    times: int  # 1: no axis of time
    stem: str   # of a subject in file names
    train: int  # images or trials that a model of full size was fitted to
    test: int   # images

    @property
    def rows(self):
        """Rows of coef_."""
        return self.units * self.times

    def folder(self, berg_dir):
        return pathlib.Path(berg_dir) / FOLDER.format(modality=self.modality, dataset=self.dataset)

    def name(self, subject):
        return self.stem.format(subject)

    def metadata_path(self, berg_dir, subject):
        return self.folder(berg_dir) / "metadata" / f"metadata_{self.name(subject)}.npy"

    def weights_path(self, berg_dir, subject, split="all", generation="newest"):
        """split: "all", or 1 to 4 for the model of a quarter of the trials."""
        ending = weights_ending(split, generation) if self.has_quarters else ""
        return self.folder(berg_dir) / "encoding_models_weights" / f"weights_{self.name(subject)}{ending}.npy"

    @property
    def has_quarters(self):
        return self.key in ("meg", "tvsd")


def weights_ending(split, generation):
    if generation == "newest":
        return "_all_training_splits" if split == "all" else f"_single_training_split_{split}"
    if generation == "train_split":
        return "_full" if split == "all" else f"_split{split}"
    if generation == "plain" and split == "all":
        return ""
    raise ValueError(f"no files of split {split} in generation {generation}")


MODELS = {model.key: model for model in (
    Model("nsd", "fmri-nsd_fsaverage-vit_b_32", "fmri", "nsd_fsaverage", tuple(range(1, 9)), VERTICES, 1,
          "subject-{:02d}", 9000, 515),
    Model("eeg", "eeg-things_eeg_2-vit_b_32", "eeg", "things_eeg_2", tuple(range(1, 11)), 63, 140,
          "subject-{:02d}", 16540, 200),
    Model("meg", "meg-things_meg_1-vit_b_32", "meg", "things_meg_1", tuple(range(1, 5)), 271, 281,
          "P{}", 22248, 200),
    Model("tvsd", "utah_array-tvsd-vit_b_32", "utah_array", "tvsd", ("N", "F"), 1024, 300,
          "monkey{}", 22248, 100),
)}

TIMES = {"eeg": -0.1 + 0.005 * np.arange(140), "meg": -0.1 + 0.005 * np.arange(281), "tvsd": np.arange(-100.0, 200.0)}
