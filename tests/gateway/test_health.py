# SPDX-License-Identifier: MIT
"""An upstream that is not well is not asked for a while, and asked again when it is."""
import time

import harness
from site_of_gateway import Answering, answer, gateway

KEYS = "health: { path: /up, interval: 100ms, timeout: 1s, status: 204, failures: 2 }"


def until(condition):
    end = time.monotonic() + harness.DEADLINE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_checks_tell_who_is_well():
    states = {"sick": b"HTTP/1.1 500 Sick\r\nContent-Length: 0\r\n\r\n",
              "well": b"HTTP/1.1 204 Well\r\n\r\n"}
    state = "well"

    def first(sent):
        return states[state] if sent.target == "/up" else answer("first")

    def second(sent):
        return states["well"] if sent.target == "/up" else answer("second")

    with Answering(first) as one, Answering(second) as two:
        with gateway(one, two, keys="balance: round_robin, " + KEYS) as server:
            assert {server.get("/").body for _ in range(4)} == {b"first", b"second"}
            state = "sick"
            until(lambda: {server.get("/").body for _ in range(4)} == {b"second"})
            state = "well"
            until(lambda: {server.get("/").body for _ in range(4)} == {b"first", b"second"})
        assert any(sent.target == "/up" and sent.method == "GET" for sent in two.requests)


def test_where_none_is_well_the_answer_tells_when_it_may_be_better():
    sick = b"HTTP/1.1 500 Sick\r\nContent-Length: 0\r\n\r\n"
    with Answering(lambda sent: sick if sent.target == "/up" else answer("ok")) as upstream:
        with gateway(upstream, keys=KEYS) as server:
            until(lambda: server.get("/").status == 503)
            refused = server.get("/")
            assert refused.outcome == "upstream-unavailable"
            assert int(refused["Retry-After"]) >= 1
