"""Make the README's pictures of mitmweb: what the demo asks, replayed from the recordings that come with the project.

    uv run python -m scripts.screenshots

Needs Chromium, and a font with emoji for the marks; on Debian: apt-get install chromium fonts-noto-color-emoji. Neither
a key nor a network. Two runs differ in times measured, and in the digits that link the flows of an exchange.
"""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, FloatRect, Locator, expect

from addon.environment import PROJECT_ROOT
from addon.option_table import API_KEY, BASE_URL, RECORD_MODE, RECORDINGS
from scripts.benchmark.proxies import free_port
from scripts.demo_asking import ask, gone_on
from scripts.demo_requests import LIMITED, OUTING, RAIN, REFUSED, THOUGHTFUL
from scripts.mitmweb_page import CHROMIUM, NO_CHROMIUM, MitmwebPage, chromium, opened
from scripts.proxy_process import LOOPBACK, running_proxy

FOLDER: Final = PROJECT_ROOT / "docs"

HEADERS: Final = {"Host": "localhost:11434"}
"""As a client writes it that finds the proxy on Ollama's port, wherever this one listens."""

SETTINGS: Final = {API_KEY.name: "", BASE_URL.variables[0]: "http://127.0.0.1:9100/v1"}
"""No key, and the upstream with which the recordings were made; nothing is asked of it."""

COLUMNS: Final = ("path", "method", "status", "size", "time", "comment")
"""Of the flow list, as scripts/run_web.sh chooses them."""

FLOWS: Final = 12
"""How many there are when everything is asked."""

WEB_ADDRESS: Final = re.compile(r"Web server listening at (\S+)")

MARGIN: Final = 8
"""Pixels below the last thing that a picture shows."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture shows.

    Attributes:
        name: Of the file.
        flow: Which one is open, from 0.
        tab: Of that flow.
        view: The contentview that opens by itself, or empty for a tab without one.
        texts: What is to be read, besides much else, in the open flow.
        width: Of the window, in pixels; a flow has the half of it.
        whole: Whether it shows the whole page down to the last flow, not the open flow alone.
    """

    name: str
    flow: int
    tab: str
    view: str
    texts: tuple[str, ...]
    width: int
    whole: bool = False


OLLAMA: Final = "Ollama exchange"
OPENAI: Final = "OpenAI SSE"

REQUEST_TEXTS: Final = ("renamed", "dropped", "defaulted", "tool get_weather: 3 °C", "Get the weather in a city")
ANSWER_TEXTS: Final = ("A leap year has 366 days.", "The user wrote 7 words.", "tokens/s", "13 chunks")
UPSTREAM_TEXTS: Final = ("A leap year has 366 days.", "The user wrote 7 words.", "14 chunks", "reasoning_content")

PICTURES: Final = (
    Picture("mitmweb-flows.png", 2, "Comment", "", ("gpt-4o · 11 + 5 tokens", "dropped: options."), 1280, whole=True),
    Picture("mitmweb-request.png", 2, "Request", OLLAMA, REQUEST_TEXTS, 2000),
    Picture("mitmweb-answer.png", 4, "Response", OLLAMA, ANSWER_TEXTS, 1890),
    Picture("mitmweb-upstream.png", 5, "Response", OPENAI, UPSTREAM_TEXTS, 1890),
)
"""A tool's result with options that OpenAI does not have; an answer with reasoning, as the client and as we got it."""


def main() -> None:
    """Make the pictures in the place of those that are there."""
    parser = argparse.ArgumentParser(description="Make the README's pictures of mitmweb.")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where they go (default: %(default)s)")
    folder: Path = parser.parse_args().folder
    if CHROMIUM is None:
        raise SystemExit(NO_CHROMIUM)
    folder.mkdir(parents=True, exist_ok=True)
    web = ["--no-web-open-browser", "--web-host", LOOPBACK, "--web-port", str(free_port())]
    options = [f"{RECORD_MODE.name}=none", f"{RECORDINGS.name}={PROJECT_ROOT / 'recordings'}"]
    options += [f"web_columns={column}" for column in COLUMNS]
    arguments = [*web, *(part for option in options for part in ("--set", option))]
    with running_proxy(arguments, SETTINGS, "mitmweb") as proxy, chromium() as browser:
        address = proxy.wait_for(WEB_ADDRESS)[1]
        empty(browser, address)
        ask_everything(proxy.port)
        for picture in PICTURES:
            png = taken(browser, address, picture)
            (folder / picture.name).write_bytes(png)
            print(f"{folder / picture.name}: {len(png):,} bytes")


def empty(browser: Browser, address: str) -> None:
    """Delete the one flow that there is: that by which the proxy was seen to work.

    Args:
        browser: Which shows the page.
        address: mitmweb's, with its token.
    """
    with opened(browser, address, 1280, 720, MitmwebPage) as mitmweb:
        mitmweb.open(mitmweb.rows.first, "Request")
        mitmweb.press("Delete")
        expect(mitmweb.rows).to_have_count(0)


def ask_everything(port: int) -> None:
    """Ask what the pictures show, one after the other.

    Args:
        port: Of the proxy, on 127.0.0.1.
    """
    asked = ask(port, "POST", "/api/chat", OUTING, HEADERS)
    ask(port, "POST", "/api/chat", gone_on(OUTING, asked.body, RAIN[:1]), HEADERS)
    for method, path, body in (THOUGHTFUL, REFUSED, LIMITED):
        ask(port, method, path, body, HEADERS)


def taken(browser: Browser, address: str, picture: Picture) -> bytes:
    """A picture, as PNG.

    Args:
        browser: Which shows the page.
        address: mitmweb's, with its token.
        picture: What it is to show.

    Raises:
        AssertionError: The page does not show it.
    """
    with opened(browser, address, picture.width, 1200, MitmwebPage) as mitmweb:
        page = mitmweb.page
        expect(mitmweb.rows).to_have_count(FLOWS)
        mitmweb.open(mitmweb.rows.nth(picture.flow), picture.tab)
        detail = page.locator(".flow-detail")
        if picture.view:
            expect(mitmweb.view_name).to_have_text(picture.view)
        for text in picture.texts:
            expect(detail).to_contain_text(text)
        detail.evaluate("() => document.activeElement.blur()")
        page.mouse.move(0, 0)
        last = mitmweb.rows.last if picture.whole else mitmweb.content
        clip = down_to(page.locator("body") if picture.whole else detail, last)
        return page.screenshot(clip=clip, animations="disabled")


def down_to(part: Locator, last: Locator) -> FloatRect:
    """A part of the page as far as something in it, with a margin."""
    whole, end = part.bounding_box(), last.bounding_box()
    assert whole
    assert end
    return {**whole, "height": end["y"] + end["height"] + MARGIN - whole["y"]}


if __name__ == "__main__":
    main()
