# SPDX-License-Identifier: MIT
"""A page, a WebSocket and an event stream that a browser uses through the gateway."""
import pytest
from webdriver import DRIVER

import harness
from site_of_files import put
from site_of_gateway import config

pytestmark = pytest.mark.skipif(DRIVER is None, reason="there is no chromedriver")

SITE = """\
workers: 1
routes:
  - { path: /, files: { root: '{root}' } }
  - { path: /mock/, mock: {} }
"""
PAGE = b"<!doctype html><title>Page</title><script src=page.js></script>"
SCRIPT = b"""
window.echoes = []; window.events = []; window.ended = []
const socket = new WebSocket(`ws://${location.host}/mock/websocket`)
const long = "x".repeat(100000)
socket.onopen = () => {
  for (const message of ["first", long, Uint8Array.of(0, 255)]) socket.send(message)
}
socket.binaryType = "arraybuffer"
socket.onmessage = event => {
  echoes.push(typeof event.data == "string" ? event.data.length : [...new Uint8Array(event.data)])
  if (echoes.length == 3) socket.close(1000, "enough")
}
socket.onclose = event => ended.push([event.code, event.wasClean])
const source = new EventSource("/mock/sse/3?every=10ms")
source.onerror = () => source.close()
source.onmessage = event => events.push(event.data)
"""


def test_a_page_a_websocket_and_an_event_stream(tmp_path, browser):
    put(tmp_path, "page.html", PAGE)
    put(tmp_path, "page.js", SCRIPT)
    with harness.Server(tmp_path, config=SITE) as site:
        with harness.Server(config=config(f"http://127.0.0.1:{site.port}")) as server:
            browser.open(f"http://127.0.0.1:{server.port}/page.html")
            assert browser.run("return document.title") == "Page"
            browser.wait("ended.length > 0 && source.readyState == EventSource.CLOSED")
            assert browser.run("return echoes") == [5, 100000, [0, 255]]
            assert browser.run("return ended") == [[1000, True]]
            direct = site.get("/mock/sse/3").body.decode()
            assert browser.run("return events") == [line[len("data: "):] for line in
                                                    direct.split("\n") if line.startswith("data: ")]
            browser.open("about:blank")
            seen = {}
            while not {"/page.html", "/page.js", "/mock/websocket",
                       "/mock/sse/3?every=10ms"} <= seen.keys():
                record = server.next_record()
                seen[record["target"]] = record
            assert seen["/mock/websocket"]["outcome"] == "tunnelled"
            assert seen["/page.html"]["origin"] == "upstream"
