# SPDX-License-Identifier: MIT
"""Folders as archives (?archive=zip, ?archive=tar): streamed in chunks (RFC 9112 §7.1), named by
Content-Disposition (RFC 6266, RFC 8187), broken off visibly, read by programs that are not ours."""
import io
import os
import re
import signal
import socket
import tarfile
import time
import zipfile
from urllib.parse import quote, unquote_to_bytes

import pytest

from site_of_files import ask, config, put, record_of, Server

TYPES = {"zip": "application/zip", "tar": "application/x-tar"}
ODD = ["ä €.txt", "a b", "quote\".txt", "%2e", "x" * 200, "plus+", "semi;colon", "not:a drive"]
# What Windows would take for a way to another folder, and what it is in the archive.
WAYS = {"back\\slash": "back_slash", "x\\..\\..\\up": "x_.._.._up", "c:d": "c_d", "Z:": "Z_",
        "\\\\host\\share": "__host_share"}
MIB = 1 << 20


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    above = tmp_path_factory.mktemp("archives")
    root = above / "root"
    put(above, "outside.txt", b"outside")
    put(root, "plain/file.txt", b"f" * 1234)
    put(root, "plain/folder/inner.txt", b"inner")
    put(root, "plain/.hidden")
    put(root, "plain/.folder/x")
    put(root, "with index/index.html", b"the index")
    put(root, "with index/other.txt", b"other")
    for name in ODD:
        put(root, f"odd/{name}", name.encode())
    for name in WAYS:
        put(root, f"ways/{name}", name.encode())
        put(root, f"ways/in {name}/x:{name}/file", b"")
    put(root, "ä \"'*%;/file", b"in an odd folder")
    put(root, "links/target.txt", b"target")
    (root / "links/inside").symlink_to("target.txt")
    (root / "links/folder").symlink_to("../plain")
    (root / "links/outside").symlink_to("../../outside.txt")
    (root / "links/dangling").symlink_to("nothing")
    (root / "empty").mkdir()
    return root


@pytest.fixture(scope="module")
def server(root):
    with Server(root) as server:
        yield server


def read_zip(body):
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {info.filename: None if info.is_dir() else archive.read(info)
                for info in archive.infolist()}


def read_tar(body):
    with tarfile.open(fileobj=io.BytesIO(body)) as archive:
        return {info.name + "/" * info.isdir(): None if info.isdir() else
                archive.extractfile(info).read() for info in archive}


READ = {"zip": read_zip, "tar": read_tar}


def files_of(response, kind):
    return {name: content for name, content in READ[kind](response.body).items()
            if content is not None}


@pytest.mark.parametrize("kind", TYPES)
def test_folder_is_had_as_one_file(server, kind):
    response = ask(server, "GET", f"/plain/?archive={kind}")
    assert response.status == 200 and response.complete
    assert response["Content-Type"] == TYPES[kind]
    assert response["Transfer-Encoding"] == "chunked" and response["Content-Length"] is None
    assert response["Content-Disposition"] == f"attachment; filename*=UTF-8''plain.{kind}"
    assert response["Cache-Control"] == "no-store"
    assert response["Accept-Ranges"] == "none" and response["ETag"] is None
    assert files_of(response, kind) == {"plain/file.txt": b"f" * 1234,
                                        "plain/folder/inner.txt": b"inner"}


@pytest.mark.parametrize("kind", TYPES)
def test_connection_goes_on_behind_an_archive(server, kind):  # RFC 9112 §7.1 and §9.3
    with server.connect() as client:
        for _ in range(3):
            client.send(f"GET /plain/?archive={kind} HTTP/1.1\r\nHost: a\r\n\r\n")
            assert files_of(client.read_response(), kind)["plain/folder/inner.txt"] == b"inner"


@pytest.mark.parametrize("kind", TYPES)
def test_root_is_called_archive(server, kind):
    response = ask(server, "GET", f"/?archive={kind}")
    assert response["Content-Disposition"].endswith(f"''archive.{kind}")
    assert all(name.startswith("archive/") for name in READ[kind](response.body))


@pytest.mark.parametrize("kind", TYPES)
def test_odd_names_arrive_as_they_are(server, kind):
    files = files_of(ask(server, "GET", f"/odd/?archive={kind}"), kind)
    assert files == {f"odd/{name}": name.encode() for name in ODD}


@pytest.mark.parametrize("kind", TYPES)
def test_names_that_are_ways_on_windows_are_written_harmless(server, kind):
    files = files_of(ask(server, "GET", f"/ways/?archive={kind}"), kind)
    assert {name: content for name, content in files.items() if content} == {
        f"ways/{harmless}": name.encode() for name, harmless in WAYS.items()}
    assert len(files) == 2 * len(WAYS)
    assert not [name for name in files if "\\" in name or re.search(r"(^|/).:", name)]


