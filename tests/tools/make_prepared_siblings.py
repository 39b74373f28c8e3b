#!/usr/bin/env python3
"""Makes small prepared training data of the four siblings in upstream's layout: metadata whose axes are short, responses of random
numbers, and images.

    make_prepared_siblings.py BERG_DIR IMAGES [nsd] [eeg] [meg] [tvsd]

NumPy, Pillow and h5py only; the same arguments give the same files.
"""
import argparse
import dataclasses
import pathlib

import h5py
import numpy as np

import make_prepared
import sibling_metadata
from sibling_models import MODELS

FOLDER = "model_training_datasets/train_dataset-{}"
SIZES = {"nsd": ((7, 5), 1), "eeg": ((6,), 5), "meg": ((5,), 4), "tvsd": ((6,), 3)}  # units of each output, times
IMAGES = 24
REPEATS = 4
NSD_ROWS = 40  # of the file of all images
NAN_VERTEX = 2


@dataclasses.dataclass
class Prepared:
    """Of one subject: for each training trial a name or, of NSD, a row; targets, for each regression (trials, targets)."""
    folder: pathlib.Path
    shown: list
    targets: dict
    metadata: dict


def noise(rng, *shape):
    return rng.standard_normal(shape).astype(np.float32) + np.float32(0.5)


def write(path, dataset, values, **how):
    with h5py.File(path, "w") as file:
        file.create_dataset(dataset, data=values, **how)


