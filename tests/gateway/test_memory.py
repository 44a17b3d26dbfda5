# SPDX-License-Identifier: MIT
"""What is held while something is passed on is bounded, however much it is and however slow."""
import hashlib
import os
import re
import selectors
import socket

import pytest

import harness
from harness import DEADLINE
from site_of_gateway import config, request

CLIENTS, SIZE = 1000, 1 << 20
WEBSOCKETS = int(os.environ.get("CANDOR_WEBSOCKETS", "1000"))


def private_memory(server):
    """Bytes that the process has for itself."""
    with open(f"/proc/{server.process.pid}/smaps_rollup") as rollup:
        return 1024 * sum(int(line.split()[1]) for line in rollup if line.startswith("Private_"))


@pytest.fixture(scope="module", name="mock")
def fixture_mock():
    with harness.Server(config="workers: 1\nlimits: { connections: 15000, idle_timeout: 1h }\n"
                               "routes:\n  - { path: /, mock: {} }\n") as mock:
        yield mock


def gateway_to(mock):
    return harness.Server(config=config(
        f"http://127.0.0.1:{mock.port}",
        keys="idle_timeout: 1h", route="    limits: { content: 1G }\n",
        top="workers: 1\nlimits: { connections: 15000 }\n"))


def most_memory(server):
    with open(f"/proc/{server.process.pid}/status") as status:
        return 1024 * int(re.search(r"VmHWM:\s+(\d+)", status.read())[1])


def forget_most(server):
    with open(f"/proc/{server.process.pid}/clear_refs", "w") as peak:
        peak.write("5")  # VmHWM is what is used now
    return most_memory(server)


class Slow:
    """A client that takes and gives little at a time, and has small buffers for that."""

    def __init__(self, server, head):
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        # What the system keeps to send hangs on the size of a segment, which is large on loopback.
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        self.socket.settimeout(DEADLINE)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.sendall(head)
        self.received, self.digest, self.start = 0, hashlib.sha256(), b""

    def take(self, most=65536):
        data = self.socket.recv(most)
        if b"\r\n\r\n" not in self.start:
            self.start += data
            _, found, data = self.start.partition(b"\r\n\r\n")
            if not found:
                return
        self.received += len(data)
        self.digest.update(data)


def take_all(clients, size):
    """All of them at once, each as something is there for it."""
    with selectors.DefaultSelector() as selector:
        for client in clients:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
            selector.register(client.socket, selectors.EVENT_READ, client)
        while selector.get_map():
            for key, _ in selector.select(DEADLINE):
                before = key.data.received
                key.data.take()
                if key.data.received == size or key.data.received == before:
                    selector.unregister(key.fileobj)


def test_who_takes_slowly_holds_one_buffer(mock):
    # Random bytes for those alone that look at all of them: they cost the upstream more.
    targets = [f"/bytes/{SIZE}?seed=7", *(49 * [f"/status/200?body={SIZE}"])]
    whole = hashlib.sha256(mock.get(targets[0]).body).digest()
    with gateway_to(mock) as server:
        server.get(targets[0])
        before = forget_most(server)
        clients = [Slow(server, request("GET", target))
                   for target in CLIENTS // len(targets) * targets]
        for _ in range(8):  # rounds in which each takes a little, after all others have
            for client in clients:
                client.take(1024)
        patient = clients[::len(targets)]
        take_all(patient, SIZE)
        each = (most_memory(server) - before) / CLIENTS
        for client in patient:
            assert (client.received, client.digest.digest()) == (SIZE, whole)
        for client in clients:
            client.socket.close()
        print(f"{each:.0f} bytes each")
        assert each <= 96 * 1024


def test_who_gives_slowly_holds_what_is_kept_and_one_buffer(mock):
    size, parts = SIZE // 4, 16
    content = os.urandom(size)
    with gateway_to(mock) as server:
        server.request("POST", "/anything", body=content)
        before = forget_most(server)
        clients = [Slow(server, request("POST", "/anything", f"Content-Length: {size}"))
                   for _ in range(CLIENTS)]
        for at in range(0, size, size // parts):
            for client in clients:
                client.socket.sendall(content[at:at + size // parts])
        each = (most_memory(server) - before) / CLIENTS
        digest = hashlib.sha256(content).hexdigest()
        for client in clients:
            with client.socket.makefile("rb") as answered:
                assert answered.readline() == b"HTTP/1.1 200 OK\r\n"
                while digest.encode() not in answered.readline():
                    pass
            client.socket.close()
        print(f"{each:.0f} bytes each")
        assert each <= 128 * 1024


def opened(server):
    client = server.connect()
    client.send(request("GET", "/websocket", "Connection: Upgrade", "Upgrade: websocket",
                        "Sec-WebSocket-Version: 13",
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="))
    assert client.read_response().status == 101
    return client


def echo(client, text):
    # RFC 6455 section 5.2: a masked text frame, whose mask is zeros.
    client.send(bytes((0x81, 0x80 | len(text))) + bytes(4) + text)
    expected = bytes((0x81, len(text))) + text
    while len(client.buffer) < len(expected):
        assert client._more()
    assert client.buffer == expected
    client.buffer = b""


def test_an_idle_websocket_takes_at_most_4_kib(mock):
    with gateway_to(mock) as server:
        clients = [opened(server) for _ in range(100)]
        before = private_memory(server)
        clients += [opened(server) for _ in range(WEBSOCKETS)]
        for number, client in enumerate(clients):
            echo(client, b"message %d" % number)
        each = (private_memory(server) - before) / WEBSOCKETS
        for client in clients:
            client.close()
        print(f"{each:.0f} bytes each")
        assert each <= 4096
