"""The package in the workers of joblib, Dask and submitit: models go there by their paths, the bytes are those of one process."""
import os
import pickle
import sys

import numpy as np
import pytest

from program import MODEL

BLOCKS = 3


@pytest.fixture(scope="module")
def model(build_dir, small_berg_dir, backbone_files):
    """Loaded; PYTHONPATH leads the workers to the package."""
    packages = str(build_dir / "python")
    sys.path.insert(0, packages)
    os.environ["PYTHONPATH"] = os.pathsep.join([packages, *filter(None, [os.environ.get("PYTHONPATH")])])
    from berg import BERG
    return BERG(berg_dir=str(small_berg_dir)).get_encoding_model(MODEL, subject=1, backbone=str(backbone_files["safetensors"]),
                                                                 selection={"roi": ["V1"]}, threads=1)


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(4).integers(0, 256, (2 * BLOCKS, 3, 64, 64), np.uint8)


@pytest.fixture(scope="module")
def expected(model, images):
    return model.generate_response(images, show_progress=False).tobytes()


def joined(parts):
    return np.concatenate(list(parts)).tobytes()


def encode(model, images):
    return model.generate_response(images, show_progress=False)


def test_joblib(model, images, expected):
    import joblib
    blocks = np.split(images, BLOCKS)
    for backend in ("loky", "multiprocessing", "threading"):
        parts = joblib.Parallel(n_jobs=2, backend=backend)(joblib.delayed(model.generate_response)(block, False) for block in blocks)
        assert joined(parts) == expected, backend


def test_dask(model, images, expected):
    from dask.distributed import Client, LocalCluster
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster, Client(cluster) as client:
        there = client.scatter(model, broadcast=True)  # once a worker
        parts = client.gather([client.submit(type(model).generate_response, there, block, False) for block in np.split(images, BLOCKS)])
        assert joined(parts) == expected
        missing = client.submit(lambda sent: pickle.loads(sent), pickle.dumps(model).replace(b"berg-dir", b"bergless"))
        with pytest.raises(Exception, match="bergless.*No such file") as caught:
            missing.result()
        assert type(caught.value).__name__ == "ModelLoadError"


@pytest.mark.parametrize("where", ["local", "slurm"])
def test_submitit(model, images, expected, slurm, tmp_path, monkeypatch, where):
    import submitit
    for name, value in slurm.environment.items():
        monkeypatch.setenv(name, value)
    executor = submitit.AutoExecutor(folder=tmp_path / "logs", cluster=where)
    executor.update_parameters(timeout_min=5, cpus_per_task=1, **({"slurm_array_parallelism": 2} if where == "slurm" else {}))
    jobs = executor.map_array(model.generate_response, np.split(images, BLOCKS), [False] * BLOCKS)
    assert joined(job.result() for job in jobs) == expected
