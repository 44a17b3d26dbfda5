# SPDX-License-Identifier: MIT
"""An answer is passed on as it comes."""
import threading

import pytest

from site_of_gateway import Upstream, answer, gateway, record_of, request


def asked(client, upstream, head):
    """The upstream's end, with the request read."""
    client.send(head)
    peer = upstream.accept()
    peer.read()
    return peer


def test_pieces_arrive_as_they_are_sent(server, upstream):
    with server.connect() as client:
        with asked(client, upstream, request("GET", "/events")) as peer:
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                      b"Transfer-Encoding: chunked\r\n\r\n")
            while b"\r\n\r\n" not in client.buffer:
                client._more()
            client.buffer = client.buffer.split(b"\r\n\r\n", 1)[1]
            for number in range(3):
                event = b"data: %d\n\n" % number
                peer.send(b"%x\r\n%s\r\n" % (len(event), event))
                while event not in client.buffer:
                    client._more()
            peer.send(b"0\r\n\r\n")
            while not client.buffer.endswith(b"0\r\n\r\n"):
                client._more()


def test_an_answer_that_ends_with_the_connection(server, upstream):
    with server.connect() as client:
        with asked(client, upstream, request("GET", "/close")) as peer:
            peer.send(b"HTTP/1.0 200 OK\r\n\r\nabc")
        answered = client.read_response()
        assert (answered.body, answered.complete) == (b"abc", True)
        assert answered["Transfer-Encoding"] == "chunked"
        assert answered["Via"].startswith("1.0 ")


def test_a_client_of_http_1_0_gets_no_chunks(server, upstream):
    with server.connect() as client:
        with asked(client, upstream, request("GET", "/old", version="HTTP/1.0")) as peer:
            peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
            answered = client.read_response()
            assert (answered["Transfer-Encoding"], answered.body) == (None, b"abc")


def test_trailers_pass(server, upstream):
    with server.connect() as client:
        head = request("GET", "/trailers", "TE: trailers", "Connection: TE")
        client.send(head)
        with upstream.accept() as peer:
            sent = peer.read()
            assert (sent["TE"], sent["Connection"]) == ("trailers", "TE")
            peer.send(b"HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n"
                      b"1\r\na\r\n0\r\nX-Sum: 7\r\n\r\n")
            data = b""
            while not data.endswith(b"\r\n\r\n") or b"0\r\n" not in data:
                data += client.socket.recv(65536)
        assert b"\r\nTrailer: X-Sum\r\n" in data
        assert data.endswith(b"\r\n0\r\nX-Sum: 7\r\n\r\n")


def test_head_has_the_fields_alone(server, upstream):
    with server.connect() as client:
        with asked(client, upstream, request("HEAD", "/head")) as peer:
            peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nX: 1\r\n\r\n")
            answered = client.read_response("HEAD")
            assert (answered["Content-Length"], answered["X"]) == ("1234", "1")
            # Both connections are still in order.
            client.send(request("GET", "/behind"))
            assert peer.read().target == "/behind"
            peer.send(b"HTTP/1.1 204 None\r\nConnection: close\r\n\r\n")
            assert client.read_response().status == 204


@pytest.mark.parametrize("head,status", [
    (b"HTTP/1.1 204 No Content\r\n", 204), (b"HTTP/1.1 304 Not Modified\r\nETag: \"x\"\r\n", 304),
    (b"HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n", 205)])
def test_an_answer_without_content(server, upstream, head, status):
    with server.connect() as client:
        with asked(client, upstream, request("GET", "/none")) as peer:
            peer.send(head + b"Connection: close\r\n\r\n")
            assert client.read_response().status == status
        with asked(client, upstream, request("GET", "/behind")) as peer:
            peer.send(answer(b"behind", "Connection: close"))
            assert client.read_response().body == b"behind"


@pytest.mark.parametrize("head", [b"HTTP/1.1 204 No Content\r\n\r\n",
                                  b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"])
def test_a_connection_goes_on_behind_an_answer_without_content(head):
    with Upstream() as upstream, gateway(upstream) as server, server.connect() as client:
        with asked(client, upstream, request("GET", "/none")) as peer:
            peer.send(head)
            assert client.read_response().body == b""
            client.send(request("GET", "/behind"))
            assert peer.read().target == "/behind"
            peer.send(answer(b"behind"))
            assert client.read_response().body == b"behind"


def test_a_status_that_nobody_registered_passes(server, upstream):
    with server.connect() as client:
        with asked(client, upstream, request("GET", "/odd")) as peer:
            peer.send(b"HTTP/1.1 299 Odd\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            assert client.read_response().status == 299


# RFC 8297
def test_early_hints_pass_at_once(server, upstream):
    with server.connect() as client:
        with asked(client, upstream, request("GET", "/hints")) as peer:
            peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n"
                      b"Connection: X-Hop\r\nX-Hop: 1\r\n\r\n")
            hints = client.read_response()
            assert (hints.status, hints["Link"]) == (103, "</a.css>; rel=preload")
            assert (hints["X-Hop"], hints["Connection"]) == (None, None)
            peer.send(answer(b"ok", "Connection: close"))
            assert client.read_response().body == b"ok"


def test_interim_answers_beyond_16_are_dropped(server, upstream):
    with server.connect() as client:
        with asked(client, upstream, request("GET", "/many")) as peer:
            peer.send(20 * b"HTTP/1.1 103 Early Hints\r\nX: 1\r\n\r\n"
                      + answer(b"ok", "Connection: close"))
            statuses = []
            while (answered := client.read_response()).status < 200:
                statuses.append(answered.status)
            assert statuses == 16 * [103]
            assert answered.body == b"ok"


def test_a_client_of_http_1_0_gets_no_interim_answers(server, upstream):
    with server.connect() as client:
        with asked(client, upstream, request("GET", "/old", version="HTTP/1.0")) as peer:
            peer.send(b"HTTP/1.1 103 Early Hints\r\n\r\n" + answer(b"ok", "Connection: close"))
            assert client.read_response().status == 200


def test_a_large_answer_arrives_whole(server, upstream):
    body = bytes(range(256)) * 40000
    with server.connect() as client:
        with asked(client, upstream, request("GET", "/large")) as peer:
            peer.socket.sendall(answer(b"")[:-4].replace(b" 0", b" %d" % len(body)) + b"\r\n\r\n")
            thread = threading.Thread(target=peer.send, args=(body,))
            thread.start()
            assert client.read_response().body == body
            thread.join()
    assert record_of(server, "/large")["attempts"][0]["phase"] == "body"


def test_fields_are_written_anew(server, upstream):
    with server.connect() as client:
        client.send(request())
        with upstream.accept() as peer:
            peer.read()
            peer.send(b"HTTP/1.1 200 OK\r\nA:1\r\nB:\t2\r\nC:   3 \r\nD: 4 \t\r\nE:\r\n"
                      b"F: 5:\t 6\r\nX-Longer-Than-Sixteen-Bytes: 7\r\nContent-Length: 0\r\n\r\n")
            head = client.read_response().raw_head
    assert (b"\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: \r\nF: 5:\t 6\r\n"
            b"X-Longer-Than-Sixteen-Bytes: 7\r\nVia: ") in head


def test_cookies_stay_lines_of_their_own(server, upstream):
    with server.connect() as client:
        with asked(client, upstream, request("GET", "/cookies")) as peer:
            peer.send(answer(b"", "Set-Cookie: a=1", "Set-Cookie: b=2", "Connection: close"))
            assert client.read_response().all("Set-Cookie") == ["a=1", "b=2"]
