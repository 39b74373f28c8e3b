"""Several models in one pass: each one's own form and bits."""

import threading

import numpy as np
import pytest

import berg as package
from berg import BERG, encode_many
from berg.core.exceptions import InvalidParameterError, ModelLoadError, StimulusError
from sibling_models import MODELS


def same(ours, theirs):
    if isinstance(theirs, tuple):
        return isinstance(ours, tuple) and all(map(np.array_equal, ours, theirs))
    return isinstance(ours, np.ndarray) and np.array_equal(ours, theirs)


@pytest.fixture
def five(load, load_sibling):
    """The five models, some with a selection."""
    return [
        load({"roi": ["V2", "V1"]}),
        load_sibling("nsd", {"roi": ["V1v", "FBA-2"]}),
        load_sibling("eeg", {"channels": ["Oz", "Cz", "Oz"]}),
        load_sibling("meg", train_splits="single"),
        load_sibling("tvsd", {"roi": ["V4"]}),
    ]


def test_bits_are_those_of_each_alone(five, squares):
    squares = squares[:2]
    alone = [model.generate_response(squares, show_progress=False) for model in five]
    together = encode_many(five, squares, show_progress=False)
    assert isinstance(together, list) and len(together) == 5
    assert all(map(same, together, alone))
    assert all(map(same, encode_many(five[::-1], squares, show_progress=False), alone[::-1]))


def test_whole_models(load_sibling, sibling_wholes, squares):
    models = [load_sibling(key) for key in MODELS]
    assert all(map(same, encode_many(models, squares, show_progress=False), sibling_wholes.values()))


def test_subjects_of_one_data_set(berg, load, images, whole):
    models = [load(subject=subject) for subject in (1, 2, 3)]
    first, second, third = berg.encode_many(models, images, show_progress=False)
    assert np.array_equal(first, whole) and (second.shape[1], third.shape[1]) == (640, 530)
    assert np.array_equal(third, berg.encode(models[2], images, show_progress=False))


def test_one_model_and_none_selected(load_sibling, squares):
    with load_sibling("tvsd", {"roi": []}) as none, load_sibling("eeg", {"channels": []}) as no_channel:
        first, second = encode_many([none, no_channel], squares)
        assert first.shape == (3, 0, 300) and second.shape == (3, 4, 0, 140)
        (only,) = encode_many((none,), squares)
        assert only.shape == (3, 0, 300)


def test_entry_points():
    assert "encode_many" in package.__all__ and callable(BERG("/nowhere").encode_many)


def test_progress_counts_images_once(five, squares, tqdm):
    encode_many(five, squares)
    (bar,) = tqdm
    assert bar.total == bar.n == len(squares) and bar.closed and "5 models" in bar.desc
    encode_many(five, squares, show_progress=False)
    assert len(tqdm) == 1


def test_models_that_do_not_fit(load, load_sibling, backbone_files, squares, tmp_path):
    model = load({"roi": ["V1"]})
    for bad, found in (
        ([], "found none"),
        ([model, model], "place 1"),
        ([model, "model"], "found str in place 1"),
        ([None], "found NoneType"),
    ):
        with pytest.raises(InvalidParameterError, match=f"models: expected .*{found}"):
            encode_many(bad, squares)
    other = load_sibling("eeg", {"channels": ["Oz"]}, backbone="random:2")
    with pytest.raises(InvalidParameterError, match="backbone"):
        encode_many([model, other], squares)
    with pytest.raises(StimulusError):
        encode_many([model], squares.astype(float))
    other.cleanup()
    with pytest.raises(ModelLoadError, match="not loaded"):
        encode_many([model, other], squares)
    assert not model.model.busy  # every one is free again
    model.generate_response(squares, show_progress=False)


def test_locks_are_taken_in_one_order(load, load_sibling, squares):
    """Else two threads with the same models in another order would wait for each other."""
    models, squares = [load({"roi": ["V1"]}), load_sibling("eeg", {"channels": ["Oz"]})], squares[:1]
    taken = []

    class Lock:
        was_elsewhere = False

        def __init__(self, name):
            self.name = name

        def __enter__(self):
            taken.append(self.name)

        def __exit__(self, *_):
            pass

    for name, model in enumerate(models):
        model._lock = Lock(name)
    encode_many(models, squares, show_progress=False)
    encode_many(models[::-1], squares, show_progress=False)
    assert sorted(taken[:2]) == [0, 1] and taken[:2] == taken[2:]


def test_threads_with_the_same_models_take_turns(load, load_sibling, squares):
    models, squares = [load({"roi": ["V1"]}), load_sibling("eeg", {"channels": ["Oz"]})], squares[:2]
    alone = encode_many(models, squares, show_progress=False)
    results = [None] * 6

    def work(i):
        order = models if i % 2 else models[::-1]
        found = encode_many(order, squares, show_progress=False)
        results[i] = found if i % 2 else found[::-1]

    threads = [threading.Thread(target=work, args=(i,), daemon=True) for i in range(len(results))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(all(map(same, result, alone)) for result in results)
