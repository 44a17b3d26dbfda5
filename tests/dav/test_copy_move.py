# SPDX-License-Identifier: MIT
"""COPY and MOVE: RFC 4918 §9.8, §9.9; Destination §10.3; Depth §10.2; Overwrite §10.6."""
import ctypes
import os
import shutil
import stat
import subprocess
import tempfile
import urllib.parse
from pathlib import Path
from xml.etree import ElementTree

import pytest

from site_of_dav import (ask, assert_refused, config, HOST, put, run_together, Server, settle,
                         state_of)

METHODS = ["COPY", "MOVE"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("copymove")


@pytest.fixture(scope="module")
def server(folder):
    text = "workers: 3\nroutes:\n" + "".join(
        f"  - path: {path}\n    files: {{ root: '{folder / name}', write: true, "
        f"dotfiles: false }}\n"
        for path, name in [("/", "site"), ("/inner/", "inner")])
    (folder / "site").mkdir()
    (folder / "inner").mkdir()
    with Server(folder, config=text) as server:
        yield server


@pytest.fixture
def root(folder):
    """The site as it is before each test."""
    root = folder / "site"
    for name in os.listdir(root):
        path = root / name
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name in os.listdir(folder / "inner"):
        (folder / "inner" / name).unlink()
    put(root, "file", b"source").chmod(0o640)
    put(root, "other", b"other")
    put(root, "tree/a", b"a")
    put(root, "tree/sub/b", b"b" * 100_000)
    put(root, "tree/sub/deep/c", b"c")
    (root / "tree/empty").mkdir()
    put(root, "full/old", b"old")
    (root / "hollow").mkdir()
    put(folder, "inner/own", b"own")
    return root


TREE = {"a": b"a", "sub": None, "sub/b": b"b" * 100_000, "sub/deep": None, "sub/deep/c": b"c",
        "empty": None}


def change(server, method, source, destination, *lines, **more):
    return ask(server, method, source, f"Destination: {destination}", *lines, **more)


# ---- What they do

@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("target, status", [("/new", 201), ("/other", 204), ("/hollow/new", 201),
                                            ("/full", 204), ("/hollow", 204), ("/tree", 204)])
@pytest.mark.parametrize("slash", ["", "/"])
def test_file_takes_the_place(server, root, method, target, status, slash):
    etag = ask(server, "GET", "/file")["ETag"]
    assert ask(server, "GET", target).status in (200, 301, 404)  # is in the server's memory now
    if not (root / target[1:]).is_dir():
        slash = ""  # else it were a folder's name
    response = change(server, method, "/file", target + slash)
    assert response.status == status and response.body == b""
    got = ask(server, "GET", target)
    assert got.body == b"source" and (root / target[1:]).read_bytes() == b"source"
    assert stat.S_IMODE((root / target[1:]).stat().st_mode) == 0o640
    after = ask(server, "GET", "/file")
    if method == "MOVE":
        assert after.status == 404
    else:
        assert after.body == b"source" and etag in (None, after["ETag"])
        assert got["ETag"] and got["ETag"] != after["ETag"]
    settle(server, root)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("source", ["/tree", "/tree/"])
@pytest.mark.parametrize("target, status", [("/new", 201), ("/new/", 201), ("/other", 204),
                                            ("/full", 204), ("/full/", 204), ("/hollow/x/", 201)])
@pytest.mark.parametrize("depth", [(), ("Depth: infinity",), ("Depth: INFINITY",)])
def test_tree_takes_the_place_whole(server, root, method, source, target, status, depth):
    response = change(server, method, source, target, *depth)
    assert response.status == status
    assert state_of(root / target.strip("/")) == TREE
    assert (root / "tree").exists() == (method == "COPY")
    assert method == "MOVE" or state_of(root / "tree") == TREE
    assert ask(server, "GET", f"{target.rstrip('/')}/sub/deep/c").body == b"c"
    assert ask(server, "GET", "/full/old").status == (404 if "full" in target else 200)
    settle(server, root)


def test_copy_of_depth_0_has_no_members(server, root):  # RFC 4918 §9.8.3
    assert change(server, "COPY", "/tree", "/new", "Depth: 0").status == 201
    assert state_of(root / "new") == {}
    assert change(server, "COPY", "/tree/", "/full/", "Depth: 0").status == 204
    assert state_of(root / "full") == {}
    assert change(server, "COPY", "/file", "/new-file", "Depth: 0").status == 201


@pytest.mark.parametrize("method, depth", [("COPY", "1"), ("MOVE", "0"), ("MOVE", "1")])
def test_depth_that_does_not_fit_is_refused(server, root, method, depth):
    before = state_of(root)
    assert_refused(change(server, method, "/tree", "/new", f"Depth: {depth}"), 400,
                   "depth-unsupported")
    assert state_of(root) == before


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("depth", ["0", "1", "infinity"])
def test_depth_says_nothing_of_a_file(server, root, method, depth):
    assert change(server, method, "/file", "/new", f"Depth: {depth}").status == 201
    assert (root / "new").read_bytes() == b"source"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("line, outcome", [
    ("Depth: 2", "depth-malformed"), ("Depth: ", "depth-malformed"),
    ("Depth: 0, 1", "depth-malformed"), ("Overwrite: X", "overwrite-malformed"),
    ("Overwrite: ", "overwrite-malformed"), ("Overwrite: TRUE", "overwrite-malformed"),
    ("Overwrite: T, F", "overwrite-malformed")])
def test_field_that_is_malformed_is_refused(server, root, method, line, outcome):
    before = state_of(root)
    assert_refused(change(server, method, "/file", "/new", line), 400, outcome)
    assert state_of(root) == before


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("source, target", [("/file", "/other"), ("/file", "/full"),
                                            ("/tree", "/other"), ("/tree/", "/full/")])
def test_overwrite(server, root, method, source, target):  # RFC 4918 §10.6
    before = state_of(root)
    assert_refused(change(server, method, source, target, "Overwrite: F"), 412,
                   "destination-exists")
    assert state_of(root) == before
    assert change(server, method, source, target, "Overwrite: T").status == 204
    assert change(server, method, target, "/free", "Overwrite: F").status == 201


@pytest.mark.parametrize("method", METHODS)
def test_of_many_to_one_free_name_exactly_one_wins(server, root, method):
    for name in range(8):
        put(root, f"from-{name}", b"%d" % name)
    answers = []

    def race(number):
        answers.append(change(server, method, f"/from-{number}", "/one", "Overwrite: F").status)

    run_together(race, 8)
    assert sorted(answers) == [201] + [412] * 7
    left = [name for name in range(8) if (root / f"from-{name}").exists()]
    assert len(left) == (7 if method == "MOVE" else 8)
    settle(server, root)


def test_moves_of_one_source_succeed_once(server, root):
    for turn in range(10):
        put(root, "once", b"once")
        answers = []

        def race(number):
            answers.append(change(server, "MOVE", "/once", f"/went-{number}").status)

        run_together(race, 6)
        assert sorted(answers) in ([201] + [404] * 5, [204] + [404] * 5)
        found = [name for name in os.listdir(root) if name.startswith("went-")]
        assert len(found) == 1
        (root / found[0]).unlink()


def test_moves_around_lose_nothing(server, root):
    """Two trees trade places again and again, by a third name; nothing is lost or mixed."""
    for name in range(4):
        put(root, f"ring-{name}/who", b"%d" % name)

    def race(number):
        for _ in range(10):
            change(server, "MOVE", f"/ring-{number}", f"/ring-{(number + 1) % 4}", "Overwrite: F")
            change(server, "MOVE", f"/ring-{number}", f"/parked-{number}", "Overwrite: F")
            change(server, "MOVE", f"/parked-{number}", f"/ring-{number}", "Overwrite: F")

    run_together(race, 4)
    found = sorted(value for name, value in state_of(root).items() if name.endswith("/who"))
    assert found == [b"0", b"1", b"2", b"3"]


# ---- Destination

@pytest.mark.parametrize("method", METHODS)
def test_destination_must_be_there(server, root, method):
    assert_refused(ask(server, method, "/file"), 400, "destination-missing")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("destination, status, outcome", [
    ("", 400, "destination-malformed"), ("new", 400, "destination-malformed"),
    ("http:new", 400, "destination-malformed"), ("http://", 400, "destination-malformed"),
    ("//dav.localhost/new", 400, "destination-malformed"), ("/a b", 400, "destination-malformed"),
    ("/%zz", 400, "destination-malformed"), ("/%4", 400, "destination-malformed"),
    ("/new?query", 400, "destination-malformed"), ("/new#part", 400, "destination-malformed"),
    ("http://user@dav.localhost/new", 400, "destination-malformed"),
    ("/../new", 400, "destination-above-root"), ("/%2e%2E/new", 400, "destination-above-root"),
    ("/tree/../../new", 400, "destination-above-root"),
    ("/a%2Fb", 400, "name-impossible"), ("/a%00b", 400, "name-impossible"),
    ("/" + "n" * 256, 400, "name-impossible"), ("/.hidden", 403, "name-hidden"),
    ("/._file", 403, "name-hidden"), ("/.a/b", 403, "name-hidden"),
    ("/.candor-tmp-0123456789abcdef", 403, "name-hidden"),
    ("http://other.example/new", 502, "destination-foreign"),
    ("http://dav.localhost:81/new", 502, "destination-foreign"),
    ("http://dav.localhost.evil/new", 502, "destination-foreign"),
    ("ftp://dav.localhost/new", 502, "destination-foreign"),
    ("/missing/new", 409, "destination-parent-missing"),
    ("/file/new", 403, "destination-overlaps"),
    ("/other/new", 409, "destination-parent-missing"),
    ("/file", 403, "destination-overlaps"), ("/x/../file", 403, "destination-overlaps"),
    ("/%66ile", 403, "destination-overlaps"), ("/", 403, "destination-overlaps")])
def test_destination_that_cannot_be_is_refused(server, root, method, destination, status, outcome):
    before = state_of(root)
    assert_refused(change(server, method, "/file", destination), status, outcome)
    assert state_of(root) == before


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("destination, name", [
    ("/new", "new"), (f"http://{HOST}/new", "new"), (f"HTTP://{HOST.upper()}/new", "new"),
    (f"http://{HOST}:80/new", "new"), ("/n%65w", "new"), ("/%C3%BC%20x", "ü x"),
    ("/tree/../new", "new"), ("/./new", "new"), (f"  http://{HOST}/new  ", "new")])
def test_destination_may_be_written_in_many_ways(server, root, method, destination, name):
    assert change(server, method, "/file", destination).status == 201
    assert (root / name).read_bytes() == b"source"


@pytest.mark.parametrize("host, destination", [
    ("dav.localhost:8080", "http://dav.localhost:8080/new"),
    ("[::1]:8080", "http://[::1]:8080/new"),
    ("dav.localhost:80", "http://dav.localhost/new"),
    ("dav.localhost", "https://dav.localhost/new"),
    ("dav.localhost", "https://dav.localhost:443/new"),
    ("dav.localhost:443", "https://dav.localhost/new"),
    ("dav.localhost:8443", "https://dav.localhost:8443/new")])
def test_destination_is_compared_with_the_host_of_the_request(server, root, host, destination):
    assert change(server, "COPY", "/file", destination, host=host).status == 201


@pytest.mark.parametrize("method", METHODS)
def test_destination_of_another_route_is_outside(server, root, folder, method):
    before = state_of(folder)
    assert_refused(change(server, method, "/inner/own", "/new"), 403, "destination-outside")
    assert_refused(change(server, method, "/inner/own", "/inner"), 403, "destination-outside")
    assert_refused(change(server, method, "/inner/own", "/inner/"), 403, "destination-overlaps")
    assert change(server, method, "/inner/own", "/inner/new").status == 201
    (folder / "inner/new").unlink()
    if method == "COPY":
        assert state_of(folder) == before


@pytest.mark.parametrize("method", METHODS)
def test_destination_under_the_path_of_a_more_special_route_is_outside(server, root, folder,
                                                                       method):
    """/inner/ is another route's: what was put there by this one could never be reached."""
    response = change(server, method, "/file", "/inner/new")
    assert_refused(response, 403, "destination-outside")
    assert not (root / "inner").exists() and not (folder / "inner/new").exists()


# ---- Into itself, and what cannot be

@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("source, target", [
    ("/tree", "/tree"), ("/tree/", "/tree"), ("/tree", "/tree/sub"), ("/tree", "/tree/new"),
    ("/tree/", "/tree/sub/deep/new/"), ("/tree/sub", "/tree"), ("/tree/sub/deep/c", "/tree"),
    ("/tree", "/link/new"), ("/tree/sub", "/link/sub"), ("/", "/new"), ("/tree", "/")])
def test_source_and_destination_are_apart(server, root, method, source, target):
    (root / "link").symlink_to("tree")
    before = state_of(root)
    assert_refused(change(server, method, source, target), 403, "destination-overlaps")
    assert state_of(root) == before


def test_name_that_begins_with_the_sources_is_apart(server, root):
    assert change(server, "COPY", "/tree", "/tree2").status == 201
    assert change(server, "MOVE", "/tree2", "/tre").status == 201


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("source", ["/none", "/none/", "/tree/none", "/file/none", "/.hidden",
                                    "/.candor-tmp-0123456789abcdef"])
def test_source_must_be_there(server, root, method, source):
    assert_refused(change(server, method, source, "/new"), 404, "not-found")


def test_hard_links_to_one_file_do_not_move_onto_each_other(server, root):
    os.link(root / "file", root / "same")
    assert_refused(change(server, "MOVE", "/file", "/same"), 403, "destination-overlaps")
    assert (root / "file").read_bytes() == (root / "same").read_bytes() == b"source"


@pytest.mark.parametrize("method", METHODS)
def test_links(server, root, tmp_path, method):
    """A link within stands for its goal; one that leads out is never followed."""
    put(tmp_path, "secret", b"secret")
    (root / "link").symlink_to("file")
    (root / "tree/inside").symlink_to("sub/b")
    (root / "tree/out").symlink_to(tmp_path / "secret")
    (root / "tree/nowhere").symlink_to("none")
    assert change(server, method, "/link", "/copied").status == 201
    assert ask(server, "GET", "/copied").body == b"source"
    assert (root / "file").read_bytes() == b"source"
    assert change(server, method, "/tree", "/new").status == 201
    assert os.readlink(root / "new/inside") == "sub/b"
    assert ask(server, "GET", "/new/inside").body == b"b" * 100_000
    assert (root / "new/out").is_symlink() and ask(server, "GET", "/new/out").status == 404
    assert ask(server, "GET", "/new/nowhere").status == 404
    (root / "new-out").symlink_to(tmp_path / "secret")
    assert_refused(change(server, method, "/new-out", "/leaked"), 409, "special-file")
    assert (tmp_path / "secret").read_bytes() == b"secret"
    assert not (root / "leaked").exists()


def test_pipes_and_hidden_members_are_copied_or_not_but_never_read(server, root):
    os.mkfifo(root / "tree/pipe")
    put(root, "tree/.dot", b"dot")
    put(root, "tree/.candor-tmp-0123456789abcdef", b"temporary")
    assert change(server, "COPY", "/tree", "/new").status == 201
    assert not (root / "new/pipe").exists()
    assert not (root / "new/.candor-tmp-0123456789abcdef").exists()
    (root / "tree/.candor-tmp-0123456789abcdef").unlink()


def test_copy_has_the_content_of_one_state(server, root):
    """Copied while it is written: a copy is one of the states, never a mixture."""
    ended = []

    def race(number):
        if number == 0:
            for turn in range(30):
                ask(server, "PUT", "/file", content=b"%d" % (turn % 10) * 200_000)
            ended.append(True)
            return
        while not ended:
            assert change(server, "COPY", "/file", f"/copy-{number}").status in (201, 204)
            assert len(set((root / f"copy-{number}").read_bytes())) in (1, len(set(b"source")))

    run_together(race, 4)
    settle(server, root)


# ---- Members that cannot be copied

@pytest.fixture(scope="module")
def weak():
    """A server that may not do everything: uid 65534 in a folder that it owns. Another run of
    pytest may close its own folders to others at any time, so it is not in there."""
    with tempfile.TemporaryDirectory(prefix="candor-weak-") as top:
        root, state = Path(top, "root"), Path(top, "state")
        put(root, "tree/good", b"good")
        put(root, "tree/bad & <odd>", b"bad").chmod(0)
        put(root, "tree/sub/good", b"good")
        put(root, "tree/sub/closed/x", b"x")
        (root / "tree/sub/closed").chmod(0)
        (root / "fixed").mkdir()
        put(root, "fixed/file", b"fixed")
        state.mkdir()
        os.chmod(top, 0o755)
        for path in (root, state, root / "tree", root / "tree/sub"):
            os.chown(path, 65534, 65534)
        with Server(root, config=config(2), user=65534, state=state) as server:
            server.root = root
            yield server


def rows_of(response):
    """The members that are told, by decoded path, with their statuses."""
    assert response.status == 207
    assert response["Content-Type"].startswith("application/xml")
    told = [(urllib.parse.unquote(row.findtext("{DAV:}href")), row.findtext("{DAV:}status"))
            for row in ElementTree.fromstring(response.body).findall("{DAV:}response")]
    assert len(dict(told)) == len(told), "a member is told twice"
    return {path: int(status.split()[1]) for path, status in told}


def test_copy_in_part_tells_which_members_failed(weak):  # RFC 4918 §9.8.5, §13
    response = change(weak, "COPY", "/tree", "/copy")
    assert rows_of(response) == {"/tree/bad & <odd>": 403, "/tree/sub/closed/": 403}
    assert state_of(weak.root / "copy") == {"good": b"good", "sub": None, "sub/good": b"good"}


@pytest.mark.parametrize("exists", [False, True])
def test_copy_of_what_cannot_be_read_at_all_changes_nothing(weak, exists):
    target = weak.root / "kept"
    if exists:
        put(weak.root, "kept", b"kept")
        os.chown(target, 65534, 65534)
    for source in ("/tree/bad%20&%20%3Codd%3E", "/tree/sub/closed"):
        assert_refused(change(weak, "COPY", source, "/kept"), 403, "write-refused")
        assert target.exists() == exists
    settle(weak, weak.root)


def test_members_that_failed_bring_no_properties_along(weak):  # RFC 4918 §9.8.2
    put(weak.root, "props/good", b"good")
    put(weak.root, "props/bad", b"bad").chmod(0)
    os.chown(weak.root / "props", 65534, 65534)
    patch = (b'<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><c xmlns="urn:c">red</c></D:prop>'
             b"</D:set></D:propertyupdate>")
    for name in ("good", "bad"):
        assert b" 200 " in ask(weak, "PROPPATCH", f"/props/{name}", content=patch).body
    assert rows_of(change(weak, "COPY", "/props", "/props2")) == {"/props/bad": 403}
    assert ask(weak, "PUT", "/props2/bad", content=b"new").status == 201
    find = b'<D:propfind xmlns:D="DAV:"><D:prop><c xmlns="urn:c"/></D:prop></D:propfind>'
    for path, has in (("props/bad", True), ("props2/bad", False), ("props2/good", True)):
        assert (b"red" in ask(weak, "PROPFIND", f"/{path}", "Depth: 0", content=find).body) == has


@pytest.mark.parametrize("exists", [False, True])
def test_copy_with_too_many_failures_is_given_up(weak, exists):
    """LIMIT_COPY_FAILURES: so many are told, and what depended on them: the copy itself."""
    (weak.root / "many").mkdir(exist_ok=True)
    put(weak.root, "many/good", b"good")
    for number in range(1001):
        put(weak.root, f"many/{number}", b"").chmod(0)
    if exists:
        put(weak.root, "there/old", b"old")
        os.chown(weak.root / "there", 65534, 65534)
    response = change(weak, "COPY", "/many/", "/there")
    told = rows_of(response)
    assert told.pop("/many/") == 424
    assert len(told) == 1000 and set(told.values()) == {403}
    settle(weak, weak.root)
    assert state_of(weak.root).get("there/old") == (b"old" if exists else None)
    assert ("there" in os.listdir(weak.root)) == exists
    (weak.root / "many/1000").unlink()
    told = rows_of(change(weak, "COPY", "/many/", "/there"))
    assert len(told) == 1000 and set(told.values()) == {403}
    assert state_of(weak.root / "there") == {"good": b"good"}
    shutil.rmtree(weak.root / "there")


def test_move_between_file_systems_tells_the_member_that_stopped_it(tmp_path):  # §9.9.4
    def mount():
        """Runs in the child: another file system below the root, and no right to read all."""
        libc = ctypes.CDLL(None, use_errno=True)
        private, drop = 1 << 14 | 1 << 18, 24
        if libc.unshare(0x00020000) or libc.mount(b"none", b"/", None, private, None) or \
           libc.mount(b"none", bytes(tmp_path / "root/other"), b"tmpfs", 0, None):
            raise OSError(ctypes.get_errno(), "no mount")
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            libc.prctl(drop, capability, 0, 0, 0)

    root = tmp_path / "root"
    (root / "other").mkdir(parents=True)
    put(root, "tree/good", b"good")
    put(root, "tree/sub/bad", b"bad").chmod(0)
    before = state_of(root)
    try:
        server = Server(root, config=config(2), before=mount)
    except subprocess.SubprocessError:
        pytest.skip("this system does not let programs mount")
    with server:
        told = rows_of(change(server, "MOVE", "/tree", "/other/tree"))
        assert told == {"/tree/sub/bad": 403, "/tree/": 424}
        assert ask(server, "GET", "/other/tree/").status == 404
        assert state_of(root) == before
        (root / "tree/sub/bad").chmod(0o600)
        assert change(server, "MOVE", "/tree", "/other/tree").status == 201
        assert ask(server, "GET", "/other/tree/sub/bad").body == b"bad"
        assert os.listdir(root) == ["other"]
        assert_refused(ask(server, "DELETE", "/other/"), 403, "mount-fixed")
        assert_refused(change(server, "MOVE", "/other/", "/new"), 403, "mount-fixed")
        assert ask(server, "GET", "/other/tree/sub/bad").body == b"bad"


@pytest.mark.parametrize("method, target, lines, length", [
    ("PUT", "/fixed/file", (), 3), ("PUT", "/fixed/new", (), 3),
    ("PUT", "/fixed/new", (), 200_000), ("DELETE", "/fixed/file", (), None),
    ("MKCOL", "/fixed/new", (), None), ("MOVE", "/fixed/file", ("Destination: /stolen",), None),
    ("COPY", "/tree/good", ("Destination: /fixed/new",), None),
    ("MOVE", "/tree/good", ("Destination: /fixed/new",), None),
    ("COPY", "/tree", ("Destination: /fixed/new",), None),
    ("PATCH", "/fixed/file", ("X-Update-Range: append",
                              "Content-Type: application/x-sabredav-partialupdate"), 3)])
def test_what_the_system_does_not_let_write_is_refused(weak, method, target, lines, length):
    content = None if length is None else b"n" * length
    before = [sorted(os.listdir(weak.root / "fixed")), sorted(os.listdir(weak.root / "tree"))]
    assert_refused(ask(weak, method, target, *lines, content=content), 403, "write-refused")
    assert (weak.root / "fixed/file").read_bytes() == b"fixed"
    assert [sorted(os.listdir(weak.root / "fixed")),
            sorted(os.listdir(weak.root / "tree"))] == before
    settle(weak, weak.root)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PROPFIND", "DELETE"])
def test_what_if_names_and_cannot_be_read_is_not_taken_for_true(weak, method):  # RFC 4918 §10.4
    response = ask(weak, method, "/tree/good", 'If: </tree/sub/closed/x> (["e"])')
    assert response.status == 500
    assert (weak.root / "tree/good").exists()


# ---- What was made, where, and its state: RFC 9110 §15.3.2

@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("source, destination, location", [
    ("/file", "/n%65w%20one", "/new%20one"), ("/tree", "/new", "/new/"),
    ("/tree/", "/new/", "/new/"),
    ("/file", f"http://{HOST}/new", "/new")])
def test_what_is_new_is_told_with_its_address_and_state(server, root, method, source, destination,
                                                        location):
    response = change(server, method, source, destination)
    assert response.status == 201 and response["Location"] == location
    assert response["ETag"] == (ask(server, "GET", location)["ETag"]
                                if source == "/file" else None)


@pytest.mark.parametrize("method", METHODS)
def test_what_was_replaced_elsewhere_tells_no_state_of_the_target(server, root, method):
    put(root, "old")
    response = change(server, method, "/file", "/old")
    assert response.status == 204
    assert response["Location"] is None and response["ETag"] is None


# ---- What is wrong with Destination, and where

@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("destination, outcome, said", [
    ("/x?query", "destination-malformed", "Byte 2 of it begins a query"),
    ("/x#frag", "destination-malformed", "Byte 2 of it begins a fragment"),
    ("/v%zz", "destination-malformed", "percent sign at byte 2 of it"),
    ("/v 1", "destination-malformed", "Byte 2 of it may not stand"),
    ("x", "destination-malformed", "neither an absolute URI"),
    ("http://user@h/x", "destination-malformed", "neither an absolute URI"),
    ("/a%2Fb", "name-impossible", "The name in Destination holds %2F, at byte 2"),
    ("/a%00b", "name-impossible", "The name in Destination holds %00, at byte 2"),
    ("//a/b", "destination-malformed", "neither an absolute URI"),
    ("/" + "n" * 300, "name-impossible", "the name in Destination"),
    ("/.hidden", "name-hidden", "the name in Destination"),
    ("/a/../../b", "destination-above-root", "The segment at byte")])
def test_what_is_wrong_with_a_destination_is_told(server, root, method, destination, outcome, said):
    response = change(server, method, "/file", destination)
    assert response.outcome == outcome and said in response.json()["detail"]


@pytest.mark.parametrize("lines, outcome, said", [
    (['If-Match: "a", b'], "entity-tag-malformed", "Byte 5 of If-Match"),
    (['If-Match: "a" "b"'], "entity-tag-malformed", "Byte 0 of If-Match"),
    (['If: (["a"]) x'], "if-malformed", "Byte 8 of it")])
def test_where_a_condition_is_malformed_is_told(server, root, lines, outcome, said):
    response = ask(server, "PUT", "/file", *lines, content=b"x")
    assert response.outcome == outcome and said in response.json()["detail"]
