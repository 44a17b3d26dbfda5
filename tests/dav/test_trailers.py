# SPDX-License-Identifier: MIT
"""Digests that come behind the content, as trailers (RFC 9530 §2, §3; RFC 9110 §6.5), are verified
before anything changes, whether Trailer announced them or not; other trailers are ignored.
"""
import base64
import hashlib
from urllib.parse import unquote

import pytest

from harness import Server, resolved
from site_of_dav import ask, assert_refused, chunked, head_of, settle

CONTENT = b"what is to be stored"
SIZES = {"empty": b"", "small": CONTENT, "large": bytes(range(256)) * 1000}
ANNOUNCED = ("Trailer: X-Sum, content-digest",)
ALGORITHMS = ["sha-256", "sha-512"]
FORM = ("Content-Type: multipart/form-data; boundary=b",)
PIECE = "Content-Type: application/partial-upload"


def digest(content, algorithm="sha-256"):
    hashed = hashlib.new(algorithm.replace("-", ""), content).digest()
    return f"{algorithm}=:{base64.b64encode(hashed).decode()}:"


def bytes_of(method, target, lines, content, trailers):
    """A request with chunked content and trailers."""
    section = "".join(f"{line}\r\n" for line in trailers).encode("latin-1")
    return (head_of(method, target, "Transfer-Encoding: chunked", *lines)
            + chunked(content, 100_000)[:-2] + section + b"\r\n")


def send(server, method, target, lines, content, *trailers):
    with server.connect() as client:
        client.send(bytes_of(method, target, lines, content, trailers))
        return resolved(client.read_response(), target)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("trailers")


@pytest.fixture(scope="module")
def server(root):
    with Server(root, arguments=["--write"]) as server:
        yield server


@pytest.mark.parametrize("field", ["Content-Digest", "repr-digest"])
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("content", SIZES.values(), ids=SIZES.keys())
@pytest.mark.parametrize("lines", [(), ANNOUNCED], ids=["unannounced", "announced"])
def test_content_is_compared_with_what_comes_behind_it(server, root, field, algorithm, content,
                                                       lines):
    (root / "file").write_bytes(b"kept")
    wrong = digest(content + b"!", algorithm)
    assert_refused(send(server, "PUT", "/file", lines, content, f"{field}: {wrong}"),
                   400, "digest-differs")
    assert (root / "file").read_bytes() == b"kept"
    settle(server, root)
    right = digest(content, algorithm)
    assert send(server, "PUT", "/file", lines, content, f"{field}: {right}").status == 204
    assert (root / "file").read_bytes() == content


@pytest.mark.parametrize("lines", [(), ANNOUNCED], ids=["unannounced", "announced"])
def test_content_too_long_to_be_read_again_at_once(server, root, lines):
    content = bytes(range(256)) * (66 << 10)  # beyond LIMIT_TREE_SHORT_COPY
    response = send(server, "PUT", "/long", lines, content, f"Content-Digest: {digest(b'')}")
    assert_refused(response, 400, "digest-differs")
    assert not (root / "long").exists()
    trailer = f"Content-Digest: {digest(content)}"
    assert send(server, "PUT", "/long", lines, content, trailer).status == 201
    (root / "long").unlink()
    settle(server, root)


@pytest.mark.parametrize("lines, trailers", [
    ((f"Content-Digest: {digest(CONTENT)}",), (f"Content-Digest: {digest(b'other')}",)),
    ((f"Content-Digest: {digest(b'other')}",), (f"Content-Digest: {digest(CONTENT)}",)),
    ((f"Content-Digest: {digest(CONTENT)}",), (f"Content-Digest: {digest(b'other', 'sha-512')}",)),
    ((f"Content-Digest: {digest(b'other')}",), (f"Repr-Digest: {digest(CONTENT, 'sha-512')}",)),
    ((), (f"Content-Digest: {digest(CONTENT)}", f"Repr-Digest: {digest(b'other')}")),
    ((), (f"Content-Digest: {digest(CONTENT)}", f"Content-Digest: {digest(b'other', 'sha-512')}")),
    (("Trailer: X-Sum",), ("X-Sum: 1", f"Content-Digest: \t{digest(b'other')} ")),
])
def test_every_digest_must_agree(server, root, lines, trailers):
    assert_refused(send(server, "PUT", "/none", lines, CONTENT, *trailers), 400, "digest-differs")
    assert not (root / "none").exists()
    settle(server, root)


@pytest.mark.parametrize("trailers", [
    (f"Content-Digest: {digest(CONTENT)}, {digest(CONTENT, 'sha-512')}",
     f"Repr-Digest: {digest(CONTENT, 'sha-512')}"),
    (f"Content-Digest: {digest(CONTENT)}", f"content-digest:  {digest(CONTENT, 'sha-512')} "),
    ("Content-Digest: md5=:AAAA:", "Repr-Digest:"),
])
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_trailers_may_come_in_pieces(server, root, trailers, size):
    data = bytes_of("PUT", "/pieces", (), CONTENT, trailers)
    with server.connect() as client:
        for at in range(0, len(data), size):
            client.send(data[at:at + size])
        assert client.read_response().status in (201, 204)
        assert ask(server, "GET", "/pieces", client=client).body == CONTENT


