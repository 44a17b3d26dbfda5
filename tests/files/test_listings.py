# SPDX-License-Identifier: MIT
"""Listings of folders, and media types: whatever the members are called, the page stays a page
(RFC 9110 §17.3 and §8.3, Content Security Policy Level 3)."""
import base64
import hashlib
import os
import re
from html.parser import HTMLParser
from urllib.parse import unquote_to_bytes

import pytest

from site_of_files import MEMORY, ask, config, put, Server

EVIL = [
    b"<script>alert(1)<", b"javascript:alert(1)", b"\"><img src=x onerror=alert(1)>",
    b"' onmouseover='alert(1)", b"data:text,x", b"a\nb.txt", b"a\r\nSet-Cookie: x=1.txt",
    b"tab\there", b"esc\x1b[31m.txt", b"bell\x07", b"del\x7f", b"latin-\xfc.txt",
    b"broken-\xe2\x82.txt", b"overlong-\xc0\xaf", b"\xff\xfe", "ä €.txt".encode(),
    "rtl-\u202etxt.exe".encode(), "line\u2028separator".encode(), "c1-\u0085.txt".encode(),
    b"&amp;", b"a&b;c", b"100%", b"%2e%2e", b"%2f", b"a?b", b"a#b", b"back\\slash", b"\\evil",
    b"a b", b" lead", b"trail ", b"{}", b"<title>", b"-->", b"]]>", b"x" * 255, b"~", b"=",
    b"http:", b"?", b"#", b"\"", b"'", b"`", b"index.htm", b"*",
]


class Links(HTMLParser):
    """The links of the table, and every element that a page of ours never has."""

    def __init__(self, text):
        super().__init__()
        self.links, self.tags, self.attributes, self.shown = [], set(), set(), []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag == "a" and not dict(attrs)["href"].startswith("./?"):  # a view of the folder
            self.links.append(dict(attrs)["href"])

    def handle_data(self, data):
        self.shown.append(data)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    above = tmp_path_factory.mktemp("listings")
    root = above / "root"
    put(above, "outside.txt", b"outside")
    put(root, "plain/file.txt", b"f" * 1234)
    put(root, "plain/folder/inner.txt")
    put(root, "plain/.hidden")
    put(root, "plain/.folder/x")
    for name in EVIL:
        for folder in (b"evil/", b"evil folders/"):
            path = bytes(root) + b"/" + folder + name
            os.makedirs(path if folder != b"evil/" else os.path.dirname(path), exist_ok=True)
            with open(path + (b"/in" if folder != b"evil/" else b""), "wb") as file:
                file.write(b"content of " + name)
    put(root, "links/target.txt", b"target")
    (root / "links/inside").symlink_to("target.txt")
    (root / "links/upwards").symlink_to("../plain/file.txt")
    (root / "links/folder").symlink_to("../plain")
    (root / "links/outside").symlink_to("../../outside.txt")
    (root / "links/absolute").symlink_to("/etc/passwd")
    (root / "links/loop").symlink_to("loop")
    (root / "links/dangling").symlink_to("nothing")
    os.mkfifo(root / "links/fifo")
    (root / "bare").mkdir()
    return root


@pytest.fixture(scope="module")
def server(root):
    with Server(root) as server:
        yield server


def entries(server, target):
    return ask(server, "GET", target, "Accept: application/json").json()["entries"]


def test_listing_names_the_members(server):
    by_name = {entry["name"]: entry for entry in entries(server, "/plain/")}
    assert set(by_name) == {"file.txt", "folder"}
    assert by_name["file.txt"]["type"] == "file" and by_name["file.txt"]["size"] == 1234
    assert by_name["folder"]["type"] == "folder" and "size" not in by_name["folder"]
    assert by_name["file.txt"]["modified"].endswith("Z")
    text = ask(server, "GET", "/plain/", "Accept: text/plain").body
    assert text == b"folder/\nfile.txt\n"


def test_empty_folder_is_listed_as_empty(server):
    assert entries(server, "/bare/") == []
    assert b"empty" in ask(server, "GET", "/bare/").body
    assert ask(server, "GET", "/bare/", "Accept: text/plain").body == b""


