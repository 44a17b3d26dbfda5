# SPDX-License-Identifier: MIT
"""Nothing malformed is passed on: of a request that breaks a rule, sent at once, not one byte
arrives at the upstream, as what comes with the head is looked at before anything is sent."""
import importlib.util

import pytest

import harness
from site_of_gateway import answer, request


def rows_of_the_wire():
    path = harness.ROOT / "tests/wire/test_violations.py"
    spec = importlib.util.spec_from_file_location("violations_of_the_wire", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.ROWS


@pytest.mark.parametrize("outcome, text", rows_of_the_wire())
def test_not_a_byte_of_a_malformed_request_arrives(server, upstream, outcome, text):
    with server.connect() as client:
        client.send(text.replace("^", "", 1))
        client.finish()
        answered = client.read_response()
        assert answered.status >= 400
    assert upstream.is_unasked(), outcome


KNOWN = {
    "CL.TE": "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
    "TE.CL": "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5c\r\nGPOST / HTTP/1.1\r\n",
    "TE.TE": "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
    "TE space": "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "TE tab": "Transfer-Encoding:\tchunked\x0b\r\n\r\n0\r\n\r\n",
    "TE folded": "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "TE identity": "Transfer-Encoding: identity\r\nContent-Length: 1\r\n\r\nx",
    "CL plus": "Content-Length: +1\r\n\r\nx",
    "CL twice": "Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
    "CL list": "Content-Length: 1, 2\r\n\r\nxx",
    "chunk size sign": "Transfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n",
    "chunk size 0x": "Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n",
    "chunk bare LF": "Transfer-Encoding: chunked\r\n\r\n1\nx\n0\n\n",
    "chunk extension LF": "Transfer-Encoding: chunked\r\n\r\n1;a\nb\r\nx\r\n0\r\n\r\n",
    "chunk not ended": "Transfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n",
    "bare CR": "X: a\rb\r\n\r\n",
    "NUL": "X: a\0b\r\n\r\n",
}


@pytest.mark.parametrize("rest", KNOWN.values(), ids=KNOWN)
def test_known_payloads_do_not_arrive(server, upstream, rest):
    with server.connect() as client:
        client.send("POST / HTTP/1.1\r\nHost: a\r\n" + rest)
        client.finish()
        answered = client.read_response()
        assert answered.status >= 400
    assert upstream.is_unasked()


def test_what_is_behind_a_request_is_another_request(server, upstream):
    """Two in one packet arrive as two, each written anew."""
    with server.connect() as client:
        client.send(request("POST", "/1", "Content-Length: 3") + b"abc" + request("GET", "/2"))
        with upstream.accept() as peer:
            assert peer.read().content == b"abc"
            peer.send(answer(b"1"))
            assert client.read_response().body == b"1"
            assert peer.read().target == "/2"
            peer.send(answer(b"2"))
            assert client.read_response().body == b"2"


def test_an_answer_never_answers_another_request(server, upstream):
    """What an upstream sends beyond its answer is dropped with its connection."""
    with server.connect() as client:
        client.send(request("GET", "/1"))
        with upstream.accept() as peer:
            peer.read()
            peer.send(answer(b"1") + answer(b"stray"))
            assert client.read_response().body == b"1"
            client.send(request("GET", "/2"))
            with upstream.accept() as other:
                assert other.read().target == "/2"
                other.send(answer(b"2", "Connection: close"))
                assert client.read_response().body == b"2"
            assert peer.is_closed()
