# SPDX-License-Identifier: MIT
"""Files that are known by their name to be in the coding gzip: RFC 9110 §8.4 and §12.5.3."""
import gzip
import shutil
import subprocess

import pytest

import site_of_dav
from site_of_files import MEMORY, ask, put, Server

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><title>T</title><text>drawn</text></svg>\n'
CODED = gzip.compress(SVG)
LARGE = gzip.compress(bytes(range(256)) * 8 * (MEMORY // 256), compresslevel=0)
TYPES = {"svgz": "image/svg+xml", "SVGZ": "image/svg+xml", "x3dz": "model/x3d+xml",
         "x3dvz": "model/x3d-vrml"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("gzip")
    for extension in TYPES:
        put(root, f"a.{extension}", CODED)
    put(root, "large.svgz", LARGE)
    put(root, "plain.svgz", SVG)
    put(root, "empty.svgz", b"")
    put(root, "a.tgz", CODED)
    put(root, "a.svg.gz", CODED)
    put(root, "twice.svgz", CODED)
    put(root, "twice.svgz.gz", gzip.compress(CODED))
    return root


@pytest.fixture(scope="module")
def server(root):
    with Server(root) as server:
        yield server


@pytest.mark.parametrize("accept", [
    [], ["Accept-Encoding: gzip"], ["Accept-Encoding: identity"], ["Accept-Encoding: br"],
    ["Accept-Encoding: gzip, identity;q=0"], ["Accept-Encoding: "]])
@pytest.mark.parametrize("extension", TYPES)
def test_drawing_is_sent_with_its_coding_and_the_type_within(server, extension, accept):
    response = ask(server, "GET", f"/a.{extension}", *accept)
    assert response.status == 200 and response.body == CODED
    assert response["Content-Type"] == TYPES[extension]
    assert response["Content-Encoding"] == "gzip" and response["Vary"] is None
    again = ask(server, "GET", f"/a.{extension}", *accept, f"If-None-Match: {response['ETag']}")
    assert again.status == 304
    part = ask(server, "GET", f"/a.{extension}", *accept, "Range: bytes=2-5")  # of what is coded
    assert part.status == 206 and part.body == CODED[2:6] and part["Content-Encoding"] == "gzip"


def test_large_one_as_well(server):
    response = ask(server, "GET", "/large.svgz")
    assert response["Content-Encoding"] == "gzip" and response.body == LARGE


@pytest.mark.parametrize("name, content", [("plain.svgz", SVG), ("empty.svgz", b""),
                                           ("a.tgz", CODED), ("a.svg.gz", CODED)])
def test_coding_is_claimed_of_nothing_else(server, name, content):
    response = ask(server, "GET", f"/{name}")
    assert response["Content-Encoding"] is None and response.body == content
    assert response["Content-Type"] != "image/svg+xml"


def test_no_coding_is_put_on_the_coding(server):
    response = ask(server, "GET", "/twice.svgz", "Accept-Encoding: gzip")
    assert response["Content-Encoding"] == "gzip" and response.body == CODED


def test_what_clients_store_is_sent_as_it_was_stored(tmp_path):
    with Server(tmp_path, config=site_of_dav.config()) as server:
        assert server.request("PUT", "/a.svgz", body=CODED).status == 201
        response = server.get("/a.svgz")
        assert response.body == CODED and response["Content-Encoding"] is None
        assert response["Content-Type"] == "application/gzip"
        told = server.request("PROPFIND", "/a.svgz", {"Depth": "0"}).body
        assert b"<D:getcontenttype>application/gzip</D:getcontenttype>" in told


def test_curl_decodes_a_drawing(server):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    done = subprocess.run(["curl", "-q", "--silent", "--noproxy", "*", "--compressed",
                           f"http://127.0.0.1:{server.port}/a.svgz"], timeout=60,
                          stdin=subprocess.DEVNULL, capture_output=True, check=True)
    assert done.stdout == SVG


def test_wget_keeps_a_drawing_as_it_is(server):
    if not shutil.which("wget"):
        pytest.skip("wget is not installed")
    done = subprocess.run(["wget", "--no-config", "--quiet", "--no-proxy", "--output-document=-",
                           f"http://127.0.0.1:{server.port}/a.svgz"], timeout=60,
                          stdin=subprocess.DEVNULL, capture_output=True, check=True)
    assert done.stdout == CODED
