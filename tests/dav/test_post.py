# SPDX-License-Identifier: MIT
"""POST to a folder makes members of it: RFC 5023 §9.7 (Slug), RFC 7578 (forms)."""
import os
import re
import time
from urllib.parse import quote

import pytest

from harness import DEADLINE, Server
from site_of_dav import assert_refused, head_of, settle


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("post")


@pytest.fixture(scope="module")
def server(root):
    (root / "box").mkdir()
    (root / "file").write_bytes(b"file")
    with Server(root, arguments=["--write"]) as server:
        yield server


@pytest.fixture
def box(root, server):
    """An empty folder; the server is told by a change of its own, so it remembers nothing."""
    for path in (root / "box").iterdir():
        path.unlink()
    assert server.request("PUT", "/file", body=b"file").status == 204
    return root / "box"


def names(server, box):
    settle(server, box)
    return sorted(path.name for path in box.iterdir())


def form(*parts, boundary="b0undary", end=True):
    lines = []
    for head, content in parts:
        lines.append(f"--{boundary}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode()
                     + content)
    tail = f"\r\n--{boundary}--\r\n".encode() if end else b""
    return b"\r\n".join(lines) + tail


def post_form(server, body, content_type="multipart/form-data; boundary=b0undary", target="/box/",
              **fields):
    return server.request("POST", target, {"Content-Type": content_type, **fields}, body)


@pytest.mark.parametrize("target", ["/box/", "/box"])
def test_content_becomes_a_member_named_by_slug(server, box, target):
    response = server.request("POST", target, {"Slug": "a note.txt"}, b"content")
    assert response.status == 201 and response["Location"] == "/box/a%20note.txt"
    got = server.get(response["Location"])
    assert got.body == b"content" and got["ETag"] == response["ETag"]


def test_a_name_that_is_taken_gets_a_number_and_nothing_is_replaced(server, box):
    for number, content in enumerate([b"one", b"two", b"three"]):
        assert server.request("POST", "/box/", {"Slug": "n.txt"}, content).status == 201
        assert len(names(server, box)) == number + 1
    assert names(server, box) == ["n (2).txt", "n (3).txt", "n.txt"]
    assert (box / "n.txt").read_bytes() == b"one" and (box / "n (3).txt").read_bytes() == b"three"


def test_a_numbered_member_has_nothing_of_the_one_that_had_the_name(server, box):
    assert server.request("POST", "/box/", {"Slug": "n"}, b"one").status == 201
    usual = (box / "n").stat().st_mode
    (box / "n").chmod(0o640)
    assert server.request("POST", "/box/", {"Slug": "n"}, b"two").status == 201
    assert (box / "n (2)").stat().st_mode == usual
    assert (box / "n").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("name, second", [
    ("a." + "b" * 253, "a." + "b" * 249 + " (2)"),  # no extension is so long
    ("a" * 251 + ".txt", "a" * 247 + " (2).txt"),
    ("ä" * 127, "ä" * 125 + " (2)"),  # 254 bytes; half a character is none
])
@pytest.mark.parametrize("of_form", [False, True])
def test_long_name_that_is_taken_gets_a_number_and_is_cut(server, box, name, second, of_form):
    for _ in range(2):
        if of_form:
            head = f'name="f"; filename="{name}"'.encode().decode("latin-1")
            body = form((head, b"x")).replace(head.encode(), head.encode("latin-1"))
            assert post_form(server, body).status == 303
        else:
            assert server.request("POST", "/box/", {"Slug": quote(name)}, b"x").status == 201
    assert names(server, box) == sorted([name, second])


def test_without_a_slug_the_name_is_one_of_chance(server, box):
    found = {server.request("POST", "/box/", body=b"x")["Location"] for _ in range(3)}
    assert len(found) == 3 and all(re.fullmatch(r"/box/[0-9a-f]{16}", name) for name in found)


@pytest.mark.parametrize("slug, name", [("../../evil", "-..-evil"), ("..x", "x"),
                                        (".hidden", ".hidden"), ("a/b", "a-b"),
                                        ("%2e%2e%2fx", "-x"),
                                        (".candor-tmp-0123456789abcdef",
                                         "candor-tmp-0123456789abcdef")])
