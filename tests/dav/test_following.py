# SPDX-License-Identifier: MIT
"""Properties follow their names whatever the store does: what was acknowledged stays where it
belongs, and where that is not sure yet nothing is told and nothing is taken."""
import errno
import os
import signal
import sqlite3
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import harness
from site_of_dav import ask, assert_refused, config, Server, settle

sys.path.insert(0, str(Path(__file__).parent))
import disk  # noqa: E402
from multistatus import propfind, prop, proppatch, rows, setting  # noqa: E402

pytestmark = pytest.mark.skipif(not disk.CALLS, reason="the calls have no known numbers here")

COLOUR = ("urn:c", "colour")
FOLLOWING_ROWS, ROWS_PENDING = 1000, 256  # base/limits.def
LOCKINFO = (b'<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>'
            b'<locktype><write/></locktype></lockinfo>')
SYNC = (b'<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/>'
        b'</prop></sync-collection>')


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    return root


def serve(root, calls=disk.STORE):
    return disk.Server(root, calls=calls, arguments=["--write"], state=root.parent / "state")


def store_of(root):
    return next((root.parent / "state").rglob("*.db"))


def unfinished(root):
    """How many intents the store has."""
    with sqlite3.connect(f"file:{store_of(root)}?mode=ro", uri=True) as db:
        return db.execute("SELECT count(*) FROM intent").fetchone()[0]


def wait_until_finished(root):
    end = time.monotonic() + harness.DEADLINE
    while unfinished(root):
        assert time.monotonic() < end, "an intent stays"


def set_colour(server, target, colour):
    return proppatch(server, target, setting(f'<c:colour xmlns:c="urn:c">{colour}</c:colour>'))


def colour_of(server, target):
    return rows(propfind(server, target, body=prop(COLOUR)))[target.encode()].text(
        "{urn:c}colour")


def until_there(server, path):
    """The server writes into the folder that the path is in; it looks now and then where it is."""
    end = time.monotonic() + harness.DEADLINE
    while not path.exists():
        assert time.monotonic() < end, f"nothing comes to {path}"
        server.request("PUT", f"/{path.name}", body=b"")


class Full:
    """The disk of the store is full, once a change has begun to show."""

    def __init__(self, server, begins=lambda: True, error=errno.ENOSPC):
        self.server, self.begins, self.error = server, begins, error
        self.is_full = False

    def fails(self, call, path):
        if not path.endswith(("-wal", ".db")):
            return False
        self.is_full = self.is_full or self.begins()
        return self.error if self.is_full else False

    def __enter__(self):
        self.context = self.server.failing(self.fails)
        self.context.__enter__()
        return self

    def __exit__(self, *what):
        self.context.__exit__(*what)


def refused_everywhere(server, names):
    for name in names:
        for response in (set_colour(server, name, "black"),
                         propfind(server, name, body=prop(COLOUR)), propfind(server, name),
                         server.request("DELETE", name),
                         server.request("MOVE", name, {"Destination": "/x"}),
                         server.request("PUT", name, body=b"other")):
            assert_refused(response, 503, "names-busy")
            assert response["Retry-After"] == "1"
    found = rows(propfind(server, "/", "1", body=prop("getcontentlength", COLOUR)))
    for name in names:
        row = found[name.encode()]
        assert row.text("{DAV:}getcontentlength") and row.names(503) == {"{urn:c}colour"}
    found = rows(propfind(server, "/", "1"))
    for name in names:
        assert "{urn:c}colour" not in found[name.encode()].names()
    assert found[b"/other"].text("{urn:c}colour") == "blue"


def begin(server, root):
    """A file with a property, one over which it goes, and one that has nothing to do with them."""
    for name, colour in (("a", "red"), ("b", "green"), ("other", "blue")):
        (root / name).write_bytes(name.encode())
        assert set_colour(server, f"/{name}", colour).status == 207


