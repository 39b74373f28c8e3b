"""The HDF5 writer against h5py and libhdf5's own tools: what is described is what they read, and they can go on writing to it."""
import os
import pathlib
import random
import shutil
import struct
import subprocess

import numpy as np
import pytest

h5py = pytest.importorskip("h5py")

BUILD = pathlib.Path(os.environ.get("BERG_BUILD", pathlib.Path(__file__).parents[2] / "build")).resolve()
DRAFT, ROWS = BUILD / "tests" / "draft_hdf5", BUILD / "tests" / "hdf5_rows"
EARGUMENT, EWRITE = 2, 5
DTYPES = {"u1": "u1", "i8": "<i8", "f4": "<f4", "f8": "<f8"}
NAMES = ["responses", "V1", "a b", "z", "Ä", "日本", "ß" * 40, "x.y", "..", "0", "-1", "\\", "A", "a", "é", "e\u0301", " "]


def draft(path, lines, status=0):
    """The file, and where the data of its datasets begin."""
    text = "".join("\t".join(map(str, line)) + "\n" for line in lines)
    done = subprocess.run([DRAFT, path], input=text.encode(), capture_output=True)
    assert done.returncode == status, done.stderr
    return list(map(int, done.stdout.split())) if not status else done.stderr.decode()


def judge(path):
    """What libhdf5's own tools say, where they are there."""
    for tool in ("h5dump", "h5stat"):
        if shutil.which(tool):
            done = subprocess.run([tool, path], capture_output=True)
            assert done.returncode == 0 and not done.stderr, done.stderr


def numbers(rng, kind, shape):
    return rng.integers(0, 200, shape).astype(DTYPES[kind])


def text_of(type_id):
    return type_id.get_size(), type_id.get_cset(), type_id.get_strpad()


class Described:
    """A random description, and what h5py has to find."""

    def __init__(self, seed):
        self.random, self.numbers = random.Random(seed), np.random.default_rng(seed)
        self.lines, self.groups, self.paths, self.data, self.notes = [], [(0, "")], {"": 0}, {}, {}
        for _ in range(self.random.randrange(60)):
            self.add_object()
        for path, number in self.paths.items():
            for name in self.random.sample(NAMES, self.random.choice([0, 0, 1, 3, 12])):
                self.add_note(path, number, name)

    def add_object(self):
        group, path = self.random.choice(self.groups)
        name = self.random.choice(NAMES) + self.random.choice(["", "", f" {self.random.randrange(99)}"])
        path = f"{path}/{name}"
        if path in self.paths:
            return
        self.paths[path] = len(self.paths)
        kind = self.random.choice(["group", "list", "u1", "i8", "f4", "f8", "s", "a"])
        if kind == "group":
            self.groups.append((self.paths[path], path))
            self.lines.append(("group", group, name))
        elif kind == "list":
            self.data[path] = self.numbers.bytes(self.random.choice([0, 1, 17, 5000]))
            self.lines.append(("list", group, name, self.data[path].hex()))
        else:
            shape = [self.random.choice([0, 1, 2, 3, 7]) for _ in range(self.random.randrange(1, 6))]
            size = self.random.randrange(1, 20) if kind in "sa" else ""
            if kind in "sa":
                values = self.numbers.choice(list(b"abcdxyz"), [*shape, size]).astype("u1").view(f"S{size}").reshape(shape)
            else:
                values = numbers(self.numbers, kind, shape)
            self.data[path] = values
            self.lines.append(("dataset", group, name, f"{kind}{size}", ",".join(map(str, shape)), values.tobytes().hex()))

    def add_note(self, path, number, name):
        kind = self.random.choice(["text", "string", "null", "b1", "t3", *DTYPES])
        if kind in ("text", "string"):
            value = self.random.choice(["", "a", "8 bytes.", "ä€ " * 9, "x" * 1500])
            self.lines.append((kind, number, name, value))
        elif kind == "null":
            value = None
            self.lines.append(("note", number, name, "t1", "-"))
        else:
            value = b"\1" if kind == "b1" else b"abc" if kind == "t3" else numbers(self.numbers, kind, ()).tobytes()
            self.lines.append(("note", number, name, kind, value.hex()))
        self.notes[path, name] = kind, value

    def check_note(self, file, path, name):
        kind, value = self.notes[path, name]
        note = h5py.h5a.open(file[path or "/"].id, name.encode())
        found = file[path or "/"].attrs[name] if kind != "b1" else None
        if kind == "text":
            assert found == value.encode() and text_of(note.get_type()) == (max(1, len(value.encode())), 1, 1)
        elif kind == "string":
            assert found == value and note.get_type().is_variable_str() and note.get_type().get_cset() == 1
        elif kind == "null":
            assert isinstance(found, h5py.Empty) and text_of(note.get_type()) == (1, 1, 0)
        elif kind == "b1":
            assert note.get_type().get_class() == h5py.h5t.BITFIELD and note.get_type().get_size() == 1
        elif kind == "t3":
            assert found == value and text_of(note.get_type()) == (3, 1, 0)
        else:
            assert found.dtype == DTYPES[kind] and found.tobytes() == value and note.get_space().get_simple_extent_ndims() == 0

    def check_dataset(self, file, path):
        found, value = file[path], self.data[path]
        if isinstance(value, bytes):
            assert found.shape == (1,) and found.maxshape == (None,) and found.chunks == (1,)
            assert found.dtype.metadata["vlen"] == np.uint8 and found[0].tobytes() == value
            return
        assert found.shape == value.shape and found.chunks is None and found.dtype == value.dtype
        assert np.array_equal(found[()], value)
        assert found.id.get_offset() is None if not value.size else found.id.get_offset() % 64 == 0

    def check(self, path):
        with h5py.File(path) as file:
            found = [""]
            file.visit(lambda name: found.append("/" + name))
            assert sorted(found) == sorted(self.paths)
            for name in self.data:
                self.check_dataset(file, name)
            for name in self.paths:
                assert sorted(file[name or "/"].attrs) == sorted(n for p, n in self.notes if p == name)
            for name, note in self.notes:
                self.check_note(file, name, note)


