# SPDX-License-Identifier: MIT
"""Each way in which an upstream can fail is an outcome of its own, with the status of RFC 9209, a
Proxy-Status that says who made the error and why, and a line in the log that tells each attempt."""
import ctypes
import os
import resource
import signal
import socket
import threading

import pytest

import harness
from site_of_gateway import (Answering, Upstream, answer, config, gateway, proxy_status, record_of,
                             request)

HEAD = b"HTTP/1.1 200 OK\r\n"
QUICK = "retries: 0"


def check(server, answered, target, status, outcome, error, phase=None, received=None, attempts=1):
    """The answer, and the line in the log, which is returned."""
    assert (answered.status, answered.outcome) == (status, outcome)
    name, parameters = proxy_status(answered)
    assert name == "candor"
    assert parameters["error"] == error
    assert parameters["details"] == f'"{outcome}"'
    assert parameters.get("received-status") == received
    assert answered["Cache-Control"] == "no-store"
    assert (answered["Retry-After"] is not None) == (status == 503)
    record = record_of(server, target)
    assert (record["status"], record["outcome"], record["origin"]) == (status, outcome, "here")
    assert len(record["attempts"]) == attempts
    assert record["attempts"][-1]["cause"] == outcome
    assert record["attempts"][-1]["sequel"]
    if phase:
        assert record["attempts"][-1]["phase"] == phase
    return record


def ask(server, target, *lines, method="GET"):
    with server.connect() as client:
        client.send(request(method, target, *lines))
        return client.read_response(method)


MALFORMED = {
    "no-http": (b"220 ftp ready\r\n\r\n", "upstream-status-line-malformed", "http_protocol_error"),
    "bare-lf": (HEAD + b"X: 1\n\r\n", "upstream-malformed", "http_protocol_error"),
    "no-colon": (HEAD + b"X\r\n\r\n", "upstream-malformed", "http_protocol_error"),
    "nul": (HEAD + b"X: \0\r\n\r\n", "upstream-malformed", "http_protocol_error"),
    "length": (HEAD + b"Content-Length: +1\r\n\r\na", "upstream-length-malformed",
               "http_protocol_error"),
    "lengths": (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\na",
                "upstream-length-malformed", "http_protocol_error"),
    "both": (HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
             "upstream-both-lengths", "http_protocol_error"),
    "coding": (HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
               "upstream-coding-unknown", "http_response_transfer_coding"),
    "section": (HEAD + 40 * (b"X: " + 1000 * b"a" + b"\r\n") + b"\r\n",
                "upstream-section-too-large", "http_response_header_section_size"),
    "field": (HEAD + b"X: " + 17000 * b"a" + b"\r\n\r\n", "upstream-field-too-large",
              "http_response_header_size"),
    "line": (b"HTTP/1.1 200 " + 8192 * b"a" + b"\r\n\r\n",
             "upstream-status-line-malformed", "http_protocol_error"),
    "fields": (HEAD + 201 * b"X: 1\r\n" + b"\r\n", "upstream-section-too-large",
               "http_response_header_section_size"),
    "interims": (101 * b"HTTP/1.1 103 Early Hints\r\n\r\n", "upstream-interim-flood",
                 "http_protocol_error"),
    "upgrade": (b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
                "upstream-upgrade-failed", "http_upgrade_failed"),
}


@pytest.fixture(scope="module", name="upstream")
def fixture_upstream():
    with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="module", name="server")
def fixture_server(upstream):
    # None is ever taken out of service, however often it fails.
    with gateway(upstream, keys=QUICK + ", health: { failures: 1000 }") as server:
        yield server


@pytest.mark.parametrize("case", MALFORMED)
def test_an_answer_that_breaks_the_rules_is_not_passed_on(server, upstream, case):
    sent, outcome, error = MALFORMED[case]
    with server.connect() as client:
        client.send(request("GET", f"/{case}"))
        with upstream.accept() as peer:
            peer.read()
            peer.send(sent)
            answered = client.read_response()
            while answered.status < 200:  # a few are passed on before there are too many
                answered = client.read_response()
            assert peer.is_closed()
    record = check(server, answered, f"/{case}", 502, outcome, error)
    if case in ("bare-lf", "no-colon", "nul"):
        assert record["upstream_offset"] >= len(HEAD)
    assert record["upstream"] == upstream.url


