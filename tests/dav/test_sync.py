# SPDX-License-Identifier: MIT
"""REPORT with DAV:sync-collection: RFC 6578; and DAV:supported-report-set: RFC 3253."""
import os
import signal
import sys
import threading
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import npm
from harness import Server

sys.path.insert(0, str(Path(__file__).parent))
from multistatus import DAV, Row, prop, propfind, proppatch, rows, setting  # noqa: E402


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    (folder / "sub" / "deep").mkdir(parents=True)
    (folder / "a").write_text("a")
    (folder / "sub" / "b").write_text("b")
    (folder / "sub" / "deep" / "c").write_text("c")
    return folder


def configured(root, **options):
    extra = "".join(f", {key}: {value}" for key, value in options.items())
    return Server(root, config="routes:\n  - path: /\n    files: { root: '%s', write: true%s }\n"
                  % (root, extra))


@pytest.fixture
def server(root):
    with configured(root) as running:
        yield running


def content_of(token="", level="1", limit=None, names=("getetag",)):
    limited = f"<D:limit><D:nresults>{limit}</D:nresults></D:limit>" if limit else ""
    inner = "".join(f"<D:{name}/>" for name in names)
    leveled = f"<D:sync-level>{level}</D:sync-level>" if level else ""
    return (f'<?xml version="1.0"?><D:sync-collection xmlns:D="DAV:"><D:sync-token>{token}'
            f"</D:sync-token>{leveled}{limited}<D:prop>{inner}</D:prop></D:sync-collection>")


def ask(server, target="/", token="", depth="0", accept="application/problem+json", **asked):
    return server.request("REPORT", target, {"Depth": depth, "Accept": accept},
                          content_of(token, **asked).encode())


class Told:
    """What a report told: rows by path, the new token, and whether there is more."""

    def __init__(self, response, target="/"):
        assert response.status == 207 and response.complete, response.body
        document = ElementTree.fromstring(response.body)
        told = [Row(e) for e in document.findall(DAV + "response")]
        assert [e.tag for e in document][-1] == DAV + "sync-token"
        self.token = document.find(DAV + "sync-token").text
        self.rows = {row.path.decode(): row for row in told}
        assert len(self.rows) == len(told)
        own = self.rows.pop(target, None)
        self.cut = own is not None
        assert not self.cut or own.status == 507
        self.order = [row.path.decode() for row in told if row is not own]

    @property
    def changed(self):
        """Each has a propstat and no status: §3.2."""
        found = {path for path, row in self.rows.items() if row.groups}
        assert all(self.rows[path].status is None for path in found)
        return found

    @property
    def gone(self):
        found = {path for path, row in self.rows.items() if not row.groups}
        assert all(self.rows[path].status == 404 for path in found)
        return found


def sync(server, target="/", token="", **asked):
    return Told(ask(server, target, token, **asked), target)


def test_an_empty_token_tells_all_members_and_the_token_then_nothing(server):  # §3.4
    told = sync(server)
    assert told.changed == {"/a", "/sub/"} and not told.gone
    assert told.rows["/a"].text("getetag") == server.get("/a")["ETag"]
    assert told.rows["/sub/"].names(404) == {DAV + "getetag"}
    again = sync(server, token=told.token)
    assert not again.rows and again.token == told.token
    assert sync(server).changed == {"/a", "/sub/"}


def test_all_levels_are_told_where_that_is_asked(server, root):  # §3.3
    (root / "link").symlink_to("sub")
    told = sync(server, level="infinite")
    assert told.changed == {"/a", "/link/", "/sub/", "/sub/b", "/sub/deep/", "/sub/deep/c"}
    server.request("PUT", "/sub/deep/d", body=b"d")
    server.request("DELETE", "/sub/b")
    after = sync(server, token=told.token, level="infinite")
    assert (after.changed, after.gone) == ({"/sub/deep/d"}, {"/sub/b"})
    assert sync(server, "/sub/", level="infinite").changed == {
        "/sub/deep/", "/sub/deep/c", "/sub/deep/d"}


