"""mitmweb's page in Debian's Chromium, and whatever it was sent."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, Request, Response, WebSocket, expect

from scripts.mitmweb_page import CHROMIUM, NO_CHROMIUM, MitmwebPage, opened
from tests.web import Web

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)


class WatchedPage(MitmwebPage):
    """A page that is watched and changed."""

    def __init__(self, page: Page) -> None:
        super().__init__(page)
        self._asked: list[Request] = []
        self._frames: list[str] = []
        page.on("requestfinished", lambda request: self._asked.append(request))  # Playwright takes no `append`
        page.on("websocket", self._listen)

    def row(self, path: str) -> Locator:
        """The rows of requests to this path."""
        return self.rows.filter(has=self.page.locator(".col-path", has_text=path))

    def mark(self, row: Locator) -> Locator:
        """A row's mark; its text is empty where there is none."""
        return row.locator(".marker")

    def find(self, expression: str) -> None:
        """Show only the flows that a filter expression finds; all with an empty one. Before a flow is opened."""
        self.page.get_by_placeholder("Search").fill(expression)

    def edit(self, content: str) -> None:
        """Type another content over that of the message that is shown."""
        self.page.locator(".contentview button", has_text="Edit").click()
        editor = self.page.locator(".codeeditor .cm-content")
        expect(editor).not_to_be_empty()  # what comes later would be put over what is typed
        editor.click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(content)
        self.page.locator(".contentview button", has_text="Done").click()
        expect(editor).to_be_hidden()

    def everything_seen(self) -> str:
        """What the page shows when each flow is opened and each of its tabs."""
        seen = []
        for row in self.rows.all():
            self.cell(row, "path").click()
            for tab in self.page.locator(".flow-detail nav a").all():
                tab.click()
                expect(self.view_name.filter(has_text="Loading")).to_have_count(0)
                seen.append(self.page.locator("body").inner_text())
        return "\n".join(seen)

    def everything_received(self) -> str:
        """Whatever mitmweb has sent to the page so far: bodies and headers of its answers, and the websocket's frames.

        Files of mitmweb itself are left out.
        """
        answers = [each.response() for each in self._asked if "/static/" not in each.url]
        return "\n".join([*(_heard(each) for each in answers if each), *self._frames])

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self._frames.append(str(frame)))


def _heard(answer: Response) -> str:
    # Of an empty body Chromium says that there is none.
    body = b"" if answer.headers.get("content-length") == "0" else answer.body()
    return f"{answer.headers}\n{body.decode('utf-8', 'replace')}"


@contextmanager
def page_of(browser: Browser, web: Web) -> Iterator[WatchedPage]:
    """mitmweb's page, as soon as it has all that there is, until the block ends."""
    with opened(browser, web.address, 1600, 1200, WatchedPage) as page:
        yield page
