# SPDX-License-Identifier: MIT
"""What folders and members take of a route's room: quota and max_members; RFC 4331."""
import os
import sys
from pathlib import Path

import pytest

from site_of_dav import ask, assert_refused, config, put, Server, settle, state_of

sys.path.insert(0, str(Path(__file__).parent))
from multistatus import prop, propfind, rows  # noqa: E402

FOLDER = 4096
LOCKINFO = (b'<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
            b"<D:locktype><D:write/></D:locktype></D:lockinfo>")
FORM = (b"--b\r\nContent-Disposition: form-data; name=f; filename=%s\r\n\r\nx\r\n"
        b"--b\r\nContent-Disposition: form-data; name=f; filename=%s\r\n\r\ny\r\n--b--\r\n")


def members(root):
    return len(state_of(root))


def usage(server):
    row = rows(propfind(server, "/", body=prop("quota-used-bytes", "quota-available-bytes")))[b"/"]
    return int(row.text("quota-used-bytes")), int(row.text("quota-available-bytes"))


def double(server):
    """Copies a tree of empty folders into itself, by way of its neighbour, until it is refused."""
    assert ask(server, "MKCOL", "/a").status == 201
    while True:
        copied = ask(server, "COPY", "/a", "Destination: /b")
        if copied.status != 201:
            return copied
        moved = ask(server, "MOVE", "/b", f"Destination: /a/{members(server.root)}")
        assert moved.status == 201


def test_copies_of_empty_folders_end_where_there_are_enough_members(tmp_path):
    with Server(tmp_path, config=config(2, max_members=100)) as server:
        server.root = tmp_path
        assert_refused(double(server), 507, "members-exceeded")
        settle(server, tmp_path)
        there = members(tmp_path)
        assert 50 < there <= 100
        for number in range(there, 100):
            assert ask(server, "MKCOL", f"/{number}").status == 201
        assert_refused(ask(server, "MKCOL", "/more"), 507, "members-exceeded")
    with Server(tmp_path, config=config(2, max_members=100)) as server:
        assert_refused(ask(server, "MKCOL", "/more"), 507, "members-exceeded")
        assert ask(server, "DELETE", "/a").status == 204
        settle(server, tmp_path)
        for number in range(members(tmp_path), 100):
            assert ask(server, "PUT", f"/{number}.txt", content=b"").status == 201
        assert_refused(ask(server, "PUT", "/more", content=b""), 507, "members-exceeded")
        assert members(tmp_path) == 100


def test_copies_of_empty_folders_end_where_the_quota_does(tmp_path):
    quota = 100 * FOLDER + 5
    with Server(tmp_path, config=config(2, quota=quota)) as server:
        server.root = tmp_path
        assert_refused(double(server), 507, "quota-exceeded")
        settle(server, tmp_path)
        used = members(tmp_path) * FOLDER
        assert usage(server) == (used, quota - used) and 2 * used > quota
        put(tmp_path, "by-another", b"12345")
    with Server(tmp_path, config=config(2, quota=quota)) as server:
        assert usage(server) == (used + 5, quota - used - 5)
        assert ask(server, "DELETE", "/a").status == 204
        assert usage(server) == (5, quota - 5)
        assert_refused(ask(server, "PUT", "/f", content=b"f" * (quota - 4)), 507, "quota-exceeded")
        assert ask(server, "PUT", "/f", content=b"f" * (quota - 5)).status == 201
        assert_refused(ask(server, "MKCOL", "/d"), 507, "quota-exceeded")
        assert usage(server) == (quota, 0)


MAKING = {
    "put": lambda server, name: ask(server, "PUT", name, content=b"x"),
    "chunked": lambda server, name: ask(server, "PUT", name, content=b"x", coding="chunked"),
    "mkcol": lambda server, name: ask(server, "MKCOL", name),
    "copy": lambda server, name: ask(server, "COPY", "/old", f"Destination: {name}"),
    "tree": lambda server, name: ask(server, "COPY", "/tree", f"Destination: {name}"),
    "lock": lambda server, name: ask(server, "LOCK", name, content=LOCKINFO),
    "part": lambda server, name: ask(server, "PUT", name, "Content-Range: bytes 0-0/1",
                                     content=b"x"),
    "upload": lambda server, name: ask(server, "PUT", name, "Upload-Complete: ?0",
                                       "Upload-Length: 5", content=b""),
    "member": lambda server, name: ask(server, "POST", "/", f"Slug: {name[1:]}", content=b"x"),
    "form": lambda server, name: ask(server, "POST", "/",
                                     "Content-Type: multipart/form-data; boundary=b",
                                     content=FORM % (name[1:].encode(), b"and-" + name[1:].encode())
                                     ),
}


@pytest.mark.parametrize("way", MAKING)
def test_whatever_makes_a_name_takes_a_member(tmp_path, way):
    put(tmp_path, "old", b"old")
    (tmp_path / "tree").mkdir()
    os.symlink("old", tmp_path / "tree" / "link")
    takes = 2 if way in ("tree", "form") else 1
    with Server(tmp_path, config=config(2, max_members=3 + takes)) as server:
        first = MAKING[way](server, "/first")
        assert first.status in (201, 303), first.body
        before = state_of(tmp_path)
        assert_refused(MAKING[way](server, "/second"), 507, "members-exceeded")
        assert_refused(ask(server, "MKCOL", "/more"), 507, "members-exceeded")
        assert ask(server, "PUT", "/old", content=b"is none more").status == 204
        assert ask(server, "MOVE", "/old", "Destination: /elsewhere").status == 201
        settled = state_of(tmp_path)
        assert settled.pop("elsewhere") == b"is none more"
        before.pop("old")
        assert settled == before
        assert ask(server, "DELETE", "/elsewhere").status == 204
        assert ask(server, "MKCOL", "/more").status == 201


def test_more_members_than_there_may_be_can_be_read_changed_and_removed(tmp_path):
    for name in "abc":
        put(tmp_path, name, b"by another program")
    with Server(tmp_path, config=config(2, max_members=2)) as server:
        assert server.request("GET", "/a").status == 200
        assert ask(server, "PUT", "/a", content=b"changed").status == 204
        assert ask(server, "COPY", "/a", "Destination: /b").status == 204
        assert_refused(ask(server, "PUT", "/d", content=b""), 507, "members-exceeded")
        assert ask(server, "DELETE", "/c").status == 204
        assert_refused(ask(server, "PUT", "/d", content=b""), 507, "members-exceeded")
        assert ask(server, "DELETE", "/b").status == 204
        assert ask(server, "PUT", "/d", content=b"").status == 201


def test_0_is_no_bound(tmp_path):
    with Server(tmp_path, config=config(2, max_members=0)) as server:
        for number in range(50):
            assert ask(server, "MKCOL", f"/{number}").status == 201
