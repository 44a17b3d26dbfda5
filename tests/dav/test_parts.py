# SPDX-License-Identifier: MIT
"""Parts of a file: PUT with Content-Range (RFC 9110 §14.5), and PATCH with X-Update-Range
(SabreDAV HTTP PATCH)."""
import os
import stat

import pytest

from site_of_dav import (ask, assert_refused, config, head_of, put, run_together, Server, settle,
                         strays)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("parts")


@pytest.fixture(scope="module")
def server(root):
    with Server(root, config=config(3)) as server:
        yield server


PATCH = "Content-Type: application/x-sabredav-partialupdate"
PARTS = [
    ("PATCH", "X-Update-Range: bytes=2-4", b"ABC", b"01ABC56789"),
    ("PATCH", "X-Update-Range: bytes=8-11", b"ABCD", b"01234567ABCD"),
    ("PATCH", "X-Update-Range: bytes=3-", b"AB", b"012AB56789"),
    ("PATCH", "X-Update-Range: bytes=10-", b"AB", b"0123456789AB"),
    ("PATCH", "X-Update-Range: bytes=-3", b"AB", b"0123456AB9"),
    ("PATCH", "X-Update-Range: bytes=-10", b"A", b"A123456789"),
    ("PATCH", "X-Update-Range: append", b"AB", b"0123456789AB"),
    ("PATCH", "X-Update-Range: bytes=12-", b"AB", b"0123456789\0\0AB"),
    ("PATCH", "X-Update-Range: bytes=11-12", b"AB", b"0123456789\0AB"),
    ("PATCH", "X-Update-Range: bytes=12-", b"", b"0123456789\0\0"),
    ("PATCH", "X-Update-Range: append", b"", b"0123456789"),
    ("PUT", "Content-Range: bytes 0-2/10", b"ABC", b"ABC3456789"),
    ("PUT", "Content-Range: bytes 2-4/*", b"ABC", b"01ABC56789"),
    ("PUT", "Content-Range: bytes 10-11/12", b"AB", b"0123456789AB"),
    ("PUT", "Content-Range: bytes 8-11/12", b"ABCD", b"01234567ABCD"),
    # RFC 9110 §14.5: behind the last byte of the whole there is nothing.
    ("PUT", "Content-Range: bytes 0-2/3", b"ABC", b"ABC"),
    ("PUT", "Content-Range: bytes 3-4/5", b"AB", b"012AB"),
    ("PUT", "Content-Range: bytes 3-4/*", b"AB", b"012AB56789"),
    ("PUT", "Content-Range: bytes 3-4/12", b"AB", b"012AB56789"),
    ("PUT", "Content-Range: bytes 3-9/10", b"ABCDEFG", b"012ABCDEFG")]


@pytest.mark.parametrize("method, field, content, after", PARTS)
def test_part_is_written_into_what_is_there(server, root, method, field, content, after):
    put(root, "part", b"0123456789").chmod(0o604)
    type_lines = (PATCH,) if method == "PATCH" else ()
    response = ask(server, method, "/part", field, *type_lines, content=content)
    assert response.status == 204 and (root / "part").read_bytes() == after
    assert stat.S_IMODE((root / "part").stat().st_mode) == 0o604
    assert ask(server, "GET", "/part")["ETag"] == response["ETag"]


def test_part_of_something_large_leaves_the_rest(server, root):
    content = bytearray(os.urandom(3_000_000))
    put(root, "part-large", bytes(content))
    new = os.urandom(700_000)
    content[1_000_001:1_700_001] = new
    assert ask(server, "PATCH", "/part-large", "X-Update-Range: bytes=1000001-1700000", PATCH,
               content=new).status == 204
    assert (root / "part-large").read_bytes() == bytes(content)


