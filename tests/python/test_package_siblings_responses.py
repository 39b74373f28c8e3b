"""Responses of the sibling models: upstream's types and shapes, the oracle's values, selections against the whole."""

import os

import numpy as np
import pytest

import siblings_oracle
from berg import BERG
from berg.core.exceptions import InvalidParameterError
from make_siblings import make_sibling
from sibling_models import CHANNELS, MODELS, TIMES, VERTICES

SHAPES = {"eeg": (4, 63, 140), "meg": (271, 281), "tvsd": (1024, 300)}


def arrays(responses):
    return responses if isinstance(responses, tuple) else (responses,)


def files_of(siblings_dir, key, splits=("all",)):
    model = MODELS[key]
    subject = model.subjects[0]
    weights = [siblings_oracle.load(model.weights_path(siblings_dir, subject, split)) for split in splits]
    return weights, siblings_oracle.load(model.metadata_path(siblings_dir, subject))


def near(ours, theirs):
    for found, expected in zip(arrays(ours), arrays(theirs), strict=True):
        assert found.dtype == np.float32 and found.shape == expected.shape
        assert np.abs(found - expected).max() < 2e-4 * np.abs(expected).max()


@pytest.fixture(scope="module")
def oracle(siblings_dir, square_features):
    def encode(key, selection=None, splits=None):
        weights, metadata = files_of(siblings_dir, key, splits or ("all",))
        weights = weights if splits else weights[0]
        return siblings_oracle.encode(key, weights, metadata, square_features, selection)

    return encode


@pytest.fixture
def encoded(load_sibling, squares):
    def encode(key, selection=None, of=squares, **options):
        with load_sibling(key, selection, **options) as model:
            return model.generate_response(of, show_progress=False)

    return encode


@pytest.mark.parametrize("key", MODELS)
def test_whole(sibling_wholes, oracle, squares, key):
    responses = sibling_wholes[key]
    assert isinstance(responses, tuple if key == "nsd" else np.ndarray)
    if key == "nsd":
        assert [part.shape for part in responses] == [(len(squares), VERTICES)] * 2
    else:
        assert responses.shape == (len(squares), *SHAPES[key]) and responses.flags.c_contiguous
    assert all(np.isfinite(part).all() for part in arrays(responses))
    near(responses, oracle(key))


def test_eegs_repetitions_differ(sibling_wholes):
    assert not np.array_equal(sibling_wholes["eeg"][:, 0], sibling_wholes["eeg"][:, 1])


@pytest.mark.parametrize("key", ["meg", "tvsd"])
def test_quarters(encoded, oracle, sibling_wholes, squares, key):
    single = encoded(key, train_splits="single")
    assert single.shape == (len(squares), 4, *SHAPES[key])
    near(single, oracle(key, splits=(1, 2, 3, 4)))
    for quarter in (1, 4):
        one = encoded(key, of=squares[:1], train_split=f"split{quarter}")
        assert one.shape == (1, *SHAPES[key]) and np.array_equal(one, single[:1, quarter - 1])
    assert np.array_equal(encoded(key, of=squares[:1], train_split="full"), sibling_wholes[key][:1])


def marks(length, *places):
    vector = np.zeros(length, int)
    vector[list(places)] = 1
    return vector


EVERY_NINTH = np.arange(300) % 9 == 4
SELECTIONS = [
    ("eeg", {}),
    ("eeg", {"channels": ["Oz", "Cz", "Fp1"]}),
    ("eeg", {"channels": ["Oz", "Cz", "Oz"], "timepoints": EVERY_NINTH[:140]}),
    ("eeg", {"timepoints": EVERY_NINTH[:140].tolist()}),
    ("eeg", {"channels": []}),
    ("meg", {"region": ["Occipital"]}),
    ("meg", {"region": ["Parietal", "Occipital", "Parietal"]}),
    ("meg", {"sensors": ["MZO", "MLC"]}),
    ("meg", {"sensor_index": marks(271, 270, 3, 0)}),
    ("meg", {"region": ["Central"], "sensors": ["MLO"], "sensor_index": marks(271, 5)}),
    ("meg", {"region": ["Central"], "sensor_index": marks(271, 5), "timepoints": EVERY_NINTH[:281]}),
    ("meg", {"timepoints": EVERY_NINTH[:281]}),
    ("meg", {"region": [], "sensors": []}),
    ("tvsd", {"roi": ["V1"]}),
    ("tvsd", {"roi": ["IT", "V4"]}),
    ("tvsd", {"roi": ["V4"], "electrodes": marks(1024, 0, 1023, 600), "timepoints": EVERY_NINTH}),
    ("tvsd", {"electrodes": marks(1024, 700)}),
    ("tvsd", {"timepoints": EVERY_NINTH}),
    ("tvsd", {"roi": []}),
    ("tvsd", {"roi": [], "electrodes": marks(1024, 9)}),
]
UNITS = {
    "eeg": siblings_oracle.eeg_channels,
    "meg": siblings_oracle.meg_sensors,
    "tvsd": siblings_oracle.tvsd_electrodes,
}


