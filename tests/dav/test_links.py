# SPDX-License-Identifier: MIT
"""One resource by two addresses, through symbolic links beneath the root: RFC 4918 §6, §7, §9.8.5,
§15.8. Locks, properties and uploads are the resource's, whatever address was used."""
import os
import re
import sys
import threading
import time
from pathlib import Path

import pytest

import harness

sys.path.insert(0, str(Path(__file__).parent))
from multistatus import DAV, prop, propfind, proppatch, rows, setting  # noqa: E402

LOCK = ('<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:{}/></D:lockscope>'
        '<D:locktype><D:write/></D:locktype></D:lockinfo>')
MINE = ("urn:x", "p")


@pytest.fixture
def root(tmp_path):
    """a with a file and a folder; links to a from beside, from a folder, and through another."""
    folder = tmp_path / "root"
    (folder / "a/sub").mkdir(parents=True)
    (folder / "d").mkdir()
    (folder / "a/f").write_text("old")
    (folder / "a/sub/g").write_text("old")
    (folder / "l").symlink_to("a")
    (folder / "twice").symlink_to("d/in")
    (folder / "d/in").symlink_to("../a")
    (folder / "lf").symlink_to("l/f")
    return folder


@pytest.fixture
def server(root):
    with harness.Server(root, arguments=["--write", "--no-dotfiles"]) as running:
        yield running


def lock(server, target, depth="0", scope="exclusive", **fields):
    answer = server.request("LOCK", target, {"Depth": depth, **fields}, LOCK.format(scope).encode())
    assert answer.status in (200, 201), answer.body
    return re.fullmatch(r"<(.+)>", answer["Lock-Token"]).group(1)


def ask(server, method, target, token=None, content=b"", **fields):
    if token:
        fields["If"] = f"(<{token}>)"
    return server.request(method, target, fields, content).status


def put(server, target, token=None, **fields):
    return ask(server, "PUT", target, token, b"new", **fields)


def unlock(server, target, token):
    return server.request("UNLOCK", target, {"Lock-Token": f"<{token}>"}).status


def tokens(server, target, depth="0"):
    """By path: the tokens of the locks that are told."""
    told = rows(propfind(server, target, depth, prop("lockdiscovery")))
    return {path: [e.text for e in row.element.iter(DAV + "href")
                   if e.text.startswith("urn:uuid:")] for path, row in told.items()}


def mine(server, target):
    """The dead property."""
    (row,) = rows(propfind(server, target, "0", prop(MINE))).values()
    return row.text("{urn:x}p")


def set_mine(server, target, value="v", **fields):
    return proppatch(server, target, setting(f'<x:p xmlns:x="urn:x">{value}</x:p>'), **fields)


# ---- Locks

ADDRESSES = ["/a/f", "/l/f", "/twice/f", "/d/in/f", "/lf"]


@pytest.mark.parametrize("locked", ADDRESSES)
def test_lock_by_one_address_guards_by_every_other(server, root, locked):
    token = lock(server, locked)
    for target in ADDRESSES:
        assert put(server, target) == 423, target
        assert set_mine(server, target).status == 423, target
        assert ask(server, "DELETE", target) == 423, target
        assert ask(server, "MOVE", target, Destination="/moved") == 423, target
        assert ask(server, "COPY", "/a/sub/g", Destination=target) == 423, target
        answer = server.request("LOCK", target, {}, LOCK.format("exclusive").encode())
        assert answer.status == 423 and b"no-conflicting-lock" in answer.body, target
    assert (root / "a/f").read_text() == "old"
    for target in ADDRESSES:
        assert put(server, target, token) == 204, target
        assert (root / "lf").is_symlink()
    assert (root / "a/f").read_text() == "new"


@pytest.mark.parametrize("target", ADDRESSES)
def test_lock_is_told_refreshed_and_given_back_by_every_address(server, target):
    for locked in ADDRESSES:
        token = lock(server, locked)
        assert tokens(server, target) == {target.encode(): [token]}
        answer = server.request("LOCK", target, {"If": f"(<{token}>)", "Timeout": "Second-77"})
        assert answer.status == 200 and b"Second-77" in answer.body
        assert b"<D:lockroot><D:href>/a/f</D:href></D:lockroot>" in answer.body
        assert unlock(server, target, token) == 204
        assert put(server, "/a/f") == 204


