# SPDX-License-Identifier: MIT
"""Content of gigabytes: PUT, and parts of it (RFC 9110 §14.5, X-Update-Range) beyond 2 and 4 GiB.

Parts always: their files are holes, but for what is told. CANDOR_LARGE=1 uploads 2 GiB as well.
"""
import hashlib
import os
import shutil
import subprocess

import pytest

from site_of_dav import ask, config, Server, strays

GIB = 1 << 30
LARGE = os.environ.get("CANDOR_LARGE", "") not in ("", "0")


@pytest.fixture
def root(tmp_path):
    if shutil.disk_usage(tmp_path).free < 12 * GIB:
        pytest.skip("there is not enough room for such files")
    root = tmp_path / "root"
    root.mkdir()
    yield root
    shutil.rmtree(root)


@pytest.fixture
def server(root):
    with Server(root, config=config(2)) as server:
        yield server


def make_holes(path, length, marks):
    """A file of holes with some content at these places."""
    with open(path, "wb") as file:
        for at, content in marks.items():
            file.seek(at)
            file.write(content)
        file.truncate(length)


def assert_content(path, length, marks):
    """Exactly this content there, and nothing but zeros, which take no room, elsewhere."""
    told = os.stat(path)
    assert told.st_size == length
    assert told.st_blocks * 512 < 16 << 20, "the holes are filled"
    found = {}
    with open(path, "rb") as file:
        at = 0
        while True:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:
                break
            end = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            found[at] = os.pread(file.fileno(), end - at, at)
            at = end
    for at, content in marks.items():
        begin = max(begin for begin in found if begin <= at)
        assert found[begin][at - begin:at - begin + len(content)] == content
        blank = bytes(len(content))
        found[begin] = found[begin][:at - begin] + blank + found[begin][at - begin + len(content):]
    assert not any(any(content) for content in found.values())


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("at", [2 * GIB - 3, 4 * GIB - 3])
def test_a_part_across_an_edge_of_integers_is_replaced(server, root, method, at):
    length = 5 * GIB + 7
    make_holes(root / "file", length, {0: b"front", length - 4: b"back"})
    part = ["Content-Type: application/x-sabredav-partialupdate",
            f"X-Update-Range: bytes={at}-{at + 5}"] if method == "PATCH" \
        else [f"Content-Range: bytes {at}-{at + 5}/{length}"]
    response = ask(server, method, "/file", *part, content=b"middle")
    assert response.status == 204, response.body
    assert_content(root / "file", length, {0: b"front", at: b"middle", length - 4: b"back"})
    told = ask(server, "GET", "/file", f"Range: bytes={at - 2}-{at + 7}")
    assert told.status == 206
    assert told["Content-Range"] == f"bytes {at - 2}-{at + 7}/{length}"
    assert told.body == b"\0\0middle\0\0"
    assert told["ETag"] == response["ETag"]
    assert not strays(root)


def test_a_part_appended_makes_a_file_larger_than_4_gib(server, root):
    length = 4 * GIB - 3
    make_holes(root / "file", length, {0: b"front"})
    response = ask(server, "PATCH", "/file", "X-Update-Range: append",
                   "Content-Type: application/x-sabredav-partialupdate", content=b"across")
    assert response.status == 204, response.body
    assert_content(root / "file", length + 6, {0: b"front", length: b"across"})
    row = ask(server, "PROPFIND", "/file", "Depth: 0").body.decode()
    assert f"<D:getcontentlength>{length + 6}</D:getcontentlength>" in row


def test_a_large_file_is_copied_with_its_holes(server, root):
    make_holes(root / "file", 5 * GIB, {3 * GIB: b"middle"})
    assert ask(server, "COPY", "/file", "Destination: /copy").status == 201
    assert_content(root / "copy", 5 * GIB, {3 * GIB: b"middle"})


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.mark.skipif(not LARGE, reason="CANDOR_LARGE=1 uploads 2 GiB")
@pytest.mark.parametrize("coding", [(), ("-H", "Transfer-Encoding: chunked")])
def test_an_upload_of_2_gib(server, root, tmp_path, coding):
    source = tmp_path / "source"
    length = 2 * GIB + 5
    marks = {0: os.urandom(100_000), GIB - 50_000: os.urandom(100_000),
             length - 100_000: os.urandom(100_000)}
    make_holes(source, length, marks)
    done = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", *coding, "-T",
                           source, f"http://127.0.0.1:{server.port}/target"], timeout=600,
                          capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "201"), done.stderr
    assert (root / "target").stat().st_size == length
    assert digest_of(root / "target") == digest_of(source)
    assert not strays(root)
    source.unlink()