@pytest.mark.parametrize("method, field, content, status, outcome", [
    ("PATCH", "X-Update-Range: bytes=-11", b"AB", 409, "offset-differs"),
    ("PUT", "Content-Range: bytes 11-12/13", b"AB", 409, "offset-differs"),
    ("PUT", "Content-Range: bytes 0-1/9", b"AB", 409, "total-differs"),
    ("PUT", "Content-Range: bytes 6-7/9", b"AB", 409, "total-differs"),
    ("PATCH", "X-Update-Range: bytes=0-2", b"AB", 400, "content-range-malformed"),
    ("PATCH", "X-Update-Range: lines=0-1", b"AB", 400, "content-range-malformed"),
    ("PATCH", "X-Update-Range: bytes=2-1", b"AB", 400, "content-range-malformed"),
    ("PATCH", "X-Nothing: 1", b"AB", 400, "content-range-malformed"),
    ("PUT", "Content-Range: bytes 0-2/10", b"AB", 400, "content-range-malformed"),
    ("PUT", "Content-Range: bytes 0-1", b"AB", 400, "content-range-malformed"),
    ("PUT", "Content-Range: bytes */10", b"AB", 400, "content-range-malformed"),
    ("PUT", "Content-Range: bytes 0-1/1", b"AB", 400, "content-range-malformed"),
    ("PUT", "Content-Range: lines 0-1/10", b"AB", 400, "content-range-malformed"),
    ("PUT", "Content-Range: ", b"AB", 400, "content-range-malformed")])
def test_part_that_cannot_be_placed_is_refused_before_its_content(server, root, method, field,
                                                                  content, status, outcome):
    path = put(root, "part", b"0123456789")
    type_lines = (PATCH,) if method == "PATCH" else ()
    assert_refused(ask(server, method, "/part", field, *type_lines, content=content), status,
                   outcome)
    with server.connect() as client:
        client.send(head_of(method, "/part", field, *type_lines, "Expect: 100-continue",
                            f"Content-Length: {len(content)}"))
        assert_refused(client.read_response(), status, outcome)
    assert path.read_bytes() == b"0123456789" and not strays(root)


@pytest.mark.parametrize("method, field", [("PATCH", "X-Update-Range: append"),
                                           ("PUT", "Content-Range: bytes 0-1/10")])
def test_part_without_a_length_is_refused(server, root, method, field):
    put(root, "part", b"0123456789")
    lines = (field, PATCH) if method == "PATCH" else (field,)
    assert_refused(ask(server, method, "/part", *lines, content=b"AB", coding="chunked"), 411,
                   "length-required")


def test_upload_goes_on_in_parts_from_nothing(server, root):  # RFC 9110 §14.5
    content = os.urandom(500_000)
    for at in range(0, 500_000, 100_000):
        response = ask(server, "PUT", "/resumed", f"Content-Range: bytes {at}-{at + 99_999}/500000",
                       content=content[at:at + 100_000])
        assert response.status == (201 if at == 0 else 204)
    assert (root / "resumed").read_bytes() == content


@pytest.mark.parametrize("size", [2_000_000, 40_000_000])
def test_last_part_of_something_large_is_the_end_of_it(server, root, size):
    content = os.urandom(size)
    put(root, "shorter", content)
    new = os.urandom(700_000)
    assert ask(server, "PUT", "/shorter", "Content-Range: bytes 1000001-1700000/1700001",
               f"If-Match: {ask(server, 'HEAD', '/shorter')['ETag']}",
               content=new).status == 204
    assert (root / "shorter").read_bytes() == content[:1_000_001] + new


def test_last_part_counts_when_what_is_there_grows_meanwhile(server, root):
    path = put(root, "grows", b"0123456789")
    with server.connect() as client:
        client.send(head_of("PUT", "/grows", "Content-Range: bytes 3-5/6", "Content-Length: 3",
                            "Expect: 100-continue"))
        assert client.read_response().status == 100
        with open(path, "ab") as file:
            file.write(b"more")
        assert client.send(b"ABC").read_response().status == 204
    assert path.read_bytes() == b"012ABC"


def test_part_whose_total_became_too_small_meanwhile_is_refused(server, root):
    path = put(root, "grows", b"01234")
    with server.connect() as client:
        client.send(head_of("PUT", "/grows", "Content-Range: bytes 1-3/6", "Content-Length: 3",
                            "Expect: 100-continue"))
        assert client.read_response().status == 100
        with open(path, "ab") as file:
            file.write(b"more")
        assert_refused(client.send(b"ABC").read_response(), 409, "total-differs")
    assert path.read_bytes() == b"01234more"


def test_what_lies_before_a_part_beyond_the_end_is_zeros(server, root):
    """Also where the content comes in pieces, and where what is there changes meanwhile."""
    content = os.urandom(300_000)
    path = put(root, "hole", b"0123456789")
    with server.connect() as client:
        client.send(head_of("PATCH", "/hole", PATCH, "X-Update-Range: bytes=1000000-",
                            f"Content-Length: {len(content)}", "Expect: 100-continue"))
        assert client.read_response().status == 100
        client.send(content[:150_000])
        for _ in range(20):
            ask(server, "OPTIONS", "/hole")
        with open(path, "ab") as file:
            file.write(b"more")
        assert client.send(content[150_000:]).read_response().status == 204
    assert path.read_bytes() == b"0123456789more" + bytes(1_000_000 - 14) + content


