# SPDX-License-Identifier: MIT
"""Digests that a client sends with content are verified before anything changes: RFC 9530."""
import base64
import hashlib

import pytest

from harness import Server
from site_of_dav import settle

CONTENT = b"what is to be stored"
LARGE = bytes(range(256)) * 1000


def digest(content, algorithm="sha-256"):
    hashed = hashlib.new(algorithm.replace("-", ""), content).digest()
    return f"{algorithm}=:{base64.b64encode(hashed).decode()}:"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("digests")


@pytest.fixture(scope="module")
def server(root):
    with Server(root, arguments=["--write"]) as server:
        yield server


@pytest.mark.parametrize("field", ["Content-Digest", "Repr-Digest"])
@pytest.mark.parametrize("algorithm", ["sha-256", "sha-512"])
@pytest.mark.parametrize("content", [b"", CONTENT, LARGE])
def test_content_that_agrees_is_stored(server, root, field, algorithm, content):
    response = server.request("PUT", "/agrees", {field: digest(content, algorithm)}, content)
    assert response.status in (201, 204) and (root / "agrees").read_bytes() == content


@pytest.mark.parametrize("method, target", [("PUT", "/kept"), ("POST", "/")])
@pytest.mark.parametrize("fields", [
    {"Content-Digest": digest(b"other")}, {"Repr-Digest": digest(b"other", "sha-512")},
    {"Content-Digest": f"{digest(CONTENT)}, {digest(b'other', 'sha-512')}"},
    {"Content-Digest": digest(CONTENT), "Repr-Digest": digest(b"other")},
])
def test_content_that_differs_changes_nothing(server, root, method, target, fields):
    (root / "kept").write_bytes(b"kept")
    before = sorted(path.name for path in root.iterdir())
    response = server.request(method, target, {"Slug": "new", **fields}, CONTENT)
    assert response.status == 400 and response.outcome == "digest-differs"
    assert (root / "kept").read_bytes() == b"kept"
    settle(server, root)
    assert sorted(path.name for path in root.iterdir()) == before


@pytest.mark.parametrize("value", ["sha-256", "sha-256=:!:", "sha-256=:AAAA:", "sha-256=abc", "="])
def test_a_digest_that_breaks_its_syntax_is_refused(server, value):
    response = server.request("PUT", "/malformed", {"Content-Digest": value}, CONTENT)
    assert response.status == 400 and response.outcome == "digest-malformed"


@pytest.mark.parametrize("value", ["md5=:AAAA:", "unknown=:AAAA:"])
def test_algorithms_that_prove_nothing_are_ignored(server, value):
    assert server.request("PUT", "/ignored", {"Content-Digest": value}, CONTENT).status in (201, 204)


def test_a_part_is_checked_by_its_own_digest(server, root):
    (root / "part").write_bytes(b"0123456789")
    fields = {"Content-Range": "bytes 2-3/*", "Content-Digest": digest(b"ab")}
    assert server.request("PUT", "/part", fields, b"ab").status == 204
    assert (root / "part").read_bytes() == b"01ab456789"
    fields["Content-Digest"] = digest(b"other")
    assert server.request("PUT", "/part", fields, b"cd").outcome == "digest-differs"
    assert (root / "part").read_bytes() == b"01ab456789"
