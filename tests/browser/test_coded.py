# SPDX-License-Identifier: MIT
"""Files in the coding gzip, in a real browser."""
import gzip

import pytest
from webdriver import DRIVER

from site_of_files import Server, put

pytestmark = pytest.mark.skipif(DRIVER is None, reason="there is no chromedriver")


def test_compressed_drawing_is_drawn(tmp_path, browser):
    put(tmp_path, "a.svgz", gzip.compress(
        b'<svg xmlns="http://www.w3.org/2000/svg"><circle id="c" r="4" cx="4" cy="4"/></svg>'))
    with Server(tmp_path) as server:
        browser.open(f"http://127.0.0.1:{server.port}/a.svgz")
        assert browser.run("return document.contentType") == "image/svg+xml"
        assert browser.run("return document.getElementById('c').r.baseVal.value") == 4
