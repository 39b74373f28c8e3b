"""Simulated data as pandas reads them: the calls that THINGS-fMRI1's own notebooks make."""
import subprocess

import h5py
import numpy as np
import pandas as pd
import pytest

VOXELS, TRIALS = 400, 20 * 3 + 10 * 3


@pytest.fixture(scope="module", params=["f64", "f32"])
def folder(request, berg_program, tmp_path_factory):
    folder = tmp_path_factory.mktemp("raw") / request.param
    subprocess.run([berg_program, "simulate", folder, "-q", "--voxels", str(VOXELS), "--concepts", "20",
                    "--images-per-concept", "3", "--test-images", "10", "--sessions", "3", "--image-size", "32",
                    "--dtype", request.param], check=True, timeout=600)
    return folder / "betas_csv"


def test_responses(folder):
    table = pd.read_hdf(folder / "sub-01_ResponseData.h5")  # the only key needs no name
    assert table.shape == (VOXELS, TRIALS + 1)
    assert list(table.columns) == ["voxel_id", *range(TRIALS)] and (table.index == np.arange(VOXELS)).all()
    assert table["voxel_id"].dtype == np.int64 and (table["voxel_id"] == np.arange(VOXELS)).all()
    with h5py.File(folder / "sub-01_ResponseData.h5") as file:
        values = file["ResponseData/block0_values"][:]
    assert table[0].dtype == values.dtype and (table.drop(columns="voxel_id").to_numpy() == values).all()


def attributes(node):
    return {name: (None if isinstance(value, h5py.Empty) else value) for name, value in node.attrs.items()}


@pytest.mark.filterwarnings("ignore")  # that PyTables will pickle the names of columns
def test_file_is_as_pandas_writes_it(folder, tmp_path):
    """The same objects, types, shapes and attributes as to_hdf gives the same table."""
    table = pd.read_hdf(folder / "sub-01_ResponseData.h5", key="ResponseData")
    table = pd.DataFrame(table.drop(columns="voxel_id").to_numpy(), columns=range(TRIALS))
    table.insert(0, "voxel_id", np.arange(VOXELS))
    table.to_hdf(tmp_path / "pandas.h5", key="ResponseData")
    differences = []
    with h5py.File(folder / "sub-01_ResponseData.h5") as ours, h5py.File(tmp_path / "pandas.h5") as theirs:
        def compare(name, node):
            mine = ours[name]
            # written by some versions of pandas and not by others
            expected = {key: value for key, value in attributes(node).items() if key not in ("nan_rep", "pandas_version")}
            found = {key: value for key, value in attributes(mine).items() if key != "pandas_version"}
            if found != expected:
                differences.append((name, found, expected))
            if isinstance(node, h5py.Dataset):
                assert (mine.shape, mine.dtype, mine.maxshape) == (node.shape, node.dtype, node.maxshape), name
                if "items" not in name and name != "ResponseData/axis0":
                    assert (mine[...] == node[...]).all(), name
        compare("/", theirs)
        theirs.visititems(compare)
        assert set(ours["ResponseData"]) == set(theirs["ResponseData"])
    assert not differences
    pd.testing.assert_frame_equal(pd.read_hdf(tmp_path / "pandas.h5"), pd.read_hdf(folder / "sub-01_ResponseData.h5"))


@pytest.mark.filterwarnings("ignore")  # that float_precision will go
def test_tables(folder):
    voxels = pd.read_csv(folder / "sub-01_VoxelMetadata.csv", float_precision="round_trip")
    assert voxels.shape == (VOXELS, 222) and "glasser-p9-\n46v" in voxels and voxels["V1"].isin([0, 1]).all()
    assert voxels["voxel_id"].dtype == np.int64 and voxels["nc_testset"].between(0, 100).all()
    # numbers survive being written again: no digit is missing
    again = pd.read_csv(pd.io.common.StringIO(voxels.to_csv(index=False)), float_precision="round_trip")
    assert again.equals(voxels)
    trials = pd.read_csv(folder / "sub-01_StimulusMetadata.csv")
    assert list(trials.columns) == ["trial_type", "session", "run", "subject_id", "trial_id", "stimulus", "concept"]
    assert len(trials) == TRIALS and (trials.groupby("stimulus").size().value_counts().to_dict() == {1: 60, 3: 10})
