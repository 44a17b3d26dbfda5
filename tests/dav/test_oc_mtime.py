# SPDX-License-Identifier: MIT
"""X-OC-Mtime gives a date to whatever is stored, made, copied or renamed, and the answer says
"accepted" where it did, and nowhere else: a synchroniser that is told wrongly sends all again."""
import os
import re
import shutil

import pytest

from site_of_dav import Server, ask, config, put, settle
from tracing import failing

DATE = 1_234_567_890
MTIME = f"X-OC-Mtime: {DATE}"
PATCH = "Content-Type: application/x-sabredav-partialupdate"
PIECE = "Content-Type: application/partial-upload"
FORM_TYPE = "Content-Type: multipart/form-data; boundary=b"
FORM = b"".join(b'--b\r\nContent-Disposition: form-data; name="f"; filename="%s"\r\n\r\n%s\r\n'
                % (name, b"x" * size) for name, size in [(b"new", 3), (b"more", 100_000)])
FORM += b"--b--\r\n"
LOCKINFO = (b'<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/>'
            b"</locktype></lockinfo>")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("dates")


@pytest.fixture(scope="module")
def server(folder):
    with Server(folder, config=config()) as server:
        yield server


@pytest.fixture
def root(folder, request):
    root = folder / re.sub(r"\W", "-", request.node.name)
    root.mkdir()
    put(root, "file", b"source")
    put(root, "over", b"other")
    put(root, "tree/member", b"member")
    os.utime(root / "tree" / "member", (1, 1))
    return root


@pytest.fixture
def at(root):
    return f"/{root.name}/"


STORING = {
    "put": ("PUT", "new", [], b"abc", "new"),
    "put-large": ("PUT", "new", [], b"x" * 100_000, "new"),
    "put-over": ("PUT", "over", [], b"abc", "over"),
    "put-part": ("PUT", "file", ["Content-Range: bytes 1-3/*"], b"abc", "file"),
    "patch": ("PATCH", "file", [PATCH, "X-Update-Range: append"], b"abc", "file"),
    "post": ("POST", "", ["Slug: new"], b"abc", "new"),
    "post-empty": ("POST", "", ["Slug: new"], b"", "new"),
    "post-large": ("POST", "", ["Slug: new"], b"x" * 100_000, "new"),
    "post-form": ("POST", "", [FORM_TYPE, "Accept: application/json"], FORM, "new"),
    "copy": ("COPY", "file", ["Destination: {at}new"], None, "new"),
    "copy-over": ("COPY", "file", ["Destination: {at}over"], None, "over"),
    "copy-tree": ("COPY", "tree/", ["Destination: {at}new/"], None, "new"),
    "move": ("MOVE", "file", ["Destination: {at}new"], None, "new"),
    "move-over": ("MOVE", "file", ["Destination: {at}over"], None, "over"),
    "move-tree": ("MOVE", "tree/", ["Destination: {at}new/"], None, "new"),
    "mkcol": ("MKCOL", "new/", [], None, "new"),
    "lock": ("LOCK", "new", [], LOCKINFO, "new"),
}


@pytest.mark.parametrize("case", STORING)
def test_date_is_set_and_that_is_told(server, root, at, case):
    method, target, lines, content, name = STORING[case]
    lines = [line.format(at=at) for line in lines]
    response = ask(server, method, at + target, MTIME, *lines, content=content)
    assert response.status in (200, 201, 204)
    assert response["X-OC-MTime"] == "accepted"
    assert (root / name).stat().st_mtime == DATE
    if (root / name).is_file() and response["ETag"]:
        assert response["ETag"] == ask(server, "GET", at + name)["ETag"]
    if case == "post-form":
        assert (root / "more").stat().st_mtime == DATE
    if case.endswith("-tree"):
        assert (root / "new" / "member").stat().st_mtime != DATE


@pytest.mark.parametrize("case", STORING)
def test_without_the_field_nothing_is_told(server, root, at, case):
    method, target, lines, content, name = STORING[case]
    lines = [line.format(at=at) for line in lines]
    response = ask(server, method, at + target, "X-OC-Mtime: today", *lines, content=content)
    assert response.status in (200, 201, 204) and response["X-OC-MTime"] is None


def test_what_makes_nothing_accepts_no_date(server, root, at):
    before = (root / "file").stat().st_mtime
    properties = (b'<propertyupdate xmlns="DAV:"><set><prop><x xmlns="y">z</x></prop></set>'
                  b"</propertyupdate>")
    token = ask(server, "LOCK", at + "file", MTIME, content=LOCKINFO)
    assert token.status == 200 and token["X-OC-MTime"] is None
    for method, lines, content in [
            ("PROPPATCH", ["Prefer: return=minimal", f"If: ({token['Lock-Token']})"], properties),
            ("UNLOCK", [f"Lock-Token: {token['Lock-Token']}"], None)]:
        response = ask(server, method, at + "file", MTIME, *lines, content=content)
        assert response.status in (204, 207) and response["X-OC-MTime"] is None
    assert (root / "file").stat().st_mtime == before
    assert ask(server, "DELETE", at + "file", MTIME)["X-OC-MTime"] is None


@pytest.mark.parametrize("method, target", [("PUT", "new"), ("POST", "")])
@pytest.mark.parametrize("in_opening, in_last", [(True, False), (False, True), (True, True),
                                                 (False, False)])
def test_upload_in_pieces_has_the_date_at_its_end(server, root, at, method, target, in_opening,
                                                  in_last):
    response = ask(server, method, at + target, "Slug: new", "Upload-Complete: ?0",
                   *[MTIME] * in_opening, content=b"abc")
    assert response.status == 201 and response["X-OC-MTime"] is None  # there is no file yet
    last = "X-OC-Mtime: 1" if in_opening else MTIME  # what the opening says counts
    response = ask(server, "PATCH", response["Location"], PIECE, "Upload-Offset: 3",
                   "Upload-Complete: ?1", *[last] * in_last, content=b"def")
    assert response.status == 201
    assert response["X-OC-MTime"] == ("accepted" if in_opening or in_last else None)
    assert ((root / "new").stat().st_mtime == DATE) == (in_opening or in_last)


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_upload_at_once_has_the_date(server, root, at, method):
    response = ask(server, method, at + ("new" if method == "PUT" else ""), "Slug: new", MTIME,
                   "Upload-Complete: ?1", "Upload-Draft-Interop-Version: 6", content=b"abc")
    assert response.status == 201 and response["X-OC-MTime"] == "accepted"
    assert (root / "new").stat().st_mtime == DATE


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_link_to_a_file_is_renamed_and_what_it_leads_to_keeps_its_date(server, root, at, method):
    os.utime(root / "file", (5, 5))
    (root / "link").symlink_to("file")
    response = ask(server, method, at + "link", MTIME, f"Destination: {at}new")
    assert response.status == 201 and (root / "file").stat().st_mtime == 5
    assert (response["X-OC-MTime"] == "accepted") == (method == "COPY")


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("method", ["MOVE", "MKCOL"])
def test_date_that_cannot_be_set_is_not_told_to_be(server, root, at, method):
    lines = [] if method == "MKCOL" else [f"Destination: {at}new"]
    with failing(server, "utimensat:error=EPERM"):
        target = "new/" if method == "MKCOL" else "file"
        response = ask(server, method, at + target, MTIME, *lines)
    assert response.status == 201 and response["X-OC-MTime"] is None
    assert (root / "new").exists() and (root / "new").stat().st_mtime != DATE
    settle(server, root)
