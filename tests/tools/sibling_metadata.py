"""Metadata of synthetic subjects of the sibling models, in the layout, kinds, types and order of upstream's files. What
upstream's files leave open (the integer types of MATLAB's numbers) is chosen here."""
import numpy as np

from sibling_models import CHANNELS, MODELS, QUARTERS, TIMES, VERTICES

# Name: vertices of subject 1 in the left and the right hemisphere.
NSD_ROIS = {
    "V1v": (710, 444), "V1d": (828, 991), "V2v": (632, 887), "V2d": (692, 725), "V3v": (567, 682), "V3d": (669, 535),
    "hV4": (531, 765), "EBA": (3231, 4421), "FBA-1": (574, 206), "FBA-2": (0, 1234), "mTL-bodies": (0, 0),
    "OFA": (432, 305), "FFA-1": (552, 330), "FFA-2": (0, 1003), "mTL-faces": (0, 0), "aTL-faces": (329, 283),
    "OPA": (2021, 2849), "PPA": (1859, 1250), "RSC": (1298, 1136), "OWFA": (317, 590), "VWFA-1": (1395, 397),
    "VWFA-2": (474, 649), "mfs-words": (490, 0), "mTL-words": (475, 0), "early": (5758, 5634),
    "midventral": (867, 1050), "midlateral": (1091, 1191), "midparietal": (1079, 1181), "ventral": (9680, 9393),
    "lateral": (10253, 10535), "parietal": (5176, 4818)}
NO_DATA = 100  # the last vertices of a hemisphere: nothing was measured there
REGIONS = {"F": "Frontal", "C": "Central", "P": "Parietal", "T": "Temporal", "O": "Occipital"}
HEMISPHERES = {"L": "Left", "R": "Right", "Z": "Midline"}
# Sensors of the CTF helmet: for each prefix how many there are in each row of ten, beginning with 11 (midline: with 01).
CTF_ROWS = {"C": (7, 5, 2, 2, 5, 3), "F": (4, 5, 5, 6, 6, 7), "O": (4, 4, 4, 4, 3), "P": (2, 3, 5, 5, 7), "T": (6, 7, 7, 7, 7)}
CTF_MIDLINE = {"C": 4, "F": 3, "O": 3, "P": 1}
CTF_MISSING = {"MLF25", "MRF43", "MRO11", "MRO13"}
TVSD_AREAS = {"N": (0,) * 512 + (1,) * 256 + (2,) * 256, "F": (0,) * 512 + (2,) * 320 + (1,) * 192}


def concepts(count):
    heads, tails = ("ba", "co", "du", "fe", "gi", "ha", "ju", "ki", "lo", "me"), ("lam", "mer", "nik", "pol", "run", "sal")
    return [f"{heads[i % 10]}{tails[i // 10 % 6]}{i // 60 or ''}" for i in range(count)]


def accuracy(signal, rng):
    """Correlations that go with the share of variance `signal` which stimuli explain, any shape; float64."""
    return np.clip(0.7 * np.sqrt(signal) + rng.normal(0, 0.05, signal.shape), -1, 1)


def share(correlation, ceiling):
    """Percent of the noise ceiling, NaN where there is none, as upstream writes it for MEG and TVSD."""
    with np.errstate(divide="ignore", invalid="ignore"):
        percent = 100 * np.maximum(correlation, 0) ** 2 / (ceiling / 100)
    return np.where(np.isfinite(percent), percent, np.nan)


def ceiling_of(ncsnr, trials):
    return 100 * ncsnr ** 2 / (ncsnr ** 2 + 1 / trials)


def nsd_regions(subject, rng, empty):
    """For each hemisphere: name -> ascending vertices, int64, a patch for each ROI; sizes of subject 1 or a little others."""
    regions = ({}, {})
    for name, sizes in NSD_ROIS.items():
        for hemisphere, size in enumerate(sizes):
            count = 0 if name in empty else round(size * (1 if subject == 1 else rng.uniform(0.8, 1.2)))
            first = rng.integers(0, VERTICES - NO_DATA - 3 * count)
            chosen = rng.choice(3 * count, count, replace=False) if count else []
            regions[hemisphere][name] = np.sort(first + np.asarray(chosen, np.int64))
    return regions


def nsd_metadata(subject, signal, rng, options):
    """signal: (2, vertices). generation "plain": accuracies without the name of the test set."""
    regions = nsd_regions(subject, rng, options.empty_rois)
    ncsnr = np.sqrt(signal / (1 - signal)).astype(np.float32)
    images = rng.permutation(73000)[:9000 + 515 + 485].astype(np.int32)
    metadata = {
        "fmri": {"lh_ncsnr": ncsnr[0], "rh_ncsnr": ncsnr[1], "lh_fsaverage_rois": regions[0], "rh_fsaverage_rois": regions[1]},
        "encoding_models": {"train_img_num": np.sort(images[:options.train]), "val_img_num": np.sort(images[9515:]),
                            "test_img_num": np.sort(images[9000:9515])}}
    if options.accuracy:
        metadata["encoding_models"].update(nsd_accuracy(ncsnr, signal, rng, options.generation))
    return metadata


