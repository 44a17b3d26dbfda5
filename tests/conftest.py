# SPDX-License-Identifier: MIT
"""The test of the outcomes comes last: it looks at what all others saw."""
from pathlib import Path

TALKING = {"wire", "semantics", "files", "dav", "gateway", "mock"}  # whose tests provoke outcomes


def pytest_collection_modifyitems(config, items):
    last = [item for item in items if item.path.parent.name == "outcomes"]
    items[:] = [item for item in items if item not in last] + last
    folders = {Path(item.path).parent.name for item in items}
    config.whole_run = TALKING <= folders