@pytest.mark.parametrize("target", ["/", "/plain/", "/evil/", "/evil%20folders/", "/bare/"])
def test_listing_carries_a_policy_that_lets_only_its_own_script_run(server, target):
    # CSP Level 3 §6.7.3: the hash of what stands between the tags of the one script
    response = ask(server, "GET", target)
    (script,) = re.findall(rb"<script>(.*?)</script>", response.body, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    policy = dict((part.strip().split(" ", 1) + [""])[:2]
                  for part in response["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == f"'sha256-{digest}'"
    assert policy["style-src"].startswith("'sha256-")
    assert "unsafe" not in response["Content-Security-Policy"]
    assert policy["connect-src"] == policy["form-action"] == "'self'"
    assert policy["base-uri"] == policy["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("folder, body", [("/evil/", b"content of "),
                                          ("/evil%20folders/", None)])
def test_links_of_a_listing_lead_to_its_members(server, folder, body):
    # The page as a browser reads it, and every link to a member followed (RFC 3986 §5.2)
    page = Links(ask(server, "GET", folder).body.decode())
    names = []
    for link in page.links:
        if link == "../":
            continue
        path = folder + link.removeprefix("./")
        name = unquote_to_bytes(path.removeprefix(folder)).rstrip(b"/" if body is None else b"")
        response = ask(server, "GET", path)
        assert link.startswith("./") and response.status == 200
        if body is not None:
            assert response.body == body + name
        names.append(name)
    assert sorted(names) == sorted(EVIL)


def test_names_are_shown_and_never_obeyed(server):
    page = ask(server, "GET", "/evil/").body.decode()  # and it is well-formed UTF-8
    parsed = Links(page)
    assert not parsed.tags & {"img", "base", "iframe", "object"}
    assert page.count("<form") == 1  # the search
    assert page.count("<script") == 1  # our own, which the policy permits by its hash
    assert not {name for name in parsed.attributes if name.startswith("on")}
    assert all(link.startswith(("./", "../")) for link in parsed.links)
    for control in "\x1b\x07\x7f\u0085\u2028":
        assert control not in page
    shown = "".join(parsed.shown)
    assert "<script>alert(1)<" in shown and "latin-\ufffd.txt" in shown and "a\u240ab.txt" in shown


def not_utf8(name):
    try:
        name.decode()
    except UnicodeDecodeError:
        return True
    return False


def test_json_of_evil_names_is_json_with_links_that_work(server):
    members = entries(server, "/evil/")
    assert len(members) == len(EVIL)
    for member in members:
        name = unquote_to_bytes(member["href"].removeprefix("./"))
        assert name in EVIL
        # What is not UTF-8 is shown as U+FFFD, and said to be; href has the very bytes.
        escaped = name.decode("utf-8", "surrogateescape")
        assert member["name"] == re.sub("[\udc80-\udcff]", "\ufffd", escaped)
        assert member.get("utf8", True) is not not_utf8(name)
        assert ask(server, "GET", "/evil/" + member["href"][2:]).body == b"content of " + name


def test_text_has_one_line_for_each_member(server):
    lines = ask(server, "GET", "/evil/", "Accept: text/plain").body.decode().split("\n")
    assert len(lines) == len(EVIL) + 1 and lines[-1] == ""
    assert not any(character in line for line in lines for character in "\r\x1b\x07")


def test_listing_shows_what_would_be_served_and_nothing_else(server):
    names = {entry["name"] for entry in entries(server, "/links/")}
    assert names == {"target.txt", "inside", "upwards", "folder"}
    served = {name for name in os.listdir(bytes(server.root) + b"/links")
              if ask(server, "GET", f"/links/{name.decode()}").status in (200, 301)}
    assert served == {name.encode() for name in names}


@pytest.fixture(autouse=True)
def know_root(server, root):
    server.root = root


def test_listing_can_be_switched_off(root):
    with Server(root, config=config(listing=False)) as server:
        response = ask(server, "GET", "/plain/")
        assert response.status == 404 and response.outcome == "not-found"
        assert ask(server, "GET", "/plain/file.txt").status == 200
        assert ask(server, "GET", "/plain").status == 301


def test_other_index_can_be_named(root):
    put(root, "named/start.txt", b"start")
    put(root, "named/index.html", b"index")
    with Server(root, config=config(index="start.txt")) as server:
        assert ask(server, "GET", "/named/").body == b"start"
        assert ask(server, "GET", "/plain/").status == 200


@pytest.mark.parametrize("name, media_type", [
    ("a.html", "text/html; charset=utf-8"), ("a.css", "text/css; charset=utf-8"),
    ("a.js", "text/javascript; charset=utf-8"), ("a.txt", "text/plain; charset=utf-8"),
    ("a.json", "application/json"), ("a.svg", "image/svg+xml"), ("a.png", "image/png"),
    ("a.jpg", "image/jpeg"), ("A.JPEG", "image/jpeg"), ("a.webp", "image/webp"),
    ("a.woff2", "font/woff2"), ("a.wasm", "application/wasm"), ("a.pdf", "application/pdf"),
    ("a.mp4", "video/mp4"), ("a.xml", None), ("a.tar.gz", "application/gzip"),
    ("a", "application/octet-stream"), ("a.", "application/octet-stream"),
    ("a.nonesuch", "application/octet-stream"), ("html", "application/octet-stream")])
def test_media_type_comes_from_the_name(server, root, name, media_type):  # RFC 9110 §8.3
    for content in (b"x", bytes(MEMORY + 1)):
        put(root, f"types/{len(content)}/{name}", content)
        response = ask(server, "GET", f"/types/{len(content)}/{name}")
        assert response.status == 200
        if media_type is None:
            assert response["Content-Type"].split(";")[0] in ("application/xml", "text/xml")
        else:
            assert response["Content-Type"] == media_type
        assert response["Accept-Ranges"] == "bytes"
