"""encode: outputs, selections and sources agree with one another; tests/oracle checks the numbers."""
import csv
import io
import os
import pty
import re
import resource
import signal
import subprocess

import numpy as np
import pytest
from PIL import Image

import moments
from program import MODEL, MODEL_FOLDER


@pytest.fixture(scope="session")
def whole(berg, small_berg_dir, backbone_files, photos, tmp_path_factory):
    """The responses of subject 1 to the photos, as the other tests compare with them: float32 (5, 600), and the file."""
    path = tmp_path_factory.mktemp("whole") / "whole.npy"
    result = berg("encode", MODEL, "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", 1, photos,
                  "-o", path)
    assert result.status == 0, result.err
    responses = np.load(path)
    assert responses.dtype == np.float32 and responses.shape == (5, 600)
    assert np.isfinite(responses).all() and responses.std(axis=0).min() > 0
    return responses, path


@pytest.fixture(scope="session")
def undisturbed(berg, small_berg_dir, backbone_files, many, tmp_path_factory):
    """What a run over `many` makes that nothing stops: out.npy and its sidecar, out.json."""
    folder = tmp_path_factory.mktemp("undisturbed")
    result = berg("encode", MODEL, "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", 1, many,
                  "--batch", "2", "-o", folder / "out.npy")
    assert result.status == 0, result.err
    return folder


def test_the_summary(encode, photos, tmp_path):
    result = encode(photos, "-o", "out.npy", cwd=tmp_path)
    assert (result.status, result.out) == (0, "")
    assert re.fullmatch(r"5 images, 600 columns, \d+\.\d\d s, \d+\.\d images/s: out\.npy", result.message)
    assert sorted(os.listdir(tmp_path)) == ["out.json", "out.npy"]
    assert encode(photos / "0.jpg", "-o", tmp_path / "quiet.npy", "--quiet").err == ""


def test_nothing_is_overwritten_without_force(encode, photos, tmp_path):
    (tmp_path / "out.npy").write_text("mine")
    result = encode(photos, "-o", tmp_path / "out.npy")
    assert result.status == 5
    assert str(tmp_path / "out.npy") in result.message
    assert (tmp_path / "out.npy").read_text() == "mine"
    assert encode(photos / "0.jpg", "-o", tmp_path / "out.npy", "--force", "--roi", "V1").status == 0
    assert np.load(tmp_path / "out.npy").shape[0] == 1


def test_standard_output_is_the_file(encode, photos, whole, tmp_path):
    result = encode(photos, "-o", "-", "--quiet", binary=True, environment={"TMPDIR": str(tmp_path)})
    assert (result.status, result.err) == (0, "")
    assert result.out == whole[1].read_bytes()
    assert not list(tmp_path.iterdir())
    table = encode(photos / "0.jpg", "-o", "-.csv", "--quiet", "--roi", "V1", binary=True).out
    encode(photos / "0.jpg", "-o", tmp_path / "v1.csv", "--roi", "V1")
    assert table == (tmp_path / "v1.csv").read_bytes()


@pytest.mark.parametrize("options", [["--threads", "1"], ["--batch", "1"], ["--batch", "2", "--threads", "2"]])
def test_threads_and_batch_never_change_the_bytes(encode, photos, whole, options):
    result = encode(photos, "-o", "-", *options, binary=True)
    assert result.out == whole[1].read_bytes()


def test_sources_of_the_same_images(encode, photos, whole, tmp_path):
    paths = sorted(photos.iterdir())
    (tmp_path / "list.txt").write_text("".join(f"{path}\n" for path in paths))
    expected = whole[1].read_bytes()
    assert encode(*paths, "-o", "-", binary=True).out == expected
    assert encode(tmp_path / "list.txt", "-o", "-", binary=True).out == expected
    assert encode("-", "-o", "-", binary=True, stdin=(tmp_path / "list.txt").read_bytes()).out == expected
    # Another order gives the rows in that order.
    np.testing.assert_array_equal(load(encode(*paths[::-1], "-o", "-", binary=True).out), whole[0][::-1])


def load(data):
    return np.load(io.BytesIO(data))


