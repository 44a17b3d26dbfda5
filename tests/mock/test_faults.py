# SPDX-License-Identifier: MIT
"""Each fault of wire/fault.def does on the wire what it says, and the log tells it as wanted."""
import re
import time

import pytest

from harness import ROOT, Server


TABLE = (ROOT / "src/wire/fault.def").read_text()
NAMES = re.findall(r'^FAULT\(\w+, "([a-z0-9-]+)"', TABLE, re.MULTILINE)
REQUEST = "GET {} HTTP/1.1\r\nHost: a\r\n\r\n"


def talk(server, target, half_close=False):
    """All bytes that come, and how the connection ended: "closed" or "reset"."""
    with server.connect() as client:
        client.send(REQUEST.format(target))
        if half_close:
            client.finish()
        data = b""
        try:
            while piece := client.socket.recv(65536):
                data += piece
        except ConnectionResetError:
            return data, "reset"
        return data, "closed"


def record_of(server, target):
    while True:
        record = server.next_record()
        if record["target"] == target:
            return record


def told_as_fault(server, target):
    record = record_of(server, target)
    assert (record["outcome"], record.get("ended")) == ("mocked", "fault"), record
    return record


def split(data):
    head, _, body = data.partition(b"\r\n\r\n")
    return head.decode() + "\r\n", body


@pytest.mark.parametrize("how,end", [("fault=close", "closed"), ("close=before", "closed"),
                                     ("fault=reset", "reset"), ("close=reset", "reset")])
def test_before_the_head(mock, how, end):
    assert talk(mock, f"/status/200?{how}") == (b"", end)
    assert told_as_fault(mock, f"/status/200?{how}")["bytes_out"] == 0


@pytest.mark.parametrize("how,end", [("fault=head-close", "closed"), ("close=head", "closed"),
                                     ("fault=head-reset", "reset")])
def test_within_the_head(mock, how, end):
    data, ended = talk(mock, f"/status/200?{how}")
    assert ended == end
    assert data.startswith(b"HTTP/1.1 200 OK\r\n") and b"\r\n\r\n" not in data
    told_as_fault(mock, f"/status/200?{how}")
    data, ended = talk(mock, f"/status/200?{how}&at=5")
    assert (data, ended) == (b"HTTP/", end)


@pytest.mark.parametrize("fault,end", [("body-close", "closed"), ("body-reset", "reset")])
def test_within_the_body(mock, fault, end):
    data, ended = talk(mock, f"/bytes/1000?fault={fault}")
    head, body = split(data)
    assert "Content-Length: 1000\r\n" in head and "Connection:" not in head
    assert (len(body), ended) == (500, end)
    told_as_fault(mock, f"/bytes/1000?fault={fault}")
    for at, sent in ((0, 0), (100, 100), (999, 999), (5000, 999)):
        data, ended = talk(mock, f"/bytes/1000?fault={fault}&at={at}")
        assert (len(split(data)[1]), ended) == (sent, end)
    data, ended = talk(mock, f"/bytes/1000?chunked=1&fault={fault}&at=10")
    head, body = split(data)
    assert body.startswith(b"3e8\r\n") and len(body) == 5 + 10 and ended == end


def test_a_large_body_breaks_where_it_is_to(mock):
    data, ended = talk(mock, "/bytes/10M?fault=body-reset&at=8M")
    assert (len(split(data)[1]), ended) == (8 << 20, "reset")


def test_behind_the_response_that_did_not_say_so(mock):
    for how in ("fault=after-close", "close=after"):
        data, ended = talk(mock, f"/bytes/10?{how}")
        head, body = split(data)
        assert (len(body), ended) == (10, "closed")
        assert "Connection" not in head
        told_as_fault(mock, f"/bytes/10?{how}")


@pytest.mark.parametrize("target,before", [("/bytes/10?fault=silence", 0),
                                           ("/bytes/10?fault=body-silence&at=4", 4)])
def test_silence_lasts_until_the_client_leaves(mock, target, before):
    with mock.connect() as client:
        client.send(REQUEST.format(target))
        data = b""
        while before and (b"\r\n\r\n" not in data or len(split(data)[1]) < before):
            data += client.socket.recv(4096)
        client.socket.settimeout(0.5)  # nothing is to come: what comes later is not seen
        with pytest.raises(TimeoutError):
            client.socket.recv(1)
    told_as_fault(mock, target)


def test_silence_ends_with_a_half_closed_client(mock):
    assert talk(mock, "/bytes/1?fault=silence&at=0", half_close=True)[0] == b""
    told_as_fault(mock, "/bytes/1?fault=silence&at=0")


def arrivals(server, target, until):
    """What comes, with the time at which each part came."""
    with server.connect() as client:
        client.send(REQUEST.format(target))
        parts, data = [], b""
        while not until(data):
            piece = client.socket.recv(4096)
            data += piece
            parts.append((time.monotonic(), len(piece)))
        return data, parts


def test_a_body_trickles(mock):
    target = "/bytes/8?fault=body-trickle&at=3"
    data, parts = arrivals(mock, target, lambda data: b"\r\n\r\n" in data and
                           len(split(data)[1]) == 8)
    assert "Content-Length: 8" in split(data)[0]
    assert [size for _, size in parts[-4:]] == [1] * 4
    assert parts[-1][0] - parts[-5][0] > 0.3
    told_as_fault(mock, target)


