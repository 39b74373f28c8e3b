"""The four models beside the first against the float64 oracle, selections against slices of the whole, and several models in one pass.

Small files: true numbers of units and times, four components, fitted to class tokens."""
import subprocess

import numpy as np
import pytest

import make_siblings
import siblings_oracle
from sibling_models import MODELS, VERTICES
from synthetic_images import synthetic_images

LARGEST, RMS = 4e-5, 5e-6  # as the first model's: error of a response in units of its spread over images
IMAGES = 6
KEYS = ("nsd", "eeg", "meg", "tvsd")


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """256x256, so that preprocessing only crops."""
    path = tmp_path_factory.mktemp("images") / "images.npy"
    np.save(path, synthetic_images(IMAGES, seed=21, height=256, width=256))
    return path


@pytest.fixture(scope="module")
def one(images):
    """The first of them, for what does not turn on the number of images."""
    path = images.with_name("one.npy")
    np.save(path, np.load(images)[:1])
    return path


@pytest.fixture(scope="module")
def features(block_outputs, images):
    return block_outputs(np.load(images)[:, :, 16:240, 16:240])


@pytest.fixture(scope="module")
def siblings(tmp_path_factory):
    """(berg directory, {key: (weights of each split, metadata)})"""
    folder = tmp_path_factory.mktemp("siblings")
    return folder, {key: make_siblings.make_sibling(folder, key, class_tokens=True) for key in KEYS}


@pytest.fixture(scope="module")
def encode(berg_program, backbone_files, images, tmp_path_factory):
    """encode(berg_dir, key, ...): the responses in the shape that files have, of NSD a tuple."""
    folder = tmp_path_factory.mktemp("out")

    def call(berg_dir, key, *options, subject=None, status=0, of=images):
        model = MODELS[key]
        command = [berg_program, "encode", model.model_id, "--subject", str(subject or model.subjects[0]), of,
                   "--berg-dir", berg_dir, "--backbone", backbone_files["safetensors"], "--no-cache", "-q", "-f", "--no-sidecar",
                   "-o", folder / "out.npy", *map(str, options)]
        result = subprocess.run(command, capture_output=True, text=True)
        assert result.returncode == status, result.stderr
        if status:
            return result.stderr
        if key == "nsd":
            return tuple(np.load(folder / f"out_{side}h.npy") for side in "lr")
        return np.load(folder / "out.npy")
    return call


@pytest.fixture(scope="module")
def whole(siblings, encode):
    """{key: its responses}, computed when they are asked for."""
    class Whole(dict):
        def __missing__(self, key):
            self[key] = encode(siblings[0], key)
            return self[key]
    return Whole()


@pytest.fixture(scope="module")
def marks(tmp_path_factory):
    """marks(vector): a file of it."""
    folder = tmp_path_factory.mktemp("marks")

    def write(vector):
        path = folder / f"{len(list(folder.iterdir()))}.npy"
        np.save(path, np.asarray(vector, np.uint8))
        return path
    return write


def check(values, expected):
    assert values.dtype == np.float32 and values.shape == expected.shape
    values, expected = (array.reshape(len(array), -1).astype(np.float64) for array in (values, expected))
    spread = expected.std(axis=0)
    assert np.array_equal(values[:, spread == 0], expected[:, spread == 0].astype(np.float32))
    error = (values - expected)[:, spread > 0] / spread[spread > 0]
    assert np.abs(error).max() <= LARGEST and np.sqrt(np.mean(error ** 2)) <= RMS


@pytest.mark.parametrize("key", KEYS)
def test_responses_of_all_units(key, siblings, whole, features):
    weights, metadata = siblings[1][key]
    expected = siblings_oracle.encode(key, weights["all"], metadata, features)
    for values, target in zip(*((whole[key], expected) if key == "nsd" else ([whole[key]], [expected]))):
        check(values, target)


@pytest.mark.parametrize("key", ("meg", "tvsd"))
def test_the_models_of_quarters(key, siblings, encode, features, one):
    folder, made = siblings
    weights, metadata = made[key]
    expected = siblings_oracle.encode(key, [weights[k] for k in (1, 2, 3, 4)], metadata, features)
    single = encode(folder, key, "--train-splits", "single")
    check(single, expected)
    assert np.array_equal(encode(folder, key, "--train-splits", "split3", of=one), single[:1, 2])


