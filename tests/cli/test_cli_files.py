"""list, describe, metadata, info and convert: golden outputs, and invalid files."""
import json
import os
import pickle
import resource
import signal

import numpy as np
import pytest

from program import MODEL, MODEL_FOLDER, tiny_metadata


@pytest.fixture
def metadata(berg, tiny_berg_dir):
    def call(*arguments, **more):
        return berg("metadata", MODEL, "--subject", "sub-01", *arguments, environment={"BERG_DIR": str(tiny_berg_dir)}, **more)
    return call


@pytest.fixture(scope="session")
def tiny_file(tiny_berg_dir):
    return tiny_berg_dir / MODEL_FOLDER / "metadata" / "metadata_sub-01.npy"


def flat(tree, prefix=""):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


def test_list(berg, golden):
    golden(berg("list").out, "list.txt")
    cards = json.loads(berg("list", "--json").out)
    assert [card["model_id"] for card in cards] == berg("list").out.split()


def test_describe(berg, golden):
    result = berg("describe", MODEL)
    assert (result.status, result.err) == (0, "")
    golden(result.out, "describe.txt")
    assert json.loads(berg("describe", MODEL, "--json").out)["model_id"] == MODEL


def test_metadata_summary(metadata, golden, tiny_berg_dir):
    result = metadata()
    assert (result.status, result.err) == (0, "")
    golden(result.out.replace(str(tiny_berg_dir), "BERG_DIR"), "metadata.txt")


def test_metadata_json(metadata, golden):
    result = metadata("--json")
    golden(result.out, "metadata.json")
    values = json.loads(result.out)
    assert values["roi"] == {"V1": [0, 2, 4], "hV4": [5, 11], "lFFA": []}
    assert values["encoding_model"]["noise_ceiling_testset"][-1] is None
    assert values["encoding_model"]["test_avg_stimuli"] == ["café.jpg", "x.jpg"]
    assert values["prf"]["prf_size"] == [1 / 3] * 12


@pytest.mark.parametrize("subject", ["1", "01", "sub-01"])
def test_each_spelling_of_a_subject(berg, tiny_berg_dir, subject):
    assert berg("metadata", MODEL, "--subject", subject, "--berg-dir", tiny_berg_dir, "--key", "fmri.n_voxels").out == "12\n"


def test_metadata_values(metadata):
    assert metadata("--key", "roi.V1").out == "0\n2\n4\n"
    assert metadata("--key", "roi.lFFA").out == ""
    assert metadata("--key", "encoding_model.test_avg_stimuli").out == "café.jpg\nx.jpg\n"
    assert metadata("--key", "fmri.voxel_coords").out.splitlines()[11] == "33 34 35"
    assert [float(text) for text in metadata("--key", "prf.prf_size").out.split()] == [1 / 3] * 12
    assert json.loads(metadata("--key", "roi.hV4", "--json").out) == [5, 11]


@pytest.mark.parametrize("key", [key for key, _ in flat(tiny_metadata())])
def test_one_entry_to_npy(metadata, tmp_path, key):
    expected = dict(flat(tiny_metadata()))[key]
    path = tmp_path / "entry.npy"
    assert metadata("--key", key, "-o", path).status == 0
    found = np.load(path)
    np.testing.assert_array_equal(found, np.asarray(expected, dtype=found.dtype))
    assert found.shape == np.shape(expected)
    assert metadata("--key", key, "-o", "-", binary=True).out == path.read_bytes()
    again = metadata("--key", key, "-o", path)
    assert again.status == 5
    assert again.message == f"{path}: already exists; use --force to replace it"
    assert metadata("--key", key, "-o", path, "--force").status == 0
    assert os.listdir(tmp_path) == ["entry.npy"]


@pytest.mark.parametrize("key, message", [
    ("roi.V2", 'no key "roi.V2", did you mean roi.V1?'),
    ("v1", 'no key "v1", did you mean roi.V1?'),
    ("hv4", 'no key "hv4", did you mean roi.hV4?'),
    ("roi.v1", 'no key "roi.v1", did you mean roi.V1?'),
    ("temperature", 'no key "temperature"; berg info names them all'),
])
def test_unknown_keys(metadata, tiny_file, key, message):
    result = metadata("--key", key)
    assert (result.status, result.out) == (2, "")
    assert result.message == f"{tiny_file}: {message}"


