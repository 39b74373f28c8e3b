"""Data that all tests read: made by the first test that needs them, kept, made again when damaged, and read-only."""
import multiprocessing
import os
import time

import pytest

from made_once import made_once


def make(folder):
    time.sleep(0.2)
    with open(folder / "data", "x") as file:
        file.write("made by a process\n")
    with open(folder.parent / "made", "a") as file:
        file.write(f"{os.getpid()}\n")


def use(place):
    with made_once(place, "kind", make) as folder:
        assert (folder / "data").read_text() == "made by a process\n"


def times_made(place):
    (here,) = place.iterdir()
    return len((here / "made").read_text().splitlines())


def test_processes_that_come_together_make_it_once(tmp_path):
    processes = [multiprocessing.Process(target=use, args=(tmp_path,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    assert times_made(tmp_path) == 1


def test_writing_into_it_is_an_error_and_it_is_made_again(tmp_path):
    with pytest.raises(AssertionError, match="a test has changed"):
        with made_once(tmp_path, "kind", make) as folder:
            (folder / "more").write_text("")
    use(tmp_path)
    assert times_made(tmp_path) == 2 and not (folder / "more").exists()


def test_one_that_was_interrupted_is_made_again(tmp_path):
    def fails(folder):
        (folder / "data").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        with made_once(tmp_path, "kind", fails):
            pass
    use(tmp_path)


def test_what_earlier_makers_made_goes(tmp_path):
    (tmp_path / "0123456789ab" / "kind").mkdir(parents=True)
    use(tmp_path)
    assert not (tmp_path / "0123456789ab").exists()
