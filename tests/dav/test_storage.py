# SPDX-License-Identifier: MIT
"""What a disk does to those who write: full, limited, failing (RFC 4918 §11.5); what a crash has
left is removed at the start; nobody sees a temporary."""
import ctypes
import os
import resource
import shutil
import signal
import subprocess

import pytest

from site_of_dav import ask, assert_refused, config, put, Server, settle, state_of, strays
from tracing import failing

PATCH_XML = (b'<propertyupdate xmlns="DAV:"><set><prop><color xmlns="u">red' + b"d" * 30_000
             + b"</color></prop></set></propertyupdate>")
PATCH = "Content-Type: application/x-sabredav-partialupdate"
LOCKINFO = (b"<lockinfo xmlns='DAV:'><lockscope><exclusive/></lockscope><locktype><write/>"
            b"</locktype></lockinfo>")
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000
LEFT = ".candor-tmp-0123456789abcdef"


# ---- A full disk

def small_disk(path, size="1m", folders=()):
    """For the child: a disk of 1 MiB of its own, mounted where nobody else sees it, with some
    folders."""
    libc = ctypes.CDLL(None, use_errno=True)

    def mount():
        if libc.unshare(CLONE_NEWNS) or \
                libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None) or \
                libc.mount(b"none", os.fsencode(path), b"tmpfs", 0, f"size={size}".encode()):
            raise OSError(ctypes.get_errno(), "no disk can be mounted")
        for folder in folders:
            (path / folder).mkdir()
    return mount


@pytest.fixture
def full(tmp_path):
    root = tmp_path / "disk"
    root.mkdir()
    try:
        server = Server(root, config=config(2, reserve=0), before=small_disk(root))
    except subprocess.SubprocessError:
        pytest.skip("this system lets nobody mount a disk")
    with server:
        server.root = f"/proc/{server.process.pid}/root{root}"  # as the server sees it
        yield server


def test_a_full_disk_lets_what_has_properties_be_deleted(tmp_path):
    """RFC 4918 §9.6: with the store on that disk, and for one after the other."""
    root, state = tmp_path / "disk/root", tmp_path / "disk/state"
    root.parent.mkdir()
    try:
        server = Server(root, config=config(1, reserve=0), state=state,
                        before=small_disk(root.parent, "8m", ("root", "state")))
    except subprocess.SubprocessError:
        pytest.skip("this system lets nobody mount a disk")
    with server:
        for name in ("/a", "/b", "/c"):
            assert ask(server, "PUT", name, content=b"x" * 500_000).status == 201
            for _ in range(30):  # the log of the store has room for some
                assert b" 200 " in ask(server, "PROPPATCH", name, content=PATCH_XML).body
        disk = f"/proc/{server.process.pid}/root{root.parent}"
        with open(f"{disk}/full", "wb", buffering=0) as filler, pytest.raises(OSError):
            while True:
                filler.write(b"f" * 4096)
        for number in range(300):  # until there is nothing left to be written in
            if ask(server, "LOCK", f"/new-{number}", content=LOCKINFO).status >= 300:
                break
        for name in ("/a", "/b", "/c"):
            assert ask(server, "DELETE", name).status == 204
            assert not os.path.exists(f"{disk}/root{name}")
            with open(f"{disk}/full", "ab", buffering=0) as filler, pytest.raises(OSError):
                while True:
                    filler.write(b"f" * 4096)


@pytest.mark.parametrize("coding", [None, "chunked"])
@pytest.mark.parametrize("size", [600_000, 3_000_000])
def test_full_disk_refuses_and_keeps_what_was_there(full, coding, size):
    assert ask(full, "PUT", "/old", content=b"o" * 500_000).status == 201
    for target in ("/old", "/new"):
        response = ask(full, "PUT", target, content=b"n" * size, coding=coding)
        assert_refused(response, 507, "storage-full")
    assert_refused(ask(full, "PATCH", "/old", "X-Update-Range: append", PATCH,
                       content=b"n" * size), 507, "storage-full")
    assert ask(full, "COPY", "/old", "Destination: /copy").status == 201
    assert_refused(ask(full, "COPY", "/old", "Destination: /third"), 507, "storage-full")
    assert ask(full, "MKCOL", "/tree").status == 201
    assert ask(full, "MOVE", "/copy", "Destination: /tree/copy").status == 201
    assert_refused(ask(full, "COPY", "/tree", "Destination: /other"), 507, "storage-full")
    settle(full, full.root)
    assert state_of(full.root) == {"old": b"o" * 500_000, "tree": None,
                                   "tree/copy": b"o" * 500_000}
    assert ask(full, "DELETE", "/tree").status == 204
    assert ask(full, "PUT", "/old", content=b"n" * 300_000).status == 204


