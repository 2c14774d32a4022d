"""Messages in which anything may stand, as the contentviews show them."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mitmproxy import contentviews
from mitmproxy.test import tflow

from addon import flow_metadata
from addon.contentviews.views import CHOSEN, NOT_CHOSEN, VIEWS, MessageView, Shown
from tests.fuzzed_answers import fuzzed_answer
from tests.http_flows import flow_of
from tests.recorded import HELLO, compact
from translators.openai_apis import PATHS

NDJSON, SSE, JSON = "application/x-ndjson", "text/event-stream", "application/json"

DEEP = b'{"message":' + b"[" * 990 + b"]" * 990 + b',"done":true}'

BODIES = (
    b"",
    b"\x00\xff\xfe",
    b"null",
    b'"x"',
    b"[1]",
    b"{",
    b"\xef\xbb\xbf{}",
    b'{"message":5,"response":[],"thinking":{},"tool_calls":3,"done":true,"done_reason":4,"error":0}',
    b'{"message":{"content":[1],"thinking":{"a":1},"tool_calls":[5,null,{"function":[]},{"function":{}}]}}',
    b'{"done":true,"eval_count":true,"eval_duration":1e400,"total_duration":-1,"load_duration":"x","model":7}',
    b'{"eval_count":1' + b"0" * 400 + b',"eval_duration":0,"done":1}',
    b'{"embeddings":[[1],[1,2],"x",null],"embedding":[],"data":[{"embedding":1},7]}',
    b'{"error":{"message":["a",{"b":1}]}}',
    b'{"status":"s","total":"x","completed":[]}',
    b'{"object":[],"status":{},"choices":[5,{"delta":7,"text":[],"finish_reason":3}],"usage":[],"model":null}',
    b'{"object":"response","status":"incomplete","incomplete_details":5,"output":[5],"usage":{"input_tokens":"x"}}',
    b'data: {"choices":[{"delta":{"content":"cut \xe2\x82',
    b'data: {"choices":[{"delta":{"content":"\\ud83d"}}]}\n\n',
    b'event: response.output_text.delta\ndata: {"delta":5}\n\n',
    DEEP,
    b"data: %s\n\n" % DEEP,
)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
@pytest.mark.parametrize("content_type", [NDJSON, SSE, JSON, "text/html", None])
@pytest.mark.parametrize(
    "path", ["/api/chat", "/api/embed", "/api/pull", "/v1/chat/completions", "/v1/responses", "/x"]
)
def test_no_body_raises_in_any_place(view: contentviews.Contentview, content_type: str | None, path: str) -> None:
    for body in BODIES:
        flow = flow_of(path, body, content_type or "", body)
        for message in (flow.response, flow.request, None):
            for known in (flow, None):
                about = contentviews.Metadata(flow=known, content_type=content_type, http_message=message)
                assert view.render_priority(body, about) in (CHOSEN, NOT_CHOSEN)
                assert isinstance(view.prettify(body, about), str)


@pytest.mark.parametrize("seed", range(150))
def test_answers_that_came_broken_from_upstream_are_shown(seed: int) -> None:
    answer = fuzzed_answer(Random(seed))
    flow = flow_of(f"/v1{PATHS[answer.shape.dialect]}", b"", answer.content_type, answer.body)
    about = contentviews.Metadata(flow=flow, content_type=answer.content_type, http_message=flow.response)
    assert isinstance(VIEWS[1].prettify(answer.body, about), str)


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])  # its table of letters is made first
@given(
    values=st.dictionaries(
        st.sampled_from(
            sorted(value for key, value in vars(flow_metadata).items() if key.isupper() and isinstance(value, str))
        ),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text() | st.integers()),
    ),
    body=st.binary(max_size=200) | st.sampled_from(BODIES),
    path=st.sampled_from(["/api/chat", "/api/embed", "/v1/chat/completions"]),
    content_type=st.sampled_from([NDJSON, SSE, JSON]),
    live=st.booleans(),
)
def test_metadata_of_a_foreign_file_may_hold_anything(
    values: dict[str, Any], body: bytes, path: str, content_type: str, live: bool
) -> None:
    flow = flow_of(path, compact(HELLO), content_type, body)
    flow.metadata |= values
    flow.live = live
    for message in (flow.response, flow.request):
        about = contentviews.Metadata(flow=flow, content_type=content_type, http_message=message)
        for view in VIEWS:
            assert view.render_priority(body, about) in (CHOSEN, NOT_CHOSEN)
            assert isinstance(view.prettify(body, about), str)


def test_what_is_nested_deeper_than_python_goes_is_shown_as_it_came() -> None:
    def endless(shown: Shown) -> str:
        return endless(shown)

    flow = flow_of("/api/chat", b"", JSON, b"[[[[\n\n")
    about = contentviews.Metadata(flow=flow, content_type=JSON, http_message=flow.response)
    assert MessageView("deep", lambda _: True, endless).prettify(b"[[[[\n\n", about) == "[[[[\n \n "


def test_a_flow_of_another_protocol_is_left_alone() -> None:
    about = contentviews.Metadata(flow=tflow.ttcpflow())
    for view in VIEWS:
        assert view.render_priority(b"x", about) == NOT_CHOSEN
        assert json.loads(view.prettify(b'{"a": 1}', about)) == {"a": 1}
