# SPDX-License-Identifier: MIT
"""A request is written anew from what was understood, and so is its answer: RFC 9110 §7.6."""
import re

import pytest

from site_of_gateway import LENGTH_0, Upstream, answer, config, gateway, record_of, request
import harness


class Exchange:
    """One request through the gateway: what the upstream got, and what the client."""

    def __init__(self, server, upstream, head, reply=LENGTH_0, content=b""):
        with server.connect() as client:
            client.send(head + content)
            with upstream.accept() as peer:
                self.sent = peer.read()
                peer.send(reply)
                self.answer = client.read_response(self.sent.method)


def pass_on(server, upstream, *lines, method="GET", target="/", reply=LENGTH_0, content=b"",
            **more):
    # Each of these tests has a connection of its own to the upstream.
    return Exchange(server, upstream, request(method, target, *lines, **more),
                    reply.replace(b"\r\n", b"\r\nConnection: close\r\n", 1), content)


def test_method_target_and_fields_arrive(server, upstream):
    done = pass_on(server, upstream, "X-One: 1", "Accept: a/b", "Cookie: a=b",
                   target="/a/b%20c?x=1&y=%2f")
    assert done.sent.line == "GET /a/b%20c?x=1&y=%2f HTTP/1.1"
    assert done.sent["Host"] == "example"
    assert (done.sent["X-One"], done.sent["Accept"], done.sent["Cookie"]) == ("1", "a/b", "a=b")
    assert done.answer.status == 200


@pytest.mark.parametrize("sent,arrives", [
    ("/a//b", "/a//b"), ("//a", "/a"), ("/a/./b", "/a/b"), ("/a/../b", "/b"),
    ("/a/%2e%2E/b/", "/b/"), ("/a%2Fb", "/a%2Fb"), ("/a/b/..", "/a/"), ("/%41", "/%41"),
    ("/a;v=1/b", "/a;v=1/b"), ("/?", "/?"), ("http://example/x?y", "/x?y"), ("http://example", "/"),
])
def test_the_upstream_sees_the_path_that_chose_the_route(server, upstream, sent, arrives):
    assert pass_on(server, upstream, target=sent).sent.target == arrives


# RFC 9110 §7.6.1
def test_what_is_of_the_connection_alone_does_not_pass(server, upstream):
    done = pass_on(server, upstream, "Connection: keep-alive, X-Mine", "X-Mine: 1", "Keep-Alive: 5",
                   "Proxy-Connection: keep-alive", "TE: gzip", "X-Other: 2",
                   reply=b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: X-Theirs\r\n"
                         b"X-Theirs: 1\r\nKeep-Alive: 5\r\nProxy-Connection: close\r\n"
                         b"X-Open: 2\r\n\r\n")
    for name in ("Connection", "X-Mine", "Keep-Alive", "Proxy-Connection", "TE", "Upgrade"):
        assert done.sent[name] is None, name
    assert done.sent["X-Other"] == "2"
    for name in ("X-Theirs", "Keep-Alive", "Proxy-Connection"):
        assert done.answer[name] is None, name
    assert done.answer["X-Open"] == "2"


# RFC 9110 §7.6.3
def test_via_tells_the_way_in_both_directions(server, upstream):
    done = pass_on(server, upstream, "Via: 1.0 first", reply=answer(b"", "Via: 1.1 app"))
    assert done.sent.all("Via")[0] == "1.0 first"
    assert re.fullmatch(r"1\.1 candor-[0-9a-f]{16}", done.sent.all("Via")[1])
    assert done.answer.all("Via") == ["1.1 app", done.sent.all("Via")[1]]


def test_where_the_request_comes_from_is_what_is_seen_here(server, upstream):
    done = pass_on(server, upstream, "X-Forwarded-For: 9.9.9.9", "Forwarded: for=9.9.9.9",
                   "X-Forwarded-Proto: https", "X-Forwarded-Host: evil", "X_Forwarded_For: 9.9.9.9",
                   host="example:81")
    assert done.sent.all("X-Forwarded-For") == ["127.0.0.1"]
    assert done.sent.all("Forwarded") == ['for=127.0.0.1;proto=http;host="example:81"']
    assert done.sent.all("X-Forwarded-Proto") == ["http"]
    assert done.sent.all("X-Forwarded-Host") == ["example:81"]
    assert done.sent["X_Forwarded_For"] is None


BELIEVED_BESIDE = ["X-Forwarded-Port: 1", "X-Forwarded-Prefix: /x", "x_forwarded-ssl: on",
                   "X-Real-IP: 9.9.9.9", "X_Real_Ip: 9.9.9.9", "X-Real-IPs: kept"]