def test_full_disk_of_the_store_does_not_keep_a_file_from_being_deleted(tmp_path):
    """RFC 4918 §9.6: what makes room needs none, dead properties or not."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = small_disk(disk)

    def before():
        mount()
        os.mkdir(disk / "root")
        os.mkdir(disk / "state")

    try:
        server = Server(disk / "root", config=config(1, reserve=0), before=before,
                        state=disk / "state")
    except subprocess.SubprocessError:
        pytest.skip("this system lets nobody mount a disk")
    with server:
        for name in ("/a", "/b"):
            assert ask(server, "PUT", name, content=b"x" * 200_000).status == 201
            assert ask(server, "PROPPATCH", name, content=PATCH_XML).status == 207
        with open(f"/proc/{server.process.pid}/root{disk}/fill", "wb", buffering=0) as fill:
            with pytest.raises(OSError):
                while True:
                    fill.write(b"x" * 4096)
        number = 0
        while ask(server, "PROPPATCH", "/b", content=PATCH_XML.replace(
                b"color", b"c%d" % number)).body.count(b"HTTP/1.1 507") == 0 and number < 100:
            number += 1  # until the store has no room left either
        assert ask(server, "DELETE", "/a").status == 204
        assert ask(server, "GET", "/a").status == 404
        assert ask(server, "PUT", "/a", content=b"new").status == 201
        assert b"color" not in ask(server, "PROPFIND", "/a", "Depth: 0").body


def test_limit_on_the_size_of_files_is_an_answer(tmp_path):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    root = tmp_path / "root"
    put(root, "old", b"old")
    with Server(root, config=config(2), before=limit) as server:
        for coding in (None, "chunked"):
            response = ask(server, "PUT", "/old", content=b"n" * 1_500_000, coding=coding)
            assert_refused(response, 507, "file-too-large")
        settle(server, root)
        assert state_of(root) == {"old": b"old"}
        assert ask(server, "PUT", "/old", content=b"new").status == 204


# ---- A failing disk

@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("failing")


@pytest.fixture(scope="module")
def server(root):
    with Server(root, config=config(1)) as server:
        yield server


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("what, status, outcome", [
    ("fsync:error=EIO", 500, "write-failed"), ("pwrite64:error=EIO", 500, "write-failed"),
    ("pwrite64:error=ENOSPC", 507, "storage-full"),
    ("pwrite64:error=EDQUOT", 507, "quota-exceeded"),
    ("renameat,renameat2:error=EIO", 500, "write-failed"),
    ("renameat,renameat2:error=EROFS", 500, "disk-read-only"),
    ("fsync:error=ENOSPC", 507, "storage-full"), ("fchmod:error=EPERM", 403, "write-refused")])
@pytest.mark.parametrize("size", [10, 200_000])
@pytest.mark.parametrize("exists", [True, False])
def test_failing_disk_never_leaves_half_a_file(server, root, what, status, outcome, size, exists):
    path = root / "file"
    path.unlink(missing_ok=True)
    if exists:
        path.write_bytes(b"old")
    before = state_of(root)
    with failing(server, what):
        response = ask(server, "PUT", "/file", content=b"n" * size)
    assert_refused(response, status, outcome)
    if outcome == "write-failed":
        assert response["Cache-Control"] == "no-store"
    settle(server, root)
    assert state_of(root) == before


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("what", ["renameat,renameat2:error=EIO", "fsync:error=EIO"])
@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_failing_disk_never_loses_a_source(server, root, method, what):
    put(root, "from/a", b"a")
    put(root, "to/b", b"b")
    with failing(server, what):
        response = ask(server, method, "/from", "Destination: /to")
    seen = method == "MOVE" and what.startswith("fsync")  # only the last step failed
    assert_refused(response, 500, "not-durable" if seen else "write-failed")
    settle(server, root)
    state = state_of(root)
    state.pop("file", None)
    whole = {"from": None, "from/a": b"a", "to": None, "to/b": b"b"}
    assert state == ({"to": None, "to/a": b"a"} if seen else whole)
    shutil.rmtree(root / "to")
    shutil.rmtree(root / "from", ignore_errors=True)


# ---- Temporaries

def test_what_a_crash_has_left_is_removed_at_the_start(tmp_path):
    put(tmp_path, LEFT, b"rubbish")
    put(tmp_path, f"sub/deep/{LEFT}", b"rubbish")
    put(tmp_path, f"sub/.candor-tmp-fedcba9876543210/tree/file", b"rubbish")
    kept = [".candor-tmp-0123456789abcde", ".candor-tmp-0123456789abcdef0",
            ".candor-tmp-0123456789ABCDEF", ".candor-tmp-", "candor-tmp-0123456789abcdef", "file"]
    for name in kept:
        put(tmp_path, name)
    (tmp_path / ".candor-tmp-00000000000000ff").symlink_to("file")
    with Server(tmp_path, config=config(2)):
        found = set(os.listdir(tmp_path))
        assert set(kept) <= found and LEFT not in found
        assert os.listdir(tmp_path / "sub/deep") == [] and os.listdir(tmp_path / "sub") == ["deep"]
        assert (tmp_path / "file").exists()


def test_what_a_killed_server_has_left_is_removed_at_the_next_start(tmp_path):
    root = tmp_path / "root"
    put(root, "file", b"old")
    server = Server(root, config=config(2))
    with server.connect() as client:
        client.send(b"PUT /file HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n"
                    + b"n" * 500_000)
        while not strays(root):
            ask(server, "OPTIONS", "/")
        server.signal(signal.SIGKILL)
        server.wait()
    assert strays(root)
    with Server(root, config=config(2)) as server:
        assert state_of(root) == {"file": b"old"}
        assert ask(server, "GET", "/file").body == b"old"


@pytest.mark.parametrize("dotfiles", [True, False])
def test_nobody_sees_a_temporary(tmp_path, dotfiles):
    put(tmp_path, "tree/file", b"file")
    with Server(tmp_path, config=config(2, dotfiles=dotfiles)) as server:
        put(tmp_path, f"tree/{LEFT}", b"rubbish")  # another server's, say
        target = f"/tree/{LEFT}"
        for method in ("GET", "HEAD", "DELETE", "PROPFIND", "PATCH"):
            lines = (PATCH,) if method == "PATCH" else ()
            content = b"" if method == "PATCH" else None
            assert ask(server, method, target, *lines, content=content).status == 404, method
        for method in ("COPY", "MOVE"):
            assert ask(server, method, target, "Destination: /stolen").status == 404
            assert_refused(ask(server, method, "/tree/file", f"Destination: {target}"), 403,
                           "name-hidden")
        for method in ("PUT", "MKCOL", "LOCK"):
            content = b"x" if method == "PUT" else None
            assert ask(server, method, target, content=content).status in (403, 412), method
        assert b"candor-tmp" not in ask(server, "GET", "/tree/", "Accept: text/html").body
        assert b"candor-tmp" not in ask(server, "PROPFIND", "/tree/", "Depth: 1").body
        assert ask(server, "COPY", "/tree", "Destination: /copy").status == 201
        assert os.listdir(tmp_path / "copy") == ["file"]
        assert (tmp_path / "tree" / LEFT).read_bytes() == b"rubbish"


@pytest.mark.parametrize("route_limits", ["", "limits: {{ content: 1K }}, "])
def test_what_is_stored_has_a_limit_of_its_own(tmp_path, route_limits):
    """limits.content bounds what is not stored, wherever it is written."""
    top = "" if route_limits else "limits: { content: 1K }\n"
    text = (f"workers: 1\n{top}routes:\n  - {{ path: /, {route_limits.format()}"
            "files: { root: '{root}', write: true, max_upload: 5000 } }\n")
    question = b"<propfind xmlns='DAV:'><allprop/></propfind>"
    with Server(tmp_path, config=text) as server:
        assert ask(server, "PUT", "/f", content=b"f" * 5000).status == 201
        assert_refused(ask(server, "PUT", "/f", content=b"f" * 5001), 413, "content-too-large")
        assert ask(server, "PROPFIND", "/", "Depth: 0",
                   content=question + b" " * (1024 - len(question))).status == 207
        assert_refused(ask(server, "PROPFIND", "/", "Depth: 0",
                           content=question + b" " * (1025 - len(question))),
                       413, "content-too-large")
        assert_refused(ask(server, "PROPFIND", "/", "Depth: 0", coding="chunked",
                           content=question + b" " * (1025 - len(question))),
                       413, "content-too-large")
        assert_refused(ask(server, "DELETE", "/f", content=b"d" * 1025), 413, "content-too-large")
