"""Files as the real libraries write them: torch.save, NumPy 2's np.save, pickles of every protocol."""
import pickle

import numpy as np
import pytest
import torch

import make_subject
import upstream
import vit_oracle as oracle
from synthetic_images import synthetic_images
from write_state_dict import legacy_names


@pytest.fixture(scope="module")
def images():
    return synthetic_images(3, seed=31, height=256, width=256)


@pytest.fixture(scope="module")
def expected(library, small_berg_dir, images):
    return library("features", images, berg_dir=small_berg_dir, backbone=make_subject.BACKBONE)


@pytest.fixture(scope="module")
def state(backbone):
    return upstream.network(backbone).state_dict()


def shared(state):
    """Every tensor a transposed view with an offset, all within one storage."""
    storage = torch.zeros(sum(tensor.numel() for tensor in state.values()) + 3)
    views, first = {}, 3
    for name, tensor in state.items():
        piece = storage[first:first + tensor.numel()]
        turned = tensor.permute(*reversed(range(tensor.dim())))
        piece.copy_(turned.reshape(-1))
        views[name] = piece.view(turned.shape).permute(*reversed(range(tensor.dim())))
        first += tensor.numel()
    return views


def half_parameters(state):
    """Some of the tensors as nn.Parameter, with and without gradients."""
    return {name: torch.nn.Parameter(tensor, requires_grad=bool(index % 2)) if index % 3 else tensor
            for index, (name, tensor) in enumerate(state.items())}


FORMS = {
    "state_dict": lambda state: state,
    "plain dict": dict,
    "legacy names": legacy_names,
    "half as parameters": half_parameters,
    "one storage": shared,
}


@pytest.mark.parametrize("form", FORMS)
def test_checkpoints_of_torch(library, small_berg_dir, state, images, expected, tmp_path, form):
    path = tmp_path / "vit.pth"
    torch.save(FORMS[form](state), path)
    features = library("features", images, berg_dir=small_berg_dir, backbone=path)
    assert features.tobytes() == expected.tobytes()


def save_with_protocol(path, value, protocol):
    """np.save of a dict, with a pickle protocol that NumPy would not choose itself."""
    array = np.array(value, dtype=object)
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
        pickle.dump(array, file, protocol=protocol)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_pickles_of_each_protocol(library, images, tmp_path, protocol):
    weights, metadata = make_subject.make_subject(tmp_path, 1, voxels=120, components=4)
    expected = library("responses", images, berg_dir=tmp_path, backbone=make_subject.BACKBONE)
    folder = tmp_path / oracle.MODEL_FOLDER
    save_with_protocol(folder / "encoding_models_weights" / "weights_sub-01.npy", weights, protocol)
    save_with_protocol(folder / "metadata" / "metadata_sub-01.npy", metadata, protocol)
    again = library("responses", images, berg_dir=tmp_path, backbone=make_subject.BACKBONE,
                    rois=["V1", "lLOC"])
    columns = np.concatenate([metadata["roi"]["V1"], metadata["roi"]["lLOC"]])
    assert again.tobytes() == expected[:, columns].tobytes()
