# SPDX-License-Identifier: MIT
"""OPTIONS tells what is true: Allow, RFC 9110 §10.2.1; DAV, RFC 4918 §10.1; Accept-Patch,
RFC 5789 §3.1."""
import pytest

from site_of_dav import ask, assert_refused, config, put, Server

CONTENT = {"PUT": b"content", "POST": b"content", "PATCH": b"content"}
READ = {"GET", "HEAD", "OPTIONS", "PROPFIND"}
ALLOWED = {
    "/none": {"OPTIONS", "PUT", "MKCOL", "LOCK"},
    "/file": READ | {"PUT", "PATCH", "DELETE", "COPY", "MOVE", "PROPPATCH", "LOCK", "UNLOCK"},
    "/folder/": READ | {"REPORT", "POST", "DELETE", "COPY", "MOVE", "PROPPATCH", "LOCK",
                        "UNLOCK"},
}
ALLOWED["/folder"] = ALLOWED["/folder/"]
ALLOWED["/"] = ALLOWED["/folder/"] - {"DELETE", "MOVE", "COPY"}
for impossible in ("/.hidden", "/a%2Fb", "/" + "n" * 300, "/folder/.candor-tmp-0123456789abcdef"):
    ALLOWED[impossible] = {"OPTIONS"}
METHODS = sorted(set().union(*ALLOWED.values()))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("options")
    put(root, "file")
    (root / "folder").mkdir()
    text = config(2, dotfiles=False) + "  - path: /read/\n    files: { root: '{root}' }\n"
    with Server(root, config=text) as server:
        yield server


@pytest.mark.parametrize("target", ALLOWED)
def test_options_tells_what_can_be_done_with_what_is_there(server, target):
    response = ask(server, "OPTIONS", target)
    assert response.status == 204
    assert set(response["Allow"].split(", ")) == ALLOWED[target]
    assert {part.strip() for part in response["DAV"].split(",")} == \
        {"1", "2", "3", "sabredav-partialupdate"}
    assert response["MS-Author-Via"] == "DAV"
    patch = "application/x-sabredav-partialupdate" if "PATCH" in ALLOWED[target] else None
    assert response["Accept-Patch"] == patch


def test_options_of_the_server_tells_what_any_route_can_do(server):  # RFC 9110 §9.3.7
    assert set(ask(server, "OPTIONS", "*")["Allow"].split(", ")) == set(METHODS)


def test_options_of_a_route_that_is_read_only_does_not_claim_dav(server):
    for target in ("/read/file", "/read/", "/read/none"):
        response = ask(server, "OPTIONS", target)
        assert response["DAV"] is None and response["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("target", ALLOWED)
@pytest.mark.parametrize("method", METHODS)
def test_what_options_leaves_out_is_refused_and_what_it_names_is_not_405(server, target, method):
    if method in ("DELETE", "MOVE") and target in ("/file", "/folder", "/folder/"):
        return  # (their own tests do that; here the target must stay)
    if target == "/none" and method in ("PUT", "MKCOL", "LOCK"):
        return
    media_type = "application/x-sabredav-partialupdate" if method == "PATCH" else "text/plain"
    response = ask(server, method, target, 'If-Match: "never"', f"Content-Type: {media_type}",
                   content=CONTENT.get(method))
    if method in ALLOWED[target]:
        assert response.status not in (405, 501)
    else:
        assert response.status in (400, 403, 404, 405, 409, *([412] if target == "/" else []))
        if response.status == 405:
            assert set(response["Allow"].split(", ")) == ALLOWED[target]


@pytest.mark.parametrize("target", ALLOWED)
def test_a_method_that_is_never_taken_tells_the_same(server, target):
    response = ask(server, "TRACE", target)
    assert_refused(response, 405, "method-not-allowed")
    assert set(response["Allow"].split(", ")) == ALLOWED[target]


def test_what_a_file_does_not_take_is_405(server):  # RFC 9110 §15.5.6
    response = ask(server, "POST", "/file", content=b"x")
    assert_refused(response, 405, "not-a-collection")
    assert set(response["Allow"].split(", ")) == ALLOWED["/file"]
