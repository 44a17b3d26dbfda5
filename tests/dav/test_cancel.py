# SPDX-License-Identifier: MIT
"""Clients that leave while their request waits.

What has not begun is given up, what is under way is ended and told as what it came to, and a client
that has only ended its side still gets its answer.
"""
import concurrent.futures
import contextlib
import os
import select
import socket
import struct
import sys
import threading
import time
from pathlib import Path

import pytest

import harness
from site_of_dav import ask, assert_refused, config, head_of, settle

sys.path.insert(0, str(Path(__file__).parent))
import disk  # noqa: E402
from multistatus import proppatch, setting  # noqa: E402

THREADS = 4  # of the pool
NOTICED = 0.5  # seconds
MEMBERS = 15_000  # of a folder whose answers are larger than what the system keeps of them

pytestmark = pytest.mark.skipif(not disk.CALLS, reason="the calls have no known numbers here")


def threads_in(server, name):
    """How many threads of the server are in such a call of the system."""
    folder, count = f"/proc/{server.process.pid}/task", 0
    for thread in os.listdir(folder):
        with contextlib.suppress(OSError, ValueError):
            number = int(Path(f"{folder}/{thread}/syscall").read_text().split()[0])
            count += disk.CALLS.get(number) == name
    return count


class Stuck:
    """Within the block, flushes for which `which` says so do not come back, nor does any other call
    that comes behind the first one, until `release`."""

    def __init__(self, server, which=lambda path: True):
        self.server, self.which = server, which
        self.begun, self.released = threading.Event(), threading.Event()

    def _fails(self, call, path):
        if call == "fsync" and self.which(path):
            self.begun.set()
            self.released.wait(harness.DEADLINE)
        return False

    def wait(self, count=1):
        """Until so many threads are in a flush."""
        assert self.begun.wait(harness.DEADLINE)
        end = time.monotonic() + harness.DEADLINE
        while threads_in(self.server, "fsync") < count:
            assert time.monotonic() < end
            assert_served(self.server)

    def release(self):
        self.released.set()

    def __enter__(self):
        self.failing = self.server.failing(self._fails)
        self.failing.__enter__()
        return self

    def __exit__(self, *_):
        self.release()
        self.failing.__exit__(None, None, None)


