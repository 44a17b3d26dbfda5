# SPDX-License-Identifier: MIT
"""A disk that fails while it is written: 500 (RFC 9110 §15.6.1), and what was there is untouched.

The system itself fails: a filter of system calls lets every rename answer EIO, as it does when a
disk is lost, or fsync does. The store needs no rename, and syncs otherwise: it goes on working.
"""
import ctypes
import errno
import os
import platform
import struct
import sys
from pathlib import Path

import pytest

from harness import Server
from site_of_dav import settle

sys.path.insert(0, str(Path(__file__).parent))
import disk  # noqa: E402
from multistatus import propfind, prop, proppatch, rows, setting  # noqa: E402

RENAMES = {"x86_64": [82, 264, 316], "aarch64": [38, 276]}.get(platform.machine())
LOAD_NUMBER, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2

pytestmark = pytest.mark.skipif(not RENAMES, reason="the numbers of the calls are not known here")


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def lose_disk():
    """Runs in the child, before the program: from now on rename fails."""
    steps = [(LOAD_NUMBER, 0, 0, 0)]
    for number in RENAMES:
        steps += [(JUMP_IF_EQUAL, 0, 1, number), (RETURN, 0, 0, ERRNO | errno.EIO)]
    steps.append((RETURN, 0, 0, ALLOW))
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    program = Program(len(steps), code)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0):
        raise OSError(ctypes.get_errno(), "the filter was refused")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("failing")
    (root / "kept").write_bytes(b"kept")
    return root


@pytest.fixture(scope="module")
def server(root):
    with Server(root, arguments=["--write"], before=lose_disk) as server:
        yield server


@pytest.mark.parametrize("content", [b"new", b"n" * 300_000], ids=["small", "large"])
@pytest.mark.parametrize("target", ["/kept", "/fresh"])
def test_what_cannot_be_made_durable_is_not_acknowledged(server, root, content, target):
    response = server.request("PUT", target, body=content)
    assert response.status == 500 and response.outcome == "write-failed"
    assert response["Cache-Control"] == "no-store"
    assert "Input/output" not in response.body.decode() and str(root) not in response.body.decode()
    record = server.next_record()
    while record["target"] != target:
        record = server.next_record()
    assert "Input/output error" in record["error"]
    settle(server, root)
    assert [path.name for path in root.iterdir()] == ["kept"]
    assert (root / "kept").read_bytes() == b"kept"


# ---- A change that is seen, and cannot be made to last

@pytest.fixture(scope="module")
def server_of_disk(tmp_path_factory):
    root = tmp_path_factory.mktemp("fleeting")
    with disk.Server(root, arguments=["--write"]) as server:
        yield server


@pytest.fixture
def fleeting(server_of_disk):
    """A server whose disk never flushes: what it renames and removes is done, but not for good."""
    with server_of_disk.failing(lambda call, path: call == "fsync"):
        yield server_of_disk


@pytest.fixture
def unsure(server_of_disk):
    """One whose disk flushes all but the folder in which the names change."""
    folder = str(server_of_disk.root)
    with server_of_disk.failing(lambda call, path: call == "fsync" and path == folder):
        yield server_of_disk


def make(server, name, colour):
    """A folder with a file in it that has a property, and a lock."""
    (server.root / name).mkdir()
    (server.root / name / "file").write_bytes(colour.encode())
    assert proppatch(server, f"/{name}/file",
                     setting(f'<c:colour xmlns:c="urn:c">{colour}</c:colour>')).status == 207
    response = server.request("LOCK", f"/{name}/file", {"Depth": "0"}, (
        b'<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>'
        b'<locktype><write/></locktype></lockinfo>'))
    assert response.status == 200
    return {"If": f"</{name}/file> ({response['Lock-Token']})"}


def colour_of(server, target):
    row = rows(propfind(server, target, body=prop(("urn:c", "colour"))))[target.encode()]
    return row.text("{urn:c}colour")


def assert_not_durable(server, response):
    assert response.status == 500 and response.outcome == "not-durable"
    assert response["Cache-Control"] == "no-store"
    settle(server, server.root)


@pytest.mark.parametrize("over", [False, True])
def test_properties_and_locks_follow_a_move_that_may_not_last(fleeting, over):
    fields = make(fleeting, "from", "red")
    if over:
        fields["If"] += " " + make(fleeting, "to", "blue")["If"]
        assert fleeting.get("/to/file").body == b"blue"
    fields["Destination"] = "/to"
    assert_not_durable(fleeting, fleeting.request("MOVE", "/from", fields))
    assert fleeting.get("/from/").status == 404 and fleeting.get("/to/file").body == b"red"
    assert colour_of(fleeting, "/to/file") == "red"
    (fleeting.root / "from").mkdir()
    (fleeting.root / "from/file").write_bytes(b"another")
    assert colour_of(fleeting, "/from/file") is None
    for name in ("from", "to"):  # no lock is left
        assert_not_durable(fleeting, fleeting.request("DELETE", f"/{name}"))


@pytest.mark.parametrize("target", ["/gone", "/gone/file"])
def test_properties_and_locks_end_with_a_delete_that_may_not_last(fleeting, target):
    fields = make(fleeting, "gone", "red")
    assert_not_durable(fleeting, fleeting.request("DELETE", target, fields))
    assert fleeting.get("/gone/file").status == 404
    (fleeting.root / "gone").mkdir(exist_ok=True)
    (fleeting.root / "gone/file").write_bytes(b"another")
    assert colour_of(fleeting, "/gone/file") is None
    assert_not_durable(fleeting, fleeting.request("DELETE", "/gone"))


