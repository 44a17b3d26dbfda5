# SPDX-License-Identifier: MIT
"""The folder that is served goes, comes back, or is exchanged for another one while the server
runs: a link is switched, it is renamed, removed, mounted on. Whoever asks gets what the path leads
to, within a second; what had begun in the folder of before is never told to be in the new one."""
import ctypes
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import harness

sys.path.insert(0, str(Path(__file__).parent))
from multistatus import prop, propfind, proppatch, rows, setting  # noqa: E402
from site_of_dav import ask, assert_refused, head_of, settle, state_of, strays  # noqa: E402
from site_of_files import record_of  # noqa: E402
from test_uploads import append, open_upload, opened  # noqa: E402

FRESH = 1.0     # seconds: how long the server may believe what it saw
PATIENCE = 1.0  # and how much later an answer may come on a busy machine
CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 1 << 18
LOCK = (b'<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
        b'<D:locktype><D:write/></D:locktype></D:lockinfo>')
PROPERTIES = ('<D:propertyupdate xmlns:D="DAV:">' + setting('<x:p xmlns:x="urn:x">v</x:p>')
              + '</D:propertyupdate>')


def remove_and_make(root):
    shutil.rmtree(root)
    root.mkdir()


def rename_and_make(root):
    root.rename(root.with_name("old"))
    root.mkdir()


def switch_link(root):
    """As deployments do: another link is renamed over this one."""
    new = root.with_name("v2")
    new.mkdir()
    link = root.with_name("link")
    link.symlink_to("v2")
    link.rename(root)


WAYS = {"removed and made": (False, remove_and_make),
        "renamed and made": (False, rename_and_make),
        "link switched": (True, switch_link)}


@pytest.fixture
def root(tmp_path, request):
    """A folder with files, or (`is_link`) a link to one."""
    root = tmp_path / "share"
    folder = tmp_path / "v1" if getattr(request, "param", False) else root
    (folder / "d").mkdir(parents=True)
    (folder / "f").write_text("old")
    (folder / "d/g").write_text("old")
    (folder / "large").write_bytes(b"o" * 500_000)
    if folder != root:
        root.symlink_to("v1")
    return root


def serve(root, write=True, **more):
    return harness.Server(root, arguments=["--write"] if write else [], **more)


def until(answer, is_wanted):
    """Asks until it is; in time."""
    deadline = time.monotonic() + FRESH + PATIENCE
    while True:
        got = answer()
        if is_wanted(got):
            return got
        assert time.monotonic() < deadline, got


def messages(server, token):
    return [m for m in server.messages if m.startswith(f"candor: {token}: ")]


def each_way(test):
    return pytest.mark.parametrize("root,exchange", [
        pytest.param(*way, id=name) for name, way in WAYS.items()], indirect=["root"])(test)


@each_way
@pytest.mark.parametrize("write", [False, True], ids=["read", "write"])
def test_what_is_read_is_of_the_new_folder_within_a_second(root, exchange, write):
    with serve(root, write) as server:
        # All that may be remembered: a small file, a large one that is open, a listing.
        for target in ("/f", "/large", "/", "/d/", "/d/g"):
            assert server.get(target).status == 200
        exchange(root)
        (root / "f").write_text("new")
        (root / "n").write_text("new")
        until(lambda: server.get("/f").body, lambda body: body == b"new")
        # And then nothing of it is of the old one, whatever it is.
        for target in ("/large", "/d/g", "/d/"):
            assert server.get(target).status == 404
        names = {entry["name"] for entry in server.get("/", Accept="application/json")
                 .json()["entries"]}
        assert names == {"f", "n"}
        assert b"old" not in server.get("/?archive=tar").body
        assert server.get("/?search=large", Accept="application/json").json()["entries"] == []
        if write:
            assert set(rows(propfind(server, "/", "1"))) == {b"/", b"/f", b"/n"}
        server.wait_for_message("root-exchanged")
        assert len(messages(server, "root-exchanged")) == 1 and not messages(server, "root-gone")


@each_way
def test_what_is_written_at_once_is_in_the_new_folder(root, exchange):
    with serve(root) as server:
        assert ask(server, "PUT", "/f", content=b"before").status == 204
        old = os.open(root, os.O_PATH | os.O_DIRECTORY)
        exchange(root)
        assert ask(server, "PUT", "/n", content=b"new").status == 201
        assert ask(server, "MKCOL", "/m").status == 201
        assert ask(server, "COPY", "/n", "Destination: /m/c").status == 201
        assert state_of(root) == {"n": b"new", "m": None, "m/c": b"new"}
        assert not {"n", "m"} & set(os.listdir(f"/proc/self/fd/{old}"))
        os.close(old)


