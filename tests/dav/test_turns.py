# SPDX-License-Identifier: MIT
"""What is quick, at names that something long is at work on: it waits, and no thread with it."""
import concurrent.futures
import os
import sys
import threading
import time
from pathlib import Path

import pytest

import harness
from site_of_dav import assert_refused

sys.path.insert(0, str(Path(__file__).parent))
import disk  # noqa: E402
from multistatus import prop, propfind, proppatch, rows, setting  # noqa: E402

WAIT = 2.0  # LIMIT_ROWS_WAIT

pytestmark = pytest.mark.skipif(not disk.CALLS, reason="the calls have no known numbers here")


@pytest.fixture
def server(tmp_path):
    root = tmp_path / "root"
    for name in ("d", "e"):
        (root / name).mkdir(parents=True)
        (root / name / "f").write_text(name)
    (root / "x").write_text("x")
    with disk.Server(root, arguments=["--write"]) as server:
        assert patch(server, "/x").status == 207  # there are properties, which follow their names
        yield server


def patch(server, target):
    return proppatch(server, target, setting('<x:p xmlns:x="urn:x">v</x:p>'))


class LongCopy:
    """COPY of /d to /e, which is kept in its last step until the end of the block, or `release`."""

    def __init__(self, server):
        self.server = server
        self.begun, self.released = threading.Event(), threading.Event()

    def _fails(self, call, path):
        if call == "fsync" and path == str(self.server.root) and not self.begun.is_set():
            self.begun.set()
            self.released.wait(harness.DEADLINE)
        return False

    def __enter__(self):
        self.failing = self.server.failing(self._fails)
        self.failing.__enter__()
        self.pool = concurrent.futures.ThreadPoolExecutor(20)
        self.copy = self.pool.submit(self.server.request, "COPY", "/d", {"Destination": "/e"})
        assert self.begun.wait(harness.DEADLINE)
        return self

    def __exit__(self, *_):
        self.released.set()
        assert self.copy.result().status == 204
        self.pool.shutdown()
        self.failing.__exit__(None, None, None)


QUICK = {
    "patch": (lambda server: patch(server, "/e"), 207),
    "patch below": (lambda server: patch(server, "/e/f"), 207),
    "move": (lambda server: server.request("MOVE", "/x", {"Destination": "/e/x"}), 201),
    "delete": (lambda server: server.request("DELETE", "/e/f"), 204),
}


@pytest.mark.parametrize("name", QUICK)
def test_who_is_quick_waits_for_who_takes_long(server, name):
    run, status = QUICK[name]
    with LongCopy(server) as copy:
        quick = copy.pool.submit(run, server)
        with pytest.raises(concurrent.futures.TimeoutError):
            quick.result(WAIT / 10)
        copy.released.set()
        assert quick.result().status == status


def test_who_has_waited_long_enough_is_told_so(server):
    with LongCopy(server):
        begin = time.monotonic()
        answer = patch(server, "/e")
        assert_refused(answer, 503, "names-busy")
        assert answer["Retry-After"] and time.monotonic() - begin >= WAIT
    (row,) = rows(propfind(server, "/e", body=prop(("urn:x", "p")))).values()
    assert row.text("{urn:x}p") is None
    assert patch(server, "/e").status == 207


def test_who_waits_keeps_no_thread(server):
    """Else as many as there are threads would be in the way of all others."""
    with LongCopy(server) as copy:
        waiting = [copy.pool.submit(patch, server, "/e") for _ in range(16)]
        begin = time.monotonic()
        for number in range(10):
            assert server.request("PROPFIND", "/x", {"Depth": "0"}).status == 207
        assert time.monotonic() - begin < WAIT / 2
        copy.released.set()
        assert {answer.result().status for answer in waiting} == {207}


def test_a_stop_leaves_nobody_waiting(server):
    with LongCopy(server) as copy:
        quick = copy.pool.submit(patch, server, "/e")
        with pytest.raises(concurrent.futures.TimeoutError):
            quick.result(WAIT / 10)
        os.kill(server.process.pid, 15)
        copy.released.set()
        assert quick.result().status == 207
    assert server.process.wait(harness.DEADLINE) == 0
