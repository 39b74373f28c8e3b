"""torch's zip form, made by hand."""
import io
import pickle
import zipfile

import numpy as np


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