@pytest.mark.parametrize("key, selection", SELECTIONS)
def test_selections_are_slices_of_the_whole(encoded, sibling_wholes, siblings_dir, squares, key, selection):
    _, metadata = files_of(siblings_dir, key, splits=())
    units = UNITS[key](selection, metadata)
    times = siblings_oracle.chosen(selection.get("timepoints"), MODELS[key].times)
    responses = encoded(key, selection, of=squares[:1])
    assert np.array_equal(responses, sibling_wholes[key][:1, ..., units, :][..., times])
    assert responses.dtype == np.float32 and responses.flags.c_contiguous


LEFT, RIGHT = marks(VERTICES, 0, 77, VERTICES - 1), marks(VERTICES, 5)


@pytest.mark.parametrize(
    "selection",
    [
        {"roi": "V1v"},
        {"roi": ["V1v"]},
        {"roi": ["hV4", "V1v", "hV4"]},
        {"roi": "FBA-2"},
        {"roi": "mTL-bodies"},
        {"roi": ["mTL-faces", "OVWFA"]},
        {"roi": "OWFA"},
        {"roi": None, "lh_vertices": LEFT},
        {"lh_vertices": LEFT, "rh_vertices": RIGHT},
        {"rh_vertices": RIGHT.tolist()},
        {"roi": "V2d", "lh_vertices": LEFT, "rh_vertices": RIGHT},
    ],
)
def test_vertices_are_columns_of_the_whole(encoded, sibling_wholes, siblings_dir, squares, selection):
    _, metadata = files_of(siblings_dir, "nsd", splits=())
    responses = encoded("nsd", selection, of=squares[:1])
    assert isinstance(responses, tuple)
    vertices = siblings_oracle.nsd_vertices(selection, metadata)
    for part, whole, chosen in zip(responses, sibling_wholes["nsd"], vertices, strict=True):
        assert np.array_equal(part, whole[:1, chosen])


def test_empty_selections_have_upstreams_shapes(encoded, squares):
    n = len(squares)
    assert encoded("eeg", {"channels": []}).shape == (n, 4, 0, 140)
    assert encoded("tvsd", {"roi": []}).shape == (n, 0, 300)
    assert [part.shape for part in encoded("nsd", {"roi": "mTL-bodies"})] == [(n, 0), (n, 0)]
    assert encoded("tvsd", {"roi": []}, train_splits="single").shape == (n, 4, 0, 300)


def test_metadata_come_second(siblings_dir, load_sibling, squares):
    berg = BERG(siblings_dir)
    for key, selection in (("nsd", {"roi": "V1v"}), ("eeg", {"channels": ["Oz"]})):
        model = load_sibling(key, selection)
        responses, metadata = berg.encode(model, squares, return_metadata=True, show_progress=False)
        assert isinstance(responses, tuple) == (key == "nsd") and "encoding_models" in metadata


def test_outputs_know_their_axes(load_sibling, siblings_dir):
    model = load_sibling("eeg", {"channels": ["Oz", "Cz"], "timepoints": marks(140, 20, 139)})
    (output,) = model.outputs
    assert [axis.name for axis in output.axes] == ["repetition", "channel", "time"] and output.name == ""
    assert output.axes[1].labels == ["Oz", "Cz"]
    assert output.axes[1].indices.tolist() == [CHANNELS.index("Oz"), CHANNELS.index("Cz")]
    assert np.array_equal(output.axes[2].values, TIMES["eeg"][[20, 139]]) and output.axes[2].unit == "s"
    left, right = load_sibling("nsd", {"lh_vertices": LEFT, "rh_vertices": RIGHT}).outputs
    assert (left.name, right.name) == ("lh", "rh") and left.axes[0].name == "vertex"
    assert left.axes[0].indices.tolist() == [0, 77, VERTICES - 1] and right.axes[0].indices.tolist() == [5]
    (output,) = load_sibling("tvsd", {"electrodes": marks(1024, 3)}, train_splits="single").outputs
    assert [axis.name for axis in output.axes] == ["repetition", "electrode", "time"]
    assert output.axes[2].unit == "ms" and output.shape(2) == (2, 4, 1, 300)


# --- Where responses go ---


def test_out_is_filled(load_sibling, sibling_wholes, squares):
    out = np.empty((len(squares), 271, 281), np.float32)
    assert load_sibling("meg").generate_response(squares, show_progress=False, out=out) is out
    assert np.array_equal(out, sibling_wholes["meg"])


