"""Evoked files, read tag by tag as the format has it. MNE-Python reads them in tests/conformance/conform_fif.py."""
import html
import os
import pathlib
import resource
import struct
import subprocess

import numpy as np
import pytest

BUILD = pathlib.Path(os.environ.get("BERG_BUILD", pathlib.Path(__file__).parents[2] / "build")).resolve()
ROWS_TOOL, EVOKED_TOOL = BUILD / "tests" / "append_rows", BUILD / "tests" / "write_evoked"

INT, FLOAT, STRING, CHANNEL, ID, FLOAT_MATRIX = 3, 4, 10, 30, 31, 0x40000004
BEGIN, END = 104, 105
MEAS, MEAS_INFO, PROCESSED, EVOKED, ASPECT, CH_INFO = 100, 101, 103, 104, 105, 113


def decode(kind, data):
    if kind == INT:
        numbers = struct.unpack(f">{len(data) // 4}i", data)
        return numbers[0] if len(numbers) == 1 else numbers
    if kind == FLOAT:
        return struct.unpack(">f", data)[0]
    if kind == STRING:
        return data.decode("latin-1")
    if kind == CHANNEL:
        names = ("scan", "log", "kind", "range", "cal", "coil")
        record = dict(zip(names, struct.unpack(">3i2fi", data[:24])))
        record.update(place=np.frombuffer(data[24:72], ">f4"), name=data[80:].rstrip(b"\0").decode())
        record["unit"], record["exponent"] = struct.unpack(">2i", data[72:80])
        assert len(data) == 96 and data[-1] == 0
        return record
    if kind == FLOAT_MATRIX:
        times, channels, dimensions = struct.unpack(">3i", data[-12:])
        assert dimensions == 2
        return np.frombuffer(data[:-12], ">f4").reshape(channels, times)
    return data


def read_blocks(path):
    """The blocks as nested lists: [(kind, value)] or [("block", number, [...])]."""
    content = path.read_bytes()
    stack, at = [("file", [])], 0
    while True:
        kind, form, size, following = struct.unpack(">iIii", content[at:at + 16])
        value = decode(form, content[at + 16:at + 16 + size])
        at += 16 + size
        if kind == BEGIN:
            stack.append((value, []))
        elif kind == END:
            block, tags = stack.pop()
            assert block == value
            stack[-1][1].append(("block", block, tags))
        elif following == -1:
            assert (kind, size, at) == (108, 0, len(content)) and len(stack) == 1
            return stack[0][1]
        else:
            assert following == 0
            stack[-1][1].append((kind, value))


def blocks(tags, number):
    return [tag[2] for tag in tags if tag[0] == "block" and tag[1] == number]


def values(tags, kind):
    return [tag[1] for tag in tags if tag[0] == kind]


def only(found):
    assert len(found) == 1
    return found[0]


def read_evoked(path):
    """(what is said of the measurement, [what is said of a set])."""
    tags = read_blocks(path)
    assert tags[0] == (100, struct.pack(">5i", 1 << 16 | 4, 0, 0, 0, 0)) and tags[1:3] == [(101, -1), (106, -1)]
    measurement = only(blocks(tags, MEAS))
    info = only(blocks(measurement, MEAS_INFO))
    channels = values(info, 203)
    assert only(values(info, 200)) == len(channels)
    about = {"rate": only(values(info, 201)), "description": only(values(info, 206)), "date": only(values(info, 204)),
             "channels": channels, "long_names": [(values(block, 258) or [""])[0] for block in blocks(info, CH_INFO)]}
    sets = []
    for evoked in blocks(only(blocks(measurement, PROCESSED)), EVOKED):
        aspect = only(blocks(evoked, ASPECT))
        assert (only(values(aspect, 210)), only(values(aspect, 207))) == (100, 1), "an average, of one"
        sets.append({"name": (values(evoked, 206) or [""])[0], "first": only(values(evoked, 208)), "last": only(values(evoked, 209)),
                     "first_time": values(evoked, 229), "count": values(evoked, 228), "values": only(values(aspect, 302))})
    return about, sets


