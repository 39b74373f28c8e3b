"""The four siblings through the program: what it shows of them, what its files say of their axes, and input that is wrong."""
import csv
import json
import re
import shutil

import nibabel
import numpy as np
import pytest

from make_siblings import make_sibling, write
from sibling_metadata import GENERATIONS, NSD_ROIS
from sibling_models import CHANNELS, MODELS, TIMES, VERTICES
from siblings import COLUMNS, FILES, IDS, SUBJECTS, marks


@pytest.fixture(scope="module")
def responses(berg, five_berg_dir, backbone_files, photos, tmp_path_factory):
    """responses(KEY): of the first subject to the photos, as the program writes them to a .npy; of NSD a pair."""
    made = {}

    def make(key):
        if key not in made:
            folder = tmp_path_factory.mktemp(key)
            result = berg("encode", IDS[key], "--berg-dir", five_berg_dir, "--backbone", backbone_files["safetensors"], "--subject",
                          SUBJECTS[key], photos, "-o", f"{folder}/")
            assert result.status == 0, result.err
            arrays = [np.load(folder / f"{name}.npy") for name in FILES[key]]
            assert [array.shape for array in arrays] == [(5, *COLUMNS[key])] * len(arrays)
            made[key] = arrays if key == "nsd" else arrays[0]
        return made[key]
    return make


def metadata_of(berg_dir, key):
    model = MODELS[key]
    return np.load(model.metadata_path(berg_dir, model.subjects[0]), allow_pickle=True).item()


# --- What is shown ---

def page(berg, berg_dir, key, *arguments):
    result = berg("metadata", IDS[key], "--berg-dir", berg_dir, "--subject", SUBJECTS[key], *arguments)
    assert (result.status, result.err) == (0, ""), result.err
    return result.out


def value(text, label):
    """What the line of that label says; None: there is none."""
    found = re.search(rf"^{re.escape(label)} +(.*)$", text, re.M)
    return found and found[1]


def regions(text):
    """{region: words of its line}."""
    table = re.search(r"^region +.*\n((?:.+\n)+)", text, re.M)[1]
    return {line.split()[0]: line.split()[1:] for line in table.splitlines()}


def number(text):
    return int(text.replace(",", ""))


@pytest.mark.parametrize("key, subject, label, units, times", [
    ("nsd", "subject-01", "vertices", "163,842 lh, 163,842 rh", None),
    ("eeg", "subject-01", "channels", "63", "140, from -0.1 to 0.595 s in steps of 0.005 s"),
    ("meg", "P1", "sensors", "271", "281, from -0.1 to 1.3 s in steps of 0.005 s"),
    ("tvsd", "monkeyN", "electrodes", "1,024", "300, from -100 to 199 ms in steps of 1 ms")])
def test_units_and_times(berg, five_berg_dir, key, subject, label, units, times):
    text = page(berg, five_berg_dir, key)
    assert text.startswith(f"model            {IDS[key]}\nsubject          {subject}\n")
    assert value(text, label) == units and value(text, "times") == times


def test_names_are_shown_compactly(berg, five_berg_dir):
    text = re.sub(r"\n {17}", " ", page(berg, five_berg_dir, "eeg"))
    assert value(text, "names") == ", ".join(CHANNELS)
    names = metadata_of(five_berg_dir, "meg")["sensors"]["sensor_names"]
    assert value(page(berg, five_berg_dir, "meg"), "names") == f"{', '.join(names[:3])}, ..., {names[-1]}"


@pytest.mark.parametrize("key", MODELS)
def test_counts(berg, five_berg_dir, key):
    text = page(berg, five_berg_dir, key)
    expected = {"nsd": {"training images": "480", "images set aside": "485", "test images": "515"},
                "eeg": {"training images": "480", "test images": "20"},
                "meg": {"training trials": "480", "in a quarter": "120", "test trials": "240"},
                "tvsd": {"training trials": "480", "in a quarter": "120", "test trials": "600"}}[key]
    labels = ["training images", "images set aside", "training trials", "in a quarter", "test images", "test trials"]
    assert {label: value(text, label) for label in labels if value(text, label)} == expected


