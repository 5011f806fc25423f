"""A browser, and services with nothing in them, for the tests of the pages."""

import browser
import pytest
from serving import serving


@pytest.fixture(scope="module")
def chromium():
    """A real Chromium; its pages are watched (see `browser.Browser.page`)."""
    with browser.chromium() as started:
        yield started


@pytest.fixture
def empty_url(tmp_path):
    """A service with an empty store."""
    with serving(str(tmp_path / "store")) as url:
        yield url
