"""Pickles that are invalid, too deep, too large, or would execute code."""
import os

import numpy as np
import pytest

from containers import box_with, check, refused, run, save, with_header
from torch_zip import Storage, tensor, torch_bytes


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
    b"}NK\1s",                                               # a key that is not a name
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


def test_zero_bytes_cut_no_name_short(tmp_path):
    # a comparison that stops at the zero would take these for 'latin1', and for storage 0
    (tmp_path / "x.npy").write_bytes(box_with(b"c_codecs\nencode\nX\x01\0\0\0aX\x08\0\0\0latin1\0x\x86R"))
    refused(tmp_path / "x.npy", "encode")
    storage = Storage("0\0x", np.arange(2, dtype="f4"))
    (tmp_path / "x.pth").write_bytes(torch_bytes({"w": tensor(storage, 0, (2,), (1,))}, {"0": storage}))
    refused(tmp_path / "x.pth", "storage")


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
