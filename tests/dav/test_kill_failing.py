# SPDX-License-Identifier: MIT
"""Killed at any moment, with a store that fails at random: what was acknowledged is at its name
after the next start, contents, properties and locks; what was not is wholly there or not at all,
and nobody has what is another's.

CANDOR_KILL_ROUNDS says how often (100 without it), CANDOR_KILL_CLIENTS how many write meanwhile (8
here).
"""
import errno
import os
import random
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from site_of_dav import ask, strays

sys.path.insert(0, str(Path(__file__).parent))
import disk  # noqa: E402
from multistatus import prop, propfind, rows  # noqa: E402

ROUNDS = int(os.environ.get("CANDOR_KILL_ROUNDS", "100"))
CLIENTS = min(int(os.environ.get("CANDOR_KILL_CLIENTS", "8")), 64)
MARK = ("urn:kill", "mark")
PATCH = (b"<?xml version='1.0'?><D:propertyupdate xmlns:D='DAV:'><D:set><D:prop>"
         b"<k:mark xmlns:k='urn:kill'>%s</k:mark></D:prop></D:set></D:propertyupdate>")
LOCKINFO = (b'<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>'
            b'<locktype><write/></locktype></lockinfo>')
DONE = {"PUT": (201, 204), "MOVE": (201, 204), "COPY": (201, 204), "DELETE": (204,),
        "PROPPATCH": (207,), "LOCK": (200,), "UNLOCK": (204,)}

pytestmark = pytest.mark.skipif(not disk.CALLS, reason="the calls have no known numbers here")


class Moods:
    """The disk of the store: well, failing now and then, failing all the time, full, or slow."""

    def __init__(self, seed, may_be_full):
        self.random = random.Random(seed)
        self.moods = ["well", "weak", "weak", "lost", "slow"] + ["full"] * may_be_full
        self.mood, self.left = "well", 0

    def __call__(self, call, path):
        if "-wal" not in path and not path.endswith(".db"):
            return False
        if self.left == 0:
            self.mood = self.random.choice(self.moods)
            self.left = self.random.randrange(1, 60)
        self.left -= 1
        if self.mood == "slow" and call == "fdatasync":
            time.sleep(0.01)
        return {"lost": True, "full": errno.ENOSPC,
                "weak": self.random.random() < 0.1}.get(self.mood, False)


