"""Evoked files as MNE-Python reads and draws them, without a warning that matters."""
import json
import os
import pathlib
import subprocess
import warnings

import mne
import numpy as np
import pytest

from make_siblings import make_sibling
from sibling_models import MODELS

ROOT = pathlib.Path(__file__).parents[2]
BUILD = pathlib.Path(os.environ.get("BERG_BUILD", pathlib.Path(__file__).parents[2] / "build")).resolve()
EEG, MEG = ["Oz", "Cz", "Fp1", "Fp2", "P3", "P4", "O1", "O2"], ["MLC11-1609", "MLC12-1609", "MRO21-1609", "MZF01-1609"]


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@pytest.fixture(autouse=True)
def no_windows():
    import matplotlib
    matplotlib.use("Agg")
    yield
    import matplotlib.pyplot
    matplotlib.pyplot.close("all")


def evokeds(path, kind, first, rate, times, channels, names):
    command = [BUILD / "tests" / "write_evoked", path, kind, str(first), str(rate), str(times), *channels, "--", *names]
    subprocess.run(command, check=True)
    return mne.read_evokeds(path)


def expected(s, channels, times):
    c, t = np.meshgrid(np.arange(channels), np.arange(times), indexing="ij")
    return s + c / 64 + t / 4096


@pytest.mark.parametrize("kind, channels, times, shown_as", [("eeg", EEG, 140, "eeg"), ("meg", MEG, 281, "mag")])
def test_values_names_and_times(tmp_path, kind, channels, times, shown_as):
    names = ["a.jpg", "dog\u2019s & <b> &amp; \U0001f408.jpg", "Stra\u00dfe"]
    found = evokeds(tmp_path / "x-ave.fif", kind, -0.1, 200, times, channels, names)
    assert [evoked.comment for evoked in found] == names
    for s, evoked in enumerate(found):
        assert evoked.ch_names == channels and evoked.get_channel_types() == [shown_as] * len(channels)
        assert np.array_equal(evoked.data, expected(s, len(channels), times))
        assert np.allclose(evoked.times, (np.arange(times) - 20) / 200, rtol=0, atol=1e-12)
        assert evoked.info["sfreq"] == 200 and evoked.nave == 1 and evoked.kind == "average" and evoked.baseline is None
        assert evoked.info["meas_date"] is None and evoked.info["description"].endswith(", numbers")
    assert mne.read_evokeds(tmp_path / "x-ave.fif", condition="a.jpg").comment == "a.jpg"


@pytest.mark.parametrize("key, options, per_image", [("eeg", ["--channels", "Oz,O1,Cz"], 4), ("meg", ["--region", "Occipital"], 1)])
def test_what_encode_writes(tmp_path, key, options, per_image):
    """The program's file beside its own .npy and sidecar: values, names, times, an Evoked for each image and repetition."""
    model = MODELS[key]
    make_sibling(tmp_path, key, class_tokens=True, components=2, accuracy=False, splits=["all"] if key == "meg" else None)
    for output in ("a-ave.fif", "a.npy"):
        subprocess.run([BUILD / "berg", "encode", model.model_id, "--berg-dir", tmp_path, "--subject", "1", "--backbone", "random:1",
                        *options, ROOT / "examples/images", "-o", tmp_path / output, "--force"], check=True)
    whole, sidecar = np.load(tmp_path / "a.npy"), json.loads((tmp_path / "a.json").read_text())
    axes = {axis["Name"]: axis for axis in sidecar["Columns"]["Axes"]}
    images = [file["Path"] for file in sidecar["Images"]["Files"]]
    found = mne.read_evokeds(tmp_path / "a-ave.fif")
    assert len(found) == per_image * len(images)
    for i, evoked in enumerate(found):
        image, repetition = divmod(i, per_image)
        expected_data = whole[image, repetition] if per_image > 1 else whole[image]
        assert np.array_equal(evoked.data.astype(np.float32), expected_data)
        assert evoked.ch_names == axes["channel" if key == "eeg" else "sensor"]["Labels"]
        assert np.allclose(evoked.times, axes["time"]["Values"], rtol=0, atol=1e-12)
        assert evoked.comment == images[image] + (f" rep-{repetition + 1}" if per_image > 1 else "")


def test_long_channel_names_and_times_between_samples(tmp_path):
    channels = ["A" * 40, "A" * 15 + "b", "\u00e9" * 30, "\u732b" * 9, "x"]
    evoked, = evokeds(tmp_path / "x-ave.fif", "eeg", 0.0021, 100, 3, channels, ["a"])
    assert evoked.ch_names == channels
    assert np.allclose(evoked.times, [0.0021, 0.0121, 0.0221], rtol=0, atol=1e-9)


def test_mne_saves_and_averages_them(tmp_path):
    found = evokeds(tmp_path / "x-ave.fif", "meg", -0.1, 200, 281, MEG, ["a", "b"])
    mne.write_evokeds(tmp_path / "y-ave.fif", found)
    again = mne.read_evokeds(tmp_path / "y-ave.fif")
    assert all(np.array_equal(a.data, b.data) and a.comment == b.comment for a, b in zip(found, again))
    assert np.allclose(mne.combine_evoked(found, "equal").data, expected(0.5, 4, 281))


def test_eeg_takes_a_montage_and_is_drawn(tmp_path):
    evoked, = evokeds(tmp_path / "x-ave.fif", "eeg", -0.1, 200, 140, EEG, ["a"])
    # the name that MNE-Python gives this montage has changed
    name = next(name for name in ("colin27_1020", "standard_1020") if name in mne.channels.get_builtin_montages())
    evoked.set_montage(mne.channels.make_standard_montage(name))
    evoked.plot(show=False, scalings={"eeg": 1}, units={"eeg": "z"})
    evoked.plot_topomap(times=[0, 0.1], show=False, scalings=1, units="z")


def test_meg_is_drawn_by_names_alone(tmp_path):
    evoked, = evokeds(tmp_path / "x-ave.fif", "meg", -0.1, 200, 281, MEG, ["a"])
    assert set(mne.channels.find_layout(evoked.info).names) >= {name.split("-")[0] for name in MEG}
    evoked.plot(show=False, scalings={"mag": 1}, units={"mag": "z"})
    evoked.plot_topo(show=False)