def test_part_beyond_the_end_takes_no_more_than_may_be_stored(tmp_path):
    path = put(tmp_path, "f", b"0123456789")

    def patch(server, first, *lines):
        return ask(server, "PATCH", "/f", PATCH, f"X-Update-Range: bytes={first}-", *lines,
                   content=b"AB")

    with Server(tmp_path, config=config(max_upload=1000, quota=2000)) as server:
        assert patch(server, 1008).status == 204 and path.stat().st_size == 1010
        assert_refused(patch(server, 2009), 413, "content-too-large")
        assert_refused(patch(server, 2 ** 62), 413, "content-too-large")
        assert_refused(patch(server, 2 ** 63 - 1), 413, "content-too-large")
        assert patch(server, 1998).status == 204 and path.stat().st_size == 2000
        assert_refused(patch(server, 2000), 507, "quota-exceeded")
    with Server(tmp_path, config=config(max_upload=0, reserve="1024G")) as server:
        assert_refused(patch(server, 2001), 507, "storage-full")
    with Server(tmp_path, config=config(max_upload=0)) as server:
        assert_refused(patch(server, 2 ** 60), 507, "storage-full")
        assert_refused(patch(server, 2 ** 63 - 1), 507, "file-too-large")
        with server.connect() as client:  # before the content
            client.send(head_of("PATCH", "/f", PATCH, f"X-Update-Range: bytes={2 ** 60}-",
                                "Expect: 100-continue", "Content-Length: 2"))
            assert_refused(client.read_response(), 507, "storage-full")
    assert path.read_bytes()[:10] == b"0123456789" and path.stat().st_size == 2000
    assert not strays(tmp_path)


def test_parts_that_leave_holes_are_all_there_in_any_order(server, root):
    """As a file system on top writes them."""
    put(root, "sparse", b"")
    pieces = {at: os.urandom(5000) for at in range(0, 200_000, 10_000)}
    for at in sorted(pieces, key=lambda at: at * 7 % 190_001):
        assert ask(server, "PATCH", "/sparse", PATCH, f"X-Update-Range: bytes={at}-{at + 4999}",
                   content=pieces[at]).status == 204
    expected = bytearray(195_000)
    for at, piece in pieces.items():
        expected[at:at + 5000] = piece
    assert (root / "sparse").read_bytes() == bytes(expected)


def test_part_of_nothing_that_does_not_begin_is_refused(server, root):
    assert_refused(ask(server, "PUT", "/none", "Content-Range: bytes 5-6/7", content=b"AB"), 409,
                   "offset-differs")
    assert_refused(ask(server, "PATCH", "/none", "X-Update-Range: append", PATCH, content=b"AB"),
                   404, "not-found")
    assert not (root / "none").exists()


@pytest.mark.parametrize("lines", [(), ("Content-Type: text/plain",),
                                   ("Content-Type: application/json",)])
def test_patch_takes_one_type_of_content(server, root, lines):  # RFC 5789 §2.2
    put(root, "part", b"0123456789")
    response = ask(server, "PATCH", "/part", "X-Update-Range: append", *lines, content=b"AB")
    assert_refused(response, 415, "unsupported-media-type")
    assert response["Accept-Patch"] == "application/x-sabredav-partialupdate"
    assert (root / "part").read_bytes() == b"0123456789"


def test_part_that_breaks_off_leaves_everything_as_it_was(server, root):
    put(root, "part", b"0123456789")
    with server.connect() as client:
        client.send(head_of("PATCH", "/part", "X-Update-Range: append", PATCH,
                            "Content-Length: 10") + b"AB").finish()
        client.read_to_end()
    settle(server, root)
    assert (root / "part").read_bytes() == b"0123456789"


def test_parts_that_race_are_all_there(server, root):
    """Each appends; what one sees of another it must not lose."""
    put(root, "appended", b"")

    def append(number):
        with server.connect() as client:
            for _ in range(10):
                assert ask(server, "PATCH", "/appended", "X-Update-Range: append", PATCH,
                           content=b"%d" % number * 10, client=client).status == 204

    run_together(append, 6)
    content = (root / "appended").read_bytes()
    assert len(content) == 600
    assert all(content.count(b"%d" % number) == 100 for number in range(6))
