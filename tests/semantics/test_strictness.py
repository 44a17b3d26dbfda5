# SPDX-License-Identifier: MIT
"""docs/strictness.md: each row of its tables is asked of the server."""
import pathlib
import re
import shutil
import subprocess

import pytest

from site_of_dav import ask, config, put, Server
from site_of_files import record_of

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


# ---- Fields that come twice: RFC 9110 §5.3

TWICE = [(re.findall("`([^`]+)`", fields), told) for fields, told, _ in
         rows_of("Fields that come twice")]
SOUND = {"Range": "bytes=0-1", "If-Range": '"x"', "Depth": "0", "Destination": "/copy",
         "If-Modified-Since": "Sun, 06 Nov 2044 08:49:37 GMT", "Content-Length": "0",
         "Host": "dav.localhost", "X-OC-Mtime": "1000000000"}


def test_every_field_that_may_come_once_has_its_row():
    table = (PAGE.parent / "fields.md").read_text().split("And the methods")[0]
    once = [row.split(" | ")[0].strip("| ") for row in table.splitlines()
            if re.match(r"\| [\w-]+ \|", row) and row.split(" | ")[3].startswith("yes")]
    assert len(once) > 40
    assert sorted(once + ["Host", "Content-Length"]) == sorted(
        name for fields, _ in TWICE for name in fields)


@pytest.mark.parametrize("field, told", [(field, told) for fields, told in TWICE
                                         for field in fields])
def test_what_comes_twice_is_refused_or_does_no_harm(server, field, told):
    line = f"{field}: {SOUND.get(field, 'x')}"
    with server.connect() as client:
        own = [] if field == "Host" else ["Host: dav.localhost"]
        client.send("\r\n".join(["GET /file HTTP/1.1", *own, line, line]) + "\r\n\r\n")
        response = client.read_response()
    refusal = re.fullmatch(r"400 `([a-z-]+)`", told)
    if refusal:
        assert (response.status, response.outcome) == (400, refusal[1])
    else:
        assert told in ("as if malformed", "the first counts")
        assert (response.status, response.body) == (200, CONTENT)


def test_parts_are_not_sent_where_two_if_range_disagree(server):
    tag = ask(server, "HEAD", "/file")["ETag"]
    for lines in ([f"If-Range: {tag}", 'If-Range: "x"'], ['If-Range: "x"', f"If-Range: {tag}"]):
        assert ask(server, "GET", "/file", "Range: bytes=0-1", *lines).status == 200
    assert ask(server, "GET", "/file", "Range: bytes=0-1", f"If-Range: {tag}").status == 206


def test_the_first_of_several_counts(server, root):
    lines = ["User-Agent: a", "User-Agent: b", "X-OC-Mtime: 1000000000", "X-OC-Mtime: 2000000000"]
    response = ask(server, "PUT", "/dated", *lines, content=CONTENT)
    assert (response.status, response["X-OC-Mtime"]) == (201, "accepted")
    assert (root / "dated").stat().st_mtime == 1000000000


@pytest.mark.parametrize("lines, status", [
    (["identity"], 201), (["identity", "identity"], 201), (["identity, , identity"], 201),
    (["identity", "gzip"], 415), (["gzip", "identity"], 415), (["identity, gzip"], 415)])
def test_no_coding_hides_in_a_second_line(server, root, lines, status):
    response = ask(server, "PUT", "/coded", *(f"Content-Encoding: {line}" for line in lines),
                   content=CONTENT)
    assert response.status == status
    assert (root / "coded").exists() == (status == 201)


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


# ---- Bytes of a target: RFC 3986 §3.3, URL Standard §1.3

RAW = "a[1]^`{|}"
ESCAPED = "a%5B1%5D%5E%60%7B%7C%7D"


def test_raw_bytes_of_a_path_name_what_escaped_ones_name(server, root):
    assert ask(server, "MKCOL", f"/{RAW}").status == 201
    made = ask(server, "PUT", f"/{RAW}/{RAW}", content=CONTENT)
    assert made.status == 201
    assert (root / RAW / RAW).read_bytes() == CONTENT
    assert ask(server, "GET", f"/{ESCAPED}/{RAW}").body == CONTENT
    assert ask(server, "GET", f"http://dav.localhost/{RAW}/{RAW}").body == CONTENT
    listed = ask(server, "PROPFIND", f"/{RAW}/", "Depth: 1")
    assert re.findall(r"<D:href>([^<]*)<", listed.body.decode()) == [
        f"/{ESCAPED}/", f"/{ESCAPED}/{ESCAPED}"]


def test_redirect_is_written_escaped(server, root):
    (root / RAW).mkdir()
    response = ask(server, "GET", f"/{RAW}?a=\\%20%zz[%")
    assert response.status in (301, 308)
    assert response["Location"].endswith(f"{ESCAPED}/?a=%5C%20%25zz%5B%25")


@pytest.mark.parametrize("address", ["", "http://dav.localhost"])
def test_raw_bytes_in_destination_and_if(server, root, address):
    assert ask(server, "COPY", "/file", f"Destination: {address}/{RAW}").status == 201
    assert (root / RAW).read_bytes() == CONTENT
    locked = ask(server, "LOCK", f"/{RAW}", content=MALFORMED["Timeout"][3])
    token = locked["Lock-Token"]
    assert ask(server, "PUT", f"/{RAW}", content=b"x").status == 423
    for path in (RAW, ESCAPED):
        condition = f"If: <{address or 'http://dav.localhost'}/{path}> ({token})"
        assert ask(server, "PUT", f"/{RAW}", condition, content=b"x").status == 204


