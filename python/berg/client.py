"""Asking models that `berg serve` keeps open in another process of this machine."""

import json
import os
import socket
import struct
from typing import NamedTuple

import numpy as np

from berg.core import outputs, stimuli
from berg.core.exceptions import BERGError, InvalidParameterError, StimulusError
from berg.core.failures import exception_of

# docs/serve.md: magic, version, kind, id, bytes of the payload, status, layout, four sizes; little-endian.
_HEADER = struct.Struct("<4sHHQQII4I")
_VERSION = 1
_HELLO, _ENCODE, _SCORES, _RESPOND, _STOP = range(1, 6)
# berg.h's statuses by number; a number never changes its meaning.
_STATUSES = (
    "BERG_OK",
    "BERG_EINTERNAL",
    "BERG_EDEVICE",
    "BERG_EARGUMENT",
    "BERG_ENOMODEL",
    "BERG_EPARAMETER",
    "BERG_ESTIMULUS",
    "BERG_EINPUT",
    "BERG_EMODEL",
    "BERG_EWRITE",
    "BERG_EEXISTS",
    "BERG_ELIMIT",
    "BERG_EDIFFERENT",
    "BERG_ECANCELLED",
    "BERG_EINCOMPLETE",
)


class ServedSubject(NamedTuple):
    """A subject that a server has open.

    Attributes
    ----------
    model_id, subject, train_splits : str
    columns, components : int
        Of its responses and scores.
    outputs : list of berg.core.outputs.Output
        What its columns are, as of a loaded model.
    """

    model_id: str
    subject: str
    train_splits: str
    columns: int
    components: int
    outputs: list


def _axis(about):
    return outputs.Axis(
        about["name"],
        about["length"],
        about.get("labels"),
        np.array(about["indices"], np.int64) if "indices" in about else None,
        np.array(about["values"], np.float64) if "values" in about else None,
        about.get("unit"),
    )


def _subject(model, about):
    """Its outputs are counted within its own columns."""
    return ServedSubject(
        model["id"],
        about["subject"],
        model["train_splits"],
        about["columns"],
        about["components"],
        [
            outputs.Output(
                output["name"],
                output["first"] - about["first"],
                output["columns"],
                tuple(map(_axis, output["axes"])),
            )
            for output in about["outputs"]
        ],
    )


def _images(stimulus):
    """uint8 in C order; channels second, or last where they are so."""
    if not isinstance(stimulus, np.ndarray) or stimulus.ndim != 4 or stimulus.shape[1] == 3 or stimulus.shape[3] != 3:
        stimulus = stimuli.checked(stimulus)
    elif stimulus.dtype.kind not in "iu" or stimulus.size == 0:
        stimuli.checked(stimulus.transpose(0, 3, 1, 2))
    if stimulus.dtype != np.uint8 and (stimulus.min() < 0 or stimulus.max() > 255):
        raise StimulusError(
            f"stimulus: expected values from 0 to 255, found {stimulus.min()} to {stimulus.max()}"
        )
    return np.ascontiguousarray(stimulus, np.uint8)