@pytest.mark.parametrize("kind", TYPES)
def test_archive_of_many_members_is_whole(tmp_path, kind):
    """A zip's directory is longer than one piece then."""
    names = {f"{number:0100}": b"%d" % number for number in range(2000)}
    for name, content in names.items():
        put(tmp_path, f"many/{name}", content)
    with Server(tmp_path) as server:
        files = files_of(ask(server, "GET", f"/many/?archive={kind}"), kind)
    assert files == {f"many/{name}": content for name, content in names.items()}


def test_odd_folder_names_its_archive(server):  # RFC 8187 §3.2.1
    name = "ä \"'*%;"
    response = ask(server, "GET", f"/{quote(name)}/?archive=zip")
    value = response["Content-Disposition"].removeprefix("attachment; filename*=UTF-8''")
    assert re.fullmatch(r"(?:[A-Za-z0-9!#$&+.^_`|~-]|%[0-9A-F]{2})+", value)
    assert unquote_to_bytes(value).decode() == name + ".zip"
    assert files_of(response, "zip") == {name + "/file": b"in an odd folder"}


@pytest.mark.parametrize("kind", TYPES)
def test_links_are_what_they_lead_to_and_never_lead_outside(server, kind):
    files = files_of(ask(server, "GET", f"/links/?archive={kind}"), kind)
    left_out = files.pop("links/LEFT-OUT.txt").decode()
    assert files == {"links/target.txt": b"target", "links/inside": b"target"}
    assert left_out.splitlines() == ["links/folder: a link to a folder"]


def test_dotfiles_are_in_it_where_they_are_served(root):
    with Server(root, config=config(dotfiles=True)) as server:
        files = files_of(ask(server, "GET", "/plain/?archive=zip"), "zip")
    assert {"plain/.hidden", "plain/.folder/x"} <= set(files)


@pytest.mark.parametrize("kind", TYPES)
def test_folder_with_an_index_has_an_archive(server, kind):
    assert ask(server, "GET", "/with%20index/").body == b"the index"
    files = files_of(ask(server, "GET", f"/with%20index/?archive={kind}"), kind)
    assert set(files) == {"with index/index.html", "with index/other.txt"}


def test_empty_folder_is_an_archive_without_files(server):
    assert files_of(ask(server, "GET", "/empty/?archive=zip"), "zip") == {}
    assert files_of(ask(server, "GET", "/empty/?archive=tar"), "tar") == {}


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_head_has_the_fields_and_no_content(server, kind, version):  # RFC 9110 §9.3.2
    with server.connect() as client:
        client.send(f"HEAD /plain/?archive={kind} {version}\r\nHost: a\r\n\r\n")
        head = client.read_response("HEAD")
        if version == "HTTP/1.1":
            assert ask(server, "HEAD", "/plain/").status == 200
        assert head.status == 200 and head["Content-Type"] == TYPES[kind]
        assert head["Content-Disposition"].endswith(f"plain.{kind}")
        assert head["Content-Length"] is None
        client.finish()
        assert client.is_closed()


