# SPDX-License-Identifier: MIT
"""The browse page in a real browser, against the real server: what changes a folder."""
import io
import os
import socket
import subprocess
import threading
import zipfile

import pytest
from webdriver import DRIVER, Browser
from harness import CANDOR, Server

# The one switch: these tests run as soon as the server can write.
CAN_WRITE = b"--write" in subprocess.run([CANDOR, "serve", "--help"], capture_output=True,
                                         check=False).stdout
pytestmark = pytest.mark.skipif(not CAN_WRITE, reason="this server cannot write yet")


class CuttingProxy:
    """Passes bytes on to a port, and cuts the connection that brings the `after`th byte; once, or
    from then on every one."""

    def __init__(self, port, after, for_good=False):
        self.target, self.left, self.was_cut = port, after, threading.Event()
        self.for_good = for_good
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            if self.for_good and self.was_cut.is_set():
                client.close()
                continue
            server = socket.create_connection(("127.0.0.1", self.target))
            for pair in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pass, args=pair, daemon=True).start()

    def _pass(self, source, target, counts):
        try:
            while data := source.recv(65536):
                if counts and not self.was_cut.is_set():
                    self.left -= len(data)
                    if self.left <= 0:
                        self.was_cut.set()
                        break
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "a.txt").write_text("old")
    (folder / "sub").mkdir()
    (folder / "sub" / "deep.txt").write_text("deep")
    return folder


@pytest.fixture
def server(root):
    with Server(root=root, arguments=["--write"]) as running:
        yield running


@pytest.fixture
def page(browser, server):
    browser.open(f"http://127.0.0.1:{server.port}/")
    browser.run("localStorage.clear()")
    browser.find("td.more")
    return browser


def names(page):
    return page.run("return [...document.querySelectorAll('tbody tr bdi')].map(b => b.textContent)")


def wait_for_name(page, name, present=True):
    page.wait("[...document.querySelectorAll('tbody tr bdi')].some(b => b.textContent === "
              "arguments[0]) === arguments[1]", name, present)


def choose(page, *paths, button="upload"):
    page.run("document.querySelector('details.menu').open = true")
    page.click(f"[data-do={button}]")
    page.type("input.chosen", "\n".join(str(path) for path in paths))


def wait_for_done(page, count):
    page.wait("document.querySelectorAll('.uploads li.done').length === arguments[0]", count)


def focus(page, name):
    page.run("[...document.querySelectorAll('tbody tr')].find(r => r.querySelector('bdi')"
             ".textContent === arguments[0]).querySelector('a').focus()", name)


def local_file(tmp_path, name, content):
    file = tmp_path / name
    file.write_bytes(content)
    return file


def test_files_are_uploaded_by_the_button(page, root, tmp_path):
    files = [local_file(tmp_path, f"f\u00fcr {i} #?.txt", b"%d" % i) for i in range(7)]
    choose(page, *files)
    wait_for_done(page, 7)
    wait_for_name(page, files[6].name)
    for file in files:
        assert (root / file.name).read_bytes() == file.read_bytes()
        assert int((root / file.name).stat().st_mtime) == int(file.stat().st_mtime)
    assert page.log() == []


def test_a_folder_is_uploaded_with_what_is_in_it(page, root, tmp_path):
    (tmp_path / "tree" / "inner").mkdir(parents=True)
    local_file(tmp_path, "tree/one.txt", b"1")
    local_file(tmp_path, "tree/inner/two.txt", b"2")
    choose(page, tmp_path / "tree", button="upload-folder")
    wait_for_done(page, 2)
    assert (root / "tree" / "inner" / "two.txt").read_bytes() == b"2"
    wait_for_name(page, "tree")


def test_dropped_files_are_uploaded(page, root):
    page.run("""const data = new DataTransfer();
        data.items.add(new File(["dropped"], "drop.txt", {lastModified: 1700000000000}));
        for (const type of ["dragenter", "dragover", "drop"])
            document.querySelector("main").dispatchEvent(new DragEvent(type,
                {dataTransfer: data, bubbles: true, cancelable: true}));""")
    wait_for_done(page, 1)
    assert (root / "drop.txt").read_text() == "dropped"
    assert (root / "drop.txt").stat().st_mtime == 1700000000


@pytest.mark.parametrize("answer,expected", [("Replace", {"a.txt": b"new"}),
                                             ("Keep both", {"a.txt": b"old", "a (2).txt": b"new"}),
                                             ("Skip", {"a.txt": b"old"})])
