"""Writes a ViT-B/32 state dict without torch: .npz, .safetensors, or torch.save's zip .pth.

A .pth is a zip of stored entries under one folder: data.pkl (protocol 2), byteorder, data/0.. (raw storages
at multiples of 64 bytes) and version. The pickle names only OrderedDict, _rebuild_tensor_v2 and FloatStorage.
"""
import json
import struct
import zipfile

import numpy as np

ALIGNMENT = 64


def full_state(backbone):
    """All 152 tensors of torchvision's checkpoint: those of the model, a plain final norm and head."""
    return dict(backbone, **{"encoder.ln.weight": np.ones(768, np.float32),
                             "encoder.ln.bias": np.zeros(768, np.float32),
                             "heads.head.weight": np.zeros((1000, 768), np.float32),
                             "heads.head.bias": np.zeros(1000, np.float32)})


def legacy_names(state):
    """The MLP's names as the published checkpoint has them."""
    return {name.replace("mlp.0.", "mlp.linear_1.").replace("mlp.3.", "mlp.linear_2."): value
            for name, value in state.items()}


def text(value):
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def integer(value):
    return b"J" + struct.pack("<i", value)


def integers(values):
    return b"(" + b"".join(map(integer, values)) + b"t"


EMPTY_ORDERED_DICT = b"ccollections\nOrderedDict\n)R"


def rebuilt_tensor(key, array):
    strides = [step // array.itemsize for step in array.strides]
    storage = text("storage") + b"ctorch\nFloatStorage\n" + text(str(key)) + text("cpu") + integer(array.size)
    return (b"ctorch._utils\n_rebuild_tensor_v2\n((" + storage + b"tQ" + integer(0) + integers(array.shape)
            + integers(strides) + b"\x89" + EMPTY_ORDERED_DICT + b"tR")


def module_versions(state, mlp_version):
    """The `_metadata` attribute: module versions, which tell torchvision how the MLP's weights are named."""
    modules = sorted({name.partition(".mlp.")[0] + ".mlp" for name in state if ".mlp." in name})
    versions = [("", 1)] + [(module, mlp_version) for module in modules]
    entries = b"".join(text(module) + b"}(" + text("version") + integer(version) + b"u"
                       for module, version in versions)
    return b"}(" + text("_metadata") + EMPTY_ORDERED_DICT + b"(" + entries + b"uub"


def write_pth(path, state, mlp_version=2):
    state = {name: np.ascontiguousarray(value, np.float32) for name, value in state.items()}
    tensors = b"".join(text(name) + rebuilt_tensor(key, array)
                       for key, (name, array) in enumerate(state.items()))
    program = b"\x80\x02" + EMPTY_ORDERED_DICT + b"(" + tensors + b"u"
    program += module_versions(state, mlp_version) + b"."
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        def add(name, data):
            info = zipfile.ZipInfo("archive/" + name, (1980, 1, 1, 0, 0, 0))
            start = archive.fp.tell() + 30 + len(info.filename) + 4
            fill = -start % ALIGNMENT
            info.extra = b"FB" + struct.pack("<H", fill) + b"Z" * fill
            archive.writestr(info, data)
        add("data.pkl", program)
        add("byteorder", b"little")
        for key, array in enumerate(state.values()):
            add(f"data/{key}", array.tobytes())
        add("version", b"3\n")


def write_safetensors(path, state):
    header, offset = {}, 0
    for name, array in state.items():
        header[name] = {"dtype": "F32", "shape": list(array.shape),
                        "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    data = json.dumps(header, separators=(",", ":")).encode()
    data += b" " * (-len(data) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(data)) + data)
        for array in state.values():
            file.write(np.ascontiguousarray(array, "<f4").tobytes())


def read_safetensors(path):
    """The tensors that write_safetensors wrote, mapped."""
    data = np.memmap(path, np.uint8, "r")
    first = 8 + int.from_bytes(data[:8].tobytes(), "little")
    header = json.loads(data[8:first].tobytes())
    return {name: data[first:][slice(*tensor["data_offsets"])].view("<f4").reshape(tensor["shape"]) for name, tensor in header.items()}


def write_state_dict(path, backbone, mlp_names="new"):
    """Writes `backbone` (as random_backbone gives it) to `path`, in the format that its ending names."""
    state = full_state(backbone)
    if mlp_names == "old":
        state = legacy_names(state)
    path = str(path)
    if path.endswith((".pth", ".pt")):
        write_pth(path, state, 2 if mlp_names == "new" else 1)
    elif path.endswith(".safetensors"):
        write_safetensors(path, state)
    elif path.endswith(".npz"):
        np.savez(path, **state)
    else:
        raise ValueError(f"{path}: expected .pth, .pt, .safetensors or .npz")
