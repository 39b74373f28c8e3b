"""The container readers and writers against NumPy, zipfile and json: files are made by those, read by libberg through
dump_file (tests/tools), and files that libberg wrote are read back by them."""
import io
import json
import os
import pickle
import pickletools
import struct
import subprocess
import zipfile

import numpy as np
import pytest

DUMP = os.environ.get("DUMP_FILE", os.path.join(os.path.dirname(__file__), "../../build/tests/dump_file"))



def run(*arguments):
    return subprocess.run([DUMP, *map(str, arguments)], capture_output=True, timeout=120)


def dump(path):
    """format, {name: (dtype name, item size, shape, elements)} in the file's order."""
    done = run(path)
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.decode().split("\n")[:-1]
    entries = {}
    for line in lines[1:]:
        name, dtype, itemsize, shape, elements = line.split("\t")
        entries[name] = (dtype, int(itemsize), tuple(int(n) for n in shape.split(",") if n), elements)
    return lines[0], entries


def refused(path, *words):
    done = run(path)
    assert done.returncode == 3, (done.returncode, done.stdout[:200], done.stderr)
    message = done.stderr.decode()
    assert message.count("\n") == 1
    for word in words:
        assert word in message, message
    return message


def expected(value):
    """What dump_file prints of a NumPy or Python value."""
    if isinstance(value, (bool, int, float, str)) and not isinstance(value, np.generic):
        if isinstance(value, str):
            return "str", 8, (), f'"{value}"'
        value = np.array(value)
    value = np.asarray(value)
    if value.dtype == object:
        return "str", 8, value.shape, "".join(f'"{v}"' for v in value.ravel())
    name = "unicode" if value.dtype.kind == "U" else value.dtype.newbyteorder("=").name
    little = value.astype(value.dtype.newbyteorder("<"))
    return name, value.dtype.itemsize, value.shape, little.tobytes("C").hex()


def flat(tree, prefix=""):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def check(path, tree, form=None):
    found_form, entries = dump(path)
    assert form is None or found_form == form
    wanted = dict(flat(tree))
    assert list(entries) == list(wanted)
    for name, value in wanted.items():
        assert entries[name] == expected(value), name


def weights(voxels=7, components=3, features=11):
    rng = np.random.default_rng(1)
    return {
        "scaler_param": {
            "scale_": rng.random(features), "mean_": rng.random(features), "var_": rng.random(features),
            "n_features_in_": features, "n_samples_seen_": np.int64(8640)},
        "pca_param": {
            "components_": rng.standard_normal((components, features)).astype("f4"),
            "explained_variance_": rng.random(components).astype("f4"), "n_components_": components,
            "noise_variance_": np.float32(0.25)},
        "reg_param": {
            "coef_": np.asfortranarray(rng.standard_normal((voxels, components)).astype("f4")),
            "intercept_": rng.standard_normal(voxels).astype(">f4"), "n_features_in_": components}}


def metadata():
    rng = np.random.default_rng(2)
    names = [f"concept_{i % 300}/image_{i}_ä.jpg" for i in range(2400)]
    return {
        "fmri": {"voxel_coords": rng.integers(0, 90, (9, 3)), "n_voxels": 9, "subject_id": "sub-01"},
        "encoding_model": {
            "train_stimuli": np.array(names, dtype=object),
            "train_concepts": np.array([n.split("/")[0] for n in names], dtype=object),
            "test_avg_stimuli": np.array(names[:100]), "big_endian": np.array(names[:3]).astype(">U30"),
            "noise_ceiling_testset": rng.random(9) * 100, "empty": np.zeros((0, 4)), "flag": True, "rate": -0.5,
            "scalar": np.float16(1.5), "none_set": np.bool_(False), "big": -(1 << 40), "cube": rng.random((2, 3, 4)).T},
        "roi": {"V1": np.arange(5), "lFFA": np.array([], dtype=np.int64)}}


def save(path, tree, protocol, transform=lambda data: data):
    box = np.array(tree, dtype=object)
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|O", "fortran_order": False, "shape": ()})
        file.write(transform(pickle.dumps(box, protocol=protocol)))
    return path


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize("tree", [weights(), metadata()], ids=["weights", "metadata"])
def test_pickled_dict(tmp_path, protocol, tree):
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


