# SPDX-License-Identifier: MIT
"""Which paths lead to a file and which to nothing: RFC 3986 §5.2.4 and §6.2.2, RFC 9110 §4.2.3,
§15.4.2 (the redirect of a folder), §17.3 (attacks on file names)."""
import os
import re
import socket
from urllib.parse import urljoin, urlsplit

import pytest

from site_of_files import (MEMORY, ask, config, put, record_of, same_but_for_the_request, Server)

SECRET = b"outside\n"


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    above = tmp_path_factory.mktemp("paths")
    root = above / "root"
    put(above, "outside.txt", SECRET)
    put(above, "rooted/outside.txt", SECRET)  # a folder whose name begins like the root's
    put(root, "file.txt", b"file\n")
    put(root, "sub/inner.txt", b"inner\n")
    put(root, "sub/deep/er.txt", b"deeper\n")
    put(root, "with space.txt", b"space\n")
    put(root, "prüfung/ä €.txt", b"unicode\n")
    put(root, "100%.txt", b"percent\n")
    put(root, "a?b#c.txt", b"marks\n")
    put(root, "a+b;c=d,e&f'g(h)!.txt", b"pchars\n")
    put(root, "back\\slash.txt", b"backslash\n")
    put(root, "x:y.txt", b"colon\n")
    put(root, b"latin-\xfc.txt", b"bytes\n")
    put(root, "n" * 251 + ".txt", b"long\n")
    put(root, ".hidden", b"hidden\n")
    put(root, ".git/config", b"hidden\n")
    put(root, "sub/.secret.txt", b"hidden\n")
    put(root, "...", b"three\n")
    put(root, "evil.example/a.txt")
    put(root, "a:b/in/a.txt")
    put(root, "javascript:1/a.txt")
    put(root, "?a#% b/a.txt")
    put(root, "index/index.html", b"<p>index</p>")
    put(root, "odd/index.html/a.txt", b"a folder\n")  # a folder where the index is looked for
    (root / "inside").symlink_to("sub/inner.txt")
    (root / "sub/up").symlink_to("../file.txt")
    (root / "folderlink").symlink_to("sub")
    (root / "leaves").symlink_to("../outside.txt")
    (root / "leaves-far").symlink_to("/etc/passwd")
    (root / "leaves-folder").symlink_to("..")
    (root / "loop").symlink_to("loop")
    (root / "loop1").symlink_to("loop2")
    (root / "loop2").symlink_to("loop1")
    (root / "dangling").symlink_to("nothing")
    (root / "magic").symlink_to("/proc/self/root")
    os.mkfifo(root / "fifo")
    os.mkfifo(root / "piped.txt")
    put(root, "piped.txt.d/x")
    os.mkfifo(root / "file.txt.gz")  # no neighbour worth sending
    try:
        os.mknod(root / "device", 0o666 | 0o020000, os.makedev(1, 5))  # /dev/zero has no end
    except PermissionError:
        os.mkfifo(root / "device")  # without the right to make devices: nothing more to try
    with socket.socket(socket.AF_UNIX) as unix:
        here = os.open(".", os.O_RDONLY)
        os.chdir(root)  # a socket's path is short
        unix.bind("socket")
        os.fchdir(here)
        os.close(here)
    return root


@pytest.fixture(scope="module")
def server(root):
    with Server(root) as server:
        yield server


