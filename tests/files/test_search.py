# SPDX-License-Identifier: MIT
"""Looking for names below a folder (?search=WORD): the answer is a listing whose names are
paths."""
import pytest

from site_of_files import ask, config, put, Server


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("search")
    put(root, "Report.txt", b"1")
    put(root, "a/report-2.txt", b"22")
    put(root, "a/deep/REPORTS/x.txt")
    put(root, "a/c++ & more.txt")
    put(root, "a/Straße Ä.txt")
    put(root, "a/100%.txt")
    put(root, "a/.hidden-report")
    put(root, "a/.folder/report.txt")
    put(root, "with index/index.html", b"the index")
    put(root, "with index/report-3.txt")
    (root / "a/report-link").symlink_to("../Report.txt")
    (root / "a/report-outside").symlink_to("/etc/passwd")
    (root / "a/back").symlink_to("..")
    put(root, "evil/<img src=x onerror=alert(1)>.txt")
    return root


@pytest.fixture(scope="module")
def server(root):
    with Server(root) as server:
        yield server


def found(server, folder, query):
    answer = ask(server, "GET", f"{folder}?{query}", "Accept: application/json")
    assert answer.status == 200
    return [entry["name"] for entry in answer.json()["entries"]]


def test_names_are_found_at_any_depth_whatever_their_case(server):
    assert sorted(found(server, "/", "search=report")) == [
        "Report.txt", "a/deep/REPORTS", "a/report-2.txt", "a/report-link",
        "with index/report-3.txt"]
    assert sorted(found(server, "/a/", "search=REPORT")) == [
        "deep/REPORTS", "report-2.txt", "report-link"]


def test_links_of_an_answer_lead_to_what_was_found(server):
    answer = ask(server, "GET", "/?search=report", "Accept: application/json").json()
    assert answer["search"] == "report" and answer["path"] == "/" and not answer["truncated"]
    for entry in answer["entries"]:
        target = "/" + entry["href"].removeprefix("./")
        assert ask(server, "GET", target).status == 200


@pytest.mark.parametrize("query, name", [
    ("search=c%2B%2B+%26+more", "a/c++ & more.txt"), ("search=c%2b%2b%20%26", "a/c++ & more.txt"),
    ("search=stra%C3%9Fe+%C3%A4", "a/Straße Ä.txt"), ("search=100%25", "a/100%.txt"),
    ("sort=x&search=report-2", "a/report-2.txt"), ("s%65arch=report-2", "a/report-2.txt"),
    ("search=report-2&search=other", "a/report-2.txt")])
def test_word_is_decoded_as_forms_encode_it(server, query, name):  # URL Standard §5.1
    assert found(server, "/", query) == [name]


@pytest.mark.parametrize("accept, content_type", [
    ("text/html", "text/html; charset=utf-8"), ("application/json", "application/json"),
    ("text/plain", "text/plain; charset=utf-8")])
def test_answer_comes_in_the_form_that_accept_asks_for(server, accept, content_type):
    answer = ask(server, "GET", "/a/?search=report-2", f"Accept: {accept}")
    assert answer["Content-Type"] == content_type and b"report-2.txt" in answer.body
    assert answer["Vary"] == "Accept, Accept-Encoding" and answer["Cache-Control"] == "no-cache"
    assert ("Content-Security-Policy" in dict(answer.fields)) == (accept == "text/html")
    head = ask(server, "HEAD", "/a/?search=report-2", f"Accept: {accept}")
    assert head["Content-Length"] == str(len(answer.body)) and head["ETag"] == answer["ETag"]
    assert ask(server, "GET", "/a/?search=report-2", "Accept: image/png").status == 406


def test_each_view_and_each_format_has_its_own_tag(server):  # RFC 9110 §8.8.3.1
    targets = ("/a/", "/a/?search=report", "/a/?search=nothing-has-this", "/")
    tags = {(target, accept): ask(server, "GET", target, f"Accept: {accept}")["ETag"]
            for target in targets for accept in ("text/html", "application/json", "text/plain")}
    assert len(set(tags.values())) == len(tags)
    for (target, accept), tag in tags.items():
        again = ask(server, "GET", target, f"Accept: {accept}", f"If-None-Match: {tag}")
        assert again.status == 304 and again["ETag"] == tag
        assert again["Vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize("query", ["search=", "search", "", "other=report", "Search=report"])
def test_without_a_word_the_members_are_listed(server, query):
    plain = ask(server, "GET", "/a/")
    assert ask(server, "GET", f"/a/?{query}").body == plain.body
    assert ask(server, "GET", f"/a/?{query}")["ETag"] == plain["ETag"]


@pytest.mark.parametrize("word", ["nothing-has-this", "hidden", ".folder", "outside", "%00",
                                  "%FF", "x" * 256, "a/deep"])
def test_what_is_not_to_be_seen_is_not_found(server, word):
    assert found(server, "/", f"search={word}") == []
    assert b"Nothing was found" in ask(server, "GET", f"/?search={word}").body


def test_word_and_names_are_text_on_the_page(server):
    page = ask(server, "GET", "/?search=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E").body
    assert b"<img" not in page and page.count(b"<script") == 1
    assert b"&lt;img src=x onerror=alert(1)&gt;.txt" in page


def test_folder_with_an_index_is_searched_when_asked(server):
    assert ask(server, "GET", "/with%20index/").body == b"the index"
    assert found(server, "/with%20index/", "search=report") == ["report-3.txt"]


def test_what_is_no_folder_is_not_searched(server):
    assert ask(server, "GET", "/missing/?search=a").outcome == "not-found"
    assert ask(server, "GET", "/a/.folder/?search=report").outcome == "not-found"
    assert ask(server, "GET", "/Report.txt?search=a").body == b"1"
    assert ask(server, "GET", "/a?search=b")["Location"] == "a/?search=b"


def test_search_can_be_switched_off(root):
    with Server(root, config=config(search=False)) as server:
        for folder in ("/a/", "/with%20index/"):  # never a list or an index that looks like it
            assert ask(server, "GET", folder + "?search=report").outcome == "view-unknown"
            assert ask(server, "GET", folder + "?search=").status == 200
        assert b'type="search"' not in ask(server, "GET", "/a/").body
    with Server(root, config=config(listing=False)) as server:
        for folder in ("/a/", "/with%20index/"):
            assert ask(server, "GET", folder + "?search=report").status == 404
    with Server(root, config=config(dotfiles=True)) as server:
        assert ".hidden-report" in found(server, "/a/", "search=report")
