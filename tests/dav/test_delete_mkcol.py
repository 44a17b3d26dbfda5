# SPDX-License-Identifier: MIT
"""DELETE: RFC 9110 §9.3.5, RFC 4918 §9.6. MKCOL: RFC 4918 §9.3."""
import os
import stat
import time

import pytest

from harness import DEADLINE
from site_of_dav import (ask, assert_refused, config, put, run_together, Server, settle, state_of)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("names")


@pytest.fixture(scope="module")
def server(root):
    with Server(root, config=config(3, dotfiles=False)) as server:
        yield server


# ---- DELETE

@pytest.mark.parametrize("name, slash, lines", [
    ("one", "", ()), ("two", "/", ()), ("three", "", ("Depth: infinity",)),
    ("four", "/", ("Depth: infinity",))])
def test_collection_goes_whole(server, root, name, slash, lines):
    put(root, "beside")
    for member in ("a", "sub/deep/b", ".dot"):
        put(root, f"{name}/{member}")
    (root / name / "link").symlink_to("../beside")
    os.mkfifo(root / name / "pipe")
    (root / name / "locked").mkdir(mode=0)
    assert ask(server, "GET", f"/{name}/a").status == 200
    response = ask(server, "DELETE", f"/{name}{slash}", *lines)
    assert response.status == 204 and response.body == b""
    assert ask(server, "GET", f"/{name}/a").status == ask(server, "GET", f"/{name}/").status == 404
    assert state_of(root) == {"beside": b"content\n"}  # space is freed before the answer


def test_file_goes(server, root):
    put(root, "gone")
    assert ask(server, "GET", "/gone").status == 200
    assert ask(server, "DELETE", "/gone").status == 204
    assert ask(server, "GET", "/gone").status == 404
    assert_refused(ask(server, "DELETE", "/gone"), 404, "not-found")


def test_link_goes_and_its_goal_stays(server, root):
    put(root, "goal", b"goal")
    put(root, "goals/member", b"member")
    (root / "link").symlink_to("goal")
    (root / "links").symlink_to("goals")
    assert ask(server, "DELETE", "/link").status == 204
    assert ask(server, "DELETE", "/links").status == 204
    assert not (root / "link").is_symlink() and not (root / "links").is_symlink()
    assert (root / "goal").exists() and (root / "goals/member").exists()


@pytest.mark.parametrize("target", ["/none", "/none/", "/file/none", "/.hidden", "/a%2Fb",
                                    "/.candor-tmp-0123456789abcdef", "/" + "n" * 256])
def test_what_is_not_there_cannot_be_deleted(server, root, target):
    put(root, "file")
    put(root, ".hidden")
    put(root, ".candor-tmp-0123456789abcdef")
    put(root, "a/b")
    assert_refused(ask(server, "DELETE", target), 404, "not-found")
    assert {".hidden", ".candor-tmp-0123456789abcdef", "a/b"} <= set(state_of(root))
    (root / ".candor-tmp-0123456789abcdef").unlink()


@pytest.mark.parametrize("depth", ["0", "1"])
def test_delete_is_of_infinite_depth(server, root, depth):  # RFC 4918 §9.6.1
    put(root, "deep/file")
    assert_refused(ask(server, "DELETE", "/deep", f"Depth: {depth}"), 400, "depth-unsupported")
    assert (root / "deep/file").exists()


@pytest.mark.parametrize("depth", ["0", "1", "infinity"])
def test_depth_says_nothing_of_a_file(server, root, depth):  # lftp sends 0
    put(root, "shallow")
    assert ask(server, "DELETE", "/shallow", f"Depth: {depth}").status == 204
    assert not (root / "shallow").exists()


def test_fragment_in_the_target_is_refused(server, root):  # litmus: delete_fragment
    put(root, "frag/file")
    assert ask(server, "DELETE", "/frag/#ment").status == 400
    assert (root / "frag/file").exists()


@pytest.mark.parametrize("target", ["/", "/x/.."])
def test_root_stays(server, root, target):
    put(root, "stays")
    response = ask(server, "DELETE", target)
    assert_refused(response, 403, "root-fixed")
    assert (root / "stays").exists()


def test_content_of_a_delete_is_refused_or_ignored_but_framed(server, root):
    put(root, "framed")
    with server.connect() as client:
        assert ask(server, "DELETE", "/framed", content=b"GET / HTTP/1.1\r\n\r\n",
                   client=client).status in (204, 415)
        assert ask(server, "OPTIONS", "/", client=client).status == 204


def test_of_many_deletes_exactly_one_succeeds(server, root):
    for turn in range(10):
        put(root, "many/file")
        answers = []
        run_together(lambda number: answers.append(ask(server, "DELETE", "/many").status), 6)
        assert sorted(answers) == [204] + [404] * 5


# ---- MKCOL

