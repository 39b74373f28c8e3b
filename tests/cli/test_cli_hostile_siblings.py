"""Files of the sibling models whose parts contradict each other or count to absurd numbers: one line, status 4, nothing written."""
import resource
import shutil

import numpy as np
import pytest

from make_siblings import make_sibling, write
from program import MODEL_FOLDER
from sibling_models import MODELS

# No file here comes near; a list of 2^40 electrodes would.
MEMORY = 16 << 30


@pytest.fixture(scope="module")
def siblings_of(tmp_path_factory):
    """siblings_of(key): a berg directory of this model alone, its weights and metadata."""
    made = {}

    def make(key):
        if key not in made:
            folder = tmp_path_factory.mktemp(key)
            made[key] = (folder, *make_sibling(folder, key, class_tokens=True, components=2, accuracy=False, splits=["all"]))
        return made[key]
    return make


@pytest.fixture
def refused(siblings_of, encode_with, photos, tmp_path):
    """refused(key, part, edit, *options): the message of encoding with "weights" or "metadata" edited."""
    def check(key, part, edit, *options):
        folder, model = tmp_path / "models", MODELS[key]
        shutil.copytree(siblings_of(key)[0], folder)
        path = {"weights": model.weights_path, "metadata": model.metadata_path}[part](folder, model.subjects[0])
        value = np.load(path, allow_pickle=True).item()
        edit(value)
        write(path, value)
        result = encode_with(key, photos, *options, "-o", tmp_path / "x.npy", berg_dir=folder,
                             preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY)))
        assert result.status == 4, result.err
        assert result.message.startswith(str(folder)) and len(result.lines) == 1
        assert [path.name for path in tmp_path.iterdir()] == ["models"]
        return result.message
    return check


@pytest.mark.parametrize("number", [1e300, -1, 0, 0.5, 1024.5, float("nan"), float("inf"), 2 ** 62, "many"])
def test_numbers_that_count_no_electrodes(refused, number):
    message = refused("tvsd", "metadata", lambda metadata: metadata["utah_array"].update(n_electrodes=number))
    assert "utah_array.n_electrodes: does not count units: expected a number of electrodes" in message


@pytest.mark.parametrize("number", [1023, 2 ** 24])
def test_another_number_of_electrodes(refused, number):
    message = refused("tvsd", "metadata", lambda metadata: metadata["utah_array"].update(n_electrodes=number))
    assert "utah_array.n_electrodes" in message if number > 2 ** 20 else f"expected {number} electrodes x 300 times" in message


def test_electrodes_without_size(refused):
    """An array of no elements may have as many rows as it likes."""
    message = refused("tvsd", "metadata", lambda metadata: metadata["utah_array"].update(n_electrodes=np.zeros((2 ** 40, 0))))
    assert "utah_array.n_electrodes" in message


@pytest.mark.parametrize("times", [np.zeros(0), np.zeros((300, 1)), np.array(3.0), np.array(["0.1"] * 300)])
def test_times_that_are_none(refused, times):
    message = refused("tvsd", "metadata", lambda metadata: metadata["utah_array"].update(times=times))
    assert "utah_array.times: not times: expected numbers (times,)" in message


@pytest.mark.parametrize("names", [[0, 1, 2], ["V1", 4, "IT"], ["V1", ["V4"], "IT"]])
def test_areas_that_have_no_names(refused, names):
    message = refused("tvsd", "metadata", lambda metadata: metadata["roi"].update(roi_labels=names), "--roi", "V4")
    assert "roi.roi_labels" in message


@pytest.mark.parametrize("areas", [np.array(1), np.zeros(1023, np.int64), np.array(["V1"] * 1024)])
def test_areas_of_other_electrodes(refused, areas):
    message = refused("tvsd", "metadata", lambda metadata: metadata["roi"].update(roi_assignments=areas), "--roi", "V4")
    assert "roi.roi_assignments: does not fit the electrodes" in message


@pytest.mark.parametrize("names", [[1] * 63, [b"Oz"] * 63, ["Oz", 3]])
def test_channels_without_names(refused, names):
    refused("eeg", "metadata", lambda metadata: metadata["eeg"].update(ch_names=names))


@pytest.mark.parametrize("length", [270, 300])
@pytest.mark.parametrize("option, key", [("--region", "sensor_regions"), ("--sensors", "sensor_prefixes")])
def test_a_name_too_many_or_too_few(refused, length, option, key):
    """The last name of all is asked for, which with 300 would be that of a sensor that is not there."""
    names = np.array([f"X{i}" for i in range(length)])
    message = refused("meg", "metadata", lambda metadata: metadata["sensors"].update({key: names}), option, names[-1])
    assert f"sensors.{key}: expected one for each of 271 sensors, found {length} names" in message


@pytest.mark.parametrize("form, gone", [("reg_param", 2), ("reg_param", 1), ("pca_param", 3)])
def test_a_repetition_that_is_missing(refused, form, gone):
    message = refused("eeg", "weights", lambda weights: weights[form].pop(f"rep-{gone}"))
    assert f"{form}.rep-{gone}" in message


def test_repetitions_of_other_sizes(refused):
    def edit(weights):
        weights["pca_param"]["rep-2"]["components_"] = weights["pca_param"]["rep-2"]["components_"][:1]
    assert "reg_param.rep-2.coef_: does not fit" in refused("eeg", "weights", edit)


def test_coordinates_that_are_a_list_of_text(berg, small_berg_dir, photos, tmp_path):
    shutil.copytree(small_berg_dir / MODEL_FOLDER, tmp_path / "models" / MODEL_FOLDER)
    path = tmp_path / "models" / MODEL_FOLDER / "metadata" / "metadata_sub-01.npy"
    value = np.load(path, allow_pickle=True).item()
    value["fmri"]["voxel_coords"] = ["1 2 3"] * 600
    np.save(path, value)
    for command in (["encode", "--backbone", "random:1", photos, "-o", tmp_path / "x.npy"], ["metadata"]):
        result = berg(command[0], "fmri-things_fmri_1-vit_b_32", "--subject", 1, *command[1:], "--berg-dir", tmp_path / "models")
        assert result.status == 4
        assert "fmri.voxel_coords: not voxel coordinates: expected whole numbers (voxels, 3), found a list of text" in result.message
