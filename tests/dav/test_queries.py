# SPDX-License-Identifier: MIT
"""The query is part of what an address names (RFC 3986 §3.4): it alone is changed."""
import pytest

from site_of_dav import ask, assert_refused, config, put, Server, state_of

CHANGES = {"PUT": b"x", "POST": b"x", "PATCH": b"x", "DELETE": None, "MKCOL": None, "COPY": None,
           "MOVE": None, "PROPPATCH": None, "LOCK": None, "UNLOCK": None}
QUERIES = ["archive=zip", "search=nothing", "search=", "x=1&upload=" + "0" * 32, "UPLOAD=1",
           "upload", "Archive=zip", "x", "%75pload=1", "v=2"]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("queries")


@pytest.fixture(scope="module")
def server(root):
    put(root, "folder/member")
    put(root, "file")
    with Server(root, config=config(2)) as server:
        yield server


@pytest.mark.parametrize("method", CHANGES)
@pytest.mark.parametrize("query", QUERIES)
def test_what_has_a_query_is_not_changed(server, root, method, query):
    before = state_of(root)
    for target in ("/folder", "/folder/", "/file", "/new"):
        response = ask(server, method, f"{target}?{query}", "Destination: /to",
                       content=CHANGES[method])
        assert_refused(response, 405, "query-read-only")
        assert method not in response["Allow"]
    assert state_of(root) == before


@pytest.mark.parametrize("target", ["/folder", "/folder/", "/file", "/new"])
@pytest.mark.parametrize("method", CHANGES)
def test_what_names_an_upload_changes_nothing_else(server, root, target, method):
    before = state_of(root)
    for name in ("0" * 32, "1234", ""):
        response = ask(server, method, f"{target}?upload={name}", "Destination: /to",
                       "Content-Type: application/partial-upload", "Upload-Offset: 0",
                       "Upload-Complete: ?0", content=CHANGES[method])
        if method in ("PATCH", "DELETE"):
            assert_refused(response, 404, "upload-unknown")
        else:
            assert_refused(response, 405, "method-not-allowed")
    assert state_of(root) == before


def test_an_upload_is_found_without_the_slash_of_its_folder(server, root):
    opened = ask(server, "PUT", "/folder/new", "Upload-Complete: ?0", content=b"12345")
    upload = opened["Location"].replace("/?", "?")
    assert ask(server, "HEAD", upload)["Upload-Offset"] == "5"
    assert ask(server, "DELETE", upload).status == 204
    assert_refused(ask(server, "DELETE", upload), 404, "upload-unknown")
    assert sorted(path.name for path in (root / "folder").iterdir()) == ["member"]


def test_an_unknown_query_reads_and_options_tell_that(server):
    assert ask(server, "GET", "/file?v=2").body == b"content\n"
    assert ask(server, "PROPFIND", "/file?v=2", "Depth: 0").status == 207
    for target, more in (("/file?v=2", set()), ("/folder/?archive=zip", {"REPORT"})):
        allow = ask(server, "OPTIONS", target)["Allow"].split(", ")
        assert set(allow) == {"GET", "HEAD", "OPTIONS", "PROPFIND"} | more


def test_an_empty_query_says_nothing(server, root):
    assert ask(server, "PUT", "/empty?", content=b"x").status == 201
    assert ask(server, "DELETE", "/empty?").status == 204