@pytest.mark.parametrize("target", ["/new", "/new/", "/n%C3%BC", "/new%20x/"])
def test_collection_is_made(server, root, target):
    response = ask(server, "MKCOL", target)
    assert response.status == 201
    made = [name for name in os.listdir(root) if name.startswith("n")]
    assert len(made) == 1 and (root / made[0]).is_dir()
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((root / made[0]).stat().st_mode) == 0o777 & ~mask
    assert ask(server, "GET", target.rstrip("/") + "/").status == 200
    assert ask(server, "DELETE", target).status == 204


@pytest.mark.parametrize("target, status, outcome", [
    ("/taken", 405, "collection-exists"), ("/taken/", 405, "collection-exists"),
    ("/file", 405, "collection-exists"), ("/", 405, "collection-exists"),
    ("/none/new", 409, "parent-missing"), ("/file/new", 409, "parent-missing"),
    ("/nowhere", 409, "special-file"),
    ("/" + "n" * 256, 400, "name-impossible"), ("/.new", 403, "name-hidden"),
    ("/a%2Fb", 400, "name-impossible"),
    ("/.candor-tmp-0123456789abcdef/", 403, "name-hidden")])
def test_collection_that_cannot_be_made_is_refused(server, root, target, status, outcome):
    put(root, "file")
    (root / "taken").mkdir(exist_ok=True)
    if not (root / "nowhere").is_symlink():
        (root / "nowhere").symlink_to("no-such")
    before = state_of(root)
    response = ask(server, "MKCOL", target)
    assert_refused(response, status, outcome)
    if status == 405:
        assert "MKCOL" not in response["Allow"]
    assert state_of(root) == before


@pytest.mark.parametrize("media_type", ["application/xml", "text/plain"])
def test_content_has_no_meaning_yet(server, root, media_type):  # RFC 4918 §9.3
    response = ask(server, "MKCOL", "/with-content", f"Content-Type: {media_type}",
                   content=b"<mkcol/>")
    assert_refused(response, 415, "unsupported-media-type")
    assert not (root / "with-content").exists()


def test_empty_content_is_none(server, root):
    assert ask(server, "MKCOL", "/no-content", content=b"").status == 201
    assert ask(server, "DELETE", "/no-content").status == 204


def test_of_many_mkcols_exactly_one_succeeds(server, root):
    for turn in range(10):
        answers = []
        run_together(lambda number: answers.append(ask(server, "MKCOL", "/one").status), 6)
        assert sorted(answers) == [201] + [405] * 5
        assert ask(server, "DELETE", "/one").status == 204


def test_names_with_a_dot_exist_where_they_may(root, tmp_path):
    text = config(1)
    with Server(tmp_path, config=text) as server:
        assert ask(server, "MKCOL", "/.dot").status == 201
        assert ask(server, "PUT", "/.dot/.file", content=b"dot").status == 201
        assert ask(server, "GET", "/.dot/.file").body == b"dot"
        put(tmp_path, ".candor-tmp-fedcba9876543210", b"temporary")
        for method in ("GET", "DELETE", "OPTIONS"):
            response = ask(server, method, "/.candor-tmp-fedcba9876543210")
            assert response.status == (204 if method == "OPTIONS" else 404)
        for method in ("PUT", "MKCOL"):
            content = b"x" if method == "PUT" else None
            assert_refused(ask(server, method, "/.candor-tmp-fedcba9876543210", content=content),
                           403, "name-hidden")
        listing = ask(server, "GET", "/", "Accept: text/html").body
        assert b".dot" in listing and b"candor-tmp" not in listing
    settle_only = [name for name in os.listdir(tmp_path)]
    assert sorted(settle_only) == [".candor-tmp-fedcba9876543210", ".dot"]


def test_a_new_folder_is_told_with_its_slash(server, root):  # RFC 9110 §15.3.2
    assert ask(server, "MKCOL", "/plain%20one")["Location"] == "/plain%20one/"
    assert ask(server, "MKCOL", "/slash/")["Location"] is None  # the target is its address


@pytest.mark.parametrize("method", ["DELETE", "PUT"])
def test_space_of_a_large_file_is_free_soon_after_it_is_gone(server, root, method):
    """Whoever has read it before: no worker keeps it open (LIMIT_FILES_IDLE)."""
    def leads_to(path):
        try:
            return os.readlink(path)
        except FileNotFoundError:  # closed meanwhile
            return None

    def kept():
        folder = f"/proc/{server.process.pid}/fd"
        return [name for name in os.listdir(folder)
                if leads_to(f"{folder}/{name}") == f"{root}/large (deleted)"]

    put(root, "large", b"x" * 1_000_000)
    assert ask(server, "GET", "/large", "Range: bytes=0-1").status == 206
    assert ask(server, method, "/large", content=b"").status == 204
    deadline = time.monotonic() + DEADLINE
    while kept() and time.monotonic() < deadline:
        ask(server, "OPTIONS", "/")
    assert not kept()
    (root / "large").unlink(missing_ok=True)
