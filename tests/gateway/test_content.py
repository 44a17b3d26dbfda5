# SPDX-License-Identifier: MIT
"""Content on its way to the upstream: kept, streamed, waited for, given up."""
import threading

import pytest

from site_of_gateway import LENGTH_0, Upstream, answer, gateway, record_of, request


@pytest.fixture(scope="module", name="upstream")
def fixture_upstream():
    with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="module", name="server")
def fixture_server(upstream):
    with gateway(upstream, route="    limits: { content: 1G }\n",
                 keys="health: { failures: 1000 }") as server:
        yield server


CLOSING = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def test_small_content_is_whole_before_an_upstream_is_asked(server, upstream):
    with server.connect() as client:
        client.send(request("POST", "/small", "Content-Length: 6") + b"abc")
        # What another connection asks meanwhile is served first.
        with server.connect() as other:
            other.send(request("GET", "/other"))
            with upstream.accept() as peer:
                assert peer.read().target == "/other"
                peer.send(CLOSING)
                assert other.read_response().body == b"ok"
        client.send(b"def")
        with upstream.accept() as peer:
            assert peer.read().content == b"abcdef"
            peer.send(CLOSING)
            assert client.read_response().body == b"ok"


def test_large_content_streams(server, upstream):
    with server.connect() as client:
        client.send(request("POST", "/large", "Content-Length: 1000000") + b"abc")
        with upstream.accept() as peer:
            sent = peer.read_head()
            assert sent["Content-Length"] == "1000000"
            assert peer._take(3) == b"abc"
            threading.Thread(target=client.send, args=(999997 * b"d",)).start()
            assert peer._take(999997) == 999997 * b"d"
            peer.send(CLOSING)
            assert client.read_response().body == b"ok"


def test_chunks_stream_as_they_come(server, upstream):
    with server.connect() as client:
        client.send(request("POST", "/chunks", "Transfer-Encoding: chunked") + b"3\r\nabc\r\n")
        with upstream.accept() as peer:
            sent = peer.read_head()
            assert (sent["Transfer-Encoding"], sent["Content-Length"]) == ("chunked", None)
            assert peer._take(8) == b"3\r\nabc\r\n"
            client.send(b"1\r\nd\r\n")
            assert peer._take(6) == b"1\r\nd\r\n"
            client.send(b"0\r\n\r\n")
            assert peer._take(5) == b"0\r\n\r\n"
            peer.send(CLOSING)
            assert client.read_response().body == b"ok"


def test_trailers_pass(server, upstream):
    with server.connect() as client:
        client.send(request("POST", "/trailers", "Transfer-Encoding: chunked", "Trailer: X-Sum")
                    + b"1\r\na\r\n0\r\nX-Sum: 7\r\n\r\n")
        with upstream.accept() as peer:
            sent = peer.read()
            assert (sent["Trailer"], sent.content) == ("X-Sum", b"a")
            assert sent.trailers == [("X-Sum", "7")]
            peer.send(CLOSING)
            assert client.read_response().body == b"ok"


def test_trailers_pass_by_the_rules_that_header_fields_have():
    """Some applications take a trailer for a header field."""
    keys = "fields: { to_upstream: { remove: [X-Admin] }, to_client: { set: { X-Inside: no } } }"
    with Upstream() as upstream, gateway(upstream, keys=keys) as server, server.connect() as client:
        client.send(request("POST", "/trailers", "Transfer-Encoding: chunked")
                    + b"0\r\nX-Forwarded-For: 9.9.9.9\r\nx_forwarded_port: 1\r\n"
                    + b"X-Real-IP: 9.9.9.9\r\nForwarded: for=9.9.9.9\r\nVia: 1.1 x\r\n"
                    + b"X-Admin: 1\r\nX-Sum: 7\r\n\r\n")
        with upstream.accept() as peer:
            assert peer.read().trailers == [("X-Sum", "7")]
            peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
                      + b"X-Inside: 1\r\nSet-Cookie: a=1\r\nX-Sum: 8\r\n\r\n")
            assert client.read_response().trailers == [("X-Sum", "8")]


# RFC 9110 §10.1.1
def test_100_continue_goes_end_to_end(server, upstream):
    with server.connect() as client:
        client.send(request("POST", "/expects", "Content-Length: 3", "Expect: 100-continue"))
        with upstream.accept() as peer:
            assert peer.read_head()["Expect"] == "100-continue"
            peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            assert client.read_response().status == 100
            client.send(b"abc")
            assert peer._take(3) == b"abc"
            peer.send(CLOSING)
            assert client.read_response().body == b"ok"


def test_who_is_refused_is_never_asked_for_content(server, upstream):
    with server.connect() as client:
        client.send(request("POST", "/refused", "Content-Length: 3", "Expect: 100-continue"))
        with upstream.accept() as peer:
            peer.read_head()
            peer.send(answer(b"no", status="403 No"))
            answered = client.read_response()
        assert (answered.status, answered.body) == (403, b"no")


