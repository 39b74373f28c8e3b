#!/usr/bin/env python3
"""Makes prepared training data of synthetic subjects, as berg prepare leaves them: JPEG images in concept folders, metadata,
and z-scored responses that depend on the images.

    make_prepared.py BERG_DIR IMAGES [--subject 1,2] [--concepts 3] [--each 10] [--voxels 40] [--size 64]

NumPy, Pillow and h5py only; the same arguments give the same files.
"""
import argparse
import pathlib

import h5py
import numpy as np
from PIL import Image

FOLDER = "model_training_datasets/train_dataset-things_fmri_1"


def make_images(folder, concepts=3, each=10, size=64, seed=0):
    """[(concept, stimulus)] of smooth coloured pictures, different enough for their features to be."""
    rng = np.random.default_rng([seed, 0x11A6])
    names = []
    for concept in range(concepts):
        place = pathlib.Path(folder) / f"concept{concept:03d}"
        place.mkdir(parents=True, exist_ok=True)
        for image in range(each):
            name = f"concept{concept:03d}_{image + 1:02d}s.jpg"
            coarse = rng.integers(0, 256, (rng.integers(2, 9), rng.integers(2, 9), 3), np.uint8)
            Image.fromarray(coarse).resize((size + 3 * image, size), Image.BICUBIC).save(place / name, quality=90)
            names.append((place.name, name))
    return names


def make_subject(berg_dir, names, subject=1, voxels=40, seed=0, dtype="f4", chunks=None):
    """Writes what training reads of one subject, shown `names` in an order of its own; returns the responses."""
    rng = np.random.default_rng([seed, subject, 0x9E9A])
    order = rng.permutation(len(names))
    folder = pathlib.Path(berg_dir) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    concepts, stimuli = (np.array([names[i][part] for i in order], dtype=object) for part in (0, 1))
    responses = rng.standard_normal((len(names), voxels)).astype(dtype)
    responses += np.linspace(-1, 1, voxels, dtype=dtype)
    coords = np.argwhere(np.ones((voxels, 1, 1))).astype(np.int64)
    metadata = {
        "fmri": {"voxel_coords": coords, "n_voxels": voxels, "subject_id": f"sub-0{subject}"},
        "encoding_model": {"train_stimuli": stimuli, "train_concepts": concepts,
                           "noise_ceiling_testset": np.linspace(0, 60, voxels)},
        "prf": {},
        "roi": {"V1": np.arange(0, voxels, 2)},
    }
    np.save(folder / f"fmri_sub-0{subject}_metadata.npy", metadata)
    with h5py.File(folder / f"fmri_sub-0{subject}_split-train.h5", "w") as file:
        file.create_dataset("neural_data", data=responses, chunks=chunks)
    return responses


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("berg_dir")
    parser.add_argument("images")
    parser.add_argument("--subject", default="1")
    parser.add_argument("--concepts", type=int, default=3)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--voxels", type=int, default=40)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    names = make_images(options.images, options.concepts, options.each, options.size, options.seed)
    for subject in map(int, options.subject.split(",")):
        make_subject(options.berg_dir, names, subject, options.voxels, options.seed)


if __name__ == "__main__":
    main()
