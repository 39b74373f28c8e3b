"""Metadata of a synthetic subject, in the layout, types and order of upstream's metadata_sub-0N.npy: a
brain-shaped mask, ROIs that are blobs at plausible places, and per-voxel figures that keep the relations
which real ones have."""
import numpy as np

SUBJECT_VOXELS = {1: 211339, 2: 226950, 3: 189164}  # of THINGS-fMRI1

# Name: (voxels of sub-01, distance from the midline, posterior to anterior, inferior to superior), each 0..1
# of the brain's half width, length and height. Names beginning with l and r lie in one hemisphere, the others
# in both.
ROIS = {
    "V1": (1049, .10, .05, .45), "V2": (774, .16, .07, .43),
    "V3": (762, .24, .09, .42), "hV4": (613, .34, .13, .33),
    "VO1": (287, .28, .20, .31), "VO2": (149, .29, .25, .30),
    "LO1_prf": (349, .50, .10, .46), "LO2_prf": (348, .58, .12, .44),
    "TO1": (369, .68, .18, .43), "TO2": (316, .72, .20, .41),
    "V3b": (402, .40, .12, .60), "V3a": (642, .32, .10, .62),
    "lFFA": (154, .56, .30, .26), "rFFA": (399, .56, .30, .26),
    "lOFA": (69, .60, .14, .33), "rOFA": (250, .60, .14, .33),
    "lEBA": (563, .70, .17, .46), "rEBA": (640, .70, .17, .46),
    "lPPA": (395, .38, .36, .28), "rPPA": (414, .38, .36, .28),
    "lRSC": (420, .16, .26, .46), "rRSC": (558, .16, .26, .46),
    "lTOS": (38, .44, .14, .60), "rTOS": (121, .44, .14, .60),
    "lLOC": (1573, .62, .18, .38), "rLOC": (1127, .62, .18, .38),
    "IT": (4145, .54, .34, .27), "lSTS": (69, .76, .36, .44),
    "rSTS": (449, .76, .36, .44),
}


def brain_mask(voxels):
    """Boolean volume with exactly `voxels` true: a longish ellipsoid with a groove along the top."""
    radius = (voxels / (4 / 3 * np.pi * 0.8 * 0.75)) ** (1 / 3)
    axes = np.array([0.8, 1.0, 0.75]) * radius
    shape = tuple(int(2 * axis) + 5 for axis in axes)
    x, y, z = ((index - (size - 1) / 2) / axis for index, size, axis in zip(np.indices(shape), shape, axes))
    distance = x ** 2 + y ** 2 + z ** 2 + 0.25 * np.exp(-(x / 0.06) ** 2) * (z > 0.3)
    mask = np.zeros(distance.size, bool)
    mask[np.argsort(distance, axis=None, kind="stable")[:voxels]] = True
    return mask.reshape(shape)


def region_voxels(position, name, count):
    """The `count` voxels nearest to the place of ROI `name`, ascending, int64."""
    _, lateral, anterior, superior = ROIS[name]
    side = (position[:, 0] - 0.5) * 2
    distance = (0.5 * (np.abs(side) - lateral)) ** 2
    distance += (position[:, 1] - anterior) ** 2 + (position[:, 2] - superior) ** 2
    if name[0] in "lr":
        distance[(side < 0) != (name[0] == "l")] = np.inf
    return np.sort(np.argsort(distance, kind="stable")[:count]).astype(np.int64)


def regions(position, subject, rng, empty):
    """ROI name -> int64 indices: sub-01's sizes, the others' a little different; fewer in a small brain."""
    scale = min(1, 4 * len(position) / SUBJECT_VOXELS[1])
    found = {}
    for name, (size, *_) in ROIS.items():
        vary = rng.uniform(0.8, 1.2) if subject != 1 else 1
        count = 0 if name in empty else max(3, round(size * scale * vary))
        found[name] = region_voxels(position, name, count)
    return found


def stimuli():
    """File names and concepts of training (8640), test (1200) and averaged test images (100)."""
    heads = ["ba", "co", "du", "fe", "gi", "ha", "ju", "ki", "lo", "me", "no", "pa",
             "qui", "ro", "sa", "te", "u", "vi", "wo", "xe", "ya", "zo", "ska", "tro"]
    bodies, ends = ("lam", "mer", "nik", "pol", "run", "sal"), ("", "a", "en", "it", "os")
    tails = [body + end for body in bodies for end in ends]
    concepts = [head + tail for head in heads for tail in tails]  # 720
    train = [(f"{concept}_{image + 1:02d}{'bsn'[image % 3]}.jpg", concept)
             for image in range(12) for concept in concepts]
    averaged = sorted((f"{concept}_13s.jpg", concept) for concept in concepts[3::7][:100])
    test = [averaged[(37 * trial + session) % 100] for session in range(12) for trial in range(100)]

    def column(rows, index):
        return np.array([row[index] for row in rows], dtype=object)
    return {"train_stimuli": column(train, 0), "train_concepts": column(train, 1),
            "test_stimuli": column(test, 0), "test_concepts": column(test, 1),
            "test_avg_stimuli": np.array([name for name, _ in averaged]),
            "test_avg_concepts": np.array([concept for _, concept in averaged])}


def ceilings(snr2):
    """Noise ceilings, percent of variance, for a squared signal-to-noise ratio: one trial, the mean of 12."""
    return 100 * snr2 / (snr2 + 1), 100 * snr2 / (snr2 + 1 / 12)


def subject_metadata(subject, voxels, seed, empty_rois=(), accuracy=True):
    """(metadata, signal): `signal` (voxels,) is the share of a voxel's variance that stimuli explain."""
    rng = np.random.default_rng([seed, subject, 0x0E7A])
    coords = np.argwhere(brain_mask(voxels)).astype(np.int64)
    position = (coords - coords.min(axis=0)) / np.maximum(1, np.ptp(coords, axis=0))
    snr2 = np.maximum(0, rng.normal(0.25 * np.exp(-(position[:, 1] / 0.3) ** 2) - 0.005, 0.02, voxels))
    single, testset = ceilings(snr2)
    split_half = np.clip(6 * snr2 / (6 * snr2 + 1) + rng.normal(0, 0.05, voxels), -0.9, 0.98)

    encoding = stimuli()
    encoding.update(noise_ceiling_singletrial=single, noise_ceiling_testset=testset,
                    splithalf_corrected=2 * split_half / (1 + split_half), splithalf_uncorrected=split_half)
    if accuracy:
        r = np.clip(0.7 * np.sqrt(testset / 100) + rng.normal(0, 0.08, voxels), -1, 1)
        with np.errstate(divide="ignore", invalid="ignore"):  # upstream's formula: x/0 without signal
            share = 100 * np.maximum(r, 0) ** 2 / (single / 100)
        encoding.update(correlation_results=r, percent_noise_ceiling=share)
    eccentricity = rng.gamma(2, 2.5, voxels)
    metadata = {
        "fmri": {"voxel_coords": coords, "n_voxels": voxels, "subject_id": f"sub-0{subject}"},
        "encoding_model": encoding,
        "prf": {"prf_eccentricity": eccentricity, "prf_polarangle": rng.uniform(0, 360, voxels),
                "prf_rsquared": rng.beta(1, 6, voxels) * 100, "prf_size": 0.5 + 0.3 * eccentricity},
        "roi": regions(position, subject, rng, empty_rois),
    }
    return metadata, testset / 100
