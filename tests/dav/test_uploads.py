# SPDX-License-Identifier: MIT
"""Uploads in pieces (docs/uploads.md), and what keeps other sites' pages out."""
import base64
import hashlib
import os
import re
import shutil
import signal

import pytest

from harness import resolved
from site_of_dav import (HOST, Server, ask, assert_refused, config, head_of, put, run_together,
                         settle, strays)
from site_of_uploads import at, folder, root, server  # noqa: F401, fixtures
from tracing import failing

PIECE = "Content-Type: application/partial-upload"
NAME = re.compile(r"^(?:/[^?]*)?/\?upload=[0-9a-f]{32}$")
CONTENT = bytes(range(256)) * 2000


def open_upload(server, target, *lines, length=None, content=None, **more):
    if length is not None:
        lines = (*lines, f"Upload-Length: {length}")
    return ask(server, "PUT", target, "Upload-Complete: ?0", *lines, content=content, **more)


def opened(server, target, *lines, **more):
    response = open_upload(server, target, *lines, **more)
    assert response.status == 201
    return response["Location"]


def append(server, upload, offset, content, *lines, last=False, **more):
    return ask(server, "PATCH", upload, PIECE, f"Upload-Offset: {offset}",
               f"Upload-Complete: ?{int(last)}", *lines, content=content, **more)


def offset_of(server, upload):
    response = ask(server, "HEAD", upload)
    assert response.status == 204
    return int(response["Upload-Offset"])


# ---- The way it goes

def test_file_appears_with_its_last_piece_and_not_before(server, root, at):
    response = open_upload(server, at + "a%20film", "X-OC-Mtime: 1700000000", length=len(CONTENT))
    assert response.status == 201 and NAME.match(response["Location"])
    assert response["Location"].startswith(at + "?upload=")
    assert (response["Upload-Offset"], response["Upload-Complete"]) == ("0", "?0")
    assert response["Upload-Limit"] == "max-age=600" and response["ETag"] is None
    upload = response["Location"]
    for start in range(0, len(CONTENT), 100_000):
        piece = CONTENT[start:start + 100_000]
        last = start + len(piece) == len(CONTENT)
        assert ask(server, "GET", at + "a%20film").status == 404
        response = append(server, upload, start, piece, last=last)
        if not last:
            assert (response.status, response["Upload-Complete"]) == (204, "?0")
            assert response["Upload-Offset"] == str(start + len(piece))
    assert response.status == 201 and response["Location"] == at + "a%20film"
    got = ask(server, "GET", at + "a%20film")
    assert got.body == CONTENT and got["ETag"] == response["ETag"]
    assert (root / "a film").stat().st_mtime == 1700000000
    assert_refused(ask(server, "PATCH", upload, PIECE, "Upload-Offset: 0", "Upload-Complete: ?0",
                       content=b"x"), 404, "upload-unknown")
    assert os.listdir(root) == ["a film"]


def test_file_is_replaced(server, root, at):
    put(root, "f", b"old")
    upload = opened(server, at + "f", length=3)
    response = append(server, upload, 0, b"new", last=True)
    assert response.status == 204 and response["ETag"]
    assert (root / "f").read_bytes() == b"new"


def test_upload_is_told_and_never_listed(server, root, at):
    upload = opened(server, at + "f", length=10, content=b"12345")
    response = ask(server, "HEAD", upload)
    assert response.status == 204 and response["Cache-Control"] == "no-store"
    assert (response["Upload-Offset"], response["Upload-Length"]) == ("5", "10")
    assert response["Upload-Complete"] == "?0"
    listing = ask(server, "GET", at, "Accept: application/json").body
    assert b"candor-tmp" not in listing and b'"f"' not in listing
    response = ask(server, "OPTIONS", upload)
    assert set(response["Allow"].split(", ")) == {"HEAD", "PATCH", "DELETE", "OPTIONS"}
    assert response["Accept-Patch"] == "application/partial-upload"
    for method in ("GET", "PUT", "POST", "PROPFIND"):
        assert_refused(ask(server, method, upload, content=b"x"), 405, "method-not-allowed")
    assert ask(server, "DELETE", upload).status == 204
    assert ask(server, "HEAD", upload).status == 404


