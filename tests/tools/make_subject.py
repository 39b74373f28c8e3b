#!/usr/bin/env python3
"""Makes synthetic subjects in upstream's layout: a whole model for tests and demo, without a download.

    make_subject.py berg-dir                                  # sub-01, 600 voxels, 8 components
    make_subject.py berg-dir --subject 1,2,3 --full           # as large as the real ones
    make_subject.py berg-dir --write-backbone vit.pth --mlp-names old

The scaler and the first components are those of features of synthetic images through a random backbone, so
standardised features and responses have the spread that a fitted model gives them. NumPy only; the same
arguments give the same files.
"""
import argparse
import functools
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "oracle"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import vit_oracle as oracle  # noqa: E402
from made_once import kept_array  # noqa: E402
from subject_metadata import SUBJECT_VOXELS, subject_metadata  # noqa: E402
from synthetic_images import synthetic_images  # noqa: E402
from write_state_dict import write_state_dict  # noqa: E402

BACKBONE = "random:1"  # what subjects are fitted to where nothing else is said
TRAINING_IMAGES = 8640
SMALL_VOXELS = {1: 600, 2: 640, 3: 530}


@functools.lru_cache(maxsize=1)
def training_features(backbone, images, seed):
    """float32 (images, 460800): features of synthetic images, computed in float32, a few images at a time."""
    def make():
        weights, pixels = oracle.load_backbone(backbone), synthetic_images(images, seed)
        parts = [oracle.block_outputs(weights, pixels[first:first + 4], np.float32)
                 for first in range(0, images, 4)]
        return np.concatenate(parts).reshape(images, oracle.FEATURES)
    return kept_array(f"features-{backbone}-{images}-{seed}", make)


def fit_scaler(features, training_images=TRAINING_IMAGES):
    mean = features.mean(axis=0, dtype=np.float64)
    variance = features.var(axis=0, dtype=np.float64)
    scale = np.where(variance > 0, np.sqrt(variance), 1.0)
    return {"scale_": scale, "mean_": mean, "var_": variance, "n_features_in_": features.shape[1],
            "n_samples_seen_": np.int64(training_images)}


