# SPDX-License-Identifier: MIT
"""Proactive negotiation: Accept (RFC 9110 §12.5.1), Accept-Encoding (§12.5.3), Vary (§12.5.5)."""
import gzip
import os

import pytest

import harness

HTML, JSON, TEXT = "text/html; charset=utf-8", "application/json", "text/plain; charset=utf-8"


@pytest.mark.parametrize("lines, expected", [
    ([], HTML),
    (["Accept: */*"], HTML),
    (["Accept: text/html"], HTML),
    (["Accept: TEXT/HTML"], HTML),
    (["Accept: text/html;charset=utf-8"], HTML),
    (["Accept: application/json"], JSON),
    (["Accept: application/*"], JSON),
    (["Accept: text/plain"], TEXT),
    (["Accept: text/plain; charset=UTF-8"], TEXT),
    (["Accept: text/*"], HTML),
    (["Accept: text/plain, text/html;q=0.5"], TEXT),
    (["Accept: text/html;q=0.001, application/json;q=0.002"], JSON),
    (["Accept: text/html;q=0, */*;q=0.1"], JSON),
    (["Accept: text/*;q=0, */*"], JSON),
    (["Accept: image/png, application/json;q=0.1"], JSON),
    (["Accept: image/png", "Accept: text/plain"], TEXT),
    (["Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"], HTML),
    (["Accept: (nonsense"], HTML),
    (["Accept: image/png"], None),
    (["Accept: text/html;q=0"], None),
    (["Accept: */*;q=0"], None),
    (["Accept: text/html;level=1"], None),
], ids=str)
def test_accept_decides_what_a_listing_is(site, lines, expected):
    for method in ("GET", "HEAD"):
        response = site.ask(method, "/folder/", *lines)
        if expected:
            assert response.status == 200 and response["Content-Type"] == expected
        else:
            assert response.status == 406
        assert "Accept" in response["Vary"]
        if method == "GET" and not expected:
            assert response.outcome == "not-acceptable"


def test_listings_of_different_kinds_have_different_tags(site):  # RFC 9110 §8.8.3
    tags = {site.etag("/folder/", f"Accept: {kind}") for kind in (HTML, JSON, "text/plain")}
    assert len(tags) == 3


def test_accept_does_not_matter_for_a_file(site):  # §12.5.1: it may be disregarded
    assert site.ask("GET", "/small.txt", "Accept: image/png").status == 200


CODED = {None: "", "br": ".br", "zstd": ".zst", "gzip": ".gz"}


@pytest.mark.parametrize("lines, coding", [
    ([], None),
    (["Accept-Encoding:"], None),
    (["Accept-Encoding: gzip"], "gzip"),
    (["Accept-Encoding: x-gzip"], "gzip"),
    (["Accept-Encoding: GZIP"], "gzip"),
    (["Accept-Encoding: gzip, deflate, br, zstd"], "br"),
    (["Accept-Encoding: gzip;q=1.0, br;q=0.5"], "gzip"),
    (["Accept-Encoding: br;q=0.1, zstd;q=0.2, gzip;q=0.1"], "zstd"),
    (["Accept-Encoding: gzip", "Accept-Encoding: br"], "br"),
    (["Accept-Encoding: *"], "br"),
    (["Accept-Encoding: br;q=0, *"], "zstd"),
    (["Accept-Encoding: br;q=0, zstd;q=0.000, gzip;q=0"], None),
    (["Accept-Encoding: *;q=0, gzip"], "gzip"),
    (["Accept-Encoding: *;q=0, identity"], None),
    (["Accept-Encoding: identity"], None),
    (["Accept-Encoding: identity, gzip;q=0.5"], None),
    (["Accept-Encoding: identity;q=0.5, gzip;q=0.5"], "gzip"),
    (["Accept-Encoding: identity;q=0, gzip;q=0.1"], "gzip"),
    (["Accept-Encoding: deflate"], None),
    (["Accept-Encoding: gzip;q=2"], None),
    (["Accept-Encoding: (nonsense, gzip"], "gzip"),
], ids=str)
def test_accept_encoding_decides_which_neighbour_is_sent(site, lines, coding):
    body = site.content["/coded.txt" + CODED[coding]]
    for method in ("GET", "HEAD"):
        response = site.ask(method, "/coded.txt", *lines)
        assert response.status == 200
        assert response["Content-Encoding"] == coding
        assert response["Content-Type"] == "text/plain; charset=utf-8"
        assert response["Vary"] == "Accept-Encoding"
        assert int(response["Content-Length"]) == len(body)
        assert response.body == (body if method == "GET" else b"")


