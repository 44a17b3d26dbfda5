# SPDX-License-Identifier: MIT
"""Whatever clients send, and however they read: the server stays, answers who asks politely, takes
no more memory than a stated bound, and gives it back (docs/limits.md).

RUDE_SECONDS and RUDE_SEED in the environment: for longer, and once more.
"""
import multiprocessing
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import pytest

from harness import Client, DEADLINE
from site_of_dav import Server, ask, config, head_of

sys.path.insert(0, str(Path(__file__).parent))
from rude import (be_rude, flood, half_form, half_head, half_put, half_xml, large,  # noqa: E402
                  make_site)
from test_memory import MIB, SANITIZED, memory  # noqa: E402

SECONDS = float(os.environ.get("RUDE_SECONDS", "30"))
SEED = int(os.environ.get("RUDE_SEED", random.randrange(1 << 32)))
CONNECTIONS = 300
MOST = 128 * MIB  # above what the idle server takes
KEPT = 12 * MIB  # when all have gone
QUIET, PROMPT = 4, 100  # ms


@pytest.fixture
def server():
    memory_disk = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="candor-test-", dir=memory_disk) as folder:
        make_site(Path(folder))
        text = config(2, limits="stop_timeout: 2s") + "access_log: off\n"
        with Server(Path(folder), config=text) as server:
            yield server


def be_polite(port, until, pipe):
    """Asks for a small file again and again, on a connection of its own each time; in a process of
    its own, as nothing else is to be in its way."""
    times, late, faults = [], [], []
    while not until.wait(0.02):
        begin = time.monotonic()
        time.sleep(0.001)
        late.append(time.monotonic() - begin - 0.001)  # how busy the machine is
        begin = time.monotonic()
        try:
            with Client(port) as client:
                client.send(head_of("GET", "/small"))
                response = client.read_response()
            if response.status != 200 or response.body != b"small":
                faults.append((response.status, response.body[:200]))
        except (OSError, EOFError) as error:
            faults.append(str(error))
        times.append(time.monotonic() - begin)
    pipe.send((sorted(times), sorted(late), faults))


def of_100(times, which):
    return times[len(times) * which // 100] * 1000


def test_whatever_clients_do_the_server_is_bounded_and_there_for_others(server):
    for _ in range(20):
        assert ask(server, "GET", "/small").status == 200
    idle = memory(server)
    ends, (here, there) = multiprocessing.Event(), multiprocessing.Pipe(False)
    polite = multiprocessing.Process(target=be_polite, args=(server.port, ends, there))
    polite.start()
    try:
        made = be_rude(server.port, SEED, SECONDS, CONNECTIONS)
    finally:
        ends.set()
        times, late, faults = here.recv()
        polite.join()
    peak = memory(server, "VmHWM") - idle
    print(f"seed {SEED}: {made} connections, at most {peak / MIB:.0f} MiB above {idle / MIB:.0f}; "
          f"{len(times)} polite requests, the 50th of 100 in {of_100(times, 50):.1f} ms, the 99th "
          f"in {of_100(times, 99):.0f} ms; a millisecond of sleep was {of_100(late, 99):.0f} ms "
          "late, the 99th of 100")
    assert server.process.poll() is None
    assert not faults, faults[:3]
    assert SANITIZED or peak < MOST
    # Of a machine that has nothing else to do.
    assert SANITIZED or of_100(late, 99) > QUIET or of_100(times, 99) < PROMPT


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