def close(text, expected):
    assert abs(float(text) - expected) <= 0.0006, (text, expected)


def test_regions_of_hemispheres(berg, five_berg_dir):
    metadata = metadata_of(five_berg_dir, "nsd")
    text, accuracy = page(berg, five_berg_dir, "nsd"), metadata["encoding_models"]
    table = regions(text)
    assert set(table) == set(NSD_ROIS)
    for name, (left, right, ceiling, r) in table.items():
        vertices = [metadata["fmri"][f"{side}h_fsaverage_rois"][name] for side in "lr"]
        assert [number(left), number(right)] == [len(v) for v in vertices]
        for found, what in ((ceiling, "noise_ceiling"), (r, "correlation")):
            values = np.concatenate([accuracy[f"{side}h_{what}_nsdcore"][v] for side, v in zip("lr", vertices)])
            assert found == "-" if not len(values) else not close(found, np.nanmean(values.astype(float)))
    assert "ceiling (a fraction) and accuracy" in text and "ceiling %" not in text
    assert value(text, "accuracy r lh").startswith(f"median {np.nanmedian(accuracy['lh_correlation_nsdcore']):.3g}, ")


def test_regions_of_sensors(berg, five_berg_dir):
    metadata = metadata_of(five_berg_dir, "meg")
    text, names = page(berg, five_berg_dir, "meg"), metadata["sensors"]["sensor_regions"]
    table = regions(text)
    assert list(table) == ["Central", "Frontal", "Occipital", "Parietal", "Temporal"] and "ceiling %" in text
    for name, (sensors, ceiling, r) in table.items():
        chosen = names == name
        assert number(sensors) == chosen.sum()
        close(ceiling, metadata["encoding_model"]["noise_ceiling"][chosen].astype(float).mean(axis=0).max())
        close(r, metadata["encoding_model"]["all_training_splits"]["correlation_results"][chosen].mean(axis=0).max())


def test_accuracy_over_time(berg, five_berg_dir):
    means = metadata_of(five_berg_dir, "eeg")["encoding_models"]["correlation_averaged_repetitions"].mean(axis=0)
    text = page(berg, five_berg_dir, "eeg")
    assert value(text, "accuracy r").startswith(f"mean of channels at most {means.max():.3g}, at {TIMES['eeg'][means.argmax()]:.6g} s (")
    assert value(text, "noise ceiling") is None and value(text, "regions") == "0"


@pytest.mark.parametrize("generation", GENERATIONS["tvsd"])
def test_areas_and_the_order_of_electrodes(berg, tmp_path, generation):
    make_sibling(tmp_path, "tvsd", class_tokens=True, components=2, generation=generation, splits=["all"])
    text = page(berg, tmp_path, "tvsd")
    assert regions(text) == {"V1": ["512"], "V4": ["256"], "IT": ["256"]}
    assert "in the order of the arrays" in text and "in the order of the recording" in text
    assert value(text, "accuracy r") and value(text, "training trials") == "480"


@pytest.mark.parametrize("key, generation", [("nsd", "plain"), ("meg", "train_split"), ("meg", "plain")])
def test_older_metadata(berg, tmp_path, key, generation):
    make_sibling(tmp_path, key, class_tokens=True, components=2, generation=generation, splits=["all"] if key == "meg" else None)
    text = page(berg, tmp_path, key)
    assert all(row[-1] != "-" for name, row in regions(text).items() if row[0] != "0" or key == "meg")
    assert (value(text, "in a quarter") == "120") == (generation == "train_split")
    assert value(text, "accuracy r" if key == "meg" else "accuracy r rh")


