"""berg serve: the bits of berg encode over a socket, whatever other clients do, and nothing at the path but its own socket."""
import json
import os
import select
import signal
import socket
import stat
import subprocess
import sys

import numpy as np
import pytest

from program import MODEL
from serving import ENCODE, HELLO, RESPOND, SCORES, STOP, Server, message
from siblings import IDS, also

EARGUMENT, ESTIMULUS, ELIMIT, ECANCELLED = 3, 6, 11, 13


@pytest.fixture
def folder(tmp_path_factory):
    """One whose path is short enough for a socket."""
    return tmp_path_factory.mktemp("s")


@pytest.fixture
def serve(berg, small_berg_dir, backbone_files, folder):
    """serve(options...): a server of the first subject."""
    def start(*options, model=MODEL, berg_dir=small_berg_dir, backbone=backbone_files["safetensors"], path=folder / "s", **more):
        subject = [] if "--subject" in options else ["--subject", "1"]
        return Server(berg.path, path, model, *subject, "--berg-dir", berg_dir, "--backbone", backbone, *options,
                      environment=berg.environment, **more)
    return start


@pytest.fixture
def refuse(berg, small_berg_dir, backbone_files):
    """refuse(path, ...): (status, message) of a server that does not begin."""
    def run(path, *options, **more):
        result = berg("serve", MODEL, "--subject", "1", "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"], "--socket",
                      path, *options, **more)
        return result.status, result.message
    return run


@pytest.fixture(scope="module")
def pictures():
    """Three of a size that is resized, so that both layouts are taken apart."""
    return np.random.default_rng(3).integers(0, 256, (3, 3, 230, 250), np.uint8)


@pytest.fixture(scope="module")
def specks():
    """specks(n): images so small that a request fits the socket's own memory."""
    return lambda count: np.random.default_rng(4).integers(0, 256, (count, 3, 8, 8), np.uint8)


@pytest.fixture(scope="module")
def expected(berg, small_berg_dir, backbone_files, tmp_path_factory):
    """expected(images): what berg encode gives for the first subject."""
    known = {}

    def encode(images):
        if (key := (images.shape, images.tobytes())) not in known:
            known[key] = responses(images)
        return known[key]

    def responses(images):
        folder = tmp_path_factory.mktemp("expected")
        np.save(folder / "in.npy", images)
        result = berg("encode", MODEL, "--subject", "1", "--berg-dir", small_berg_dir, "--backbone", backbone_files["safetensors"],
                      folder / "in.npy", "-o", folder / "out.npy", "-q", "--no-sidecar")
        assert result.status == 0, result.err
        return np.load(folder / "out.npy")
    return encode


# --- What is answered ---


@pytest.mark.parametrize("precision", ["f32", "bf16", "int8"])
def test_bits_are_those_of_encode(berg, serve, five_berg_dir, converted, pictures, tmp_path, precision):
    models = ["--subject", "1-3", "--roi", "V2,V1", *also("nsd", "eeg")]
    np.save(tmp_path / "in.npy", pictures)
    backbone = converted(precision)
    options = ["--berg-dir", five_berg_dir, "--backbone", backbone, "--precision", precision, "--no-cache"]
    assert berg("encode", MODEL, *models, *options, tmp_path / "in.npy", "-o", f"{tmp_path}/out/", "-q", "--no-sidecar").status == 0
    assert berg("score", MODEL, *models[:2], *models[4:], *options, tmp_path / "in.npy", "-o", tmp_path / "store", "-q").status == 0
    with serve(*models, "--precision", precision, "--no-cache", berg_dir=five_berg_dir, backbone=backbone) as server, server.connect() as client:
        about = json.loads(client.ask()[3])
        answer = client.images(pictures)
        assert np.array_equal(answer, client.images(np.ascontiguousarray(pictures.transpose(0, 2, 3, 1)), layout=1))
        scores = client.images(pictures, SCORES)
        again = client.ask(RESPOND, scores.tobytes(), sizes=(3, about["components"], 0, 0))[3]
        assert np.array_equal(np.frombuffer(again, np.float32), answer)
    assert (about["precision"], about["protocol"], about["may_stop"]) == (precision, 1, False)
    assert [model["id"] for model in about["models"]] == [MODEL, IDS["nsd"], IDS["eeg"]]
    assert sum(model["columns"] for model in about["models"]) == about["columns"] == answer.size // 3
    for model in about["models"]:
        part, answer = np.split(answer, [3 * model["columns"]])
        score, scores = np.split(scores, [3 * model["components"]])
        part, score, at = part.reshape(3, -1), score.reshape(3, -1), 0
        for subject in model["subjects"]:
            name = f"{model['id']}_{subject['label']}"
            kept = np.load(next((tmp_path / "store").glob(f"scores_*{subject['label']}*.npy" if model["id"] == MODEL else
                                                          f"scores*{model['id']}*{subject['label']}*.npy")))
            assert np.array_equal(score[:, at:at + subject["components"]], kept)
            at += subject["components"]
            for output in subject["outputs"]:
                whole = np.load(tmp_path / "out" / f"{name}{'_' * bool(output['name'])}{output['name']}.npy")
                assert np.array_equal(part[:, output["first"]:output["first"] + output["columns"]], whole.reshape(3, -1))
                assert [axis["length"] for axis in output["axes"]] == list(whole.shape[1:])
    assert answer.size == scores.size == 0


