"""Stores of random scores, and the responses that follow from them, in float64."""
import json
import pathlib
import subprocess

import numpy as np

import vit_oracle

MODEL = "fmri-things_fmri_1-vit_b_32"


def make_store(build_dir, store, berg_dir, subjects, images, seed=1, model=MODEL):
    command = [build_dir / "tests" / "make_store", store, berg_dir, model, subjects, images, seed]
    subprocess.run([str(part) for part in command], check=True)
    return pathlib.Path(store)


def name_of(image):
    return f"image-{image:06d}.jpg"


def write_list(path, images):
    path.write_text("".join(name_of(image) + "\n" for image in images))
    return path


def scores_of(store, subject):
    return np.load(pathlib.Path(store) / f"scores_sub-0{subject}.npy").astype(np.float64)


def regression_of(berg_dir, subject):
    """(coefficients, intercepts) of every voxel."""
    regression = vit_oracle.load_subject(berg_dir, subject)[0]["reg_param"]
    return regression["coef_"].astype(np.float64), regression["intercept_"].astype(np.float64)


def responses_of(store, berg_dir, subject):
    """[images][voxels]"""
    weights, intercepts = regression_of(berg_dir, subject)
    return scores_of(store, subject) @ weights.T + intercepts


def rois_of(berg_dir, subject):
    return {name: np.unique(voxels) for name, voxels in vit_oracle.load_subject(berg_dir, subject)[1]["roi"].items()}


def change_regression(source, target, subjects, change):
    """A copy of the berg directory `source` in which `change(coefficients, intercepts)` has changed arrays in place."""
    for subject in subjects:
        weights, metadata = vit_oracle.load_subject(source, subject)
        regression = weights["reg_param"]
        regression["coef_"], regression["intercept_"] = regression["coef_"].copy(), regression["intercept_"].copy()
        change(regression["coef_"], regression["intercept_"])
        for part, stem, value in (("encoding_models_weights", "weights", weights), ("metadata", "metadata", metadata)):
            folder = pathlib.Path(target) / vit_oracle.MODEL_FOLDER / part
            folder.mkdir(parents=True, exist_ok=True)
            np.save(folder / f"{stem}_sub-0{subject}.npy", value)
    return target


def load_json(path):
    return json.loads(pathlib.Path(path).read_text())