def test_nothing_is_replaced_unasked(page, root, tmp_path, answer, expected):
    choose(page, local_file(tmp_path, "a.txt", b"new"))
    page.find("dialog")
    assert (root / "a.txt").read_text() == "old"
    page.click_text("dialog button", answer)
    wait_for_done(page, 1)
    assert {p.name: p.read_bytes() for p in root.iterdir() if p.is_file()} == expected


def test_what_came_meanwhile_is_not_replaced_either(page, root, tmp_path):
    (root / "late.txt").write_text("by another")  # the page has not seen it
    choose(page, local_file(tmp_path, "late.txt", b"mine"))
    page.click_text("dialog button", "Skip")
    wait_for_done(page, 1)
    assert (root / "late.txt").read_text() == "by another"


def test_a_large_upload_survives_a_lost_connection(browser, server, root, tmp_path):
    content = os.urandom(1 << 20) * 33
    with CuttingProxy(server.port, 12 << 20) as proxy:
        browser.open(f"http://127.0.0.1:{proxy.port}/")
        browser.find("td.more")
        choose(browser, local_file(tmp_path, "film.bin", content))
        browser.find(".uploads progress")
        wait_for_done(browser, 1)
        assert proxy.was_cut.is_set()
        assert (root / "film.bin").read_bytes() == content
        assert sorted(p.name for p in root.iterdir()) == ["a.txt", "film.bin", "sub"]
        browser.open("about:blank")


def test_a_cancelled_upload_leaves_nothing(browser, server, root, tmp_path):
    with CuttingProxy(server.port, 10 << 20, for_good=True) as proxy:
        browser.open(f"http://127.0.0.1:{proxy.port}/")
        browser.find("td.more")
        choose(browser, local_file(tmp_path, "film.bin", bytes(33 << 20)))
        browser.wait("document.querySelector('.uploads .state')?.textContent.includes('lost')")
        assert proxy.was_cut.is_set()
        browser.click(".uploads li .close")
        browser.wait("document.querySelectorAll('.uploads li').length === 0")
        assert sorted(p.name for p in root.iterdir() if not p.name.startswith(".")) \
            == ["a.txt", "sub"]
        browser.open("about:blank")


def test_a_new_folder(page, root):
    page.click("[data-do=folder]")
    page.type("dialog input", "a/b")
    page.press("Enter")
    page.wait("document.querySelector('.complaint').textContent.includes('slash')")
    page.clear("dialog input")
    page.type("dialog input", "n\u00e9w & old")
    page.press("Enter")
    wait_for_name(page, "n\u00e9w & old")
    assert (root / "n\u00e9w & old").is_dir()


def test_rename_by_key(page, root):
    focus(page, "a.txt")
    page.press("F2")
    page.find("dialog input")
    page.press("b")  # the stem is selected: the suffix stays
    page.press("Enter")
    wait_for_name(page, "b.txt")
    assert (root / "b.txt").read_text() == "old" and not (root / "a.txt").exists()


def test_rename_onto_another_asks(page, root):
    (root / "b.txt").write_text("other")
    focus(page, "a.txt")
    page.press("F2")
    page.find("dialog input")
    page.press("b", "Enter")
    page.click_text("dialog button", "Skip")
    page.wait("document.querySelector('dialog') === null")
    assert (root / "a.txt").read_text() == "old" and (root / "b.txt").read_text() == "other"


def test_move_into_a_folder(page, root):
    focus(page, "a.txt")
    page.press("m")
    page.click_text(".folders button", "sub")
    page.wait("document.querySelector('.path').textContent === '/sub/'")
    page.click_text("dialog .buttons button", "Move here")
    wait_for_name(page, "a.txt", present=False)
    assert (root / "sub" / "a.txt").read_text() == "old"


def test_delete_asks_first(page, root):
    focus(page, "a.txt")
    page.press("Delete")
    page.click_text("dialog button", "Keep it")
    page.wait("document.querySelector('dialog') === null")
    assert (root / "a.txt").exists()
    focus(page, "a.txt")
    page.press("Delete")
    page.click_text("dialog button", "Delete")
    wait_for_name(page, "a.txt", present=False)
    assert not (root / "a.txt").exists()


def test_what_changed_since_the_question_is_not_deleted(page, root):
    focus(page, "a.txt")
    page.press("Delete")
    page.find("dialog button.danger")
    page.wait("performance.getEntriesByName(new URL('a.txt', location.href)).length === 1")
    (root / "a.txt").write_text("changed by another")
    page.click_text("dialog button", "Delete")
    page.wait("document.querySelector('dialog')?.textContent.includes('has changed meanwhile')")
    page.press("Escape")
    assert (root / "a.txt").read_text() == "changed by another"


