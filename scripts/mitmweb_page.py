"""mitmweb's page in Debian's Chromium, used as a person uses it: by what is seen, clicked and typed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

CHROMIUM: Final = shutil.which("chromium")
NO_CHROMIUM: Final = "chromium is not on PATH, and Playwright's own is not downloaded: apt-get install chromium"

PATIENCE: Final = 15_000
"""Milliseconds that anything on a page may take."""


class MitmwebPage:
    """A page that shows the flow list, and beside it the flow that was opened last.

    Attributes:
        page: Playwright's.
        rows: The flow list, a row each. It draws only what fits on the page, which is some forty.
        view_name: The contentview that shows the message, as it names itself.
        content: What the contentview shows.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.rows = page.locator(".flow-table tr.has-request")
        self.view_name = page.locator(".contentview h5")
        self.content = page.locator(".contentview pre")

    def cell(self, row: Locator, column: str) -> Locator:
        """A row's cell: `path`, `method`, `status`, `size`, `time`, `comment`."""
        return row.locator(f".col-{column}")

    def open(self, row: Locator, tab: str) -> None:
        """Show a flow: its `Request`, `Response`, `Error`, `Connection`, `Timing` or `Comment`."""
        self.cell(row, "path").click()
        self.page.locator(".flow-detail nav a", has_text=tab).click()

    def press(self, button: str) -> None:
        """Press a button of the menu above: `Replay`, `Duplicate`, `Revert`, `Delete`."""
        self.page.locator("header button", has_text=button).click()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium without a window, until the block ends. Meanwhile the thread runs no other event loop."""
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM) as browser:
        yield browser


@contextmanager
def opened[P: MitmwebPage](browser: Browser, address: str, width: int, height: int, kind: type[P]) -> Iterator[P]:
    """The page, as soon as it has all that there is, until the block ends.

    Args:
        browser: Which shows it.
        address: With what lets in.
        width: Of the window, in pixels.
        height: Of the window.
        kind: What reads the page.
    """
    expect.set_options(timeout=PATIENCE)
    with browser.new_context(viewport={"width": width, "height": height}) as context:
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        mitmweb = kind(page)
        page.goto(address)
        expect(page.locator(".connection-indicator")).to_have_text("connected")
        yield mitmweb
