# SPDX-License-Identifier: MIT
"""Real applications behind a gateway: gunicorn, uvicorn, node with express and ws, and Candor."""
import json
import os
import shutil
import socket
import subprocess
import time

import pytest

import harness
from site_of_gateway import gateway, record_of, request

PYTHON = "/usr/bin/python3"
MODULES = "/usr/share/nodejs"


class Application:
    """A program that listens on the socket app.sock; it is ready when that takes connections."""

    def __init__(self, command, folder, **environment):
        self.url = f"unix:{folder}/app.sock"
        self.process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL,
                                        stderr=(folder / "errors").open("wb"),
                                        env=dict(os.environ, **environment))
        end = time.monotonic() + harness.DEADLINE
        while True:
            try:
                with socket.socket(socket.AF_UNIX) as trying:
                    trying.connect(f"{folder}/app.sock")
                    return
            except OSError:
                if time.monotonic() > end or self.process.poll() is not None:
                    self.process.kill()
                    raise RuntimeError((folder / "errors").read_text()) from None
                time.sleep(0.02)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(harness.DEADLINE)


def needs(module):
    if subprocess.run([PYTHON, "-c", f"import {module}"], capture_output=True,
                      check=False).returncode:
        pytest.skip(f"python3-{module} is not installed")


WSGI = """\
def app(environ, start_response):
    body = environ["wsgi.input"].read()
    if environ["PATH_INFO"] == "/fails":
        raise RuntimeError("meant")
    start_response("200 OK", [("Content-Type", "text/plain")])
    told = "{REQUEST_METHOD} {PATH_INFO} {QUERY_STRING} {HTTP_X_FORWARDED_FOR} ".format(**environ)
    yield told.encode() + str(len(body)).encode()
"""


def test_gunicorn(tmp_path):
    needs("gunicorn")
    (tmp_path / "site_wsgi.py").write_text(WSGI)
    command = [PYTHON, "-m", "gunicorn", "-b", "unix:app.sock", "-w", "2", "--keep-alive", "1",
               "-k", "gthread", "site_wsgi:app"]
    with Application(command, tmp_path) as app, gateway(app.url) as server:
        assert server.get("/a%20b?c=d").body == b"GET /a b c=d 127.0.0.1 0"
        assert server.request("POST", "/p", body=bytes(100000)).body.endswith(b" 100000")
        with server.connect() as client:
            client.send(request("POST", "/chunks", "Transfer-Encoding: chunked")
                        + b"3\r\nabc\r\n0\r\n\r\n")
            assert client.read_response().body.endswith(b" 3")
        answered = server.get("/fails")
        assert answered.status == 500
        assert record_of(server, "/fails")["origin"] == "upstream"


ASGI = """\
import asyncio

async def app(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": "echo " + message["text"]})
        return
    if scope["type"] != "http":
        return
    start = {"type": "http.response.start", "status": 200,
             "headers": [(b"content-type", b"text/event-stream")]}
    await send(start)
    if scope["path"] == "/events":
        for number in range(3):
            await send({"type": "http.response.body", "body": b"data: %d\\n\\n" % number,
                        "more_body": True})
            await asyncio.sleep(0.01)
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    await send({"type": "http.response.body", "body": b"read %d" % len(body)})
"""


def test_uvicorn_with_events_and_a_websocket(tmp_path):
    needs("uvicorn")
    needs("websockets")
    (tmp_path / "site_asgi.py").write_text(ASGI)
    command = [PYTHON, "-m", "uvicorn", "--uds", "app.sock", "site_asgi:app"]
    with Application(command, tmp_path) as app, gateway(app.url) as server:
        assert server.request("POST", "/", body=bytes(500000)).body == b"read 500000"
        assert server.get("/events").body == b"data: 0\n\ndata: 1\n\ndata: 2\n\nread 0"
        talk = f"""\
import asyncio, websockets
async def main():
    async with websockets.connect("ws://127.0.0.1:{server.port}/chat") as socket:
        for size in (1, 1000, 100000):
            await socket.send(size * "x")
            assert await socket.recv() == "echo " + size * "x"
asyncio.run(main())
"""
        subprocess.run([PYTHON, "-c", talk], check=True, timeout=harness.DEADLINE)
        assert record_of(server, "/chat")["outcome"] == "tunnelled"


