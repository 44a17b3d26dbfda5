# SPDX-License-Identifier: MIT
"""Changes of the protocol: RFC 9110 section 7.8."""
import signal
import socket
import threading

import pytest

from site_of_gateway import Upstream, answer, gateway, record_of, request

UPGRADE = ("Connection: Upgrade", "Upgrade: chat")
CHANGED = (b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat\r\n"
           b"X-Theirs: 1\r\n\r\n")


def tunnel(client, upstream, target="/tunnel"):
    client.send(request("GET", target, *UPGRADE))
    peer = upstream.accept()
    sent = peer.read()
    assert (sent["Upgrade"], sent["Connection"]) == ("chat", "upgrade")
    peer.send(CHANGED)
    changed = client.read_response()
    assert (changed.status, changed["Upgrade"], changed["X-Theirs"]) == (101, "chat", "1")
    assert changed["Connection"].lower() == "upgrade"
    return peer


def receive(end, count):
    data = b""
    while len(data) < count:
        data += end.socket.recv(count - len(data))
    return data


def test_bytes_flow_both_ways_until_both_have_ended(server, upstream):
    with server.connect() as client, tunnel(client, upstream) as peer:
        client.send(b"hello")
        assert receive(peer, 5) == b"hello"
        peer.send(b"world")
        assert receive(client, 5) == b"world"
        client.finish()
        assert peer.is_closed()
        peer.send(b"still")
        assert receive(client, 5) == b"still"
        peer.close()
        assert client.is_closed()
    record = record_of(server, "/tunnel")
    assert (record["outcome"], record["status"]) == ("tunnelled", 101)
    assert record["origin"] == "upstream"


def test_bytes_that_come_with_the_answer_are_not_lost(server, upstream):
    with server.connect() as client:
        client.send(request("GET", "/beside", *UPGRADE))
        with upstream.accept() as peer:
            peer.read()
            peer.send(CHANGED + b"first")
            assert client.read_response().status == 101
            while len(client.buffer) < 5:
                client._more()
            assert client.buffer == b"first"


def test_an_idle_tunnel_ends():
    with Upstream() as upstream, gateway(upstream, keys="idle_timeout: 100ms") as server:
        with server.connect() as client, tunnel(client, upstream) as peer:
            with pytest.raises(ConnectionResetError):  # it is no end that either side has made
                client.is_closed()
            assert peer.is_closed()


def test_who_declines_answers_as_usual(server, upstream):
    with server.connect() as client:
        client.send(request("GET", "/no", *UPGRADE))
        with upstream.accept() as peer:
            peer.read()
            peer.send(answer(b"no", "Connection: close"))
            assert client.read_response().body == b"no"


def test_another_protocol_than_was_asked_for(server, upstream):
    with server.connect() as client:
        client.send(request("GET", "/other", *UPGRADE))
        with upstream.accept() as peer:
            peer.read()
            peer.send(CHANGED.replace(b"chat", b"else"))
            assert client.read_response().outcome == "upstream-upgrade-failed"


def test_h2c_is_taken_out(server, upstream):
    with server.connect() as client:
        client.send(request("GET", "/h2c", "Connection: Upgrade, HTTP2-Settings",
                            "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"))
        with upstream.accept() as peer:
            sent = peer.read()
            assert (sent["Upgrade"], sent["Connection"], sent["HTTP2-Settings"]) == (None, None,
                                                                                    None)
            peer.send(answer(b"", "Connection: close"))
            client.read_response()
    with server.connect() as client:
        client.send(request("GET", "/both", "Connection: Upgrade", "Upgrade: h2c, chat"))
        with upstream.accept() as peer:
            assert peer.read()["Upgrade"] == "chat"
            peer.send(answer(b"", "Connection: close"))
            client.read_response()