@pytest.mark.parametrize("size", [0, 1, 5, 100_000])
def test_first_piece_comes_with_the_opening(server, root, at, size):
    response = open_upload(server, at + "f", content=CONTENT[:size])
    assert (response.status, response["Upload-Offset"]) == (201, str(size))
    response = append(server, response["Location"], size, b"end", last=True)
    assert response.status == 201 and (root / "f").read_bytes() == CONTENT[:size] + b"end"


@pytest.mark.parametrize("last", [b"", b"end"])
def test_content_may_be_chunked_and_its_length_unknown(server, root, at, last):
    upload = opened(server, at + "f", content=CONTENT, coding="chunked")
    response = append(server, upload, len(CONTENT), CONTENT, coding="chunked")
    assert response["Upload-Offset"] == str(2 * len(CONTENT))
    assert ask(server, "HEAD", upload)["Upload-Length"] is None
    response = append(server, upload, 2 * len(CONTENT), last, last=True)
    assert response.status == 201 and (root / "f").read_bytes() == 2 * CONTENT + last


def test_upload_that_is_complete_at_once_is_a_put(server, root, at):
    assert ask(server, "PUT", at + "f", "Upload-Complete: ?1", "Upload-Length: 3",
               content=b"abc").status == 201
    assert (root / "f").read_bytes() == b"abc"
    assert_refused(ask(server, "PUT", at + "f", "Upload-Complete: ?1", "Upload-Length: 4",
                       content=b"abc"), 400, "upload-fields-malformed")


def test_given_up_upload_leaves_nothing(server, root, at):
    upload = opened(server, at + "f", length=10, content=b"12345")
    assert len(strays(root)) == 1
    assert ask(server, "DELETE", upload).status == 204
    assert os.listdir(root) == []
    assert_refused(ask(server, "DELETE", upload), 404, "upload-unknown")


# ---- What is refused

@pytest.mark.parametrize("lines", [
    ["Upload-Complete: ?2"], ["Upload-Complete: no"],
    ["Upload-Complete: ?0", "Upload-Length: -1"], ["Upload-Complete: ?0", "Upload-Length: much"],
    ["Upload-Complete: ?0", "Upload-Length: 1234567890123456"],
    ["Upload-Complete: ?0", "Upload-Length: 2"],
    ["Upload-Complete: ?0", "Content-Range: bytes 0-2/3"],
    ["Upload-Complete: ?0", "Upload-Offset: 3"], ["Upload-Complete: ?1", "Upload-Offset: 3"],
    ["Upload-Complete: ?0", "Upload-Offset: x"]])
def test_opening_that_makes_no_sense_is_refused(server, root, at, lines):
    for method, target in (("PUT", at + "f"), ("POST", at)):
        assert_refused(ask(server, method, target, *lines, content=b"abc"), 400,
                       "upload-fields-malformed")
    assert os.listdir(root) == []


def test_the_address_is_relative_to_the_one_that_the_client_used(server, root, at):
    """RFC 3986 §5.2: a proxy may have taken something off the front of it."""
    folder = at.rstrip("/").rpartition("/")[2]
    forms = [("PUT", at + "f", "./"), ("POST", at, "./")]
    if folder:
        forms.append(("POST", at.rstrip("/"), f"./{folder}/"))
    for method, target, begin in forms:
        with server.connect() as client:
            client.send(head_of(method, target, "Upload-Complete: ?0", "Content-Length: 0"))
            response = client.read_response()
        assert response.status == 201
        assert re.fullmatch(re.escape(begin) + r"\?upload=[0-9a-f]{32}", response["Location"])
        assert ask(server, "DELETE", resolved(response, target)["Location"]).status == 204


def test_opening_may_say_that_it_begins_at_the_beginning(server, root, at):
    assert ask(server, "PUT", at + "f", "Upload-Complete: ?1", "Upload-Offset: 0",
               content=b"abc").status == 201
    assert (root / "f").read_bytes() == b"abc"


@pytest.mark.parametrize("lines", [
    ["Upload-Complete: ?0"], ["Upload-Offset: 0"], ["Upload-Offset: x", "Upload-Complete: ?0"],
    ["Upload-Offset: 0", "Upload-Complete: 0"],
    ["Upload-Offset: 0", "Upload-Complete: ?0", "Upload-Length: x"]])