# --- torch's zip form, by hand -----------------------------------------------------------------------------------------

STORAGE = {"f4": "FloatStorage", "f8": "DoubleStorage", "f2": "HalfStorage", "i8": "LongStorage", "i4": "IntStorage",
           "i2": "ShortStorage", "i1": "CharStorage", "u1": "ByteStorage", "b1": "BoolStorage"}


class Global:
    """Pickles as a name, whatever module that is."""
    def __init__(self, module, name):
        self.module, self.name = module, name


class Call:
    def __init__(self, function, arguments, state=None):
        self.function, self.arguments, self.state = function, arguments, state


class TorchPickler(pickle._Pickler):
    dispatch = pickle._Pickler.dispatch.copy()

    def save_global_by_name(self, value):
        self.write(b"c" + value.module.encode() + b"\n" + value.name.encode() + b"\n")
        self.memoize(value)

    def save_call(self, value):
        self.save(value.function)
        self.save(value.arguments)
        self.write(b"R")
        self.memoize(value)
        if value.state is not None:
            self.save(value.state)
            self.write(b"b")

    def persistent_id(self, value):
        return value.id if isinstance(value, Storage) else None

    dispatch[Global] = save_global_by_name
    dispatch[Call] = save_call


class Storage:
    def __init__(self, key, array):
        self.array = array
        self.id = ("storage", Global("torch", STORAGE[array.dtype.str[1:]]), key, "cpu", array.size)


def tensor(storage, offset, size, stride):
    return Call(Global("torch._utils", "_rebuild_tensor_v2"),
                (storage, offset, size, stride, False, Call(Global("collections", "OrderedDict"), ())))


def torch_bytes(root, storages, folder="archive", compress=zipfile.ZIP_STORED, extra=()):
    out = io.BytesIO()
    TorchPickler(out, protocol=2).dump(root)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compress) as archive:
        archive.writestr(f"{folder}/data.pkl", out.getvalue())
        for key, storage in storages.items():
            archive.writestr(f"{folder}/data/{key}", storage.array.tobytes())
        archive.writestr(f"{folder}/version", "3\n")
        for name, text in extra:
            archive.writestr(f"{folder}/{name}", text)
    return data.getvalue()


def sample_torch(compress=zipfile.ZIP_STORED, wrap=lambda tree: tree, extra=()):
    a, b = Storage("0", np.arange(24, dtype="f4")), Storage("1", np.arange(6, dtype="i8"))
    tree = {"encoder.layers.encoder_layer_0.mlp.linear_1.weight": tensor(a, 0, (2, 3), (3, 1)),
            "shared": tensor(a, 6, (4, 2), (1, 4)), "count": tensor(b, 2, (), ()), "empty": tensor(b, 6, (0, 3), (3, 1)),
            "repeated": tensor(b, 1, (3, 2), (0, 1)),
            "parameter": Call(Global("torch._utils", "_rebuild_parameter"),
                              (tensor(b, 0, (6,), (1,)), True, Call(Global("collections", "OrderedDict"), ())))}
    wanted = {"encoder.layers.encoder_layer_0.mlp.linear_1.weight": np.arange(6, dtype="f4").reshape(2, 3),
              "shared": np.lib.stride_tricks.as_strided(np.arange(24, dtype="f4")[6:], (4, 2), (4, 16)),
              "count": np.array(2), "empty": np.zeros((0, 3), "i8"), "repeated": np.array([[1, 2]] * 3), "parameter": np.arange(6)}
    return torch_bytes(wrap(tree), {"0": a, "1": b}, compress=compress, extra=extra), wanted


