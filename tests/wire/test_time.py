# SPDX-License-Identifier: MIT
"""What takes too long (RFC 9110 §15.5.9, RFC 9112 §9.5), and clients that go away."""
import select
import socket
import struct

import pytest

import harness

GET = "GET /1 HTTP/1.1\r\nHost: a\r\n"
LARGE = "GET /large HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def server(serve):
    """Each time is short where a test waits for it to pass."""
    return serve("limits: { header_timeout: 150ms, content_timeout: 150ms, send_timeout: 200ms }")


@pytest.fixture(scope="module")
def idle_server(serve):
    return serve("limits: { idle_timeout: 100ms }")


class SmallClient(harness.Client):
    """The system keeps little for it that it has not read."""

    def __init__(self, port):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.settimeout(harness.DEADLINE)
        self.socket.connect(("127.0.0.1", port))
        self.buffer = b""


@pytest.mark.parametrize("data", ["G", "GET / HTTP/1.1\r\n", GET, GET + "\r", "\r\nG"])
def test_half_a_head_is_408(server, journal, data):
    with server.connect() as client:
        client.send(data)
        response = client.read_response()
        assert (response.status, response.outcome) == (408, "header-timeout")
        assert response["Connection"] == "close"
        client.send("\r\n\r\n" + GET + "\r\n")
        assert client.is_closed()
    assert [(r["outcome"], r["offset"]) for r in journal()] == [("header-timeout", len(data))]


def test_a_head_that_drips_in_gets_no_more_time(server, journal):
    with server.connect() as client:
        client.send(GET + "X: ")
        while not select.select([client.socket], [], [], 0.01)[0]:
            client.send("x")
        assert client.read_response().outcome == "header-timeout"
    assert [r["outcome"] for r in journal()] == ["header-timeout"]


def test_the_head_of_a_later_request_has_its_own_time(server, journal):
    with server.connect() as client:
        client.send(GET + "\r\n" + "GET /2")
        assert client.read_response().status == 200
        assert client.read_response().outcome == "header-timeout"
    assert [r["outcome"] for r in journal()] == ["ok", "header-timeout"]


@pytest.mark.parametrize("rest", ["Content-Length: 5\r\n\r\n", "Content-Length: 5\r\n\r\nhell",
                                  "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n"])
def test_content_that_stops_arriving_is_408(server, journal, rest):
    with server.connect() as client:
        client.send(GET + rest)
        response = client.read_response()
        assert (response.status, response.outcome) == (408, "content-timeout")
        assert response["Connection"] == "close"
        client.send("\r\n" + GET + "\r\n")
        assert client.is_closed()
    assert [(r["outcome"], r["offset"]) for r in journal()] == [
        ("content-timeout", len(GET + rest))]


def test_unwanted_content_that_stops_arriving_ends_the_connection(server, journal):
    with server.connect() as client:
        client.send("POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell")
        assert client.read_response().outcome == "method-not-allowed"
        assert client.is_closed()
    assert [r["outcome"] for r in journal()] == ["method-not-allowed"]


def test_a_client_that_takes_nothing_is_closed(server, journal):
    with SmallClient(server.port) as client:
        client.send(LARGE)
        record = server.next_record()
        assert (record["outcome"], record["ended"]) == ("ok", "send-timeout")
        assert 4096 < record["bytes_out"] < 16 << 20
        assert not client.read_response().complete


def test_a_client_that_takes_slowly_gets_all(server, journal):
    """Each pause is shorter than send_timeout, all together are longer."""
    with SmallClient(server.port) as client:
        client.send(LARGE.replace("1.1", "1.0"))
        pauses = 0
        while pauses < 10:
            assert client.socket.recv(1 << 20)
            select.select([], [], [], 0.05)
            pauses += 1
        while client.socket.recv(1 << 20):
            pass
    records = journal()
    assert [r["outcome"] for r in records] == ["ok"]
    assert "ended" not in records[0] and records[0]["bytes_out"] > 16 << 20


def test_a_client_that_goes_midway_is_logged_so(server, journal):
    with SmallClient(server.port) as client:
        client.send(LARGE)
        client.socket.recv(1)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    record = server.next_record()
    assert (record["outcome"], record["ended"]) == ("ok", "client-gone")
    assert 4096 < record["bytes_out"] < 16 << 20


@pytest.mark.parametrize("request_", ["", GET + "\r\n"])
@pytest.mark.parametrize("behind", ["", "\r", "\r\n"])  # RFC 9112 §2.2: an empty line is no request
def test_an_idle_connection_is_closed_without_a_word(idle_server, journal, request_, behind):
    journal(idle_server)
    with idle_server.connect() as client:
        client.send(request_ + behind)
        if request_:
            assert client.read_response().status == 200
        assert client.is_closed()
    assert [r["outcome"] for r in journal(idle_server)] == (["ok"] if request_ else [])


def test_behind_an_empty_line_there_is_the_time_of_an_idle_connection(server, journal):
    """Longer than a head may take, and then the head has its own time."""
    with server.connect() as client, server.connect() as other:
        client.send(GET + "\r\n\r\n")
        assert client.read_response().status == 200
        assert other.send("G").read_response().outcome == "header-timeout"
        client.send(GET + "\r\n")
        assert client.read_response().status == 200
        client.send("\r\n")
        assert other.is_closed()
        client.send("G")
        assert client.read_response().outcome == "header-timeout"
    assert [r["outcome"] for r in journal()] == ["ok", "header-timeout", "ok", "header-timeout"]