def test_one_that_closes_without_a_word(server, upstream):
    with server.connect() as client:
        client.send(request("GET", "/closed"))
        with upstream.accept() as peer:
            peer.read()
        check(server, client.read_response(), "/closed", 502, "upstream-closed",
              "connection_terminated", "wait")


def test_one_that_resets(server, upstream):
    with server.connect() as client:
        client.send(request("GET", "/reset"))
        peer = upstream.accept()
        peer.read()
        peer.reset()
        record = check(server, client.read_response(), "/reset", 502, "upstream-reset",
                       "connection_terminated", "wait")
    assert "reset" in record["attempts"][0]["error"]


def test_one_that_closes_within_the_head(server, upstream):
    with server.connect() as client:
        client.send(request("GET", "/half"))
        with upstream.accept() as peer:
            peer.read()
            peer.send(HEAD + b"X: 1")
        check(server, client.read_response(), "/half", 502, "upstream-incomplete",
              "http_response_incomplete", "head")


@pytest.mark.parametrize("body,lines,cause", [
    (b"abc", b"Content-Length: 10\r\n", "upstream-incomplete"),
    (b"3\r\nabc\r\n", b"Transfer-Encoding: chunked\r\n", "upstream-incomplete"),
    (b"3\r\nabc\r\nx\r\n", b"Transfer-Encoding: chunked\r\n", "upstream-chunk-malformed"),
    (b"3\r\nabc\r\n0\r\nX: " + 9000 * b"a", b"Transfer-Encoding: chunked\r\n",
     "upstream-trailers-too-large"),
], ids=["length", "chunks", "chunk", "trailers"])
def test_an_answer_that_breaks_off_does_so_visibly(server, upstream, body, lines, cause):
    target = f"/body-{cause}-{len(body)}"
    with server.connect() as client:
        client.send(request("GET", target))
        with upstream.accept() as peer:
            peer.read()
            peer.send(HEAD + lines + b"\r\n" + body)
        answered = client.read_response()
    assert (answered.status, answered.complete) == (200, False)
    record = record_of(server, target)
    assert (record["outcome"], record["ended"]) == ("relayed", "body-failed")
    assert (record["attempts"][0]["cause"], record["attempts"][0]["phase"]) == (cause, "body")


def test_a_reset_is_no_end_of_an_answer_that_ends_with_the_connection(server, upstream):
    with server.connect() as client:
        client.send(request("GET", "/cut"))
        peer = upstream.accept()
        peer.read()
        peer.send(HEAD + b"\r\nabc")
        while b"abc" not in client.buffer:
            client.buffer += client.socket.recv(65536)
        peer.reset()
        answered = client.read_response()
    assert not answered.complete


# The head is sound, so the answer breaks off behind it like any other.
def test_a_bad_chunk_beside_the_head_is_no_silence(server, upstream):
    with server.connect() as client:
        client.send(request("GET", "/chunk"))
        with upstream.accept() as peer:
            peer.read()
            peer.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n")
        answered = client.read_response()
    assert not answered.complete or answered.status == 502
    record = record_of(server, "/chunk")
    assert record["attempts"][0]["cause"] == "upstream-chunk-malformed"


def test_nobody_listens():
    with Upstream() as upstream:
        url, port = upstream.url, upstream.port
    with gateway(url) as server:
        record = check(server, ask(server, "/refused"), "/refused", 502, "upstream-refused",
                       "connection_refused", "connect")
        assert record["attempts"][0]["error"] == "Connection refused"
        assert record["upstream"] == f"http://127.0.0.1:{port}"


def test_a_socket_that_is_not_there(tmp_path):
    with gateway(f"unix:{tmp_path}/none.sock") as server:
        record = record_of_failed(server)
        assert record["attempts"][0]["error"] == "No such file or directory"


def record_of_failed(server):
    answered = ask(server, "/none")
    assert answered.status == 502
    return record_of(server, "/none")


