"""Simulated single trials of voxels whose signal, noise and predicted part are known: variance, reliability, the ceiling of
means, and the correlation with predictions come out as docs/trials.md says of each mode."""
import subprocess

import numpy as np
import pytest

import make_subject
import vit_oracle as oracle
from synthetic_images import synthetic_images

MODEL = "fmri-things_fmri_1-vit_b_32"
IMAGES, TRIALS, MEAN_OF, VOXELS = 100, 24, 12, 300
# Share of a trial's variance that is signal, variance of the prediction: what is explained of it, a lot and little; nearly no
# noise; predictions that vary more than the ceiling allows; no signal at all.
KINDS = {"usual": (0.30, 0.12), "well predicted": (0.50, 0.40), "weak": (0.10, 0.03), "clear": (0.90, 0.60),
         "beyond": (0.20, 0.30), "dead": (0.0, 0.03)}
MODES = ("complete", "prediction", "signal", "matched")


def parts(mode, ceiling, predicted):
    """What a trial consists of by docs/trials.md: (variance about the prediction's scale: of the predicted part, of the signal
    beside it, of the noise)."""
    if mode == "complete":
        return predicted, max(0.0, ceiling - predicted), 1 - ceiling
    if mode == "prediction":
        return predicted, 0.0, 1 - ceiling
    if mode == "signal":
        return ceiling, 0.0, 1 - ceiling
    return (predicted, 0.0, predicted * (1 - ceiling) / ceiling) if ceiling else (0.0, 0.0, predicted)


def write_subject(folder, keep_scores):
    """A subject of whom all is known: each voxel hears one component, whose scores (keep_scores() gives them) vary over the images as the
    weights say."""
    weights, metadata = make_subject.make_subject(folder, 1, voxels=VOXELS * len(KINDS))
    scores = keep_scores().astype(np.float64)
    ceiling, predicted = np.repeat(list(KINDS.values()), VOXELS, axis=0).T
    voxels = np.arange(len(ceiling))
    coefficients = np.zeros((len(ceiling), 8), np.float32)
    coefficients[voxels, voxels % 8] = np.sqrt(predicted) / scores.std(axis=0, ddof=1)[voxels % 8]
    weights["reg_param"]["coef_"] = coefficients
    weights["pca_param"]["explained_variance_"] = scores.var(axis=0, ddof=1).astype(np.float32)
    metadata["encoding_model"]["noise_ceiling_singletrial"] = 100 * ceiling
    for part, name, value in (("encoding_models_weights", "weights", weights), ("metadata", "metadata", metadata)):
        np.save(folder / oracle.MODEL_FOLDER / part / f"{name}_sub-01.npy", value)


@pytest.fixture(scope="module")
def known(berg_program, backbone_files, tmp_path_factory):
    """known(*options): float64 (images, trials, voxels); without options the predictions (images, voxels). Each made once, of scores
    that all share (the same trials as from the images: tests/cli/test_cli_trials.py)."""
    folder = tmp_path_factory.mktemp("known")
    np.save(folder / "images.npy", synthetic_images(IMAGES, seed=21))
    made, common = {}, [MODEL, "--subject", "1", "--berg-dir", folder, "--quiet"]

    def keep_scores():
        subprocess.run([berg_program, "score", *common, "--backbone", backbone_files["safetensors"], folder / "images.npy", "-o",
                        folder / "store"], check=True, capture_output=True)
        return np.load(folder / "store" / "scores_sub-01.npy")
    write_subject(folder, keep_scores)

    def encode(*options):
        if options not in made:
            out = folder / "out.npy"
            subprocess.run([berg_program, "encode", *common, *options, "--scores", folder / "store", "-o", out, "--force"],
                           check=True, capture_output=True)
            made[options] = np.load(out).astype(np.float64)
        return made[options]
    return encode


def trials_of(known, mode, *options):
    return known("--trials", str(TRIALS), "--seed", "3", "--mode", mode, *options)


def voxels_of(kind):
    first = list(KINDS).index(kind) * VOXELS
    return slice(first, first + VOXELS)


def agrees(values, expected, bias, what):
    """The mean over voxels, whose noise is independent, within 4.5 of its standard errors, and what an estimate from so many
    images is off by on average."""
    error = 4.5 * values.std(ddof=1) / np.sqrt(len(values)) + bias
    print(f"{what}: {values.mean():.4f}, expected {expected:.4f} +- {error:.4f}")
    assert abs(values.mean() - expected) <= error, what


def single_trial_ceiling(trials):
    """Signal's share of the variance of z-scores over images within each repeat (Kay et al.), not cut off at 0."""
    z = (trials - trials.mean(axis=0)) / trials.std(axis=0)
    return 1 - z.var(axis=1, ddof=1).mean(axis=0)


def correlation(a, b):
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    return (a * b).sum(axis=0) / np.sqrt((a ** 2).sum(axis=0) * (b ** 2).sum(axis=0))