class Client:
    """A connection to a `berg serve` of the same user.

    with berg.Client("v1.sock") as client:
        (responses,) = client.encode(images)

    Parameters
    ----------
    path : str or path
        The socket that the server was given.
    timeout : float, optional
        Seconds to wait for the server at a time: for a connection, for a part of an answer. None: for ever.

    Attributes
    ----------
    about : dict
        What the server tells of itself: models, precision, limits.
    subjects : list of ServedSubject
        Those that answers are of, in their order.

    Requests of several threads, processes or clients are answered in turn; an object is one thread's and one process's
    at a time. OSError (FileNotFoundError, ConnectionError, TimeoutError): no server, or it went; after one of these
    while a request was under way the client is closed, and a new one has to be made. What the server refuses raises
    the package's exceptions, and the client goes on.
    """

    def __init__(self, path, timeout=None):
        self.path = os.fspath(path)
        self._id = 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.settimeout(timeout)
            self._socket.connect(self.path)
            self._check_owner()
            self.about = json.loads(bytes(self._ask(_HELLO)))
        except BaseException:
            self.close()
            raise
        self.subjects = [
            _subject(model, subject) for model in self.about["models"] for subject in model["subjects"]
        ]

    def _check_owner(self):
        """Images go to a server of this user's, whoever could make a socket at the path."""
        owner = struct.unpack("3i", self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
        if owner != os.geteuid():
            raise PermissionError(f"{self.path}: the server is user {owner}'s")

    def __repr__(self):
        return f"<Client {self.path}: {len(self.subjects)} subjects, {self.about['columns']} columns>"

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """Ends the connection. The server goes on."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    # --- Messages ---

    def _receive(self, view):
        while view:
            got = self._socket.recv_into(view)
            if not got:
                raise ConnectionResetError(f"{self.path}: the server ended the connection")
            view = view[got:]

    def _send(self, parts):
        """A server that refuses early has its say even if it no longer reads."""
        try:
            for part in parts:
                self._socket.sendall(part)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def _answer(self, into):
        head = bytearray(_HEADER.size)
        self._receive(memoryview(head))
        magic, version, _, number, length, status, *_ = _HEADER.unpack(head)
        if magic != b"BERG" or version != _VERSION:
            raise ConnectionError(f"{self.path}: answers in another protocol than this client's")
        if number != self._id and not status:
            raise ConnectionError(f"{self.path}: answered request {number} instead of {self._id}")
        if not status and into is not None and length == into.nbytes:
            self._receive(memoryview(into).cast("B"))
            return into
        if not status and into is not None:
            raise ConnectionError(f"{self.path}: answered {length} bytes instead of {into.nbytes}")
        text = bytearray(length)
        self._receive(memoryview(text))
        if status:
            self._fail(status, text.decode("utf-8", "replace"))
        return text

    def _fail(self, status, message):
        if 0 < status < len(_STATUSES):
            failure = exception_of(_STATUSES[status], message, "", None, "", "", "")
        else:
            failure = BERGError(message)
        # The server's end is no key pressed here.
        raise ConnectionAbortedError(message) if isinstance(failure, KeyboardInterrupt) else failure

    def _ask(self, kind, payload=(), layout=0, sizes=(0, 0, 0, 0), into=None):
        if self._socket is None:
            raise InvalidParameterError("The client is closed")
        self._id += 1
        length = sum(part.nbytes for part in payload)
        head = _HEADER.pack(b"BERG", _VERSION, kind, self._id, length, 0, layout, *sizes)
        try:
            self._send([head, *(memoryview(part).cast("B") for part in payload)])
            return self._answer(into)
        except BERGError:
            raise
        except BaseException:
            self.close()  # in the middle of a message nothing can follow
            raise

    # --- Requests ---

    def _parts(self, rows, images, widths):
        """The arrays of all models that lie one after the other in a flat one."""
        ends = np.cumsum([images * width for width in widths])[:-1]
        return [part.reshape(images, width) for part, width in zip(np.split(rows, ends), widths)]

    def _step(self, request_bytes, width):
        """How many images a request may have, each of so many bytes, with an answer of so many numbers."""
        return max(1, self.about["max_request"] // (request_bytes + 4 * width))

    def _widths(self, key):
        return [model[key] for model in self.about["models"]]

    def _ask_for_rows(self, kind, count, key, step, request):
        """(count, width) for each model, by as many requests as the server's limit asks for. `request`: what to send for
        images [first, end)."""
        widths = self._widths(key)
        targets = [np.empty((count, width), np.float32) for width in widths]
        for first in range(0, count, step):
            end = min(first + step, count)
            payload, layout, sizes = request(first, end)
            rows = np.empty((end - first) * sum(widths), np.float32)
            self._ask(kind, payload, layout, sizes, rows)
            if end - first == count:
                return self._parts(rows, count, widths)
            for target, part in zip(targets, self._parts(rows, end - first, widths)):
                target[first:end] = part
        return targets

    def _of_images(self, kind, stimulus, key):
        images = _images(stimulus)
        last = images.shape[1] != 3
        step = self._step(images[0].nbytes, sum(self._widths(key)))

        def request(first, end):
            part = images[first:end]
            return (part,), int(last), part.shape

        return self._ask_for_rows(kind, len(images), key, step, request)

    def _by_subject(self, arrays, key):
        parts = []
        for model, array in zip(self.about["models"], arrays):
            at = 0
            for subject in model["subjects"]:
                parts.append(array[:, at : at + subject[key]])
                at += subject[key]
        return parts

    def _responses(self, arrays):
        parts = self._by_subject(arrays, "columns")
        return [outputs.answer(subject.outputs, part, None) for subject, part in zip(self.subjects, parts)]

    def encode(self, stimulus):
        """Responses to images: a list of what encode() of each of `subjects` returns, to the same bits.

        Parameters
        ----------
        stimulus : integer array of shape (images, 3, height, width) or (images, height, width, 3)
            RGB, 0 to 255. Images that are more than a request may hold go in several.

        StimulusError: not such images. ResourceError: one image and its answer are more than the server takes.
        """
        return self._responses(self._of_images(_ENCODE, stimulus, "columns"))

    def scores(self, stimulus):
        """Component scores of images: a list of float32 arrays (images, components), one for each of `subjects`."""
        return self._by_subject(self._of_images(_SCORES, stimulus, "components"), "components")

    def respond(self, scores):
        """Responses of scores, as encode() gives them, without the network.

        Parameters
        ----------
        scores : list of float arrays (images, components), one for each of `subjects`; of one subject also its array

        StimulusError: other shapes, or a score that is not finite.
        """
        rows = self._checked_scores(scores)
        step = self._step(4 * sum(self._widths("components")), sum(self._widths("columns")))

        def request(first, end):
            part = [np.ascontiguousarray(array[first:end]) for array in rows]
            return part, 0, (end - first, sum(self._widths("components")), 0, 0)

        return self._responses(self._ask_for_rows(_RESPOND, len(rows[0]), "columns", step, request))

    def _checked_scores(self, scores):
        """An array for each model, the scores of its subjects side by side."""
        arrays = [scores] if isinstance(scores, np.ndarray) else list(scores)
        if len(arrays) != len(self.subjects):
            raise StimulusError(f"scores: expected {len(self.subjects)} arrays, found {len(arrays)}")
        arrays = [np.asarray(array, np.float32) for array in arrays]
        for array, subject in zip(arrays, self.subjects):
            if array.ndim != 2 or array.shape != (len(arrays[0]), subject.components) or not len(array):
                raise StimulusError(
                    f"scores of subject {subject.subject} of {subject.model_id}: expected shape (images, "
                    f"{subject.components}), the same images for each, found {array.shape}"
                )
        joined, at = [], 0
        for model in self.about["models"]:
            joined.append(np.concatenate(arrays[at : at + len(model["subjects"])], axis=1))
            at += len(model["subjects"])
        return joined

    def stop(self):
        """Ends the server, which answers what it has begun, and this client. InvalidParameterError: it was started
        without --allow-stop."""
        self._ask(_STOP)
        self.close()