@pytest.mark.parametrize("trusted", [False, True])
def test_what_applications_believe_beside_them_comes_from_trusted_proxies_alone(trusted):
    top = "workers: 1\n" + ("trusted_proxies: [127.0.0.0/8]\n" if trusted else "")
    with Upstream() as upstream, gateway(upstream, top=top) as server:
        sent = pass_on(server, upstream, *BELIEVED_BESIDE).sent
        arrived = [line for line in BELIEVED_BESIDE if sent[line.partition(":")[0]] is not None]
        assert arrived == (BELIEVED_BESIDE if trusted else BELIEVED_BESIDE[-1:])


def test_a_trusted_proxy_is_believed():
    with Upstream() as upstream, gateway(
            upstream, top="workers: 1\ntrusted_proxies: [10.0.0.0/8, 127.0.0.0/8]\n") as server:
        done = pass_on(server, upstream, "X-Forwarded-For: 9.9.9.9", "X-Forwarded-For: 8.8.8.8",
                       "Forwarded: for=9.9.9.9", "X-Forwarded-Proto: https",
                       "X-Forwarded-Host: shop")
        assert done.sent["X-Forwarded-For"] == "9.9.9.9, 8.8.8.8, 127.0.0.1"
        assert done.sent["Forwarded"] == 'for=9.9.9.9, for=127.0.0.1;proto=http;host="example"'
        assert (done.sent["X-Forwarded-Proto"], done.sent["X-Forwarded-Host"]) == ("https", "shop")


@pytest.mark.parametrize("listen,address,forwarded", [
    ("[::]:0", "127.0.0.1", "for=127.0.0.1"), ("[::1]:0", "::1", 'for="[::1]"')])
def test_a_client_of_ipv6_is_told_as_such(listen, address, forwarded):
    with Upstream() as upstream, harness.Server(
            config=config(upstream, top="workers: 1\ntrusted_proxies: [127.0.0.1, '::1']\n"),
            listen=listen) as server:
        with harness.Client(server.port, host=address) as client:
            client.send(request("GET", "/", "X-Forwarded-For: 9.9.9.9"))
            with upstream.accept() as peer:
                sent = peer.read()
                peer.send(LENGTH_0)
                client.read_response()
    assert sent["X-Forwarded-For"] == f"9.9.9.9, {address}"
    assert sent["Forwarded"].startswith(forwarded + ";")


def test_a_client_of_a_unix_socket_has_no_address(tmp_path):
    with Upstream() as upstream, harness.Server(
            config=config(upstream, top="workers: 1\ntrusted_proxies: [unix]\n"),
            listen=f"unix:{tmp_path}/candor.sock") as server:
        done = pass_on(server, upstream, "X-Forwarded-For: 9.9.9.9")
    assert done.sent["X-Forwarded-For"] == "9.9.9.9, unknown"
    assert done.sent["Forwarded"].startswith("for=unknown;")


# W3C Trace Context §3.2
def test_a_trace_is_passed_on_or_begun(server, upstream):
    known = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
    assert pass_on(server, upstream, f"traceparent: {known}").sent["traceparent"] == known
    begun = pass_on(server, upstream).sent["traceparent"]
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", begun)
    for wrong in ("00-" + 32 * "0" + "-00f067aa0ba902b7-00", known.upper(), known[:-1]):
        sent = pass_on(server, upstream, f"traceparent: {wrong}").sent["traceparent"]
        assert sent not in (wrong, begun)
    other = known.replace("4", "5")
    for first, second in ((known, other), (other, known)):  # the first counts
        sent = pass_on(server, upstream, f"traceparent: {first}", f"Traceparent: {second}").sent
        assert sent["traceparent"] == first
    sent = pass_on(server, upstream, "traceparent: 1", f"traceparent: {known}").sent
    assert sent["traceparent"] not in ("1", known)


# RFC 9110 §7.6.2
def test_max_forwards_counts_down(server, upstream):
    counted = pass_on(server, upstream, "Max-Forwards: 5", method="OPTIONS").sent
    assert counted["Max-Forwards"] == "4"
    assert pass_on(server, upstream, "Max-Forwards: 5").sent["Max-Forwards"] == "5"
    with server.connect() as client:
        client.send(request("OPTIONS", "/", "Max-Forwards: 0"))
        assert client.read_response().status in (200, 204)
    assert upstream.is_unasked()


