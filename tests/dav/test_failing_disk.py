# SPDX-License-Identifier: MIT
"""A disk that fails while it is written: 500 (RFC 9110 §15.6.1), and what was there is untouched.

The system itself fails: a filter of system calls lets every rename answer EIO, as it does when a
disk is lost. The store needs none, and goes on working.
"""
import ctypes
import errno
import platform
import struct

import pytest

from harness import Server
from site_of_dav import settle

RENAMES = {"x86_64": [82, 264, 316], "aarch64": [38, 276]}.get(platform.machine())
LOAD_NUMBER, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2

pytestmark = pytest.mark.skipif(not RENAMES, reason="the numbers of rename are not known here")


class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]


def lose_disk():
    """Runs in the child, before the program: from now on rename fails."""
    rows = [(LOAD_NUMBER, 0, 0, 0)]
    for number in RENAMES:
        rows += [(JUMP_IF_EQUAL, 0, 1, number), (RETURN, 0, 0, ERRNO | errno.EIO)]
    rows.append((RETURN, 0, 0, ALLOW))
    code = b"".join(struct.pack("HBBI", *row) for row in rows)
    program = Program(len(rows), code)
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
