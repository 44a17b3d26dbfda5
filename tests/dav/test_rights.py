# SPDX-License-Identifier: MIT
"""Whose files and folders are after they were replaced, copied, moved (RFC 4918 §9.7.1, §9.8)."""
import os
import stat

import pytest

from site_of_dav import ask, config, put, Server, state_of


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("rights")


@pytest.fixture(scope="module")
def server(root):
    with Server(root, config=config()) as server:
        yield server


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files of others")
@pytest.mark.parametrize("size", [1, 200_000])
def test_replaced_file_stays_that_of_its_owner(server, root, size):
    path = put(root, "owned", b"old")
    path.chmod(0o600)
    os.chown(path, 1000, 1001)
    try:
        os.setxattr(path, "user.note", b"kept")
        attributes = {"user.note": b"kept"}
    except OSError:
        attributes = {}  # not on this file system
    assert ask(server, "PUT", "/owned", content=b"n" * size).status == 204
    after = path.stat()
    assert (after.st_uid, after.st_gid, stat.S_IMODE(after.st_mode)) == (1000, 1001, 0o600)
    assert {name: os.getxattr(path, name) for name in os.listxattr(path)} == attributes
    path.unlink()


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_folder_keeps_that_its_members_belong_to_its_group(server, root, method):
    folder = root / "shared"
    folder.mkdir()
    (folder / "inner").mkdir()
    folder.chmod(0o2770)
    (folder / "inner").chmod(0o2750)
    assert ask(server, method, "/shared/", "Destination: /copy/").status == 201
    assert stat.S_IMODE((root / "copy").stat().st_mode) == 0o2770
    assert stat.S_IMODE((root / "copy" / "inner").stat().st_mode) == 0o2750
    for name in ("/shared", "/copy"):
        ask(server, "DELETE", name)


@pytest.mark.parametrize("count", [3, 40])
def test_copy_of_many_files_is_whole(server, root, count):
    for number in range(count):
        put(root, f"many/{number % 3}/{number}", b"%d" % number)
    assert ask(server, "COPY", "/many/", "Destination: /many-copied/").status == 201
    assert state_of(root / "many-copied") == state_of(root / "many")
    for name in ("/many", "/many-copied"):
        assert ask(server, "DELETE", name).status == 204