@pytest.mark.parametrize("compress", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_torch(tmp_path, compress):
    data, wanted = sample_torch(compress, extra=[("byteorder", "little")])
    (tmp_path / "x.pth").write_bytes(data)
    check(tmp_path / "x.pth", wanted, "torch")


def test_torch_metadata_on_ordered_dict(tmp_path):
    a = Storage("0", np.arange(4, dtype="f8"))

    # OrderedDict(), SETITEMS, then BUILD {'_metadata': ...}: the order of opcodes that torch gives a state_dict
    out = io.BytesIO()
    pickler = TorchPickler(out, protocol=2)
    pickler.write(b"\x80\x02")
    pickler.save(Call(Global("collections", "OrderedDict"), ()))
    pickler.write(b"(")
    pickler.save("w")
    pickler.save(tensor(a, 0, (4,), (1,)))
    pickler.write(b"u")
    pickler.save({"_metadata": {"": {"version": 1}}})
    pickler.write(b"b.")
    with zipfile.ZipFile(tmp_path / "x.pth", "w") as archive:
        archive.writestr("m/data.pkl", out.getvalue())
        archive.writestr("m/data/0", a.array.tobytes())
    check(tmp_path / "x.pth", {"w": a.array}, "torch")


def test_torch_nested(tmp_path):
    data, wanted = sample_torch(wrap=lambda tree: {"epoch": 3, "state_dict": tree})
    (tmp_path / "x.pth").write_bytes(data)
    check(tmp_path / "x.pth", {"epoch": 3, "state_dict": wanted})


@pytest.mark.parametrize("offset, size, stride", [(0, (25,), (1,)), (24, (1,), (1,)), (1, (2, 12), (12, 1)), (0, (2, 2), (24, 1)),
                                                  (1 << 62, (2,), (1 << 62,)), (0, (1 << 32, 1 << 32), (0, 0)),
                                                  (0, (1 << 30,), (0,)), (-1, (1,), (1,)), (0, (2,), (-1,)), (0, (2,), (1, 1))])
def test_torch_outside_of_storage(tmp_path, offset, size, stride):
    a = Storage("0", np.arange(24, dtype="f4"))
    (tmp_path / "x.pth").write_bytes(torch_bytes({"w": tensor(a, offset, size, stride)}, {"0": a}))
    refused(tmp_path / "x.pth", "pickle")


def test_torch_big_endian_and_missing_storage(tmp_path):
    (tmp_path / "big.pth").write_bytes(sample_torch(extra=[("byteorder", "big")])[0])
    refused(tmp_path / "big.pth", "byte order", "big")
    a = Storage("0", np.arange(24, dtype="f4"))
    (tmp_path / "missing.pth").write_bytes(torch_bytes({"w": tensor(a, 0, (1,), (1,))}, {}))
    refused(tmp_path / "missing.pth", "storage is missing")
    short = Storage("0", np.arange(4, dtype="f4"))
    (tmp_path / "short.pth").write_bytes(torch_bytes({"w": tensor(a, 0, (1,), (1,))}, {"0": short}))
    refused(tmp_path / "short.pth", "shorter")


def test_old_torch_says_what_to_do(tmp_path):
    (tmp_path / "x.pth").write_bytes(pickle.dumps(119547037146038801333356, protocol=2) + b"....")
    refused(tmp_path / "x.pth", "torch.save")


def test_real_torch(tmp_path):
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.LayerNorm(4))
    torch.save(model.state_dict(), tmp_path / "x.pth")
    check(tmp_path / "x.pth", {k: v.numpy() for k, v in model.state_dict().items()}, "torch")
    tree = {"half": torch.arange(3).half(), "t": torch.arange(6.0).reshape(2, 3).T, "n": 3, "b": torch.tensor(True)}
    torch.save(tree, tmp_path / "y.pth")
    check(tmp_path / "y.pth", {k: v.numpy() if hasattr(v, "numpy") else v for k, v in tree.items()})
    assert run("--convert", tmp_path / "y.pth", tmp_path / "z.pth").returncode == 0
    loaded = torch.load(tmp_path / "z.pth", weights_only=True)
    assert all(torch.equal(torch.as_tensor(loaded[k]), torch.as_tensor(tree[k])) for k in tree)
    assert loaded["t"].dtype == tree["t"].dtype and type(loaded["n"]) is int


# --- safetensors ---------------------------------------------------------------------------------------------------------

def safetensors(header, data=b"", pad=True):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    text += b" " * (-len(text) % 8 if pad else 0)
    return struct.pack("<Q", len(text)) + text + data


