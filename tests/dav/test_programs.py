# SPDX-License-Identifier: MIT
"""Programs that keep something of theirs by WebDAV, a desktop, and libraries that others use."""
import os
import shutil
import subprocess

import pytest

import npm
from site_of_dav import put, state_of
from site_of_clients import root, server  # noqa: F401, fixtures


def run(*command, cwd=None, codes=(0,), **environment):
    """Runs a program to its end, which is one of these codes; what it printed."""
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **environment}
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment,
                          cwd=cwd, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode in codes, done.stdout + done.stderr
    return done.stdout


def needs(*programs):
    return pytest.mark.skipif(not all(map(shutil.which, programs)),
                              reason=f"of {', '.join(programs)} something is not installed")


# ---- A desktop: gvfs, behind every file manager of GNOME

GIO = r"""
set -e
gio mount "$URL"
gio mkdir "${URL}box"
gio copy "$SOURCE" "${URL}box/one file.bin"
gio cat "${URL}box/one%20file.bin" | cmp - "$SOURCE"
gio copy "${URL}box/one%20file.bin" "${URL}box/two.bin"
gio rename "${URL}box/two.bin" .hidden.bin
gio move "${URL}box/.hidden.bin" "${URL}moved.bin"
printf first | gio save "${URL}saved.txt"
printf again | gio save "${URL}saved.txt"
gio remove "${URL}box/one%20file.bin"
gio list -a standard::type,standard::size "$URL" | sort
gio remove "${URL}box"
gio mount -u "$URL"
"""


@needs("gio", "dbus-run-session")
@pytest.mark.skipif(not os.path.exists("/usr/share/gvfs/mounts/dav.mount"),
                    reason="gvfs-backends is not installed")
def test_gio_works_in_a_folder(server, root, tmp_path):
    source = put(tmp_path, "source.bin", os.urandom(300_000))
    told = run("dbus-run-session", "--", "sh", "-c", GIO, HOME=str(tmp_path), SOURCE=str(source),
               XDG_RUNTIME_DIR=str(tmp_path), URL=f"dav://127.0.0.1:{server.port}/")
    lines = [line.split() for line in told.splitlines() if "(" in line]
    assert [(line[0], int(line[1]), line[2]) for line in lines] == [
        ("box", 0, "(directory)"), ("moved.bin", 300_000, "(regular)"),
        ("saved.txt", 5, "(regular)")]
    assert state_of(root) == {"moved.bin": source.read_bytes(), "saved.txt": b"again"}


# ---- A backup

@needs("duplicity")
def test_duplicity_backs_up_and_restores(server, root, tmp_path):
    url = f"webdav://nobody@127.0.0.1:{server.port}/backups"
    source = tmp_path / "source"
    put(source, "large.bin", os.urandom(2_500_000))
    put(source, "deep/er/a.txt", b"first")
    os.utime(source / "deep/er/a.txt", (1_000_000_000,) * 2)  # it compares dates, by the second
    means = {"HOME": str(tmp_path), "FTP_PASSWORD": "none"}

    def duplicity(*arguments, cache="cache"):
        return run("duplicity", *arguments, "--no-encryption", "--volsize", "1", "--archive-dir",
                   str(tmp_path / cache), "--tempdir", str(tmp_path), **means)

    def at(second):  # it knows its backups by the second
        return f"--current-time={1_700_000_000 + second}"

    duplicity("full", at(0), str(source), url)
    put(source, "deep/er/a.txt", b"second")
    put(source, "new", b"new")
    duplicity("incremental", at(10), str(source), url)
    duplicity("restore", url, str(tmp_path / "back"), cache="none")  # from what the server has
    assert state_of(tmp_path / "back") == state_of(source)
    duplicity("full", at(20), str(source), url)
    duplicity("remove-all-but-n-full", "1", "--force", url)
    assert not [name for name in state_of(root) if "duplicity-inc" in name]
    assert "No orphaned or incomplete" in duplicity("collection-status", url)


# ---- A version control: git locks, puts beside, and moves

@needs("git")
@pytest.mark.skipif(not os.path.exists("/usr/lib/git-core/git-http-push"),
                    reason="git has no http-push")
def test_git_pushes_and_clones(server, root, tmp_path):
    url = f"http://127.0.0.1:{server.port}/repository.git"
    means = {"HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a",
             "GIT_AUTHOR_EMAIL": "a@localhost", "GIT_COMMITTER_NAME": "a",
             "GIT_COMMITTER_EMAIL": "a@localhost"}
    work, bare = tmp_path / "work", root / "repository.git"

    def git(*arguments, cwd=work):
        return run("git", *arguments, cwd=cwd, **means)

    git("init", "-q", "--bare", str(bare), cwd=tmp_path)
    git("update-server-info", cwd=bare)
    git("init", "-q", "-b", "master", str(work), cwd=tmp_path)
    for content in ("first", "second"):
        (work / "file").write_text(content)
        git("add", "file")
        git("commit", "-q", "-m", content)
        git("push", url, "master")
        assert git("log", "-1", "--format=%s", "master", cwd=bare).strip() == content
    git("fsck", "--strict", cwd=bare)
    git("clone", "-q", "-b", "master", url, str(tmp_path / "clone"), cwd=tmp_path)
    assert (tmp_path / "clone/file").read_text() == "second"


# ---- What laboratories use

