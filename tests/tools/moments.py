"""Runs that are stopped, killed or interrupted at a moment that the test names: the n-th call that changes a file, which depends on
no clock (tests/preload/moments.c)."""
import os
import pathlib
import signal
import subprocess

BUILD = pathlib.Path(os.environ.get("BERG_BUILD", pathlib.Path(__file__).parents[2] / "build")).resolve()


def preloaded(*libraries):
    """For libraries of tests/preload, after what is loaded already. By names that are searched for: LD_PRELOAD takes a path to end
    at a space."""
    folders = [*filter(None, [os.environ.get("LD_LIBRARY_PATH")]), str(BUILD / "tests")]
    return {"LD_PRELOAD": ":".join([*os.environ.get("LD_PRELOAD", "").split(), *libraries]),
            "LD_LIBRARY_PATH": ":".join(folders)}


def environment(**settings):
    """What is added to the environment of a program; kill=, stop=, fail=, file=, time=, clock=, count= as moments.c has them."""
    options = f"{os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0".lstrip(":")
    return {**preloaded("moments.so"), "ASAN_OPTIONS": options,
            **{f"MOMENT_{name.upper()}": str(value) for name, value in settings.items()}}


def count(command, path, **settings):
    """How many such calls a run makes, which has to end well."""
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   env={**os.environ, **environment(count=path, **settings)})
    return int(path.read_text())


def killed(command, at, **settings):
    """Whether the run was killed before its call `at`; it may have made fewer, and then ended well."""
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                          env={**os.environ, **environment(kill=at, **settings)})
    assert done.returncode in (0, -signal.SIGKILL), done.returncode
    return done.returncode != 0


def wait_until_stopped(run):
    """For a run with stop=: returns when it stands still. go_on lets it go on."""
    _, status = os.waitpid(run.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), f"ended before, with {os.waitstatus_to_exitcode(status)}"


def go_on(run, number=None):
    """After wait_until_stopped, with a signal to begin with."""
    if number:
        run.send_signal(number)
    run.send_signal(signal.SIGCONT)
