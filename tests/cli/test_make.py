"""The Makefile on a machine that lacks something: what is installed, what is said, where files go. All other programs are stand-ins."""
import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Each writes down how it was called. `missing`, `fails` and `user` are files beside them.
SAYS = '#!/bin/sh\nhere=$(dirname "$0")\nfor word; do line="$line<$word>"; done\necho "$(basename "$0")$line" >> "$here/calls"\n'
STAND_INS = {
    "dpkg-query": '#!/bin/sh\nfor package; do :; done\ngrep -qx "$package" "$(dirname "$0")/missing" || printf "install ok installed"\n',
    "id": '#!/bin/sh\ncat "$(dirname "$0")/user"\n',
    "apt-get": SAYS,
    "sudo": SAYS + '! grep -q sudo "$here/fails" || exit 1\n"$@"\n',
    "cmake": SAYS + '! grep -q cmake "$here/fails" || exit 1\n',
}


class Machine:
    def __init__(self, folder):
        self.folder, self.programs = folder / "a clone", folder / "programs"
        (self.folder / "build").mkdir(parents=True)
        shutil.copytree(ROOT / "scripts", self.folder / "scripts")
        shutil.copy(ROOT / "Makefile", self.folder)
        self.programs.mkdir()
        for name in ("make", "sh", "env", "grep", "sed", "cat", "dirname", "basename", "nproc", "sort", "rm", "rmdir", "xargs"):
            (self.programs / name).symlink_to(shutil.which(name))
        for name, text in STAND_INS.items():
            (self.programs / name).write_text(text)
            (self.programs / name).chmod(0o755)
        self.set(user="1000")

    def set(self, missing=(), fails="", user=None):
        (self.programs / "missing").write_text("\n".join(missing) + "\n")
        (self.programs / "fails").write_text(fails)
        if user is not None:
            (self.programs / "user").write_text(user)

    def make(self, *arguments):
        """Whether it ended well, what it said on standard error, and what it called."""
        calls = self.programs / "calls"
        calls.unlink(missing_ok=True)
        done = subprocess.run([self.programs / "make", *arguments], cwd=self.folder, capture_output=True, text=True,
                              env={"PATH": str(self.programs), "LC_ALL": "C"})
        return done.returncode == 0, done.stderr, calls.read_text().splitlines() if calls.exists() else []


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_deps_ask_nothing_of_the_network_where_all_are_there(machine):
    assert machine.make("deps") == (True, "", [])


@pytest.mark.parametrize("user, by", [("0", ""), ("1000", "sudo")])
def test_deps_that_are_missing_are_installed(machine, user, by):
    machine.set(missing=["cmake", "libcmocka-dev"], user=user)
    done, _, calls = machine.make("deps")
    assert done
    assert [call for call in calls if call.startswith("apt-get")] == [
        "apt-get<update><-q>", "apt-get<install><--no-install-recommends><cmake><libcmocka-dev><-q><-y>"]
    assert any(call.startswith("sudo") for call in calls) == bool(by)


@pytest.mark.parametrize("has_sudo", [True, False])
def test_deps_that_cannot_be_installed_are_named(machine, has_sudo):
    machine.set(missing=["cmake", "libcmocka-dev"], fails="sudo")
    if not has_sudo:
        (machine.programs / "sudo").unlink()
    done, said, calls = machine.make("deps")
    assert not done and not any(call.startswith("apt-get") for call in calls)
    assert said.splitlines()[:2] == [
        "deps: missing are cmake libcmocka-dev",
        "deps: root installs them: apt-get update && apt-get install --no-install-recommends cmake libcmocka-dev"]


@pytest.mark.parametrize("target", ["demo", "demo-models"])
def test_a_demo_needs_nothing_of_the_tests(machine, target):
    machine.set(missing=["libcmocka-dev", "python3-pytest", "clang", "python3-pil"])
    (machine.programs / "sudo").unlink()
    done, said, _ = machine.make(target)
    assert not done and said.startswith("deps: missing are python3-pil\n")


@pytest.mark.parametrize("target, lacks", [
    ("lint", "mandoc"), ("docs", "python3-sphinx"), ("test-docs", "python3-pytest"), ("fuzz", "clang"), ("conformance", "python3-venv"),
    ("peers", "g++"), ("test-browser", "chromium"), ("test-mpi", "openmpi-bin"), ("test-cluster", "slurm-wlm"), ("torture", "libcmocka-dev"), ("wheel", "nasm"),
    ("deb", "debhelper"), ("test-demo", "debootstrap"), ("test-reproducible", "ninja-build")])
def test_each_target_names_the_package_of_what_it_lacks(machine, target, lacks):
    machine.set(missing=[lacks])
    (machine.programs / "sudo").unlink()
    done, said, calls = machine.make(target)
    assert not done and calls == []
    assert said.splitlines()[:2] == [
        f"deps: missing are {lacks}", f"deps: root installs them: apt-get update && apt-get install --no-install-recommends {lacks}"]


@pytest.mark.parametrize("target, told", [
    ("bench", "make: missing are libcsv-dev\n"), ("cuda", "cuda: nvcc is not on PATH: the CUDA toolkit (12.8 or later)"),
    ("mpi", "mpi: mpicc is not on PATH: libopenmpi-dev and openmpi-bin, or libmpich-dev and mpich, have it\n")])