def test_regions_have_their_names(serve, pictures):
    with serve("--mean", "roi", "--roi", "V1,V2") as server, server.connect() as client:
        (axis,) = json.loads(client.ask()[3])["models"][0]["subjects"][0]["outputs"][0]["axes"]
        assert (axis["name"], axis["length"], axis["labels"]) == ("roi", 2, ["V1", "V2"])
        assert client.images(pictures).shape == (6,)


def test_requests_that_follow_one_another_unasked(serve, expected, specks):
    images = specks(3)
    with serve() as server, server.connect() as client:
        client.socket.sendall(b"".join(message(ENCODE, images[i].tobytes(), 100 + i, sizes=(1, *images.shape[1:])) for i in range(3)))
        answers = [client.answer() for _ in range(3)]
    assert [answer[:3] for answer in answers] == [(0, ENCODE, 100 + i) for i in range(3)]
    assert np.array_equal([np.frombuffer(answer[3], np.float32) for answer in answers], expected(images))


def test_bytes_that_come_one_by_one(serve, expected, specks):
    images = specks(1)
    with serve() as server, server.connect() as client:
        for byte in message(ENCODE, images.tobytes(), sizes=images.shape):
            client.socket.sendall(bytes([byte]))
        assert np.array_equal(np.frombuffer(client.answer()[3], np.float32), expected(images)[0])


def test_a_client_that_has_said_all_gets_its_answer(serve, expected, specks):
    images = specks(1)
    with serve() as server, server.connect() as client:
        client.send(ENCODE, images.tobytes(), sizes=images.shape)
        client.socket.shutdown(socket.SHUT_WR)
        assert np.array_equal(np.frombuffer(client.answer()[3], np.float32), expected(images)[0])
        assert client.over()


# --- Turns ---


def test_a_long_request_lets_a_short_one_go_first(serve, expected, specks):
    images = specks(4).repeat(5, axis=0)
    with serve("--batch", "2") as server, server.connect() as long, server.connect() as short:
        server.pause()
        long.send(ENCODE, images.tobytes(), sizes=images.shape)
        short.send()
        server.go()
        short.answer()
        short.ask()  # was answered between batches
        server.pause()
        short.send(ENCODE, images[:1].tobytes(), sizes=images[:1].shape)
        server.go()
        assert select.select([long.socket, short.socket], [], [], 300)[0] == [short.socket]
        whole = expected(images[::5]).repeat(5, axis=0)
        assert np.array_equal(np.frombuffer(short.answer()[3], np.float32), whole[0])
        assert np.array_equal(np.frombuffer(long.answer()[3], np.float32).reshape(whole.shape), whole)


def test_what_is_served_is_told_while_another_client_is_worked_for(serve, specks):
    images = specks(16)
    with serve("--batch", "1") as server, server.connect() as long, server.connect() as other:
        long.send(ENCODE, images.tobytes(), sizes=images.shape)
        for _ in range(3):
            assert other.ask()[0] == 0
        assert not select.select([long.socket], [], [], 0)[0]
        assert long.answer()[0] == 0


