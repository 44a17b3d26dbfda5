# SPDX-License-Identifier: MIT
"""What is refused before it does harm: content without a length (RFC 9110 §15.5.12, RFC 1945
§7.2.2), coded content (RFC 9110 §8.4), files named as folders (RFC 4918 §5.2); and If of reads
(RFC 4918 §10.4), and content in chunks that turns out to be none (§9.3, §9.10.2). And
the length that macOS expects is asked about before the content."""
import gzip

import pytest

from site_of_dav import HOST, Server, ask, assert_refused, config, head_of, put

FORM = "Content-Type: multipart/form-data; boundary=b"
PATCH = "Content-Type: application/x-sabredav-partialupdate"
LOCKINFO = (b'<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>'
            b"<locktype><write/></locktype></lockinfo>")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("framing")


@pytest.fixture(scope="module")
def server(root):
    with Server(root, config=config()) as server:
        yield server


@pytest.fixture
def kept(server, root):
    """/kept, a file, and /folder, in which nothing is."""
    ask(server, "DELETE", "/new")
    ask(server, "MKCOL", "/folder")
    assert ask(server, "PUT", "/kept", content=b"kept").status in (201, 204)
    yield root / "kept"
    assert (root / "kept").read_bytes() == b"kept"
    assert list((root / "folder").iterdir()) == []


# ---- Length

@pytest.mark.parametrize("method, target, lines", [
    ("PUT", "/kept", ()), ("PUT", "/new", ()), ("PUT", "/kept", ("Upload-Complete: ?1",)),
    ("PATCH", "/kept", (PATCH, "X-Update-Range: append")), ("POST", "/folder/", ()),
    ("POST", "/folder/", (FORM,)), ("PUT", "/kept", ("Content-Range: bytes 0-0/*",)),
])
def test_content_to_be_stored_has_a_length(server, kept, method, target, lines):
    assert_refused(ask(server, method, target, *lines), 411, "length-required")


@pytest.mark.parametrize("method, target", [("PUT", "/kept"), ("POST", "/folder/")])
def test_content_in_http_1_0_has_a_length(server, kept, method, target):
    response = server.raw(f"{method} {target} HTTP/1.0\r\nHost: {HOST}\r\n\r\n")
    assert_refused(response, 400, "length-missing")


def test_file_may_be_empty(server, kept, root):
    assert ask(server, "PUT", "/new", content=b"").status == 201
    assert ask(server, "PUT", "/new", content=b"", coding="chunked").status == 204
    assert (root / "new").read_bytes() == b""


# ---- Coding

@pytest.mark.parametrize("method, target, lines", [
    ("PUT", "/kept", ()), ("PUT", "/new", ()), ("POST", "/folder/", ()),
    ("POST", "/folder/", (FORM,)), ("PATCH", "/kept", (PATCH, "X-Update-Range: append")),
    ("PROPFIND", "/kept", ()), ("PROPPATCH", "/kept", ()), ("LOCK", "/kept", ()),
    ("PUT", "/new", ("Upload-Complete: ?0",)),
])
@pytest.mark.parametrize("value", ["gzip", "identity, br"])
@pytest.mark.parametrize("coding", [None, "chunked"])
def test_coded_content_is_refused(server, kept, root, method, target, lines, value, coding):
    response = ask(server, method, target, f"Content-Encoding: {value}", *lines,
                   content=gzip.compress(b"content"), coding=coding)
    assert_refused(response, 415, "content-coded")
    assert response["Accept-Encoding"] == "identity"
    assert not (root / "new").exists()


def test_coded_piece_of_an_upload_is_refused(server, kept):
    upload = ask(server, "PUT", "/new", "Upload-Complete: ?0", content=b"")["Location"]
    response = ask(server, "PATCH", upload, "Content-Type: application/partial-upload",
                   "Upload-Offset: 0", "Upload-Complete: ?1", "Content-Encoding: gzip",
                   content=gzip.compress(b"content"))
    assert_refused(response, 415, "content-coded")
    assert ask(server, "DELETE", upload).status == 204


@pytest.mark.parametrize("value", ["identity", "Identity", ""])
def test_content_without_a_coding_is_taken(server, kept, value):
    line = f"Content-Encoding: {value}"
    assert ask(server, "PUT", "/new", line, content=b"x").status == 201
    assert ask(server, "GET", "/new")["Content-Encoding"] is None


# ---- Slashes

@pytest.mark.parametrize("method, lines, content", [
    ("GET", (), None), ("HEAD", (), None), ("PUT", (), b"x"), ("POST", (), b"x"),
    ("PATCH", (PATCH, "X-Update-Range: append"), b"x"), ("DELETE", (), None),
    ("PROPFIND", ("Depth: 0",), None), ("PROPPATCH", (), b"<x/>"), ("LOCK", (), LOCKINFO),
    ("COPY", ("Destination: /new",), None), ("MOVE", ("Destination: /new",), None),
    ("UNLOCK", ("Lock-Token: <urn:x>",), None),
])
def test_file_is_not_found_as_a_folder(server, kept, root, method, lines, content):
    assert ask(server, method, "/kept/", *lines, content=content).status == 404
    assert not (root / "new").exists()


def test_no_folder_is_made_over_a_file(server, kept):
    assert_refused(ask(server, "MKCOL", "/kept/"), 405, "collection-exists")
    assert ask(server, "OPTIONS", "/kept/")["Allow"] == "OPTIONS"
    assert ask(server, "OPTIONS", "/new/")["Allow"] == "OPTIONS, MKCOL"


