# SPDX-License-Identifier: MIT
"""PUT: RFC 9110 §9.3.4; conditions, §13.1; Expect, §10.1.1."""
import os
import socket
import stat
import struct
import threading

import pytest

from site_of_dav import (ask, assert_refused, chunked, config, head_of, put, run_together, Server,
                         settle, state_of, strays)

WORKERS = 3
CONNECTIONS = 24  # spread over the workers by the system: none is missed


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("put")


@pytest.fixture(scope="module")
def server(root):
    with Server(root, config=config(WORKERS, dotfiles=False)) as server:
        yield server


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Little may be stored here."""
    root = tmp_path_factory.mktemp("small")
    text = config(2, max_upload=5000, quota=8000)
    with Server(root, config=text) as server:
        server.root = root
        yield server


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """No disk has that much left, so nothing can be stored."""
    root = tmp_path_factory.mktemp("full")
    put(root, "old", b"old")
    with Server(root, config=config(2, reserve="1024G")) as server:
        server.root = root
        yield server


def everywhere(server, target):
    """What every worker answers to a GET."""
    clients = [server.connect() for _ in range(CONNECTIONS)]
    answers = [ask(server, "GET", target, client=client) for client in clients]
    for client in clients:
        client.close()
    return answers


# ---- Whole representations

@pytest.mark.parametrize("size", [0, 1, 4096, 70_000, 3_000_000])
@pytest.mark.parametrize("coding", [None, "chunked"])
def test_put_makes_and_replaces_and_tells_the_tag_that_get_tells(server, root, size, coding):
    target = f"/whole-{size}-{coding}"
    for turn, (status, outcome) in enumerate([(201, "created"), (204, "done"), (204, "done")]):
        content = bytes([turn]) * size
        response = ask(server, "PUT", target, content=content, coding=coding)
        assert response.status == status and response.body == b""
        for got in everywhere(server, target):  # read after write, on every worker
            assert got.status == 200 and got.body == content
            assert got["ETag"] == response["ETag"] and got["ETag"].startswith('"')
    assert not strays(root)


def test_same_content_again_has_another_tag(server):  # a strong tag names one state
    tags = {ask(server, "PUT", "/again", content=b"same")["ETag"] for _ in range(20)}
    assert len(tags) == 20


def test_read_after_write_on_connections_that_have_read_before(server):
    ask(server, "PUT", "/read", content=b"0")
    clients = [server.connect() for _ in range(CONNECTIONS)]
    for turn in range(1, 30):
        assert ask(server, "PUT", "/read", content=b"%d" % turn,
                   client=clients[turn % CONNECTIONS]).status == 204
        for client in clients:
            assert ask(server, "GET", "/read", client=client).body == b"%d" % turn
    for client in clients:
        client.close()


def test_put_keeps_the_mode_of_what_it_replaces_and_gives_new_files_the_usual_one(server, root):
    path = put(root, "mode", b"old")
    path.chmod(0o640)
    ask(server, "PUT", "/mode", content=b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    ask(server, "PUT", "/mode-new", content=b"new")
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE((root / "mode-new").stat().st_mode) == 0o666 & ~mask


def test_name_is_taken_as_its_octets(server, root):
    for target, name in [("/%C3%BC.txt", "ü.txt"), ("/a%20b", "a b"), ("/a+b", "a+b"),
                         ("/%25", "%"), ("/%3F%23", "?#"), ("/x/../dots", "dots")]:
        assert ask(server, "PUT", target, content=target.encode()).status == 201
        assert (root / name).read_bytes() == target.encode()
    assert ask(server, "PUT", "/%FF%FE", content=b"octets").status == 201
    with open(bytes(root) + b"/\xff\xfe", "rb") as file:
        assert file.read() == b"octets"


def test_content_of_finder_is_stored(server, root):
    content = os.urandom(100_000)
    response = ask(server, "PUT", "/finder", f"X-Expected-Entity-Length: {len(content)}",
                   content=content, coding="chunked")
    assert response.status == 201 and (root / "finder").read_bytes() == content


@pytest.mark.parametrize("value, seconds", [("1234567890", 1234567890), ("0", 0), ("-5", -5),
                                            ("1700000000.75", 1700000000)])
@pytest.mark.parametrize("size", [3, 100_000])
def test_time_that_the_client_sends_is_kept_and_that_is_told(server, root, value, seconds, size):
    response = ask(server, "PUT", "/timed", f"X-OC-Mtime: {value}", content=b"x" * size)
    assert response.status in (201, 204) and response["X-OC-MTime"] == "accepted"
    assert int((root / "timed").stat().st_mtime_ns // 10**9) == seconds


@pytest.mark.parametrize("value", ["yesterday", "253402300799", "9223372037", "-9223372037"])
def test_time_that_is_none_is_ignored_and_nothing_is_told(server, root, value):
    response = ask(server, "PUT", "/timed-not", f"X-OC-Mtime: {value}", content=b"x")
    assert response.status in (201, 204) and response["X-OC-MTime"] is None
    assert (root / "timed-not").stat().st_mtime > 1_700_000_000


@pytest.mark.parametrize("seconds", [253402300799, 9223372037, -9223372037])
def test_file_of_a_time_beyond_all_counting_is_told_and_replaced(server, root, seconds):
    put(root, "far")
    os.utime(root / "far", (seconds, seconds))  # the file system may keep what is nearest
    for method in ("GET", "HEAD", "PROPFIND"):
        assert ask(server, method, "/far", "Depth: 0").status in (200, 207)
    etag = ask(server, "GET", "/far")["ETag"]
    assert ask(server, "PUT", "/far", f"If-Match: {etag}", content=b"x").status == 204


def test_two_states_with_one_time_have_two_tags(server):
    tags = {ask(server, "PUT", "/timed-tag", "X-OC-Mtime: 1000", content=b"x%d" % turn)["ETag"]
            for turn in range(10)}
    assert len(tags) == 10


def test_large_file_is_stored_whole(server, root):
    piece = os.urandom(1 << 20)
    with server.connect() as client:
        client.send(head_of("PUT", "/large", f"Content-Length: {64 << 20}"))
        for _ in range(64):
            client.send(piece)
        assert client.read_response().status == 201
    path = root / "large"
    assert path.stat().st_size == 64 << 20
    with open(path, "rb") as file:
        assert all(file.read(1 << 20) == piece for _ in range(64))
    path.unlink()


# ---- Content that does not arrive

def broken(kind, content, target="/kept"):
    """A request whose content breaks off."""
    if kind == "short":
        return head_of("PUT", target, f"Content-Length: {len(content) + 1}") + content
    head = head_of("PUT", "/kept", "Transfer-Encoding: chunked")
    return head + {"no last chunk": chunked(content)[:-5],
                   "within a chunk": chunked(content)[:-10],
                   "bad chunk": chunked(content)[:-5] + b"zz\r\n",
                   "chunk too long": chunked(content)[:-5] + b"2\r\nabc\r\n0\r\n\r\n"}[kind]


@pytest.mark.parametrize("kind", ["short", "no last chunk", "within a chunk", "bad chunk",
                                  "chunk too long"])
@pytest.mark.parametrize("size", [10, 300_000])
@pytest.mark.parametrize("exists", [True, False])
def test_content_that_breaks_off_leaves_everything_as_it_was(server, root, kind, size, exists):
    path = root / "kept"
    path.unlink(missing_ok=True)
    if exists:
        path.write_bytes(b"kept")
    before = state_of(root)
    with server.connect() as client:
        client.send(broken(kind, b"n" * size)).finish()
        answer = client.read_to_end()
    assert not answer or answer.startswith(b"HTTP/1.1 400 ")
    settle(server, root)
    assert state_of(root) == before


@pytest.mark.parametrize("size", [10, 300_000])
def test_client_that_resets_leaves_everything_as_it_was(server, root, size):
    (root / f"reset-{size}").write_bytes(b"kept")
    before = state_of(root)
    with server.connect() as client:
        client.send(broken("short", b"n" * size, target=f"/reset-{size}"))
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    while server.next_record()["target"] != f"/reset-{size}":
        pass  # without an answer the log alone tells that the server has seen it
    settle(server, root)
    assert state_of(root) == before


def test_upload_is_invisible_until_it_is_whole(server, root):
    (root / "listed").mkdir(exist_ok=True)
    with server.connect() as client:
        client.send(head_of("PUT", "/listed/new", "Content-Length: 400000") + b"x" * 300_000)
        while not strays(root):  # its temporary is there now
            ask(server, "OPTIONS", "/")
        name = os.path.relpath(strays(root)[0], root)
        assert ask(server, "GET", "/listed/new").status == 404
        assert b"candor-tmp" not in ask(server, "GET", "/listed/").body
        assert ask(server, "GET", f"/{name}").status == 404
        client.send(b"x" * 100_000)
        assert client.read_response().status == 201
    assert not strays(root)


# ---- Refused

@pytest.mark.parametrize("target, outcome, status", [
    ("/missing/file", "parent-missing", 409), ("/missing/a/b/file", "parent-missing", 409),
    ("/parent-file/file", "parent-missing", 409),
    ("/folder", "collection-in-the-way", 409), ("/folder/", "collection-in-the-way", 409),
    ("/", "collection-in-the-way", 409),
    ("/" + "n" * 256, "name-impossible", 400), ("/a%00b", None, 400),
    ("/a%2Fb", "name-impossible", 400), ("/.hidden", "name-hidden", 403),
    ("/.candor-tmp-0123456789abcdef", "name-hidden", 403),
    ("/" + "/".join(["d" * 200] * 25), "name-impossible", 400)])
def test_place_that_content_cannot_have_is_refused(server, root, target, outcome, status):
    (root / "folder").mkdir(exist_ok=True)
    put(root, "parent-file")
    before = state_of(root)
    for size in (0, 3, 200_000):
        response = ask(server, "PUT", target, content=b"x" * size)
        assert response.status == status
        assert outcome is None or response.outcome == outcome
    assert state_of(root) == before


def test_name_of_255_octets_is_fine(server, root):
    assert ask(server, "PUT", "/" + "n" * 255, content=b"long").status == 201
    assert ask(server, "PUT", "/" + "%C3%BC" * 127, content=b"long").status == 201
    assert (root / ("ü" * 127)).read_bytes() == b"long"


def test_pipes_and_links_that_lead_nowhere_or_out_are_not_written(server, root, tmp_path):
    os.mkfifo(root / "pipe")
    (root / "nowhere").symlink_to("no-such")
    outside = put(tmp_path, "outside", b"outside")
    (root / "out").symlink_to(outside)
    (root / "out-folder").symlink_to(tmp_path)
    before = {name: value for name, value in state_of_links(root)}
    for target in ("/pipe", "/nowhere", "/out"):
        for method, query in (("PUT", ""), ("TRACE", ""), ("GET", "?upload=" + "0" * 32)):
            assert_refused(ask(server, method, target + query, content=b"new"), 409, "special-file")
    assert ask(server, "PUT", "/out-folder/outside", content=b"new").status == 409
    assert ask(server, "PUT", "/out-folder/new", content=b"new").status == 409
    assert outside.read_bytes() == b"outside" and not (tmp_path / "new").exists()
    assert {name: value for name, value in state_of_links(root)} == before
    for name in ("pipe", "nowhere", "out", "out-folder"):
        (root / name).unlink()


def state_of_links(root):
    for name in ("pipe", "nowhere", "out", "out-folder"):
        info = (root / name).lstat()
        yield name, (info.st_ino, info.st_mode)


def test_link_to_a_file_within_is_another_name_of_it(server, root):
    """The link and the file have one representation, so what is put to the one is both's."""
    put(root, "goal", b"goal")
    (root / "link").symlink_to("goal")
    assert ask(server, "PUT", "/link", content=b"new").status == 204
    assert (root / "link").is_symlink() and not (root / "goal").is_symlink()
    assert (root / "goal").read_bytes() == b"new"
    assert ask(server, "GET", "/link")["ETag"] == ask(server, "GET", "/goal")["ETag"]
    (root / "link").unlink()


