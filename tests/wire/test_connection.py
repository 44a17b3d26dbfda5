# SPDX-License-Identifier: MIT
"""Persistence, pipelining and versions (RFC 9112 §2.2, §2.3, §3.2, §9.3, §9.6; RFC 9110 §10.1.1).
"""
import pytest

HEAD_1_1 = "HTTP/1.1\r\nHost: a\r\n"


def get(i, fields=""):
    return f"GET /{i} {HEAD_1_1}{fields}\r\n"


def body(i):
    return f"this is {i}\n".encode()


# ---- RFC 9112 §9.3: persistence

@pytest.mark.parametrize("head, kept, told", [
    ("HTTP/1.1\r\nHost: a\r\n", True, None),
    ("HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n", True, None),
    ("HTTP/1.1\r\nHost: a\r\nConnection: close\r\n", False, "close"),
    ("HTTP/1.1\r\nHost: a\r\nConnection: CLOSE\r\n", False, "close"),
    ("HTTP/1.1\r\nHost: a\r\nConnection: x, close\r\n", False, "close"),
    ("HTTP/1.1\r\nHost: a\r\nConnection: , x ,\r\nConnection: close\r\n", False, "close"),
    ("HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n", False, "close"),
    ("HTTP/1.0\r\n", False, "close"),
    ("HTTP/1.0\r\nHost: a\r\n", False, "close"),
    ("HTTP/1.0\r\nConnection: keep-alive\r\n", True, "keep-alive"),
    ("HTTP/1.0\r\nConnection: Keep-Alive\r\n", True, "keep-alive"),
    ("HTTP/1.0\r\nConnection: keep-alive, close\r\n", False, "close"),
])
@pytest.mark.parametrize("target, status", [("/3", 200), ("/none", 404)])
def test_connection_is_kept_as_version_and_field_say(server, head, kept, told, target, status):
    with server.connect() as client:
        client.send(f"GET {target} {head}\r\n")
        response = client.read_response()
        assert (response.status, response["Connection"]) == (status, told)
        assert response.version == "HTTP/1.1"
        if kept:
            client.send(f"GET /4 {head}\r\n")
            assert client.read_response().body == body(4)
        else:
            assert client.is_closed()


def test_nothing_behind_connection_close_is_answered(server, journal):
    """RFC 9112 §9.6"""
    with server.connect() as client:
        client.send(get(1, "Connection: close\r\n") + get(2) * 50)
        assert client.read_response().body == body(1)
        assert client.is_closed()
    assert [r["target"] for r in journal()] == ["/1"]


@pytest.mark.parametrize("request_head, outcome", [
    ("GET /none " + HEAD_1_1, "not-found"),
    ("DELETE /1 " + HEAD_1_1, "method-not-allowed"),
    ("TRACE /1 " + HEAD_1_1, "method-not-allowed"),
    ("get /1 " + HEAD_1_1, "method-unknown"),
    ("CONNECT a:80 " + HEAD_1_1, "connect-unsupported"),
    ("GET /1 " + HEAD_1_1 + "Expect: the impossible\r\n", "expectation-unknown"),
    ("GET /1 " + HEAD_1_1 + "If-Match: x\r\n", "entity-tag-malformed"),
    ("GET /1 " + HEAD_1_1 + "Content-Length: 5000\r\n", "content-too-large"),
])
def test_connection_is_kept_where_framing_is_not_in_doubt(server, request_head, outcome):
    content = "x" * 5000 if "5000" in request_head else ""
    with server.connect() as client:
        client.send(request_head + "\r\n" + content + get(5))
        response = client.read_response()
        assert (response.outcome, response["Connection"]) == (outcome, None)
        assert client.read_response().body == body(5)


# ---- RFC 9112 §9.3.2: pipelining

def test_pipelined_requests_are_answered_in_order(server, journal):
    count = 2000  # more bytes than one buffer holds
    with server.connect() as client:
        client.send("".join(get(i % 10) for i in range(count)))
        for i in range(count):
            assert client.read_response().body == body(i % 10)
    assert [r["target"] for r in journal()] == [f"/{i % 10}" for i in range(count)]


def test_two_requests_split_at_any_byte_are_two(server, journal):
    data = (f"POST /1 {HEAD_1_1}Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n0\r\nX: y\r\n"
            "\r\n" + get(2, "X: y\r\n"))
    for i in range(1, len(data)):
        with server.connect() as client:
            client.send(data[:i]).send(data[i:])
            assert client.read_response().outcome == "method-not-allowed"
            assert client.read_response().body == body(2)
    assert len(journal()) == 2 * (len(data) - 1)


def test_requests_that_come_byte_by_byte_are_the_same(server):
    data = get(1, "Accept: */*\r\n") + f"HEAD /2 {HEAD_1_1}\r\n" + get(3)
    with server.connect() as client:
        for byte in data:
            client.send(byte)
        assert client.read_response().body == body(1)
        assert client.read_response("HEAD")["Content-Length"] == str(len(body(2)))
        assert client.read_response().body == body(3)


def test_a_bad_request_in_the_middle_ends_what_is_behind_only(server, journal):
    with server.connect() as client:
        client.send(get(1) + get("none") + "GET /\x01 " + HEAD_1_1 + "\r\n" + get(2) * 20)
        assert client.read_response().body == body(1)
        assert client.read_response().outcome == "not-found"
        response = client.read_response()
        assert (response.outcome, response["Connection"]) == ("target-malformed", "close")
        assert client.is_closed()
    records = journal()
    assert [r["outcome"] for r in records] == ["ok", "not-found", "target-malformed"]
    assert records[2]["offset"] == len("GET /"), "from the first byte of its own request"