def test_targets_that_install_nothing_say_what_they_lack(machine, target, told):
    machine.set(missing=["libcsv-dev"], fails="cmake")
    done, said, _ = machine.make(target)
    assert not done and said.startswith(told)


@pytest.mark.parametrize("target, named", [("all", "make: missing are libcsv-dev\n"), ("check", "make: missing are libcsv-dev libcmocka-dev\n")])
def test_a_build_that_cannot_be_configured_names_what_is_missing(machine, target, named):
    machine.set(missing=["libcsv-dev", "libcmocka-dev"], fails="cmake")
    done, said, calls = machine.make(target)
    assert not done and said.startswith(named) and len(calls) == 1


def test_a_wheel_is_not_built_in_a_folder_with_a_space(machine):
    """Some options of compilers and archives would be cut in two."""
    shutil.copytree(ROOT / "packaging", machine.folder / "packaging")
    done, said, _ = machine.make("wheel")
    assert not done and f"wheel: {machine.folder}: " in said and "white space" in said and not (machine.folder / "build/wheel").exists()
    where = machine.folder / "prefix"
    done = subprocess.run(["sh", ROOT / "packaging/wheel/libraries.sh", where], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr.startswith(f"libraries.sh: {where}: ") and not any(where.iterdir())


def test_targets_run_one_after_the_other(machine):
    """Wheel and sdist make the same folder of tools: with -j they would meet in it."""
    (machine.folder / "packaging/wheel").mkdir(parents=True)
    script = machine.folder / "packaging/wheel/build.sh"
    script.write_text("#!/bin/sh\nset -eC\n: > busy\ni=0\nwhile [ $i -lt 100000 ]; do i=$((i + 1)); done\nrm busy\n")
    script.chmod(0o755)
    assert machine.make("-j2", "wheel", "sdist")[0]


def test_a_build_looks_at_no_packages_where_it_can_be_configured(machine):
    machine.set(missing=["cmake", "libcsv-dev"])  # they may come from elsewhere
    done, said, calls = machine.make("all")
    assert done and said == "" and calls == ["cmake<--preset><release><-B><build><-DBERG_TESTS=OFF>", "cmake<--build><build>"]


def test_other_systems_are_told_the_names(machine):
    (machine.programs / "dpkg-query").unlink()
    assert machine.make("deps")[0]
    machine.set(fails="cmake")
    done, said, _ = machine.make("all")
    assert not done and said.startswith("make: what it needs, by the names of Debian's packages (this system has other ones): gcc cmake ")


def test_a_build_folder_without_tests_gets_them_when_they_are_asked_for(machine):
    configured = "cmake<--preset><release><-B><build><-DBERG_TESTS=ON>"
    assert machine.make("tests")[2] == [configured, "cmake<--build><build>"]
    (machine.folder / "build/build.ninja").touch()
    (machine.folder / "build/CMakeCache.txt").write_text("BERG_TESTS:BOOL=OFF\n")
    assert machine.make("tests")[2] == [configured, "cmake<--build><build>"]
    (machine.folder / "build/CMakeCache.txt").write_text("BERG_TESTS:BOOL=ON\n")
    assert machine.make("tests")[2] == ["cmake<--build><build>"]


def test_tests_that_cannot_be_built_are_not_in_the_way_of_the_rest(machine):
    cache = machine.folder / "build/CMakeCache.txt"
    (machine.folder / "build/build.ninja").touch()
    cache.write_text("BERG_TESTS:BOOL=OFF\n")
    (machine.programs / "cmake").write_text("#!/bin/sh\necho BERG_TESTS:BOOL=ON > build/CMakeCache.txt\nexit 1\n")
    assert not machine.make("tests")[0] and cache.read_text() == "BERG_TESTS:BOOL=OFF\n"


def test_a_prefix_with_a_space(machine):
    (machine.folder / "build/build.ninja").touch()
    done, _, calls = machine.make("install", "PREFIX=/opt/my tools")
    assert done and calls == ["cmake<-B><build><-DCMAKE_INSTALL_PREFIX:PATH=/opt/my tools>", "cmake<--build><build>", "cmake<--install><build>"]


@pytest.mark.parametrize("staged", [False, True])
def test_uninstall_takes_the_files_and_the_folders_of_our_name(machine, tmp_path, staged):
    prefix = tmp_path / "my tools"
    names = ["bin/berg", "lib/libberg.so", "lib/cmake/berg/bergConfig.cmake", "share/doc/berg/README.md"]
    for name in [*names, "share/doc/other/README.md"]:
        (prefix / name).parent.mkdir(parents=True, exist_ok=True)
        (prefix / name).touch()
    (machine.folder / "build/install_manifest.txt").write_text(
        "\n".join(f"/{name}" if staged else str(prefix / name) for name in names))
    for _ in range(2):
        done, said, _ = machine.make("uninstall", *([f"DESTDIR={prefix}"] if staged else []))
        assert done and said == ""
    left = sorted(str(path.relative_to(prefix)) for path in prefix.rglob("*"))
    assert left == ["bin", "lib", "lib/cmake", "share", "share/doc", "share/doc/other", "share/doc/other/README.md"]


def test_uninstall_of_what_was_not_installed(machine):
    done, _, calls = machine.make("uninstall")
    assert not done and not calls
