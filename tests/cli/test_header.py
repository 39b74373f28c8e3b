"""What programs that are compiled against berg.h can count on: the names that the libraries show, and no others."""
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEADER = ROOT / "include" / "berg.h"


def declared():
    """The functions that the header declares."""
    text = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.DOTALL)
    return set(re.findall(r"^BERG_API [^;(]*?\b(berg_\w+)\(", text, re.MULTILINE))


def defined(path, *options):
    lines = subprocess.run(["nm", "--defined-only", *options, path], check=True, capture_output=True, text=True).stdout.splitlines()
    return {line.split()[2] for line in lines if len(line.split()) == 3}


def test_the_shared_library_shows_what_the_header_declares(build_dir):
    assert len(declared()) > 80
    assert defined(build_dir / "libberg.so", "-D") == declared()


def test_the_archive_shows_what_the_header_declares(build_dir):
    shown = defined(build_dir / "libberg.a", "-g")
    assert {name for name in shown if not name.startswith(("__asan", "__odr_asan"))} == declared()


def test_the_name_of_the_library_says_the_minor_version(build_dir):
    numbers = dict(re.findall(r"#define BERG_VERSION_(\w+) (\d+)", HEADER.read_text()))
    dynamic = subprocess.run(["readelf", "-d", build_dir / "libberg.so"], check=True, capture_output=True, text=True).stdout
    (name,) = re.findall(r"SONAME.*\[(.*)\]", dynamic)
    assert name == "libberg.so." + (f"0.{numbers['MINOR']}" if numbers["MAJOR"] == "0" else numbers["MAJOR"])


# --- Options that grow ---------------------------------------------------------------------------------------------------------

SIZED = re.compile(r"(typedef struct (berg_\w+) \{\n  size_t size; [^\n]*\n)(.*?)(\} \2;)", re.DOTALL)


def without_comments(text):
    return re.sub(r"/\*.*?\*/", lambda comment: "/**/" if "set by _init" in comment.group() else "", text, flags=re.DOTALL)


def with_structs(change):
    """The header with the fields of each struct that carries its size changed."""
    text, count = SIZED.subn(lambda found: found[1] + change(found[3]) + found[4], without_comments(HEADER.read_text()))
    assert count == 26
    return text


def older(fields):
    """Without the last field; two where that is half a word, so that what is left is shorter."""
    declarations = [line for line in re.findall(r"[^;]*;", fields) if line.strip()]
    halves = [re.fullmatch(r"\s*(int|berg_dtype|berg_layout) \w+;", line) for line in declarations]
    return "".join(declarations[:-2] if halves[-1] and halves[-2] else declarations[:-1]) + "\n"


def newer(fields):
    return fields + "  uint64_t added_later;\n"


@pytest.fixture(scope="module")
def program(build_dir, tmp_path_factory):
    """program(header, way): the lines of tests/header/options.c, compiled against that header, run with the library of today."""
    headers = {"today": HEADER.read_text(), "older": with_structs(older), "newer": with_structs(newer)}
    folder = tmp_path_factory.mktemp("header")
    for name, text in headers.items():
        (folder / name).mkdir()
        (folder / name / "berg.h").write_text(text)
        extra = ["-DADDED"] if name == "newer" else []
        subprocess.run(["gcc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-O1", *extra, "-I", folder / name, "-o", folder / name / "program",
                        ROOT / "tests" / "header" / "options.c", build_dir / "libberg.so", f"-Wl,-rpath,{build_dir}"], check=True)

    def run(header, way):
        return subprocess.run([folder / header / "program", way], check=True, capture_output=True, text=True,
                              cwd=folder / header).stdout.splitlines()
    return run


def test_older_and_newer_programs_are_served_as_those_of_today(program):
    expected = program("today", "same")
    assert len(expected) > 14
    assert program("older", "same") == expected
    assert program("newer", "same") == expected


def test_what_a_newer_program_asks_for_is_not_passed_over(program):
    lines = program("newer", "added")
    assert len(lines) > 20
    for line in lines:
        assert " BERG_EARGUMENT berg_" in line and "an option is set that this library" in line, line


@pytest.mark.parametrize("size", [0, 8, 33, 4104, 2**63])
def test_options_made_without_init_are_refused(program, size):
    lines = program("today", f"size={size}")
    assert len(lines) > 20
    for line in lines:
        kind, = set(re.findall(r"BERG_EARGUMENT (berg_\w+): made without (?=berg_\w+_init: its size would be)", line))
        assert f"{kind}: made without {kind}_init: its size would be {size}" in line


def test_the_readme_s_program_with_an_older_header(build_dir, small_berg_dir, tmp_path):
    (code,) = re.findall(r"```c\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "example.c").write_text(code)
    results = []
    for name, text in (("today", HEADER.read_text()), ("older", with_structs(older)), ("newer", with_structs(newer))):
        (tmp_path / name).mkdir()
        (tmp_path / name / "berg.h").write_text(text)
        subprocess.run(["gcc", "-std=c11", "-I", name, "-o", f"{name}/example", "example.c", build_dir / "libberg.so",
                        f"-Wl,-rpath,{build_dir}"], check=True, cwd=tmp_path)
        subprocess.run(["./example", small_berg_dir, ROOT / "examples" / "images" / "cat.png"], check=True, cwd=tmp_path / name)
        results.append((tmp_path / name / "responses.npy").read_bytes())
    assert results[1] == results[0] and results[2] == results[0]


def test_no_struct_that_grows_ends_in_padding(tmp_path):
    """A new field in the padding of an older struct would be read from what lay there: each ends with a whole word."""
    text = with_structs(lambda fields: fields)
    (tmp_path / "berg.h").write_text(text)
    said = subprocess.run(["gcc", "-x", "c", "-fsyntax-only", "-Wpadded", tmp_path / "berg.h"], capture_output=True, text=True).stderr
    lines = text.splitlines()
    ends = {lines[int(number) - 1] for number in re.findall(r"berg\.h:(\d+):\d+: warning: padding struct size", said)}
    assert not ends & {found[4] for found in SIZED.finditer(text)}
