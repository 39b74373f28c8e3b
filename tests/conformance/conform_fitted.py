"""A model fitted by scikit-learn itself, written as upstream writes it: our predictions against its own."""
import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

import make_subject
import upstream
import vit_oracle as oracle
from synthetic_images import synthetic_images

STORED = {
    "scaler_param": ("scale_", "mean_", "var_", "n_features_in_", "n_samples_seen_"),
    "pca_param": ("components_", "explained_variance_", "explained_variance_ratio_", "singular_values_",
                  "mean_", "n_components_", "n_samples_", "noise_variance_", "n_features_in_"),
    "reg_param": ("coef_", "intercept_", "n_features_in_"),
}


def test_predictions_of_a_fitted_model(library, backbone, tmp_path):
    network, rng = upstream.network(backbone), np.random.default_rng(5)
    train = synthetic_images(40, seed=41, height=256, width=256)
    inputs = upstream.transform()(torch.from_numpy(train))
    features = np.concatenate([upstream.block_outputs(network, inputs[first:first + 8]).reshape(-1, 460800)
                               for first in range(0, 40, 8)])
    scaler, regression = StandardScaler(), LinearRegression()
    pca = PCA(n_components=10, random_state=20200220)
    scores = pca.fit_transform(scaler.fit_transform(features))
    target = (scores / scores.std(axis=0)) @ rng.normal(size=(10, 300)) + rng.normal(size=(40, 300))
    regression.fit(scores, target.astype(np.float32))

    _, metadata = make_subject.make_subject(tmp_path, 1, voxels=300)
    weights = {part: {name: getattr(fitted, name) for name in STORED[part]}
               for part, fitted in zip(STORED, (scaler, pca, regression))}
    folder = tmp_path / oracle.MODEL_FOLDER
    np.save(folder / "encoding_models_weights" / "weights_sub-01.npy", weights)

    images = synthetic_images(16, seed=42, height=256, width=256)
    ours = library("responses", images, berg_dir=tmp_path, backbone=make_subject.BACKBONE)
    expected = oracle.encode(weights, backbone, images[:, :, 16:240, 16:240])
    theirs = upstream.encode(network, weights, images)
    largest, rms = oracle.spread_error(ours, expected)
    peer_largest, peer_rms = oracle.spread_error(theirs, expected)
    print(f"fitted model: largest error {largest:.2e}, rms {rms:.2e}; "
          f"scikit-learn's {peer_largest:.2e}, {peer_rms:.2e}")
    assert largest <= 4e-5 and rms <= 5e-6
    apart = np.abs(ours - theirs) / theirs.std(axis=0)
    assert apart.max() < 1e-4