@pytest.mark.parametrize("kind", TYPES)
def test_old_client_is_told_the_end_by_the_close(server, kind):  # RFC 9112 §6.3
    with server.connect() as client:
        client.send(f"GET /plain/?archive={kind} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        response = client.read_response()
    assert response["Transfer-Encoding"] is response["Content-Length"] is None
    assert response["Connection"] == "close"
    assert len(files_of(response, kind)) == 2


@pytest.mark.parametrize("target", ["/plain/?archive=rar", "/plain/?archive=", "/plain/?archive",
                                    "/plain/?archive=ZIP", "/with%20index/?archive=rar",
                                    "/plain/?a=b&archive=zip%00"])
def test_unknown_kind_of_archive_is_not_there(server, target):
    response = ask(server, "GET", target)
    assert response.status == 404 and response.outcome == "view-unknown"


def test_what_is_no_folder_has_no_archive(server):
    for target in ("/missing/?archive=zip", "/missing/?archive=rar", "/plain/.folder/?archive=zip",
                   "/links/outside/?archive=zip", "/plain/file.txt/?archive=zip"):
        response = ask(server, "GET", target)
        assert (response.status, response.outcome) == (404, "not-found"), target
    assert ask(server, "GET", "/plain/file.txt?archive=zip").body == b"f" * 1234
    response = ask(server, "GET", "/plain?archive=zip")
    assert response.status == 301 and response["Location"] == "plain/?archive=zip"


def test_archives_can_be_switched_off(root):
    with Server(root, config=config(archives=False)) as server:
        for folder in ("/plain/", "/with%20index/"):
            assert ask(server, "GET", folder + "?archive=zip").outcome == "view-unknown"
        assert b"href=\"./?archive=" not in ask(server, "GET", "/plain/").body
    with Server(root, config=config(listing=False)) as server:
        assert ask(server, "GET", "/plain/?archive=zip").outcome == "not-found"
        assert ask(server, "GET", "/with%20index/").status == 200
        assert ask(server, "GET", "/with%20index/?archive=zip").outcome == "view-unknown"


def test_name_is_that_of_the_address(root):
    text = "routes:\n  - path: /docs/\n    files: { root: '{root}' }\n"
    with Server(root / "plain", config=text) as server:
        response = ask(server, "GET", "/docs/?archive=zip")
        assert response["Content-Disposition"].endswith("''docs.zip")
        assert "docs/file.txt" in files_of(response, "zip")


@pytest.mark.parametrize("line, status", [
    ("If-None-Match: *", 304), ("If-Match: *", 200), ("If-Match: \"x\"", 412),
    ("Range: bytes=0-9", 200), ("Accept: text/html", 200)])
def test_archive_has_no_validator_and_no_ranges(server, line, status):  # RFC 9110 §13.1, §14.2
    response = ask(server, "GET", "/plain/?archive=zip", line)
    assert response.status == status and response.complete
    if status == 200:
        assert len(files_of(response, "zip")) == 2


def resident(server):
    """Bytes of memory that the server has at the moment."""
    with open(f"/proc/{server.process.pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def descriptors(server):
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Far more than the buffers of any socket hold, and with nothing on the disk."""
    root = tmp_path_factory.mktemp("large")
    for number in range(4):
        with open(root / f"{number}.bin", "wb") as file:
            file.truncate(50 * MIB)
    return root


@pytest.mark.parametrize("kind", TYPES)
def test_memory_does_not_grow_with_the_archive(large, kind):
    with Server(large) as server:
        ask(server, "GET", "/")
        before, most, received = resident(server), 0, 0
        with server.connect() as client:
            client.send(f"GET /?archive={kind} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            while piece := client.socket.recv(MIB):
                if received // (10 * MIB) != (received + len(piece)) // (10 * MIB) or not most:
                    most = max(most, resident(server))
                received += len(piece)
                end = piece[-5:]
        assert end == b"0\r\n\r\n"
        assert most - before < 16 * MIB
        if kind == "tar":
            assert received > 200 * MIB


def ended(server, target, how):
    record = record_of(server, target=target)
    assert record["outcome"] == "ok" and record["ended"] == how
    return record


def wait_until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("kind", TYPES)
def test_client_that_leaves_leaves_nothing_behind(large, kind):
    with Server(large) as server:
        ask(server, "GET", "/")
        before = descriptors(server)
        for _ in range(5):
            with server.connect() as client:
                client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.send(f"GET /?archive={kind} HTTP/1.1\r\nHost: a\r\n\r\n")
                client.socket.recv(4096)
            ended(server, f"/?archive={kind}", "client-gone")
        wait_until(lambda: descriptors(server) <= before)


def begin_download(server, target, version):
    """The rest stays with the server, but for the few MiB that the system's buffers hold."""
    client = server.connect()
    client.send(f"GET {target} {version}\r\nHost: a\r\n\r\n")
    while len(client.buffer.partition(b"\r\n\r\n")[2]) < 4096:  # the file was looked at
        client._more()
    return client


def test_file_that_shrinks_breaks_the_archive_off(tmp_path):  # RFC 9112 §8
    for version in ("HTTP/1.1", "HTTP/1.0"):
        with open(tmp_path / "shrinks.bin", "wb") as file:
            file.truncate(100 * MIB)
        with Server(tmp_path) as server, begin_download(server, "/?archive=tar", version) as client:
            os.truncate(tmp_path / "shrinks.bin", 40 * MIB)
            if version == "HTTP/1.1":
                assert not client.read_response().complete
            else:
                with pytest.raises(ConnectionResetError):  # an end would look like success
                    client.read_response()
            assert ended(server, "/?archive=tar", "body-failed")["status"] == 200


def test_stop_does_not_wait_for_the_end_of_an_archive(tmp_path):
    with open(tmp_path / "endless.bin", "wb") as file:
        file.truncate(1 << 40)
    text = config() + "limits: { stop_timeout: 200ms }\n"
    with Server(tmp_path, config=text) as server:
        with begin_download(server, "/?archive=tar", "HTTP/1.1") as client:
            server.signal(signal.SIGTERM)
            while client.socket.recv(MIB):
                pass
        assert server.wait() == 0
        ended(server, "/?archive=tar", "send-timeout")


def test_folder_that_may_not_be_read_has_no_archive(tmp_path):
    put(tmp_path, "closed/file")
    put(tmp_path, "partly/open.txt", b"open")
    put(tmp_path, "partly/closed.txt", b"closed").chmod(0)
    (tmp_path / "closed").chmod(0)
    nobody = None
    if os.getuid() == 0:
        nobody = 65534
        for folder in (tmp_path, *tmp_path.parents):
            if str(folder).startswith("/tmp/"):
                folder.chmod(0o755)
    with Server(tmp_path, user=nobody) as server:
        assert ask(server, "GET", "/closed/?archive=zip").outcome == "not-readable"
        files = files_of(ask(server, "GET", "/partly/?archive=zip"), "zip")
    (tmp_path / "closed").chmod(0o755)
    assert files.pop("partly/LEFT-OUT.txt").startswith(b"partly/closed.txt: ")
    assert files == {"partly/open.txt": b"open"}
