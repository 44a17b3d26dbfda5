# SPDX-License-Identifier: MIT
"""FastCGI: PHP-FPM as its users know it (RFC 3875, the FastCGI Specification)."""
import glob
import os
import shutil
import socket
import struct
import subprocess
import time

import pytest

import harness
from site_of_gateway import Upstream, config, proxy_status, record_of, request

POOL = """\
[global]
error_log = {folder}/fpm.log
daemonize = no
[www]
listen = {folder}/php.sock
{user}
pm = static
pm.max_children = 2
catch_workers_output = yes
clear_env = yes
"""

TELL = """<?php header('Content-Type: application/json');
echo json_encode(['server' => $_SERVER, 'get' => $_GET, 'post' => $_POST,
                  'body' => file_get_contents('php://input')]);
"""


def program():
    found = shutil.which("php-fpm") or next(iter(sorted(glob.glob("/usr/sbin/php-fpm*"))), None)
    if not found:
        pytest.skip("php-fpm is not installed")
    return found


def wait_for_socket(path, process):
    end = time.monotonic() + harness.DEADLINE
    while time.monotonic() < end and process.poll() is None:
        try:
            with socket.socket(socket.AF_UNIX) as trying:
                trying.connect(str(path))
                return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("the application did not start")


@pytest.fixture(scope="module", name="php")
def fixture_php(tmp_path_factory):
    folder = tmp_path_factory.mktemp("php")
    root = folder / "www"
    (root / "sub").mkdir(parents=True)
    (root / "tell.php").write_text(TELL)
    (root / "index.php").write_text("<?php echo 'index ', $_SERVER['REQUEST_URI'];")
    (root / "sub/index.php").write_text("<?php echo 'sub';")
    (root / "status.php").write_text("<?php http_response_code(418); header('X-A: b');"
                                     "setcookie('a', '1'); echo 'tea';")
    (root / "moved.php").write_text("<?php header('Location: /elsewhere');")
    (root / "large.php").write_text("<?php for ($i = 0; $i < 1000; $i++)"
                                    " echo str_repeat('x', 1000);")
    (root / "complains.php").write_text("<?php error_log('something is odd'); echo 'fine';")
    (root / "picture.jpg").write_text("<?php echo 'never run';")
    user = "user = root\ngroup = root" if os.geteuid() == 0 else ""
    (folder / "fpm.conf").write_text(POOL.format(folder=folder, user=user))
    arguments = [program(), "-F", "-n", "-y", str(folder / "fpm.conf")]
    if os.geteuid() == 0:
        arguments.append("-R")
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_socket(folder / "php.sock", process)
        yield f"fcgi+unix:{folder}/php.sock", root
    finally:
        process.terminate()
        process.wait(harness.DEADLINE)


@pytest.fixture(scope="module", name="server")
def fixture_server(php):
    with harness.Server(config=config(php[0], keys=f"root: '{php[1]}'")) as server:
        yield server


def test_a_script_is_told_what_rfc_3875_says(server, php):
    answered = server.request("GET", "/tell.php?a=1&b=%20", {"X-Mine": "yes", "Proxy": "evil",
                                                            "X_Forwarded_For": "1.2.3.4"})
    assert (answered.status, answered["Content-Type"]) == (200, "application/json")
    told = answered.json()["server"]
    assert told["SCRIPT_FILENAME"] == f"{php[1]}/tell.php"
    assert (told["SCRIPT_NAME"], told["DOCUMENT_ROOT"]) == ("/tell.php", str(php[1]))
    assert (told["REQUEST_METHOD"], told["QUERY_STRING"]) == ("GET", "a=1&b=%20")
    assert (told["REQUEST_URI"], told["SERVER_PROTOCOL"]) == ("/tell.php?a=1&b=%20", "HTTP/1.1")
    assert (told["GATEWAY_INTERFACE"], told["REMOTE_ADDR"]) == ("CGI/1.1", "127.0.0.1")
    assert (told["SERVER_NAME"], told["SERVER_PORT"]) == ("127.0.0.1", str(server.port))
    assert (told["HTTP_X_MINE"], told["HTTP_X_FORWARDED_FOR"]) == ("yes", "127.0.0.1")
    assert "HTTP_PROXY" not in told and "PATH_INFO" not in told
    assert told["HTTP_HOST"] == f"127.0.0.1:{server.port}"
    assert answered.json()["get"] == {"a": "1", "b": " "}


def test_lines_of_one_field_are_joined(server):
    """RFC 3875 §4.1.18: as a single value that means the same."""
    with server.connect() as client:
        client.send(request("GET", "/tell.php", "Cookie: a=1", "X-Mine: one", "Cookie: b=2",
                            "Accept: text/html", "x-mine: two", "Accept: */*", "X-MINE: "))
        told = client.read_response().json()["server"]
    assert told["HTTP_COOKIE"] == "a=1; b=2"
    assert told["HTTP_ACCEPT"] == "text/html, */*"
    assert told["HTTP_X_MINE"] == "one, two, "


def test_a_form_arrives(server):
    told = server.request("POST", "/tell.php", {"Content-Type":
                                                "application/x-www-form-urlencoded"}, b"a=1&b=2")
    assert told.json()["post"] == {"a": "1", "b": "2"}
    assert told.json()["server"]["CONTENT_LENGTH"] == "7"