def write(path, kind, first, rate, times, channels, names, **more):
    command = [EVOKED_TOOL, path, kind, str(first), str(rate), str(times), *channels, "--", *names]
    return subprocess.run(command, capture_output=True, **more)


def expected(count, channels, times):
    s, c, t = np.meshgrid(np.arange(count), np.arange(channels), np.arange(times), indexing="ij")
    return (s + c / 64 + t / 4096).astype(np.float32)


@pytest.mark.parametrize("kind, channel, coil, unit", [("eeg", 2, 1, -1), ("meg", 1, 5001, 112)])
def test_sets_channels_and_times(tmp_path, kind, channel, coil, unit):
    channels, names = ["Oz", "MLC11-1609", "Fp1"], ["cat.jpg", "dog.jpg", "cat.jpg", "x"]
    assert write(tmp_path / "a-ave.fif", kind, -0.1, 200, 140, channels, names).returncode == 0
    about, sets = read_evoked(tmp_path / "a-ave.fif")
    assert about["rate"] == 200 and about["description"].startswith("libberg ") and about["description"].endswith(", numbers")
    assert about["date"] == (0, 2**31 - 1) and about["long_names"] == []
    for i, record in enumerate(about["channels"]):
        place = record.pop("place")
        assert np.isnan(place).all() and record == {"scan": i + 1, "log": i + 1, "kind": channel, "range": 1, "cal": 1, "coil": coil,
                                                    "unit": unit, "exponent": 0, "name": channels[i]}
    assert [found["name"] for found in sets] == names
    assert all((found["first"], found["last"], found["first_time"], found["count"]) == (-20, 119, [], []) for found in sets)
    assert np.array_equal([found["values"] for found in sets], expected(4, 3, 140))


def test_times_between_samples_are_said(tmp_path):
    assert write(tmp_path / "a_ave.fif", "eeg", 0.0021, 100, 3, ["Oz"], ["a"]).returncode == 0
    found = only(read_evoked(tmp_path / "a_ave.fif")[1])
    assert (found["first"], found["last"], found["first_time"], found["count"]) == (0, 2, [np.float32(0.0021)], [3])


def test_channel_names_of_any_length(tmp_path):
    channels = ["A" * 15, "\u00e9" * 8, "x" * 100000, "\u732b" * 6, "", "a&b"]
    assert write(tmp_path / "a-ave.fif", "eeg", 0, 100, 2, channels, ["a"]).returncode == 0
    about, _ = read_evoked(tmp_path / "a-ave.fif")
    assert [record["name"] for record in about["channels"]] == ["A" * 15, "\u00e9" * 7, "x" * 15, "\u732b" * 5, "", "a&b"]
    assert about["long_names"] == ["A" * 15, "\u00e9" * 8, "x" * 100000, "&#029483;" * 6, "", "a&b"]


@pytest.mark.parametrize("name, kept, read", [
    (b"<a> & \"b\" %s", "<a> & \"b\" %s", None),
    ("Stra\u00dfe".encode(), "Stra\u00dfe", None),
    ("\u732b & \U0001f408 &amp;".encode(), "&#029483; &#000038; &#128008; &#000038;amp;", "\u732b & \U0001f408 &amp;"),
    (b"&#000065;", "&#000038;#000065;", "&#000065;"),
    (b"\xff\xfe no text", "?? no text", None),
    ("\U00100000".encode(), "?", None),
    (b"", "", None),
])
def test_names_of_sets_are_latin_1(tmp_path, name, kept, read):
    assert write(tmp_path / "a-ave.fif", "eeg", 0, 100, 2, ["Oz"], [name, "x"]).returncode == 0
    found = read_evoked(tmp_path / "a-ave.fif")[1][0]["name"]
    assert found == kept
    assert read is None or html.unescape(found) == read


