# SPDX-License-Identifier: MIT
"""Memory, descriptors and the disk fail, one call after the other, for every kind of request.

The program runs with tests/faults/faults.c preloaded, which lets the Nth call fail. Each request is
made with N = 1, 2, 3 and so on, until one goes through in which none failed. Whatever failed, the
answer is that of the undisturbed request or says that the server is at fault (RFC 9110 §15.6), and
never that the client is; and it agrees with what is there afterwards. Where nothing was done, the
request succeeds when it is made again.
"""
import os
import re
from base64 import b64encode
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from harness import Client, Server, resolved
from site_of_dav import TEMPORARY, chunked, config, head_of
from site_of_faults import LIBRARY, MOST_CALLS, Faults, preloaded

SMALL, LARGE = b"small", bytes(range(256)) * 800
SERVERS_FAULT = re.compile(rb"<D:status>HTTP/1\.1 50[07] ")
DIGEST = f"sha-256=:{b64encode(sha256(SMALL).digest()).decode()}:"
PIECE = "Content-Type: application/partial-upload"
DATED = "X-OC-Mtime: 1234567890"
RESUMABLE = ("Upload-Complete: ?1", "Upload-Draft-Interop-Version: 6")
PATCH = "Content-Type: application/x-sabredav-partialupdate"
ASKING_TOKEN = b'<D:propfind xmlns:D="DAV:"><D:prop><D:sync-token/></D:prop></D:propfind>'
SYNC = (b'<D:sync-collection xmlns:D="DAV:"><D:sync-token/><D:sync-level>infinite</D:sync-level>'
        b"<D:prop><D:getetag/></D:prop></D:sync-collection>")
LOCKINFO = (b'<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
            b"<D:locktype><D:write/></D:locktype><D:owner>me</D:owner></D:lockinfo>")
SETTING = (b'<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x:a xmlns:x="urn:x">new</x:a>'
           b"<D:getlastmodified>Mon, 12 Jan 1998 09:25:56 GMT</D:getlastmodified>"
           b"</D:prop></D:set></D:propertyupdate>")
ASKING = (b'<D:propfind xmlns:D="DAV:"><D:prop><x:a xmlns:x="urn:x"/><D:lockdiscovery/>'
          b"<D:resourcetype/></D:prop></D:propfind>")

pytestmark = pytest.mark.skipif(not LIBRARY.exists(),
                                reason="what sanitizers watch over cannot be made to fail")


class Site:
    """The server under test, and a connection to it."""

    def __init__(self, root, server, faults):
        self.root, self.server, self.faults = root, server, faults
        self.client = None

    def connection(self):
        """One that the server has taken on, and has answered on."""
        if self.client is None:
            self.client = Client(self.server.port)
            self.client.send(head_of("GET", "/ready")).read_response()
        return self.client

    def send(self, ask):
        """The answer; None when the connection ended before all of it had come."""
        client = self.connection()
        try:
            client.send(ask.data())
            response = resolved(client.read_response(ask.method), ask.target)
        except (EOFError, OSError):
            response = None
        if response is None or not response.complete or response["Connection"] == "close":
            client.close()
            self.client = None
        return response if response and response.complete else None

    def ask(self, method, target, *lines, content=None):
        response = self.send(Ask(method, target, lines, content))
        assert response and response.status < 300, (method, target, response and response.body)
        return response


@dataclass
class Ask:
    method: str
    target: str
    lines: tuple = ()
    content: bytes = None
    coding: str = None

    def data(self):
        lines, content = list(self.lines), self.content
        if self.coding == "chunked":
            lines.append("Transfer-Encoding: chunked")
            content = chunked(content)
        elif content is not None:
            lines.append(f"Content-Length: {len(content)}")
        return head_of(self.method, self.target, *lines) + (content or b"")


@dataclass
class Case:
    name: str
    ask: object  # from the folder's address, and what make returned, to an Ask
    status: int
    make: object = None  # prepares the folder: of the site, its path and its address
    probe: object = None  # what else can be seen afterwards
    files: dict = field(default_factory=dict)  # that are there
    body_varies: bool = False  # with the time, or where what was done cannot be looked at
    needs_nothing: bool = False  # no memory, and no disk
    may_leave_parts: bool = False  # by its nature: a failure leaves something to go on with