EXPRESS = """\
const express = require('express'), { WebSocketServer } = require('ws');
const app = express();
app.set('trust proxy', true);
app.get('/hello/:name', (q, r) => r.json({ name: q.params.name, ip: q.ip, host: q.hostname }));
app.post('/echo', express.text({ limit: '10mb' }), (q, r) => r.send(q.body));
app.get('/events', (q, r) => {
    r.set('Content-Type', 'text/event-stream');
    let n = 0;
    const timer = setInterval(() => {
        r.write(`data: ${n++}\\n\\n`);
        if (n == 3) { clearInterval(timer); r.end(); }
    }, 5);
});
app.get('/hints', (q, r) => {
    r.writeEarlyHints({ link: '</a.css>; rel=preload' });
    r.send('hinted');
});
const server = app.listen('app.sock');
server.keepAliveTimeout = 50;
new WebSocketServer({ server, path: '/ws' }).on('connection', (s) =>
    s.on('message', (m) => s.send('echo ' + m)));
"""


@pytest.fixture(scope="module", name="express")
def fixture_express(tmp_path_factory):
    if not shutil.which("node") or not os.path.isdir(f"{MODULES}/express"):
        pytest.skip("node-express is not installed")
    if not os.path.isdir(f"{MODULES}/ws"):
        pytest.skip("node-ws is not installed")
    folder = tmp_path_factory.mktemp("express")
    (folder / "app.cjs").write_text(EXPRESS)
    with Application(["node", "app.cjs"], folder, NODE_PATH=MODULES) as app:
        with gateway(app.url, route="    limits: { content: 16M }\n") as server:
            yield server


def test_express_answers(express):
    told = express.get("/hello/a%C3%BC").json()
    assert told == {"name": "aü", "ip": "127.0.0.1", "host": "127.0.0.1"}
    content = 3000000 * b"x"
    assert express.request("POST", "/echo", {"Content-Type": "text/plain"}, content).body == content


def test_express_sends_events(express):
    assert express.get("/events").body == b"data: 0\n\ndata: 1\n\ndata: 2\n\n"


def test_express_gives_early_hints(express):
    with express.connect() as client:
        client.send(request("GET", "/hints"))
        answered = client.read_response()
        if answered.status == 103:  # node 18.11 and later
            assert answered["Link"] == "</a.css>; rel=preload"
            answered = client.read_response()
        assert answered.status in (200, 500)


def test_node_closes_idle_connections_and_nobody_notices(express):
    """Its connections end after 50 ms; requests come at about that pace."""
    with express.connect() as client:
        for number in range(40):
            client.send(request("GET", f"/hello/{number}"))
            assert client.read_response().status == 200
            time.sleep(0.045 + number % 5 * 0.003)  # what is tried is the race itself


def test_ws_talks_with_node(express):
    script = f"""\
const {{ WebSocket }} = require('ws');
const s = new WebSocket('ws://127.0.0.1:{express.port}/ws');
s.on('open', () => s.send('hello'));
s.on('message', (m) => {{ console.log(JSON.stringify(String(m))); s.close(); }});
"""
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True,
                          timeout=harness.DEADLINE, env=dict(os.environ, NODE_PATH=MODULES))
    assert json.loads(done.stdout) == "echo hello"


def test_another_candor(tmp_path):
    (tmp_path / "file.txt").write_text("hello\n")
    with harness.Server(root=tmp_path, arguments=["--write"]) as inner:
        with gateway(f"http://127.0.0.1:{inner.port}") as server:
            answered = server.get("/file.txt")
            assert answered.body == b"hello\n"
            assert server.get("/file.txt", if_none_match=answered["ETag"]).status == 304
            assert server.get("/file.txt", range="bytes=1-2").body == b"el"
            assert server.request("PUT", "/new.txt", body=b"new").status == 201
            assert server.request("PROPFIND", "/", {"Depth": "1"}).status == 207
            assert server.request("DELETE", "/new.txt").status == 204
            missing = server.get("/missing")
            assert missing.status == 404
            assert missing.all("Proxy-Status") == ["candor; received-status=404"]


def test_a_chain_of_gateways_tells_each_ones_part():
    with gateway("http://127.0.0.1:1") as inner, gateway(f"http://127.0.0.1:{inner.port}") as outer:
        answered = outer.get("/")
        assert answered.status == 502
        assert [each.split(";")[1].strip() for each in answered.all("Proxy-Status")] == [
            "error=connection_refused", "received-status=502"]
