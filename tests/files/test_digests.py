# SPDX-License-Identifier: MIT
"""Digests that a client wishes for (RFC 9530 §4) of files that are kept in memory."""
import base64
import gzip
import hashlib

import pytest

from harness import Server

TEXT = b"what is told"
IN_MEMORY = 256 << 10  # LIMIT_FILE_IN_MEMORY


def digest(content, algorithm="sha-256"):
    hashed = hashlib.new(algorithm.replace("-", ""), content).digest()
    return f"{algorithm}=:{base64.b64encode(hashed).decode()}:"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("wishes")


@pytest.fixture(scope="module")
def server(root):
    (root / "file").write_bytes(TEXT)
    (root / "empty").write_bytes(b"")
    (root / "largest").write_bytes(bytes(IN_MEMORY))
    (root / "larger").write_bytes(bytes(IN_MEMORY + 1))
    (root / "coded.txt").write_bytes(TEXT)
    (root / "coded.txt.gz").write_bytes(gzip.compress(TEXT))
    (root / "folder").mkdir()
    with Server(root) as server:
        yield server


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("name, content", [("file", TEXT), ("empty", b""),
                                           ("largest", bytes(IN_MEMORY))])
@pytest.mark.parametrize("wish, algorithm", [("sha-256=1", "sha-256"), ("sha-512=1", "sha-512"),
                                             ("sha-256=3, sha-512=7, md5=10", "sha-512")])
def test_what_is_wished_for_is_told(server, method, name, content, wish, algorithm):
    for _ in range(2):  # computed, and remembered
        response = server.request(method, f"/{name}", {"Want-Repr-Digest": wish})
        assert response["Repr-Digest"] == digest(content, algorithm)
        assert response["Content-Digest"] is None
    response = server.request(method, f"/{name}", {"Want-Content-Digest": wish})
    assert response["Content-Digest"] == digest(content, algorithm)
    assert response["Repr-Digest"] is None


@pytest.mark.parametrize("ranges", ["bytes=0-1", "bytes=0-1,5-6"])
def test_of_a_part_the_representation_is_still_the_whole(server, ranges):
    """RFC 9530 §3.1; the digest of the part would have to be computed each time."""
    response = server.request("GET", "/file", {
        "Range": ranges, "Want-Repr-Digest": "sha-256=1", "Want-Content-Digest": "sha-256=1"})
    assert response.status == 206 and response["Repr-Digest"] == digest(TEXT)
    assert response["Content-Digest"] is None


def test_a_representation_has_its_coding(server):
    """RFC 9530 §3.1"""
    response = server.request("GET", "/coded.txt", {"Accept-Encoding": "gzip",
                                                    "Want-Repr-Digest": "sha-256=1"})
    assert response["Content-Encoding"] == "gzip"
    assert response["Repr-Digest"] == digest(response.body)
    response = server.request("GET", "/coded.txt", {"Want-Repr-Digest": "sha-256=1"})
    assert response["Repr-Digest"] == digest(TEXT)


@pytest.mark.parametrize("target, fields", [
    ("/file", {}), ("/file", {"Want-Repr-Digest": "sha-256=0"}),
    ("/file", {"Want-Repr-Digest": "md5=1"}), ("/file", {"Want-Repr-Digest": "="}),
    ("/larger", {"Want-Repr-Digest": "sha-256=1"}), ("/none", {"Want-Repr-Digest": "sha-256=1"}),
    ("/folder/", {"Want-Repr-Digest": "sha-256=1"}),
    ("/file", {"Want-Repr-Digest": "sha-256=1", "If-None-Match": "*"}),
])
def test_without_a_wish_that_can_be_met_there_is_no_digest(server, target, fields):
    response = server.request("GET", target, fields)
    assert response["Repr-Digest"] is None and response["Content-Digest"] is None


def test_a_file_that_has_changed_has_another_digest(server, root):
    for content in (b"one", b"another"):
        (root / "changing.new").write_bytes(content)
        (root / "changing.new").rename(root / "changing")
        response = server.request("GET", "/changing", {"Want-Repr-Digest": "sha-256=1"})
        while response.body != content:  # what is remembered is believed for a second
            assert response["Repr-Digest"] == digest(response.body)
            response = server.request("GET", "/changing", {"Want-Repr-Digest": "sha-256=1"})
        assert response["Repr-Digest"] == digest(content)