@pytest.mark.parametrize("target, body", [
    ("/file.txt", b"file\n"),
    ("/file.txt?query", b"file\n"),
    ("/./file.txt", b"file\n"),
    ("/sub/../file.txt", b"file\n"),
    ("/nowhere/../file.txt", b"file\n"),
    ("/sub/deep/../../file.txt", b"file\n"),
    ("/sub/./inner.txt", b"inner\n"),
    ("/%66ile.txt", b"file\n"),
    ("/file%2Etxt", b"file\n"),
    ("/sub/%2e%2e/file.txt", b"file\n"),
    ("/sub/%2E./file.txt", b"file\n"),
    ("/with%20space.txt", b"space\n"),
    ("/pr%c3%bcfung/%C3%A4%20%E2%82%AC.txt", b"unicode\n"),
    ("/100%25.txt", b"percent\n"),
    ("/a%3fb%23c.txt", b"marks\n"),
    ("/a+b;c=d,e&f'g(h)!.txt", b"pchars\n"),
    ("/back%5Cslash.txt", b"backslash\n"),
    ("/x:y.txt", b"colon\n"),
    ("/latin-%FC.txt", b"bytes\n"),
    ("/" + "n" * 251 + ".txt", b"long\n"),
    ("/index/", b"<p>index</p>"),
    ("/index/index.html", b"<p>index</p>"),
    ("http://example/file.txt", b"file\n"),
    # Links that stay within the root
    ("/inside", b"inner\n"),
    ("/sub/up", b"file\n"),
    ("/folderlink/inner.txt", b"inner\n"),
    ("/folderlink/deep/er.txt", b"deeper\n"),
    # Several slashes are one, before dot segments are looked at.
    ("//file.txt", b"file\n"),
    ("///sub//inner.txt", b"inner\n"),
    ("/sub/.//inner.txt", b"inner\n"),
    ("/sub//deep//er.txt", b"deeper\n"),
    ("/sub//../file.txt", b"file\n"),
    ("/sub/%2e%2e//file.txt", b"file\n"),
    ("http://example//file.txt", b"file\n"),
    ("//folderlink//deep/er.txt", b"deeper\n"),
    ("/index//", b"<p>index</p>"),
])
def test_path_leads_to_the_file(server, target, body):
    response = ask(server, "GET", target)
    assert response.status == 200 and response.body == body


ABSENT = [
    "/missing", "/missing/", "/sub/missing", "/FILE.TXT",
    "/file.txt/", "/file.txt/x", "/file.txt/..x", "/inside/", "/file.txt%20", "/file.txt.",
    # Segments that are no names
    "/sub/inner.txt//", "/file.txt//", "/file.txt//x",
    "/%2ffile.txt", "/sub%2finner.txt", "/sub%2Finner.txt", "/%2e%2e%2foutside.txt",
    "/..%2foutside.txt", "/sub/..%2f..%2foutside.txt", "/%2f%2f", "/sub%2f",
    "/file.txt%00", "/file.txt%00.html", "/%00", "/sub/%00", "/sub%00/inner.txt",
    "/%5c..%5coutside.txt", "/sub%5cinner.txt", "/%252e%252e/outside.txt", "/%252ffile.txt",
    # Longer than a name or a path can be
    "/" + "n" * 256, "/" + "n" * 5000, "/" + "n/" * 3000, "/" + "%6e" * 256,
    # Links that lead out, in circles or nowhere
    "/leaves", "/leaves-far", "/leaves-folder/outside.txt", "/leaves-folder/", "/leaves-folder",
    "/leaves-folder/root/file.txt", "/loop", "/loop/x", "/loop1", "/dangling", "/magic",
    "/magic/", "/magic/etc/passwd",
    # Neither files nor folders
    "/fifo", "/device", "/socket", "/piped.txt", "/fifo/",
    # Hidden
    "/.hidden", "/%2ehidden", "/sub/../.hidden", "/.git/config", "/.git/", "/.git", "/%2egit",
    "/sub/.secret.txt", "/folderlink/.secret.txt", "/...", "/.missing", "/.missing/file",
]


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
@pytest.mark.parametrize("target", ABSENT, ids=lambda target: target[:30])
def test_what_is_not_to_be_had_is_like_what_is_not_there(server, target, accept):
    absent = ask(server, "GET", "/no-such-thing", f"Accept: {accept}")
    response = ask(server, "GET", target, f"Accept: {accept}")
    if accept == "*/*":
        assert response.status == 404 and response.outcome == "not-found"
        assert same_but_for_the_request(response) == same_but_for_the_request(absent)
    else:
        id_of = re.compile(rb"<code>[0-9a-f]{16}</code>")
        assert response.status == 404 and id_of.search(absent.body)
        assert id_of.sub(b"", response.body) == id_of.sub(b"", absent.body)