@each_way
@pytest.mark.parametrize("size", [3, 200_000])
def test_client_that_asks_first_writes_to_the_new_folder(root, exchange, size):
    """With Expect, as curl does; nothing is staged in the old one, so it need not be told."""
    with serve(root) as server:
        assert ask(server, "PUT", "/f", content=b"before").status == 204
        exchange(root)
        with server.connect() as client:
            client.send(head_of("PUT", "/n", f"Content-Length: {size}", "Expect: 100-continue"))
            assert client.read_response("PUT").status == 100
            client.send(b"n" * size)
            assert client.read_response("PUT").status == 201
        assert state_of(root) == {"n": b"n" * size}


@each_way
@pytest.mark.parametrize("method", ["DELETE", "MOVE", "COPY", "MKCOL", "PROPPATCH", "LOCK", "POST"])
def test_every_change_is_of_the_new_folder_or_of_none(root, exchange, method):
    with serve(root) as server:
        assert ask(server, "PUT", "/f", content=b"before").status == 204
        old = state_of(root.resolve())
        exchange(root)
        (root / "f").write_text("new")
        fields = {"MOVE": {"Destination": "/t"}, "COPY": {"Destination": "/t"},
                  "POST": {"Slug": "t"}}.get(method, {})
        content = {"LOCK": LOCK, "POST": b"x",
                   "PROPPATCH": PROPERTIES.encode()}.get(method, b"")
        target = {"MKCOL": "/k", "POST": "/"}.get(method, "/f")
        # What is refused meanwhile is refused because of what the old folder has.
        until(lambda: server.request(method, target, fields, content),
              lambda answer: answer.status in (200, 201, 204, 207))
        assert state_of(root) == {
            "DELETE": {}, "MOVE": {"t": b"new"}, "COPY": {"f": b"new", "t": b"new"},
            "MKCOL": {"f": b"new", "k": None}, "POST": {"f": b"new", "t": b"x"},
        }.get(method, {"f": b"new"})
        for other in ("old", "v1"):
            if (root.parent / other).exists():
                assert state_of(root.parent / other) == old


@each_way
def test_what_had_begun_in_the_old_folder_is_told_so(root, exchange):
    with serve(root) as server:
        with server.connect() as client:
            client.send(head_of("PUT", "/slow", "Content-Length: 200000") + b"x" * 150_000)
            until(lambda: strays(root), bool)  # some of it is staged
            old = Path(f"/proc/self/fd/{os.open(root, os.O_PATH | os.O_DIRECTORY)}")
            exchange(root)
            client.send(b"x" * 50_000)
            answer = client.read_response("PUT")
        assert_refused(answer, 503, "root-exchanged")
        assert answer["Retry-After"] and state_of(root) == {}
        assert "slow" not in os.listdir(old)
        settle(server, old)
        assert ask(server, "PUT", "/slow", content=b"x").status == 201
        os.close(int(old.name))


@each_way
def test_unfinished_upload_goes_with_its_folder(root, exchange):
    with serve(root) as server:
        upload = opened(server, "/up", length=10)
        assert append(server, upload, 0, b"12345").status == 204
        old = Path(f"/proc/self/fd/{os.open(root, os.O_PATH | os.O_DIRECTORY)}")
        exchange(root)
        answer = append(server, upload, 5, b"67890", last=True)
        if answer.status == 503:
            assert answer.outcome == "root-exchanged"
        answer = until(lambda: append(server, upload, 5, b"67890", last=True),
                       lambda answer: answer.status == 404)
        assert answer.outcome == "upload-unknown" and b"exchanged" in answer.body
        assert state_of(root) == {} and "up" not in os.listdir(old)
        assert open_upload(server, "/up", length=10).status == 201
        settle(server, old)  # what it had staged is gone, too
        os.close(int(old.name))


@pytest.mark.parametrize("root", [True], indirect=True)
def test_locks_and_properties_stay_with_the_folder_that_a_link_led_to(root):
    with serve(root) as server:
        answer = server.request("LOCK", "/f", {}, LOCK)
        token = re.fullmatch(r"<(.+)>", answer["Lock-Token"]).group(1)
        fields = {"If": f"(<{token}>)"}
        assert proppatch(server, "/f", setting('<x:p xmlns:x="urn:x">v1</x:p>'), **fields)

        def property_of_f():
            (row,) = rows(propfind(server, "/f", "0", prop(("urn:x", "p")))).values()
            return row.text("{urn:x}p")

        assert property_of_f() == "v1"
        switch_link(root)
        (root / "f").write_text("v2")
        until(lambda: ask(server, "PUT", "/f", content=b"new"),
              lambda answer: answer.status == 204)  # nobody has locked it here
        assert property_of_f() is None
        link = root.with_name("link")
        link.symlink_to("v1")
        link.rename(root)
        until(lambda: server.get("/f").body, lambda body: body == b"old")
        assert property_of_f() == "v1"
        assert ask(server, "PUT", "/f", content=b"new").status == 423
        assert ask(server, "PUT", "/f", f"If: (<{token}>)", content=b"new").status == 204


