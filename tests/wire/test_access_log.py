# SPDX-License-Identifier: MIT
"""The access log: what a line holds, and that no client writes to the operator's terminal."""
import json
import os
import pty
import re
import socket
import subprocess

import pytest

import harness

ALWAYS = {"time": str, "id": str, "client": str, "method": str, "target": str, "status": int,
          "outcome": str, "bytes_in": int, "bytes_out": int, "duration_us": int}
NASTY = "\x1b[31m\x07\"\\\x7f\x80\x9b\xc3\xa4\xe2\x80\xae\t"


def log_of(folder, site, requests, settings=""):
    """The raw bytes of the log behind these requests, each on a connection of its own."""
    log = folder / "access.log"
    config = (f"workers: 1\naccess_log: {log}\n{settings}\n"
              f"routes:\n  - path: /\n    files: {{ root: {site} }}\n")
    with harness.Server(config=config) as server:
        for data in requests:
            with server.connect() as client:
                client.send(data).finish().read_to_end()
    return log.read_bytes()


REQUESTS = [
    "GET /1?a=%20b HTTP/1.1\r\nHost: a\r\n\r\n",
    "HEAD /1 HTTP/1.0\r\n\r\n",
    "GET /none HTTP/1.1\r\nHost: a\r\nReferer: http://b/\"c\r\nUser-Agent: d \\ e\r\n\r\n",
    "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    "GET /1\x1b HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab",
]


def test_a_line_is_a_json_object_with_members_of_one_type(site, tmp_path):
    lines = log_of(tmp_path, site, REQUESTS).decode("ascii").splitlines()
    records = [json.loads(line) for line in lines]
    assert len(records) == len(REQUESTS)
    for record in records:
        assert {name: type(record[name]) for name in ALWAYS} == ALWAYS
        assert list(record)[:len(ALWAYS)] == list(ALWAYS), "the order is part of reading a log"
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", record["time"])
        assert re.fullmatch(r"[0-9a-f]{16}", record["id"])
        assert record["client"] == "127.0.0.1"
        assert ("trail" in record) == (record["status"] >= 400), "trails of errors only"
        if "trail" in record:
            assert re.fullmatch(r"([a-z_]+[+-] )*[a-z_]+[+!-]", record["trail"])
        assert set(record) <= set(ALWAYS) | {"trail", "offset", "ended"}
    assert len({record["id"] for record in records}) == len(records)
    assert [(r["method"], r["target"], r["status"]) for r in records] == [
        ("GET", "/1?a=%20b", 200), ("HEAD", "/1", 200), ("GET", "/none", 404), ("POST", "/1", 405),
        ("GET", "/1\x1b", 400), ("GET", "/1", 400)]
    assert [r.get("offset") for r in records] == [None, None, None, None, 6, len(REQUESTS[5])]


def test_bytes_are_those_on_the_wire(server, journal):
    request = "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    with server.connect() as client:
        sent = client.send(request).read_to_end()
    record = journal()[0]
    assert (record["bytes_in"], record["bytes_out"]) == (len(request), len(sent))
    assert 0 <= record["duration_us"] < harness.DEADLINE * 1e6


def test_a_chunked_request_counts_all_its_bytes(server, journal):
    request = ("POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
               "3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n")
    with server.connect() as client:
        client.send(request).finish().read_to_end()
    assert journal()[0]["bytes_in"] == len(request)


def nasty_requests():
    for byte in NASTY:
        yield f"GET /{byte} HTTP/1.1\r\nHost: a\r\n\r\n"
        yield f"G{byte}T / HTTP/1.1\r\nHost: a\r\n\r\n"
    yield (f"GET /none HTTP/1.1\r\nHost: a\r\nReferer: {chr(0xe4)}\"\\\tx\r\n"
           f"User-Agent: \"{chr(0x9b)}31m \" 200 1 \"-\r\n\r\n")


@pytest.mark.parametrize("format", ["json", "combined"])
def test_nothing_of_a_client_reaches_the_log_raw(site, tmp_path, format):
    requests = list(nasty_requests())
    log = log_of(tmp_path, site, requests, f"access_log_format: {format}")
    assert log.count(b"\n") == len(requests)
    assert all(byte == 0x0a or 0x20 <= byte < 0x7f for byte in log)
    for line in log.decode("ascii").splitlines():
        if format == "json":
            json.loads(line)
        else:
            assert re.fullmatch(COMBINED, line), line


COMBINED = (r'(\S+) - - \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000)\] '
            r'"([^"]*)" (\d{3}) (\d+) "([^"]*)" "([^"]*)"')


