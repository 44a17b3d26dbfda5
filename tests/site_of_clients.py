# SPDX-License-Identifier: MIT
"""Fixtures: a folder that clients may write, and its server, of each test."""
import pytest

from site_of_dav import Server, config


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    return root


@pytest.fixture
def server(root):
    with Server(root, config=config(2)) as server:
        yield server