def case(name, status, method, target, *lines, content=None, coding=None, **more):
    """Where nothing of the request depends on what was made before; "{at}" is the folder."""
    def ask(at, _made):
        return Ask(method, target.format(at=at), tuple(line.format(at=at) for line in lines),
                   content, coding)
    return Case(name, ask, status, **more)


# ---- What is there before

FILE = {"file": b"as it was"}
TREE = {"tree/a": b"a", "tree/b/c": b"c", "tree/b/d": b"d"}


def lock(site, _path, at, target="file", *lines):
    response = site.ask("LOCK", at + target, "Timeout: Second-3600", *lines, content=LOCKINFO)
    return response["Lock-Token"].strip("<>")


def lock_tree(site, path, at):
    return lock(site, path, at, "tree/b/c")


def set_property(site, _path, at, target="file"):
    site.ask("PROPPATCH", at + target, content=SETTING.replace(b"new", b"old"))


def set_properties(site, path, at):
    set_property(site, path, at, "tree/a")
    set_property(site, path, at, "tree/b/c")


def open_upload(site, _path, at):
    response = site.ask("PUT", at + "new", "Upload-Complete: ?0", content=b"first,")
    return response["Location"]


def post_upload(site, _path, at):
    response = site.ask("POST", at, "Slug: new", "Upload-Complete: ?0", content=b"first,")
    return response["Location"]


def find(target):
    """What PROPFIND tells of a resource and of what is below: properties, and how many locks."""
    def probe(site, at):
        response = site.send(Ask("PROPFIND", at + target, ("Depth: infinity",), ASKING))
        return (response.status, re.findall(rb">(old|new)</", response.body),
                response.body.count(b"<D:activelock>"))
    return probe


def links(_site, path, _at):
    (path / "link").symlink_to("file")
    (path / "to-tree").symlink_to("tree")


def compress(_site, path, _at):
    for suffix in (".gz", ".br"):
        (path / ("file" + suffix)).write_bytes(b"smaller")


FORM = (b"--x\r\nContent-Disposition: form-data; name=f; filename=one\r\n\r\n1\r\n"
        b"--x\r\nContent-Disposition: form-data; name=f; filename=two\r\n\r\n2\r\n--x--\r\n")
AS_FORM = "Content-Type: multipart/form-data; boundary=x"
BIG = {"big": bytes(300_000)}

MOCK = "  - { path: /mock/, mock: { seed: 7 } }\n"

MAKING_UP = [
    case("mock-status", 429, "GET", "/mock/status/429?retry-after=3"),
    case("mock-late", 200, "GET", "/mock/status/200?delay=1ms&field=A:b"),
    case("mock-bytes", 200, "GET", "/mock/bytes/40k"),
    case("mock-lines", 200, "GET", "/mock/stream/3"),
    case("mock-range", 206, "GET", "/mock/range/100", "Range: bytes=1-9"),
    case("mock-anything", 200, "POST", "/mock/anything?a=b", content=SMALL),
    case("mock-anything-chunked", 200, "PUT", "/mock/anything", content=LARGE, coding="chunked"),
    case("mock-trailers", 200, "GET", "/mock/trailers?trailer=A:b"),
    case("mock-redirect", 302, "GET", "/mock/redirect/2"),
    case("mock-page", 200, "GET", "/mock/", "Accept: text/html"),
    case("mock-unknown", 404, "GET", "/mock/nope"),
    case("mock-malformed", 400, "GET", "/mock/delay/soon"),
    case("mock-broken", 200, "GET", "/mock/bytes/10?fault=after-close",
         needs_nothing=True),
]

