"""Writes the seeds of fuzz_listing, fuzz_http and fuzz_journal: python3 fuzz/make_fetch_corpus.py."""
import pathlib
import struct

import numpy as np

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def put(target, name, data):
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


# --- Listings ---

def item(key, size=7, etag="&quot;" + "0" * 32 + "&quot;"):
    return f"<Contents><Key>{key}</Key><Size>{size}</Size><ETag>{etag}</ETag></Contents>"


def page(*items, more="<IsTruncated>false</IsTruncated>"):
    return f'<?xml version="1.0"?><ListBucketResult xmlns="x">{more}{"".join(items)}</ListBucketResult>'.encode()


put("listing", "two", page(item("a/b.npy"), item("a/c%20d.npy&amp;")))
put("listing", "encoded", page(item("a%2Fb%ZZ%4"), more="<EncodingType>url</EncodingType>"))
put("listing", "next", page(item("a"), more="<IsTruncated>true</IsTruncated><NextContinuationToken>1&lt;2</NextContinuationToken>"))
put("listing", "no_sense", page(item("a", "-1"), item("b", "9" * 30), "<Contents><Size>1</Size></Contents>", "<Contents>"))
put("listing", "none", b"<Error><Code>AccessDenied</Code></Error>")

# --- Heads of answers ---

put("http", "whole", b'HTTP/1.1 200 OK\r\nServer: AmazonS3\r\nContent-Length: 700\r\nETag: "' + b"0" * 32 +
    b'"\r\nLast-Modified: Sat, 01 Jan 2022 00:00:00 GMT\r\nContent-Type: text/html\r\n\r\n')
put("http", "range", b'HTTP/1.1 302 Found\r\nLocation: x\r\n\r\nHTTP/2 206\r\ncontent-range: bytes 5-699/700\r\ncontent-encoding: gzip\r\n'
    b'etag: W/"1"\r\n\r\n')
put("http", "no_sense", b"HTTP/\r\ncontent-length: -1\r\ncontent-range: bytes 5-*\r\n: x\r\n" + b"x" * 40 + b": y\r\n")

# --- Journals ---


def journal(*ranges, before=0, columns=9216, run="a run", placed=(0, 0)):
    pairs = [*ranges, *[(0, 0)] * (10 - len(ranges))]
    text = "".join(f" {first:020}-{end:020}" for first, end in pairs)
    return (f"berg rows 3\nrows {before:020}\nmore{text}\nplaced {placed[0]:020}-{placed[1]:020}\n"
            f"columns {columns}\nfingerprint {run}\n").encode()


def put_journal(name, text, lines=3):
    rows = np.zeros((lines, 5), np.float32)
    shape = f"{{'descr': '<f4', 'fortran_order': False, 'shape': (0, 5), }}".encode()
    header = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + shape.ljust(117) + b"\n"
    put("journal", name, struct.pack("<H", len(text)) + text + header + rows.tobytes())


put_journal("begun", journal(before=1))
put_journal("whole", journal(before=3, placed=(700, 1)))
put_journal("behind", journal((2, 3), before=1))
put_journal("more_than_there_is", journal((5, 1 << 63)))
put_journal("ten", journal(*((10 * i, 10 * i + 1) for i in range(1, 11))))
put_journal("touching", journal((1, 3), before=1))
put_journal("other_columns", journal(before=2, columns=7))
put_journal("other_run", journal(before=2, run="another"))
put_journal("short", b"berg rows 3\nrows 0000")