def test_metadata_to_a_file(metadata, tmp_path):
    assert metadata("-o", tmp_path / "all.npz").status == 0
    arrays = np.load(tmp_path / "all.npz")
    expected = dict(flat(tiny_metadata()))
    assert set(arrays.files) == set(expected)
    for key, value in expected.items():
        np.testing.assert_array_equal(arrays[key], np.asarray(value, dtype=arrays[key].dtype))
    assert metadata("-o", tmp_path / "all.json").status == 0
    assert "roi" in json.loads((tmp_path / "all.json").read_text())
    assert metadata("-o", tmp_path / "all.npz").status == 5


def test_a_subject_that_is_not_there(berg, tiny_berg_dir):
    assert berg("metadata", MODEL, "--subject", 4, "--berg-dir", tiny_berg_dir).status == 2
    result = berg("metadata", MODEL, "--subject", 2, "--berg-dir", tiny_berg_dir)
    assert result.status == 4
    assert "metadata_sub-02.npy" in result.message


def test_info_of_a_pipe_that_nobody_writes_to(berg, tmp_path):
    os.mkfifo(tmp_path / "x.npy")
    result = berg("info", tmp_path / "x.npy")
    assert result.status == 3 and "expected a regular file" in result.message


def test_info(berg, golden, tiny_file):
    result = berg("info", tiny_file)
    assert (result.status, result.err) == (0, "")
    golden(result.out.replace(str(tiny_file), "FILE"), "info.txt")
    report = json.loads(berg("info", "--json", tiny_file).out)
    assert report["path"] == str(tiny_file)
    assert [entry["name"] for entry in report["entries"]] == [key for key, _ in flat(tiny_metadata())]


@pytest.mark.parametrize("array", [np.arange(6, dtype=np.float32).reshape(2, 3), np.float64(0.1), np.array([True, False]),
                                   np.array([-128, 127], np.int8), np.array([2**63 + 1], np.uint64),
                                   np.array([-2**63], np.int64), np.array([1.5, np.inf, np.nan], np.float16)])
