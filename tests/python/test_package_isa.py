"""The instruction set that a model computes with, from Python."""

import pickle
import platform

import numpy as np
import pytest

from berg.core.exceptions import InvalidParameterError, ResourceError

V1 = {"roi": ["V1"]}


@pytest.fixture(scope="module")
def portable(load):
    return load(V1, isa="portable")


def test_the_one_in_use_is_named(load, portable):
    assert portable.isa == "portable"
    model = load(V1)
    assert model.isa not in ("auto", "")
    model.cleanup()
    assert model.isa == "auto"


def test_sets_agree(berg, load, portable, images):
    responses = berg.encode(portable, images, show_progress=False)
    widest = berg.encode(load(V1), images, show_progress=False)
    assert np.abs(responses - widest).max() <= 2e-5 * np.abs(widest).max()


def test_a_copy_computes_the_same(berg, portable, images):
    copy = pickle.loads(pickle.dumps(portable))
    assert copy.isa == "portable"
    expected = berg.encode(portable, images[:1], show_progress=False)
    assert np.array_equal(berg.encode(copy, images[:1], show_progress=False), expected)


@pytest.mark.parametrize(
    "isa, error",
    [("neon_dot" if platform.machine() == "x86_64" else "amx", ResourceError), ("sse9", InvalidParameterError), (None, InvalidParameterError), (3, InvalidParameterError)],
)
def test_what_is_not_there(load, isa, error):
    with pytest.raises(error):
        load(V1, isa=isa)
