# SPDX-License-Identifier: MIT
"""Nothing that an upstream sends confuses a later answer: each fault comes many times, on
connections that are kept, between good answers that are compared byte for byte."""
import threading

import harness
from site_of_gateway import Answering, answer, config, request

HEAD = b"HTTP/1.1 200 OK\r\n"
FAULTS = [
    b"220 no HTTP\r\n\r\n", HEAD + b"X: 1\n\r\n", HEAD + b"X\r\n\r\n", HEAD + b"X: \0\r\n\r\n",
    HEAD + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    HEAD + b"X: " + 17000 * b"a" + b"\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
    answer(b"abc") + b"stray", answer(b"abc") + answer(b"another"),
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n" + answer(b"x"),
    b"HTTP/1.1 100 Continue\r\n\r\n" + b"HTTP/1.1 204 None\r\nContent-Length: 3\r\n\r\nabc",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\nabc",
]
ROUNDS, CLIENTS = 40, 4


def handle(sent):
    kind, number = sent.target.split("/")[1:3]
    return FAULTS[int(number)] if kind == "bad" else answer(f"good {sent.target}")


def talk(server, name, wrong):
    for each in range(ROUNDS):
        for number in range(len(FAULTS)):
            with server.connect() as client:
                client.send(request("GET", f"/bad/{number}"))
                try:
                    answered = client.read_response()
                    while answered.status < 200:
                        answered = client.read_response()
                    if answered.status == 200 and answered.complete and answered.body != b"abc":
                        wrong.append((number, answered.body))
                except (EOFError, ConnectionResetError):
                    pass
            with server.connect() as client:
                target = f"/good/{name}-{each}-{number}"
                client.send(2 * request("GET", target))
                for _ in range(2):
                    answered = client.read_response()
                    if (answered.status, answered.body) != (200, f"good {target}".encode()):
                        wrong.append((target, answered.status, answered.body))


def test_good_answers_stay_good_among_bad_ones():
    # Few enough connections that each is soon used again; and none is put aside.
    keys = "max_connections: 6, queue: { length: 100, timeout: 20s }, health: { failures: 1000 }"
    with Answering(handle) as upstream:
        text = config(upstream, keys=keys, top="workers: 2\n")
        with harness.Server(config=text) as server:
            wrong = []
            threads = [threading.Thread(target=talk, args=(server, name, wrong))
                       for name in range(CLIENTS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    assert not wrong