@pytest.mark.parametrize("target", ["/..", "/../outside.txt", "/sub/../../outside.txt",
                                    "/%2e%2e/outside.txt", "/.%2e/outside.txt", "/./../x",
                                    "//../outside.txt", "/sub//../../outside.txt",
                                    "/../rooted/outside.txt"])
def test_path_does_not_climb_above_the_root(server, target):
    response = ask(server, "GET", target)
    assert response.status == 400 and response.outcome == "target-above-root"
    assert SECRET not in response.body


@pytest.mark.parametrize("target, location, leads_to", [
    ("/sub", "sub/", "/sub/"), ("/sub?", "sub/?", "/sub/"),
    ("/sub?a=b&c=%2F//x", "sub/?a=b&c=%2F//x", "/sub/?a=b&c=%2F//x"),
    ("/sub/deep?x=/..", "deep/?x=/..", "/sub/deep/?x=/.."),
    ("/folderlink", "folderlink/", "/folderlink/"),
    ("/pr%c3%bcfung", "pr%C3%BCfung/", "/pr%C3%BCfung/"),
    ("/sub/./deep", "deep/", "/sub/deep/"), ("/%73ub/%64eep", "deep/", "/%73ub/deep/"),
    ("/evil.example", "evil.example/", "/evil.example/"),
    ("/a:b", "./a:b/", "/a:b/"), ("/a%3Ab?c:d", "./a:b/?c:d", "/a:b/?c:d"),
    ("/a:b/in?x", "in/?x", "/a:b/in/?x"),
    ("/javascript:1", "./javascript:1/", "/javascript:1/"),
    ("/%3Fa%23%25%20b", "%3Fa%23%25%20b/", "/%3Fa%23%25%20b/"),
    ("http://example/sub?q", "sub/?q", "/sub/?q")])
def test_folder_without_its_slash_is_redirected_with_its_query(
        server, target, location, leads_to):
    base = urljoin("http://example", target)
    for method in ("GET", "HEAD"):  # RFC 9110 §15.4.2
        response = ask(server, method, target)
        assert response.status == 301 and response["Location"] == location
        assert response["Cache-Control"] == "no-cache"
    assert urljoin(base, location) == f"http://example{leads_to}"
    # Behind a proxy that takes a prefix off, the client's own address has it (RFC 3986 §5.2).
    behind = base.replace("//example/", "//example/files/", 1)
    assert urljoin(behind, location) == f"http://example/files{leads_to}"
    assert ask(server, "GET", leads_to).status == 200


@pytest.mark.parametrize("target", [
    "//evil.example", "//evil.example/", "//evil.example/..", "///evil.example", "//evil.example//",
    "/%2f%2fevil.example", "/%2fevil.example", "/%2Fevil.example/", "/%5cevil.example",
    "/%5c%5cevil.example", b"/\\evil.example", b"/\\\\evil.example", "/.//evil.example",
    "/..//evil.example", "/sub/..//evil.example", "//evil.example/../../sub", "//x/..//sub",
    "//evil.example/%2e%2e/%2e%2e/sub", "/.//evil.example/../../sub", "///x/../../../sub?q",
    "//evil.example/../sub", "/%2f/../sub", "http://example//evil.example/../../sub",
    "/%0d%0aLocation:%20http://evil.example", "/%09//evil.example", "/evil.example",
])
def test_redirect_never_leads_to_another_authority(server, target):  # RFC 3986 §4.2
    response = ask(server, "GET", target)
    locations = response.all("Location")
    assert response.status in (200, 301, 400, 404) and len(locations) == (response.status == 301)
    for location in locations:
        assert re.match(r"[a-z.]+/(\?q)?$", location)
        assert urlsplit(urljoin("http://example/a/b", location)).netloc == "example"


