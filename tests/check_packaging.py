#!/usr/bin/env python3
"""Checks that packaging/ says what the rest says: the version, the packages to build with, the functions that the library exports.

Prints one line for each fault, "FILE: what", and exits 1 when there is one.
"""
import pathlib
import re
import sys

from check_citation import header_version

ROOT = pathlib.Path(__file__).resolve().parent.parent


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def found(pattern, name):
    match = re.search(pattern, read(name), re.M)
    return match.group(1) if match else "none"


def version_faults():
    expected = header_version(ROOT)
    for name, pattern in [("packaging/debian/changelog", r"\Alibberg \((.+)-[^-]+\)"), ("packaging/neurodesk/build.yaml", r"^version: (.+)$"),
                          ("packaging/conda/recipe.yaml", r"^  version: (.+)$")]:
        if found(pattern, name) != expected:
            yield f"{name}: version {found(pattern, name)}, that of include/berg.h is {expected}"


def libraries(text):
    return set(re.findall(r"\b[\w+.-]+-dev\b", text)) - {"libc6-dev", "libberg-dev"}


def package_faults():
    asked = libraries(found(r"^BUILD_DEPS = ((?:.*\\\n)*.*)$", "Makefile"))
    built_with = libraries(found(r"^Build-Depends:((?:\n .*)+)$", "packaging/debian/control"))
    linked = libraries(found(r"^Package: libberg-dev\n(?:.+\n)*?Suggests:((?:\n .*)+)$", "packaging/debian/control"))
    tried = libraries(found(r"^Tests: static\nDepends: (.+)$", "packaging/debian/tests/control"))
    loaded = {"python3-dev"}
    for what, given, expected in [("control: Build-Depends", built_with, asked), ("control: Suggests of libberg-dev", linked, asked - loaded),
                                  ("tests/control: Depends of static", tried, asked - loaded)]:
        for package in sorted(given ^ expected):
            yield f"packaging/debian/{what} {'has' if package in given else 'lacks'} {package}, against BUILD_DEPS of the Makefile"


def symbol_faults():
    name = next((ROOT / "packaging/debian").glob("*.symbols")).name
    listed = set(re.findall(r"^ (berg_\w+)@", read(f"packaging/debian/{name}"), re.M))
    declared = set(re.findall(r"\b(berg_\w+)\(", re.sub(r"/\*.*?\*/", "", read("include/berg.h"), flags=re.S)))
    for symbol in sorted(listed ^ declared):
        yield f"packaging/debian/{name}: {symbol} is " + ("not in include/berg.h" if symbol in listed else "missing")


def main():
    faults = [*version_faults(), *package_faults(), *symbol_faults()]
    print(*faults, sep="\n", end="\n" if faults else "")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
