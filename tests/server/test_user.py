# SPDX-License-Identifier: MIT
"""The user that the server becomes when root starts it (`user`, `group`)."""
import grp
import os
import pwd
import re
import subprocess
import tempfile
from pathlib import Path

import pytest

from harness import CANDOR
from site_of_dav import ask, Server

NOBODY = pwd.getpwnam("nobody")
CONFIG = """\
workers: 2
user: nobody
{more}routes:
  - path: /
    files: {{ root: '{{root}}', write: true }}
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def of_process(server, key):
    """The numbers of a line of /proc/PID/status, of each of its threads."""
    told = set()
    for thread in os.listdir(f"/proc/{server.process.pid}/task"):
        with open(f"/proc/{server.process.pid}/task/{thread}/status", encoding="ascii") as status:
            told.add(re.search(rf"^{key}:\t*(.*)$", status.read(), re.MULTILINE).group(1).strip())
    assert len(told) == 1
    return told.pop().split()


@pytest.fixture
def root():
    """Where everybody may go, which pytest's own folders are not."""
    with tempfile.TemporaryDirectory(prefix="candor-user-") as folder:
        os.chmod(folder, 0o755)
        root = Path(folder) / "root"
        root.mkdir()
        os.chown(root, NOBODY.pw_uid, NOBODY.pw_gid)
        yield root


def test_every_thread_becomes_the_user_for_good(root):
    (root / "secret").write_text("of root")
    os.chmod(root / "secret", 0o600)
    with Server(root, config=CONFIG.format(more="")) as server:
        assert of_process(server, "Uid") == [str(NOBODY.pw_uid)] * 4
        assert of_process(server, "Gid") == [str(NOBODY.pw_gid)] * 4
        assert of_process(server, "Groups") in ([], [str(NOBODY.pw_gid)])
        assert of_process(server, "CapEff") == ["0" * 16]
        assert of_process(server, "NoNewPrivs") == ["1"]
        assert ask(server, "GET", "/secret").status == 403
        assert ask(server, "PUT", "/new", content=b"x").status == 201
        assert ask(server, "PROPPATCH", "/new", content=(
            b'<propertyupdate xmlns="DAV:"><set><prop><a xmlns="u">1</a></prop></set>'
            b"</propertyupdate>")).status == 207  # the store is the user's own
    assert (root / "new").stat().st_uid == NOBODY.pw_uid


def test_a_group_may_be_named(root):
    group = grp.getgrnam("daemon")
    with Server(root, config=CONFIG.format(more="group: daemon\n")) as server:
        assert of_process(server, "Gid") == [str(group.gr_gid)] * 4


def start(folder, text, **how):
    (folder / "candor.yaml").write_text(text.replace("{root}", str(folder / "root")))
    return subprocess.run([CANDOR, "serve", "--listen", "127.0.0.1:0", "--config",
                           folder / "candor.yaml"], capture_output=True, text=True, check=False,
                          timeout=60, **how)


def test_who_is_not_root_cannot_become_another(root):
    done = start(root.parent, CONFIG.format(more="").replace("nobody", "daemon"), user="nobody")
    assert done.returncode == 1 and "user-not-become" in done.stderr
    assert "cannot become the user" in done.stderr and "start it as root" in done.stderr


def test_a_user_that_there_is_not_is_refused_with_its_place(root):
    done = start(root.parent, CONFIG.format(more="").replace("nobody", "no-such-user"))
    assert done.returncode == 2
    assert 'candor.yaml:2:7: key "user": "no-such-user" is not a user' in done.stderr