def test_lists_are_one_entry(berg, five_berg_dir, tmp_path):
    names = [page(berg, five_berg_dir, "eeg", "--key", "eeg.ch_names"), page(berg, five_berg_dir, "eeg", "--key", "eeg.ch_names", "--json")]
    assert names[0].split() == json.loads(names[1]) == CHANNELS
    page(berg, five_berg_dir, "eeg", "--key", "eeg.ch_names", "-o", tmp_path / "names.npy")
    assert np.load(tmp_path / "names.npy").tolist() == CHANNELS
    tree = json.loads(page(berg, five_berg_dir, "eeg", "--json"))
    assert tree["eeg"]["ch_names"] == CHANNELS and len(tree["encoding_models"]["train_img_info"]["train_img_files"]) == 480
    info = berg("info", MODELS["eeg"].metadata_path(five_berg_dir, 1)).out
    assert re.search(r"^eeg\.ch_names +list of str +\(63,\)$", info, re.M) and "ch_names.0" not in info
    unknown = berg("metadata", IDS["eeg"], "--berg-dir", five_berg_dir, "--subject", 1, "--key", "eeg.chnames")
    assert unknown.status == 2 and 'no key "eeg.chnames"' in unknown.message


@pytest.mark.parametrize("key", MODELS)
def test_cards(berg, key):
    card = json.loads(berg("describe", IDS[key], "--json").out)
    assert card["model_id"] == IDS[key]
    text = berg("describe", IDS[key])
    assert (text.status, text.err) == (0, "") and text.out.startswith(f"model id          {IDS[key]}\n")
    assert max(map(len, text.out.split("\ninput\n")[0].splitlines())) <= 80


def test_doctor_finds_the_files_of_all(berg, five_berg_dir):
    report = json.loads(berg("doctor", "--berg-dir", five_berg_dir, "--json").out)
    text = json.dumps(report)
    for key, model in MODELS.items():
        assert str(model.metadata_path(five_berg_dir, model.subjects[0])) in text
        assert str(model.weights_path(five_berg_dir, model.subjects[0])) in text


def test_info_of_pickled_components(berg, tmp_path):
    make_sibling(tmp_path, "eeg", class_tokens=True, components=2, form="objects")
    result = berg("info", MODELS["eeg"].weights_path(tmp_path, 1))
    assert (result.status, result.err) == (0, "")
    assert re.search(r"^pca_param\.rep-4\.components_ +float32 +\(2, 9216\)$", result.out, re.M)
    assert re.search(r"^reg_param\.rep-4\.coef_ +float32 +\(8820, 2\)$", result.out, re.M)


# --- What the files say ---

def test_hdf5_of_channels(encode_with, responses, photos, tmp_path):
    h5py = pytest.importorskip("h5py")
    times = marks(tmp_path / "times.npy", 140, 20, 60, 61)
    assert encode_with("eeg", photos, "-o", tmp_path / "a.h5", "--channels", "Oz,Cz", "--timepoints", times).status == 0
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["responses"][:], responses("eeg")[:, :, [CHANNELS.index("Oz"), CHANNELS.index("Cz")]][..., [20, 60, 61]])
        assert list(file["channel_names"].asstr()[:]) == ["Oz", "Cz"]
        assert list(file["repetition_names"].asstr()[:]) == ["rep-1", "rep-2", "rep-3", "rep-4"]
        np.testing.assert_array_equal(file["time"][:], TIMES["eeg"][[20, 60, 61]])
        assert file["time"].attrs["unit"] in ("s", b"s")
        assert len(file["image_names"]) == 5


def test_hdf5_of_sensors_and_electrodes(encode_with, responses, five_berg_dir, photos, tmp_path):
    h5py = pytest.importorskip("h5py")
    assert encode_with("meg", photos, "-o", tmp_path / "m.h5", "--sensors", "MLO,MRO").status == 0
    names = metadata_of(five_berg_dir, "meg")["sensors"]["sensor_names"]
    chosen = [i for i, name in enumerate(names) if name[:3] in ("MLO", "MRO")]
    with h5py.File(tmp_path / "m.h5") as file:
        assert list(file["sensor_names"].asstr()[:]) == names[chosen].tolist()
        np.testing.assert_array_equal(file["responses"][:], responses("meg")[:, chosen])
        np.testing.assert_array_equal(file["time"][:], TIMES["meg"])
    electrodes = marks(tmp_path / "e.npy", 1024, 1000, 3)
    assert encode_with("tvsd", photos, "-o", tmp_path / "t.h5", "--electrodes", electrodes).status == 0
    with h5py.File(tmp_path / "t.h5") as file:
        assert list(file["electrode_index"][:]) == [3, 1000] and file["time"].attrs["unit"] in ("ms", b"ms")
        assert file.attrs["subject"] in ("N", b"N")
        np.testing.assert_array_equal(file["responses"][:], responses("tvsd")[:, [3, 1000]])