def test_piece_that_makes_no_sense_is_refused(server, root, at, lines):
    upload = opened(server, at + "f", length=10)
    assert_refused(ask(server, "PATCH", upload, PIECE, *lines, content=b"abc"), 400,
                   "upload-fields-malformed")
    assert offset_of(server, upload) == 0


def test_piece_of_another_type_is_refused(server, root, at):
    upload = opened(server, at + "f", length=10)
    for lines in (["Content-Type: text/plain"], []):
        response = ask(server, "PATCH", upload, *lines, "Upload-Offset: 0", "Upload-Complete: ?0",
                       content=b"abc")
        assert_refused(response, 415, "unsupported-media-type")
        assert response["Accept-Patch"] == "application/partial-upload"


@pytest.mark.parametrize("offset", [0, 4, 6])
def test_piece_elsewhere_is_refused_with_the_right_place(server, root, at, offset):
    upload = opened(server, at + "f", length=10, content=b"12345")
    response = append(server, upload, offset, b"678")
    assert_refused(response, 409, "upload-offset-differs")
    assert response["Upload-Offset"] == "5" and offset_of(server, upload) == 5


@pytest.mark.parametrize("content, last, lines", [
    (b"123456", False, []), (b"123456", True, []), (b"1234", True, []),
    (b"12345", True, ["Upload-Length: 11"])])
@pytest.mark.parametrize("coding", [None, "chunked"])
def test_other_length_than_was_told_is_refused(server, root, at, content, last, lines, coding):
    upload = opened(server, at + "f", length=10, content=b"12345")
    assert_refused(append(server, upload, 5, content, *lines, last=last, coding=coding), 400,
                   "upload-length-differs")
    offset = offset_of(server, upload)
    assert append(server, upload, offset, b"abcde"[offset - 5:], last=True).status == 201


def test_names_that_nobody_was_told_lead_nowhere(server, root, at):
    upload = opened(server, at + "f")
    (root / "sub").mkdir()
    name = upload.split("=")[1]
    for other in (at + "?upload=", at + "?upload=" + "0" * 32, upload[:-1], upload + "0",
                  at + "sub/?upload=" + name, "/?upload=" + name, upload.upper()):
        assert ask(server, "HEAD", other).status in (404, 405)
        assert_refused(append(server, other.replace("UPLOAD", "upload"), 0, b"x"), 404,
                       "upload-unknown")
    assert offset_of(server, upload) == 0


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_upload_that_cannot_be_looked_for_is_not_unknown(server, at):
    """Without a descriptor nobody knows where the folder's links lead."""
    target = f"{at}?upload={'0' * 32}"
    with failing(server, "openat2,openat:error=EMFILE"):
        response = append(server, target, 0, b"more")
    assert_refused(response, 503, "resources-exhausted")
    assert ask(server, "HEAD", target).status == 404


def test_opening_is_refused_as_a_put_is(server, root, at):
    etag = '"' + "0" * 16 + '"'
    put(root, "f", b"old")
    (root / "sub").mkdir()
    for target, lines, status, outcome in [
            ("f", ["If-None-Match: *"], 412, "if-none-match-failed"),
            ("f", [f"If-Match: {etag}"], 412, "if-match-failed"),
            ("g", ["If-Match: *"], 412, "if-match-failed"),
            ("missing/f", [], 409, "parent-missing"),
            ("sub", [], 409, "collection-in-the-way")]:
        assert_refused(open_upload(server, at + target, *lines, length=5), status, outcome)
    assert_refused(open_upload(server, at + "f", length=10_000_001), 413, "content-too-large")
    settle(server, root)


# ---- Conditions, again at the end

@pytest.mark.parametrize("lines, outcome", [(["If-None-Match: *"], "if-none-match-failed")])
def test_conditions_are_asked_again_at_the_end(server, root, at, lines, outcome):
    upload = opened(server, at + "f", *lines, length=6, content=b"abc")
    assert ask(server, "PUT", at + "f", content=b"other").status == 201
    assert_refused(append(server, upload, 3, b"def", last=True), 412, outcome)
    settle(server, root)
    assert ask(server, "HEAD", upload).status == 404
    assert (root / "f").read_bytes() == b"other"


