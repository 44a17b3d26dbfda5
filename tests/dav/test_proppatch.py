# SPDX-License-Identifier: MIT
"""PROPPATCH and dead properties: RFC 4918 §9.2, §4."""
import signal
import sys
import threading
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

import harness

sys.path.insert(0, str(Path(__file__).parent))
from multistatus import DAV, prop, propfind, proppatch, removing, rows, setting  # noqa: E402

COLOUR = '<x:colour xmlns:x="urn:x">{}</x:colour>'
NAME = ("urn:x", "colour")
TAG = "{urn:x}colour"
MICROSOFT = "urn:schemas-microsoft-com:"


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    (folder / "sub" / "deep").mkdir(parents=True)
    (folder / "file").write_text("content")
    (folder / "sub" / "member").write_text("content")
    return folder


@pytest.fixture
def server(root):
    with harness.Server(root, arguments=["--write"]) as running:
        yield running


def colour(server, target):
    """The value that is stored for the path; None: there is none."""
    row, = rows(propfind(server, target, body=prop(NAME))).values()
    return row.text(TAG)


def paint(server, target, value, **fields):
    response = proppatch(server, target, setting(COLOUR.format(value)), **fields)
    row, = rows(response).values()
    assert row.names() == {TAG}


def test_what_was_set_is_told_and_what_was_removed_is_not(server):
    paint(server, "/file", "red")
    assert colour(server, "/file") == "red"
    paint(server, "/file", "blue")
    assert colour(server, "/file") == "blue"
    response = proppatch(server, "/file", removing(COLOUR.format("")))
    assert rows(response)[b"/file"].names() == {TAG}
    assert colour(server, "/file") is None
    # §14.23: removing what is not there is no failure.
    response = proppatch(server, "/file", removing(COLOUR.format("")))
    assert rows(response)[b"/file"].names() == {TAG}


def test_dead_properties_are_part_of_allprop_and_propname(server):
    paint(server, "/file", "red")
    assert rows(propfind(server, "/", "1"))[b"/file"].text(TAG) == "red"
    body = '<D:propfind xmlns:D="DAV:"><D:propname/></D:propfind>'
    row = rows(propfind(server, "/file", body=body))[b"/file"]
    assert TAG in row.names() and not row.groups[200][TAG].text


def test_instructions_are_carried_out_in_order(server):  # §9.2
    proppatch(server, "/file", setting(COLOUR.format("1")) + removing(COLOUR.format("")) +
              setting(COLOUR.format("2")))
    assert colour(server, "/file") == "2"
    proppatch(server, "/file", setting(COLOUR.format("3")) + removing(COLOUR.format("")))
    assert colour(server, "/file") is None


@pytest.mark.parametrize("name", ["getetag", "getcontentlength", "resourcetype", "lockdiscovery",
                                  "supportedlock", "creationdate", "getcontenttype",
                                  "quota-used-bytes", "quota-available-bytes"])
def test_protected_properties_stay_and_nothing_else_is_done(server, name):  # §9.2.1
    response = proppatch(server, "/file", setting(COLOUR.format("red"), f"<D:{name}>x</D:{name}>"))
    row = rows(response)[b"/file"]
    assert row.names(403) == {DAV + name} and row.names(424) == {TAG}
    assert row.element.find(f".//{DAV}error/{DAV}cannot-modify-protected-property") is not None
    assert colour(server, "/file") is None


def test_a_name_for_display_may_be_given(server):  # §15.2
    response = proppatch(server, "/file", setting("<D:displayname>My File</D:displayname>"))
    assert rows(response)[b"/file"].names() == {DAV + "displayname"}
    assert rows(propfind(server, "/file"))[b"/file"].text("displayname") == "My File"
    row = rows(propfind(server, "/file", body=prop("displayname")))[b"/file"]
    assert row.text("displayname") == "My File"
    proppatch(server, "/file", removing("<D:displayname/>"))
    assert rows(propfind(server, "/file"))[b"/file"].text("displayname") == "file"


@pytest.mark.parametrize("element", [
    "<D:getlastmodified>Sun, 06 Nov 1994 08:49:37 GMT</D:getlastmodified>",
    f'<Z:Win32LastModifiedTime xmlns:Z="{MICROSOFT}">Sun, 06 Nov 1994 08:49:37 GMT'
    "</Z:Win32LastModifiedTime>",
])
def test_the_time_of_the_last_change_may_be_set(server, root, element):
    before = server.get("/file")["ETag"]
    assert rows(proppatch(server, "/file", setting(element)))[b"/file"].names()
    assert (root / "file").stat().st_mtime == 784111777
    got = server.get("/file")
    assert got["Last-Modified"] == "Sun, 06 Nov 1994 08:49:37 GMT" and got["ETag"] != before
    assert got.body == b"content"
    bad = element.replace("Sun, 06", "Mon, 06")
    row = rows(proppatch(server, "/file", setting(bad, COLOUR.format("red"))))[b"/file"]
    assert row.names(409) and row.names(424) == {TAG}