def test_folder_in_the_place_of_another_has_the_properties_and_locks_of_its_names(root):
    """As after a restart, and after a backup was restored there."""
    with serve(root) as server:
        answer = server.request("LOCK", "/f", {}, LOCK)
        token = re.fullmatch(r"<(.+)>", answer["Lock-Token"]).group(1)
        assert server.request("LOCK", "/d/g", {}, LOCK).status == 200
        assert proppatch(server, "/f", setting('<x:p xmlns:x="urn:x">v</x:p>'),
                         **{"If": f"(<{token}>)"})
        copy = root.with_name("copy")
        shutil.copytree(root, copy)
        shutil.rmtree(copy / "d")
        shutil.rmtree(root)
        copy.rename(root)
        until(lambda: server.get("/f"), lambda answer: answer.status == 200)
        assert ask(server, "PUT", "/f", content=b"new").status == 423
        (row,) = rows(propfind(server, "/f", "0", prop(("urn:x", "p")))).values()
        assert row.text("{urn:x}p") == "v"
        assert ask(server, "MKCOL", "/d").status == 201
        assert ask(server, "PUT", "/d/g", content=b"new").status == 201  # its lock went with it


@pytest.mark.parametrize("write", [False, True], ids=["read", "write"])
def test_folder_that_is_gone_is_told_once_and_served_when_it_is_back(root, write):
    away = root.with_name("away")
    with serve(root, write) as server:
        assert server.get("/f").status == 200 and server.get("/").status == 200
        root.rename(away)
        until(lambda: server.get("/f"), lambda answer: answer.status == 503)
        asked = [("GET", "/f"), ("HEAD", "/f"), ("GET", "/"), ("GET", "/?archive=zip"),
                 ("GET", "/?search=f")]
        if write:
            asked += [("PUT", "/n"), ("DELETE", "/f"), ("MKCOL", "/k"), ("PROPFIND", "/"),
                      ("PROPPATCH", "/f"), ("LOCK", "/f"), ("POST", "/"), ("OPTIONS", "/f")]
        for method, target in asked:
            content = LOCK if method == "LOCK" else b""
            answer = server.request(method, target, {}, content)
            if method == "OPTIONS":
                assert answer.status in (204, 503)
                continue
            assert answer.status == 503 and answer["Retry-After"], (method, answer.status)
            assert method == "HEAD" or answer.outcome == "root-gone", method
            assert "error" not in record_of(server, target=target)  # the outcome says all of it
        server.wait_for_message("root-gone")
        away.rename(root)
        until(lambda: server.get("/f").body, lambda body: body == b"old")
        if write:
            assert ask(server, "PUT", "/n", content=b"new").status == 201
        server.wait_for_message("root-back")
        assert len(messages(server, "root-gone")) == len(messages(server, "root-back")) == 1
        assert not messages(server, "root-exchanged")


def test_folder_that_is_back_still_has_its_uploads_and_locks(root):
    away = root.with_name("away")
    with serve(root) as server:
        upload = opened(server, "/up", length=10)
        assert append(server, upload, 0, b"12345").status == 204
        assert server.request("LOCK", "/f", {}, LOCK).status == 200
        root.rename(away)
        until(lambda: ask(server, "PUT", "/n", content=b"x"), lambda answer: answer.status == 503)
        away.rename(root)
        until(lambda: append(server, upload, 5, b"67890", last=True),
              lambda answer: answer.status == 201)
        assert (root / "up").read_bytes() == b"1234567890"
        assert ask(server, "PUT", "/f", content=b"x").status == 423


def test_what_cannot_be_entered_is_as_good_as_gone(root):
    if os.getuid() != 0:
        pytest.skip("only root may begin as somebody else")
    for folder in (root, *root.parents[:-2]):
        os.chmod(folder, 0o755)
    with harness.Server(root, user=65534) as server:
        assert server.get("/f").status == 200
        shutil.rmtree(root)
        root.write_text("a file now")
        until(lambda: server.get("/f"), lambda answer: answer.status == 503)
        server.wait_for_message("Not a directory")


