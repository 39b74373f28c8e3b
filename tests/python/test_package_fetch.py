"""berg.fetch against a server on loopback."""

import hashlib
import random

import pytest

import berg
from berg.core.exceptions import BERGError, InvalidParameterError
from breaking_server import Server

FOLDER = "encoding_models/modality-fmri/train_dataset-things_fmri_1/model-vit_b_32"
WEIGHTS, METADATA = f"{FOLDER}/encoding_models_weights/weights_sub-01.npy", f"{FOLDER}/metadata/metadata_sub-01.npy"
QUIET = {"show_progress": False, "retry_wait": 0}


@pytest.fixture
def server():
    server = Server()
    server.put(WEIGHTS, random.Random(1).randbytes(300_000))
    server.put(METADATA, b"metadata")
    yield server
    server.close()


def test_files_come_and_are_told(server, model_id, tmp_path):
    plan = berg.fetch(model_id, 1, berg_dir=tmp_path / "models", url=server.url, dry_run=True)
    assert plan["to_fetch_bytes"] == 300_008 and not (tmp_path / "models").exists()
    report = berg.fetch(model_id, [1], berg_dir=tmp_path / "models", url=server.url, **QUIET)
    for file in report["files"]:
        with open(file["path"], "rb") as opened:
            assert file["sha256"] == hashlib.sha256(opened.read()).hexdigest()
        assert file["state"] == "fetched"
    assert (tmp_path / "models" / WEIGHTS).read_bytes() == server.files[WEIGHTS].data
    again = berg.fetch(model_id, 1, berg_dir=tmp_path / "models", url=server.url)
    assert [file["state"] for file in again["files"]] == ["there", "there"]


def test_metadata_alone(server, model_id, tmp_path):
    assert len(berg.fetch(model_id, 1, berg_dir=tmp_path, url=server.url, metadata=True, **QUIET)["files"]) == 1
    assert not (tmp_path / WEIGHTS).exists()


def test_failures_are_exceptions(server, model_id, tmp_path):
    with pytest.raises(InvalidParameterError, match="which one"):
        berg.fetch(model_id, berg_dir=tmp_path)
    with pytest.raises(InvalidParameterError, match="this model has none"):
        berg.fetch(model_id, 1, berg_dir=tmp_path, url=server.url, train_splits="single")
    with pytest.raises(BERGError, match="not among what the server lists"):
        berg.fetch(model_id, 2, berg_dir=tmp_path, url=server.url, **QUIET)
    with pytest.raises(BERGError, match="cannot be reached"):
        berg.fetch(model_id, 1, berg_dir=tmp_path, url="http://127.0.0.1:1", **QUIET)
    (tmp_path / METADATA).parent.mkdir(parents=True)
    (tmp_path / METADATA).write_bytes(b"my own")
    with pytest.raises(FileExistsError):
        berg.fetch(model_id, 1, berg_dir=tmp_path, url=server.url, **QUIET)
    berg.fetch(model_id, 1, berg_dir=tmp_path, url=server.url, force=True, **QUIET)
    assert (tmp_path / METADATA).read_bytes() == b"metadata"
