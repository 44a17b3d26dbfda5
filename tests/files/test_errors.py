# SPDX-License-Identifier: MIT
"""Answers to errors: RFC 9457 (problem details), RFC 9110 §15 and §12.5.1; hosts, §7.4."""
import re

import pytest

from site_of_files import ALLOWED, ask, put, record_of, Server

PROBLEM, PAGE, TEXT = ("application/problem+json", "text/html; charset=utf-8",
                       "text/plain; charset=utf-8")

# How each is provoked: method, target, field lines. None of them needs anything but the folder.
ERRORS = {
    "entity-tag-malformed": (400, "GET", "/file.txt", ["If-Match: x"]),
    "target-malformed": (400, "GET", "/\"", []),
    "not-found": (404, "GET", "/missing", []),
    "method-not-allowed": (405, "DELETE", "/file.txt", []),
    "not-acceptable": (406, "GET", "/file.txt", ["Accept-Encoding: identity;q=0"]),
    "if-match-failed": (412, "GET", "/file.txt", ['If-Match: "x"']),
    "if-unmodified-since-failed": (412, "GET", "/file.txt", [
        "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT"]),
    "range-not-satisfiable": (416, "GET", "/file.txt", ["Range: bytes=99-"]),
    "expectation-unknown": (417, "GET", "/file.txt", ["Expect: x"]),
    "content-too-large": (413, "GET", "/file.txt", ["Content-Length: 99999999"]),
    "method-unknown": (501, "BREW", "/file.txt", []),
    "version-unsupported": (505, "GET", "/file.txt", []),
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("errors")
    put(root, "file.txt", b"text\n")
    put(root, "folder/a.txt")
    return root


@pytest.fixture(scope="module")
def server(root):
    with Server(root) as server:
        yield server


def provoke(server, token, *lines, method=None):
    _, usual, target, own = ERRORS[token]
    version = "HTTP/2.0" if token == "version-unsupported" else "HTTP/1.1"
    return ask(server, method or usual, target, *own, *lines, version=version)


@pytest.mark.parametrize("lines, media_type", [
    ([], PROBLEM), (["Accept: */*"], PROBLEM), (["Accept: application/problem+json"], PROBLEM),
    (["Accept: application/json"], PROBLEM), (["Accept: text/html"], PAGE),
    (["Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], PAGE),
    (["Accept: text/plain"], TEXT), (["Accept: text/plain;charset=utf-8"], TEXT),
    (["Accept: text/html;q=0.5", "Accept: text/plain"], TEXT),
    (["Accept: image/png"], PROBLEM), (["Accept: nonsense"], PROBLEM)], ids=str)
def test_error_comes_in_the_form_that_accept_asks_for(server, lines, media_type):
    for token in ERRORS:
        if token in ("target-malformed", "version-unsupported"):
            continue  # what cannot be read has no Accept
        response = provoke(server, token, *lines)
        assert response.status == ERRORS[token][0]
        assert response["Content-Type"] == media_type
        assert "Accept" in response["Vary"]
        assert token in response.body.decode()


@pytest.mark.parametrize("token", ERRORS)
def test_problem_tells_the_outcome_the_status_and_the_request(server, token):  # RFC 9457 §3.1
    status = ERRORS[token][0]
    response = provoke(server, token)
    problem = response.json()
    assert problem["type"] == f"urn:candor:outcome:{token}"
    assert problem["status"] == response.status == status
    assert problem["title"] and problem["advice"]
    record = record_of(server, response)
    assert re.fullmatch("[0-9a-f]{16}", record["id"])
    assert (record["outcome"], record["status"]) == (token, status)
    assert ("trail" in record) == (status >= 400)


@pytest.mark.parametrize("accept, pattern", [
    ("text/html", rb"<dt>Request</dt><dd><code>([0-9a-f]{16})</code>"),
    ("text/plain", rb"\ninstance: urn:candor:request:([0-9a-f]{16})\n")])
def test_id_that_people_are_told_is_the_id_in_the_log(server, accept, pattern):
    target = f"/missing?{accept}"
    response = ask(server, "GET", target, f"Accept: {accept}")
    shown = re.search(pattern, response.body).group(1).decode()
    assert record_of(server, target=target)["id"] == shown


@pytest.mark.parametrize("token", ERRORS)
def test_failure_of_the_server_is_not_stored(server, token):  # RFC 9111 §5.2.2.5
    stored = provoke(server, token)["Cache-Control"] != "no-store"
    assert stored == (ERRORS[token][0] < 500)


@pytest.mark.parametrize("token", ERRORS)
def test_error_says_nothing_of_the_inside(server, root, token):
    for accept in ("application/json", "text/html", "text/plain"):
        response = provoke(server, token, f"Accept: {accept}")
        text = (response.raw_head + response.body).decode()
        for inside in (str(root), "/tmp", "/src/", ".c:", "0x7f", "errno", "epoll", "worker"):
            assert inside not in text


def test_page_of_an_error_lets_nothing_run(server):
    response = provoke(server, "not-found", "Accept: text/html")
    assert response["Content-Security-Policy"].startswith("default-src 'none'")
    assert b"<script" not in response.body


@pytest.mark.parametrize("token", sorted(
    token for token, (status, method, _, _) in ERRORS.items() if method == "GET" and status < 500))
def test_head_has_the_fields_of_the_error_and_no_content(server, token):  # RFC 9110 §9.3.2
    get, head = provoke(server, token), provoke(server, token, method="HEAD")
    if token == "range-not-satisfiable":
        assert head.status == 200  # Range is for GET only
        return
    assert head.status == get.status and head.body == b""
    assert [f for f in head.fields if f[0] != "Date"] == [f for f in get.fields if f[0] != "Date"]


PAGES = """
error_pages:
  - { for: 4xx, file: class.html }
  - { for: 404, file: status.html }
  - { for: if-match-failed, file: outcome.txt }
  - { for: 5xx, file: class.html }
routes:
  - path: /files/
    files: { root: '{root}' }
"""
HTML = "Accept: text/html"


@pytest.fixture(scope="module")
def paged(tmp_path_factory, root):
    folder = tmp_path_factory.mktemp("pages")
    for name in ("class.html", "status.html", "outcome.txt"):
        put(folder, name, f"the {name}\n".encode())
    pages = re.sub(r"file: (\w+)", rf"file: {folder}/\1", PAGES)
    with Server(root, config=pages) as server:
        yield server


@pytest.mark.parametrize("method, target, lines, status, body, media_type", [
    ("GET", "/files/missing", [HTML], 404, b"the status.html\n", PAGE),
    ("GET", "/nowhere", [HTML], 404, b"the status.html\n", PAGE),
    ("PUT", "/files/file.txt", [HTML], 405, b"the class.html\n", PAGE),
    ("BREW", "/files/file.txt", [HTML], 501, b"the class.html\n", PAGE),
    ("GET", "/files/file.txt", ['If-Match: "x"', "Accept: text/plain"], 412,
     b"the outcome.txt\n", TEXT),
    ("GET", "/files/missing", [], 404, b"the status.html\n", PAGE),
    ("HEAD", "/files/missing", [HTML], 404, b"", PAGE)])
def test_page_of_the_operator_replaces_ours(paged, method, target, lines, status, body, media_type):
    response = ask(paged, method, target, *lines)
    assert response.status == status and response.body == body
    assert response["Content-Type"] == media_type
    if status == 404:
        assert int(response["Content-Length"]) == len(b"the status.html\n")
    if status == 405:
        assert response["Allow"] == ALLOWED
    if status == 501:
        assert response["Cache-Control"] == "no-store"


def test_program_gets_a_problem_where_people_get_the_page_of_the_operator(paged):
    response = ask(paged, "GET", "/files/missing", "Accept: application/json")
    assert response["Content-Type"] == PROBLEM and response.outcome == "not-found"


def test_redirect_is_not_an_error_page_of_a_class(paged):
    response = ask(paged, "GET", "/files/folder", HTML)
    assert response.status == 301 and b"the class" not in response.body


@pytest.mark.parametrize("accept, content_type, body", [
    (None, TEXT, b"The folder's address ends with a slash: folder/?a=%3Cb%3E&c\n"),
    ("*/*", TEXT, b"The folder's address ends with a slash: folder/?a=%3Cb%3E&c\n"),
    ("text/html, */*;q=0.8", PAGE, b'<a href="folder/?a=%3Cb%3E&amp;c">'),
    ("application/json", None, b""),
    ("application/problem+json", None, b""),
])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_redirect_has_a_note_for_readers_and_nothing_for_programs(  # RFC 9110 §15.4
        server, method, accept, content_type, body):
    lines = [f"Accept: {accept}"] if accept else []
    response = ask(server, method, "/folder?a=%3Cb%3E&c", *lines)
    assert (response.status, response["Location"]) == (301, "folder/?a=%3Cb%3E&c")
    assert (response["Content-Type"], response["Vary"]) == (content_type, "Accept")
    if method == "GET":
        assert body in response.body and len(response.body) == int(response["Content-Length"])
        assert bool(body) == bool(response.body)
    else:
        assert bool(body) == (response["Content-Length"] != "0")


ROUTES = """
routes:
  - path: /
    host: one.example
    files: { root: '{root}/one' }
  - path: /deep/
    host: one.example
    files: { root: '{root}/deep' }
  - path: /deep/er/
    host: one.example
    files: { root: '{root}/deeper' }
  - path: /deep/whole.txt
    host: one.example
    files: { root: '{root}/whole' }
  - path: /only/
    host: two.example
    files: { root: '{root}/two' }
"""
GENERAL = ROUTES + """
  - path: /all/
    files: { root: '{root}/all' }
  - path: /deep/
    files: { root: '{root}/two' }
"""


@pytest.fixture(scope="module")
def routes_root(tmp_path_factory):
    root = tmp_path_factory.mktemp("routes")
    for name in ("one", "deep", "deeper", "whole", "two", "all"):
        put(root, f"{name}/which", name.encode())
        put(root, f"{name}/whole.txt", name.encode() + b" whole")
    return root


@pytest.fixture(scope="module")
def hosted(routes_root):
    with Server(routes_root, config=ROUTES) as server:
        yield server


@pytest.fixture(scope="module")
def general(routes_root):
    with Server(routes_root, config=GENERAL) as server:
        yield server


@pytest.mark.parametrize("host, target, expected", [
    ("one.example", "/which", b"one"), ("ONE.Example", "/which", b"one"),
    ("one.example:8080", "/which", b"one"), ("one.example", "/deep/which", b"deep"),
    ("one.example", "/deep/er/which", b"deeper"),
    ("one.example", "/deep/whole.txt", b"whole whole"),
    ("one.example", "/deep/er/whole.txt", b"deeper whole"), ("one.example", "/deeper", 404),
    ("one.example", "/%64eep/which", b"deep"), ("one.example", "/deep/../which", b"one"),
    ("two.example", "/only/which", b"two"), ("two.example", "/which", "no-route"),
    ("two.example", "/", "no-route"), ("two.example", "/onlywhich", "no-route"),
    ("two.example", "/deep/which", "no-route"),
    ("three.example", "/which", "host-unknown"), ("127.0.0.1", "/", "host-unknown"),
    ("one.example.evil", "/which", "host-unknown"), ("[::1]", "/which", "host-unknown")])
def test_host_and_longest_path_choose_the_route(hosted, host, target, expected):  # RFC 9110 §7.4
    response = ask(hosted, "GET", target, host=host)
    if isinstance(expected, bytes):
        assert response.status == 200 and response.body == expected
    elif expected == 404:
        assert response.outcome == "not-found"
    else:
        assert response.outcome == expected
        assert response.status == (421 if expected == "host-unknown" else 404)


def test_authority_of_an_absolute_target_is_the_host(hosted):  # RFC 9112 §3.2.2
    assert ask(hosted, "GET", "http://two.example/only/which", host="two.example").body == b"two"


@pytest.mark.parametrize("host, target, expected", [
    ("any.example", "/all/which", b"all"), ("two.example", "/all/which", b"all"),
    ("one.example", "/deep/which", b"deep"), ("two.example", "/deep/which", b"two"),
    ("one.example", "/all/which", "not-found"),  # the route / of that host has it
    ("any.example", "/which", "no-route")])
def test_route_without_a_host_is_for_every_host(general, host, target, expected):
    response = ask(general, "GET", target, host=host)
    if isinstance(expected, bytes):
        assert response.body == expected
    else:
        assert response.status == 404 and response.outcome == expected


def test_method_is_asked_for_before_the_host_only_where_it_names_no_resource(hosted):
    assert ask(hosted, "BREW", "/which", host="three.example").status == 421
    assert ask(hosted, "OPTIONS", "*", host="three.example").status == 204
    assert ask(hosted, "PUT", "/nowhere", host="two.example").status == 404