def test_redirect_to_the_folder_is_made_at_all_where_the_path_climbs(server):
    response = ask(server, "GET", "//evil.example/../sub?q")
    assert response.status == 301 and response["Location"] == "sub/?q"
    address = "http://example//evil.example/../sub?q"
    assert urljoin(address, response["Location"]) == "http://example/sub/?q"
    assert ask(server, "GET", "//sub/?q").status == 200


def test_index_that_is_a_folder_is_no_index(server):
    response = ask(server, "GET", "/odd/")
    assert response.status == 200 and b"index.html/" in response.body


def test_pipe_beside_a_file_is_no_neighbour(server):
    response = ask(server, "GET", "/file.txt", "Accept-Encoding: gzip")
    assert response.status == 200 and response["Vary"] is None


@pytest.mark.parametrize("target", ["/.hidden", "/.git/config", "/sub/.secret.txt"])
def test_dot_files_are_served_where_that_is_configured(root, dotted, target):
    response = ask(dotted, "GET", target)
    assert response.status == 200 and response.body == b"hidden\n"
    assert ask(dotted, "GET", "/...").body == b"three\n"


@pytest.fixture(scope="module")
def dotted(root):
    with Server(root, config=config(dotfiles=True)) as server:
        yield server


def test_dot_files_are_listed_where_they_are_served(dotted, server):
    names = {entry["name"] for entry in ask(dotted, "GET", "/", "Accept: application/json")
             .json()["entries"]}
    assert {".hidden", ".git", "..."} <= names
    assert not {".", ".."} & names


def test_links_out_of_the_root_stay_closed_where_dot_files_are_served(dotted):
    assert ask(dotted, "GET", "/leaves").status == 404
    assert ask(dotted, "GET", "/.missing").status == 404


ROUTES = """
routes:
  - path: /docs/
    files: { root: '{root}/sub' }
  - path: /.well-known/here/
    files: { root: '{root}/sub' }
  - path: /one
    files: { root: '{root}/sub' }
"""


@pytest.fixture(scope="module")
def routed(root):
    put(root, "sub/one", b"one\n")
    with Server(root, config=ROUTES) as server:
        yield server


@pytest.mark.parametrize("target, location", [
    ("/docs", "docs/"), ("/docs?a=b", "docs/?a=b"), ("/docs/deep", "deep/"),
    ("/%64ocs", "docs/"), ("/x/../docs", "docs/")])
def test_route_without_its_slash_is_redirected(routed, target, location):
    response = ask(routed, "GET", target)
    assert response.status == 301 and response["Location"] == location
    assert response.body == f"The folder's address ends with a slash: {location}\n".encode()


def test_files_are_looked_up_below_the_route(routed):
    assert ask(routed, "GET", "/docs/inner.txt").body == b"inner\n"
    assert ask(routed, "GET", "/docs/deep/er.txt").body == b"deeper\n"
    assert ask(routed, "GET", "/docs/").status == 200
    assert ask(routed, "GET", "/docs/sub/inner.txt").status == 404
    assert ask(routed, "GET", "/docs/up").status == 404  # leads out of this route's root
    assert ask(routed, "GET", "/docs/../inner.txt").outcome == "no-route"


def test_whole_path_leads_to_the_file_of_its_name(routed):
    assert ask(routed, "GET", "/one").body == b"one\n"
    assert ask(routed, "GET", "/one/").outcome == "no-route"


def test_dots_of_the_route_itself_hide_nothing(routed):
    assert ask(routed, "GET", "/.well-known/here/inner.txt").body == b"inner\n"
    assert ask(routed, "GET", "/.well-known/here").status == 301
    assert ask(routed, "GET", "/.well-known/here/.secret.txt").status == 404


