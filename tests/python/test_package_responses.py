"""Responses as Python gives them: type, shape, columns, where they go. Their values are for tests/oracle."""

import sys

import numpy as np
import pytest

from berg.core.exceptions import InvalidParameterError


def test_type_and_shape(whole, images):
    assert whole.dtype == np.float32 and whole.shape == (len(images), 600) and np.isfinite(whole).all()
    assert whole.flags.c_contiguous


def test_twice_the_same(berg, whole_model, images, whole):
    assert np.array_equal(berg.encode(whole_model, images), whole)


def test_calls_of_any_size_in_any_order_are_the_same(berg, load, images, whole):
    """The memory of a batch stays with the model, and grows; the second call packs the network."""
    with load(batch=3) as model:
        for first, end in [(0, 1), (1, 2), (0, 5), (2, 4), (3, 4)]:
            responses = berg.encode(model, images[first:end], show_progress=False)
            assert np.array_equal(responses, whole[first:end])


def test_model_makes_the_same_by_itself(whole_model, images, whole):
    assert np.array_equal(whole_model.generate_response(images, show_progress=False), whole)


@pytest.fixture(scope="session")
def roi(berg, model_id):
    return berg.get_model_metadata(model_id, subject=1)["roi"]


def one_hot(*voxels):
    index = np.zeros(600, np.int64)
    index[list(voxels)] = 1
    return index


def test_columns_are_slices_of_the_whole(berg, load, images, whole, roi):
    images, whole = images[:1], whole[:1]
    first_half = np.arange(600) < 300
    cases = [
        (None, np.arange(600)),
        ({}, np.arange(600)),
        ({"roi": []}, np.arange(600)),
        ({"roi": ["V1"]}, roi["V1"]),
        ({"roi": ["V2", "V1"]}, np.concatenate([roi["V2"], roi["V1"]])),
        ({"roi": ["V1", "V2", "V1"]}, np.concatenate([roi["V1"], roi["V2"], roi["V1"]])),
        ({"voxel_index": first_half}, np.arange(300)),
        ({"voxel_index": first_half.astype(float)}, np.arange(300)),
        ({"voxel_index": first_half.astype(int).tolist()}, np.arange(300)),
        ({"voxel_index": one_hot(599, 0, 17)}, [0, 17, 599]),
        (
            {"voxel_index": one_hot(*roi["V1"], 2), "roi": ["IT", "V1"]},
            np.concatenate([roi["IT"], roi["V1"], np.union1d(roi["V1"], 2)]),
        ),
        ({"roi": list(roi)}, np.concatenate(list(roi.values()))),
    ]
    for selection, voxels in cases:
        model = load(selection)
        assert np.array_equal(model.selected_voxels, voxels), selection
        assert np.array_equal(berg.encode(model, images, show_progress=False), whole[:, voxels]), selection


def test_min_noise_ceiling_drops_columns(berg, load, images, whole, model_id, roi):
    ceiling = berg.get_model_metadata(model_id, subject=1)["encoding_model"]["noise_ceiling_testset"]
    level = float(np.median(ceiling[roi["V1"]]))
    model = load({"roi": ["V2", "V1"]}, min_noise_ceiling=level)
    voxels = np.concatenate([roi["V2"], roi["V1"]])
    voxels = voxels[ceiling[voxels] >= level]
    assert 0 < len(voxels) and np.array_equal(model.selected_voxels, voxels)
    assert np.array_equal(berg.encode(model, images, show_progress=False), whole[:, voxels])


@pytest.mark.parametrize(
    "options",
    [{"threads": 1}, {"threads": 3}, {"batch": 1}, {"batch": 2}, {"precision": "f32"}, {"device": "cpu"}],
)
def test_options_never_change_the_numbers(berg, load, images, whole, options):
    assert np.array_equal(berg.encode(load(**options), images, show_progress=False), whole)


def test_subjects_differ(berg, load, images):
    images = images[:1]
    assert berg.encode(load(subject=2), images, show_progress=False).shape == (len(images), 640)
    assert berg.encode(load(subject=3), images, show_progress=False).shape == (len(images), 530)


