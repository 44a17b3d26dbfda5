# SPDX-License-Identifier: MIT
"""Signals: a graceful stop loses no answer (RFC 9112 §9.6), a second one ends at once, and SIGUSR1
reopens the access log."""
import json
import os
import select
import signal
import socket
import time

import pytest

import harness

GET = "GET /%s HTTP/1.1\r\nHost: a\r\n\r\n"
LARGE = 16 << 20


def slow_client(server, behind=""):
    """A client of a response that is under way and cannot be finished without it."""
    client = harness.Client.__new__(harness.Client)
    client.socket = socket.socket()
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    client.socket.settimeout(harness.DEADLINE)
    client.socket.connect(("127.0.0.1", server.port))
    client.buffer = b""
    client.send(GET % "large" + behind)
    client.buffer += client.socket.recv(1)
    return client


def ask(server, target):
    """A request that is over and logged, as is all that was seen of others before."""
    with server.connect() as client:
        head = f"GET /{target} HTTP/1.0\r\n\r\n"
        assert client.send(head).read_to_end().startswith(b"HTTP/1.1 200")


def is_large(response):
    return response.complete and response.body == bytes(range(256)) * (LARGE // 256)


@pytest.fixture
def started(site):
    """A server of one worker that the test itself ends."""
    config = f"workers: 1\nroutes:\n  - path: /\n    files: {{ root: {site} }}\n"
    server = harness.Server(config=config)
    yield server
    if server.process.poll() is None:
        server.process.kill()
        server.wait()
    server.folder.cleanup()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_finishes_what_runs_and_closes_what_is_idle(started, number):
    with started.connect() as fresh, slow_client(started) as busy, started.connect() as kept, \
            started.connect() as empty:
        assert kept.send(GET % 1).read_response().status == 200
        assert empty.send(GET % 1 + "\r\n").read_response().status == 200  # an empty line behind
        started.signal(number)
        assert kept.is_closed() and fresh.is_closed() and empty.is_closed()
        with pytest.raises(ConnectionRefusedError):
            started.connect()
        assert started.process.poll() is None, "the large response is still to be sent"
        assert is_large(busy.read_response())
        assert busy.is_closed()
    assert started.wait() == 0
    records = [started.next_record() for _ in range(3)]
    assert [(r["target"], r["outcome"], "ended" in r) for r in records] == [
        ("/1", "ok", False), ("/1", "ok", False), ("/large", "ok", False)]


def test_every_worker_finishes_what_it_runs(site):
    config = f"workers: 3\nroutes:\n  - path: /\n    files: {{ root: {site} }}\n"
    with harness.Server(config=config) as server:
        clients = [slow_client(server) for _ in range(6)]
        server.signal(signal.SIGTERM)
        for client in clients:
            with client:
                assert is_large(client.read_response())
                assert client.is_closed()
        assert server.wait() == 0
        records = [server.next_record() for _ in clients]
    assert [r["outcome"] for r in records if "ended" not in r] == ["ok"] * 6


@pytest.mark.parametrize("early", [True, False])
def test_requests_behind_the_running_one_do_not_lose_its_response(started, early):
    """The client could not know of the stop. What it sent must not turn into a reset."""
    behind = (GET % 1) * 100
    with started.connect() as idle, slow_client(started, behind if early else "") as busy:
        started.signal(signal.SIGTERM)
        assert idle.is_closed()
        if not early:
            busy.send(behind)
        assert is_large(busy.read_response())
        if early:  # the next one had arrived: it is told of the close, and those behind it are not
            response = busy.read_response()
            assert (response.body, response["Connection"]) == (b"this is 1\n", "close")
        assert busy.is_closed()
    assert started.wait() == 0


def test_a_head_that_has_begun_is_answered_with_a_close(started):
    request = GET % 2
    with started.connect() as begun, started.connect() as idle:
        begun.send(GET % 1 + request[:10])
        assert begun.read_response().status == 200
        ask(started, 3)
        started.signal(signal.SIGTERM)
        assert idle.is_closed()
        begun.send(request[10:])
        response = begun.read_response()
        assert (response.body, response["Connection"]) == (b"this is 2\n", "close")
        begun.finish()
        assert begun.is_closed()
    assert started.wait() == 0


@pytest.mark.parametrize("request_, target", [(GET % "large", "/large"), ("GET /1 HTTP", None)])
def test_a_stop_ends_in_bounded_time(site, request_, target):
    """Who takes nothing, or says nothing more, cannot hold it."""
    config = (f"workers: 1\nlimits: {{ stop_timeout: 100ms }}\n"
              f"routes:\n  - path: /\n    files: {{ root: {site} }}\n")
    with harness.Server(config=config) as server, server.connect() as client:
        client.send(GET % 2 + request_)
        assert client.read_response().status == 200
        if target:
            client.buffer += client.socket.recv(1)
        ask(server, 3)
        server.signal(signal.SIGTERM)
        assert server.wait() == 0
        records = [server.next_record() for _ in range(3)]
    assert [r["target"] for r in records[:2]] == ["/2", "/3"]
    if target:
        assert (records[2]["target"], records[2]["ended"]) == (target, "send-timeout")
    else:
        assert records[2]["outcome"] == "header-timeout"


def test_a_second_signal_ends_at_once(started):
    with started.connect() as idle, slow_client(started) as busy:
        started.signal(signal.SIGTERM)
        assert idle.is_closed()
        started.signal(signal.SIGTERM)
        assert started.wait() == 1
        assert any("ended at once by a second signal" in m for m in started.messages)
        try:
            assert not busy.read_response().complete
        except ConnectionResetError:
            pass  # as visibly broken


def wait_until(condition):
    deadline = time.monotonic() + harness.DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        select.select([], [], [], 0.005)


def targets(path):
    return [json.loads(line)["target"] for line in path.read_text().splitlines()]


def test_sigusr1_reopens_the_log(site, tmp_path):
    log, old = tmp_path / "access.log", tmp_path / "access.log.1"
    config = (f"workers: 1\naccess_log: {log}\n"
              f"routes:\n  - path: /\n    files: {{ root: {site} }}\n")
    with harness.Server(config=config) as server:
        ask(server, 1)
        os.rename(log, old)
        ask(server, 2)  # still to the file that was open
        server.signal(signal.SIGUSR1)
        wait_until(log.exists)
        ask(server, 3)
    assert (targets(old), targets(log)) == (["/1", "/2"], ["/3"])
    assert log.stat().st_mode & 0o007 == 0, "a log is nothing for everybody"


def test_sigusr1_without_a_place_for_the_new_log_keeps_the_old_one(site, tmp_path):
    folder = tmp_path / "logs"
    folder.mkdir()
    config = (f"workers: 1\naccess_log: {folder}/access.log\n"
              f"routes:\n  - path: /\n    files: {{ root: {site} }}\n")
    with harness.Server(config=config) as server:
        folder.rename(tmp_path / "moved")
        server.signal(signal.SIGUSR1)
        server.wait_for_message("access-log-not-reopened")
        ask(server, 1)
    assert targets(tmp_path / "moved" / "access.log") == ["/1"]


def test_many_sigusr1_at_once_do_no_harm(started):
    with started.connect() as client:
        for _ in range(200):
            for _ in range(10):
                started.signal(signal.SIGUSR1)
            assert client.send(GET % 1).read_response().status == 200
    started.stop()
