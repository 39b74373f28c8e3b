"""Arrays that NumPy and h5py wrote, taken as stimuli. Images of 256 x 256 are only cropped, so the expectation is a slice."""
import os
import pathlib
import subprocess

import numpy as np
import pytest
from PIL import Image

from pixels import square_transform

BUILD = pathlib.Path(os.environ.get("BERG_BUILD", pathlib.Path(__file__).parents[2] / "build")).resolve()
TOOL = BUILD / "tests" / "stimuli_pixels"
INTEGERS = ["u1", "<u2", ">u2", "<i2", ">i2", "<u4", ">u4", "<i4", ">i4", "<u8", ">u8", "<i8", ">i8"]


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(3).integers(0, 256, (7, 3, 256, 256), dtype=np.uint8)


def run(out, *arguments, batch=3, status=0, **keywords):
    done = subprocess.run([TOOL, out, str(batch), *map(str, arguments)], capture_output=True, **keywords)
    assert done.returncode == status, done.stderr
    return done


def pixels(tmp_path, *arguments, **keywords):
    done = run(tmp_path / "out", *arguments, **keywords)
    got = np.fromfile(tmp_path / "out", np.uint8).reshape(-1, 3, 224, 224)
    assert len(got) == int(done.stdout.split()[0])
    return got


def cropped(images):
    return images[:, :, 16:240, 16:240]


@pytest.mark.parametrize("code", INTEGERS)
@pytest.mark.parametrize("order", "CF")
def test_npy_of_every_integer_type(tmp_path, images, code, order):
    np.save(tmp_path / "a.npy", np.asarray(images[:4].astype(code), order=order))
    assert np.array_equal(pixels(tmp_path, tmp_path / "a.npy"), cropped(images[:4]))
    np.save(tmp_path / "a.npy", np.asarray(images[:4].transpose(0, 2, 3, 1).astype(code), order=order))
    assert np.array_equal(pixels(tmp_path, tmp_path / "a.npy"), cropped(images[:4]))


@pytest.mark.parametrize("batch", [1, 2, 7, 50])
def test_npy_through_a_pipe(tmp_path, images, batch):
    np.save(tmp_path / "a.npy", images.astype(">i4"))
    data = (tmp_path / "a.npy").read_bytes()
    assert np.array_equal(pixels(tmp_path, "-", batch=batch, input=data), cropped(images))
    assert np.array_equal(pixels(tmp_path, "shard=1/3", "-", batch=batch, input=data), cropped(images[3:5]))
    for cut in (0, 1, 5, 6, 9, 40, 127, 128, 1000, len(data) // 2, len(data) - 1):
        done = run(tmp_path / "out", "-", batch=batch, input=data[:cut], status=3)
        assert b"standard input" in done.stderr


def test_fortran_order_does_not_stream(tmp_path, images):
    np.save(tmp_path / "a.npy", np.asfortranarray(images))
    done = run(tmp_path / "out", "-", input=(tmp_path / "a.npy").read_bytes(), status=3)
    assert b"np.ascontiguousarray" in done.stderr


@pytest.mark.parametrize("code", ["u1", "<i8", ">i8", ">u2"])
@pytest.mark.parametrize("how", [{}, {"chunks": (2, 1, 100, 256), "compression": "gzip", "shuffle": True},
                                 {"chunks": (3, 2, 77, 131), "compression": "lzf", "fletcher32": True},
                                 {"chunks": (7, 3, 256, 256), "compression": "lzf", "shuffle": True},
                                 {"chunks": (1, 3, 255, 5), "fletcher32": True, "compression": 1}, {"chunks": True}])
def test_hdf5(tmp_path, images, code, how):
    h5py = pytest.importorskip("h5py")
    (tmp_path / "a:b").mkdir()
    with h5py.File(tmp_path / "a:b" / "s.h5", "w") as file:
        file.create_dataset("group/data", data=images.astype(code), **how)
    for batch in (1, 3, 100):
        got = pixels(tmp_path, f"{tmp_path}/a:b/s.h5:group/data", batch=batch)
        assert np.array_equal(got, cropped(images))


def test_hdf5_that_compresses_well_and_not_at_all(tmp_path, images):
    """Runs make LZF's long copies; a chunk that does not shrink is stored unfiltered."""
    h5py = pytest.importorskip("h5py")
    smooth = images.copy()
    smooth[::2] = np.arange(256) // 9
    with h5py.File(tmp_path / "s.h5", "w", libver="latest") as file:
        for name in ("lzf", "gzip"):
            file.create_dataset(name, data=smooth, chunks=(1, 1, 64, 256), compression=name, maxshape=(None, 3, 256, 256))
    for name in ("lzf", "gzip"):
        assert np.array_equal(pixels(tmp_path, f"{tmp_path}/s.h5:{name}"), cropped(smooth))


def test_hdf5_storage_that_is_refused(tmp_path, images):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "s.h5", "w") as file:
        file.create_dataset("odd", data=images.astype(np.int32), chunks=(1, 3, 256, 256), scaleoffset=0)
        file.create_dataset("never", images.shape, "u1")
        file.create_dataset("partly", images.shape, "u1", chunks=(1, 3, 256, 256))[:5] = images[:5]
        file.create_dataset("damaged", data=images, chunks=(1, 3, 256, 256), fletcher32=True)
    data = bytearray((tmp_path / "s.h5").read_bytes())
    at = data.rfind(images[6, 1, 0].tobytes())
    data[at] ^= 1
    (tmp_path / "s.h5").write_bytes(data)
    for name, part in [("odd", "unsupported compression: expected gzip, lzf, shuffle, fletcher32, found filter 6"),
                       ("never", "its data were never written"), ("partly", "some of its data were never written"),
                       ("damaged", "a chunk (at row 6) is damaged: checksum mismatch")]:
        done = run(tmp_path / "out", f"{tmp_path}/s.h5:{name}", status=3)
        assert part in done.stderr.decode()


