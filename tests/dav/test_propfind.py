# SPDX-License-Identifier: MIT
"""PROPFIND: RFC 4918 §9.1, §15; RFC 4331; RFC 8144."""
import os
import socket
import sys
import threading
from pathlib import Path

import pytest

import harness
import npm

sys.path.insert(0, str(Path(__file__).parent))
from multistatus import DAV, LIVE, prop, propfind, rows  # noqa: E402

MIB = 1024 * 1024


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    (folder / "sub" / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("content")
    (folder / "sub" / "b.html").write_text("<p>")
    (folder / "sub" / "deep" / "c").write_text("")
    return folder


@pytest.fixture
def server(root):
    with harness.Server(root, arguments=["--write", "--no-dotfiles"]) as running:
        yield running


def configured(root, path="/", **options):
    extra = "".join(f", {key}: {value}" for key, value in options.items())
    return harness.Server(root, config=f"routes:\n  - path: '{path}'\n"
                          "    files: { root: '{root}', write: true" + extra + " }\n")


def test_depth_0_tells_the_resource_alone_and_its_length_first(server):
    for target in ("/", "/sub/", "/a.txt"):
        response = propfind(server, target)
        assert set(rows(response)) == {target.encode()}
        assert int(response["Content-Length"]) == len(response.body)


def test_depth_1_adds_the_members(server):
    assert set(rows(propfind(server, "/", "1"))) == {b"/", b"/a.txt", b"/sub/"}
    assert set(rows(propfind(server, "/a.txt", "1"))) == {b"/a.txt"}


@pytest.mark.parametrize("depth", ["infinity", None])
def test_no_depth_is_infinity_and_that_is_everything_below(server, depth):
    assert set(rows(propfind(server, "/", depth))) == {
        b"/", b"/a.txt", b"/sub/", b"/sub/b.html", b"/sub/deep/", b"/sub/deep/c"}


@pytest.mark.parametrize("depth", ["2", "-1", "inf", "0, 1", '"1"', ""])
def test_another_depth_is_malformed(server, depth):  # §10.2
    assert propfind(server, "/", depth).outcome == "depth-malformed"


def test_what_is_not_there_is_not_found(server):
    assert propfind(server, "/nothing").outcome == "not-found"
    assert propfind(server, "/.candor-tmp-0123456789abcdef").status == 404


def test_no_content_is_allprop(server):  # §9.1
    row = rows(propfind(server, "/a.txt"))[b"/a.txt"]
    assert row.names() == {DAV + name for name in LIVE}
    assert set(row.groups) == {200}
    folder = rows(propfind(server, "/sub/"))[b"/sub/"]
    assert folder.names() == {DAV + name for name in LIVE
                              if name not in ("getcontentlength", "getcontenttype", "getetag")}


def test_the_live_properties_of_a_file_are_those_that_get_tells(server, root):
    got = server.get("/a.txt")
    row = rows(propfind(server, "/", "1"))[b"/a.txt"]
    assert row.text("getetag") == got["ETag"]
    assert row.text("getcontentlength") == got["Content-Length"]
    assert row.text("getcontenttype") == got["Content-Type"]
    assert row.text("getlastmodified") == got["Last-Modified"]
    assert row.text("displayname") == "a.txt"
    assert row.text("resourcetype") == ""
    created = row.text("creationdate")
    assert len(created) == 20 and created[10] == "T" and created[-1] == "Z"  # RFC 3339


def test_the_tag_of_a_put_is_the_tag_that_is_told(server):
    tag = server.request("PUT", "/new", body=b"x")["ETag"]
    assert rows(propfind(server, "/new"))[b"/new"].text("getetag") == tag


def test_a_collection_is_told_as_one(server):
    row = rows(propfind(server, "/sub/"))[b"/sub/"]
    kind = row.groups[200][DAV + "resourcetype"]
    assert [e.tag for e in kind] == [DAV + "collection"]
    assert row.text("displayname") == "sub"


def test_a_collection_without_its_slash_is_answered_as_it_is(server):  # §5.2
    response = propfind(server, "/sub", "1")
    assert set(rows(response)) == {b"/sub/", b"/sub/b.html", b"/sub/deep/"}
    assert response["Content-Location"] == "/sub/"
    assert propfind(server, "/sub/")["Content-Location"] is None


def test_unknown_properties_are_not_found(server):
    body = prop("getetag", "nonsense", ("urn:x", "colour"))
    row = rows(propfind(server, "/a.txt", body=body))[b"/a.txt"]
    assert row.names() == {DAV + "getetag"}
    assert row.names(404) == {DAV + "nonsense", "{urn:x}colour"}


def test_only_unknown_properties_make_one_group(server):
    row = rows(propfind(server, "/sub", body=prop("getetag")))[b"/sub/"]
    assert set(row.groups) == {404} and row.names(404) == {DAV + "getetag"}


def test_propname_tells_names_alone(server):
    body = '<D:propfind xmlns:D="DAV:"><D:propname/></D:propfind>'
    row = rows(propfind(server, "/a.txt", body=body))[b"/a.txt"]
    assert row.names() == {DAV + name for name in [*LIVE, "supported-report-set"]}
    assert all(not p.text and not len(p) for p in row.groups[200].values())


def test_quotas_are_told_when_asked_by_name(root):  # RFC 4331 §3
    with configured(root, quota="1M") as server:
        names = {"quota-available-bytes", "quota-used-bytes"}
        row = rows(propfind(server, "/", body=prop(*names)))[b"/"]
        used = sum(f.stat().st_size if f.is_file() else 4096 for f in root.rglob("*"))
        assert int(row.text("quota-used-bytes")) == used
        assert int(row.text("quota-available-bytes")) == MIB - used
        assert not rows(propfind(server, "/"))[b"/"].names() & {DAV + n for n in names}
        assert rows(propfind(server, "/a.txt", body=prop(*names)))[b"/a.txt"].names(404)
        include = ('<D:propfind xmlns:D="DAV:"><D:allprop/><D:include><D:quota-used-bytes/>'
                   '</D:include></D:propfind>')
        row = rows(propfind(server, "/", body=include))[b"/"]
        assert row.text("quota-used-bytes") == str(used) and row.text("displayname") is not None


def test_return_minimal_leaves_out_what_is_missing(server):  # RFC 8144 §2.1
    response = propfind(server, "/", "1", prop("getetag"), Prefer="return=minimal")
    assert response["Preference-Applied"] == "return=minimal"
    for row in rows(response).values():
        assert set(row.groups) == {200}


def test_depth_noroot_leaves_out_the_resource_itself(server):  # RFC 8144 §3
    response = propfind(server, "/", "1", Prefer="depth-noroot")
    assert set(rows(response)) == {b"/a.txt", b"/sub/"}
    assert response["Preference-Applied"] == "depth-noroot"


def test_a_lock_is_discovered(server):
    body = ('<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype>'
            '<D:write/></D:locktype><D:owner>me</D:owner></D:lockinfo>')
    token = server.request("LOCK", "/sub/", {"Depth": "infinity"}, body.encode())["Lock-Token"]
    told = rows(propfind(server, "/", "infinity", prop("lockdiscovery")))
    for path, row in told.items():
        locks = row.groups[200][DAV + "lockdiscovery"]
        assert len(locks) == (1 if path.startswith(b"/sub/") else 0), path
        for active in locks:
            assert "<" + active.find(f"{DAV}locktoken/{DAV}href").text + ">" == token
            assert active.find(f"{DAV}lockroot/{DAV}href").text == "/sub/"


ODD = ["sp ace", "per%cent", "a&b<c>\"d'", "ques?tion", "ha#sh", "semi;colon", "plus+", "ä€😀",
       "tab\there", "new\nline", "back\\slash", "]]>", "-", "~", "%41", "a:b", "\x7f", "\x01"]


def test_every_name_comes_back_as_it_is(server, root):
    names = [name.encode() for name in ODD] + [b"latin-\xe9", b"\xff\xfe", b"\xed\xa0\x80"]
    for name in names:
        with open(bytes(root / "sub" / "deep") + b"/" + name, "wb") as file:
            file.write(b"x")
    told = rows(propfind(server, "/sub/deep/", "1"))
    assert set(told) == {b"/sub/deep/", b"/sub/deep/c"} | {b"/sub/deep/" + n for n in names}
    for path, row in told.items():
        if path != b"/sub/deep/":
            assert server.request("GET", row.href).status == 200, row.href


def test_what_no_client_could_get_is_not_told(server, root, tmp_path):
    (tmp_path / "secret").write_text("")
    (root / "dangling").symlink_to("nowhere")
    (root / "circle").symlink_to("circle")
    (root / "outside").symlink_to(tmp_path / "secret")
    (root / ".hidden").write_text("")
    (root / ".candor-tmp-0123456789abcdef").write_text("")
    os.mkfifo(root / "pipe")
    (root / "link").symlink_to("a.txt")
    told = rows(propfind(server, "/", "1"))
    assert set(told) == {b"/", b"/a.txt", b"/sub/", b"/link"}
    assert told[b"/link"].text("getcontentlength") == "7"


def test_a_link_to_a_folder_is_told_but_not_walked(server, root):
    (root / "sub" / "up").symlink_to("..")
    told = rows(propfind(server, "/", "infinity"))
    assert b"/sub/up/" in told and b"/sub/up/a.txt" not in told


def test_infinite_depth_may_be_off(root):  # §9.1
    with configured(root, infinite_depth=0) as server:
        response = propfind(server, "/", "infinity")
        assert response.status == 403 and b"propfind-finite-depth" in response.body
        response = propfind(server, "/", "infinity", Accept="application/problem+json")
        assert response.outcome == "propfind-infinite"
        assert propfind(server, "/", None).status == 403
        assert propfind(server, "/", "1").status == 207
        assert propfind(server, "/a.txt", "infinity").status == 207


@pytest.mark.parametrize("depth", ["1", "infinity", None])
def test_members_are_not_told_where_folders_are_not_listed(root, depth):
    with configured(root, listing="false") as server:
        assert propfind(server, "/", depth).status == 403
        response = propfind(server, "/", depth, Accept="application/problem+json")
        assert response.outcome == "listing-off" and b"a.txt" not in response.body
        assert set(rows(propfind(server, "/", "0"))) == {b"/"}
        assert set(rows(propfind(server, "/a.txt", depth))) == {b"/a.txt"}


@pytest.mark.parametrize("members", [4, 3])
def test_what_is_more_than_infinite_depth_may_tell_is_refused(root, members):  # §9.1
    """No client has to understand an answer from which something is left out."""
    with configured(root, infinite_depth=members) as server:
        response = propfind(server, "/", "infinity")
        assert response.status == 403 and b"propfind-finite-depth" in response.body
        response = propfind(server, "/", None, Accept="application/problem+json")
        assert response.outcome == "propfind-too-many"
        assert len(rows(propfind(server, "/sub/", "infinity"))) == 4
        assert len(rows(propfind(server, "/", "1"))) == 3
    with configured(root, infinite_depth=5) as server:
        assert len(rows(propfind(server, "/", "infinity"))) == 6


def fill(folder, count):
    folder.mkdir()
    for i in range(count):
        (folder / f"{'x' * 200} {i}").touch()


def test_a_large_answer_is_refused_before_its_first_row_as_well(root):
    fill(root / "sub" / "many", 4000)
    (root / "sub" / "link").symlink_to("many")
    for bound, status in ((4004, 403), (4005, 207)):
        with configured(root, infinite_depth=bound) as server:
            assert propfind(server, "/sub/", "infinity").status == status


def test_what_has_come_since_it_was_counted_is_left_out_in_a_row_that_clients_read(root):
    """RFC 4918 §14.24: each href once; rclone and npm's webdav want a propstat in each row."""
    fill(root / "many", 16000)
    (root / "many" / "later").mkdir()
    with configured(root, infinite_depth=16001) as server, server.connect() as client:
        client.send("PROPFIND /many/ HTTP/1.1\r\nHost: localhost\r\nDepth: infinity\r\n\r\n")
        assert client.socket.recv(17, socket.MSG_PEEK | socket.MSG_WAITALL) == b"HTTP/1.1 207 Mult"
        for i in range(3):
            (root / "many" / "later" / f"{i}").touch()
        told = rows(client.read_response())
        assert len(told) == 1 + 16001 + 1
        (left_out,) = [row for row in told.values() if 507 in row.groups]
        assert left_out.path.startswith(b"/many/later/") and left_out.status is None
        (error,) = left_out.element.iter(DAV + "number-of-matches-within-limits")


@pytest.fixture(scope="module")
def webdav():
    return npm.module("webdav@5")


LISTING = """
const { createClient } = await import(process.argv[2]);
const client = createClient(process.argv[3]);
try {
    const items = await client.getDirectoryContents("/", { deep: true });
    console.log(JSON.stringify(items.map(item => [item.type, item.filename]).sort()));
} catch (error) {
    console.log(JSON.stringify(error.status));
}
"""


@pytest.mark.parametrize("bound, told", [
    (4, 403),
    (5, [["directory", "/sub"], ["directory", "/sub/deep"], ["file", "/a.txt"],
         ["file", "/sub/b.html"], ["file", "/sub/deep/c"]])])
def test_npm_webdav_lists_everything_or_is_told_that_it_cannot(root, webdav, bound, told):
    with configured(root, infinite_depth=bound) as server:
        url = f"http://127.0.0.1:{server.port}"
        assert npm.node(LISTING, webdav, url) == told


def test_below_a_mount_hrefs_have_its_path(root):
    with configured(root, path="/my docs/") as server:
        assert set(rows(propfind(server, "/my%20docs/", "1"))) == {
            b"/my docs/", b"/my docs/a.txt", b"/my docs/sub/"}
        response = propfind(server, "/my%20docs", "0")
        assert set(rows(response)) == {b"/my docs/"}
        assert response["Content-Location"] == "/my%20docs/"


@pytest.mark.parametrize("body, outcome", [
    ("<D:propfind xmlns:D='DAV:'>", "xml-malformed"),
    ("<propfind/>", "xml-meaningless"),
    ("<D:propfind xmlns:D='DAV:'/>", "xml-meaningless"),
    ("<x:y xmlns:x=''/>", "xml-malformed"),
    ("<!DOCTYPE a><D:propfind xmlns:D='DAV:'><D:allprop/></D:propfind>", "xml-malformed"),
])
def test_content_that_says_nothing_is_refused(server, body, outcome):
    response = propfind(server, "/", body=body, Accept="application/problem+json")
    assert response.outcome == outcome


def test_content_must_be_xml(server):
    response = propfind(server, "/", body=prop("getetag"), Content_Type="image/png")
    assert response.outcome == "unsupported-media-type"
    for kind in ("application/xml", "text/xml; charset=utf-8", "text/plain"):
        assert propfind(server, "/", body=prop("getetag"), Content_Type=kind).status == 207


def resident(server):
    for line in Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError


@pytest.fixture
def many(root):
    folder = root / "many"
    folder.mkdir()
    for i in range(10000):
        (folder / f"a member with some name {i}").touch()
    return folder


def test_ten_thousand_members_take_no_memory(server, many):
    propfind(server, "/sub/", "1")
    before = resident(server)
    response = propfind(server, "/many/", "1")
    assert response["Transfer-Encoding"] == "chunked" and response["Content-Length"] is None
    assert len(rows(response)) == 10001
    if not os.environ.get("ASAN_OPTIONS") and "test" not in str(harness.CANDOR.parent.name):
        assert resident(server) - before < 3 * MIB
        assert len(response.body) > 6 * MIB


def test_many_members_arrive_whole_on_a_kept_connection(server, many):
    with server.connect() as client:
        for _ in range(2):
            client.send(f"PROPFIND /many/ HTTP/1.1\r\nHost: localhost\r\nDepth: 1\r\n\r\n")
            assert len(rows(client.read_response())) == 10001


def test_http_1_0_gets_no_chunks(server, many):  # RFC 9112 §6.1
    with server.connect() as client:
        client.send("PROPFIND /many/ HTTP/1.0\r\nHost: localhost\r\nDepth: 1\r\n\r\n")
        response = client.read_response()
        assert response["Transfer-Encoding"] is None and response["Connection"] == "close"
        assert len(rows(response)) == 10001


def test_members_that_come_and_go_spoil_nothing(server, many):
    stop = threading.Event()

    def disturb():
        while not stop.is_set():
            for i in range(0, 10000, 7):
                (many / f"a member with some name {i}").unlink(missing_ok=True)
            for i in range(0, 10000, 7):
                (many / f"a member with some name {i}").touch()

    thread = threading.Thread(target=disturb)
    thread.start()
    try:
        for _ in range(3):
            response = propfind(server, "/many/", "1")
            told = rows(response)
            assert all(f"/many/a member with some name {i}".encode() in told
                       for i in range(1, 10000, 7))
    finally:
        stop.set()
        thread.join()


def test_a_client_that_leaves_midway_harms_nobody(server, many):
    for _ in range(5):
        client = server.connect()
        client.send("PROPFIND /many/ HTTP/1.1\r\nHost: localhost\r\nDepth: 1\r\n\r\n")
        client.socket.recv(1000)
        client.close()
    assert propfind(server, "/many/", "0").status == 207


def test_an_unreadable_folder_spoils_nothing_else(root):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (root / "sub").chmod(0)
    try:
        with harness.Server(root, arguments=["--write"]) as server:
            told = rows(propfind(server, "/", "infinity"))
            assert set(told) == {b"/", b"/a.txt", b"/sub/"}
            assert propfind(server, "/sub/", "1").status == 403
    finally:
        (root / "sub").chmod(0o755)


def test_a_link_that_leads_nowhere_or_outside_is_not_found(root, server):
    (root / "nowhere").symlink_to("nothing")
    (root / "itself").symlink_to("itself")
    (root / "outside").symlink_to("/etc")
    for name in ("nowhere", "itself", "outside"):
        for depth in ("0", "1"):
            assert propfind(server, f"/{name}", depth).outcome == "not-found"
    assert not {b"/nowhere", b"/itself", b"/outside"} & set(rows(propfind(server, "/", "1")))


def test_a_first_row_larger_than_a_piece_still_begins_one_document(server):
    value = "v" * 62 * 1024
    body = (f'<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x">{value}</x></prop></set>'
            "</propertyupdate>").encode()
    for target, depth in (("/a.txt", "0"), ("/sub/", "0"), ("/sub/", "infinity")):
        assert server.request("PROPPATCH", target, body=body).status == 207
        response = propfind(server, target, depth)
        assert response.body.count(b"<?xml") == 1
        assert rows(response)[target.encode()].text("{urn:x}x") == value