def test_many_clients(serve, expected, specks):
    images = specks(8)
    whole = expected(images)
    with serve() as server:
        clients = [server.connect() for _ in range(8)]
        for turn in range(2):
            for i, client in enumerate(clients):
                client.send(ENCODE, images[i].tobytes(), sizes=(1, *images.shape[1:]))
            for i, client in enumerate(clients):
                assert np.array_equal(np.frombuffer(client.answer()[3], np.float32), whole[i])
        for client in clients:
            client.socket.close()
    assert server.lines == ["berg: served 16 requests, 16 images"]


@pytest.mark.parametrize("part", [1, 20, 47, 48, 60], ids=lambda part: f"{part} bytes")
def test_half_a_request_and_silence_are_in_nobodys_way(serve, expected, specks, part):
    images = specks(1)
    with serve() as server, server.connect() as silent, server.connect() as client:
        silent.socket.sendall(message(ENCODE, images.tobytes(), sizes=images.shape)[:part])
        assert np.array_equal(client.images(images), expected(images)[0])
        silent.socket.sendall(message(ENCODE, images.tobytes(), sizes=images.shape)[part:])
        assert np.array_equal(np.frombuffer(silent.answer()[3], np.float32), expected(images)[0])


def test_large_requests_that_never_end_do_not_keep_small_ones_waiting(serve, expected, specks):
    sizes = (1, 3, 4000, 1000)  # 12 MB: more than one of these waits for memory that the others have
    images = specks(1)
    with serve("--max-request", "13M") as server:
        silent = [server.connect() for _ in range(6)]
        for client in silent:
            client.socket.sendall(message(ENCODE, b"x" * 100, length=12_000_000, sizes=sizes))
        with server.connect() as client:
            assert np.array_equal(client.images(images), expected(images)[0])
        for client in silent[:4]:
            client.socket.close()
        last = np.zeros(sizes, np.uint8)
        silent[5].socket.sendall(last.tobytes()[100:])  # was waiting in line
        status, _, _, payload = silent[5].answer()
        assert status == 0 and len(payload) == 4 * 600
        for client in silent[4:]:
            client.socket.close()


def test_a_silent_client_loses_its_connection_and_an_idle_one_does_not(serve, specks):
    with serve("--patience", "0.2") as server, server.connect() as idle, server.connect() as half, server.connect() as deaf:
        assert idle.ask()[0] == 0
        half.socket.sendall(message()[:20])
        images = specks(1).repeat(2000, axis=0)  # an answer that no socket takes at once, and nobody reads
        deaf.socket.sendall(message(RESPOND, bytes(4 * 8 * 2000), sizes=(2000, 8, 0, 0)))
        assert half.over()
        assert server.process.stderr.readline() == \
            "berg: a client was silent for 0.2 s in the middle of a request: its connection is closed\n"
        assert server.process.stderr.readline() == \
            "berg: a client was silent for 0.2 s in the middle of an answer: its connection is closed\n"
        assert idle.ask()[0] == 0 and idle.images(images[:1]).size == 600


