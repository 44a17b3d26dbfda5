# SPDX-License-Identifier: MIT
"""What clients make a server keep in memory is bounded in sum, too (docs/limits.md); who is beyond
is told 503 (RFC 9110 §15.6.4) or, of a property, 507 (RFC 4918 §9.2.1)."""
import re
import select
import socket
import sys
import time
from pathlib import Path

import pytest

from harness import DEADLINE
from site_of_dav import HOST, Server, ask, config, head_of

sys.path.insert(0, str(Path(__file__).parent))
from test_memory import MIB, SANITIZED, memory  # noqa: E402

VALUE = b"v" * 60_000
ADDRESSES = 16


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    root = tmp_path_factory.mktemp("memory")
    (root / "f").write_bytes(b"x")
    with Server(root, config=config(1, limits="content_timeout: 60s, send_timeout: 60s")) as server:
        yield server


def setting(first, count):
    """Values that make up about a megabyte of XML at most."""
    return (b'<propertyupdate xmlns="DAV:"><set><prop>'
            + b"".join(b'<a:p%d xmlns:a="u">%s</a:p%d>' % (n, VALUE, n)
                       for n in range(first, first + count))
            + b"</prop></set></propertyupdate>")


def connect(server, number=0, takes=None):
    """As one of several clients: as the one whose address has that number."""
    client = socket.socket()
    client.settimeout(DEADLINE)
    if takes:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, takes)
    client.bind((f"127.0.0.{2 + number % ADDRESSES}", 0))
    client.connect(("127.0.0.1", server.port))
    return client


def slow_reader(server, number=0):
    return connect(server, number, takes=4096)


def test_properties_of_one_resource_are_bounded_in_sum(server):
    assert b"HTTP/1.1 200" in ask(server, "PROPPATCH", "/f", content=setting(0, 15)).body
    refused = ask(server, "PROPPATCH", "/f", content=setting(15, 4))
    assert refused.status == 207 and b"HTTP/1.1 507" in refused.body
    assert b"HTTP/1.1 200" not in refused.body  # all or nothing
    smaller = ask(server, "PROPPATCH", "/f", content=setting(0, 15).replace(VALUE, VALUE[:-9]))
    assert b"HTTP/1.1 507" not in smaller.body


def test_answers_that_nobody_reads_are_bounded_in_sum(server):
    assert ask(server, "MKCOL", "/d/").status == 201
    for number in range(8):  # more of them than the system takes for a connection
        assert ask(server, "PUT", f"/d/{number}", content=b"").status == 201
        ask(server, "PROPPATCH", f"/d/{number}", content=setting(0, 15))
    clients, status = [], b""
    while b" 503 " not in status and len(clients) < 300:
        clients.append(slow_reader(server, len(clients)))
        clients[-1].sendall(head_of("PROPFIND", "/d/", "Depth: 1"))
        status = clients[-1].recv(20, socket.MSG_WAITALL)
        assert b" 207 " in status or b" 503 " in status
    refused = clients[-1].recv(4096)
    assert 20 < len(clients) < 300 and b"answers-too-much" in refused
    assert b"Retry-After" in refused
    for client in clients:
        client.close()
    deadline = time.monotonic() + DEADLINE
    while ask(server, "PROPFIND", "/d/", "Depth: 1").status != 207:
        assert time.monotonic() < deadline


@pytest.mark.parametrize("piece", [
    b"<a:p xmlns:a='u'>" + b"v" * 60_000 + b"</a:p>",  # text
    b"".join(b"<p%d xmlns='u'/>" % n for n in range(600)),  # elements
    b"<a " + b" ".join(b"b%d='%s'" % (n, b"v" * 900) for n in range(60)) + b"/>"])  # attributes
