"""Encoding with the five models, as the tests of the program do it."""
import numpy as np

from program import MODEL
from sibling_models import MODELS

IDS = {"fmri": MODEL, **{key: model.model_id for key, model in MODELS.items()}}
SUBJECTS = {"fmri": "1", "nsd": "1", "eeg": "1", "meg": "1", "tvsd": "N"}
# What each is called in a folder of outputs, before the ending.
FILES = {"fmri": ["fmri-things_fmri_1-vit_b_32_sub-01"],
         "nsd": ["fmri-nsd_fsaverage-vit_b_32_subject-01_lh", "fmri-nsd_fsaverage-vit_b_32_subject-01_rh"],
         "eeg": ["eeg-things_eeg_2-vit_b_32_subject-01"], "meg": ["meg-things_meg_1-vit_b_32_P1"],
         "tvsd": ["utah_array-tvsd-vit_b_32_monkeyN"]}
COLUMNS = {"fmri": (600,), "nsd": (163842,), "eeg": (4, 63, 140), "meg": (271, 281), "tvsd": (1024, 300)}


def also(*keys):
    """The options that encode with these models too."""
    return [word for key in keys for word in ("--also", f"{IDS[key]}:{SUBJECTS[key]}")]


def files(keys, ending="npy"):
    return sorted(f"{name}.{ending}" for key in keys for name in FILES[key])


def marks(path, length, *positions):
    """A file that marks these of so many."""
    values = np.zeros(length, np.uint8)
    values[list(positions)] = 1
    np.save(path, values)
    return path