@pytest.mark.parametrize("form", ("objects", "old_objects", "single"))
def test_the_forms_of_eeg_weights(form, tmp_path, encode, whole, features):
    """PCAs as scikit-learn's objects give the bits of their parts; one PCA for all repetitions is another model."""
    weights, metadata = make_siblings.make_sibling(tmp_path, "eeg", class_tokens=True, form=form)
    values = encode(tmp_path, "eeg")
    check(values, siblings_oracle.encode("eeg", weights["all"], metadata, features))
    assert (form == "single") != np.array_equal(values, whole["eeg"])


@pytest.mark.parametrize("generation", ("train_split", "plain"))
@pytest.mark.parametrize("key", ("meg", "tvsd", "nsd"))
def test_every_generation_of_files(key, generation, tmp_path, encode, whole, one):
    if key == "nsd" and generation == "train_split":
        pytest.skip("NSD has had one name")
    make_siblings.make_sibling(tmp_path, key, class_tokens=True, generation=generation)
    values = encode(tmp_path, key, of=one)
    for part, expected in zip(*((values, whole[key]) if key == "nsd" else ([values], [whole[key]]))):
        assert np.array_equal(part, expected[:1])


@pytest.mark.parametrize("options", ({"dtype": "f8"}, {"order": "F"}, {"components_order": "F"}))
def test_weights_of_other_types_and_orders(options, tmp_path, encode, features):
    weights, metadata = make_siblings.make_sibling(tmp_path, "eeg", class_tokens=True, **options)
    check(encode(tmp_path, "eeg"), siblings_oracle.encode("eeg", weights["all"], metadata, features))


# --- Selections: slices of the whole, bit for bit ---

def vector(length, *ones):
    marked = np.zeros(length, np.uint8)
    marked[list(ones)] = 1
    return marked


def test_nsd_selections(siblings, encode, whole, marks, one):
    folder, made = siblings
    rois = made["nsd"][1]["fmri"]
    left, right = vector(VERTICES, 3, 1000, VERTICES - 1), vector(VERTICES, 0)
    cases = [({"roi": "V1v"}, ("--roi", "V1v")), ({"roi": ["V1v", "V2v", "early"]}, ("--roi", "V1v,V2v,early")),
             ({"roi": "OVWFA"}, ("--roi", "OVWFA")), ({"roi": "OWFA"}, ("--roi", "OWFA")),
             ({"lh_vertices": left}, ("--lh-vertices", marks(left))),
             ({"lh_vertices": left, "rh_vertices": right}, ("--lh-vertices", marks(left), "--rh-vertices", marks(right))),
             ({"roi": "V1d", "lh_vertices": left}, ("--roi", "V1d", "--lh-vertices", marks(left)))]
    for selection, options in cases:
        vertices = siblings_oracle.nsd_vertices(selection, {"fmri": rois})
        for values, all_values, chosen in zip(encode(folder, "nsd", *options, of=one), whole["nsd"], vertices):
            assert np.array_equal(values, all_values[:1, chosen]), options


CASES = {
    "eeg": [({"channels": ["Oz", "Cz", "Oz"]}, ("--channels", "Oz,Cz,Oz"), None)],
    "meg": [({"region": ["Parietal", "Central"]}, ("--region", "Parietal,Central"), None),
            ({"sensors": ["MZO", "MLF"]}, ("--sensors", "MZO,MLF"), None),
            ({"sensor_index": vector(271, 0, 270)}, (), ("--sensor-index", vector(271, 0, 270))),
            ({"region": ["Frontal"], "sensors": ["MLF"], "sensor_index": vector(271, 7)},
             ("--region", "Frontal", "--sensors", "MLF"), ("--sensor-index", vector(271, 7)))],
    "tvsd": [({"roi": ["IT", "V1"]}, ("--roi", "IT,V1"), None),
             ({"electrodes": vector(1024, 5, 600)}, (), ("--electrodes", vector(1024, 5, 600))),
             ({"roi": ["V4"], "electrodes": vector(1024, 5, 600)}, ("--roi", "V4"), ("--electrodes", vector(1024, 5, 600)))],
}