def stimuli(path, rows=NSD_ROWS, seed=5):
    """Smooth pictures as NSD's file has them, uint8 (rows, height, width, 3)."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (rows, 6, 8, 3))
    write(path, "imgBrick", np.repeat(np.repeat(coarse, 12, axis=1), 10, axis=2).astype(np.uint8))


def nsd(folder, rng, subject, count):
    """Images shown once to three times, in any order, test images among them; one vertex was not measured."""
    images = np.sort(rng.choice(NSD_ROWS, count + 6, replace=False)).astype(np.int32)
    train = np.sort(rng.choice(images, count, replace=False))
    test = np.setdiff1d(images, train)
    order = rng.permutation(np.concatenate([np.repeat(train, rng.integers(1, 4, len(train))), np.repeat(test, 3)]))
    metadata = {"img_presentation_order": order, "train_img_num": train, "test_img_num": test[:4], "val_img_num": test[4:]}
    targets = {}
    for side, vertices in zip("lr", SIZES["nsd"][0]):
        metadata[f"{side}h_ncsnr"] = rng.random(vertices).astype(np.float32)
        metadata[f"{side}h_fsaverage_rois"] = {"V1v": np.arange(0, vertices, 2)}
    for side, vertices in zip("lr", SIZES["nsd"][0]):
        betas = noise(rng, len(order), vertices)
        betas[:, NAN_VERTEX] = np.nan
        betas[np.flatnonzero(order == train[0])[0], 0] = np.nan
        write(folder / f"{side}h_betas_subject-{subject}.h5", "betas", betas)
        means = np.stack([betas[order == image].mean(axis=0) for image in train])
        targets[f"{side}h_reg_param"] = np.nan_to_num(means)
    np.save(folder / f"metadata_subject-{subject}.npy", metadata)
    return Prepared(folder, list(train), targets, metadata)


def named(names):
    return [name[0] for name in names], [name[1] for name in names]


def eeg(folder, rng, subject, names):
    (channels,), times = SIZES["eeg"]
    concepts, files = named(names)
    responses = noise(rng, len(names), REPEATS, channels, times)
    info = {"train_img_concepts": concepts, "train_img_concepts_THINGS": concepts, "train_img_files": files}
    tested = {key.replace("train", "test"): value[:2] for key, value in info.items()}
    metadata = {"ch_names": [f"O{i}" for i in range(channels)], "times": np.linspace(-0.1, 0.1, times),
                "train_img_info": info, "test_img_info": tested}
    np.save(folder / f"metadata_subject-{subject}.npy", metadata)
    write(folder / f"eeg_sub-{subject:02d}_split-train.h5", "eeg", responses, chunks=(5, 2, 4, 3), compression="gzip")
    targets = {f"rep-{r + 1}": responses[:, r].reshape(len(names), -1) for r in range(REPEATS)}
    return Prepared(folder, [f"{c}/{f}" for c, f in names], targets, metadata)


def trials_of(key, names, part, rng):
    """The entries of the metadata that say what these trials showed."""
    concepts, files = named([names[i] for i in part])
    if key == "meg":
        return {"train_img_ids": part + 1, "train_stimuli": files, "train_concepts": concepts,
                "train_img_files": np.array([f"{c}/{f}" for c, f in zip(concepts, files)])}
    return {"train_img_ids": part + 1.0, "train_stimuli": np.array(files), "train_concepts": np.array(concepts),
            "train_days": np.ones(len(part))}


def axes(key, subject):
    (units,), times = SIZES[key]
    if key == "meg":
        names = np.array([f"MLO1{i + 1}-1609" for i in range(units)])
        return {"meg": {"times": np.linspace(-0.1, 0.2, times), "subject_id": f"P{subject}"},
                "sensors": {"sensor_names": names, "sensor_prefixes": np.array(["MLO"] * units),
                            "sensor_hemispheres": np.array(["Left"] * units),
                            "sensor_regions": np.array(["Occipital"] * units), "n_sensors": units}}
    return {"utah_array": {"times": np.linspace(-100, 199, times), "monkey_id": f"monkey{subject}", "n_electrodes": units,
                           "electrode_order": np.arange(units)},
            "roi": {"roi_assignments": np.arange(units) % 3, "roi_labels": np.array(["V1", "V4", "IT"])}}


def quartered(key, folder, rng, subject, names, quarters=True, generation="newest"):
    """MEG and TVSD: single trials, in a file for all and, with `quarters`, one for each. Shown: names of all, then of each."""
    (units,), times = SIZES[key]
    stem = f"meg_P{subject}" if key == "meg" else f"tvsd_monkey{subject}"
    names = [names[i] for i in rng.permutation(len(names))]
    responses = noise(rng, len(names), units, times)
    parts = [np.arange(len(names)), *sibling_metadata.quarters(len(names))]
    entries, shown, targets = {}, [], {}
    for k, part in enumerate(parts):
        name = f"single_training_split_{k}" if k else "all_training_splits"
        shown.append(["/".join(names[i]) for i in part])
        targets[k] = responses[part].reshape(len(part), -1)
        if k and not quarters:
            continue
        entries[name] = trials_of(key, names, part, rng)
        file = f"{stem}_{name}.h5" if generation == "newest" else f"{stem}_split-train.h5"
        write(folder / file, "neural_data", responses[part])
    if generation != "newest":
        entries = entries["all_training_splits"]
    metadata = {**axes(key, subject), "encoding_model": entries}
    np.save(folder / f"{stem}_metadata.npy", metadata)
    return Prepared(folder, shown, targets, metadata)


def make(key, berg_dir, folder_of_images, subject=None, seed=0, images=IMAGES, **how):
    """Prepared data of a subject (the model's first) who was trained on so many images; the folder gets these, of NSD as the file
    nsd_stimuli.hdf5."""
    model = MODELS[key]
    subject = model.subjects[0] if subject is None else subject
    folder = pathlib.Path(berg_dir) / FOLDER.format(model.dataset)
    folder.mkdir(parents=True, exist_ok=True)
    pictures = pathlib.Path(folder_of_images)
    pictures.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng([seed, list(MODELS).index(key), ord(str(subject)[0])])
    if key == "nsd":
        stimuli(pictures / "nsd_stimuli.hdf5")
        return nsd(folder, rng, subject, images)
    names = make_prepared.make_images(pictures / ("training_images" if key == "eeg" else ""), 3, images // 3)
    return eeg(folder, rng, subject, names) if key == "eeg" else quartered(key, folder, rng, subject, names, **how)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("berg_dir")
    parser.add_argument("images")
    parser.add_argument("models", nargs="*", metavar="MODEL", help="of nsd, eeg, meg, tvsd (each)")
    options = parser.parse_args()
    for key in options.models or MODELS:
        make(key, options.berg_dir, pathlib.Path(options.images) / key)


if __name__ == "__main__":
    main()
