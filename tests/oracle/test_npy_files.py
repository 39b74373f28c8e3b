"""NumPy's containers: files that NumPy wrote, read by libberg."""
import io
import pickle
import pickletools
import zipfile

import numpy as np
import pytest

from containers import check, convert, dump, expected, load, metadata, refused, run, same, save, weights


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("tree", [weights(), metadata()], ids=["weights", "metadata"])
def test_pickled_dict(tmp_path, protocol, tree):
    check(save(tmp_path / "x.npy", tree, protocol), tree, "npy-pickle")


EVERY_BYTE = bytes(range(256)) * 8


def every_byte():
    """Arrays whose data hold every value of a byte, so zeros and more than 127 too, which protocol 2 spells as text."""
    code_points = [*range(32, 0xd800), *range(0xe000, 0x110000, 97)]
    letters = ["".join(map(chr, code_points[i:i + 256])) for i in range(0, len(code_points), 256)]
    return {
        "bytes": {dtype: np.frombuffer(EVERY_BYTE, dtype)
                  for dtype in ("u1", "<i2", "<i4", "<i8", ">i8", "<f4", "<f8", ">f8")},
        "scalars": {"f4": np.frombuffer(b"\0\xff\x80\x7f", "<f4")[0], "i8": np.int64(256), "zero": np.float64(0)},
        "fortran": np.asfortranarray(np.frombuffer(EVERY_BYTE, "<f4").reshape(8, 64)),
        "text": {"unicode": np.array([*letters, "".join(map(chr, range(256)))]),
                 "objects": np.array([*letters, "", "é"], dtype=object),
                 "turned": np.array(letters[:4]).astype(">U256").reshape(2, 2).T, "plain": letters[0]},
        "é": {"名": {"𝄞": np.arange(3)}}}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_byte(tmp_path, protocol):
    check(save(tmp_path / "x.npy", every_byte(), protocol), every_byte(), "npy-pickle")
    controls = {"tab\t": "".join(map(chr, range(1, 300)))}  # not for the lines of dump_file
    save(tmp_path / "y.npy", controls, protocol)
    same(load(convert(tmp_path / "y.npy", tmp_path / "z.npy")), controls)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_single_byte(tmp_path, protocol):
    # each alone, so that a value that is spelled wrong is named
    tree = {f"{value:02x}": np.array([value], "u1") for value in range(256)}
    check(save(tmp_path / "x.npy", tree, protocol), tree, "npy-pickle")


def test_np_save(tmp_path):
    np.save(tmp_path / "x.npy", metadata())
    check(tmp_path / "x.npy", metadata(), "npy-pickle")


@pytest.mark.parametrize("protocol", [2, 3])
def test_other_module_names(tmp_path, protocol):
    # with protocols 2 and 3 names are lines of text, so the other NumPy's spelling can be patched in
    spellings = [b"cnumpy.core.multiarray\n", b"cnumpy._core.multiarray\n"]

    def patch(data):
        old, new = spellings if spellings[0] in data else spellings[::-1]
        assert old in data
        return data.replace(old, new)
    check(save(tmp_path / "x.npy", weights(), protocol, patch), weights())


def test_other_module_names_stack_global(tmp_path):
    spellings = [b"\x8c\x15numpy.core.multiarray", b"\x8c\x16numpy._core.multiarray"]

    def patch(data):
        old, new = spellings if spellings[0] in data else spellings[::-1]
        assert old in data
        return data.replace(old, new)  # frame lengths are now wrong, and are not relied on
    check(save(tmp_path / "x.npy", weights(), 4, patch), weights())


def test_protocol_5_buffers(tmp_path):
    # a bare dict, not in an object array, lets NumPy 5 use _frombuffer; put by hand where an array's element would be
    tree = {"a": np.arange(6.0).reshape(2, 3), "f": np.asfortranarray(np.arange(6.0).reshape(2, 3))}
    data = pickle.dumps(tree, protocol=5)
    assert b"_frombuffer" in data
    box = pickle.dumps(np.array(None, dtype=object), protocol=5)
    at = box.index(b"]") + 1
    assert box[at:at + 3] == b"\x94Na"
    # the inner pickle's memo goes on from the box's: a pure-Python pickler whose memo is filled that far writes it
    out = io.BytesIO()
    pickler = pickle._Pickler(out, protocol=5)
    count = sum(op.name == "MEMOIZE" for op, _, place in pickletools.genops(box) if place <= at)
    for i in range(count):
        pickler.memo[-1 - i] = (i, None)
    pickler.save(tree)
    pickler.framer.end_framing() if pickler.framer.current_frame else None
    body = out.getvalue()
    with open(tmp_path / "x.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
        file.write(box[:at + 1] + body + box[at + 2:])
    loaded = np.load(tmp_path / "x.npy", allow_pickle=True).item()
    assert np.array_equal(loaded["f"], tree["f"])
    check(tmp_path / "x.npy", tree)


@pytest.mark.parametrize("dtype", ["?", "u1", "i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "<f2", "<f4", "<f8", ">f4",
                                   ">f8", ">i4", ">u2", "<U3", ">U3"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_plain(tmp_path, dtype, order):
    array = (np.arange(24).reshape(2, 3, 4) - 3).astype(dtype).copy(order)
    np.save(tmp_path / "x.npy", array)
    check(tmp_path / "x.npy", {"": array}, "npy")


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize("shape", [(), (0,), (5,), (1, 2, 3, 1, 1, 1, 1, 2)])
def test_versions(tmp_path, version, shape):
    array = np.arange(int(np.prod(shape)), dtype="<f4").reshape(shape)
    with open(tmp_path / "x.npy", "wb") as file:
        np.lib.format.write_array(file, array, version)
    check(tmp_path / "x.npy", {"": array}, "npy")


@pytest.mark.parametrize("save_npz", [np.savez, np.savez_compressed])
def test_npz(tmp_path, save_npz):
    tree = {"a": np.arange(30000.0), "b": np.array(["x", "yz"]), "c": np.array({"k": np.arange(3)}, dtype=object), "d": np.int8(3)}
    save_npz(tmp_path / "x.npz", **tree)
    form, entries = dump(tmp_path / "x.npz")
    assert form == "npz"
    assert entries["a"] == expected(tree["a"]) and entries["b"] == expected(tree["b"])
    assert entries["c.k"] == expected(np.arange(3)) and entries["d"] == expected(np.array(np.int8(3)))


def test_npz_that_inflates_out_of_all_proportion(tmp_path):
    """Large and dense, small and sparse are data; large and nothing but zeros is refused before it is inflated."""
    np.savez_compressed(tmp_path / "x.npz", a=np.zeros(64 << 20, np.uint8))
    assert run(tmp_path / "x.npz").returncode == 0
    with zipfile.ZipFile(tmp_path / "x.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, size in ("a.npy", 90), ("b.npy", 170):
            with archive.open(name, "w") as member:
                np.lib.format.write_array(member, np.zeros(size << 20, np.uint8))
    refused(tmp_path / "x.npz", "b.npy", "inflate to more than 256 MB and 100 times the file")