READING = [
    case("get", 200, "GET", "{at}file", files=FILE),
    case("get-large", 200, "GET", "{at}big", files=BIG),
    case("get-compressed", 200, "GET", "{at}file", "Accept-Encoding: gzip", "Accept-Encoding: br",
         files=FILE, make=compress),
    case("get-range", 206, "GET", "{at}file", "Range: bytes=1-2", files=FILE),
    case("get-range-large", 206, "GET", "{at}big", "Range: bytes=1-200000", files=BIG),
    case("get-ranges", 206, "GET", "{at}file", "Range: bytes=0-1,4-5", files=FILE,
         body_varies=True),
    case("get-no-range", 416, "GET", "{at}file", "Range: bytes=100-", files=FILE),
    case("get-unchanged", 304, "GET", "{at}file", "If-None-Match: *", files=FILE),
    case("get-digest", 200, "GET", "{at}file", "Want-Repr-Digest: sha-256=1", files=FILE),
    case("get-linked", 200, "GET", "{at}link", files={**FILE, **TREE}, make=links),
    case("get-missing", 404, "GET", "{at}file"),
    case("get-without-slash", 301, "GET", "{at}tree", files=TREE),
    case("get-listing", 200, "GET", "{at}", files={**FILE, **TREE}, make=links,
         body_varies=True),
    case("get-listing-json", 200, "GET", "{at}", "Accept: application/json", files=TREE,
         body_varies=True),
    case("get-listing-gzip", 200, "GET", "{at}", "Accept-Encoding: gzip", files=TREE,
         body_varies=True),
    case("search", 200, "GET", "{at}?search=c", "Accept: application/json", files=TREE,
         body_varies=True),
    case("archive", 200, "GET", "{at}?archive=zip", files={**FILE, **TREE}, body_varies=True),
    case("archive-tar", 200, "GET", "{at}?archive=tar", files=TREE, body_varies=True),
    case("head", 200, "HEAD", "{at}file", files=FILE),
    Case("get-if", lambda at, token: Ask("GET", at + "file", (f"If: (<{token}>)",)), 200,
         files=FILE, make=lock),
    case("get-other-form", 200, "GET", "{at}%C3%A9", files={"e\u0301": b"as it was"}),
    case("propfind-other-form", 207, "PROPFIND", "{at}%C3%A9", "Depth: 0", content=ASKING,
         files={"e\u0301": b"as it was"}),
    case("get-if-failed", 412, "GET", "{at}file", "If: (<urn:uuid:none>)", files=FILE),
    case("options", 204, "OPTIONS", "{at}file", files=FILE),
    case("options-server", 204, "OPTIONS", "*"),
    case("propfind", 207, "PROPFIND", "{at}file", "Depth: 0", files=FILE, make=set_property,
         body_varies=True),
    case("propfind-members", 207, "PROPFIND", "{at}", "Depth: 1", files={**FILE, **TREE},
         make=links, body_varies=True),
    case("propfind-all", 207, "PROPFIND", "{at}tree", "Depth: infinity", "Prefer: return=minimal",
         "Prefer: depth-noroot", content=ASKING, files=TREE, make=set_properties),
    case("propfind-locks", 207, "PROPFIND", "{at}", "Depth: infinity", content=ASKING, files=TREE,
         make=lock_tree, body_varies=True),
    case("propfind-token", 207, "PROPFIND", "{at}", "Depth: 1", content=ASKING_TOKEN,
         files={**FILE, **TREE}, body_varies=True),
    case("report", 207, "REPORT", "{at}tree/", content=SYNC, files=TREE, make=links,
         body_varies=True),
    case("report-missing", 404, "REPORT", "{at}tree/", content=SYNC),
    case("propfind-missing", 404, "PROPFIND", "{at}file", "Depth: 0"),
]