def test_a_head_trickles_and_the_connection_is_kept(mock):
    target = "/bytes/8?fault=head-trickle&at=120"
    with mock.connect() as client:
        client.send(REQUEST.format(target) + REQUEST.format("/bytes/9"))
        assert len(client.read_response().body) == 8
        assert len(client.read_response().body) == 9
    assert told_as_fault(mock, target)["duration_us"] > 200_000


def test_a_giant_head(mock):
    data, ended = talk(mock, "/bytes/5?fault=head-giant")
    head, body = split(data)
    assert re.search(r"\r\nGiant: x{1048576}\r\n$", head) and len(body) == 5 and ended == "closed"


def test_no_http_at_all(mock):
    data, ended = talk(mock, "/bytes/5?fault=head-garbage")
    assert not data.startswith(b"HTTP") and data and ended == "closed"


def test_bare_line_feeds(mock):
    data, _ = talk(mock, "/bytes/5?fault=bare-lf&text=hello")
    assert data.startswith(b"HTTP/1.1 200 OK\n") and data.endswith(b"\n\nhello")
    assert b"\r" not in data


def test_both_lengths(mock):
    for target in ("/bytes/5?fault=both-lengths", "/stream/1?fault=both-lengths"):
        head, body = split(talk(mock, target)[0])
        assert "Transfer-Encoding: chunked\r\n" in head and "Content-Length: " in head
        assert body.endswith(b"0\r\n\r\n")


def test_two_lengths_that_differ(mock):
    for target in ("/bytes/5?fault=two-lengths", "/stream/1?fault=two-lengths"):
        head, _ = split(talk(mock, target)[0])
        lengths = re.findall(r"Content-Length: (\d+)\r\n", head)
        assert len(set(lengths)) == 2 and "Transfer-Encoding" not in head


def test_a_wrong_101(mock):
    data, ended = talk(mock, "/bytes/5?fault=wrong-101")
    assert data.startswith(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: ") and ended == "closed"


def test_short_and_long_bodies(mock):
    head, body = split(talk(mock, "/bytes/5?fault=body-short")[0])
    assert "Content-Length: 5\r\n" in head and len(body) == 4
    head, body = split(talk(mock, "/bytes/5?fault=body-long")[0])
    assert "Content-Length: 5\r\n" in head and len(body) > 5
    _, body = split(talk(mock, "/bytes/5?chunked=1&fault=body-long")[0])
    assert re.search(rb"\r\n0\r\n\r\n.", body)
    _, body = split(talk(mock, "/stream/2?fault=body-short")[0])
    assert body and not body.endswith(b"0\r\n\r\n")


def test_bad_and_missing_chunks(mock):
    head, body = split(talk(mock, "/bytes/50?fault=chunk-bad&at=10")[0])
    assert "Transfer-Encoding: chunked" in head and "Content-Length" not in head
    assert body.startswith(b"a\r\n") and body.endswith(b"\r\nno number\r\n") and len(body) == 26
    _, body = split(talk(mock, "/bytes/50?fault=chunk-bad&at=0")[0])
    assert body == b"no number\r\n"
    for target in ("/bytes/50?fault=chunk-cut", "/stream/3?fault=chunk-cut"):
        head, body = split(talk(mock, target)[0])
        assert "Transfer-Encoding: chunked" in head
        assert body.endswith(b"\r\n") and not body.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("target", ["/status/204", "/bytes/0", "/status/304", "/range/10"])
def test_every_fault_ends_whatever_it_is_laid_on(mock, name, target):
    """A response without a body, and HEAD, and HTTP/1.0."""
    for line in (f"HEAD {target}?fault={name} HTTP/1.1",
                 f"GET {target}?fault={name}&at=9 HTTP/1.0"):
        with mock.connect() as client:
            client.send(f"{line}\r\nHost: a\r\nConnection: close\r\n\r\n")
            if "silence" in name:
                client.finish()
            try:
                while client.socket.recv(65536):
                    if name == "head-trickle":
                        break
            except ConnectionResetError:
                assert "reset" in name
    assert mock.get("/bytes/3").status == 200


@pytest.mark.parametrize("fault,end", [("close", "closed"), ("body-close", "closed"),
                                       ("body-trickle", "closed"), ("reset", "reset")])
def test_content_that_has_not_come_does_not_delay_a_fault(mock, fault, end):
    with mock.connect() as client:
        client.send(f"POST /bytes/4?fault={fault} HTTP/1.1\r\nHost: a\r\n"
                    "Content-Length: 10\r\n\r\n12345")
        try:
            while client.socket.recv(4096):
                pass
            ended = "closed"
        except ConnectionResetError:
            ended = "reset"
        assert ended == end
    told_as_fault(mock, f"/bytes/4?fault={fault}")


SILENT = """\
workers: 1
limits: { stop_timeout: 5s }
routes: [{ path: /, mock: {} }]
"""


def test_a_stop_ends_silence():
    with Server(config=SILENT) as server, server.connect() as client:
        client.send(REQUEST.format("/bytes/1?fault=body-silence&body=10"))
        assert b"HTTP/1.1 200" in client.socket.recv(4096)
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() - begun < 4  # and not stop_timeout
