"""The library's responses against the float64 oracle, and the promises that are held bit for bit."""
import numpy as np
import pytest

import made_once
import make_subject
import vit_oracle as oracle
from make_subject import BACKBONE
from synthetic_images import synthetic_images

LARGEST, RMS = 4e-5, 5e-6  # error of a response in units of its voxel's spread over images
IMAGES = 12


@pytest.fixture(scope="session")
def images():
    """256x256, so that preprocessing only crops: the oracle knows what the network sees."""
    return synthetic_images(IMAGES, seed=11, height=256, width=256)


@pytest.fixture(scope="session")
def pixels(images):
    return np.ascontiguousarray(images[:, :, 16:240, 16:240])


@pytest.fixture(scope="session")
def reference(block_outputs, pixels):
    """Block outputs in float64, (images, 12, 50, 768)."""
    return block_outputs(pixels)


@pytest.fixture(scope="session")
def large_berg_dir(data_dir):
    """All 250 components, with a few thousand voxels. For reading."""
    def make(folder):
        make_subject.make_subject(folder, 1, voxels=3000, components=250, images=12)
    with made_once.made_once(data_dir, "large-berg-dir", make) as folder:
        yield folder


@pytest.fixture(scope="session")
def run(library, small_berg_dir, backbone_files):
    """library(...) with the small subjects and random:1, unless others are named. From NumPy's file of it, which is
    mapped in no time."""
    backbone = backbone_files["safetensors"]

    def call(what, inputs, **options):
        return library(what, inputs, **{"berg_dir": small_berg_dir, "backbone": backbone, **options})
    return call


@pytest.fixture(scope="session")
def many():
    return synthetic_images(11, seed=12, height=256, width=256)


@pytest.fixture(scope="session")
def whole(run, many):
    """Responses of sub-01 to `many`, as the defaults give them."""
    return run("responses", many)


@pytest.fixture(scope="session")
def few(many):
    """For what does not turn on the number of images."""
    return many[:2]


@pytest.fixture(scope="session")
def whole_few(whole, few):
    return whole[:len(few)]


def test_the_random_backbone_is_the_same_in_c_and_numpy(run, images):
    """random:1 and NumPy's file of it give the same bits; another seed is another backbone."""
    from_file = run("features", images[:2])
    assert run("features", images[:2], backbone=BACKBONE).tobytes() == from_file.tobytes()
    assert not np.array_equal(run("features", images[:2], backbone="random:2"), from_file)


@pytest.fixture(scope="session")
def small_responses(run, images):
    """Responses of all three small subjects to `images`, side by side."""
    return run("responses", images, subjects=[1, 2, 3])


def test_each_stage_against_the_oracle(run, small_subject, small_responses, images, pixels, reference):
    """Walks the stages in order and stops at the first that departs, which is the one to look at."""
    assert np.array_equal(run("pixels", images), pixels), "pixels"
    features = run("features", images)
    for layer in range(oracle.LAYERS):
        error = np.abs(features[:, layer] - reference[:, layer]).max() / reference[:, layer].std()
        print(f"block {layer}: largest error {error:.1e} of the spread")
        assert error < 2e-5, f"output of block {layer}"
    weights, _ = small_subject
    scores = oracle.scores(weights, reference)
    largest, rms = oracle.spread_error(run("scores", images, components=8), scores)
    print(f"scores: largest error {largest:.1e}, rms {rms:.1e} of the spread over images")
    assert largest < LARGEST and rms < RMS, "scores"
    largest, rms = oracle.spread_error(small_responses[:, :600], oracle.responses(weights, scores))
    assert largest < LARGEST and rms < RMS, "responses"


def check_error(responses, expected, title):
    """Holds the responses to the promised error, and prints both figures."""
    largest, rms = oracle.spread_error(responses, expected)
    print(f"{title}: largest error {largest:.2e}, rms {rms:.2e} of the spread over {len(expected)} images")
    assert responses.dtype == np.float32 and responses.shape == expected.shape
    assert largest <= LARGEST and rms <= RMS


def test_error_of_each_small_subject(small_responses, small_berg_dir, reference):
    for subject, responses in zip((1, 2, 3), np.split(small_responses, [600, 1240], axis=1), strict=True):
        weights, _ = oracle.load_subject(small_berg_dir, subject)
        expected = oracle.responses(weights, oracle.scores(weights, reference))
        check_error(responses, expected, f"sub-0{subject}")


def test_error_with_all_components(run, large_berg_dir, block_outputs, images, pixels, reference):
    """The figure of the README, and beside it what NumPy's float32 makes of the same arithmetic."""
    weights, _ = oracle.load_subject(large_berg_dir, 1)
    expected = oracle.responses(weights, oracle.scores(weights, reference))
    single = block_outputs(pixels, np.float32).reshape(IMAGES, -1)
    scaler, pca, regression = weights["scaler_param"], weights["pca_param"], weights["reg_param"]
    z = (single - scaler["mean_"].astype(np.float32)) / scaler["scale_"].astype(np.float32) - pca["mean_"]
    control = z @ pca["components_"].T @ regression["coef_"].T + regression["intercept_"]
    largest, rms = oracle.spread_error(control, expected)
    print(f"float32 NumPy: largest error {largest:.2e}, rms {rms:.2e}")
    check_error(run("responses", images, berg_dir=large_berg_dir), expected, "250 components")


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_error_whatever_the_layout_of_the_coefficients(run, tmp_path, images, reference, dtype, order):
    weights, _ = make_subject.make_subject(tmp_path, 1, voxels=97, components=5, coef_dtype=dtype, coef_order=order)
    expected = oracle.responses(weights, oracle.scores(weights, reference[:6]))
    check_error(run("responses", images[:6], berg_dir=tmp_path), expected, f"{dtype} {order}")