def nsd_accuracy(ncsnr, signal, rng, generation):
    values = {}
    for test in ("",) if generation == "plain" else ("_nsdcore", "_nsdsynthetic"):
        trials, kind = (0.45, np.float64) if test == "_nsdsynthetic" else (1 / 3, np.float32)
        r = np.maximum(accuracy(signal, rng), 0)
        r[:, -NO_DATA:] = np.nan
        ceiling = np.where(ncsnr == 0, 1e-14, ncsnr ** 2 / (ncsnr ** 2 + trials)).astype(kind)
        explained = np.minimum(100 * r ** 2 / ceiling, 100)
        values[test] = {"correlation": r, "r2": r ** 2, "noise_ceiling": ceiling, "explained_variance": explained}
    return {f"{side}h_{quantity}{test}": value[quantity][hemisphere]
            for quantity in ("correlation", "r2", "noise_ceiling", "explained_variance")
            for test, value in values.items() for hemisphere, side in enumerate("lr")}


def eeg_images(prefix, count, pictures, rng):
    """Lists of text, alphabetical: each concept with its running number, with that of THINGS, and the file."""
    names = concepts(count)
    things = np.sort(rng.choice(np.arange(1, 1855), count, replace=False))
    rows = [(f"{i + 1:05d}_{name}", f"{things[i]:05d}_{name}", f"{name}_{picture + 1:02d}s.jpg")
            for i, name in enumerate(names) for picture in range(pictures)]
    keys = (f"{prefix}_img_concepts", f"{prefix}_img_concepts_THINGS", f"{prefix}_img_files")
    return {key: [row[k] for row in rows] for k, key in enumerate(keys)}


