# SPDX-License-Identifier: MIT
"""Content that is XML, as a client meets it: RFC 4918 §8.2, §17, §20.6; and how it is refused."""
import json

import pytest

from site_of_dav import Server, ask, put

METHODS = {"PROPFIND": "propfind", "PROPPATCH": "propertyupdate", "LOCK": "lockinfo"}
GOOD = {
    "PROPFIND": '<D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>',
    "PROPPATCH": '<D:propertyupdate xmlns:D="DAV:"><D:remove><D:prop><a/></D:prop></D:remove>'
                 "</D:propertyupdate>",
    "LOCK": '<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:shared/></D:lockscope>'
            "<D:locktype><D:write/></D:locktype></D:lockinfo>",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("xml")
    for method in METHODS:
        put(root, method)  # a file of its own: LOCK may lock it
    # Above the limit of XML itself, so that its own is what is met.
    config = (f"limits: {{ content: 2M }}\nroutes:\n  - path: /\n"
              f"    files: {{ root: {root}, write: true }}\n")
    with Server(config=config) as server:
        yield server


def send(server, method, content, *lines):
    content = content if isinstance(content, bytes) else content.encode()
    return ask(server, method, f"/{method}", "Depth: 0", "Accept: application/problem+json",
               "Timeout: Second-5", *lines, content=content)


def assert_told(response, status, outcome, detail=None):
    assert (response.status, response.outcome) == (status, outcome)
    if detail is not None:
        assert json.loads(response.body)["detail"] == detail


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["application/xml", "text/xml", "TEXT/XML; charset=utf-8",
                                  "application/davmount+xml", None])
def test_xml_of_any_kind_is_taken_and_so_is_content_without_a_type(server, method, kind):
    lines = [f"Content-Type: {kind}"] if kind else []
    assert send(server, method, GOOD[method], *lines).status in (200, 207)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", [
    "text/plain", "text/plain;charset=UTF-8", "application/octet-stream", "text/html", "xml",
    "+xml", "application/xmlx", "httpd/unix-directory", "image/svg+xml",
    "application/x-www-form-urlencoded", ""])
def test_xml_of_a_type_that_says_nothing_else_plainly_is_taken(server, method, kind):
    """Several libraries send it so, and there is nothing else that it could be."""
    assert send(server, method, GOOD[method], f"Content-Type: {kind}").status in (200, 207)
    assert_told(send(server, method, "hello", f"Content-Type: {kind}"), 400, "xml-malformed")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", [
    "application/json", "Application/LD+JSON; charset=utf-8", "multipart/form-data; boundary=a",
    "image/png", "audio/ogg", "video/mp4", "font/woff2", "model/stl", "application/pdf",
    "application/zip"])
def test_what_is_plainly_another_type_is_told_which_are_taken(server, method, kind):
    """RFC 9110 §15.5.16."""
    response = send(server, method, GOOD[method], f"Content-Type: {kind}")
    assert_told(response, 415, "unsupported-media-type")
    assert response["Accept"] == "application/xml, text/xml"


ROOT = '<D:{root} xmlns:D="DAV:">'


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("content, detail", [
    (ROOT + "\n <D:prop></D:{root}>",
     "Line 2, column 12: the end tag is not that of the open element D:prop."),
    (ROOT, "Line 1, column {end}: the content ends before the end tag of D:{root}."),
    ("hello", "Line 1, column 1: something is here that cannot stand outside of every element."),
    ("\n  ", "Line 2, column 3: there is no element."),
    ("<D:{root}/>", "Line 1, column 1: a prefix is used that no xmlns attribute declares."),
    (ROOT + '<a b="1"\n b="2"/></D:{root}>',
     "Line 2, column 2: an element has the same attribute twice."),
    (ROOT + "\x01</D:{root}>", None), (ROOT + "<a>&#0;</a></D:{root}>", None),
    (ROOT.encode() + b"\xff\xfe</D:{root}>", None),
])
def test_what_is_not_well_formed_is_told_with_its_place(server, method, content, detail):
    root = METHODS[method]
    if isinstance(content, bytes):
        content = content.replace(b"{root}", root.encode())
    else:
        content = content.replace("{root}", root)
    if detail:
        detail = detail.replace("{root}", root).replace("{end}", str(len(content) + 1))
    assert_told(send(server, method, content), 400, "xml-malformed", detail)


