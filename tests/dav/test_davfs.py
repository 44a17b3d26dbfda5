# SPDX-License-Identifier: MIT
"""davfs2: the tree as a file system of the kernel."""
import os
import shutil
import stat
import subprocess

import pytest

from site_of_dav import put, settle, state_of
from site_of_clients import root, server  # noqa: F401, fixtures

# Kernels since 6.17 read folders in pieces larger than davfs2's default buffer, which it refuses.
SETTINGS = "ask_auth 0\nuse_locks 1\ndelay_upload 0\nbuf_size 256\ntable_size 64\n"


def obstacle():
    """Why nothing can be mounted here; None when it can."""
    if not shutil.which("mount.davfs", path="/usr/sbin:/sbin"):
        return "davfs2 is not installed"
    if os.geteuid() != 0:
        return "only root may mount"
    try:
        if not stat.S_ISCHR(os.stat("/dev/fuse").st_mode):
            return "/dev/fuse is no device"
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as error:
        return f"there is no FUSE: {error.strerror}"
    return None


pytestmark = pytest.mark.skipif(obstacle() is not None, reason=str(obstacle()))


def run(*command):
    done = subprocess.run(command, input="", capture_output=True, text=True, timeout=60,
                          env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"},
                          check=False)
    return done.returncode, done.stdout + done.stderr


class Mount:
    """The server's root, mounted until the end of the block: then davfs2 has sent everything."""

    def __init__(self, server, folder):
        self.folder = folder / "mounted"
        self.folder.mkdir()
        self.settings = put(folder, "davfs2.conf", SETTINGS.encode())
        self.url = f"http://127.0.0.1:{server.port}/"

    def __enter__(self):
        code, told = run("mount", "-t", "davfs", "-o", f"conf={self.settings}", self.url,
                         str(self.folder))
        if code and ("not permitted" in told or "denied" in told):
            pytest.skip(f"mounting is not permitted here: {told.strip()}")
        assert code == 0, told
        return self.folder

    def __exit__(self, kind, *_):
        code, told = run("umount", str(self.folder))
        if code:
            run("umount", "-l", str(self.folder))
        assert code == 0 or kind, told


def names(folder):
    return sorted(set(os.listdir(folder)) - {"lost+found"})  # that is davfs2's own


def asked(server, until):
    """The log's records up to the first that fits."""
    records = []
    while not records or not until(records[-1]):
        records.append(server.next_record())
    return records


def test_davfs_reads_writes_renames_and_deletes(server, root, tmp_path):
    big = os.urandom(1_500_000)
    put(root, "there before.txt", b"read me")
    with Mount(server, tmp_path) as folder:
        assert names(folder) == ["there before.txt"]
        assert (folder / "there before.txt").read_bytes() == b"read me"
        (folder / "ü %.txt").write_bytes(b"new")
        (folder / "one").mkdir()
        (folder / "one/big").write_bytes(big)
        (folder / "gone").write_bytes(b"")
        with open(folder / "there before.txt", "ab") as file:
            file.write(b", and more")
        os.rename(folder / "ü %.txt", folder / "one/moved.txt")
        os.rename(folder / "one", folder / "two")
        os.remove(folder / "gone")
        (folder / "empty").mkdir()
        (folder / "empty").rmdir()
        assert names(folder / "two") == ["big", "moved.txt"]
    assert state_of(root) == {"there before.txt": b"read me, and more", "two": None,
                              "two/big": big, "two/moved.txt": b"new"}
    settle(server, root)


def test_davfs_holds_a_lock_while_a_file_is_open(server, root, tmp_path):
    put(root, "shared.txt", b"first")
    with Mount(server, tmp_path) as folder:
        with open(folder / "shared.txt", "r+b") as file:
            asked(server, lambda record: record["method"] == "LOCK" and record["status"] == 200)
            refused = server.request("PUT", "/shared.txt", body=b"from another client")
            assert refused.status == 423
            told = asked(server, lambda record: record["method"] == "PUT")[-1]
            assert told["outcome"] == "locked"
            file.write(b"Final")
    assert (root / "shared.txt").read_bytes() == b"Final"
    assert server.request("PUT", "/shared.txt", body=b"from another client").status == 204
