# SPDX-License-Identifier: MIT
"""The memory of connections in each state stays within what docs/limits.md computes from the
limits, and goes back when their clients are gone, or have ended their side and read nothing."""
import os
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

import harness
from harness import DEADLINE
from site_of_dav import HOST, Server, ask, config, head_of

sys.path.insert(0, str(Path(__file__).parent))
from test_memory import MIB, SANITIZED, memory  # noqa: E402

CONNECTIONS, WALKS = 1000, 300
ADDRESSES = 16  # so many clients
SPARE = 4 * MIB  # of the allocator, and of threads
KEPT = 12 * MIB  # when all have gone
WAITING = "content_timeout: 60s, send_timeout: 60s, header_timeout: 60s, stop_timeout: 1s"
LONG = [f"X-{n}: {'v' * 330}" for n in range(90)]
CONDITIONS = "If: " + " ".join(f"</work/{'a' * 40}{n}> (Not <urn:{'u' * 40}{n}>)"
                               for n in range(250))
XML = b"<propertyupdate xmlns='DAV:'><set><prop>"
PART = b"--b\r\nContent-Disposition: form-data; name=f; filename=%05d\r\n\r\nxxx"


def put(*lines, content=b"x"):
    return lambda n: head_of("PUT", f"/work/{n}", "Content-Length: 1000000", *lines) + content


def patch(content):
    return lambda n: head_of("PROPPATCH", "/small", "Content-Length: 500000") + XML + content


def get(target, *lines):
    return lambda n: head_of("GET", target, *lines)


# What each connection sends, the row of the table, whether it is answered, and whether it is of
# what MEMORY counts.
STATES = {
    "silent": (lambda n: b"", 0, False, False),
    "answered": (get("/small"), 0, True, False),
    "half a head": (lambda n: head_of("GET", "/small")[:-2], 1, False, False),
    "half a long head": (lambda n: head_of("GET", "/small", *LONG)[:-2], 1, False, False),
    "download": (get("/large"), 2, True, False),
    "ranges": (get("/large", "Range: bytes=" + ",".join(f"{n}000-{n}900" for n in range(1, 64))),
               2, True, False),
    "upload": (put(), 3, False, False),
    "upload with a long head": (put(*LONG), 3, False, False),
    "upload with conditions": (put(CONDITIONS, content=b"x" * 60_000), 3, False, False),
    "form": (lambda n: head_of("POST", "/work/", f"Origin: http://{HOST}",
                               "Content-Length: 1000000",
                               "Content-Type: multipart/form-data; boundary=b") + PART % n,
             3, False, True),
    "short XML": (patch(b"<a/>" * 2_000), 3, False, True),
    "XML": (patch(b"<a/>" * 9_900 + b"<b>" + b"v" * 50_000), 3, False, True),
    "archive": (get("/many/?archive=zip"), 2, True, True),
    "deep archive": (get("/deep/?archive=tar"), 2, True, True),
    "list": (get("/many/"), 2, True, True),
    "search": (get("/?search=0"), 2, True, True),
    "PROPFIND": (lambda n: head_of("PROPFIND", "/many/", "Depth: 1"), 2, True, True),
    "all below": (lambda n: head_of("PROPFIND", "/", "Depth: infinity"), 2, True, True),
}


def table():
    """Bytes for each state, and of MEMORY."""
    page = subprocess.run([harness.CANDOR, "docs", "limits"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    rows = re.findall(r"^\| [^|]* \| (\d+) \| \d+ \| \d+ \|$", page.partition("## Memory")[2],
                      re.MULTILINE)
    return [int(row) for row in rows], int(re.search(r"`MEMORY` \| (\d+)", page).group(1))


@pytest.fixture(scope="module")
def root():
    memory_disk = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2 * CONNECTIONS:
        pytest.skip("too few files may be open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * CONNECTIONS), hard))
    with tempfile.TemporaryDirectory(prefix="candor-test-", dir=memory_disk) as folder:
        root = Path(folder)
        (root / "small").write_bytes(b"small")
        with open(root / "large", "wb") as file:
            file.truncate(64 * MIB)
        (root / "work").mkdir()
        deep = root / "deep" / "/".join(["d"] * 60)
        deep.mkdir(parents=True)
        with open(deep / "large", "wb") as file:
            file.truncate(64 * MIB)
        (root / "many").mkdir()
        for number in range(1_900):
            (root / "many" / f"{number:0180}").touch()
        yield root
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect(server, number):
    client = socket.socket()
    client.settimeout(DEADLINE)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.bind((f"127.0.0.{2 + number % ADDRESSES}", 0))
    client.connect(("127.0.0.1", server.port))
    return client


def settled(server):
    """The memory, when it does not grow any more."""
    found = [memory(server)]
    while len(found) < 5 or found[-1] - found[-5] > MIB // 4:
        assert ask(server, "GET", "/small").status == 200  # behind what came before
        time.sleep(0.05)
        found.append(memory(server))
    return max(found)


def assert_given_back(server, before):
    deadline = time.monotonic() + DEADLINE
    while not SANITIZED and memory(server) - before > KEPT:
        assert time.monotonic() < deadline, f"{(memory(server) - before) / MIB:.0f} MiB are kept"
        time.sleep(0.1)


@pytest.mark.parametrize("state", STATES)
def test_connections_take_no_more_than_the_table_says(root, state):
    data, row, is_answered, is_counted = STATES[state]
    each, counted = table()
    most = each[row] * CONNECTIONS + (counted if is_counted else 0) + SPARE
    with Server(root, config=config(2, limits=WAITING) + "access_log: off\n") as server:
        for _ in range(20):
            assert ask(server, "GET", "/small").status == 200
        before = memory(server)
        clients = [connect(server, number) for number in range(CONNECTIONS)]
        for number, client in enumerate(clients):
            client.sendall(data(number))
        if is_answered:
            assert {client.recv(9, socket.MSG_WAITALL) for client in clients} == {b"HTTP/1.1 "}
        grown = max(settled(server), memory(server, "VmHWM")) - before
        print(f"{state}: {grown / MIB:.1f} MiB of {most / MIB:.1f}")
        assert SANITIZED or grown < most
        for client in clients:
            client.close()
        assert_given_back(server, before)


@pytest.mark.parametrize("state", [name for name, (*_, is_answered, is_counted) in STATES.items()
                                   if is_answered and is_counted])
def test_walks_end_for_clients_that_have_ended_their_side_and_read_nothing(root, state):
    """Half of an end is none: they would still get their answer, within the time for that."""
    limits = "send_timeout: 1s, stop_timeout: 1s"
    with Server(root, config=config(2, limits=limits) + "access_log: off\n") as server:
        for _ in range(20):
            assert ask(server, "GET", "/small").status == 200
        before = memory(server)
        clients = [connect(server, number) for number in range(WALKS)]
        for number, client in enumerate(clients):
            client.sendall(STATES[state][0](number))
            client.shutdown(socket.SHUT_WR)
        for client in clients:
            assert client.recv(9, socket.MSG_WAITALL) == b"HTTP/1.1 "
        grown = memory(server, "VmHWM") - before
        assert_given_back(server, before)
        print(f"{state}: {grown / MIB:.1f} MiB")
        for client in clients:
            client.close()


def test_the_page_has_the_table_of_the_program():
    page = subprocess.run([harness.CANDOR, "docs", "limits"], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    assert (harness.ROOT / "docs/limits.md").read_text() == page