def test_what_changed_since_the_question_is_not_replaced(page, server, root):
    (root / "b.txt").write_text("other")
    focus(page, "a.txt")
    page.press("F2")
    page.find("dialog input")
    page.press("b", "Enter")
    page.find("dialog button.danger")
    page.run("window.first = document.querySelector('dialog')")
    assert server.request("PUT", "/b.txt", body=b"changed by another").status == 204
    page.click_text("dialog button", "Replace")
    page.wait("document.querySelector('dialog') && document.querySelector('dialog') !== first")
    assert (root / "b.txt").read_text() == "changed by another"
    page.click_text("dialog button", "Replace")
    wait_for_name(page, "a.txt", present=False)
    assert (root / "b.txt").read_text() == "old"


def test_a_rename_that_keeps_both_tells_the_name_that_it_got(page, root):
    (root / "b.txt").write_text("other")
    focus(page, "a.txt")
    page.press("F2")
    page.find("dialog input")
    page.press("b", "Enter")
    page.click_text("dialog button", "Keep both")
    page.wait("document.querySelector('.toast').textContent === 'It is called b (2).txt now.'")
    page.wait("document.activeElement.textContent === 'b (2).txt'")
    assert (root / "b (2).txt").read_text() == "old" and (root / "b.txt").read_text() == "other"


# ---- Answers that come late

def hold(page, what):
    """From now on answers to requests whose method and address hold this text wait in window.held
    to be let through."""
    page.run("""const fetchNow = window.fetch;
        window.held = []; window.started = 0;
        window.fetch = async (url, options) => {
            const held = ((options?.method || "GET") + " " + new URL(url, location.href))
                .includes(%r);
            window.started += held;
            const response = await fetchNow(url, options);
            if (held)
                await new Promise((resolve) => window.held.push(resolve));
            return response;
        };""" % what)


def let_through(page, count):
    """Waits for as many answers, then lets the oldest through."""
    page.wait("window.held.length === arguments[0]", count)
    page.run("window.held.shift()()")


def offer_refresh(page):
    """What refresh() may be called with: files that were chosen, though they are none."""
    page.run("document.querySelector('details.menu').open = true")
    page.click("[data-do=upload]")
    page.find("input.chosen")


REFRESH = "document.querySelector('input.chosen').dispatchEvent(new Event('change'));"


def mark(page):
    page.run("document.querySelector('tbody').id = 'old'")


def wait_for_new_rows(page):
    page.wait("document.querySelector('#old') === null && document.querySelector('td.more')")


def rename_and_hold_the_listing(page):
    focus(page, "a.txt")
    hold(page, "GET")
    mark(page)
    page.press("F2")
    page.find("dialog input")
    page.press("b", "Enter")
    page.wait("window.held.length === 1")


def test_listings_are_got_one_after_the_other(page):
    """Else an older one could come last, and stay."""
    offer_refresh(page)
    hold(page, "GET")
    page.run(REFRESH * 3)
    let_through(page, 1)
    page.wait("window.held.length > 0")
    assert page.run("return window.started") == 2
    let_through(page, 1)
    let_through(page, 1)
    assert page.run("return window.started") == 3


def test_a_listing_that_comes_late_does_not_take_the_focus(page):
    offer_refresh(page)
    hold(page, "GET")
    focus(page, "a.txt")
    mark(page)
    page.run(REFRESH)
    page.press("/")
    let_through(page, 1)
    wait_for_new_rows(page)
    page.press("n")  # in the search field a letter, on a row a new folder
    assert page.run("return document.querySelector('.search input').value") == "n"
    assert page.run("return document.querySelector('dialog')") is None


def test_what_was_renamed_does_not_take_the_focus_late(page):
    rename_and_hold_the_listing(page)
    page.press("/")
    let_through(page, 1)
    wait_for_new_rows(page)
    page.press("n")
    assert page.run("return document.querySelector('.search input').value") == "n"
    assert page.run("return document.querySelector('dialog')") is None


def test_the_focus_stays_on_the_row_that_it_was_moved_to(page):
    rename_and_hold_the_listing(page)
    page.press("ArrowUp")
    let_through(page, 1)
    wait_for_new_rows(page)
    assert page.run("return document.activeElement.querySelector('bdi').textContent") == "sub"


def test_the_focus_returns_to_a_row_that_was_made_anew(page):
    offer_refresh(page)
    focus(page, "a.txt")
    mark(page)
    page.press("F2")
    page.find("dialog input")
    page.run(REFRESH)
    wait_for_new_rows(page)
    page.press("Escape")
    page.wait("document.activeElement.textContent === 'a.txt'")