STORING = [
    case("put", 201, "PUT", "{at}file", content=SMALL),
    case("put-over", 204, "PUT", "{at}file", "If-Match: *", content=SMALL, files=FILE),
    case("put-other-form", 204, "PUT", "{at}%C3%A9", content=SMALL,
         files={"e\u0301": b"as it was"}),
    case("put-large", 201, "PUT", "{at}file", content=LARGE),
    case("put-chunked", 201, "PUT", "{at}file", content=LARGE, coding="chunked"),
    case("put-told", 201, "PUT", "{at}file", "Prefer: return=representation", content=SMALL,
         body_varies=True),
    case("put-named", 201, "PUT", "{at}a%20name", "X-OC-Mtime: 1700000000", content=SMALL),
    case("put-digest", 201, "PUT", "{at}file", f"Content-Digest: {DIGEST}",
         "Content-Digest: unknown=:AA==:", content=SMALL),
    case("put-part", 204, "PUT", "{at}file", "Content-Range: bytes 1-5/*", content=SMALL,
         files=FILE),
    case("put-failing", 412, "PUT", "{at}file", "If-None-Match: *", content=SMALL, files=FILE),
    case("put-no-folder", 409, "PUT", "{at}none/file", content=SMALL),
    case("put-locked", 423, "PUT", "{at}file", content=SMALL, files=FILE, make=lock),
    Case("put-if", lambda at, token: Ask("PUT", at + "file",
                                         (f"If: <{at}file> (<{token}>)",), SMALL),
         204, files=FILE, make=lock),
    case("put-linked", 204, "PUT", "{at}link", content=SMALL, files={**FILE, **TREE}, make=links),
    case("patch", 204, "PATCH", "{at}file", PATCH, "X-Update-Range: bytes=2-6", content=SMALL,
         files=FILE),
    case("patch-append", 204, "PATCH", "{at}file", PATCH, "X-Update-Range: append", content=SMALL,
         files=FILE),
    case("patch-beyond", 204, "PATCH", "{at}file", PATCH, "X-Update-Range: bytes=1000-",
         content=SMALL, files=FILE),
    case("post", 201, "POST", "{at}", "Slug: a name", content=SMALL),
    case("post-large", 201, "POST", "{at}", "Slug: name", content=LARGE),
    case("post-form", 303, "POST", "{at}", AS_FORM, content=FORM),
    case("post-form-told", 201, "POST", "{at}", AS_FORM, "Accept: application/json",
         "Accept: text/plain;q=0.1", content=FORM),
    case("open-upload", 201, "PUT", "{at}new", "Upload-Complete: ?0", "Upload-Length: 11",
         content=SMALL, body_varies=True),
    Case("append", lambda at, upload: Ask("PATCH", upload, (PIECE, "Upload-Offset: 6",
                                                            "Upload-Complete: ?0"), SMALL),
         204, make=open_upload, may_leave_parts=True),
    Case("append-last", lambda at, upload: Ask("PATCH", upload, (PIECE, "Upload-Offset: 6",
                                                                 "Upload-Complete: ?1"), SMALL),
         201, make=open_upload, may_leave_parts=True),
    case("put-resumable", 201, "PUT", "{at}new", *RESUMABLE, content=SMALL, may_leave_parts=True),
    case("post-resumable", 201, "POST", "{at}", "Slug: new", *RESUMABLE, content=SMALL,
         may_leave_parts=True),
    Case("append-last-posted", lambda at, upload: Ask("PATCH", upload, (PIECE, "Upload-Offset: 6",
                                                                        "Upload-Complete: ?1"),
                                                      SMALL),
         201, make=post_upload, may_leave_parts=True),
    Case("ask-upload", lambda at, upload: Ask("HEAD", upload), 204, make=open_upload,
         needs_nothing=True),
    Case("give-up-upload", lambda at, upload: Ask("DELETE", upload), 204, make=open_upload),
]

