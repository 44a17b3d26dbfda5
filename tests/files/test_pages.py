# SPDX-License-Identifier: MIT
"""What Candor's own pages cost: in the content coding gzip (RFC 9110 §8.4.1.3, RFC 1952), small on
the wire, and made piece by piece (RFC 9112 §7.1) however many members a folder has."""
import gzip
import json
import os
import re

import pytest

import harness
import site_of_dav
from site_of_files import Server, ask, config, put, record_of

MANY = 20000
FORMATS = ["text/html", "application/json", "text/plain"]
HTML = "Accept: text/html"
GZIP = "Accept-Encoding: gzip"
KIB = 1024


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("pages")
    for number in range(9):
        put(root, f"ten/report of year {number}.pdf", b"x" * number * 1000)
    (root / "ten/folder").mkdir()
    (root / "none").mkdir()
    (root / "many").mkdir()
    for number in range(MANY):
        os.close(os.open(root / f"many/a member with the number {number}", os.O_CREAT))
    return root


@pytest.fixture(scope="module")
def server(root):
    with Server(root) as server:
        yield server


def wire_size(response):
    return len(response.body) + sum(len(name) + len(value) + 4 for name, value in response.fields)


def rss_peak(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read())[1]) * KIB


@pytest.mark.parametrize("folder", ["/ten/", "/none/", "/many/", "/ten/?search=report"])
@pytest.mark.parametrize("accept", FORMATS)
def test_coded_listing_is_the_same_listing(server, folder, accept):
    plain = ask(server, "GET", folder, f"Accept: {accept}")
    coded = ask(server, "GET", folder, f"Accept: {accept}", "Accept-Encoding: br, gzip;q=0.5")
    assert plain["Content-Encoding"] is None and coded["Content-Encoding"] == "gzip"
    assert gzip.decompress(coded.body) == plain.body
    # Weak, it is of both (RFC 9110 §8.8.3.3).
    assert coded["ETag"] == plain["ETag"] and plain["ETag"].startswith("W/")
    assert plain["Vary"] == coded["Vary"] == "Accept, Accept-Encoding"
    assert ask(server, "GET", folder, f"Accept: {accept}", GZIP,
               f"If-None-Match: {plain['ETag']}").status == 304


@pytest.mark.parametrize("value, coding", [
    ("gzip", "gzip"), ("x-gzip", "gzip"), ("*", "gzip"), ("identity;q=0", "406"), ("br", None),
    ("identity;q=0, gzip", "gzip"), ("gzip;q=0", None), ("identity, gzip;q=0.5", None)])
def test_coding_is_one_that_is_accepted(server, value, coding):  # RFC 9110 §12.5.3
    response = ask(server, "GET", "/ten/", f"Accept-Encoding: {value}")
    if coding == "406":
        assert response.status == 406
    else:
        assert (response.status, response["Content-Encoding"]) == (200, coding)


@pytest.mark.parametrize("accept", FORMATS)
def test_listings_are_not_sniffed(server, accept):  # names are chosen by whoever stores the files
    assert ask(server, "GET", "/ten/", f"Accept: {accept}")["X-Content-Type-Options"] == "nosniff"


def test_page_of_a_small_folder_is_small(server, root):
    response = ask(server, "GET", "/ten/", HTML, GZIP)
    assert response["Content-Length"] == str(len(response.body))
    assert wire_size(response) < 16 * KIB
    with Server(root, config=site_of_dav.config()) as writable:
        assert wire_size(ask(writable, "GET", "/ten/", HTML, GZIP)) < 21 * KIB


@pytest.mark.parametrize("method, target, status", [
    ("GET", "/missing", 404), ("GET", "/ten/?archive=rar", 404), ("PATCH", "/ten/", 405)])
def test_page_of_an_error_is_small(server, method, target, status):
    response = ask(server, method, target, HTML)
    assert response.status == status and response["Content-Type"].startswith("text/html")
    assert wire_size(response) < 4 * KIB
    assert b"<script" not in response.body and b"dialog" not in response.body


@pytest.mark.parametrize("accept", FORMATS)
def test_long_listing_is_made_piece_by_piece(server, accept):
    with server.connect() as client:  # and the connection stays
        for _ in range(2):
            client.send(f"GET /many/ HTTP/1.1\r\nHost: a\r\nAccept: {accept}\r\n\r\n")
            response = client.read_response()
            assert response["Transfer-Encoding"] == "chunked"
            assert response.body.count(b"a member with the number") == MANY
    if accept == "application/json":
        entries = json.loads(response.body)["entries"]
        assert [entry["name"] for entry in entries] == \
            [f"a member with the number {number}" for number in range(MANY)]


def test_long_listing_to_a_client_without_chunks_ends_with_the_connection(server):
    with server.connect() as client:  # RFC 9112 §6.3
        client.send("GET /many/ HTTP/1.0\r\nAccept: text/plain\r\n\r\n")
        response = client.read_response()
    assert response["Transfer-Encoding"] is response["Content-Length"] is None
    assert response.body.count(b"\n") == MANY


def test_head_of_a_long_listing_has_no_body(server):
    with server.connect() as client:
        client.send("HEAD /many/ HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.read_response("HEAD").status == 200
        client.send("GET /none/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert client.read_response().status == 200


def test_tag_of_a_long_listing_is_of_its_last_member_too(server, root):  # RFC 9110 §8.8.1
    last = root / f"many/a member with the number {MANY - 1}"
    before = ask(server, "HEAD", "/many/")["ETag"]
    assert ask(server, "HEAD", "/many/")["ETag"] == before
    os.utime(last, (1, 1))
    after = ask(server, "HEAD", "/many/")["ETag"]
    last.write_bytes(b"x")
    os.utime(last, (1, 1))
    assert len({before, after, ask(server, "HEAD", "/many/")["ETag"]}) == 3


def test_long_listing_takes_memory_for_its_names_alone(root):
    with Server(root, config=config()) as server:
        ask(server, "GET", "/ten/", HTML)
        before = rss_peak(server)
        page = ask(server, "GET", "/many/", HTML)
        assert len(page.body) > 4_000_000
        # Names, dates, and a piece; the sanitizers' memory is not the server's.
        if not os.environ.get("ASAN_OPTIONS") and "test" not in harness.CANDOR.parent.name:
            assert rss_peak(server) - before < 3_500_000


def test_client_that_leaves_a_long_listing_is_told_in_the_log(server):
    with server.connect() as client:
        client.send("GET /many/?left HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n\r\n")
        client.socket.recv(1)
    record = record_of(server, target="/many/?left")
    assert record["outcome"] == "ok" and record["ended"] == "client-gone"