def half_done(server, root, method):
    """The names have changed, and the store is full; another program stores a file there."""
    begin(server, root)
    inode = (root / "b").stat().st_ino
    changes = {"DELETE": lambda: not (root / "a").exists(),
               "MOVE": lambda: not (root / "a").exists(),
               "COPY": lambda: (root / "b").stat().st_ino != inode}[method]
    full = Full(server, changes)
    with full:
        fields = {} if method == "DELETE" else {"Destination": "/b"}
        response = server.request(method, "/a", fields)
        assert_refused(response, 500, "not-durable")
        assert unfinished(root) == 1
        if method != "COPY":
            (root / "a").write_bytes(b"new")
        names = {"DELETE": ["/a"], "MOVE": ["/a", "/b"], "COPY": ["/b"]}[method]
        refused_everywhere(server, names)
        assert server.get("/b").body == (b"b" if method == "DELETE" else b"a")
        assert server.request("PUT", "/free", body=b"free").status in (201, 204)
    return names


AFTER = {"DELETE": {"/a": None, "/b": "green"}, "MOVE": {"/a": None, "/b": "red"},
         "COPY": {"/a": "red", "/b": None}}  # of a copy that was told to have failed


@pytest.mark.parametrize("method", AFTER)
def test_a_full_store_is_made_up_for_before_the_names_are_used(root, method):
    """RFC 4918 §4.1: a property is its resource's."""
    with serve(root) as server:
        names = half_done(server, root, method)
        assert set_colour(server, names[0], "white").status == 207
        assert unfinished(root) == 0
        expected = {**AFTER[method], names[0]: "white"}
        assert {name: colour_of(server, name) for name in expected} == expected
    with serve(root) as server:
        assert {name: colour_of(server, name) for name in expected} == expected
        assert colour_of(server, "/other") == "blue"


@pytest.mark.parametrize("method", AFTER)
def test_a_full_store_is_made_up_for_without_being_asked(root, method):
    with serve(root) as server:
        half_done(server, root, method)
        wait_until_finished(root)
        assert {name: colour_of(server, name) for name in AFTER[method]} == AFTER[method]


@pytest.mark.parametrize("method", ["DELETE", "MOVE"])
def test_a_full_store_is_made_up_for_by_the_next_start(root, method):
    """The file that is at the old name now, maybe with the inode of the other, is another one."""
    server = serve(root)
    begin(server, root)
    full = Full(server, lambda: not (root / "a").exists())
    with full:
        fields = {} if method == "DELETE" else {"Destination": "/b"}
        assert_refused(server.request(method, "/a", fields), 500, "not-durable")
        (root / "a").write_bytes(b"new")
        server.signal(signal.SIGKILL)
        server.wait()
    with serve(root) as server:
        assert unfinished(root) == 0
        assert {name: colour_of(server, name) for name in AFTER[method]} == AFTER[method]


def test_what_is_half_done_in_a_folder_that_is_exchanged_is_made_up_for_when_it_is_back(tmp_path):
    """The path is a link: properties are those of the folder that it leads to."""
    path, folders = tmp_path / "root", [tmp_path / "v1", tmp_path / "v2"]
    for folder in folders:
        folder.mkdir()
        for name in ("a", "b"):
            (folder / name).write_bytes(name.encode())

    def switch(folder):
        (tmp_path / "link").symlink_to(folder)
        os.rename(tmp_path / "link", path)

    switch(folders[1])
    with serve(path) as server:
        assert set_colour(server, "/a", "white").status == 207
        switch(folders[0])
        until_there(server, folders[0] / "of-1")
        begin(server, path)
        with Full(server, lambda: not (folders[0] / "a").exists()):
            response = server.request("MOVE", "/a", {"Destination": "/b"})
            assert_refused(response, 500, "not-durable")
            switch(folders[1])
            until_there(server, folders[1] / "of-2")
        assert colour_of(server, "/a") == "white"
        assert set_colour(server, "/b", "black").status == 207 and unfinished(path) == 1
        switch(folders[0])
        until_there(server, folders[0] / "again")
        assert colour_of(server, "/b") == "red" and unfinished(path) == 0
        assert not (folders[0] / "a").exists() and server.get("/b").body == b"a"


