# SPDX-License-Identifier: MIT
"""Names that a client may use, and those that it may not: hidden ones, and impossible ones."""
import os

import pytest

from site_of_dav import Server, ask, assert_refused, config, put, state_of

LOCK = (b'<?xml version="1.0"?><lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>'
        b"<locktype><write/></locktype></lockinfo>")
FINDERS = ["._report.pdf", ".DS_Store", ".Spotlight-V100", ".hidden"]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("names")


@pytest.fixture(scope="module")
def server(root):
    with Server(root, config=config(dotfiles=False)) as server:
        yield server


def making(server, target):
    """Every way to make something there."""
    yield ask(server, "PUT", target, content=b"Mac OS X")
    yield ask(server, "PUT", target, content=b"Mac OS X", coding="chunked")
    yield ask(server, "PUT", target, "Upload-Complete: ?0", content=b"")
    yield ask(server, "MKCOL", target)
    yield ask(server, "LOCK", target, content=LOCK)
    yield ask(server, "COPY", "/source", f"Destination: {target}")
    yield ask(server, "MOVE", "/source", f"Destination: {target}")


@pytest.mark.parametrize("name", FINDERS)
@pytest.mark.parametrize("folder", ["/", "/folder/"])
@pytest.mark.parametrize("is_there", [False, True])
def test_what_finder_keeps_beside_the_files_is_refused_as_hidden(server, root, folder, name,
                                                                is_there):
    """403 says that trying again is no use; and nothing tells whether the name is taken."""
    (root / "folder").mkdir(exist_ok=True)
    put(root, "source")
    target, path = folder + name, root / folder[1:] / name
    path.unlink(missing_ok=True)
    if is_there:
        path.write_bytes(b"the operator's")
    before = state_of(root)
    for response in making(server, target):
        assert_refused(response, 403, "name-hidden")
        assert '"dotfiles: false" or --no-dotfiles' in response.json()["detail"]
    for method in ("GET", "HEAD", "PROPFIND", "DELETE", "UNLOCK", "PROPPATCH"):
        response = ask(server, method, target)
        assert response.status == 404, method
    for method in ("COPY", "MOVE"):
        assert ask(server, method, target, "Destination: /stolen").status == 404
    assert state_of(root) == before


@pytest.mark.parametrize("name", FINDERS)
def test_where_clients_write_finder_keeps_its_own(tmp_path, name):
    with Server(tmp_path, config=config(1)) as server:
        locked = ask(server, "LOCK", f"/{name}", "Timeout: Second-100", content=LOCK)
        assert locked.status == 201
        lines = ("X-Expected-Entity-Length: 8", f"If: ({locked['Lock-Token']})")
        response = ask(server, "PUT", f"/{name}", *lines, content=b"Mac OS X", coding="chunked")
        assert response.status == 204
        assert ask(server, "GET", f"/{name}").body == b"Mac OS X"


def test_what_note_programs_editors_and_synchronisers_do_is_done_where_clients_write(tmp_path):
    """Folders of their own, temporaries that are renamed, and marks beside the files."""
    with Server(tmp_path, arguments=["--write"]) as server:
        for folder in (".resource", ".sync", ".lock"):
            assert ask(server, "MKCOL", f"/{folder}/").status == 201
            assert ask(server, "PUT", f"/{folder}/0123", content=b"r").status == 201
        assert ask(server, "PUT", "/.note.md.tmp", content=b"note").status == 201
        moved = ask(server, "MOVE", "/.note.md.tmp", "Destination: /note.md")
        assert moved.status == 201 and (tmp_path / "note.md").read_bytes() == b"note"
        told = ask(server, "PROPFIND", "/", "Depth: 1").body
        assert all(b"<D:href>/%s/</D:href>" % name in told
                   for name in (b".resource", b".sync", b".lock"))
        assert ask(server, "DELETE", "/.lock/").status == 204
    assert sorted(os.listdir(tmp_path)) == [".resource", ".sync", "note.md"]


@pytest.mark.parametrize("arguments, there", [((), False), (("--dotfiles",), True),
                                              (("--write",), True),
                                              (("--write", "--no-dotfiles"), False),
                                              (("--no-dotfiles", "--dotfiles"), True)])
