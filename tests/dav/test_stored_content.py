# SPDX-License-Identifier: MIT
"""What clients store is what others get: no name of a stored file changes what another address
answers (RFC 9110 §9.3.1, §9.3.4, RFC 4918 §9.4), and no content is taken for more than it says."""
import gzip

import pytest
from site_of_dav import Server, ask, config


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("stored")


@pytest.fixture(scope="module")
def server(root):
    with Server(root, config=config()) as server:
        yield server


def put(server, target, content):
    assert ask(server, "PUT", target, content=content).status in (201, 204)


@pytest.mark.parametrize("suffix", ["br", "zst", "gz"])
def test_get_after_put_gives_what_was_put(server, suffix):
    put(server, f"/{suffix}.txt", b"first")
    put(server, f"/{suffix}.txt.{suffix}", gzip.compress(b"another file"))
    put(server, f"/{suffix}.txt", b"second")
    response = ask(server, "GET", f"/{suffix}.txt", "Accept-Encoding: br, zstd, gzip")
    assert (response.body, response["Content-Encoding"]) == (b"second", None)


def test_stored_index_hides_no_folder(server):  # it is a file like any other
    ask(server, "MKCOL", "/ix/")
    put(server, "/ix/index.html", b"<p>the index")
    page = ask(server, "GET", "/ix/")
    assert page.status == 200 and b"index.html" in page.body and b"<p>the index" not in page.body
    members = ask(server, "GET", "/ix/", "Accept: application/json").json()["entries"]
    assert [member["name"] for member in members] == ["index.html"]
    archive = ask(server, "GET", "/ix/?archive=tar")
    assert (archive.status, archive["Content-Type"]) == (200, "application/x-tar")
    assert ask(server, "GET", "/ix/index.html").body == b"<p>the index"


def test_index_that_the_operator_names_answers_for_its_folder(root):
    with Server(root, config=config(index="start.txt")) as server:
        ask(server, "MKCOL", "/named/")
        put(server, "/named/start.txt", b"the start")
        assert ask(server, "GET", "/named/").body == b"the start"
        archive = ask(server, "GET", "/named/?archive=tar")
        assert archive["Content-Type"] == "application/x-tar"


@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.png", "a"])
def test_stored_files_are_not_sniffed(server, name):
    # Fetch §3.6: else a text that looks like a page could be shown as one
    put(server, f"/{name}", b"<script>alert(1)</script>")
    for line in ("Accept: */*", "Range: bytes=1-3"):
        response = ask(server, "GET", f"/{name}", line)
        assert response["X-Content-Type-Options"] == "nosniff"
        assert response["Cross-Origin-Resource-Policy"] == "same-origin"