def test_query_may_hold_what_browsers_leave_raw(server, root):
    (root / "100%").write_bytes(b"")
    (root / "a\\b").write_bytes(b"")
    for word, name in (("%", "100%"), ("0%", "100%"), ("\\", "a\\\\b")):  # in JSON
        found = ask(server, "GET", f"/?search={word}", "Accept: application/json")
        assert (found.status, name in found.body.decode()) == (200, True)


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_curl_without_globbing_sends_brackets(server, root):
    (root / "a[1].txt").write_bytes(CONTENT)
    done = subprocess.run(["curl", "-sgS", f"http://127.0.0.1:{server.port}/a[1].txt"],
                          capture_output=True, timeout=60, check=True)
    assert done.stdout == CONTENT


@pytest.mark.parametrize("target", [
    b'/a"b', b"/a<b", b"/a>b", b"/a#b", b"/a\\b", b"/a%zz", b"/a%4", b"/\xc3\xa4", b"/\xff",
    b"/a\x01b", b'/?a"', b"/?a<", b"/?a#b", b"/?\xc3\xa4", b"http://u@h/"])
def test_refused_target_is_in_the_log(server, target):
    response = ask(server, "GET", target)
    assert response.status == 400
    record = record_of(server, response)
    assert record["target"] == target.decode("latin-1" if target == b"/\xff" else "utf-8")
    assert record["offset"] < len(b"GET " + target)


# ---- Empty segments: several slashes are one, in whatever names a resource

def test_several_slashes_are_one_for_every_method(server, root):
    origin = "http://dav.localhost"
    assert ask(server, "MKCOL", "//team//").status == 201
    assert ask(server, "PUT", "/team//file", content=CONTENT).status == 201
    assert ask(server, "GET", "//team///file").body == CONTENT
    assert ask(server, "GET", f"{origin}//team//file").body == CONTENT
    listed = ask(server, "PROPFIND", "//team//", "Depth: 1")
    assert re.findall(r"<D:href>([^<]*)<", listed.body.decode()) == ["/team/", "/team/file"]
    for destination in (f"{origin}//team//copy", "/team//copy", "/team/.//copy",
                        "/team//x/..//copy"):
        copied = ask(server, "COPY", "/team//file", f"Destination: {destination}")
        assert copied.status in (201, 204), destination
    assert ask(server, "MOVE", "/team//copy", f"Destination: {origin}/team//moved").status == 201
    assert sorted(path.name for path in (root / "team").iterdir()) == ["file", "moved"]
    same = ask(server, "MOVE", "/team/file", "Destination: /team//file")
    assert (same.status, same.outcome) == (403, "destination-overlaps")
    assert ask(server, "DELETE", "/team//moved").status == 204
    posted = ask(server, "POST", "//team//", "Slug: note.txt", "Content-Type: text/plain",
                 content=CONTENT)
    assert posted.status == 201 and "//" not in posted["Location"]


def test_lock_holds_however_many_slashes_name_it(server, root):
    (root / "team").mkdir()
    put(root / "team", "file", b"")
    token = ask(server, "LOCK", "/team//file", content=MALFORMED["Timeout"][3])["Lock-Token"]
    for target in ("/team/file", "//team/file", "/team///file"):
        assert ask(server, "PUT", target, content=b"x").status == 423
        assert ask(server, "PUT", target, f"If: ({token})", content=b"x").status == 204
        tagged = f"If: <http://dav.localhost//team//file> ({token})"
        assert ask(server, "PUT", target, tagged, content=b"x").status == 204
    assert ask(server, "UNLOCK", "//team/file", f"Lock-Token: {token}").status == 204


def test_upload_in_pieces_by_several_slashes(server, root):
    (root / "team").mkdir()
    opened = ask(server, "PUT", "/team//big", OPEN, "Upload-Length: 10")
    assert opened.status == 201 and "//" not in opened["Location"].split("://")[-1]
    for upload in (opened["Location"], opened["Location"].replace("/team/", "//team//")):
        assert ask(server, "HEAD", upload)["Upload-Offset"] == "0"
    ask(server, "PATCH", opened["Location"], "Upload-Offset: 0", "Upload-Complete: ?1",
        "Content-Type: application/partial-upload", content=CONTENT)
    assert (root / "team/big").read_bytes() == CONTENT


def test_routes_are_found_behind_several_slashes(root):
    """And what one of them hides stays hidden."""
    (root / "open").mkdir()
    put(root / "open", "a", b"open")
    (root / "closed").mkdir()
    put(root / "closed", "a", b"closed")
    put(root / "closed", ".secret", b"secret")
    routes = (f"routes:\n  - path: /x/\n    files: {{ root: '{root}/open' }}\n"
              f"  - path: /x/y/\n    files: {{ root: '{root}/closed' }}\n")
    with Server(root, config="workers: 1\n" + routes) as server:
        for target in ("/x/a", "//x/a", "/x//a", "/x///y/../a", "//x/y//..//a"):
            assert ask(server, "GET", target).body == b"open", target
        for target in ("/x/y/a", "/x//y/a", "//x//y//a", "/x/.//y/a"):
            assert ask(server, "GET", target).body == b"closed", target
        for target in ("/x/y/.secret", "/x//y//.secret", "//x//y/.//.secret"):
            assert ask(server, "GET", target).status == 404
        assert ask(server, "GET", "//x").status in (301, 308)
        assert ask(server, "GET", "//x//y//..//..//..").status == 400


def test_log_has_the_target_as_it_came(server, root):
    response = ask(server, "GET", "//no//such//file")
    assert record_of(server, response)["target"] == "//no//such//file"
