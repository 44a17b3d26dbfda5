# SPDX-License-Identifier: MIT
"""A request is sent again only where that can do no harm, under a budget: RFC 9110 §9.2.2."""
import threading

import pytest

from site_of_gateway import Upstream, answer, gateway, record_of, request


@pytest.fixture(name="upstream")
def fixture_upstream():
    with Upstream() as upstream:
        yield upstream


def keep_one(client, upstream):
    """Leaves the gateway with a kept connection; the upstream's end of it."""
    client.send(request("GET", "/kept"))
    peer = upstream.accept()
    peer.read()
    peer.send(answer(b"kept"))
    assert client.read_response().body == b"kept"
    return peer


def test_a_connection_is_kept_and_used_again(upstream):
    with gateway(upstream) as server, server.connect() as client:
        peer = keep_one(client, upstream)
        client.send(request("GET", "/again"))
        assert peer.read().target == "/again"
        peer.send(answer(b"again"))
        assert client.read_response().body == b"again"
        assert upstream.is_unasked()


def test_one_that_was_closed_meanwhile_is_not_used(upstream):
    with gateway(upstream) as server, server.connect() as client:
        keep_one(client, upstream).close()
        client.send(request("POST", "/post", "Content-Length: 1") + b"x")
        with upstream.accept() as peer:
            assert peer.read().content == b"x"
            peer.send(answer(b"once"))
            assert client.read_response().body == b"once"
        assert len(record_of(server, "/post")["attempts"]) == 1


def test_one_that_has_stray_bytes_is_not_used(upstream):
    with gateway(upstream) as server, server.connect() as client:
        peer = keep_one(client, upstream)
        peer.send(answer(b"smuggled"))
        client.send(request("GET", "/next"))
        with upstream.accept() as other:
            assert other.read().target == "/next"
            other.send(answer(b"next"))
            assert client.read_response().body == b"next"
        assert peer.is_closed()


@pytest.mark.parametrize("end", ["close", "reset"])
def test_the_race_with_a_close_never_reaches_who_may_repeat(upstream, end):
    with gateway(upstream) as server, server.connect() as client:
        peer = keep_one(client, upstream)
        client.send(request("GET", "/race"))
        peer.read()
        getattr(peer, end)()
        with upstream.accept() as other:
            assert other.read().target == "/race"
            other.send(answer(b"2"))
            assert client.read_response().body == b"2"
        record = record_of(server, "/race")
        assert [attempt.get("cause") for attempt in record["attempts"]] == [
            "upstream-closed" if end == "close" else "upstream-reset", None]
        assert record["attempts"][0]["sequel"] == "repeated: a kept connection had been closed"


# They were on their way when the request was sent, so they cannot be its answer.
def test_stray_bytes_behind_a_request_never_reach_who_may_repeat(upstream):
    with gateway(upstream) as server, server.connect() as client:
        peer = keep_one(client, upstream)
        client.send(request("GET", "/stray"))
        peer.read()
        peer.send(b"the rest of another answer")
        with upstream.accept() as other:
            assert other.read().target == "/stray"
            other.send(answer(b"2"))
            assert client.read_response().body == b"2"
        assert peer.is_closed()
        first, second = record_of(server, "/stray")["attempts"]
        assert (first["cause"], "cause" in second) == ("upstream-status-line-malformed", False)
        assert first["sequel"] == "repeated: a kept connection had bytes of no answer"


def test_stray_bytes_do_not_send_twice_what_must_not_be(upstream):
    with gateway(upstream) as server, server.connect() as client:
        peer = keep_one(client, upstream)
        client.send(request("POST", "/stray", "Content-Length: 1") + b"x")
        peer.read()
        peer.send(b"the rest of another answer")
        assert client.read_response().outcome == "upstream-status-line-malformed"
        assert upstream.is_unasked()


def test_what_may_have_been_processed_is_not_sent_twice(upstream):
    with gateway(upstream) as server, server.connect() as client:
        peer = keep_one(client, upstream)
        client.send(request("POST", "/twice", "Content-Length: 1") + b"x")
        peer.read()
        peer.close()
        answered = client.read_response()
        assert (answered.status, answered.outcome) == (502, "upstream-closed")
        assert upstream.is_unasked()
        record = record_of(server, "/twice")
        assert len(record["attempts"]) == 1
        assert record["attempts"][0]["sequel"].startswith("not repeated: it may have been")


def test_a_method_of_nobody_is_not_sent_twice(upstream):
    with gateway(upstream) as server, server.connect() as client:
        peer = keep_one(client, upstream)
        client.send(request("FROBNICATE", "/x"))
        assert peer.read().method == "FROBNICATE"
        peer.close()
        assert client.read_response().status == 502
        assert upstream.is_unasked()


