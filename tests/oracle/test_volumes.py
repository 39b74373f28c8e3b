"""Volumes against nibabel: affine, units, data; arrays there and back; masks, labels, and grids that do not fit. Sidecars
and what HDF5 carries, against hashlib and the metadata."""
import gzip
import hashlib
import json
import os
import subprocess

import nibabel
import numpy as np
import pytest


MODEL = "fmri-things_fmri_1-vit_b_32"
AFFINE = np.array([[-2, 0, 0, 90], [0, 1.9, 0.3, -120], [0, -0.3, 2.1, -70], [0, 0, 0, 1.]])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Metadata of subject 1 alone: no weights are needed here."""
    from subject_metadata import subject_metadata
    folder = tmp_path_factory.mktemp("volumes")
    place = folder / f"encoding_models/modality-fmri/train_dataset-things_fmri_1/model-vit_b_32/metadata"
    place.mkdir(parents=True)
    metadata, _ = subject_metadata(1, 600, 1, empty_rois=("lSTS",))
    np.save(place / "metadata_sub-01.npy", np.array(metadata, object))
    return folder, metadata


@pytest.fixture
def berg(berg_program, folder, tmp_path):
    """berg(...) in tmp_path; the message of a failure of `status`, else None."""
    def call(*arguments, status=0, environment=None):
        clean = {name: value for name, value in os.environ.items() if name != "FSLOUTPUTTYPE"}
        done = subprocess.run([berg_program, *map(str, arguments)], capture_output=True, text=True, cwd=tmp_path,
                              env={**clean, "BERG_DIR": str(folder[0]), **(environment or {})})
        assert done.returncode == status, done.stderr
        return done.stderr
    return call


@pytest.fixture
def to(berg):
    return lambda *arguments, **more: berg("volume", "to", MODEL, "--subject", 1, *arguments, **more)


@pytest.fixture
def back(berg, tmp_path):
    def call(volume, *arguments):
        berg("volume", "from", MODEL, "--subject", 1, volume, "-o", "back.npy", "-f", "--no-sidecar", *arguments)
        return np.load(tmp_path / "back.npy")
    return call


@pytest.fixture
def mask(folder, tmp_path):
    """The brain mask of the subject, two voxels larger on each side than it needs to be."""
    coords = folder[1]["fmri"]["voxel_coords"]
    data = np.zeros(coords.max(axis=0) + 3, np.uint8)
    data[tuple(coords.T)] = 1

    def write(name="mask.nii.gz", data=data, dtype=np.uint8, endian="<", change=lambda image: None, affine=AFFINE):
        image = nibabel.Nifti1Image(data.astype(dtype), affine, nibabel.Nifti1Header(endianness=endian))
        image.set_data_dtype(dtype)
        image.header.set_xyzt_units("mm", "sec")
        image.set_qform(affine, 1)
        image.set_sform(affine, 4)
        change(image)
        nibabel.save(image, tmp_path / name)
        return data
    write()
    return write


def places(folder):
    return tuple(folder[1]["fmri"]["voxel_coords"].T)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i2", "u1", "i8", "u8", "i4", "i1", "u2", "u4"])
@pytest.mark.parametrize("shape", [(600,), (3, 600)])
def test_arrays_come_back_to_the_same_bytes(to, back, folder, tmp_path, dtype, shape, mask):
    rng = np.random.default_rng(1)
    values = rng.integers(0, 256, (*shape, np.dtype(dtype).itemsize), np.uint8).view(dtype)[..., 0]  # any bits, NaNs too
    np.save(tmp_path / "values.npy", values)
    to("values.npy", "-o", "out.nii.gz", "--like", "mask.nii.gz")
    image = nibabel.load(tmp_path / "out.nii.gz")
    assert image.header.get_data_dtype() == np.dtype(dtype) and image.ndim == 2 + len(shape)
    data = np.asanyarray(image.dataobj)
    assert data[places(folder)].T.tobytes() == values.tobytes()
    outside = np.ones(data.shape[:3], bool)
    outside[places(folder)] = False
    assert (np.isnan(data[outside]) if values.dtype.kind == "f" else data[outside] == 0).all()
    assert back("out.nii.gz").tobytes() == values.tobytes()
    assert (tmp_path / "back.npy").read_bytes() == (tmp_path / "values.npy").read_bytes()


def test_types_that_nifti_lacks(to, folder, tmp_path):
    for name, values, dtype in [("bool", np.arange(600) % 3 == 0, np.uint8), ("half", np.arange(600, dtype="f2") / 7, np.float32)]:
        np.save(tmp_path / "values.npy", values)
        to("values.npy", "-o", f"{name}.nii")
        data = np.asanyarray(nibabel.load(tmp_path / f"{name}.nii").dataobj)
        assert data.dtype == dtype
        np.testing.assert_array_equal(data[places(folder)], values.astype(dtype))


def test_the_space_is_that_of_like(to, mask, tmp_path):
    to("--key", "encoding_model.noise_ceiling_testset", "-o", "out.nii.gz", "--like", "mask.nii.gz")
    ours, theirs = nibabel.load(tmp_path / "out.nii.gz"), nibabel.load(tmp_path / "mask.nii.gz")
    np.testing.assert_array_equal(ours.affine, theirs.affine)
    for field in ("qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z"):
        assert ours.header[field] == theirs.header[field], field
    np.testing.assert_array_equal(ours.header["pixdim"][:4], theirs.header["pixdim"][:4])
    assert ours.shape == theirs.shape and ours.header.get_xyzt_units()[0] == "mm"
    np.testing.assert_allclose(ours.affine, AFFINE, atol=1e-5)


@pytest.mark.parametrize("kind", ["text", "npy"])
def test_the_space_is_that_of_an_affine(to, folder, tmp_path, kind):
    name = f"affine.{kind}"
    np.savetxt(tmp_path / name, AFFINE) if kind == "text" else np.save(tmp_path / name, AFFINE)
    to("--key", "prf.prf_size", "-o", "out.nii.gz", "--affine", name)
    image = nibabel.load(tmp_path / "out.nii.gz")
    np.testing.assert_allclose(image.affine, AFFINE, rtol=1e-6)
    np.testing.assert_allclose(image.header.get_zooms(), np.linalg.norm(AFFINE[:3, :3], axis=0), rtol=1e-6)
    assert image.header.get_xyzt_units()[0] == "mm" and image.header["qform_code"] == 0 < image.header["sform_code"]
    assert image.shape == tuple(folder[1]["fmri"]["voxel_coords"].max(axis=0) + 1)
    assert b"space unknown" not in bytes(image.header["descrip"])


@pytest.mark.parametrize("text, found", [("1 2 3", "found 3"), ("1 " * 17, "found more"), ("x " * 16, '"x"'),
                                         ("1 0 0 0 0 1 0 0 0 0 0 0 0 0 0 1", "no inverse"), ("nan " * 16, "usable"),
                                         ("1 0 0 0 0 1 0 0 0 0 1 0 0 0 1 1", "last row")])
def test_affines_that_are_none(to, tmp_path, text, found):
    (tmp_path / "affine.txt").write_text(text)
    error = to("--key", "prf.prf_size", "-o", "out.nii.gz", "--affine", "affine.txt", status=2 if "found" not in found and
               '"' not in found else 3)
    assert found in error
    assert os.listdir(tmp_path) == ["affine.txt"]


def test_an_unknown_space_is_called_that(to, tmp_path):
    assert "the space of the volume is unknown" in to("--key", "prf.prf_size", "-o", "out.nii.gz")
    header = nibabel.load(tmp_path / "out.nii.gz").header
    assert header["qform_code"] == header["sform_code"] == 0 and header.get_xyzt_units()[0] == "unknown"
    assert b"space unknown" in bytes(header["descrip"])
    assert json.loads((tmp_path / "out.json").read_text())["SpatialReference"].startswith("unknown")


def test_masks_that_do_not_fit(to, berg, mask, folder, tmp_path):
    data, coords = mask(), folder[1]["fmri"]["voxel_coords"]

    def refused(changed, found):
        mask("wrong.nii.gz", changed)
        error = to("--key", "prf.prf_size", "-o", "out.nii.gz", "--like", "wrong.nii.gz", status=4)
        assert "wrong.nii.gz: does not fit the subject" in error and found in error, error
        assert not (tmp_path / "out.nii.gz").exists()
    refused(data[:-4], "outside its grid")
    moved = data.copy()
    moved[tuple(coords[7])], moved[0, 0, 0] = 0, 1
    refused(moved, f"voxel 0 at ({coords[0][0]}, {coords[0][1]}, {coords[0][2]}) is (0, 0, 0) in the mask")
    refused(np.roll(data, 1, axis=0), "voxel 0 at")
    larger = moved.copy()
    larger[0, 0, 1] = 1
    refused(larger, "voxel 7 at")
    smaller = np.zeros_like(data)
    smaller[tuple(coords[5])] = smaller[0, 0, 0] = 1
    refused(smaller, "1 of the 2 voxels of this mask are not among its own")
    # A mask around all voxels, one of a part of them, and an image that is not a mask, are a grid as well.
    for fits in (np.ones_like(data), data * (np.arange(data.shape[0]) < 5)[:, None, None], np.arange(data.size).reshape(data.shape)):
        mask("right.nii.gz", fits, np.int32)
        to("--key", "prf.prf_size", "-o", "out.nii.gz", "--like", "right.nii.gz", "-f")


def test_volumes_of_other_byte_order_type_and_scale(back, mask, folder, tmp_path):
    rng, shape = np.random.default_rng(2), tuple(folder[1]["fmri"]["voxel_coords"].max(axis=0) + 3)
    for name in ("a.nii", "a.nii.gz"):
        for dtype in ("f4", "f8", "i2", "u4", "i8"):
            data = rng.integers(-100 if dtype[0] != "u" else 0, 100, (*shape, 2)).astype(dtype)
            mask(name, data, dtype, ">")
            assert (tmp_path / name).read_bytes()[:2] in (b"\0\0", b"\x1f\x8b")
            values = back(name)
            assert values.dtype == np.dtype(dtype)
            np.testing.assert_array_equal(values, data[places(folder)].T)
    data = rng.integers(-100, 100, shape).astype(np.int16)

    def scale(image):
        image.header.set_slope_inter(0.3, -7)
    for endian in "<>":
        mask("scaled.nii", data, np.int16, endian, scale)
        raw = bytearray((tmp_path / "scaled.nii").read_bytes())
        raw[112:120] = np.array([0.3, -7], f"{endian}f4").tobytes()  # nibabel makes its own when it saves
        (tmp_path / "scaled.nii").write_bytes(raw)
        values = back("scaled.nii")
        expected = np.asarray(nibabel.load(tmp_path / "scaled.nii").dataobj)[places(folder)]
        assert values.dtype == np.float64 and len(np.unique(values)) > 50
        np.testing.assert_array_equal(values, expected)


def test_a_selection_and_a_row(to, back, berg, folder, tmp_path):
    voxels = np.r_[folder[1]["roi"]["V2"], folder[1]["roi"]["V1"]]  # they overlap
    assert len(np.unique(voxels)) < len(voxels)
    np.save(tmp_path / "columns.npy", voxels)
    rows = np.random.default_rng(3).standard_normal((4, 600))[:, voxels]
    np.save(tmp_path / "rows.npy", rows)
    to("rows.npy", "--columns", "columns.npy", "-o", "out.nii.gz")
    assert back("out.nii.gz", "--columns", "columns.npy").tobytes() == rows.tobytes()
    assert np.isfinite(back("out.nii.gz")).sum() == 4 * len(np.unique(voxels))
    to("rows.npy", "--columns", "columns.npy", "--row", 2, "-o", "row.nii.gz", "--outside", "0")
    assert back("row.nii.gz", "--columns", "columns.npy").tobytes() == rows[2].tobytes()
    assert (back("row.nii.gz") != 0).sum() == len(np.unique(voxels))
    twin = next(c for c in range(len(voxels)) if voxels[c] in voxels[:c])
    rows[3, twin] += 1
    np.save(tmp_path / "rows.npy", rows)
    error = to("rows.npy", "--columns", "columns.npy", "-o", "two.nii.gz", status=2)
    assert f"columns {voxels.tolist().index(voxels[twin])} and {twin} are of the same voxel, but differ in row 3" in error
    assert not (tmp_path / "two.nii.gz").exists() and not list(tmp_path.glob(".*.new"))
    np.save(tmp_path / "columns.npy", np.array([0, 600]))
    assert "voxel 600" in to("rows.npy", "--columns", "columns.npy", "-o", "x.nii.gz", status=2)


def test_one_voxel(berg_program, tmp_path):
    metadata = {"fmri": {"voxel_coords": np.array([[0, 0, 0]])}, "roi": {"V1": np.array([0])}}
    place = tmp_path / "encoding_models/modality-fmri/train_dataset-things_fmri_1/model-vit_b_32/metadata"
    place.mkdir(parents=True)
    np.save(place / "metadata_sub-01.npy", np.array(metadata, object))
    np.save(tmp_path / "one.npy", np.array([2.5]))
    for command in (["to", MODEL, "one.npy", "-o", "one.nii.gz"], ["from", MODEL, "one.nii.gz", "-o", "back.npy"],
                    ["rois", MODEL, "-o", "rois_dseg.nii.gz"]):
        done = subprocess.run([berg_program, "volume", *command, "--subject", "1", "--berg-dir", "."], cwd=tmp_path)
        assert done.returncode == 0
    assert nibabel.load(tmp_path / "one.nii.gz").shape == (1, 1, 1)
    assert (tmp_path / "back.npy").read_bytes() == (tmp_path / "one.npy").read_bytes()
    assert np.asanyarray(nibabel.load(tmp_path / "rois_dseg.nii.gz").dataobj).tolist() == [[[1]]]


def test_masks_of_regions_have_exactly_their_voxels(berg, mask, folder, tmp_path):
    regions = {name: voxels for name, voxels in folder[1]["roi"].items() if len(voxels)}
    berg("volume", "rois", MODEL, "--subject", 1, "--each", "--like", "mask.nii.gz", "-o", "sub-01_mask.nii.gz")
    made = {path.name for path in tmp_path.glob("sub-01_label-*_mask.nii.gz")}
    assert made == {f"sub-01_label-{name.replace('_', '')}_mask.nii.gz" for name in regions}
    coords = folder[1]["fmri"]["voxel_coords"]
    for name, voxels in regions.items():
        image = nibabel.load(tmp_path / f"sub-01_label-{name.replace('_', '')}_mask.nii.gz")
        data = np.asanyarray(image.dataobj)
        assert data.dtype == np.uint8 and set(np.unique(data)) == {0, 1}
        assert set(map(tuple, np.argwhere(data))) == set(map(tuple, coords[voxels]))
        np.testing.assert_allclose(image.affine, AFFINE, atol=1e-5)
    berg("volume", "rois", MODEL, "--subject", 1, "--stack", "-o", "rois_probseg.nii.gz")
    stack = np.asanyarray(nibabel.load(tmp_path / "rois_probseg.nii.gz").dataobj)
    for row, voxels in enumerate(regions.values()):
        assert set(map(tuple, np.argwhere(stack[..., row]))) == set(map(tuple, coords[voxels]))
    assert json.loads((tmp_path / "rois_probseg.json").read_text())["LabelMap"] == list(regions)


def test_labels_and_their_table(berg, folder, tmp_path):
    regions, coords = folder[1]["roi"], folder[1]["fmri"]["voxel_coords"]
    names = ["rPPA", "V1", "lEBA"]
    assert len(np.unique(np.concatenate([regions[name] for name in names]))) == sum(len(regions[name]) for name in names)
    berg("volume", "rois", MODEL, "--subject", 1, "--roi", ",".join(names), "-o", "out_dseg.nii.gz")
    data = np.asanyarray(nibabel.load(tmp_path / "out_dseg.nii.gz").dataobj)
    rows = [line.split("\t") for line in (tmp_path / "out_dseg.tsv").read_text().splitlines()]
    assert rows[0] == ["index", "name", "voxels"] and [row[1] for row in rows[1:]] == names
    for index, name, count in rows[1:]:
        assert set(map(tuple, np.argwhere(data == int(index)))) == set(map(tuple, coords[regions[name]]))
        assert int(count) == len(regions[name])
    shared = len(set(regions["V1"]) & set(regions["V2"]))
    error = berg("volume", "rois", MODEL, "--subject", 1, "--roi", "V1,V2", "-o", "x_dseg.nii.gz", status=2)
    assert f"V1 and V2 share {shared} voxel" in error
    assert "no voxels" in berg("volume", "rois", MODEL, "--subject", 1, "--roi", "lSTS", "-o", "x_dseg.nii.gz", status=2)
    assert not list(tmp_path.glob("x_*"))
    assert "out_dseg" in berg("volume", "rois", MODEL, "--subject", 1, "--roi", "V1", "-o", "out_dseg.nii.gz", status=5)


@pytest.mark.parametrize("kind, ending", [(None, ".nii.gz"), ("NIFTI", ".nii"), ("NIFTI_GZ", ".nii.gz"), ("NIFTI_PAIR", None)])
def test_fsl_says_the_ending(to, tmp_path, kind, ending):
    environment = {"FSLOUTPUTTYPE": kind} if kind else {}
    error = to("--key", "prf.prf_size", "-o", "out", environment=environment, status=0 if ending else 2)
    assert sorted(os.listdir(tmp_path)) == ([f"out.json", f"out{ending}"] if ending else [])
    assert ending or "NIFTI_PAIR" in error
    to("--key", "prf.prf_size", "-o", "named.nii", environment=environment)


def test_the_sidecar_and_what_hdf5_carries(berg, berg_program, small_berg_dir, small_subject, tmp_path, backbone_files):
    h5py = pytest.importorskip("h5py")
    from PIL import Image
    metadata = small_subject[1]
    names = ["a b.png", "ü.png", "c.png"]
    for i, name in enumerate(names):
        Image.fromarray(np.full((64, 64, 3), 40 * i, np.uint8)).save(tmp_path / name)
    arguments = ["--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], "--subject", 1, "--roi", "V2,V1", *names]
    berg("encode", MODEL, *arguments, "-o", "out.h5", "--threads", 2, "-q")
    tree = json.loads((tmp_path / "out.json").read_text())
    made = tree["GeneratedBy"][0]
    assert made["Name"] == "libberg" and made["Command"].endswith("--roi V2,V1 'a b.png' 'ü.png' c.png"), made
    assert "--threads" not in made["Command"] and "out.h5" not in made["Command"]
    for source in tree["SourceFiles"]:
        if source["Role"] != "backbone":
            data = open(source["Path"], "rb").read()
            assert source["Bytes"] == len(data) and source["SHA256"] == hashlib.sha256(data).hexdigest()
    hashes = [hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in names]
    assert tree["Images"] == {"Count": 3, "Files": [{"Path": p, "SHA256": h} for p, h in zip(names, hashes)]}
    voxels = np.r_[metadata["roi"]["V2"], metadata["roi"]["V1"]]

    def numbers(runs):
        return [i for first, last in runs for i in range(first, last + 1)]
    assert numbers(tree["Columns"]["Voxels"]) == voxels.tolist()
    assert tree["Columns"]["Coordinates"] == metadata["fmri"]["voxel_coords"][voxels].tolist()
    inside = {name: np.flatnonzero(np.isin(voxels, roi)).tolist() for name, roi in metadata["roi"].items()}
    inside = {name: columns for name, columns in inside.items() if columns}
    assert {name: numbers(runs) for name, runs in tree["Columns"]["Regions"].items()} == inside
    with h5py.File(tmp_path / "out.h5") as file:
        assert {name: columns[:].tolist() for name, columns in file["rois"].items()} == inside
        assert list(file["image_sha256"].asstr()[:]) == hashes and list(file["image_names"].asstr()[:]) == names
        inner = json.loads(file["provenance"].asstr()[0])
        assert inner == {key: value for key, value in tree.items() if key not in ("Columns", "Images")}
    assert "out.json" in berg("encode", MODEL, *arguments, "-o", "out.npy", status=5)
    assert not (tmp_path / "out.npy").exists()
    berg("encode", MODEL, *arguments, "-o", "out.npy", "--no-sidecar")
    berg("encode", MODEL, *arguments, "-o", "bare.nii.gz", "--no-sidecar", "--outside", "0")
    volume = np.asanyarray(nibabel.load(tmp_path / "bare.nii.gz").dataobj)
    coords = metadata["fmri"]["voxel_coords"][voxels]
    assert volume[tuple(coords.T)].T.tobytes() == np.ascontiguousarray(np.load(tmp_path / "out.npy")).tobytes()
    assert (volume != 0).any(axis=3).sum() == len(np.unique(voxels)) and not (tmp_path / "bare.json").exists()


def test_a_large_source_is_sampled(to, folder, tmp_path):
    values = np.zeros((14000, 600))
    values[:, 0] = np.arange(14000)
    np.save(tmp_path / "large.npy", values)
    to("large.npy", "--row", 5, "-o", "out.nii")
    source = json.loads((tmp_path / "out.json").read_text())["SourceFiles"][0]
    data = (tmp_path / "large.npy").read_bytes()
    starts = [i * (len(data) - 65536) // 63 for i in range(64)]
    assert source["SampledSHA256"] == hashlib.sha256(b"".join(data[s:s + 65536] for s in starts)).hexdigest()
    assert source["Bytes"] == len(data)
    (tmp_path / "large.npy").unlink()


def damaged(raw):
    """(name, bytes) of headers that lie."""
    def change(at, values):
        data = bytearray(raw)
        data[at:at + len(values)] = values
        return bytes(data)
    yield "empty", b""
    yield "short", raw[:200]
    yield "cut in the data", raw[:-1]
    yield "no magic", change(344, b"abcd")
    yield "a pair", change(344, b"ni1\0")
    yield "NIfTI-2", change(0, np.int32(540).tobytes())
    yield "negative side", change(42, np.int16(-3).tobytes())
    yield "eight dimensions", change(40, np.int16(8).tobytes())
    yield "huge", change(40, np.array([4, 32767, 32767, 32767, 32767], "<i2").tobytes())
    yield "more volumes than bytes", change(40, np.array([4, 4, 4, 4, 32767], "<i2").tobytes())
    yield "complex", change(70, np.array([32, 64], "<i2").tobytes())
    yield "other bits", change(72, np.int16(64).tobytes())
    for offset in (0, 351, np.nan, np.inf, 1e30, 400.5):
        yield f"offset {offset}", change(108, np.float32(offset).tobytes())
    yield "infinite intercept", change(112, np.array([2, np.inf], "<f4").tobytes())


def test_damaged_volumes_are_refused(berg, mask, folder, tmp_path):
    mask("a.nii", mask(), np.float32)
    raw = (tmp_path / "a.nii").read_bytes()
    compressed = bytearray(gzip.compress(raw))
    compressed[-6] ^= 1
    cases = [*damaged(raw)] + [(f"{name}, gz", gzip.compress(data)) for name, data in damaged(raw)]
    for name, data in [*cases, ("checksum, gz", bytes(compressed)), ("torn, gz", gzip.compress(raw)[:-40])]:
        (tmp_path / "bad.nii").write_bytes(data)
        error = berg("volume", "from", MODEL, "--subject", 1, "bad.nii", "-o", "out.npy", status=3)
        assert error.count("\n") == 1 and "bad.nii" in error, (name, error)
        assert not list(tmp_path.glob("out*")), name
    (tmp_path / "longer.nii").write_bytes(raw + b"more")
    berg("volume", "from", MODEL, "--subject", 1, "longer.nii", "-o", "out.npy")
