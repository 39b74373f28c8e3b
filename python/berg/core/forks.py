"""A lock that the child of a fork finds free, and that says whether another thread held it when the process was forked."""
import os
import threading
import weakref

_all = weakref.WeakSet()


class Lock:
    """A reentrant lock, as a context manager."""

    def __init__(self):
        self._lock = threading.RLock()
        self.was_elsewhere = False  # held in a thread that is not in this process
        _all.add(self)

    def __enter__(self):
        # By name, because in a fork's child it is another one.
        self._lock.acquire()
        return self

    def __exit__(self, *_):
        self._lock.release()

    def _after_fork(self):
        if self._lock.acquire(blocking=False):  # free, or the forking thread's own
            self._lock.release()
        else:
            self._lock = threading.RLock()
            self.was_elsewhere = True


def _after_fork_in_child():
    for lock in list(_all):
        lock._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