def test_memory_of_xml_that_is_not_complete_is_bounded(tmp_path, piece):
    """However many send it, of whatever kind, and all of it counts: the parser's own too."""
    content = b'<propertyupdate xmlns="DAV:"><set><prop>' + piece * min(16, 950_000 // len(piece))
    (tmp_path / "f").write_bytes(b"x")
    with Server(tmp_path, config=config(1, limits="content_timeout: 60s")) as server:
        before = memory(server)
        clients = []
        for number in range(150):
            clients.append(connect(server, number))
            clients[-1].sendall(head_of("PROPPATCH", "/f", f"Content-Length: {len(content) + 1}"))
            clients[-1].sendall(content)
        answered = {client for client in select.select(clients, [], [], DEADLINE)[0]}
        assert b"xml-too-much" in answered.pop().recv(4096)
        grown = memory(server, "VmHWM") - before
        print(f"{len(clients)} requests of {len(content)} bytes: {grown / MIB:.0f} MiB")
        assert SANITIZED or grown < 112 * MIB
        for client in clients:
            client.close()


def test_xml_that_is_being_read_is_bounded_in_sum(server):
    content = setting(0, 15)
    clients = []
    answered = []
    while not answered and len(clients) < 150:
        clients.append(connect(server, len(clients)))
        clients[-1].sendall(head_of("PROPPATCH", "/f", f"Content-Length: {len(content)}"))
        clients[-1].sendall(content[:-1])
        answered = select.select(clients, [], [], 0)[0]
    if not answered:
        answered = select.select(clients, [], [], DEADLINE)[0]
    told = answered[0].recv(4096)
    assert b" 503 " in told and b"xml-too-much" in told and b"Retry-After" in told
    assert ask(server, "PROPFIND", "/f", "Depth: 0", host=HOST).status in (207, 503)
    for client in clients:
        client.close()
    deadline = time.monotonic() + DEADLINE
    while ask(server, "PROPPATCH", "/f", content=setting(0, 1)).status != 207:
        assert time.monotonic() < deadline


@pytest.fixture
def wide(tmp_path):
    """More folders beside each other than are remembered at once (LIMIT_TREE_DESCENT)."""
    for number in range(8_000):
        folder = tmp_path / "wide" / f"{number:0200}"
        folder.mkdir(parents=True)
        (folder / "file").touch()
    with Server(tmp_path, config=config(1, infinite_depth=1_000_000)) as server:
        yield server


def test_all_below_a_wide_folder_is_told_once(wide):
    """RFC 4918 §9.1."""
    body = ask(wide, "PROPFIND", "/wide/", "Depth: infinity",
               content=b"<propfind xmlns='DAV:'><prop><resourcetype/></prop></propfind>").body
    hrefs = re.findall(b"<D:href>(.*?)</D:href>", body)
    assert len(hrefs) == 16_001 and len(set(hrefs)) == 16_001


@pytest.mark.parametrize("query, count", [("?archive=zip", 300), ("?archive=tar", 400), ("", 30)])
def test_what_is_made_for_slow_readers_takes_bounded_memory(wide, query, count):
    """Beyond it 503; and whoever comes when they have gone is answered."""
    before = memory(wide)
    clients, answers = [slow_reader(wide, number) for number in range(count)], []
    for client in clients:
        client.sendall(head_of("GET", f"/wide/{query}", "Accept-Encoding: gzip"))
    for client in clients:
        answers.append(client.recv(12, socket.MSG_WAITALL)[9:])
    grown = memory(wide, "VmHWM") - before
    print(f"{answers.count(b'200')} told of {len(answers)}: {grown / MIB:.0f} MiB")
    assert set(answers) <= {b"200", b"503"} and answers.count(b"200") > 20
    assert count == 30 or b"503" in answers
    assert SANITIZED or grown < 96 * MIB
    for client in clients:
        client.close()
    deadline = time.monotonic() + DEADLINE
    while ask(wide, "GET", f"/wide/{query}").status != 200:
        assert time.monotonic() < deadline


def test_folders_that_are_still_to_be_told_take_bounded_memory(wide):
    """However many read slowly what is below a wide folder."""
    before = memory(wide)
    clients, answers = [slow_reader(wide, number) for number in range(100)], []
    for client in clients:
        client.sendall(head_of("PROPFIND", "/wide/", "Depth: infinity"))
    for client in clients:
        answers.append(client.recv(12, socket.MSG_WAITALL)[9:])
    grown = memory(wide, "VmHWM") - before
    print(f"{answers.count(b'207')} told of {len(answers)}: {grown / MIB:.0f} MiB")
    assert set(answers) <= {b"207", b"503"} and answers.count(b"207") > 5
    assert SANITIZED or grown < 96 * MIB
    for client in clients:
        client.close()


def test_forms_that_are_not_complete_take_bounded_memory(tmp_path):
    """Each file of a form is kept until all have come."""
    part = b"--b\r\nContent-Disposition: form-data; name=f; filename=%d\r\n\r\nx\r\n"
    content = b"".join(part % number for number in range(99))
    with Server(tmp_path, config=config(1, limits="content_timeout: 60s")) as server:
        before = memory(server)
        clients = [slow_reader(server, number) for number in range(60)]
        for client in clients:
            client.sendall(head_of("POST", "/", "Content-Type: multipart/form-data; boundary=b",
                                   f"Origin: http://{HOST}", f"Content-Length: {len(content) + 9}")
                           + content)
        refused = select.select(clients, [], [], DEADLINE)[0]
        assert b"forms-too-much" in refused[0].recv(4096)
        grown = memory(server, "VmHWM") - before
        print(f"{grown / MIB:.0f} MiB")
        assert SANITIZED or grown < 96 * MIB
        for client in clients:
            client.close()
        deadline = time.monotonic() + DEADLINE
        while ask(server, "POST", "/", "Content-Type: multipart/form-data; boundary=b",
                  f"Origin: http://{HOST}", content=content + b"--b--\r\n").status == 503:
            assert time.monotonic() < deadline


def told_of(clients):
    """The statuses, and the contents of the answers that refuse."""
    answers = [client.recv(12, socket.MSG_WAITALL)[9:] for client in clients]
    return answers, {client.recv(4096).partition(b"\r\n\r\n")[2].partition(b"}")[0]
                     for client, answer in zip(clients, answers) if answer == b"503"}


def test_one_client_leaves_enough_memory_for_others(wide):
    """However many answers it has under way; and it is told why it gets no more."""
    greedy = [slow_reader(wide) for _ in range(200)]
    for number, client in enumerate(greedy):
        client.sendall(head_of("GET", f"/wide/?archive={'zip' if number % 2 else 'tar'}"))
    answers, refusals = told_of(greedy)
    assert 20 < answers.count(b"200") < 150
    assert refusals and all(b"client-too-much" in refusal for refusal in refusals)
    content = b"<propfind xmlns='DAV:'><prop>" + b"<a:p xmlns:a='u'/>" * 300 + b"</prop></propfind>"
    for number in (1, 2):  # and when half is taken: each of these has a part of its own
        others = [slow_reader(wide, number) for _ in range(20)]
        for client in others:
            client.sendall(head_of("GET", "/wide/?archive=zip"))
        assert set(told_of(others)[0]) == {b"200"}
        asking = connect(wide, number)
        asking.sendall(head_of("PROPFIND", "/", "Depth: 0", f"Content-Length: {len(content)}")
                       + content)
        assert told_of([asking])[0] == [b"207"]
        greedy += [*others, asking]
    for client in greedy:
        client.close()
    deadline = time.monotonic() + DEADLINE
    while ask(wide, "GET", "/wide/?archive=zip").status != 200:
        assert time.monotonic() < deadline


def test_folders_that_archives_keep_open_are_bounded(tmp_path):
    """In descriptors, and in memory: an archive of a deep folder has as many open as it is deep."""
    deep = tmp_path / "/".join(["d"] * 60)
    deep.mkdir(parents=True)
    with open(deep / "large", "wb") as file:
        file.truncate(64 * MIB)
    with Server(tmp_path, config=config(1, limits="send_timeout: 60s")) as server:
        clients = [slow_reader(server, number) for number in range(150)]
        for client in clients:
            client.sendall(head_of("GET", "/?archive=tar"))
        heads = [client.recv(12, socket.MSG_WAITALL)[9:] for client in clients]
        whole = [len(client.recv(2000, socket.MSG_WAITALL)) == 2000 for client in clients]
        folders = len(list(Path(f"/proc/{server.process.pid}/fd").iterdir())) - len(clients)
        print(f"{heads.count(b'200')} told, {whole.count(True)} under way, {folders} folders")
        assert set(heads) <= {b"200", b"503"} and 0 < whole.count(True) < 100
        assert folders < 60 * 60
        for client in clients:
            client.close()
        deadline = time.monotonic() + DEADLINE
        while len(ask(server, "GET", "/d/?archive=tar").body) < MIB:
            assert time.monotonic() < deadline
