# SPDX-License-Identifier: MIT
"""Killed at any moment: what was acknowledged is there and whole, everything else is wholly there
or wholly absent, and nothing stray is left after the next start.

CANDOR_KILL_ROUNDS says how often (10 without it), CANDOR_KILL_CLIENTS how many at once (16).
"""
import hashlib
import os
import random
import signal
import threading
import time

from harness import Client
from site_of_dav import ask, config, head_of, Server, state_of, strays

ROUNDS = int(os.environ.get("CANDOR_KILL_ROUNDS", "10"))
CLIENTS = int(os.environ.get("CANDOR_KILL_CLIENTS", "16"))
WITHIN = float(os.environ.get("CANDOR_KILL_WITHIN", "0.25"))  # seconds after the clients began
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
    the states may be: those that were acknowledged last, and those on the way."""

    def __init__(self, port, number, turn, state):
        self.port, self.number, self.turn = port, number, turn
        self.state = state  # name: (content, mark), of this writer's names
        self.on_the_way = []  # what the state may be as well
        self.random = random.Random(f"{number} {turn}")
        self.acknowledged = 0
        self.error = None
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            self.client = Client(self.port)
            while True:
                self.change()
        except (EOFError, OSError):
            pass  # the server is gone
        except BaseException as error:  # noqa: BLE001 (told by the test)
            self.error = error

    def send(self, method, name, *lines, content=None):
        if content is not None:
            lines = [*lines, f"Content-Length: {len(content)}"]
        self.client.send(head_of(method, f"/{name}", *lines) + (content or b""))
        response = self.client.read_response(method)
        assert response.status in (201, 204, 207), (method, name, response.status, response.body)

    def change(self):
        names = [f"w{self.number}-{letter}" for letter in "abc"]
        here = [name for name in names if name in self.state]
        choice = self.random.choice(["put", "put", "move", "move", "delete", "mark"])
        after = dict(self.state)
        if choice == "put" or not here:
            name = self.random.choice(names)
            size = self.random.choice([10, 4096, 150_000])
            content = content_of(name, self.turn + self.acknowledged / 1000, size)
            after[name] = (content, self.state.get(name, (None, None))[1])
            act = ("PUT", name), {"content": content}
        elif choice == "move":
            name, target = self.random.sample(names, 2)
            if name not in here:
                return
            after[target] = after.pop(name)
            act = ("MOVE", name, f"Destination: /{target}"), {}
        elif choice == "delete":
            name = self.random.choice(here)
            after.pop(name)
            act = ("DELETE", name), {}
        else:
            name = self.random.choice(here)
            mark = f"{self.number}.{self.turn}.{self.acknowledged}"
            after[name] = (after[name][0], mark)
            act = ("PROPPATCH", name, "Content-Type: application/xml"), \
                {"content": (PATCH % mark).encode()}
        self.on_the_way = [after]
        self.send(*act[0], **act[1])
        self.state, self.on_the_way = after, []
        self.acknowledged += 1


def mark_of(server, name):
    body = ask(server, "PROPFIND", f"/{name}", "Depth: 0", "Content-Type: application/xml",
               content=FIND.encode()).body.decode()
    found = body.partition("mark")[2].partition(">")[2].partition("</")[0]
    return found if "200 OK" in body and found else None


def found_state(server, root, number):
    return {name: (content, mark_of(server, name)) for name, content in state_of(root).items()
            if name.startswith(f"w{number}-")}


def test_killed_at_any_moment(tmp_path):
    root, folder = tmp_path / "root", tmp_path / "state"
    root.mkdir()
    folder.mkdir()
    text = config(2) + f"state: 'sqlite:{folder}/candor.db'\n"
    states, acknowledged = [{} for _ in range(CLIENTS)], 0
    for turn in range(ROUNDS + 1):
        server = Server(root, config=text)
        assert not strays(root), f"round {turn}: {strays(root)}"
        assert all(is_whole(content) for content in state_of(root).values())
        if turn:
            for number, writer in enumerate(writers):
                found = found_state(server, root, number)
                assert found in [writer.state, *writer.on_the_way], \
                    tell(turn, found, writer)
                states[number] = found
        if turn == ROUNDS:
            server.stop()
            break
        writers = [Writer(server.port, number, turn, states[number]) for number in range(CLIENTS)]
        for writer in writers:
            writer.thread.start()
        time.sleep(random.uniform(0, WITHIN))  # the moment is the point of this test
        server.signal(signal.SIGKILL)
        server.wait()
        server.folder.cleanup()
        for writer in writers:
            writer.thread.join()
            if writer.error:
                raise writer.error
        acknowledged += sum(writer.acknowledged for writer in writers)
    assert acknowledged > ROUNDS
    print(f"{ROUNDS} rounds, {acknowledged} changes acknowledged")


def tell(turn, found, writer):
    def brief(state):
        return {name: (len(content), content[:20], mark) for name, (content, mark)
                in state.items()}
    return (f"round {turn}: found {brief(found)}, acknowledged {brief(writer.state)}, "
            f"on the way {[brief(state) for state in writer.on_the_way]}")
