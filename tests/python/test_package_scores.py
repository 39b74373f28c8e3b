"""ScoreStore, merge, and stores where other calls take images or rows."""
import pathlib
import shutil
import subprocess

import numpy as np
import pytest

import berg
import scores
from berg.core.exceptions import BERGError, IncompleteError, InvalidParameterError, StimulusError

MODEL = "fmri-things_fmri_1-vit_b_32"
IMAGES = 30


@pytest.fixture(scope="module")
def store(build_dir, small_berg_dir, tmp_path_factory):
    path = scores.make_store(build_dir, tmp_path_factory.mktemp("scores") / "store", small_berg_dir, "1,2", IMAGES)
    return berg.ScoreStore(path)


@pytest.fixture(scope="module")
def models(small_berg_dir):
    return [berg.BERG(small_berg_dir).get_encoding_model(MODEL, subject=subject, scores_only=True) for subject in (1, 2)]


def test_a_store_is_images_to_several_models_too(store, models):
    alone = [model.generate_response(store, show_progress=False) for model in models]
    together = berg.encode_many(models, store, show_progress=False)
    assert all(map(np.array_equal, together, alone)) and together[0].shape[0] == IMAGES


def test_a_header_behind_the_store(store, tmp_path):
    """A run was killed between store.json, which counts, and the array's header."""
    copy = pathlib.Path(shutil.copytree(store.path, tmp_path / "copy"))
    file = next(copy.glob("scores_*01.npy"))
    file.write_bytes(file.read_bytes().replace(f"({IMAGES}, ".encode(), b"(7,  ", 1))
    assert len(np.load(file)) == 7
    late = berg.ScoreStore(copy)
    np.testing.assert_array_equal(late.scores(subject=1), store.scores(subject=1))


def test_one_store_is_merged_as_a_list_of_it(store, tmp_path):
    for given in (store, store.path, pathlib.Path(store.path), [store]):
        shutil.rmtree(tmp_path / "all", ignore_errors=True)
        assert len(berg.merge(tmp_path / "all", given, show_progress=False)) == IMAGES
    with pytest.raises(InvalidParameterError, match="expected a ScoreStore or the path of one, found NoneType"):
        berg.merge(tmp_path / "none", [None])


def test_outputs_made_in_shards_are_merged(berg_program, small_berg_dir, backbone_files, images, tmp_path):
    np.save(tmp_path / "images.npy", images)
    command = [berg_program, "encode", "fmri-things_fmri_1-vit_b_32", "--subject", "1", "--roi", "V1", "--berg-dir", small_berg_dir, "--backbone",
               backbone_files["safetensors"], tmp_path / "images.npy", "-q", "-o"]
    subprocess.run([*command, tmp_path / "one.npy"], check=True)
    parts = [tmp_path / f"part-{i}.npy" for i in (1, 2)]
    for i, part in enumerate(parts):
        subprocess.run([*command, part, "--shard", f"{i + 1}/2"], check=True)
    with pytest.raises(IncompleteError, match="run again: --array=2") as told:
        berg.merge(tmp_path / "all.npy", parts[:1], show_progress=False)
    assert told.value.report["missing"] == [2] and told.value.report["array"] == "2"
    assert berg.merge(tmp_path / "all.npy", parts, check=True) is None and not (tmp_path / "all.npy").exists()
    assert berg.merge(tmp_path / "all.npy", parts) == [str(tmp_path / "all.npy")]
    assert (tmp_path / "all.npy").read_bytes() == (tmp_path / "one.npy").read_bytes()
    with pytest.raises(FileExistsError):
        berg.merge(tmp_path / "all.npy", parts)


def test_a_store_cannot_be_scored(store, models, tmp_path):
    with pytest.raises(StimulusError, match="have scores already"):
        berg.score(models, store, tmp_path / "again")
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize("images", [[1.5, 2.0], [-1, 2], [True, False, True], np.ones((2, 2), int), [None]], ids=str)
def test_rows_that_are_none(store, small_berg_dir, images):
    asked = [lambda: berg.rank(store, "V1", berg_dir=small_berg_dir, images=images),
             lambda: berg.contrast(store, {"a": images, "b": [3, 4]}, berg_dir=small_berg_dir, subject=1),
             lambda: berg.rsm(store, "V1", berg_dir=small_berg_dir, subject=1, images=images)]
    for ask in asked:
        with pytest.raises(InvalidParameterError, match="expected names, or rows from 0"):
            ask()


def test_a_path_asks_as_the_store_does(store, small_berg_dir, tmp_path):
    listed = scores.write_list(tmp_path / "l.txt", range(4, 9))
    one, other = (berg.rank(given, "V1", berg_dir=small_berg_dir, images=listed) for given in (store, store.path))
    assert one == other and one["images"] == 5
    np.testing.assert_array_equal(berg.rsm(store, "V1", berg_dir=small_berg_dir, subject=1, images=listed),
                                  berg.rsm(store.path, "V1", berg_dir=small_berg_dir, subject=1, images=range(4, 9)))
    for wrong in (None, 3):
        with pytest.raises(InvalidParameterError, match="expected a ScoreStore or the path of one"):
            berg.rank(wrong, "V1", berg_dir=small_berg_dir)
        with pytest.raises(InvalidParameterError, match="expected a ScoreStore or the path of one"):
            berg.control(wrong, ["V1", "V2"], berg_dir=small_berg_dir)
    with pytest.raises(InvalidParameterError, match="groups: expected a dict"):
        berg.contrast(store, [[1, 2], [3, 4]], berg_dir=small_berg_dir, subject=1)
    with pytest.raises(InvalidParameterError, match="regions: expected a list of two or more"):
        berg.control(store, "V1", berg_dir=small_berg_dir)
    with pytest.raises(BERGError):
        berg.rank(tmp_path, "V1", berg_dir=small_berg_dir)