def test_an_upgrade_with_content_is_refused(server, upstream):
    with server.connect() as client:
        client.send(request("POST", "/content", *UPGRADE, "Content-Length: 1") + b"x")
        assert client.read_response().outcome == "upgrade-with-content"
    assert upstream.is_unasked()


def test_an_upgrade_that_connection_does_not_name_is_none(server, upstream):
    with server.connect() as client:
        client.send(request("GET", "/unnamed", "Upgrade: chat"))
        with upstream.accept() as peer:
            assert peer.read()["Upgrade"] is None
            peer.send(answer(b"", "Connection: close"))
            client.read_response()


def test_the_log_counts_what_passed(server, upstream):
    with server.connect() as client, tunnel(client, upstream, "/counted") as peer:
        head = len(request("GET", "/counted", *UPGRADE))
        for size in (1, 5000, 100000):
            client.send(size * b"a")
            assert receive(peer, size) == size * b"a"
            peer.send(2 * size * b"b")
            assert receive(client, 2 * size) == 2 * size * b"b"
        peer.close()
        assert client.is_closed()
        client.close()
    record = record_of(server, "/counted")
    assert record["bytes_in"] == head + 105001
    assert 210002 < record["bytes_out"] < 210002 + 1000
    attempt, = record["attempts"]
    assert 105001 < attempt["bytes_sent"] < 105001 + 1000
    assert record["method"] == "GET" and "ended" not in record and "cause" not in attempt


