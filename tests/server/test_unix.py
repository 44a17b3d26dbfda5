# SPDX-License-Identifier: MIT
"""A Unix socket to listen on: who may connect, whose file is replaced and removed, and what stands
in front of it."""
import os
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

import harness
from harness import DEADLINE, Client, Server

WRITABLE = "routes:\n  - path: /\n    files: { root: '{root}', write: true }\n"
NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")


@pytest.fixture
def around():
    """A folder with a short name that every user may enter."""
    with tempfile.TemporaryDirectory(prefix="candor-test-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.fixture
def root(around):
    folder = around / "root"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"content\n")
    return folder


@pytest.fixture
def path(around):
    return around / "candor.sock"


def listening(path, **keys):
    """A configuration's list of that one address."""
    more = "".join(f", {key}: {value}" for key, value in keys.items())
    return f"listen:\n  - {{ address: 'unix:{path}'{more} }}\n" + WRITABLE


def curl(path, *arguments, user=None):
    return subprocess.run(["curl", "-sS", "--max-time", "20", "--unix-socket", path, *arguments],
                          capture_output=True, text=True, timeout=DEADLINE + 20, check=False,
                          user=user)


def refused(listen, root):
    """What a start says that does not come to be."""
    result = subprocess.run([harness.CANDOR, "serve", "--listen", listen, root], text=True,
                            capture_output=True, timeout=DEADLINE, check=False)
    return result.returncode, result.stderr.strip()


needs_curl = pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")


@needs_curl
def test_curl_reads_and_writes_through_it_and_the_log_says_whence(root, path):
    with Server(root, listen=f"unix:{path}", arguments=["--write"]) as server:
        assert curl(path, "http://localhost/a.txt").stdout == "content\n"
        record = server.next_record()
        assert (record["client"], record["outcome"]) == ("unix", "ok")
        done = curl(path, "-w", "%{http_code}", "-T", root / "a.txt", "http://any.example/b.txt")
        assert done.stdout.endswith("201"), done
        assert f"listening on unix:{path}" in server.messages
        assert not any("open-to-all" in message for message in server.messages)
    assert (root / "b.txt").read_bytes() == b"content\n"
    assert not path.exists()


def test_the_combined_log_says_it_in_the_place_of_an_address(root, path, tmp_path):
    log = tmp_path / "log"
    text = f"access_log: {log}\naccess_log_format: combined\n" + listening(path)
    with Server(root, config=text, listen=None) as server:
        assert server.get("/a.txt").status == 200
    assert log.read_text().startswith("unix - - [")


def test_all_workers_share_it(root, path):
    with Server(root, config="workers: 3\n" + listening(path), listen=None) as server:
        clients = [server.connect() for _ in range(60)]
        for client in clients:
            client.send("GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n")
        assert all(client.read_response().body == b"content\n" for client in clients)
        for client in clients:
            client.close()


@pytest.mark.parametrize("keys, mode", [({}, 0o660), ({"mode": "0600"}, 0o600),
                                        ({"mode": "666"}, 0o666), ({"mode": "0o640"}, 0o640)])
def test_its_mode_is_as_configured_whatever_the_umask(root, path, keys, mode):
    with Server(root, config=listening(path, **keys), listen=None,
                before=lambda: os.umask(0o077)) as server:
        assert stat.S_IMODE(path.stat().st_mode) == mode
        assert server.get("/a.txt").status == 200


@needs_root
@needs_curl
def test_who_may_write_to_it_may_connect_and_nobody_else(root, path):
    text = listening(path, mode="0600", owner=NOBODY, group="nogroup")
    with Server(root, config=text, listen=None):
        info = path.stat()
        assert (info.st_uid, info.st_gid) == (NOBODY, NOBODY)
        assert curl(path, "http://localhost/a.txt", user=NOBODY).stdout == "content\n"
        assert curl(path, "http://localhost/a.txt", user=1).returncode == 7


@needs_root
def test_an_owner_that_only_root_may_choose_is_told(root, path, around):
    around.chmod(0o777)
    root.chmod(0o777)
    with pytest.raises(RuntimeError, match="this user may not give the socket to that owner"):
        Server(root, config=listening(path, owner="root"), listen=None, user=NOBODY,
               state=around / "state")
    assert not path.exists()


def test_what_a_dead_server_left_is_replaced(root, path):
    server = Server(root, listen=f"unix:{path}")
    server.signal(signal.SIGKILL)
    server.wait()
    assert path.is_socket()
    with Server(root, listen=f"unix:{path}") as server:
        assert server.get("/a.txt").body == b"content\n"


def test_one_that_somebody_listens_on_is_refused_and_left_alone(root, path):
    with Server(root, listen=f"unix:{path}") as server:
        code, told = refused(f"unix:{path}", root)
        assert code == 1 and told == (f"candor: address-in-use: cannot listen on unix:{path}: "
                                      "another program already does; stop it or choose another "
                                      "path with --listen")
        assert server.get("/a.txt").body == b"content\n"
    other = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)  # no server of HTTP, but alive
    other.bind(str(path))
    assert refused(f"unix:{path}", root)[0] == 1 and path.is_socket()
    other.close()