def test_a_start_while_the_store_is_full_waits_with_these_names_only(root):
    server = serve(root)
    begin(server, root)
    with Full(server, lambda: not (root / "a").exists()):
        assert_refused(server.request("MOVE", "/a", {"Destination": "/b"}), 500, "not-durable")
        server.signal(signal.SIGKILL)
        server.wait()
    # Another program holds it as the start tries to end that.
    holder = sqlite3.connect(store_of(root), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with serve(root) as server:
        assert_refused(propfind(server, "/b"), 503, "names-busy")
        assert colour_of(server, "/other") == "blue" and server.get("/b").body == b"a"
        holder.execute("ROLLBACK")
        holder.close()
        assert colour_of(server, "/b") == "red"
        assert unfinished(root) == 0


def test_a_change_that_was_not_made_is_forgotten_first(root):
    """An intent of a MOVE that failed must not be taken for one that was made: not even where the
    file is replaced meanwhile."""
    with serve(root, calls=(*disk.STORE, "rename")) as server:
        begin(server, root)
        failed = []

        def fails(call, path):
            if call == "rename":
                failed.append(path)
                return True
            return errno.ENOSPC if failed and path.endswith("-wal") else False

        with server.failing(fails):
            assert_refused(server.request("MOVE", "/a", {"Destination": "/c"}), 500, "write-failed")
            assert unfinished(root) == 1
            assert_refused(server.request("PUT", "/a", body=b"new"), 503, "names-busy")
        settle(server, root)
        assert server.request("PUT", "/a", body=b"new").status == 204
        assert unfinished(root) == 0 and colour_of(server, "/a") == "red"


def test_what_a_full_store_refuses_leaves_nothing(root):
    """The names may be used as before: to make room, too (RFC 4918 §9.6)."""
    with serve(root) as server:
        begin(server, root)
        with Full(server):
            for method in ("MOVE", "COPY"):
                assert_refused(server.request(method, "/a", {"Destination": "/c"}), 507,
                               "storage-full")
            assert_refused(server.request("LOCK", "/a", {"Depth": "0"}, LOCKINFO), 507,
                           "storage-full")
            assert server.request("PUT", "/a", body=b"new").status == 204
            # Else a crash would leave its properties to whoever has the name next.
            assert_refused(server.request("DELETE", "/a"), 507, "storage-full")
            assert server.request("PUT", "/a", body=b"newer").status == 204
            assert colour_of(server, "/a") == "red"
        assert unfinished(root) == 0
        refused = []
        with server.failing(lambda call, path: refused.append(path) or errno.ENOSPC if (
                path.endswith("-wal") and not refused) else False):  # and then there is a reserve
            assert server.request("DELETE", "/a").status == 204
            assert refused
            (root / "a").write_bytes(b"another")
            assert colour_of(server, "/a") is None
        assert unfinished(root) == 0


def test_what_a_failing_store_leaves_is_bounded(root):
    """Whatever names are asked for; the last ones are refused before anything is changed."""
    count = ROWS_PENDING + 4
    with serve(root) as server:
        for number in range(count):
            (root / f"{number}").write_bytes(b"x")
            assert set_colour(server, f"/{number}", "red").status == 207
        with server.failing(lambda call, path: call == "fdatasync" and path.endswith("-wal")):
            outcomes = [server.request("DELETE", f"/{number}").outcome for number in range(count)]
        assert outcomes == ["write-failed"] * ROWS_PENDING + ["names-busy"] * 4
        assert len(os.listdir(root)) == count
        assert {colour_of(server, f"/{number}") for number in range(count)} == {"red"}
        assert all(server.request("DELETE", f"/{number}").status == 204 for number in range(count))


def test_a_failed_move_over_a_folder_says_that_tags_may_differ(root):
    """RFC 9110 §8.8.1: the file was at another name for a moment, and changes its tag by that."""
    with serve(root, calls=disk.FILES) as server:
        (root / "file").write_bytes(b"file")
        (root / "folder").mkdir()
        (root / "folder/member").write_bytes(b"member")
        renames = []

        def fail_second(call, path):
            renames.append(call)
            return call == "rename" and renames.count("rename") == 2

        with server.failing(fail_second):
            response = server.request("MOVE", "/file", {"Destination": "/folder"})
        assert_refused(response, 500, "taken-back")
        assert server.get("/file").body == b"file"
        assert server.get("/folder/member").body == b"member"
        assert server.request("MOVE", "/file", {"Destination": "/folder"}).status == 204
        assert server.get("/folder").body == b"file"


# ---- Many rows

def set_many(server, root, folder, count):
    """So many properties, 250 of each file; directly, as a client would take its time."""
    (root / folder).mkdir()
    assert set_colour(server, f"/{folder}", "red").status == 207
    for number in range(count // 250):
        (root / folder / f"{number:04}").write_bytes(b"x")
    with sqlite3.connect(store_of(root), isolation_level=None) as db:
        (tree,) = db.execute("SELECT tree FROM property").fetchone()
        db.execute("BEGIN IMMEDIATE")
        db.executemany(
            "INSERT INTO property VALUES (?, CAST(? AS BLOB), CAST('urn:c' AS BLOB),"
            " CAST(? AS BLOB), CAST(? AS BLOB))",
            ((tree, f"/{folder}/{number // 250:04}", f"p{number % 250}",
              f'<c:p{number % 250} xmlns:c="urn:c">{number}</c:p{number % 250}>')
             for number in range(count)))
        db.execute("UPDATE tree SET properties = properties + ?, octets = octets + "
                   "(SELECT sum(length(namespace) + length(name) + length(value)) FROM property) - "
                   "octets", (count,))
        db.execute("COMMIT")


def count_below(root, folder):
    with sqlite3.connect(f"file:{store_of(root)}?mode=ro", uri=True) as db:
        return db.execute("SELECT count(*) FROM property WHERE CAST(path AS TEXT) LIKE ?",
                          (f"/{folder}%",)).fetchone()[0]


class Held:
    """The store's flushes do not end, from the nth on, until it is released."""

    def __init__(self, nth):
        self.left, self.released, self.holds = nth, threading.Event(), threading.Event()

    def fails(self, call, path):
        if call == "fdatasync" and path.endswith("-wal"):
            self.left -= 1
            if self.left < 0:
                self.holds.set()
                return self.released
        return False


@pytest.mark.parametrize("method", ["MOVE", "DELETE", "COPY"])
def test_while_many_rows_follow_others_go_on(root, method):
    count = 10 * FOLLOWING_ROWS
    with serve(root) as server, ThreadPoolExecutor() as pool:
        set_many(server, root, "from", count)
        held = Held(4)
        fields = {} if method == "DELETE" else {"Destination": "/to"}
        with server.failing(held.fails):
            change = pool.submit(server.request, method, "/from", fields)
            assert held.holds.wait(harness.DEADLINE)
            # What needs no store goes on; and of these names nothing is told that is half of it.
            assert server.request("PUT", "/new", body=b"new").status == 201
            assert server.get("/new").body == b"new" and server.get("/").status == 200
            if method != "DELETE":
                asked = prop("getcontentlength", ("urn:c", "p1"))
                assert_refused(propfind(server, "/to/0000", body=asked), 503, "names-busy")
                assert_refused(propfind(server, "/to/", "1", body=asked), 503, "names-busy")
                row = rows(propfind(server, "/", "infinity", body=asked))[b"/to/0000"]
                assert row.names(503) == {"{urn:c}p1"} and row.text("{DAV:}getcontentlength") == "1"
            assert not change.done()
            held.released.set()
            assert change.result().status == (204 if method == "DELETE" else 201)
        assert unfinished(root) == 0
        assert count_below(root, "from") == (count + 1 if method == "COPY" else 0)
        assert count_below(root, "to") == (0 if method == "DELETE" else count + 1)


def test_a_kill_while_many_rows_follow_is_made_up_for(root):
    count = 5 * FOLLOWING_ROWS
    server = serve(root)
    set_many(server, root, "from", count)
    held = Held(3)
    with server.failing(held.fails), ThreadPoolExecutor() as pool:
        change = pool.submit(server.request, "MOVE", "/from", {"Destination": "/to"})
        assert held.holds.wait(harness.DEADLINE)
        server.signal(signal.SIGKILL)
        held.released.set()
        server.wait()
        with pytest.raises((OSError, EOFError)):
            change.result()
    assert unfinished(root) == 1 and 0 < count_below(root, "from") <= count
    (root / "from").mkdir()  # by somebody, meanwhile
    with serve(root) as server:
        assert unfinished(root) == 0
        assert count_below(root, "from") == 0 and count_below(root, "to") == count + 1
        assert colour_of(server, "/to/") == "red" and colour_of(server, "/from/") is None


def test_who_leaves_while_rows_follow_is_made_up_for(root):
    count = 5 * FOLLOWING_ROWS
    with serve(root) as server:
        set_many(server, root, "from", count)
        held = Held(3)
        with server.failing(held.fails):
            with server.connect() as client:
                client.send(f"MOVE /from HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n"
                            "Destination: /to\r\n\r\n")
                assert held.holds.wait(harness.DEADLINE)
                client.socket.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER: it is reset
            held.released.set()
            wait_until_finished(root)
        assert count_below(root, "from") == 0 and count_below(root, "to") == count + 1


# ---- Another program has the store

def test_what_needs_no_store_waits_for_nobody_who_holds_it(root):
    with serve(root) as server, ThreadPoolExecutor(max_workers=16) as pool:
        begin(server, root)
        holder = sqlite3.connect(store_of(root), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        waiting = [pool.submit(set_colour, server, "/other", str(n)) for n in range(8)]
        waiting += [pool.submit(server.request, "LOCK", "/a", {"Depth": "0"}, LOCKINFO)]
        waiting += [pool.submit(server.request, "DELETE", "/b")]
        waiting += [pool.submit(server.request, "REPORT", "/", {"Depth": "0"}, SYNC)]
        answered = 0
        while not any(one.done() for one in waiting):  # they wait for two seconds
            assert server.request("PUT", "/free", body=b"free").status in (201, 204)
            assert server.get("/free").body == b"free"
            assert colour_of(server, "/a") == "red"  # reading waits for no writer
            answered += 1
        assert answered > 10
        for one in waiting:
            assert_refused(one.result(), 503, "store-busy")
            assert one.result()["Retry-After"] == "1"
        holder.execute("ROLLBACK")
        holder.close()
        assert (root / "b").exists()
        assert server.request("REPORT", "/", {"Depth": "0"}, SYNC).status == 207
        assert set_colour(server, "/other", "new").status == 207
        response = server.request("LOCK", "/a", {"Depth": "0"}, LOCKINFO)
        assert response.status == 200


def test_who_waits_for_the_store_gets_it_when_it_is_free(root):
    with serve(root) as server, ThreadPoolExecutor() as pool:
        begin(server, root)
        holder = sqlite3.connect(store_of(root), isolation_level=None, check_same_thread=False)
        holder.execute("BEGIN IMMEDIATE")
        waiting = [pool.submit(set_colour, server, "/other", "new"),
                   pool.submit(server.request, "LOCK", "/a", {"Depth": "0"}, LOCKINFO),
                   pool.submit(server.request, "LOCK", "/fresh", {"Depth": "0"}, LOCKINFO),
                   pool.submit(server.request, "MOVE", "/b", {"Destination": "/c"}),
                   pool.submit(server.request, "REPORT", "/", {"Depth": "0"}, SYNC)]
        for _ in range(20):
            assert server.get("/other").status == 200
        holder.execute("ROLLBACK")
        holder.close()
        assert [one.result().status for one in waiting] == [207, 200, 201, 201, 207]
        assert colour_of(server, "/c") == "green" and colour_of(server, "/other") == "new"


# ---- The store is gone

@pytest.mark.parametrize("what", ["file", "log", "folder"])
def test_what_a_store_that_is_gone_would_lose_is_not_acknowledged(root, what):
    with serve(root) as server:
        begin(server, root)
        store = store_of(root)
        path = {"file": store, "log": Path(f"{store}-wal"), "folder": store.parent}[what]
        aside = root.parent / "aside"
        os.rename(path, aside)
        for response in (set_colour(server, "/a", "black"),
                         server.request("LOCK", "/a", {"Depth": "0"}, LOCKINFO),
                         server.request("LOCK", "/fresh", {"Depth": "0"}, LOCKINFO),
                         server.request("MOVE", "/a", {"Destination": "/c"}),
                         server.request("DELETE", "/b"),
                         server.request("REPORT", "/", {"Depth": "0"}, SYNC)):
            assert_refused(response, 500, "state-gone")
        settle(server, root)
        assert sorted(os.listdir(root)) == ["a", "b", "other"]
        assert server.request("PUT", "/a", body=b"new").status == 204
        assert server.request("MKCOL", "/folder").status == 201
        assert server.get("/a").body == b"new" and colour_of(server, "/a") == "red"
        server.wait_for_message("state-gone")
        os.rename(aside, path)
        assert set_colour(server, "/a", "white").status == 207
        server.wait_for_message("state-back")
        assert sum("state-gone" in line for line in server.messages) == 1
        assert server.request("LOCK", "/b", {"Depth": "0"}, LOCKINFO).status == 200
    with serve(root) as server:
        assert colour_of(server, "/a") == "white"
