# SPDX-License-Identifier: MIT
"""Killed at any moment: what was acknowledged is there and whole, everything else is wholly there
or wholly absent, and nothing stray is left after the next start.

CANDOR_KILL_ROUNDS says how often (10 without it), CANDOR_KILL_CLIENTS how many at once (32), and
CANDOR_KILL_WITHIN in how many seconds (0.25) after all of them are connected.
"""
import asyncio
import hashlib
import os
import random
import resource
import signal
import time

from dav.multistatus import rows
from site_of_dav import ask, config, head_of, Server, state_of, strays

ROUNDS = int(os.environ.get("CANDOR_KILL_ROUNDS", "10"))
CLIENTS = int(os.environ.get("CANDOR_KILL_CLIENTS", "32"))
WITHIN = float(os.environ.get("CANDOR_KILL_WITHIN", "0.25"))
PATCH = ("<?xml version='1.0'?><D:propertyupdate xmlns:D='DAV:'><D:set><D:prop>"
         "<k:mark xmlns:k='urn:kill'>%s</k:mark></D:prop></D:set></D:propertyupdate>")
FIND = ("<?xml version='1.0'?><D:propfind xmlns:D='DAV:' xmlns:k='urn:kill'><D:prop><k:mark/>"
        "</D:prop></D:propfind>")


def content_of(name, turn, size):
    """Content that tells whether it is whole: its digest is at its end."""
    body = f"{name} {turn} ".encode() * (size // 8 + 1)
    return body + hashlib.sha256(body).hexdigest().encode()


def is_whole(content):
    return hashlib.sha256(content[:-64]).hexdigest().encode() == content[-64:]


class Writer:
    """Makes changes to names of its own, one after another, until the server is gone; knows what
    the states may be: that which was acknowledged last, and that on the way."""

    def __init__(self, number):
        self.number = number
        self.names = [f"w{number}-{letter}" for letter in "abc"]
        self.state = {}  # name: (content, mark)
        self.on_the_way = None  # what the state may be as well
        self.acknowledged = 0
        self.random = random.Random(number)

    async def connect(self, port):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port)

    async def run(self, turn):
        try:
            while True:
                await self.change(turn)
        except (asyncio.IncompleteReadError, OSError):
            self.writer.close()  # the server is gone

    async def send(self, method, name, *lines, content=None):
        if content is not None:
            lines = [*lines, f"Content-Length: {len(content)}"]
        self.writer.write(head_of(method, f"/{name}", *lines) + (content or b""))
        await self.writer.drain()
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        status = int(head.split(" ", 2)[1])
        _, found, length = head.partition("\r\ncontent-length:")
        body = await self.reader.readexactly(int(length.split("\r\n")[0])) if found else b""
        assert status in (201, 204, 207), (method, name, status, body)
        assert "transfer-encoding" not in head and b" 424 " not in body, (method, name, body)

    def choose(self, turn):
        """A request, and the state after it."""
        after = dict(self.state)
        choice = self.random.choice(["put", "put", "move", "move", "delete", "mark", "mark"])
        if choice == "put" or not after:
            name = self.random.choice(self.names)
            size = self.random.choice([10, 4096, 150_000])
            content = content_of(name, f"{turn}.{self.acknowledged}", size)
            after[name] = (content, self.state.get(name, (None, None))[1])
            return ("PUT", name), content, after
        name = self.random.choice(sorted(after))
        if choice == "move":
            target = self.random.choice([other for other in self.names if other != name])
            after[target] = after.pop(name)
            return ("MOVE", name, f"Destination: /{target}"), None, after
        if choice == "delete":
            del after[name]
            return ("DELETE", name), None, after
        mark = f"{self.number}.{turn}.{self.acknowledged}"
        after[name] = (after[name][0], mark)
        return (("PROPPATCH", name, "Content-Type: application/xml"), (PATCH % mark).encode(),
                after)

    async def change(self, turn):
        request, content, self.on_the_way = self.choose(turn)
        await self.send(*request, content=content)
        self.state, self.on_the_way = self.on_the_way, None
        self.acknowledged += 1

    def settle(self, turn, found):
        """Takes what is there for its state, which must be one that may be."""
        may_be = [self.state] + [self.on_the_way] * (self.on_the_way is not None)
        assert found in may_be, \
            f"round {turn}: found {brief(found)}, may be {[brief(state) for state in may_be]}"
        self.state, self.on_the_way = found, None


def brief(state):
    return {name: (len(content), content[:20], mark) for name, (content, mark) in state.items()}


def found_states(server, root):
    """What is there, for each writer."""
    response = ask(server, "PROPFIND", "/", "Depth: 1", "Content-Type: application/xml",
                   content=FIND.encode())
    marks = {row.path.decode().lstrip("/"): row.text("{urn:kill}mark")
             for row in rows(response).values() if row.path != b"/"}
    content = state_of(root)
    assert set(marks) == set(content)
    assert all(is_whole(one) for one in content.values())
    found = {}
    for name, one in content.items():
        found.setdefault(int(name[1:].split("-")[0]), {})[name] = (one, marks[name])
    return found


async def write_until_killed(server, writers, turn):
    """How many were waiting for an answer when the server ended."""
    await asyncio.gather(*(writer.connect(server.port) for writer in writers))
    tasks = [asyncio.create_task(writer.run(turn)) for writer in writers]
    await asyncio.sleep(random.uniform(0, WITHIN))  # the moment is the point of this test
    server.signal(signal.SIGKILL)
    await asyncio.gather(*tasks)
    return sum(writer.on_the_way is not None for writer in writers)


def test_killed_at_any_moment(tmp_path):
    root, folder = tmp_path / "root", tmp_path / "state"
    root.mkdir()
    folder.mkdir()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 4 * CLIENTS + 1024), most))
    text = config(2) + f"state: 'sqlite:{folder}/candor.db'\n"
    writers, on_the_way = [Writer(number) for number in range(CLIENTS)], 0
    begun = time.monotonic()
    for turn in range(ROUNDS + 1):
        server = Server(root, config=text)
        assert not strays(root), f"round {turn}: {strays(root)}"
        found = found_states(server, root)
        for writer in writers:
            writer.settle(turn, found.get(writer.number, {}))
        if turn == ROUNDS:
            server.stop()
            break
        on_the_way += asyncio.run(write_until_killed(server, writers, turn))
        server.wait()
        server.folder.cleanup()
    acknowledged = sum(writer.acknowledged for writer in writers)
    assert acknowledged > ROUNDS
    print(f"{ROUNDS} rounds of {CLIENTS} clients in {time.monotonic() - begun:.0f} s: "
          f"{acknowledged} changes acknowledged, {on_the_way} on the way when it was killed")
