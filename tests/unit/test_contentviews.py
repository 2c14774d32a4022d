"""The contentviews, as mitmproxy's programs choose and use them."""

import io
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from mitmproxy import contentviews, http
from mitmproxy import io as mitmproxy_io
from mitmproxy.addons.view import View
from mitmproxy.contentviews._registry import ContentviewRegistry
from mitmproxy.test import taddons

from addon import flow_metadata
from addon.contentviews.views import EDITED, VIEWS
from addon.flow_metadata import pieces_of
from addon.recordings.recording import Recording, Request, Response, read_recording
from tests.http_flows import flow_of
from tests.process import ROOT
from tests.recorded import HELLO, SENT, compact

OLLAMA, OPENAI = "Ollama exchange", "OpenAI SSE"
RECORDINGS = sorted((ROOT / "recordings").glob("*.json"))
WEATHER = "chat-gpt-4o-use-get-weather-for-oslo-10c695e1-1"
NDJSON, SSE, JSON = "application/x-ndjson", "text/event-stream", "application/json"

registry = ContentviewRegistry()
for each in (*contentviews.registry.values(), *VIEWS):
    registry.register(each)


@pytest.fixture(autouse=True)
def context() -> Iterator[taddons.context]:
    """mitmproxy's options, which it asks for in each view."""
    with taddons.context(View()) as made:
        yield made


def recorded_flow(request: Request, response: Response, prefix: str = "") -> http.HTTPFlow:
    headers = {name.lower(): value for name, value in response.headers}
    return flow_of(prefix + request.path, request.body, headers.get("content-type", ""), response.body, response.status)


def shown(flow: http.HTTPFlow, message: http.Message | None = None) -> tuple[str | None, str]:
    """The view that opens by itself, and its text."""
    told = contentviews.prettify_message(message or flow.response or flow.request, flow, registry=registry)
    assert "failed" not in told.description
    return told.view_name, told.text


def through_a_file(flow: http.HTTPFlow) -> http.HTTPFlow:
    file = io.BytesIO()
    mitmproxy_io.FlowWriter(file).add(flow)
    file.seek(0)
    (loaded,) = mitmproxy_io.FlowReader(file).stream()
    assert isinstance(loaded, http.HTTPFlow)
    return loaded


def weather() -> Recording:
    return read_recording(ROOT / "recordings" / f"{WEATHER}.json")


