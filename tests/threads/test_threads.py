# SPDX-License-Identifier: MIT
"""A few seconds of everything at once: several workers, files that change, signals, a stop.

Meant for the program under ThreadSanitizer, which ends with 66 after a report; on other builds it
finds what breaks under load.
"""
import os
import signal
import threading
import time

from harness import Client, Server

SECONDS = 2
CLIENTS = 8
TARGETS = ["/", "/plain.txt", "/changing", "/large", "/none", "/folder", "/folder/",
           "/comes-and-goes"]


def write(path, content):
    """A new file takes the place of the old one: nobody sees half of it."""
    new = path.with_name(path.name + ".new")
    new.write_bytes(content)
    os.replace(new, path)


def change(root, ended):
    """Folders and files that are not as they were at the last look."""
    turn = 0
    while not ended.is_set():
        turn += 1
        write(root / "changing", b"x" * (turn % 5000))
        write(root / "changing.gz", b"z" * (turn % 70))
        write(root / "large", b"l" * (600_000 + turn))
        if turn % 2:
            write(root / "comes-and-goes", b"here\n")
        else:
            (root / "comes-and-goes").unlink(missing_ok=True)


def ask(port, ended, answers, finished):
    client, turn = Client(port), 0
    while not ended.is_set():
        target = TARGETS[turn % len(TARGETS)]
        turn += 1
        client.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n"
                    "Accept-Encoding: gzip\r\n\r\n" * 2)
        responses = [client.read_response() for _ in range(2)]
        answers.extend((target, response.status, response.complete) for response in responses)
        if turn % 50 == 0 or not responses[-1].complete:
            client.close()
            client = Client(port)
    client.close()
    finished.append(turn)


def test_many_threads_do_not_get_in_each_others_way(tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "folder").mkdir()
    (tmp_path / "plain.txt").write_text("plain\n")
    write(tmp_path / "changing", b"")
    write(tmp_path / "large", b"l" * 600_000)
    ended, answers, finished = threading.Event(), [], []
    config = "workers: 4\nroutes:\n  - path: /\n    files: { root: \"{root}\" }\n"
    with Server(root=tmp_path, config=config) as server:
        threads = [threading.Thread(target=change, args=(tmp_path, ended))]
        threads += [threading.Thread(target=ask, args=(server.port, ended, answers, finished))
                    for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            server.signal(signal.SIGUSR1)
            server.next_record()
        ended.set()
        for thread in threads:
            thread.join()
    assert len(finished) == CLIENTS
    assert {status for target, status, _ in answers if target == "/plain.txt"} == {200}
    assert {status for target, status, _ in answers if target == "/none"} == {404}
    assert {status for _, status, _ in answers} <= {200, 301, 404}
    assert all(complete for _, _, complete in answers)
    assert len(answers) > 100