@pytest.mark.parametrize("seed", range(25))
def test_what_is_described_is_read(tmp_path, seed):
    path, again = tmp_path / "a.h5", tmp_path / "b.h5"
    described = Described(seed)
    draft(path, described.lines)
    described.check(path)
    judge(path)
    draft(again, described.lines)
    assert path.read_bytes() == again.read_bytes()
    with h5py.File(path, "r+") as file:  # whoever adds leaves the rest as it was
        for number, name in enumerate(list(described.paths)):
            file[name or "/"].attrs["added to it"] = np.arange(number)
            if number in dict(described.groups):
                file.create_dataset(f"{name}/added to it", data=np.arange(9), chunks=(2,))
    with h5py.File(path, "r+") as file:
        for number, name in enumerate(described.paths):
            assert np.array_equal(file[name or "/"].attrs["added to it"], np.arange(number))
            del file[name or "/"].attrs["added to it"]
            if number in dict(described.groups):
                del file[f"{name}/added to it"]
    described.check(path)


def check_neighbours(data, root):
    """Nodes of a level know those beside them: older readers go along a level rather than down the tree."""
    level = [root]
    while True:
        beside = [struct.unpack_from("<QQ", data, at + 8) for at in level]
        assert beside == list(zip([(1 << 64) - 1] + level[:-1], level[1:] + [(1 << 64) - 1]))
        assert all(data[at:at + 5] == b"TREE\0" for at in level)
        if data[level[0] + 5] == 0:
            return
        level = [struct.unpack_from("<Q", data, at + 32 + 16 * i)[0] for at in level
                 for i in range(struct.unpack_from("<H", data, at + 6)[0])]