# ---- Expect

def expecting(server, target, *lines, length):
    """What comes before any content was sent."""
    with server.connect() as client:
        client.send(head_of("PUT", target, "Expect: 100-continue", *lines,
                            f"Content-Length: {length}"))
        return client.read_response()


def test_content_is_invited_and_then_stored(server):  # RFC 9110 §10.1.1
    with server.connect() as client:
        client.send(head_of("PUT", "/expected", "Expect: 100-continue", "Content-Length: 5"))
        assert client.read_response().status == 100
        client.send(b"hello")
        assert client.read_response().status == 201
        assert ask(server, "GET", "/expected", client=client).body == b"hello"


@pytest.mark.parametrize("target, lines, status, outcome", [
    ("/nobody/file", (), 409, "parent-missing"),
    ("/expected", ('If-Match: "other"',), 412, "if-match-failed"),
    ("/expected", ("If-None-Match: *",), 412, "if-none-match-failed"),
    ("/expected", ("If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT",), 412,
     "if-unmodified-since-failed"),
    ("/expected", ("If-Match: other",), 400, "entity-tag-malformed")])
def test_refusal_comes_before_the_content(server, target, lines, status, outcome):
    ask(server, "PUT", "/expected", content=b"hello")
    assert_refused(expecting(server, target, *lines, length=100_000), status, outcome)
    assert ask(server, "GET", "/expected").body == b"hello"


