"""Fixtures shared by all tests."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[1]

# Speed lives in benchmarks/, so no example has a deadline; CI draws the same examples every time.
settings.register_profile("suite", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("suite")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real recordings kept beside a developer's checkout, never inside it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the real recordings (../shared/data) are not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def sample_data() -> Path:
    """The sample study in the repository."""
    return ROOT / "sample_data"


@pytest.fixture(scope="session")
def tcp_cluster(tmp_path_factory):
    """Address of a Dask cluster of two worker processes."""
    from cohort_rig import tcp_cluster

    with tcp_cluster(tmp_path_factory.mktemp("cluster")) as address:
        yield address