class NameServer:
    """Knows the name app.test, says nothing of silent.test, and that there is no other."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.keys = f"resolver: 127.0.0.1:{self.socket.getsockname()[1]}, " + QUICK
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            query, asker = self.socket.recvfrom(512)
            if not asker:
                return
            end = query.index(b"\0", 12) + 5  # RFC 1035 §4.1: behind name, type and class
            question = query[12:end]
            is_known, is_address = b"\3app\4test" in question, question[-4:-2] == b"\0\1"
            if b"\6silent" in question:
                continue
            answers = is_known and is_address
            head = query[:2] + (b"\x81\x80" if is_known else b"\x81\x83") + b"\0\1" + (
                b"\0\1" if answers else b"\0\0") + 4 * b"\0"
            record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1" if answers else b""
            self.socket.sendto(head + question + record, asker)


@pytest.fixture(scope="module", name="names")
def fixture_names():
    return NameServer()


def test_a_name_that_does_not_resolve(names):
    with gateway("http://none.test:80", keys=names.keys) as server:
        check(server, ask(server, "/name"), "/name", 502, "upstream-name-unknown", "dns_error",
              "resolve")


def test_a_name_server_that_says_nothing(names):
    with gateway("http://silent.test:80", keys=names.keys) as server:
        check(server, ask(server, "/name"), "/name", 504, "upstream-name-timeout", "dns_timeout",
              "resolve")


def test_a_name_that_resolves(names):
    with Answering(lambda each: answer(each["Host"])) as upstream:
        with gateway(f"http://app.test:{upstream.port}", keys=names.keys) as server:
            assert ask(server, "/").body == b"example"
            record = record_of(server, "/")
            assert record["upstream"] == f"http://app.test:{upstream.port}"


CLONE_NEWNET = 0x40000000


def leave_the_network():
    if ctypes.CDLL(None).unshare(CLONE_NEWNET):
        os._exit(77)


def test_no_way_leads_there(tmp_path):
    if os.fork() == 0:
        leave_the_network()
        os._exit(0)
    if os.wait()[1]:
        pytest.skip("no network namespace can be made here")
    listen = f"unix:{tmp_path}/candor.sock"
    with harness.Server(config=config("http://192.0.2.1:80", keys=QUICK), listen=listen,
                        before=leave_the_network) as server:
        record = check(server, ask(server, "/far"), "/far", 502, "upstream-unroutable",
                       "destination_ip_unroutable", "connect")
        assert record["attempts"][0]["error"] == "Network is unreachable"


def fall_into_a_black_hole():
    """A network whose other end, at 192.0.2.1, takes everything and says nothing."""
    leave_the_network()
    for words in ("link add hole type veth peer name end", "address add 192.0.2.2/24 dev hole",
                  "link set hole up", "link set end up",
                  "neighbour add 192.0.2.1 lladdr 02:00:00:00:00:01 dev hole nud permanent"):
        if os.spawnlp(os.P_WAIT, "ip", "ip", *words.split()):
            os._exit(77)


def test_a_black_hole(tmp_path):
    if os.fork() == 0:
        fall_into_a_black_hole()
        os._exit(0)
    if os.wait()[1]:
        pytest.skip("no network can be made here")
    listen = f"unix:{tmp_path}/candor.sock"
    with harness.Server(config=config("http://192.0.2.1:80", keys="connect_timeout: 100ms"),
                        listen=listen, before=fall_into_a_black_hole) as server:
        answered = ask(server, "/hole", method="POST")
        record = check(server, answered, "/hole", 504, "upstream-connect-timeout",
                       "connection_timeout", "connect")
        assert record["attempts"][0]["duration_us"] >= 100_000


def test_what_else_the_system_says(tmp_path):
    (tmp_path / "file").write_text("")
    with gateway(f"unix:{tmp_path}/file/app.sock", keys=QUICK) as server:
        record = check(server, ask(server, "/odd"), "/odd", 502, "upstream-connect-failed",
                       "connection_terminated", "connect")
        assert record["attempts"][0]["error"] == "Not a directory"


def test_no_descriptor_is_left():
    with Upstream() as up, gateway(up, keys=QUICK) as server, server.connect() as client:
        client.send(request("OPTIONS", "/", "Max-Forwards: 0"))
        client.read_response()  # so this connection was taken
        pid = server.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        highest = max(int(each) for each in os.listdir(f"/proc/{pid}/fd"))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest + 1, limits[1]))
        client.send(request("GET", "/full"))
        answered = client.read_response()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        record = check(server, answered, "/full", 500, "upstream-own-fault",
                       "proxy_internal_error")
        assert record["attempts"][0]["error"] == "Too many open files"


def test_a_connection_that_is_not_taken_in_time():
    # A backlog that is full takes no connection, and says nothing.
    with Upstream(backlog=0) as upstream:
        full = []
        for _ in range(4):
            filling = socket.socket()
            filling.setblocking(False)
            filling.connect_ex(("127.0.0.1", upstream.port))
            full.append(filling)
        with gateway(upstream, keys="connect_timeout: 100ms, " + QUICK) as server:
            check(server, ask(server, "/slow"), "/slow", 504, "upstream-connect-timeout",
                  "connection_timeout", "connect")
        for filling in full:
            filling.close()


def test_no_answer_in_time():
    with Upstream() as upstream, gateway(upstream,
                                         keys="response_timeout: 100ms, " + QUICK) as server:
        with server.connect() as client:
            client.send(request("GET", "/silent"))
            with upstream.accept() as peer:
                peer.read()
                check(server, client.read_response(), "/silent", 504, "upstream-silent",
                      "http_response_timeout", "wait")
                assert peer.is_closed()


def test_a_stop_is_the_cause_of_what_it_cuts_off():
    top = "workers: 1\nlimits: { stop_timeout: 100ms }\n"
    with Upstream() as upstream, gateway(upstream, top=top) as server:
        with server.connect() as client:
            client.send(request("GET", "/waits"))
            with upstream.accept() as peer:
                peer.read()
                server.signal(signal.SIGTERM)
                answered = client.read_response()
        assert (answered.status, answered.outcome) == (503, "server-stopping")
        attempts = record_of(server, "/waits")["attempts"]
        assert [a["cause"] for a in attempts] == ["server-stopping"]
        assert attempts[0]["sequel"] == "given up: the server stops"
        assert server.wait() == 0


def test_an_answer_that_stops_within_its_head():
    with Upstream() as upstream, gateway(upstream, keys="idle_timeout: 100ms, " + QUICK) as server:
        with server.connect() as client:
            client.send(request("GET", "/stops"))
            with upstream.accept() as peer:
                peer.read()
                peer.send(HEAD)
                check(server, client.read_response(), "/stops", 504, "upstream-read-timeout",
                      "connection_read_timeout", "head")


def test_an_answer_that_stops():
    with Upstream() as upstream, gateway(upstream, keys="idle_timeout: 100ms, " + QUICK) as server:
        with server.connect() as client:
            client.send(request("GET", "/stops"))
            with upstream.accept() as peer:
                peer.read()
                peer.send(HEAD + b"Content-Length: 10\r\n\r\nabc")
                assert not client.read_response().complete
        assert record_of(server, "/stops")["attempts"][0]["cause"] == "upstream-read-timeout"


def test_an_upstream_that_takes_no_content():
    with Upstream() as upstream:
        upstream.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        keys = "idle_timeout: 200ms, buffer: 0, " + QUICK
        with gateway(upstream, keys=keys, route="    limits: { content: 1G }\n") as server:
            with server.connect() as client:
                client.send(request("POST", "/stuck", "Content-Length: 100000000"))
                client.socket.settimeout(0.2)
                peer = upstream.accept()
                try:
                    while True:
                        client.socket.send(bytes(1 << 20))
                except OSError:
                    client.socket.settimeout(20)
                check(server, client.read_response(), "/stuck", 504, "upstream-send-timeout",
                      "connection_write_timeout", "send")
                peer.close()


def test_too_many_at_once():
    keys = "max_connections: 1, queue: { length: 0 }, " + QUICK
    with Upstream() as upstream, gateway(upstream, keys=keys) as server:
        with server.connect() as first:
            first.send(request("GET", "/first"))
            with upstream.accept() as peer:
                peer.read()
                check(server, ask(server, "/second"), "/second", 503, "upstream-busy",
                      "connection_limit_reached", "queue")
                peer.send(answer(b"1"))
                assert first.read_response().body == b"1"


def test_too_long_in_the_queue():
    keys = "max_connections: 1, queue: { length: 1, timeout: 50ms }, " + QUICK
    with Upstream() as upstream, gateway(upstream, keys=keys) as server:
        with server.connect() as first:
            first.send(request("GET", "/first"))
            with upstream.accept() as peer:
                peer.read()
                check(server, ask(server, "/second"), "/second", 503, "upstream-queue-timeout",
                      "connection_limit_reached", "queue")


def test_a_request_that_waits_is_sent_when_its_turn_comes():
    keys = "max_connections: 1, queue: { length: 1, timeout: 20s }"
    with Upstream() as upstream, gateway(upstream, keys=keys) as server:
        with server.connect() as first, server.connect() as second:
            first.send(request("GET", "/first"))
            with upstream.accept() as peer:
                peer.read()
                second.send(request("GET", "/second"))
                peer.send(answer(b"1"))
                assert first.read_response().body == b"1"
                assert peer.read().target == "/second"
                peer.send(answer(b"2"))
                assert second.read_response().body == b"2"


def test_none_is_well():
    keys = "health: { failures: 1 }, " + QUICK
    with Upstream() as upstream:
        url = upstream.url
    with gateway(url, keys=keys) as server:
        assert ask(server, "/first").status == 502
        record_of(server, "/first")
        check(server, ask(server, "/second"), "/second", 503, "upstream-unavailable",
              "destination_unavailable", "queue")


def test_an_answer_that_is_too_large():
    with Upstream() as upstream, gateway(upstream, keys="max_response: 10, " + QUICK) as server:
        with server.connect() as client:
            client.send(request("GET", "/told"))
            with upstream.accept() as peer:
                peer.read()
                peer.send(answer(11 * b"a")[:-11])
                check(server, client.read_response(), "/told", 502, "upstream-body-too-large",
                      "http_response_body_size", received="200")
                client.send(request("GET", "/untold"))
            with upstream.accept() as peer:
                peer.read()
                peer.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\nb\r\n" + 11 * b"a"
                          + b"\r\n0\r\n\r\n")
                answered = client.read_response()
        assert not answered.complete
        assert record_of(server, "/untold")["attempts"][0]["cause"] == "upstream-body-too-large"


@pytest.mark.parametrize("status", [404, 500, 502, 503, 508])
def test_an_error_of_the_upstream_is_told_apart_from_our_own(status):
    reply = answer(b"theirs", status=f"{status} Theirs")
    with Answering(lambda _: reply) as upstream, gateway(upstream) as server:
        answered = ask(server, "/theirs")
        assert (answered.status, answered.body) == (status, b"theirs")
        assert proxy_status(answered) == ("candor", {"received-status": str(status)})
        record = record_of(server, "/theirs")
        assert (record["origin"], record["status"]) == ("upstream", status)
        assert (record["outcome"], record["upstream_status"]) == ("relayed", status)
        assert "cause" not in record["attempts"][0]


def test_an_error_can_be_shown_with_a_page_of_ours():
    reply = answer(b"theirs", "Retry-After: 77", "WWW-Authenticate: Basic", status="503 Theirs")
    with Answering(lambda _: reply) as upstream, gateway(upstream, keys="errors: [5xx]") as server:
        answered = ask(server, "/theirs")
        assert answered.status == 503 and b"theirs" not in answered.body
        assert answered.json()["status"] == 503
        assert "answered 503" in answered.json()["detail"]
        assert "503 Service Unavailable" in server.get("/theirs", accept="text/html").body.decode()
        assert "503 Service Unavailable" in server.get("/theirs", accept="text/plain").body.decode()
        assert proxy_status(answered) == ("candor", {"received-status": "503"})
        assert answered["Retry-After"] == "77"


def test_a_page_of_ours_is_for_those_errors_alone():
    reply = answer(b"theirs", status="404 Theirs")
    with Answering(lambda _: reply) as upstream, gateway(upstream, keys="errors: [5xx]") as server:
        assert ask(server, "/theirs").body == b"theirs"