def test_hdf5_and_sidecar_of_vertices(encode_with, responses, five_berg_dir, photos, tmp_path):
    h5py = pytest.importorskip("h5py")
    assert encode_with("nsd", photos, "-o", tmp_path / "v.h5", "--roi", "V1v,OFA").status == 0
    rois = metadata_of(five_berg_dir, "nsd")["fmri"]
    for o, side in enumerate("lr"):
        vertices = np.union1d(*(rois[f"{side}h_fsaverage_rois"][name] for name in ("V1v", "OFA")))
        with h5py.File(tmp_path / f"v_{side}h.h5") as file:
            np.testing.assert_array_equal(file["vertex_index"][:], vertices)
            assert file.attrs["hemisphere"] in (f"{side}h", f"{side}h".encode())
            np.testing.assert_array_equal(file["responses"][:], responses("nsd")[o][:, vertices])
        sidecar = json.loads((tmp_path / f"v_{side}h.json").read_text())
        axis, = sidecar["Columns"]["Axes"]
        ranges = [v for first, last in axis["Indices"] for v in range(first, last + 1)]
        assert (axis["Name"], axis["Length"], ranges) == ("vertex", len(vertices), vertices.tolist())


@pytest.mark.parametrize("key, unit", [("eeg", "channel"), ("meg", "sensor")])
def test_sidecar_of_names_and_times(encode_with, five_berg_dir, photos, tmp_path, key, unit):
    assert encode_with(key, photos, "-o", tmp_path / "a.npy").status == 0
    axes = {axis["Name"]: axis for axis in json.loads((tmp_path / "a.json").read_text())["Columns"]["Axes"]}
    names = CHANNELS if key == "eeg" else metadata_of(five_berg_dir, "meg")["sensors"]["sensor_names"].tolist()
    assert axes[unit]["Labels"] == names
    np.testing.assert_allclose(axes["time"]["Values"], TIMES[key], rtol=1e-14, atol=1e-16)
    assert axes["time"]["Unit"] == "s"
    assert ("repetition" in axes) == (key == "eeg")


def test_tables(encode_with, responses, photos, tmp_path):
    whole = responses("eeg")[:, :, [CHANNELS.index("Oz")]]
    for name, options in (("wide", []), ("long", ["--long"])):
        assert encode_with("eeg", photos, "-o", tmp_path / f"{name}.csv", "--channels", "Oz", *options).status == 0
    with open(tmp_path / "wide.csv", newline="") as file:
        head, *rows = csv.reader(file, strict=True)
    assert head[1] == "rep-1_Oz_-0.1s" and len(head) == 1 + 4 * 140 and head[-1].startswith("rep-4_Oz_0.59")
    np.testing.assert_array_equal(np.array([row[1:] for row in rows]).astype(np.float32), whole.reshape(5, -1))
    with open(tmp_path / "long.csv", newline="") as file:
        head, *rows = csv.reader(file, strict=True)
    assert head == ["image", "repetition", "channel", "time", "value"] and rows[0][1:4] == ["rep-1", "Oz", "-0.1"]
    np.testing.assert_array_equal(np.array([row[4] for row in rows]).astype(np.float32), whole.ravel())
    assert [float(row[3]) for row in rows[:140]] == TIMES["eeg"].tolist()


@pytest.mark.parametrize("ending", ["func.gii", "mgh"])
def test_nibabel_opens_surfaces(encode_with, responses, photos, tmp_path, ending):
    assert encode_with("nsd", photos, "-o", tmp_path / f"a.{ending}").status == 0
    for o, side in enumerate("lr"):
        image = nibabel.load(tmp_path / f"a_{side}h.{ending}")
        data = np.stack([array.data for array in image.darrays]) if ending == "func.gii" else np.asarray(image.dataobj)[:, 0, 0, :].T
        np.testing.assert_array_equal(data, responses("nsd")[o])