def test_upload_that_is_too_large_is_refused_before_the_content(small):
    assert_refused(expecting(small, "/too-large", length=5001), 413, "content-too-large")


def test_quota_refuses_before_the_content_when_its_length_tells(small):
    assert ask(small, "PUT", "/quota", content=b"q" * 5000).status in (201, 204)
    assert_refused(expecting(small, "/other", length=3001), 507, "quota-exceeded")
    assert_refused(ask(small, "PUT", "/other", content=b"q" * 3001), 507, "quota-exceeded")
    assert expecting(small, "/other", length=3000).status == 100
    assert expecting(small, "/quota", length=5000).status == 100  # what it replaces goes
    settle(small, small.root)
    assert state_of(small.root) == {"quota": b"q" * 5000}
    assert ask(small, "DELETE", "/quota").status == 204


def test_reserve_refuses_before_the_content(full):
    assert_refused(expecting(full, "/new", length=3), 507, "storage-full")
    assert_refused(ask(full, "PUT", "/old", content=b"new"), 507, "storage-full")
    assert_refused(ask(full, "PUT", "/old", content=b"new", coding="chunked"), 507, "storage-full")
    assert ask(full, "DELETE", "/nothing").status == 404
    assert state_of(full.root) == {"old": b"old"}


def test_quota_is_kept_midway_where_no_length_tells(small):
    with Server(small.root, config=config(2, quota=8000)) as server:
        response = ask(server, "PUT", "/chunked", content=b"c" * 8001, coding="chunked")
        assert_refused(response, 507, "quota-exceeded")
        response = ask(server, "PUT", "/chunked", content=b"c" * 600_000, coding="chunked")
        assert_refused(response, 507, "quota-exceeded")
        assert ask(server, "PUT", "/chunked", content=b"c" * 8000, coding="chunked").status == 201
        assert ask(server, "PUT", "/chunked", content=b"d" * 8000, coding="chunked").status == 204
        assert_refused(ask(server, "PUT", "/one", content=b"1"), 507, "quota-exceeded")
        assert_refused(ask(server, "COPY", "/chunked", "Destination: /copy"), 507,
                       "quota-exceeded")
        assert ask(server, "MOVE", "/chunked", "Destination: /moved").status == 201
        assert ask(server, "DELETE", "/moved").status == 204
        assert ask(server, "PUT", "/one", content=b"1").status == 201
    assert state_of(small.root) == {"one": b"1"}
    (small.root / "one").unlink()