def test_content_in_chunks_arrives_with_its_length(server):
    with server.connect() as client:
        client.send(request("POST", "/tell.php", "Transfer-Encoding: chunked")
                    + b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        assert client.read_response().json()["body"] == "abcde"


def test_content_in_chunks_beyond_the_buffer_needs_a_length(server):
    with server.connect() as client:
        client.send(request("POST", "/tell.php", "Transfer-Encoding: chunked")
                    + b"20000\r\n" + bytes(0x20000) + b"\r\n0\r\n\r\n")
        assert client.read_response().status == 411


def test_also_where_all_of_it_comes_with_the_head(php):
    with harness.Server(config=config(php[0], keys=f"root: '{php[1]}', buffer: 4")) as server:
        with server.connect() as client:
            client.send(request("POST", "/tell.php", "Transfer-Encoding: chunked")
                        + b"5\r\nabcde\r\n0\r\n\r\n")
            assert client.read_response().status == 411
        assert server.request("POST", "/tell.php", body=b"abcde").json()["body"] == "abcde"


def test_large_content_streams(server):
    content = bytes(range(33, 97)) * 10000
    answered = server.request("POST", "/tell.php", {"Content-Type": "text/plain"}, content)
    assert answered.json()["body"] == content.decode()


def test_status_and_fields_are_the_scripts(server):
    answered = server.get("/status.php")
    assert (answered.status, answered["X-A"], answered.body) == (418, "b", b"tea")
    assert answered["Set-Cookie"] == "a=1" and answered["Status"] is None
    moved = server.get("/moved.php")
    assert (moved.status, moved["Location"]) == (302, "/elsewhere")


def test_a_large_answer_arrives_whole(server):
    assert server.get("/large.php").body == 1000000 * b"x"


def test_head_has_no_content(server):
    with server.connect() as client:
        client.send(request("HEAD", "/tell.php") + request("GET", "/sub/"))
        assert client.read_response("HEAD").status == 200
        assert client.read_response().body == b"sub"


def test_the_index_answers_for_a_folder(server):
    assert server.get("/").body == b"index /"
    assert server.get("/sub/").body == b"sub"


def test_what_is_no_script_is_never_run(server):
    for target in ("/picture.jpg", "/picture.jpg/x.html", "/tell.php%00.jpg", "/tell.php/",
                   "/tell.php/more.php"):
        answered = server.get(target)
        assert answered.status == 404, target
        assert b"never run" not in answered.body
    # What the application makes of a folder that is a file is its own setting.
    assert b"never run" not in server.get("/picture.jpg/x.php").body


def test_a_script_that_is_not_there(server):
    for target in ("/none.php", "/sub/none.php"):
        answered = server.get(target)
        assert (answered.status, answered.outcome) == (404, "script-unknown"), target
        record = record_of(server, target)
        assert (record["origin"], record["upstream_status"]) == ("here", 404)
    server.wait_for_message("Primary script unknown")


def test_complaints_are_in_the_operators_log(server):
    assert server.get("/complains.php").body == b"fine"
    server.wait_for_message("something is odd")


def test_connections_are_kept_or_not_as_the_application_says(server):
    with server.connect() as client:
        for _ in range(20):
            client.send(request("GET", "/sub/"))
            assert client.read_response().body == b"sub"


def test_a_front_controller_answers_for_all_other_paths(php):
    text = config(php[0], keys=f"root: '{php[1]}', script: /index.php")
    with harness.Server(config=text) as server:
        assert server.get("/some/page?x").body == b"index /some/page?x"
        assert server.get("/sub/").body == b"index /sub/"
        assert server.get("/picture.jpg").body == b"index /picture.jpg"
        assert server.get("/sub/index.php").body == b"sub"


# What an application sends is also tried without one: records of the test's own.

def record(kind, content, identifier=1):
    return struct.pack("!BBHHBB", 1, kind, identifier, len(content), 0, 0) + content


END = record(3, struct.pack("!IB3x", 0, 0))


@pytest.fixture(name="scripted")
def fixture_scripted():
    with Upstream() as upstream:
        with harness.Server(config=config(f"fcgi://127.0.0.1:{upstream.port}",
                                          keys="root: /srv, retries: 0")) as server:
            yield upstream, server


def read_request(peer):
    """Up to the end of the content."""
    while True:
        head = peer._take(8)
        _, kind, _, length, padding, _ = struct.unpack("!BBHHBB", head)
        peer._take(length + padding)
        if kind == 5 and length == 0:
            return


@pytest.mark.parametrize("sent,status,outcome,error", [
    (b"", 502, "upstream-closed", "connection_terminated"),
    (END, 502, "application-ended", "http_response_incomplete"),
    (record(6, b"Content-Type: text/plain\r\n") + END, 502, "application-ended",
     "http_response_incomplete"),
    (record(3, struct.pack("!IB3x", 0, 2)), 503, "application-refused",
     "connection_limit_reached"),
    (b"HTTP/1.1 200 OK\r\n\r\n", 502, "upstream-malformed", "http_protocol_error"),
    (record(6, b"no head at all\r\n\r\n") + END, 502, "upstream-malformed", "http_protocol_error"),
], ids=["closed", "ended", "half", "refused", "http", "no head"])
def test_an_application_that_fails(scripted, sent, status, outcome, error):
    upstream, server = scripted
    with server.connect() as client:
        client.send(request("GET", "/a.php"))
        with upstream.accept() as peer:
            read_request(peer)
            peer.send(sent)
        answered = client.read_response()
    assert (answered.status, answered.outcome) == (status, outcome)
    assert proxy_status(answered)[1]["error"] == error
    assert record_of(server, "/a.php")["attempts"][0]["cause"] == outcome


def test_an_application_that_breaks_off(scripted):
    upstream, server = scripted
    with server.connect() as client:
        client.send(request("GET", "/a.php"))
        with upstream.accept() as peer:
            read_request(peer)
            peer.send(record(6, b"Content-Type: text/plain\r\n\r\nabc"))
        assert not client.read_response().complete
    assert record_of(server, "/a.php")["attempts"][0]["phase"] == "body"
