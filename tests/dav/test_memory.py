# SPDX-License-Identifier: MIT
"""Memory that does not grow: with locks that come and go (RFC 4918 §9.10, §9.11), and with the
members that a PROPFIND tells (§9.1).

With the sanitizers, which keep what was freed, less is done and nothing measured.
"""
import os
import re
import tempfile
from pathlib import Path

import pytest

import harness
from site_of_dav import config, head_of, run_together, Server

SANITIZED = "test" in harness.CANDOR.parent.name
KIB, MIB = 1 << 10, 1 << 20
CLIENTS = 20  # that lock
AT_ONCE = 4  # PROPFINDs
LOCKINFO = (b"<D:lockinfo xmlns:D='DAV:'><D:lockscope><D:exclusive/></D:lockscope>"
            b"<D:locktype><D:write/></D:locktype><D:owner>a client</D:owner></D:lockinfo>")


def memory(server, which="VmRSS"):
    """Bytes that are resident now, or (VmHWM) were at most."""
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return int(re.search(rf"^{which}:\s+(\d+) kB", status.read(), re.MULTILINE).group(1)) * KIB


def lock_and_unlock(server, name, times):
    with server.connect() as client:
        for _ in range(times):
            client.send(head_of("LOCK", name, "Timeout: Second-600", "Depth: 0",
                                "Content-Type: application/xml",
                                f"Content-Length: {len(LOCKINFO)}") + LOCKINFO)
            response = client.read_response("LOCK")
            assert response.status in (200, 201)
            client.send(head_of("UNLOCK", name, f"Lock-Token: {response['Lock-Token']}"))
            assert client.read_response("UNLOCK").status == 204


def test_locks_that_come_and_go_leave_nothing(tmp_path):
    def run(times):
        run_together(lambda number: lock_and_unlock(server, f"/file-{number}", times // CLIENTS),
                     CLIENTS)

    with Server(tmp_path, config=config(2) + "access_log: off\n") as server:
        run(2_000)
        if SANITIZED:
            return
        before = memory(server)
        run(18_000)
        grown = memory(server) - before
        print(f"20,000 locks: {before // KIB} KiB after 2,000, and {grown // KIB} KiB more")
        assert grown < MIB


@pytest.fixture
def root():
    """In memory where that can be, as many files are made."""
    memory_disk = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="candor-test-", dir=memory_disk) as folder:
        yield Path(folder)


def make_members(folder, count):
    folder.mkdir()
    opened = os.open(folder, os.O_RDONLY)
    for number in range(count):
        os.close(os.open(f"member-{number:06}", os.O_CREAT | os.O_WRONLY, dir_fd=opened))
    os.close(opened)


def count_rows(server, target, depth):
    """How many rows there are; read piece by piece, as they may be many."""
    count, tail, end = 0, b"", b""
    with server.connect() as client:
        client.send(head_of("PROPFIND", target, f"Depth: {depth}", "Connection: close"))
        while data := client.socket.recv(MIB):
            count += (tail + data).count(b"<D:response>")
            tail = (tail + data)[-len(b"<D:response>") + 1:]
            end = (end + data)[-100:]
    assert b"</D:multistatus>" in end
    return count


def peaks(server, depth, targets):
    """The largest memory after each of these was told, to some clients at once."""
    found = []
    for target, rows, times in targets:
        run_together(lambda _: [count_rows(server, target, depth) for _ in range(times)], AT_ONCE)
        assert count_rows(server, target, depth) == rows
        found.append(memory(server, "VmHWM"))
        print(f"Depth {depth}, {AT_ONCE} at once: {rows} rows, at most {found[-1] // KIB} KiB")
    return found


def assert_flat(few, *more):
    """Answers of up to LIMIT_ANSWER are gathered before they are sent, and remembered; of larger
    ones only a piece is there at a time, and the names of folders that are still to be told."""
    if not SANITIZED:
        assert more[-1] - more[-2] < AT_ONCE * MIB
        assert more[-1] - few < 3 * AT_ONCE * MIB


def test_members_take_no_memory(root):
    counts = [10, 1_000, 2_000, 4_000] if SANITIZED else [10, 1_000, 20_000, 100_000]
    for count in counts:
        make_members(root / str(count), count)
    with Server(root, config=config(1)) as server:
        assert_flat(*peaks(server, "1", [(f"/{count}/", count + 1, times)
                                         for count, times in zip(counts, [10, 10, 4, 1])]))


def test_members_of_members_take_no_memory(root):
    """Up to the bound."""
    for count in (1, 100, 400, 2_000):
        (root / str(count)).mkdir()
        for number in range(count):
            make_members(root / f"{count}/folder-{number:04}", 10)
    with Server(root, config=config(1, infinite_depth=22_000)) as server:
        assert_flat(*peaks(server, "infinity", [("/1/", 12, 10), ("/100/", 1_101, 10),
                                                ("/400/", 4_401, 10), ("/2000/", 22_001, 2)]))
