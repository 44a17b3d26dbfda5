# SPDX-License-Identifier: MIT
"""Request content that nobody wants (RFC 9112 §6, §7.1, §9.6; RFC 9110 §15.5.14): it is drained
within a limit, then the connection is closed in a way that does not lose the answer.
"""
import select
import signal

import pytest

import harness

NEXT = "GET /7 HTTP/1.1\r\nHost: a\r\n\r\n"
DRAINED = 256 << 10  # LIMIT_DRAIN


def head(method, framing):
    return f"{method} /1 HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n"


def chunked(*chunks, trailer=""):
    lines = [f"{len(chunk):x}\r\n{chunk}\r\n" for chunk in chunks]
    return "".join(lines) + f"0\r\n{trailer}\r\n"


@pytest.mark.parametrize("framing, content", [
    ("Content-Length: 0", ""),
    ("Content-Length: 5", "hello"),
    ("Content-Length: 007", "hello\r\n"),
    (f"Content-Length: {DRAINED}", "x" * DRAINED),
    (f"Content-Length: {len(NEXT)}", NEXT),
    ("Transfer-Encoding: chunked", chunked()),
    ("Transfer-Encoding: Chunked", chunked("hello", NEXT, trailer="X: y\r\nZ: \r\n")),
    ("Transfer-Encoding: , chunked", "00005 ; a = \"b\\\"c\" ;d\r\nhello\r\n000\r\n\r\n"),
    ("Transfer-Encoding: chunked", chunked(*["x" * 1000] * 200)),
])
@pytest.mark.parametrize("method, status", [("POST", 405), ("GET", 200)])
def test_content_within_the_limit_is_drained(server, journal, framing, content, method, status):
    if method == "GET" and len(content) > 1024:
        status = 413  # limits.content of this server
    with server.connect() as client:
        client.send(head(method, framing) + content + NEXT)
        response = client.read_response()
        assert response.status == status
        if status != 413:
            assert response["Connection"] is None
        if response["Connection"] is None:
            assert client.read_response().body == b"this is 7\n"
        else:
            assert client.is_closed()
    records = journal()
    assert records[0]["status"] == status
    if response["Connection"] is None:
        assert len(records) == 2
        assert records[0]["bytes_in"] == len(head(method, framing)) + len(content)
    else:
        assert len(records) == 1


