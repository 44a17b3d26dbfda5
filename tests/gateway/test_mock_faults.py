# SPDX-License-Identifier: MIT
"""Another Candor behind this one, which breaks its answers in every way that it knows: what becomes
of each at the client and in the log, and that no answer beside them suffers."""
import os
import random
import re
import threading

import pytest

import harness
from harness import ROOT
from site_of_gateway import proxy_status, record_of, request

NAMES = re.findall(r'^FAULT\(\w+, "([a-z0-9-]+)"', (ROOT / "src/wire/fault.def").read_text(),
                   re.MULTILINE)
ROUNDS = int(os.environ.get("CANDOR_FAULT_ROUNDS", "100"))
CLIENTS = 32

# What the client is told instead: status, outcome, error, phase.
REPLACED = {
    "close": (502, "upstream-closed", "connection_terminated", "wait"),
    "reset": (502, "upstream-reset", "connection_terminated", "wait"),
    "silence": (504, "upstream-silent", "http_response_timeout", "wait"),
    "head-close": (502, "upstream-incomplete", "http_response_incomplete", "head"),
    "head-reset": (502, "upstream-incomplete", "http_response_incomplete", "head"),
    "head-trickle": (504, "upstream-silent", "http_response_timeout", "head"),
    "head-giant": (502, "upstream-field-too-large", "http_response_header_size", "head"),
    "head-garbage": (502, "upstream-status-line-malformed", "http_protocol_error", "head"),
    "bare-lf": (502, "upstream-status-line-malformed", "http_protocol_error", "head"),
    "both-lengths": (502, "upstream-both-lengths", "http_protocol_error", "head"),
    "two-lengths": (502, "upstream-length-malformed", "http_protocol_error", "head"),
    "wrong-101": (502, "upstream-upgrade-failed", "http_upgrade_failed", "head"),
}
# What breaks an answer off whose head was passed on.
BROKEN = {
    "body-close": "upstream-incomplete",
    "body-reset": "upstream-incomplete",
    "body-silence": "upstream-read-timeout",
    "body-short": "upstream-incomplete",
    "chunk-bad": "upstream-chunk-malformed",
    "chunk-cut": "upstream-incomplete",
}
CHUNKED = ("chunk-bad", "chunk-cut")
# Nothing is missing of the answer.
WHOLE = ("after-close", "body-trickle", "body-long")
# What lasts until a timeout: `quick` has short ones.
SLOW = ("silence", "head-trickle", "body-silence")
# A kept connection on which a fault has left something is a race that a repetition hides.
KEYS = ("retries: 1, retry_budget: { percent: 100, least: 1000 }, health: { failures: 1000 },"
        " strip: true")


def test_each_fault_has_its_row():
    assert sorted(NAMES) == sorted([*REPLACED, *BROKEN, *WHOLE])


@pytest.fixture(scope="module", name="mock")
def fixture_mock():
    with harness.Server(config="workers: 1\nroutes:\n  - { path: /, mock: { seed: 7 } }\n") as mock:
        yield mock


@pytest.fixture(scope="module", name="server")
def fixture_server(mock):
    to = f"to: 'http://127.0.0.1:{mock.port}'"
    quick = "response_timeout: 300ms, idle_timeout: 300ms"
    text = ("workers: 1\nroutes:\n"
            f"  - path: /\n    gateway: {{ {to}, {KEYS} }}\n"
            f"  - path: /quick/\n    gateway: {{ {to}, {KEYS}, {quick} }}\n")
    with harness.Server(config=text) as server:
        yield server


def place(fault):
    return "/quick" if fault in SLOW else ""


def address(fault, size=1000, seed=7, framed=True):
    """Of an answer with that fault; framed: its length is told, where the fault leaves it."""
    at = f"&at={size - 2}" if fault == "body-trickle" else ""
    chunks = "" if framed or fault in CHUNKED else "&chunked=1"
    return f"{place(fault)}/bytes/{size}?seed={seed}&fault={fault}{at}{chunks}"


BODY_CASES = [(fault, framed, version) for fault in BROKEN for framed in (True, False)
              for version in ("HTTP/1.1", "HTTP/1.0")]
BODY = 100000


def body_target(fault, framed, version):
    return f"{address(fault, BODY, framed=framed)}&field=X-Case:{version[-1]}"


@pytest.fixture(scope="module", name="seen")
def fixture_seen(server):
    """By target: the answer, None if it was reset, and the line of the log. The lines are waited
    for behind all requests, as they are written many at once."""
    def ask(target, version):
        with server.connect() as client:
            client.send(request("GET", target, version=version))
            try:
                return client.read_response()
            except ConnectionResetError:
                return None

    answers = {address(fault): ask(address(fault), "HTTP/1.1") for fault in REPLACED}
    for case in BODY_CASES:
        answers[body_target(*case)] = ask(body_target(*case), case[2])
    records = {}
    while answers.keys() - records.keys():
        record = server.next_record()
        records[record["target"]] = record
    return {target: (answered, records[target]) for target, answered in answers.items()}