CHANGING = [
    case("delete", 204, "DELETE", "{at}file", files=FILE, make=set_property, probe=find("")),
    case("delete-tree", 204, "DELETE", "{at}tree", files=TREE, make=set_properties),
    case("delete-link", 204, "DELETE", "{at}to-tree", files={**FILE, **TREE}, make=links),
    case("delete-locked", 423, "DELETE", "{at}tree", files=TREE, make=lock_tree,
         probe=find("tree")),
    case("mkcol", 201, "MKCOL", "{at}folder"),
    case("mkcol-there", 405, "MKCOL", "{at}tree", files=TREE),
    case("copy", 201, "COPY", "{at}file", "Destination: {at}copy", files=FILE, make=set_property,
         probe=find("")),
    case("copy-tree", 201, "COPY", "{at}tree", "Destination: {at}copy", files=TREE,
         make=set_properties, probe=find("")),
    case("copy-over", 204, "COPY", "{at}file", "Destination: {at}tree/a", files={**FILE, **TREE},
         make=set_properties, probe=find("tree")),
    case("copy-no-over", 412, "COPY", "{at}file", "Destination: {at}tree/a", "Overwrite: F",
         files={**FILE, **TREE}),
    case("copy-into-itself", 403, "COPY", "{at}tree", "Destination: {at}tree/b/e", files=TREE),
    case("move", 201, "MOVE", "{at}file", "Destination: {at}moved%20file", files=FILE,
         make=set_property, probe=find("")),
    case("move-tree", 201, "MOVE", "{at}tree", "Destination: {at}moved", files=TREE,
         make=set_properties, probe=find("")),
    case("move-over", 204, "MOVE", "{at}file", "Destination: {at}tree", files={**FILE, **TREE}),
    case("move-dated", 201, "MOVE", "{at}file", "Destination: {at}moved", DATED, files=FILE),
    case("copy-dated", 204, "COPY", "{at}file", "Destination: {at}tree/a", DATED,
         files={**FILE, **TREE}),
    case("move-outside", 502, "MOVE", "{at}file", "Destination: http://elsewhere.example/",
         files=FILE),
    case("lock", 200, "LOCK", "{at}file", content=LOCKINFO, files=FILE, probe=find("file"),
         body_varies=True),
    case("lock-new", 201, "LOCK", "{at}file", content=LOCKINFO, probe=find(""),
         body_varies=True),
    case("lock-tree", 200, "LOCK", "{at}tree", "Depth: infinity", content=LOCKINFO, files=TREE,
         probe=find("tree"), body_varies=True),
    case("lock-conflict", 423, "LOCK", "{at}file", content=LOCKINFO, files=FILE, make=lock,
         probe=find("file")),
    case("lock-conflict-below", 207, "LOCK", "{at}tree", content=LOCKINFO, files=TREE,
         make=lock_tree, probe=find("tree")),
    Case("lock-refresh", lambda at, token: Ask("LOCK", at + "file", (f"If: (<{token}>)",)), 200,
         files=FILE, make=lock, probe=find("file"), body_varies=True),
    Case("unlock", lambda at, token: Ask("UNLOCK", at + "file", (f"Lock-Token: <{token}>",)), 204,
         files=FILE, make=lock, probe=find("file")),
    case("unlock-unknown", 409, "UNLOCK", "{at}file", "Lock-Token: <urn:uuid:none>", files=FILE,
         make=lock, probe=find("file")),
    case("proppatch", 207, "PROPPATCH", "{at}file", content=SETTING, files=FILE,
         make=set_property, probe=find("file")),
    case("proppatch-minimal", 204, "PROPPATCH", "{at}file", "Prefer: return=minimal",
         "Prefer: wait=1", content=SETTING, files=FILE, make=set_property, probe=find("file")),
    case("proppatch-protected", 207, "PROPPATCH", "{at}file",
         content=SETTING.replace(b"getlastmodified", b"getetag"), files=FILE, make=set_property,
         probe=find("file")),
]


@contextmanager
def site_of(folder, **options):
    """A server with the faults, and its folder "root"; when it is started again, all as it was."""
    root, control = folder / "root", folder / "control"
    root.mkdir(exist_ok=True)
    (root / "ready").write_bytes(b"ready")
    faults = Faults(control)
    file = folder / "candor.yaml"
    file.write_text(config(workers=1, **options).replace("{root}", str(root)) + MOCK)
    with preloaded(control):
        server = Server(arguments=["--config", str(file)], state=folder / "state")
    with server:
        site = Site(root, server, faults)
        yield site
        faults.disarm()
        if site.client:
            site.client.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with site_of(tmp_path_factory.mktemp("faults"), infinite_depth=1000) as site:
        yield site


def state_of(folder):
    """All names that clients can see, with what files hold. What was given up and could not be
    removed is for the next start, and not seen."""
    found = {}
    for where, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not TEMPORARY.search(name)]
        for name in folders + [name for name in files if not TEMPORARY.search(name)]:
            path = Path(where, name)
            found[str(path.relative_to(folder))] = (
                os.readlink(path) if path.is_symlink() else
                path.read_bytes() if path.is_file() else None)
    return found


def outcome_of(response):
    try:
        return response.outcome
    except ValueError:  # there was no memory for the error's page
        return None