@pytest.mark.parametrize("value", ["sha-256", "sha-256=:!:", "sha-256=:AAAA:", "=", "\xe4"])
def test_a_trailer_that_breaks_its_syntax_is_refused(server, root, value):
    response = send(server, "PUT", "/malformed", (), CONTENT, f"Content-Digest: {value}")
    assert_refused(response, 400, "digest-malformed")
    assert not (root / "malformed").exists()


@pytest.mark.parametrize("trailers", [
    ("ETag: \"x\"", "X-Sum: 1", "Want-Content-Digest: sha-256=1", "Prefer: return=representation",
     "Content-Digest-Of-What-Is-No-Longer-There: sha-256=:AAAA:"),
    ("Last-Modified: x",),
])
def test_other_trailers_are_ignored(server, root, trailers):
    response = send(server, "PUT", "/ignored", ("Trailer: ETag",), CONTENT, *trailers)
    assert response.status in (201, 204) and response.body == b""
    assert (root / "ignored").read_bytes() == CONTENT


def test_content_that_nobody_wants_has_no_digest(server, root):
    (root / "read").write_bytes(b"read")
    response = send(server, "GET", "/read", (), CONTENT, f"Content-Digest: {digest(b'other')}")
    assert response.status == 200 and response.body == b"read"


# ---- POST

@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("content", SIZES.values(), ids=SIZES.keys())
@pytest.mark.parametrize("lines", [(), ANNOUNCED], ids=["unannounced", "announced"])
def test_a_new_member_is_compared(server, root, algorithm, content, lines):
    before = sorted(path.name for path in root.iterdir())
    response = send(server, "POST", "/", ("Slug: new", *lines), content,
                    f"Content-Digest: {digest(content + b'!', algorithm)}")
    assert_refused(response, 400, "digest-differs")
    settle(server, root)
    assert sorted(path.name for path in root.iterdir()) == before
    response = send(server, "POST", "/", ("Slug: new", *lines), content,
                    f"Content-Digest: {digest(content, algorithm)}")
    assert response.status == 201
    assert (root / unquote(response["Location"]).lstrip("/")).read_bytes() == content


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("lines", [FORM, FORM + ANNOUNCED], ids=["unannounced", "announced"])
def test_a_form_is_compared(server, root, algorithm, lines):
    """Of a form nothing is left to be read again: what may come is computed beforehand."""
    form = (b"--b\r\nContent-Disposition: form-data; name=f; filename=of-form\r\n\r\n"
            + SIZES["large"] + b"\r\n--b--\r\n")
    (root / "of-form").unlink(missing_ok=True)
    response = send(server, "POST", "/", lines, form,
                    f"Content-Digest: {digest(SIZES['large'], algorithm)}")
    assert_refused(response, 400, "digest-differs")
    settle(server, root)
    assert not (root / "of-form").exists()
    response = send(server, "POST", "/", lines, form,
                    f"Content-Digest: {digest(form, algorithm)}")
    assert response.status in (201, 303)
    assert (root / "of-form").read_bytes() == SIZES["large"]


# ---- Uploads in pieces

def append(server, where, offset, complete, content, *trailers):
    lines = (PIECE, f"Upload-Offset: {offset}", f"Upload-Complete: ?{int(complete)}")
    return send(server, "PATCH", where, lines, content, *trailers)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("content", SIZES.values(), ids=SIZES.keys())
def test_a_piece_that_differs_is_taken_back(server, root, algorithm, content):
    (root / "whole").unlink(missing_ok=True)
    wrong = f"Content-Digest: {digest(content + b'!', algorithm)}"
    right = f"Content-Digest: {digest(content, algorithm)}"
    response = send(server, "PUT", "/whole", ("Upload-Complete: ?0",), content, wrong)
    assert_refused(response, 400, "digest-differs")
    settle(server, root)
    where = send(server, "PUT", "/whole", ("Upload-Complete: ?0",), content, right)["Location"]
    for offset, complete in [(len(content), False), (2 * len(content), True)]:
        assert_refused(append(server, where, offset, complete, content, wrong),
                       400, "digest-differs")
        assert server.request("HEAD", where)["Upload-Offset"] == str(offset)
        assert append(server, where, offset, complete, content, right).status in (201, 204)
    assert (root / "whole").read_bytes() == content * 3


@pytest.mark.parametrize("when", ["first", "last"])
@pytest.mark.parametrize("good", [True, False])
def test_the_whole_is_compared(server, root, when, good):
    (root / "whole").write_bytes(b"kept")
    trailer = f"Repr-Digest: {digest(CONTENT * 2 if good else CONTENT)}"
    first, last = ((trailer,), ()) if when == "first" else ((), (trailer,))
    response = send(server, "PUT", "/whole", ("Upload-Complete: ?0",), CONTENT, *first)
    where = response["Location"]
    response = append(server, where, len(CONTENT), True, CONTENT, *last)
    asked = server.request("HEAD", where)
    if good:
        assert response.status == 204 and asked["Upload-Complete"] == "?1"
    else:
        assert_refused(response, 400, "digest-differs")
        assert asked.status == 404
    assert (root / "whole").read_bytes() == (CONTENT * 2 if good else b"kept")
    settle(server, root)