def test_a_loop_is_found():
    with Upstream() as upstream, gateway(upstream) as server:
        via = pass_on(server, upstream).sent["Via"]
        with server.connect() as client:
            client.send(request("GET", "/again", f"Via: 1.1 other, {via}"))
            answered = client.read_response()
        assert (answered.status, answered.outcome) == (502, "proxy-loop")
        assert "error=proxy_loop_detected" in answered["Proxy-Status"]
        assert answered["Cache-Control"] == "no-store"
        assert record_of(server, "/again")["origin"] == "here"
        assert upstream.is_unasked()


def test_date_and_server_are_those_of_the_upstream(server, upstream):
    done = pass_on(server, upstream, reply=answer(b"", "Date: Sun, 06 Nov 1994 08:49:37 GMT",
                                                  "Server: app"))
    assert done.answer["Date"] == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert done.answer["Server"] == "app"
    bare = pass_on(server, upstream).answer
    assert bare["Date"].endswith(" GMT") and len(bare.all("Server")) <= 1


@pytest.mark.parametrize("keys,sent,arrives", [
    ("strip: true", "/api/users?x", "/users?x"),
    ("strip: true", "/api/", "/"),
    ("strip: true", "/api//a%2fx", "/a%2fx"),
    ("strip: true", "//api///https://h//x", "/https://h//x"),
    ("strip: true", "/api//", "/"),
    ("strip: true", "/api/a//b//../../c//", "/c//"),
    ("prefix: /v1", "//api//a//", "/v1/api//a//"),
    ("prefix: /v1", "/x//..//api/.//a", "/v1/api//a"),
    ("strip: true, prefix: /v1/", "/api/a", "/v1/a"),
    ("prefix: /v1", "/api/a", "/v1/api/a"),
    ("strip: true, prefix: /v1", "/x/../api/%2e/a", "/v1/a"),
])
def test_the_path_is_changed_as_the_route_says(keys, sent, arrives):
    with Upstream() as upstream:
        text = config(upstream, keys=keys).replace("path: /\n", "path: /api/\n")
        with harness.Server(config=text) as server:
            assert pass_on(server, upstream, target=sent).sent.target == arrives


@pytest.mark.parametrize("target", ["/api/..%2fadmin", "/api/a%2F..%2F..%2Fx", "/api/%2e%2e%2fx",
                                    "/api/..%5cadmin", "/api/a%5C%2e.", "/api/..;/admin",
                                    "/api/a/..;p=1%2fb", "/api/%2e%2e%3b/b", "/api/..;"])
def test_nobody_climbs_out_of_the_prefix_by_what_some_take_for_a_slash(server, upstream, target):
    with server.connect() as client:
        client.send(request("GET", target))
        answered = client.read_response()
        assert (answered.status, answered.outcome) == (400, "target-above-root")
    assert upstream.is_unasked()


def test_the_address_may_have_a_path():
    with Upstream() as upstream, gateway(upstream.url + "/base") as server:
        assert pass_on(server, upstream, target="/x?y").sent.target == "/base/x?y"


def test_the_host_is_that_of_the_request_or_of_the_route():
    with Upstream() as upstream, gateway(upstream, keys="host: app.internal:8000") as server:
        done = pass_on(server, upstream, host="example:80")
        assert (done.sent["Host"], done.sent["X-Forwarded-Host"]) == ("app.internal:8000",
                                                                     "example:80")


def test_fields_are_set_added_and_removed():
    keys = ("fields: { to_upstream: { set: { X-Set: mine, X-Forwarded-Proto: https }, "
            "add: { X-Add: more }, remove: [X-Gone] }, "
            "to_client: { set: { Server: hidden }, remove: [X-Powered-By] } }")
    with Upstream() as upstream, gateway(upstream, keys=keys) as server:
        done = pass_on(server, upstream, "X-Set: theirs", "X-Add: one", "X-Gone: 1",
                       reply=answer(b"", "Server: app", "X-Powered-By: app"))
        assert done.sent["X-Set"] == "mine"
        assert done.sent["X-Forwarded-Proto"] == "https"
        assert done.sent.all("X-Add") == ["one", "more"]
        assert done.sent["X-Gone"] is None
        assert (done.answer["Server"], done.answer["X-Powered-By"]) == ("hidden", None)


def test_an_upstream_may_be_a_unix_socket(tmp_path):
    with Upstream(path=tmp_path / "app.sock") as upstream, gateway(upstream) as server:
        assert pass_on(server, upstream, target="/u").sent["Host"] == "example"


def test_a_request_with_nothing_but_a_long_host(server, upstream):
    host = ".".join(4 * [60 * "a"]) + ":65535"
    done = pass_on(server, upstream, host=host)
    assert done.sent["Host"] == done.sent["X-Forwarded-Host"] == host
    assert done.sent["Forwarded"] == f'for=127.0.0.1;proto=http;host="{host}"'
