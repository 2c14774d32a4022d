"""The contentviews: what mitmproxy's programs show of the messages of Ollama and of OpenAI-style servers.

They work on live flows, on flows from a file, and on traffic that was not ours.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple, override

from mitmproxy import contentviews, http
from mitmproxy.flow import Flow

from addon.contentviews.answer_text import any_text, ollama_answer_text, openai_answer_text
from addon.contentviews.measured import measured_of
from addon.contentviews.request_text import Happened, request_text
from addon.flow_list import flow_list
from addon.flow_metadata import ASKED_MODEL, ERROR, EXCHANGE, NOTES, companions_of, is_edited
from translators.inspection.destinations import STRUCTS
from translators.inspection.events import is_sse
from translators.inspection.recognising import is_ollama_answer, is_ollama_request, ollama_route, openai_api
from translators.notes import Note
from translators.openai_apis import api_of

CHOSEN: Final = 2.0
"""The priority by which a view opens by itself; mitmproxy's own have 1."""
NOT_CHOSEN: Final = -1.0

EDITED: Final = "The request was edited after it was answered: this is about what it is now.\n\n"


class Shown(NamedTuple):
    """A message that is to be shown.

    Attributes:
        flow: Whose it is.
        message: The request or the response.
        content_type: Its `Content-Type`, or an empty string.
        body: Decompressed, as far as it is there.
    """

    flow: http.HTTPFlow
    message: http.Request | http.Response
    content_type: str
    body: bytes


class MessageView(contentviews.Contentview):
    """A view of one protocol's messages."""

    def __init__(self, name: str, is_its: Callable[[Shown], bool], text_of: Callable[[Shown], str]) -> None:
        """Make a view.

        Args:
            name: As it is chosen by people.
            is_its: Whether it is to open by itself.
            text_of: What it shows of a message, of whatever protocol that is.
        """
        self._name = name
        self._is_its = is_its
        self._text_of = text_of

    @property
    @override
    def name(self) -> str:
        """As it is chosen by people."""
        return self._name

    @override
    def render_priority(self, data: bytes, metadata: contentviews.Metadata) -> float:
        """Whether it opens by itself."""
        shown = _shown(data, metadata)
        return CHOSEN if shown is not None and self._is_its(shown) else NOT_CHOSEN

    @override
    def prettify(self, data: bytes, metadata: contentviews.Metadata) -> str:
        """The text that is shown; the bytes themselves where JSON is nested deeper than Python goes."""
        shown = _shown(data, metadata)
        try:
            text = any_text(metadata.content_type or "", data) if shown is None else self._text_of(shown)
        except RecursionError:
            text = data.decode("utf-8", "replace")
        return "\n".join(line or " " for line in text.split("\n"))  # mitmweb gives an empty line no height


def _shown(data: bytes, metadata: contentviews.Metadata) -> Shown | None:
    """What is to be shown; None where it is no message of HTTP."""
    flow, message = metadata.flow, metadata.http_message
    if isinstance(flow, http.HTTPFlow) and isinstance(message, http.Request | http.Response):
        return Shown(flow, message, metadata.content_type or "", data)
    return None


def _is_ollamas(shown: Shown) -> bool:
    """Whether a message is Ollama's; one that is ours is so before anything of it is there."""
    request, is_ours = shown.flow.request, EXCHANGE in shown.flow.metadata
    if isinstance(shown.message, http.Request):
        return request.method == "POST" and is_ollama_request(request.path, shown.body, is_ours=is_ours)
    asked = request.raw_content or b""
    return is_ollama_answer(request.path, shown.content_type, asked, shown.body, is_ours=is_ours)


def _is_openais(shown: Shown) -> bool:
    """Whether a message is an answer of OpenAI's API; one that is ours is so before anything of it is there."""
    if isinstance(shown.message, http.Request):
        return False
    is_ours, asked = EXCHANGE in shown.flow.metadata, api_of(shown.flow.request.path)
    is_stream = is_sse(shown.body if is_ours else b"", shown.content_type)  # of others only what says that it is one
    if not is_stream and not (asked and "json" in shown.content_type):
        return False
    return bool(openai_api(shown.flow.request.path, shown.content_type, shown.body) or (is_ours and asked))


def _ollama_text(shown: Shown) -> str:
    path = shown.flow.request.path
    if isinstance(shown.message, http.Response):
        measured = measured_of(shown.flow, shown.message)
        return ollama_answer_text(path, shown.content_type, shown.body, measured)
    if ollama_route(path) in STRUCTS and shown.flow.request.method == "POST":
        return _request_text(shown.flow, shown.body)
    return any_text(shown.content_type, shown.body)


def _openai_text(shown: Shown) -> str:
    path = shown.flow.request.path
    if isinstance(shown.message, http.Request):
        return any_text(shown.content_type, shown.body)
    api = openai_api(path, shown.content_type, shown.body) or api_of(path)
    return openai_answer_text(api, shown.content_type, shown.body, measured_of(shown.flow, shown.message))


def _request_text(flow: http.HTTPFlow, body: bytes) -> str:
    route = ollama_route(flow.request.path)
    if is_edited(flow):
        return EDITED + request_text(route, body, None)
    return request_text(route, body, _happened(flow, _all_flows()), _refusal(flow))


def _refusal(flow: http.HTTPFlow) -> str:
    """How this proxy has refused a client's request; empty where the upstream was asked, or somebody else answered."""
    error = flow.metadata.get(ERROR)
    if not error or ASKED_MODEL in flow.metadata or flow.response is None:
        return ""
    return f"Refused with {flow.response.status_code}: {error}"


def _happened(flow: http.HTTPFlow, flows: Iterable[Flow]) -> Happened | None:
    """What became of a client's request, where the flow of its last call is still there, and as it was."""
    calls = companions_of(flow, flows) if EXCHANGE in flow.metadata else []
    call = next((call for call in reversed(calls) if call.request.raw_content), None)
    if call is None or is_edited(call):
        return None
    notes = tuple(_notes(flow.metadata.get(NOTES)))
    return Happened(notes, call.request.path, call.request.get_content(strict=False) or b"")


def _notes(told: Any) -> Iterator[Note]:
    for row in told if isinstance(told, list | tuple) else ():
        match row:
            case [str(field), ("renamed" | "converted" | "defaulted" | "dropped") as action, str(detail)]:
                yield Note(field, action, detail)


def _all_flows() -> Iterable[Flow]:
    """The flows of the list, also those that a filter hides; mitmdump has none."""
    view = flow_list()
    return () if view is None else view.resolve("@all")


VIEWS: Final = (
    MessageView("Ollama exchange", _is_ollamas, _ollama_text),  # requests and answers of Ollama's API
    MessageView("OpenAI SSE", _is_openais, _openai_text),  # answers of OpenAI's API, streamed or whole
)
"""To be registered with mitmproxy."""
