# SPDX-License-Identifier: MIT
"""`faults:` of a route breaks the answers of whatever is behind it."""
import subprocess

import pytest

from harness import CANDOR, Server

CONFIG = """\
workers: 2
routes:
  - path: /files/
    files: { root: "{root}" }
    faults:
      - { fault: body-close, at: 10, path: /large, method: GET }
      - { fault: chunk-bad, at: 3, path: "*.bin" }
      - { fault: close, status: 404 }
      - { fault: reset, path: /chance/, chance: 0.3, seed: 7 }
  - path: /whole/
    files: { root: "{root}" }
  - path: /mock/
    mock: {}
    faults: [{ fault: body-short, status: 503 }]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("broken")
    (root / "large").write_bytes(b"l" * 1_000_000)
    (root / "a.bin").write_bytes(b"b" * 600_000)
    (root / "small").write_bytes(b"small")
    (root / "chance").mkdir()
    (root / "chance/x").write_bytes(b"x")
    return root


@pytest.fixture
def server(folder):
    with Server(root=folder, config=CONFIG) as running:
        yield running


def talk(server, target, method="GET"):
    with server.connect() as client:
        client.send(f"{method} {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        data = b""
        try:
            while piece := client.socket.recv(1 << 16):
                data += piece
        except ConnectionResetError:
            return data, "reset"
        return data, "closed"


def test_a_fault_is_laid_on_what_it_is_for(server):
    head, _, body = talk(server, "/files/large")[0].partition(b"\r\n\r\n")
    assert b"Content-Length: 1000000" in head and body == b"l" * 10
    record = server.next_record()
    assert (record["outcome"], record["ended"]) == ("ok", "fault")
    assert talk(server, "/files/large", "HEAD")[0].startswith(b"HTTP/1.1 200")
    head, _, body = talk(server, "/files/a.bin")[0].partition(b"\r\n\r\n")
    assert b"Transfer-Encoding: chunked" in head and b"Content-Length" not in head
    assert body == b"3\r\nbbb\r\nno number\r\n"
    assert talk(server, "/files/absent") == (b"", "closed")


def test_all_else_is_whole(server):
    assert server.get("/files/small").body == b"small"
    assert len(server.get("/whole/large").body) == 1_000_000
    assert server.get("/whole/absent").status == 404
    assert server.get("/mock/status/404").complete
    assert "ended" not in server.next_record()


def test_made_up_answers_can_be_broken_too(server):
    assert not server.get("/mock/status/503").complete


def broken(server, count):
    return [talk(server, "/files/chance/x")[1] == "reset" for _ in range(count)]


def test_with_a_seed_the_sequence_is_the_same_after_a_start(folder):
    runs = []
    for _ in range(2):
        with Server(root=folder, config=CONFIG) as server:
            runs.append(broken(server, 60))
    assert runs[0] == runs[1]
    assert 5 < sum(runs[0]) < 35


def test_the_start_and_the_check_tell_of_it(server, tmp_path, folder):
    server.wait_for_message("the route /files/ breaks its answers on purpose")
    assert not any("/whole/" in message for message in server.messages)
    file = tmp_path / "c.yaml"
    file.write_text(CONFIG.replace("{root}", str(folder)))
    done = subprocess.run([CANDOR, "check", file], capture_output=True, text=True, check=True)
    assert "warning: the route /mock/ breaks its answers on purpose (faults)\n" in done.stdout


@pytest.mark.parametrize("fault,said", [
    ("{ fault: lightning }", 'key "routes.faults.fault": "lightning" is not the name of a fault; '
                             "expected the name of a fault like body-close"),
    ("{ fault: close, chance: 2 }", 'key "routes.faults.chance": "2" is not a chance; expected a '
                                    "chance from 0 to 1 like 0.1, or from 0% to 100%"),
    ("{ fault: close, method: JUMP }", 'key "routes.faults.method": "JUMP" is not a method of this '
                                       "server; expected a method like GET"),
    ("{ at: 3 }", 'key "routes.faults.fault": it is missing'),
])
def test_keys_are_checked(tmp_path, fault, said):
    file = tmp_path / "c.yaml"
    file.write_text(f"routes: [{{ path: /, mock: {{}}, faults: [{fault}] }}]\n")
    done = subprocess.run([CANDOR, "check", file], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and said in done.stderr, done.stderr


def test_there_is_a_limit_to_their_number(tmp_path):
    file = tmp_path / "c.yaml"
    for count, code in ((32, 0), (33, 2)):
        faults = ", ".join(["{ fault: close }"] * count)
        file.write_text(f"routes: [{{ path: /, mock: {{}}, faults: [{faults}] }}]\n")
        done = subprocess.run([CANDOR, "check", file], capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr  # LIMIT_ROUTE_FAULTS
