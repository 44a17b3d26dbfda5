# SPDX-License-Identifier: MIT
"""What the tests of the wire share: a site, a server of one worker, and a look into its log."""
import itertools
import signal

import pytest

import harness

NUMBERS = itertools.count(1)
LARGE = 16 << 20  # bytes: more than the system keeps on both ends of a connection


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """index.html, ten files /0 to /9 that hold their name, and /large."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "index.html").write_text("front\n")
    for i in range(10):
        (folder / str(i)).write_text(f"this is {i}\n")
    (folder / "large").write_bytes(bytes(range(256)) * (LARGE // 256))
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="module")
def serve(site):
    """Starts servers of the site that end with the module: serve("limits: {...}")."""
    started = []

    def start(settings="", **options):
        config = f"workers: 1\n{settings}\nroutes:\n  - path: /\n    files: {{ root: {site} }}\n"
        started.append(harness.Server(config=config, **options))
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def server(serve):
    return serve("limits: { content: 1K }")


@pytest.fixture
def journal(server):
    """What was logged since the last look. A last request tells when all of it is there."""
    def read(of=server):
        last = f"/journal-{next(NUMBERS)}"
        with of.connect() as client:
            client.send(f"GET {last} HTTP/1.0\r\n\r\n").read_to_end()
        of.signal(signal.SIGUSR1)  # writes the log out
        records = []
        while not records or records[-1]["target"] != last:
            records.append(of.next_record())
        return records[:-1]

    read()
    return read
