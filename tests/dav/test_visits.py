# SPDX-License-Identifier: MIT
"""How often a request goes through the pool: where the system remembers what is there, a change
does it once, for the change itself, and a look does it not at all (src/fs/peek.h)."""
import platform
import re
import shutil
import subprocess

import pytest

from site_of_dav import Server, ask, config, put
from tracing import Trace

REQUESTS = 20
OTHER = 4  # once in 500 ms the folder's own path is looked at, in the pool
LOCAL = {"ext2/ext3", "xfs", "btrfs", "f2fs", "tmpfs"}
ASKING = b'<D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>'


def remembers(folder):
    """Whether the system can be asked what it remembers of that folder: since Linux 5.12."""
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True,
                          check=True).stdout.strip()
    release = re.match(r"(\d+)\.(\d+)", platform.release())
    return kind in LOCAL and tuple(map(int, release.groups())) >= (5, 12)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("visits")
    if not remembers(root):
        pytest.skip("what the system remembers of this file system cannot be asked for")
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    return root


@pytest.fixture(scope="module")
def server(root):
    with Server(root, config=config(workers=1)) as server:
        yield server


def visits(server, output, request):
    """How often a thread of the pool told the worker that something is done."""
    with server.connect() as client:
        with Trace(server, "-e", "trace=write", output=output):
            for number in range(REQUESTS):
                request(client, number)
    return len(re.findall(r'write\(\d+, "(?:\\1(?:\\0){7}|(?:\\0){7}\\1)", 8\)',
                          output.read_text()))


def a_put(server):
    def request(client, number):
        assert ask(server, "PUT", f"/put-{number % 4}", content=b"new", client=client).status == 204
    return request


def a_delete(server):
    def request(client, number):
        assert ask(server, "DELETE", f"/delete-{number}", client=client).status == 204
    return request


def a_propfind(server):
    def request(client, number):
        assert ask(server, "PROPFIND", f"/ask-{number}", "Depth: 0", content=ASKING,
                   client=client).status == 207
    return request


@pytest.mark.parametrize("method, prepared", [
    (a_put, "put"), (a_delete, "delete"), (a_propfind, "ask")])
def test_a_change_goes_through_the_pool_once(server, root, tmp_path, method, prepared):
    for number in range(REQUESTS):
        put(root, f"{prepared}-{number}", b"old")
    count = visits(server, tmp_path / "trace", method(server))
    assert REQUESTS <= count <= REQUESTS + OTHER


def test_a_file_that_was_read_before_needs_no_pool_after_a_change(server, root, tmp_path):
    for number in range(REQUESTS):
        put(root, f"read-{number}", b"content")

    def get(client, number):
        assert ask(server, "GET", f"/read-{number}", client=client).body == b"content"

    def put_and_get(client, number):
        assert ask(server, "PUT", "/other", content=b"new", client=client).status in (201, 204)
        get(client, number)

    with server.connect() as client:
        for _ in range(4):  # until none is so new that its stamp tells nothing
            put_and_get(client, 0)
            for number in range(REQUESTS):
                get(client, number)
    # File systems that do not remember what is not there look for neighbours in the pool.
    count = visits(server, tmp_path / "trace", put_and_get)
    assert REQUESTS <= count <= 2 * REQUESTS + OTHER
