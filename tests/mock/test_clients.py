# SPDX-License-Identifier: MIT
"""What real clients make of made-up answers: curl, Python's own, and a WebSocket of websockets."""
import http.client
import re
import shlex
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest

from harness import ROOT

CURL = shutil.which("curl")
needs_curl = pytest.mark.skipif(not CURL, reason="curl is not installed")


def curl(*arguments, timeout=60):
    return subprocess.run([CURL, "-sS", *arguments], capture_output=True, text=True,
                          errors="replace", timeout=timeout, check=False)


# Exit codes as curl(1) tells them.
@needs_curl
@pytest.mark.parametrize("target,code", [
    ("/status/200", 0), ("/status/503", 0), ("/status/200?fault=close", 52),
    ("/status/200?fault=reset", 56), ("/status/200?fault=head-close&at=0", 52),
    ("/bytes/1k?fault=body-close", 18), ("/bytes/1k?fault=body-reset", 56),
    ("/bytes/1k?fault=body-short", 18), ("/bytes/1k?fault=chunk-bad", 56),
    ("/bytes/1k?fault=chunk-cut", 18), ("/bytes/1k?fault=head-garbage", 1),
    ("/status/200?fault=after-close", 0),
    ("/bytes/1k?fault=silence", 28), ("/bytes/1k?fault=body-silence", 28),
])
def test_curl_sees_each_fault_as_what_it_is(mock, target, code):
    done = curl("-o", "/dev/null", "--max-time", "1.5", f"http://127.0.0.1:{mock.port}{target}")
    assert done.returncode == code, done.stderr


@needs_curl
def test_curl_follows_repeats_and_authenticates(mock):
    base = f"http://127.0.0.1:{mock.port}"
    done = curl("-L", "-w", "%{num_redirects} %{http_code}", "-o", "/dev/null",
                f"{base}/redirect/5")
    assert done.stdout == "5 200"
    done = curl("--retry", "30", "--retry-max-time", "60", "--retry-delay", "1", "-w",
                "%{http_code}", f"{base}/status/503?chance=0.5&retry-after=0")
    assert done.stdout.endswith("200")
    assert curl(f"{base}/status/200?fault=head-giant").returncode != 0
    assert "200 OK" in curl("-i", "-u", "ann:secret", f"{base}/basic-auth/ann/secret").stdout


@needs_curl
def test_every_curl_line_of_the_documentation_works(mock):
    text = (ROOT / "docs/mock.md").read_text()
    lines = re.findall(r"^curl .*$", text, re.MULTILINE)
    assert len(lines) > 15
    for line in lines:
        words = shlex.split(line.replace("127.0.0.1:8080", f"127.0.0.1:{mock.port}"), comments=True)
        done = subprocess.run([CURL, "-sS", "--max-time", "10", *words[1:]], capture_output=True,
                              timeout=60, check=False)
        expected = int(re.search(r"# exits with (\d+)", line).group(1)) if "exits" in line else 0
        assert done.returncode == expected, (line, done.stderr)
        assert b"mock-unknown" not in done.stdout and b"mock-malformed" not in done.stdout, line


def test_pythons_client_tells_what_is_broken(mock):
    base = f"http://127.0.0.1:{mock.port}"
    with pytest.raises(http.client.IncompleteRead) as cut:
        urllib.request.urlopen(f"{base}/bytes/1k?fault=body-close&at=100", timeout=20).read()
    assert len(cut.value.partial) == 100
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        urllib.request.urlopen(f"{base}/bytes/1k?fault=close", timeout=20)
    with pytest.raises((http.client.BadStatusLine, ValueError)):
        urllib.request.urlopen(f"{base}/bytes/1k?fault=head-garbage", timeout=20)
    with pytest.raises(urllib.error.HTTPError) as late:
        urllib.request.urlopen(f"{base}/status/429?retry-after=9", timeout=20)
    assert late.value.headers["Retry-After"] == "9"


def test_a_websocket_sends_back_what_comes(mock):
    asyncio = pytest.importorskip("asyncio")
    websockets = pytest.importorskip("websockets", reason="python3-websockets is not installed")

    async def talk():
        address = f"ws://127.0.0.1:{mock.port}/websocket"
        async with websockets.connect(address, max_size=None) as socket:
            for message in ("hi", "", b"\0" * 300, "\u00fc" * 70000, b"x" * 900_000):
                await socket.send(message)
                assert await socket.recv() == message
            await asyncio.wait_for(await socket.ping(), 20)
            await socket.send(["in ", "three ", "parts"])
            assert await socket.recv() == "in three parts"
            for number in range(200):
                await socket.send(str(number))
            assert [await socket.recv() for _ in range(200)] == [str(n) for n in range(200)]
            await socket.close(4001, "enough")
            assert socket.close_code == 4001
        async with websockets.connect(address, max_size=None) as socket:
            await socket.send(b"x" * (1 << 20) + b"y")  # LIMIT_MOCK_FRAME
            with pytest.raises(websockets.ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 1009

    asyncio.run(asyncio.wait_for(talk(), 60))
    record = mock.next_record()
    while record["target"] != "/websocket":
        record = mock.next_record()
    assert (record["status"], record["outcome"], record.get("ended")) == (101, "tunnelled", None)
