# SPDX-License-Identifier: MIT
"""Content in pieces is stored whole or not at all, whatever happens meanwhile to the folder that it
goes to: RFC 9110 §9.3.4, RFC 4918 §9.7.1."""
import pytest

from site_of_dav import (Server, ask, assert_refused, chunked, config, head_of, put,
                         run_together, settle)

CHUNKED = "Transfer-Encoding: chunked"
FORM = "Content-Type: multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name=f; filename="%s"\r\n\r\n%s\r\n'


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("pieces")


@pytest.fixture(scope="module")
def server(root):
    with Server(root, config=config(workers=1)) as server:
        yield server


@pytest.fixture
def folder(root, server):
    """An empty folder, /d/, known to the server."""
    for name in ("/d", "/e"):
        ask(server, "DELETE", name)
    assert ask(server, "MKCOL", "/d").status == 201
    yield root / "d"
    settle(server, root)


def begin(server, method, target, *lines):
    """A request of which the server has the head and has asked its questions; were it slower than
    that, they would be answered as the piece is."""
    client = server.connect()
    client.send(head_of(method, target, *lines))
    for _ in range(20):
        ask(server, "OPTIONS", "/d/")
    return client


def chunk(content):
    return b"%x\r\n%s\r\n" % (len(content), content)


@pytest.mark.parametrize("method, target, lines, piece", [
    ("PUT", "/d/f", (CHUNKED,), chunk(b"abc")),
    ("PUT", "/d/f", ("Content-Length: 20000",), b"A" * 10000),
    ("PUT", "/d/f", ("Upload-Complete: ?0", "Content-Length: 20"), b"A" * 10),
    ("PUT", "/d/f", ("Upload-Complete: ?0", CHUNKED), chunk(b"abc")),
    ("PUT", "/d/f", ("Content-Range: bytes 0-9/*", "Content-Length: 10"), b"A" * 5),
    ("POST", "/d/", ("Slug: f", CHUNKED), chunk(b"abc")),
    ("POST", "/d/", (FORM, CHUNKED), chunk(PART % (b"f", b"abc"))),
])
def test_piece_without_a_folder_ends_the_request(server, folder, method, target, lines, piece):
    with begin(server, method, target, *lines) as client:
        assert ask(server, "DELETE", "/d/").status == 204
        assert_refused(client.send(piece).read_response(), 409, "parent-missing")
        # Were it back by now, only the rest of the content would be there for it.
        assert ask(server, "MKCOL", "/d").status == 201
        assert client.is_closed()
    assert list(folder.iterdir()) == []
    assert ask(server, "GET", "/d/").status == 200


def test_part_without_its_file_ends_the_request_and_leaves_the_file(server, folder):
    put(folder, "f", b"0" * 100_000)
    lines = ("Content-Range: bytes 10-19/100000", "Content-Length: 10")
    with begin(server, "PUT", "/d/f", *lines) as client:
        assert ask(server, "MOVE", "/d", "Destination: /e").status == 201
        assert_refused(client.send(b"12345").read_response(), 409, "parent-missing")
        assert ask(server, "MOVE", "/e", "Destination: /d").status == 201
    assert (folder / "f").read_bytes() == b"0" * 100_000


@pytest.mark.parametrize("expect", [(), ("Expect: 100-continue",)])
def test_content_is_whole_or_refused_while_its_folder_comes_and_goes(server, folder, root, expect):
    content = bytes(range(256)) * 20
    statuses = []

    def come_and_go(_):
        for _ in range(60):
            ask(server, "DELETE", "/d")
            ask(server, "MKCOL", "/d")

    def store(number):
        for at in range(30):
            with server.connect() as client:
                client.send(head_of("PUT", f"/d/{number}", CHUNKED, "Connection: close", *expect))
                if expect:
                    response = client.read_response()
                    if response.status == 100:
                        response = client.send(chunked(content)).read_response()
                else:
                    response = client.send(chunked(content)).read_response()
            assert response.status in (201, 204, 409), response.body
            statuses.append(response.status)
            if response.status in (201, 204):
                got = ask(server, "GET", f"/d/{number}")
                assert got.status == 404 or got.body == content

    run_together(lambda number: (store if number else come_and_go)(number), 4)
    settle(server, root)
    assert len(statuses) == 90