def test_lock_of_a_folder_guards_its_members_by_every_address(server, root):
    for locked in ("/a", "/l", "/l/", "/twice"):
        token = lock(server, locked, "infinity")
        for folder in ("/a", "/l", "/twice", "/d/in"):
            assert put(server, folder + "/f") == 423
            assert put(server, folder + "/new") == 423
            assert ask(server, "MKCOL", folder + "/sub/new") == 423
            assert ask(server, "POST", folder + "/", Slug="new") == 423
            assert tokens(server, folder + "/sub/g") == {f"{folder}/sub/g".encode(): [token]}
        assert put(server, "/l/new", token) == 201
        assert ask(server, "DELETE", "/twice/new", token) == 204
        assert unlock(server, "/lf", token) == 204
    assert sorted(os.listdir(root / "a")) == ["f", "sub"]


def test_lock_of_a_folder_alone_guards_who_its_members_are(server):
    token = lock(server, "/l")
    assert put(server, "/a/f") == 204
    for folder in ("/a", "/twice"):
        assert put(server, folder + "/new") == 423
        assert ask(server, "DELETE", folder + "/f") == 423
    assert put(server, "/twice/new", If=f"</l> (<{token}>)") == 201


def test_lock_that_makes_a_file_is_on_it_by_every_address(server, root):
    token = lock(server, "/l/new")
    assert (root / "a/new").read_bytes() == b""
    assert put(server, "/a/new") == 423
    assert put(server, "/a/new", token) == 204
    assert ask(server, "DELETE", "/twice/new", token) == 204
    assert put(server, "/a/new") == 201  # it ended with the file


def test_lock_over_a_locked_member_is_refused_by_every_address(server):
    lock(server, "/a/sub/g")
    answer = server.request("LOCK", "/twice", {"Depth": "infinity"},
                            LOCK.format("exclusive").encode())
    told = rows(answer)
    assert {path: row.status for path, row in told.items()} == {b"/a/sub/g": 423, b"/twice/": 424}


def test_lock_of_a_folder_guards_the_links_in_it_and_what_is_addressed_through_them(server, root):
    """RFC 4918 §7.4, §7.5. What the link leads to is not in the folder by its own address."""
    token = lock(server, "/d", "infinity")
    for target in ("/d/in/f", "/d/in/new"):
        assert put(server, target) == 423
        assert put(server, target, token) in (201, 204)
        assert tokens(server, target) == {target.encode(): [token]}
    for method in ("DELETE", "MOVE"):
        assert ask(server, method, "/d/in", Destination="/moved") == 423
    assert tokens(server, "/d/", "1") == {b"/d/": [token], b"/d/in/": [token]}
    assert set(map(tuple, tokens(server, "/d/in/", "1").values())) == {(token,)}
    assert put(server, "/a/f") == 204 and put(server, "/l/f") == 204
    assert tokens(server, "/a/f") == {b"/a/f": []}
    # Who locks both needs both.
    other = lock(server, "/a/f")
    assert sorted(tokens(server, "/d/in/f")[b"/d/in/f"]) == sorted([token, other])
    assert put(server, "/d/in/f", token) == 423
    assert put(server, "/d/in/f", If=f"(<{token}> <{other}>)") == 204
    assert ask(server, "DELETE", "/d/in", token) == 204
    assert not (root / "d/in").is_symlink() and (root / "a/f").exists()


def test_shared_locks_by_two_addresses_stand_together(server):
    first, second = lock(server, "/a/f", scope="shared"), lock(server, "/lf", scope="shared")
    assert tokens(server, "/twice/f") == {b"/twice/f": [first, second]} or \
        tokens(server, "/twice/f") == {b"/twice/f": [second, first]}
    assert put(server, "/l/f") == 423
    assert put(server, "/l/f", second) == 204