def test_a_new_folder_that_may_not_last_is_seen(fleeting):
    assert rows(propfind(fleeting, "/", "1")).keys() == {b"/"}
    assert_not_durable(fleeting, fleeting.request("MKCOL", "/new"))
    assert rows(propfind(fleeting, "/", "1")).keys() == {b"/", b"/new/"}
    assert_not_durable(fleeting, fleeting.request("DELETE", "/new"))


def test_what_can_be_taken_back_is(fleeting):
    """A time that may not last is set back; a name that was made for a lock goes again."""
    path = fleeting.root / "file"
    path.write_bytes(b"file")
    os.utime(path, (1_000_000, 1_000_000))
    response = proppatch(fleeting, "/file", setting(
        "<D:getlastmodified>Sun, 06 Nov 1994 08:49:37 GMT</D:getlastmodified>"))
    assert response.status == 500 and response.outcome == "write-failed"
    assert path.stat().st_mtime == 1_000_000
    response = fleeting.request("LOCK", "/locked", {}, (
        b'<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>'
        b'<locktype><write/></locktype></lockinfo>'))
    assert response.status == 500 and response.outcome == "write-failed"
    settle(fleeting, fleeting.root)
    assert [child.name for child in fleeting.root.iterdir()] == ["file"]
    path.unlink()


@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("method, target, fields, size", [
    ("PUT", "/file", {}, 3), ("PUT", "/file", {}, 300_000),
    ("PUT", "/file", {"Content-Range": "bytes 0-2/3"}, 3),
    ("COPY", "/source", {"Destination": "/file"}, 0),
    ("COPY", "/folder", {"Destination": "/file"}, 0)])
def test_content_that_may_not_last_is_seen(unsure, exists, method, target, fields, size):
    (unsure.root / "source").write_bytes(b"source")
    (unsure.root / "folder").mkdir()
    (unsure.root / "folder/source").write_bytes(b"source")
    if exists:
        (unsure.root / "file").write_bytes(b"old")
        assert unsure.get("/file").body == b"old"
    assert_not_durable(unsure, unsure.request(method, target, fields, b"n" * size))
    seen = "/file/source" if target == "/folder" else "/file"
    assert unsure.get(seen).body == (b"n" * size or b"source")
    for name in ("file", "source", "folder"):
        assert_not_durable(unsure, unsure.request("DELETE", f"/{name}"))


def test_members_that_may_not_last_are_seen(unsure):
    assert_not_durable(unsure, unsure.request("POST", "/", {"Slug": "member"}, b"member"))
    assert unsure.get("/member").body == b"member"
    assert_not_durable(unsure, unsure.request("DELETE", "/member"))


def test_an_upload_that_may_not_last_is_seen_and_over(unsure):
    opened = unsure.request("PUT", "/upload", {"Upload-Complete": "?0"})
    assert opened.status == 201
    response = unsure.request("PATCH", opened["Location"], {
        "Content-Type": "application/partial-upload", "Upload-Offset": "0",
        "Upload-Complete": "?1"}, b"whole")
    assert_not_durable(unsure, response)
    assert unsure.get("/upload").body == b"whole"
    assert unsure.request("HEAD", opened["Location"]).status == 404
    (unsure.root / "upload").unlink()


def test_a_failure_to_flush_is_over_when_it_is(server_of_disk):
    assert server_of_disk.request("PUT", "/file", body=b"x").status == 201
    assert server_of_disk.request("DELETE", "/file").status == 204


# ---- Several files at once

FORM = b"".join(b'--b\r\nContent-Disposition: form-data; name="f"; filename="%s"\r\n\r\n%s\r\n'
                % (name, name * 1000) for name in (b"a", b"b", b"c", b"b")) + b"--b--\r\n"
FORM_FIELDS = {"Content-Type": "multipart/form-data; boundary=b", "Accept": "text/html"}


@pytest.mark.parametrize("failing", [1, 3, 4])
def test_of_a_form_all_files_are_stored_or_none(server_of_disk, failing):
    box = server_of_disk.root / "box"
    box.mkdir()
    (box / "b").write_bytes(b"old")
    renames = []

    def fail_one(call, path):
        if call == "rename":
            renames.append(path)
        return call == "rename" and len(renames) == failing

    with server_of_disk.failing(fail_one):
        response = server_of_disk.request("POST", "/box/", FORM_FIELDS, FORM)
    assert response.status == 500 and len(renames) == 2 * failing - 1
    settle(server_of_disk, box)
    assert [path.name for path in box.iterdir()] == ["b"]
    response = server_of_disk.request("POST", "/box/", FORM_FIELDS, FORM)
    assert response.status == 303
    assert sorted(path.name for path in box.iterdir()) == ["a", "b", "b (2)", "b (3)", "c"]
    assert (box / "b").read_bytes() == b"old" and (box / "b (3)").read_bytes() == b"b" * 1000
    assert server_of_disk.request("DELETE", "/box").status == 204


def test_files_of_a_form_that_may_not_last_are_seen(unsure):
    assert_not_durable(unsure, unsure.request("POST", "/", {**FORM_FIELDS, "Accept": "*/*"}, FORM))
    names = ["a", "b", "b (2)", "c"]
    assert sorted(path.name for path in unsure.root.iterdir()) == names
    for name in names:
        (unsure.root / name).unlink()