def test_a_client_that_dies_in_its_request(serve, expected, specks):
    images = specks(40)
    with serve("--batch", "2") as server, server.connect() as client:
        for whole in (True, False):
            code = "import sys, os, signal; sys.path.insert(0, sys.argv[1]); from serving import *; c = Connection(sys.argv[2]); " \
                   "c.socket.sendall(sys.stdin.buffer.read()); print(flush=True); signal.pause()"
            dying = subprocess.Popen([sys.executable, "-c", code, os.path.dirname(sys.modules["serving"].__file__), server.path],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            sent = message(ENCODE, images.tobytes(), sizes=images.shape)
            dying.stdin.write(sent if whole else sent[:-5])
            dying.stdin.close()
            dying.stdout.readline()
            dying.kill()
            dying.wait()
            dying.stdout.close()
            assert np.array_equal(client.images(images[:1]), expected(images[:1])[0])
    assert server.lines == ["berg: served 2 requests, 2 images"]  # nobody waited for the others


# --- What is no request ---

GOOD = {"kind": ENCODE, "payload": bytes(192), "sizes": (1, 3, 8, 8)}
BAD = [
    ({"kind": 0}, EARGUMENT, "kind: expected 1 to 5, found 0"),
    ({"kind": 6, "payload": b"abc"}, EARGUMENT, "kind: expected 1 to 5, found 6"),
    ({"kind": HELLO, "payload": b"abc"}, EARGUMENT, "kind 1 has no payload, found 3 bytes"),
    ({"kind": STOP}, EARGUMENT, "this server is not stopped by clients: it was started without --allow-stop"),
    ({**GOOD, "status": 3}, EARGUMENT, "status: a request has 0, found 3"),
    ({**GOOD, "layout": 2}, EARGUMENT, "layout: expected 0 (n, 3, h, w) or 1 (n, h, w, 3), found 2"),
    ({**GOOD, "layout": 1}, ESTIMULUS, "images: expected uint8 (n, h, w, 3) with at least one image, found (1, 3, 8, 8)"),
    ({**GOOD, "payload": bytes(191)}, EARGUMENT, "sizes 1, 3, 8, 8 do not make the 191 bytes that follow"),
    ({**GOOD, "sizes": (1, 1, 8, 24)}, ESTIMULUS, "images: expected uint8 (n, 3, h, w) with at least one image, found (1, 1, 8, 24)"),
    ({"kind": ENCODE, "sizes": (0, 3, 8, 8)}, ESTIMULUS, "images: expected uint8 (n, 3, h, w) with at least one image, found (0, 3, 8, 8)"),
    ({"kind": SCORES, "sizes": (1, 3, 0, 8)}, ESTIMULUS, "images: expected uint8 (n, 3, h, w) with at least one image, found (1, 3, 0, 8)"),
    ({"kind": ENCODE, "sizes": (2**31, 3, 2**31, 4), "payload": b""}, EARGUMENT,
     "sizes 2147483648, 3, 2147483648, 4 do not make the 0 bytes that follow"),
    ({"kind": RESPOND, "sizes": (1, 9, 0, 0), "payload": bytes(36)}, ESTIMULUS,
     "scores: expected float32 (n, 8) with at least one image, found (1, 9, 0, 0)"),
    ({"kind": RESPOND, "sizes": (1, 8, 1, 0), "payload": bytes(32)}, ESTIMULUS,
     "scores: expected float32 (n, 8) with at least one image, found (1, 8, 1, 0)"),
    ({"kind": RESPOND, "sizes": (2, 8, 0, 0), "payload": bytes(32)}, EARGUMENT, "sizes 2, 8, 0, 0 do not make the 32 bytes that follow"),
    ({"kind": RESPOND, "sizes": (1, 8, 0, 0), "payload": np.float32([0, 0, np.nan, 0, 0, 0, 0, 0]).tobytes()}, ESTIMULUS,
     f"scores of subject 1 of {MODEL}: image 0, score 2 (from 0) is not finite"),
    ({"kind": ENCODE, "sizes": (5, 3, 300, 300), "payload": bytes(1_350_000)}, ELIMIT,
     "5 images: request (1350000 bytes) and answer would take more than the 1048576 bytes of --max-request: ask for fewer at a time"),
    ({"kind": ENCODE, "sizes": (1, 3, 2**31, 2**30), "payload": b"x", "length": 3 * 2**61}, ELIMIT, None),
    ({"kind": ENCODE, "sizes": (1, 3, 2**17, 2**16), "payload": b"x", "length": 3 * 2**33}, ELIMIT, None),
]


def test_refused_requests_leave_the_connection(serve, expected, specks):
    images = specks(1)
    with serve("--max-request", "1M") as server, server.connect() as client:
        for request, status, words in BAD:
            if words is None:  # what follows never ends
                with server.connect() as other:
                    other.send(**request)
                continue
            assert client.refused(**request) == (status, words)
            assert client.ask(number=9)[:3] == (0, HELLO, 9)
        assert np.array_equal(client.images(images), expected(images)[0])
    assert server.lines == ["berg: served 1 request, 1 image"]


@pytest.mark.parametrize("begins, words", [
    ({"magic": b"GET "}, 'a message begins with "BERG" (42 45 52 47), found 47 45 54 20'),
    ({"version": 2}, "expected version 1 of the protocol, found 2"),
    ({"version": 0, "payload": bytes(100_000)}, "expected version 1 of the protocol, found 0"),
])
def test_what_is_no_message_ends_the_connection(serve, begins, words):
    with serve() as server, server.connect() as client, server.connect() as other:
        assert client.refused(**begins) == (EARGUMENT, words)
        assert client.over()
        assert other.ask()[0] == 0


def test_more_clients_than_it_takes(serve):
    with serve("--max-clients", "1") as server:
        with server.connect() as first, server.connect() as second:
            assert first.ask()[0] == 0
            assert second.answer()[::3] == (ELIMIT, b"the server has as many clients as it takes: see --max-clients")
            assert second.over() and first.ask()[0] == 0
        with server.connect() as third:
            assert third.ask()[0] == 0


# --- The end ---


@pytest.mark.parametrize("number", [signal.SIGTERM] + [pytest.param(other, marks=pytest.mark.long) for other in (signal.SIGINT, signal.SIGHUP)])
def test_a_signal_ends_it_after_the_request_at_hand(serve, expected, specks, number):
    images = specks(3).repeat(4, axis=0)
    with serve("--batch", "2") as server, server.connect() as client, server.connect() as other, server.connect() as half:
        half.socket.sendall(message()[:20])
        server.pause()
        client.send(ENCODE, images.tobytes(), sizes=images.shape)
        other.send()
        server.go()
        other.answer()
        other.ask()  # was answered between batches
        server.pause()
        server.process.send_signal(number)
        server.go()
        assert half.over() and other.over()
        assert np.array_equal(np.frombuffer(client.answer()[3], np.float32).reshape(12, -1), expected(images[::4]).repeat(4, axis=0))
        assert client.over()
        assert server.end() == 0 and not server.path.exists()
        assert server.lines == ["berg: served 1 request, 12 images"]


def test_requests_that_nobody_has_begun_are_told(serve, specks):
    images = specks(1)
    with serve() as server, server.connect() as client:
        assert client.ask()[0] == 0
        server.pause()
        client.send(ENCODE, images.tobytes(), sizes=images.shape)
        server.process.send_signal(signal.SIGTERM)
        server.go()
        assert client.answer()[::3] == (ECANCELLED, b"the server is ending")
        assert client.over() and server.end() == 0


def test_a_client_may_stop_it_where_that_is_allowed(serve):
    with serve("--allow-stop") as server:
        with server.connect() as client:
            assert json.loads(client.ask()[3])["may_stop"]
            assert client.ask(STOP) == (0, STOP, 7, b"") and client.over()
        assert server.end() == 0 and not server.path.exists()


# --- The path ---


def test_the_socket_is_its_users_alone(serve, folder):
    before = os.umask(0)
    try:
        with serve() as server:
            about = os.stat(server.path)
            assert stat.S_ISSOCK(about.st_mode) and stat.S_IMODE(about.st_mode) == 0o600
    finally:
        os.umask(before)
    assert os.listdir(folder) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can ask as another user")
def test_another_user_is_turned_away(serve, folder):
    with serve() as server:
        os.chmod(server.path, 0o666)
        for parent in [folder, *folder.parents]:
            os.chmod(parent, os.stat(parent).st_mode | 0o011)
        code = "import os, socket, sys; s = socket.socket(socket.AF_UNIX); os.setuid(65534); s.connect(sys.argv[1]); sys.exit(s.recv(1) != b'')"
        assert subprocess.run([sys.executable, "-c", code, server.path], timeout=300).returncode == 0
        with server.connect() as client:
            assert client.ask()[0] == 0


def test_a_socket_that_a_dead_server_left_is_replaced(serve):
    server = serve()
    assert server.end(signal.SIGKILL) == -signal.SIGKILL and server.path.exists()
    with serve() as server, server.connect() as client:
        assert client.ask()[0] == 0


def test_a_server_that_lives_is_left_alone(serve, refuse):
    with serve() as server, server.connect() as client:
        assert refuse(server.path) == (5, f"{server.path}: a server is listening here already")
        assert client.ask()[0] == 0 and server.connect().ask()[0] == 0


def test_a_socket_that_another_one_has_taken_over_is_not_removed(serve):
    with serve() as first:
        os.rename(first.path, first.path.with_name("moved"))
        with serve() as second:
            assert first.end(signal.SIGTERM) == 0
            with second.connect() as client:
                assert client.ask()[0] == 0
        os.remove(first.path.with_name("moved"))


def test_what_is_no_socket_is_left_alone(refuse, folder):
    path = folder / "s"
    path.write_text("thesis")
    assert refuse(path) == (5, f"{path}: is there already, and is no socket")
    assert path.read_text() == "thesis"
    link = folder / "l"
    link.symlink_to(folder / "nothing")
    assert refuse(link) == (5, f"{link}: is there already, and is no socket")
    assert link.is_symlink() and not (folder / "nothing").exists()
    assert refuse(folder) == (5, f"{folder}: is there already, and is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.bind(str(folder / "d"))
        assert refuse(folder / "d") == (5, f"{folder}/d: is a socket that is no server's: Protocol wrong type for socket")


def test_paths_that_will_not_do(refuse, folder):
    path = folder / "missing" / "s"
    assert refuse(path) == (5, f"{path}: no socket can be made here: No such file or directory")
    (folder / "file").write_text("")
    assert refuse(folder / "file" / "s") == (5, f"{folder}/file/s: no socket can be made here: Not a directory")
    assert refuse("x" * 108, cwd=folder) == (2, "--socket: the path of a socket has 1 to 107 bytes, and this one has 108 (see berg serve -h)")
    assert refuse("", cwd=folder) == (2, '--socket: expected a text, found "" (see berg serve -h)')
    assert sorted(os.listdir(folder)) == ["file"]


def test_the_longest_path(serve, folder):
    with serve(path="x" * 107, cwd=folder):
        assert os.listdir(folder) == ["x" * 107]
        with socket.socket(socket.AF_UNIX) as client:
            here = os.open(".", os.O_RDONLY)
            try:
                os.chdir(folder)
                client.connect("x" * 107)
            finally:
                os.fchdir(here)
    assert os.listdir(folder) == []


def test_models_that_do_not_open_leave_no_socket(refuse, folder, tmp_path):
    status, words = refuse(folder / "s", "--roi", "V9")
    assert status == 2 and "V9" in words
    assert refuse(folder / "s", "--berg-dir", tmp_path)[0] == 4
    assert os.listdir(folder) == []


@pytest.mark.parametrize("options, message_", [
    (["--mean", "voxel"], '--mean: expected roi, found "voxel"'),
    (["--threads", "5000000000"], "--threads: too many"),
    (["--max-clients", "0"], "--max-clients: expected 1 to 1024, found 0"),
    (["--max-clients", "1025"], "--max-clients: expected 1 to 1024, found 1025"),
    (["--patience", "0"], "--patience: expected more than 0 seconds"),
    (["--max-request", "0"], "--max-request: expected a size such as 500M or 4G, found 0 bytes"),
    (["--also", f"{MODEL}:2,1"], f"--also: subject 1 of {MODEL} is named twice"),
    (["--also", "x"], '--also: expected MODEL:SUBJECT[,SUBJECT...], found "x"'),
    (["--subject", "1"], "--subject: 1 is named twice"),
])
def test_usage(refuse, folder, options, message_):
    assert refuse(folder / "s", *options) == (2, f"{message_} (see berg serve -h)")
    assert os.listdir(folder) == []


def test_what_has_to_be_said(berg):
    assert berg("serve", MODEL).message == "where to listen? Give --socket PATH (see berg serve -h)"
    assert berg("serve", MODEL, "--socket", "s").message == "which subject? Give --subject N (see berg serve -h)"
    assert berg("serve", MODEL, "--socket", "s", "--subject", "1").message == (
        "where are the models? Give --berg-dir DIR or set BERG_DIR; to have one, berg fetch fmri-things_fmri_1-vit_b_32 --subject 1 "
        "--backbone --berg-dir models (see berg serve -h)")