def test_a_folder_of_another_format(encode_with, responses, photos, tmp_path):
    h5py = pytest.importorskip("h5py")
    assert encode_with("tvsd", photos, "-o", f"{tmp_path}/", "--format", "h5", "--train-splits", "split3").status == 0
    path = tmp_path / "utah_array-tvsd-vit_b_32_split3_monkeyN.h5"
    assert sorted(tmp_path.iterdir()) == [path, path.with_suffix(".json")]
    with h5py.File(path) as file:
        assert file["responses"].shape == (5, 1024, 300)
        assert np.abs(file["responses"][:] - responses("tvsd")).max() > 0


@pytest.mark.parametrize("key", ["meg", "tvsd"])
def test_quarters(encode_with, photos, tmp_path, key):
    photo = photos / "0.jpg"
    assert encode_with(key, photo, "-o", tmp_path / "all.npy", "--train-splits", "single").status == 0
    together = np.load(tmp_path / "all.npy")
    assert together.shape == (1, 4, *COLUMNS[key])
    for k in range(4):
        assert encode_with(key, photo, "-o", tmp_path / f"{k}.npy", "--train-splits", f"split{k + 1}").status == 0
        np.testing.assert_array_equal(np.load(tmp_path / f"{k}.npy"), together[:, k])


# --- What is wrong ---

@pytest.mark.parametrize("key, options, status, message", [
    ("nsd", ["--subject", "9"], 2, "subject 9 is not known: expected 1, 2, 3, 4, 5, 6, 7 or 8"),
    ("tvsd", ["--subject", "1"], 2, "subject 1 is not known: expected N or F"),
    ("eeg", ["--subject", "N"], 2, "subject N is not known: expected 1, 2, 3, 4, 5, 6, 7, 8, 9 or 10"),
    ("eeg", ["--channels", "Oz,Ozz"], 2, "channels: this subject has no such name: expected one that the metadata have under eeg.ch_names, found Ozz"),
    ("meg", ["--region", "Occipitl"], 2, "found Occipitl"),
    ("meg", ["--sensors", "MLX"], 2, "found MLX"),
    ("tvsd", ["--roi", "V2"], 2, "found V2"),
    ("nsd", ["--roi", "V9"], 2, "V9"),
    ("eeg", ["--roi", "V1"], 2, "roi: this model's selection has no such key: expected channels, timepoints, found roi"),
    ("fmri", ["--channels", "Oz"], 2, "channels: this model's selection has no such key"),
    ("eeg", ["--train-splits", "single"], 2, "train_splits: this model has none"),
    ("meg", ["--train-splits", "split5"], 2, "train_splits: not known: expected all, single, or split1 to split4, found split5"),
    ("eeg", ["--mean", "roi"], 2, "this model has no regions to take means over"),
    ("meg", ["--min-noise-ceiling", "20"], 2, "min_noise_ceiling: this model has no noise ceiling"),
    ("eeg", ["-o", "x.nii.gz"], 2, "x.nii.gz: a volume needs a voxel behind each column: all else goes to .npy, .h5 or .csv"),
    ("eeg", ["-o", "x.mgh"], 2, "x.mgh: a surface needs a vertex behind each column: all else goes to .npy, .h5 or .csv"),
    ("tvsd", ["-o", "x-ave.fif"], 2, "x-ave.fif: an evoked file needs channels of EEG or MEG at two times or more"),
])
def test_wrong_calls(encode_with, photos, tmp_path, key, options, status, message):
    output = [] if "-o" in options else ["-o", "x.npy"]
    result = encode_with(key, photos, *options, *output, cwd=tmp_path)
    assert result.status == status and message in result.message
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("key, option, length, what", [
    ("eeg", "--timepoints", 140, "time points"), ("meg", "--sensor-index", 271, "sensors"), ("meg", "--timepoints", 281, "time points"),
    ("tvsd", "--electrodes", 1024, "electrodes"), ("nsd", "--lh-vertices", VERTICES, "vertices"), ("nsd", "--rh-vertices", VERTICES, "vertices")])
