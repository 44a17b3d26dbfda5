# SPDX-License-Identifier: MIT
"""Preconditions: RFC 9110 §13.1 and their order, §13.2.2; what 304 holds, §15.4.5."""
import email.utils
import os
import time

import pytest

FORMS = {  # RFC 9110 §5.6.7: each form of a date, with the length of a year of its own
    "imf-fixdate": "%a, %d %b %Y %H:%M:%S GMT",
    "rfc850-date": "%A, %d-%b-%y %H:%M:%S GMT",
    "asctime-date": "%a %b %e %H:%M:%S %Y",
}
TARGETS = ("/small.txt", "/large.bin")
METHODS = ("GET", "HEAD")

OK = (200, None)
CURRENT = (304, None)
MALFORMED = (400, "entity-tag-malformed")
CHANGED = (412, "if-match-failed")
TOUCHED = (412, "if-unmodified-since-failed")

# {tag} is the file's entity tag, {same}, {earlier} and {later} are dates seen from its last change.
SINGLE = [
    # §13.1.1, strong comparison
    (["If-Match: *"], OK),
    (["If-Match: {tag}"], OK),
    (["if-match:{tag}\t "], OK),
    (['If-Match: "other", {tag}'], OK),
    (['If-Match: ,, {tag} , "other",'], OK),
    (['If-Match: "other"', "If-Match: {tag}"], OK),
    (['If-Match: "other"'], CHANGED),
    (['If-Match: "other"', 'If-Match: "another"'], CHANGED),
    (["If-Match: W/{tag}"], CHANGED),
    (['If-Match: ""'], CHANGED),
    (['If-Match: "an,other"'], CHANGED),
    (["If-Match: other"], MALFORMED),
    (['If-Match: "other'], MALFORMED),
    (['If-Match: w/"other"'], MALFORMED),
    (['If-Match: "a" "b"'], MALFORMED),
    (['If-Match: *, "a"'], MALFORMED),
    (["If-Match: {tag}", "If-Match: *"], MALFORMED),
    (["If-Match: {tag}, other"], MALFORMED),
    # §13.1.2, weak comparison
    (["If-None-Match: *"], CURRENT),
    (["If-None-Match: {tag}"], CURRENT),
    (["If-None-Match: W/{tag}"], CURRENT),
    (['If-None-Match: "other", W/"another", {tag}'], CURRENT),
    (['If-None-Match: "other"', "If-None-Match: {tag}"], CURRENT),
    (['If-None-Match: "other"'], OK),
    (['If-None-Match: W/"other"', 'If-None-Match: "another"'], OK),
    (["If-None-Match: other"], OK),
    (["If-None-Match: {tag}x"], OK),
    (["If-None-Match: other, {tag}"], CURRENT),
    (['If-None-Match: "other"', "If-None-Match: *"], CURRENT),
    # §13.1.3
    (["If-Modified-Since: {same}"], CURRENT),
    (["If-Modified-Since: {later}"], CURRENT),
    (["If-Modified-Since: {earlier}"], OK),
    (["If-Modified-Since: yesterday"], OK),
    (["If-Modified-Since: Sun, 06 Nov 2044 08:49:37 CET"], OK),
    (["If-Modified-Since: Sun, 31 Feb 2044 08:49:37 GMT"], OK),
    # §13.1.4
    (["If-Unmodified-Since: {same}"], OK),
    (["If-Unmodified-Since: {later}"], OK),
    (["If-Unmodified-Since: {earlier}"], TOUCHED),
    (["If-Unmodified-Since: never"], OK),
    (["If-Unmodified-Since: Sun, 31 Feb 1993 08:49:37 GMT"], OK),
    (["If-Unmodified-Since: 1"], OK),
]

