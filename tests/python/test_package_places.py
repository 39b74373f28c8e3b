"""Where the package was installed: what compiling against it takes, and another distribution of its name beside it."""
import os
import shlex
import shutil
import subprocess
import sys

import pytest

import berg

OWN = os.path.dirname(os.path.abspath(berg.__file__))


def python(words, *path):
    """What Python says of these words with `path` before all else that it imports from: (standard output, standard error)."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))}
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


@pytest.mark.parametrize("folder", ["plain", "it's a folder"])
def test_a_shell_takes_the_options_as_they_are(tmp_path, folder):
    place = tmp_path / folder
    shutil.copytree(OWN, place / "berg", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("include", "lib/cmake/berg"):
        (place / "berg" / name).mkdir(parents=True, exist_ok=True)
    (place / "berg/lib/libberg.so.0.1").touch()
    options, _ = python(["-m", "berg", "--includes", "--libs"], place)
    assert shlex.split(options) == [f"-I{place}/berg/include", f"-L{place}/berg/lib", "-l:libberg.so.0.1", f"-Wl,-rpath,{place}/berg/lib"]
    if folder == "plain":
        assert options.split() == shlex.split(options)
    assert python(["-m", "berg", "--cmake-dir"], place)[0] == f"{place}/berg/lib/cmake/berg\n"


OTHERS = ["berg-lib-1.0.dist-info", "berg_lib-1.0.dist-info", "libberg-0.1.0.dist-info", "berg-1.0.tar.gz"]


@pytest.mark.parametrize("names, version", [(["berg-1.2.3.dist-info"], "1.2.3"), (["berg-2.0-py3.11.egg-info"], "2.0"), (OTHERS, None)])
def test_an_installed_berg_is_told_and_nothing_else(tmp_path, names, version):
    for name in names:
        (tmp_path / name).mkdir()
    (tmp_path / "berg.py").touch()  # a file of that name elsewhere on the path is not asked for
    _, said = python(["-c", "import sys; sys.path.append(b'/'); import berg"], os.path.dirname(OWN), tmp_path)
    assert f"the distribution berg {version} in {tmp_path} is imported as berg too" in said if version else not said