def test_hdf5_refusals(tmp_path, images):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "s.h5", "w") as file:
        file["images"] = images
        file["floats"] = images[:1].astype(np.float32)
        file["bools"] = images[:1] > 3
        layout = h5py.VirtualLayout(images.shape, "u1")
        layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "images", images.shape)
        file.create_virtual_dataset("virtual", layout)
    for name, part in [("", "say which dataset, as FILE:DATASET; there are: bools, floats, images"),
                       (":none", "no such dataset; there are: bools, floats, images, virtual"),
                       (":floats", "(x * 255).round().astype('uint8')"), (":bools", "not a numeric dataset"),
                       (":virtual", "its data lie in other files")]:
        done = run(tmp_path / "out", f"{tmp_path}/s.h5{name}", status=3)
        assert part in done.stderr.decode()


def test_truncated_hdf5(tmp_path, images):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "s.h5", "w") as file:
        file.create_dataset("images", data=images, chunks=(1, 3, 256, 256), compression="gzip")
    data = (tmp_path / "s.h5").read_bytes()
    for cut in [0, 1, 7, 8, 50, 96, 500, 1000, 2048, 4000, len(data) // 2, len(data) - 1]:
        (tmp_path / "cut.h5").write_bytes(data[:cut])
        done = run(tmp_path / "out", f"{tmp_path}/cut.h5:images", status=3)
        assert b"cut.h5" in done.stderr and done.stderr.count(b"\n") == 1


def test_truncated_npy(tmp_path, images):
    np.save(tmp_path / "a.npy", images)
    data = (tmp_path / "a.npy").read_bytes()
    for cut in [0, 1, 6, 9, 50, 127, 128, 1000, len(data) - 1]:
        (tmp_path / "cut.npy").write_bytes(data[:cut])
        done = run(tmp_path / "out", tmp_path / "cut.npy", status=3)
        assert b"cut.npy" in done.stderr and done.stderr.count(b"\n") == 1


def test_several_arrays_in_order(tmp_path, images):
    h5py = pytest.importorskip("h5py")
    np.save(tmp_path / "a.npy", images[:2])
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["x"] = images[2:4].transpose(0, 2, 3, 1)
    np.save(tmp_path / "c.npy", np.asfortranarray(images[4:].astype(np.int64)))
    for batch in (1, 2, 3, 10):
        got = pixels(tmp_path, tmp_path / "a.npy", f"{tmp_path}/b.h5:x", tmp_path / "c.npy", batch=batch)
        assert np.array_equal(got, cropped(images))


def test_the_first_bad_value_is_named_whatever_the_batch(tmp_path, images):
    h5py = pytest.importorskip("h5py")
    bad = images.astype(np.int32)
    bad[4, 1, 200, 30] = bad[5, 0, 0, 0] = 256
    with h5py.File(tmp_path / "s.h5", "w") as file:
        file["x"] = bad
    for batch in (1, 7):
        done = run(tmp_path / "out", f"{tmp_path}/s.h5:x", batch=batch, status=3)
        assert b"image 4 (from 0): channel 1, row 200, column 30: value out of range" in done.stderr


def test_files_lists_and_bad_files(tmp_path, images):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image.transpose(1, 2, 0)).save(folder / f"{i}.png")
    assert np.array_equal(pixels(tmp_path, folder), cropped(images))
    text = "\n".join(f"pictures/{i}.png" for i in (5, 2, 5))
    (tmp_path / "list.txt").write_text(text)
    assert np.array_equal(pixels(tmp_path, tmp_path / "list.txt"), cropped(images[[5, 2, 5]]))
    assert np.array_equal(pixels(tmp_path, "-", input=text.encode(), cwd=tmp_path), cropped(images[[5, 2, 5]]))
    (folder / "3.png").write_bytes((folder / "3.png").read_bytes()[:5000])
    done = run(tmp_path / "out", folder, status=3)
    assert b"3.png" in done.stderr and done.stderr.count(b"\n") == 1
    done = run(tmp_path / "out", "skip", folder)
    got = np.fromfile(tmp_path / "out", np.uint8).reshape(-1, 3, 224, 224)
    assert np.array_equal(got, cropped(images[[0, 1, 2, 4, 5, 6]]))
    assert f"skipped {folder}/3.png: ".encode() in done.stdout