def test_pipelined_requests_before_the_end_of_the_stream_are_all_answered(server):
    with server.connect() as client:
        client.send(get(1) + get(2)).finish()
        assert client.read_response().body == body(1)
        assert client.read_response().body == body(2)
        assert client.is_closed()


@pytest.mark.parametrize("target, status", [("/1", 200), ("/none", 404), ("/", 200)])
def test_head_has_no_content_and_the_next_request_is_answered(server, target, status):
    """RFC 9110 §9.3.2"""
    with server.connect() as client:
        client.send(f"GET {target} {HEAD_1_1}\r\n" + f"HEAD {target} {HEAD_1_1}\r\n" + get(7))
        whole, bare = client.read_response(), client.read_response("HEAD")
        assert (whole.status, bare.status) == (status, status)
        assert bare["Content-Length"] == whole["Content-Length"] == str(len(whole.body))
        assert client.read_response().body == body(7)


# ---- RFC 9112 §2.2, §2.3, §3.2

def test_one_empty_line_before_a_request_is_skipped(server):
    with server.connect() as client:
        client.send("\r\n" + get(1) + "\r\n" + get(2))
        assert client.read_response().body == body(1)
        assert client.read_response().body == body(2)


@pytest.mark.parametrize("request_", ["", get(1)])
@pytest.mark.parametrize("end", ["", "\r", "\r\n"])
def test_the_end_behind_an_empty_line_is_none_of_a_request(server, journal, request_, end):
    with server.connect() as client:
        client.send(request_)
        if request_:
            assert client.read_response().body == body(1)
        client.send(end).finish()
        assert client.read_to_end() == b""
    assert [r["outcome"] for r in journal()] == (["ok"] if request_ else [])


def test_a_higher_minor_version_is_taken_for_the_highest_known(server):
    with server.connect() as client:
        client.send("GET /1 HTTP/1.9\r\nHost: a\r\n\r\n" * 2)
        for _ in range(2):
            response = client.read_response()
            assert (response.version, response.body) == ("HTTP/1.1", body(1))


@pytest.mark.parametrize("request_line, fields", [
    ("GET /1 HTTP/1.1", "Host: a"),
    ("GET /1? HTTP/1.1", "Host:a:8080"),
    ("GET /1?a=b&c=%20/?:@ HTTP/1.1", "hOST: \t [::1]:80 \t "),
    ("GET /%31 HTTP/1.1", "Host: [v1.a:b]"),
    ("GET http://a/1 HTTP/1.1", "Host: a"),
    ("GET HTTP://A:80/1 HTTP/1.1", "Host: a"),
    ("GET https://a/1?q HTTP/1.1", "Host: a:443"),
    ("GET /x/../1 HTTP/1.1", "Host: a:"),
])
def test_sound_targets_and_hosts_are_taken(server, request_line, fields):
    """RFC 9112 §3.2.1, §3.2.2"""
    assert server.raw(f"{request_line}\r\n{fields}\r\n\r\n").body == body(1)


def test_an_absolute_target_without_a_path_is_the_root(server):
    assert server.raw("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n").body == b"front\n"
    assert server.raw("GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n").body == b"front\n"


def test_options_with_an_asterisk_asks_for_the_server(server, journal):
    """RFC 9112 §3.2.4"""
    for host in ("a", ""):
        response = server.raw(f"OPTIONS * HTTP/1.1\r\nHost: {host}\r\n\r\n")
        assert (response.status, response["Allow"]) == (204, "GET, HEAD, OPTIONS")
        assert response["Content-Length"] is None  # RFC 9110 §8.6
    assert {r["outcome"] for r in journal()} == {"options-told"}


# ---- RFC 9110 §10.1.1: Expect

def test_unwanted_content_is_not_asked_for(server, journal):
    """The final answer comes without a 100, and without waiting; then the connection ends, for
    nobody knows whether the content comes."""
    for method, status in (("PUT", 405), ("GET", 200)):
        with server.connect() as client:
            client.send(f"{method} /1 {HEAD_1_1}Expect: 100-continue\r\nContent-Length: 10\r\n\r\n")
            response = client.read_response()
            assert (response.status, response["Connection"]) == (status, "close")
            client.send("0123456789" + get(2))
            assert client.is_closed()
    assert [r["target"] for r in journal()] == ["/1", "/1"]


def test_too_large_content_is_refused_before_it_is_sent(server):
    with server.connect() as client:
        client.send(f"GET /1 {HEAD_1_1}Expect: 100-continue\r\nContent-Length: 2000\r\n\r\n")
        response = client.read_response()
        assert (response.outcome, response["Connection"]) == ("content-too-large", "close")
        assert client.is_closed()


def test_expect_without_content_changes_nothing(server):
    with server.connect() as client:
        client.send(get(1, "Expect: 100-Continue\r\n") + get(2))
        assert client.read_response().body == body(1)
        assert client.read_response().body == body(2)


def test_expect_of_http_1_0_is_ignored(server):
    with server.connect() as client:
        client.send("GET /1 HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n"
                    "Connection: keep-alive\r\n\r\nhiGET /2 HTTP/1.0\r\n\r\n")
        assert client.read_response().body == body(1)
        assert client.read_response().body == body(2)


@pytest.mark.parametrize("value", ["x", "100-continue, x", "200-ok", "100-continue=1"])
def test_an_unknown_expectation_is_refused(server, value):
    response = server.raw(get(1, f"Expect: {value}\r\n"))
    assert (response.status, response.outcome) == (417, "expectation-unknown")