@pytest.mark.parametrize("pieces", [1, 7])
def test_content_that_comes_behind_the_answer_is_drained(server, pieces):
    with server.connect() as client:
        client.send(head("PUT", "Content-Length: 7000"))
        assert client.read_response().status == 405
        for _ in range(pieces):
            client.send("x" * (7000 // pieces))
        client.send(NEXT)
        assert client.read_response().body == b"this is 7\n"


def test_too_much_content_is_not_drained_but_the_answer_arrives(server, journal):
    """RFC 9112 §9.6: the client keeps on sending; the answer is whole, and there is no reset."""
    size = 8 << 20
    with server.connect() as client:
        client.send(head("POST", f"Content-Length: {size}")).send(b"x" * size).send(NEXT)
        response = client.read_response()
        assert (response.outcome, response["Connection"]) == ("method-not-allowed", "close")
        assert response.complete
        assert client.is_closed()
    assert [r["outcome"] for r in journal()] == ["method-not-allowed"]


def test_chunks_without_end_are_drained_within_the_limit(server, journal):
    with server.connect() as client:
        client.send(head("POST", "Transfer-Encoding: chunked"))
        client.send("10000\r\n" + "x" * 0x10000 + "\r\n")
        for _ in range(64):
            client.send("10000\r\n" + "x" * 0x10000 + "\r\n")
        assert client.read_response().outcome == "method-not-allowed"
        client.send("0\r\n\r\n" + NEXT)
        assert client.is_closed()
    records = journal()
    assert [r["outcome"] for r in records] == ["method-not-allowed"]
    assert DRAINED < records[0]["bytes_in"] < 2 * DRAINED


@pytest.mark.parametrize("content", ["x\r\n", "5\nhello", "3\r\nhello", "0\r\nHost: b\r\n\r\n"])
def test_nothing_is_read_behind_broken_content_that_nobody_wants(server, journal, content):
    """The answer is that of the method, which came first; the close keeps the rest out."""
    with server.connect() as client:
        client.send(head("POST", "Transfer-Encoding: chunked") + content + NEXT)
        assert client.read_response().outcome == "method-not-allowed"
        assert client.is_closed()
    assert [r["outcome"] for r in journal()] == ["method-not-allowed"]


@pytest.mark.parametrize("length, outcome", [(1024, "ok"), (1025, "content-too-large"),
                                             (DRAINED + 1, "content-too-large")])
def test_content_beyond_the_limit_is_413(server, journal, length, outcome):
    with server.connect() as client:
        client.send(head("GET", f"Content-Length: {length}") + "x" * length + NEXT)
        response = client.read_response()
        assert response.status == (200 if outcome == "ok" else 413)
        if length > DRAINED:
            assert response["Connection"] == "close"
            assert client.is_closed()
        else:
            assert client.read_response().body == b"this is 7\n"
    assert journal()[0]["outcome"] == outcome


def test_chunks_beyond_the_limit_are_413(server, journal):
    with server.connect() as client:
        client.send(head("GET", "Transfer-Encoding: chunked") + chunked("x" * 1000, "x" * 25))
        response = client.read_response()
        assert (response.status, response.outcome) == (413, "content-too-large")
    assert journal()[0]["outcome"] == "content-too-large"


@pytest.mark.parametrize("data, outcome", [
    ("G", "request-incomplete"),
    ("GET /1 HTTP/1.1\r\nHost: a\r\n", "request-incomplete"),
    ("GET /1 HTTP/1.1\r\nHost: a\r\n\r", "request-incomplete"),
    (head("GET", "Content-Length: 5") + "hell", "content-incomplete"),
    (head("GET", "Transfer-Encoding: chunked") + "5\r\nhello\r\n", "content-incomplete"),
    (head("GET", "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n", "content-incomplete"),
    (head("GET", "Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r", "content-incomplete"),
])
def test_a_request_that_ends_too_early_is_told_so(server, journal, data, outcome):
    """RFC 9112 §8"""
    with server.connect() as client:
        client.send(data).finish()
        response = client.read_response()
        assert (response.status, response.outcome) == (400, outcome)
        assert response["Connection"] == "close"
        assert client.is_closed()
    assert [(r["outcome"], r["offset"], r["bytes_in"]) for r in journal()] == [
        (outcome, len(data), len(data))]


def test_a_connection_that_ends_between_requests_is_no_request(server, journal):
    for data in ("", NEXT):
        with server.connect() as client:
            client.send(data).finish()
            assert len(client.read_to_end()) == 0 or data
    assert [r["outcome"] for r in journal()] == ["ok"]


@pytest.mark.parametrize("trailers, status", [
    ("X: y\r\n" * 4, 200), ("X: y\r\n" * 5, 431),
    ("X: " + "y" * (300 - 5) + "\r\n", 200), ("X: " + "y" * (300 - 4) + "\r\n", 431),
], ids=["as many", "more", "as large", "larger"])
def test_the_limits_of_field_sections_hold_for_trailers(serve, trailers, status):
    """RFC 9112 §7.1.2"""
    server = serve("limits: { fields: 4, field_section: 300 }")
    with server.connect() as client:
        client.send(head("GET", "Transfer-Encoding: chunked") + chunked("x", trailer=trailers))
        assert client.read_response().status == status
    server.stop()


# ---- RFC 9112 §9.6: who looks for the answer only behind its content still finds it

REFUSED = head("GET", "Content-Length: 99999999999")
PIECE = b"x" * 100_000


def send_until_reset(client):
    """How many pieces the system took until the server had closed."""
    try:
        for count in range(10_000):
            client.send(PIECE)
            select.select([], [], [], 0.01)
    except (BrokenPipeError, ConnectionResetError):
        return count
    raise AssertionError("the connection was never closed")


def test_client_that_goes_on_sending_without_looking_finds_the_answer(server, journal):
    """About 1 MB/s, for longer than a silent one would be waited for (LIMIT_LINGER_SILENCE)."""
    with server.connect() as client:
        client.send(REFUSED)
        for _ in range(25):
            client.send(PIECE)
            select.select([], [], [], 0.1)
        response = client.read_response()
        assert (response.status, response["Connection"]) == (413, "close")
        assert client.is_closed()
    assert [r["outcome"] for r in journal()] == ["content-too-large"]


def test_client_that_goes_on_sending_is_not_read_for_ever(serve):
    """docs/limits.md: LINGER_TIMEOUT."""
    server = serve("limits: { linger_timeout: 300ms }")
    with server.connect() as client:
        client.send(REFUSED)
        assert client.read_response().status == 413
        assert send_until_reset(client) > 1


def test_client_that_goes_on_sending_does_not_hold_a_stop(site):
    config = (f"workers: 1\nlimits: {{ linger_timeout: 1h, stop_timeout: 1h }}\n"
              f"routes:\n  - path: /\n    files: {{ root: {site} }}\n")
    with harness.Server(config=config) as server, server.connect() as client:
        client.send(REFUSED)
        assert client.read_response().status == 413
        client.send(PIECE)
        server.signal(signal.SIGTERM)
        send_until_reset(client)
        assert server.wait() == 0
