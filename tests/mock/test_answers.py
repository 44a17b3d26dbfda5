# SPDX-License-Identifier: MIT
"""What an address asks for is what is answered."""
import base64
import hashlib
import json
import re
import time
from collections import Counter
from pathlib import Path

import pytest

from harness import ROOT, Server

STATUSES = [(int(code), reason, flags, must, should) for code, reason, flags, must, should in
            re.findall(r'STATUS\((\d+), "([^"]*)", "[^"]*", ([^,]*),\s*"([^"]*)", "([^"]*)"',
                       (ROOT / "src/registry/status.def").read_text())]
FINAL = [row for row in STATUSES if row[0] >= 200]
INTERIM = [row[0] for row in STATUSES if row[0] < 200 and row[0] != 101]


def test_the_table_of_statuses_was_found():
    assert len(STATUSES) > 60 and len(INTERIM) >= 3


# RFC 9110 section 15
@pytest.mark.parametrize("code,reason,flags,must,should", FINAL, ids=[str(row[0]) for row in FINAL])
def test_each_status_comes_with_what_belongs_to_it(mock, code, reason, flags, must, should):
    answer = mock.get(f"/status/{code}")
    assert (answer.status, answer.reason) == (code, reason)
    for name in filter(None, (must + ", " + should).split(", ")):
        assert answer.all(name), name
    if "EMPTY" in flags:
        assert not answer.body and answer["Content-Length"] in (None, "0")
    else:
        assert len(answer.body) == int(answer["Content-Length"]) > 0
    if "REPEAT" in flags:
        assert answer["ETag"] and answer["Cache-Control"] and answer["Date"]
    if "NO_STORE" in flags:
        assert answer["Cache-Control"] == "no-store"



@pytest.mark.parametrize("code,fields", [
    (405, {"Allow": "GET, HEAD, OPTIONS"}), (416, {"Content-Range": "bytes */100"}),
    (206, {"Content-Range": "bytes 0-9/100", "Content-Length": "10"}),
    (426, {"Upgrade": "websocket"}), (413, {"Retry-After": "1"}), (429, {"Retry-After": "1"}),
    (503, {"Retry-After": "1"}), (301, {"Location": "../anything/redirected"}),
])
def test_details(mock, code, fields):
    answer = mock.get(f"/status/{code}")
    for name, value in fields.items():
        assert answer[name] == value
    head = mock.request("HEAD", f"/status/{code}")
    assert (head.status, head.body, head["Content-Length"]) == (code, b"", answer["Content-Length"])


@pytest.mark.parametrize("code", INTERIM)
def test_an_interim_status_is_followed_by_a_final_one(mock, code):
    with mock.connect() as client:
        client.send(f"GET /status/{code} HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.read_response().status == code
        assert client.read_response().status == 200


def test_interim_responses_in_any_number(mock):
    with mock.connect() as client:
        client.send("GET /status/404?interim=103:60&interim=102:40 HTTP/1.1\r\nHost: a\r\n\r\n")
        assert [client.read_response().status for _ in range(100)] == [103] * 60 + [102] * 40
        assert client.read_response().status == 404
    assert mock.request("GET", "/status/404?interim=103", version="HTTP/1.0").status == 404


# RFC 9110 section 15.2.2, 7.8
def test_a_101_is_for_who_asks_for_a_websocket(mock):
    for target in ("/status/101", "/websocket"):
        answer = mock.get(target)
        assert (answer.status, answer["Upgrade"]) == (426, "websocket")


@pytest.mark.parametrize("target,status", [("/nope", 404), ("/status", 404), ("/status/299", 400),
                                           ("/status/200?x=1", 400), ("/delay/11m", 400)])
def test_what_is_not_in_the_grammar_is_told(mock, target, status):
    answer = mock.get(target)
    assert answer.status == status
    assert answer.outcome == {404: "mock-unknown", 400: "mock-malformed"}[status]
    record = mock.next_record()
    while record["target"] != target:
        record = mock.next_record()
    at = {"/status/299": 12, "/status/200?x=1": 16, "/delay/11m": 11}.get(target, 5)
    assert record["offset"] == at
    assert answer.json()["detail"]


def test_a_body_of_ones_own(mock):
    answer = mock.get("/status/418?text=I%20am%0Aa%20teapot&type=text/x-tea&field=A:%20b&field=A:c")
    assert (answer.status, answer.body) == (418, b"I am\na teapot")
    assert answer["Content-Type"] == "text/x-tea" and answer.all("A") == ["b", "c"]
    answer = mock.get("/status/500?body=100k&retry-after=7")
    assert len(answer.body) == 102400 and answer["Retry-After"] == "7"
    assert mock.get("/status/200?body=0").body == b""


def test_a_large_body_takes_no_memory(mock):
    with mock.connect() as client:
        client.send("GET /bytes/1G HTTP/1.1\r\nHost: a\r\n\r\n")
        received = 0
        while received < 200_000_000:
            received += len(client.socket.recv(1 << 20))
        status = Path(f"/proc/{mock.process.pid}/status").read_text()
        assert int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) < 300_000