def test_upload_that_is_too_large_is_refused_midway_where_no_length_tells(small):
    response = ask(small, "PUT", "/too-large", content=b"x" * 5001, coding="chunked")
    assert_refused(response, 413, "content-too-large")
    settle(small, small.root)
    assert not (small.root / "too-large").exists()


# ---- Preconditions

LONG = b"n" * 200_000
TAGGED = [("PUT", b"new", ()), ("PUT", LONG, ()), ("DELETE", None, ()),
          ("COPY", None, ("Destination: /cond-copy",)),
          ("MOVE", None, ("Destination: /cond-copy",)),
          ("PATCH", b"XY", ("X-Update-Range: bytes=0-1",
                            "Content-Type: application/x-sabredav-partialupdate"))]
TAGGED_NAMES = [f"{method}-{len(content or '')}" for method, content, _ in TAGGED]
OLD = "Sat, 01 Jan 2000 00:00:00 GMT"


@pytest.mark.parametrize("method, content, lines", TAGGED, ids=TAGGED_NAMES)
@pytest.mark.parametrize("condition, outcome", [
    ('If-Match: "other"', "if-match-failed"), ("If-Match: W/{etag}", "if-match-failed"),
    ("If-None-Match: *", "if-none-match-failed"), ("If-None-Match: {etag}", "if-none-match-failed"),
    ("If-None-Match: W/{etag}", "if-none-match-failed"),
    (f"If-Unmodified-Since: {OLD}", "if-unmodified-since-failed")])