def eeg_metadata(subject, signal, rng, options):
    """signal: (channels, times)."""
    single = np.stack([accuracy(0.8 * signal, rng) for _ in range(4)])
    encoding = {"correlation_averaged_repetitions": accuracy(signal, rng), "correlation_single_repetitions": single}
    train = max(1, options.train // 10)
    images = {"train_img_info": eeg_images("train", train, 10, rng),
              "test_img_info": eeg_images("test", options.test, 1, rng)}
    return {"eeg": {"ch_names": list(CHANNELS), "times": TIMES["eeg"].copy()},
            "encoding_models": {**(encoding if options.accuracy else {}), **images}}


def meg_sensors():
    """The names of the 271 sensors, in the order of their prefixes."""
    names = []
    for side in "LR":
        for letter, counts in CTF_ROWS.items():
            names += [f"M{side}{letter}{row + 1}{i + 1}" for row, count in enumerate(counts) for i in range(count)]
    names += [f"MZ{letter}0{i + 1}" for letter, count in CTF_MIDLINE.items() for i in range(count)]
    return [f"{name}-1609" for name in names if name not in CTF_MISSING]


def meg_trials(count, images, pictures, rng):
    """(ids, names of files, names of concepts, sessions, runs, paths) of `count` trials of `images` images, so many
    `pictures` of each concept. Text that is no path is in lists."""
    names = concepts(-(-images // pictures))
    order = rng.permutation(count) % images
    which = [names[i // pictures] for i in order]
    files = [f"{name}_{i % pictures + 1:02d}{'s' if pictures > 1 else 'b'}.jpg" for name, i in zip(which, order)]
    trial = np.arange(count)
    return (order + 1, files, which, trial * 12 // count + 1, trial * 120 // count % 10 + 1,
            np.array([f"{name}/{file}" for name, file in zip(which, files)]))


def meg_named(start, trials, ids="img_ids"):
    keys = (ids, "stimuli", "concepts", "sessions", "runs", "img_files")
    return {f"{start}_{key}": value for key, value in zip(keys, trials)}


def taken(columns, indices):
    """Those entries of each column, of its kind: a list stays a list."""
    return [[column[i] for i in indices] if isinstance(column, list) else column[indices] for column in columns]


def quarters(count):
    """The trials of the four quarters: consecutive runs of upstream's permutation."""
    order = np.random.RandomState(20200220).permutation(count)
    return [order[k * (count // QUARTERS):(k + 1) * (count // QUARTERS)] for k in range(QUARTERS)]


def results(signal, ceiling, rng, options):
    if not options.accuracy:
        return {}
    r = accuracy(signal, rng)
    return {"correlation_results": r, "percent_noise_ceiling": share(r, ceiling)}


def split_entries(name_all, name_quarter, named, train, signal, ceiling, rng, options):
    """Of the newest generation: a dict for all trials and one for each quarter."""
    parts = {name_all: train}
    parts.update({name_quarter.format(k + 1): taken(train, part) for k, part in enumerate(quarters(len(train[0])))})
    return {name: {**named("train", part), **results(signal, ceiling, rng, options)} for name, part in parts.items()}


def meg_metadata(subject, signal, rng, options):
    """signal: (sensors, times)."""
    names = np.array(meg_sensors())
    prefixes = [name[:3] for name in names]
    train, test = meg_trials(options.train, options.train, 12, rng), meg_trials(12 * options.test, options.test, 1, rng)
    ncsnr = np.sqrt(signal / 12 / (1 - signal)).astype(np.float32)
    ceiling = ceiling_of(ncsnr, 12).astype(np.float32)
    if options.generation == "newest":
        encoding = split_entries("all_training_splits", "single_training_split_{}", meg_named, train, signal, ceiling, rng, options)
    else:
        encoding = meg_named("train", train)
        for k, part in enumerate(quarters(options.train) if options.generation == "train_split" else []):
            encoding.update(meg_named(f"train_split{k + 1}", taken(train, part)))
    tested = meg_named("test", test, "things_img_ids" if options.generation == "plain" else "img_ids")
    tested["test_image_nr"] = test[0].astype(np.float64)
    encoding.update(tested, ncsnr=ncsnr, noise_ceiling=ceiling)
    if options.generation != "newest":
        encoding.update(results(signal, ceiling, rng, options))
    return {"meg": {"times": TIMES["meg"].copy(), "subject_id": f"P{subject}"},
            "sensors": {"sensor_names": names, "sensor_prefixes": np.array(prefixes),
                        "sensor_hemispheres": np.array([HEMISPHERES[p[1]] for p in prefixes]),
                        "sensor_regions": np.array([REGIONS[p[2]] for p in prefixes]), "n_sensors": len(names)},
            "encoding_model": encoding}


def tvsd_named(start, trials):
    keys = ("img_ids", "stimuli", "concepts", "days", "sequence_pos")
    return {f"{start}_{key}": value for key, value in zip(keys, trials)}


def tvsd_trials(count, images, rng):
    """Arrays: identities, names of files and concepts, days, places in the sequence of four."""
    order = rng.permutation(count) % images
    names = concepts(images)
    trial = np.arange(count)
    return (order + 1.0, np.array([f"{names[i]}_01b.jpg" for i in order]), np.array([names[i] for i in order]),
            trial * 4 // count + 1.0, trial % 4 + 1.0)


def electrode_order():
    """For each place in the arrays its channel in the recording: no permutation that is its own inverse."""
    return (np.arange(1024) * 517 + 33) % 1024


def tvsd_metadata(subject, signal, rng, options):
    """signal: (electrodes, times). The older generations keep ROIs among the electrodes, and nothing for each split."""
    train, test = tvsd_trials(options.train, options.train, rng), tvsd_trials(30 * options.test, options.test, rng)
    ncsnr = np.sqrt(signal / 30 / (1 - signal))
    ceiling = ceiling_of(ncsnr, 30)
    arrays = {"times": TIMES["tvsd"].copy(), "monkey_id": f"monkey{subject}", "n_electrodes": 1024,
              "electrode_order": electrode_order().astype(np.uint16)}
    regions = {"roi_assignments": np.array(TVSD_AREAS[subject], np.int64), "roi_labels": np.array(["V1", "V4", "IT"])}
    strength = rng.gamma(2, 1, (4, 1024))
    figures = {"SNR": strength, "SNR_max": strength.max(axis=0)[:, None], "ncsnr": ncsnr, "noise_ceiling": ceiling}
    if options.generation == "newest":
        encoding = split_entries("all_training_splits", "single_training_split_{}", tvsd_named, train, signal, ceiling, rng, options)
        return {"utah_array": arrays, "roi": regions, "encoding_model": {**encoding, **tvsd_named("test", test), **figures}}
    encoding = {**tvsd_named("train", train), **tvsd_named("test", test), **figures, **results(signal, ceiling, rng, options)}
    return {"utah_array": {**arrays, **regions}, "encoding_model": encoding}


MAKERS = {"nsd": nsd_metadata, "eeg": eeg_metadata, "meg": meg_metadata, "tvsd": tvsd_metadata}
GENERATIONS = {"nsd": ("newest", "plain"), "eeg": ("newest",), "meg": ("newest", "train_split", "plain"),
               "tvsd": ("newest", "plain")}


def signal_of(key, rng):
    """The share of variance that stimuli explain, 0 to 0.6: (2, vertices) or (units, times)."""
    model = MODELS[key]
    if key == "nsd":
        signal = rng.beta(1, 6, (2, VERTICES))
        signal[:, -NO_DATA:] = 0
        return np.minimum(signal, 0.6)
    peak = rng.beta(1, 3, (model.units, 1))
    onset = rng.uniform(0.35, 0.6, (model.units, 1)) * model.times
    late = np.maximum(np.arange(model.times) - onset, 0) / model.times
    return np.minimum(6 * peak * late * np.exp(-late / 0.1) / 0.22, 0.6)
