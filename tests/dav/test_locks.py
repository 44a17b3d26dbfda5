# SPDX-License-Identifier: MIT
"""LOCK, UNLOCK, If, and what locks mean to other methods: RFC 4918."""
import re
import signal
import threading

import pytest

import harness

EXCLUSIVE, SHARED = "exclusive", "shared"


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "file").write_text("old")
    (folder / "folder").mkdir()
    (folder / "folder" / "member").write_text("old")
    return folder


@pytest.fixture
def server(root):
    with harness.Server(root, arguments=["--write"]) as running:
        yield running


def lock(server, target, scope=EXCLUSIVE, **fields):
    body = (f'<?xml version="1.0"?><D:lockinfo xmlns:D="DAV:"><D:lockscope><D:{scope}/>'
            "</D:lockscope><D:locktype><D:write/></D:locktype><D:owner><D:href>http://example/me"
            "</D:href></D:owner></D:lockinfo>").encode()
    return server.request("LOCK", target, {"Depth": "0", "Timeout": "Second-100", **fields}, body)


def token_of(response):
    assert response.status in (200, 201), response.body
    return re.fullmatch(r"<(urn:uuid:[0-9a-f-]{36})>", response["Lock-Token"]).group(1)


def put(server, target, token=None, **fields):
    if token:
        fields["If"] = f"(<{token}>)"
    return server.request("PUT", target, fields, b"new")


def unlock(server, target, token):
    return server.request("UNLOCK", target, {"Lock-Token": f"<{token}>"})


def test_lock_answers_the_lock_and_its_token(server):
    """RFC 4918 §9.10.1, §14.1."""
    answer = lock(server, "/file")
    assert answer.status == 200
    assert answer["Content-Type"].startswith("application/xml")
    for text in ("lockdiscovery", "activelock", "exclusive", "Second-100", "http://example/me",
                 token_of(answer), "/file</D:href>"):
        assert text in answer.body.decode(), text
    assert "2" in server.request("OPTIONS", "/file")["DAV"]


def test_a_locked_file_is_changed_with_its_token_only(server, root):
    """RFC 4918 §7, §11.3, §16: 423 names the condition and the lock's root."""
    token = token_of(lock(server, "/file"))
    refused = put(server, "/file")
    assert refused.status == 423
    assert b"lock-token-submitted" in refused.body and b"<D:href>/file</D:href>" in refused.body
    for method, fields in (("DELETE", {}), ("MOVE", {"Destination": "/moved"})):
        assert server.request(method, "/file", fields).status == 423
    assert server.request("COPY", "/folder/member", {"Destination": "/file"}).status == 423
    assert server.request("COPY", "/file", {"Destination": "/copy"}).status == 201
    assert (root / "file").read_text() == "old"
    assert put(server, "/file", token).status == 204
    assert unlock(server, "/file", token).status == 204
    assert put(server, "/file").status == 204


def test_the_error_is_a_problem_for_who_asks_for_one(server):
    token_of(lock(server, "/file"))
    assert put(server, "/file", Accept="application/problem+json").outcome == "locked"


def test_a_second_lock_is_refused_unless_both_are_shared(server):
    """RFC 4918 §6.2, §9.10.6."""
    token_of(lock(server, "/file", SHARED))
    refused = lock(server, "/file", EXCLUSIVE)
    assert refused.status == 423 and b"no-conflicting-lock" in refused.body
    token = token_of(lock(server, "/file", SHARED))
    assert put(server, "/file").status == 423
    assert put(server, "/file", token).status == 204


def test_a_lock_on_a_free_name_makes_an_empty_file(server, root):
    """RFC 4918 §7.3, §9.10.4."""
    answer = lock(server, "/new")
    assert answer.status == 201
    assert (root / "new").read_bytes() == b""
    assert put(server, "/new").status == 423
    assert put(server, "/new", token_of(answer)).status == 204
    assert lock(server, "/absent/new").status == 409


def test_a_collection_lock_guards_its_members(server):
    """RFC 4918 §7.4, §7.5."""
    token = token_of(lock(server, "/folder", Depth="infinity"))
    assert put(server, "/folder/member").status == 423
    assert put(server, "/folder/new").status == 423
    assert server.request("MKCOL", "/folder/sub").status == 423
    assert put(server, "/folder/new", token).status == 201
    assert unlock(server, "/folder/member", token).status == 204
    token = token_of(lock(server, "/folder"))
    assert put(server, "/folder/member").status == 204
    assert put(server, "/folder/another").status == 423
    assert server.request("DELETE", "/folder/member").status == 423


