# SPDX-License-Identifier: MIT
"""Which hosts a writable folder answers for, and what is served without a configuration (RFC 9110
§7.4): a page of another site could have its own name lead here, and would be of its origin."""
import pytest

from site_of_dav import ask, assert_refused, config, put, Server, state_of

OWN = ["127.0.0.1", "127.0.0.1:8080", "[::1]", "[::1]:80", "localhost", "LOCALHOST:1", "localhost.",
       "dav.localhost", "192.0.2.7", "nas", "NAS.local", "box.lan:8080", "a.home.arpa",
       "db.internal", "site.test"]
OTHER = ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example",
         "evil.xlocal", "127.1", "local.example"]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("hosts")


@pytest.fixture(scope="module")
def server(root):
    put(root, "shared/file")
    put(root, "named/file")
    put(root, "read/file")
    text = config(2).replace("path: /\n", "path: /shared/\n").replace("{root}", "{root}/shared")
    text += """\
  - path: /named/
    hosts: [dav.example, "Other.example"]
    files: { root: '{root}/named', write: true }
  - path: /read/
    files: { root: '{root}/read' }
"""
    with Server(root, config=text) as server:
        yield server


@pytest.mark.parametrize("host", OTHER)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PROPFIND", "OPTIONS"])
def test_a_name_that_may_be_anybodys_neither_changes_nor_reads(server, root, host, method):
    before = state_of(root)
    origin = [f"Origin: http://{host}", "Sec-Fetch-Site: same-origin"]
    response = ask(server, method, "/shared/file", *origin, host=host,
                   content=b"x" if method == "PUT" else None)
    assert_refused(response, 421, "host-unnamed")
    assert state_of(root) == before


@pytest.mark.parametrize("host", OWN)
def test_addresses_and_localhost_do(server, root, host):
    assert ask(server, "PUT", "/shared/new", content=b"x", host=host).status == 201
    assert ask(server, "GET", "/shared/new", host=host).body == b"x"
    assert ask(server, "DELETE", "/shared/new", host=host).status == 204


@pytest.mark.parametrize("host", ["dav.example", "other.example:8080", "OTHER.example"])
def test_a_route_that_names_its_hosts_answers_for_each_of_them(server, root, host):
    assert ask(server, "PUT", "/named/new", content=b"x", host=host).status == 201
    destination = f"Destination: http://{host}/named/moved"
    assert ask(server, "MOVE", "/named/new", destination, host=host).status == 201
    assert ask(server, "DELETE", "/named/moved", host="dav.example").status == 204
    assert ask(server, "GET", "/named/file", host="127.0.0.1").status == 404


def test_the_hosts_of_a_route_share_its_locks(server):
    body = (b'<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>'
            b"<locktype><write/></locktype></lockinfo>")
    locked = ask(server, "LOCK", "/named/file", "Content-Type: text/xml", content=body,
                 host="dav.example")
    assert locked.status == 200
    assert ask(server, "DELETE", "/named/file", host="other.example").status == 423
    assert ask(server, "UNLOCK", "/named/file", f"Lock-Token: {locked['Lock-Token']}",
               host="other.example").status == 204


def test_a_route_that_only_reads_answers_for_every_host(server):
    assert ask(server, "GET", "/read/file", host="evil.example").status == 200


@pytest.mark.parametrize("write", [[], ["--write"]])
def test_without_a_configuration_it_answers_for_names_that_no_stranger_can_have(tmp_path, write):
    put(tmp_path, "file", b"x")
    names = ["--host", "dav.example", "--host=Other.Example"]
    with Server(tmp_path, arguments=[*names, *write]) as it:
        for host in [*OWN, "dav.example", "OTHER.example:81", "other.example."]:
            assert ask(it, "GET", "/file", host=host).body == b"x", host
        for host in OTHER:
            response = ask(it, "GET", "/file", host=host)
            assert (response.status, response.outcome) == (421, "host-unnamed"), host


def test_a_request_without_a_host_is_no_pages(server):
    assert server.raw("GET /shared/file HTTP/1.0\r\n\r\n").status == 200