def test_a_slug_never_leads_out_of_the_folder(server, box, slug, name):
    response = server.request("POST", "/box/", {"Slug": slug}, b"x")
    assert response.status == 201
    assert names(server, box) == [name]
    assert server.get(response["Location"]).body == b"x"


@pytest.mark.parametrize("option, name", [("--dotfiles", ".gitignore"),
                                          ("--no-dotfiles", "gitignore")])
def test_a_form_keeps_the_dot_of_a_name_where_such_names_exist(tmp_path, option, name):
    (tmp_path / "box").mkdir()
    with Server(tmp_path, arguments=["--write", option]) as server:
        body = form(('name="f"; filename=".gitignore"', b"one"))
        assert post_form(server, body).status == 303
        assert names(server, tmp_path / "box") == [name]


def test_content_without_a_length_is_taken(server, box):
    with server.connect() as client:
        client.send("POST /box/ HTTP/1.1\r\nHost: localhost\r\nSlug: c\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n"
                    "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        assert client.read_response().status == 201
    assert (box / "c").read_bytes() == b"abcde"


def test_every_file_of_a_form_is_stored_and_the_page_is_shown_again(server, box):
    large = bytes(range(256)) * 2000
    body = form(('name="note"', b"not a file"), ('name="f"; filename="a.txt"', b"one"),
                ('name="f"; filename="C:\\\\dir\\\\b.bin"', large), ('name="g"; filename=""', b""))
    response = post_form(server, body, Accept="text/html")
    assert response.status == 303 and response["Location"] == "./"
    assert names(server, box) == ["a.txt", "b.bin"]
    assert (box / "a.txt").read_bytes() == b"one" and (box / "b.bin").read_bytes() == large


@pytest.mark.parametrize("target, location", [("/box/", "./"), ("/box", "box/")])
def test_the_way_back_to_the_page_is_right_behind_a_prefix(server, box, target, location):
    body = form(('name="f"; filename="a"', b"x"))
    response = post_form(server, body, target=target, Accept="text/html")
    assert response.status == 303 and response["Location"] == location  # RFC 3986 §5.2


@pytest.mark.parametrize("body, content_type", [
    (b"nothing of a form", "multipart/form-data; boundary=b0undary"),
    (form(('name="f"; filename="a"', b"x")), "multipart/form-data"),
    (form(('name="f"; filename="a"', b"x"), end=False), "multipart/form-data; boundary=b0undary"),
    (form(('name="f"', b"no file")), "multipart/form-data; boundary=b0undary"),
])
def test_a_form_that_is_not_sound_or_has_no_file_stores_nothing(server, box, body, content_type):
    response = post_form(server, body, content_type)
    assert response.status == 400 and response.outcome == "form-malformed"
    assert names(server, box) == []


def test_a_form_that_breaks_off_stores_nothing(server, box):
    body = form(('name="f"; filename="a"', b"x" * 200_000))
    with server.connect() as client:
        client.send("POST /box/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; "
                    f"boundary=b0undary\r\nContent-Length: {len(body)}\r\n\r\n")
        client.send(body[:150_000]).finish()
        assert client.read_response().outcome == "content-incomplete"
    assert server.request("PUT", "/file", body=b"file").status == 204
    assert names(server, box) == []


@pytest.mark.parametrize("of_form", [False, True])
@pytest.mark.parametrize("length", [5, 300_000])
def test_a_folder_that_goes_before_the_content_comes_takes_none(server, root, of_form, length):
    (root / "going").mkdir()
    line, body = "Slug: a", b"x" * length
    if of_form:
        line = "Content-Type: multipart/form-data; boundary=b0undary"
        body = form(('name="f"; filename="a"', body))
    with server.connect() as client:
        client.send(head_of("POST", "/going/", line, "Expect: 100-continue",
                            f"Content-Length: {len(body)}"))
        assert client.read_response().status == 100
        (root / "going").rmdir()
        client.send(body)
        assert_refused(client.read_response(), 409, "parent-missing")
    assert server.request("PUT", "/file", body=b"file").status == 204
    assert not (root / "going").exists()


def test_a_file_takes_no_members(server, box):
    response = server.request("POST", "/file", {"Slug": "x"}, b"x")
    assert response.status == 405 and response.outcome == "not-a-collection"


def test_where_nothing_is_nothing_can_be_posted(server, box):
    assert server.request("POST", "/nowhere/", body=b"x").outcome == "not-found"


# ---- What a program is told

def test_a_program_is_told_which_file_got_which_name(server, box):
    assert server.request("POST", "/box/", {"Slug": "a \"b\".txt"}, b"there").status == 201
    (taken,) = names(server, box)
    body = form((f'name="f"; filename="report.pdf"', b"one"),
                (f'name="f"; filename="report.pdf"', b"two"))
    response = post_form(server, body, Accept="application/json")
    assert response.status == 201 and response["Content-Type"] == "application/json"
    assert response["Location"] == "/box/report.pdf" and response["ETag"] is None
    stored = response.json()["stored"]
    assert stored == [
        {"asked": "report.pdf", "name": "report.pdf", "location": "/box/report.pdf"},
        {"asked": "report.pdf", "name": "report (2).pdf", "location": "/box/report%20(2).pdf"}]
    assert server.get(stored[1]["location"]).body == b"two"
    assert sorted(names(server, box)) == sorted(["report.pdf", "report (2).pdf", taken])


def test_of_a_single_file_its_address_and_state_are_told(server, box):
    body = form(('name="f"; filename="one"', b"one"))
    response = post_form(server, body, Accept="application/json")
    assert response.status == 201 and response["Location"] == "/box/one"
    assert response["ETag"] == server.get("/box/one")["ETag"]


@pytest.mark.parametrize("accept, status", [
    ("text/html,application/xhtml+xml,*/*;q=0.8", 303), ("*/*", 303), ("text/plain", 201),
    ("application/json, text/html;q=0.5", 201)])
def test_who_prefers_a_page_is_sent_to_it(server, box, accept, status):
    body = form(('name="f"; filename="one"', b"one"))
    assert post_form(server, body, Accept=accept).status == status


@pytest.mark.parametrize("media_type, extension", [
    ("image/png", ".png"), ("IMAGE/JPEG; q=1", ".jpg"), ("text/plain; charset=utf-8", ".txt"),
    ("application/json", ".json"), ("application/x-nobody-knows", ""), ("nonsense", "")])
def test_a_name_of_chance_has_the_extension_of_the_type(server, box, media_type, extension):
    location = server.request("POST", "/box/", {"Content-Type": media_type}, b"x")["Location"]
    assert re.fullmatch("/box/[0-9a-f]{16}" + re.escape(extension), location)
    if extension:
        told = server.get(location)["Content-Type"].split(";")[0]
        assert told == media_type.split(";")[0].lower()


@pytest.mark.parametrize("content", [b"a=b", b""])
def test_a_form_without_files_is_of_no_type_that_is_stored(server, box, content):
    fields = {"Content-Type": "application/x-www-form-urlencoded"}
    response = server.request("POST", "/box/", fields, content)
    assert response.status == 415 and response.outcome == "unsupported-media-type"
    assert names(server, box) == []


def test_nothing_at_all_is_not_stored(server, box):
    response = server.request("POST", "/box/", {})
    assert response.status == 400 and response.outcome == "form-malformed"
    assert "neither Content-Type nor Slug" in response.json()["detail"]
    assert names(server, box) == []
    assert server.request("POST", "/box/", {"Slug": "empty"}).status == 201


# ---- Many files

def files(count):
    return [(f'name="f"; filename="f{number}"', b"%d" % number) for number in range(count)]


def test_form_brings_only_so_many_files(server, box):
    assert_refused(post_form(server, form(*files(101))), 413, "form-files-too-many")
    assert names(server, box) == []
    assert post_form(server, form(*files(100))).status == 303
    assert names(server, box) == sorted(f"f{number}" for number in range(100))
    assert (box / "f99").read_bytes() == b"99"


def test_files_of_a_form_hold_few_descriptors(server, box):
    def descriptors():
        return len(os.listdir(f"/proc/{server.process.pid}/fd"))

    def staged():
        return sum(len(files) for _, _, files in os.walk(box))

    content = form(*files(100), end=False)
    with server.connect() as client:
        before = descriptors()
        client.send(head_of("POST", "/box/", f"Content-Length: {len(content) + 10}",
                            "Content-Type: multipart/form-data; boundary=b0undary") + content)
        deadline = time.monotonic() + DEADLINE
        while staged() < 100 and time.monotonic() < deadline:
            pass
        assert staged() == 100 and descriptors() < before + 10
    assert names(server, box) == []