def test_info_of_plain_arrays(berg, tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    result = berg("info", tmp_path / "a.npy")
    assert result.status == 0, result.err
    entry, = json.loads(berg("info", "--json", tmp_path / "a.npy").out)["entries"]
    assert entry["dtype"] == array.dtype.name
    assert entry["shape"] == list(array.shape)
    values = np.where(np.isfinite(array), array, None) if array.dtype.kind == "f" else array
    assert entry["value"] == values.tolist()


def test_conversions_there_and_back(berg, tiny_file, tmp_path):
    assert berg("convert", tiny_file, tmp_path / "a.npz").status == 0
    assert berg("convert", tmp_path / "a.npz", tmp_path / "b.npy").status == 0
    back = dict(flat(np.load(tmp_path / "b.npy", allow_pickle=True).item()))
    for key, value in flat(tiny_metadata()):
        np.testing.assert_array_equal(np.asarray(back[key]), np.asarray(value, dtype=np.asarray(back[key]).dtype))
    result = berg("convert", tiny_file, tmp_path / "a.npz")
    assert result.status == 5
    assert str(tmp_path / "a.npz") in result.message
    before = (tmp_path / "a.npz").read_bytes()
    assert berg("convert", "--force", tiny_file, tmp_path / "a.npz").status == 0
    assert (tmp_path / "a.npz").read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["a.npz", "b.npy"]


@pytest.mark.parametrize("target, status", [("a.txt", 2), ("nowhere/a.npz", 5)])
def test_conversions_that_cannot_be(berg, tiny_file, tmp_path, target, status):
    result = berg("convert", tiny_file, tmp_path / target)
    assert result.status == status
    assert str(tmp_path / target) in result.message
    assert not list(tmp_path.iterdir())


def small_files():
    """In the child: a disk on which no file grows beyond 100 bytes."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


def test_a_full_disk_leaves_what_was_there(berg, tiny_file, tmp_path):
    target = tmp_path / "a.npz"
    target.write_bytes(b"the file of before")
    result = berg("convert", "--force", tiny_file, target, preexec_fn=small_files)
    assert result.status == 5
    assert str(target) in result.message
    assert target.read_bytes() == b"the file of before"
    assert os.listdir(tmp_path) == ["a.npz"]


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_a_pickle_is_never_executed(berg, tmp_path):
    np.save(tmp_path / "evil.npy", np.array(Malicious(tmp_path / "executed"), dtype=object), allow_pickle=True)
    for command in (["info", "evil.npy"], ["convert", "evil.npy", "x.npz"]):
        result = berg(*command, cwd=tmp_path)
        assert result.status == 3
        assert "evil.npy" in result.message and "system" in result.message
    assert os.listdir(tmp_path) == ["evil.npy"]
    np.load(tmp_path / "evil.npy", allow_pickle=True)
    assert (tmp_path / "executed").exists(), "the file would have done harm elsewhere"


@pytest.mark.parametrize("content", [b"", b"x", b"GIF89a" + bytes(100), b"\x93NUMPY", b"\x93NUMPY\x09\x00\x10\x00",
                                     b"PK\x03\x04" + bytes(26), bytes(8), b"\xff" * 64, pickle.dumps({"a": 1})])
def test_files_that_are_something_else(berg, tmp_path, content):
    (tmp_path / "file.npy").write_bytes(content)
    result = berg("info", tmp_path / "file.npy")
    assert (result.status, result.out) == (3, "")
    assert str(tmp_path / "file.npy") in result.message


def test_a_missing_file(berg):
    result = berg("info", "/nowhere/x.npy")
    assert result.status == 3
    assert result.message.startswith("/nowhere/x.npy: ")
    assert "No such file or directory" in result.message


def test_metadata_cut_anywhere(berg, tiny_berg_dir, tiny_file, tmp_path):
    whole = tiny_file.read_bytes()
    cut = tmp_path / MODEL_FOLDER / "metadata" / "metadata_sub-01.npy"
    cut.parent.mkdir(parents=True)
    for size in sorted({0, 1, 6, 10, 60, 127, 128, len(whole) - 1, *range(150, len(whole), 97)}):
        cut.write_bytes(whole[:size])
        result = berg("metadata", MODEL, "--subject", 1, "--berg-dir", tmp_path)
        assert (result.status, result.out) == (4, ""), size
        assert str(cut) in result.message
        assert berg("info", cut).status == 3


def test_a_long_path_does_not_push_out_what_is_wrong(berg, encode, photos, small_berg_dir, tmp_path):
    deep = tmp_path.joinpath(*["d" * 200] * 8)
    deep.mkdir(parents=True)
    empty = encode(deep, "-o", tmp_path / "out.npy")
    assert empty.status == 3 and empty.message.startswith(f"{tmp_path}/ddd") and "d...d" in empty.message
    assert empty.message.endswith("d: no pictures (.jpg .jpeg .jpe .jfif .png) in this folder; sub-folders are not searched")
    missing = encode(deep / "none.jpg", "-o", tmp_path / "out.npy")
    assert missing.status == 3 and missing.message.endswith("d/none.jpg: cannot be opened: No such file or directory")
    (deep / "out.npy").touch()
    there = encode(*photos.iterdir(), "-o", deep / "out.npy")
    assert there.status == 5 and there.message.endswith("d/out.npy: already exists; force (--force, force=True) replaces it")
    (deep / "berg").symlink_to(small_berg_dir)
    no_backbone = berg("encode", MODEL, "--subject", "1", "--berg-dir", deep / "berg", photos, "-o", tmp_path / "out.npy",
                       environment={"HOME": str(tmp_path), "XDG_CACHE_HOME": "", "TORCH_HOME": ""})
    assert no_backbone.status == 4 and no_backbone.message.startswith(
        "no weights of ViT-B/32, the network, are found: not in ")
    assert no_backbone.message.endswith("d/berg") and "d...d" in no_backbone.message
    assert not list(tmp_path.glob("out*"))
