# SPDX-License-Identifier: MIT
"""Uploads in pieces that a POST opens, and those that go on though their very first request was cut
off, because its client had learnt the address from a 104: draft-ietf-httpbis-resumable-upload."""
import base64
import hashlib
import os
import re
import socket
import struct

import pytest

from harness import resolved
from site_of_dav import Server, ask, assert_refused, chunked, config, head_of, put, settle, strays
from site_of_uploads import at, folder, root, server  # noqa: F401, fixtures

PIECE = "Content-Type: application/partial-upload"
VERSION = "Upload-Draft-Interop-Version: "
FORM = (b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\n'
        b"content\r\n--b--\r\n")
FORM_TYPE = "Content-Type: multipart/form-data; boundary=b"


def opened(server, target, *lines, content=None):
    response = ask(server, "POST", target, "Upload-Complete: ?0", *lines, content=content)
    assert response.status == 201 and response["Upload-Complete"] == "?0"
    return response["Location"]


def append(server, upload, offset, content, *lines, last=True):
    return ask(server, "PATCH", upload, PIECE, f"Upload-Offset: {offset}",
               f"Upload-Complete: ?{int(last)}", *lines, content=content)


def complete_line(version, complete):
    return f"Upload-Complete: ?{int(complete)}" if version > 3 \
        else f"Upload-Incomplete: ?{int(not complete)}"


# ---- POST

def test_post_opens_an_upload_and_the_file_comes_with_the_last_piece(server, root, at):
    response = ask(server, "POST", at, "Upload-Complete: ?0", "Upload-Length: 10", "Slug: a film",
                   content=b"12345")
    assert response.status == 201 and response["ETag"] is None
    assert re.fullmatch(re.escape(at) + r"\?upload=[0-9a-f]{32}", response["Location"])
    assert (response["Upload-Offset"], response["Upload-Complete"]) == ("5", "?0")
    assert ask(server, "GET", at + "a%20film").status == 404
    upload = response["Location"]
    assert append(server, upload, 5, b"67", last=False)["Upload-Offset"] == "7"
    response = append(server, upload, 7, b"890")
    assert response.status == 201 and response["Location"] == at + "a%20film"
    assert (response["Upload-Offset"], response["Upload-Complete"]) == ("10", "?1")
    got = ask(server, "GET", at + "a%20film")
    assert got.body == b"1234567890" and got["ETag"] == response["ETag"]
    assert os.listdir(root) == ["a film"]
    assert_refused(append(server, upload, 10, b""), 404, "upload-unknown")


@pytest.mark.parametrize("lines, pattern", [
    (["Content-Type: image/png"], r"[0-9a-f]{16}\.png"), ([], r"[0-9a-f]{16}"),
    (["Upload-Metadata: filetype aW1hZ2UvcG5n,filename YSBmaWxtLm1wNA=="], r"a film\.mp4"),
    (["Upload-Metadata: filename Li4vLi4vLnNlY3JldA=="], r"\.secret"),
    (["Slug: one", "Upload-Metadata: filename dHdv"], r"one"),
    # What URLSession says of content whose type it was not told.
    (["Content-Type: application/x-www-form-urlencoded", "Slug: one"], r"one")])
def test_name_is_as_with_a_whole_post(server, root, at, lines, pattern):
    upload = opened(server, at, *lines, content=b"abc")
    assert append(server, upload, 3, b"def").status == 201
    (name,) = os.listdir(root)
    assert re.fullmatch(pattern, name) and (root / name).read_bytes() == b"abcdef"


def test_name_that_is_taken_by_the_end_gets_a_number(server, root, at):
    uploads = [opened(server, at, "Slug: f.txt", "Upload-Length: 1") for _ in range(3)]
    put(root, "f.txt", b"other")
    names = {append(server, upload, 0, b"%d" % n)["Location"] for n, upload in enumerate(uploads)}
    assert names == {at + f"f%20({n}).txt" for n in (2, 3, 4)}
    assert (root / "f.txt").read_bytes() == b"other"


def test_post_through_a_link_to_a_folder(server, root, at):
    (root / "sub").mkdir()
    (root / "link").symlink_to("sub")
    upload = opened(server, at + "link/", "Slug: f", content=b"abc")
    assert upload.startswith(at + "link/?upload=")
    response = append(server, upload, 3, b"def")
    assert response.status == 201 and response["Location"] == at + "link/f"
    assert (root / "sub" / "f").read_bytes() == b"abcdef"


