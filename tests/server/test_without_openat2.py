# SPDX-License-Identifier: MIT
"""Where openat2 is refused, as by an older kernel or a container's filter, each path is walked name
by name: the start says so, all goes as it does elsewhere, and nothing outside is ever reached."""
import errno
import os
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

import harness
import without_openat2

REFUSALS = {"ENOSYS": errno.ENOSYS, "EPERM": errno.EPERM}
# What is about paths, links and changes of names.
TESTS = ["tests/files/test_paths.py", "tests/files/test_listings.py", "tests/files/test_search.py",
         "tests/dav/test_links.py", "tests/dav/test_names.py", "tests/dav/test_copy_move.py",
         "tests/dav/test_delete_mkcol.py"]


def refusing(refusal):
    return lambda: without_openat2.refuse(without_openat2.OPENAT2, REFUSALS[refusal])


@pytest.fixture(params=REFUSALS)
def server(request, tmp_path):
    root = tmp_path / "root"
    (root / "d").mkdir(parents=True)
    (root / "d/f").write_text("inside")
    (tmp_path / "secret").write_text("outside")
    with harness.Server(root, arguments=["--write"], before=refusing(request.param)) as running:
        running.root = root
        yield running


def test_start_says_so_in_one_sentence(server):
    server.wait_for_message("openat2-missing")
    assert len([m for m in server.messages if "openat2" in m]) == 1


def test_start_says_nothing_where_there_is_openat2(tmp_path):
    with harness.Server(tmp_path) as running:
        assert running.get("/").status == 200
        assert not [m for m in running.messages if "openat2" in m]


def test_nothing_outside_is_reached(server):
    root = server.root
    for name, text in {"up": "..", "out": "../secret", "absolute": str(root.parent / "secret"),
                       "root": "/", "far": "d/../../secret", "d/up": "../..",
                       "procfs": "/proc/self/cwd", "fd": f"/proc/{os.getpid()}/root"}.items():
        (root / name).symlink_to(text)
    for target in ("/up/secret", "/out", "/absolute", "/root/etc/passwd", "/far", "/d/up/secret",
                   "/procfs/", "/fd/etc/passwd", "/../secret", "/%2e%2e/secret", "/..%2fsecret",
                   "/d/../../secret", "/d/%2e%2e/%2e%2e/secret", "/up/", "/root/", "/d/up/"):
        answer = server.get(target)
        assert answer.status in (400, 404) and b"outside" not in answer.body, target
        for method in ("PUT", "DELETE", "PROPFIND"):
            assert server.request(method, target).status >= 207 or target in (
                "/out", "/absolute", "/far", "/procfs/"), (method, target)
    assert (root.parent / "secret").read_text() == "outside"
    assert os.listdir(root.parent) and set(os.listdir(root.parent)) == {"root", "secret"}


def test_folder_that_is_renamed_all_the_time_leads_nobody_out(server):
    """A link that goes up from a folder, while that goes out of the root and back."""
    root, away = server.root, server.root.parent / "away"
    (root / "d/deep").mkdir()
    (root / "d/deep/up").symlink_to("../../secret")
    (root / "secret").write_text("inside")
    over = threading.Event()

    def rename():
        while not over.is_set():
            os.rename(root / "d/deep", away)
            os.rename(away, root / "d/deep")

    thread = threading.Thread(target=rename)
    thread.start()
    seen = set()
    try:
        with server.connect() as client:
            for _ in range(1000):
                # It is always looked at; what is there is told by its length.
                client.send("PROPFIND /d/deep/up HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                            "Depth: 0\r\nContent-Length: 0\r\n\r\n")
                answer = client.read_response()
                length = re.search(rb"getcontentlength>(\d+)<", answer.body)
                seen.add((answer.status, length and int(length.group(1))))
    finally:
        over.set()
        thread.join()
    assert seen == {(404, None), (207, len("inside"))}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_all_goes_as_it_does_elsewhere(refusal):
    """A good part of the other tests, with a program that has no openat2."""
    if "CANDOR_WITHOUT_OPENAT2" in os.environ:
        pytest.skip("this is within such a run")
    half = TESTS[::2] if refusal == "ENOSYS" else TESTS[1::2]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)  # some servers run as somebody else
        program = Path(folder, "candor")
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" '
                           f'"{harness.ROOT}/tests/without_openat2.py" {refusal} '
                           f'"{harness.CANDOR}" "$@"\n')
        program.chmod(0o755)
        run = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
                              f"--basetemp={folder}/pytest-{refusal}", *half],
                             cwd=harness.ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, check=False,
                             env=dict(os.environ, CANDOR=str(program), CANDOR_WITHOUT_OPENAT2="1"))
    assert run.returncode == 0, run.stdout[-4000:]