def test_state_that_the_opening_named_must_still_be_there(server, root, at):
    etag = ask(server, "PUT", at + "f", content=b"one")["ETag"]
    kept = opened(server, at + "f", f"If-Match: {etag}", length=3)
    lost = opened(server, at + "f", f"If-Match: {etag}", length=5)
    assert append(server, kept, 0, b"two", last=True).status == 204
    assert_refused(append(server, lost, 0, b"three", last=True), 412, "if-match-failed")
    settle(server, root)
    assert (root / "f").read_bytes() == b"two"


def test_date_that_the_opening_named_counts_at_the_end(server, root, at):
    path = put(root, "f", b"one")
    os.utime(path, (10**9, 10**9))
    upload = opened(server, at + "f", "If-Unmodified-Since: Sun, 09 Sep 2001 01:46:40 GMT")
    path.write_bytes(b"two")
    assert_refused(append(server, upload, 0, b"x", last=True), 412, "if-unmodified-since-failed")
    settle(server, root)


def test_of_two_new_files_of_one_name_one_comes_into_being(server, root, at):
    uploads = [opened(server, at + "f", "If-None-Match: *", length=5) for _ in range(8)]
    statuses = []

    def run(number):
        statuses.append(append(server, uploads[number], 0, b"%5d" % number, last=True).status)

    run_together(run, len(uploads))
    assert sorted(statuses) == [201] + [412] * 7
    settle(server, root)


def test_folder_that_is_gone_at_the_end(server, root, at):
    (root / "sub").mkdir()
    upload = opened(server, at + "sub/f", length=3)
    (root / "sub").rename(root / "moved")
    assert_refused(append(server, upload, 0, b"abc", last=True), 409, "parent-missing")
    settle(server, root)
    assert ask(server, "HEAD", upload).status == 404


@pytest.mark.parametrize("size", [3, 300_000])
def test_folder_that_is_another_one_at_the_end(server, root, at, size):
    (root / "sub").mkdir()
    upload = opened(server, at + "sub/f", length=size)
    (root / "sub").rename(root / "moved")
    (root / "sub").mkdir()
    assert_refused(append(server, upload, 0, CONTENT[:size], last=True), 409, "parent-missing")
    settle(server, root)


# ---- Pieces that break off, and two clients at once

def break_off(server, upload, offset, content, promised):
    """Sends less than was promised, and goes."""
    with server.connect() as client:
        client.send(head_of("PATCH", upload, PIECE, f"Upload-Offset: {offset}",
                            "Upload-Complete: ?0", f"Content-Length: {promised}") + content)
        client.finish()
        assert_refused(client.read_response(), 400, "content-incomplete")


@pytest.mark.parametrize("size", [1, 1000, 70_000, 400_000])
def test_what_came_of_a_piece_stays(server, root, at, size):
    upload = opened(server, at + "f", length=len(CONTENT))
    break_off(server, upload, 0, CONTENT[:size], len(CONTENT))
    assert offset_of(server, upload) == size
    assert append(server, upload, size, CONTENT[size:], last=True).status == 201
    assert (root / "f").read_bytes() == CONTENT


def test_second_piece_ends_the_first(server, root, at):
    upload = opened(server, at + "f", length=len(CONTENT))
    with server.connect() as slow:
        slow.send(head_of("PATCH", upload, PIECE, "Upload-Offset: 0", "Upload-Complete: ?0",
                          "Expect: 100-continue", f"Content-Length: {len(CONTENT)}"))
        assert slow.read_response().status == 100
        slow.send(CONTENT[:1000])
        assert offset_of(server, upload) in (0, 1000)  # asking takes over as well
        slow.send(CONTENT[1000:2000])
        assert_refused(slow.read_response(), 409, "upload-taken-over")
    offset = offset_of(server, upload)
    assert offset in (0, 1000)
    assert append(server, upload, offset, CONTENT[offset:], last=True).status == 201
    assert (root / "f").read_bytes() == CONTENT