@pytest.mark.parametrize("value, holds", [
    ("</l/f> (<{}>)", True), ("</lf> (<{}>)", True), ("<http://{host}/twice/f> (<{}>)", True),
    ("</a/f> (<{}>)", True), ("</l/sub/g> (<{}>)", False), ("</l/f> (Not <{}>)", False),
    ("</l/f> ([{tag}])", True), ("</lf> ([{tag}] <{}>)", True), ("</l/sub/g> ([{tag}])", False)])
def test_if_names_resources_by_any_address(server, value, holds):
    """RFC 4918 §10.4.3."""
    token = lock(server, "/a/f")
    tag = server.request("GET", "/a/f")["ETag"]
    condition = value.format(token, host=f"127.0.0.1:{server.port}", tag=tag)
    assert put(server, "/unlocked", If=condition) == (201 if holds else 412)


def test_removing_a_link_leaves_what_it_leads_to_with_its_lock(server, root):
    """The lock's owner may know the resource by that link alone, so its token is asked for."""
    token = lock(server, "/a", "infinity")
    assert ask(server, "DELETE", "/l") == 423
    assert ask(server, "MOVE", "/l", Destination="/l2") == 423
    assert ask(server, "COPY", "/d", Destination="/l") == 423
    assert ask(server, "MOVE", "/l", token, Destination="/l2") == 201
    assert (root / "l2").is_symlink() and not (root / "l").is_symlink()
    assert ask(server, "DELETE", "/l2/", token) == 204
    assert not (root / "l2").is_symlink() and (root / "a/f").read_text() == "old"
    assert put(server, "/a/f") == 423
    assert unlock(server, "/twice/f", token) == 204


def test_a_locked_member_does_not_hold_the_link_to_its_folder(server, root):
    lock(server, "/a/f")
    assert ask(server, "DELETE", "/l") == 204
    assert put(server, "/a/f") == 423 and (root / "a/f").read_text() == "old"


def test_lock_survives_a_restart_by_every_address(root, tmp_path):
    state = tmp_path / "state"
    with harness.Server(root, arguments=["--write"], state=state) as server:
        token = lock(server, "/twice/f")
        assert set_mine(server, "/lf", "kept", If=f"(<{token}>)").status == 207
    with harness.Server(root, arguments=["--write"], state=state) as server:
        assert put(server, "/l/f") == 423
        assert mine(server, "/a/f") == mine(server, "/l/f") == "kept"
        assert unlock(server, "/lf", token) == 204


# ---- Properties

@pytest.mark.parametrize("target", ADDRESSES)
def test_properties_are_the_same_by_every_address(server, target):
    assert set_mine(server, target, "v" + target).status == 207
    assert {mine(server, other) for other in ADDRESSES} == {"v" + target}
    assert put(server, target) == 204
    assert mine(server, "/a/f") == "v" + target  # and stay with what is replaced


def test_properties_of_a_folder_are_told_of_links_to_it_among_members(server):
    assert set_mine(server, "/l", "folder").status == 207
    assert set_mine(server, "/lf", "file").status == 207
    told = rows(propfind(server, "/", "1", prop(MINE)))
    assert {p: row.text("{urn:x}p") for p, row in told.items()} == {
        b"/": None, b"/a/": "folder", b"/l/": "folder", b"/twice/": "folder", b"/d/": None,
        b"/lf": "file"}
    told = rows(propfind(server, "/twice/", "1", prop(MINE)))
    assert {p: row.text("{urn:x}p") for p, row in told.items()} == {
        b"/twice/": "folder", b"/twice/f": "file", b"/twice/sub/": None}