@pytest.mark.parametrize("count", [0, 1, 8, 9, 256, 257, 300, 5000])
def test_groups_of_any_number_of_members(tmp_path, count):
    """Leaves of 8, nodes of 32: one level up to 256 members. What h5py adds, to all leaves, splits them and their nodes."""
    path, rng = tmp_path / "a.h5", random.Random(count)
    members = [f"{'long ' * (i % 9)}né {i}" for i in range(count)]
    rng.shuffle(members)
    draft(path, [("group", 0, "g"),
                 *(("dataset", 1, name, "i8", "1", i.to_bytes(8, "little").hex()) for i, name in enumerate(members))])
    expected = dict(zip(members, range(count)))
    data = path.read_bytes()
    tree, = struct.unpack_from("<Q", data, 80)
    leaf, = struct.unpack_from("<Q", data, tree + 32)
    check_neighbours(data, struct.unpack_from("<Q", data, leaf + 32)[0])
    with h5py.File(path) as file:
        assert list(file["g"]) == sorted(members, key=str.encode)
        assert all(file["g"][name][0] == expected[name] for name in rng.sample(members, min(count, 300)))
    for name in rng.sample(members, min(count, 5)):
        out = tmp_path / "out"
        assert subprocess.run([ROWS, path, f"g/{name}", out]).returncode == 0
        assert out.read_bytes()[:8] == expected[name].to_bytes(8, "little")
    more = [f"{name} more" for name in members[::count // 300 + 1]] + [f"{i}" for i in range(50)]
    with h5py.File(path, "r+") as file:
        for i, name in enumerate(more):
            file["g"][name] = [count + i]
    with h5py.File(path) as file:
        assert {name: value[0] for name, value in file["g"].items()} == {**expected, **{n: count + i for i, n in enumerate(more)}}
    judge(path)


def test_data_far_behind(tmp_path):
    """A file with holes, of 12 GB: what is behind 4 GB is found, and the file ends where it says."""
    path = tmp_path / "a.h5"
    last = np.arange(100, 107, dtype="<f4")
    offsets = draft(path, [("dataset", 0, "first", "f4", "2000000000", last.tobytes().hex()),
                           ("dataset", 0, "second", "f4", "1000,1000000", last.tobytes().hex()),
                           ("dataset", 0, "none", "f4", "0,5", ""), ("dataset", 0, "third", "u1", "3", "070809")])
    assert offsets[1] > 1 << 32 and offsets[2] == -1 and os.stat(path).st_size == offsets[3] + 3
    with h5py.File(path) as file:
        assert np.array_equal(file["first"][-7:], last) and np.array_equal(file["second"][-1, -7:], last)
        assert list(file["third"][:]) == [7, 8, 9] and file["none"].shape == (0, 5)


def test_lists_that_fill_the_heap(tmp_path):
    """Its room is 4,096 bytes, of which what is left is said in 16 bytes, where these are left."""
    path = tmp_path / "a.h5"
    for size in [*range(4030, 4100, 3), 100000]:
        draft(path, [("list", 0, "a", "61" * size), ("string", 0, "b", "text")])
        with h5py.File(path, "r+") as file:
            assert file["a"][0].tobytes() == b"a" * size and file.attrs["b"] == "text"
            file.attrs["c"] = "more"
        with h5py.File(path) as file:
            assert file["a"][0].tobytes() == b"a" * size and file.attrs["b"] == "text" and file.attrs["c"] == "more"


@pytest.mark.parametrize("lines, status, message", [
    ([("group", 0, "a/b")], EARGUMENT, '"a/b" cannot be the name of a dataset or group'),
    ([("dataset", 0, ".", "f4", "1", "")], EARGUMENT, '"." cannot be the name of a dataset or group'),
    ([("list", 0, "", "00")], EARGUMENT, '"" cannot be the name of a dataset or group'),
    ([("group", 0, "é"), ("group", 0, "x"), ("dataset", 0, "é", "f4", "1", "")], EARGUMENT, 'two datasets or groups called "é"'),
    ([("text", 0, "a", "x" * 65481)], EARGUMENT, "the attribute a takes more than 64 KiB"),
    ([("text", 0, "n" * 65500, "x")], EARGUMENT, f"the attribute {'n' * 40} takes more than 64 KiB"),
    ([("text", 0, f"a{i}", "x") for i in range(4097)], EARGUMENT, "more than 4096 attributes of one dataset or group"),
    ([("group", 0, f"g{i}") for i in range(20)] + [("string", i // 4000, f"a{i}", "x") for i in range(65536)], EARGUMENT,
     "texts of variable length that are too long or too many"),
    ([("dataset", 0, "a", "f8", "4294967296,4294967296", "")], EWRITE, "cannot be written: File too large"),
    ([("dataset", 0, "a", "f8", "1073741824,1073741823", ""), ("dataset", 0, "b", "u1", "9223372036854775807", "")], EWRITE,
     "cannot be written: File too large"),
], ids=lambda value: None if isinstance(value, (list, int)) else value[:40])
def test_what_cannot_be_described(tmp_path, lines, status, message):
    path = tmp_path / "a.h5"
    assert draft(path, lines, status) == f"{path}: {message}\n" and path.stat().st_size == 0


def test_names_are_as_long_as_our_reader_takes_them(tmp_path):
    path, out, longest = tmp_path / "a.h5", tmp_path / "out", "n" * 4095
    draft(path, [("dataset", 0, longest, "i8", "1", "07" + 7 * "00")])
    with h5py.File(path) as file:
        assert list(file) == [longest]
    assert subprocess.run([ROWS, path, longest, out]).returncode == 0 and out.read_bytes()[:8] == b"\7" + bytes(7)
    message = draft(path, [("dataset", 0, longest + "n", "i8", "1", "")], EARGUMENT)
    assert message.startswith(f'{path}: "nnnn') and message.endswith('nnnn" cannot be the name of a dataset or group\n')


def test_as_much_as_can_be_described(tmp_path):
    path = tmp_path / "a.h5"
    draft(path, [*(("text", 0, f"a{i}", "x" * 3000) for i in range(4095)), ("text", 0, "long", "x" * 65480), ("group", 0, "g")])
    with h5py.File(path, "r+") as file:
        assert len(file.attrs) == 4096 and len(file.attrs["long"]) == 65480 and list(file) == ["g"]
        file.attrs["one more"] = 1
    with h5py.File(path) as file:
        assert file.attrs["one more"] == 1 and file.attrs["a7"] == b"x" * 3000
