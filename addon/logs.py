"""What is logged, and how: levels, JSON lines, and the one line of each exchange.

mitmproxy owns the log: its `TermLog` addon prints every record of the root logger on stdout, in mitmdump and mitmweb
(the console program has none). This module changes what that handler shows and how it writes, and adds none of its own.

One line comes before any addon can do so: mitmproxy's "Loading script …". With `--set termlog_verbosity=alert` it is
not printed, and `apply` then shows what the settings ask for.
"""

import logging
from dataclasses import asdict
from typing import Any, Final, override

from mitmproxy.addons.termlog import TermLog
from mitmproxy.master import Master
from mitmproxy.utils import human
from pythonjsonlogger.json import JsonFormatter

from addon.exchange import CLIENT_GONE, ExchangeRecord
from addon.settings import Settings

LIBRARIES: Final = ("aiohttp", "asyncio")
"""They write records about single requests and slow callbacks, and mitmproxy sets the root logger to DEBUG."""

OWN: Final = "addon"
"""The parent of all loggers of this project."""

UNTOUCHED_VERBOSITIES: Final = ("info", "alert")
"""Values of `termlog_verbosity` that leave the level to us: mitmproxy's default, and what hides the first line."""

LONGEST_TEXT: Final = 500

logger = logging.getLogger(__name__)


def quiet_libraries() -> None:
    """Let the libraries below us log only what is wrong."""
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)


def apply(master: Master, settings: Settings) -> None:
    """Set level and format of the log.

    Raises:
        ValueError: JSON is asked for in a program that has no log on stdout.
    """
    apply_level(master, settings.log_level)
    if settings.log_format == "json":
        use_json(master)


def apply_level(master: Master, level: str) -> None:
    """Show our records from this level on, and mitmproxy's own too, unless the user has given it a verbosity.

    Args:
        master: The program.
        level: debug, info, warning or error.
    """
    logging.getLogger(OWN).setLevel(level.upper())
    termlog = _termlog(master)
    if termlog is not None and master.options.termlog_verbosity in UNTOUCHED_VERBOSITIES:
        termlog.logger.setLevel(level.upper())


def use_json(master: Master) -> None:
    """Write every record on stdout, mitmproxy's own too, as one JSON object on a line of its own.

    Raises:
        ValueError: This program has no log on stdout.
    """
    termlog = _termlog(master)
    if termlog is None:
        raise ValueError(
            "ollama_log_format (LOG_FORMAT) is 'json', but this program writes no log to stdout: use mitmdump or "
            "mitmweb, or LOG_FORMAT=text"
        )
    termlog.logger.setFormatter(RecordFormatter())
    # A collector reads a pipe. There Python would hold lines back until 8 KB are full, and lose them when it is killed.
    if (reconfigure := getattr(termlog.logger.file, "reconfigure", None)) is not None:
        reconfigure(line_buffering=True)
    if "flow_detail" in master.options:  # mitmdump's list of flows is no log, and would stand between the lines
        master.options.update(flow_detail=0)


def _termlog(master: Master) -> TermLog | None:
    termlog: TermLog | None = master.addons.get("termlog")
    return termlog


class RecordFormatter(JsonFormatter):
    """Formats a record as a JSON object: timestamp, level, logger, message, then what is there of the rest."""

    def __init__(self) -> None:
        super().__init__(
            ["timestamp", "levelname", "name", "message"],
            timestamp=True,
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "exception", "stack_info": "stack"},
        )

    @override
    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Write the client's address, with which mitmproxy marks its records, as one text."""
        if client := log_data.pop("client", None):
            log_data["client"] = human.format_address(client)
        return log_data


def log_exchange(record: ExchangeRecord) -> None:
    """Log one line about an exchange that is over; in JSON its parts are fields too."""
    logger.log(level_of(record), "%s", exchange_line(record), extra=asdict(record))


def level_of(record: ExchangeRecord) -> int:
    """WARNING for what an operator should look at: a 5xx, or an answer that began well and broke; else INFO."""
    broke = record.error not in (None, CLIENT_GONE) and record.status < 400
    return logging.WARNING if record.status >= 500 or broke else logging.INFO


def exchange_line(record: ExchangeRecord) -> str:
    """The record as one line of text.

    It looks like `POST /api/chat gpt-4o 200 ttft 312 ms, 1.9 s, 12+48 tokens, id=3f… upstream=req_…`, with the notes in
    brackets and the error, if there are any, at its end. Names and errors that came from outside cannot break the line.
    """
    times = [] if record.ttft_ms is None else [f"ttft {_duration(record.ttft_ms)}"]
    times.append(_duration(record.duration_ms))
    counts = (record.prompt_tokens, record.output_tokens)
    if counts != (None, None):
        times.append(f"{'+'.join('?' if count is None else str(count) for count in counts)} tokens")
    parts = [record.route, record.model, str(record.status), f"{', '.join(times)},", f"id={record.request_id}"]
    if record.upstream_request_id:
        parts.append(f"upstream={record.upstream_request_id}")
    if record.retries:
        times_word = "once" if len(record.retries) == 1 else f"{len(record.retries)} times"
        parts.append(f"retried {times_word} ({', '.join(record.retries)})")
    if record.replay:
        parts.append(f"replay={record.replay}")
    if record.notes:
        parts.append(f"[{'; '.join(record.notes)}]")
    if record.error is not None:
        parts.append(f"error: {record.error}")
    return " ".join(clean for part in parts if (clean := one_line(part)))


def one_line(text: str) -> str:
    """A text without line breaks and control characters, and not longer than a log line may be."""
    printable = "".join(character if character.isprintable() else " " for character in text)
    clean = " ".join(printable.split())
    return clean if len(clean) <= LONGEST_TEXT else f"{clean[: LONGEST_TEXT - 1]}…"


def _duration(milliseconds: float) -> str:
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"
