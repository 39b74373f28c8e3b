"""berg fetch against a server on loopback: bytes right through whatever it does, and never a file under its name that is not whole."""
import hashlib
import json
import os
import pty
import random
import signal
import ssl
import subprocess
import threading
import time

import pytest

from breaking_server import Server
from program import MODEL, MODEL_FOLDER

WEIGHTS = f"{MODEL_FOLDER}/encoding_models_weights/weights_sub-01.npy"
METADATA = f"{MODEL_FOLDER}/metadata/metadata_sub-01.npy"
PLOTS = f"{MODEL_FOLDER}/encoding_models_accuracy"
BACKBONE = "backbones/vit_b_32-d86f8d99.pth"
SIZE = 600_000


@pytest.fixture
def server():
    server = Server()
    rng = random.Random(3)
    for name, size in [(WEIGHTS, SIZE), (METADATA, 5000), (WEIGHTS.replace("01", "02"), 7000), (f"{PLOTS}/encoding_accuracy.png", 300)]:
        server.put(name, rng.randbytes(size))
    yield server
    server.close()


@pytest.fixture
def place(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def fetch(berg, server, place):
    def call(*arguments, subject="1", source=None, **more):
        subjects = ["--subject", subject] if subject else []
        return berg("fetch", MODEL, *subjects, "--berg-dir", place, "--from", source or server.url, "--yes", "--retry-wait", "0", *arguments, **more)
    return call


def holds(place, server, *names):
    """Exactly these files lie there, and are those of the server."""
    there = {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}
    return there == set(names) and all((place / name).read_bytes() == server.files[name].data for name in names)


def parts(place):
    return sorted(path.name for path in place.rglob(".*"))


# --- What is fetched ---


def test_weights_and_metadata_come_to_their_places_and_again_are_passed_over(fetch, server, place):
    result = fetch("--json")
    assert result.status == 0, result.err
    assert holds(place, server, WEIGHTS, METADATA)
    files = {os.path.basename(file["path"]): file for file in json.loads(result.out)["files"]}
    weights = files["weights_sub-01.npy"]
    assert weights["sha256"] == hashlib.sha256(server.files[WEIGHTS].data).hexdigest()
    assert weights["bytes"] == SIZE and weights["state"] == "fetched" and weights["url"] == f"{server.url}/{WEIGHTS}"
    assert weights["sha256"] in result.err
    server.requests.clear()
    again = fetch("--json")
    assert again.status == 0 and {file["state"] for file in json.loads(again.out)["files"]} == {"there"}
    assert not server.gets(WEIGHTS) and not server.gets(METADATA)


def test_dry_run_shows_sizes_and_writes_nothing(fetch, server, place):
    result = fetch("--dry-run", "--json")
    assert result.status == 0 and not place.exists()
    assert "600 kB  missing" in result.err and "605 kB to download" in result.err
    assert json.loads(result.out)["to_fetch_bytes"] == SIZE + 5000


def test_metadata_alone_and_several_subjects(fetch, server, place):
    server.put(METADATA.replace("01", "02"), b"second")
    assert fetch("--metadata", subject="1,sub-02").status == 0
    assert holds(place, server, METADATA, METADATA.replace("01", "02"))


def test_plots_are_those_that_are_listed_with_usual_names(fetch, server, place):
    server.put(f"{PLOTS}/surface_correlation_sub-01.png", b"surface")
    server.listed = {f"{PLOTS}/{name}": 5 for name in ("../../escape", "a/b", ".hidden", "new\nline", "$(x)", "")}
    server.page = 3
    result = fetch("--metadata", "--plots")
    assert result.status == 0, result.err
    assert holds(place, server, METADATA, f"{PLOTS}/encoding_accuracy.png", f"{PLOTS}/surface_correlation_sub-01.png")
    server.lists = False
    assert "the server lists no files" in fetch("--plots").lines[-1]


def test_a_plain_web_server_is_a_mirror_and_older_names_are_found(berg, server, place):
    server.lists, server.tags, server.named = False, False, "files"
    meg = "encoding_models/modality-meg/train_dataset-things_meg_1/model-vit_b_32"
    names = [f"{meg}/metadata/metadata_P1.npy", f"{meg}/encoding_models_weights/weights_P1_full.npy",
             f"{meg}/encoding_models_weights/weights_P1_single_training_split_2.npy"]
    for name in names:
        server.put(name, name.encode())
    result = berg("fetch", "meg-things_meg_1-vit_b_32", "--subject", "1", "--train-splits", "all,split2", "--berg-dir", place, "--from", f"{server.url}/", "-y")
    assert result.status == 0, result.err
    assert holds(place, server, *names)


# Found by trying: its SHA-256 begins as the name of the backbone says.
SMALL_BACKBONE = b"a backbone for tests, 21181084735\n"


def test_the_backbone_goes_where_doctor_looks_and_is_what_its_name_says(berg, fetch, server, place):
    server.put(BACKBONE, SMALL_BACKBONE)
    assert fetch("--backbone", subject=None).status == 0
    assert holds(place, server, BACKBONE)
    found = json.loads(berg("doctor", "--berg-dir", place, "--json").out)["backbone"]["found"]
    assert found == str(place / BACKBONE)
    server.requests.clear()
    assert "already there" in fetch("--backbone", subject=None).err and not server.gets(BACKBONE)
    (place / BACKBONE).unlink()
    server.put(BACKBONE, SMALL_BACKBONE + b"!")
    result = fetch("--backbone", subject=None)
    assert result.status == 3 and "SHA-256 differs" in result.lines[-1]
    assert holds(place, server)


# --- Being asked ---


def test_nobody_can_be_asked(berg, server, place):
    result = berg("fetch", MODEL, "--subject", "1", "--berg-dir", place, "--from", server.url)
    assert result.status == 2 and f"Download 605 kB to {place}? [y/N]" in result.err and "give --yes" in result.err
    assert not place.exists()


@pytest.mark.parametrize("answer,status", [(b"y\n", 0), (b"n\n", 1), (b"\n", 1)])
def test_a_terminal_is_asked(berg, server, place, answer, status):
    master, slave = pty.openpty()
    process = subprocess.Popen([berg.path, "fetch", MODEL, "--subject", "1", "--berg-dir", place, "--from", server.url], stdin=slave, stderr=slave,
                               stdout=slave, env=berg.environment)
    os.close(slave)
    said = b""
    while b"[y/N]" not in said:
        said += os.read(master, 1000)
    os.write(master, answer)
    assert process.wait(60) == status
    os.close(master)
    assert place.exists() == (status == 0)


# --- Connections that break ---


def test_broken_connections_are_gone_on_from_within_a_run(fetch, server, place):
    assert fetch("--metadata").status == 0
    server.breaks = 25
    result = fetch("--retries", "30")
    assert result.status == 0, result.err
    assert holds(place, server, WEIGHTS, METADATA)
    ranges = [int(asked[6:-1]) for asked in server.gets(WEIGHTS) if asked]
    assert ranges == sorted(ranges) and len(ranges) > 10


def test_and_across_runs_and_nothing_has_its_name_before_it_is_whole(fetch, server, place):
    assert fetch("--metadata").status == 0
    server.breaks = True
    for _ in range(12):
        result = fetch("--retries", "0")
        assert result.status == 3 and "given up after 0 retries" in result.lines[-1]
        assert not (place / WEIGHTS).exists()
    assert "% there" in fetch("--dry-run").err
    server.breaks = 0
    server.requests.clear()
    assert fetch().status == 0
    assert holds(place, server, WEIGHTS, METADATA)
    asked, = server.gets(WEIGHTS)
    assert asked and int(asked[6:-1]) > 0


@pytest.mark.parametrize("given", [{"ranges": False}, {"tags": False, "lists": False}])
def test_a_server_without_ranges_or_validators_is_begun_again(fetch, server, place, given):
    for key, value in given.items():
        setattr(server, key, value)
    server.breaks = 3
    result = fetch()
    assert result.status == 0, result.err
    assert holds(place, server, WEIGHTS, METADATA)
    if "tags" in given:
        server.breaks = True
        (place / WEIGHTS).unlink()
        assert fetch("--retries", "0").status == 3
        assert not parts(place)


@pytest.mark.parametrize("within", [True, False])
@pytest.mark.parametrize("careless", [True, False])
def test_a_file_that_changes_between_two_tries_is_begun_again(fetch, server, place, within, careless):
    server.careless, server.named = careless, "files"  # whose ETags are no MD5 sums
    server.lists = not careless
    server.stops = {WEIGHTS: 400_000}
    new = random.Random(8).randbytes(SIZE + 1000)

    def change(name, sent):
        if name == WEIGHTS and sent == 400_000:
            server.put(WEIGHTS, new)
            server.stops = {}
    if within:
        server.sent = change
        assert fetch().status == 0
    else:
        assert fetch("--retries", "0").status == 3
        change(WEIGHTS, 400_000)
        assert fetch().status == 0
    assert holds(place, server, WEIGHTS, METADATA) and (place / WEIGHTS).read_bytes() == new


def test_a_part_that_was_spoiled_does_not_become_the_file(fetch, server, place):
    server.stops = {WEIGHTS: 400_000}
    assert fetch("--retries", "0").status == 3
    part, = place.rglob(".*.part")
    with open(part, "r+b") as file:
        file.write(b"spoiled")
    server.stops = {}
    result = fetch()
    assert result.status == 3 and "its MD5 sum differs; it was removed" in result.lines[-1]
    assert holds(place, server, METADATA)
    assert fetch().status == 0 and holds(place, server, WEIGHTS, METADATA)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_signals_keep_what_came_and_the_same_command_goes_on(berg, server, place, name):
    server.stops, server.hangs = {WEIGHTS: 300_000}, True
    command = ["fetch", MODEL, "--subject", "1", "--berg-dir", place, "--from", server.url, "--yes"]
    process = berg.start(*command, stderr=subprocess.PIPE)
    while not any(part.stat().st_size == 300_000 for part in place.rglob(".weights*.part")):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(getattr(signal, name))
    said = process.communicate(timeout=60)[1].decode()
    assert process.returncode == {"SIGTERM": 75, "SIGINT": 130}[name] and "the same command goes on" in said
    assert not (place / WEIGHTS).exists() and ".weights_sub-01.npy.part" in parts(place)
    server.stops = {}
    server.requests.clear()
    assert berg(*command).status == 0
    assert holds(place, server, WEIGHTS, METADATA)
    asked, = server.gets(WEIGHTS)
    assert asked and int(asked[6:-1]) > 0


def test_a_connection_that_brings_nothing_is_given_up(fetch, server, place):
    server.stops, server.hangs = {METADATA: 1000}, True
    result = fetch("--metadata", "--stall", "1", "--retries", "0")
    assert result.status == 3 and "given up after 0 retries, with 1000 of 5000 bytes" in result.lines[-1] and "too slow" in result.lines[-1]
    assert not (place / METADATA).exists()


def test_two_at_a_time_do_not_write_into_one_part(fetch, berg, server, place):
    server.stops, server.hangs = {METADATA: 3000}, True
    came = threading.Event()
    server.sent = lambda path, sent: came.set()
    first = berg.start("fetch", MODEL, "--subject", "1", "--metadata", "--berg-dir", place, "--from", server.url, "--yes", "-q")
    assert came.wait(60)
    result = fetch("--metadata")
    assert result.status == 5 and "another process downloads it" in result.lines[-1]
    first.kill()
    first.wait()


# --- Servers that lie or refuse ---


@pytest.mark.parametrize("given,message", [
    ({"lie": 500}, "says of it now this, now that"),
    ({"lie": -500}, "says of it now this, now that"),
    ({"lengths": False, "surplus": b"more"}, "sends more than the 5000 bytes that it said"),
    ({"lengths": False, "stops": {METADATA: 4000}, "ranges": False}, "the server ends after 4000 of 5000 bytes"),
    ({"stops": {METADATA: 4000}, "shift": 1}, "given up after 2 retries"),
    ({"pages": {METADATA}}, "sends a page (text/html; charset=utf-8) in place of the file"),
    ({"tags_of": {METADATA: '"' + "0" * 32 + '"'}}, "its MD5 sum differs"),
    ({"statuses": {METADATA: 403}}, "answers 403: it is not public, or not there"),
    ({"statuses": {METADATA: 404}}, "answers 404: it is not there"),
    ({"statuses": {METADATA: 500}}, "answers 500: the server failed (given up after 2 retries"),
    ({"statuses": {METADATA: 503}}, "answers 503: the server is busy (given up after 2 retries"),
    ({"redirects": {METADATA: f"/{METADATA}"}}, "redirected more than 5 times"),
    ({"redirects": {METADATA: "ftp://127.0.0.1/x"}}, "redirected to something else than http and https"),
    ({"listed": {METADATA: 10**15}}, "are to be downloaded, and its disk has"),
])
def test_a_server_that_lies_or_refuses_is_told_truly(fetch, server, place, given, message):
    for key, value in given.items():
        setattr(server, key, value)
    result = fetch("--metadata", "--retries", "2")
    assert result.status == (6 if "listed" in given else 3), result.err
    assert message in result.lines[-1]
    assert not (place / METADATA).exists()


def test_what_passes_is_tried_again_and_redirections_are_followed(fetch, server, place):
    server.statuses = {METADATA: [503, 500, 429]}
    server.redirects = {WEIGHTS: f"{server.url}/elsewhere"}
    server.put("elsewhere", server.files[WEIGHTS].data)
    server.breaks, server.lists = 2, False
    assert fetch().status == 0
    assert (place / WEIGHTS).read_bytes() == server.files[WEIGHTS].data


def test_what_is_not_published_is_said(fetch, server):
    result = fetch(subject="3")
    assert result.status == 3 and "metadata_sub-03.npy: it is not among what the server lists" in result.lines[-1]


def test_without_a_connection_the_way_by_hand_is_told(berg, fetch, server, place):
    result = fetch("--backbone", source="http://127.0.0.1:1/mirror")
    assert result.status == 3 and "cannot be reached" in result.lines[0]
    assert f"  curl -fL --create-dirs -o {place}/{WEIGHTS} http://127.0.0.1:1/mirror/{WEIGHTS}" in result.lines
    proxy = {"https_proxy": "http://127.0.0.1:1"}
    result = berg("fetch", MODEL, "--subject", "1", "--backbone", "--berg-dir", place, "--yes", environment=proxy)
    assert result.status == 3
    assert f"  aws s3 cp --no-sign-request s3://brain-encoding-response-generator/{METADATA} {place}/{METADATA}" in result.lines
    assert f"  curl -fL --create-dirs -o {place}/{BACKBONE} https://download.pytorch.org/models/vit_b_32-d86f8d99.pth" in result.lines
    assert not place.exists()


def test_without_libcurl_too(berg, fetch, build_dir):
    result = fetch(environment={"LD_PRELOAD": str(build_dir / "tests" / "without.so"), "WITHOUT": "libcurl"})
    assert result.status == 1 and "install it (Debian: libcurl4" in result.lines[0]
    assert any("curl -fL" in line for line in result.lines)


def test_a_proxy_is_asked_as_curl_would(fetch, server, place):
    server.files = {f"http://mirror.invalid/{name}".split("/", 3)[3]: file for name, file in server.files.items()}
    result = fetch("--metadata", source="http://mirror.invalid", environment={"http_proxy": server.url})
    assert result.status == 0, result.err
    assert (place / METADATA).exists()


# --- What is in the way ---


def test_another_file_in_the_place_is_not_replaced_unless_forced(fetch, server, place):
    (place / METADATA).parent.mkdir(parents=True)
    (place / METADATA).write_bytes(b"my own")
    result = fetch("--metadata")
    assert result.status == 5 and "is there, and is not what is published (5000 bytes" in result.lines[-1]
    assert (place / METADATA).read_bytes() == b"my own"
    assert fetch("--metadata", "--force").status == 0 and holds(place, server, METADATA)


def test_a_link_in_the_place_of_the_part_is_not_followed(fetch, server, place, tmp_path):
    (place / METADATA).parent.mkdir(parents=True)
    (place / METADATA).with_name(".metadata_sub-01.npy.part").symlink_to(tmp_path / "victim")
    result = fetch("--metadata")
    assert result.status == 5 and not (tmp_path / "victim").exists()


@pytest.mark.parametrize("arguments,message", [
    (["--from", "ftp://127.0.0.1"], "from: expected an address"),
    (["--from", "http://name:word@127.0.0.1"], "without a name and password"),
    (["--train-splits", "single"], "this model has none"),
    (["--retry-wait", "-1"], "are seconds"),
])
def test_wrong_calls_are_said(fetch, arguments, message):
    result = fetch(*arguments)
    assert result.status == 2 and message in result.err


def test_where_the_files_go_has_to_be_said(berg):
    assert "Give --berg-dir DIR, such as models, or set BERG_DIR" in berg("fetch", MODEL, "--subject", "1").err


# --- Certificates ---


def test_certificates_are_checked_and_https_is_not_left(berg, fetch, server, place, tmp_path):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "30", "-subj",
                    "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    secure = Server()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    secure.socket = context.wrap_socket(secure.socket, server_side=True)
    secure.files = server.files
    url = secure.url.replace("http:", "https:")
    result = fetch("--metadata", source=url)
    assert result.status == 3 and "certificate" in result.lines[0].lower()
    trusted = {"CURL_CA_BUNDLE": str(certificate)}
    secure.redirects = {METADATA: f"{server.url}/{METADATA}"}
    result = fetch("--metadata", source=url, environment=trusted)
    assert result.status == 3 and "redirected to something else than https" in result.lines[-1]
    secure.redirects = {}
    assert fetch("--metadata", source=url, environment=trusted).status == 0
    assert holds(place, server, METADATA)
    secure.close()
