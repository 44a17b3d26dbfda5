# SPDX-License-Identifier: MIT
"""Files that change while they are served: RFC 9110 §8.8 (validators), §8.8.2.1 (dates), RFC 9112
§8 (what ends incomplete must be seen to). A change is seen within a second."""
import email.utils
import os
import resource
import socket
import time

import pytest

from site_of_files import MEMORY, ask, config, put, record_of, Server

FRESH = 1.0     # seconds: how long the server may believe what it saw
PATIENCE = 1.0  # and how much later an answer may come on a busy machine
SIZES = {"memory": 100, "pages": 100_000, "file system": MEMORY + 100}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("changes")


@pytest.fixture(scope="module")
def server(root):
    with Server(root) as server:
        yield server


class Watcher:
    """Asks again and again on one connection, until the answer is as wanted."""

    def __init__(self, server, target):
        self.client = server.connect()
        self.target = target

    def get(self):
        self.client.send(f"GET {self.target} HTTP/1.1\r\nHost: a\r\n\r\n")
        return self.client.read_response()

    def wait(self, wanted, check):
        """Every answer passes the check; the wanted one comes in time."""
        deadline = time.monotonic() + FRESH + PATIENCE
        while True:
            response = self.get()
            check(response)
            if wanted(response):
                return response
            assert time.monotonic() < deadline, "the change was not seen in time"


def age(path, seconds=10):
    """Makes the file older than it is, so that a change in the same tick of its clock shows."""
    past = time.time() - seconds
    os.utime(path, (past, past))


def change(path, content):
    path.write_bytes(content)


def replace(path, content):
    new = path.with_suffix(".new")
    new.write_bytes(content)
    new.rename(path)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("act", [change, replace])
@pytest.mark.parametrize("growth", [0, 50], ids=["same length", "longer"])
def test_change_is_seen_within_a_second_with_its_own_fields(server, root, act, size, growth):
    old, new = b"o" * SIZES[size], b"n" * (SIZES[size] + growth)
    path = put(root, "file.txt", old)
    age(path)
    watcher = Watcher(server, "/file.txt")
    first = watcher.wait(lambda response: response.body == old, lambda response: None)
    tags = {first["ETag"]: old}

    def check(response):
        # Whatever is sent is one state of the file, and has that state's tag (RFC 9110 §8.8.1).
        assert response.status == 200 and response.body in (old, new)
        assert tags.setdefault(response["ETag"], response.body) == response.body

    act(path, new)
    last = watcher.wait(lambda response: response.body == new, check)
    assert last["ETag"] != first["ETag"] and last["Last-Modified"] != first["Last-Modified"]


def test_file_that_was_deleted_and_made_again_is_seen(server, root):
    path = put(root, "gone.txt", b"here")
    watcher = Watcher(server, "/gone.txt")
    assert watcher.get().body == b"here"
    path.unlink()
    watcher.wait(lambda response: response.status == 404,
                 lambda response: response.status == 404 or response.body == b"here")
    put(root, "gone.txt", b"again")
    response = watcher.wait(lambda response: response.status == 200,
                            lambda response: response.status == 404 or response.body == b"again")
    assert response.body == b"again"


def test_file_that_becomes_a_folder_is_seen(server, root):
    path = put(root, "turns", b"file")
    watcher = Watcher(server, "/turns")
    assert watcher.get().status == 200
    path.unlink()
    path.mkdir()
    watcher.wait(lambda response: response.status == 301, lambda response: None)


def test_index_and_neighbour_that_appear_are_seen(server, root):
    put(root, "site/other.txt")
    watcher = Watcher(server, "/site/")
    assert b"other.txt" in watcher.get().body
    put(root, "site/index.html", b"<p>index</p>")
    watcher.wait(lambda response: response.body == b"<p>index</p>", lambda response: None)
    put(root, "site/index.html.gz", b"zipped")
    watcher.wait(lambda response: response["Vary"] == "Accept-Encoding", lambda response: None)
    assert ask(server, "GET", "/site/", "Accept-Encoding: gzip").body == b"zipped"


def test_listing_is_always_of_now(server, root):
    put(root, "now/one.txt")
    watcher = Watcher(server, "/now/")
    before = watcher.get()
    put(root, "now/two.txt")
    after = watcher.get()
    assert b"two.txt" not in before.body and b"two.txt" in after.body
    assert before["ETag"] != after["ETag"]


@pytest.mark.parametrize("ahead", [3600, 10**9])
def test_last_modified_is_never_in_the_future(server, root, ahead):  # RFC 9110 §8.8.2.1
    path = put(root, f"future-{ahead}.txt")
    os.utime(path, (time.time() + ahead,) * 2)
    response = ask(server, "GET", f"/{path.name}")
    modified, date = (email.utils.parsedate_to_datetime(response[name])
                      for name in ("Last-Modified", "Date"))
    assert modified <= date


def slow_client(server, target):
    """Has asked, and takes nothing of the answer but its head for now."""
    client = server.connect()
    client.socket.close()
    client.socket = socket.socket()
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.socket.settimeout(20)
    client.socket.connect(("127.0.0.1", server.port))
    client.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")
    while b"\r\n\r\n" not in client.buffer:
        client.buffer += client.socket.recv(64)
    return client


