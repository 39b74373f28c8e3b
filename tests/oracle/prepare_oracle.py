"""What prepared data are, in plain NumPy: the numbers as upstream's own steps give them, and the metadata."""
import numpy as np

PREPARED = "model_training_datasets/train_dataset-things_fmri_1"
MATRICES = ("split-train", "split-test", "split-test_averaged")
ROIS = ("V1 V2 V3 hV4 VO1 VO2 LO1_prf LO2_prf TO1 TO2 V3b V3a lFFA rFFA lOFA rOFA lEBA rEBA lPPA rPPA lRSC rRSC lTOS rTOS "
        "lLOC rLOC IT lSTS rSTS").split()


def session_scores(betas, sessions):
    """float32 (trials, voxels): z-scores within each session, moments in the type of `betas` over all its trials."""
    data = betas.T
    scores = np.empty(data.shape, np.float32)
    for session in np.unique(sessions):
        rows = sessions == session
        mean = data[rows].mean(axis=0).astype(np.float32)
        deviation = np.maximum(np.std(data[rows], axis=0), 1e-8).astype(np.float32)
        scores[rows] = (data[rows].astype(np.float32) - mean) / deviation
    return scores


def matrices(betas, rows):
    """The three matrices by name, of (voxels, trials) and the rows of StimulusMetadata.csv."""
    kinds = np.array([row["trial_type"] for row in rows])
    names = np.array([row["stimulus"] for row in rows])
    scores = session_scores(betas, np.array([row["session"] for row in rows]))
    test, test_names = np.ascontiguousarray(scores[kinds == "test"]), names[kinds == "test"]
    averaged = np.empty((len(np.unique(test_names)), len(betas)), np.float32)
    for i, name in enumerate(np.unique(test_names)):
        repeats = test[test_names == name]
        total = np.zeros(len(betas), np.float32)
        for repeat in repeats:
            total = total + repeat
        averaged[i] = total / np.float32(len(repeats))
    return dict(zip(MATRICES, (scores[kinds == "train"], test, averaged)))


def texts(rows, kind, key):
    return np.array([row[key] for row in rows if row["trial_type"] == kind], dtype=object)


def metadata(rows, columns, subject):
    stimuli, concepts = texts(rows, "test", "stimulus"), texts(rows, "test", "concept")
    unique = np.unique(stimuli.astype(str))
    real = {name: np.asarray(values, np.float64) for name, values in columns.items() if name not in ("V1",)}
    clean = {name.replace(" ", "_").replace("(", "").replace(")", ""): name for name in columns}
    return {
        "fmri": {"voxel_coords": np.stack([columns[f"voxel_{axis}"] for axis in "xyz"], axis=1).astype(np.int64),
                 "n_voxels": len(columns["voxel_x"]), "subject_id": f"sub-0{subject}"},
        "encoding_model": {
            "train_stimuli": texts(rows, "train", "stimulus"), "train_concepts": texts(rows, "train", "concept"),
            "test_stimuli": stimuli, "test_concepts": concepts,
            "test_avg_stimuli": np.array(list(unique)),
            "test_avg_concepts": np.array([concepts[stimuli == name][0] for name in unique]),
            "noise_ceiling_singletrial": real["nc_singletrial"], "noise_ceiling_testset": real["nc_testset"],
            "splithalf_corrected": real["splithalf_corrected"],
            "splithalf_uncorrected": real["splithalf_uncorrected"]},
        "prf": {f"prf_{name}": real[f"prf-{name}"] for name in ("eccentricity", "polarangle", "rsquared", "size")},
        "roi": {name: np.flatnonzero(columns[clean[name]]) for name in ROIS if name in clean},
    }


def assert_same_metadata(found, expected):
    """Keys, their order, types and values."""
    assert list(found) == list(expected)
    for part in expected:
        assert list(found[part]) == list(expected[part])
        for key, value in expected[part].items():
            assert type(found[part][key]) is type(value), key
            if isinstance(value, np.ndarray):
                assert found[part][key].dtype == value.dtype, key
                assert found[part][key].shape == value.shape, key
                np.testing.assert_array_equal(found[part][key], value, key)
            else:
                assert found[part][key] == value