def test_properties_follow_their_resource_through_links(server, root):
    for target in ("/l/f", "/l/sub", "/l/sub/g"):
        assert set_mine(server, target, target[3:]).status == 207
    assert ask(server, "COPY", "/twice/f", Destination="/d/in/copy") == 201
    assert mine(server, "/a/copy") == "f"
    assert ask(server, "MOVE", "/l/sub", Destination="/twice/moved") == 201
    assert mine(server, "/a/moved") == "sub" and mine(server, "/l/moved/g") == "sub/g"
    assert ask(server, "COPY", "/l/", Destination="/whole") == 201
    assert not (root / "whole").is_symlink()
    assert mine(server, "/whole/moved/g") == "sub/g" and mine(server, "/a/moved/g") == "sub/g"
    assert ask(server, "DELETE", "/twice/f") == 204
    assert put(server, "/a/f") == 201
    assert mine(server, "/l/f") is None


def test_a_link_that_goes_takes_no_properties_with_it(server):
    assert set_mine(server, "/l", "folder").status == 207
    assert ask(server, "MOVE", "/l", Destination="/l2") == 201
    assert mine(server, "/l2") == mine(server, "/a") == "folder"
    assert ask(server, "DELETE", "/l2") == 204
    assert mine(server, "/a") == "folder"


def test_time_is_set_by_every_address(server, root):
    body = setting("<D:getlastmodified>Tue, 01 Jan 2019 00:00:00 GMT</D:getlastmodified>")
    assert rows(proppatch(server, "/lf", body))[b"/lf"].groups.keys() == {200}
    assert (root / "a/f").stat().st_mtime == 1546300800


# ---- PROPFIND

def test_hrefs_are_those_of_the_address_that_was_asked(server):
    assert set(rows(propfind(server, "/l/", "1"))) == {b"/l/", b"/l/f", b"/l/sub/"}
    assert set(rows(propfind(server, "/twice", "infinity"))) == {
        b"/twice/", b"/twice/f", b"/twice/sub/", b"/twice/sub/g"}
    assert set(rows(propfind(server, "/d/in/sub", "1"))) == {b"/d/in/sub/", b"/d/in/sub/g"}
    (row,) = rows(propfind(server, "/lf", "0")).values()
    assert row.path == b"/lf" and row.text("displayname") == "lf"


def test_root_by_another_address(server, root):
    (root / "d/up").symlink_to("..")
    token = lock(server, "/a/f")
    told = rows(propfind(server, "/d/up", "1", prop("lockdiscovery")))
    assert {b"/d/up/", b"/d/up/a/", b"/d/up/d/", b"/d/up/l/"} <= set(told)
    assert tokens(server, "/d/up/a/f") == {b"/d/up/a/f": [token]}
    assert put(server, "/d/up/a/f") == 423
    assert set_mine(server, "/d/up", "root").status == 207 and mine(server, "/") == "root"
    assert ask(server, "DELETE", "/d/up") == 204 and (root / "a/f").exists()


def test_everything_below_enters_no_links(server):
    assert set(rows(propfind(server, "/", "infinity"))) == {
        b"/", b"/a/", b"/a/f", b"/a/sub/", b"/a/sub/g", b"/d/", b"/d/in/", b"/l/", b"/lf",
        b"/twice/"}


def test_remembered_answer_ends_with_a_change_by_another_address(server):
    for number, (told, changed) in enumerate([("/l/", "/a/f"), ("/a/", "/l/f"), ("/", "/twice/f"),
                                              ("/twice/", "/lf")]):
        wanted = prop(MINE, "lockdiscovery")
        for _ in range(2):
            assert propfind(server, told, "1", wanted).status == 207
        assert set_mine(server, changed, str(number)).status == 207
        assert str(number) in {row.text("{urn:x}p") for row in
                               rows(propfind(server, told, "1", wanted)).values()}
        token = lock(server, changed)
        assert token.encode() in propfind(server, told, "1", wanted).body
        assert unlock(server, "/a/f", token) == 204
        assert token.encode() not in propfind(server, told, "1", wanted).body


# ---- COPY and MOVE