def test_the_command_line_says_whether_names_with_a_dot_exist(tmp_path, arguments, there):
    (tmp_path / ".name").write_bytes(b"x")
    with Server(tmp_path, arguments=arguments) as server:
        assert ask(server, "GET", "/.name").status == (200 if there else 404)
        assert (b".name" in ask(server, "GET", "/", "Accept: application/json").body) == there


def test_names_of_the_server_s_own_temporaries_never_exist(tmp_path):
    name = ".candor-tmp-0123456789abcdef"
    (tmp_path / "source").write_bytes(b"source")
    with Server(tmp_path, arguments=["--write", "--dotfiles"]) as server:
        (tmp_path / name).write_bytes(b"half")
        for response in making(server, f"/{name}"):
            assert_refused(response, 403, "name-hidden")
            assert "the server's temporaries" in response.json()["detail"]
        for method in ("GET", "PROPFIND", "DELETE"):
            assert ask(server, method, f"/{name}").status == 404
        assert name.encode() not in ask(server, "PROPFIND", "/", "Depth: 1").body
    assert (tmp_path / name).read_bytes() == b"half"


LONG = "n" * 256
DEEP = "/".join(["d" * 200] * 25)


@pytest.mark.parametrize("target", [f"/{LONG}", "/" + "%C3%BC" * 128, f"/folder/{LONG}",
                                    f"/{LONG}/member", f"/{DEEP}", "/a%2Fb", "/a%2fb/c"])
def test_a_name_that_no_file_can_have_is_told_so(server, root, target):
    (root / "folder").mkdir(exist_ok=True)
    put(root, "source")
    before = state_of(root)
    for response in making(server, target):
        assert_refused(response, 400, "name-impossible")
    for method in ("GET", "HEAD", "PROPFIND", "DELETE", "PROPPATCH"):
        assert ask(server, method, target).status == 404, method
    assert state_of(root) == before


@pytest.mark.parametrize("method", ["GET", "PUT", "MKCOL", "PROPFIND", "DELETE"])
def test_a_target_beyond_every_bound_is_too_long(server, method):
    assert_refused(ask(server, method, "/" + "/".join(["d" * 200] * 50)), 414,
                   "request-line-too-long")


# ---- A route that is not the root

MOUNTED = ("workers: 1\nroutes:\n  - path: /docs/\n    files: {{ root: '{}', write: true }}\n")


@pytest.mark.parametrize("target", ["/docs", "/docs/"])
def test_root_of_a_route_may_be_named_without_its_slash(tmp_path, target):
    """RFC 4918 §5.2; hrefs are those that lead to the members all the same."""
    (tmp_path / "a").write_bytes(b"a")
    with Server(tmp_path, config=MOUNTED.format(tmp_path)) as server:
        told = ask(server, "PROPFIND", target, "Depth: 1").body
        assert b"<D:href>/docs/</D:href>" in told and b"<D:href>/docs/a</D:href>" in told
        token = ask(server, "LOCK", "/docs/a", "Depth: 0", content=LOCK)["Lock-Token"]
        refused = ask(server, "LOCK", target, "Depth: infinity", content=LOCK)
        assert refused.status == 207 and b">/docs/a</D:href>" in refused.body
        assert ask(server, "UNLOCK", "/docs/a", f"Lock-Token: {token}").status == 204
        locked = ask(server, "LOCK", target, "Depth: infinity", content=LOCK)
        assert locked.status == 200 and b"<D:href>/docs/</D:href></D:lockroot>" in locked.body
        patch = (b'<propertyupdate xmlns="DAV:"><set><prop><a xmlns="u">1</a></prop></set>'
                 b'</propertyupdate>')
        refused = ask(server, "PROPPATCH", target, content=patch)
        assert refused.status == 423 and b"<D:href>/docs/</D:href>" in refused.body
        for tag in ("/docs/", "/docs"):
            done = ask(server, "PROPPATCH", target, f"If: <{tag}> ({locked['Lock-Token']})",
                       content=patch)
            assert done.status == 207 and b"HTTP/1.1 423" not in done.body
