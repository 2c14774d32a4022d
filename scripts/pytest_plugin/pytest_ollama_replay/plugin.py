"""Hooks and fixtures: a server for each test that asks for one, and its log in the report of a test that fails."""

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Final

import pytest

from .installation import proxy_folder
from .options import RECORD_MODES, proxy_options, recordings_folder
from .process import LOOPBACK, OllamaReplay, start

Start = Callable[..., AbstractContextManager[OllamaReplay]]
"""What `ollama_replay_factory` gives: it is called with a folder, and options by their names without `ollama_`."""

_PROXIES: Final = pytest.StashKey[list[OllamaReplay]]()
"""Those whose log has not been read to its end."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of the command line and of the ini file."""
    group = parser.getgroup("ollama-replay")
    group.addoption("--ollama-record-mode", choices=RECORD_MODES, help="Of all servers; else the marker's, or none.")
    group.addoption(
        "--ollama-replay-speed",
        help="original, instant, or a factor such as 2 for twice as fast; else the marker's, or instant.",
    )
    parser.addini("ollama_proxy_dir", "Folder of ollama-openai-proxy; OLLAMA_PROXY_DIR in the environment wins.")
    parser.addini("ollama_proxy_options", "Options of the proxy, one a line: NAME=VALUE, without ollama_.", "linelist")
    parser.addini(
        "ollama_replay_port", "One port for all servers, named by OLLAMA_HOST from the start; else free ones."
    )


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Name the server in OLLAMA_HOST before any module of the tests is imported, if its port is known."""
    if port := _fixed_port(early_config):
        patch = pytest.MonkeyPatch()
        patch.setenv("OLLAMA_HOST", f"http://{LOOPBACK}:{port}")
        early_config.add_cleanup(patch.undo)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker."""
    config.stash[_PROXIES] = []
    config.addinivalue_line(
        "markers",
        "ollama_replay(folder, **options): an Ollama server for the test, which OLLAMA_HOST names; its recordings are "
        "in `folder` beside the test's file; `options` are the proxy's, without ollama_, such as record_mode='once'.",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Put the log into the report; a server of this test alone has written all of it by now."""
    try:
        return (yield)
    finally:
        proxies = item.config.stash[_PROXIES]
        for proxy in list(proxies):
            if text := proxy.unread():
                item.add_report_section("teardown", "ollama-openai-proxy", text)
            if not proxy.runs:
                proxies.remove(proxy)


@pytest.fixture(scope="session")
def ollama_replay_factory(pytestconfig: pytest.Config) -> Start:
    """Serves a folder of recordings for the length of a `with` block, which gets what `ollama_replay` gives a test."""

    def serving(folder: str | os.PathLike[str], **options: object) -> AbstractContextManager[OllamaReplay]:
        return _serving(pytestconfig, Path(folder), options)

    return serving


@pytest.fixture
def ollama_replay(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, ollama_replay_factory: Start
) -> Iterator[OllamaReplay]:
    """An Ollama server for this test, recorded or replayed; OLLAMA_HOST names it, and so does `.url`."""
    folder = recordings_folder(request.path, request.cls, request.node.name)
    options: dict[str, object] = {}
    for marker in reversed(list(request.node.iter_markers("ollama_replay"))):  # the nearest last
        if len(marker.args) > 1 or not all(isinstance(each, str | os.PathLike) for each in marker.args):
            pytest.fail(f"the marker ollama_replay takes one folder, and was given {marker.args!r}", pytrace=False)
        folder = request.path.parent.joinpath(*marker.args) if marker.args else folder
        options |= marker.kwargs
    with ollama_replay_factory(folder, **options) as proxy:
        monkeypatch.setenv("OLLAMA_HOST", proxy.url)
        yield proxy


@pytest.fixture(autouse=True)
def _ollama_replay_of_marker(request: pytest.FixtureRequest) -> None:
    """Start the server of a marked test that does not name the fixture."""
    if request.node.get_closest_marker("ollama_replay"):
        request.getfixturevalue("ollama_replay")


@contextmanager
def _serving(config: pytest.Config, folder: Path, given: Mapping[str, object]) -> Iterator[OllamaReplay]:
    command_line = {name: config.getoption(f"ollama_{name}") for name in ("record_mode", "replay_speed")}
    try:
        options = proxy_options(config.getini("ollama_proxy_options"), given, command_line)
        if options["record_mode"] == "none" and not any(folder.glob("*.json")):
            raise ValueError(
                f"there are no recordings in {str(folder)!r}: make them with pytest --ollama-record-mode=once, and "
                "OPENAI_API_KEY in the environment (and OPENAI_BASE_URL for another server than OpenAI's)"
            )
        where = proxy_folder(os.environ, config.getini("ollama_proxy_dir"), config.rootpath)
        proxy = start(where, options, folder, _fixed_port(config))
    except ValueError as error:
        raise pytest.fail.Exception(str(error), pytrace=False) from None
    config.stash[_PROXIES].append(proxy)
    try:
        yield proxy
    finally:
        code = proxy.stop()
    if not proxy.stopped:
        pytest.fail(f"ollama-openai-proxy ended by itself with exit code {code}, see its log", pytrace=False)


def _fixed_port(config: pytest.Config) -> int | None:
    text = config.getini("ollama_replay_port")
    if text and not (text.isdecimal() and 0 < int(text) < 65536):
        raise pytest.UsageError(f"ollama_replay_port is {text!r}: give a port from 1 to 65535")
    return int(text) if text else None