def state_of(root):
    return {str(p.relative_to(root)): os.readlink(p) if p.is_symlink() else
            p.read_bytes() if p.is_file() else None for p in sorted(root.rglob("*"))}


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
@pytest.mark.parametrize("source, target", [
    ("/a", "/l/x"), ("/a", "/twice/sub/x"), ("/l", "/l/x"), ("/l/sub", "/twice/sub/x"),
    ("/a/f", "/l/f"), ("/l/f", "/twice/f"), ("/a/f", "/lf"), ("/lf", "/a/f"), ("/lf", "/l/f"),
    ("/l", "/a"), ("/a", "/l"), ("/l", "/twice"), ("/twice/sub", "/l"), ("/l/sub/g", "/a"),
    ("/lf", "/a"), ("/l", "/d/in")])
def test_source_and_destination_are_apart_by_any_address(server, root, method, source, target):
    before = state_of(root)
    answer = server.request(method, source, {"Destination": target})
    assert (answer.status, answer.outcome) == (403, "destination-overlaps")
    assert state_of(root) == before


@pytest.mark.parametrize("source, target", [
    ("/d/in", "/a/x"), ("/d/in", "/a/sub"), ("/d/in", "/l/x"), ("/d/out", "/a/sub/x")])
def test_a_link_is_moved_into_the_folder_that_it_leads_to(server, root, source, target):
    """It is the link that goes: what it leads to stays, and is not copied into itself."""
    (root / "d/out").symlink_to("../a/../a/sub/../../a")
    assert ask(server, "COPY", source, Destination=target) == 403
    assert ask(server, "MOVE", source, Destination=target) in (201, 204)
    moved = root / target[1:]
    assert moved.is_symlink() and not (root / source[1:]).is_symlink()
    assert (root / "a/f").read_text() == "old"


def test_a_link_that_was_moved_into_its_goal_leads_there_still(server, root):
    assert ask(server, "MOVE", "/d/in", Destination="/a/x") == 201
    assert server.request("GET", "/a/x/f").body == b"old"
    assert ask(server, "MOVE", "/a/x", Destination="/d/in") == 201
    assert server.request("GET", "/d/in/f").body == b"old"


def test_links_are_moved_and_copied_with_their_folder(server, root):
    assert ask(server, "COPY", "/d", Destination="/e") == 201
    assert os.readlink(root / "e/in") == "../a"
    assert ask(server, "MOVE", "/d", Destination="/g") == 201
    assert os.readlink(root / "g/in") == "../a"
    token = lock(server, "/e/in/f")
    assert put(server, "/g/in/f") == 423 and put(server, "/g/in/f", token) == 204


def test_destination_through_a_link(server, root):
    token = lock(server, "/a/f")
    assert ask(server, "MOVE", "/d", Destination="/l/d2") == 201
    assert (root / "a/d2").is_dir()
    (root / "x").write_text("x")
    assert ask(server, "MOVE", "/x", Destination="/l/f") == 423
    assert ask(server, "MOVE", "/x", Destination="/l/f", If=f"</twice/f> (<{token}>)") in (412, 423)
    assert ask(server, "MOVE", "/x", Destination="/l/f", If=f"</a/f> (<{token}>)") == 204
    assert (root / "a/f").read_text() == "x"
    assert put(server, "/a/f") == 423  # a lock stays on what is overwritten


def test_a_link_in_the_way_is_replaced_itself(server, root):
    (root / "x").write_text("x")
    for method, target in (("COPY", "/lf"), ("MOVE", "/l")):
        assert ask(server, method, "/x", Destination=target) == 204
        assert not (root / target[1:]).is_symlink()
        assert (root / target[1:]).read_text() == "x" and (root / "a/f").read_text() == "old"


def test_overwriting_what_a_link_leads_to_is_refused_while_the_link_is_the_source(server, root):
    """Else the link would take the place of its own goal, and nothing of that were left."""
    (root / "d/goal").mkdir()
    (root / "d/goal/kept").write_text("kept")
    (root / "link").symlink_to("d/goal")
    for target in ("/d/goal", "/d"):
        assert ask(server, "MOVE", "/link", Destination=target) == 403
    assert (root / "d/goal/kept").read_text() == "kept"


# ---- Uploads in pieces