def test_requests_for_a_folder_that_is_gone_cost_little_and_hold_up_no_stop(root):
    with serve(root) as server:
        assert ask(server, "PUT", "/n", content=b"x").status == 201
        shutil.rmtree(root)
        ticks = os.sysconf("SC_CLK_TCK")

        def used():
            fields = Path(f"/proc/{server.process.pid}/stat").read_text().split(")")[1].split()
            return (int(fields[11]) + int(fields[12])) / ticks

        before = used()
        with server.connect() as client:
            for _ in range(20):
                client.send(head_of("PUT", "/n", "Content-Length: 1") + b"x")
                assert_refused(client.read_response("PUT"), 503, "root-gone")
        assert used() - before < 1
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() - begun < 5


class Namespace:
    """A server with its own mounts, of which a test makes more."""

    def __init__(self):
        self.libc = ctypes.CDLL(None, use_errno=True)

    def install(self):
        if (self.libc.unshare(CLONE_NEWNS) != 0
                or self.libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None) != 0):
            raise OSError(ctypes.get_errno(), "no namespace")

    @staticmethod
    def run(server, *command):
        return subprocess.run(["nsenter", "-t", str(server.process.pid), "-m", *command],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)


@pytest.mark.parametrize("write", [False, True], ids=["read", "write"])
def test_disk_that_is_mounted_on_the_folder_is_served(root, write):
    if not shutil.which("nsenter"):
        pytest.skip("there is no nsenter")
    space = Namespace()
    try:
        server = serve(root, write, before=space.install)
    except (subprocess.SubprocessError, OSError, RuntimeError):
        pytest.skip("no namespace may be made here")
    with server:
        assert server.get("/f").body == b"old"
        mounted = space.run(server, "mount", "-t", "tmpfs", "none", str(root))
        if mounted.returncode:
            pytest.skip(f"nothing may be mounted here: {mounted.stdout}")
        if write:
            assert ask(server, "PUT", "/n", content=b"new").status == 201
        until(lambda: server.get("/f"), lambda answer: answer.status == 404)
        names = space.run(server, "ls", str(root)).stdout.split()
        assert names == (["n"] if write else [])
        assert "n" not in os.listdir(root)  # not under the mount
        # And the folder itself again. What is unmounted is still held open, as by any program.
        assert space.run(server, "umount", "-l", str(root)).returncode == 0
        until(lambda: server.get("/f").body, lambda body: body == b"old")
        if write:
            assert ask(server, "PUT", "/f", content=b"new").status == 204
            assert (root / "f").read_bytes() == b"new"
        # The same disk at another mount is looked at anew, too: what is beneath may differ.
        assert space.run(server, "mount", "--bind", str(root), str(root)).returncode == 0
        until(lambda: server.get("/f") and len(messages(server, "root-exchanged")),
              lambda count: count == 3)


def test_relative_root_is_where_it_was_when_the_server_began(root, monkeypatch):
    monkeypatch.chdir(root)
    with serve(".") as server:
        assert server.get("/f").body == b"old"
        rename_and_make(root)
        (root / "f").write_text("new")
        until(lambda: server.get("/f").body, lambda body: body == b"new")


def test_folder_that_is_not_there_at_the_start_is_refused(tmp_path):
    with pytest.raises(RuntimeError, match="does not exist"):
        serve(tmp_path / "none")


def test_a_path_that_leads_to_the_folder_of_another_route_is_not_written_to(tmp_path):
    """Nor into it, nor around it: what one of them locks the other does not know."""
    folders = {name: tmp_path / name for name in ("own", "other", "other/inner", "outer/third")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to("own")

    def turn(target):
        (tmp_path / "new").symlink_to(target)
        (tmp_path / "new").rename(link)

    def put(name):
        return ask(server, "PUT", name, content=b"x")

    roots = {"/a/": link, "/b/": folders["other"], "/c/": folders["outer/third"]}
    text = "workers: 2\nroutes:\n" + "".join(
        f"  - path: {path}\n    files: {{ root: '{root}', write: true }}\n"
        for path, root in roots.items())
    with harness.Server(config=text) as server:
        assert {put(name).status for name in ("/a/f", "/b/f", "/c/f")} == {201}
        for target in ("other", "other/inner", "outer"):
            turn(target)
            deadline = time.monotonic() + harness.DEADLINE
            while (answer := put("/a/g")).status != 503 or answer.outcome != "root-shared":
                assert answer.status in (201, 204, 503) and time.monotonic() < deadline
            assert answer["Retry-After"]
            assert not (tmp_path / target / "g").exists()
            assert {put(name).status for name in ("/b/f", "/c/f")} == {204}
            turn("own")
            while put("/a/g").status not in (201, 204):
                assert time.monotonic() < deadline
            assert (folders["own"] / "g").read_bytes() == b"x"
