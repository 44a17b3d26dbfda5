# SPDX-License-Identifier: MIT
"""Real clients of WebDAV: curl, cadaver, lftp, rclone."""
import os
import shutil
import subprocess

import pytest

from site_of_dav import put, settle, state_of
from site_of_clients import root, server  # noqa: F401, fixtures


def run(*command, told="", **environment):
    """Runs a client to its end; what it printed."""
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **environment}
    done = subprocess.run(command, input=told, capture_output=True, text=True, timeout=60,
                          env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def needs(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


@needs("curl")
@pytest.mark.parametrize("size, more", [
    (0, ()), (10, ()), (2_000_000, ()), (2_000_000, ("-H", "Expect:")),  # it sends Expect
    # (with nothing to send, curl 7.88 leaves out even the last chunk)
    (10, ("-H", "Transfer-Encoding: chunked")), (2_000_000, ("-H", "Transfer-Encoding: chunked"))])
def test_curl_uploads(server, root, tmp_path, size, more):
    source = put(tmp_path, "source", os.urandom(size))
    url = f"http://127.0.0.1:{server.port}/target"
    for status in ("201", "204"):
        assert run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", *more, "-T", str(source),
                   url) == status
        assert (root / "target").read_bytes() == source.read_bytes()


@needs("curl")
def test_curl_goes_on_with_an_upload(server, root, tmp_path):
    """curl -C sends Content-Range with PUT."""
    content = os.urandom(300_000)
    source = put(tmp_path, "source", content)
    put(root, "target", content[:100_000])
    run("curl", "-sS", "-f", "-C", "100000", "-T", str(source),
        f"http://127.0.0.1:{server.port}/target")
    assert (root / "target").read_bytes() == content


@needs("cadaver")
def test_cadaver_works_in_a_tree(server, root, tmp_path):
    source = put(tmp_path, "here.txt", b"from here")
    back = tmp_path / "back.txt"
    script = f"""mkcol one
cd one
put {source} there.txt
copy there.txt copied.txt
move copied.txt moved.txt
mkcol sub
ls
cd ..
copy one two
move two three
get one/moved.txt {back}
delete one/there.txt
rmcol three
lock one/moved.txt
discover one/moved.txt
unlock one/moved.txt
propset one/moved.txt colour green
propget one/moved.txt colour
quit
"""
    told = run("cadaver", f"http://127.0.0.1:{server.port}/", told=script, HOME=str(tmp_path))
    assert "failed" not in told.lower(), told
    assert "there.txt" in told and "green" in told
    assert back.read_bytes() == b"from here"
    assert state_of(root) == {"one": None, "one/moved.txt": b"from here", "one/sub": None}


@needs("lftp")
def test_lftp_puts_renames_and_removes(server, root, tmp_path):
    """It sends Depth: 0 with DELETE of what it takes for a file."""
    put(tmp_path, "a.txt", b"from here")
    put(tmp_path, "tree/sub/b", os.urandom(100_000))
    put(tmp_path, "tree/c", b"")
    told = run("lftp", "--norc", told=f"""
set cmd:fail-exit yes
set http:use-propfind yes
set net:reconnect-interval-base 1
set xfer:clobber yes
open http://127.0.0.1:{server.port}/
mkdir sub
put {tmp_path}/a.txt -o sub/a.txt
mv sub/a.txt sub/b.txt
mkdir sub/deep
mv sub/b.txt sub/deep/c.txt
cls sub/deep
mv sub/deep sub/moved
mkdir empty
rmdir empty
put {tmp_path}/a.txt -o gone.txt
put {tmp_path}/a.txt -o gone-too.txt
rm gone.txt
mrm gone-*.txt
mirror -R {tmp_path}/tree tree
get sub/moved/c.txt -o {tmp_path}/back.txt
""", HOME=str(tmp_path))
    assert "c.txt" in told
    assert (tmp_path / "back.txt").read_bytes() == b"from here"
    assert state_of(root) == {"sub": None, "sub/moved": None, "sub/moved/c.txt": b"from here",
                              "tree": None, "tree/sub": None, "tree/c": b"",
                              "tree/sub/b": (tmp_path / "tree/sub/b").read_bytes()}
    # Of a folder it would remove no more than what it has seen; that is refused, and nothing gone.
    refused = subprocess.run(["lftp", "--norc", "-c",
                              f"open http://127.0.0.1:{server.port}/; rm tree"],
                             capture_output=True, text=True, timeout=60, check=False,
                             env={**os.environ, "HOME": str(tmp_path)})
    assert refused.returncode and "400" in refused.stderr and (root / "tree/c").exists()
    run("lftp", "--norc", told=f"open http://127.0.0.1:{server.port}/\nrm -r tree sub\n",
        HOME=str(tmp_path))
    assert state_of(root) == {}


@needs("rclone")
@pytest.mark.parametrize("vendor", ["other", "owncloud"])
def test_rclone_copies_syncs_and_checks(server, root, tmp_path, vendor):
    local = tmp_path / "local"
    for name, content in [("a.txt", b"a"), ("ü/b c%.bin", os.urandom(100_000)),
                          ("deep/er/d", b""), ("deep/er/e#?&", b"e")]:
        os.utime(put(local, name, content), (1_234_567_890, 1_234_567_890))
    remote = f":webdav,url='http://127.0.0.1:{server.port}/',vendor={vendor}:"
    rclone = ("rclone", "--config", str(tmp_path / "none"), "--retries", "1")

    def both_are_the_same():
        assert {n: v for n, v in state_of(root).items()} == state_of(local)
        run(*rclone, "check", "--download", str(local), remote)

    run(*rclone, "copy", str(local), remote)
    both_are_the_same()
    if vendor == "owncloud":  # X-OC-Mtime
        assert int((root / "a.txt").stat().st_mtime) == 1_234_567_890
        assert "There was nothing to transfer" in run(*rclone, "sync", "-v", str(local), remote)
    (local / "a.txt").write_bytes(b"changed")
    shutil.rmtree(local / "deep")
    put(local, "new/f", b"f")
    run(*rclone, "sync", str(local), remote)
    both_are_the_same()
    run(*rclone, "moveto", remote + "a.txt", remote + "moved.txt")
    run(*rclone, "copyto", remote + "moved.txt", remote + "copied.txt")
    assert (root / "moved.txt").read_bytes() == (root / "copied.txt").read_bytes() == b"changed"
    assert not (root / "a.txt").exists()
    if vendor == "owncloud":
        dates = {int((root / name).stat().st_mtime) for name in ("moved.txt", "copied.txt")}
        assert dates == {int((local / "a.txt").stat().st_mtime)}
    run(*rclone, "purge", remote + "new")
    assert not (root / "new").exists()
    settle(server, root)
