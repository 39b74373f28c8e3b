"""Servers for the tests: `berg serve` in a process of its own, and its messages by hand (docs/serve.md)."""
import os
import pathlib
import signal
import socket
import struct
import subprocess

import numpy as np

HEADER = struct.Struct("<4sHHQQII4I")
HELLO, ENCODE, SCORES, RESPOND, STOP = range(1, 6)


class Server:
    """`berg serve` at `path`, ready when the block begins, ended by SIGTERM with status 0 and no socket left where the block ends.
    `lines`: what it has said after that it serves."""

    def __init__(self, program, path, *arguments, environment=None, **more):
        self.path, self.lines, self.ended = pathlib.Path(path), None, False
        self.process = subprocess.Popen([program, "serve", *map(str, arguments), "--socket", path], stderr=subprocess.PIPE, text=True,
                                        stdin=subprocess.DEVNULL, env=environment, **more)
        first = self.process.stderr.readline()
        assert first.startswith("berg: serving "), first + self.process.stderr.read()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if not self.ended:
            self.process.send_signal(signal.SIGCONT)
            status = self.end(signal.SIGTERM)
            assert kind or (status == 0 and not self.path.exists())

    def end(self, number=None):
        """The exit status."""
        if number is not None:
            self.process.send_signal(number)
        self.lines = self.process.communicate(timeout=600)[1].splitlines()
        self.ended = True
        return self.process.returncode

    def pause(self):
        """Until `go` it does nothing: what is sent meanwhile it finds all at once."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)

    def go(self):
        self.process.send_signal(signal.SIGCONT)

    def connect(self):
        return Connection(self.path)


class Connection:
    """Bytes to a server and back; a test that waits for what never comes fails after minutes."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(300)
        self.socket.connect(os.fspath(path))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, kind=HELLO, payload=b"", number=7, length=None, status=0, layout=0, sizes=(0, 0, 0, 0), magic=b"BERG", version=1):
        self.socket.sendall(message(kind, payload, number, length, status, layout, sizes, magic, version))

    def read(self, count):
        data = b""
        while len(data) < count:
            data += (part := self.socket.recv(count - len(data)))
            assert part, f"the connection ended after {len(data)} of {count} bytes"
        return data

    def answer(self):
        """(status, kind, id, payload)"""
        magic, version, kind, number, length, status, *_ = HEADER.unpack(self.read(HEADER.size))
        assert (magic, version) == (b"BERG", 1)
        return status, kind, number, self.read(length)

    def ask(self, *arguments, **options):
        self.send(*arguments, **options)
        return self.answer()

    def images(self, images, kind=ENCODE, layout=0, **options):
        """The answer's floats."""
        status, _, _, payload = self.ask(kind, images.tobytes(), layout=layout, sizes=images.shape, **options)
        assert status == 0, payload
        return np.frombuffer(payload, np.float32)

    def refused(self, *arguments, **options):
        """(status, message)"""
        status, _, _, payload = self.ask(*arguments, **options)
        assert status != 0 and b"\n" not in payload
        return status, payload.decode()

    def over(self):
        """Whether the server ends the connection, without another byte."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


def message(kind=HELLO, payload=b"", number=7, length=None, status=0, layout=0, sizes=(0, 0, 0, 0), magic=b"BERG", version=1):
    length = len(payload) if length is None else length
    return HEADER.pack(magic, version, kind, number, length, status, layout, *sizes) + payload
