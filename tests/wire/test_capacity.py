# SPDX-License-Identifier: MIT
"""The limits of connections and of open files (RFC 9110 §15.6.4), and ten thousand at once."""
import contextlib
import resource
import socket

import pytest

import harness

GET = "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n"
OPEN_FILES = 40
OPEN_FILES_OF_MANY = 200
MANY = 10_000


def test_a_connection_beyond_the_limit_is_told_so(serve, journal):
    server = serve("limits: { connections: 2 }")
    with server.connect() as first, server.connect() as second:
        for client in (first, second):
            assert client.send(GET % 1).read_response().status == 200
        with server.connect() as third:
            third.send(GET % 1 + GET % 2)
            response = third.read_response()
            assert (response.status, response.outcome) == (503, "overloaded")
            assert int(response["Retry-After"]) > 0
            assert response["Cache-Control"] == "no-store"
            assert response["Connection"] == "close"
            assert third.is_closed()
        assert first.send(GET % 2).read_response().body == b"this is 2\n"
        first.finish()
        assert first.is_closed()
        with server.connect() as fourth:
            assert fourth.send(GET % 3).read_response().status == 200
    outcomes = [r["outcome"] for r in journal(server)]
    assert outcomes == ["ok", "ok", "overloaded", "ok", "ok"]


def limit_open_files(most):
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def test_idle_connections_leave_descriptors_for_files(serve, site, journal):
    """However many connect, whoever is connected gets files that nobody has asked for before."""
    for i in range(300):
        (site / f"fresh-{i}").write_text("never asked for before")
    server = serve(before=lambda: limit_open_files(OPEN_FILES_OF_MANY))
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(server.connect())
        for _ in range(OPEN_FILES_OF_MANY):
            stack.enter_context(server.connect())
        for i in range(300):
            response = first.send(f"GET /fresh-{i} HTTP/1.1\r\nHost: a\r\n\r\n").read_response()
            assert (response.status, response.body) == (200, b"never asked for before")
    assert {r["outcome"] for r in journal(server)} == {"ok"}


def test_what_was_asked_for_is_bounded_by_the_open_files_and_that_is_told(serve):
    server = serve("limits: { connections: 60000 }",
                   before=lambda: limit_open_files(OPEN_FILES_OF_MANY))
    server.wait_for_message("connections, not 60000, as only 200 files may be open")


def test_a_file_that_cannot_be_opened_for_want_of_descriptors_is_503(serve, site, journal):
    for i in range(500):
        (site / f"fresh-{i}").write_text("never asked for before")
    server = serve()
    # What it was promised at the start is taken away.
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(server.connect())
        for _ in range(OPEN_FILES):
            stack.enter_context(server.connect())
        for i in range(500):  # while the server still accepts the others
            response = first.send(f"GET /fresh-{i} HTTP/1.1\r\nHost: a\r\n\r\n").read_response()
            if response.status != 200:
                break
        assert (response.status, response.outcome) == (503, "resources-exhausted")
        assert int(response["Retry-After"]) > 0
        assert response["Cache-Control"] == "no-store"
        assert response["Connection"] is None
        server.wait_for_message("no file descriptor is left")
    with server.connect() as client:  # accepted as soon as there is room again
        assert client.send(GET % 1).read_response().status == 200
    assert "resources-exhausted" in [r["outcome"] for r in journal(server)]


def answer_of(connection):
    data = b""
    while not data.endswith(b"this is 1\n"):
        piece = connection.recv(4096)
        assert piece, "closed"
        data += piece


def test_ten_thousand_connections_are_held_at_once(serve):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < MANY + 100:
        pytest.skip(f"only {hard} files may be open here")
    if "test" in harness.CANDOR.parent.name:
        pytest.skip("memory of the sanitizers is not what is measured")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    server = serve("access_log: off")
    connections = []
    request = (GET % 1).encode()
    try:
        for i in range(MANY):
            connection = socket.socket()
            connections.append(connection)
            connection.settimeout(harness.DEADLINE)
            connection.bind((f"127.0.0.{2 + i % 8}", 0))
            connection.connect(("127.0.0.1", server.port))
            connection.sendall(request)
            answer_of(connection)
        for connection in connections:
            connection.sendall(request)
        for connection in connections:
            answer_of(connection)
    finally:
        for connection in connections:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