def changes(server, root):
    """What can happen to members, by this server and past it."""
    def request(method, target, body=b"", **fields):
        assert server.request(method, target, fields, body).status in (201, 204)

    yield lambda: request("PUT", "/new", b"1"), {"/new"}, set()
    yield lambda: request("PUT", "/a", b"A"), {"/a"}, set()
    yield lambda: request("MOVE", "/a", Destination="/moved"), {"/moved"}, {"/a"}
    yield lambda: request("COPY", "/moved", Destination="/copied"), {"/copied"}, set()
    yield lambda: request("DELETE", "/new"), set(), {"/new"}
    yield lambda: request("MKCOL", "/folder/"), {"/folder/"}, set()
    yield lambda: request("PUT", "/sub/e", b"e"), set(), set()  # a member of /sub/ alone
    yield lambda: request("MOVE", "/folder", Destination="/renamed"), {"/renamed/"}, {"/folder/"}
    yield lambda: (root / "past").write_text("1"), {"/past"}, set()
    yield lambda: (root / "past").write_text("22"), {"/past"}, set()
    yield lambda: os.replace(root / "past", root / "moved"), {"/moved"}, {"/past"}
    yield lambda: (root / "copied").unlink(), set(), {"/copied"}
    yield lambda: os.utime(root / "moved", (1, 1)), {"/moved"}, set()
    yield lambda: (root / "sub" / "b").unlink(), set(), set()


def test_changes_by_the_server_and_past_it_are_told_to_every_token(server, root):
    """§3.5: of each token all that has happened since, and no more."""
    first = sync(server).token
    tokens, happened = [first], []
    for change, changed, gone in changes(server, root):
        change()
        happened.append((changed, gone))
        told = sync(server, token=tokens[-1])
        assert (told.changed, told.gone) == (changed, gone)
        assert (told.token == tokens[-1]) == (not changed and not gone)
        tokens.append(told.token)
    for index, token in enumerate(tokens):
        expected = {}
        for changed, gone in happened[index:]:
            expected.update({path: True for path in changed})
            expected.update({path: False for path in gone})
        told = sync(server, token=token)
        assert told.changed == {path for path, is_there in expected.items() if is_there}
        assert told.gone == {path for path, is_there in expected.items() if not is_there}
    assert sync(server).changed == {"/moved", "/renamed/", "/sub/"}


def test_what_is_there_again_is_told_as_changed(server, root):  # §3.5.1
    token = sync(server).token
    (root / "a").unlink()
    gone = sync(server, token=token)
    assert gone.gone == {"/a"}
    (root / "a").write_text("a")
    for known in (token, gone.token):
        again = sync(server, token=known)
        assert again.changed == {"/a"} and not again.gone


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_tokens_survive_a_restart_and_what_was_changed_meanwhile(root, tmp_path, end):
    config = (f"state: sqlite:{tmp_path}/state.db\nroutes:\n  - path: /\n"
              f"    files: {{ root: '{root}', write: true }}\n")
    server = Server(config=config)
    token = sync(server).token
    server.request("DELETE", "/a")
    after = sync(server, token=token).token
    server.signal(end)
    assert server.wait() == (0 if end == signal.SIGTERM else -end)
    server.folder.cleanup()
    (root / "meanwhile").touch()
    with Server(config=config) as server:
        told = sync(server, token=token)
        assert (told.changed, told.gone) == ({"/meanwhile"}, {"/a"})
        told = sync(server, token=after)
        assert (told.changed, told.gone) == ({"/meanwhile"}, set())
        stored = sync(server).token
    (tmp_path / "state.db").unlink()  # the store is lost: no token is taken for another one's
    for left in tmp_path.glob("state.db-*"):
        left.unlink()
    with Server(config=config) as server:
        sync(server)
        for lost in (token, after, stored):
            assert ask(server, token=lost).outcome == "sync-token-unknown"


@pytest.mark.parametrize("token", ["x", "data:,candor-sync-", "data:,candor-sync-0-0", "urn:a:b",
                                   "http://sabre.io/ns/sync/5"])
