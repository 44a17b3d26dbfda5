# SPDX-License-Identifier: MIT
"""Starts the real program and talks to it over real sockets.

Every wait is for an event (a line on standard error, bytes, the end of a process) with a deadline
that only a broken program reaches. The access log goes to standard error, so a test can wait for
the line of its request; every outcome that was seen in it is remembered in OUTCOMES, and the test
of the registry (tests/outcomes) looks there.
"""
import json
import os
import queue
import re
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from urllib.parse import urljoin

ROOT = Path(__file__).resolve().parents[1]
CANDOR = (ROOT / os.environ.get("CANDOR", "build/candor")).resolve()
DEADLINE = 20.0  # seconds; reached only when something is broken
OUTCOMES = set()  # tokens seen in the access logs of this run


class Response:
    """A parsed response: status, reason, fields (list of pairs), body, raw head."""

    def __init__(self, head, body, complete):
        lines = head.decode("latin-1").split("\r\n")
        self.raw_head = head
        self.version, status, self.reason = (lines[0].split(" ", 2) + [""])[:3]
        self.status = int(status)
        self.fields = [tuple(part.strip(" \t") for part in line.split(":", 1))
                       for line in lines[1:] if line]
        self.body = body
        self.trailers = []
        self.complete = complete  # False: the connection ended before the body did

    def __getitem__(self, name):
        """The only value of a field; None when absent; an error when it is repeated."""
        values = self.all(name)
        assert len(values) < 2, f"{name} is repeated: {values}"
        return values[0] if values else None

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def json(self):
        return json.loads(self.body)

    @property
    def outcome(self):
        """The outcome's token in a problem body."""
        return self.json()["type"].rsplit(":", 1)[1]


def resolved(response, target):
    """The answer to a request for that target, with the address of an upload as its client resolves
    it (RFC 3986 §5.2)."""
    base = "http://host"
    response.fields = [(name, urljoin(base + target, value)[len(base):]
                        if name.lower() == "location" and "?upload=" in value else value)
                       for name, value in response.fields]
    return response


