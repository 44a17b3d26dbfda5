# SPDX-License-Identifier: MIT
"""Addresses to listen on that are not written in numbers alone: hosts, and zones."""
import re
import shutil
import subprocess

import pytest

import harness
from harness import DEADLINE, Client, Server

FILES = "routes:\n  - path: /\n    files: {{ root: '{}' }}\n"


@pytest.fixture
def root(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"content\n")
    return tmp_path


def run(*arguments):
    return subprocess.run([harness.CANDOR, *arguments], capture_output=True, text=True,
                          timeout=DEADLINE, check=False)


def listened(server):
    """Where it listens, as (address, port)."""
    return re.findall(r"^listening on http://\[?([^]\n]*)\]?:(\d+)/$", "\n".join(server.messages),
                      re.MULTILINE)


def test_a_host_stands_for_all_addresses_that_it_has_here(root):
    with Server(root, listen="localhost:0") as server:
        assert server.get("/a.txt").body == b"content\n"
    found = listened(server)  # the reader of its messages has ended
    assert {"127.0.0.1"} <= {address for address, _ in found} <= {"127.0.0.1", "::1"}
    assert len(found) == len(set(found))


def test_every_address_of_a_host_answers(root):
    text = "listen: ['127.0.0.1:0', 'localhost:0']\n" + FILES.format(root)
    with Server(root, config=text, listen=None) as server:
        server.get("/a.txt")
        while len(listened(server)) < 2:
            server.get("/a.txt")
        for address, port in listened(server):
            with Client(int(port), host=address) as client:
                client.send(f"GET /a.txt HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n")
                assert client.read_response().body == b"content\n"


def test_an_address_that_stands_there_beside_its_host_is_opened_once(root, tmp_path):
    with harness.Server(root) as other:
        port = other.port
    text = f"listen: ['127.0.0.1:{port}', 'localhost:{port}']\n" + FILES.format(root)
    with Server(root, config=text, listen=None) as server:
        assert server.get("/a.txt").status == 200
    assert [address for address, _ in listened(server)].count("127.0.0.1") == 1


def test_a_host_that_has_no_address_here_is_told_with_its_place(root, tmp_path):
    file = tmp_path / "candor.yaml"
    file.write_text("listen: ['127.0.0.1:0', '[fe80::1%nosuch0]:0']\n" + FILES.format(root))
    for command in (["check", file], ["serve", "--config", file]):
        result = run(*command)
        assert result.returncode == 2
        assert f'{file}:1:25: key "listen": the host "fe80::1%nosuch0" cannot be' in result.stderr
    result = run("serve", "--listen", "[fe80::1%nosuch0]:0", root)
    assert result.returncode == 2 and result.stderr.startswith(
        'candor serve: --listen: the host "fe80::1%nosuch0" cannot be listened on: ')


OWN_NETWORK = """
ip link set lo up && ip -6 addr add fe80::5/64 dev lo nodad || exit 77
printf '%s both.test\\n' 127.0.0.1 ::1 192.0.2.1 >"$ROOT/hosts"
mount --bind "$ROOT/hosts" /etc/hosts || exit 77
: >"$ROOT/log"
"$CANDOR" serve --listen "$LISTEN" "$ROOT" 2>>"$ROOT/log" &
trap 'kill $!; wait $!' EXIT
tail -f --pid $! "$ROOT/log" | grep -q -m "$COUNT" "listening on http://" || exit 1
for url in $URLS; do curl -gsS --max-time 20 "$url" || exit 1; done
"""


@pytest.mark.skipif(not all(map(shutil.which, ["unshare", "ip", "curl"])),
                    reason="there is no network of our own")
@pytest.mark.parametrize("listen, urls", [
    ("[fe80::5%lo]:8080", ["http://[fe80::5%25lo]:8080/a.txt"]),  # RFC 4007 §11
    # 192.0.2.1 is none of this machine's: it is passed over.
    ("both.test:8080", ["http://127.0.0.1:8080/a.txt", "http://[::1]:8080/a.txt"])])
def test_zones_and_hosts_of_several_addresses(root, listen, urls):
    result = subprocess.run(["unshare", "-nm", "bash", "-c", OWN_NETWORK], capture_output=True,
                            text=True, timeout=DEADLINE + 20, check=False,
                            env={"CANDOR": str(harness.CANDOR), "ROOT": str(root),
                                 "LISTEN": listen, "URLS": " ".join(urls), "COUNT": str(len(urls)),
                                 "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    if result.returncode == 77 or "unshare" in result.stderr:
        pytest.skip("this user or this machine makes no such network")
    assert result.stdout == "content\n" * len(urls), (result, (root / "log").read_text())
    told = re.findall(r"listening on (http://.*/)$", (root / "log").read_text(), re.MULTILINE)
    assert sorted(told) == sorted(url.replace("%25", "%").replace("a.txt", "") for url in urls)
