"""Block outputs and responses against torchvision and scikit-learn, with float64 as the judge between us."""
import numpy as np
import pytest
import torch

import make_subject
import upstream
import vit_oracle as oracle
from synthetic_images import synthetic_images

IMAGES = 24


@pytest.fixture(scope="module")
def images():
    return synthetic_images(IMAGES, seed=21, height=256, width=256)


@pytest.fixture(scope="module")
def network(backbone):
    return upstream.network(backbone)


@pytest.fixture(scope="module")
def reference(backbone, images):
    pixels = images[:, :, 16:240, 16:240]
    return np.concatenate([oracle.block_outputs(backbone, part) for part in np.split(pixels, IMAGES // 4)])


@pytest.fixture(scope="module")
def large_berg_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("large")
    make_subject.make_subject(folder, 1, voxels=4000, components=250)
    return folder


def test_block_outputs(library, small_berg_dir, network, images, reference):
    ours = library("features", images, berg_dir=small_berg_dir, backbone=make_subject.BACKBONE)
    theirs = upstream.block_outputs(network, upstream.transform()(torch.from_numpy(images)))
    for layer in range(oracle.LAYERS):
        spread = reference[:, layer].std()
        error, peer = (np.sqrt(np.mean((values[:, layer] - reference[:, layer]) ** 2)) / spread
                       for values in (ours, theirs))
        apart = np.abs(ours[:, layer] - theirs[:, layer]).max() / spread
        print(f"block {layer:2}: rms error {error:.2e}, torch's {peer:.2e}; at most {apart:.1e} apart")
        assert apart < 5e-5 and error < 2 * peer


def test_responses_are_no_worse_than_torch(library, large_berg_dir, network, images, reference):
    weights, _ = oracle.load_subject(large_berg_dir, 1)
    expected = oracle.responses(weights, oracle.scores(weights, reference))
    ours = library("responses", images, berg_dir=large_berg_dir, backbone=make_subject.BACKBONE)
    largest, rms = oracle.spread_error(ours, expected)
    peer_largest, peer_rms = oracle.spread_error(upstream.encode(network, weights, images), expected)
    print(f"responses: largest error {largest:.2e}, rms {rms:.2e}; "
          f"torch's {peer_largest:.2e}, {peer_rms:.2e}")
    assert largest <= 4e-5 and rms <= 5e-6
    assert rms <= peer_rms and largest <= 1.5 * peer_largest


@pytest.mark.parametrize("height, width", [(224, 224), (300, 400), (180, 150)])
def test_responses_to_resized_images(library, small_berg_dir, small_subject, network, height, width):
    """The one level that resizing may differ by on a few pixels is all that sets us apart."""
    images = synthetic_images(6, seed=22, height=height, width=width)
    theirs = upstream.encode(network, small_subject[0], images)
    ours = library("responses", images, berg_dir=small_berg_dir, backbone=make_subject.BACKBONE)
    apart = np.abs(ours - theirs) / theirs.std(axis=0)
    print(f"{height}x{width}: largest difference {apart.max():.1e} of the spread over images")
    assert apart.max() < 1e-2 and np.sqrt(np.mean(apart ** 2)) < 1e-3
    # int64 images are all black upstream; here they mean what they say.
    images = images.astype(np.int64)
    as_int64 = library("responses", images, berg_dir=small_berg_dir, backbone=make_subject.BACKBONE)
    assert as_int64.tobytes() == ours.tobytes()