class Attempt:
    """The request in a folder of its own, with the Nth call failing; 0: none."""

    def __init__(self, site, case, number):
        at = f"/{case.name}-{number}/"
        self.site, self.case, self.at = site, case, at
        self.folder = site.root / at.strip("/")
        self.folder.mkdir()
        for name, content in case.files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(content)
        made = case.make(site, self.folder, at) if case.make else None
        self.ask = case.ask(at, made)
        self.before = self.look()
        site.connection()
        site.faults.arm(number)
        self.response = site.send(self.ask)
        self.failed = site.faults.disarm()
        self.after = self.look()

    def look(self):
        probed = self.case.probe(self.site, self.at) if self.case.probe else None
        return state_of(self.folder), probed

    def body(self):
        """Without what is the folder's own."""
        name = self.at.strip("/").encode()
        return self.response.body.replace(name, b"NAME")

    def complaint(self, usual):
        """What is wrong with the answer, or with what is there; None: nothing."""
        response = self.response
        status = response.status if response else None
        if status == 207 and SERVERS_FAULT.search(response.body):  # RFC 4918 §9.2.1, §9.8.5
            return None if self.after[0].items() <= usual.after[0].items() else \
                f"it is 207, and there is {self.after}"
        if status == usual.response.status:
            if self.after != usual.after:
                return f"it is {status}, and there is {self.after}"
            # The page of an error names the request, and a redirection needs none.
            if status < 300 and not self.case.body_varies and self.body() != usual.body():
                return f"it is {status}, and says {self.body()}"
            return None
        if status is not None and status < 500:
            return f"it is {status}: {response.body}"
        # The files are changed, and what the store has of them follows at the next start.
        done = self.after[0] if status and outcome_of(response) == "not-durable" else None
        if self.case.may_leave_parts:
            return None
        # Silence, or done-untold, for whose page there is no memory.
        if (status is None or status == 500 and not response.body) and self.after == usual.after:
            return None
        if done != usual.after[0] if done is not None else self.after != self.before:
            return f"it is {status}: {response and response.body}; there is {self.after}"
        if done is None:
            again = self.site.send(self.ask)
            if again is None or again.status != usual.response.status:
                return f"it is {status}, and then {again and (again.status, again.body)}"
        return None


@pytest.mark.parametrize("case", READING + STORING + CHANGING + MAKING_UP,
                         ids=lambda case: case.name)
def test_no_failure_is_taken_for_the_clients(site, case):
    usual = Attempt(site, case, 0)
    assert usual.response and usual.response.status == case.status, usual.response
    complaints = []
    for number in range(1, MOST_CALLS):
        attempt = Attempt(site, case, number)
        complaint = attempt.complaint(usual)
        if complaint:
            complaints.append(f"call {number}, {attempt.failed}: {complaint}")
        if attempt.failed is None:
            break
    else:
        complaints.append(f"after {MOST_CALLS} calls something still fails")
    assert number > 1 or case.needs_nothing, "nothing failed at all"
    assert not complaints, "\n".join(complaints)


def test_a_copy_that_was_refused_is_not_made_up_for_at_the_next_start(tmp_path):
    """What the store noted of it must go, or it is taken for one that was interrupted: the file
    that somebody stores there later would get the properties of the other."""
    number, failed, calls = 0, True, set()
    with site_of(tmp_path, quota=1000) as site:
        site.ask("PUT", "/file", content=bytes(600))
        set_property(site, site.root, "/")
        while failed:
            number += 1
            site.connection()
            site.faults.arm(number)
            response = site.send(Ask("COPY", "/file", (f"Destination: /copy-{number}",)))
            failed = site.faults.disarm()
            calls.add(failed)
            assert response is None or response.status >= 500
            site.ask("PUT", f"/copy-{number}", content=b"1")
    assert "pwrite64" in calls, "the store was not made to fail"
    with site_of(tmp_path, quota=1000) as site:
        assert find("file")(site, "/")[1] == [b"old"]
        taken = [n for n in range(1, number + 1) if find(f"copy-{n}")(site, "/")[1]]
    assert not taken, f"properties came when call {taken} had failed"