def test_what_windows_sets_after_a_copy_is_taken(server):
    names = ["Win32CreationTime", "Win32LastAccessTime", "Win32LastModifiedTime"]
    elements = [f'<Z:{n} xmlns:Z="{MICROSOFT}">Sun, 06 Nov 1994 08:49:37 GMT</Z:{n}>'
                for n in names]
    elements.append(f'<Z:Win32FileAttributes xmlns:Z="{MICROSOFT}">00000020'
                    "</Z:Win32FileAttributes>")
    response = proppatch(server, "/file", setting(*elements), Content_Type="text/xml")
    row = rows(response)[b"/file"]  # 207: it takes any other success for a failure
    assert len(row.names()) == 4 and set(row.groups) == {200}
    row = rows(propfind(server, "/file"))[b"/file"]
    assert row.text(f"{{{MICROSOFT}}}Win32FileAttributes") == "00000020"


def test_success_is_told_in_short_to_who_prefers_that(server):
    """RFC 8144 §2.2: a failure is told as ever, with what depended on it."""
    response = proppatch(server, "/file", setting(COLOUR.format("red")), Prefer="return=minimal")
    assert response.status == 204 and response.body == b""
    assert response["Preference-Applied"] == "return=minimal" and response["Vary"] == "Prefer"
    assert colour(server, "/file") == "red"
    bad = setting('<D:getetag xmlns:D="DAV:">"x"</D:getetag>', COLOUR.format("blue"))
    response = proppatch(server, "/file", bad, Prefer="return=minimal")
    row = rows(response)[b"/file"]
    assert row.names(403) and row.names(424) == {TAG}
    assert response["Preference-Applied"] is None
    assert colour(server, "/file") == "red"


VALUES = [
    '<p:v xmlns:p="urn:p"> text <p:b a="1" p:c="&lt;&amp;&quot;">in\n</p:b> tail <e/></p:v>',
    '<v xmlns="urn:p" xml:lang="de">grün</v>',
    '<v xmlns="">in no namespace</v>',
    '<p:v xmlns:p="urn:p" xmlns:q="urn:q"><q:a type="q:b">q:c</q:a></p:v>',
    '<p:v xmlns:p="urn:p"><![CDATA[<&>]]>😀</p:v>',
    '<p:v xmlns:p="urn:&amp;&quot;&lt;"/>',
]


@pytest.mark.parametrize("value", VALUES)
def test_values_come_back_with_all_that_is_in_them(server, value):  # §4.3
    expected = ElementTree.fromstring(value)
    assert rows(proppatch(server, "/file", setting(value)))[b"/file"].names() == {expected.tag}
    got = rows(propfind(server, "/file"))[b"/file"].groups[200][expected.tag]
    got.tail = None
    assert ElementTree.canonicalize(ElementTree.tostring(got)) == \
        ElementTree.canonicalize(ElementTree.tostring(expected))


def test_the_language_of_the_request_is_kept(server):  # §4.3
    body = ('<D:set><D:prop xml:lang="fr"><x:colour xmlns:x="urn:x">rouge</x:colour></D:prop>'
            "</D:set>")
    proppatch(server, "/file", body)
    row = rows(propfind(server, "/file"))[b"/file"]
    assert row.groups[200][TAG].get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"


def test_properties_follow_a_move(server):
    paint(server, "/sub/", "red")
    paint(server, "/sub/member", "blue")
    paint(server, "/file", "green")
    assert server.request("MOVE", "/sub/", {"Destination": "/moved/"}).status == 201
    assert colour(server, "/moved/") == "red" and colour(server, "/moved/member") == "blue"
    assert server.request("MOVE", "/file", {"Destination": "/moved/member"}).status == 204
    assert colour(server, "/moved/member") == "green"
    server.request("MKCOL", "/sub")
    server.request("PUT", "/sub/member", body=b"x")
    server.request("PUT", "/file", body=b"x")
    for target in ("/sub/", "/sub/member", "/file"):
        assert colour(server, target) is None


def test_properties_are_copied(server):
    paint(server, "/sub/", "red")
    paint(server, "/sub/member", "blue")
    server.request("COPY", "/sub/", {"Destination": "/all/"})
    assert colour(server, "/all/") == "red" and colour(server, "/all/member") == "blue"
    assert colour(server, "/sub/member") == "blue"
    server.request("COPY", "/sub/", {"Destination": "/shallow/", "Depth": "0"})
    assert colour(server, "/shallow/") == "red"
    server.request("PUT", "/shallow/member", body=b"x")
    assert colour(server, "/shallow/member") is None
    paint(server, "/file", "green")
    server.request("COPY", "/sub/member", {"Destination": "/file"})
    assert colour(server, "/file") == "blue"


