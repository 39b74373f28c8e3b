"""Makes the seeds in fuzz/corpus/serve, requests to berg serve: python3 fuzz/make_serve_corpus.py"""
import pathlib
import struct

FOLDER = pathlib.Path(__file__).resolve().parent / "corpus" / "serve"
HELLO, ENCODE, SCORES, RESPOND, STOP = range(1, 6)


def message(kind=HELLO, payload=b"", sizes=(0, 0, 0, 0), layout=0, status=0, length=None, magic=b"BERG", version=1):
    length = len(payload) if length is None else length
    return struct.pack("<4sHHQQII4I", magic, version, kind, 7, length, status, layout, *sizes) + payload


def put(name, data, piece=0):
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / name).write_bytes(bytes([piece]) + data)


put("hello", message())
put("hello_piecemeal", message(), 7)
put("images", message(ENCODE, bytes(24), (2, 3, 2, 2)))
put("images_last", message(SCORES, bytes(24), (2, 2, 2, 3), 1), 50)
put("scores", message(RESPOND, bytes(24), (2, 3, 0, 0)))
put("several", message() + message(ENCODE, bytes(3), (1, 3, 1, 1)) + message(STOP) + message(), 100)
put("wrong_length", message(ENCODE, bytes(23), (2, 3, 2, 2)) + message())
put("wide", message(RESPOND, bytes(36), (3, 4, 0, 0)) + message())
put("too_large", message(ENCODE, bytes(30000), (1, 3, 100, 100)) + message())
put("overflow", message(ENCODE, b"", (1 << 31, 3, 1 << 31, 4)) + message())
put("never_ends", message(ENCODE, b"x" * 50, (1, 3, 1 << 31, 1 << 30), length=3 << 61))
put("unknown", message(99, b"abc") + message())
put("status", message(status=3) + message())
put("magic", message(magic=b"GET ") + message())
put("version", message(version=2) + message())
put("cut", message(ENCODE, bytes(24), (2, 3, 2, 2))[:60])