def test_condition_that_fails_forbids_the_change(server, root, method, content, lines, condition,
                                                 outcome):
    etag = ask(server, "PUT", "/cond", content=b"content")["ETag"]
    (root / "cond-copy").unlink(missing_ok=True)
    before = state_of(root)
    response = ask(server, method, "/cond", *lines, condition.replace("{etag}", etag),
                   content=content)
    assert_refused(response, 412, outcome)
    assert state_of(root) == before


@pytest.mark.parametrize("method, content, lines", TAGGED, ids=TAGGED_NAMES)
@pytest.mark.parametrize("condition", [
    "If-Match: {etag}", "If-Match: *", 'If-Match: "other", {etag}', 'If-None-Match: "other"',
    "If-Unmodified-Since: {date}", f"If-Match: *\r\nIf-Unmodified-Since: {OLD}",
    "If-Modified-Since: {date}"])
def test_condition_that_holds_permits_the_change(server, root, method, content, lines, condition):
    etag = ask(server, "PUT", "/cond", content=b"content")["ETag"]
    date = ask(server, "GET", "/cond")["Last-Modified"]
    (root / "cond-copy").unlink(missing_ok=True)
    condition = condition.replace("{etag}", etag).replace("{date}", date)
    assert ask(server, method, "/cond", *lines, condition, content=content).status in (201, 204)


@pytest.mark.parametrize("method", ["PUT", "MKCOL"])
def test_conditions_on_what_is_not_there(server, root, method):
    content = b"new" if method == "PUT" else None
    for condition in ("If-Match: *", 'If-Match: "a"'):
        assert_refused(ask(server, method, "/cond-new", condition, content=content), 412,
                       "if-match-failed")
    assert not (root / "cond-new").exists()
    assert ask(server, method, "/cond-new", "If-None-Match: *", content=content).status == 201
    assert ask(server, "DELETE", "/cond-new").status == 204


@pytest.mark.parametrize("size", [10, 200_000])
def test_of_many_puts_with_one_tag_exactly_one_wins(server, root, size):
    for turn in range(10):
        etag = ask(server, "PUT", "/race", content=b"start")["ETag"]
        answers, barrier = [], threading.Barrier(8)

        def race(number):
            with server.connect() as client:
                barrier.wait()
                content = b"%d" % number * size
                answers.append((ask(server, "PUT", "/race", f"If-Match: {etag}", content=content,
                                    client=client), content))

        run_together(race, 8)
        won = [(answer, content) for answer, content in answers if answer.status == 204]
        assert len(won) == 1
        assert all(answer.outcome == "if-match-failed" for answer, _ in answers
                   if answer.status != 204)
        assert (root / "race").read_bytes() == won[0][1]
        assert ask(server, "GET", "/race")["ETag"] == won[0][0]["ETag"]


def test_of_many_puts_to_one_new_name_exactly_one_makes_it(server, root):
    for turn in range(10):
        answers, barrier = [], threading.Barrier(8)

        def race(number):
            with server.connect() as client:
                barrier.wait()
                answers.append(ask(server, "PUT", f"/race-{turn}", "If-None-Match: *",
                                   content=b"%d" % number, client=client).status)

        run_together(race, 8)
        assert sorted(answers) == [201] + [412] * 7
        (root / f"race-{turn}").unlink()


def test_puts_without_conditions_all_succeed_and_the_last_stays(server, root):
    answers, barrier = [], threading.Barrier(8)

    def race(number):
        with server.connect() as client:
            barrier.wait()
            for _ in range(20):
                answers.append(ask(server, "PUT", "/race-all", content=b"%d" % number * 50_000,
                                   client=client))

    run_together(race, 8)
    assert sorted(answer.status for answer in answers) == [201] + [204] * 159 or \
        {answer.status for answer in answers} == {204}
    assert len(set((root / "race-all").read_bytes())) == 1  # of one writer alone
    assert ask(server, "GET", "/race-all")["ETag"] in {answer["ETag"] for answer in answers}
