# SPDX-License-Identifier: MIT
"""Prefer: return=representation and return=minimal, RFC 7240 §4.2 and RFC 8144."""
import re
import threading

import pytest

from harness import Server
from site_of_dav import settle, strays

REPRESENTATION = {"Prefer": "return=representation"}
SMALL = b"what is stored"
LARGE = bytes(range(256)) * 4000  # goes through a stage, and is sent from the file
PATCH = {"Content-Type": "application/x-sabredav-partialupdate"}
PIECE = {"Content-Type": "application/partial-upload"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("prefer")


@pytest.fixture(scope="module")
def server(root):
    with Server(root, arguments=["--write"]) as server:
        yield server
        settle(server, root)
        assert strays(root) == []


def assert_tells(server, response, status, target, content):
    """The answer carries the representation, as a GET then tells it."""
    assert response.status == status
    assert response["Content-Location"] == target
    assert response["Preference-Applied"] == "return=representation"
    assert response["Vary"] == "Prefer"
    assert response.body == content
    assert response["Content-Length"] == str(len(content))
    told = server.get(target)
    assert told.body == content
    for field in ("ETag", "Content-Type"):
        assert response[field] == told[field]
    # What was written after the second of Date began anew is told as of Date: RFC 9110 §8.8.2.1.
    assert response["Last-Modified"] in (told["Last-Modified"], response["Date"])


@pytest.mark.parametrize("content", [b"", SMALL, LARGE])
@pytest.mark.parametrize("preference", ["return=representation", 'Return = "Representation"; a=b',
                                        "odd, return=representation, return=minimal"])
def test_a_put_tells_what_is_there_now(server, root, content, preference):
    (root / "put.txt").unlink(missing_ok=True)
    fields = {"Prefer": preference}
    assert_tells(server, server.request("PUT", "/put.txt", fields, content), 201, "/put.txt",
                 content)
    assert_tells(server, server.request("PUT", "/put.txt", fields, content + b"!"), 200,
                 "/put.txt", content + b"!")


@pytest.mark.parametrize("fields", [{}, {"Prefer": "return=minimal"}, {"Prefer": "return=all"},
                                    {"Prefer": "representation"}, {"Prefer": ";=,\""}])
def test_otherwise_a_put_has_no_content(server, root, fields):
    (root / "none").unlink(missing_ok=True)
    for status in (201, 204):
        response = server.request("PUT", "/none", fields, SMALL)
        assert response.status == status and response.body == b""
        assert response["Content-Location"] is None
        assert response["Preference-Applied"] is None


@pytest.mark.parametrize("size", [100, 300_000])
def test_a_change_of_a_part_tells_the_whole(server, root, size):
    (root / "part.bin").write_bytes(b"." * size)
    fields = {**REPRESENTATION, "Content-Range": "bytes 10-13/*"}
    expected = b"." * 10 + b"part" + b"." * (size - 14)
    assert_tells(server, server.request("PUT", "/part.bin", fields, b"part"), 200, "/part.bin",
                 expected)
    fields = {**REPRESENTATION, **PATCH, "X-Update-Range": "append"}
    assert_tells(server, server.request("PATCH", "/part.bin", fields, b"end"), 200, "/part.bin",
                 expected + b"end")


@pytest.mark.parametrize("content", [b"", SMALL, LARGE])
def test_a_post_tells_the_member_that_it_made(server, root, content):
    (root / "a folder").mkdir(exist_ok=True)
    response = server.request("POST", "/a%20folder", {**REPRESENTATION, "Slug": "n.html"}, content)
    assert re.fullmatch(r"/a%20folder/n(%20\(\d\)|%20%28\d%29)?\.html", response["Location"])
    assert_tells(server, response, 201, response["Location"], content)


def test_the_last_piece_of_an_upload_tells_the_file(server, root):
    opening = server.request("PUT", "/pieces.txt", {"Upload-Complete": "?0", **REPRESENTATION},
                             b"first, ")
    assert opening.status == 201 and opening.body == b""
    upload = opening["Location"]
    fields = {**PIECE, **REPRESENTATION, "Upload-Offset": "7", "Upload-Complete": "?0"}
    response = server.request("PATCH", upload, fields, b"second, ")
    assert response.status == 204
    fields.update({"Upload-Offset": "15", "Upload-Complete": "?1"})
    response = server.request("PATCH", upload, fields, b"third")
    assert response["Location"] == "/pieces.txt"
    assert_tells(server, response, 201, "/pieces.txt", b"first, second, third")


@pytest.mark.parametrize("name, sandboxed", [("x.html", True), ("x.svg", True), ("x.txt", False)])
def test_what_was_uploaded_acts_for_nobody_in_that_answer_either(server, name, sandboxed):
    response = server.request("PUT", f"/{name}", REPRESENTATION, SMALL)
    assert response["Content-Security-Policy"] == ("sandbox" if sandboxed else None)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"


@pytest.mark.parametrize("method, fields", [("MKCOL", {}), ("COPY", {"Destination": "/copied"}),
                                            ("LOCK", {"Timeout": "Second-1"})])
def test_other_methods_answer_as_ever(server, root, method, fields):
    (root / "source").write_bytes(SMALL)
    for name in ("copied", "new"):
        path = root / name
        path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
    target, body = ("/source" if method == "COPY" else "/new"), b""
    if method == "LOCK":
        body = (b'<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>'
                b"<locktype><write/></locktype></lockinfo>")
    response = server.request(method, target, {**fields, **REPRESENTATION}, body)
    assert response.status == 201 and response["Preference-Applied"] is None
    assert SMALL not in response.body


def test_each_writer_is_told_its_own(server):
    """Of two that write at once, each hears what it stored, not what the other put over it."""
    failures = []

    def write(content):
        for _ in range(40):
            response = server.request("PUT", "/contested", REPRESENTATION, content)
            if response.status not in (200, 201) or response.body != content:
                failures.append(response.status)

    threads = [threading.Thread(target=write, args=(byte * 70_000,)) for byte in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