def test_upload_that_is_given_up_ends_the_piece_under_way(server, root, at):
    upload = opened(server, at + "f", length=100)
    with server.connect() as slow:
        slow.send(head_of("PATCH", upload, PIECE, "Upload-Offset: 0", "Upload-Complete: ?0",
                          "Expect: 100-continue", "Content-Length: 100"))
        assert slow.read_response().status == 100
        assert ask(server, "DELETE", upload).status == 204
        slow.send(b"x" * 100)
        assert_refused(slow.read_response(), 404, "upload-unknown")
    assert os.listdir(root) == []


def test_clients_in_a_race_never_mix_their_pieces(server, root, at):
    upload = opened(server, at + "f", length=len(CONTENT))

    def run(_):
        for _ in range(200):
            response = ask(server, "HEAD", upload)
            if response.status == 404 or response["Upload-Complete"] == "?1":
                return
            offset = int(response["Upload-Offset"])
            end = min(offset + 40_000, len(CONTENT))
            append(server, upload, offset, CONTENT[offset:end], last=end == len(CONTENT))

    run_together(run, 4)
    assert (root / "f").read_bytes() == CONTENT
    settle(server, root)


@pytest.mark.parametrize("good", [True, False])
def test_damaged_piece_is_refused_and_goes_again(server, root, at, good):
    upload = opened(server, at + "f", length=200_003, content=b"abc")
    piece = CONTENT[:200_000]
    digest = base64.b64encode(hashlib.sha256(piece if good else b"x").digest()).decode()
    response = append(server, upload, 3, piece, f"Content-Digest: sha-256=:{digest}:")
    if good:
        assert response.status == 204
        response = append(server, upload, 200_003, b"", last=True)
    else:
        assert_refused(response, 400, "digest-differs")
        assert offset_of(server, upload) == 3
        assert append(server, upload, 3, b"short").status == 204
        response = append(server, upload, 8, piece[5:], last=True)
        piece = b"short" + piece[5:]
    assert response.status == 201 and (root / "f").read_bytes() == b"abc" + piece


# ---- Locks

LOCKINFO = (b'<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/>'
            b"</locktype></lockinfo>")


def lock(server, target):
    response = ask(server, "LOCK", target, "Timeout: Second-600", content=LOCKINFO)
    assert response.status in (200, 201)
    return response["Lock-Token"]


def test_locks_count_at_the_opening_and_at_the_end(server, root, at):
    put(root, "f", b"old")
    upload = opened(server, at + "f", length=6)
    token = lock(server, at + "f")
    assert open_upload(server, at + "f", length=6).status == 423
    assert append(server, upload, 0, b"abc").status == 204
    assert append(server, upload, 3, b"def", last=True).status == 423
    assert (root / "f").read_bytes() == b"old" and offset_of(server, upload) == 3
    assert append(server, upload, 3, b"def", f"If: ({token})", last=True).status == 204
    assert (root / "f").read_bytes() == b"abcdef"
    assert ask(server, "UNLOCK", at + "f", f"Lock-Token: {token}").status == 204


# ---- Room

def test_room_is_asked_for_at_the_opening(tmp_path):
    with Server(tmp_path, config=config(quota=1000)) as server:
        assert_refused(open_upload(server, "/f", length=1001), 507, "quota-exceeded")
        first = opened(server, "/f", length=600)
        other = opened(server, "/g", length=600)  # what is only announced takes no room
        assert append(server, first, 0, b"x" * 500).status == 204
        assert_refused(append(server, other, 0, b"y" * 600, last=True), 507, "quota-exceeded")
        assert_refused(open_upload(server, "/h", length=600), 507, "quota-exceeded")
        assert ask(server, "DELETE", first).status == 204
        assert ask(server, "DELETE", other).status == 204
        unknown = opened(server, "/g")
        assert append(server, unknown, 0, b"x" * 600).status == 204
        assert_refused(append(server, unknown, 600, b"x" * 600), 507, "quota-exceeded")
        offset = offset_of(server, unknown)
        assert append(server, unknown, offset, b"y" * (1000 - offset), last=True).status == 201
        assert (tmp_path / "f").exists() is False and (tmp_path / "g").stat().st_size == 1000