@pytest.fixture(scope="module")
def nobody(tmp_path_factory):
    """A server that the system lets read only some of what is in its folder."""
    root = tmp_path_factory.mktemp("unreadable")
    os.chmod(root, 0o755)
    for parent in root.parents:
        if parent.stat().st_uid == os.getuid() and parent.name.startswith("pytest-"):
            os.chmod(parent, 0o755)
    os.chmod(put(root, "open.txt"), 0o644)
    os.chmod(put(root, "closed.txt", SECRET), 0o600)
    os.chmod(put(root, "large.bin", SECRET * MEMORY), 0o600)
    put(root, "folder/a.txt")
    os.chmod(root / "folder", 0o700)
    put(root, "listed/a.txt")
    os.chmod(root / "listed", 0o711)
    os.chmod(root / "listed/a.txt", 0o644)
    os.chmod(put(root, "coded.txt"), 0o644)
    os.chmod(put(root, "coded.txt.gz"), 0o600)
    with Server(root, user=65534) as server:
        yield server


@pytest.mark.skipif(os.getuid() != 0, reason="only root can start a server as somebody else")
@pytest.mark.parametrize("target", ["/closed.txt", "/large.bin", "/folder/", "/folder/a.txt",
                                    "/folder/missing", "/listed/"])
def test_unreadable_is_403(nobody, target):  # RFC 9110 §15.5.4
    response = ask(nobody, "GET", target)
    assert response.status == 403 and response.outcome == "not-readable"
    assert b"ermission denied" not in response.body and SECRET not in response.body
    assert ask(nobody, "GET", target).status == 403  # the cached answer


@pytest.mark.skipif(os.getuid() != 0, reason="only root can start a server as somebody else")
def test_readable_beside_the_unreadable_is_200(nobody):
    assert ask(nobody, "GET", "/open.txt").status == 200
    assert ask(nobody, "GET", "/listed/a.txt").status == 200
    coded = ask(nobody, "GET", "/coded.txt", "Accept-Encoding: gzip")
    assert coded.status == 200 and coded["Content-Encoding"] is None


def failing_reads():
    """Files of the system whose reading fails for root as well: (folder, name)."""
    found = []
    for folder, name in [("/sys/devices/virtual/net/lo", "speed"),
                         ("/sys/devices/virtual/net/lo", "phys_port_id"),
                         ("/proc/self", "mem")]:
        try:
            with open(f"{folder}/{name}", "rb") as file:
                file.read(1)
        except OSError:
            if os.path.exists(f"{folder}/{name}"):
                found.append((folder, name))
    return found


@pytest.mark.parametrize("accept", ["*/*", "text/html", "text/plain"])
def test_failed_read_is_500_and_says_nothing_of_the_inside(accept):  # RFC 9110 §15.6.1
    failing = failing_reads()
    assert failing, "no file of this system fails to be read"
    for folder, name in failing:
        with Server(folder) as server:
            response = ask(server, "GET", f"/{name}", f"Accept: {accept}")
            record = record_of(server, target=f"/{name}")
        assert response.status == 500 and response["Cache-Control"] == "no-store"
        assert record["outcome"] == "read-failed" and record["error"]
        assert b"read-failed" in response.body
        for inside in ("/sys", "/proc", record["error"], "EIO", "EINVAL", "errno", ".c:"):
            assert inside not in response.body.decode()


def test_a_route_is_not_got_round_in_another_form_of_its_name(tmp_path):
    """What finds files by both forms of a name must not find them past the rules of a route."""
    composed, decomposed = "%C3%A9", "e%CC%81"
    put(tmp_path, "é/x", b"kept")
    text = ("routes:\n  - { path: /, files: { root: '{root}', write: true } }\n"
            "  - { path: /é/, files: { root: '{root}/é' } }\n")
    with Server(tmp_path, config=text) as server:
        for name in (composed, decomposed):
            for rest in ("/x", "/x%FF", "/new/y"):
                for method in ("PUT", "DELETE", "MKCOL"):
                    response = ask(server, method, f"/{name}{rest}", host="localhost")
                    assert response.status in (404, 405), (method, name, rest)
        assert ask(server, "GET", f"/{composed}/x", host="localhost").body == b"kept"
        moved = ask(server, "MOVE", "/other", f"Destination: /{decomposed}/x", host="localhost")
        assert moved.status in (403, 404)
    assert (tmp_path / "é/x").read_bytes() == b"kept"
