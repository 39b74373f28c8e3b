"""A web server on loopback that shows a folder of bytes, and misbehaves as it is told to: for the tests of berg fetch.

By hand, how a large file comes through many breaks, and with how much memory:

    breaking_server.py BERG FOLDER [MEGABYTES [BREAKS]]
"""
import contextlib
import hashlib
import http.server
import os
import random
import re
import ssl
import sys
import threading
import time
import urllib.parse
from xml.sax.saxutils import escape

CHUNK = 1 << 16


class Bytes:
    """A file in memory."""

    def __init__(self, data):
        self.data, self.size = data, len(data)
        self.etag = f'"{hashlib.md5(data).hexdigest()}"'

    def part(self, first, end):
        return self.data[first:end]


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def say(self, status, headers, body=b""):
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if body and self.command == "GET":
            self.wfile.write(body)

    def listing(self, query):
        server = self.server
        prefix, start = query["prefix"][0], int(query.get("continuation-token", ["0"])[0])
        names = sorted(name for name in [*server.files, *server.listed] if name.startswith(prefix))
        shown = names[start:start + server.page]
        text = "".join(
            f"<Contents><Key>{escape(urllib.parse.quote(name))}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
            f"<ETag>{escape(server.etag_of(name), {chr(34): '&quot;'})}</ETag><Size>{server.size_of(name)}</Size></Contents>" for name in shown)
        more = start + server.page < len(names)
        token = f"<NextContinuationToken>{start + server.page}</NextContinuationToken>" if more else ""
        self.say(200, {"Content-Type": "application/xml"}, (
            f'<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>{str(more).lower()}</IsTruncated>'
            f"{token}{text}</ListBucketResult>").encode())

    def answer(self, body):
        server = self.server
        url = urllib.parse.urlsplit(self.path)
        name = urllib.parse.unquote(url.path).lstrip("/")
        server.requests.append((self.command, name, self.headers.get("Range")))
        query = urllib.parse.parse_qs(url.query)
        if "list-type" in query:
            return self.listing(query) if server.lists else self.say(404, {})
        status = server.statuses.get(name)
        if isinstance(status, list):
            status = status.pop(0) if status else None
        if status:
            return self.say(status, {"Content-Type": "application/xml"}, b"<Error/>")
        if name in server.redirects:
            return self.say(302, {"Location": server.redirects[name]})
        if name in server.pages:
            return self.say(200, {"Content-Type": "text/html; charset=utf-8", "Content-Length": "6"}, b"log in")
        if name not in server.files:
            return self.say(404, {})
        return self.file(name, server.files[name], body)

    def file(self, name, file, body):
        server = self.server
        etag = server.etag_of(name)
        first, status = 0, 200
        match = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if match and server.ranges and (server.careless or self.headers.get("If-Range", etag) == etag):
            first, status = int(match[1]), 206
            if first >= file.size:
                return self.say(416, {})
        headers = {"Content-Type": "binary/octet-stream", "Server": server.named}
        if server.tags:
            headers["ETag"] = etag
        if server.lengths and (body or status == 200):
            headers["Content-Length"] = str(file.size - first + (server.lie if body else 0))
        if status == 206:
            headers["Content-Range"] = f"bytes {first + server.shift}-{file.size - 1}/{file.size}"
        self.say(status, headers)
        if body:
            self.send_bytes(file, first, name)
        return None

    def send_bytes(self, file, first, name):
        server = self.server
        end = file.size
        if server.breaks and file.size > 1:
            end = server.random.randrange(first, file.size)
            if server.breaks is not True:
                server.breaks -= 1
        elif name in server.stops:
            end = server.stops[name]
        while first < end:
            step = min(end - first, CHUNK)
            try:
                self.wfile.write(file.part(first, first + step))
                self.wfile.flush()
            except OSError:
                return
            first += step
            server.sent(name, first)
        if server.surplus:
            self.wfile.write(server.surplus)
        if end < file.size and server.hangs:
            server.release.wait(60)