@pytest.mark.parametrize("key", CASES)
@pytest.mark.parametrize("times", (None, (0, 20, -1)))
def test_selections_of_units_and_times(key, times, siblings, encode, whole, marks, one):
    folder, made = siblings
    model = MODELS[key]
    timepoints = None if times is None else vector(model.times, *times)
    chosen_times = siblings_oracle.chosen(timepoints, model.times)
    for selection, options, marked in [({}, (), None), *CASES[key]]:
        if marked:
            options += (marked[0], marks(marked[1]))
        if times:
            options += ("--timepoints", marks(timepoints))
        units = siblings_oracle.UNITS[key](selection, made[key][1])
        values = encode(folder, key, *options, of=one)
        assert np.array_equal(values, whole[key][:1][..., units, :][..., chosen_times]), options


# --- What does not fit is said in one line ---

def test_wrong_selections(siblings, encode, marks):
    folder = siblings[0]
    cases = [("eeg", ("--channels", "Oz,Q7"), 2, "channels"), ("eeg", ("--roi", "V1"), 2, "roi"),
             ("eeg", ("--timepoints", marks(np.ones(141))), 2, "140 time points"),
             ("meg", ("--region", "Parietals"), 2, "region"), ("meg", ("--sensors", "ML"), 2, "sensors"),
             ("meg", ("--sensor-index", marks(np.zeros(271))), 2, "marks no sensor"),
             ("tvsd", ("--roi", "V2"), 2, "V1, V4 or IT"), ("tvsd", ("--electrodes", marks(np.ones(1023))), 2, "1024 electrodes"),
             ("nsd", ("--roi", "V9"), 2, "V9"), ("nsd", ("--lh-vertices", marks(np.ones(5))), 2, "163842 vertices"),
             ("eeg", ("--train-splits", "single"), 2, "train_splits"), ("meg", ("--train-splits", "split5"), 2, "split1 to split4"),
             ("meg", ("--min-noise-ceiling", "10"), 2, "min_noise_ceiling"), ("meg", ("--mean", "roi"), 2, "mean_roi")]
    for key, options, status, words in cases:
        message = encode(folder, key, *options, status=status)
        assert words in message and message.count("\n") == 1, message
    for key, subject in (("tvsd", "M"), ("eeg", "11"), ("meg", "5"), ("nsd", "9")):
        assert "is not known: expected" in encode(folder, key, subject=subject, status=2)


def test_weights_that_do_not_fit(tmp_path, encode):
    weights, _ = make_siblings.make_sibling(tmp_path, "meg", class_tokens=True, splits=("all", 1, 2, 4))
    assert "single_training_split_3" in encode(tmp_path, "meg", "--train-splits", "single", status=4)
    path = MODELS["meg"].weights_path(tmp_path, 1)
    for change, words in ((lambda w: w["reg_param"]["coef_"].__setitem__((281, 0), np.nan), "row 281"),
                          (lambda w: w["reg_param"].update({k: w["reg_param"][k][:-1] for k in ("coef_", "intercept_")}), "271 sensors x 281 times"),
                          (lambda w: w.pop("pca_param"), "pca_param")):
        changed = np.load(path, allow_pickle=True).item()
        change(changed)
        other = tmp_path / "other"
        make_siblings.make_sibling(other, "meg", class_tokens=True, splits=())
        changed_path = MODELS["meg"].weights_path(other, 1)
        changed_path.parent.mkdir(parents=True, exist_ok=True)
        np.save(changed_path, changed)
        message = encode(other, "meg", status=4)
        assert words in message and message.count("\n") == 1, message


def test_a_pca_that_whitens_is_refused(tmp_path, encode):
    """Its scores would be divided by numbers that are not in the file's components."""
    make_siblings.make_sibling(tmp_path, "eeg", class_tokens=True)
    path = MODELS["eeg"].weights_path(tmp_path, 1)
    weights = np.load(path, allow_pickle=True).item()
    weights["pca_param"]["rep-2"]["whiten"] = True
    np.save(path, weights)
    assert "pca_param.rep-2.whiten" in encode(tmp_path, "eeg", status=4)
