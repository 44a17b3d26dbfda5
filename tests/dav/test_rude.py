# SPDX-License-Identifier: MIT
"""Whatever clients send, and however they read: the server stays, answers who asks politely, takes
no more memory than a stated bound, and gives it back (docs/limits.md).

RUDE_SECONDS and RUDE_SEED in the environment: for longer, and once more.
"""
import os
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from harness import DEADLINE
from site_of_dav import Server, ask, config

sys.path.insert(0, str(Path(__file__).parent))
from rude import (be_rude, flood, half_form, half_head, half_put, half_xml, large,  # noqa: E402
                  make_site)
from test_memory import MIB, SANITIZED, memory  # noqa: E402

SECONDS = float(os.environ.get("RUDE_SECONDS", "30"))
SEED = int(os.environ.get("RUDE_SEED", random.randrange(1 << 32)))
CONNECTIONS = 300
MOST = 128 * MIB  # above what the idle server takes
KEPT = 12 * MIB  # when all have gone


@pytest.fixture
def server():
    memory_disk = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="candor-test-", dir=memory_disk) as folder:
        make_site(Path(folder))
        text = config(2, limits="stop_timeout: 2s") + "access_log: off\n"
        with Server(Path(folder), config=text) as server:
            yield server


class Polite(threading.Thread):
    """Asks for a small file again and again, on a connection of its own each time."""

    def __init__(self, server):
        super().__init__()
        self.server, self.times, self.faults = server, [], []
        self.ends = threading.Event()

    def run(self):
        while not self.ends.wait(0.2):
            begin = time.monotonic()
            try:
                response = ask(self.server, "GET", "/small")
                if response.status != 200 or response.body != b"small":
                    self.faults.append((response.status, response.body[:200]))
            except (OSError, EOFError) as error:
                self.faults.append(error)
            self.times.append(time.monotonic() - begin)


def test_whatever_clients_do_the_server_is_bounded_and_there_for_others(server):
    for _ in range(20):
        assert ask(server, "GET", "/small").status == 200
    idle = memory(server)
    polite = Polite(server)
    polite.start()
    try:
        made = be_rude(server.port, SEED, SECONDS, CONNECTIONS)
    finally:
        polite.ends.set()
        polite.join()
    peak = memory(server, "VmHWM") - idle
    times = sorted(polite.times)
    print(f"seed {SEED}: {made} connections, at most {peak / MIB:.0f} MiB above {idle / MIB:.0f}; "
          f"{len(times)} polite requests, the 99th of 100 in "
          f"{times[len(times) * 99 // 100] * 1000:.0f} ms")
    assert server.process.poll() is None
    assert not polite.faults, polite.faults[:3]
    assert SANITIZED or peak < MOST


@pytest.mark.parametrize("act", [half_head, flood, half_put, half_form, half_xml, large],
                         ids=lambda act: act.__name__)
def test_memory_returns_when_clients_have_gone(server, act):
    """Also what lies between blocks that are still in use, in the arenas of all threads."""
    assert ask(server, "GET", "/small").status == 200
    idle = memory(server)
    made = be_rude(server.port, SEED, 3, CONNECTIONS, [act])
    peak = memory(server, "VmHWM") - idle
    deadline = time.monotonic() + DEADLINE
    while not SANITIZED and memory(server) - idle > KEPT:
        assert time.monotonic() < deadline, \
            f"seed {SEED}: {(memory(server) - idle) / MIB:.0f} MiB of {peak / MIB:.0f} are kept"
        time.sleep(0.1)
    print(f"{made} connections, {peak / MIB:.0f} MiB at most, "
          f"{(memory(server) - idle) / MIB:.0f} afterwards")
