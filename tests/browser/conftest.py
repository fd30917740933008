"""A real browser: Debian's Chromium. Without it these tests are skipped; in CI they fail."""

from __future__ import annotations

import os
import shutil
from importlib import resources

import pytest

PATHS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="package")  # its event loop must not outlast these tests
def browser():
    from playwright.sync_api import sync_playwright

    found = next(filter(None, map(shutil.which, PATHS)), None)
    if found is None:
        if os.environ.get("CI"):
            pytest.fail("expected a browser, found none; install chromium")
        pytest.skip("no browser here: install chromium")
    flags = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
    with sync_playwright() as started:
        opened = started.chromium.launch(executable_path=found, args=flags)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker's script."""
    return (resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def violations(page, axe: str) -> list[str]:
    """Return what the accessibility checker finds on a page."""
    page.evaluate(axe)
    found = page.evaluate("() => axe.run().then((all) => all.violations)")
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found]