def test_upload_of_unknown_length_stays_within_the_limit(tmp_path):
    with Server(tmp_path, config=config(max_upload=1000)) as server:
        upload = opened(server, "/f")
        assert append(server, upload, 0, b"x" * 600).status == 204
        assert_refused(append(server, upload, 600, b"x" * 600), 413, "content-too-large")
        assert append(server, upload, 600, b"x" * 400, last=True).status == 201


def test_there_are_only_so_many_uploads(tmp_path):
    with Server(tmp_path, config=config()) as server:
        empty = opened(server, "/empty")
        uploads = [opened(server, f"/f{number}", content=b"x") for number in range(255)]
        uploads.append(opened(server, "/more", content=b"x"))
        assert ask(server, "HEAD", empty).status == 404  # it made room
        response = open_upload(server, "/another")
        assert_refused(response, 503, "uploads-too-many")
        assert response["Retry-After"]
        assert ask(server, "DELETE", uploads[7]).status == 204
        assert open_upload(server, "/another").status == 201
    assert os.listdir(tmp_path) == []


def test_upload_that_announces_much_takes_no_disk(tmp_path):
    """Space is taken as content comes (LIMIT_TREE_STEP)."""
    with Server(tmp_path, config=config(max_upload=10 ** 9)) as server:
        upload = opened(server, "/big", length=10 ** 9, content=b"x" * 100_000)
        with server.connect() as trickling:
            trickling.send(head_of("PUT", "/plain", f"Content-Length: {10 ** 9}"))
            trickling.send(b"x" * 1000)
            assert append(server, upload, 100_000, b"x").status == 204
            taken = [os.stat(path).st_blocks * 512 for path in strays(tmp_path)]
        assert taken and max(taken) < 2_000_000


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_restart_forgets_uploads_and_what_they_staged(tmp_path, end):
    put(tmp_path, "f", b"old")
    server = Server(tmp_path, config=config())
    upload = opened(server, "/f", length=10, content=b"12345")
    assert len(strays(tmp_path)) == 1
    server.signal(end)
    server.wait()
    with Server(tmp_path, config=config()) as server:
        assert os.listdir(tmp_path) == ["f"] and (tmp_path / "f").read_bytes() == b"old"
        assert ask(server, "HEAD", upload).status == 404


# ---- Other sites

FORM = (b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.txt"\r\n\r\n'
        b"content\r\n--b--\r\n")


@pytest.mark.parametrize("lines, permitted", [
    ([], True), ([f"Origin: http://{HOST}"], True), ([f"Origin: https://{HOST}"], True),
    ([f"Origin: http://{HOST.upper()}:80"], True), ([f"Origin: http://{HOST}:81"], False),
    (["Origin: http://evil.example"], False), (["Origin: null"], False), (["Origin:"], False),
    (["Sec-Fetch-Site: cross-site"], False), (["Sec-Fetch-Site: same-site"], False),
    (["Sec-Fetch-Site: same-origin"], True), (["Sec-Fetch-Site: none"], True),
    (["Sec-Fetch-Site: cross-site", f"Origin: http://{HOST}"], False),
    (["Sec-Fetch-Site: same-origin", "Origin: https://public.example"], True),
    ([f"Referer: http://{HOST}/page"], True), (["Referer: http://evil.example/"], False)])
def test_page_of_another_site_cannot_post(server, root, at, lines, permitted):
    response = ask(server, "POST", at, "Content-Type: multipart/form-data; boundary=b", *lines,
                   content=FORM)
    if permitted:
        assert response.status in (201, 303)
    else:
        assert_refused(response, 403, "cross-site")
    assert os.listdir(root) == (["a.txt"] if permitted else [])


@pytest.mark.parametrize("name, confined", [
    ("a.html", True), ("a.xhtml", True), ("a.svg", True), ("a.xml", True), ("a.htm", True),
    ("a.pdf", False), ("a.png", False), ("a.mp4", False), ("a.txt", False), ("a", False)])
def test_uploaded_page_acts_for_nobody(server, root, at, name, confined):
    assert ask(server, "PUT", at + name, content=b"<script>alert(1)</script>").status == 201
    response = ask(server, "GET", at + name)
    assert response["Content-Security-Policy"] == ("sandbox" if confined else None)
    assert ask(server, "HEAD", at + name)["Content-Security-Policy"] == \
        response["Content-Security-Policy"]