def save(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_arrays(encode, stack, tmp_path):
    stack = stack[:2]
    np.save(tmp_path / "nchw.npy", stack)
    first = encode(tmp_path / "nchw.npy", "-o", "-", binary=True)
    assert first.status == 0, first.err
    assert load(first.out).shape == (2, 600)
    for other in (stack.astype(np.int64), np.ascontiguousarray(stack.transpose(0, 2, 3, 1)), np.asfortranarray(stack)):
        np.save(tmp_path / "other.npy", other)
        assert encode(tmp_path / "other.npy", "-o", "-", binary=True).out == first.out
    assert encode("-", "-o", "-", binary=True, stdin=save(stack)).out == first.out


def test_shards_are_the_whole(encode, photos, whole):
    parts = [load(encode(photos, "-o", "-", "--shard", f"{i}/3", binary=True).out) for i in (1, 2, 3)]
    assert all(len(part) for part in parts)
    np.testing.assert_array_equal(np.concatenate(parts), whole[0])


def test_selections_are_slices_of_the_whole(encode, photos, whole, small_subject, tmp_path):
    metadata, first = small_subject[1], whole[0][:1]
    rois, voxels = metadata["roi"], first.shape[1]

    def columns(*options):
        result = encode(photos / "0.jpg", "-o", "-", *options, binary=True)
        assert result.status == 0, result.err
        return load(result.out)

    np.testing.assert_array_equal(columns("--roi", "hV4,V1"), first[:, np.r_[rois["hV4"], rois["V1"]]])
    np.testing.assert_array_equal(columns("--roi", "hV4", "--roi", "hV4"), first[:, np.r_[rois["hV4"], rois["hV4"]]])
    marks = (np.arange(voxels) % 7 == 3).astype(np.uint8)
    np.save(tmp_path / "marks.npy", marks)
    np.save(tmp_path / "bool.npy", marks.astype(bool))
    (tmp_path / "marks.txt").write_text("\n".join(map(str, marks)))
    for name in ("marks.npy", "bool.npy", "marks.txt"):
        np.testing.assert_array_equal(columns("--voxel-index", tmp_path / name), first[:, marks == 1])
    np.testing.assert_array_equal(columns("--roi", "V1", "--voxel-index", tmp_path / "marks.npy"),
                                  first[:, np.r_[rois["V1"], np.flatnonzero(marks)]])
    ceiling = metadata["encoding_model"]["noise_ceiling_testset"]
    np.testing.assert_array_equal(columns("--min-noise-ceiling", "20"), first[:, ceiling >= 20])
    means = np.stack([first[:, rois[name]].mean(axis=1, dtype=np.float64) for name in ("V1", "hV4")], axis=1)
    np.testing.assert_allclose(columns("--roi", "V1,hV4", "--mean", "roi"), means, rtol=0, atol=1e-5)


def test_csv_names_images_and_regions(encode, photos, small_subject, whole):
    rows = list(csv.reader(io.StringIO(encode(photos, "-o", "-.csv", "--mean", "roi", "--roi", "V1,hV4").out)))
    assert rows[0][1:] == ["V1", "hV4"]
    assert [os.path.basename(row[0]) for row in rows[1:]] == sorted(os.listdir(photos))
    expected = whole[0][:, small_subject[1]["roi"]["V1"]].mean(axis=1)
    np.testing.assert_allclose([float(row[1]) for row in rows[1:]], expected, atol=1e-5)


def test_several_subjects(encode, photos, whole, tmp_path):
    result = encode(photos, "--subject", "1,sub-03", "-o", tmp_path / "out.npy")
    assert result.status == 0, result.err
    assert result.message.endswith(f": {tmp_path}/out_sub-01.npy, {tmp_path}/out_sub-03.npy")
    assert sorted(os.listdir(tmp_path)) == ["out_sub-01.json", "out_sub-01.npy", "out_sub-03.json", "out_sub-03.npy"]
    assert (tmp_path / "out_sub-01.npy").read_bytes() == whole[1].read_bytes()
    assert np.load(tmp_path / "out_sub-03.npy").shape == (5, 530)


def test_a_picture_that_is_none(encode, photos, whole, tmp_path):
    for path in photos.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    data = (tmp_path / "2.jpg").read_bytes()
    (tmp_path / "2.jpg").write_bytes(b"no picture at all")
    result = encode(tmp_path, "-o", "-", binary=True)
    assert (result.status, result.out) == (3, b"")
    assert f"{tmp_path}/2.jpg: " in result.message
    result = encode(tmp_path, "-o", "-", "--skip-bad", binary=True)
    assert result.status == 0
    assert result.lines[0].startswith(f"berg: left out: {tmp_path}/2.jpg: ")
    assert result.lines[1].startswith("berg: 4 images, 1 left out, 600 columns, ")
    np.testing.assert_array_equal(load(result.out), np.delete(whole[0], 2, axis=0))
    for size in (0, 10, 300, len(data) // 2):
        (tmp_path / "2.jpg").write_bytes(data[:size])
        assert f"{tmp_path}/2.jpg: " in encode(tmp_path, "-o", "-", binary=True).message, size


def test_bad_inputs(encode, photos, stack, tmp_path):
    (tmp_path / "empty").mkdir()
    bad = {
        "float.npy": stack.astype(np.float32),
        "two.npy": stack[:, :2],
        "three-d.npy": stack[0],
        "none.npy": stack[:0],
        "range.npy": stack.astype(np.int16) + 1,
        "negative.npy": stack.astype(np.int64) - 1,
        "object.npy": np.array([None]),
    }
    for name, array in bad.items():
        np.save(tmp_path / name, array)
    (tmp_path / "cut.npy").write_bytes(save(stack)[:5000])
    (tmp_path / "list.txt").write_text(f"{photos}/0.jpg\n{tmp_path}/absent.jpg\n")
    (tmp_path / "text.jpg").write_text("hello")
    for name in [*bad, "cut.npy", "empty", "list.txt", "text.jpg", "absent.png", "absent.npy", "absent.h5:data"]:
        result = encode(tmp_path / name, "-o", tmp_path / "out.npy")
        assert (result.status, result.out) == (3, ""), (name, result.err)
        assert ("absent.jpg" if name == "list.txt" else name.split(":")[0]) in result.message
        assert not [path for path in os.listdir(tmp_path) if path.startswith("out.npy")], name
    assert encode("-", "-o", "-", stdin=b"\x93NUMPY and then nothing").status == 3
    assert encode(photos, tmp_path / "float.npy", "-o", tmp_path / "out.npy").status == 3


def test_bad_selections(encode, photos, tmp_path):
    np.save(tmp_path / "short.npy", np.ones(599, np.uint8))
    np.save(tmp_path / "zeros.npy", np.zeros(600, np.uint8))
    for options, said in [(["--roi", "V9"], "V9"), (["--voxel-index", tmp_path / "short.npy"], "599"),
                          (["--voxel-index", tmp_path / "zeros.npy"], ""), (["--subject", "4"], "4"),
                          (["--min-noise-ceiling", "101"], "")]:
        result = encode(photos, "-o", tmp_path / "out.npy", *options)
        assert result.status == 2, (options, result.err)
        assert said in result.message
    assert not (tmp_path / "out.npy").exists()


def test_devices_and_precisions_that_are_not_there(encode, photos, tmp_path):
    assert encode(photos, "-o", tmp_path / "out.npy", "--device", "abacus").status in (1, 2)
    assert encode(photos, "-o", tmp_path / "out.npy", "--precision", "f8").status == 2
    assert encode(photos, "-o", tmp_path / "out.npy", "--memory", "1M").status == 6


def test_a_model_that_is_missing_or_broken(berg, small_berg_dir, photos, tmp_path):
    def call(*options):
        result = berg("encode", MODEL, "--subject", 1, photos, "-o", tmp_path / "out.npy", *options)
        assert not (tmp_path / "out.npy").exists()
        return result

    missing = call("--berg-dir", tmp_path, "--backbone", "random:1")
    assert missing.status == 4
    assert "_sub-01.npy" in missing.message
    assert call("--berg-dir", small_berg_dir, "--backbone", tmp_path / "absent.pth").status == 4
    (tmp_path / "text.pth").write_text("hello")
    assert call("--berg-dir", small_berg_dir, "--backbone", tmp_path / "text.pth").status == 4
    assert call("--berg-dir", small_berg_dir, "--backbone", "random:x").status in (2, 4)
    nowhere = call("--berg-dir", small_berg_dir)
    assert nowhere.status == 4
    assert "backbone" in nowhere.message.lower()


@pytest.fixture
def broken_subject(small_berg_dir, tmp_path):
    """broken_subject(change): a berg directory whose weights went through `change`."""
    def make(change):
        for part in ("metadata/metadata", "encoding_models_weights/weights"):
            source = small_berg_dir / MODEL_FOLDER / f"{part}_sub-01.npy"
            target = tmp_path / "broken" / MODEL_FOLDER / source.relative_to(small_berg_dir / MODEL_FOLDER)
            target.parent.mkdir(parents=True, exist_ok=True)
            if part.startswith("metadata"):
                target.write_bytes(source.read_bytes())
            else:
                weights = np.load(source, allow_pickle=True).item()
                change(weights)
                np.save(target, weights)
        return tmp_path / "broken"
    return make


@pytest.mark.parametrize("part, key, change, said", [
    ("reg_param", "coef_", lambda a: a[:, :-1], "reg_param.coef_"),
    ("reg_param", "coef_", lambda a: a[:-1], "reg_param"),
    ("reg_param", "intercept_", lambda a: a.astype(str), "reg_param.intercept_"),
    ("scaler_param", "mean_", lambda a: a[:-1], "scaler_param.mean_"),
    ("scaler_param", "scale_", lambda a: np.where(np.arange(len(a)) == 7, np.nan, a), "scaler_param.scale_"),
    ("scaler_param", "scale_", lambda a: np.where(np.arange(len(a)) == 7, 0, a), "scaler_param.scale_"),
    ("reg_param", "coef_", lambda a: np.where(np.arange(a.size).reshape(a.shape) == 9, np.nan, a), "reg_param.coef_"),
    ("pca_param", "components_", lambda a: a[:, :-768], "pca_param.components_"),
    ("pca_param", "components_", None, "pca_param.components_"),
])
def test_weights_that_do_not_fit(berg, broken_subject, backbone_files, photos, tmp_path, part, key, change, said):
    def apply(weights):
        if change:
            weights[part][key] = change(weights[part][key])
        else:
            del weights[part][key]
    result = berg("encode", MODEL, "--subject", 1, photos, "-o", tmp_path / "out.npy",
                  "--backbone", backbone_files["safetensors"], "--berg-dir", broken_subject(apply))
    assert result.status == 4, result.err
    assert said in result.message and "weights_sub-01.npy" in result.message
    assert not (tmp_path / "out.npy").exists()


def test_outputs_that_cannot_be_written(encode, photos, tmp_path):
    for name in ("nowhere/out.npy", "out.xyz", "out"):
        result = encode(photos, "-o", tmp_path / name)
        assert result.status in (2, 5), name
        assert name in result.message
    (tmp_path / "folder.npy").mkdir()
    assert encode(photos, "-o", tmp_path / "folder.npy", "--force").status == 5
    assert os.listdir(tmp_path) == ["folder.npy"]
    with open("/dev/full", "wb") as full:
        result = encode(photos, "-o", "-", stdout=full, environment={"TMPDIR": str(tmp_path)})
    assert result.status == 5
    assert "No space left on device" in result.message
    assert os.listdir(tmp_path) == ["folder.npy"]


def files_up_to(size):
    """For the child: a disk on which no file grows beyond that many bytes."""
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


def test_a_disk_that_fills_up(encode, photos, tmp_path):
    result = encode(photos, "-o", tmp_path / "out.npy", preexec_fn=files_up_to(4096))
    assert result.status in (5, 6)
    assert "out.npy" in result.lines[0]
    assert not (tmp_path / "out.npy").exists()


@pytest.fixture
def nine(tmp_path):
    """Nine pictures, of sizes of their own, in a folder of their own."""
    folder = tmp_path / "nine"
    folder.mkdir()
    rng = np.random.default_rng(12)
    for i in range(9):
        Image.fromarray(rng.integers(0, 256, (60 + i, 70 - i, 3), np.uint8)).save(folder / f"{i}.png")
    return folder


def test_a_disk_that_fills_up_between_batches(encode, nine, tmp_path):
    """Rows of 2,400 bytes behind a header of 128: four fit. That the fifth cannot be written comes before the sixth picture; what was
    written is resumed to the same bytes."""
    out, partial = tmp_path / "out.npy", tmp_path / "out.npy.partial"
    assert encode(nine, "-o", tmp_path / "whole.npy", "--batch", "1").status == 0
    good = (nine / "5.png").read_bytes()
    for bad in (b"no picture", good):
        stamp = os.stat(nine / "5.png")
        (nine / "5.png").write_bytes(bad + b"\0" * (len(good) - len(bad)))
        os.utime(nine / "5.png", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        result = encode(nine, "-o", out, "--batch", "1", "--force", preexec_fn=files_up_to(128 + 4 * 2400 + 1200))
        assert result.status == 5, result.err
        assert f"{partial}: cannot be written (4 rows are safe and can be resumed): File too large" in result.err
        np.testing.assert_array_equal(np.load(partial), np.load(tmp_path / "whole.npy")[:4])
    assert encode(nine, "-o", out, "--batch", "2", "--resume").status == 0
    assert out.read_bytes() == (tmp_path / "whole.npy").read_bytes()


@pytest.mark.parametrize("batch", [3, pytest.param(5, marks=pytest.mark.long)])
def test_rows_before_a_bad_picture_are_kept(encode, nine, tmp_path, batch):
    """Batches are equal: of 9 images in fives, 4 and 5. Image 4 ends the run in its own batch's turn, not earlier."""
    assert encode(nine, "-o", tmp_path / "whole.npy").status == 0
    stamp, good = os.stat(nine / "4.png"), (nine / "4.png").read_bytes()
    (nine / "4.png").write_bytes(good[:100] + b"\0" * (len(good) - 100))
    os.utime(nine / "4.png", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    result = encode(nine, "-o", tmp_path / "out.npy", "--batch", batch)
    assert result.status == 3
    assert f"{nine}/4.png: " in result.err
    done = {3: 3, 5: 4}[batch]
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy.partial"), np.load(tmp_path / "whole.npy")[:done])
    skipped = encode(nine, "-o", tmp_path / "skipped.npy", "--batch", batch, "--skip-bad")
    assert skipped.status == 0 and f"berg: left out: {nine}/4.png: " in skipped.err
    np.testing.assert_array_equal(np.load(tmp_path / "skipped.npy"), np.delete(np.load(tmp_path / "whole.npy"), 4, axis=0))
    (nine / "4.png").write_bytes(good)
    os.utime(nine / "4.png", ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert encode(nine, "-o", tmp_path / "out.npy", "--resume").status == 0
    assert (tmp_path / "out.npy").read_bytes() == (tmp_path / "whole.npy").read_bytes()


@pytest.mark.parametrize("options", [pytest.param(["--batch", "1", "--threads", "3"], marks=pytest.mark.long),
                                     ["--batch", "2", "--threads", "2"],
                                     pytest.param(["--batch", "4", "--threads", "1"], marks=pytest.mark.long)])
def test_sources_whose_batches_overlap(encode, stack, tmp_path, options):
    h5py, stack = pytest.importorskip("h5py"), stack[:5]
    np.save(tmp_path / "a.npy", stack)
    with h5py.File(tmp_path / "s.h5", "w") as file:
        file.create_dataset("x", data=stack.astype(np.int16), chunks=(1, 3, 64, 64), compression="gzip")
    expected = encode(tmp_path / "a.npy", "-o", "-", binary=True).out
    assert load(expected).shape == (5, 600)
    for source in (tmp_path / "a.npy", f"{tmp_path}/s.h5:x", "-"):
        result = encode(source, "-o", "-", *options, binary=True, stdin=save(stack))
        assert result.out == expected, (source, result.err)


@pytest.mark.parametrize("number", [signal.SIGHUP, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_an_interrupted_run_is_resumed_to_the_same_bytes(berg, small_berg_dir, backbone_files, many, undisturbed, tmp_path, number):
    command = ["encode", MODEL, "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"],
               "--subject", "1", "--batch", "2", many, "-o"]
    partial = tmp_path / "out.npy.partial"
    run = berg.start(*command, tmp_path / "out.npy", stderr=subprocess.PIPE,
                     environment=moments.environment(stop=4, file=partial.name))
    moments.wait_until_stopped(run)
    moments.go_on(run, number)
    message = run.communicate(timeout=600)[1].decode()
    assert run.returncode == 130
    assert re.search(r"^berg: interrupted after \d+ of 10 images$", message, re.M)
    assert f"berg: {partial} is kept; the same command with --resume goes on from it" in message
    assert sorted(os.listdir(tmp_path)) == ["out.npy.partial", "out.npy.partial.journal"]
    again = berg(*command, tmp_path / "out.npy")
    assert again.status == 5 and str(partial) in again.message
    narrower = berg(*command, tmp_path / "out.npy", "--resume", "--precision", "bf16", "--no-cache")
    assert narrower.status == 5 and "belongs to another run" in narrower.message
    resumed = berg(*command, tmp_path / "out.npy", "--resume")
    assert resumed.status == 0, resumed.err
    assert " of them earlier, 600 columns" in resumed.err
    for ending in ("npy", "json"):
        assert (tmp_path / f"out.{ending}").read_bytes() == (undisturbed / f"out.{ending}").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["out.json", "out.npy"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1])
def test_what_a_scheduler_sends_ends_after_the_batch_at_hand(berg, small_berg_dir, backbone_files, many, undisturbed, tmp_path, number):
    command = ["encode", MODEL, "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"],
               "--subject", "1", "--batch", "2", many, "-o"]
    partial = tmp_path / "out.npy.partial"
    run = berg.start(*command, tmp_path / "out.npy", "-q", stderr=subprocess.PIPE,
                     environment=moments.environment(stop=4, file=partial.name))
    moments.wait_until_stopped(run)
    moments.go_on(run, number)
    message = run.communicate(timeout=600)[1].decode()
    assert run.returncode == 75
    assert re.fullmatch(rf"berg: stopped by {number.name} after (\d+) of 10 images; the same command with --resume goes on\n", message)
    done = int(message.split()[5])
    assert sorted(os.listdir(tmp_path)) == ["out.npy.partial", "out.npy.partial.journal"]
    resumed = berg(*command, tmp_path / "out.npy", "--resume")
    assert resumed.status == 0 and 0 < done < 10 and f" {done} of them earlier" in resumed.err
    assert (tmp_path / "out.npy").read_bytes() == (undisturbed / "out.npy").read_bytes()


def test_a_run_that_keeps_nothing_is_interrupted_by_a_termination(berg, small_berg_dir, backbone_files, many, tmp_path):
    run = berg.start("encode", MODEL, "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", "1",
                     "--batch", "2", many, "-o", "-", "-q", stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                     environment={**moments.environment(stop=4, file="out.npy.partial"), "TMPDIR": str(tmp_path)})
    moments.wait_until_stopped(run)
    moments.go_on(run, signal.SIGTERM)
    out, message = run.communicate(timeout=600)
    assert run.returncode == 130 and out == b"" and b"interrupted after" in message
    assert not os.listdir(tmp_path)


def test_progress_in_plain_lines_and_on_a_terminal(berg, small_berg_dir, backbone_files, many, tmp_path):
    command = ["encode", MODEL, "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"],
               "--subject", "1", "--batch", "3", "--shard", "1/2", many, "-o"]
    ours, theirs = pty.openpty()
    run = berg.start(*command, tmp_path / "out.npy", stderr=theirs)
    os.close(theirs)
    seen = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    os.close(ours)
    assert run.wait(timeout=600) == 0
    assert re.search(rb"\r\[#+ *\] \d+/5  \d+\.\d images/s  \d+:\d\d left", seen)
    assert seen.endswith(b"out.npy\r\n")
    plain = berg(*command, tmp_path / "plain.npy")
    assert plain.status == 0
    assert "\r" not in plain.err and "\x1b" not in plain.err
    assert all(re.match(r"berg: \d+ of 5 images, |berg: 5 images, ", line) for line in plain.lines)


def test_a_greyscale_image_is_an_image(encode, tmp_path):
    Image.fromarray(np.arange(90 * 80, dtype=np.uint32).astype(np.uint8).reshape(90, 80)).save(tmp_path / "grey.png")
    assert encode(tmp_path / "grey.png", "-o", tmp_path / "out.npy").status == 0
