# SPDX-License-Identifier: MIT
"""What keeps a server from starting is told in one clear sentence, with exit code 1 for what may
be otherwise next time and 2 for what was asked wrongly."""
import os
import subprocess

import pytest

import harness


def refused(*arguments, user=None, **environment):
    """candor serve, which must end by itself: its exit code and the only line it wrote."""
    done = subprocess.run([harness.CANDOR, "serve", *map(str, arguments)], capture_output=True,
                          text=True, timeout=harness.DEADLINE, user=user, check=False,
                          env={**os.environ, **environment})
    lines = done.stderr.splitlines()
    assert done.stdout == "" and len(lines) == 1, done.stderr
    return done.returncode, lines[0]


def configured(folder, site, settings, port=0):
    file = folder / "candor.yaml"
    file.write_text(f'listen: ["127.0.0.1:{port}"]\n{settings}\n'
                    f"routes:\n  - path: /\n    files: {{ root: {site} }}\n")
    return file


@pytest.mark.parametrize("workers", [1, 2])
def test_a_port_in_use(server, site, tmp_path, workers):
    file = configured(tmp_path, site, f"workers: {workers}", server.port)
    code, line = refused("--config", file)
    assert (code, line) == (1, "candor: address-in-use: cannot listen on "
                            f"127.0.0.1:{server.port}: another program already does; stop it or "
                            "choose another port with --listen")
    assert server.get("/1").status == 200, "the first one is not disturbed"


def test_an_address_that_is_not_here(site):
    code, line = refused("--listen", "192.0.2.1:0", site)
    assert code == 1 and line.startswith("candor: address-not-bound: cannot listen on 192.0.2.1:")


def test_an_unknown_folder():
    assert refused("/nowhere/at all") == (2, "candor serve: /nowhere/at all: this does not exist; "
                                          "expected the path of a folder")


def test_a_file_for_a_folder(site):
    assert refused(site / "1") == (2, f"candor serve: {site}/1: this is not a folder; "
                                   "expected the path of a folder")


def test_a_configuration_that_does_not_exist():
    code, line = refused("--config", "/nowhere.yaml")
    assert code == 2 and line.startswith("candor serve: /nowhere.yaml: the file does not exist")


def test_a_configuration_without_permission(site, tmp_path):
    file = configured(tmp_path, site, "")
    file.chmod(0)
    user = None
    if os.geteuid() == 0:
        user = 65534
        for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
            folder.chmod(0o755)
    code, line = refused("--config", file, user=user)
    assert code == 2
    assert line.startswith(f"candor serve: {file}: the file may not be read by this user")


def test_a_log_that_cannot_be_opened(site, tmp_path):
    file = configured(tmp_path, site, "workers: 1\naccess_log: nowhere/access.log")
    code, line = refused("--config", file)
    assert code == 2
    assert line == (f'candor serve: {file}:3:13: key "access_log": "{tmp_path}/nowhere/access.log" '
                    "is in a folder that does not exist; expected stderr, off or a file that can "
                    "be written")


def made_for(folder, mode):
    """A folder with that mode which another user can reach, and that user (None: nobody else)."""
    made = folder / "made"
    made.mkdir(mode)
    made.chmod(mode)
    if os.geteuid() != 0:
        return made, None
    for around in (folder, folder.parent, folder.parent.parent):
        around.chmod(0o755)
    return made, 65534


@pytest.mark.parametrize("arguments, mode, expected", [
    ([], 0, "may not be read by this user; expected a folder that it may"),
    ([], 0o111, "may not be read by this user; expected a folder that it may"),
    (["--write"], 0o555, "may not be written by this user; expected a folder that can be written, "
                         "or write: false"),
])
def test_a_folder_without_permission(tmp_path, arguments, mode, expected):
    folder, user = made_for(tmp_path, mode)
    code, line = refused(*arguments, folder, user=user)
    assert (code, line) == (2, f"candor serve: {folder}: this {expected}")


