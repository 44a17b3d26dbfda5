# SPDX-License-Identifier: MIT
"""litmus, the suite for WebDAV servers (RFC 4918): every test passes, without a warning."""
import re
import shutil
import subprocess

import pytest

from site_of_dav import config, Server, strays

SUITES = ["basic", "copymove", "props", "locks", "http"]


@pytest.mark.skipif(not shutil.which("litmus"), reason="litmus is not installed")
@pytest.mark.parametrize("suite", SUITES)
def test_suite_passes_without_a_warning(tmp_path, suite):
    root, work = tmp_path / "root", tmp_path / "work"
    root.mkdir()
    work.mkdir()
    with Server(root, config=config(2)) as server:
        told = subprocess.run(["litmus", "-k", f"http://127.0.0.1:{server.port}/"], cwd=work,
                              env={"PATH": "/usr/bin:/bin", "TESTS": suite}, timeout=60,
                              capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout
    ran, passed, failed = map(int, re.search(r"of (\d+) tests run: (\d+) passed, (\d+) failed",
                                             told.stdout).groups())
    assert ran == passed and ran > 3 and failed == 0, told.stdout
    assert "WARNING" not in told.stdout and "warning" not in told.stdout, told.stdout
    assert "SKIPPED" not in told.stdout and "skipped" not in told.stdout, told.stdout
    assert not strays(root)
