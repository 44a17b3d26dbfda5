# SPDX-License-Identifier: MIT
"""One server and one folder for all tests of the semantics: none of them changes it."""
import gzip
import os
import random

import pytest

import harness

MODIFIED = 784111777  # Sun, 06 Nov 1994 08:49:37 GMT
SMALL = 1000          # kept in memory
LARGE = 300 * 1024    # sent from the file system


class Site:
    """The server, and what its files hold."""

    def __init__(self, root):
        self.root = root
        self.content = {}
        source = random.Random(9110)
        self.add("small.txt", source.randbytes(SMALL))
        self.add("large.bin", source.randbytes(LARGE))
        self.add("empty.txt", b"")
        text = b"The quick brown fox jumps over the lazy dog.\n" * 40
        self.add("coded.txt", text)
        self.add("coded.txt.br", source.randbytes(310))
        self.add("coded.txt.zst", source.randbytes(320))
        self.add("coded.txt.gz", gzip.compress(text))
        self.add("gzipped.css", text)
        self.add("gzipped.css.gz", gzip.compress(text))
        self.add("big.txt", text * 200)
        self.add("big.txt.gz", source.randbytes(LARGE + 1))
        self.add("folder/inside.txt", b"inside")
        self.server = None

    def add(self, name, content):
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (MODIFIED, MODIFIED))
        self.content["/" + name] = content

    def ask(self, method, target, *lines):
        """One request with exactly these field lines beside Host."""
        head = "\r\n".join([f"{method} {target} HTTP/1.1", "Host: example", "Connection: close",
                            *lines])
        with self.server.connect() as client:
            return client.send(head + "\r\n\r\n").read_response(method)

    def etag(self, target, *lines):
        return self.ask("GET", target, *lines)["ETag"]


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    made = Site(tmp_path_factory.mktemp("semantics"))
    with harness.Server(made.root) as made.server:
        yield made