class Server(http.server.ThreadingHTTPServer):
    """`files` by name; what it does otherwise than a good server would is set on it."""
    daemon_threads = True

    def __init__(self, seed=1):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.requests, self.random = {}, [], random.Random(seed)
        self.listed = {}     # names that are listed besides, and their sizes
        self.lists, self.page = True, 1000
        self.ranges, self.tags, self.lengths, self.named = True, True, True, "AmazonS3"
        self.careless = False  # whether parts are of the file that the client began with
        self.breaks = 0      # so many connections break off at random bytes; True: all
        self.stops = {}      # bytes after which that of a file ends
        self.hangs = False   # ... and does not say so
        self.lie = 0         # what a Content-Length says too much
        self.surplus = b""   # what comes behind the file
        self.shift = 0       # what a Content-Range says too much
        self.statuses, self.redirects, self.pages, self.tags_of = {}, {}, set(), {}
        self.release = threading.Event()
        self.sent = lambda name, bytes_sent: None
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    def handle_error(self, *_):
        pass

    def shutdown_request(self, request):
        """TLS says that an answer ends where it does: without that OpenSSL 3.5 takes it for cut short, as it may be."""
        if isinstance(request, ssl.SSLSocket):
            with contextlib.suppress(OSError):
                request.unwrap()
        super().shutdown_request(request)

    def etag_of(self, name):
        return self.tags_of.get(name) or (self.files[name].etag if name in self.files else '""')

    def size_of(self, name):
        return self.listed[name] if name in self.listed else self.files[name].size

    def put(self, name, data):
        self.files[name] = Bytes(data)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def gets(self, name):
        """The ranges that were asked for of a file."""
        return [asked for command, path, asked in self.requests if command == "GET" and path == name]

    def close(self):
        self.release.set()
        self.shutdown()
        self.server_close()


class Endless:
    """A large file that is made where it is read: zeros, with a number every megabyte."""

    def __init__(self, size):
        self.size = size
        self.etag = '"large-1"'

    def part(self, first, end):
        data = bytearray(end - first)
        for block in range(first >> 20, (end - 1 >> 20) + 1):
            for i, byte in enumerate(block.to_bytes(8, "little")):
                if first <= (block << 20) + i < end:
                    data[(block << 20) + i - first] = byte
        return bytes(data)


def main():
    import resource
    import subprocess

    program, folder = sys.argv[1:3]
    size, breaks = (int(value) for value in (sys.argv[3:] + [700, 200][len(sys.argv) - 3:]))
    server = Server()
    name = ("encoding_models/modality-fmri/train_dataset-things_fmri_1/model-vit_b_32/encoding_models_weights/weights_sub-01.npy")
    large = server.files[name] = Endless(size * 1000000 + 12345)
    server.put(name.replace("encoding_models_weights/weights", "metadata/metadata"), b"m")
    reach, choose = 2 * large.size // breaks, random.Random(7)
    server.random.randrange = lambda first, end: min(first + choose.randrange(1, reach), end - 1)
    server.breaks, start = breaks, time.time()
    target = os.path.join(folder, name)
    early = []
    server.sent = lambda path, sent: early.append(sent) if path == name and os.path.exists(target) else None
    done = subprocess.run([program, "fetch", "fmri-things_fmri_1-vit_b_32", "--subject", "1", "--berg-dir", folder, "--from", server.url, "--yes",
                           "--retry-wait", "0"], check=False)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    expected, found = hashlib.sha256(), hashlib.sha256()
    for first in range(0, large.size, 1 << 20):
        expected.update(large.part(first, min(first + (1 << 20), large.size)))
    with open(target, "rb") as file:
        while block := file.read(1 << 20):
            found.update(block)
    print(f"status {done.returncode}, {len(server.gets(name))} requests, {breaks - server.breaks} breaks, {time.time() - start:.0f} s, peak {peak} kB, "
          f"bytes {'right' if expected.digest() == found.digest() else 'WRONG'}, under its name too early: {len(early)}")
    return done.returncode or expected.digest() != found.digest() or bool(early)


if __name__ == "__main__":
    sys.exit(main())
