# SPDX-License-Identifier: MIT
"""Clients that may do anything: half requests, slow ones, floods, answers that are hardly read,
walks over everything, and connections that are reset. All of it is drawn from one seed."""
import random
import socket
import struct
import time

from site_of_dav import head_of

KIB, MIB = 1 << 10, 1 << 20
WIDE, MANY, DEEP = 2_000, 20_000, 150  # folders beside each other, files, folders in each other
FLOOD = 200  # requests at once
ADDRESS = "127.0.0.2"  # that all of it comes from
LOCKINFO = (b"<D:lockinfo xmlns:D='DAV:'><D:lockscope><D:shared/></D:lockscope><D:locktype>"
            b"<D:write/></D:locktype><D:owner>" + b"o" * 4_000 + b"</D:owner></D:lockinfo>")
SYNC = (b"<D:sync-collection xmlns:D='DAV:'><D:sync-token/><D:sync-level>1</D:sync-level>"
        b"<D:prop><D:getetag/></D:prop></D:sync-collection>")


def make_site(root):
    (root / "small").write_bytes(b"small")
    with open(root / "large", "wb") as file:
        file.truncate(256 * MIB)
    for number in range(WIDE):
        folder = root / "wide" / f"{number:0180}"
        folder.mkdir(parents=True)
        (folder / "file").write_bytes(b"content")
    (root / "many").mkdir()
    for number in range(MANY):
        (root / "many" / f"{number:0200}").touch()
    (root / "deep" / "/".join(["d"] * DEEP)).mkdir(parents=True)
    (root / "work").mkdir()


def whole(method, target, *lines, content=None):
    if content is not None:
        lines = [*lines, f"Content-Length: {len(content)}"]
    return head_of(method, target, *lines) + (content or b"")


def half_head(draw):
    head = head_of("GET", "/small", *(f"X-{n}: {'v' * 200}" for n in range(draw.randrange(120))))
    return head[:draw.randrange(1, len(head))]


def flood(draw):
    each = draw.choice([head_of("GET", "/small"), head_of("GET", "/"), head_of("GET", "/large"),
                        whole("PUT", f"/work/{draw.randrange(50)}", content=b"x" * 100),
                        head_of("PROPFIND", "/work/", "Depth: 1")])
    return each * draw.randrange(1, FLOOD)


def half_put(draw):
    return head_of("PUT", f"/work/{draw.randrange(50)}", f"Content-Length: {MIB}") \
        + b"p" * draw.randrange(300_000)


def half_form(draw):
    part = b"--b\r\nContent-Disposition: form-data; name=f; filename=%d\r\n\r\n" \
        % draw.randrange(10 ** 6)
    return head_of("POST", "/work/", "Content-Type: multipart/form-data; boundary=b",
                   "Origin: http://dav.localhost", f"Content-Length: {8 * MIB}") \
        + b"".join(part + b"f" * draw.randrange(3_000) + b"\r\n" for _ in range(draw.randrange(40)))


def half_xml(draw):
    method = draw.choice(["PROPFIND", "PROPPATCH", "LOCK", "REPORT"])
    attributes = b" ".join(b"b%d='%s'" % (n, b"v" * 900) for n in range(60))
    piece = draw.choice([b"<a:p xmlns:a='u'>" + b"v" * 60_000 + b"</a:p>",
                         b"<p xmlns='u'/>" * 4_000, b"<a " + attributes + b"/>"])
    content = b"<propertyupdate xmlns='DAV:'><set><prop>" + piece * draw.randrange(1, 15)
    return head_of(method, "/small", "Content-Type: application/xml",
                   f"Content-Length: {min(len(content) + 1, MIB)}") + content[:MIB - 1]


def walk(draw):
    folder = draw.choice(["/", "/wide/", "/many/", "/deep/", "/work/"])
    return draw.choice([
        head_of("GET", folder), head_of("GET", folder + "?search=9"),
        head_of("GET", folder, "Accept-Encoding: gzip"),
        head_of("GET", folder + "?search=no-such-name"),
        head_of("GET", folder + "?archive=zip"), head_of("GET", folder + "?archive=tar"),
        head_of("PROPFIND", folder, "Depth: 1"), head_of("PROPFIND", folder, "Depth: infinity"),
        whole("REPORT", folder, "Content-Type: application/xml", "Depth: 0", content=SYNC)])


def large(draw):
    start = draw.randrange(MIB)
    return head_of("GET", "/large", *draw.choice([
        [], [f"Range: bytes={start}-"],
        ["Range: bytes=" + ",".join(f"{n * 1000}-{n * 1000 + 500}" for n in range(60))]]))


def change(draw):
    name, other = (f"/work/{draw.randrange(50)}" for _ in range(2))
    destination = f"Destination: http://dav.localhost{other}"
    return draw.choice([
        head_of("COPY", "/wide/", f"Destination: http://dav.localhost/work/{draw.randrange(3)}-w/"),
        head_of("COPY", "/large", destination), head_of("COPY", name, destination),
        head_of("MOVE", name, destination), head_of("DELETE", name), head_of("MKCOL", name + "/"),
        whole("LOCK", f"/deep/{'d/' * draw.randrange(DEEP)}", "Timeout: Second-60",
              "Depth: infinity", "Content-Type: application/xml", content=LOCKINFO),
        head_of("PROPFIND", f"/deep/{'d/' * draw.randrange(DEEP)}", "Depth: infinity"),
        head_of("OPTIONS", "*"), whole("PUT", name, content=b"c" * draw.randrange(100_000))])


ACTS = [half_head, flood, half_put, half_form, half_xml, walk, walk, large, change]


class Rude:
    """One connection, which does one thing, or one after the other."""

    def __init__(self, port, seed, acts):
        self.draw, self.acts = random.Random(seed), acts
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                               self.draw.choice([4 * KIB, 64 * KIB, MIB]))
        self.socket.setblocking(False)
        self.socket.bind((ADDRESS, 0))
        self.socket.connect_ex(("127.0.0.1", port))
        self.at_once = self.draw.choice([1, 50, 64 * KIB, MIB])
        self.read_at_once = self.draw.choice([0, 0, 1, 1000, 100_000])
        self.turns = self.draw.randrange(2, 60)
        self.resets = self.draw.random() < 0.5
        self.data = memoryview(self.draw.choice(acts)(self.draw))

    def turn(self):
        """False: it has ended."""
        self.turns -= 1
        try:
            if self.data:
                self.data = self.data[self.socket.send(self.data[:self.at_once]):]
            elif self.draw.random() < 0.2:
                self.data = memoryview(self.draw.choice(self.acts)(self.draw))
        except BlockingIOError:
            pass
        except OSError:
            return False
        try:
            if self.read_at_once and not self.socket.recv(self.read_at_once):
                return False
        except BlockingIOError:
            pass
        except OSError:
            return False
        return self.turns > 0

    def close(self):
        if self.resets:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def be_rude(port, seed, seconds, count, acts=ACTS):
    """As so many connections at a time; returns how many there were."""
    draw, clients, made = random.Random(seed), [], 0
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        while len(clients) < count:
            clients.append(Rude(port, draw.random(), acts))
            made += 1
        staying = []
        for client in clients:
            if client.turn():
                staying.append(client)
            else:
                client.close()
        clients = staying
    for client in clients:
        client.close()
    return made
