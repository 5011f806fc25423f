"""The guide builds without a warning, its notebooks run, and the service shows it, strictly."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import browser
import httpx
import pytest
from serving import serving

from api.web import guide

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(
    not (ROOT / "Makefile").is_file(), reason="runs in a checkout, not on the built wheel"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Build the guide as `make guide` does, notebooks and all."""
    for needed in ("sphinx", "furo", "myst_nb", "latex2mathml"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed (requirements/docs.txt)")
    folder = tmp_path_factory.mktemp("guide")
    bin_first = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html",
         "-d", str(folder / "seen"), str(ROOT / "docs"), str(folder / "html")],
        env={**os.environ, "PATH": bin_first, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, timeout=590,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return folder / "html"


@pytest.fixture
def built(site, monkeypatch):
    monkeypatch.setattr(guide, "FOLDER", site)


def test_the_notebooks_ran_and_answered(site):
    for name, said in (
        ("stress-test", "true tau"),
        ("self-experiment", "true effect"),
        ("cohort", "Residual activation was"),
    ):
        page = (site / "notebooks" / f"{name}.html").read_text()
        assert said in page
        assert "Traceback" not in page


def test_nothing_is_fetched_from_elsewhere(site):
    for page in site.rglob("*.html"):
        text = page.read_text()
        for tag in ("<script src=", '<link rel="stylesheet" href=', "<img src="):
            assert f'{tag}"http' not in text.replace("'", '"'), page
    assert "<math" in (site / "science" / "metrics.html").read_text()


def test_the_service_shows_the_guide_under_a_strict_policy(built, tmp_path):
    with (
        browser.chromium() as chromium,
        serving(str(tmp_path / "store")) as url,
        chromium.page(url) as page,
    ):
        page.goto("/docs/guide")
        assert page.title().startswith("HRV Recovery")
        page.goto("/docs/guide/science/metrics.html#rmssd")
        assert page.locator("math").count() > 50
        page.goto("/docs/guide/notebooks/stress-test.html")
        assert page.locator("img").count() >= 4
        page.goto("/docs/guide/search.html?q=tachogram")
        page.wait_for_selector("#search-results li")


def test_files_outside_of_the_guide_stay_where_they_are(built, tmp_path):
    with serving(str(tmp_path / "store")) as url:
        for name in ("../app.py", "%2e%2e/app.py", "no-such-page.html"):
            assert httpx.get(f"{url}/docs/guide/{name}").status_code == 404


def test_an_installation_without_the_guide_says_how_to_have_it(monkeypatch, tmp_path):
    monkeypatch.setattr(guide, "FOLDER", tmp_path / "none")
    with serving(str(tmp_path / "store")) as url:
        answer = httpx.get(f"{url}/docs/guide/", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "make guide" in answer.text
