"""A real Chromium for the tests of the web page, watched for what no page may do."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
AXE = Path(__file__).parent / "vendor" / "axe" / "axe.min.js"
_TELL_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (e) =>
  console.error(`policy: ${e.violatedDirective} forbids ${e.blockedURI} ${e.sample}`));"""


@contextlib.contextmanager
def chromium() -> Iterator["Browser"]:
    """Start Chromium; keep it no longer than a module, its loop is in the way of asyncio tests."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    where = next((path for path in map(shutil.which, NAMES) if path), None)
    if where is None:
        pytest.skip("Chromium is not on this machine (tests/setup_system.sh brings it to Debian)")
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=where, args=["--no-sandbox"])
        try:
            yield Browser(started)
        finally:
            started.close()


class Browser:
    """Opens pages that are watched."""

    def __init__(self, started):
        self.started = started

    @contextlib.contextmanager
    def page(self, url: str, *, width=1280, height=900, scheme="light", expect=(), **context):
        """Open a page of the service at `url`; when done nothing bad may have happened in it.

        `expect` are parts of messages on the console that are meant to be there.
        """
        made = self.started.new_context(
            base_url=url, viewport={"width": width, "height": height}, color_scheme=scheme,
            reduced_motion="reduce", **context,
        )  # fmt: skip
        bad: list[str] = []
        made.add_init_script(_TELL_VIOLATIONS)
        # a blob or data address is made by the page itself
        made.on(
            "request",
            lambda r: r.url.startswith((url, "blob:", "data:")) or bad.append(f"asks {r.url}"),
        )
        page = made.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: bad.append(f"throws {error}"))
        page.on("console", lambda m: bad.append(m.text) if m.type in ("error", "warning") else None)
        try:
            yield page
        finally:
            made.close()
        unwanted = [said for said in bad if not any(part in said for part in expect)]
        assert not unwanted, unwanted


def follow(page, name: str, *, exact: bool = False) -> None:
    """Follow a link to a page that is ready: its scripts are deferred, and hear nothing before."""
    with page.expect_navigation():
        page.get_by_role("link", name=name, exact=exact).click()


def press(page, name: str) -> None:
    """Press a button that ends in another page, or in this one anew; return when that is ready."""
    with page.expect_navigation():
        page.get_by_role("button", name=name).click()


def axe(page) -> list[str]:
    """Serious and critical findings of axe-core in a page as it stands."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{v['impact']} {v['id']}: {json.dumps([n['target'] for n in v['nodes']][:4])}"
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
    ]


def picture(page, name: str) -> None:
    """Keep a picture of a page in the folder HRV_SCREENSHOTS, if somebody wants to look."""
    if folder := os.environ.get("HRV_SCREENSHOTS"):
        page.evaluate("scrollTo(0, 0)")
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def too_wide(page) -> list[str]:
    """What sticks out of a page to the right, where a page scrolls sideways."""
    return page.evaluate(
        """() => document.documentElement.scrollWidth <= innerWidth ? [] :
        [...document.querySelectorAll("main *")]
          .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 &&
                         !e.parentElement.closest(".scroll, .tabs"))
          .map((e) => e.outerHTML.slice(0, 120))"""
    )


def choose(page, selector: str, value: str) -> None:
    """Choose of a list by keyboard; never by typing its words, which a slow machine cuts short."""
    tab_to(page, selector)
    for _ in range(80):
        if page.evaluate("document.activeElement.value") == value:
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"{selector} offers no {value!r}")


def tab_to(page, selector: str, most: int = 80) -> None:
    """Press Tab until the focus is on what a selector names, as who has no mouse does."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{most} times Tab did not come to {selector}")


_BEGIN = """() => {
  const reachable = () => [...document.querySelectorAll(
      "a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter((e) => !e.disabled && e.checkVisibility({visibilityProperty: true}) &&
      e.tabIndex >= 0 && e.type !== "hidden" &&
      // of buttons that exclude each other Tab comes to the chosen one, arrows to the others
      !(e.type === "radio" && !e.checked && e.form.querySelector(`[name="${e.name}"]:checked`)));
  const met = new WeakSet(), first = reachable();
  // a live page replaces elements while Tab goes round: what took their place is to be met then
  const left = () => [...new Set([...first.filter((e) => e.isConnected), ...reachable()])]
    .filter((e) => !met.has(e)).map((e) => e.outerHTML.slice(0, 120));
  window.focusMet = () => { const e = document.activeElement;
    const styles = [null, "::after"].map((p) => getComputedStyle(e, p).outlineStyle);
    if (styles.some((style) => style !== "none")) met.add(e);
    return left(); };
  return left(); }"""


def unreached(page) -> list[str]:
    """What Tab does not come to on a page, or comes to without showing it."""
    left = page.evaluate(_BEGIN)
    assert left, f"nothing on {page.url} can be reached"
    for _ in range(6 * len(left)):  # a date has several parts
        page.keyboard.press("Tab")
        left = page.evaluate("focusMet()")
        if not left:
            break
    return left
