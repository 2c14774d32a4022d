"""Everything that can go wrong at an upstream, by name.

A request asks for one fault (see `directives.py`), with its arguments where it takes some: `status:503`.
`NAME-once:TOKEN` misbehaves at the first request with that TOKEN and then answers well, for any NAME, as in
`status-once:503:a`; `NAME-forever` is the same as `NAME`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tests.upstream import edits, framing, sayings
from tests.upstream.edits import AnswerEdit, EventsEdit
from tests.upstream.framing import Framing
from tests.upstream.refusals import Refusal
from tests.upstream.sayings import Said, Saying


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to misbehave.

    Attributes:
        about: What happens, for a person.
        says: What is answered instead of anything else.
        answer: A change of what the model says.
        events: A change of the stream's events.
        response_events: The same for a stream of the Responses API, whose events have another form; those that have no
            other form there are not changed.
        framing: How the events are written.
        ends: How the answer ends too early: in silence, with a closed connection (FIN), with an aborted one (RST), or
            with bytes that are not HTTP.
        at: Where it does: before its head, between head and body, or after half of the body.
        form: The form of the answer, whatever was asked.
    """

    about: str
    says: Said | Saying | None = None
    answer: AnswerEdit | None = None
    events: EventsEdit | None = None
    response_events: EventsEdit | None = None
    framing: Framing = framing.OPENAI
    ends: Literal["", "stall", "cut", "reset", "garbage"] = ""
    at: Literal["head", "body", "middle"] = "middle"
    form: Literal["", "stream", "whole"] = ""


FAULTS: Mapping[str, Fault] = {
    # Silence and broken connections.
    "stall": Fault("takes the request and never answers", ends="stall", at="head"),
    "stall-body": Fault("falls silent after the head of a good answer", ends="stall", at="body"),
    "stall-mid": Fault("falls silent after half of the answer", ends="stall"),
    "cut-head": Fault("closes the connection before the answer begins", ends="cut", at="head"),
    "cut-body": Fault("closes the connection after the head of a good answer", ends="cut", at="body"),
    "cut": Fault("closes the connection after half of the answer", ends="cut"),
    "reset-head": Fault("resets the connection before the answer begins", ends="reset", at="head"),
    "reset-body": Fault("resets the connection after the head of a good answer", ends="reset", at="body"),
    "reset": Fault("resets the connection after half of the answer", ends="reset"),
    "garbage-head": Fault("answers with bytes that are not HTTP, and closes", ends="garbage", at="head"),
    "cut-clean": Fault(
        "ends the stream properly after the last token, without finish_reason",
        events=edits.without_end,
        response_events=edits.without_end,
    ),
    "no-done": Fault("ends the stream without [DONE]", events=edits.without_done),
    # Errors before the answer.
    "429": Fault("rate limit, retry-after 1 s and retry-after-ms 20", says=sayings.LIMITED),
    "retry-after": Fault("retry-after:TEXT: rate limit, this Retry-After", says=sayings.limited_for),
    "retry-after-ms": Fault(
        "retry-after-ms:TEXT: rate limit, this retry-after-ms", says=sayings.limited_for_milliseconds
    ),
    "retry-after-date": Fault(
        "retry-after-date:N: rate limit, Retry-After is the date in N seconds", says=sayings.limited_until
    ),
    "quota": Fault("429 insufficient_quota, which no retry cures", says=sayings.QUOTA),
    "401": Fault("the key is refused", says=sayings.BAD_KEY),
    "500": Fault("500 server_error", says=sayings.SERVER_ERROR),
    "status": Fault("status:NNN: an error of the API with this status", says=sayings.api_error),
    "status-cut": Fault("status-cut:NNN: the same, whose body breaks off", says=sayings.api_error, ends="cut"),
    "should-retry": Fault("should-retry:NNN:true|false: the same, this x-should-retry", says=sayings.advised_error),
    "html": Fault("html:NNN: this status with an HTML page from the edge", says=sayings.page),
    "empty": Fault("empty:NNN: this status with an empty body", says=sayings.nothing),
    "redirect": Fault("307 to another server", says=sayings.REDIRECT),
    # Answers that look well by their status.
    "error-200": Fault("200 with an error as body, as OpenRouter does", says=sayings.ERROR_200),
    "html-200": Fault("200 with an HTML page", says=sayings.HTML_200),
    "empty-200": Fault("200 with an empty body of the right type", says=sayings.EMPTY_200),
    "garbage-json": Fault("200 with JSON that breaks off", says=sayings.BROKEN_JSON),
    "garbage-gzip": Fault("200 with a body that calls itself gzip and is none", says=sayings.NO_GZIP),
    "json-for-stream": Fault("a whole JSON answer although a stream was asked for", form="whole"),
    "sse-for-whole": Fault("a stream although a whole answer was asked for", form="stream"),
    # Errors in the stream.
    "error-first": Fault(
        "200, and the stream's first event is an error",
        events=edits.error_first,
        response_events=edits.response_error_first,
    ),
    "error-mid": Fault(
        "an error event after half of the tokens, then the end",
        events=edits.error_mid,
        response_events=edits.response_error_mid,
    ),
    "error-event": Fault(
        "the same with `event: error`, as Groq sends it; on Responses nested in `error`",
        events=edits.error_event,
        response_events=edits.response_error_nested,
    ),
    "failed": Fault("half the text, then finish_reason error; on Responses status failed", answer=edits.fail),
    "incomplete": Fault("half the text, then finish_reason length", answer=edits.end_at_limit),
    # Framing.
    "sse-crlf": Fault("lines end with CRLF", framing=framing.CRLF),
    "sse-cr": Fault("lines end with CR", framing=framing.CR),
    "sse-comments": Fault("comments, pings, ids and retry lines between events", framing=framing.COMMENTS),
    "sse-nospace": Fault("no space after `data:`", framing=framing.NO_SPACE),
    "sse-bytewise": Fault("each byte is a write of its own", framing=framing.BYTEWISE),
    "sse-multidata": Fault(
        "the JSON of each event is spread over several data lines", framing=framing.SEVERAL_DATA_LINES
    ),
    "sse-bom": Fault("the stream begins with a byte order mark", framing=framing.BYTE_ORDER_MARK),
    "sse-no-final-blank": Fault(
        "no [DONE], and the last chunk is closed neither by a newline nor by a blank line",
        events=edits.without_done,
        framing=framing.NO_LAST_BLANK,
    ),
    # Shapes.
    "empty-choices-first": Fault("a first chunk without choices, as at Azure", events=edits.azure_first),
    "usage-in-last-choice": Fault(
        "usage beside the finish_reason, asked for or not", events=edits.usage_in_last_choice
    ),
    "usage-every-chunk": Fault("the usage so far in each chunk", events=edits.usage_every_chunk),
    "tool-index-missing": Fault(
        "tool call deltas without index, each call whole, as at Gemini", events=edits.calls_without_index
    ),
    "tool-one-chunk": Fault(
        "all calls and the finish_reason in one chunk, as at Mistral", events=edits.calls_in_one_chunk
    ),
    "tool-args-empty": Fault("tool arguments are the empty string", answer=edits.empty_arguments),
    "tool-args-null": Fault("tool arguments are null", answer=edits.null_arguments),
    "finish-stop-with-tools": Fault("finish_reason stop beside tool calls", answer=edits.finish_with_stop),
    "reasoning-field": Fault("reasoning in `reasoning` (model reasoner-1)", answer=edits.rename_reasoning),
    "refusal": Fault("the model refuses", answer=edits.refuse),
    "content-filter": Fault("half the text, then finish_reason content_filter", answer=edits.filter_content),
    # Texts and tempo.
    "unicode-separators": Fault("U+2028, U+2029, U+0085, <, > and & in the text", answer=edits.say_separators),
    "long-line": Fault("one token of a megabyte", answer=edits.say_long_token),
    "flood": Fault("flood:N: N tokens, `0 1 2 ...`, flat out", answer=edits.say_numbers),
    "paced": Fault("paced:N:MS: N tokens, MS milliseconds apart", answer=edits.say_numbers),
}