@pytest.mark.parametrize("method, lines, content", [
    ("PUT", (), b"x"), ("PUT", ("Upload-Complete: ?0",), b"x"), ("LOCK", (), LOCKINFO),
])
def test_no_file_gets_a_folder_s_name(server, kept, root, method, lines, content):
    assert_refused(ask(server, method, "/new/", *lines, content=content), 409, "slash-on-file")
    assert not (root / "new").exists()


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
@pytest.mark.parametrize("destination", ["/new/", "/other/"])
def test_no_file_is_brought_to_a_folder_s_name(server, kept, root, method, destination):
    put(root, "other", b"other")
    response = ask(server, method, "/kept", f"Destination: {destination}")
    assert_refused(response, 409, "slash-on-file")
    assert not (root / "new").exists() and (root / "other").read_bytes() == b"other"


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
@pytest.mark.parametrize("source", ["/one", "/one/"])
@pytest.mark.parametrize("destination", ["/two", "/two/"])
def test_folder_goes_with_and_without_slashes(server, root, method, source, destination):
    for name in ("/one", "/two"):
        ask(server, "DELETE", name)
    assert ask(server, "MKCOL", "/one/").status == 201
    assert ask(server, method, source, f"Destination: {destination}").status == 201
    assert (root / "two").is_dir()


# ---- If

@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("target", ["/kept", "/folder/"])
def test_read_asks_if(server, kept, method, target):
    etag = ask(server, "GET", "/kept")["ETag"]
    held = ask(server, "LOCK", "/kept", "Timeout: Second-60", content=LOCKINFO)["Lock-Token"]

    def status(value):
        return ask(server, method, target, f"If: {value}").status

    assert status('(["nope"])') == 412 and status("(<urn:uuid:none>)") == 412
    assert status("garbage") == 400 and status("(") == 400
    assert status("(Not <DAV:no-lock>)") == 200
    assert status(f"(Not {held})") == (412 if target == "/kept" else 200)
    assert status(f"</kept> ({held} [{etag}])") == 200
    assert ask(server, method, target).status == 200
    assert ask(server, "UNLOCK", "/kept", f"Lock-Token: {held}").status == 204


def test_read_with_if_may_be_of_a_range(server, kept):
    response = ask(server, "GET", "/kept", "If: (Not <DAV:no-lock>)", "Range: bytes=1-2")
    assert response.status == 206 and response.body == b"ep"


def test_if_says_nothing_where_nothing_is_authored(tmp_path):
    put(tmp_path, "f")
    with Server(tmp_path) as server:
        assert ask(server, "GET", "/f", "If: garbage").status == 200


# ---- Content in chunks that is none

def test_empty_chunked_content_is_none(server, kept, root):
    assert ask(server, "MKCOL", "/new", content=b"", coding="chunked").status == 201
    assert (root / "new").is_dir()
    assert_refused(ask(server, "MKCOL", "/folder/x", content=b"x", coding="chunked"), 415,
                   "unsupported-media-type")


def test_lock_is_refreshed_by_empty_chunked_content(server, kept):
    token = ask(server, "LOCK", "/kept", "Timeout: Second-60", content=LOCKINFO)["Lock-Token"]
    response = ask(server, "LOCK", "/kept", f"If: ({token})", "Timeout: Second-100",
                   content=b"", coding="chunked")
    assert response.status == 200 and b"Second-100" in response.body
    assert_refused(ask(server, "LOCK", "/kept", content=b"", coding="chunked"), 412,
                   "refresh-unnamed")
    assert ask(server, "UNLOCK", "/kept", f"Lock-Token: {token}").status == 204


# ---- The length that macOS expects

@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    root = tmp_path_factory.mktemp("narrow")
    with Server(root, config=config(quota=1000, max_upload=5000)) as server:
        yield server, root


@pytest.mark.parametrize("expected, status, outcome", [(1001, 507, "quota-exceeded"),
                                                       (5001, 413, "content-too-large")])
def test_expected_length_is_refused_before_the_content(narrow, expected, status, outcome):
    server, root = narrow
    with server.connect() as client:
        client.send(head_of("PUT", "/f", "Transfer-Encoding: chunked",
                            f"X-Expected-Entity-Length: {expected}"))
        assert_refused(client.read_response(), status, outcome)
    assert list(root.iterdir()) == []


@pytest.mark.parametrize("expected", ["1000", "2", "1", "0", "-1", "many", "99999999999999999999"])
def test_expected_length_is_no_promise(narrow, expected):
    server, root = narrow
    response = ask(server, "PUT", "/f", f"X-Expected-Entity-Length: {expected}",
                   content=b"content", coding="chunked")
    assert response.status == 201 and (root / "f").read_bytes() == b"content"
    response = ask(server, "PUT", "/f", f"X-Expected-Entity-Length: {expected}",
                   content=b"c" * 1001, coding="chunked")
    assert_refused(response, 507, "quota-exceeded")
    assert ask(server, "DELETE", "/f").status == 204


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_empty_line_behind_content_does_not_reset_a_connection_that_closes(server, version):
    """Old clients send one; a reset could overtake the answer (RFC 9112 §2.2, §9.6)."""
    with server.connect() as client:
        client.send(f"PUT /closes HTTP/{version}\r\nHost: {HOST}\r\nConnection: close\r\n"
                    "Content-Length: 5\r\n\r\nhello")
        assert client.read_response().status in (201, 204)
        assert client.is_closed()
        for _ in range(10):
            client.send("\r\n")  # raises where the server had closed
