"""berg.Client: what encode() returns, from a server in another process."""

import multiprocessing
import os
import socket
import struct
import threading

import numpy as np
import pytest

from berg import Client
from berg.core.exceptions import InvalidParameterError, ResourceError, StimulusError
from serving import HEADER, Server


@pytest.fixture
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("s") / "s"


@pytest.fixture
def serve(build_dir, small_berg_dir, backbone_files, path, model_id):
    def start(*options):
        return Server(
            build_dir / "berg",
            path,
            model_id,
            "--berg-dir",
            small_berg_dir,
            "--backbone",
            backbone_files["safetensors"],
            *(() if "--subject" in options else ("--subject", "1")),
            *options,
        )

    return start


def test_responses_and_scores(serve, images, whole, load):
    with serve("--subject", "1,2") as server, Client(server.path) as client:
        assert [subject[:5] for subject in client.subjects] == [
            ("fmri-things_fmri_1-vit_b_32", "1", "all", 600, 8),
            ("fmri-things_fmri_1-vit_b_32", "2", "all", 640, 8),
        ]
        first, second = client.encode(images)
        assert np.array_equal(first, whole) and first.dtype == np.float32
        assert np.array_equal(second, load(subject=2).generate_response(images, show_progress=False))
        scores = client.scores(images)
        assert [part.shape for part in scores] == [(5, 8), (5, 8)]
        assert all(map(np.array_equal, client.respond(scores), (first, second)))
        assert repr(client) == f"<Client {server.path}: 2 subjects, 1240 columns>"


def test_outputs_and_shapes_are_those_of_the_models(
    build_dir, path, siblings_dir, backbone_files, load_sibling, sibling_wholes, squares
):
    options = ("--berg-dir", siblings_dir, "--backbone", backbone_files["safetensors"])
    ids = {"nsd": "fmri-nsd_fsaverage-vit_b_32", "eeg": "eeg-things_eeg_2-vit_b_32"}
    with (
        Server(build_dir / "berg", path, ids["nsd"], "--subject", "1", "--also", f"{ids['eeg']}:1", *options),
        Client(path) as client,
    ):
        (left, right), eeg = client.encode(squares)
        assert np.array_equal(left, sibling_wholes["nsd"][0]) and np.array_equal(right, sibling_wholes["nsd"][1])
        assert np.array_equal(eeg, sibling_wholes["eeg"])
        again = client.respond(client.scores(squares))
        assert np.array_equal(again[0][1], right) and np.array_equal(again[1], eeg)
        with load_sibling("eeg") as model:
            for ours, theirs in zip(client.subjects[1].outputs[0].axes, model.outputs[0].axes, strict=True):
                assert (ours.name, ours.length, ours.labels, ours.unit) == (
                    theirs.name,
                    theirs.length,
                    theirs.labels,
                    theirs.unit,
                )
                assert np.array_equal(ours.values, theirs.values)


def test_images_of_other_kinds(serve, images, whole):
    images, whole = images[:2], whole[:2]
    with serve() as server, Client(server.path) as client:
        for other in (
            images.astype(np.int64),
            images[::-1][::-1],
            np.asfortranarray(images),
            images.transpose(0, 2, 3, 1),
            images.astype(">u2"),
            images.transpose(0, 2, 3, 1).astype(np.int16),
        ):
            assert np.array_equal(client.encode(other)[0], whole)


def test_more_images_than_a_request_holds(serve, images, whole):
    two = 2 * (images[0].nbytes + 4 * 600)
    with serve("--max-request", str(two + 100)) as server, Client(server.path) as client:
        assert np.array_equal(client.encode(images)[0], whole)
        scores = client.scores(images)
        assert np.array_equal(client.respond(scores)[0], whole)
    assert server.lines == ["berg: served 7 requests, 15 images"]


def test_one_image_that_is_too_much(serve, images):
    with serve("--max-request", "1000") as server, Client(server.path) as client:
        with pytest.raises(ResourceError, match="would take more than the 1000 bytes of --max-request"):
            client.encode(images)
        assert client.scores(np.zeros((1, 3, 8, 8), np.uint8))[0].shape == (1, 8)


@pytest.mark.parametrize(
    "stimulus, words",
    [
        ([1, 2], "expected a NumPy array, found list"),
        (np.zeros((2, 3, 8, 8)), "expected integers from 0 to 255"),
        (np.zeros((2, 8, 8, 3)), "expected integers from 0 to 255"),
        (np.zeros((3, 8, 8), np.uint8), "found 3 dimensions"),
        (np.zeros((2, 4, 8, 8), np.uint8), r"found \(2, 4, 8, 8\)"),
        (np.zeros((0, 3, 8, 8), np.uint8), "at least one image"),
        (np.full((1, 3, 8, 8), 256), "expected values from 0 to 255, found 256 to 256"),
        (np.full((1, 3, 8, 8), -1), "expected values from 0 to 255, found -1 to -1"),
    ],
)
def test_what_are_no_images(client_of_any, stimulus, words):
    with pytest.raises(StimulusError, match=words):
        client_of_any.encode(stimulus)