def test_an_idempotent_request_goes_with_its_content(upstream):
    with gateway(upstream) as server, server.connect() as client:
        client.send(request("PUT", "/put", "Content-Length: 5") + b"hello")
        with upstream.accept() as peer:
            assert peer.read().content == b"hello"
        with upstream.accept() as peer:
            assert peer.read().content == b"hello"
            peer.send(answer(b"ok"))
            assert client.read_response().body == b"ok"


def test_content_in_chunks_is_sent_again_while_it_is_kept(upstream):
    with gateway(upstream) as server, server.connect() as client:
        client.send(request("PUT", "/put", "Transfer-Encoding: chunked") + b"3\r\nabc\r\n")
        with upstream.accept() as peer:
            peer.read_head()
            assert peer._take(8) == b"3\r\nabc\r\n"
        with upstream.accept() as peer:
            peer.read_head()
            assert peer._take(8) == b"3\r\nabc\r\n"
            client.send(b"2\r\nde\r\n0\r\n\r\n")
            assert peer._take(12) == b"2\r\nde\r\n0\r\n\r\n"
            peer.send(answer(b"ok"))
            assert client.read_response().body == b"ok"


def test_content_beyond_the_buffer_is_not(upstream):
    with gateway(upstream, keys="buffer: 4") as server, server.connect() as client:
        client.send(request("PUT", "/put", "Content-Length: 5") + b"hello")
        with upstream.accept() as peer:
            assert peer.read().content == b"hello"
        assert client.read_response().outcome == "upstream-closed"
        assert upstream.is_unasked()
        assert record_of(server, "/put")["attempts"][0]["sequel"] == (
            "not repeated: its content was not kept")


def test_once_an_answer_has_begun_it_is_that(upstream):
    with gateway(upstream) as server, server.connect() as client:
        client.send(request("GET", "/begun"))
        with upstream.accept() as peer:
            peer.read()
            peer.send(b"H")
        assert client.read_response().status == 502
        assert upstream.is_unasked()
        assert record_of(server, "/begun")["attempts"][0]["sequel"] == (
            "not repeated: the answer had begun")


def test_retries_bound_it(upstream):
    with gateway(upstream, keys="retries: 2") as server, server.connect() as client:
        client.send(request("GET", "/never"))
        for _ in range(3):
            with upstream.accept() as peer:
                peer.read()
        assert client.read_response().status == 502
        assert upstream.is_unasked()
        sequels = [each["sequel"] for each in record_of(server, "/never")["attempts"]]
        assert sequels == ["repeated: the method may be", "repeated: the method may be",
                           "not repeated: as often as retries says"]


def test_another_upstream_is_asked_first(upstream):
    with Upstream() as dead:
        url = dead.url
    with gateway(url, upstream, keys="balance: round_robin") as server:
        seen = set()
        for number in range(4):
            with server.connect() as client:
                client.send(request("POST", f"/{number}", "Content-Length: 1") + b"x")
                with upstream.accept() as peer:
                    peer.read()
                    peer.send(answer(b"ok"))
                    assert client.read_response().body == b"ok"
            for attempt in record_of(server, f"/{number}")["attempts"]:
                seen.add((attempt["upstream"], attempt.get("cause"), attempt.get("sequel")))
        assert (url, "upstream-refused", "repeated: nothing of it was sent") in seen


def test_large_content_goes_to_another_while_none_of_it_was_sent(upstream):
    with Upstream() as dead:
        url = dead.url
    content = 300000 * b"x"
    with gateway(url, upstream, keys="balance: round_robin, health: { failures: 1000 }") as server:
        attempts = []
        for number in range(4):
            with server.connect() as client:
                client.send(request("POST", f"/{number}", f"Content-Length: {len(content)}"))
                sender = threading.Thread(target=client.send, args=(content,))
                sender.start()
                with upstream.accept() as peer:
                    assert peer.read().content == content
                    peer.send(answer(b"ok"))
                    assert client.read_response().body == b"ok"
                sender.join()
            attempts.append(len(record_of(server, f"/{number}")["attempts"]))
        assert 2 in attempts


def test_the_budget_bounds_all_of_them_together(upstream):
    keys = "retry_budget: { percent: 0, least: 0 }"
    with gateway(upstream, keys=keys) as server, server.connect() as client:
        client.send(request("GET", "/poor"))
        with upstream.accept() as peer:
            peer.read()
        assert client.read_response().status == 502
        assert record_of(server, "/poor")["attempts"][0]["sequel"] == (
            "not repeated: the budget of retries is used up")
