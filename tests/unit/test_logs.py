"""Levels, JSON lines, and the line of an exchange."""

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from mitmproxy.log import ALERT
from mitmproxy.options import Options
from mitmproxy.tools.dump import DumpMaster

from addon import logs
from addon.exchange import ExchangeRecord
from addon.logs import exchange_line, level_of, log_exchange
from addon.settings import settings_from
from tests.setting_sources import options, outside

RECORD = ExchangeRecord(
    request_id="abc",
    upstream_request_id="req_1",
    route="POST /api/chat",
    model="gpt-4o",
    status=200,
    ttft_ms=312.4,
    duration_ms=1900.0,
    prompt_tokens=12,
    output_tokens=48,
    retries=(),
    replay="",
    notes=("top_k: dropped", "seed: sent"),
    error=None,
    client=("127.0.0.1", 50000),
)


@pytest.fixture(autouse=True)
def levels() -> Iterator[None]:
    """Loggers are global: their levels are put back."""
    names = ("", logs.OWN, *logs.LIBRARIES)
    before = {name: logging.getLogger(name).level for name in names}
    logging.getLogger().setLevel(logging.DEBUG)  # as mitmproxy does
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


def printed(
    act: Callable[[DumpMaster], None], *, with_termlog: bool = True, with_dumper: bool = True, **changes: Any
) -> list[str]:
    """The lines that a real mitmdump prints while `act` runs."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")

    async def run() -> None:
        master = DumpMaster(Options(), with_termlog=with_termlog, with_dumper=with_dumper)
        if with_termlog:
            master.addons.get("termlog").logger.file = out
        try:
            master.options.update(**changes)
            act(master)
        finally:
            await master.done()

    asyncio.run(run())
    out.flush()
    assert isinstance(out.buffer, io.BytesIO)
    return out.buffer.getvalue().decode().splitlines()


def written_as_json(act: Callable[[], None]) -> list[dict[str, Any]]:
    def run(master: DumpMaster) -> None:
        logs.use_json(master)
        act()

    return [json.loads(line) for line in printed(run)]


def test_the_line_tells_the_exchange() -> None:
    assert exchange_line(RECORD) == (
        "POST /api/chat gpt-4o 200 ttft 312 ms, 1.9 s, 12+48 tokens, id=abc upstream=req_1 [top_k: dropped; seed: sent]"
    )


def test_the_line_leaves_out_what_is_not_known() -> None:
    bare = replace(RECORD, upstream_request_id="", model="", ttft_ms=None, notes=(), prompt_tokens=None)
    assert exchange_line(bare) == "POST /api/chat 200 1.9 s, ?+48 tokens, id=abc"
    assert exchange_line(replace(bare, output_tokens=None)) == "POST /api/chat 200 1.9 s, id=abc"


@pytest.mark.parametrize(
    ("retries", "told"), [(("429",), " retried once (429) "), (("503", "gone"), " retried 2 times (503, gone) ")]
)
def test_the_line_tells_retries_and_their_reasons(retries: tuple[str, ...], told: str) -> None:
    assert told in exchange_line(replace(RECORD, retries=retries))


def test_the_line_names_the_recording_that_was_replayed() -> None:
    assert " replay=chat-hello-1 " in exchange_line(replace(RECORD, replay="chat-hello-1"))
    assert "replay" not in exchange_line(RECORD)


def test_what_came_from_outside_cannot_break_the_line() -> None:
    line = exchange_line(replace(RECORD, model="a\nb\u2028\x1b[31m", error="one\r\ntwo " + "x" * 1000))
    assert line.isprintable()
    assert " a b [31m 200 " in line
    assert line.endswith("x…")
    assert len(line) < 800


@pytest.mark.parametrize(
    ("status", "error", "level"),
    [
        (200, None, logging.INFO),
        (200, "cut", logging.WARNING),
        (404, "model 'x' not found", logging.INFO),
        (502, "unreachable", logging.WARNING),
    ],
)
def test_what_an_operator_should_look_at_is_a_warning(status: int, error: str | None, level: int) -> None:
    assert level_of(replace(RECORD, status=status, error=error)) == level


def test_an_exchange_is_one_text_line_with_the_client_in_front() -> None:
    (line,) = printed(lambda _: log_exchange(RECORD))
    assert line.endswith(f"][127.0.0.1:50000] {exchange_line(RECORD)}")


def test_an_exchange_is_one_json_object_with_its_parts() -> None:
    (entry,) = written_as_json(lambda: log_exchange(RECORD))
    assert entry.pop("timestamp").endswith("+00:00")
    assert entry == {
        "level": "INFO",
        "logger": "addon.logs",
        "message": exchange_line(RECORD),
        "request_id": "abc",
        "upstream_request_id": "req_1",
        "route": "POST /api/chat",
        "model": "gpt-4o",
        "status": 200,
        "ttft_ms": 312.4,
        "duration_ms": 1900.0,
        "prompt_tokens": 12,
        "output_tokens": 48,
        "retries": [],
        "replay": "",
        "notes": ["top_k: dropped", "seed: sent"],
        "error": None,
        "client": "127.0.0.1:50000",
    }
    assert list(entry)[:3] == ["level", "logger", "message"]


def test_every_record_is_one_json_line_whoever_wrote_it() -> None:
    def write() -> None:
        logging.getLogger("mitmproxy.proxy").info("two\nlines and \u2028", extra={"client": ("::1", 1, 0, 0)})
        logging.getLogger().log(ALERT, "%s", "look")
        try:
            raise RuntimeError("broken")
        except RuntimeError:
            logging.getLogger("addon.x").exception("failed", extra={"odd": object})

    first, second, third = written_as_json(write)
    assert (first["message"], first["logger"], first["client"]) == (
        "two\nlines and \u2028",
        "mitmproxy.proxy",
        "[::1]:1",
    )
    assert (second["level"], second["message"]) == ("ALERT", "look")
    assert third["exception"].startswith("Traceback")
    assert third["exception"].endswith("RuntimeError: broken")


def test_json_turns_the_list_of_flows_off() -> None:
    def check(master: DumpMaster) -> None:
        logs.use_json(master)
        assert master.options.flow_detail == 0

    printed(check, flow_detail=2)


@pytest.mark.parametrize(("log_format", "start"), [("text", "["), ("json", "{")])
def test_the_settings_choose_level_and_format(log_format: str, start: str) -> None:
    chosen = settings_from(options(ollama_log_level="warning", ollama_log_format=log_format), outside())

    def write(master: DumpMaster) -> None:
        logs.apply(master, chosen)
        logging.getLogger("addon.x").info("unseen")
        logging.getLogger("addon.x").warning("seen")

    (line,) = printed(write)
    assert line.startswith(start)
    assert "seen" in line


def test_json_needs_no_list_of_flows() -> None:
    def check(master: DumpMaster) -> None:
        logs.use_json(master)
        assert "flow_detail" not in master.options

    printed(check, with_dumper=False)


def test_a_json_line_does_not_wait_in_a_buffer() -> None:
    def check(master: DumpMaster) -> None:
        logs.use_json(master)
        logging.getLogger("addon.x").info("now")
        assert b'"message": "now"' in master.addons.get("termlog").logger.file.buffer.getvalue()

    printed(check)


def test_json_is_refused_where_there_is_no_log_on_stdout() -> None:
    def refused(master: DumpMaster) -> None:
        with pytest.raises(ValueError, match=r"ollama_log_format \(LOG_FORMAT\) is 'json'.*use mitmdump or mitmweb"):
            logs.use_json(master)
        logs.apply_level(master, "debug")

    printed(refused, with_termlog=False)


@pytest.mark.parametrize(
    ("level", "verbosity", "seen"),
    [
        ("info", "info", ["addon info", "other info"]),
        ("info", "alert", ["addon info", "other info"]),
        ("debug", "info", ["addon debug", "addon info", "other debug", "other info"]),
        ("error", "info", []),
        ("info", "debug", ["addon info", "other debug", "other info"]),
        ("debug", "error", []),
    ],
)
def test_the_level_is_everybodys_unless_mitmproxy_was_given_one(level: str, verbosity: str, seen: list[str]) -> None:
    def write(master: DumpMaster) -> None:
        logs.apply_level(master, level)
        for name in ("addon", "other"):
            logging.getLogger(f"{name}.x").debug("%s debug", name)
            logging.getLogger(f"{name}.x").info("%s info", name)

    assert [line.partition("] ")[2] for line in printed(write, termlog_verbosity=verbosity)] == seen


@pytest.mark.parametrize("name", [*logs.LIBRARIES, "aiohttp.client"])
def test_libraries_below_log_only_what_is_wrong(name: str) -> None:
    logs.quiet_libraries()
    assert logging.getLogger(name).getEffectiveLevel() == logging.WARNING