def test_the_question_before_a_delete_comes_at_once(page, root):
    """Late, it would get the Enter that was meant for something else."""
    hold(page, "HEAD")
    focus(page, "a.txt")
    page.press("Delete", "n")
    assert page.run("return document.querySelector('dialog h2').textContent") == "Delete a.txt?"
    assert page.run("return document.querySelectorAll('dialog').length") == 1
    let_through(page, 1)
    page.press("Escape")
    assert (root / "a.txt").exists()


def test_the_folder_that_was_chosen_last_is_moved_to(page, root):
    (root / "other").mkdir()
    focus(page, "a.txt")
    page.press("m")
    page.find(".folders button")
    hold(page, "GET")
    page.click_text(".folders button", "sub")
    page.wait("window.held.length === 1")
    page.click_text(".folders button", "other")
    page.click_text("dialog .buttons button", "Move here")  # not yet shown
    page.wait("document.querySelector('.complaint').textContent.includes('wait')")
    page.wait("window.held.length === 2")
    page.run("window.held.pop()()")
    page.wait("document.querySelector('.path').textContent === '/other/'")
    page.run("window.held.pop()()")
    page.run("return new Promise((resolve) => setTimeout(resolve))")
    page.click_text("dialog .buttons button", "Move here")
    let_through(page, 1)  # the listing behind it
    wait_for_name(page, "a.txt", present=False)
    assert (root / "other" / "a.txt").read_text() == "old"


def test_nothing_is_asked_of_an_upload_that_was_cancelled(page, root, tmp_path):
    hold(page, "HEAD")
    choose(page, local_file(tmp_path, "a.txt", b"new"))
    page.wait("window.held.length === 1")
    page.click(".uploads li .close")
    let_through(page, 1)
    page.wait("document.querySelectorAll('.uploads li').length === 0")
    assert page.run("return document.querySelector('dialog')") is None
    assert (root / "a.txt").read_text() == "old"


def test_the_question_of_an_upload_interrupts_nobody(page, root, tmp_path):
    hold(page, "HEAD")
    choose(page, local_file(tmp_path, "a.txt", b"new"))
    page.wait("window.held.length === 1")
    page.run("document.activeElement.blur()")
    page.press("n")
    page.type("dialog input", "mi")
    let_through(page, 1)
    page.wait("document.querySelector('.uploads .state').textContent === 'Waiting for your answer'")
    page.press("n", "e", "Enter")
    page.click_text("dialog button", "Skip")
    wait_for_name(page, "mine")
    wait_for_done(page, 1)


def test_a_refusal_is_told_with_its_advice(browser, server, root):
    browser.open(f"http://127.0.0.1:{server.port}/sub/")
    browser.find("td.more")
    (root / "sub" / "deep.txt").unlink()
    (root / "sub").rmdir()
    browser.click("[data-do=folder]")
    browser.type("dialog input", "x\n")
    browser.wait("document.querySelector('dialog h2')?.textContent !== 'New folder' && "
                 "document.querySelector('dialog p')?.textContent.length > 10")
    browser.press("Escape")


def test_search_goes_below_the_folder(page):
    page.press("/")
    page.press(*"deep")
    page.wait("document.querySelector('.hint').textContent.includes('No match here')")
    page.press("Enter")
    page.wait("location.search === '?search=deep'")
    page.find("td.more")
    assert names(page)[0] == "deep.txt"
    assert page.run("return document.querySelector('tbody a').getAttribute('href')") \
        == "./sub/deep.txt"
    page.press("Escape")
    page.wait("location.search === ''")


def test_a_folder_is_downloaded_as_an_archive(server):
    response = server.get("/?archive=zip")
    assert response["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(response.body)) as archive:
        assert archive.testzip() is None
        assert {name.rsplit("/", 1)[1] for name in archive.namelist() if name[-1] != "/"} \
            == {"a.txt", "deep.txt"}


def test_without_a_script_it_lists_and_uploads(server, root, tmp_path):
    if DRIVER is None:
        pytest.skip("there is no chromedriver")
    with Browser(script=False) as plain:
        plain.open(f"http://127.0.0.1:{server.port}/")
        plain.find("tbody a")
        plain.type(".unscripted input[type=file]", str(local_file(tmp_path, "plain.txt", b"x")))
        plain.click(".unscripted button")
        plain.wait("document.body.textContent.includes('plain.txt')")
    assert (root / "plain.txt").read_bytes() == b"x"
