"""Test data that take seconds to make are made once a build folder, by the first test that needs them, and kept for the next run.

They lie in $BERG_TEST_DATA, which tests/conftest.py sets to test-data/ of the build folder where nothing else is said, under a name
that changes with the sources that make them.
"""
import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil

import numpy as np

TESTS = pathlib.Path(__file__).resolve().parent.parent
MAKERS = ("oracle/random_backbone.py", "oracle/vit_oracle.py", "tools/make_siblings.py", "tools/make_subject.py",
          "tools/sibling_metadata.py", "tools/sibling_models.py", "tools/sklearn_pickle.py", "tools/subject_metadata.py",
          "tools/synthetic_images.py", "tools/write_state_dict.py")


def makers_digest():
    digest = hashlib.sha256(np.__version__.encode())
    for maker in MAKERS:
        digest.update((TESTS / maker).read_bytes())
    return digest.hexdigest()[:12]


def listing(folder):
    """What tells that a file was written since: sizes and times."""
    stats = {path.relative_to(folder).as_posix(): path.stat() for path in sorted(folder.rglob("*"))}
    return "".join(f"{name} {s.st_size} {s.st_mtime_ns}\n" for name, s in stats.items())


@contextlib.contextmanager
def made_once(place, name, make, makers=None):
    """The folder that `make(folder)` fills, for reading. To write into it is an error, found at the end. `makers`: what a change of
    the makers changes; without it the sources above."""
    here = place / (makers or makers_digest())
    here.mkdir(parents=True, exist_ok=True)
    folder, list_file = here / name, here / f"{name}.list"
    with open(here / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        remove_older(place, here)
        if not list_file.exists() or not folder.exists() or listing(folder) != list_file.read_text():
            list_file.unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            list_file.write_text(listing(folder))
        before = list_file.read_text()
    yield folder
    assert listing(folder) == before, f"a test has changed {folder}, which all tests read"


def kept_array(name, make):
    """The array that `make()` gives, which is computed once; every time where no place for test data is named."""
    if "BERG_TEST_DATA" not in os.environ:
        return make()
    with made_once(pathlib.Path(os.environ["BERG_TEST_DATA"]), name, lambda folder: np.save(folder / "array.npy", make())) as folder:
        return np.load(folder / "array.npy")


def remove_older(place, here):
    """What earlier makers made: up to a gigabyte each."""
    for other in place.iterdir():
        if other != here and other.is_dir():
            shutil.rmtree(other, ignore_errors=True)