PRECEDENCE = [  # §13.2.2
    (["If-Match: {tag}", "If-Unmodified-Since: {earlier}"], OK),
    (['If-Match: "other"', "If-Unmodified-Since: {later}"], CHANGED),
    (["If-Match: other", "If-Unmodified-Since: {later}"], MALFORMED),
    (['If-None-Match: "other"', "If-Modified-Since: {same}"], OK),
    (["If-None-Match: {tag}", "If-Modified-Since: {earlier}"], CURRENT),
    (["If-None-Match: other", "If-Modified-Since: {same}"], OK),
    (["If-None-Match: {tag}", "If-Match: {tag}"], CURRENT),
    (["If-None-Match: {tag}", 'If-Match: "other"'], CHANGED),
    (["If-None-Match: other", 'If-Match: "other"'], CHANGED),
    (["If-None-Match: {tag}", "If-Match: other"], MALFORMED),
    (["If-None-Match: {tag}", "If-Unmodified-Since: {earlier}"], TOUCHED),
    (["If-None-Match: {tag}", "If-Unmodified-Since: {same}"], CURRENT),
    (["If-Modified-Since: {same}", "If-Unmodified-Since: {earlier}"], TOUCHED),
    (["If-Modified-Since: {same}", "If-Unmodified-Since: {same}"], CURRENT),
    (["If-Modified-Since: {same}", "If-Match: *"], CURRENT),
    (["If-Modified-Since: {earlier}", "If-Match: *", 'If-None-Match: "other"',
      "If-Unmodified-Since: {earlier}"], OK),
    # Before any range.
    (["If-None-Match: {tag}", "Range: bytes=0-1"], CURRENT),
    (["If-Modified-Since: {same}", "Range: bytes=0-1"], CURRENT),
    (['If-Match: "other"', "Range: bytes=0-1"], CHANGED),
    (['If-Match: "other"', "Range: bytes=99999999-"], CHANGED),
    (["If-None-Match: {tag}", "Range: bytes=0-1", 'If-Range: "other"'], CURRENT),
]


def dates(form, now):
    """The dates of the placeholders in one form."""
    at = {"same": now, "earlier": now - 1, "later": now + 1}
    return {name: time.strftime(form, time.gmtime(seconds)) for name, seconds in at.items()}


def check(site, method, target, lines, form, expected):
    status, token = expected
    modified = os.stat(site.root / target[1:]).st_mtime
    values = dict(dates(form, int(modified)), tag=site.etag(target))
    response = site.ask(method, target, *(line.format(**values) for line in lines))
    assert response.status == status
    if method == "HEAD" or status == 304:
        assert response.body == b""
    elif status == 200:
        assert response.body == site.content[target]
    else:
        assert response.outcome == token


def ids(case):
    return " + ".join(case) if isinstance(case, list) else None


@pytest.mark.parametrize("lines, expected", SINGLE + PRECEDENCE, ids=ids)
def test_precondition_decides(site, lines, expected):
    for method in METHODS:
        for target in TARGETS:
            check(site, method, target, lines, FORMS["imf-fixdate"], expected)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("line, expected", [
    ("If-Modified-Since: {same}", CURRENT), ("If-Modified-Since: {earlier}", OK),
    ("If-Unmodified-Since: {same}", OK), ("If-Unmodified-Since: {earlier}", TOUCHED)])
def test_date_is_understood_in_every_form(site, form, line, expected):  # RFC 9110 §5.6.7
    for method in METHODS:
        check(site, method, "/small.txt", [line], FORMS[form], expected)


@pytest.mark.parametrize("target, status", [("/missing", 404), ("/folder", 301)])
@pytest.mark.parametrize("line", ["If-Match: *", 'If-Match: "x"', "If-None-Match: *",
                                  "If-Match: malformed",
                                  "If-Unmodified-Since: Sun, 06 Nov 1970 08:49:37 GMT"])
def test_precondition_is_ignored_where_there_would_be_no_success(site, target, status, line):
    # RFC 9110 §13.2.1
    for method in METHODS:
        assert site.ask(method, target, line).status == status


def test_precondition_is_ignored_by_options_and_by_a_refused_method(site):  # RFC 9110 §13.2.1
    assert site.ask("OPTIONS", "/small.txt", 'If-Match: "other"').status == 204
    assert site.ask("DELETE", "/small.txt", 'If-Match: "other"').status == 405


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("target", ("/small.txt", "/large.bin", "/coded.txt", "/folder/"))
def test_304_has_the_fields_that_200_would_have_and_no_content(site, method, target):
    # RFC 9110 §15.4.5
    whole = site.ask(method, target, "Accept-Encoding: gzip")
    response = site.ask(method, target, "Accept-Encoding: gzip",
                        f"If-None-Match: {whole['ETag']}")
    assert response.status == 304 and response.body == b""
    for name in ("ETag", "Vary", "Cache-Control"):
        assert response[name] == whole[name]
    assert email.utils.parsedate_to_datetime(response["Date"])
    for name in ("Content-Type", "Content-Length", "Content-Encoding", "Content-Range",
                 "Transfer-Encoding"):
        assert response[name] is None
    assert (whole["Vary"] is not None) == (target in ("/coded.txt", "/folder/"))


