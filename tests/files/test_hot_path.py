# SPDX-License-Identifier: MIT
"""What a request of a cached file costs: one receive, one send, no look at files."""
import collections
import re
import shutil

import pytest

from site_of_files import config, put, Server
from tracing import Trace

REQUESTS = 100
FILES = {"openat2", "openat", "open", "stat", "fstat", "newfstatat", "statx", "read", "pread64",
         "sendfile", "lseek", "access", "readlink", "getdents64"}
OTHER = 20  # the log's thread is woken a few times a second


def calls_in(trace, output, method):
    """Ends the trace; how often each system call of the worker ended, from the first request on
    (before it the server may still have been at the end of the one that came before the trace).
    What the log's thread does depends on how long the requests take together."""
    trace.end()
    text = output.read_text()
    text = text[text.rfind("\n", 0, text.index(f'"{method} ')) + 1:]
    calls = collections.defaultdict(collections.Counter)
    for thread, resumed, name in re.findall(
            r"^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\().*(?<!<unfinished \.\.\.>)$", text,
            re.MULTILINE):
        calls[thread][resumed or name] += 1
    return max(calls.values(), key=lambda of_thread: of_thread["recvfrom"])


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("hot")
    put(root, "1k.txt", b"x" * 1024)
    put(root, "1k.txt.gz", b"z" * 512)
    with Server(root, config="workers: 1\n" + config()) as server:
        yield server


HEAD = "Host: a\r\n\r\n"
REQUEST = {
    "1 KiB": "GET /1k.txt HTTP/1.1\r\n" + HEAD,
    "head": "HEAD /1k.txt HTTP/1.1\r\n" + HEAD,
    "coded": "GET /1k.txt HTTP/1.1\r\nAccept-Encoding: gzip\r\n" + HEAD,
    "range": "GET /1k.txt HTTP/1.1\r\nRange: bytes=0-9\r\n" + HEAD,
    "absent": "GET /missing HTTP/1.1\r\n" + HEAD,
}


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("kind", REQUEST)
def test_cached_file_costs_one_receive_and_one_send(server, tmp_path, kind):
    request = REQUEST[kind]
    method = request.split(" ")[0]
    for attempt in range(5):
        with server.connect() as client:
            client.send(request).read_response(method)
            output = tmp_path / f"trace{attempt}"
            trace = Trace(server, output=output)
            for _ in range(REQUESTS):
                client.send(request)
                assert client.read_response(method).status in (200, 206, 404)
            calls = calls_in(trace, output, method)
            assert client.finish().is_closed()  # else the next trace would see the end of this one
        if not calls["openat2"]:
            break  # otherwise the look at the file that comes once a second fell into this run
    assert calls.pop("recvfrom") == REQUESTS
    assert calls.pop("sendto") == REQUESTS
    assert calls.pop("epoll_pwait", 0) <= REQUESTS + OTHER
    assert not FILES & set(calls), calls
    assert sum(calls.values()) < OTHER, calls
