# SPDX-License-Identifier: MIT
"""Real clients: curl, and Chromium without a window. What they make of us is what counts."""
import gzip
import http.server
import os
import shutil
import subprocess
import threading
import urllib.request
from urllib.parse import unquote

import pytest

from site_of_files import MEMORY, put, Server

TEXT = b"The quick brown fox jumps over the lazy dog.\n" * 100
INDEX = b"<!doctype html><title>T</title><p id=x>The index.</p>"
LARGE = bytes(range(256)) * (4 * MEMORY // 256)
DEADLINE = 60  # seconds for one run of a client; reached only when something is broken
CHROMIUM = shutil.which("chromium")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("clients")
    put(root, "text.txt", TEXT)
    put(root, "text.txt.gz", gzip.compress(TEXT))
    put(root, "large.bin", LARGE)
    put(root, "folder/a & b.txt")
    put(root, "folder/<b>ü.txt")
    put(root, "folder/sub/inner.txt")
    for folder in ("site", "sub/a:b", "sub/#?ü"):
        put(root, f"{folder}/index.html", INDEX)
    for number in range(20):
        put(root, f"many/{number}.txt", TEXT * number)
    return root


@pytest.fixture(scope="module")
def server(root):
    with Server(root) as server:
        yield server


@pytest.fixture
def curl(server, tmp_path):
    """Runs curl in a folder of its own; a path among the words becomes an address."""
    if not shutil.which("curl"):
        pytest.fail("curl is not installed: tools/setup test")

    def run(*words, code=0):
        words = [f"http://127.0.0.1:{server.port}{word}" if word.startswith("/") else word
                 for word in words]
        done = subprocess.run(["curl", "-q", "--silent", "--noproxy", "*", *words], cwd=tmp_path,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE)
        assert done.returncode == code, done.stderr.decode()
        return done.stdout
    return run


def test_curl_gets_files(curl):
    assert curl("/text.txt") == TEXT
    assert curl("/large.bin") == LARGE
    assert curl("--fail", "/missing", code=22) == b""
    assert curl("--location", "/site") == INDEX


class WithoutPrefix(http.server.BaseHTTPRequestHandler):
    """A proxy that has the server below /files/ and passes on what is behind that."""

    def do_GET(self):
        target = self.path.removeprefix("/files")
        request = http.client.HTTPConnection("127.0.0.1", self.server.upstream)
        request.request("GET", target if target != self.path else "/outside-of-the-prefix")
        response = request.getresponse()
        self.send_response(response.status)
        for name in ("Location", "Content-Type", "Content-Length"):
            if response.headers[name]:
                self.send_header(name, response.headers[name])
        self.end_headers()
        self.wfile.write(response.read())

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def proxy(server):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), WithoutPrefix) as proxy:
        proxy.upstream = server.port
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{proxy.server_address[1]}/files"
        proxy.shutdown()
        thread.join()


def run_wget(address):
    if not shutil.which("wget"):
        pytest.fail("wget is not installed: tools/setup test")
    done = subprocess.run(["wget", "--no-config", "--quiet", "--no-proxy", "--output-document=-",
                           address], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=DEADLINE)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class KnowsNo308(urllib.request.HTTPRedirectHandler):
    """As urllib was before Python 3.11: RFC 7538 is younger than it."""
    http_error_308 = None


@pytest.mark.parametrize("folder", ["site", "sub/a%3Ab", "sub/a:b", "sub/%23%3F%C3%BC"])
def test_clients_follow_the_redirect_of_a_folder_behind_a_prefix_as_well(
        server, proxy, curl, folder):
    direct = f"http://127.0.0.1:{server.port}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), KnowsNo308)
    for address in f"{direct}/{folder}", f"{proxy}/{folder}", f"{proxy}/{folder}?x":
        assert curl("--location", address) == INDEX
        assert run_wget(address) == INDEX
        with opener.open(address, timeout=DEADLINE) as response:
            assert response.read() == INDEX
            assert unquote(response.url.split("?")[0]) == unquote(address.split("?")[0]) + "/"