@pytest.mark.parametrize("kind, first, rate, times, channels, names, message", [
    ("none", 0, 100, 2, ["Oz"], ["a"], "an evoked file holds channels of EEG or MEG"),
    ("eeg", 0, 100, 0, ["Oz"], ["a"], "1 sets of 1 channels at 0 times: an evoked file holds 1 or more of each, and at most 2 GB"),
    ("eeg", 0, 100, 2, [], ["a"], "1 sets of 0 channels at 2 times"),
    ("eeg", 0, 100, 2, ["Oz"], [], "0 sets of 1 channels at 2 times"),
    ("eeg", 0, 100, 2**29, ["Oz"], ["a"], "1 sets of 1 channels at 536870912 times"),
    ("eeg", 0, 100, 2**63, ["Oz", "Cz"], ["a"], "2 channels at 9223372036854775808 times"),
    ("eeg", 0, 0, 2, ["Oz"], ["a"], "0 samples a second from 0 s on cannot be counted"),
    ("eeg", 0, "inf", 2, ["Oz"], ["a"], "inf samples a second from 0 s on cannot be counted"),
    ("eeg", 1e9, 1000, 2, ["Oz"], ["a"], "1000 samples a second from 1e+09 s on cannot be counted"),
    ("eeg", "nan", 100, 2, ["Oz"], ["a"], "100 samples a second from nan s on cannot be counted"),
])
def test_what_does_not_fit_is_refused(tmp_path, kind, first, rate, times, channels, names, message):
    done = write(tmp_path / "a-ave.fif", kind, first, rate, times, channels, names)
    assert done.returncode == 2 and message in done.stderr.decode() and done.stderr.count(b"\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_nothing(tmp_path):
    """The limit on the size of this process's files stands for it: write gives EFBIG instead of ENOSPC."""
    path, given = tmp_path / "a-ave.fif", ("eeg", 0, 100, 100, ["Oz", "Cz"], [f"name {i}" for i in range(40)])
    assert write(path, *given).returncode == 0
    size = path.stat().st_size
    path.unlink()
    for limit in sorted({0, 1, 100, 4096, size // 2, size - 1}):
        done = write(path, *given, restore_signals=False,
                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        assert done.returncode == 5 and "a-ave.fif: cannot be written" in done.stderr.decode(), limit
        assert not list(tmp_path.iterdir()), limit


def append(path, *options):
    return subprocess.run([ROWS_TOOL, path, "42", "3", *options], capture_output=True, text=True)


def test_rows_of_repetitions_are_sets(tmp_path):
    for name in ("a-ave.fif", "b-ave.fif", "a.npy"):
        assert append(tmp_path / name, "shaped", "eeg").returncode == 0
    assert (tmp_path / "a-ave.fif").read_bytes() == (tmp_path / "b-ave.fif").read_bytes()
    about, sets = read_evoked(tmp_path / "a-ave.fif")
    assert about["rate"] == 200 and [record["name"] for record in about["channels"]] == ["Oz", 'a,"b"', "\u00e9"]
    assert [found["name"] for found in sets] == [f'i,"{r}".png rep-{i}' for r in range(3) for i in (1, 2)]
    assert all((found["first"], found["last"]) == (-20, -14) for found in sets)
    assert np.array_equal([found["values"] for found in sets], np.load(tmp_path / "a.npy").reshape(6, 3, 7))


@pytest.mark.parametrize("options, message", [
    (("shaped",), "an evoked file needs channels of EEG or MEG at two times or more"),
    (("eeg",), "an evoked file needs channels of EEG or MEG at two times or more"),
    (("plain", "meg"), "an evoked file needs channels of EEG or MEG at two times or more"),
    (("shaped", "eeg", "odd"), "an evoked file needs times at even distances"),
])
def test_rows_that_are_no_evoked_are_refused(tmp_path, options, message):
    done = append(tmp_path / "a-ave.fif", *options)
    assert done.returncode == 2 and message in done.stderr
    assert not (tmp_path / "a-ave.fif").exists() and (tmp_path / "a-ave.fif.partial").exists()
    assert "the ending says the format" in append(tmp_path / "a.fif", *options).stderr