def test_another_token_is_unknown(server, token):  # §3.2
    response = ask(server, token=token)
    assert (response.status, response.outcome) == (403, "sync-token-unknown")
    response = ask(server, token=token, accept="*/*")
    assert b"<D:error" in response.body and b"<D:valid-sync-token/>" in response.body


def test_a_token_is_of_one_folder_and_one_level(server):
    token = sync(server).token
    assert ask(server, "/sub/", token).outcome == "sync-token-unknown"
    assert ask(server, "/", token, level="infinite").outcome == "sync-token-unknown"
    assert ask(server, "/", token[:-1] + ("0" if token[-1] != "0" else "1")
               ).outcome == "sync-token-unknown"


def test_the_last_256_tokens_are_remembered(server, root):  # SYNC_TOKENS
    tokens = []
    for i in range(258):
        (root / f"{i % 7}").write_text(str(i))
        tokens.append(sync(server, token=tokens[-1] if tokens else "").token)
    assert len(set(tokens)) == 258
    for known in (tokens[2], tokens[-1]):
        assert sync(server, token=known).token == tokens[-1]
    for forgotten in tokens[:2]:
        assert ask(server, token=forgotten).outcome == "sync-token-unknown"


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_an_answer_may_be_cut_and_gone_on_with(server, root, limit):  # §3.6, §3.7
    before = sync(server, level="infinite")
    (root / "a").unlink()
    (root / "sub" / "b").write_text("changed")
    (root / "new").touch()
    for token, changed, gone in (
            ("", {"/new", "/sub/", "/sub/b", "/sub/deep/", "/sub/deep/c"}, set()),
            (before.token, {"/new", "/sub/b"}, {"/a"})):
        seen, seen_gone, parts = set(), set(), 0
        while True:
            told = sync(server, token=token, level="infinite", limit=limit)
            assert len(told.rows) <= limit and not seen & told.changed
            seen |= told.changed
            seen_gone |= told.gone
            parts += 1
            token = told.token
            if not told.cut:
                break
            assert len(told.rows) == limit
        assert (seen, seen_gone) == (changed, gone)
        assert parts == -(-(len(changed) + len(gone)) // limit)
        assert token == sync(server, level="infinite").token


def test_what_changes_between_the_parts_of_an_answer_is_told(server, root):
    for name in "bcdef":
        (root / name).touch()
    told = sync(server, limit=3)
    assert told.order == ["/a", "/b", "/c"] and told.cut
    (root / "b").write_text("told before")
    (root / "e").unlink()
    (root / "g").touch()
    rest = sync(server, token=told.token)
    assert (rest.changed, rest.gone) == ({"/d", "/f", "/sub/", "/b", "/g"}, {"/e"})


def test_properties_are_told_as_propfind_tells_them(server):
    proppatch(server, "/a", setting('<x:mine xmlns:x="urn:x">value</x:mine>'))
    body = content_of(names=("resourcetype", "getcontentlength", "displayname")).replace(
        "<D:prop>", '<D:prop><mine xmlns="urn:x"/>')
    told = Told(server.request("REPORT", "/", {}, body.encode()))
    assert told.rows["/a"].text("{urn:x}mine") == "value"
    assert told.rows["/a"].text("displayname") == "a"
    assert told.rows["/a"].text("getcontentlength") == "1"
    assert told.rows["/sub/"].names(404) == {"{urn:x}mine", DAV + "getcontentlength"}
    deep = sync(server, level="infinite", names=("displayname", "lockdiscovery"))
    assert deep.rows["/sub/deep/c"].text("displayname") == "c"
    assert sync(server, names=()).changed == {"/a", "/sub/"}


def test_the_token_and_the_reports_are_properties_of_folders(server, root):
    """§4, RFC 3253 §3.1.5; allprop tells neither."""
    asked = prop("sync-token", "supported-report-set")
    told = rows(propfind(server, "/", "1", asked))
    for path in ("/", "/sub/"):
        row = told[path.encode()]
        assert row.text("sync-token") == sync(server, path).token
        assert row.element.find(f".//{DAV}report/{DAV}sync-collection") is not None
    assert told[b"/a"].names(404) == {DAV + "sync-token"}
    assert told[b"/a"].element.find(f".//{DAV}report") is None
    token = told[b"/"].text("sync-token")
    (root / "past the server").touch()
    assert rows(propfind(server, "/", "0", asked))[b"/"].text("sync-token") != token
    assert sync(server, token=token).changed == {"/past the server"}
    everything = rows(propfind(server, "/", "0"))[b"/"].names()
    assert not {DAV + "sync-token", DAV + "supported-report-set"} & everything
    names = '<D:propfind xmlns:D="DAV:"><D:propname/></D:propfind>'
    assert {DAV + "sync-token", DAV + "supported-report-set"} <= rows(
        propfind(server, "/", "0", names))[b"/"].names()
    response = proppatch(server, "/", setting("<D:sync-token>x</D:sync-token>"))
    assert rows(response)[b"/"].names(403) == {DAV + "sync-token"}


def test_of_everything_below_a_folder_only_its_own_token_is_told(server):
    told = rows(propfind(server, "/", "infinity", prop("sync-token")))
    assert told[b"/"].text("sync-token") and told[b"/sub/"].names(404) == {DAV + "sync-token"}


def test_one_answer_tells_100_tokens(server, root):  # SYNC_TOLD
    for i in range(110):
        (root / f"{i}").mkdir()
    told = rows(propfind(server, "/", "1", prop("sync-token")))
    assert sum(row.text("sync-token") is not None for row in told.values()) == 100
    assert told[b"/"].text("sync-token")


def test_a_token_is_of_the_folder_by_every_address(server, root):
    (root / "link").symlink_to("sub")
    told = sync(server, "/link/")
    assert told.changed == {"/link/b", "/link/deep/"}
    assert sync(server, "/sub/").token == told.token
    server.request("PUT", "/sub/new", body=b"1")
    assert sync(server, "/link", told.token).changed == {"/link/new"}


def test_options_names_the_method_where_it_can_be_used(server):
    assert "REPORT" in server.request("OPTIONS", "/sub/")["Allow"].split(", ")
    assert "REPORT" not in server.request("OPTIONS", "/a")["Allow"].split(", ")
    assert server.request("OPTIONS", "/")["DAV"] == "1, 2, 3, sabredav-partialupdate"


def test_a_folder_that_is_only_read_has_no_reports(root):
    with Server(root) as server:
        response = ask(server)
        assert response.status == 405 and "REPORT" not in response["Allow"]


@pytest.mark.parametrize("target, body", [
    ("/a", content_of()), ("/", '<D:expand-property xmlns:D="DAV:"/>'),
    ("/", '<C:calendar-query xmlns:C="urn:ietf:params:xml:ns:caldav"/>'),
    ("/", '<sync-collection xmlns="urn:other"/>')])
def test_another_report_is_not_supported(server, target, body):  # RFC 3253 §3.6
    response = server.request("REPORT", target, {"Accept": "application/problem+json"},
                              body.encode())
    assert (response.status, response.outcome) == (403, "report-unsupported")
    response = server.request("REPORT", target, {}, body.encode())
    assert b"<D:supported-report/>" in response.body


@pytest.mark.parametrize("body, status, outcome", [
    ("", 400, "xml-malformed"), ("<D:sync-collection", 400, "xml-malformed"),
    (content_of(level="2"), 422, "xml-meaningless"),
    (content_of(level=None), 422, "xml-meaningless"),
    (content_of(limit="0"), 422, "xml-meaningless"),
    (content_of(limit="-1"), 422, "xml-meaningless")])
def test_what_cannot_be_understood_is_refused(server, body, status, outcome):
    response = server.request("REPORT", "/", {"Accept": "application/problem+json"}, body.encode())
    assert (response.status, response.outcome) == (status, outcome)


def test_where_nothing_is_there_is_nothing_to_synchronise(server):
    assert ask(server, "/nothing/").outcome == "not-found"


@pytest.mark.parametrize("depth, told", [("1", {"/a", "/sub/"}), (
    "infinity", {"/a", "/sub/", "/sub/b", "/sub/deep/", "/sub/deep/c"})])
def test_depth_is_the_level_for_clients_from_before_the_rfc(server, depth, told):  # appendix A
    assert sync(server, depth=depth, level=None).changed == told
    assert sync(server, depth=depth).changed == {"/a", "/sub/"}  # what is told counts


def test_members_that_are_not_listed_are_not_synchronised(root):
    with configured(root, listing="false") as server:
        assert ask(server).outcome == "listing-off"


def test_all_levels_are_as_many_members_as_infinite_depth(root):
    with configured(root, infinite_depth=0) as server:
        response = ask(server, level="infinite")
        assert (response.status, response.outcome) == (403, "sync-infinite")
        response = ask(server, level="infinite", accept="*/*")
        assert b"<D:sync-traversal-supported/>" in response.body
        assert sync(server).changed == {"/a", "/sub/"}
    with configured(root, infinite_depth=4) as server:
        response = ask(server, level="infinite")
        assert (response.status, response.outcome) == (507, "sync-too-many")
        response = ask(server, level="infinite", accept="*/*")
        assert b"<D:number-of-matches-within-limits/>" in response.body
    with configured(root, infinite_depth=5) as server:
        assert len(sync(server, level="infinite").changed) == 5


def test_a_folder_of_more_than_50000_members_is_not_remembered(server, root):  # SYNC_MEMBERS
    many = root / "many"
    many.mkdir()
    for i in range(50_000):
        os.close(os.open(many / f"{i}", os.O_CREAT | os.O_WRONLY))
    first = sync(server, "/many/", names=())
    assert len(first.changed) == 50_000
    (many / "17").unlink()
    assert sync(server, "/many/", first.token).gone == {"/many/17"}
    (many / "17").touch()
    (many / "one more").touch()
    assert ask(server, "/many/").outcome == "sync-too-many"
    told = rows(propfind(server, "/many/", "0", prop("sync-token")))
    assert told[b"/many/"].names(404) == {DAV + "sync-token"}


def test_many_who_ask_while_others_change_miss_nothing(server, root):
    """Each keeps a copy up to date; at the end all are what is there."""
    stop, copies = threading.Event(), [set() for _ in range(4)]

    def follow(copy):
        token = ""
        while True:
            is_last = stop.is_set()
            told = sync(server, token=token, level="infinite", limit=5)
            copy |= told.changed
            copy -= told.gone
            token = told.token
            if is_last and not told.cut:
                return

    threads = [threading.Thread(target=follow, args=(copy,)) for copy in copies]
    for thread in threads:
        thread.start()
    for i in range(300):
        server.request("PUT", f"/sub/{i % 40}", body=b"x")
        if i % 3 == 0:
            server.request("DELETE", f"/sub/{i * 7 % 40}")
        (root / f"{i % 11}").touch()
        if i % 5 == 0:
            (root / f"{i % 11}").unlink()
    stop.set()
    for thread in threads:
        thread.join()
    there = {f"/{path.relative_to(root)}{'/' if path.is_dir() else ''}"
             for path in root.rglob("*")}
    assert copies == [there] * 4


SYNCHRONISE = """
const { syncCollection } = await import(process.argv[2]);
const [url, token] = process.argv.slice(3);
const told = await syncCollection({
    url, syncLevel: 1, syncToken: token, props: { "d:getetag": {} } });
console.log(JSON.stringify(told.map(row => [
    row.href, row.status, row.props?.getetag ?? null, row.raw.multistatus.syncToken])));
"""


def test_tsdav_synchronises(server):
    tsdav, url = npm.module("tsdav@2"), f"http://127.0.0.1:{server.port}/"
    told = npm.node(SYNCHRONISE, tsdav, url, "")
    etags = {row[0]: row[2] for row in told}
    assert set(etags) == {"/a", "/sub/"} and etags["/a"] == server.get("/a")["ETag"]
    server.request("DELETE", "/a")
    server.request("PUT", "/new", body=b"1")
    told = npm.node(SYNCHRONISE, tsdav, url, told[0][3])
    assert {row[0]: row[1] for row in told} == {"/a": 404, "/new": 207}
