# SPDX-License-Identifier: MIT
"""The pool of threads: what is long leaves room for what is quick, and ends at a stop (RFC 9110
section 15.6.4: 503, with Retry-After); and who was in the backlog then is still answered."""
import os
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from harness import CANDOR, DEADLINE, Client, Server
from site_of_dav import ask, config, state_of, strays

MEMBERS = 10_000  # of a folder whose copy takes a while
COPIES = 8


def make_large(root, name="large", members=MEMBERS):
    """Names of one file: they are made quickly, and copied one by one."""
    folder = root / name
    folder.mkdir()
    (folder / "0").write_bytes(b"x" * 100)
    for number in range(1, members):
        os.link(folder / "0", folder / str(number))


def wait_for(server, condition):
    """Each turn waits for an answer of the server's."""
    for _ in range(100_000):
        if condition():
            return
        ask(server, "OPTIONS", "/")
    raise AssertionError("it did not happen")


class Together:
    """Requests that are under way at the same time, each on a connection of its own."""

    def __init__(self, server, requests):
        self.answers, self.threads = [], []
        for request in requests:
            thread = threading.Thread(target=self._ask, args=(server.connect(), request))
            thread.start()
            self.threads.append(thread)

    def _ask(self, client, request):
        with client:
            self.answers.append(ask(None, *request, client=client))

    def join(self):
        for thread in self.threads:
            thread.join()
        return self.answers


def copies(server):
    return Together(server, [("COPY", "/large/", f"Destination: /copy{number}/")
                             for number in range(COPIES)])


def test_small_changes_do_not_wait_for_large_ones_and_a_stop_gives_these_up(tmp_path):
    make_large(tmp_path)
    with Server(tmp_path, config=config(limits="stop_timeout: 1ms")) as server:
        large = copies(server)
        wait_for(server, lambda: len(strays(tmp_path)) >= 2)
        assert ask(server, "PUT", "/small", content=b"small").status == 201
        assert ask(server, "MOVE", "/small", "Destination: /moved").status == 201
        assert ask(server, "PROPFIND", "/", "Depth: 1").status == 207
        assert not large.answers, "the copies were still being made"
        server.signal(signal.SIGTERM)
        for answer in large.join():
            assert (answer.status, answer.outcome) == (503, "server-stopping")
            assert (answer["Retry-After"], answer["Connection"]) == ("1", "close")
        assert server.wait() == 0
    assert sorted(os.listdir(tmp_path)) == ["large", "moved"]
    assert len(os.listdir(tmp_path / "large")) == MEMBERS


def test_a_stop_waits_for_long_work_as_long_as_is_configured(tmp_path):
    make_large(tmp_path, members=200)
    with Server(tmp_path, config=config(limits="stop_timeout: 1h")) as server:
        large = copies(server)
        wait_for(server, lambda: strays(tmp_path) or os.path.exists(tmp_path / "copy0"))
        server.signal(signal.SIGTERM)
        assert [answer.status for answer in large.join()] == [201] * COPIES
        assert server.wait() == 0
    assert all(len(names) == 200 for _, _, names in list(os.walk(tmp_path))[1:])


def test_a_removal_that_has_begun_counts_though_the_server_stops(tmp_path):
    make_large(tmp_path, members=MEMBERS)
    with Server(tmp_path, config=config(limits="stop_timeout: 1ms")) as server:
        removal = Together(server, [("DELETE", "/large/")])
        wait_for(server, lambda: not os.path.exists(tmp_path / "large"))
        server.signal(signal.SIGTERM)
        assert [answer.status for answer in removal.join()] == [204]
        assert server.wait() == 0
    with Server(tmp_path, config=config()):
        assert state_of(tmp_path) == {}


def test_a_signal_ends_a_start_that_takes_long(tmp_path):
    """Nobody is served yet, and there is nothing that a start could leave half done."""
    root, state, end = tmp_path / "root", tmp_path / "state", time.monotonic() + DEADLINE
    root.mkdir()
    with Server(root, arguments=["--write"], state=state):
        pass
    lock = next(state.rglob("*-lock"))
    with sqlite3.connect(str(lock).removesuffix("-lock"), isolation_level=None) as store:
        store.execute("PRAGMA locking_mode = EXCLUSIVE")
        store.execute("BEGIN EXCLUSIVE")  # the start waits for that
        process = subprocess.Popen([CANDOR, "serve", "--listen", "127.0.0.1:0", "--write", root],
                                   env=dict(os.environ, STATE_DIRECTORY=str(state)))
        while lock.read_text() != str(process.pid):
            assert process.poll() is None
            assert time.monotonic() < end, "it did not take its lock"
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE) == -signal.SIGTERM
    store.close()


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("count", [1, 500])
def test_who_was_in_the_backlog_at_a_stop_is_answered(tmp_path, workers, count):
    (tmp_path / "f").write_text("content\n")
    with Server(tmp_path, config=config(workers=workers)) as server:
        server.signal(signal.SIGSTOP)
        os.waitpid(server.process.pid, os.WUNTRACED)
        clients = [Client(server.port) for _ in range(count)]
        for client in clients:
            client.send("GET /f HTTP/1.1\r\nHost: localhost\r\n\r\n")
        server.signal(signal.SIGTERM)
        server.signal(signal.SIGCONT)
        for client in clients:
            with client:
                response = client.read_response()
                assert (response.status, response.body) == (200, b"content\n")
                assert client.is_closed()
        assert server.wait() == 0


def test_who_connected_last_may_still_ask(tmp_path):
    """The connection was there before the stop; its request comes when the listener has gone."""
    (tmp_path / "f").write_text("content\n")
    with Server(tmp_path, config=config(workers=1)) as server, server.connect() as kept:
        assert ask(server, "GET", "/f", client=kept).status == 200
        server.signal(signal.SIGSTOP)
        os.waitpid(server.process.pid, os.WUNTRACED)
        with server.connect() as fresh, server.connect() as silent:
            server.signal(signal.SIGTERM)
            server.signal(signal.SIGCONT)
            assert kept.is_closed(), "that one is idle, and so the stop has begun"
            response = ask(server, "GET", "/f", client=fresh)
            assert (response.body, response["Connection"]) == (b"content\n", "close")
            assert silent.is_closed(), "in a second"
        assert server.wait() == 0