def test_properties_vanish_with_their_resource(server):
    paint(server, "/sub/", "red")
    paint(server, "/sub/member", "blue")
    assert server.request("DELETE", "/sub/").status == 204
    server.request("MKCOL", "/sub")
    server.request("PUT", "/sub/member", body=b"x")
    assert colour(server, "/sub/") is None and colour(server, "/sub/member") is None


def test_properties_outlive_a_new_content(server):
    paint(server, "/file", "red")
    server.request("PUT", "/file", body=b"new")
    assert colour(server, "/file") == "red"


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_keeps_them(root, tmp_path, end):
    first = harness.Server(root, arguments=["--write"], state=tmp_path / "state")
    paint(first, "/file", "red")
    first.request("MOVE", "/file", {"Destination": "/other"})
    first.signal(end)
    first.wait()
    with harness.Server(root, arguments=["--write"], state=tmp_path / "state") as second:
        assert colour(second, "/other") == "red"


def test_a_locked_resource_keeps_its_properties(server):  # §7
    body = ('<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope><D:locktype>'
            "<D:write/></D:locktype></D:lockinfo>")
    token = server.request("LOCK", "/file", {}, body.encode())["Lock-Token"]
    response = proppatch(server, "/file", setting(COLOUR.format("red")))
    assert response.status == 423 and colour(server, "/file") is None
    paint(server, "/file", "red", If=f"({token})")
    assert colour(server, "/file") == "red"


def test_a_value_that_is_too_large_is_refused(server):
    response = proppatch(server, "/file", setting(COLOUR.format("x" * 70000)))
    assert response.status == 413 and response.outcome == "xml-too-large"


def test_too_many_properties_are_refused_whole(server):
    elements = [f'<x:p{i} xmlns:x="urn:x"/>' for i in range(300)]
    row = rows(proppatch(server, "/file", setting(*elements)))[b"/file"]
    assert len(row.names(507)) == 1 and len(row.names(424)) == 299
    assert not any("urn:x" in name for name in rows(propfind(server, "/file"))[b"/file"].names())


def test_what_is_not_there_has_no_properties(server):
    assert proppatch(server, "/nothing", setting(COLOUR.format("x"))).outcome == "not-found"


@pytest.mark.parametrize("body", ["", "<D:set/>", "<D:set><D:prop/></D:set>"])
def test_content_that_changes_nothing_is_refused(server, body):
    assert proppatch(server, "/file", body).outcome == "xml-meaningless"


def test_many_members_with_large_properties_are_told_piece_by_piece(server, root):
    folder = root / "large"
    folder.mkdir()
    for i in range(40):
        (folder / f"{i:02}").touch()
        paint(server, f"/large/{i:02}", f"{i}" + "x" * 30000)
    told = rows(propfind(server, "/large/", "1"))
    assert len(told) == 41
    for i in range(40):
        assert told[f"/large/{i:02}".encode()].text(TAG) == f"{i}" + "x" * 30000


def test_names_and_properties_changed_at_once_end_well(server, root):
    """Whoever sets a property while its resource is replaced leaves none behind."""
    paint(server, "/sub/", "red")  # so that the store is asked

    def change():
        for _ in range(40):
            server.request("PUT", "/racing", body=b"x")
            server.request("DELETE", "/racing")

    def set_some():
        for _ in range(40):
            assert proppatch(server, "/racing",
                             setting(COLOUR.format("x"))).status in (207, 404)

    threads = [threading.Thread(target=f) for f in (change, set_some, set_some)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.request("PUT", "/racing", body=b"x")
    assert colour(server, "/racing") is None


def test_the_root_has_properties_too(server):
    paint(server, "/", "red")
    assert colour(server, "/") == "red"
    row, = rows(proppatch(server, "/", setting("<D:getlastmodified>Sun, 06 Nov 1994 08:49:37 GMT"
                                               "</D:getlastmodified>"))).values()
    assert row.names(403)


def test_the_language_of_the_content_may_be_said(server):  # RFC 4918 §15.3
    name = DAV + "getcontentlanguage"
    body = (b'<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:getcontentlanguage>de'
            b"</D:getcontentlanguage></D:prop></D:set></D:propertyupdate>")
    response = server.request("PROPPATCH", "/file", {"Content-Type": "application/xml"}, body)
    (row,) = rows(response).values()
    assert row.names() == {name}
    find = (b'<D:propfind xmlns:D="DAV:"><D:prop><D:getcontentlanguage/></D:prop></D:propfind>')
    told = server.request("PROPFIND", "/file", {"Depth": "0"}, find)
    assert rows(told)[b"/file"].text("getcontentlanguage") == "de"
