# SPDX-License-Identifier: MIT
"""Names in the other form of Unicode: macOS sends them decomposed (NFD), others composed (NFC)."""
import os
import sys
import unicodedata
from pathlib import Path
from urllib.parse import quote

import pytest

from site_of_dav import Server, ask, assert_refused, config, put, state_of

sys.path.insert(0, str(Path(__file__).parent))
from multistatus import prop, propfind, proppatch, removing, rows, setting  # noqa: E402

NAME = "R\u00e9sum\u00e9 \ud55c\uae00.txt"
FOLDER = "\u00c4rger"
LOCK = (b'<?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>'
        b"<locktype><write/></locktype></lockinfo>")


def composed(text):
    return unicodedata.normalize("NFC", text)


def decomposed(text):
    return unicodedata.normalize("NFD", text)


@pytest.fixture(params=[(composed, decomposed), (decomposed, composed)],
                ids=["stored composed", "stored decomposed"])
def forms(request):
    """How names are stored, and how they are asked for."""
    return request.param


@pytest.fixture
def root(tmp_path, forms):
    stored, _ = forms
    folder = tmp_path / "root"
    (folder / stored(FOLDER)).mkdir(parents=True)
    put(folder, stored(NAME), b"content")
    put(folder / stored(FOLDER), "member", b"member")
    return folder


@pytest.fixture
def server(root):
    with Server(root, config=config(2)) as server:
        yield server


@pytest.fixture
def file(forms):
    return "/" + quote(forms[1](NAME))


@pytest.fixture
def folder(forms):
    return "/" + quote(forms[1](FOLDER)) + "/"


def names(root):
    return sorted(os.listdir(root))


def test_what_is_there_is_read(server, root, forms, file, folder):
    assert ask(server, "GET", file).body == b"content"
    etag = ask(server, "HEAD", file)["ETag"]
    assert etag == ask(server, "HEAD", "/" + quote(forms[0](NAME)))["ETag"]
    assert ask(server, "GET", file, f"If-None-Match: {etag}").status == 304
    assert ask(server, "GET", folder + "member").body == b"member"
    assert "member" in ask(server, "GET", folder, "Accept: text/html").body.decode()
    told = rows(propfind(server, folder, "1", prop("getetag")))
    assert {row.href for row in told.values()} == {folder, folder + "member"}
    # By its own name, when it is told as a member.
    assert b"/" + forms[0](NAME).encode() in rows(propfind(server, "/", "1", prop("getetag")))
    put(root, forms[0](NAME), b"changed")
    (root / forms[0](FOLDER) / "member").unlink()
    assert rows(propfind(server, file, "0", prop("getcontentlength")))[
        ("/" + forms[1](NAME)).encode()].text("getcontentlength") == "7"
    assert propfind(server, folder + "member", "0").status == 404


def test_it_is_read_where_nothing_may_be_written(root, file, folder):
    with Server(root) as server:
        assert ask(server, "GET", file).body == b"content"
        assert ask(server, "GET", folder + "member").body == b"member"
        assert ask(server, "GET", folder).status == 200
        assert ask(server, "GET", folder[:-1]).status in (301, 308)
        assert ask(server, "GET", "/" + quote("\u00fcber")).status == 404


def test_what_is_stored_takes_its_place_and_keeps_its_name(server, root, file, folder):
    before = names(root)
    assert ask(server, "PUT", file, content=b"new").status == 204
    assert ask(server, "PUT", file, "If-None-Match: *", content=b"never").status == 412
    assert ask(server, "PATCH", file, "X-Update-Range: append",
               "Content-Type: application/x-sabredav-partialupdate", content=b"er").status == 204
    assert ask(server, "MKCOL", folder).status == 405
    assert ask(server, "PUT", folder + "new", content=b"1").status == 201
    assert names(root) == before
    assert ask(server, "GET", file).body == b"newer"
    assert ask(server, "GET", folder + "new").body == b"1"


def test_a_new_name_is_kept_as_it_was_sent(server, root, forms):
    name = forms[1]("\u00dcber")
    assert ask(server, "PUT", "/" + quote(name), content=b"1").status == 201
    assert ask(server, "MKCOL", "/" + quote(forms[1]("Fr\u00fch"))).status == 201
    assert {name, forms[1]("Fr\u00fch")} <= set(names(root))


def test_it_is_moved_copied_and_deleted(server, root, forms, file, folder):
    put(root, "other", b"other")
    assert ask(server, "COPY", "/other", f"Destination: {file}").status == 204
    assert (root / forms[0](NAME)).read_bytes() == b"other"
    assert ask(server, "COPY", "/other", f"Destination: {file}", "Overwrite: F").status == 412
    assert ask(server, "MOVE", file, "Destination: /moved").status == 201
    assert ask(server, "MOVE", "/moved", f"Destination: {folder}moved").status == 201
    assert ask(server, "DELETE", folder).status == 204
    assert names(root) == ["other"]


def test_locks_and_properties_are_of_what_is_there(server, forms, file):
    own = "/" + quote(forms[0](NAME))
    proppatch(server, file, setting('<x:a xmlns:x="urn:x">value</x:a>'))
    told = rows(propfind(server, own, "0", prop(("urn:x", "a"))))
    assert [row.text("{urn:x}a") for row in told.values()] == ["value"]
    token = ask(server, "LOCK", file, "Timeout: Second-100", content=LOCK)["Lock-Token"]
    for address in (file, own):
        assert ask(server, "PUT", address, content=b"1").status == 423
        assert ask(server, "PUT", address, f"If: ({token})", content=b"1").status == 204
        assert ask(server, "PUT", own, f"If: <{address}> ({token})", content=b"1").status == 204
    assert rows(proppatch(server, own, removing('<x:a xmlns:x="urn:x"/>'),
                          If=f"({token})"))
    assert ask(server, "UNLOCK", file, f"Lock-Token: {token}").status == 204


def test_where_both_are_there_each_has_its_own_name(tmp_path):
    put(tmp_path, composed(NAME), b"composed")
    put(tmp_path, decomposed(NAME), b"decomposed")
    with Server(tmp_path, config=config(1)) as server:
        for form in (composed, decomposed):
            target = "/" + quote(form(NAME))
            assert ask(server, "GET", target).body == form.__name__.encode()
            assert ask(server, "PUT", target, content=form.__name__.encode() + b"!").status == 204
        half = "/" + quote(composed(NAME[:4]) + decomposed(NAME[4:]))
        before = state_of(tmp_path)
        assert ask(server, "GET", half).status == 404  # nobody can tell which is meant
        assert propfind(server, half, "0").status == 404
        assert state_of(tmp_path) == before
        (tmp_path / composed(NAME)).unlink()
        assert ask(server, "DELETE", half).status == 204
        assert names(tmp_path) == []


def test_a_name_that_is_no_unicode_is_what_it_is(server, root):
    assert ask(server, "PUT", "/%C3", content=b"1").status == 201
    assert ask(server, "GET", "/%C3").body == b"1"
    assert ask(server, "GET", "/%C3%28").status == 404


def test_a_move_to_its_own_other_form_is_onto_itself(server, root, forms, file):
    before = state_of(root)
    assert_refused(ask(server, "MOVE", "/" + quote(forms[0](NAME)), f"Destination: {file}"), 403,
                   "destination-overlaps")
    assert state_of(root) == before