class Client:
    """A raw connection. What is sent is exactly what the test says."""

    def __init__(self, port, host="127.0.0.1", path=None):
        if path:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self.socket.settimeout(DEADLINE)
            self.socket.connect(str(path))
        else:
            self.socket = socket.create_connection((host, port), timeout=DEADLINE)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def send(self, data):
        if data:  # nothing, sent to a Unix socket that is closed already, is an error
            self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))
        return self

    def finish(self):
        """Nothing more will be sent: the server sees the end of the stream."""
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def _more(self):
        data = self.socket.recv(65536)
        self.buffer += data
        return bool(data)

    def _read_chunks(self, response):
        """Content in chunks (RFC 9112 section 7.1): complete only with the last one."""
        data, body = bytearray(self.buffer), bytearray()

        def fill(is_enough):
            while not is_enough():
                piece = self.socket.recv(1 << 20)
                data.extend(piece)
                if not piece:
                    return False
            return True

        response.complete = False
        while not response.complete and fill(lambda: b"\r\n" in data):
            start = data.index(b"\r\n") + 2
            end = start + int(data[:start - 2], 16)
            if start == end and fill(lambda: data[start:start + 2] == b"\r\n" or
                                     b"\r\n\r\n" in data[start:]):
                end = max(start, data.find(b"\r\n\r\n", start) + 2)  # behind the trailer section
                lines = bytes(data[start:end]).decode("latin-1").split("\r\n")
                response.trailers = [tuple(line.split(": ", 1)) for line in lines if line]
                start = end
            if not fill(lambda: len(data) >= end + 2):
                break
            assert data[end:end + 2] == b"\r\n"
            body += data[start:end]
            response.complete = start == end
            del data[:end + 2]
        response.body, self.buffer = bytes(body), bytes(data)

    def read_response(self, method="GET"):
        """The next response; interim (1xx) responses too. EOFError: the connection ended first."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                raise EOFError(f"the connection ended behind {self.buffer!r}")
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        response = Response(head, b"", True)
        if method == "HEAD" or response.status < 200 or response.status in (204, 304):
            return response
        if response["Transfer-Encoding"] == "chunked":
            self._read_chunks(response)
            return response
        length = response["Content-Length"]
        if length is None:
            data = bytearray(self.buffer)
            while piece := self.socket.recv(1 << 20):
                data += piece
            response.body, self.buffer = bytes(data), b""
            return response
        data, length = bytearray(self.buffer), int(length)  # grows without being copied
        while response.complete and len(data) < length:
            piece = self.socket.recv(1 << 20)
            data += piece
            response.complete = bool(piece)
        response.body, self.buffer = bytes(data[:length]), bytes(data[length:])
        return response

    def read_to_end(self):
        """Everything until the server closes. A reset is an error: the answer could be lost."""
        while self._more():
            pass
        data, self.buffer = self.buffer, b""
        return data

    def is_closed(self):
        """Waits for the server to close; False when it sends something instead."""
        return not self.buffer and not self._more()

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Server:
    """`candor serve` on a free port of 127.0.0.1, ended by its own pid.

    root: a folder to serve; or config: the text of a configuration (the access log must stay
    stderr; {root} is replaced by root). user: uid to run as. before: run in the child before exec.
    state: the folder of locks and properties, for servers that follow each other; the configuration
    must then have the same name, as a root has. listen: where it listens, None: where its
    configuration says; then path is that of a Unix socket, and port that of an address.
    """

    def __init__(self, root=None, config=None, arguments=(), user=None, before=None,
                 program=CANDOR, state=None, listen="127.0.0.1:0"):
        command = [str(program), "serve", *(["--listen", listen] if listen else []), *arguments]
        self.folder = tempfile.TemporaryDirectory(prefix="candor-test-")
        if config is not None:
            file = Path(self.folder.name) / "candor.yaml"
            file.write_text(config.replace("{root}", str(root)))
            os.chmod(self.folder.name, 0o755)
            command += ["--config", str(file)]
        elif root is not None:
            command.append(str(root))
        environment = dict(os.environ, STATE_DIRECTORY=str(state or f"{self.folder.name}/state"))
        self.records = queue.Queue()  # of the access log, as dictionaries
        self.messages = []            # other lines on standard error
        self._told = threading.Condition()
        self.port = self.path = None
        self._ready = threading.Event()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, user=user, preexec_fn=before,
                                        env=environment)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._ready.wait(DEADLINE) or not (self.port or self.path):
            self.process.kill()
            raise RuntimeError("the server did not start: " + "\n".join(self.messages))

    def _read(self):
        for line in self.process.stderr:
            text = line.decode("utf-8", "replace").rstrip("\n")
            if text.startswith("{"):
                record = json.loads(text)
                OUTCOMES.add(record["outcome"])
                OUTCOMES.update(attempt["cause"] for attempt in record.get("attempts", [])
                                if "cause" in attempt)
                self.records.put(record)
                continue
            with self._told:
                self.messages.append(text)
                self._told.notify_all()
            found = re.match(r"listening on (?:http://.*:(\d+)/|unix:(.*))$", text)
            if found:
                self.port = self.port or int(found.group(1) or 0) or None
                self.path = self.path or found.group(2)
                self._ready.set()
        self._ready.set()

    def connect(self):
        return Client(self.port, path=None if self.port else self.path)

    def request(self, method, target, fields=None, body=b"", version="HTTP/1.1"):
        """One request on a connection of its own, closed behind it."""
        lines = [f"{method} {target} {version}", f"Host: 127.0.0.1:{self.port or 80}",
                 "Connection: close"]
        lines += [f"{name}: {value}" for name, value in (fields or {}).items()]
        if body or method in ("PUT", "PATCH", "POST"):
            lines.append(f"Content-Length: {len(body)}")
        with self.connect() as client:
            client.send("\r\n".join(lines) + "\r\n\r\n").send(body)
            return resolved(client.read_response(method), target)

    def get(self, target, **fields):
        """GET; field names are written with underscores: if_none_match='"x"'."""
        return self.request("GET", target,
                            {name.replace("_", "-"): value for name, value in fields.items()})

    def raw(self, data):
        """Sends bytes on a connection of its own; the first response."""
        with self.connect() as client:
            client.send(data)
            return client.read_response()

    def next_record(self):
        """Waits for the next line of the access log."""
        return self.records.get(timeout=DEADLINE)

    def wait_for_message(self, text):
        """Waits for a line on standard error that holds the text."""
        with self._told:
            assert self._told.wait_for(lambda: any(text in m for m in self.messages),
                                       DEADLINE), f"no message has: {text}"

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        """Waits for the end; the exit code."""
        code = self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        return code

    def stop(self):
        """Asks it to end, as an operator would; it must end well, and no sanitizer may complain."""
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        code = self.wait()
        self.folder.cleanup()
        assert code == 0, f"it ended with {code}:\n" + "\n".join(self.messages)
        return self

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.stop()
        else:
            self.process.kill()
            self.wait()
            self.folder.cleanup()
