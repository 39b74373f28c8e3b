"""A regression of more components than a slab is deep (768), whose sums come from two blocks: against float64."""
import numpy as np
import pytest

import make_subject
import vit_oracle as oracle
from subject_metadata import subject_metadata
from synthetic_images import synthetic_images

COMPONENTS, VOXELS, IMAGES = 800, 70, 3
# Root mean square and largest error, in the spread of the responses about their intercepts. Measured 2.5e-7 and 9e-7, 1.6e-3 and 5e-3,
# 7e-3 and 2e-2. One rounding to bf16 is off by 1.1e-3 of its number, here of coefficient and score; to int8 by 1 / (127 sqrt(12))
# of the largest, which is 3.3 times the spread. The last 32 components are 0.2 of the responses, the intercepts 0.75.
LIMITS = {"f32": (1e-6, 4e-6), "bf16": (4e-3, 1.5e-2), "int8": (1.5e-2, 6e-2)}


@pytest.fixture(scope="module")
def images():
    return synthetic_images(IMAGES, seed=31, height=256, width=256)


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    """(folder, regression) of a model of class tokens, whose components all weigh the same."""
    rng, folder, features = np.random.default_rng(32), tmp_path_factory.mktemp("many"), oracle.LAYERS * oracle.CHANNELS
    pca, _ = make_subject.fit_pca(rng.standard_normal((IMAGES, features), np.float32), COMPONENTS, rng)
    regression = {"coef_": rng.standard_normal((VOXELS, COMPONENTS), np.float32), "n_features_in_": COMPONENTS,
                  "intercept_": 100 * rng.standard_normal(VOXELS, np.float32)}
    weights = {"scaler_param": {"mean_": np.zeros(features), "scale_": np.ones(features)}, "pca_param": pca,
               "reg_param": regression}
    metadata, _ = subject_metadata(1, VOXELS, 0, (), False)
    for stem, value in (("encoding_models_weights/weights", weights), ("metadata/metadata", metadata)):
        path = folder / oracle.MODEL_FOLDER / f"{stem}_sub-01.npy"
        path.parent.mkdir(parents=True)
        np.save(path, value)
    return folder, weights


@pytest.mark.parametrize("precision", list(LIMITS))
def test_responses_are_the_sum_of_both_blocks(library, converted, images, subject, precision):
    """Of the scores that the library gave: what the regression alone rounds."""
    folder, weights = subject
    scores, responses = (library(what, images, berg_dir=folder, backbone=converted(precision), precision=precision,
                                 components=width) for what, width in (("scores", COMPONENTS), ("responses", VOXELS)))
    expected = oracle.responses(weights, scores.astype(np.float64))
    spread = np.sqrt(np.mean((expected - weights["reg_param"]["intercept_"]) ** 2))
    rms, largest = np.sqrt(np.mean((responses - expected) ** 2)) / spread, np.abs(responses - expected).max() / spread
    print(f"{precision}: rms {rms:.1e}, largest {largest:.1e} of the spread")
    assert rms < LIMITS[precision][0] and largest < LIMITS[precision][1]
