"""What programs that are compiled against berg.h can count on: the names that the libraries show, and no others."""
import pathlib
import re
import subprocess

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