def test_curl_speaks_http_1_0(curl):
    assert curl("--http1.0", "/text.txt") == TEXT
    assert curl("--http1.0", "/large.bin", "/text.txt") == LARGE + TEXT


def test_curl_gets_ranges(curl):
    assert curl("--range", "4-8", "/text.txt") == b"quick"
    assert curl("--range", "-5", "/text.txt") == b"dog.\n"
    assert curl("--range", f"{len(LARGE) - 10}-", "/large.bin") == LARGE[-10:]
    assert b"Content-Range: bytes 4-8/" in curl("--range", "0-2,4-8", "/text.txt")


def test_curl_decodes_what_it_asked_for(curl):
    assert curl("--compressed", "--write-out", "%header{content-encoding}", "/text.txt") == (
        TEXT + b"gzip")


def test_curl_resumes_what_broke_off(curl, tmp_path):
    part = tmp_path / "part.bin"
    part.write_bytes(LARGE[:123456])
    curl("--continue-at", "-", "--output", "part.bin", "/large.bin")
    assert part.read_bytes() == LARGE
    again = curl("--continue-at", "-", "--output", "part.bin", "--write-out", "%{http_code}",
                 "/large.bin")
    assert again == b"416" and part.read_bytes() == LARGE


def test_curl_asks_for_the_head(curl):
    head = curl("--head", "/large.bin").decode()
    assert head.startswith("HTTP/1.1 200 OK\r\n") and f"Content-Length: {len(LARGE)}\r\n" in head


def test_curl_asks_whether_its_copy_is_current(curl, tmp_path):
    curl("--etag-save", "tag", "--remote-time", "--output", "copy.txt", "/text.txt")
    for words in (["--etag-compare", "tag"], ["--time-cond", "copy.txt"]):
        assert curl(*words, "--write-out", "%{http_code}", "/text.txt") == b"304"
    assert curl("--time-cond", "Sun, 06 Nov 1994 08:49:37 GMT", "/text.txt") == TEXT


def test_curl_keeps_the_connection(curl):
    numbers = curl("--write-out", "%{num_connects}\n", "--output", "a", "/text.txt", "--output",
                   "b", "/missing", "--output", "c", "/large.bin", "--output", "d", "/folder/")
    assert numbers.split() == [b"1", b"0", b"0", b"0"]


def test_curl_gets_many_at_once(curl, server, tmp_path):
    curl("--parallel", "--parallel-max", "10", "--remote-name-all",
         *(f"/many/{number}.txt" for number in range(20)))
    for number in range(20):
        assert (tmp_path / f"{number}.txt").read_bytes() == TEXT * number


@pytest.fixture(scope="module")
def browse(server, tmp_path_factory):
    """The document as Chromium understood it, written out."""
    if not CHROMIUM:
        pytest.skip("chromium is not installed: tools/setup test brings it from Debian's packages")
    profile = tmp_path_factory.mktemp("profile")

    def run(path):
        done = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--no-proxy-server", f"--user-data-dir={profile}", "--dump-dom",
             f"http://127.0.0.1:{server.port}{path}"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE,
            env=dict(os.environ, HOME=str(profile)))
        assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
        return done.stdout.decode()
    return run


def test_browser_shows_a_listing(browse):
    page = browse("/folder")  # it follows the redirect
    assert "<bdi>a &amp; b.txt</bdi>" in page and "&lt;b&gt;ü.txt" in page
    assert 'href="./sub/"' in page and "What is in this folder" in page


def test_browser_shows_the_page_of_an_error(browse):
    page = browse("/no/such/page")
    assert "404" in page and "There is nothing at that address" in page


def test_browser_shows_the_index(browse):
    assert '<p id="x">The index.</p>' in browse("/site/")
