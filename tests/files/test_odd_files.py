# SPDX-License-Identifier: MIT
"""Files that are not what a disk holds: sizes that say nothing, and file systems that know no
sendfile."""
import io
import os
import shutil
import socket
import subprocess
import tarfile
import zipfile

import pytest

import harness
import site_of_dav
from site_of_files import MEMORY, ask, config, put, record_of, Server
from tracing import failing

LARGE = bytes(range(256)) * (8 * MEMORY // 256)
NOTHING = "/proc/sys/kernel"  # files of size 0, with content
PAGES = "/sys/kernel/mm/transparent_hugepage"  # of 4096 bytes, with less
needs_strace = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")


# Sizes.

@pytest.fixture(scope="module", params=[(NOTHING, "ostype", 0), (PAGES, "enabled", 4096),
                                        ("/proc", "kallsyms", 0)])
def odd(request):
    """A server, and a file of which the size is another than the content's length."""
    folder, name, size = request.param
    path = os.path.join(folder, name)
    if not os.access(path, os.R_OK) or os.stat(path).st_size != size:
        pytest.skip(f"there is no {path} of {size} bytes")
    with open(path, "rb") as file:
        content = file.read()
    assert len(content) != size
    with Server(folder) as server:
        yield server, f"/{name}", content


def test_file_is_sent_up_to_its_end_whatever_size_it_tells(odd):
    server, target, content = odd
    with server.connect() as client:
        for _ in range(3):
            client.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")
            response = client.read_response()
            assert response.status == 200 and response.complete and response.body == content
            assert response["Transfer-Encoding"] == "chunked"  # RFC 9112 §6.1
            assert response["Content-Length"] is None


def test_file_without_a_size_is_sent_to_old_clients_up_to_the_close(odd):  # RFC 9112 §6.3
    server, target, content = odd
    with server.connect() as client:
        client.send(f"GET {target} HTTP/1.0\r\n\r\n")
        data = b""
        while more := client.socket.recv(1 << 16):
            data += more
    head, body = data.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 200 ") and body == content


def test_nothing_is_promised_of_a_file_without_a_size(odd):
    server, target, content = odd
    response = ask(server, "HEAD", target)
    assert response.status == 200
    for name in ("ETag", "Last-Modified", "Content-Length"):
        assert response[name] is None
    assert response["Accept-Ranges"] == "none" and response["Cache-Control"] == "no-cache"
    for line in ("Range: bytes=0-2", "Range: bytes=-1", "Want-Repr-Digest: sha-256=1",
                 "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", 'If-None-Match: "x"'):
        response = ask(server, "GET", target, line)
        assert response.status == 200 and response.body == content
        assert response["Repr-Digest"] is None


def test_curl_gets_a_file_without_a_size(odd):
    server, target, content = odd
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    done = subprocess.run(["curl", "-q", "--silent", "--noproxy", "*",
                           f"http://127.0.0.1:{server.port}{target}"], timeout=60,
                          stdin=subprocess.DEVNULL, capture_output=True, check=True)
    assert done.stdout == content


def test_empty_file_is_an_empty_file(tmp_path):
    put(tmp_path, "empty", b"")
    with Server(tmp_path) as server:
        response = ask(server, "GET", "/empty")
        assert response["Content-Length"] == "0" and response["ETag"] and response.body == b""


@pytest.mark.parametrize("length", [1, MEMORY - 1, MEMORY, MEMORY + 1])
def test_hole_is_content(tmp_path, length):
    with open(tmp_path / "hole", "wb") as file:
        file.truncate(length)
    with Server(tmp_path) as server:
        response = ask(server, "GET", "/hole")
        assert response["Content-Length"] == str(length) and response.body == bytes(length)


def bind(options, below, at):
    """A folder shown at another place by a file system in user space, until unbind(at)."""
    if not shutil.which("bindfs"):
        pytest.skip("bindfs is not installed: tools/setup test")
    at.mkdir()
    done = subprocess.run(["bindfs", "-o", options, str(below), str(at)], timeout=60,
                          stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode:
        pytest.skip(f"this system does not let programs mount: {done.stderr.decode().strip()}")


def unbind(at):
    program = "fusermount3" if shutil.which("fusermount3") else "fusermount"
    subprocess.run([program, "-u", str(at)], timeout=60, check=True)


@pytest.fixture
def among_others(tmp_path):
    """A folder that can be written, with one in it whose files tell no true size."""
    put(tmp_path, "true.txt", b"true\n")
    put(tmp_path, "empty.txt", b"")
    with open(tmp_path / "hole.txt", "wb") as file:
        file.truncate(5000)
    bind("direct_io", NOTHING, tmp_path / "odd")
    with open(tmp_path / "odd/ostype", "rb") as file:
        content = file.read()
    assert content and os.stat(tmp_path / "odd/ostype").st_size == 0
    yield tmp_path, content
    unbind(tmp_path / "odd")


def test_archive_leaves_out_what_has_no_size_and_says_so(among_others):
    root, _ = among_others
    with Server(root) as server:
        with zipfile.ZipFile(io.BytesIO(ask(server, "GET", "/?archive=zip").body)) as archive:
            names = archive.namelist()
            (left_out,) = [archive.read(name) for name in names if name.endswith("LEFT-OUT.txt")]
            assert archive.read("archive/true.txt") == b"true\n"
            assert archive.read("archive/hole.txt") == bytes(5000)
            assert archive.read("archive/empty.txt") == b""
        assert b"archive/odd/ostype: nothing tells its length before its end\n" in left_out
        assert "archive/odd/ostype" not in names
        with tarfile.open(fileobj=io.BytesIO(ask(server, "GET", "/?archive=tar").body)) as archive:
            assert "archive/odd/ostype" not in archive.getnames()


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_copy_that_would_lose_the_content_is_not_made(among_others, method):
    root, content = among_others
    with Server(root, config=site_of_dav.config()) as server:
        assert server.get("/odd/ostype").body == content
        for source, copied in ("/odd/ostype", False), ("/true.txt", True), ("/empty.txt", True):
            response = server.request(method, source, {"Destination": "/new.txt"})
            assert (response.status < 300) == copied
            assert (root / "new.txt").exists() == copied
            (root / "new.txt").unlink(missing_ok=True)
        assert (root / "odd/ostype").read_bytes() == content
        response = server.request("COPY", "/odd/", {"Destination": "/new/"})
        assert response.status == 207 and b"/odd/ostype" in response.body
        assert not (root / "new/ostype").exists()


# No sendfile.

REFUSALS = ["error=EINVAL", "error=ENOSYS", "error=EPERM", "error=EOPNOTSUPP", "retval=0",
            "error=EINVAL:when=2+"]


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    root = tmp_path_factory.mktemp("large")
    put(root, "large.bin", LARGE)
    with Server(root, config="workers: 1\n" + config()) as server:
        yield server


@needs_strace
@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("first", [0, 1000])
def test_file_that_sendfile_does_not_send_is_read_and_sent(large, refusal, first):
    with failing(large, f"sendfile:{refusal}"), large.connect() as client:
        for _ in range(2):
            client.send(f"GET /large.bin HTTP/1.1\r\nHost: a\r\n"
                        f"Range: bytes={first}-\r\n\r\n")
            response = client.read_response()
            assert response.complete and response.body == LARGE[first:]


@needs_strace
def test_slow_client_gets_all_of_what_is_read_and_sent(large):
    with failing(large, "sendfile:error=EINVAL"), large.connect() as client:
        client.socket.close()
        client.socket = socket.socket()
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.socket.settimeout(harness.DEADLINE)
        client.socket.connect(("127.0.0.1", large.port))
        client.send("GET /large.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        response = client.read_response()
        assert response.complete and response.body == LARGE


@needs_strace
def test_disk_that_fails_beneath_sendfile_is_no_end_of_the_file(large):
    with failing(large, "sendfile:error=EIO"):
        response = ask(large, "GET", "/large.bin?failed")
        assert response.status == 200 and not response.complete
    assert record_of(large, target="/large.bin?failed")["ended"] == "body-failed"


@needs_strace
def test_file_that_ends_early_is_no_whole_file_when_it_is_read(large):
    with failing(large, "sendfile,pread64:retval=0"):
        response = ask(large, "GET", "/large.bin?short")
        assert response.status == 200 and not response.complete


@pytest.fixture(params=["direct_io", "auto_cache"])
def mounted(request, tmp_path):
    below = tmp_path / "below"
    put(below, "large.bin", LARGE)
    put(below, "small.txt", b"small\n")
    bind(request.param, below, tmp_path / "at")
    yield tmp_path / "at"
    unbind(tmp_path / "at")


def test_file_system_in_user_space_is_served(mounted):
    with Server(mounted) as server:
        assert ask(server, "GET", "/large.bin").body == LARGE
        assert ask(server, "GET", "/small.txt").body == b"small\n"
        assert ask(server, "GET", "/large.bin", "Range: bytes=5-").body == LARGE[5:]
        tag = ask(server, "GET", "/large.bin")["ETag"]
        assert ask(server, "GET", "/large.bin", f"If-None-Match: {tag}").status == 304
