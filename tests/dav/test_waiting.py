# SPDX-License-Identifier: MIT
"""Memory of exchanges that wait: for a disk that does not answer, and for their turn at it.

With the sanitizers, which keep what was freed and surround what was not, nothing is measured.
"""
import contextlib
import sys
import threading
from pathlib import Path

import pytest

import harness
from site_of_dav import config, head_of

sys.path.insert(0, str(Path(__file__).parent))
import disk  # noqa: E402
from test_memory import KIB, memory, SANITIZED  # noqa: E402

WAITING = 1000
WARMING = 32
ROUNDS = 3
FIELDS = ["User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
          "Accept: */*", "Accept-Language: en-US,en;q=0.5", "Accept-Encoding: gzip, deflate, br",
          "Content-Type: text/plain", "Origin: null", "DNT: 1", "Sec-Fetch-Dest: empty",
          "Sec-Fetch-Mode: cors", "Sec-Fetch-Site: same-origin", "Connection: keep-alive"]

pytestmark = pytest.mark.skipif(not disk.CALLS, reason="the calls have no known numbers here")


@contextlib.contextmanager
def stuck(server):
    """No flush of the disk ends within the block."""
    released = threading.Event()
    with server.failing(lambda call, path: not released.wait(harness.DEADLINE)):
        try:
            yield
        finally:
            released.set()


def heads_were_read(server):
    """This one came last, to the same loop; and it needs no disk."""
    assert server.raw("GET / HTTP/3.0\r\nHost: a\r\n\r\n").status == 505


def wait_together(server, clients, *request):
    """Memory that each of these requests takes while none is answered, in bytes."""
    heads_were_read(server)
    before = memory(server)
    for number, client in enumerate(clients):
        client.send(head_of(request[0], f"/file-{number}", *FIELDS, *request[1:-1]) + request[-1])
    heads_were_read(server)
    return (memory(server) - before) / len(clients)


def memory_of_waiting(root):
    """Of each of many PUTs that wait, in bytes."""
    root.mkdir()
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(disk.Server(root, config=config(1)))
        clients = [stack.enter_context(server.connect()) for _ in range(WAITING)]
        for number in range(WARMING):  # the threads of the pool have their memory
            assert server.request("PUT", f"/warm-{number}", body=b"x").status == 201
        with stuck(server):
            taken = wait_together(server, clients, "PUT", "Content-Length: 5", b"hello")
        for client in clients:
            assert client.read_response("PUT").status == 201
    return taken


def test_who_waits_takes_little_memory(tmp_path):
    """The least of some rounds: what an allocator has reserved meanwhile is nobody's."""
    taken = min(memory_of_waiting(tmp_path / str(turn)) for turn in range(ROUNDS))
    print(f"{WAITING} PUTs wait with {taken / KIB:.1f} KiB each")
    assert SANITIZED or taken <= 7 * KIB
