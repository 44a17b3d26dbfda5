# SPDX-License-Identifier: MIT
"""An upstream of three restarts in a loop while requests come: none that may be repeated is lost,
and none is processed twice that must not be."""
import collections
import random
import socket
import threading

import pytest

import harness
from site_of_gateway import Peer, answer, config, request

CLIENTS, REQUESTS = 6, 500


class Restarting:
    """Answers, and when told closes everything that it has, as a program does that ends. hasty: it
    also closes connections behind answers, at random and without a word."""

    def __init__(self, hasty=False):
        self.hasty, self.random = hasty, random.Random(7)
        self.processed = collections.Counter()  # by method and target
        self.lock = threading.Lock()
        self.peers = set()
        self.listener = None
        self.start(0)
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self, port):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def _accept(self, listener):
        while True:
            try:
                connection = listener.accept()[0]
            except OSError:
                return
            peer = Peer(connection)
            peer.socket.settimeout(None)
            with self.lock:
                self.peers.add(peer)
            threading.Thread(target=self._talk, args=(peer,), daemon=True).start()

    def _talk(self, peer):
        try:
            while True:
                sent = peer.read()
                with self.lock:
                    self.processed[sent.method, sent.target] += 1
                peer.send(answer(sent.target))
                with self.lock:
                    is_enough = self.hasty and self.random.random() < 0.2
                if is_enough:
                    peer.socket.shutdown(socket.SHUT_RDWR)
                    return
        except (EOFError, OSError):
            pass

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            peers, self.peers = self.peers, set()
        for peer in peers:
            try:
                peer.socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            peer.close()


def ask_all(server, number, method, results):
    with server.connect() as client:
        for each in range(REQUESTS):
            target = f"/{method}/{number}/{each}"
            lines = ["Content-Length: 1"] if method == "POST" else []
            client.send(request(method, target, *lines) + (b"x" if lines else b""))
            answered = client.read_response()
            results[method, target] = 200 if answered.status == 200 else answered.outcome
            if answered.status == 200:
                assert answered.body.decode() == target


def run(upstreams, keys):
    """What became of each request, and how often each was processed, by method and target."""
    results, processed, restarts = {}, collections.Counter(), 0
    done = threading.Event()
    with harness.Server(config=config(*upstreams, keys=keys)) as server:
        threads = [threading.Thread(target=ask_all, args=(server, number, method, results))
                   for number, method in enumerate(CLIENTS // 2 * ["GET", "POST"])]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            port = upstreams[0].port
            upstreams[0].stop()
            upstreams[0].start(port)
            restarts += 1
            done.wait(0.01)  # the pace of the restarts; nothing is waited for
        for thread in threads:
            thread.join()
    for upstream in upstreams:
        upstream.stop()
        processed += upstream.processed
    assert restarts > 1 and len(results) == CLIENTS * REQUESTS
    return results, processed


def doubled(processed, method):
    return [each for each, count in processed.items() if each[0] == method and count > 1]


FAILURES = {"upstream-closed", "upstream-reset", "upstream-refused", "upstream-incomplete",
            "upstream-unavailable", "upstream-connect-failed"}


@pytest.mark.parametrize("hasty", [False, True], ids=["restarts", "restarts and hasty closes"])
def test_nothing_is_lost_and_nothing_is_doubled(hasty):
    keys = "retries: 3, retry_budget: { percent: 100, least: 1000 }, connect_timeout: 5s"
    results, processed = run([Restarting(hasty) for _ in range(3)], keys)
    assert not [each for each, end in results.items() if each[0] == "GET" and end != 200]
    assert not doubled(processed, "POST")
    assert set(results.values()) <= {200} | FAILURES
    # What was answered was processed.
    assert not [each for each, end in results.items() if end == 200 and not processed[each]]


def test_beyond_the_budget_each_outcome_says_so():
    keys = "retries: 3, retry_budget: { percent: 0, least: 0 }, connect_timeout: 5s"
    results, processed = run([Restarting(hasty=True) for _ in range(3)], keys)
    assert not doubled(processed, "POST") and not doubled(processed, "GET")
    assert 200 in results.values() and set(results.values()) <= {200} | FAILURES
    assert not [each for each, end in results.items() if end == 200 and not processed[each]]