def one(**changes):
    return {"w": {**{"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, **changes}}


def test_safetensors(tmp_path):
    a, b = np.arange(6, dtype="f4").reshape(2, 3), np.arange(3, dtype="i8")
    header = {"b": {"dtype": "I64", "shape": [3], "data_offsets": [0, 24]}, "__metadata__": {"format": "pt"},
              "a.x": {"dtype": "F32", "shape": [2, 3], "data_offsets": [24, 48]},
              "s": {"dtype": "F64", "shape": [], "data_offsets": [48, 56]}, "e": {"dtype": "U8", "shape": [0], "data_offsets": [56, 56]}}
    (tmp_path / "x.safetensors").write_bytes(safetensors(header, b.tobytes() + a.tobytes() + np.float64(2).tobytes()))
    check(tmp_path / "x.safetensors", {"b": b, "a.x": a, "s": np.array(2.0), "e": np.zeros(0, "u1")}, "safetensors")


W8 = b"\0" * 8
@pytest.mark.parametrize("data", [
    safetensors(one(), W8 + b"x"), safetensors(one(), W8[:7]), safetensors(one(data_offsets=[0, 4]), W8[:4]),
    safetensors(one(data_offsets=[1, 9]), W8 + b"x"), safetensors(one(data_offsets=[8, 0]), W8),
    safetensors(one(data_offsets=[0, 8, 8]), W8), safetensors(one(data_offsets=[0.5, 8]), W8),
    safetensors(one(shape=[-2]), W8), safetensors(one(shape=[2**53 + 2]), W8), safetensors(one(shape=[1e300]), W8),
    safetensors(one(shape=[2**40, 2**40]), W8), safetensors(one(shape=2), W8), safetensors(one(shape=[1] * 8 + [2]), W8),
    safetensors(one(dtype="F8_E4M3"), W8), safetensors(one(dtype=3), W8), safetensors(one(more=1), W8),
    safetensors({"w": {"dtype": "F32", "shape": [2]}}, W8), safetensors({"w": 3}), safetensors([1]),
    safetensors({**one(), "v": one()["w"]}, W8), safetensors({"__metadata__": {"k": 1}}), safetensors({"__metadata__": "x"}),
    safetensors(b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', W8),
    safetensors(b'{"w":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}', W8),
    safetensors(b'{"w\\u0000x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}', W8), safetensors(b"{" * 8),
    safetensors(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"), safetensors(b'{"\xff\xfe":1}'), safetensors(b'{} x'), safetensors(b'{"a'),
    struct.pack("<Q", 100_000_001) + b"{}", struct.pack("<Q", 1 << 63) + b"{}", struct.pack("<Q", 100) + b"{}",
    safetensors({"__metadata__": {"berg.structure": "{"}}), safetensors({"__metadata__": {"berg.structure": '{"tensor":"no"}'}}),
    safetensors({"__metadata__": {"berg.structure": '{"list":3}'}}), safetensors({"__metadata__": {"berg.structure": '{"dict":[{"int":"1"}]}'}}),
    safetensors({"__metadata__": {"berg.structure": '{"unicode":["abc"],"shape":[1],"width":2}'}}),
    safetensors({"__metadata__": {"berg.structure": '{"object":["abc"],"shape":[2]}'}}),
    safetensors({"__metadata__": {"berg.structure": '{"list":[' * 100 + "]}" * 100}}),
])
def test_safetensors_wrong(tmp_path, data):
    (tmp_path / "x.safetensors").write_bytes(data)
    refused(tmp_path / "x.safetensors")


# --- Hostile pickles -----------------------------------------------------------------------------------------------------

def with_header(data):
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "|O", "fortran_order": False, "shape": ()})
    return out.getvalue() + data


class Bomb:
    def __init__(self, function, *arguments):
        self.function, self.arguments = function, arguments

    def __reduce__(self):
        return self.function, self.arguments


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_nothing_is_executed(tmp_path, protocol):
    flag = tmp_path / "executed"
    for bomb, name in ((Bomb(os.system, f"touch {flag}"), "system"), (Bomb(eval, f"open({str(flag)!r}, 'w')"), "eval"),
                       (Bomb(getattr, "a", "upper"), "getattr")):
        save(tmp_path / "x.npy", {"a": np.arange(3), "b": bomb}, protocol)
        refused(tmp_path / "x.npy", "refused", name, "at byte")
        assert not flag.exists()


R = b"\x80\x04"
@pytest.mark.parametrize("data", [
    b"", b"\x80", R, R + b".", R + b"N", R + b"0.", R + b"1.", R + b"t.", R + b"(.", R + b"(N.", R + b"NN.", R + b"e.", R + b"](Nu.",
    R + b"}(Nu.", R + b"N(Ne.", R + b"h\0.", R + b"j\0\0\0\0.", R + b"\x94.", R + b"(\x94.", R + b"Nr\xff\xff\xff\xff.",
    R + b"\x8a\x09" + b"\xff" * 8 + b"\x7f.", R + b"X\xff\xff\xff\xff.", R + b"\x8d" + b"\xff" * 8 + b".", R + b"\x8e" + b"\xff" * 8 + b".",
    R + b"\x8c\x01\xff.", R + b"\x8c\x02a\0.", R + b"cos\nsystem\n.", R + b"cos\nsystem", R + b"NNR.", R + b"cnumpy\ndtype\nNR.",
    R + b"cnumpy\ndtype\n)R.", R + b"N)R.", R + b"NNb.", R + b"Nb.", R + b"NQ.", R + b"\x97.", R + b"\x81.", R + b"S'a'\n.",
    b"\x80\x01N.", b"\x80\x06N.", b"(dp0\n.", R + b"\x85.", R + b"N\x86.", R + b"(\x85.", R + b"]a.", R + b"}Ns.",
    R + b"c_codecs\nencode\n\x8c\x02\xc4\x80\x8c\x06latin1\x86R.", R + b"cbuiltins\nbytes\nK\x05\x85R.",
    R + b"ccollections\nOrderedDict\n]N\x85a\x85R.", R + b"cnumpy.core.multiarray\n_reconstruct\ncos\nsystem\n\x85R.",
    R + b"cnumpy\nndarray\n)R.", R + b"ctorch\nFloatStorage\n)R.", R + b"(" * 1000 + b".", R + b"}" * 1000 + b".",
])
def test_wrong_pickles(tmp_path, data):
    (tmp_path / "x.npy").write_bytes(with_header(data))
    refused(tmp_path / "x.npy")


def box_with(body):
    """A pickled 0-d object array around `body`, whose memo starts at 50."""
    array = pickle.dumps(np.array(None, dtype=object), protocol=2)
    at = array.rindex(b"Na")
    return with_header(array[:at] + body + array[at + 1:])


def test_box(tmp_path):
    (tmp_path / "x.npy").write_bytes(box_with(b"}X\x01\0\0\0aK\x05s"))
    check(tmp_path / "x.npy", {"a": 5})


@pytest.mark.parametrize("body", [
    b"]q\x32h\x32a",                                         # a list in itself
    b"}q\x32X\x01\0\0\0ah\x32s",                             # a dict in itself
    b"]" + b"".join(b"q" + bytes([50 + i]) + b"]h" + bytes([50 + i]) + b"ah" + bytes([50 + i]) + b"a" for i in range(60)),
    b"]" + b"]" * 100 + b"a" * 100,                          # deep
    b"}X\x01\0\0\0aK\1sX\x01\0\0\0aK\2s",                    # a name twice
    b"}(X\x03\0\0\0a.bK\1X\x01\0\0\0a}X\x01\0\0\0bK\2su",    # the same by nesting
    b"}NK\1s",                                               # a key that is no name
    b"cnumpy\nndarray\n",
], ids=range(8))
def test_wrong_trees(tmp_path, body):
    (tmp_path / "x.npy").write_bytes(box_with(body))
    done = run(tmp_path / "x.npy")
    assert done.returncode in (3, 6), done.stderr


def test_zero_bytes_in_text(tmp_path):
    for tree in ({"a": "x\0y"}, {"x\0y": 1}, {"a": np.array(["x\0y"], dtype=object)}):
        save(tmp_path / "x.npy", tree, 4)
        refused(tmp_path / "x.npy", "zero byte")


def test_int_limits(tmp_path):
    tree = {"a": 2**63 - 1, "b": -2**63, "c": 255, "d": 65535, "e": 65536, "f": -1, "g": 0, "h": 2**31, "i": 256 - 2**40}
    check(save(tmp_path / "x.npy", tree, 4), tree)
    save(tmp_path / "y.npy", {"a": 2**63}, 4)
    refused(tmp_path / "y.npy", "64 bits")


def test_refused_contents(tmp_path):
    for value in (np.array([1, "a"], dtype=object), np.array([1 + 2j]), np.array([b"ab"]), np.zeros(2, [("a", "f4")]),
                  np.array(["2001-01-01"], "M8[D]"), {1, 2}, 2.5 + 1j):
        save(tmp_path / "x.npy", {"a": value}, 4)
        refused(tmp_path / "x.npy", "pickle")


# --- Damage --------------------------------------------------------------------------------------------------------------

def samples(folder):
    np.save(folder / "plain.npy", np.arange(6, dtype="f4").reshape(2, 3))
    np.save(folder / "pickled.npy", {"a": np.arange(3), "b": {"c": np.array(["x"], dtype=object), "d": np.float32(2)}, "e": 1.5})
    np.savez(folder / "x.npz", a=np.arange(3), b=np.float32(1))
    np.savez_compressed(folder / "y.npz", a=np.arange(300))
    (folder / "x.pth").write_bytes(sample_torch()[0])
    (folder / "x.safetensors").write_bytes(safetensors(one(), W8))
    return ["plain.npy", "pickled.npy", "x.npz", "y.npz", "x.pth", "x.safetensors"]


def test_every_truncation(tmp_path):
    for name in samples(tmp_path):
        data = (tmp_path / name).read_bytes()
        assert run(tmp_path / name).returncode == 0
        # all lengths of a file of a kilobyte; of larger ones the start, the end and every seventh
        for length in range(len(data)):
            if 200 < length < len(data) - 200 and length % 7:
                continue
            (tmp_path / "cut").write_bytes(data[:length])
            refused(tmp_path / "cut")


def test_flipped_bytes_never_crash(tmp_path):
    rng = np.random.default_rng(3)
    for name in samples(tmp_path):
        data = bytearray((tmp_path / name).read_bytes())
        for _ in range(150):
            damaged = bytearray(data)
            for at in rng.integers(0, len(data), rng.integers(1, 4)):
                damaged[at] = rng.integers(0, 256)
            (tmp_path / "damaged").write_bytes(damaged)
            assert run(tmp_path / "damaged").returncode in (0, 3, 6), (name, bytes(damaged))


def test_not_there(tmp_path):
    refused(tmp_path / "none.npy", "No such file")
    refused(tmp_path, "directory")
    (tmp_path / "empty.npy").write_bytes(b"")
    refused(tmp_path / "empty.npy", "empty")
    (tmp_path / "text.npy").write_bytes(b"not an array at all, just text")
    refused(tmp_path / "text.npy", "unknown format")


def test_zip_wrong(tmp_path):
    good = sample_torch()[0]
    local = good.index(b"data/0") - 8 - 30
    assert good[local:local + 4] == b"PK\3\4"
    for at, value in ((local, b"XX"), (local + 26, b"\xff\xff"), (local + 28, b"\xff\xff"), (local + 30, b"Z"), (local + 8, b"\1")):
        (tmp_path / "x.pth").write_bytes(good[:at] + value + good[at + len(value):])
        refused(tmp_path / "x.pth")
    pickle_at = good.index(b"\x80\x02}")
    (tmp_path / "x.pth").write_bytes(good[:pickle_at + 20] + b"?" + good[pickle_at + 21:])
    refused(tmp_path / "x.pth", "checksum")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("readme.txt", "x")
    refused(tmp_path / "other.zip", "readme.txt")


# --- Writing -------------------------------------------------------------------------------------------------------------

def convert(source, target):
    done = run("--convert", source, target)
    assert done.returncode == 0, done.stderr.decode()
    return target


def same(a, b):
    assert type(a) is type(b), (type(a), type(b))
    if isinstance(a, dict):
        assert list(a) == list(b)
        for key in a:
            same(a[key], b[key])
    elif isinstance(a, np.ndarray):
        assert a.dtype == b.dtype.newbyteorder("=") and a.shape == b.shape and np.array_equal(a, b)
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b):
            same(x, y)
    else:
        assert a == b


def load(path):
    return np.load(path, allow_pickle=True).item()


TREES = {"weights": weights(), "metadata": metadata(),
         "odd": {"none": None, "list": [1, "a", [2.5]], "tuple": (True, np.arange(2)), 3: "int key", "a.b": np.ones(2), "text": 'q"\\\n\t ä𝄞',
                 "nan": float("inf"), "float": 0.1, "str_": np.str_("abc"), "empty": {}, "zero": np.array([], dtype=object)}}


@pytest.mark.parametrize("name", TREES)
def test_there_and_back(tmp_path, name):
    tree = TREES[name]
    save(tmp_path / "a.npy", tree, 4)
    convert(tmp_path / "a.npy", tmp_path / "b.npy")
    same(load(tmp_path / "b.npy"), tree)
    convert(tmp_path / "a.npy", tmp_path / "c.safetensors")
    convert(tmp_path / "c.safetensors", tmp_path / "d.npy")
    same(load(tmp_path / "d.npy"), tree)
    assert (tmp_path / "b.npy").read_bytes() == (tmp_path / "d.npy").read_bytes()
    convert(tmp_path / "d.npy", tmp_path / "e.safetensors")
    assert (tmp_path / "c.safetensors").read_bytes() == (tmp_path / "e.safetensors").read_bytes()


def test_torch_there_and_back(tmp_path):
    data, wanted = sample_torch(wrap=lambda tree: {**tree, "epoch": 3})
    (tmp_path / "a.pth").write_bytes(data)
    for step, target in enumerate(["b.pth", "c.safetensors", "d.pth", "e.npy", "f.pth"]):
        convert(tmp_path / (["a.pth", "b.pth", "c.safetensors", "d.pth", "e.npy"][step]), tmp_path / target)
        check(tmp_path / target, {**wanted, "epoch": 3})
    with zipfile.ZipFile(tmp_path / "f.pth") as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            at = info.header_offset
            raw = (tmp_path / "f.pth").read_bytes()
            assert (at + 30 + sum(struct.unpack("<HH", raw[at + 26:at + 30]))) % 64 == 0


def test_dotted_names_nest(tmp_path):
    np.savez(tmp_path / "a.npz", **{"a.b": np.arange(2), "a.c.d": np.arange(3), "e": np.arange(4)})
    same(load(convert(tmp_path / "a.npz", tmp_path / "b.npy")), {"a": {"b": np.arange(2), "c": {"d": np.arange(3)}}, "e": np.arange(4)})
    np.savez(tmp_path / "c.npz", **{"a": np.arange(2), "a.c": np.arange(3)})
    same(load(convert(tmp_path / "c.npz", tmp_path / "d.npy")), {"a": np.arange(2), "a.c": np.arange(3)})


def test_npz_written(tmp_path):
    save(tmp_path / "a.npy", metadata(), 4)
    with np.load(convert(tmp_path / "a.npy", tmp_path / "b.npz")) as loaded:  # without allow_pickle
        wanted = dict(flat(metadata()))
        assert loaded.files == list(wanted)
        for name, value in wanted.items():
            assert np.array_equal(loaded[name], value) and loaded[name].shape == np.shape(value), name


def test_plain_npy_is_what_numpy_writes(tmp_path):
    for array in (np.arange(6.0).reshape(2, 3), np.float32(2), np.array(["a", "bc"]), np.zeros((0, 3), "i2"), np.arange(100000, dtype="u1")):
        np.save(tmp_path / "a.npy", array)
        (tmp_path / "b.npy").unlink(missing_ok=True)
        convert(tmp_path / "a.npy", tmp_path / "b.npy")
        if np.lib.NumpyVersion(np.__version__) >= "1.24.0":
            assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
        assert np.array_equal(np.load(tmp_path / "b.npy"), array)
    texts = np.array([["a", "bc"], ["ä", ""]], dtype=object)
    np.save(tmp_path / "o.npy", texts)
    assert np.array_equal(np.load(convert(tmp_path / "o.npy", tmp_path / "p.npy"), allow_pickle=True), texts)


def test_safetensors_order(tmp_path):
    np.savez(tmp_path / "a.npz", z=np.zeros(2, "f8"), y=np.zeros(1, "?"), b=np.zeros(3, "f4"), a=np.zeros(1, "f4"), i=np.zeros(1, "i8"), u=np.zeros(5, "u1"))
    raw = convert(tmp_path / "a.npz", tmp_path / "b.safetensors").read_bytes()
    length, = struct.unpack("<Q", raw[:8])
    assert length % 8 == 0
    header = json.loads(raw[8:8 + length])
    assert list(header) == ["i", "z", "a", "b", "u", "y"]
    assert [header[k]["data_offsets"][0] for k in header] == [0, 8, 24, 28, 40, 45]


def test_safetensors_metadata_is_kept(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(safetensors({"__metadata__": {"format": "pt", "q": 'a"b'}, **one()}, W8))
    raw = convert(tmp_path / "a.safetensors", tmp_path / "b.safetensors").read_bytes()
    assert json.loads(raw[8:8 + struct.unpack("<Q", raw[:8])[0]])["__metadata__"] == {"format": "pt", "q": 'a"b'}


def test_json(tmp_path):
    tree = {**metadata(), "nan": np.array([np.nan, np.inf, -0.0, 1e-5]), "third": 1 / 3, "single": np.float32(0.1), "none": None,
            "list": [1, (2, "x")], "large": np.zeros((40, 50)), "half": np.array([0.1, 65504, 6e-8], "f2"), "q": 'a"\\\n\x01'}
    save(tmp_path / "a.npy", tree, 4)
    read = json.loads(convert(tmp_path / "a.npy", tmp_path / "b.json").read_text())
    assert list(read) == list(tree) and list(read["encoding_model"]) == list(tree["encoding_model"])
    assert read["nan"] == ["NaN", "Infinity", -0.0, 1e-5] and read["third"] == 1 / 3 and read["single"] == 0.1
    assert read["fmri"]["voxel_coords"] == tree["fmri"]["voxel_coords"].tolist() and read["fmri"]["n_voxels"] == 9
    assert read["large"] == {"dtype": "float64", "shape": [40, 50]} and read["none"] is None and read["list"] == [1, [2, "x"]]
    assert read["encoding_model"]["test_avg_stimuli"] == tree["encoding_model"]["test_avg_stimuli"].tolist()
    assert read["encoding_model"]["empty"] == [] and read["encoding_model"]["flag"] is True and read["q"] == tree["q"]
    assert np.array_equal(np.array(read["half"], "f2"), tree["half"])


def test_cannot_be_held(tmp_path):
    save(tmp_path / "a.npy", {"a": np.arange(2, dtype="u2"), "s": np.array(["x"])}, 4)
    done = run("--convert", tmp_path / "a.npy", tmp_path / "b.pth")
    assert done.returncode == 3 and b"uint16" in done.stderr and b"a.npy" in done.stderr
    (tmp_path / "b.safetensors").write_bytes(safetensors({"w": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}}, W8))
    for ending in ("npy", "npz"):
        assert run("--convert", tmp_path / "b.safetensors", tmp_path / f"c.{ending}").returncode == 3
    convert(tmp_path / "b.safetensors", tmp_path / "d.pth")
    save(tmp_path / "n.npy", {"a": None, "b": b"bytes"}, 4)
    for ending in ("npz", "safetensors", "json", "pth"):
        assert run("--convert", tmp_path / "n.npy", tmp_path / f"n.{ending}").returncode == 3
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npy", "b.safetensors", "d.pth", "n.npy"]


def test_targets(tmp_path):
    np.save(tmp_path / "a.npy", np.arange(3))
    assert run("--convert", tmp_path / "a.npy", tmp_path / "b.txt").returncode == 2
    assert run("--convert", tmp_path / "a.npy", tmp_path / "a.npy").returncode == 5
    assert run("--convert", tmp_path / "a.npy", tmp_path / "no" / "b.npz").returncode == 5
    assert run("--convert", tmp_path / "none.npy", tmp_path / "b.npz").returncode == 3