@pytest.mark.parametrize(
    "scores, words",
    [
        ([], "expected 1 arrays, found 0"),
        (np.zeros((2, 7)), r"expected shape \(images, 8\), the same images for each, found \(2, 7\)"),
        (np.zeros(8), r"found \(8,\)"),
        (np.zeros((0, 8)), r"found \(0, 8\)"),
        ([np.full((2, 8), np.inf)], "image 0, score 0 \\(from 0\\) is not finite"),
    ],
)
def test_what_are_no_scores(client_of_any, scores, words):
    with pytest.raises(StimulusError, match=words):
        client_of_any.respond(scores)
    assert client_of_any.respond(np.zeros((2, 8)))[0].shape == (2, 600)


@pytest.fixture(scope="module")
def client_of_any(build_dir, tmp_path_factory, small_berg_dir, backbone_files, model_id):
    """The client of a server that the tests do not change."""
    path = tmp_path_factory.mktemp("s") / "s"
    options = ("--subject", "1", "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"])
    with Server(build_dir / "berg", path, model_id, *options), Client(path) as client:
        yield client


def _ask(path, images):
    with Client(path) as client:
        return [client.encode(images)[0] for _ in range(2)]


def test_several_processes_and_threads(serve, images, whole):
    images, whole = images[:2], whole[:2]
    with serve() as server:
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            for answers in pool.starmap(_ask, [(str(server.path), images)] * 3):
                assert all(np.array_equal(answer, whole) for answer in answers)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(_ask(server.path, images))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 4 and all(np.array_equal(one, whole) for answer in answers for one in answer)


# --- The end, and what goes wrong ---


def test_stop(serve, images):
    with serve() as server, Client(server.path) as client:
        with pytest.raises(InvalidParameterError, match="started without --allow-stop"):
            client.stop()
        assert len(client.encode(images[:1])) == 1
    with serve("--allow-stop") as server:
        client = Client(server.path)
        client.stop()
        assert server.end() == 0
        with pytest.raises(InvalidParameterError, match="The client is closed"):
            client.encode(images)
        with pytest.raises(FileNotFoundError):
            Client(server.path)


def test_a_server_that_ends_or_hangs(serve, images):
    with serve() as server:
        client = Client(server.path, timeout=0.2)
        server.pause()
        with pytest.raises(TimeoutError):
            client.encode(images)
        with pytest.raises(TimeoutError):
            Client(server.path, timeout=0.2)
        server.go()
        with pytest.raises(InvalidParameterError, match="The client is closed"):
            client.encode(images)
        client = Client(server.path)
    with pytest.raises(ConnectionError):
        client.encode(images)


def test_more_clients_than_the_server_takes(serve):
    with serve("--max-clients", "1") as server, Client(server.path):
        with pytest.raises(ResourceError, match="--max-clients"):
            Client(server.path)


def _head(magic=b"BERG", version=1, kind=1, number=1, length=0, status=0):
    return HEADER.pack(magic, version, kind, number, length, status, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    "answer, exception, words",
    [
        (b"", ConnectionError, "ended the connection"),
        (_head()[:20], ConnectionError, "ended the connection"),
        (_head(length=5) + b"abc", ConnectionError, "ended the connection"),
        (_head(magic=b"HTTP"), ConnectionError, "another protocol"),
        (_head(version=2), ConnectionError, "another protocol"),
        (_head(number=9), ConnectionError, "answered request 9 instead of 1"),
        (_head(length=3, status=13) + b"bye", ConnectionAbortedError, "bye"),
        (_head(length=3, status=99) + b"odd", Exception, "odd"),
    ],
)
def test_other_servers(path, answer, exception, words):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(os.fspath(path))
        listening.listen()

        def reply():
            connection = listening.accept()[0]
            connection.recv(HEADER.size, socket.MSG_WAITALL)
            connection.sendall(answer)
            connection.close()

        thread = threading.Thread(target=reply)
        thread.start()
        with pytest.raises(exception, match=words):
            Client(path)
        thread.join()


def test_a_server_of_another_user_is_not_asked(serve, monkeypatch):
    with serve() as server:
        monkeypatch.setattr(os, "geteuid", lambda: 4242)
        with pytest.raises(PermissionError, match=f"the server is user {os.getuid()}'s"):
            Client(server.path)


def test_the_header_is_the_documented_one():
    assert HEADER.size == struct.calcsize("<4sHHQQII4I") == 48