def test_an_upstream_that_says_nothing_gets_the_content_all_the_same(server, upstream):
    with server.connect() as client:
        client.send(request("POST", "/ignores", "Content-Length: 3", "Expect: 100-continue"))
        with upstream.accept() as peer:
            peer.read_head()
            assert client.read_response().status == 100
            client.send(b"abc")
            assert peer._take(3) == b"abc"
            peer.send(CLOSING)
            assert client.read_response().body == b"ok"


def test_a_refusal_that_comes_before_the_content_is_passed_on(server, upstream):
    with server.connect() as client:
        client.send(request("POST", "/early", "Content-Length: 100000000") + bytes(1000))
        with upstream.accept() as peer:
            peer.read_head()
            peer.send(b"HTTP/1.1 413 Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
            answered = client.read_response()
            assert (answered.status, answered.body) == (413, b"no")
    record = record_of(server, "/early")
    assert (record["outcome"], record["upstream_status"]) == ("relayed", 413)


@pytest.mark.parametrize("reads", [False, True])
def test_a_client_that_leaves_is_noticed_at_the_upstream(server, upstream, reads):
    client = server.connect()
    client.send(request("GET", "/leaves"))
    with upstream.accept() as peer:
        peer.read()
        if reads:
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
            assert client.socket.recv(1)
        client.socket.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER: the close is a reset
        client.close()
        assert peer.is_closed()
    record = record_of(server, "/leaves")
    assert record["ended"] == "client-gone"
    assert len(record["attempts"]) == 1


def test_a_client_that_only_ends_its_side_gets_its_answer(server, upstream):
    with server.connect() as client:
        client.send(request("GET", "/half")).finish()
        with upstream.accept() as peer:
            peer.read()
            peer.send(CLOSING)
            assert client.read_response().body == b"ok"


def test_unless_it_has_left_by_that():
    with Upstream() as upstream, gateway(upstream, keys="half_closed: leave") as server:
        with server.connect() as client:
            client.send(request("GET", "/half"))
            with upstream.accept() as peer:
                peer.read()
                client.finish()
                assert peer.is_closed()


@pytest.mark.parametrize("rest", [b"zz\r\n", None], ids=["malformed", "cut off"])
def test_content_that_breaks_leaves_the_request_visibly_incomplete(server, upstream, rest):
    with server.connect() as client:
        client.send(request("POST", "/broken", "Transfer-Encoding: chunked") + b"3\r\nabc\r\n")
        with upstream.accept() as peer:
            peer.read_head()
            assert peer._take(8) == b"3\r\nabc\r\n"
            if rest:
                client.send(rest)
            else:
                client.finish()
            answered = client.read_response()
            assert answered.status == 400
            assert peer.is_closed()
    assert record_of(server, "/broken")["outcome"] in ("chunk-size-malformed", "content-incomplete")


def test_too_large_content_is_refused_before_anybody_is_asked(upstream):
    with gateway(upstream, route="    limits: { content: 10 }\n") as server:
        with server.connect() as client:
            client.send(request("POST", "/large", "Content-Length: 11"))
            assert client.read_response().status == 413
        assert upstream.is_unasked()


def test_a_slow_upstream_holds_the_client_back_with_bounded_memory():
    size = 200 * 1024 * 1024
    with Upstream() as upstream, gateway(upstream, route="    limits: { content: 1G }\n") as server:
        with server.connect() as client:
            client.send(request("POST", "/slow", f"Content-Length: {size}"))
            with upstream.accept() as peer:
                peer.read_head()
                client.socket.settimeout(0.5)
                sent = 0
                try:
                    while sent < size:
                        sent += client.socket.send(bytes(1 << 20))
                except TimeoutError:
                    pass
                assert sent < size
                assert memory_of(server) < 64 * 1024
                client.close()
                assert not peer.socket.recv(1) == b""


def memory_of(server):
    """KiB of the process."""
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


def test_a_slow_client_holds_the_upstream_back_with_bounded_memory():
    with Upstream() as upstream, gateway(upstream) as server:
        with server.connect() as client:
            client.send(request("GET", "/slow"))
            with upstream.accept() as peer:
                peer.read()
                peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
                peer.socket.settimeout(0.5)
                sent = 0
                try:
                    while sent < 1000000000:
                        sent += peer.socket.send(bytes(1 << 20))
                except TimeoutError:
                    pass
                assert sent < 100000000
                assert memory_of(server) < 64 * 1024


def test_http_1_0_content_arrives_with_its_length(server, upstream):
    with server.connect() as client:
        client.send(request("POST", "/old", "Content-Length: 3", version="HTTP/1.0") + b"abc")
        with upstream.accept() as peer:
            sent = peer.read()
            assert (sent.version, sent.content) == ("HTTP/1.1", b"abc")
            assert sent["Via"].startswith("1.0 ")
            peer.send(LENGTH_0)
            assert client.read_response().status == 200
