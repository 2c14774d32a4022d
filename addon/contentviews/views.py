"""The contentviews: what mitmproxy's programs show of the messages of Ollama and of OpenAI-style servers.

They work on live flows, on flows from a file, and on traffic that was not ours.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, override

from mitmproxy import contentviews, ctx, http
from mitmproxy.flow import Flow

from addon.contentviews.answer_text import any_text, ollama_answer_text, openai_answer_text
from addon.contentviews.events import is_sse
from addon.contentviews.measured import measured_of
from addon.contentviews.recognising import asked_api, is_ollama_answer, is_ollama_request, ollama_route, openai_api
from addon.contentviews.request_text import Happened, is_mapped, request_text
from addon.flow_metadata import EXCHANGE, NOTES, companions_of, is_edited
from translators.notes import Note

CHOSEN: Final = 2.0
"""The priority by which a view opens by itself; mitmproxy's own have 1."""
NOT_CHOSEN: Final = -1.0

EDITED: Final = "The request was edited after it was answered: this is about what it is now.\n\n"


class OllamaExchange(contentviews.Contentview):
    """Requests and answers of Ollama's API."""

    @property
    @override
    def name(self) -> str:
        """As it is chosen by people."""
        return "Ollama exchange"

    @override
    def render_priority(self, data: bytes, metadata: contentviews.Metadata) -> float:
        """Whether it opens by itself."""
        return CHOSEN if _is_ollamas(data, metadata) else NOT_CHOSEN

    @override
    def prettify(self, data: bytes, metadata: contentviews.Metadata) -> str:
        """The text that is shown."""
        return _shown(data, lambda: _ollama_text(data, metadata))


class OpenAISSE(contentviews.Contentview):
    """Answers of OpenAI's API, streamed or whole."""

    @property
    @override
    def name(self) -> str:
        """As it is chosen by people."""
        return "OpenAI SSE"

    @override
    def render_priority(self, data: bytes, metadata: contentviews.Metadata) -> float:
        """Whether it opens by itself."""
        return CHOSEN if _is_openais(data, metadata) else NOT_CHOSEN

    @override
    def prettify(self, data: bytes, metadata: contentviews.Metadata) -> str:
        """The text that is shown."""
        return _shown(data, lambda: _openai_text(data, metadata))


VIEWS: Final = (OllamaExchange(), OpenAISSE())
"""To be registered with mitmproxy."""


def _is_ollamas(data: bytes, metadata: contentviews.Metadata) -> bool:
    """Whether a message is Ollama's; one that is ours is so before anything of it is there."""
    flow, message, content_type = metadata.flow, metadata.http_message, metadata.content_type or ""
    if not isinstance(flow, http.HTTPFlow):
        return False
    path, is_ours = flow.request.path, EXCHANGE in flow.metadata
    if isinstance(message, http.Request):
        return is_ollama_request(path, data, is_ours=is_ours)
    return is_ollama_answer(path, content_type, flow.request.raw_content or b"", data, is_ours=is_ours)


def _is_openais(data: bytes, metadata: contentviews.Metadata) -> bool:
    """Whether a message is an answer of OpenAI's API; one that is ours is so before anything of it is there."""
    flow, message, content_type = metadata.flow, metadata.http_message, metadata.content_type or ""
    if not isinstance(flow, http.HTTPFlow) or not isinstance(message, http.Response):
        return False
    is_ours, asked = EXCHANGE in flow.metadata, asked_api(flow.request.path)
    is_stream = is_sse(data if is_ours else b"", content_type)  # of others only what says that it is one
    if not is_stream and not (asked and "json" in content_type):
        return False
    return bool(openai_api(flow.request.path, content_type, data) or (is_ours and asked))


def _ollama_text(data: bytes, metadata: contentviews.Metadata) -> str:
    flow, message, content_type = metadata.flow, metadata.http_message, metadata.content_type or ""
    if not isinstance(flow, http.HTTPFlow):
        return any_text(content_type, data)
    path = flow.request.path
    if isinstance(message, http.Response):
        return ollama_answer_text(path, content_type, data, measured_of(flow, message))
    if is_mapped(ollama_route(path)):
        return _request_text(flow, data)
    return any_text(content_type, data)


def _openai_text(data: bytes, metadata: contentviews.Metadata) -> str:
    flow, message, content_type = metadata.flow, metadata.http_message, metadata.content_type or ""
    if not isinstance(flow, http.HTTPFlow) or not isinstance(message, http.Response):
        return any_text(content_type, data)
    path = openai_api(flow.request.path, content_type, data) or flow.request.path
    return openai_answer_text(path, content_type, data, measured_of(flow, message))


def _request_text(flow: http.HTTPFlow, body: bytes) -> str:
    edited = is_edited(flow)
    happened = None if edited else _happened(flow, _all_flows())
    return (EDITED if edited else "") + request_text(ollama_route(flow.request.path), body, happened)


def _happened(flow: http.HTTPFlow, flows: Iterable[Flow]) -> Happened | None:
    """What became of a client's request, where the flow of its last call is still there."""
    calls = companions_of(flow, flows) if EXCHANGE in flow.metadata else []
    request = next((call.request for call in reversed(calls) if call.request.raw_content), None)
    if request is None:
        return None
    return Happened(tuple(_notes(flow.metadata.get(NOTES))), request.path, request.get_content(strict=False) or b"")


def _notes(told: Any) -> Iterator[Note]:
    for row in told if isinstance(told, list | tuple) else ():
        match row:
            case [str(field), ("renamed" | "converted" | "defaulted" | "dropped") as action, str(detail)]:
                yield Note(field, action, detail)


def _all_flows() -> Iterable[Flow]:
    """The flows of the list, also those that a filter hides; mitmdump has none."""
    master = getattr(ctx, "master", None)
    view = master.addons.get("view") if master else None
    return view.resolve("@all") if view else ()


def _shown(data: bytes, tell: Callable[[], str]) -> str:
    """A text; the bytes themselves where JSON is nested deeper than Python goes."""
    try:
        text = tell()
    except RecursionError:
        text = data.decode("utf-8", "replace")
    return "\n".join(line or " " for line in text.split("\n"))  # mitmweb gives an empty line no height