class TestChoice:
    """Which view opens by itself."""

    @pytest.mark.parametrize("path", RECORDINGS, ids=lambda path: path.stem)
    def test_generation_and_embedding_of_every_recording_open_in_their_views(self, path: Path) -> None:
        recording = read_recording(path)
        request, response = recording.client.request, recording.client.response
        if response is not None and request.path in ("/api/chat", "/api/generate", "/api/embed", "/api/embeddings"):
            flow = recorded_flow(request, response)
            assert shown(flow)[0] == OLLAMA
            assert shown(flow, flow.request)[0] == OLLAMA
        for number, call in enumerate(recording.upstream, 1):
            if call.response is None or call.request.path == "/models":
                continue
            flow = recorded_flow(call.request, call.response, "/v1")
            if call.response.status >= 400:  # an error in a server's own words is known only by whose it is
                flow.metadata |= {flow_metadata.EXCHANGE: "0123abcd", flow_metadata.CALL: number}
            is_page = flow.response is not None and "html" in flow.response.headers.get("content-type", "")
            assert shown(flow)[0] == ("XML/HTML" if is_page else OPENAI)

    @pytest.mark.parametrize(
        ("path", "asked", "content_type", "body", "name"),
        [
            ("/api/pull", b'{"model":"m"}', NDJSON, b'{"status":"success"}\n', OLLAMA),
            ("/any/lines", b"", NDJSON, b'{"a":1}\n{"a":2}\n', OLLAMA),
            ("/api/tags", b"", JSON, b'{"models":[]}', "JSON"),
            ("/api/show", b'{"model":"m"}', JSON, b'{"details":{}}', "JSON"),
            ("/api/chat", b'{"messages":[]}', JSON, b'{"reply":"a site of its own"}', "JSON"),
            ("/api/chat", b'{"messages":[]}', SSE, b'data: {"type":"text-delta"}\n\n', "Raw"),
            ("/v1/models", b"", JSON, b'{"object":"list","data":[]}', "JSON"),
            ("/v1/messages", b"", SSE, b'event: message_start\ndata: {"type":"message_start"}\n\n', "Raw"),
            ("/stream", b"", SSE, b'data: {"price":3}\n\n', "Raw"),
            ("/stream", b"", SSE, b'data: {"error":"of another site"}\n\n', "Raw"),
            ("/stream", b"", SSE, b': hi\n\ndata: {"choices":[{"delta":{"content":"x"}}]}\n\n', OPENAI),
            ("/stream", b"", SSE, b'event: response.created\ndata: {"type":"response.created"}\n\n', OPENAI),
            ("/v1/chat/completions", b"", SSE, b'data: {"error":"sorry"}\n\n', OPENAI),
            ("/openai/deployments/d/chat/completions?v=1", b"", JSON, b'{"choices":[]}', OPENAI),
            ("/v1/responses", b"", JSON, b'{"object":"response","output":[]}', OPENAI),
            ("/survey/responses", b"", JSON, b'{"answers":[]}', "JSON"),
        ],
    )
    def test_any_traffic_opens_where_it_is_told_best(
        self, path: str, asked: bytes, content_type: str, body: bytes, name: str
    ) -> None:
        assert shown(flow_of(path, asked, content_type, body))[0] == name

    def test_a_request_to_another_site_is_left_to_json(self) -> None:
        flow = flow_of("/api/chat", b'{"messages":[]}', JSON, b"{}")
        assert shown(flow, flow.request)[0] == "JSON"

    def test_what_is_ours_opens_although_it_names_no_model(self) -> None:
        flow = flow_of("/api/chat", b"{", JSON, b'{"error":"unexpected EOF"}', status=400)
        flow.metadata[flow_metadata.EXCHANGE] = "0123abcd"
        assert shown(flow)[0] == shown(flow, flow.request)[0] == OLLAMA
        assert shown(flow)[1].startswith("error: unexpected EOF")

    def test_an_answer_of_ours_opens_before_anything_of_it_is_there(self) -> None:
        for path, content_type, name in (("/api/chat", NDJSON, OLLAMA), ("/v1/chat/completions", SSE, OPENAI)):
            flow = flow_of(path, compact(HELLO), content_type, b"")
            flow.live = True
            flow.metadata[flow_metadata.EXCHANGE] = "0123abcd"
            view_name, text = shown(flow)
            assert view_name == name
            assert text.startswith("(nothing so far)")
            flow.metadata[flow_metadata.DURATION_MS] = 12.5
            assert "has not ended" not in shown(flow)[1]

    def test_requests_of_companions_are_shown_as_the_json_that_was_sent(self) -> None:
        flow = flow_of("/v1/chat/completions", compact(SENT), SSE, b"")
        flow.metadata |= {flow_metadata.EXCHANGE: "0123abcd", flow_metadata.CALL: 1}
        assert shown(flow, flow.request)[0] == "JSON"


class TestRequests:
    """The view of a request."""

    @staticmethod
    def exchange(context: taddons.context) -> http.HTTPFlow:
        """A client's flow in the flow list, with its companion."""
        client = flow_of("/api/chat", compact(HELLO), NDJSON, b"")
        companion = flow_of("/v1/chat/completions", compact(SENT | {"user": "told upstream"}), SSE, b"")
        companion.metadata |= {flow_metadata.EXCHANGE: "0123abcd", flow_metadata.CALL: 1}
        client.metadata |= {
            flow_metadata.EXCHANGE: "0123abcd",
            flow_metadata.ASKED: zlib.crc32(compact(HELLO)),
            flow_metadata.NOTES: [["options.top_k", "dropped", "nobody takes it"], ["x", "eaten", ""], 5, None],
        }
        context.master.addons.get("view").add([client, companion])
        return client

    def test_it_tells_what_was_really_sent_where_the_companion_is_there(self, context: taddons.context) -> None:
        flow = self.exchange(context)
        text = shown(flow, flow.request)[1]
        assert "told upstream" in text
        assert EDITED not in text

    def test_a_filter_that_hides_all_flows_hides_no_companion(self, context: taddons.context) -> None:
        flow = self.exchange(context)
        view = context.master.addons.get("view")
        view.set_filter_cmd("~q ~s")
        assert len(view) == 0
        assert "told upstream" in shown(flow, flow.request)[1]

    def test_an_edited_request_is_translated_anew_and_says_so(self, context: taddons.context) -> None:
        flow = self.exchange(context)
        flow.request.content = compact(HELLO | {"model": "another-model"})
        text = shown(flow, flow.request)[1]
        assert text.startswith(EDITED.rstrip())
        assert "another-model" in text
        assert "told upstream" not in text

    def test_what_was_edited_in_its_call_afterwards_was_not_sent(self, context: taddons.context) -> None:
        flow = self.exchange(context)
        companion = context.master.addons.get("view")[1]
        companion.metadata[flow_metadata.ASKED] = zlib.crc32(companion.request.raw_content)
        companion.request.content = compact(SENT | {"user": "edited afterwards"})
        assert "edited afterwards" not in shown(flow, flow.request)[1]

    @pytest.mark.parametrize("asked_model", ["", "gpt-4o"])
    def test_one_that_was_refused_before_the_upstream_was_asked_has_no_table(self, asked_model: str) -> None:
        flow = flow_of("/api/chat", compact(HELLO), "application/json", b"{}")
        assert flow.response
        flow.response.status_code = 400
        flow.metadata |= {flow_metadata.EXCHANGE: "0123abcd", flow_metadata.ERROR: "it cannot think"}
        flow.metadata |= {flow_metadata.ASKED_MODEL: asked_model} if asked_model else {}
        text = shown(flow, flow.request)[1]
        assert text.startswith("As this proxy would" if asked_model else "Refused with 400: it cannot think\n")
        assert ("defaulted" in text) == bool(asked_model)
        assert "user: Hello" in text

    @pytest.mark.parametrize("method", ["GET", "OPTIONS"])
    def test_of_other_methods_nothing_is_claimed(self, method: str) -> None:
        flow = flow_of("/api/chat", b"", NDJSON, b"")
        flow.request.method = method
        flow.metadata[flow_metadata.EXCHANGE] = "0123abcd"
        assert shown(flow, flow.request)[0] != "Ollama exchange"
        assert contentviews.prettify_message(flow.request, flow, "ollama exchange").text.strip() == ""

    def test_without_its_companion_it_is_translated_anew(self, context: taddons.context) -> None:
        flow = self.exchange(context)
        context.master.addons.get("view").clear()
        assert "gpt-4o" in shown(flow, flow.request)[1]


