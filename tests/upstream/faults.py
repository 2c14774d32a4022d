"""Everything that can go wrong at an upstream, by name.

A request asks for one fault (see `directives.py`). `NAME-once:TOKEN` misbehaves at the first request with that TOKEN
and then answers well, for any NAME; `NAME-forever` is the same as `NAME`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tests.upstream import edits, framing
from tests.upstream.edits import AnswerEdit, EventsEdit
from tests.upstream.framing import Framing
from tests.upstream.refusals import Refusal

SSE = "text/event-stream; charset=utf-8"
JSON = "application/json"

_HTML = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"


@dataclass(frozen=True, slots=True)
class Canned:
    """An answer that is no error of the API: status, content type and body.

    An empty content type means the one that was asked for.
    """

    status: int
    content_type: str
    body: str


@dataclass(frozen=True, slots=True)
class Error:
    """An error of the API: see `refusals.Refusal`."""

    status: int
    message: str
    kind: str
    code: str | None = None
    headers: tuple[tuple[str, str], ...] = ()

    def refusal(self) -> Refusal:
        """The exception that says it."""
        return Refusal(self.message, code=self.code, status=self.status, kind=self.kind, headers=dict(self.headers))


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to misbehave.

    Attributes:
        about: What happens, for a person.
        says: What is answered instead of anything else.
        answer: A change of what the model says.
        events: A change of the stream's events.
        framing: How the events are written.
        ends: What happens in the middle of the answer, or before its head: silence, or the connection is aborted.
        form: The form of the answer, whatever was asked.
    """

    about: str
    says: Canned | Error | None = None
    answer: AnswerEdit | None = None
    events: EventsEdit | None = None
    framing: Framing = framing.OPENAI
    ends: Literal["", "stall", "stall mid", "cut head", "cut"] = ""
    form: Literal["", "stream", "whole"] = ""


_RATE_LIMIT = Error(
    429,
    "Rate limit reached for gpt-4o in organization org-test on requests per min (RPM): Limit 3, Used 3, Requested 1. "
    "Please try again in 20ms. Visit https://platform.openai.com/account/rate-limits to learn more.",
    "requests",
    "rate_limit_exceeded",
    (("retry-after", "1"), ("retry-after-ms", "20")),
)
_QUOTA = Error(
    429,
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
    "insufficient_quota",
    "insufficient_quota",
)
_BAD_KEY = Error(
    401,
    "Incorrect API key provided: fault. You can find your API key at https://platform.openai.com/account/api-keys.",
    "invalid_request_error",
    "invalid_api_key",
)
_SERVER = Error(500, "The server had an error while processing your request. Sorry about that!", "server_error")
_ERROR_200 = (
    '{"error":{"message":"Provider returned error","code":502,"metadata":{"provider_name":"Test"}},"user_id":"u"}'
)

FAULTS: Mapping[str, Fault] = {
    # Silence and broken connections.
    "stall": Fault("takes the request and never answers", ends="stall"),
    "stall-mid": Fault("falls silent after half of the answer", ends="stall mid"),
    "cut-head": Fault("aborts the connection before the answer begins", ends="cut head"),
    "cut": Fault("aborts the connection after half of the answer", ends="cut"),
    "cut-clean": Fault(
        "ends the stream properly after the last token, without finish_reason", events=edits.without_end
    ),
    "no-done": Fault("ends the stream without [DONE]", events=edits.without_done),
    # Errors before the answer.
    "429": Fault("rate limit, retry-after 1 s and retry-after-ms 20", says=_RATE_LIMIT),
    "quota": Fault("429 insufficient_quota, which no retry cures", says=_QUOTA),
    "401": Fault("the key is refused", says=_BAD_KEY),
    "500": Fault("500 server_error", says=_SERVER),
    "503-html": Fault(
        "503 with an HTML page from the edge", says=Canned(503, "text/html", _HTML.format("503 Service Unavailable"))
    ),
    # Answers that look well by their status.
    "error-200": Fault("200 with an error as body, as OpenRouter does", says=Canned(200, JSON, _ERROR_200)),
    "html-200": Fault("200 with an HTML page", says=Canned(200, "text/html; charset=utf-8", _HTML.format("Welcome"))),
    "empty-200": Fault("200 with an empty body of the right type", says=Canned(200, "", "")),
    "garbage-json": Fault(
        "200 with JSON that breaks off", says=Canned(200, JSON, '{"id": "chatcmpl-1", "choices": [{"ind')
    ),
    "json-for-stream": Fault("a whole JSON answer although a stream was asked for", form="whole"),
    "sse-for-whole": Fault("a stream although a whole answer was asked for", form="stream"),
    # Errors in the stream.
    "error-first": Fault("200, and the stream's first event is an error", events=edits.error_first),
    "error-mid": Fault("an error event after half of the tokens, then the end", events=edits.error_mid),
    "error-event": Fault("the same with `event: error`, as Groq sends it", events=edits.error_event),
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

# NAME -> how many numbers it takes.
ARGUMENTS = {"flood": 1, "paced": 2}


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
    numbers = len(arguments) == ARGUMENTS.get(name, 0) and all(map(str.isdecimal, arguments))
    if name not in FAULTS or not numbers or once != bool(token):
        raise Refusal(f"The test upstream knows no fault {text!r}: see python -m tests.upstream --faults.")
    delay = int(arguments[1]) / 1000 if name == "paced" else 0.0
    return Asked(FAULTS[name], tuple(arguments), f"{name}:{token}" if once else "", delay)