def test_of_two_that_start_at_once_one_gets_it(root, path):
    command = [harness.CANDOR, "serve", "--listen", f"unix:{path}", root]
    running = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    told = [process.stderr.readline() for process in running]
    assert sum(line.startswith("listening on unix:") for line in told) == 1, told
    with Client(0, path=path) as client:
        client.send("GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n")
        assert client.read_response().body == b"content\n"
    for process, line in zip(running, told):
        if line.startswith("listening"):
            process.terminate()
        assert process.wait(DEADLINE) == (0 if line.startswith("listening") else 1)
        process.stderr.close()


def test_something_else_at_its_path_is_never_removed(root, path):
    path.write_bytes(b"precious")
    code, told = refused(f"unix:{path}", root)
    assert code == 1 and "something that is no socket is there" in told
    assert path.read_bytes() == b"precious"
    (path.parent / "link.sock").symlink_to(path)
    assert refused(f"unix:{path.parent / 'link.sock'}", root)[0] == 1
    assert path.read_bytes() == b"precious"


def test_one_that_another_made_meanwhile_stays(root, path):
    first = Server(root, listen=f"unix:{path}")
    path.unlink()
    with Server(root, listen=f"unix:{path}") as second:
        first.stop()
        assert path.is_socket() and second.get("/a.txt").status == 200


def test_a_stop_removes_it_and_finishes_what_runs(root, path):
    with Server(root, listen=f"unix:{path}", arguments=["--write"]) as server:
        client = server.connect()
        client.send("PUT /b HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n"
                    "Expect: 100-continue\r\n\r\n")
        assert client.read_response().status == 100
        server.signal(signal.SIGTERM)
        while path.exists():
            os.sched_yield()
        client.send("ab")
        assert client.read_response().status == 201
        client.close()
        assert server.wait() == 0
    assert (root / "b").read_bytes() == b"ab"


@pytest.mark.parametrize("listen, told", [
    ("unix:" + "p" * 108, "has no path of 1 to 107 bytes"), ("unix:", "has no path of 1 to"),
    ("unix:/nowhere-at-all/s", "cannot listen on unix:/nowhere-at-all/s: No such file")])
def test_a_path_that_cannot_be_is_told(root, listen, told):
    code, said = refused(listen, root)
    assert code == (1 if "cannot" in told else 2) and told in said


def test_a_relative_path_is_relative_to_the_configuration(root):
    text = "listen: [unix:here.sock]\n" + WRITABLE
    with Server(root, config=text, listen=None) as server:
        assert server.path.startswith("/") and server.path.endswith("/here.sock")
        assert server.get("/a.txt").status == 200


def test_large_files_come_whole_and_a_client_that_leaves_is_told(root, path):
    content = os.urandom(1 << 20) * 8
    (root / "large").write_bytes(content)
    with Server(root, listen=f"unix:{path}", arguments=["--write"]) as server:
        assert server.get("/large").body == content
        assert server.request("PUT", "/copy", body=content).status == 201
        assert server.next_record()["outcome"] == "ok"
        assert server.next_record()["outcome"] == "created"
        with server.connect() as client:
            client.send("GET /large HTTP/1.1\r\nHost: h\r\n\r\n")
            client.socket.recv(1000)
        assert server.next_record()["ended"] == "client-gone"
    assert (root / "copy").read_bytes() == content


NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream candor {{ server unix:{path}; keepalive 4; }}
  server {{
    listen unix:{folder}/front.sock;
    client_max_body_size 0;
    location / {{
      proxy_pass http://candor;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }}
  }}
}}
"""


@pytest.mark.skipif(not shutil.which("nginx"), reason="there is no nginx")
def test_nginx_stands_in_front_of_it(root, path, around):
    folder = around / "nginx"
    folder.mkdir()
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, path=path))
    content = os.urandom(3 << 20)
    with Server(root, listen=f"unix:{path}", arguments=["--write"]) as server:
        nginx = subprocess.Popen(["nginx", "-p", folder, "-c", folder / "nginx.conf", "-e",
                                  folder / "error.log"], stderr=subprocess.DEVNULL)
        try:
            while not (folder / "nginx.pid").exists():  # it is written when all is open
                assert nginx.poll() is None, (folder / "error.log").read_text()
                os.sched_yield()
            with Client(0, path=folder / "front.sock") as client:
                head = "{} HTTP/1.1\r\nHost: files.example.org\r\nContent-Length: {}\r\n\r\n"
                client.send(head.format("PUT /b.bin", len(content))).send(content)
                assert client.read_response().status == 201
                client.send(head.format("GET /b.bin", 0))
                assert client.read_response().body == content
                client.send(head.format("PROPFIND /", 0))
                assert client.read_response().status == 207
        finally:
            nginx.terminate()
            nginx.wait(DEADLINE)
        assert [server.next_record()["client"] for _ in range(3)] == ["unix"] * 3
