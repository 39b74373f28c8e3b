"""prepare on files that pandas itself wrote: DataFrame.to_hdf and to_csv."""
import subprocess

import h5py
import numpy as np
import pandas as pd
import pytest

import make_raw
import prepare_oracle as oracle

pytestmark = pytest.mark.filterwarnings("ignore")  # that PyTables pickles the labels of columns

RAW = {name: f"sub-01_{name}" for name in ("ResponseData.h5", "StimulusMetadata.csv", "VoxelMetadata.csv")}


def frame_of(betas):
    """As the original: a column voxel_id of integers, then one column a trial, labelled by its number."""
    return pd.concat([pd.DataFrame({"voxel_id": np.arange(len(betas))}), pd.DataFrame(betas)], axis=1)


@pytest.fixture(scope="module", params=["float64", "float32", "compressed", "floats only"])
def prepared(request, berg_program, tmp_path_factory):
    """(folder of the results, betas, rows, the two tables as pandas reads them)."""
    folder = tmp_path_factory.mktemp("raw")
    rng = np.random.default_rng(4)
    rows = make_raw.make_trials(rng, sessions=12, concepts=9, images=12, tests=10)
    columns = make_raw.make_voxels(rng, 205)
    betas = make_raw.make_betas(rng, rows, 205, np.float32 if request.param == "float32" else np.float64)
    frame = pd.DataFrame(betas) if request.param == "floats only" else frame_of(betas)
    how = {"complevel": 4, "complib": "zlib"} if request.param == "compressed" else {}
    frame.to_hdf(folder / RAW["ResponseData.h5"], key="ResponseData", mode="w", **how)
    trials = pd.DataFrame(rows)[make_raw.TRIAL_COLUMNS]
    trials.to_csv(folder / RAW["StimulusMetadata.csv"], index=False)
    voxels = pd.DataFrame(columns)
    voxels.to_csv(folder / RAW["VoxelMetadata.csv"], index=False)
    berg_dir = tmp_path_factory.mktemp("berg")
    done = subprocess.run([berg_program, "prepare", folder, "--subject", "1", "--berg-dir", berg_dir],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    trials = pd.read_csv(folder / RAW["StimulusMetadata.csv"])
    voxels = pd.read_csv(folder / RAW["VoxelMetadata.csv"], float_precision="round_trip")
    return berg_dir / oracle.PREPARED, betas, trials.to_dict("records"), {name: voxels[name].to_numpy() for name in voxels}


def test_numbers(prepared):
    folder, betas, rows, _ = prepared
    for name, expected in oracle.matrices(betas, rows).items():
        with h5py.File(folder / f"fmri_sub-01_{name}.h5") as file:
            np.testing.assert_array_equal(file["neural_data"][:], expected)


def test_metadata(prepared):
    folder, _, rows, columns = prepared
    found = np.load(folder / "fmri_sub-01_metadata.npy", allow_pickle=True).item()
    oracle.assert_same_metadata(found, oracle.metadata(rows, columns, 1))


def blocks(file):
    """The blocks' values by the letter of their type: releases of pandas differ in which is block0."""
    values = [file["ResponseData"][f"block{i}_values"][:] for i in range(2)]
    return {value.dtype.kind: value for value in values}


def test_pandas_writes_what_make_raw_writes(tmp_path):
    """The layout of the test files is that of the real ones, as far as it can be without PyTables."""
    betas, rows, columns = make_raw.make_raw(tmp_path)
    frame_of(betas).to_hdf(tmp_path / "pandas.h5", key="ResponseData", mode="w")
    with h5py.File(tmp_path / "pandas.h5") as theirs, h5py.File(tmp_path / RAW["ResponseData.h5"]) as ours:
        assert set(ours["ResponseData"]) == set(theirs["ResponseData"])
        for kind in "fi":
            np.testing.assert_array_equal(blocks(ours)[kind], blocks(theirs)[kind])
    table = pd.read_csv(tmp_path / RAW["VoxelMetadata.csv"])
    assert list(table) == list(columns)
    assert list(pd.read_csv(tmp_path / RAW["StimulusMetadata.csv"])["stimulus"]) == [row["stimulus"] for row in rows]