@pytest.mark.parametrize("after, status, outcome", [
    ("gone", 404, "not-found"), ("file", 405, "not-a-collection")])
def test_folder_that_is_none_at_the_end(server, root, at, after, status, outcome):
    (root / "sub").mkdir()
    upload = opened(server, at + "sub/", "Slug: f", content=b"abc")
    (root / "sub").rename(root / "moved")
    if after == "file":
        put(root, "sub", b"")
    assert_refused(append(server, upload, 3, b"def"), status, outcome)
    settle(server, root)
    assert_refused(append(server, upload, 3, b"def"), 404, "upload-unknown")


def test_folder_must_be_there_at_the_opening(server, root, at):
    put(root, "f", b"")
    for name in ("missing/", "f"):
        response = ask(server, "POST", at + name, "Upload-Complete: ?0", content=b"abc")
        whole = ask(server, "POST", at + name, content=b"abc")
        assert (response.status, response.outcome) == (whole.status, whole.outcome)


def test_lock_of_the_folder_counts_at_the_end(server, root, at):
    upload = opened(server, at, "Slug: f", content=b"abc")
    token = ask(server, "LOCK", at, "Depth: 0", content=(
        b'<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype>'
        b"</lockinfo>"))["Lock-Token"]
    assert append(server, upload, 3, b"def").status == 423
    response = append(server, upload, 3, b"def", f"If: <http://dav.localhost{at}> ({token})")
    assert response.status == 201 and (root / "f").read_bytes() == b"abcdef"


def test_date_of_the_opening_is_that_of_the_member(server, root, at):
    upload = opened(server, at, "Slug: f", "X-OC-Mtime: 1700000000", content=b"abc")
    assert append(server, upload, 3, b"def").status == 201
    assert (root / "f").stat().st_mtime == 1700000000


def test_given_up_upload_leaves_nothing(server, root, at):
    upload = opened(server, at, "Slug: f", content=b"abc")
    assert ask(server, "DELETE", upload).status == 204
    assert os.listdir(root) == [] and ask(server, "HEAD", upload).status == 404


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_complete_upload_can_be_asked_for_and_nothing_else(server, root, at, method):
    """The answer to the last piece may be lost; a client that sent all again would make a second
    file."""
    response = ask(server, method, at if method == "POST" else at + "f", "Upload-Complete: ?0",
                   "Slug: f", content=b"abc")
    upload = response["Location"]
    assert append(server, upload, 3, b"def").status == 201
    for _ in range(2):
        told = ask(server, "HEAD", upload)
        assert told.status == 204 and told["Cache-Control"] == "no-store"
        assert (told["Upload-Complete"], told["Upload-Offset"], told["Upload-Length"],
                told["Upload-Limit"]) == ("?1", "6", "6", None)
    assert ask(server, "HEAD", upload, VERSION + "3")["Upload-Incomplete"] == "?0"
    assert_refused(append(server, upload, 6, b""), 404, "upload-unknown")
    assert_refused(ask(server, "DELETE", upload), 404, "upload-unknown")
    name = upload.split("?")[1]
    for other in ("/?" + name, at + "sub/?" + name, upload[:-1], upload + "0"):
        assert ask(server, "HEAD", other).status == 404
    assert (root / "f").read_bytes() == b"abcdef" and os.listdir(root) == ["f"]


@pytest.mark.parametrize("how", ["given up", "spoilt", "no folder"])
def test_upload_that_never_was_complete_is_not_told_to_be(server, root, at, how):
    (root / "sub").mkdir()
    upload = opened(server, at + "sub/", "Slug: f", content=b"abc")
    if how == "given up":
        assert ask(server, "DELETE", upload).status == 204
    elif how == "spoilt":
        digest = base64.b64encode(bytes(32)).decode()
        assert append(server, upload, 3, b"d", f"Repr-Digest: sha-256=:{digest}:").status == 400
    else:
        (root / "sub").rename(root / "moved")
        assert append(server, upload, 3, b"d").status == 404
        (root / "moved").rename(root / "sub")
    settle(server, root)
    assert ask(server, "HEAD", upload).status == 404


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_upload_of_no_length_is_whole(server, root, at, method):
    """tus-js-client sends no more for an empty file."""
    target = at if method == "POST" else at + "f"
    response = ask(server, method, target, "Slug: f", "Upload-Complete: ?0", "Upload-Length: 0",
                   content=b"")
    assert response.status == 201 and response["Upload-Complete"] == "?1"
    assert (root / "f").read_bytes() == b"" and os.listdir(root) == ["f"]