_NUMBER = "[0-9]+"
_STATUS = "[45][0-9]{2}"

# NAME -> the arguments that it takes, as a regular expression; none where it is not here.
ARGUMENTS = {
    "flood": _NUMBER,
    "paced": f"{_NUMBER}:{_NUMBER}",
    "status": _STATUS,
    "status-cut": _STATUS,
    "should-retry": f"{_STATUS}:(true|false)",
    "html": _STATUS,
    "empty": _STATUS,
    "retry-after": "[^:]+",
    "retry-after-ms": "[^:]+",
    "retry-after-date": f"-?{_NUMBER}",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A fault as a request asks for it.

    Attributes:
        fault: What to do.
        arguments: What stands after the name.
        once: What the fault happens once for; empty for always.
        delay: Seconds before each token.
    """

    fault: Fault
    arguments: tuple[str, ...] = ()
    once: str = ""
    delay: float = 0.0

    @property
    def said(self) -> Said | None:
        """What is answered instead of anything else."""
        says = self.fault.says
        return says(*self.arguments) if callable(says) else says


WELL = Asked(Fault("answers as it should"))


def parse_fault(text: str) -> Asked:
    """Read `NAME`, `NAME:ARGUMENT:...` or `NAME-once:TOKEN`.

    Raises:
        Refusal: 400, there is no such fault, so that a slip in a test is seen.
    """
    name, *arguments = text.split(":")
    once = name.endswith("-once")
    name = name.removesuffix("-once").removesuffix("-forever")
    token = arguments.pop() if once and arguments else ""
    taken = re.fullmatch(ARGUMENTS.get(name, ""), ":".join(arguments))
    if name not in FAULTS or not taken or once != bool(token):
        raise Refusal(f"The test upstream knows no fault {text!r}: see python -m tests.upstream --faults.")
    delay = int(arguments[1]) / 1000 if name == "paced" else 0.0
    return Asked(FAULTS[name], tuple(arguments), f"{name}:{token}" if once else "", delay)
