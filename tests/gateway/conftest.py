# SPDX-License-Identifier: MIT
import pytest

from site_of_gateway import Upstream, gateway


@pytest.fixture(scope="module", name="upstream")
def fixture_upstream():
    with Upstream() as upstream:
        yield upstream


@pytest.fixture(scope="module", name="server")
def fixture_server(upstream):
    with gateway(upstream) as server:
        yield server
