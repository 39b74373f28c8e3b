"""The bytes of .safetensors files, right and wrong ones."""
import json
import struct


def safetensors(header, data=b"", pad=True):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    text += b" " * (-len(text) % 8 if pad else 0)
    return struct.pack("<Q", len(text)) + text + data


def one(**changes):
    return {"w": {**{"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, **changes}}


W8 = b"\0" * 8
