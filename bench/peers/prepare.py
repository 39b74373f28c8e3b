"""What is made once for all systems: images, matrices of the readout, and the reference responses."""
import numpy as np

from .case import FEATURES, Case

CALIBRATION_SEED, IMAGES_SEED = 41, 42


def synthetic(count, seed):
    from synthetic_images import synthetic_images
    return synthetic_images(count, seed, 256, 256)


def images(case: Case, folder):
    stimuli = synthetic(case.images, IMAGES_SEED)
    np.save(folder / "all.npy", stimuli)
    np.save(folder / "one.npy", stimuli[:1])


def matrices(case: Case, folder):
    """The subject's readout as float32; the mean of the PCA, which is of standardised features, goes into the scaler's."""
    scaler, pca, regression = (case.weights[part] for part in ("scaler_param", "pca_param", "reg_param"))
    arrays = {"mean": scaler["mean_"] + scaler["scale_"] * pca["mean_"], "scale": scaler["scale_"],
              "components": pca["components_"], "coef": regression["coef_"], "intercept": regression["intercept_"]}
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(values, np.float32))


def reference(case: Case, folder):
    """responses.npy, float64 (images, voxels): torchvision's network and the readout in float64; features.npy: of one image."""
    import torch

    from .network import block_outputs
    torch.set_num_threads(case.threads)
    network = block_outputs(case.backbone).double()
    weights = case.weights
    scaler, pca, regression = (weights[part] for part in ("scaler_param", "pca_param", "reg_param"))
    components = pca["components_"].astype(np.float64)
    scores = []
    stimuli = case.stimuli(case.images)
    for first in range(0, len(stimuli), 10):
        pixels = torch.from_numpy(stimuli[first:first + 10, :, 16:240, 16:240]).double() / 255
        mean, std = (torch.tensor(values, dtype=torch.float64)[:, None, None]
                     for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        with torch.no_grad():
            features = network((pixels - mean) / std).numpy().reshape(-1, FEATURES)
        if not first:
            np.save(folder / "features.npy", features[0])
        scores.append(((features - scaler["mean_"]) / scaler["scale_"] - pca["mean_"]) @ components.T)
    responses = np.concatenate(scores) @ regression["coef_"].astype(np.float64).T + regression["intercept_"]
    np.save(folder / "responses.npy", responses)


STEPS = {"images": images, "matrices": matrices, "reference": reference}


def take_step(case, name):
    target = {"images": case.stimuli_folder, "reference": case.reference_folder}.get(name, case.path(name))
    with case.making(target.name) as folder:
        if folder:
            STEPS[name](case, folder)