class TestOut:
    def test_array_is_filled_and_returned(self, berg, whole_model, images, whole):
        out = np.full(whole.shape, np.nan, np.float32)
        assert berg.encode(whole_model, images, out=out) is out
        assert np.array_equal(out, whole)

    def test_memory_map(self, berg, whole_model, images, whole, tmp_path):
        out = np.lib.format.open_memmap(tmp_path / "map.npy", "w+", np.float32, whole.shape)
        berg.encode(whole_model, images, out=out)
        out.flush()
        assert np.array_equal(np.load(tmp_path / "map.npy"), whole)

    @pytest.mark.parametrize(
        "make",
        [
            lambda shape: np.empty(shape),
            lambda shape: np.empty(shape, ">f4"),
            lambda shape: np.empty((shape[0], shape[1] + 1), "f4"),
            lambda shape: np.empty(shape[::-1], "f4"),
            lambda shape: np.empty(shape[0] * shape[1], "f4"),
            lambda shape: np.empty(shape, "f4", order="F"),
            lambda shape: np.empty((shape[0], 2 * shape[1]), "f4")[:, ::2],
            lambda shape: np.broadcast_to(np.float32(0), shape),
            lambda shape: bytearray(4 * shape[0] * shape[1]),
            lambda shape: 5,
        ],
    )
    def test_what_does_not_fit(self, berg, whole_model, images, whole, make):
        with pytest.raises(InvalidParameterError, match="out: expected"):
            berg.encode(whole_model, images, out=make(whole.shape))

    @pytest.mark.parametrize("kind", [str, lambda path: path])
    def test_file(self, berg, whole_model, images, whole, tmp_path, kind):
        path = kind(tmp_path / "responses.npy")
        responses, metadata = berg.encode(whole_model, images, out=path, return_metadata=True)
        assert responses is path and metadata["fmri"]["n_voxels"] == 600
        assert np.array_equal(np.load(path), whole)

    def test_file_that_is_there(self, berg, whole_model, images, whole, tmp_path):
        path = tmp_path / "responses.npy"
        path.write_text("mine")
        with pytest.raises(FileExistsError, match="responses.npy"):
            berg.encode(whole_model, images, out=path)
        assert path.read_text() == "mine"
        berg.encode(whole_model, images, out=path, force=True)
        assert np.array_equal(np.load(path), whole)

    def test_file_that_cannot_be_written(self, berg, whole_model, images, tmp_path):
        with pytest.raises(OSError):
            berg.encode(whole_model, images, out=tmp_path / "no such folder" / "responses.npy")

    def test_file_of_another_type(self, berg, whole_model, images, tmp_path):
        with pytest.raises(Exception, match="xlsx") as caught:
            berg.encode(whole_model, images, out=tmp_path / "responses.xlsx")
        assert not isinstance(caught.value, SystemError)
        assert list(tmp_path.iterdir()) == []


class TestProgress:
    def test_bar(self, berg, load, images, tqdm):
        berg.encode(load({"roi": ["V1"]}, batch=2), images)
        (bar,) = tqdm
        assert bar.desc == "Encoding fMRI responses" and bar.total == bar.n == len(images) and bar.closed
        assert bar.postfix[-1] == {"Encoded images": len(images), "Total images": len(images)}
        assert len(bar.postfix) >= 3

    def test_none_when_not_wanted(self, berg, whole_model, images, tqdm):
        berg.encode(whole_model, images, show_progress=False)
        assert tqdm == []

    def test_none_without_tqdm(self, berg, whole_model, images, whole, monkeypatch):
        monkeypatch.setitem(sys.modules, "tqdm.auto", None)
        assert np.array_equal(berg.encode(whole_model, images, show_progress=True), whole)

    def test_an_exception_in_the_bar_stops_the_encode(self, berg, load, images, tqdm, monkeypatch):
        model = load({"roi": ["V1"]}, batch=1)

        def fail(self, step):
            raise ZeroDivisionError("bar")

        monkeypatch.setattr(sys.modules["tqdm.auto"].tqdm, "update", fail)
        with pytest.raises(ZeroDivisionError, match="bar"):
            berg.encode(model, images)
        assert tqdm[0].closed and len(tqdm[0].postfix) == 1, "cancelled at the first batch"
        assert berg.encode(model, images, show_progress=False).shape[0] == len(images)
