"""Small subjects of the four sibling models with test data as upstream prepares them, and test images: what `berg evaluate`
reads. Models are of the class tokens alone; units, times, images and repeats are few."""
import types

import h5py
import numpy as np
from PIL import Image

from make_subject import BACKBONE, fit_pca, fit_scaler, make_regression, training_features
from prepared_subject import write_images
from sibling_models import MODELS

COMPONENTS, IMAGES = 3, 6
SIZES = {"nsd": (40, 1, 3), "eeg": (5, 4, 6), "meg": (6, 5, 4), "tvsd": (7, 3, 5)}  # units, times, repeats
FLAT, HOLE, SILENT = 1, 2, 3  # columns: constant responses, one NaN, a prediction that does not vary
PARTS = ("all_training_splits", "single_training_split_1", "single_training_split_2", "single_training_split_3",
         "single_training_split_4")


def features():
    every = training_features(BACKBONE, 8, 0)
    return every.reshape(8, 12, 50, 768)[:, :, 0].reshape(8, -1).copy()


def weights_of(key, rng):
    """The dict of a weights file."""
    units, times, _ = SIZES[key]
    x = features()
    scaler = fit_scaler(x, 8)
    pca, spread = fit_pca(((x - scaler["mean_"]) / scaler["scale_"]).astype(np.float32), COMPONENTS, rng, 8)
    rows = units * times
    def fitted():
        made = make_regression(np.stack(np.divmod(np.arange(rows), times) + (np.arange(rows),), axis=1),
                               np.full(rows, 0.5), spread, np.float32, "C", rng)
        made["coef_"][SILENT] = 0
        return made
    if key == "nsd":
        return {"scaler_param": scaler, "pca_param": pca, "lh_reg_param": fitted(), "rh_reg_param": fitted()}
    if key == "eeg":
        return {"scaler_param": scaler, "pca_param": pca, "reg_param": {f"rep-{r}": fitted() for r in (1, 2, 3, 4)}}
    return {"scaler_param": scaler, "pca_param": pca, "reg_param": fitted()}


def axes_of(key, subject):
    """The part of the metadata that says what units and times are."""
    units, times, _ = SIZES[key]
    if key == "eeg":
        return {"ch_names": [f"Ch{c}" for c in range(units)], "times": np.arange(times) * 0.005}
    if key == "meg":
        names = np.array([f"MLO{u + 11}-1609" for u in range(units)])
        return {"meg": {"times": np.arange(times) * 0.005, "subject_id": f"P{subject}"},
                "sensors": {"sensor_names": names, "sensor_prefixes": np.array(["MLO"] * units),
                            "sensor_regions": np.array(["Occipital"] * units), "n_sensors": units}}
    return {"utah_array": {"times": np.arange(times) * 1.0, "monkey_id": f"monkey{subject}", "n_electrodes": units},
            "roi": {"roi_assignments": np.arange(units) % 3, "roi_labels": np.array(["V1", "V4", "IT"])}}


def responses(key, shown, rng):
    """float32 (trials, units x times): signal of the image that each trial shows, noise of its own, and odd columns."""
    units, times, _ = SIZES[key]
    columns = units * times
    signal = rng.normal(size=(shown.max() + 1, columns)) * rng.uniform(0, 1.5, columns)
    trials = (signal[shown] + rng.normal(size=(len(shown), columns))).astype(np.float32)
    trials[:, FLAT] = 2
    trials[1, HOLE] = np.nan
    return trials


def turn_for_matlab(path, name):
    """Images (images, height, width, 3) of a file as MATLAB keeps them, where they are height x width x 3 x images."""
    with h5py.File(path) as file:
        images = file[name][:]
    with h5py.File(path, "w", userblock_size=512) as file:
        file[name] = images.transpose(0, 3, 2, 1)
        file[name].attrs["MATLAB_class"] = np.bytes_("uint8")