def test_the_truth_is_what_it_is_taken_for(known):
    for kind, (_, predicted) in KINDS.items():
        np.testing.assert_allclose(known()[:, voxels_of(kind)].var(axis=0, ddof=1), predicted, rtol=1e-3)


def test_the_figures_of_the_documentation():
    ceiling, predicted = KINDS["usual"]
    rounded = {}
    for mode in MODES:
        explained, beside, noise = parts(mode, ceiling, predicted)
        of_mean = explained + beside + noise / MEAN_OF
        rounded[mode] = [round(value, 3) for value in (explained + beside + noise, (explained + beside) / (explained + beside + noise),
                                                       (explained + beside) / of_mean, explained / of_mean)]
    assert rounded == {"complete": [1.0, 0.3, 0.837, 0.335], "prediction": [0.82, 0.146, 0.673, 0.673],
                       "signal": [1.0, 0.3, 0.837, 0.837], "matched": [0.4, 0.3, 0.837, 0.837]}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", MODES)
def test_variance_reliability_and_correlation_with_predictions(known, mode, kind):
    explained, beside, noise = parts(mode, *KINDS[kind])
    signal = explained + beside
    trials, predictions = trials_of(known, mode)[:, :, voxels_of(kind)], known()[:, voxels_of(kind)]
    first, second = trials[:, :MEAN_OF].mean(axis=1), trials[:, MEAN_OF:].mean(axis=1)
    of_mean = signal + noise / MEAN_OF
    # z-scores with an estimated mean and variance: 1 - noise is off by less than 2 / images.
    agrees(trials.var(axis=0, ddof=1).mean(axis=0), signal + noise, 2e-3 * (signal + noise), "variance")
    agrees(single_trial_ceiling(trials), signal / (signal + noise), 2 / IMAGES, "single-trial ceiling")
    agrees(correlation(first, second), signal / of_mean, 1 / IMAGES, f"ceiling of means of {MEAN_OF}")
    agrees(correlation(predictions, first) ** 2, explained / of_mean, 1 / IMAGES, "squared correlation with predictions")


def test_the_unexplained_signal_is_the_same_in_all_trials(known):
    """Without noise, what is left of complete trials is the signal of the image: each voxel's own, with the prediction
    uncorrelated."""
    voxels = voxels_of("clear")
    ceiling, predicted = KINDS["clear"]
    beside = trials_of(known, "complete")[:, :, voxels] - known()[:, None, voxels]
    noise = trials_of(known, "prediction")[:, :, voxels] - known()[:, None, voxels]
    unexplained = beside - noise  # both modes draw the same noise
    assert np.abs(unexplained - unexplained[:, :1]).max() < 1e-5
    agrees(unexplained[:, 0].var(axis=0, ddof=1), ceiling - predicted, 0, "unexplained signal")
    agrees(correlation(unexplained[:, 0], known()[:, voxels]), 0, 0, "its correlation with predictions")


def noise_of(known, *options):
    return trials_of(known, "prediction", *options)[:, :, voxels_of("dead")] - known()[:, None, voxels_of("dead")]


@pytest.mark.parametrize("common", [0, 0.3])
def test_noise_of_a_trial_has_in_common_what_is_asked_for(known, common):
    """The mean over voxels v has the variance c + (1 - c) / V: of n trials its estimate has a relative error of sqrt(2 / n)."""
    noise = noise_of(known, *(["--common", str(common)] if common else []))
    ratio = noise.mean(axis=2).var() / (common + (1 - common) / VOXELS)
    assert abs(ratio - 1) < 4.5 * np.sqrt(2 / (IMAGES * TRIALS))
    between = np.corrcoef(noise[:, 0].mean(axis=1), noise[:, 1].mean(axis=1))[0, 1]
    assert abs(between) < 4.5 / np.sqrt(IMAGES)
    assert abs(noise.var() - 1) < 4.5 * np.sqrt(2 / (IMAGES * TRIALS)) * (common + 0.1)


def test_an_average_of_trials_is_drawn_at_once(known):
    averaged = noise_of(known, "--average", "12")
    assert abs(12 * averaged.var() - 1) < 4.5 * np.sqrt(2 / averaged.size)
    agrees(correlation(averaged[:, 0], noise_of(known)[:, 0]), 0, 0, "noise of averages and of trials")


def test_noise_is_normal_and_of_each_number_alone(known):
    noise = noise_of(known)
    size = noise.size
    assert abs(noise.mean()) < 4.5 / np.sqrt(size)
    assert abs((noise ** 4).mean() - 3) < 4.5 * np.sqrt(96 / size)
    for a, b in ((noise[1:], noise[:-1]), (noise[:, 1:], noise[:, :-1]), (noise[:, :, 1:], noise[:, :, :-1])):
        assert abs((a * b).mean()) < 4.5 / np.sqrt(a.size)