def test_a_state_directory_without_permission(tmp_path):
    folder, user = made_for(tmp_path, 0o777)
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o555)
    code, line = refused("--write", folder, user=user, STATE_DIRECTORY=f"{state}/new")
    assert code == 2 and line.startswith(
        f"candor serve: {folder}: the store of locks and properties, which a writable folder "
        f'needs, would be "{state}/new/')
    assert line.endswith('/candor.db", which is in a folder that this user may not make; expected '
                         'another place, by the key "state" or by STATE_DIRECTORY in the '
                         "environment")
    assert not (state / "new").exists()


def test_no_place_for_state(tmp_path):
    folder, user = made_for(tmp_path, 0o777)
    if user is None:
        pytest.skip("for another user than root")
    code, line = refused("--write", folder, user=user, STATE_DIRECTORY="", XDG_STATE_HOME="",
                         HOME="")
    assert code == 2 and "has no place, as HOME is not set; expected another place" in line


def test_a_store_that_cannot_be_opened_is_told_once(site, tmp_path):
    (tmp_path / "state.db").write_text("this is no database, and long enough to be seen as none")
    folder = tmp_path / "folder"
    folder.mkdir()
    file = configured(tmp_path, folder, "workers: 1\nstate: sqlite:state.db")
    file.write_text(file.read_text().replace("root: ", "write: true, root: "))
    code, line = refused("--config", file)
    assert code == 1
    assert line.startswith("candor: state-not-opened: cannot open the store ")
    assert line.count("state.db") == 1


@pytest.mark.parametrize("address, warned", [("127.0.0.1:0", False), ("127.8.8.8:0", False),
                                             ("0.0.0.0:0", True)])
@pytest.mark.parametrize("write", [True, False])
def test_what_anybody_may_change_is_warned_of(tmp_path, address, warned, write):
    (tmp_path / "site").mkdir()
    command = [harness.CANDOR, "serve", "--listen", address, *(["--write"] if write else [])]
    started = subprocess.Popen([*command, tmp_path / "site"], stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "STATE_DIRECTORY": str(tmp_path / "state")})
    with started:
        messages = []
        while not messages or not messages[-1].startswith("listening on http://"):
            messages.append(started.stderr.readline())
            assert messages[-1], "it ended"
        started.terminate()
    assert started.returncode == 0
    warnings = [m for m in messages if m.startswith("candor: open-to-all: ")]
    assert len(warnings) == (warned and write)
    kept = [m for m in messages if m.startswith("locks and properties are kept in /")]
    assert len(kept) == write and all(m.endswith("/candor.db\n") for m in kept)


@pytest.mark.parametrize("arguments, word", [
    (["--listen", "localhost"], "is not an address"),
    (["--listen", "127.0.0.1:65536"], "has a port above 65535"),
    (["--listen"], 'a value is missing behind "--listen"'),
    (["--listen="], 'a value is missing behind "--listen"'),
    (["--config"], 'a value is missing behind "--config"'),
    (["--config", "--write"], 'a value is missing behind "--config"'),
    (["--config=a", "--config", "b"], 'there is more than one "--config"'),
    (["--listen", "1", "--listen", "2"], 'there is more than one "--listen"'),
    ([""], 'there is no folder of the name ""'),
    (["--write=yes"], 'there is no option "--write=yes"'),
    (["--bogus"], "there is no option"),
    (["--wirte"], 'did you mean "--write"?'),
    (["--lisen=127.0.0.1:0"], 'did you mean "--listen"?'),
    (["a", "b"], "it serves one folder"),
    (["--config", "a", "b"], "a configuration file says what to serve"),
])
def test_wrong_usage(site, arguments, word):
    if "--listen" in arguments and len(arguments) == 2:
        arguments = [*arguments, site]
    code, line = refused(*arguments)
    assert code == 2 and word in line