def test_shards_are_parts_of_the_whole(tmp_path, images):
    np.save(tmp_path / "a.npy", images)
    parts = [pixels(tmp_path, f"shard={i}/3", tmp_path / "a.npy") for i in range(3)]
    assert [len(part) for part in parts] == [3, 2, 2]
    assert np.array_equal(np.concatenate(parts), cropped(images))


@pytest.fixture(scope="module")
def sources(tmp_path_factory, images):
    """The images of each kind of input: what to call it by, and what goes to standard input."""
    h5py = pytest.importorskip("h5py")
    folder = tmp_path_factory.mktemp("sources")
    (folder / "pictures").mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image.transpose(1, 2, 0)).save(folder / "pictures" / f"{i}.png")
    np.save(folder / "a.npy", images)
    with h5py.File(folder / "s.h5", "w") as file:
        file.create_dataset("whole", data=images.astype(">i4"), chunks=(2, 3, 64, 256), compression="gzip")
        file["head"], file["tail"] = images[:3], images[5:].astype(np.int64)
    np.save(folder / "middle.npy", images[3:5])
    return {"files": ([folder / "pictures"], b""), "npy": ([folder / "a.npy"], b""), "hdf5": ([f"{folder}/s.h5:whole"], b""),
            "pipe": (["-"], (folder / "a.npy").read_bytes()),
            "mixed": ([f"{folder}/s.h5:head", folder / "middle.npy", f"{folder}/s.h5:tail"], b"")}


@pytest.mark.parametrize("source", ["files", "npy", "hdf5", "pipe", "mixed"])
@pytest.mark.parametrize("batch", [1, 2, 3, 7, 100])
def test_what_comes_ahead_is_the_same(tmp_path, images, sources, source, batch):
    inputs, stdin = sources[source]
    for options in (["late"], ["threads=1"], ["threads=2"], ["threads=3"]):
        assert np.array_equal(pixels(tmp_path, *options, *inputs, batch=batch, input=stdin), cropped(images))