def test_random_bytes_hang_on_the_seed(mock):
    first, again = mock.get("/bytes/1000?seed=1").body, mock.get("/bytes/1000?seed=1").body
    other = mock.get("/bytes/1000?seed=2").body
    assert first == again != other and len(set(first)) > 200


def elapsed(server, target):
    begun = time.monotonic()
    answer = server.get(target)
    return answer, time.monotonic() - begun


def test_time(mock):
    for target in ("/delay/300ms", "/status/503?delay=0.3", "/stream/4?every=100ms",
                   "/drip/4/400ms", "/bytes/1k?rate=3k", "/sse/4?every=100ms"):
        answer, seconds = elapsed(mock, target)
        assert answer.complete and 0.25 < seconds < 5, target
    assert elapsed(mock, "/stream/4?every=100ms&rate=1M")[0].body.count(b"\n") == 4


def test_a_client_that_leaves_ends_its_wait(mock):
    for target in ("/delay/10m", "/drip/10/10m", "/sse/2?every=10m"):
        with mock.connect() as client:
            client.send(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n")
            if "delay" not in target:
                client.socket.recv(1000)
            client.socket.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER: a reset
        record = mock.next_record()
        while record["target"] != target:
            record = mock.next_record()
        assert record["ended"] == "client-gone"


def test_redirections_lead_on_to_their_end(mock):
    seen, target = [], "/redirect/3?delay=1ms"
    while (answer := mock.get(target)).status == 302:
        seen.append(answer["Location"])
        target = "/redirect/" + seen[-1] if seen[-1].startswith("./") else "/anything"
    assert seen == ["./2?delay=1ms", "./1?delay=1ms", "../anything/redirected"]
    assert mock.get("/redirect/1?to=/below/it/")["Location"] == "/below/it/"


def test_credentials(mock):
    good = "Basic " + base64.b64encode(b"ann:s:cret").decode()
    for authorization, status in ((None, 401), ("Basic xx", 401), (good, 200),
                                  (good.replace("Basic", "basic"), 200), ("Bearer a", 401)):
        fields = {"Authorization": authorization} if authorization else {}
        answer = mock.request("GET", "/basic-auth/ann/s:cret", fields)
        assert answer.status == status
        if status == 401:
            assert answer["WWW-Authenticate"].startswith("Basic realm=")
    for target, authorization, status in (("/bearer", "Bearer x", 200), ("/bearer", "Bearer", 401),
                                          ("/bearer/t", "Bearer t", 200),
                                          ("/bearer/t", "Bearer u", 401)):
        assert mock.request("GET", target, {"Authorization": authorization}).status == status
    assert mock.get("/bearer")["WWW-Authenticate"].startswith("Bearer realm=")


# RFC 9110 section 13
def test_conditions(mock):
    answer = mock.get("/etag/v1")
    assert answer["ETag"] == '"v1"'
    assert mock.get("/etag/v1", If_None_Match='W/"v1"').status == 304
    assert mock.get("/etag/v1", If_None_Match='"v2"').status == 200
    assert mock.get("/etag/v1", If_Match='"v2"').status == 412
    assert mock.request("PUT", "/etag/v1", {"If-Match": '"v2"'}, b"x").status == 412
    assert mock.request("PUT", "/etag/v1", {"If-None-Match": '"v1"'}, b"x").status == 412
    answer = mock.get("/cache/60s")
    assert answer["Cache-Control"] == "max-age=60" and answer["ETag"]
    assert mock.get("/cache", If_Modified_Since=answer["Last-Modified"]).status == 304
    assert mock.get("/cache")["Cache-Control"] == "no-cache"


# RFC 9110 section 14
def test_ranges(mock):
    whole = mock.get("/range/1000").body
    part = mock.get("/range/1000", Range="bytes=10-19")
    assert (part.status, part.body) == (206, whole[10:20])
    assert part["Content-Range"] == "bytes 10-19/1000"
    assert mock.get("/range/1000", Range="bytes=-5").body == whole[-5:]
    assert mock.get("/range/1000", Range="bytes=1000-").status == 416
    assert mock.get("/range/1000", Range="bytes=0-1,5-6").body == whole
    assert mock.get("/range/1000", Range="bytes=0-1", If_Range='"old"').body == whole
    assert mock.get("/status/206", Range="bytes=20-29")["Content-Range"] == "bytes 20-29/100"


def test_anything_tells_what_was_understood(mock):
    with mock.connect() as client:
        client.send("POST /anything/a%20b?x=%41&y HTTP/1.1\r\nHost: example.org\r\nX-A: \"q\"\r\n"
                    "Transfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n3\r\nabc\r\n")
        client.send("0\r\nX-T: end\r\n\r\n")
        told = client.read_response().json()
    assert told["method"] == "POST" and told["target"] == "/anything/a%20b?x=%41&y"
    assert told["path"] == "/anything/a b" and told["query"] == [["x", "%41"], ["y", ""]]
    assert ["X-A", '"q"'] in told["fields"] and told["host"] == "example.org"
    assert told["content"] == {"length": 3, "sha-256": hashlib.sha256(b"abc").hexdigest()}
    assert ["X-T", "end"] in [[name.title(), value] for name, value in told["trailers"]]
    assert told["client"] == "127.0.0.1" and told["version"] == "1.1"
    for method in ("GET", "DELETE", "PATCH", "PROPFIND", "OPTIONS"):
        assert mock.request(method, "/anything").json()["method"] == method


def test_content_is_invited(mock):
    with mock.connect() as client:
        client.send("PUT /anything HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                    "Content-Length: 3\r\n\r\n")
        assert client.read_response().status == 100
        client.send("abc")
        assert client.read_response().json()["content"]["length"] == 3
        client.send("PUT /status/403 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                    "Content-Length: 3\r\n\r\n")
        assert client.read_response().status == 403


def test_content_that_breaks_off_has_its_outcome(mock):
    with mock.connect() as client:
        client.send("POST /anything?delay=1ms HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab")
        client.finish()
        assert client.read_response().outcome == "content-incomplete"


# RFC 9112 section 7.1.2, RFC 9530
def test_trailers(mock):
    with mock.connect() as client:
        client.send("GET /trailers?trailer=Mood:fine&body=20k HTTP/1.1\r\nHost: a\r\n"
                    "Connection: close\r\n\r\n")
        data = client.read_to_end()
    head, _, rest = data.partition(b"\r\n\r\n")
    assert b"\r\nTrailer: Content-Digest, Mood" in head
    body, trailers, rest = b"", b"", rest
    while True:
        size, _, rest = rest.partition(b"\r\n")
        if size == b"0":
            break
        body += rest[:int(size, 16)]
        rest = rest[int(size, 16) + 2:]
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    assert rest == f"Content-Digest: sha-256=:{digest}:\r\nMood: fine\r\n\r\n".encode()
    assert len(body) == 20480


def test_events_go_on_behind_the_last_one_seen(mock):
    answer = mock.get("/sse/3")
    assert answer["Content-Type"] == "text/event-stream"
    assert answer.body.count(b"\n\n") == 3 and answer.body.startswith(b"id: 1\ndata: ")
    assert mock.get("/sse/3", Last_Event_ID="2").body.startswith(b"id: 3\n")
    assert mock.get("/sse/3", Last_Event_ID="3").body == b""
    lines = [json.loads(line) for line in mock.get("/stream/3").body.splitlines()]
    assert lines == [{"line": n, "of": 3} for n in (1, 2, 3)]


def sequence(server, target, count):
    return [server.get(target).status for _ in range(count)]


def test_choices_are_the_same_after_a_start(mock):
    runs = []
    for _ in range(2):
        with Server(config=mock.config) as server:
            runs.append(sequence(server, "/status/200:9,503:1", 100) +
                        sequence(server, "/status/500?chance=0.2", 50))
    assert runs[0] == runs[1]
    assert 0 < Counter(runs[0][:100])[503] < 30
    assert set(runs[0][100:]) == {200, 500}
    first = sequence(mock, "/status/200,503?seed=3&turn=5", 5)
    assert len(set(first)) == 1
    turns = [mock.get(f"/status/200,503?seed=3&turn={n}").status for n in range(60)]
    assert 10 < turns.count(503) < 50 and turns[5] == first[0]


def test_chance_is_about_all_that_is_asked_for(mock):
    answer, seconds = elapsed(mock, "/status/500?chance=0&delay=10s&close=reset&field=A:b")
    assert answer.status == 200 and seconds < 5 and not answer.all("A")
    assert mock.get("/status/500?chance=1").status == 500


def test_the_page_lists_all(mock):
    text = mock.get("/below/it/")
    assert text["Content-Type"] == "text/plain; charset=utf-8"
    page = mock.get("/below/it/", Accept="text/html")
    assert page["Content-Type"] == "text/html; charset=utf-8" and page["Content-Security-Policy"]
    for table, pattern in (("resource/mock/path.def", r'MOCK\(\w+, "([^"]+)"'),
                           ("resource/mock/key.def", r'KEY\(\w+, "([^"]+)"'),
                           ("wire/fault.def", r'FAULT\(\w+, "([^"]+)"')):
        names = re.findall(r"^" + pattern, (ROOT / "src" / table).read_text(), re.MULTILINE)
        assert len(names) > 10
        for name in names:
            assert name.encode() in text.body and name.encode() in page.body
    lines = re.findall(r"curl -i '(http://[^/]+)(/[^']*)'", text.body.decode())
    assert len(lines) == 16 and all(path.startswith("/below/it/") for _, path in lines)
    assert b"/below/it/status/" in mock.get("/below/it").body
    named = mock.raw("GET /below/it/ HTTP/1.1\r\nHost: example.org:81\r\nConnection: close\r\n\r\n")
    assert b"curl -i 'http://example.org:81/below/it/delay/2s'\n" in named.body


def test_it_answers_below_its_route_alone(mock):
    assert mock.get("/below/it/status/503").status == 503
    assert mock.get("/below/it/bytes/5").body
    assert mock.get("/below/it/nope").status == 404


def test_pipelined_requests_are_answered_in_order(mock):
    with mock.connect() as client:
        client.send("".join(f"GET /status/{code}?delay={delay} HTTP/1.1\r\nHost: a\r\n\r\n"
                            for code, delay in ((404, "100ms"), (200, "0"), (503, "50ms"))))
        assert [client.read_response().status for _ in range(3)] == [404, 200, 503]
