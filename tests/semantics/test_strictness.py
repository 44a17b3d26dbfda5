# SPDX-License-Identifier: MIT
"""docs/strictness.md: each row of its tables is asked of the server."""
import pathlib
import re

import pytest

from site_of_dav import ask, config, put, Server

PAGE = pathlib.Path(__file__).parents[2] / "docs/strictness.md"
CONTENT = b"0123456789"
OPEN = "Upload-Complete: ?0"

# A request in which nothing else is wrong: method, the malformed value, other lines, content.
MALFORMED = {
    "If-None-Match": ("PUT", "Word-12345", [], CONTENT),
    "If-Match": ("PUT", "Word-12345", [], CONTENT),
    "If-Modified-Since": ("GET", "yesterday", [], None),
    "If-Unmodified-Since": ("PUT", "yesterday", [], CONTENT),
    "Range": ("GET", "bytes=x-y", [], None),
    "If-Range": ("GET", "word", ["Range: bytes=0-1"], None),
    "If": ("PUT", "(word", [], CONTENT),
    "Overwrite": ("COPY", "no", ["Destination: /copy"], None),
    "Depth": ("PROPFIND", "2", [], None),
    "Destination": ("COPY", "copy", [], None),
    "Lock-Token": ("UNLOCK", "word", [], None),
    "Timeout": ("LOCK", "soon", [], b"<lockinfo xmlns='DAV:'><lockscope><exclusive/></lockscope>"
                                    b"<locktype><write/></locktype></lockinfo>"),
    "Content-Length": ("PUT", "ten", [], None),
    "Transfer-Encoding": ("PUT", ";", [], None),
    "Host": ("GET", "a b", [], None),
    "Connection": ("GET", "a b", [], None),
    "Expect": ("GET", "word", [], None),
    "Content-Encoding": ("PUT", "a b", [], CONTENT),
    "Content-Range": ("PUT", "bytes word", [], CONTENT),
    "X-Update-Range": ("PATCH", "word", ["Content-Type: application/x-sabredav-partialupdate"],
                       CONTENT),
    "Content-Digest": ("PUT", "word word", [], CONTENT),
    "Repr-Digest": ("PUT", "word word", [], CONTENT),
    "Upload-Complete": ("PUT", "no", [], CONTENT),
    "Upload-Length": ("PUT", "ten", [OPEN], CONTENT),
    "Upload-Offset": ("PATCH", "ten", ["Upload-Complete: ?1",
                                       "Content-Type: application/partial-upload"], CONTENT),
    "X-OC-Mtime": ("PUT", "yesterday", [], CONTENT),
    "X-Expected-Entity-Length": ("PUT", "ten", [], CONTENT),
    "Slug": ("POST", "%00", ["Content-Type: text/plain"], CONTENT),
    "Prefer": ("PUT", "=;=", [], CONTENT),
    "Accept": ("GET", "word", [], None),
    "Accept-Encoding": ("GET", "=;=", [], None),
    "Want-Repr-Digest": ("GET", "word word", [], None),
}


def rows_of(title):
    """The cells of the table below a title."""
    section = PAGE.read_text().split(f"## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines[2:]]


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    put(root, "file", CONTENT)
    return root


@pytest.fixture
def server(root):
    with Server(root, config=config()) as server:
        yield server


def target_of(server, field, method):
    if method == "POST":
        return "/"
    if field == "Upload-Offset":
        return ask(server, "PUT", "/big", OPEN, "Upload-Length: 20", content=b"")["Location"]
    return "/file"


def send(server, field, value):
    """The request of a row, with that value of the field; None: without it."""
    method, _, lines, content = MALFORMED[field]
    line = [] if value is None else [f"{field}: {value}"]
    target = target_of(server, field, method)
    if field in ("Host", "Connection", "Content-Length"):
        with server.connect() as client:
            own = [] if field == "Host" else ["Host: dav.localhost"]
            head = "\r\n".join([f"{method} {target} HTTP/1.1", *own, *lines, *line])
            return client.send(head + "\r\n\r\n").read_response(method)
    return ask(server, method, target, *lines, *line, content=content)


def test_every_row_has_a_request_here():
    assert [row[0].strip("`") for row in rows_of("Fields that are malformed")] == [*MALFORMED]


@pytest.mark.parametrize("field, told", [row[:2] for row in rows_of("Fields that are malformed")])
def test_what_is_malformed_is_refused_or_ignored(server, root, field, told):
    field = field.strip("`")
    response = send(server, field, MALFORMED[field][1])
    refusal = re.fullmatch(r"(\d{3}) `([a-z-]+)`", told)
    if refusal:
        assert [str(response.status), response.outcome] == [*refusal.groups()]
        assert (root / "file").read_bytes() == CONTENT
        assert sorted(path.name for path in root.iterdir() if path.name[0] != ".") == ["file"]
        return
    assert told in ("ignored", "`Range` is ignored",
                    "its sound members count, the rest names nothing")
    assert response.status in (200, 201, 204)
    if response.status == 200 and field != "Timeout":
        assert response.body == CONTENT
    if field == "X-OC-Mtime":
        assert response["X-OC-Mtime"] is None


# ---- The methods with which a client sends a bare word: RFC 9110 §13.1.2

@pytest.mark.parametrize("word", ["Word-12345", '"a', "a, b", "*x", '"a" "b"'])
def test_bare_word_in_if_none_match_stops_no_method(server, root, word):
    line = f"If-None-Match: {word}"
    assert ask(server, "MKCOL", "/notes", line).status == 201
    assert ask(server, "PUT", "/notes/a.md", line, content=b"a").status == 201
    assert ask(server, "PUT", "/notes/a.md", line, content=b"ab").status == 204
    assert ask(server, "PROPFIND", "/notes/", line, "Depth: 1").status == 207
    assert ask(server, "GET", "/notes/a.md", line).body == b"ab"
    assert ask(server, "MOVE", "/notes/a.md", line, "Destination: /notes/b.md").status == 201
    assert ask(server, "DELETE", "/notes/b.md", line).status == 204
    assert [path.name for path in (root / "notes").iterdir()] == []


@pytest.mark.parametrize("lines", [
    ["If-None-Match: *, *"], ["If-None-Match: *", "If-None-Match: *"],
    ["If-None-Match: word, *"], ["If-None-Match: {tag}, word"], ['If-None-Match: "x" y, W/{tag}']])
def test_what_is_sound_in_if_none_match_still_guards(server, root, lines):
    tag = ask(server, "HEAD", "/file")["ETag"]
    response = ask(server, "PUT", "/file", *(line.format(tag=tag) for line in lines), content=b"x")
    assert (response.status, response.outcome) == (412, "if-none-match-failed")
    assert (root / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("word, status", [("Word-12345", 204), ("word, *", 412)])
def test_upload_keeps_the_condition_as_it_was_sent(server, root, word, status):
    opened = ask(server, "PUT", "/new", OPEN, "Upload-Length: 10", f"If-None-Match: {word}")
    assert opened.status == 201
    put(root, "new", b"meanwhile")
    last = ask(server, "PATCH", opened["Location"], "Upload-Offset: 0", "Upload-Complete: ?1",
               "Content-Type: application/partial-upload", content=CONTENT)
    assert last.status == status
    assert (root / "new").read_bytes() == (CONTENT if status == 204 else b"meanwhile")