def test_broken_answers_show_what_they_say() -> None:
    body = compact({"message": {"content": "before"}}) + b'\n{"message":{"conte'
    assert shown(flow_of("/api/chat", compact(HELLO), NDJSON, body))[1].startswith("before\n")
    nothing = shown(flow_of("/api/chat", compact(HELLO), NDJSON, b"\x00\xff"))[1]
    assert "the answer broke off" in nothing


@pytest.mark.parametrize("body", [b'{"model":"m","message":{"role":"assistant","content":"hel', b"<html>x</html>"])
def test_a_body_of_one_piece_that_cannot_be_read_is_shown_as_it_is(body: bytes) -> None:
    text = shown(flow_of("/api/chat", compact(HELLO), "application/json", body))[1]
    assert "(it says nothing)" in text
    assert text.endswith(f"─── body ───\n{body.decode()}")


class TestFiles:
    """Flows that come from a file."""

    def test_a_flow_from_a_file_is_shown_as_it_was(self) -> None:
        recording = weather()
        assert recording.client.response is not None
        flow = recorded_flow(recording.client.request, recording.client.response)
        body = recording.client.response.body
        chunks = [(10_000_000, body[:100]), (20_000_000, body[100:])]
        flow.metadata |= {
            flow_metadata.EXCHANGE: "0123abcd",
            flow_metadata.MODEL: "gpt-4o",
            flow_metadata.ASKED_MODEL: "gpt-4o-2024-08-06",
            flow_metadata.TTFT_MS: 12.5,
            flow_metadata.DURATION_MS: 99.5,
            flow_metadata.RETRIES: ["429"],
            flow_metadata.REPAIRS: ["a field was renamed"],
            flow_metadata.REPLAY: recording.name,
            flow_metadata.PIECES: str(pieces_of(chunks)),
        }
        loaded = through_a_file(flow)
        assert shown(loaded) == shown(flow)
        text = shown(loaded)[1]
        for part in (
            'get_weather({\n  "city": "Oslo"\n})',
            "model      gpt-4o → gpt-4o-2024-08-06",
            "time       first output after 12.5 ms, end after 99.5 ms",
            "retry      429",
            "repair     a field was renamed",
            f"replay     {recording.name}",
            "2 chunks, ms since the client's request was complete",
        ):
            assert part in text

    def test_times_of_traffic_that_was_not_ours_are_those_of_the_flow(self) -> None:
        flow = flow_of("/v1/chat/completions", b"", JSON, compact({"choices": [{"message": {"content": "Hi"}}]}))
        assert flow.response is not None
        flow.request.timestamp_end = 100.0
        flow.response.timestamp_start, flow.response.timestamp_end = 100.25, 101.5
        assert "time    head after 250.0 ms, end after 1,500.0 ms" in shown(flow)[1]

    def test_a_companion_tells_which_call_it_is(self) -> None:
        call = weather().upstream[0]
        assert call.response is not None
        flow = recorded_flow(call.request, call.response, "/v1")
        flow.metadata |= {flow_metadata.EXCHANGE: "0123abcd", flow_metadata.CALL: 2, flow_metadata.ATTEMPT: 3}
        assert "call    2, attempt 3" in shown(through_a_file(flow))[1]
