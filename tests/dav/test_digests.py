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
    response = server.request("PUT", "/ignored", {"Content-Digest": value}, CONTENT)
    assert response.status in (201, 204)


def test_a_part_is_checked_by_its_own_digest(server, root):
    (root / "part").write_bytes(b"0123456789")
    fields = {"Content-Range": "bytes 2-3/*", "Content-Digest": digest(b"ab")}
    assert server.request("PUT", "/part", fields, b"ab").status == 204
    assert (root / "part").read_bytes() == b"01ab456789"
    fields["Content-Digest"] = digest(b"other")
    assert server.request("PUT", "/part", fields, b"cd").outcome == "digest-differs"
    assert (root / "part").read_bytes() == b"01ab456789"


# ---- Repr-Digest is of the whole, where the content is a part of it: RFC 9530 §3

PIECE = {"Content-Type": "application/partial-upload"}
ALGORITHMS = ["sha-256", "sha-512"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("size", [10, 300_000])
def test_a_part_is_checked_by_the_digest_of_what_it_makes(server, root, algorithm, size):
    before = b"0" * size
    (root / "part").write_bytes(before)
    fields = {"Content-Range": "bytes 2-3/*", "Repr-Digest": digest(b"ab", algorithm)}
    response = server.request("PUT", "/part", fields, b"ab")
    assert response.status == 400 and response.outcome == "digest-differs"
    assert (root / "part").read_bytes() == before
    after = b"00ab" + b"0" * (size - 4)
    fields["Repr-Digest"] = digest(after, algorithm)
    assert server.request("PUT", "/part", fields, b"ab").status == 204
    assert (root / "part").read_bytes() == after
    # one that is appended, with nothing behind it
    fields = {"Content-Range": f"bytes {size}-{size + 1}/*", "Content-Digest": digest(b"cd"),
              "Repr-Digest": digest(after + b"cd", algorithm)}
    assert server.request("PUT", "/part", fields, b"cd").status == 204
    settle(server, root)


def test_a_patch_document_is_a_representation_of_its_own(server, root):
    """RFC 9530 appendix B.9: in the request both digests are of the document."""
    (root / "patched").write_bytes(b"0123456789")
    fields = {"Content-Type": "application/x-sabredav-partialupdate",
              "X-Update-Range": "bytes=2-3", "Repr-Digest": digest(b"ab")}
    assert server.request("PATCH", "/patched", fields, b"ab").status == 204
    assert (root / "patched").read_bytes() == b"01ab456789"
    fields["Repr-Digest"] = digest(b"01cd456789")
    response = server.request("PATCH", "/patched", fields, b"cd")
    assert response.status == 400 and response.outcome == "digest-differs"
    assert (root / "patched").read_bytes() == b"01ab456789"


def upload(server, target, pieces, opening=None, last=None):
    """An upload in pieces; the answer to the last one, and the upload."""
    fields = {"Upload-Complete": "?0", **(opening or {})}
    response = server.request("PUT", target, fields, pieces[0])
    assert response.status == 201
    where, offset = response["Location"], len(pieces[0])
    for number, piece in enumerate(pieces[1:], 2):
        is_last = number == len(pieces)
        fields = {**PIECE, "Upload-Offset": str(offset), "Upload-Complete": f"?{int(is_last)}",
                  **((last or {}) if is_last else {})}
        response = server.request("PATCH", where, fields, piece)
        offset += len(piece)
    return response, where


PIECES = {"small": [b"one, ", b"two, ", b"three"], "large": [LARGE, b"", LARGE, b"end"],
          "ended": [b"", b"all of it", b""]}


@pytest.mark.parametrize("pieces", PIECES.values(), ids=PIECES.keys())
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("when", ["first", "last", "both"])
def test_an_upload_is_checked_when_it_is_whole(server, root, pieces, algorithm, when):
    good = {"Repr-Digest": digest(b"".join(pieces), algorithm)}
    bad = {"Repr-Digest": digest(b"".join(pieces) + b"!", algorithm)}

    def send(first, last):
        return upload(server, "/whole", pieces, first if when != "last" else None,
                      last if when != "first" else None)

    (root / "whole").write_bytes(b"kept")
    for first, last in [(bad, bad)] + ([(good, bad), (bad, good)] if when == "both" else []):
        response, where = send(first, last)
        assert response.status == 400 and response.outcome == "digest-differs"
        assert (root / "whole").read_bytes() == b"kept"
        assert server.request("HEAD", where).status == 404  # nobody knows which piece it was
    response, where = send(good, good)
    assert response.status == 204 and (root / "whole").read_bytes() == b"".join(pieces)
    settle(server, root)


def test_a_digest_that_breaks_its_syntax_opens_no_upload(server, root):
    response = server.request("PUT", "/none", {"Upload-Complete": "?0", "Repr-Digest": "sha-256"})
    assert response.status == 400 and response.outcome == "digest-malformed"
    settle(server, root)