@pytest.mark.parametrize("count, status", [(256, 200), (257, 400)])
def test_number_of_tags_is_limited(site, count, status):  # docs/limits.md
    tags = ['"x"'] * (count - 1) + [site.etag("/small.txt")]
    response = site.ask("GET", "/small.txt", "If-Match: " + ",".join(tags))
    assert response.status == status
    assert status == 200 or response.outcome == "entity-tag-malformed"
    response = site.ask("GET", "/small.txt", "If-None-Match: " + ",".join(tags))
    assert response.status == 304


def test_connection_goes_on_behind_304(site):  # RFC 9112 §6.3: no body, whatever the fields say
    tag = site.etag("/small.txt")
    with site.server.connect() as client:
        for _ in range(2):
            client.send(f"GET /small.txt HTTP/1.1\r\nHost: a\r\nIf-None-Match: {tag}\r\n\r\n")
        client.send("GET /small.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        assert [client.read_response().status for _ in range(3)] == [304, 304, 200]


@pytest.mark.parametrize("value", ["{same}", "{tag}"])
def test_tag_in_another_coding_is_another_tag(site, value):  # RFC 9110 §8.8.3.3
    values = dict(dates(FORMS["imf-fixdate"], 784111777), tag=site.etag("/coded.txt"))
    gzip = site.ask("GET", "/coded.txt", "Accept-Encoding: gzip",
                    f"If-None-Match: {value.format(**values)}" if value == "{tag}"
                    else f"If-Modified-Since: {value.format(**values)}")
    assert gzip.status == (200 if value == "{tag}" else 304)


HOLDS, FAILS = 206, 200


@pytest.mark.parametrize("value, status", [
    ("{tag}", HOLDS), ("{same}", HOLDS),
    ("W/{tag}", FAILS), ('"other"', FAILS), ("{later}", FAILS), ("{earlier}", FAILS),
    ("nonsense", FAILS), ('"other", {tag}', FAILS), ("*", FAILS)])
def test_if_range_keeps_parts_of_different_states_apart(site, value, status):  # RFC 9110 §13.1.5
    for target in TARGETS:
        for form in FORMS.values():
            values = dict(dates(form, 784111777), tag=site.etag(target))
            response = site.ask("GET", target, "Range: bytes=3-9",
                                "If-Range: " + value.format(**values))
            assert response.status == status
            whole = site.content[target]
            assert response.body == (whole[3:10] if status == HOLDS else whole)


@pytest.mark.parametrize("coding", ["identity", "gzip", "br"])
@pytest.mark.parametrize("form", FORMS.values())
def test_if_range_by_a_date_joins_no_bytes_of_different_codings(site, coding, form):
    # RFC 9110 §8.8.2.2 and §13.1.5: every coding has that date, so it tells none of them.
    accept = f"Accept-Encoding: {coding}"
    whole = site.ask("GET", "/coded.txt", accept)
    date = "If-Range: " + dates(form, 784111777)["same"]
    for line in accept, "Accept-Encoding: identity":
        response = site.ask("GET", "/coded.txt", line, "Range: bytes=3-9", date)
        assert response.status == 200 and response["Content-Range"] is None
    response = site.ask("GET", "/coded.txt", accept, "Range: bytes=3-9",
                        f"If-Range: {whole['ETag']}")
    assert response.status == 206 and response.body == whole.body[3:10]
    other = site.ask("GET", "/coded.txt", "Accept-Encoding: zstd", "Range: bytes=3-9",
                     f"If-Range: {whole['ETag']}")
    assert other.status == 200


def test_if_range_without_range_is_ignored(site):  # RFC 9110 §13.1.5
    assert site.ask("GET", "/small.txt", 'If-Range: "other"').status == 200


def test_if_range_that_fails_gives_all_even_for_an_unsatisfiable_range(site):
    response = site.ask("GET", "/small.txt", "Range: bytes=99999-", 'If-Range: "other"')
    assert response.status == 200 and response.body == site.content["/small.txt"]
