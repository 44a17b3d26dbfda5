# SPDX-License-Identifier: MIT
"""What the tests of the gateway share: upstreams whose every byte the test decides."""
import socket
import struct
import threading

import harness
from harness import DEADLINE

LENGTH_0 = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def answer(body=b"", *lines, status="200 OK", version="HTTP/1.1"):
    """An answer of known length."""
    body = body if isinstance(body, bytes) else body.encode()
    head = "".join(f"{line}\r\n" for line in [f"{version} {status}", f"Content-Length: {len(body)}",
                                              *lines])
    return head.encode("latin-1") + b"\r\n" + body


class Request:
    """What has come of a request: the first line, the fields, and the content if it was read."""

    def __init__(self, head):
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.method, self.target, self.version = lines[0].split(" ")
        self.fields = [tuple(part.strip(" \t") for part in line.split(":", 1))
                       for line in lines[1:]]
        self.content, self.trailers = b"", []

    def all(self, name):
        return [value for key, value in self.fields if key.lower() == name.lower()]

    def __getitem__(self, name):
        values = self.all(name)
        assert len(values) < 2, f"{name} is repeated: {values}"
        return values[0] if values else None


class Peer:
    """The upstream's end of a connection of the gateway."""

    def __init__(self, connection):
        self.socket = connection
        self.socket.settimeout(DEADLINE)
        self.buffer = b""

    def _more(self):
        data = self.socket.recv(65536)
        self.buffer += data
        return bool(data)

    def _take(self, count):
        while len(self.buffer) < count:
            if not self._more():
                raise EOFError(f"it ended behind {self.buffer!r}")
        data, self.buffer = self.buffer[:count], self.buffer[count:]
        return data

    def _line(self):
        while b"\r\n" not in self.buffer:
            if not self._more():
                raise EOFError(f"it ended behind {self.buffer!r}")
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def read_head(self):
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                raise EOFError(f"it ended behind {self.buffer!r}")
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        return Request(head)

    def read_content(self, request):
        if request["Content-Length"] is not None:
            request.content = self._take(int(request["Content-Length"]))
        elif request["Transfer-Encoding"] == "chunked":
            while size := int(self._line(), 16):
                request.content += self._take(size)
                assert self._line() == b""
            while line := self._line():
                request.trailers.append(tuple(line.decode().split(": ", 1)))
        return request

    def read(self):
        """A whole request."""
        return self.read_content(self.read_head())

    def send(self, data):
        self.socket.sendall(data)
        return self

    def is_closed(self):
        """Waits for the gateway to close, or to reset; False when something comes instead."""
        try:
            return not self.buffer and not self._more()
        except ConnectionResetError:
            return True

    def close(self):
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Upstream:
    """Listens, and answers nothing by itself: the test accepts each connection."""

    def __init__(self, path=None, backlog=64):
        self.listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(str(path) if path else ("127.0.0.1", 0))
        self.listener.listen(backlog)
        self.listener.settimeout(DEADLINE)
        self.path = path
        self.port = None if path else self.listener.getsockname()[1]
        self.url = f"unix:{path}" if path else f"http://127.0.0.1:{self.port}"

    def accept(self):
        return Peer(self.listener.accept()[0])

    def is_unasked(self):
        """Whether nobody has connected until now."""
        self.listener.settimeout(0)
        try:
            self.listener.accept()[0].close()
            return False
        except BlockingIOError:
            return True
        finally:
            self.listener.settimeout(DEADLINE)

    def close(self):
        self.listener.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Answering(Upstream):
    """Answers each request with what `handle(request)` returns, in a thread for each connection."""

    def __init__(self, handle, **options):
        super().__init__(**options)
        self.listener.settimeout(None)
        self.handle, self.requests = handle, []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._talk, args=(Peer(connection),), daemon=True).start()

    def _talk(self, peer):
        try:
            with peer:
                peer.socket.settimeout(None)
                while True:
                    request = peer.read()
                    self.requests.append(request)
                    peer.send(self.handle(request))
        except (EOFError, OSError):
            pass

    def close(self):
        # Only a shutdown wakes a thread that waits in accept.
        self.listener.shutdown(socket.SHUT_RDWR)
        super().close()


def config(*to, keys="", top="workers: 1\n", route=""):
    """A route / that passes on to these addresses."""
    addresses = ", ".join(f"'{each if isinstance(each, str) else each.url}'" for each in to)
    return (f"{top}routes:\n  - path: /\n{route}    gateway: {{ to: [{addresses}]"
            + (f", {keys}" if keys else "") + " }\n")


def gateway(*to, **options):
    return harness.Server(config=config(*to, **options))


def request(method="GET", target="/", *lines, host="example", version="HTTP/1.1"):
    """The bytes of a head."""
    return (f"{method} {target} {version}\r\n" + "".join(
        f"{line}\r\n" for line in ([f"Host: {host}"] if host else []) + list(lines))
            + "\r\n").encode("latin-1")


def record_of(server, target):
    """Waits for the access log's line of a target."""
    while True:
        record = server.next_record()
        if record["target"] == target:
            return record


def proxy_status(response):
    """The parameters of the last member, as a dictionary."""
    members = [part.strip() for part in response.all("Proxy-Status")[-1].split(";")]
    return members[0], dict(member.split("=", 1) for member in members[1:])
