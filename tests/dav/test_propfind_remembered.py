# SPDX-License-Identifier: MIT
"""Answers to PROPFIND that are remembered: what the server changes is seen at once by every worker,
what others change within a second."""
import sys
import time
from pathlib import Path

import pytest

import harness
from site_of_dav import config

sys.path.insert(0, str(Path(__file__).parent))
from multistatus import DAV, prop, rows  # noqa: E402

FRESH = 1.0     # seconds: how long the server may believe what it saw
PATIENCE = 1.0  # and how much later an answer may come on a busy machine
LOCK = ('<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
        '<D:locktype><D:write/></D:locktype></D:lockinfo>')
PATCH = ('<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x:p xmlns:x="urn:x">{}</x:p></D:prop>'
         '</D:set></D:propertyupdate>')


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    (folder / "sub").mkdir(parents=True)
    for name in "abc":
        (folder / f"{name}.txt").write_text(name)
    return folder


@pytest.fixture
def server(root):
    with harness.Server(root, config=config(workers=2)) as running:
        yield running


class Clients:
    """So many connections that every worker has some."""

    def __init__(self, server):
        self.all = [server.connect() for _ in range(12)]

    def request(self, client, method, target, content="", **fields):
        lines = "".join(f"{n.replace('_', '-')}: {v}\r\n" for n, v in fields.items())
        client.send(f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n{lines}"
                    f"Content-Length: {len(content)}\r\n\r\n{content}")
        return client.read_response()

    def change(self, method, target, content="", **fields):
        """By one of them, and a right answer."""
        response = self.request(self.all[0], method, target, content, **fields)
        assert 200 <= response.status < 300, response.body
        return response

    def told(self, target="/", content="", **fields):
        """What each of them is told, twice."""
        return [rows(self.request(client, "PROPFIND", target, content, **{"Depth": 1, **fields}))
                for _ in range(2) for client in self.all]


@pytest.fixture
def clients(server):
    return Clients(server)


def test_names_that_the_server_changes_are_told_at_once(clients):
    for turn in range(5):
        assert all(b"/new" not in told for told in clients.told())
        clients.change("PUT", "/new", "x")
        assert all(b"/new" in told for told in clients.told())
        clients.change("MOVE", "/new", Destination=f"/moved-{turn}")
        assert all(f"/moved-{turn}".encode() in told and b"/new" not in told
                   for told in clients.told())
        clients.change("COPY", f"/moved-{turn}", Destination="/copy")
        assert all(b"/copy" in told for told in clients.told())
        clients.change("DELETE", "/copy")
        clients.change("MKCOL", "/copy")
        assert all(b"/copy/" in told for told in clients.told())
        clients.change("DELETE", "/copy/")
        assert all(b"/copy/" not in told for told in clients.told())


def test_content_that_the_server_changes_is_told_at_once(clients):
    for length in range(1, 20):
        tag = clients.change("PUT", "/a.txt", "x" * length)["ETag"]
        for told in clients.told():
            assert told[b"/a.txt"].text("getcontentlength") == str(length)
            assert told[b"/a.txt"].text("getetag") == tag


def test_properties_are_told_at_once(clients):
    for value in range(10):
        clients.change("PROPPATCH", "/b.txt", PATCH.format(value))
        for content in ("", prop(("urn:x", "p"))):
            assert all(told[b"/b.txt"].text("{urn:x}p") == str(value)
                       for told in clients.told(content=content))


def test_locks_are_told_at_once(clients):
    def tokens():
        return {e.text for told in clients.told()
                for e in told[b"/c.txt"].element.iter(DAV + "href")
                if (e.text or "").startswith("urn:uuid:")}

    assert not tokens()
    for _ in range(5):
        token = clients.change("LOCK", "/c.txt", LOCK)["Lock-Token"]
        assert tokens() == {token.strip("<>")}
        clients.change("UNLOCK", "/c.txt", Lock_Token=token)
        assert not tokens()


def test_what_a_lock_has_left_is_never_late(clients):
    clients.change("LOCK", "/c.txt", LOCK, Timeout="Second-2")
    begin = time.monotonic()
    while time.monotonic() < begin + 3.5:
        asked = time.monotonic() - begin
        for told in clients.told():
            for left in told[b"/c.txt"].element.iter(DAV + "timeout"):
                assert int(left.text.removeprefix("Second-")) <= 2 - asked + 1
        time.sleep(0.05)
    assert all(not list(told[b"/c.txt"].element.iter(DAV + "activelock"))
               for told in clients.told())


def test_what_others_change_is_told_within_a_second(clients, root):
    for turn in range(3):
        clients.told()
        (root / f"outside-{turn}").touch()
        deadline = time.monotonic() + FRESH + PATIENCE
        while not all(f"/outside-{turn}".encode() in told for told in clients.told()):
            assert time.monotonic() < deadline, "the change was not seen in time"
            time.sleep(0.02)


def test_what_is_asked_decides_what_is_told(clients):
    for _ in range(3):
        assert all(b"/" in told and told[b"/a.txt"].names() == {DAV + "getetag"}
                   for told in clients.told(content=prop("getetag")))
        assert all(told[b"/a.txt"].names() == {DAV + "getcontentlength"}
                   for told in clients.told(content=prop("getcontentlength")))
        assert all(b"/" not in told for told in clients.told(Prefer="depth-noroot"))
        assert all(set(told) == {b"/"} for told in clients.told(Depth=0))
        assert all(set(told) == {b"/sub/"} for told in clients.told("/sub/"))
        response = clients.request(clients.all[0], "PROPFIND", "/", Depth=1,
                                   Prefer="return=minimal, depth-noroot")
        assert response["Preference-Applied"] == "return=minimal, depth-noroot"
        assert int(response["Content-Length"]) == len(response.body)


def resident(server):
    for line in Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024 / 1024
    raise AssertionError


def test_many_answers_take_bounded_memory(root):
    """Without the bound the answers would take 55 MiB."""
    for i in range(1000):
        (root / "sub" / f"a member with a rather long name, to make the answer long {i}").touch()
    with harness.Server(root, config=config(workers=1)) as server:
        client = server.connect()
        total = 0
        for i in range(160):
            content = prop("getetag", ("urn:x", f"p{i:03}"))
            client.send("PROPFIND /sub/ HTTP/1.1\r\nHost: localhost\r\nDepth: 1\r\n"
                        f"Content-Length: {len(content)}\r\n\r\n{content}")
            response = client.read_response()
            assert response.status == 207
            total += len(response.body)
            if i == 0:
                before = resident(server)
        assert total > 48 * 1024 * 1024
        if "test" not in str(harness.CANDOR.parent.name):
            assert resident(server) - before < 24