def test_an_infinite_lock_over_a_locked_member_tells_which(server):
    """RFC 4918 §9.10.9."""
    token_of(lock(server, "/folder/member"))
    refused = lock(server, "/folder", Depth="infinity")
    assert refused.status == 207
    assert b"/folder/member</D:href>" in refused.body
    assert b" 423 " in refused.body and b" 424 " in refused.body


@pytest.mark.parametrize("method, target, fields", [
    ("DELETE", "/folder", {}), ("DELETE", "/folder/sub/", {}),
    ("MOVE", "/folder", {"Destination": "/new"}), ("MOVE", "/folder/", {"Destination": "/other"}),
    ("MOVE", "/other", {"Destination": "/folder"}), ("COPY", "/other", {"Destination": "/folder"}),
    ("COPY", "/file", {"Destination": "/folder"}), ("MOVE", "/file", {"Destination": "/folder"})])
@pytest.mark.parametrize("depth", ["0", "infinity"])
def test_a_locked_member_keeps_its_collection(server, root, method, target, fields, depth):
    """RFC 4918 §9.6.1, §9.8.5, §9.9.4: nothing is done, so it is no multi-status; §16: the member
    is told. With its token all is done."""
    for path in ("folder/sub/deep/locked", "folder/sub/deep/free", "other/member"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)
    before = sorted(str(path) for path in root.rglob("*"))
    locked = "/folder/sub/deep" if depth == "infinity" else "/folder/sub/deep/locked"
    token = token_of(lock(server, locked, Depth=depth))
    refused = server.request(method, target, fields)
    assert refused.status == 423 and b"lock-token-submitted" in refused.body
    assert re.findall(b"<D:href>(.*?)</D:href>", refused.body) == [
        locked.encode() + (b"/" if depth == "infinity" else b"")]
    assert sorted(str(path) for path in root.rglob("*")) == before
    fields = {**fields, "If": f"<{locked}> (<{token}>)"}
    assert server.request(method, target, fields).status in (201, 204)
    assert server.get("/folder/sub/deep/locked").status == 404


def test_a_copy_leaves_locks_and_takes_none_along(server):
    """RFC 4918 §7.6: a copy of what is locked is not locked."""
    token_of(lock(server, "/folder/member"))
    assert server.request("COPY", "/folder", {"Destination": "/copy"}).status == 201
    assert put(server, "/copy/member").status == 204
    assert put(server, "/folder/member").status == 423


def test_a_lock_ends_with_what_it_was_on(server):
    """RFC 4918 §7.7, §9.6: DELETE and MOVE end it; it does not move along."""
    token = token_of(lock(server, "/file"))
    moved = server.request("MOVE", "/file", {"Destination": "/moved", "If": f"(<{token}>)"})
    assert moved.status == 201
    assert put(server, "/moved").status == 204
    assert put(server, "/file").status == 201
    token = token_of(lock(server, "/file"))
    gone = server.request("DELETE", "/file", {"If": f"(<{token}>)"})
    assert gone.status == 204
    assert put(server, "/file").status == 201


def test_a_lock_stays_on_what_is_overwritten(server):
    """RFC 4918 §7.7."""
    token = token_of(lock(server, "/file"))
    moved = server.request("MOVE", "/folder/member",
                           {"Destination": "/file", "If": f"</file> (<{token}>)"})
    assert moved.status == 204
    assert put(server, "/file").status == 423


def test_refresh(server):
    """RFC 4918 §9.10.2."""
    token = token_of(lock(server, "/file"))
    refreshed = server.request("LOCK", "/file", {"If": f"(<{token}>)", "Timeout": "Second-200"})
    assert refreshed.status == 200 and b"Second-200" in refreshed.body
    assert refreshed["Lock-Token"] is None
    empty = server.request("LOCK", "/file", {"If": f"(<{token}>)", "Content-Length": "0"})
    assert empty.status == 200
    assert server.request("LOCK", "/file").status == 412
    assert server.request("LOCK", "/folder", {"If": f"(<{token}>)"}).status == 412


