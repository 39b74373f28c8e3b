"""Another distribution that is imported as `berg`, such as upstream's: pip lets the two overwrite each other's files without a word."""

import os
import re
import sys
import warnings


def _other(folder):
    """The name of such a distribution's metadata in a folder of sys.path. importlib.metadata would take longer than all of `import berg`."""
    try:
        names = os.listdir(folder)
    except OSError:
        return None
    return min(filter(re.compile(r"berg-\d.*\.(dist|egg)-info").fullmatch, names), default=None)


def warn():
    for folder in sys.path:
        found = _other(folder) if folder and isinstance(folder, str) else None
        if found:
            version = found.split("-")[1].removesuffix(".dist").removesuffix(".egg")
            warnings.warn(
                f"the distribution berg {version} in {folder} is imported as berg too, and files of libberg may be its: "
                "python -m pip uninstall berg; python -m pip install --force-reinstall --no-deps libberg",
                stacklevel=3,
            )
            return