def reset(client):
    """The connection ends with a reset, not with an end."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def sockets(server):
    folder = f"/proc/{server.process.pid}/fd"
    count = 0
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):
            count += os.readlink(f"{folder}/{name}").startswith("socket:")
    return count


def assert_noticed(server, count):
    """Soon the server has no more than so many sockets."""
    end = time.monotonic() + NOTICED
    while sockets(server) > count:
        assert time.monotonic() < end, "a connection that was reset is still there"


def assert_served(server):
    """By the loop alone: this needs no disk."""
    assert server.raw("GET / HTTP/3.0\r\nHost: a\r\n\r\n").status == 505


def records_of(server, *targets):
    """The lines of these, whatever else comes meanwhile."""
    found = {}
    while len(found) < len(targets):
        record = server.next_record()
        if record["target"] in targets:
            found[record["target"]] = record
    return [found[target] for target in targets]


def put(client, target, content=b"hello"):
    client.send(head_of("PUT", target, f"Content-Length: {len(content)}") + content)


@pytest.fixture
def server(tmp_path):
    root = tmp_path / "root"
    for name in ("d", "e", "many"):
        (root / name).mkdir(parents=True)
    for name in ("x", "d/f", "e/f"):
        (root / name).write_text(name)
    for number in range(MEMBERS):
        os.link(root / "x", root / "many" / f"member-{number:06}-{'x' * 100}")
    with disk.Server(root, config=config(1)) as server:
        assert ask(server, "GET", "/x").status == 200
        yield server
        settle(server, root)


@contextlib.contextmanager
def pool_stuck(server):
    """Every thread of the pool waits for the disk."""
    with Stuck(server) as stuck, contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(THREADS)]
        for number, client in enumerate(clients):
            put(client, f"/holder-{number}")
            stuck.wait(number + 1)
        yield stuck
        stuck.release()
        for client in clients:
            assert client.read_response("PUT").status == 201


def test_what_is_under_way_is_ended_and_told_as_what_it_came_to(server):
    with Stuck(server) as stuck:
        before = sockets(server)
        client = server.connect()
        put(client, "/new")
        stuck.wait()
        reset(client)
        assert_noticed(server, before)
        assert_served(server)
    record, = records_of(server, "/new")
    assert (record["status"], record["outcome"]) == (201, "created")
    assert record["ended"] == "client-gone"
    assert record["bytes_out"] == 0
    assert ask(server, "GET", "/new").body == b"hello"


def test_what_has_not_begun_is_given_up_and_keeps_nobody_waiting(server):
    names = [f"/given-up-{number}" for number in range(40)]
    with pool_stuck(server) as stuck:
        before = sockets(server)
        clients = [server.connect() for _ in names]
        for client, name in zip(clients, names):
            put(client, name)
        assert_served(server)  # behind them, in the same loop
        for client in clients:
            reset(client)
        assert_noticed(server, before)
        for record in records_of(server, *names):  # while the disk is still stuck
            assert (record["status"], record["outcome"]) == (400, "client-gone")
            assert record["ended"] == "client-gone"
            assert record["trail"].endswith("!")
        assert not stuck.released.is_set()
    assert ask(server, "PUT", "/later", content=b"later").status == 201
    assert not [name for name in names if (server.root / name[1:]).exists()]


LOCKINFO = (b"<D:lockinfo xmlns:D='DAV:'><D:lockscope><D:exclusive/></D:lockscope>"
            b"<D:locktype><D:write/></D:locktype></D:lockinfo>")


@pytest.mark.parametrize("method, target, content", [
    ("GET", "/d/f", b""), ("GET", "/many/?search=member", b""), ("GET", "/many/?archive=tar", b""),
    ("PROPFIND", "/many/", b""), ("DELETE", "/d/f", b""), ("MKCOL", "/new", b""),
    ("LOCK", "/d/f", LOCKINFO),
])
def test_a_request_that_waits_for_its_turn_is_given_up(server, method, target, content):
    with pool_stuck(server):
        before = sockets(server)
        client = server.connect()
        client.send(head_of(method, target, f"Content-Length: {len(content)}") + content)
        assert_served(server)
        reset(client)
        assert_noticed(server, before)
        record, = records_of(server, target)
    assert (record["outcome"], record["ended"]) == ("client-gone", "client-gone")
    assert (server.root / "d/f").exists() and not (server.root / "new").exists()


@contextlib.contextmanager
def malformed_xml(server, size):
    """Is sent when what is there is known already, and every thread of the pool is busy."""
    content = b"<a>" + b" " * (size - 6) + b"</b"
    with server.connect() as client:
        client.send(head_of("PROPFIND", "/e/f", "Depth: 0", f"Content-Length: {size}",
                            "Expect: 100-continue"))
        assert client.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        with pool_stuck(server) as stuck:
            client.send(content)
            assert_served(server)  # behind it, in the same loop
            yield client, stuck


def test_short_xml_is_read_at_once(server):
    with malformed_xml(server, 4096) as (client, stuck):
        assert_refused(client.read_response("PROPFIND"), 400, "xml-malformed")
        assert not stuck.released.is_set()


def test_xml_that_may_take_long_is_read_by_the_pool(server):
    with malformed_xml(server, 40_000) as (client, stuck):
        assert not select.select([client.socket], [], [], 0)[0]
        stuck.release()
        assert_refused(client.read_response("PROPFIND"), 400, "xml-malformed")


def test_xml_that_waits_for_its_turn_is_given_up(server):
    with malformed_xml(server, 40_000) as (client, stuck):
        before = sockets(server)
        reset(client)
        assert_noticed(server, before - 1)
        assert not stuck.released.is_set()
    record, = records_of(server, "/e/f")
    assert (record["outcome"], record["ended"]) == ("client-gone", "client-gone")


def test_a_client_that_has_ended_its_side_gets_its_answer(server):
    with Stuck(server) as stuck, server.connect() as client:
        put(client, "/new")
        client.finish()
        stuck.wait()
        assert_served(server)
        stuck.release()
        assert client.read_response("PUT").status == 201
        assert client.is_closed()
    record, = records_of(server, "/new")
    assert record["outcome"] == "created" and "ended" not in record


def test_a_client_that_ends_its_side_and_then_resets_is_gone(server):
    with pool_stuck(server):
        before = sockets(server)
        client = server.connect()
        put(client, "/new")
        client.finish()
        assert_served(server)
        reset(client)
        assert_noticed(server, before)
        record, = records_of(server, "/new")
    assert (record["outcome"], record["ended"]) == ("client-gone", "client-gone")


def test_requests_behind_the_one_that_waits_do_not_hide_a_reset(server):
    """More of them than the server takes in at once (RFC 9112 §9.3.2)."""
    with pool_stuck(server):
        before = sockets(server)
        client = server.connect()
        put(client, "/new")
        client.send(head_of("GET", "/x") * 5_000)
        assert_served(server)
        reset(client)
        assert_noticed(server, before)
        record, = records_of(server, "/new")
    assert (record["outcome"], record["ended"]) == ("client-gone", "client-gone")


def test_a_pause_ends_with_its_client(server):
    """A change of properties that waits for a copy of the same names (LIMIT_ROWS_WAIT)."""
    text = setting('<x:p xmlns:x="urn:x">v</x:p>')
    assert proppatch(server, "/x", text).status == 207  # there are properties, which follow names

    with concurrent.futures.ThreadPoolExecutor(1) as pool, \
            Stuck(server, lambda path: path == str(server.root)) as stuck:
        copy = pool.submit(server.request, "COPY", "/d/", {"Destination": "/e/"})
        stuck.wait()
        before = sockets(server)
        client = server.connect()
        body = f'<D:propertyupdate xmlns:D="DAV:">{text}</D:propertyupdate>'.encode()
        client.send(head_of("PROPPATCH", "/e/f", "Content-Type: application/xml",
                            f"Content-Length: {len(body)}") + body)
        for _ in range(50):
            assert_served(server)  # it has found by now that it must wait
        reset(client)
        assert_noticed(server, before)
        record, = records_of(server, "/e/f")
        assert (record["outcome"], record["ended"]) == ("client-gone", "client-gone")
        stuck.release()
        assert copy.result().status == 204


@pytest.mark.parametrize("ends", [reset, harness.Client.finish])
@pytest.mark.parametrize("framing", ["Content-Length: 30000", "Transfer-Encoding: chunked"])
def test_content_that_breaks_off_behind_a_piece_that_waits(server, ends, framing):
    """RFC 9112 §8: what came of it is not stored."""
    def piece(letter):
        data = letter * 10_000
        return b"%x\r\n%s\r\n" % (len(data), data) if "chunked" in framing else data

    client = server.connect()
    client.send(head_of("PUT", "/new", framing) + piece(b"a"))
    for _ in range(20):
        assert_served(server)  # it has been asked for by now, and what came is taken
    with pool_stuck(server):
        before = sockets(server) - 1
        client.send(piece(b"b"))
        assert_served(server)
        ends(client)
        if ends is not reset:  # it may still read
            response = client.read_response("PUT")
            assert (response.status, response.outcome) == (400, "content-incomplete")
            assert response["Connection"] == "close"
            client.close()
        assert_noticed(server, before)
        record, = records_of(server, "/new")
    assert record["outcome"] == "content-incomplete"
    assert record.get("ended") == ("client-gone" if ends is reset else None)
    settle(server, server.root)
    assert not (server.root / "new").exists()


@pytest.mark.parametrize("method, target", [
    ("PROPFIND", "/many/"), ("GET", "/many/?archive=tar"), ("GET", "/many/?archive=zip"),
    ("GET", "/many/"),
])
def test_a_body_that_is_made_while_it_is_sent_ends_with_its_client(server, method, target):
    client = server.connect()
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.send(head_of(method, target, "Depth: 1"))
    assert client.socket.recv(1) == b"H"
    with pool_stuck(server):
        before = sockets(server) - 1
        client.socket.settimeout(0)
        with contextlib.suppress(BlockingIOError):
            while client.socket.recv(1 << 20):
                pass
        assert_served(server)
        reset(client)
        assert_noticed(server, before)
    record, = records_of(server, target)
    assert record["status"] in (200, 207)
    assert record["ended"] == "client-gone"
    assert_served(server)