def open_upload(server, target):
    answer = server.request("PUT", target, {"Upload-Complete": "?0"}, b"one ")
    assert answer.status == 201, answer.body
    return re.sub(r"^https?://[^/]*", "", answer["Location"])


def finish_upload(server, location, token=None, offset=4):
    fields = {"Upload-Complete": "?1", "Upload-Offset": str(offset),
              "Content-Type": "application/partial-upload"}
    if token:
        fields["If"] = f"(<{token}>)"
    return server.request("PATCH", location, fields, b"two")


@pytest.mark.parametrize("opened, finished", [("/l/up", "/a/"), ("/a/up", "/l/"),
                                              ("/twice/up", "/d/in/"), ("/l/up", "/l/")])
def test_upload_goes_on_by_any_address(server, root, opened, finished):
    location = open_upload(server, opened)
    assert location.startswith(opened[:-2] + "?upload=")
    there = finished + location[location.index("?"):]
    assert server.request("HEAD", there)["Upload-Offset"] == "4"
    assert server.request("HEAD", "/d/" + location[location.index("?"):]).status == 404
    answer = finish_upload(server, there)
    assert answer.status == 201 and answer["Location"].endswith(opened)
    assert (root / "a/up").read_text() == "one two"


def test_upload_is_stopped_by_a_lock_by_another_address(server, root):
    location = open_upload(server, "/lf")
    token = lock(server, "/a/f")
    assert finish_upload(server, location).status == 423
    assert (root / "a/f").read_text() == "old"
    answer = finish_upload(server, location, token)
    assert answer.status in (201, 204), answer.body
    assert (root / "a/f").read_text() == "one two" and (root / "lf").is_symlink()


def test_upload_is_not_finished_elsewhere_when_its_link_leads_elsewhere(server, root):
    location = open_upload(server, "/l/up")
    (root / "l").unlink()
    (root / "l").symlink_to("d")
    answer = finish_upload(server, "/a/" + location[location.index("?"):])
    assert (answer.status, answer.outcome) == (409, "parent-missing")
    assert not (root / "a/up").exists() and not (root / "d/up").exists()


# ---- A link that was turned while a request was under way

def test_content_under_way_is_not_written_where_a_turned_link_leads(server, root):
    lock(server, "/d", "infinity")
    with server.connect() as client:
        client.send("PUT /l/new HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
                    "Expect: 100-continue\r\n\r\n")
        assert client.read_response().status == 100
        (root / "l").unlink()
        (root / "l").symlink_to("d")
        client.send("new")
        assert client.read_response().status == 201  # where the link led when it was asked
    assert (root / "a/new").exists() and not (root / "d/new").exists()
    with server.connect() as client:
        client.send("PUT /a/sub/new HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
                    "Expect: 100-continue\r\n\r\n")
        assert client.read_response().status == 100
        (root / "a/sub").rename(root / "d/sub")
        (root / "a/sub").symlink_to("../d/sub")  # the same folder, by an address that is locked
        client.send("new")
        assert client.read_response().status in (409, 423)
    assert not (root / "d/sub/new").exists()


def test_a_link_that_turns_all_the_time_passes_no_lock(server, root):
    lock(server, "/d", "infinity")
    ended = threading.Event()

    def turn():
        while not ended.is_set():
            for goal in ("d", "a"):
                (root / "next").symlink_to(goal)
                os.replace(root / "next", root / "l")

    turning = threading.Thread(target=turn)
    turning.start()
    seen = {"PUT": set(), "PROPFIND": set(), "MKCOL": set()}
    end = time.monotonic() + harness.DEADLINE
    try:
        while not {201, 423} <= seen["PUT"] and time.monotonic() < end:
            seen["PUT"].add(put(server, "/l/new"))
        for _ in range(100):
            for method in seen:
                seen[method].add(ask(server, method, "/l/new", Depth="0",
                                     content=b"new" if method == "PUT" else b""))
    finally:
        ended.set()
        turning.join()
    # 503: it turned faster than anybody can look.
    assert {201, 423} <= seen["PUT"] <= {201, 204, 423, 503}
    assert seen["PROPFIND"] <= {207, 404, 503} and seen["MKCOL"] <= {405, 423, 503}
    assert sorted(os.listdir(root / "d")) == ["in"] and (root / "a/new").read_bytes() == b"new"