def test_the_combined_format(site, tmp_path):
    log = log_of(tmp_path, site, REQUESTS, "access_log_format: combined").decode("ascii")
    lines = [re.fullmatch(COMBINED, line).groups() for line in log.splitlines()]
    assert [(client, line, status) for client, _, line, status, *_ in lines] == [
        ("127.0.0.1", "GET /1?a=%20b HTTP/1.1", "200"),
        ("127.0.0.1", "HEAD /1 HTTP/1.0", "200"),
        ("127.0.0.1", "GET /none HTTP/1.1", "404"),
        ("127.0.0.1", "POST /1 HTTP/1.1", "405"),
        ("127.0.0.1", r"GET /1\x1B HTTP/1.1", "400"),
        ("127.0.0.1", "GET /1 HTTP/1.1", "400")]
    assert [pair for *_, referer, agent in lines for pair in [(referer, agent)]] == [
        ("-", "-"), ("-", "-"), (r"http://b/\x22c", r"d \x5C e"), ("-", "-"), ("-", "-"),
        ("-", "-")]


@pytest.mark.parametrize("data, line, status", [
    ("GET /1 HTTP/1.3\r\nHost: a\r\n\r\n", "GET /1 HTTP/1.3", "200"),
    ("GET /1 HTTP/2.0\r\n\r\n", "GET /1 HTTP/2.0", "505"),
    ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "PRI * HTTP/2.0", "505"),
    ("GET /1\r\n\r\n", "GET /1", "400"),
    ("GET /1 HTTP/1.1\nHost: a\n\n", "GET /1 HTTP/1.1", "400"),
    ("\x16\x03\x01\x02\r\n", r"\x16\x03\x01\x02", "400"),
    ("GET /half", "GET /half", "400"),
    ("GET /1 HTTP/1.1\r\nHost: a\r\n", "GET /1 HTTP/1.1", "400"),
    ("\r\n\r\nGET / HTTP/1.1\r\n\r\n", "-", "400"),
    ("\n", "-", "400"),
])
def test_the_combined_format_has_the_request_line_as_it_came(site, tmp_path, data, line, status):
    log = log_of(tmp_path, site, [data], "access_log_format: combined").decode("ascii")
    assert re.fullmatch(COMBINED, log.rstrip("\n")).group(3, 4) == (line, status)


def test_the_combined_format_bounds_a_request_line(site, tmp_path):
    log = log_of(tmp_path, site, ["GET /" + "a" * 16384], "access_log_format: combined").decode()
    line, status = re.fullmatch(COMBINED, log.rstrip("\n")).group(3, 4)
    assert status == "414" and 8192 <= len(line) <= 8194 and line.startswith("GET /aaa")


def test_the_log_can_be_off(site):
    config = f"access_log: off\nroutes:\n  - path: /\n    files: {{ root: {site} }}\n"
    with harness.Server(config=config) as server:
        assert server.get("/1").status == 200
    assert server.records.empty()


@pytest.fixture
def stalled(site, tmp_path):
    """A server whose log is a pipe that is full, since nobody reads it; and its reading end."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    config = (f"workers: 2\naccess_log: {pipe}\n"
              f"routes:\n  - path: /\n    files: {{ root: {site} }}\n")
    request = f"GET /{'a' * 7000} HTTP/1.1\r\nHost: a\r\n\r\n"
    with harness.Server(config=config) as server:
        with server.connect() as client:
            for _ in range(800):  # more than a pipe holds and LIMIT_LOG_WAITING together
                client.send(request)
                assert client.read_response().status == 404
        yield server, reader
    os.close(reader)


def test_who_does_not_read_the_log_costs_lines_and_no_answer(stalled):
    server, reader = stalled
    assert server.get("/1").status == 200
    os.set_blocking(reader, True)
    lines = b""
    while b"/last" not in lines:
        server.get("/last")
        lines += os.read(reader, 1 << 20)
    server.wait_for_message("access-log-lines-lost")
    lost = int(next(m for m in server.messages if "lines-lost" in m).split()[2])
    records = [json.loads(line) for line in lines.splitlines(keepends=True)
               if line.endswith(b"\n")]
    long = [record for record in records if len(record["target"]) > 7000]
    assert 0 < len(long) < 800 and lost >= 800 - len(long)


def test_a_stop_does_not_wait_for_who_does_not_read_the_log(stalled):
    server, _ = stalled
    server.stop()
    server.wait_for_message("access-log-failed")


def ends_of(kind):
    """What a person or program reads, and what is written to."""
    if kind == "terminal":
        return pty.openpty()
    if kind == "socket":
        return tuple(end.detach() for end in socket.socketpair())
    return os.pipe()


@pytest.mark.parametrize("kind", ["terminal", "pipe", "socket"])
def test_standard_error_that_nobody_reads_holds_nothing_up(site, kind):
    reader, writer = ends_of(kind)
    process = subprocess.Popen([harness.CANDOR, "serve", "--listen", "127.0.0.1:0", site],
                               stderr=writer)
    os.close(writer)
    try:
        told = b""
        while not (ready := re.search(rb"listening on http://127.0.0.1:(\d+)/\r?\n", told)):
            told += os.read(reader, 1024)
        with harness.Client(int(ready[1])) as client:
            for _ in range(100):  # the access log goes there as well
                client.send(f"GET /{'a' * 7000} HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert client.read_response().status == 404
        process.terminate()
        assert process.wait(harness.DEADLINE) == 0
    finally:
        process.kill()
        process.wait()
        os.close(reader)
