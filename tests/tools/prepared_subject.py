"""Prepared test data beside a synthetic subject, as `berg prepare` leaves them, and its test images: what `berg evaluate`
reads. Small: a few images, seen a few times each."""
import h5py
import numpy as np
from PIL import Image

PREPARED = "model_training_datasets/train_dataset-things_fmri_1"
RESULTS = "results/test_encoding_models/modality-fmri/train_dataset-things_fmri_1/vit_b_32"


def write_images(folder, names, seed=3):
    """Pictures that differ: each a smooth field of colours of its own. `names`: [(concept, stimulus)]."""
    rng = np.random.default_rng(seed)
    for concept, stimulus in names:
        (folder / concept).mkdir(parents=True, exist_ok=True)
        small = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8))
        small.resize((int(rng.integers(60, 90)), int(rng.integers(60, 90)))).save(folder / concept / stimulus)


def trial_order(images, repeats, rng):
    """Index of the image that each trial shows: every session (repeat) in an order of its own."""
    return np.concatenate([rng.permutation(images) for _ in range(repeats)])


def prepared_metadata(metadata, names, order):
    """The subject's metadata before evaluation, with this test set: `names` by stimulus, ascending."""
    stimuli = [stimulus for _, stimulus in names]
    concepts = [concept for concept, _ in names]
    encoding = {key: value for key, value in metadata["encoding_model"].items()
                if key not in ("correlation_results", "percent_noise_ceiling")}
    encoding.update(test_stimuli=np.array([stimuli[i] for i in order], dtype=object),
                    test_concepts=np.array([concepts[i] for i in order], dtype=object),
                    test_avg_stimuli=np.array(stimuli), test_avg_concepts=np.array(concepts))
    return {**metadata, "encoding_model": encoding}


def write_prepared(berg_dir, subject, metadata, trials, order, averaged=None):
    """The three files; `trials` is float32 [trials][voxels], averaged by stimulus where nothing else is given."""
    folder = berg_dir / PREPARED
    folder.mkdir(parents=True, exist_ok=True)
    if averaged is None:
        averaged = np.stack([trials[order == i].mean(axis=0) for i in range(order.max() + 1)])
    for rest, values in (("split-test.h5", trials), ("split-test_averaged.h5", averaged)):
        with h5py.File(folder / f"fmri_sub-0{subject}_{rest}", "w") as file:
            file["neural_data"] = values
    np.save(folder / f"fmri_sub-0{subject}_metadata.npy", metadata)
    return averaged


def names_of(images):
    """(concept, stimulus) of each image; ascending by stimulus, not by concept, with a letter beyond ASCII."""
    return [(f"concept {(7 * i) % images}", f"st\u00efmulus_{i:02d}s.jpg") for i in range(images)]