DOCTYPES = [
    '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>', '<!DOCTYPE a SYSTEM "http://a/b">',
    '<!DOCTYPE a [<!ENTITY % p SYSTEM "http://a/b"> %p;]>', "<!DOCTYPE a>",
    '<!DOCTYPE a [<!ENTITY l "lol"><!ENTITY m "&l;&l;&l;&l;&l;&l;&l;&l;&l;&l;">]>',
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("doctype", DOCTYPES)
def test_entities_cannot_be_defined(server, method, doctype):  # RFC 4918 §20.6
    response = send(server, method, doctype + GOOD[method].replace("<a/>", "<a>&x;&m;</a>"))
    assert_told(response, 400, "xml-malformed")
    assert "<!DOCTYPE" in json.loads(response.body)["detail"]


@pytest.mark.parametrize("method", METHODS)
def test_entities_that_nobody_defined_are_not_well_formed(server, method):
    assert_told(send(server, method, f'<D:{METHODS[method]} xmlns:D="DAV:">&x;</D:a>'), 400,
                "xml-malformed")


@pytest.mark.parametrize("method, content, detail", [
    ("PROPFIND", "<propfind/>", "/propfind: the root element must be propfind in the namespace DAV:"
                                "; it is in no namespace."),
    ("PROPFIND", '<D:lockinfo xmlns:D="DAV:"/>',
     "/lockinfo: the root element must be propfind in the namespace DAV:."),
    ("PROPFIND", '<D:propfind xmlns:D="DAV:"/>',
     "/propfind: allprop, propname or prop is expected in it."),
    ("PROPFIND", '<D:propfind xmlns:D="DAV:"><D:prop/><D:allprop/></D:propfind>',
     "/propfind/allprop: only one of allprop, propname and prop is possible."),
    ("PROPPATCH", '<D:propertyupdate xmlns:D="DAV:"/>',
     "/propertyupdate: set or remove is expected in it."),
    ("PROPPATCH", '<D:propertyupdate xmlns:D="DAV:"><D:set/></D:propertyupdate>',
     "/propertyupdate/set: prop is expected in it."),
    ("LOCK", '<D:lockinfo xmlns:D="DAV:"><D:lockscope/><D:locktype/></D:lockinfo>',
     "/lockinfo/lockscope: exclusive or shared is expected in it, not both."),
    ("LOCK", GOOD["LOCK"].replace("write", "read"),
     "/lockinfo/locktype: write is expected in it; there is no other type."),
])
def test_what_means_nothing_is_told_where_and_what_was_expected(server, method, content, detail):
    assert_told(send(server, method, content), 422, "xml-meaningless", detail)


def within(method, inner, attributes=""):
    return f'<D:{METHODS[method]} xmlns:D="DAV:"{attributes}>{inner}</D:{METHODS[method]}>'


BEYOND = [  # by a size: what is just enough at that of limits.def, and too much beyond it
    (lambda n: "<a>" * (n - 1) + "</a>" * (n - 1), 64, "elements are nested too deep"),
    (lambda n: "<a/>" * (n - 1), 10_000, "there are too many elements"),
    (lambda n: "<a " + " ".join(f'a{i}=""' for i in range(n)) + "/>", 64,
     "an element has too many attributes"),
    (lambda n: f"<{'n' * n}/>", 256, "a name is too long"),
    (lambda n: f"<a xmlns='{'n' * n}'/>", 1024, "the name of a namespace is too long"),
    (lambda n: f"<a>{'t' * n}</a>", 262_144, "a text is too long"),
    (lambda n: f"<!--{'c' * (n - 7)}-->", 65_536, "a tag or a comment is too long"),
    (lambda n: "<a>" + "<b/>".join(["x" * 65_000] * 20)[:n] + "</a>", None,
     "the content is too large"),
]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("inner, limit, what", BEYOND, ids=[what for _, _, what in BEYOND])
def test_each_limit_is_told_and_holds_to_the_last_one(server, method, inner, limit, what):
    if limit is None:  # of the content as a whole: a mebibyte
        limit = 1024 * 1024
        response = send(server, method, within(method, inner(limit)))
    else:
        response = send(server, method, within(method, inner(limit)))
        assert response.status != 413
        response = send(server, method, within(method, inner(limit + 1)))
    assert_told(response, 413, "xml-too-large")
    assert what in json.loads(response.body)["detail"]
    assert f"the limit is {limit}" in json.loads(response.body)["detail"]
