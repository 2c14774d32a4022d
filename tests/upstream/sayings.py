"""What is answered instead of anything else, where a fault says so: constants, and functions of a fault's arguments."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.client import responses

from tests.upstream.refusals import Refusal

SSE = "text/event-stream; charset=utf-8"
JSON = "application/json"

_HTML = "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n</body>\r\n</html>\r\n"


@dataclass(frozen=True, slots=True)
class Canned:
    """An answer that is no error of the API: status, content type, body and other headers.

    An empty content type means the one that was asked for.
    """

    status: int
    content_type: str
    body: str
    headers: tuple[tuple[str, str], ...] = ()


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


type Said = Canned | Error
type Saying = Callable[..., Said]
"""Makes what is said from the fault's arguments, which are texts."""

# Errors of the API.
LIMITED = Error(
    429,
    "Rate limit reached for gpt-4o in organization org-test on requests per min (RPM): Limit 3, Used 3, Requested 1. "
    "Please try again in 20ms. Visit https://platform.openai.com/account/rate-limits to learn more.",
    "requests",
    "rate_limit_exceeded",
    (("retry-after", "1"), ("retry-after-ms", "20")),
)
QUOTA = Error(
    429,
    "You exceeded your current quota, please check your plan and billing details. For more information on this error, "
    "read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
    "insufficient_quota",
    "insufficient_quota",
)
BAD_KEY = Error(
    401,
    "Incorrect API key provided: fault. You can find your API key at https://platform.openai.com/account/api-keys.",
    "invalid_request_error",
    "invalid_api_key",
)
SERVER_ERROR = Error(500, "The server had an error while processing your request. Sorry about that!", "server_error")

# Answers that look well by their status, and one that leads elsewhere.
ERROR_200 = Canned(
    200,
    JSON,
    '{"error":{"message":"Provider returned error","code":502,"metadata":{"provider_name":"Test"}},"user_id":"u"}',
)
HTML_200 = Canned(200, "text/html; charset=utf-8", _HTML.format("Welcome"))
EMPTY_200 = Canned(200, "", "")
BROKEN_JSON = Canned(200, JSON, '{"id": "chatcmpl-1", "choices": [{"ind')
NO_GZIP = Canned(200, "", "this is no gzip", (("content-encoding", "gzip"),))
REDIRECT = Canned(307, "text/plain", "", (("location", "https://elsewhere.invalid/v1"),))


def api_error(status: str) -> Error:
    """An error of the API with any status."""
    kind = "server_error" if int(status) >= 500 else "invalid_request_error"
    return Error(int(status), f"The test upstream was told to answer {status}.", kind)


def advised_error(status: str, advice: str) -> Error:
    """The same with `x-should-retry`."""
    return replace(api_error(status), headers=(("x-should-retry", advice),))


def page(status: str) -> Canned:
    """A page of the edge in front of the API."""
    return Canned(int(status), "text/html", _HTML.format(f"{status} {responses.get(int(status), '')}".rstrip()))


def nothing(status: str) -> Canned:
    """An empty body."""
    return Canned(int(status), "text/plain", "")


def limited_for(seconds: str) -> Error:
    """A rate limit whose `Retry-After` is this text, whatever it is."""
    return replace(LIMITED, headers=(("retry-after", seconds),))


def limited_for_milliseconds(milliseconds: str) -> Error:
    """A rate limit whose `retry-after-ms` is this text, whatever it is."""
    return replace(LIMITED, headers=(("retry-after-ms", milliseconds),))


def limited_until(seconds: str) -> Error:
    """A rate limit whose `Retry-After` is the date so many seconds from now."""
    then = datetime.now(UTC) + timedelta(seconds=int(seconds))
    return replace(LIMITED, headers=(("retry-after", format_datetime(then, usegmt=True)),))