class Writer(threading.Thread):
    """Changes names of its own, one request after another. `may` are the states that may be there:
    one, or some where a request was not acknowledged. `ghosts` are changes of a name that were
    refused, and may still be found by the next start: a flush that fails may have written all."""

    def __init__(self, number):
        super().__init__(daemon=True)
        self.names = [f"w{number}-{letter}" for letter in "abc"]
        self.random = random.Random(number)
        self.may = [{}]  # each {name: (content, mark, whether it is locked)}
        self.tokens, self.told, self.ghosts = {}, [], []
        self.turns = self.acknowledged = self.refused = 0

    def begin(self, server):
        self.server = server
        threading.Thread.__init__(self, daemon=True)
        self.start()

    def run(self):
        try:
            while True:
                self.change()
        except (OSError, EOFError):
            pass  # it was killed

    def tell(self, state, *names):
        given = [f"</{name}> ({self.tokens[name]})" for name in names
                 if name in state and state[name][2]]
        return [f"If: {' '.join(given)}"] if given else []

    def choose(self, state):
        """A request, and the state after it."""
        after = dict(state)
        self.turns += 1
        method = self.random.choice(["PUT", "MOVE", "MOVE", "COPY", "DELETE", "PROPPATCH",
                                     "PROPPATCH", "LOCK"])
        name = self.random.choice(sorted(state) or self.names)
        if not state or method == "PUT":
            name, content = self.random.choice(self.names), b"%d" % self.turns
            _, mark, locked = state.get(name, (None, None, False))
            after[name] = (content, mark, locked)
            return ("PUT", name, *self.tell(state, name)), content, after
        content, mark, locked = state[name]
        if method in ("MOVE", "COPY"):
            to = self.random.choice([other for other in self.names if other != name])
            kept = to in state and state[to][2]  # RFC 4918 §7.6: a lock of what is overwritten
            after[to] = (content, mark, kept)
            if method == "MOVE":
                del after[name]
            return (method, name, f"Destination: /{to}", *self.tell(state, name, to)), None, after
        if method == "DELETE":
            del after[name]
            return ("DELETE", name, *self.tell(state, name)), None, after
        if method == "LOCK" and locked:
            after[name] = (content, mark, False)
            return ("UNLOCK", name, f"Lock-Token: {self.tokens[name]}"), None, after
        if method == "LOCK":
            after[name] = (content, mark, True)
            return ("LOCK", name, "Depth: 0", "Timeout: Second-86400"), LOCKINFO, after
        after[name] = (content, f"{self.turns}", locked)
        return ("PROPPATCH", name, *self.tell(state, name)), PATCH % str(self.turns).encode(), after

    def change(self):
        if len(self.may) > 1:
            self.look()
        (state,) = self.may
        (method, name, *lines), content, after = self.choose(state)
        self.may = [state, after]
        if method == "COPY":  # of one that fails the properties may be left out
            to = lines[0].rpartition("/")[2]
            self.may += [{**after, to: (after[to][0], None, after[to][2])}]
        response = ask(self.server, method, f"/{name}", *lines, content=content)
        self.told.append((method, name, lines, response.status))
        if response.status not in DONE[method] or b" 507 " in response.body:
            assert response.status >= 500 or response.status == 207, \
                (state, self.told[-12:], response.body)
            self.refused += 1
            if method in ("PROPPATCH", "LOCK", "UNLOCK"):
                self.ghosts.append((name, after[name]))
            return
        if method == "LOCK":
            self.tokens[name] = response["Lock-Token"]
        self.may = [after]
        if method != "PUT":  # the store has written something
            self.ghosts = []
        self.acknowledged += 1

    def look(self, ghosts=()):
        """What is there, as soon as it is told; it must be one of what may be."""
        found = None
        while found is None:
            found = self.find()
        self.settle(found, ghosts)

    def find(self):
        found = {}
        for name in self.names:
            get = ask(self.server, "GET", f"/{name}")
            if get.status == 404:
                continue
            response = propfind(self.server, f"/{name}", body=prop(MARK, "lockdiscovery"))
            if get.status != 200 or response.status != 207:
                assert response.status >= 500, (response.status, response.body)
                return None
            (row,) = rows(response).values()
            locks = row.groups[200]["{DAV:}lockdiscovery"]
            tokens = ["<" + e.text + ">" for e in locks.iterfind(".//{DAV:}locktoken/{DAV:}href")]
            if tokens:
                self.tokens[name] = tokens[0]
            found[name] = (get.body, row.text("{urn:kill}mark"), bool(tokens))
        return found

    @staticmethod
    def is_like(found, state, ghosts):
        return found.keys() == state.keys() and all(
            content == state[name][0] and
            mark in [state[name][1], *(to[1] for of, to in ghosts if of == name)] and
            locked in [state[name][2], *(to[2] for of, to in ghosts if of == name)]
            for name, (content, mark, locked) in found.items())

    def settle(self, found, ghosts):
        assert any(self.is_like(found, state, ghosts) for state in self.may), \
            f"found {found}, may be {self.may}; {self.told[-12:]}"
        self.may = [found]
        self.tokens = {name: token for name, token in self.tokens.items()
                       if name in found and found[name][2]}


@pytest.fixture
def state(tmp_path):
    """The store's folder, on another disk than the files if there is one: where it is the same,
    what makes room needs none (RFC 4918 §9.6), and then nothing is written before a DELETE."""
    shared = "/dev/shm"
    if not os.access(shared, os.W_OK) or os.stat(shared).st_dev == tmp_path.stat().st_dev:
        yield tmp_path / "state"
    else:
        with tempfile.TemporaryDirectory(dir=shared, prefix="candor-test-") as folder:
            yield Path(folder)


def test_killed_with_a_store_that_fails(tmp_path, state):
    root = tmp_path / "root"
    root.mkdir()
    writers = [Writer(number) for number in range(CLIENTS)]
    failures, begun, server = [], time.monotonic(), None
    before = threading.excepthook
    threading.excepthook = lambda what: failures.append(what.exc_value) \
        if what.thread in writers else None  # the log of who is killed may end within a line
    try:
        for turn in range(ROUNDS + 1):
            server = disk.Server(root, calls=disk.STORE, arguments=["--write"], state=state)
            for writer in writers:
                writer.server = server
                writer.look(writer.ghosts)
                writer.ghosts = []
            assert not strays(root)
            if turn == ROUNDS:
                server.stop()
                break
            with server.failing(Moods(turn, state.stat().st_dev != root.stat().st_dev)):
                for writer in writers:
                    writer.begin(server)
                time.sleep(random.uniform(0.05, 0.5))  # the moment is the point of this test
                server.signal(signal.SIGKILL)
                server.wait()
                for writer in writers:
                    writer.join()
            server.folder.cleanup()
            if failures:
                pytest.fail(f"round {turn}: {failures[0].args}")
    finally:
        threading.excepthook = before
        if server and server.process.poll() is None:
            server.process.kill()
    acknowledged = sum(writer.acknowledged for writer in writers)
    refused = sum(writer.refused for writer in writers)
    assert acknowledged > ROUNDS and refused > ROUNDS
    print(f"{ROUNDS} rounds of {CLIENTS} clients in {time.monotonic() - begun:.0f} s: "
          f"{acknowledged} changes acknowledged, {refused} refused")
