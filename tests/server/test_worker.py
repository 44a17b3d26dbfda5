# SPDX-License-Identifier: MIT
"""Workers: how they stop, and their access logs (architecture: threads; RFC 9112 §9.6)."""
import signal
import threading

import pytest

from harness import Server

BIG = 24 << 20  # more than the system keeps for a client that reads nothing

CONFIG = """
workers: {workers}
limits: {{ stop_timeout: {stop} }}
routes:
  - path: /
    files: {{ root: "{{root}}" }}
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("worker")
    folder.chmod(0o755)
    (folder / "small").write_text("small\n")
    with open(folder / "big", "wb") as file:
        file.truncate(BIG)
    return folder


def serve(root, workers=1, stop="20s"):
    return Server(root=root, config=CONFIG.format(workers=workers, stop=stop))


def test_signals_for_the_log_that_follow_each_other_closely_do_no_harm(root):
    target = "/" + "x" * 4000
    with serve(root) as server, server.connect() as client:
        for _ in range(100):
            client.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n" * 4)
            for _ in range(10):
                server.signal(signal.SIGUSR1)
            assert [client.read_response().status for _ in range(4)] == [404] * 4


# Answered without a look at the files: when the answer is here, the rest has been read.
FIRST = "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize("rest,outcome", [
    ("GET /small HTTP/1.1\r\nHost", "header-timeout"),
    ("GET /small HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\n12", "content-timeout"),
])
def test_a_stop_answers_whoever_is_slow_with_a_request_and_ends(root, rest, outcome):
    server = serve(root, stop="30ms")
    with server.connect() as client:
        client.send(FIRST + rest)
        assert client.read_response().status == 204
        server.signal(signal.SIGTERM)
        assert client.read_response().outcome == outcome
        assert client.is_closed()
    assert server.wait() == 0


def test_a_stop_does_not_wait_for_a_client_that_takes_nothing(root):
    server = serve(root, stop="30ms")
    with server.connect() as client:
        client.send("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.socket.recv(1)
        server.stop()
    record = server.next_record()
    assert (record["outcome"], record["ended"]) == ("ok", "send-timeout")
    assert 0 < record["bytes_out"] < BIG


def wait_until_refused(server):
    """The listener goes when the stop arrives."""
    while True:
        try:
            server.connect().close()
        except ConnectionRefusedError:
            return
        except ConnectionError:
            pass  # it was in the backlog when the listener went


def test_a_stop_lets_what_is_being_sent_arrive_even_if_more_is_asked_for(root):
    """RFC 9112 §9.6: no reset may overtake the answer."""
    server = serve(root)
    with server.connect() as client:
        client.send("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.socket.recv(1)
        server.signal(signal.SIGTERM)
        wait_until_refused(server)
        client.send("GET /small HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert sum(iter(lambda: len(client.socket.recv(1 << 20)), 0)) > BIG
    assert server.wait() == 0


def test_a_client_that_goes_while_it_is_sent_to_is_counted_with_what_went_out(root):
    with serve(root) as server:
        client = server.connect()
        client.send("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n")
        client.socket.recv(1)
        client.close()
        record = server.next_record()
        assert record["ended"] == "client-gone"
        assert 4096 < record["bytes_out"] < BIG


def test_lines_of_several_workers_are_never_torn(root):
    """The harness reads every line that begins with a brace as JSON."""
    count, clients = 400, 8
    target = "/" + "x" * 4000

    def ask():
        with server.connect() as client:
            for _ in range(count // clients):
                client.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert client.read_response().status == 404

    with serve(root, workers=4) as server:
        threads = [threading.Thread(target=ask) for _ in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert server.records.qsize() == count
    assert all(server.next_record()["target"] == target for _ in range(count))