def test_unlock_needs_a_token_that_holds_there(server):
    """RFC 4918 §9.11.1."""
    token = token_of(lock(server, "/file"))
    assert server.request("UNLOCK", "/file").status == 400
    wrong = unlock(server, "/folder", token)
    assert wrong.status == 409 and b"lock-token-matches-request-uri" in wrong.body
    assert unlock(server, "/file", "urn:uuid:none").status == 409
    assert unlock(server, "/file", token).status == 204
    assert unlock(server, "/file", token).status == 409


@pytest.mark.parametrize("value, status", [
    ("(<urn:uuid:none>)", 412), ("(Not <DAV:no-lock>)", 204), ("(<DAV:no-lock>)", 412),
    ('(["none"])', 412), ('(Not ["none"])', 204), ("(", 400), ("()", 400)])
def test_if_decides(server, value, status):
    """RFC 4918 §10.4."""
    assert put(server, "/file", If=value).status == status


@pytest.mark.parametrize("body, status, outcome, detail", [
    (b"<D:lockinfo", 400, "xml-malformed", "Line 1"),
    (b"<a/>", 422, "xml-meaningless", ""),
    (b"<a>" * 100, 413, "xml-too-large", "")])
def test_lockinfo_that_is_no_lockinfo(server, body, status, outcome, detail):
    """RFC 4918 §8.2."""
    answer = server.request("LOCK", "/file", {}, body)
    assert (answer.status, answer.outcome) == (status, outcome)
    assert detail in answer.json()["detail"]


def test_lockinfo_of_another_type(server):
    answer = server.request("LOCK", "/file", {"Content-Type": "application/json"}, b"{}")
    assert answer.status == 415


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_locks_survive_a_restart(root, tmp_path, end):
    state = tmp_path / "state"
    first = harness.Server(root, arguments=["--write"], state=state)
    token = token_of(lock(first, "/folder", Depth="infinity"))
    other = token_of(lock(first, "/file"))
    assert unlock(first, "/file", other).status == 204
    first.signal(end)
    assert first.wait() == (0 if end == signal.SIGTERM else -end)
    first.folder.cleanup()
    with harness.Server(root, arguments=["--write"], state=state) as second:
        assert put(second, "/folder/member").status == 423
        assert put(second, "/file").status == 204
        assert unlock(second, "/folder", token).status == 204


def test_the_store_must_not_be_served(root):
    with pytest.raises(RuntimeError, match="lies within this folder"):
        harness.Server(root, arguments=["--write"], state=root / "state")
    assert not (root / "state").exists()


def test_of_racing_locks_one_is_granted(server):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(lock(server, "/race").status))
               for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers)[:1] == [201]
    assert set(sorted(answers)[1:]) == {423}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_tag_is_of_this_server_whichever_scheme_a_proxy_in_front_speaks(server, scheme):
    """RFC 4918 §10.4.2"""
    etag = server.get("/file")["ETag"]
    own = f"<{scheme}://127.0.0.1:{server.port}/file>"
    response = server.request("PUT", "/file", {"If": f'{own} (["never"])'}, b"new")
    assert (response.status, response.outcome) == (412, "if-failed")
    assert server.request("PUT", "/file", {"If": f"{own} ([{etag}])"}, b"new").status == 204


def test_a_folders_lock_names_it_with_its_slash_wherever_it_is_told(server):
    """RFC 4918 §5.2: a collection's address ends with a slash; a client compares them."""
    granted = lock(server, "/folder", Depth="infinity")
    token = token_of(granted)
    find = (b'<D:propfind xmlns:D="DAV:"><D:prop><D:lockdiscovery/></D:prop></D:propfind>')
    told = [granted, server.request("PROPFIND", "/folder", {"Depth": "1"}, find),
            server.request("LOCK", "/folder/member", {"If": f"(<{token}>)"})]
    for response in told:
        roots = re.findall(rb"<D:lockroot><D:href>(.*?)</D:href>", response.body)
        assert set(roots) == {b"/folder/"}, response.body
    for refused in (put(server, "/folder/member"), put(server, "/folder/new"),
                    server.request("DELETE", "/folder"), lock(server, "/folder/member")):
        assert refused.status == 423
        assert re.findall(b"<D:href>(.*?)</D:href>", refused.body) == [b"/folder/"]


def test_a_files_lock_names_it_without_one(server):
    granted = lock(server, "/new", Depth="infinity")
    assert b"<D:lockroot><D:href>/new</D:href></D:lockroot>" in granted.body
    assert re.findall(b"<D:href>(.*?)</D:href>", put(server, "/new").body) == [b"/new"]