def read_on(client):
    """The slow client takes the rest, fast."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    return client.read_response()


@pytest.mark.parametrize("lines, target", [("", "/shrinks.bin"),
                                           ("Range: bytes=0-9,1000000-\r\n", "/shrinks.bin?part")])
def test_file_that_shrinks_ends_visibly_incomplete(server, root, lines, target):
    # RFC 9112 §8: fewer bytes than Content-Length and a close; the log tells it
    size = 32 * 1024 * 1024
    path = root / "shrinks.bin"
    with open(path, "wb") as file:
        file.truncate(size)
    with slow_client(server, f"{target} HTTP/1.1\r\n{lines}X:") as client:
        os.truncate(path, size // 4)
        response = read_on(client)
        assert response.status == (206 if lines else 200)
        assert int(response["Content-Length"]) > size // 2
        assert not response.complete and len(response.body) < size // 2
        assert client.is_closed()
    record = record_of(server, target=target)
    assert record["ended"] == "body-failed"
    assert record["outcome"] == ("partial-many" if lines else "ok")
    assert record["bytes_out"] < size // 2


LARGE = 32 << 20  # more than the system takes on while the client reads nothing
RANGES = {"whole": "", "a range": "Range: bytes=7-\r\n",
          "ranges": "Range: bytes=0-9,1000000-\r\n"}


def write_in_place(path):
    with open(path, "r+b") as file:
        file.seek(LARGE // 2)
        file.write(b"n")


def write_anew(path):
    """As cp does: emptied, then written; so fast that the server never sees it shorter."""
    with open(path, "r+b") as file:
        file.write(b"n" * (LARGE + 1000))


def append(path):
    with open(path, "ab") as file:
        file.write(b"n" * 1000)


def change_rights(path):
    path.chmod(0o600)


def remove(path):
    path.unlink()


@pytest.mark.parametrize("lines", RANGES.values(), ids=RANGES)
@pytest.mark.parametrize("act, is_whole", [
    (write_in_place, False), (write_anew, False), (append, True), (change_rights, True),
    (remove, True)])
def test_what_is_sent_whole_is_one_state_of_the_file(server, root, act, is_whole, lines):
    """RFC 9110 §8.8.1: a strong entity tag promises every byte."""
    path = put(root, "large.bin", b"o" * LARGE)
    age(path)
    target = f"/large.bin?{act.__name__}{len(lines)}"
    with slow_client(server, f"{target} HTTP/1.1\r\n{lines}X:") as client:
        act(path)
        response = read_on(client)
        assert response.complete == is_whole
        assert len(response.body) > LARGE // 2 or not is_whole
        assert not is_whole or b"n" * 100 not in response.body
        if not is_whole:
            assert client.is_closed()
    assert record_of(server, target=target).get("ended") == (None if is_whole else "body-failed")


KEPT = 200_000  # in memory, in pages that the system sends


@pytest.mark.parametrize("lines", ["", "Range: bytes=7-\r\n", "Range: bytes=0-9,50000-\r\n"],
                         ids=RANGES)
def test_file_that_is_kept_in_memory_is_sent_as_it_was(server, root, lines):
    """RFC 9110 §8.8.1, also when what was kept has been given up meanwhile."""
    name = f"kept-{len(lines)}.bin"  # of its own: another worker may remember an earlier test's
    path = put(root, name, b"o" * KEPT)
    age(path)
    target = f"/{name}"
    Watcher(server, target).wait(lambda r: r.body == b"o" * KEPT, lambda r: None)
    with slow_client(server, f"{target} HTTP/1.1\r\n{lines}X:") as client:
        with open(path, "r+b") as file:
            file.write(b"n" * KEPT)
        Watcher(server, target).wait(lambda r: r.body == b"n" * KEPT, lambda r: None)
        response = read_on(client)
    assert response.complete and len(response.body) > KEPT // 2
    assert b"o" * 9 in response.body and b"nnn" not in response.body


def test_file_is_sent_whole_where_the_size_of_files_is_limited(root):
    """Then there are no pages to send, and bytes are copied."""
    put(root, "limited.bin", b"o" * KEPT)
    most = (1 << 20, 1 << 20)
    with Server(root, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, most)) as server:
        assert ask(server, "GET", "/limited.bin").body == b"o" * KEPT


def test_file_that_is_replaced_while_it_is_sent_is_sent_as_it_was(server, root):
    path = put(root, "replaced.bin", b"o" * (4 << 20))
    with slow_client(server, "/replaced.bin") as client:
        replace(path, b"n" * (4 << 20))
        response = read_on(client)
    assert response.complete and response.body == b"o" * (4 << 20)


def test_client_that_leaves_is_told_in_the_log(server, root):
    put(root, "left.bin", bytes(8 << 20))
    with slow_client(server, "/left.bin"):
        pass
    assert record_of(server, target="/left.bin")["ended"] == "client-gone"


def test_client_that_takes_nothing_is_cut_off(root):
    put(root, "stuck.bin", bytes(8 << 20))
    with Server(root, config="limits: { send_timeout: 50ms }\n" + config()) as server:
        with slow_client(server, "/stuck.bin") as client:
            record = record_of(server, target="/stuck.bin")
            assert record["ended"] == "send-timeout"
            client.close()