# ---- What is told to be whole

@pytest.mark.parametrize("version", [[], [VERSION + "6"]])
@pytest.mark.parametrize("coding", [None, "chunked"])
@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("length", [2, 4])
def test_other_length_than_is_told_is_refused(server, root, at, method, coding, version, length):
    response = ask(server, method, at if method == "POST" else at + "f", "Upload-Complete: ?1",
                   f"Upload-Length: {length}", *version, content=b"abc", coding=coding)
    assert response.status == 400
    assert response.outcome in ("upload-fields-malformed", "upload-length-differs")
    assert not [name for name in os.listdir(root) if "tmp" not in name]


@pytest.mark.parametrize("lines", [
    ["Upload-Complete: ?1"], ["Upload-Complete: ?0"], ["Upload-Complete: much"],
    ["Upload-Complete: ?1", VERSION + "6", "Upload-Length: 3"],
    ["Upload-Complete: ?0", VERSION + "6"], ["Upload-Length: x", "Upload-Offset: 7"],
    ["Upload-Complete: ?0", "Upload-Length: 99999999999"],
    ["Upload-Incomplete: ?1", VERSION + "3"]])
def test_form_never_heeds_the_fields(server, root, at, lines):
    response = ask(server, "POST", at, FORM_TYPE, *lines, content=FORM)
    assert response.status in (201, 303) and response["Upload-Offset"] is None
    assert (root / "a.txt").read_bytes() == b"content" and os.listdir(root) == ["a.txt"]


def test_methods_that_open_nothing_never_heed_the_fields(server, root, at):
    put(root, "f", b"12345")
    lines = ["Upload-Complete: ?0", "Upload-Length: 99999999999", VERSION + "6"]
    assert ask(server, "PROPFIND", at, *lines, "Depth: 0", content=b"").status == 207
    assert ask(server, "PATCH", at + "f", *lines, "X-Update-Range: append",
               "Content-Type: application/x-sabredav-partialupdate", content=b"6").status == 204
    assert (root / "f").read_bytes() == b"123456"


# ---- 104 (Upload Resumption Supported)

def begin(server, method, target, version, complete, content, *lines, length=10):
    """Less content than was promised, and what the server says to that."""
    client = server.connect()
    client.send(head_of(method, target, complete_line(version, complete), VERSION + str(version),
                        f"Content-Length: {length}", *lines) + content)
    return client, resolved(client.read_response(), target)


@pytest.mark.parametrize("version", [3, 4, 5, 6, 7, 8])
@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_first_request_that_is_cut_off_goes_on(server, root, at, method, complete, version):
    target = at if method == "POST" else at + "f"
    client, interim = begin(server, method, target, version, complete, b"12345", "Slug: f")
    with client:
        assert interim.status == 104 and interim["Upload-Draft-Interop-Version"] == str(version)
        assert interim["Location"].startswith(at + "?upload=")
        client.finish()
        assert_refused(client.read_response(), 400, "content-incomplete")
    told = ask(server, "HEAD", interim["Location"], VERSION + str(version))
    assert told.status == 204 and told["Upload-Offset"] == "5"
    state = ("Upload-Incomplete", "?1") if version == 3 else ("Upload-Complete", "?0")
    assert told[state[0]] == state[1]
    assert not os.path.exists(root / "f")
    response = ask(server, "PATCH", interim["Location"], *([PIECE] if version > 5 else []),
                   VERSION + str(version), complete_line(version, True), "Upload-Offset: 5",
                   content=b"67890")
    assert response.status == 201 and response["Location"] == at + "f"
    assert response["Upload-Offset"] == "10"
    assert (root / "f").read_bytes() == b"1234567890" and os.listdir(root) == ["f"]


