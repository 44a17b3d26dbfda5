# SPDX-License-Identifier: MIT
"""Methods on files: RFC 9110 §9.3; Allow, §10.2.1; refused ones, §15.5.6 and §15.6.2."""
import pytest

from site_of_files import ALLOWED, ask, config, put, record_of, Server


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("methods")
    put(root, "file.txt", b"text\n")
    put(root, "large.bin", bytes(300 * 1024))
    put(root, "empty")
    put(root, "page/index.html", b"<!doctype html><title>Page</title>")
    put(root, "folder/a.txt")
    return root


@pytest.fixture(scope="module")
def server(root):
    with Server(root) as server:
        yield server


@pytest.fixture(scope="module")
def tracing(root):
    with Server(root, config="trace: true\n" + config()) as server:
        yield server


@pytest.mark.parametrize("target", ["/file.txt", "/large.bin", "/empty", "/page/", "/folder/",
                                    "/folder", "/missing", "/file.txt/", "/%00"])
@pytest.mark.parametrize("lines", [(), ("Accept: text/html",), ("Accept: image/png",)], ids=str)
def test_head_has_the_fields_of_get_and_no_content(server, target, lines):  # RFC 9110 §9.3.2
    get, head = (ask(server, method, target, *lines) for method in ("GET", "HEAD"))
    assert head.status == get.status and head.body == b""
    assert [(n, v) for n, v in head.fields if n != "Date"] == [
        (n, v) for n, v in get.fields if n != "Date"]


def test_connection_goes_on_behind_head(server):  # RFC 9112 §6.3
    with server.connect() as client:
        client.send("HEAD /large.bin HTTP/1.1\r\nHost: a\r\n\r\n"
                    "HEAD /missing HTTP/1.1\r\nHost: a\r\n\r\n"
                    "GET /file.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.read_response("HEAD").status == 200
        assert client.read_response("HEAD").status == 404
        assert client.read_response().body == b"text\n"


@pytest.mark.parametrize("target", ["/file.txt", "/folder/", "/missing", "*"])
def test_options_tells_the_methods(server, target):  # RFC 9110 §9.3.7
    response = ask(server, "OPTIONS", target)
    assert response.status == 204 and response["Allow"] == ALLOWED
    assert response["Content-Length"] is None and response["Content-Type"] is None


@pytest.mark.parametrize("target", ["/file.txt", "/missing", "/folder/"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "MKCOL"])
def test_method_that_is_known_but_not_taken_is_405_with_allow(server, method, target):
    response = ask(server, method, target)  # RFC 9110 §15.5.6
    assert response.status == 405 and response["Allow"] == ALLOWED
    assert response.outcome == "method-not-allowed"


@pytest.mark.parametrize("method", ["BREW", "get", "G", "X-GET", "!#$%&'*+-.^_`|~"])
def test_method_that_is_not_known_is_501(server, method):  # RFC 9110 §9.1
    response = ask(server, method, "/file.txt")
    assert response.status == 501 and response.outcome == "method-unknown"
    assert response["Cache-Control"] == "no-store"


def test_connect_is_501(server):  # RFC 9110 §9.3.6
    response = ask(server, "CONNECT", "example:443", host="example:443")
    assert response.status == 501 and response.outcome == "connect-unsupported"


def test_unknown_expectation_is_417(server):  # RFC 9110 §10.1.1
    response = ask(server, "GET", "/file.txt", "Expect: miracles")
    assert response.status == 417 and response.outcome == "expectation-unknown"


def test_trace_is_off_by_default(server):
    response = ask(server, "TRACE", "/file.txt")
    assert response.status == 405 and "TRACE" not in response["Allow"]


def test_trace_gives_the_request_back(tracing):  # RFC 9110 §9.3.8
    response = ask(tracing, "TRACE", "/no/such?a=b", "X-First:  one ", "X-Second: two")
    assert response.status == 200 and response["Content-Type"] == "message/http"
    assert response.body == (b"TRACE /no/such?a=b HTTP/1.1\r\nHost: example\r\n"
                             b"Connection: close\r\nX-First: one\r\nX-Second: two\r\n\r\n")
    assert record_of(tracing, target="/no/such?a=b")["outcome"] == "trace-echoed"


@pytest.mark.parametrize("line", ["Authorization: Basic c2VjcmV0", "COOKIE: a=secret",
                                  "proxy-authorization: Basic secret", "Cookie: b=secret"])
def test_trace_does_not_give_secrets_back(tracing, line):  # RFC 9110 §9.3.8
    response = ask(tracing, "TRACE", "/", line, "X-Shown: yes")
    assert b"X-Shown: yes" in response.body
    assert b"ecret" not in response.body and b"ookie" not in response.body.lower()
    assert b"uthorization" not in response.body.lower()


def test_trace_that_is_on_is_told(tracing):
    assert "TRACE" in ask(tracing, "OPTIONS", "/file.txt")["Allow"].split(", ")
    assert "TRACE" in ask(tracing, "PUT", "/file.txt")["Allow"].split(", ")


@pytest.mark.parametrize("method", ["SEARCH", "ACL", "VERSION-CONTROL", "MKCALENDAR"])
def test_a_registered_method_that_nothing_performs_is_told_so(server, method):
    response = ask(server, method, "/")
    assert (response.status, response.outcome) == (501, "method-not-performed")
    assert ask(server, method.lower(), "/").outcome == "method-unknown"