# Those of one alone wait for `make test-long`: the others have each number too.
SETTINGS = [{"threads": 2}, {"batch": 1}, {"threads": 1, "batch": 7}, {"threads": 3, "batch": 2},
            *(pytest.param(alone, marks=pytest.mark.long)
              for alone in ({"threads": 1}, {"threads": 3}, {"batch": 2}, {"batch": 7}, {"batch": 16}))]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_same_bits_for_any_threads_and_batch(run, many, whole, settings):
    count = min(len(many), 5 * settings.get("batch", len(many)))  # five batches are enough
    assert run("responses", many[:count], **settings).tobytes() == whole[:count].tobytes()


@pytest.mark.parametrize("count", [30, pytest.param(100, marks=pytest.mark.long)])
def test_same_bits_in_every_place_of_a_large_batch(run, many, whole, count):
    """The same images again and again."""
    again = np.arange(count) % len(many)
    assert run("responses", many[again], batch=count).tobytes() == whole[again].tobytes()


def test_same_bits_for_an_image_alone_and_among_others(run, many, whole):
    for index in (0, 5, 10):
        assert run("responses", many[index:index + 1]).tobytes() == whole[index].tobytes()


@pytest.mark.parametrize("stage", ["features", "scores"])
def test_same_bits_of_the_stages(run, few, stage):
    options = {"components": 8} if stage == "scores" else {}
    first = run(stage, few, threads=1, batch=2, **options)
    assert run(stage, few, threads=2, batch=100, **options).tobytes() == first.tobytes()


def test_a_subset_equals_the_slice_of_the_whole(run, small_subject, few, whole_few):
    """Upstream's order: the ROIs as named, duplicates kept, then the voxels marked, ascending."""
    _, metadata = small_subject
    roi, ceiling, voxels = metadata["roi"], metadata["encoding_model"]["noise_ceiling_testset"], whole_few.shape[1]
    marked = np.zeros(voxels, np.uint8)
    marked[[3, 500, 77, voxels - 1]] = 1
    cases = [({"rois": ["V1"]}, roi["V1"]),
             ({"rois": ["IT", "rFFA", "V1"]}, np.concatenate([roi["IT"], roi["rFFA"], roi["V1"]])),
             ({"rois": ["V1", "V1"]}, np.concatenate([roi["V1"], roi["V1"]])),
             ({"voxel_index": marked}, np.flatnonzero(marked)),
             ({"rois": ["V2"], "voxel_index": marked}, np.concatenate([roi["V2"], np.flatnonzero(marked)])),
             ({"voxel_index": np.arange(voxels) < voxels // 2}, np.arange(voxels // 2)),
             ({"min_noise_ceiling": 20}, np.flatnonzero(ceiling >= 20))]
    for options, columns in cases:
        assert run("responses", few, **options).tobytes() == whole_few[:, columns].tobytes(), options.keys()


def test_mean_of_each_roi(run, small_subject, few, whole_few):
    _, metadata = small_subject
    names = ["V1", "lLOC", "IT"]
    means = run("responses", few, mean_roi=True, rois=names)
    expected = np.stack([whole_few[:, metadata["roi"][name]].mean(axis=1, dtype=np.float64) for name in names], 1)
    assert np.abs(means - expected).max() < 1e-6 * np.abs(whole_few).max()
    assert run("responses", few[:1], mean_roi=True).shape[1] == len(metadata["roi"])


def test_several_subjects_in_one_pass_equal_each_alone(run, few, whole_few):
    alone = [whole_few] + [run("responses", few, subjects=subject) for subject in (2, 3)]
    assert [part.shape[1] for part in alone] == [600, 640, 530]
    assert run("responses", few, subjects=[1, 2, 3]).tobytes() == np.concatenate(alone, axis=1).tobytes()
    swapped = np.concatenate([alone[2], alone[0]], axis=1)
    assert run("responses", few, subjects=[3, 1]).tobytes() == swapped.tobytes()


@pytest.mark.parametrize("form", ["new", "old"])
def test_a_checkpoint_gives_the_same_bits_as_safetensors(run, backbone_files, few, whole_few, form):
    assert run("responses", few, backbone=backbone_files[form]).tobytes() == whole_few.tobytes()


def test_a_centre_that_lies_between_two_floats(run, small_subject, images, tmp_path):
    """A feature whose spread is far below its size: the mean in float32 alone would put every image on it."""
    value = run("features", images[:1]).reshape(-1).astype(np.float64)
    weights, metadata = small_subject
    weights = {part: dict(values) for part, values in weights.items()}
    weights["scaler_param"].update(mean_=value * (1 + 1e-8), scale_=np.abs(value) * 1e-7)
    chosen = np.flatnonzero(np.abs(value) > 0.1)[:8]
    components = np.zeros((8, len(value)), np.float32)
    components[np.arange(8), chosen] = 1
    weights["pca_param"].update(mean_=np.zeros_like(weights["pca_param"]["mean_"]), components_=components)
    folder = tmp_path / "encoding_models" / "modality-fmri" / "train_dataset-things_fmri_1" / "model-vit_b_32"
    for name, values in (("encoding_models_weights/weights", weights), ("metadata/metadata", metadata)):
        path = folder / f"{name}_sub-01.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, values)
    expected = -0.1 * np.sign(value[chosen])
    assert np.allclose(run("scores", images[:1], berg_dir=tmp_path, components=8)[0], expected, rtol=1e-5)
