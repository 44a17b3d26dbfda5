# SPDX-License-Identifier: MIT
"""What caches are told: RFC 9111 §4.2 and §5.2.2, RFC 9110 §8.8.2 and §15.4.5, RFC 8246."""
import email.utils
import gzip
import os
import shutil
import subprocess
import time

import pytest

import site_of_dav
from site_of_files import MEMORY, ask, put, Server

RULES = """
routes:
  - path: /plain/
    files: { root: '{root}' }
  - path: /
    files:
      root: '{root}'
      cache:
        - { match: app.js, control: no-cache }
        - { match: "*.js", control: 1h }
        - { match: /assets/, control: immutable }
        - { match: "*.key", control: no-store }
        - { match: "/proxied/*", control: off }
        - { match: index.html, control: 90s }
        - { match: "*.woff2", control: 30d }
"""
# What reproducible builds and packers write; the last is of the time zone farthest in the west.
SET_DATES = [0, 1, 315532800, 456789000, 499162500, 946684800, 315532800 + 12 * 3600]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("caching")
    for name in ("a.js", "deep/b.js", "app.js", "deep/app.js", "assets/x/y.png", "a.key", "a.txt",
                 "proxied/a.txt", "site/index.html", "app.js2", "a.woff2"):
        put(root, name)
    put(root, "assets/own.js")
    put(root, "coded.js")
    put(root, "coded.js.gz", gzip.compress(b"content\n"))
    put(root, "large.js", b"x" * (MEMORY + 5000))
    for date in SET_DATES:
        os.utime(put(root, f"{date}.txt"), (date, date))
    return root


@pytest.fixture(scope="module")
def server(root):
    with Server(root, config=RULES) as server:
        yield server


@pytest.mark.parametrize("target, value", [
    ("/a.js", "max-age=3600"), ("/deep/b.js", "max-age=3600"), ("/large.js", "max-age=3600"),
    ("/app.js", "no-cache"), ("/deep/app.js", "no-cache"),
    ("/assets/own.js", "max-age=3600"),  # the first that fits
    ("/assets/x/y.png", "max-age=31536000, immutable"), ("/a.key", "no-store"),
    ("/proxied/a.txt", None), ("/a.woff2", "max-age=2592000"),
    ("/site/", "max-age=90"), ("/site/index.html", "max-age=90"),
    ("/a.txt", "no-cache"), ("/app.js2", "no-cache"),
    ("/plain/a.js", "no-cache"), ("/plain/proxied/a.txt", "no-cache")])
def test_the_first_rule_that_fits_tells_caches_what_they_may(server, target, value):
    for method in ("GET", "HEAD"):
        whole = ask(server, method, target)
        assert whole.status == 200 and whole.all("Cache-Control") == ([value] if value else [])
        not_modified = ask(server, method, target, f"If-None-Match: {whole['ETag']}")
        assert not_modified.status == 304
        assert not_modified.all("Cache-Control") == whole.all("Cache-Control")
    part = ask(server, "GET", target, "Range: bytes=0-3")  # RFC 9110 §15.3.7
    assert part.status == 206 and part.all("Cache-Control") == whole.all("Cache-Control")
    parts = ask(server, "GET", target, "Range: bytes=0-0,4-4")
    assert parts.status == 206 and parts.all("Cache-Control") == whole.all("Cache-Control")


@pytest.mark.parametrize("coding", ["gzip", "identity"])
def test_a_precompressed_neighbour_is_told_of_as_the_file_for_which_it_answers(server, coding):
    whole = ask(server, "GET", "/coded.js", f"Accept-Encoding: {coding}")
    assert whole["Content-Encoding"] == ("gzip" if coding == "gzip" else None)
    assert whole["Cache-Control"] == "max-age=3600"
    response = ask(server, "GET", "/coded.js", f"Accept-Encoding: {coding}",
                   f"If-None-Match: {whole['ETag']}")
    assert response.status == 304 and response["Vary"] == "Accept-Encoding"
    assert response["Cache-Control"] == "max-age=3600" and response["ETag"] == whole["ETag"]


@pytest.mark.parametrize("target", ["/missing.js", "/assets/missing"])
def test_what_is_not_there_is_not_kept_as_the_file_would_be(server, target):
    response = ask(server, "GET", target)
    assert response.status == 404 and response["Cache-Control"] is None


REPEATED = ("Cache-Control", "Content-Location", "ETag", "Expires", "Vary")


@pytest.mark.parametrize("target, lines", [
    ("/a.js", []), ("/large.js", []), ("/coded.js", ["Accept-Encoding: gzip"]), ("/site/", []),
    ("/a.key", []), ("/proxied/a.txt", []), ("/0.txt", []), ("/deep/", []),
    ("/deep/", ["Accept: application/json"]),
    ("/deep/", ["Accept: text/html", "Accept-Encoding: gzip"]), ("/deep/?search=app", []),
    ("/deep/?archive=zip", []), ("/deep/?archive=tar", [])])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_304_repeats_what_the_200_had_for_caches(server, method, target, lines):
    whole = ask(server, method, target, *lines)  # RFC 9110 §15.4.5
    assert whole.status == 200
    conditions = ["If-None-Match: *"]
    if whole["ETag"]:
        conditions.append(f"If-None-Match: {whole['ETag']}")
    if whole["Last-Modified"]:
        conditions.append(f"If-Modified-Since: {whole['Last-Modified']}")
    for condition in conditions:
        response = ask(server, method, target, *lines, condition)
        assert response.status == 304 and response["Date"]
        for name in REPEATED:
            assert response.all(name) == whole.all(name), name


