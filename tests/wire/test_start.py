# SPDX-License-Identifier: MIT
"""What keeps a server from starting is told in one clear sentence, with exit code 1 for what may
be otherwise next time and 2 for what was asked wrongly."""
import os
import subprocess

import pytest

import harness


def refused(*arguments, user=None):
    """candor serve, which must end by itself: its exit code and the only line it wrote."""
    done = subprocess.run([harness.CANDOR, "serve", *map(str, arguments)], capture_output=True,
                          text=True, timeout=harness.DEADLINE, user=user, check=False)
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
    assert code == 2 and line.startswith("candor serve: /nowhere.yaml:1:1: the file does not exist")


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
    assert line.startswith(f"candor serve: {file}:1:1: the file may not be read by this user")


def test_a_log_that_cannot_be_opened(site, tmp_path):
    file = configured(tmp_path, site, "workers: 1\naccess_log: nowhere/access.log")
    code, line = refused("--config", file)
    assert code == 1
    assert line == (f"candor: access-log-not-opened: the access log {tmp_path}/nowhere/access.log "
                    "cannot be opened: No such file or directory")


@pytest.mark.parametrize("arguments, word", [
    (["--listen", "localhost"], "is not an address"),
    (["--listen", "127.0.0.1:65536"], "is not an address"),
    (["--listen"], "is not an address"),
    (["--bogus"], "there is no option"),
    (["a", "b"], "it serves one folder"),
    (["--config", "a", "b"], "a configuration file says what to serve"),
])
def test_wrong_usage(site, arguments, word):
    if "--listen" in arguments and len(arguments) > 1:
        arguments = [*arguments, site]
    code, line = refused(*arguments)
    assert code == 2 and word in line