@needs("davix-put")
def test_davix_copies_trees(server, root, tmp_path):
    url = f"http://127.0.0.1:{server.port}"
    source = put(tmp_path, "source.bin", os.urandom(300_000))
    put(tmp_path, "tree/deep/a.txt", b"a")
    run("davix-mkdir", f"{url}/box")
    run("davix-put", str(source), f"{url}/box/one%20file.bin")
    run("davix-get", f"{url}/box/one%20file.bin", str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    assert "300000" in run("davix-ls", "-l", f"{url}/box/")
    done = {"codes": (0, 255)}  # davix 0.8 says 255 of what it has done
    run("davix-mv", f"{url}/box/one%20file.bin", f"{url}/moved.bin", **done)
    run("davix-put", "-r", "2", str(tmp_path / "tree"), f"{url}/tree/", **done)
    run("davix-rm", f"{url}/box")
    assert state_of(root) == {"moved.bin": source.read_bytes(), "tree": None, "tree/deep": None,
                              "tree/deep/a.txt": b"a"}


# ---- Libraries

NPM_WEBDAV = """
const [module, url] = process.argv.slice(2);
const { createClient } = await import(module);
const dav = createClient(url), told = {};
await dav.createDirectory("/one");
await dav.createDirectory("/.resource/deep/er", {recursive: true});
told.put = await dav.putFileContents("/one/a b#?.txt", "hello", {overwrite: false});
told.again = await dav.putFileContents("/one/a b#?.txt", "other", {overwrite: false});
told.list = (await dav.getDirectoryContents("/", {deep: true}))
    .map((m) => [m.filename, m.type, m.size]);
await dav.moveFile("/one/a b#?.txt", "/one/moved.txt");
await dav.copyFile("/one/moved.txt", "/copied.txt");
told.text = await dav.getFileContents("/copied.txt", {format: "text"});
told.exists = [await dav.exists("/one/moved.txt"), await dav.exists("/nowhere")];
told.stat = await dav.stat("/one/moved.txt");
const xml = {headers: {"Content-Type": "application/xml"}};
const lock = await dav.lock("/one/moved.txt", xml);
told.locked = await dav.putFileContents("/one/moved.txt", "x").catch((error) => error.status);
await dav.unlock("/one/moved.txt", lock.token);  // without the brackets around it
told.unlocked = await dav.putFileContents("/one/moved.txt", "0123456789");
told.features = (await dav.getDAVCompliance("/one/moved.txt")).compliance;
if (told.features.includes("sabredav-partialupdate"))
    await dav.partialUpdateFileContents("/one/moved.txt", 2, 4, "abc");
const stream = dav.createReadStream("/one/moved.txt", {range: {start: 1, end: 5}});
told.part = await new Promise((resolve, reject) => {
    let text = "";
    stream.on("data", (piece) => { text += piece; });
    stream.on("end", () => resolve(text));
    stream.on("error", reject);
});
await dav.deleteFile("/one");
await dav.deleteFile("/.resource");
console.log(JSON.stringify(told));
"""


def test_npm_s_webdav_does_all_that_it_can(server, root):
    told = npm.node(NPM_WEBDAV, npm.module("webdav@5"), f"http://127.0.0.1:{server.port}/")
    assert (told["put"], told["again"], told["text"]) == (True, False, "hello")
    assert sorted(told["list"]) == [
        ["/.resource", "directory", 0], ["/.resource/deep", "directory", 0],
        ["/.resource/deep/er", "directory", 0], ["/one", "directory", 0],
        ["/one/a b#?.txt", "file", 5]]
    assert told["exists"] == [True, False]
    assert (told["stat"]["size"], told["stat"]["mime"]) == (5, "text/plain")
    assert (told["locked"], told["unlocked"]) == (423, True)
    assert told["part"] == ("1abc5" if "sabredav-partialupdate" in told["features"] else "12345")
    assert state_of(root) == {"copied.txt": b"hello"}


def test_python_s_webdavclient_works_in_a_tree(server, root, tmp_path):
    library = pytest.importorskip("webdav3.client", reason="python3-webdavclient is not installed")
    client = library.Client({"webdav_hostname": f"http://127.0.0.1:{server.port}",
                             "webdav_login": "nobody", "webdav_password": "none"})
    source = put(tmp_path, "source.bin", os.urandom(300_000))
    put(tmp_path, "tree/deep/a.txt", b"a")
    client.mkdir("one dir")
    client.upload_sync(remote_path="one dir/f.bin", local_path=str(source))
    assert client.list("one dir") == ["f.bin"]
    assert client.list("one dir", get_info=True)[0]["size"] == "300000"
    assert client.check("one dir/f.bin") and not client.check("nowhere")
    assert client.is_dir("one dir") and not client.is_dir("one dir/f.bin")
    client.copy(remote_path_from="one dir/f.bin", remote_path_to="one dir/g.bin")
    client.move(remote_path_from="one dir/g.bin", remote_path_to="one dir/.h.bin")
    client.download_sync(remote_path="one dir/.h.bin", local_path=str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == source.read_bytes()
    client.mkdir("tree")
    client.push(remote_directory="tree", local_directory=str(tmp_path / "tree"))
    (tmp_path / "pulled").mkdir()
    client.pull(remote_directory="tree", local_directory=str(tmp_path / "pulled"))
    assert state_of(tmp_path / "pulled") == {"deep": None, "deep/a.txt": b"a"}
    assert int(client.free()) > 0
    colour = {"namespace": "urn:x", "name": "colour"}
    client.set_property("one dir/f.bin", {**colour, "value": "red"})
    client.set_property_batch("one dir/.h.bin", [{**colour, "value": "blue"},
                                                 {"namespace": "urn:x", "name": "empty"}])
    assert client.get_property("one dir/f.bin", colour) == "red"
    assert client.get_property("one dir/.h.bin", colour) == "blue"
    client.clean("one dir")
    assert state_of(root) == {"tree": None, "tree/deep": None, "tree/deep/a.txt": b"a"}