@pytest.mark.parametrize("date", SET_DATES)
def test_date_that_tells_nothing_is_not_sent_and_no_condition_heeds_it(server, root, date):
    response = ask(server, "GET", f"/{date}.txt")
    assert response["Last-Modified"] is None and response["ETag"]
    # Another version may well have had that date: RFC 9110 §13.1.3, §13.1.4 and §13.1.5.
    text = email.utils.formatdate(date, usegmt=True)
    assert ask(server, "GET", f"/{date}.txt", f"If-Modified-Since: {text}").status == 200
    assert ask(server, "GET", f"/{date}.txt", "If-Unmodified-Since: "
               "Thu, 01 Jan 1970 00:00:00 GMT").status == 200
    assert ask(server, "GET", f"/{date}.txt", "Range: bytes=0-2",
               f"If-Range: {text}").status == 200
    assert ask(server, "GET", f"/{date}.txt", "Range: bytes=0-2",
               f"If-Range: {response['ETag']}").status == 206


@pytest.mark.parametrize("date", [456788999, 499162501, 946684799, 946684801, 630720000])
def test_date_beside_those_is_sent(server, root, date):
    os.utime(put(root, f"beside-{date}.txt"), (date, date))
    response = ask(server, "GET", f"/beside-{date}.txt")
    assert response["Last-Modified"] == email.utils.formatdate(date, usegmt=True)


def files_of_a_package(tmp_path):
    """As npm packs and unpacks them, with its one date."""
    package = tmp_path / "package"
    put(package, "package.json", b'{"name": "of-candor", "version": "1.0.0"}')
    put(package, "index.js", b"module.exports = 1\n")
    subprocess.run(["npm", "pack", "--offline"], cwd=package, check=True, timeout=60,
                   stdin=subprocess.DEVNULL, capture_output=True,
                   env={**os.environ, "HOME": str(tmp_path)})
    (packed,) = package.glob("*.tgz")
    unpacked = tmp_path / "unpacked"
    unpacked.mkdir()
    subprocess.run(["tar", "xf", str(packed), "-C", str(unpacked)], check=True, timeout=60)
    return unpacked / "package"


def test_files_of_a_package_of_npm_have_no_date(tmp_path):
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    with Server(files_of_a_package(tmp_path)) as server:
        response = ask(server, "GET", "/index.js")
        assert response.body == b"module.exports = 1\n"
        assert response["Last-Modified"] is None and response["Cache-Control"] == "no-cache"


# The same dates where clients write.

def modified_of(server, path):
    body = (b'<propfind xmlns="DAV:"><prop><getlastmodified/></prop></propfind>')
    text = server.request("PROPFIND", path, {"Depth": "0", "Content-Type": "application/xml"},
                          body).body.decode()
    value = text.split("getlastmodified>")[1].split("<")[0]
    return email.utils.parsedate_to_datetime(value).timestamp()


@pytest.fixture
def writable(tmp_path):
    with Server(tmp_path, config=site_of_dav.config(
            cache='[{ match: "*.js", control: 5m }]')) as server:
        yield server


def test_what_clients_store_is_told_of_to_caches_as_well(writable):
    assert writable.request("PUT", "/a.js", body=b"x").status == 201
    assert writable.get("/a.js")["Cache-Control"] == "max-age=300"
    assert writable.request("PUT", "/a.txt", body=b"x").status == 201
    assert writable.get("/a.txt")["Cache-Control"] == "no-cache"


def test_date_of_the_future_is_told_alike_by_every_method(writable, tmp_path):  # §8.8.2.1
    before = int(time.time())
    future = put(tmp_path, "future.txt")
    os.utime(future, (time.time() + 86400,) * 2)
    got = email.utils.parsedate_to_datetime(writable.get("/future.txt")["Last-Modified"])
    assert before <= got.timestamp() <= time.time()
    assert modified_of(writable, "/future.txt") == got.timestamp()
    # Who sends the date back is not refused: nothing has changed since.
    text = email.utils.format_datetime(got, usegmt=True)
    assert writable.request("PUT", "/future.txt", {"If-Unmodified-Since": text},
                            b"new").status == 204
    os.utime(future, (time.time() + 86400,) * 2)
    earlier = email.utils.formatdate(before - 10, usegmt=True)
    assert writable.request("PUT", "/future.txt", {"If-Unmodified-Since": earlier},
                            b"newer").status == 412


def test_date_that_tells_nothing_to_caches_is_kept_for_synchronisers(writable, tmp_path):
    assert writable.request("PUT", "/old.txt", {"X-OC-MTime": "499162500"}, b"x").status == 201
    assert writable.get("/old.txt")["Last-Modified"] is None
    assert modified_of(writable, "/old.txt") == 499162500
    response = writable.request("PUT", "/old.txt", {
        "X-OC-MTime": "499162500", "Prefer": "return=representation"}, b"y")
    assert response.status == 200 and response["Last-Modified"] is None
