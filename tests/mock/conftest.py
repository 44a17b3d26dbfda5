# SPDX-License-Identifier: MIT
import pytest

from harness import Server

CONFIG = """\
workers: 2
limits: { stop_timeout: 5s }
routes:
  - { path: /, mock: { seed: 7 } }
  - { path: /below/it/, mock: {} }
"""


@pytest.fixture(scope="session")
def mock():
    with Server(config=CONFIG) as running:
        running.config = CONFIG
        yield running