@pytest.mark.parametrize("options", [["late"], ["threads=1"], ["threads=3"]])
@pytest.mark.parametrize("bad", [0, 2, 3, 5, 6])
def test_a_failure_waits_for_its_turn(tmp_path, images, options, bad):
    """Batches before the bad image are whole, whatever was known of it by then; the first of two is named."""
    h5py = pytest.importorskip("h5py")
    values = images.astype("<i2")
    values[bad, 2, 17, 20] = values[6, 0, 0, 0] = -1
    named = b"channel 2, row 17, column 20" if bad < 6 else b"channel 0, row 0, column 0"
    np.save(tmp_path / "a.npy", values)
    with h5py.File(tmp_path / "s.h5", "w") as file:
        file["x"] = values
    data = (tmp_path / "a.npy").read_bytes()
    for inputs, stdin in (([tmp_path / "a.npy"], b""), ([f"{tmp_path}/s.h5:x"], b""), (["-"], data)):
        done = run(tmp_path / "out", *options, *inputs, batch=4, status=3, input=stdin)
        assert f"image {bad} (from 0): ".encode() + named in done.stderr
        got = np.fromfile(tmp_path / "out", np.uint8).reshape(-1, 3, 224, 224)
        assert np.array_equal(got, cropped(images[:bad // 4 * 4]))
    np.save(tmp_path / "good.npy", images.astype("<i2"))
    good = (tmp_path / "good.npy").read_bytes()
    cut = len(good) - (7 - bad) * values[0].nbytes + 100
    done = run(tmp_path / "out", *options, "-", batch=4, status=3, input=good[:cut])
    assert f"in the middle of its data, in row {bad} of 7".encode() in done.stderr
    assert os.path.getsize(tmp_path / "out") == bad // 4 * 4 * 150528


@pytest.mark.parametrize("options", [["late"], ["threads=1"], ["threads=3"]])
def test_files_left_out_at_the_ends_of_batches(tmp_path, images, options):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for i, image in enumerate(images):
        Image.fromarray(image.transpose(1, 2, 0)).save(folder / f"{i}.png")
    for bad in ([2], [3], [2, 3], [0, 6], [3, 4, 5], range(6)):
        for i in bad:
            (folder / f"{i}.png").rename(folder / f"{i}.good")
            (folder / f"{i}.png").write_bytes(b"no picture")
        done = run(tmp_path / "out", *options, "skip", folder, batch=3)
        kept = [i for i in range(7) if i not in bad]
        got = np.fromfile(tmp_path / "out", np.uint8).reshape(-1, 3, 224, 224)
        assert np.array_equal(got, cropped(images[kept])), bad
        left_out = [line for line in done.stdout.decode().splitlines() if line.startswith("skipped ")]
        assert [line.split(": ")[0] for line in left_out] == [f"skipped {folder}/{i}.png" for i in bad]
        done = run(tmp_path / "out", *options, folder, batch=3, status=3)
        assert f"{folder}/{bad[0]}.png: not a picture".encode() in done.stderr
        assert os.path.getsize(tmp_path / "out") == bad[0] // 3 * 3 * 150528
        for i in bad:
            (folder / f"{i}.good").rename(folder / f"{i}.png")


@pytest.fixture(scope="module")
def squares():
    """Images, (5, 90, 131, 3), and what the network sees of their central squares."""
    made = np.random.default_rng(4).integers(0, 256, (5, 90, 131, 3), dtype=np.uint8)
    return made, np.stack([square_transform(Image.fromarray(image)) for image in made])


@pytest.mark.parametrize("code", ["u1", "<i8", ">u2"])
def test_square_of_arrays(tmp_path, squares, code):
    """As pictures are, whatever their layout: NSD's stimuli are an array of uint8, channels last."""
    h5py = pytest.importorskip("h5py")
    for layout in ((0, 1, 2, 3), (0, 3, 1, 2)):
        array = squares[0].transpose(layout).astype(code)
        for order in "CF":
            np.save(tmp_path / "a.npy", np.asarray(array, order=order))
            assert np.array_equal(pixels(tmp_path, "square", tmp_path / "a.npy"), squares[1])
        np.save(tmp_path / "a.npy", np.ascontiguousarray(array))
        assert np.array_equal(pixels(tmp_path, "square", "-", input=(tmp_path / "a.npy").read_bytes()), squares[1])
        with h5py.File(tmp_path / "a.h5", "w") as file:
            file["imgBrick"] = array
        for late in ([], ["late"]):
            assert np.array_equal(pixels(tmp_path, "square", *late, tmp_path / "a.h5:imgBrick"), squares[1])


def test_square_of_pictures(tmp_path, squares):
    for i, image in enumerate(squares[0]):
        Image.fromarray(image).save(tmp_path / f"{i}.png")
    assert np.array_equal(pixels(tmp_path, "square", tmp_path), squares[1])
    assert not np.array_equal(pixels(tmp_path, tmp_path), squares[1])


def test_square_of_values_out_of_range(tmp_path, squares):
    array = squares[0].astype("i4")
    array[3, 45, 65, 1] = 256
    np.save(tmp_path / "a.npy", array)
    done = run(tmp_path / "out", "square", tmp_path / "a.npy", status=3)
    assert b"image 3" in done.stderr and b"256" in done.stderr


def test_the_transform_counts(tmp_path, squares):
    """Two runs are of the same images only if they see the same of them."""
    np.save(tmp_path / "a.npy", squares[0])
    fingerprints = {run(tmp_path / "out", *words, tmp_path / "a.npy").stdout.split()[1] for words in ([], ["square"])}
    assert len(fingerprints) == 2


@pytest.mark.parametrize("code", ["u1", "<i4", "<u8"])
@pytest.mark.parametrize("how", [{}, {"chunks": (1, 3, 100, 90), "compression": "gzip"}], ids=["plain", "chunks"])
@pytest.mark.parametrize("many", [False, True])
def test_arrays_of_matlab_are_turned(tmp_path, code, how, many):
    """MATLAB counts the first dimension fastest: what is height x width x 3 x images there lies as images x 3 x width x height.
    It says so in an attribute, which in the latest format may be one of many, in a heap."""
    h5py = pytest.importorskip("h5py")
    images = np.random.default_rng(4).integers(0, 256, (4, 3, 256, 256), dtype=np.uint8)
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512, libver="latest" if many else "earliest") as file:
        for name, lies in [("images", images.transpose(0, 1, 3, 2)), ("channels_first", images.transpose(0, 3, 2, 1))]:
            file.create_dataset(name, data=lies.astype(code), **(how if name == "images" else {}))
            for i in range(20 * many):
                file[name].attrs[f"attribute {i}"] = np.bytes_(f"text {i}")
            file[name].attrs["MATLAB_class"] = np.bytes_("uint8")
        file["plain"] = images.transpose(0, 1, 3, 2)
    for name in "images", "channels_first":
        assert np.array_equal(pixels(tmp_path, f"{tmp_path}/a.mat:{name}"), cropped(images))
    assert np.array_equal(pixels(tmp_path, f"{tmp_path}/a.mat:plain"), cropped(images.transpose(0, 1, 3, 2)))


@pytest.mark.parametrize("how", [{}, {"chunks": (1, 100, 90), "compression": "gzip"}], ids=["plain", "chunks"])
def test_one_picture_of_matlab_is_an_image(tmp_path, how):
    """MATLAB drops a last dimension of 1: height x width x 3 is what it keeps of height x width x 3 x 1."""
    h5py = pytest.importorskip("h5py")
    image = np.random.default_rng(5).integers(0, 256, (1, 3, 256, 256), dtype=np.uint8)
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        for name, lies in [("last", image[0].transpose(0, 2, 1)), ("first", image[0].transpose(2, 1, 0))]:
            file.create_dataset(name, data=lies, **(how if name == "last" else {}))
            file[name].attrs["MATLAB_class"] = np.bytes_("uint8")
        file["plain"] = image[0].transpose(0, 2, 1)
        file["double"] = image[0].transpose(0, 2, 1) / 255
        file["double"].attrs["MATLAB_class"] = np.bytes_("double")
    for name in "last", "first":
        assert np.array_equal(pixels(tmp_path, f"{tmp_path}/a.mat:{name}"), cropped(image))
    message = run(tmp_path / "out", f"{tmp_path}/a.mat:plain", status=3).stderr.decode()
    assert "is not a batch of images: expected 4 dimensions, (images, 3, height, width)" in message
    message = run(tmp_path / "out", f"{tmp_path}/a.mat:double", status=3).stderr.decode()
    assert "doubles of 0..1 become so by im2uint8(x), doubles of 0..255 by uint8(x): expected an integer type, found float64" in message


@pytest.mark.parametrize("shape, found", [((4, 50, 60, 3), "(4, 50, 60, 3)"), ((50, 60), "(50, 60)"), ((50, 60, 4), "(50, 60, 4)")])
def test_other_arrays_of_matlab_are_told_as_they_are_there(tmp_path, shape, found):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        file["a"] = np.zeros(shape[::-1], np.uint8)
        file["a"].attrs["MATLAB_class"] = np.bytes_("uint8")
    message = run(tmp_path / "out", f"{tmp_path}/a.mat:a", status=3).stderr.decode()
    assert ("expected 4 dimensions, in MATLAB (height, width, 3, images) or (3, height, width, images), or one image (height, width, 3), "
            f"found uint8 {found}") in message
