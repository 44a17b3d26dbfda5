# SPDX-License-Identifier: MIT
"""Fixtures: a server for uploads, of a module, and a folder in it for each test."""
import re

import pytest

from site_of_dav import Server, config


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("uploads")


@pytest.fixture(scope="module")
def server(folder):
    with Server(folder, config=config(max_upload=10_000_000)) as server:
        yield server


@pytest.fixture
def root(folder, request):
    """A folder of the test's own; its address is "/NAME/"."""
    root = folder / re.sub(r"\W", "-", request.node.name)
    root.mkdir()
    return root


@pytest.fixture
def at(root):
    return f"/{root.name}/"
