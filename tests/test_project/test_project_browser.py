"""The report opens in a real browser: nothing is fetched, no script runs, no table runs out of the page."""

import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

BROWSER = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
MISSING = [
    what
    for what, here in (("a Chromium", BROWSER), ("the extra browser", find_spec("playwright")))
    if not here
]
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(MISSING), reason=f"left out for want of {' and '.join(MISSING)}"),
]


@pytest.fixture(scope="module")
def page(demo: tuple[Path, str]) -> Iterator[tuple[Any, list[str], list[str]]]:
    """The opened report, the addresses it asked for, and what its console said."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=BROWSER, args=list(FLAGS))
        opened = browser.new_page(viewport={"width": 1100, "height": 1400})
        asked: list[str] = []
        said: list[str] = []
        opened.on("request", lambda request: asked.append(request.url))
        opened.on("console", lambda message: said.append(message.text))
        opened.goto((demo[0] / "research" / "report.html").as_uri())
        yield opened, asked, said
        browser.close()


def test_nothing_is_fetched_and_nothing_complains(page: tuple[Any, list[str], list[str]]) -> None:
    opened, asked, said = page
    assert {url.split(":")[0] for url in asked} <= {"file", "data"}
    assert len([url for url in asked if url.startswith("file:")]) == 1
    assert said == []
    assert opened.locator("script").count() == 0


def test_every_picture_is_drawn_and_no_table_runs_out(page: tuple[Any, list[str], list[str]]) -> None:
    opened = page[0]
    widths = opened.eval_on_selector_all("img", "images => images.map(image => image.naturalWidth)")
    assert len(widths) >= 3
    assert min(widths) > 300
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_it_is_japanese_and_says_that_it_is_training(page: tuple[Any, list[str], list[str]]) -> None:
    opened = page[0]
    assert opened.locator("html").get_attribute("lang") == "ja"
    assert "訓練用" in opened.locator("body").inner_text()
    assert opened.locator("table").count() >= 5