def test_methods_see_what_a_hidden_folder_holds_through_a_link(server, root):
    """A link is the operator's word: what it leads to may have a name that clients cannot use."""
    (root / ".releases/1").mkdir(parents=True)
    (root / "current").symlink_to(".releases/1")
    (root / "other").symlink_to("current")
    assert put(server, "/current/file") == 201
    token = lock(server, "/current/file")
    assert put(server, "/other/file") == 423 and put(server, "/other/file", token) == 204
    assert set(rows(propfind(server, "/current/", "1"))) == {b"/current/", b"/current/file"}
    assert server.request("GET", "/other/file").body == b"new"
    assert put(server, "/.releases/1/file") == 403


# ---- Links that leave the folder and come back, as `ln -s` makes them

FAR = {"absolute": "{root}/a", "by the link to the root": "{link}/a", "up and back": "../root/a",
       "far up and back": "../../../../../../../../..{root}/a"}


@pytest.fixture(params=["served by its path", "served by a link to it"])
def far(root, request):
    """A server, whose root has links to a that leave it, and links that lead out."""
    link = root.with_name("link")
    link.symlink_to(root)
    served = root if request.param == "served by its path" else link
    for name, text in FAR.items():
        if "link" not in name or served == link:
            (root / name.replace(" ", "-")).symlink_to(text.format(root=root, link=link))
    (root.parent / "secret").write_text("secret")
    (root / "out").symlink_to(root.parent / "secret")
    (root / "parent").symlink_to("..")
    (root / "like").symlink_to(f"{root}-and-more")
    Path(f"{root}-and-more").mkdir()
    Path(f"{root}-and-more/f").write_text("secret")
    with harness.Server(served, arguments=["--write"]) as running:
        running.names = [name.replace(" ", "-") for name in FAR
                         if (root / name.replace(" ", "-")).is_symlink()]
        yield running


def test_link_that_comes_back_is_a_second_address(far, root):
    for name in far.names:
        assert far.get(f"/{name}/f").body == (root / "a/f").read_bytes()
        names = {entry["name"] for entry in
                 far.get(f"/{name}/", Accept="application/json").json()["entries"]}
        assert names == {"f", "sub"}
        assert f"/{name}/f".encode() in rows(propfind(far, f"/{name}/", "1"))
        token = lock(far, f"/{name}/f")
        assert put(far, "/a/f") == 423 and put(far, f"/{name}/f") == 423
        assert put(far, "/a/f", token) == 204 and (root / "a/f").read_text() == "new"
        assert unlock(far, "/a/f", token) == 204
        set_mine(far, f"/{name}/f", value=name)
        assert mine(far, "/a/f") == name
        assert put(far, f"/{name}/made-{name}") == 201
        assert (root / f"a/made-{name}").read_text() == "new"
        assert ask(far, "DELETE", f"/a/made-{name}") == 204
    told = {entry["name"] for entry in far.get("/", Accept="application/json").json()["entries"]}
    assert set(far.names) <= told and not {"out", "parent", "like"} & told


def test_link_that_comes_back_is_removed_and_not_what_it_leads_to(far, root):
    for name in far.names:
        assert ask(far, "DELETE", f"/{name}") == 204
        assert not os.path.lexists(root / name) and (root / "a/f").exists()


def test_link_that_leads_out_leads_to_nothing(far, root):
    for target in ("/out", "/parent/secret", "/parent/", f"/parent/{root.name}/a/f", "/like/f",
                   "/like/", f"/parent/{root.name}/"):
        assert far.get(target).status == 404, target
        assert ask(far, "PUT", target.rstrip("/") + "x", content=b"x") in (201, 409), target
    assert (root.parent / "secret").read_text() == "secret"
    assert sorted(p.name for p in root.parent.iterdir()) == ["link", "root", "root-and-more",
                                                             "secret"]