def test_out_of_two_hemispheres(load_sibling, sibling_wholes, squares):
    out = tuple(np.empty((len(squares), VERTICES), np.float32) for _ in range(2))
    assert load_sibling("nsd").generate_response(squares, show_progress=False, out=out) is out
    assert all(np.array_equal(part, whole) for part, whole in zip(out, sibling_wholes["nsd"], strict=True))


@pytest.mark.parametrize(
    "key, out",
    [
        ("nsd", np.empty((3, 6), np.float32)),
        ("nsd", (np.empty((3, 3), np.float32),)),
        ("nsd", (np.empty((3, 3), np.float32), np.empty((3, 2), np.float32))),
        ("nsd", (np.empty((3, 3), np.float32), np.empty((3, 1), np.float64))),
        ("nsd", (np.empty((3, 3), np.float32), 5)),
        ("eeg", np.empty((3, 4 * 140), np.float32)),
        ("eeg", np.empty((3, 1, 140), np.float32)),
        ("eeg", (np.empty((3, 4, 1, 140), np.float32),)),
        ("eeg", np.empty((3, 4, 140, 1), np.float32).transpose(0, 1, 3, 2)[:, ::-1]),
    ],
)
def test_bad_out(load_sibling, squares, key, out):
    selection = {"lh_vertices": LEFT, "rh_vertices": RIGHT} if key == "nsd" else {"channels": ["Oz"]}
    with load_sibling(key, selection) as model, pytest.raises(InvalidParameterError, match="out: expected"):
        model.generate_response(squares, show_progress=False, out=out)


def test_out_to_a_file(load_sibling, sibling_wholes, squares, tmp_path):
    path = tmp_path / "responses.npy"
    assert load_sibling("tvsd").generate_response(squares, show_progress=False, out=path) == path
    assert np.array_equal(np.load(path), sibling_wholes["tvsd"])


def test_out_to_a_file_of_each_hemisphere(load_sibling, sibling_wholes, squares, tmp_path):
    paths = load_sibling("nsd").generate_response(squares, show_progress=False, out=tmp_path / "responses.npy")
    assert [os.path.basename(path) for path in paths] == ["responses_lh.npy", "responses_rh.npy"]
    for path, whole in zip(paths, sibling_wholes["nsd"], strict=True):
        assert np.array_equal(np.load(path), whole)


def test_out_to_a_long_table(load_sibling, sibling_wholes, squares, tmp_path):
    path = tmp_path / "responses.csv"
    model = load_sibling("eeg", {"channels": ["Oz", "Cz"], "timepoints": marks(140, 20, 139)})
    model.generate_response(squares, show_progress=False, out=path, long_table=True)
    header, *lines = path.read_text().splitlines()
    assert len(lines) == len(squares) * 4 * 2 * 2 and "channel" in header.split(",")
    assert sum(",Cz," in line for line in lines) == len(squares) * 4 * 2


def test_progress_says_what(load_sibling, squares, tqdm):
    for key, text in {"nsd": "fMRI", "eeg": "EEG", "meg": "MEG", "tvsd": "Utah Array"}.items():
        with load_sibling(key) as model:
            model.generate_response(squares[:1])
        assert tqdm[-1].desc == f"Encoding {text} responses"


# --- Files of other years ---


@pytest.mark.parametrize(
    "key, options",
    [
        ("eeg", {"form": "single"}),
        ("eeg", {"form": "objects"}),
        ("eeg", {"form": "old_objects", "components_order": "F"}),
        ("meg", {"generation": "train_split", "splits": ("all", 2)}),
        ("meg", {"generation": "plain", "dtype": "f8", "order": "F"}),
        ("tvsd", {"generation": "plain"}),
        ("nsd", {"generation": "plain"}),
    ],
)
def test_every_form_of_file(tmp_path, backbone_files, squares, square_features, key, options):
    model = MODELS[key]
    made, metadata = make_sibling(tmp_path, key, class_tokens=True, components=2, **options)
    loaded = BERG(tmp_path).get_encoding_model(
        model.model_id, subject=model.subjects[0], backbone=backbone_files["safetensors"]
    )
    responses = loaded.generate_response(squares, show_progress=False)
    near(responses, siblings_oracle.encode(key, made["all"], metadata, square_features))
    if 2 in made:
        quarter = BERG(tmp_path).get_encoding_model(
            model.model_id, subject=1, train_split="split2", backbone=backbone_files["safetensors"]
        )
        responses = quarter.generate_response(squares, show_progress=False)
        near(responses, siblings_oracle.encode(key, made[2], metadata, square_features))