def test_both_sides_send_much_at_once(server, upstream):
    size = 8 << 20
    with server.connect() as client, tunnel(client, upstream) as peer:
        sent = [bytes(range(251)) * (size // 251), bytes(range(241)) * (size // 241)]
        threads = [threading.Thread(target=end.socket.sendall, args=(data,))
                   for end, data in zip((client, peer), sent)]
        for thread in threads:
            thread.start()
        # One after the other: each direction waits for its reader, and holds the other not up.
        assert receive(client, len(sent[1])) == sent[1]
        assert receive(peer, len(sent[0])) == sent[0]
        for thread in threads:
            thread.join()


def test_an_upstream_that_resets_breaks_the_tunnel(server, upstream):
    with server.connect() as client, tunnel(client, upstream, "/broken") as peer:
        client.send(b"hello")
        assert receive(peer, 5) == b"hello"
        peer.reset()
        with pytest.raises(ConnectionResetError):
            client.is_closed()
    record = record_of(server, "/broken")
    assert (record["outcome"], record["ended"]) == ("tunnelled", "body-failed")
    attempt, = record["attempts"]
    assert (attempt["cause"], attempt["phase"]) == ("upstream-incomplete", "body")
    assert "reset" in attempt["error"]


def test_an_upstream_that_ends_first_is_sent_the_rest(server, upstream):
    with server.connect() as client, tunnel(client, upstream) as peer:
        peer.socket.shutdown(socket.SHUT_WR)
        assert client.is_closed()
        client.send(b"the rest")
        assert receive(peer, 8) == b"the rest"
        client.finish()
        assert peer.is_closed()


def test_a_client_that_does_not_end_its_side_is_not_waited_for_long():
    limits = "limits: { linger_timeout: 1s }\n"
    with Upstream() as upstream, gateway(upstream, top=limits) as server:
        with server.connect() as client, tunnel(client, upstream, "/lingers") as peer:
            peer.socket.shutdown(socket.SHUT_WR)
            assert client.is_closed()
            assert peer.is_closed()
        assert "ended" not in record_of(server, "/lingers")


@pytest.mark.parametrize("stuck", ["client", "upstream"])
def test_an_end_that_takes_nothing_is_given_up(stuck):
    with Upstream() as upstream, gateway(upstream, keys="idle_timeout: 1s",
                                         top="limits: { send_timeout: 1s }\n") as server:
        with server.connect() as client, tunnel(client, upstream, "/stuck") as peer:
            sender = peer if stuck == "client" else client
            with pytest.raises((ConnectionResetError, BrokenPipeError)):
                while True:
                    sender.socket.sendall(bytes(1 << 16))
        record = record_of(server, "/stuck")
        cause = record["attempts"][0].get("cause")
        assert (record["ended"], cause) == (("send-timeout", None) if stuck == "client" else
                                            ("body-failed", "upstream-send-timeout"))


def test_a_client_that_resets_while_the_upstream_takes_nothing():
    with Upstream() as upstream, gateway(upstream) as server:
        client = server.connect()
        with tunnel(client, upstream, "/gone") as peer:
            client.socket.setblocking(False)
            taken = -1
            while taken:  # until neither the system nor the gateway takes more
                taken = 0
                try:
                    taken = client.socket.send(bytes(1 << 20))
                except BlockingIOError:
                    pass
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.close()
            assert record_of(server, "/gone")["ended"] == "client-gone"
            while peer._more():
                peer.buffer = b""


def test_a_stop_ends_tunnels_in_order(upstream):
    with gateway(upstream) as server:
        with server.connect() as client, tunnel(client, upstream) as peer:
            client.send(b"hello")
            assert receive(peer, 5) == b"hello"
            server.signal(signal.SIGTERM)
            assert peer.is_closed()
            peer.send(b"goodbye")
            assert receive(client, 7) == b"goodbye"
            peer.close()
            assert client.is_closed()
            client.close()
            assert server.wait() == 0


def test_a_stop_does_not_wait_for_ever(upstream):
    with gateway(upstream, top="limits: { stop_timeout: 1s }\n") as server:
        with server.connect() as client, tunnel(client, upstream, "/stays") as peer:
            server.signal(signal.SIGTERM)
            assert peer.is_closed()
            assert server.wait() == 0
            assert record_of(server, "/stays")["ended"] == "send-timeout"


@pytest.mark.parametrize("wanted,told", [("h2c, chat, websocket", ["chat", "websocket"]),
                                         ("h2c", [])])
def test_what_a_426_wants_is_told(server, upstream, wanted, told):
    """RFC 9110 section 15.5.22: it must be there, though it is of one connection."""
    with server.connect() as client:
        client.send(request("GET", "/wants"))
        with upstream.accept() as peer:
            peer.read()
            peer.send(answer(b"", f"Upgrade: {wanted}", "Connection: upgrade", "X-A: b",
                             status="426 Upgrade Required"))
            answered = client.read_response()
    assert (answered.status, answered.all("Upgrade")) == (426, told)
    assert answered.all("Connection") == (["upgrade"] if told else [])


def test_a_client_that_resets_ends_the_tunnel(server, upstream):
    client = server.connect()
    with tunnel(client, upstream, "/reset") as peer:
        client.socket.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER: the close is a reset
        client.close()
        assert peer.is_closed()
    assert record_of(server, "/reset")["ended"] == "client-gone"


def test_a_stop_ends_tunnels_in_order():
    with Upstream() as upstream, gateway(upstream) as server:
        with server.connect() as client, tunnel(client, upstream) as peer:
            server.signal(signal.SIGTERM)
            assert peer.is_closed()
            peer.send(b"last words")
            peer.close()
            assert receive(client, 10) == b"last words"
            assert client.is_closed()
            client.close()
            assert server.wait() == 0


def test_a_stop_waits_for_an_answer():
    with Upstream() as upstream, gateway(upstream) as server, server.connect() as client:
        client.send(request("GET", "/late"))
        with upstream.accept() as peer:
            peer.read()
            server.signal(signal.SIGTERM)
            peer.send(answer(b"late"))
            assert client.read_response().body == b"late"
            assert server.wait() == 0


def test_connect_stays_refused(server, upstream):
    with server.connect() as client:
        client.send(b"CONNECT example:443 HTTP/1.1\r\nHost: example:443\r\n\r\n")
        assert client.read_response().status in (400, 403, 405, 501)
    assert upstream.is_unasked()
