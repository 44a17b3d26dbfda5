# SPDX-License-Identifier: MIT
"""Every outcome of the registry was provoked for real by some test of this run."""
import re

import pytest

import harness


# What only a failure of the system brings about, which sanitizers do not let be made: tests/faults.
BY_FAULTS = {"done-untold"}
HAS_FAULTS = (harness.CANDOR.parent / "tests/faults/libfaults.so").exists()


def registered():
    text = (harness.ROOT / "src/registry/outcome.def").read_text()
    return set(re.findall(r'^OUTCOME\(\w+, "([a-z0-9-]+)"', text, re.MULTILINE))


def test_every_outcome_was_seen_in_an_access_log(request):
    if not request.config.whole_run:
        pytest.skip("only when all tests that talk to the server ran")
    missing = sorted(registered() - harness.OUTCOMES - (set() if HAS_FAULTS else BY_FAULTS))
    assert not missing, f"no test provokes: {', '.join(missing)}"


def test_no_other_outcome_was_seen():
    assert harness.OUTCOMES <= registered()