@pytest.mark.parametrize("fault", REPLACED)
def test_what_fails_before_the_body_is_told_instead(seen, fault):
    status, outcome, error, phase = REPLACED[fault]
    answered, record = seen[address(fault)]
    assert (answered.status, answered.outcome) == (status, outcome)
    name, parameters = proxy_status(answered)
    assert (name, parameters["error"], parameters["details"]) == ("candor", error, f'"{outcome}"')
    assert "received-status" not in parameters
    assert (record["status"], record["outcome"], record["origin"]) == (status, outcome, "here")
    # Only where not a byte of an answer has come it may be repeated, and there is nobody else.
    expected = (2 if outcome in ("upstream-closed", "upstream-reset") else 1) * [(outcome, phase)]
    assert [(each["cause"], each["phase"]) for each in record["attempts"]] == expected


@pytest.mark.parametrize("fault,framed,version", BODY_CASES)
def test_what_fails_in_the_body_is_visibly_incomplete(seen, mock, fault, framed, version):
    answered, record = seen[body_target(fault, framed, version)]
    # What ends with the connection is only incomplete if that is reset.
    if version == "HTTP/1.0" and (fault in CHUNKED or not framed):
        assert answered is None
    elif answered:
        assert (answered.status, answered.complete) == (200, False)
        assert mock.get(f"/bytes/{BODY}?seed=7").body.startswith(answered.body)
    assert (record["status"], record["outcome"]) == (200, "relayed")
    assert (record["origin"], record["ended"]) == ("upstream", "body-failed")
    attempt = record["attempts"][-1]
    assert (attempt["cause"], attempt["phase"]) == (BROKEN[fault], "body")
    assert ("reset" in attempt.get("error", "")) == fault.endswith("reset")


@pytest.mark.parametrize("fault", WHOLE)
def test_what_leaves_the_answer_whole_is_no_error(server, mock, fault):
    target = address(fault)
    with server.connect() as client:
        for _ in range(2):
            client.send(request("GET", target))
            answered = client.read_response()
            assert (answered.status, answered.complete) == (200, True)
            assert answered.body == mock.get("/bytes/1000?seed=7").body
            record = record_of(server, target)
            assert record["outcome"] == "relayed" and "ended" not in record
            assert "cause" not in record["attempts"][0]


class Asking(threading.Thread):
    """Works a list of requests off over one connection, made anew where an answer ended it."""

    def __init__(self, server, todo, bodies):
        super().__init__()
        self.server, self.todo, self.bodies = server, todo, bodies
        self.client, self.wrong, self.good = None, [], 0

    def run(self):
        for number, fault, (size, seed) in self.todo:
            chunks = "&chunked=1" if number % 2 else ""
            target = (f"{address(fault, size, seed)}&field=X-Id:{number}" if fault else
                      f"/bytes/{size}?seed={seed}{chunks}&field=X-Id:{number}")
            try:
                error = self.judge(number, fault, self.bodies[size, seed], *self.ask(target))
            except (EOFError, OSError) as told:
                error = repr(told)
            if error:
                self.wrong.append((target, error))
        if self.client:
            self.client.close()

    def ask(self, target):
        if not self.client:
            self.client = self.server.connect()
        self.client.send(request("GET", target))
        try:
            answered = self.client.read_response()
            is_whole = answered.complete
        except ConnectionResetError:
            answered, is_whole = None, False
        if not is_whole or answered["Connection"] == "close":
            self.client.close()
            self.client = None
        return answered, is_whole

    def judge(self, number, fault, body, answered, is_whole):
        """What is wrong with the answer, or None."""
        if fault in BROKEN:
            return "it seems whole" if is_whole else None
        if not is_whole:
            return "it broke off"
        if fault in REPLACED:
            expected = REPLACED[fault]
            return None if answered.status == expected[0] and answered.outcome == expected[1] else (
                f"{answered.status} {answered.body}")
        self.good += 1
        if (answered.status, answered["X-Id"]) != (200, str(number)):
            return f"{answered.status} of {answered['X-Id']}: {answered.body[:300]}"
        return None if answered.body == body else "another body"


def test_no_good_answer_suffers_beside_all_faults(server, mock):
    """As many good ones as bad, in an order that is made up anew each time, over the same
    connections on both sides."""
    order = random.Random(7)
    bodies = {(size, seed): mock.get(f"/bytes/{size}?seed={seed}").body
              for size in (3, 1000, 20000, 100000) for seed in (1, 2, 3)}
    faults = [name for name in NAMES for _ in range(ROUNDS)]
    todo = [(number, fault, order.choice(list(bodies)))
            for number, fault in enumerate(faults + len(faults) * [None])]
    order.shuffle(todo)
    threads = [Asking(server, todo[each::CLIENTS], bodies) for each in range(CLIENTS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    wrong = [one for each in threads for one in each.wrong]
    assert not wrong, f"{len(wrong)} wrong: {wrong[:5]}"
    assert sum(each.good for each in threads) == ROUNDS * (len(NAMES) + len(WHOLE))
