"""The oracle of the sibling models: shapes, and each selection's rule, against slicing the whole by hand."""
import math

import numpy as np
import pytest

import siblings_oracle as oracle
from make_siblings import make_sibling
from sibling_models import CHANNELS, MODELS, VERTICES


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """key -> (weights, metadata, features, whole response); of class tokens, two components, five images."""
    folder, features = tmp_path_factory.mktemp("siblings"), np.random.default_rng(8).standard_normal((5, 9216))
    models = {}
    for key in MODELS:
        weights, metadata = make_sibling(folder, key, class_tokens=True, components=2, accuracy=False)
        models[key] = weights, metadata, features, oracle.encode(key, weights["all"], metadata, features)
    models["folder"] = folder
    return models


def encode(made, key, **selection):
    weights, metadata, features, _ = made[key]
    return oracle.encode(key, weights["all"], metadata, features, selection)


def vector(length, *positions):
    values = np.zeros(length, int)
    values[list(positions)] = 1
    return values.tolist()


def close(found, expected):
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * max(1, np.abs(expected).max(initial=0)))


def test_one_number_by_hand(made):
    """Every sum spelled out, for one image and one place of each axis."""
    weights, _, features, whole = made["eeg"]
    weights, image, rep, channel, time = weights["all"], 3, 2, 41, 77
    scaler, pca, regression = (weights["scaler_param"], weights["pca_param"][f"rep-{rep + 1}"], weights["reg_param"][f"rep-{rep + 1}"])
    z = [(features[image][i] - scaler["mean_"][i]) / scaler["scale_"][i] - float(pca["mean_"][i]) for i in range(9216)]
    scores = [math.fsum(z[i] * float(pca["components_"][c][i]) for i in range(9216)) for c in range(2)]
    row = channel * 140 + time
    expected = scores[0] * float(regression["coef_"][row][0]) + scores[1] * float(regression["coef_"][row][1])
    assert abs(whole[image, rep, channel, time] - expected - float(regression["intercept_"][row])) < 1e-9 * abs(expected) + 1e-9


def test_whole(made):
    assert [block.shape for block in made["nsd"][3]] == [(5, VERTICES)] * 2
    assert made["eeg"][3].shape == (5, 4, 63, 140)
    assert made["meg"][3].shape == (5, 271, 281)
    assert made["tvsd"][3].shape == (5, 1024, 300)
    for block in made["nsd"][3]:
        assert np.all(block[:, -100:] == 0) and np.all(block[:, :-100].std(axis=0) > 0)
    spread = [made["eeg"][3][:, r] for r in range(4)]
    assert all(np.abs(spread[0] - other).max() > 0.1 * spread[0].std() for other in spread[1:])


@pytest.mark.parametrize("key", ["meg", "tvsd"])
def test_quarters(made, key):
    weights, metadata, features, whole = made[key]
    single = oracle.encode(key, [weights[k] for k in (1, 2, 3, 4)], metadata, features)
    assert single.shape == (5, 4, *whole.shape[1:])
    for k in range(4):
        close(single[:, k], oracle.encode(key, weights[k + 1], metadata, features))
        assert np.abs(single[:, k] - whole).max() > 0.1 * whole.std()


def test_nsd(made):
    whole, regions = made["nsd"][3], made["nsd"][1]["fmri"]
    for roi, names in (("V1v", ["V1v"]), (["V1v"], ["V1v"]), ("OWFA", ["OWFA"]), ("OVWFA", ["OWFA"]), (["hV4", "V1v", "V1v"], ["V1v", "hV4"])):
        for found, block, side in zip(encode(made, "nsd", roi=roi, lh_vertices=vector(VERTICES, 7)), whole, "lr"):
            positions = sorted({int(i) for name in names for i in regions[f"{side}h_fsaverage_rois"][name]})
            close(found, block[:, positions])
    left, right = encode(made, "nsd", lh_vertices=vector(VERTICES, 163841, 0))
    close(left, whole[0][:, [0, 163841]])
    close(right, whole[1])
    left, right = encode(made, "nsd", lh_vertices=vector(VERTICES, 5), rh_vertices=vector(VERTICES, 6, 8))
    close(left, whole[0][:, [5]])
    close(right, whole[1][:, [6, 8]])
    assert [block.shape[1] for block in encode(made, "nsd", roi="mTL-bodies")] == [0, 0]