def fit_pca(z, components, rng, training_images=TRAINING_IMAGES):
    """PCA parameters and the scores' standard deviations. The first half of the components, as far as the
    images reach, is the PCA of the standardised features z by their Gram matrix; the rest are random
    directions, nearly orthonormal in so many dimensions."""
    fitted = min(len(z) - 1, max(1, components // 2))
    rows = np.empty((components, z.shape[1]), np.float32)
    eigenvalues, vectors = np.linalg.eigh((z @ z.T).astype(np.float64))
    largest = np.argsort(eigenvalues)[::-1][:fitted]
    rows[:fitted] = (vectors[:, largest] / np.sqrt(eigenvalues[largest])).T.astype(np.float32) @ z
    rng.standard_normal(out=rows[fitted:], dtype=np.float32)
    rows[fitted:] *= np.float32(z.shape[1] ** -0.5)
    # A mean that is not quite zero, so that leaving it out shows.
    mean = 0.01 * rng.standard_normal(z.shape[1], dtype=np.float32)
    variance = ((z - mean) @ rows.T).var(axis=0, ddof=1, dtype=np.float64)
    explained = variance.astype(np.float32)
    total = np.float32(z.shape[1])
    return {"components_": rows, "explained_variance_": explained,
            "explained_variance_ratio_": explained / total,
            "singular_values_": np.sqrt(explained * np.float32(training_images - 1)), "mean_": mean,
            "n_components_": components, "n_samples_": training_images,
            "noise_variance_": np.float32(total / (training_images - components)),
            "n_features_in_": z.shape[1]}, np.sqrt(variance)


def make_regression(coords, signal, spread, dtype, order, rng):
    """Regression onto every voxel: neighbours respond alike, and the more of a voxel's variance is signal,
    the more it responds. `spread` is the standard deviation of each component's scores."""
    voxels, components = len(coords), len(spread)
    waves = coords / np.maximum(1, coords.max(axis=0)) @ rng.uniform(-6, 6, (3, 32))
    waves += rng.uniform(0, 2 * np.pi, 32)
    coef = np.cos(waves).astype(dtype) @ (0.2 * rng.standard_normal((32, components))).astype(dtype)
    coef += 0.5 * rng.standard_normal(coef.shape, dtype=dtype)
    falloff = (1 + np.arange(components) / 10) ** -0.5
    coef *= (falloff / np.linalg.norm(falloff) / spread).astype(dtype)
    coef *= (0.1 + 0.8 * np.sqrt(signal))[:, None].astype(dtype)
    return {"coef_": np.asarray(coef, order=order),
            "intercept_": 0.05 * rng.standard_normal(voxels, dtype=dtype), "n_features_in_": components}


def make_subject(berg_dir, subject=1, *, full=False, voxels=None, components=None, seed=0, backbone=BACKBONE,
                 coef_dtype="f4", coef_order="C", empty_rois=(), accuracy=True, images=None):
    """Writes weights_sub-0N.npy and metadata_sub-0N.npy under `berg_dir`; returns their two dicts.

    voxels, components: by default 600, 640, 530 voxels (by subject) and 8 components, or with `full` as many
    as the real subjects and 250. images: number of synthetic images that the statistics are of (12, or 24
    with more than 8 components).
    """
    voxels = voxels or (SUBJECT_VOXELS if full else SMALL_VOXELS)[subject]
    components = components or (250 if full else 8)
    images = images or (24 if components > 8 else 12)
    rng = np.random.default_rng([seed, subject, 0x5CA1E])
    # One image less for each subject, another one, so that their scalers and components differ.
    features = np.delete(training_features(backbone, images, seed), subject, axis=0)
    scaler = fit_scaler(features)
    features -= scaler["mean_"].astype(np.float32)
    features /= scaler["scale_"].astype(np.float32)
    pca, spread = fit_pca(features, components, rng)
    metadata, signal = subject_metadata(subject, voxels, seed, empty_rois, accuracy)
    regression = make_regression(metadata["fmri"]["voxel_coords"], signal, spread, np.dtype(coef_dtype).type,
                                 coef_order, rng)
    weights = {"scaler_param": scaler, "pca_param": pca, "reg_param": regression}

    folder = pathlib.Path(berg_dir) / oracle.MODEL_FOLDER
    for part, stem, value in (("encoding_models_weights", "weights", weights),
                              ("metadata", "metadata", metadata)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        np.save(folder / part / f"{stem}_sub-0{subject}.npy", value)
    return weights, metadata


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("berg_dir")
    parser.add_argument("--subject", default="1", help="1, 2, 3 or several with commas between (1)")
    parser.add_argument("--full", action="store_true", help="as large as the real ones, 250 components")
    parser.add_argument("--voxels", type=int, help="voxels of each subject (600, 640, 530)")
    parser.add_argument("--components", type=int, help="principal components (8, with --full 250)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backbone", default=BACKBONE, help="random:SEED (random:1)")
    parser.add_argument("--dtype", choices=("f4", "f8"), default="f4", help="of the coefficients (f4)")
    parser.add_argument("--order", choices=("C", "F"), default="C", help="of the coefficients (C)")
    parser.add_argument("--empty-roi", action="append", default=[], metavar="NAME", help="an empty ROI")
    parser.add_argument("--no-accuracy", action="store_true", help="without the columns of the evaluation")
    parser.add_argument("--write-backbone", metavar="PATH", help="also save it: .pth, .safetensors or .npz")
    parser.add_argument("--mlp-names", choices=("new", "old"), default="new", help="in that file (new)")
    options = parser.parse_args()
    for subject in map(int, options.subject.split(",")):
        make_subject(options.berg_dir, subject, full=options.full, voxels=options.voxels,
                     components=options.components, seed=options.seed, backbone=options.backbone,
                     coef_dtype=options.dtype, coef_order=options.order, empty_rois=options.empty_roi,
                     accuracy=not options.no_accuracy)
    if options.write_backbone:
        write_state_dict(options.write_backbone, oracle.load_backbone(options.backbone), options.mlp_names)


if __name__ == "__main__":
    main()