def test_marks_of_the_wrong_length(encode_with, photos, tmp_path, key, option, length, what):
    file = marks(tmp_path / "marks.npy", length - 1, 0)
    result = encode_with(key, photos, option, file, "-o", tmp_path / "x.npy")
    assert result.status == 2
    assert re.search(rf"expected one for each of the subject's {length} {what}, found {length - 1}$", result.message)
    none = encode_with(key, photos, option, marks(file, length), "-o", tmp_path / "x.npy")
    assert none.status == 2 and "1" in none.message
    assert [path.name for path in tmp_path.iterdir()] == ["marks.npy"]


def test_a_quarter_that_is_missing(encode_with, photos, tmp_path):
    make_sibling(tmp_path / "models", "meg", class_tokens=True, components=2, accuracy=False, splits=["all", 1, 2, 4])
    for splits in ("single", "split3"):
        result = encode_with("meg", photos, "--train-splits", splits, "-o", tmp_path / "x.npy", berg_dir=tmp_path / "models")
        assert result.status == 4
        assert result.message.endswith("weights_P1_single_training_split_3.npy: cannot be opened: No such file or directory; "
                                       "of this model's subjects there are 1; download it: berg fetch meg-things_meg_1-vit_b_32 "
                                       f"--subject 1 --train-splits split3 --backbone --berg-dir {tmp_path}/models"), result.message
    assert encode_with("meg", photos, "--train-splits", "split4", "-o", tmp_path / "x.npy", berg_dir=tmp_path / "models").status == 0


@pytest.mark.parametrize("key, where, value", [("eeg", ("reg_param", "rep-2"), np.nan), ("nsd", ("rh_reg_param",), np.inf),
                                               ("tvsd", ("reg_param",), -np.inf)])
@pytest.mark.parametrize("array, row", [("coef_", 7), ("intercept_", 3)])
def test_weights_that_are_not_finite(encode_with, photos, tmp_path, key, where, value, array, row):
    model, subject = MODELS[key], MODELS[key].subjects[0]
    made, _ = make_sibling(tmp_path / "models", key, class_tokens=True, components=2, accuracy=False, splits=["all"])
    regression = made["all"]
    for name in where:
        regression = regression[name]
    regression[array].reshape(len(regression[array]), -1)[row, -1] = value
    write(model.weights_path(tmp_path / "models", subject), made["all"])
    result = encode_with(key, photos, "-o", tmp_path / "x.npy", berg_dir=tmp_path / "models")
    assert result.status == 4
    assert result.message == (f"{model.weights_path(tmp_path / 'models', subject)}: {'.'.join(where)}.{array}: not usable: "
                              f"expected finite numbers, found NaN or infinity in row {row}")
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


def test_a_pickled_object_of_another_class(encode_with, photos, tmp_path):
    make_sibling(tmp_path / "models", "eeg", class_tokens=True, components=2, accuracy=False, form="objects")
    path = MODELS["eeg"].weights_path(tmp_path / "models", 1)
    data = path.read_bytes()
    spelt = [b"csklearn.decomposition._pca\nPCA\n", b"\x8c\x03PCA"]  # by NumPy 1 and 2, which pickle by other protocols
    assert sum(data.count(name) for name in spelt) == 1
    for name in spelt:
        data = data.replace(name, name.replace(b"PCA", b"NMF"))
    path.write_bytes(data)
    result = encode_with("eeg", photos, "-o", tmp_path / "x.npy", berg_dir=tmp_path / "models")
    assert result.status == 4 and str(path) in result.message and "NMF" in result.message
    assert [path.name for path in tmp_path.iterdir()] == ["models"]


def test_metadata_of_another_subject_size(encode_with, photos, tmp_path):
    """Weights that were fitted to fewer times than the metadata tell of."""
    made, _ = make_sibling(tmp_path / "models", "eeg", class_tokens=True, components=2, accuracy=False)
    metadata = metadata_of(tmp_path / "models", "eeg")
    metadata["eeg"]["times"] = metadata["eeg"]["times"][:-1]
    write(MODELS["eeg"].metadata_path(tmp_path / "models", 1), metadata)
    result = encode_with("eeg", photos, "-o", tmp_path / "x.npy", berg_dir=tmp_path / "models")
    assert result.status == 4 and "expected 63 channels x 139 times as in the metadata, found 8820" in result.message
    shutil.rmtree(tmp_path / "models")
    assert not list(tmp_path.iterdir())