def test_eeg(made):
    whole = made["eeg"][3]
    close(encode(made, "eeg", channels=["Oz", "Cz", "Fp1", "Oz"]), whole[:, :, [CHANNELS.index(n) for n in ("Oz", "Cz", "Fp1", "Oz")]])
    close(encode(made, "eeg", timepoints=vector(140, 139, 0, 7)), whole[..., [0, 7, 139]])
    close(encode(made, "eeg", channels=["F1"], timepoints=vector(140, 9)), whole[:, :, [CHANNELS.index("F1")]][..., [9]])
    assert encode(made, "eeg", channels=[]).shape == (5, 4, 0, 140)


def test_meg(made):
    whole, names = made["meg"][3], made["meg"][1]["sensors"]["sensor_names"]
    prefix = np.array([name[:3] for name in names])
    frontal = [i for i, p in enumerate(prefix) if p[2] == "F"]
    close(encode(made, "meg", region=["Frontal"]), whole[:, frontal])
    close(encode(made, "meg", sensors=["MZO", "MLF", "MZO"]), whole[:, [i for i, p in enumerate(prefix) if p in ("MLF", "MZO")]])
    close(encode(made, "meg", region=["Frontal"], sensors=["MLF", "MZO"], sensor_index=vector(271, 270, 1, frontal[0]),
                 timepoints=vector(281, 280, 3)),
          whole[:, sorted({*frontal, 1, 270, *[i for i, p in enumerate(prefix) if p == "MZO"]})][..., [3, 280]])
    close(encode(made, "meg", region=[]), whole)
    close(encode(made, "meg", region=[], sensors=[]), whole)
    close(encode(made, "meg", region=[], sensor_index=vector(271, 4)), whole[:, [4]])


def test_tvsd(made):
    whole = made["tvsd"][3]
    close(encode(made, "tvsd", roi=["IT", "V1", "IT"]), whole[:, [*range(512), *range(768, 1024)]])
    close(encode(made, "tvsd", roi=["V4"], electrodes=vector(1024, 600, 3, 1023), timepoints=vector(300, 299, 0)),
          whole[:, [3, *range(512, 768), 1023]][..., [0, 299]])
    close(encode(made, "tvsd", electrodes=vector(1024, 9)), whole[:, [9]])
    close(encode(made, "tvsd", roi=[], electrodes=vector(1024, 9)), whole[:, [9]])
    assert encode(made, "tvsd", roi=[]).shape == (5, 0, 300)


def test_areas_of_the_second_monkey_and_of_older_files(tmp_path, made):
    for generation in ("newest", "plain"):
        weights, metadata = make_sibling(tmp_path, "tvsd", "F", class_tokens=True, components=2, generation=generation, splits=["all"])
        whole = oracle.encode("tvsd", weights["all"], metadata, made["tvsd"][2])
        close(oracle.encode("tvsd", weights["all"], metadata, made["tvsd"][2], {"roi": ["V4"]}), whole[:, 832:])


@pytest.mark.parametrize("form", ["objects", "old_objects", "single"])
def test_forms_of_eeg(tmp_path, made, form):
    weights, metadata = make_sibling(tmp_path, "eeg", class_tokens=True, components=2, form=form)
    found = oracle.encode("eeg", oracle.load(MODELS["eeg"].weights_path(tmp_path, 1)), metadata, made["eeg"][2])
    if form != "single":
        close(found, made["eeg"][3])
        return
    one = {**weights["all"], "pca_param": {name: weights["all"]["pca_param"] for name in weights["all"]["reg_param"]}}
    close(found, oracle.encode("eeg", one, metadata, made["eeg"][2]))


def test_all_tokens_and_class_tokens(made):
    weights, metadata, features, _ = made["meg"]
    blocks = np.random.default_rng(9).standard_normal((5, 12, 50, 768))
    blocks[:, :, 0] = features.reshape(5, 12, 768)
    close(oracle.encode("meg", weights["all"], metadata, blocks), made["meg"][3])
    close(oracle.encode("meg", weights["all"], metadata, blocks.reshape(5, -1)), made["meg"][3])
