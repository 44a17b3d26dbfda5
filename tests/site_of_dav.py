# SPDX-License-Identifier: MIT
"""What the tests of authoring share: folders that may be written, and requests with content."""
import os
import re
import threading
import time

import harness
from site_of_files import put  # noqa: F401 (for the tests)

Server = harness.Server
HOST = "dav.localhost"
TEMPORARY = re.compile(r"\.candor-tmp-[0-9a-f]{16}$")


def config(workers=2, limits="", **options):
    """A configuration with the route / to the server's root, which may be written."""
    text = "".join(f", {key}: {str(value).lower() if value in (True, False) else value}"
                   for key, value in options.items())
    return f"workers: {workers}\n" + (f"limits: {{ {limits} }}\n" if limits else "") \
        + "routes:\n  - path: /\n    files: { root: '{root}', write: true" + text + " }\n"


def head_of(method, target, *lines, host=HOST):
    """The head of a request; a target may be bytes."""
    target = target if isinstance(target, bytes) else target.encode()
    text = "".join(f"{line}\r\n" for line in [f"Host: {host}", *lines])
    return method.encode() + b" " + target + b" HTTP/1.1\r\n" + text.encode() + b"\r\n"


def chunked(content, size=1000):
    """The content in the chunked coding, with its end."""
    pieces = [content[at:at + size] for at in range(0, len(content), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def ask(server, method, target, *lines, content=None, coding=None, client=None, host=HOST):
    """One request with exactly these field lines beside Host and what frames its content. With a
    client, on its connection, which stays."""
    lines = [*lines] if client else ["Connection: close", *lines]
    if coding == "chunked":
        lines.append("Transfer-Encoding: chunked")
        content = chunked(content)
    elif content is not None:
        lines.append(f"Content-Length: {len(content)}")
    data = head_of(method, target, *lines, host=host) + (content or b"")
    if client:
        return harness.resolved(client.send(data).read_response(method), target)
    with server.connect() as own:
        return harness.resolved(own.send(data).read_response(method), target)


def state_of(root):
    """All that is in a folder, hidden or not: names with their content (None: a folder)."""
    state = {}
    for folder, folders, files in os.walk(root):
        below = os.path.relpath(folder, root)
        for name in folders + files:
            path = os.path.join(folder, name)
            state[os.path.normpath(os.path.join(below, name))] = (
                ("link", os.readlink(path)) if os.path.islink(path)
                else None if os.path.isdir(path)
                else open(path, "rb").read() if os.path.isfile(path) else "special")
    return state


def strays(root):
    """Temporaries that somebody left behind."""
    return [os.path.join(folder, name) for folder, folders, files in os.walk(root)
            for name in folders + files if TEMPORARY.match(name)]


def settle(server, root):
    """Waits until the server has removed what it gave up: it does so behind its answer."""
    end = time.monotonic() + harness.DEADLINE  # a disk that is busy may take its time
    while time.monotonic() < end:
        if not strays(root):
            return
        ask(server, "OPTIONS", "/")
    raise AssertionError(f"temporaries stay: {strays(root)}")


def run_together(run, count):
    """Runs it in so many threads, each with its number; what one of them raises is raised."""
    failures = []

    def run_one(number):
        try:
            run(number)
        except BaseException as failure:  # noqa: BLE001 (told below)
            failures.append(failure)

    threads = [threading.Thread(target=run_one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def assert_refused(response, status, outcome):
    assert (response.status, response.outcome) == (status, outcome)
