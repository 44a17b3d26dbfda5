# SPDX-License-Identifier: MIT
"""One browser for all tests of this folder that need no special one."""
import pytest
from webdriver import DRIVER, Browser


@pytest.fixture(scope="module")
def shared_browser():
    if DRIVER is None:
        pytest.skip("there is no chromedriver")
    with Browser() as browser:
        yield browser


@pytest.fixture
def browser(shared_browser):
    """Leaves no complaint behind: neither of the script nor of the page's policy."""
    shared_browser.log()
    yield shared_browser
    shared_browser.open("about:blank")
