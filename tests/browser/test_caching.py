# SPDX-License-Identifier: MIT
"""What a browser keeps of files, and when it asks again: RFC 9111 §4."""
import os
import time

import pytest
from webdriver import DRIVER

from site_of_files import Server, ask, put

pytestmark = pytest.mark.skipif(DRIVER is None, reason="there is no chromedriver")
OLD = 499162500  # 1985-10-26, as npm packs files

CONFIG = """
workers: 1 # each of them remembers a file for a moment
routes:
  - path: /
    files:
      root: '{root}'
      cache:
        - { match: kept.js, control: 1h }
"""


@pytest.fixture
def server(tmp_path):
    page = "".join(f"<script src={name}></script>" for name in ("asked.js", "kept.js"))
    put(tmp_path, "page.html", f"<!doctype html><title>T</title>{page}".encode())
    put(tmp_path, "other.html", b"<!doctype html><title>Other</title>")
    with Server(tmp_path, config=CONFIG) as server:
        yield server


def write(server, root, version):
    """Both scripts, in a way that only their content tells the versions apart."""
    for name in "asked", "kept":
        content = f"window.{name} = {version}\n".encode()
        path = put(root, f"{name}.new", content)
        os.utime(path, (OLD, OLD))
        path.rename(root / f"{name}.js")
        deadline = time.monotonic() + 20
        while ask(server, "GET", f"/{name}.js").body != content:
            assert time.monotonic() < deadline


def test_a_script_that_was_replaced_is_run_at_once_where_nothing_else_is_said(
        server, tmp_path, browser):
    address = f"http://127.0.0.1:{server.port}"
    write(server, tmp_path, 1)
    browser.open(f"{address}/page.html")
    assert browser.run("return [window.asked, window.kept]") == [1, 1]
    write(server, tmp_path, 2)
    browser.open(f"{address}/other.html")
    browser.open(f"{address}/page.html")  # a visit, and no reload
    assert browser.run("return [window.asked, window.kept]") == [2, 1]
