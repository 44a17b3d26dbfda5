# SPDX-License-Identifier: MIT
"""The browse page in a real browser, against the real server: what can only be read."""
import os

import pytest
from harness import Server

NASTY = '<img src=x onerror="document.title=1">&amp;.txt'
README = """# Title

Some *text*, **bold**, `code <b>` and a [link](https://example.com/).
<script>document.title = "taken"</script> <img src=x onerror="document.title='taken'">
[bad](javascript:document.title=1) [data](data:text/html,x) ![out](https://example.com/x.png)

- one
  - two

| a | b |
|---|---|
| 1 | 2 |
"""
SVG = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">'
       '<circle r="4" cx="4" cy="4"/></svg>')


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("browse")
    (root / "folder").mkdir()
    (root / "README.md").write_text(README)
    (root / "big.bin").write_bytes(b"x" * 5000)
    (root / "file10.txt").write_text("ten\n")
    (root / "file9.txt").write_text("nine, and more\n")
    (root / "long.log").write_text("line of a log\n" * 60000)
    (root / "sun.svg").write_text(SVG)
    (root / "moon.svg").write_text(SVG)
    (root / NASTY).write_text("harmless")
    for age, name in enumerate(sorted(os.listdir(root))):
        os.utime(root / name, (1700000000 + age, 1700000000 + age))
    with Server(root=root) as running:
        yield running


@pytest.fixture
def page(browser, server):
    browser.open(f"http://127.0.0.1:{server.port}/")
    browser.find("td.more")
    yield browser
    assert browser.log() == []


def names(page):
    return page.run("return [...document.querySelectorAll('tbody tr')].filter(r => !r.hidden)"
                    ".map(r => r.querySelector('bdi').textContent)")


def open_entry(page, name):
    page.click_text("tbody th a", name)


def test_everything_comes_from_the_page_itself(page):
    assert page.run("return performance.getEntriesByType('resource').map(e => e.name)") == []


def test_names_are_text(page):
    assert NASTY in names(page)
    open_entry(page, NASTY)
    assert page.find("dialog.preview pre.text")
    assert page.run("return document.querySelector('pre.text').textContent") == "harmless"
    assert page.run("return document.querySelector('dialog h2').textContent") == NASTY
    assert page.run("return document.querySelectorAll('img').length") == 0
    page.press("Escape")


def test_columns_sort(page):
    assert names(page)[0] == "folder"
    assert names(page).index("file9.txt") < names(page).index("file10.txt")
    page.click_text("thead button", "Size")
    assert page.find("th[aria-sort=ascending]:nth-child(2)")
    page.click_text("thead button", "Size")
    assert page.find("th[aria-sort=descending]:nth-child(2)")
    assert names(page)[:2] == ["folder", "long.log"]
    page.click_text("thead button", "Modified (UTC)")
    first = names(page)[1:3]
    page.click_text("thead button", "Modified (UTC)")
    assert names(page)[-2:] == first[::-1]
    page.click_text("thead button", "Name")
    assert page.find("th[aria-sort=ascending]:nth-child(1)")


def test_keys_walk_the_rows(page):
    page.press("ArrowDown", "ArrowDown")
    focused = "document.activeElement.closest('tr')?.querySelector('bdi').textContent"
    assert page.run(f"return {focused}") == names(page)[1]
    page.press("ArrowUp")
    assert page.run(f"return {focused}") == names(page)[0]
    page.press("Enter")
    page.wait("location.pathname === '/folder/'")


def test_help_lists_the_keys_and_escape_closes_it(page):
    page.press("?")
    assert "Go from row to row" in page.run("return document.querySelector('dialog').innerText")
    page.press("Escape")
    page.wait("document.querySelector('dialog') === null")


def test_markdown_is_rendered_without_its_markup(page):
    open_entry(page, "README.md")
    assert page.find(".markdown h1")
    found = page.run("""return {
        text: document.querySelector('.markdown').textContent,
        strong: document.querySelector('.markdown strong').textContent,
        code: document.querySelector('.markdown code').textContent,
        inner: document.querySelector('.markdown li li').textContent,
        cells: [...document.querySelectorAll('.markdown td')].map(c => c.textContent),
        links: [...document.querySelectorAll('.markdown a')].map(a => a.href),
        active: document.querySelectorAll('.markdown :is(script, img, iframe)').length}""")
    assert found["strong"] == "bold" and found["code"] == "code <b>" and found["inner"] == "two"
    assert found["cells"] == ["1", "2"]
    assert found["active"] == 0 and "<script>document.title" in found["text"]
    assert set(found["links"]) == {"https://example.com/", "https://example.com/x.png"}
    assert "Index of" in page.run("return document.title")
    page.press("Escape")


def test_pictures_are_shown_and_leafed_through(page):
    open_entry(page, "moon.svg")
    page.wait("document.querySelector('.picture')?.naturalWidth > 0")
    title = "document.querySelector('dialog h2').textContent"
    for _ in range(10):
        page.press("ArrowRight")
        if page.run(f"return {title}") == "sun.svg":
            break
    page.wait("document.querySelector('.picture')?.naturalWidth > 0")
    page.press("Escape")
    page.wait("document.activeElement.closest('tr')?.querySelector('bdi').textContent "
              "=== 'sun.svg'")


def test_a_text_that_comes_late_does_not_take_the_place_of_what_is_looked_at_now(page):
    page.run("""const fetchNow = window.fetch;
        window.letThrough = new Promise((resolve) => { window.open_gate = resolve; });
        window.fetch = async (...what) => {
            const response = await fetchNow(...what);
            const read = response.arrayBuffer.bind(response);
            response.arrayBuffer = async () => {
                const bytes = await read();
                await window.letThrough;
                setTimeout(() => { window.wasRead = true; });
                return bytes;
            };
            return response;
        };""")
    open_entry(page, "README.md")
    page.press("ArrowRight")
    page.wait("document.querySelector('.picture')?.naturalWidth > 0")
    page.run("window.open_gate()")
    page.wait("window.wasRead")
    assert page.find(".picture")
    assert page.run("return document.querySelector('.markdown') === null")
    page.press("Escape")


def test_a_long_text_is_shown_from_its_beginning(page):
    open_entry(page, "long.log")
    assert page.find(".box .note")
    assert page.run("return document.querySelector('pre.text').textContent.length") == 512 * 1024
    page.press("Escape")


def test_what_only_reads_offers_no_change(page):
    assert page.run("return document.querySelectorAll('[data-do], form.unscripted').length") == 0
    page.press("ArrowDown", "Delete", "F2", "n")
    assert page.run("return document.querySelector('dialog')") is None
    page.click("tbody tr:last-child td.more button")
    assert "Delete" not in page.run("return document.querySelector('dialog').innerText")
    page.press("Escape")