@pytest.mark.parametrize("size", [100_000, 3_000_000])
def test_much_that_came_stays(server, root, at, size):
    content = os.urandom(size + 100_000)
    client, interim = begin(server, "PUT", at + "f", 6, True, content[:1000], length=len(content))
    assert interim.status == 104
    with client:
        client.send(content[1000:size]).finish()
        assert_refused(client.read_response(), 400, "content-incomplete")
    assert ask(server, "HEAD", interim["Location"])["Upload-Offset"] == str(size)
    assert append(server, interim["Location"], size, content[size:]).status == 201
    assert (root / "f").read_bytes() == content


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("size", [5, 900_000])
def test_first_request_whose_connection_is_reset_goes_on(server, root, at, method, size):
    content = os.urandom(1_000_000)
    client, interim = begin(server, method, at if method == "POST" else at + "f", 6, True,
                            content[:5], "Slug: f", length=len(content))
    client.send(content[5:size])
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    offset = int(ask(server, "HEAD", interim["Location"])["Upload-Offset"])
    assert 5 <= offset <= size
    response = append(server, interim["Location"], offset, content[offset:])
    assert response.status == 201 and response["Location"] == at + "f"
    assert (root / "f").read_bytes() == content and os.listdir(root) == ["f"]


def test_who_asks_takes_over_from_the_first_request(server, root, at):
    client, interim = begin(server, "POST", at, 6, True, b"12345", "Slug: f")
    with client:
        assert ask(server, "HEAD", interim["Location"])["Upload-Offset"] == "5"
        client.send(b"6")
        assert_refused(client.read_response(), 409, "upload-taken-over")
    assert append(server, interim["Location"], 5, b"67890").status == 201
    assert (root / "f").read_bytes() == b"1234567890"


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("complete", [True, False])
def test_request_that_is_not_cut_off_has_its_answer(server, root, at, method, complete):
    client, interim = begin(server, method, at if method == "POST" else at + "f", 6, complete,
                            b"12345", "Slug: f")
    with client:
        assert interim.status == 104
        response = client.send(b"67890").read_response()
        assert response.status == 201 and response["Upload-Offset"] == "10"
        assert response["Upload-Complete"] == f"?{int(complete)}"
        if complete:
            assert (root / "f").read_bytes() == b"1234567890" and os.listdir(root) == ["f"]
            assert response["ETag"] == ask(server, "GET", at + "f")["ETag"]
            told = ask(server, "HEAD", interim["Location"])
            assert (told["Upload-Complete"], told["Upload-Offset"]) == ("?1", "10")
        else:
            assert resolved(response, at + "f")["Location"] == interim["Location"]
            assert append(server, interim["Location"], 10, b"").status == 201
        assert client.send(head_of("HEAD", at + "f")).read_response("HEAD").status == 200


def test_invitation_comes_with_the_address(server, root, at):
    client, first = begin(server, "PUT", at + "f", 6, True, b"", "Expect: 100-continue")
    with client:
        assert first.status == 104 and client.read_response().status == 100
        assert client.send(b"1234567890").read_response().status == 201


def test_chunked_content_may_be_cut_off_as_well(server, root, at):
    with server.connect() as client:
        client.send(head_of("PUT", at + "f", "Upload-Complete: ?1", VERSION + "6",
                            "Upload-Length: 10", "Transfer-Encoding: chunked"))
        interim = resolved(client.send(b"5\r\n12345\r\n").read_response(), at + "f")
        assert interim.status == 104
        client.finish()
        assert_refused(client.read_response(), 400, "content-incomplete")
    assert append(server, interim["Location"], 5, b"6789").status == 400  # 10 were promised
    assert append(server, interim["Location"], 5, b"67890").status == 201


@pytest.mark.parametrize("lines, protocol", [
    (["Upload-Complete: ?1"], b"1.1"), (["Upload-Complete: ?0"], b"1.1"),
    (["Upload-Complete: ?1", VERSION + "2"], b"1.1"), ([VERSION + "6"], b"1.1"),
    (["Upload-Complete: ?1", VERSION + "6"], b"1.0"),
    (["Upload-Complete: ?1", VERSION + "six"], b"1.1")])
def test_client_that_does_not_ask_for_it_gets_no_104(server, root, at, lines, protocol):
    head = head_of("PUT", at + "f", *lines, "Content-Length: 10")
    head = head.replace(b"HTTP/1.1", b"HTTP/" + protocol)
    with server.connect() as client:
        client.send(head + b"12345").finish()
        assert_refused(client.read_response(), 400, "content-incomplete")
    settle(server, root)  # and nobody knows of anything that would have stayed
    assert os.listdir(root) == []