def write_h5(path, name, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file[name] = values


def names(images):
    """(concept, stimulus) in another order than that of their numbers."""
    return [(f"{(5 * i) % images:05d}_thing", f"thing_{i:02d}b.jpg") for i in range(images)]


def make_trials(key, place, rng):
    """MEG and TVSD: trials in an order of their own, with the number of each one's image (from 1)."""
    units, times, repeats = SIZES[key]
    shown = np.concatenate([rng.permutation(IMAGES) for _ in range(repeats)])
    listed = [names(IMAGES)[i] for i in shown]
    concepts, stimuli = ([row[k] for row in listed] for k in (0, 1))
    if key == "meg":
        tested = {"test_image_nr": shown + 1.0, "test_concepts": concepts, "test_stimuli": stimuli,
                  "test_img_files": np.array(["/".join(row) for row in listed])}
    else:
        tested = {"test_img_ids": shown + 1.0, "test_concepts": np.array(concepts), "test_stimuli": np.array(stimuli)}
    split = lambda k: {"train_stimuli": [f"t{k}.jpg"], "train_concepts": ["t"]}
    metadata = {**axes_of(key, place.subject), "encoding_model": {**{part: split(k) for k, part in enumerate(PARTS)}, **tested}}
    trials = responses(key, shown, rng)
    averaged = np.stack([trials[shown == i].mean(axis=0) for i in range(IMAGES)])
    for rest, values in (("split-test", trials), ("split-test_averaged", averaged)):
        write_h5(place.prepared / f"{place.stem}_{rest}.h5", "neural_data", values.reshape(len(values), units, times))
    write_images(place.images, names(IMAGES))
    np.save(place.prepared / f"{place.stem}_metadata.npy", metadata)
    return metadata, trials, averaged, shown


def make_eeg(place, rng):
    units, times, repeats = SIZES["eeg"]
    listed = names(IMAGES)
    info = {"test_img_concepts": [row[0] for row in listed], "test_img_files": [row[1] for row in listed]}
    axes = axes_of("eeg", place.subject)
    shown = np.repeat(np.arange(IMAGES), repeats)
    trials = responses("eeg", shown, rng)
    write_h5(place.prepared / f"eeg_sub-0{place.subject}_split-test.h5", "eeg", trials.reshape(IMAGES, repeats, units, times))
    write_images(place.images / "test_images", listed)
    np.save(place.prepared / f"metadata_subject-{place.subject}.npy", {**axes, "test_img_info": info})
    averaged = trials.astype(np.float64).reshape(IMAGES, repeats, -1).mean(axis=1)
    return {"eeg": axes, "encoding_models": {"test_img_info": info}}, trials, averaged, shown


def make_nsd(place, rng):
    """Test images are some rows of the array of images; they and others are shown three times each."""
    vertices, _, repeats = SIZES["nsd"]
    tested = np.array([1, 4, 5, 9, 12, 13])
    order = rng.permutation(np.repeat(np.arange(15), repeats))
    hemispheres = [responses("nsd", order, rng) for _ in "lr"]
    ncsnr = [rng.uniform(0, 1.2, vertices).astype(np.float32) for _ in "lr"]
    for values in ncsnr:
        values[4:8] = 0
        values[8] = np.nan
    for side, trials in zip("lr", hemispheres):
        write_h5(place.prepared / f"{side}h_betas_subject-{place.subject}.h5", "betas", trials)
    pictures = [np.asarray(Image.fromarray(rng.integers(0, 256, (5, 5, 3), np.uint8)).resize((40, 40))) for _ in range(15)]
    write_h5(place.images, "imgBrick", np.stack(pictures))
    rois = {"V1v": np.arange(3)}
    kept = {"lh_ncsnr": ncsnr[0], "rh_ncsnr": ncsnr[1], "lh_fsaverage_rois": rois, "rh_fsaverage_rois": rois}
    np.save(place.prepared / f"metadata_subject-{place.subject}.npy",
            {"img_presentation_order": order, "train_img_num": np.arange(15)[:1], "val_img_num": np.arange(0),
             "test_img_num": tested, **kept})
    averaged = [np.stack([trials[order == i].astype(np.float64).mean(axis=0) for i in tested]) for trials in hemispheres]
    synthetic = {f"{side}h_r2_nsdsynthetic": np.linspace(0, 0.5, vertices) for side in "lr"}  # upstream's, which stay
    return {"fmri": kept, "encoding_models": {"test_img_num": tested, **synthetic}}, hemispheres, averaged, order


def make(folder, key, seed=4):
    """A place: berg_dir, images, and what was put there."""
    model, rng = MODELS[key], np.random.default_rng([seed, *key.encode()])
    place = types.SimpleNamespace(key=key, model=model, subject=model.subjects[0], berg_dir=folder / "berg",
                                  images=folder / ("nsd_stimuli.hdf5" if key == "nsd" else "images"))
    place.stem = {"meg": "meg_P", "tvsd": "tvsd_monkey"}.get(key, "") + str(place.subject)
    place.prepared = place.berg_dir / "model_training_datasets" / f"train_dataset-{model.dataset}"
    place.prepared.mkdir(parents=True)
    maker = {"nsd": make_nsd, "eeg": make_eeg}.get(key)
    place.before, place.trials, place.averaged, place.shown = maker(place, rng) if maker else make_trials(key, place, rng)
    place.metadata = model.metadata_path(place.berg_dir, place.subject)
    place.metadata.parent.mkdir(parents=True)
    np.save(place.metadata, place.before)
    for split in ("all", 1, 2, 3, 4) if model.has_quarters else ("all",):
        path = model.weights_path(place.berg_dir, place.subject, split)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, weights_of(key, rng))
    return place