@pytest.mark.parametrize("target", ["/coded.txt", "/small.txt", "/large.bin"])
@pytest.mark.parametrize("value", ["*;q=0", "identity;q=0", "deflate, identity;q=0"])
def test_not_even_the_identity_is_acceptable(site, target, value):
    # RFC 9110 §12.5.3: the file as it is comes for any field but one that rules that out
    for method in ("GET", "HEAD"):
        response = site.ask(method, target, f"Accept-Encoding: {value}")
        assert response.status == 406
    assert site.ask("GET", target, f"Accept-Encoding: {value}").outcome == "not-acceptable"


def test_only_neighbours_that_are_there_are_sent(site):
    response = site.ask("GET", "/gzipped.css", "Accept-Encoding: br, zstd, gzip;q=0.1")
    assert response["Content-Encoding"] == "gzip"
    assert response["Content-Type"] == "text/css; charset=utf-8"


def test_file_without_neighbours_does_not_vary(site):  # RFC 9110 §12.5.5
    response = site.ask("GET", "/small.txt", "Accept-Encoding: br, gzip")
    assert response["Vary"] is None and response["Content-Encoding"] is None


def test_neighbour_itself_is_a_file_of_its_own(site):
    response = site.ask("GET", "/coded.txt.gz", "Accept-Encoding: gzip")
    assert response["Content-Encoding"] is None
    assert response.body == site.content["/coded.txt.gz"]


def test_every_coding_has_a_strong_tag_of_its_own(site):  # RFC 9110 §8.8.3.3
    tags = [site.etag("/coded.txt", f"Accept-Encoding: {coding}")
            for coding in ("identity", "br", "zstd", "gzip")]
    assert len(set(tags)) == 4
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)


def test_tag_of_one_coding_does_not_open_a_range_of_another(site):  # RFC 9110 §13.1.5
    plain = site.etag("/coded.txt")
    response = site.ask("GET", "/coded.txt", "Accept-Encoding: gzip", "Range: bytes=0-9",
                        f"If-Range: {plain}")
    assert response.status == 200 and response["Content-Encoding"] == "gzip"


def test_precompressed_neighbours_can_be_switched_off(site):
    config = "routes:\n  - path: /\n    files: { root: '{root}', precompressed: false }\n"
    with harness.Server(site.root, config=config) as server:
        response = server.get("/coded.txt", accept_encoding="gzip")
        assert response["Content-Encoding"] is None and response["Vary"] is None


@pytest.mark.parametrize("age, coding", [(2, None), (0, "gzip"), (-2, "gzip")])
def test_neighbour_older_than_the_file_is_not_sent(tmp_path, age, coding):
    # It is of an earlier state of the file. Whole seconds: a compressor may cut off the rest.
    (tmp_path / "page.txt").write_bytes(b"the file")
    (tmp_path / "page.txt.gz").write_bytes(gzip.compress(b"the file"))
    second = 1_700_000_000 * 10**9
    os.utime(tmp_path / "page.txt", ns=(second, second + 999))
    os.utime(tmp_path / "page.txt.gz", ns=(second, second - age * 10**9))
    with harness.Server(tmp_path) as server:
        response = server.get("/page.txt", accept_encoding="gzip")
        assert response["Content-Encoding"] == coding