def test_conditions_hold_at_the_end_of_the_first_request(server, root, at):
    client, interim = begin(server, "PUT", at + "f", 6, True, b"12345", "If-None-Match: *")
    with client:
        put(root, "f", b"other")
        assert_refused(client.send(b"67890").read_response(), 412, "if-none-match-failed")
    settle(server, root)
    assert ask(server, "HEAD", interim["Location"]).status == 404
    assert (root / "f").read_bytes() == b"other"


@pytest.mark.parametrize("method", ["PUT", "POST"])
@pytest.mark.parametrize("field", ["Content-Digest", "Repr-Digest"])
@pytest.mark.parametrize("good", [True, False])
def test_digests_of_the_first_request_count(server, root, at, method, field, good):
    digest = hashlib.sha256(b"1234567890" if good else b"other").digest()
    client, interim = begin(server, method, at if method == "POST" else at + "f", 6, True,
                            b"12345", f"{field}: sha-256=:{base64.b64encode(digest).decode()}:")
    with client:
        assert interim.status == 104
        response = client.send(b"67890").read_response()
    if good:
        assert response.status == 201 and len(os.listdir(root)) == 1
    else:
        assert_refused(response, 400, "digest-differs")
        ask(server, "DELETE", interim["Location"])
        assert os.listdir(root) == []


def test_lock_that_comes_meanwhile_keeps_what_came(server, root, at):
    put(root, "f", b"old")
    client, interim = begin(server, "PUT", at + "f", 6, True, b"12345")
    token = ask(server, "LOCK", at + "f", content=(
        b'<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype>'
        b"</lockinfo>"))["Lock-Token"]
    with client:
        assert client.send(b"67890").read_response().status == 423
    assert ask(server, "HEAD", interim["Location"])["Upload-Offset"] == "10"
    assert append(server, interim["Location"], 10, b"", f"If: ({token})").status == 204
    assert (root / "f").read_bytes() == b"1234567890"


@pytest.mark.parametrize("method, digest", [("PUT", False), ("POST", False), ("POST", True)])
def test_upload_that_has_no_place_is_an_ordinary_request(tmp_path, method, digest):
    value = base64.b64encode(hashlib.sha256(b"1234567890").digest()).decode()
    lines = [f"Repr-Digest: sha-256=:{value}:"] if digest else []
    with Server(tmp_path, config=config()) as server:
        for number in range(256):
            opened(server, "/", f"Slug: {number}", content=b"x")
        with server.connect() as client:
            client.send(head_of(method, "/" if method == "POST" else "/f", "Slug: f",
                                "Upload-Complete: ?1", VERSION + "6", "Content-Length: 10", *lines))
            response = client.send(b"1234567890").read_response()
            assert response.status == 201 and response["Upload-Complete"] == "?1"
        assert (tmp_path / "f").read_bytes() == b"1234567890"
        client, response = begin(server, method, "/" if method == "POST" else "/g", 6, False,
                                 b"12345")
        with client:
            assert_refused(response, 503, "uploads-too-many")


def test_room_counts_for_the_first_request(tmp_path):
    with Server(tmp_path, config=config(quota=1000)) as server:
        for complete in (True, False):
            client, response = begin(server, "POST", "/", 6, complete, b"12345", length=2000)
            with client:
                if complete:
                    assert_refused(response, 507, "quota-exceeded")
                else:
                    assert response.status == 104
        client, response = begin(server, "POST", "/", 6, False, b"12345", "Upload-Length: 2000")
        with client:
            assert_refused(response, 507, "quota-exceeded")


def test_many_are_cut_off_at_any_byte(server, root, at):
    content = bytes(range(256)) * 40
    body = chunked(content)
    for cut in range(1, len(body), 997):
        with server.connect() as client:
            client.send(head_of("POST", at, "Slug: f", "Upload-Complete: ?1", VERSION + "6",
                                "Transfer-Encoding: chunked") + body[:cut])
            interim = resolved(client.read_response(), at)
            assert interim.status == 104
            client.finish()
            client.read_response()
        upload = interim["Location"]
        offset = int(ask(server, "HEAD", upload)["Upload-Offset"])
        assert offset <= cut
        response = append(server, upload, offset, content[offset:])
        assert response.status == 201
        assert ask(server, "GET", response["Location"]).body == content
    assert strays(root) == []
