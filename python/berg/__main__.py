"""Where the package keeps what compiling against the library takes: python -m berg --cmake-dir. The program itself is `berg`."""

import argparse
import os
import shlex

FOLDER = os.path.dirname(os.path.abspath(__file__))
PLACES = {
    "--includes": ("the compiler's option for berg.h", "include", "-I"),
    "--libs": ("the linker's options for the library", "lib", None),
    "--cmake-dir": ("the folder for CMake: -Dberg_DIR=...", "lib/cmake/berg", ""),
    "--pkg-config-dir": ("the folder for pkg-config: PKG_CONFIG_PATH=...", "lib/pkgconfig", ""),
}


def main():
    parser = argparse.ArgumentParser(prog="python -m berg", description=__doc__)
    for option, (says, _, _) in PLACES.items():
        parser.add_argument(option, action="store_true", help=says)
    asked = vars(parser.parse_args())
    words = []
    for option, (_, place, before) in PLACES.items():
        if not asked[option.strip("-").replace("-", "_")]:
            continue
        path = os.path.join(FOLDER, place)
        if not os.path.isdir(path):
            parser.error(f"{path} is not there: this package was not installed from a wheel, pkg-config and CMake know the library")
        if before is None:
            library, = (name for name in os.listdir(path) if name.startswith("libberg.so."))
            words += map(shlex.quote, [f"-L{path}", f"-l:{library}", f"-Wl,-rpath,{path}"])
        else:
            words.append(shlex.quote(before + path) if before else path)
    if not words:
        parser.error("expected one of " + ", ".join(PLACES))
    print(" ".join(words))


if __name__ == "__main__":
    main()
