"""What must not be kept is taken out of mitmproxy's flows, wherever it stands in them."""

import gzip
import io
import json
import re
from collections.abc import Callable

import pytest
from mitmproxy import flow as mitmproxy_flow
from mitmproxy import http
from mitmproxy.io import FlowWriter
from mitmproxy.test import tflow
from mitmproxy.websocket import WebSocketMessage
from wsproto.frame_protocol import Opcode

from addon.redaction.flows import SPELLED_OUT, redact_flow
from addon.redaction.redactor import MARK, Redactor
from tests.recorded import compact

KEY = "sk-proj-" + "Ab1_" * 8
"""No key: it only looks like one."""
NAMED = "Jørgen Doe"
REDACTOR = Redactor((), re.compile(NAMED))

type Hide = Callable[[http.HTTPFlow, str], None]


def saved(flow: http.HTTPFlow) -> str:
    """What mitmproxy writes into files of it."""
    file = io.BytesIO()
    FlowWriter(file).add(flow)
    return file.getvalue().decode("utf-8", "replace")


def made() -> http.HTTPFlow:
    flow = tflow.tflow(resp=True)
    assert flow.response
    flow.request.content = compact({"model": "m"})
    return flow


def answer(flow: http.HTTPFlow) -> http.Response:
    assert flow.response
    return flow.response


def in_websocket(flow: http.HTTPFlow, text: str) -> None:
    flow.websocket = tflow.twebsocketflow().websocket
    assert flow.websocket
    flow.websocket.messages.append(WebSocketMessage(Opcode.TEXT, True, text.encode()))


def in_trailers(flow: http.HTTPFlow, text: str) -> None:
    answer(flow).trailers = http.Headers(x_told=text)


def in_error(flow: http.HTTPFlow, text: str) -> None:
    flow.error = mitmproxy_flow.Error(f"broken by {text}")


def in_backup(flow: http.HTTPFlow, text: str) -> None:
    flow.comment = text
    flow.backup()
    flow.comment = ""


def in_compressed_body(flow: http.HTTPFlow, text: str) -> None:
    flow.request.headers["content-encoding"] = "gzip"
    flow.request.content = text.encode()


HIDDEN: list[Hide] = [
    lambda flow, text: flow.request.headers.add("x-told", text),
    lambda flow, text: answer(flow).headers.add("location", f"https://x/{text}"),
    lambda flow, text: setattr(flow.request, "path", f"/v1/models/{text}"),
    lambda flow, text: setattr(flow.request, "content", compact({"prompt": text})),
    lambda flow, text: setattr(answer(flow), "content", json.dumps([text], ensure_ascii=False).encode()),
    lambda flow, text: setattr(flow, "comment", f"it was {text}"),
    in_compressed_body,
    in_websocket,
    in_trailers,
    in_error,
    in_backup,
]


@pytest.mark.parametrize("hide", HIDDEN)
@pytest.mark.parametrize("secret", [KEY, NAMED])
def test_every_part_of_a_flow_is_searched(hide: Hide, secret: str) -> None:
    flow = made()
    hide(flow, secret)
    assert redact_flow(flow, REDACTOR)
    assert secret not in saved(flow)
    assert not redact_flow(flow, REDACTOR)


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "X-Api-Key", "Api-Key", "Set-Cookie"])
def test_the_headers_that_hold_credentials_are_emptied_whatever_they_say(name: str) -> None:
    flow = made()
    for message in (flow.request, answer(flow)):
        message.headers[name] = "two words"
    assert redact_flow(flow, REDACTOR)
    assert (flow.request.headers[name], answer(flow).headers[name]) == (MARK, MARK)


def test_a_flow_with_nothing_in_it_stays_as_it_is() -> None:
    flow = tflow.tflow(resp=True, ws=True, err=True)
    answer(flow).headers["content-encoding"] = "gzip"
    answer(flow).raw_content = gzip.compress(b"hello")
    before = flow.get_state()
    assert not redact_flow(flow, REDACTOR)
    assert flow.get_state() == before


def test_a_flow_without_an_answer_or_a_body_is_redacted_too() -> None:
    flow = tflow.tflow()
    flow.request.raw_content = None
    flow.request.path = f"/{KEY}"
    assert redact_flow(flow, REDACTOR)
    assert flow.request.path == f"/{MARK}"


def test_a_body_is_as_long_as_its_headers_say() -> None:
    flow = made()
    in_compressed_body(flow, f"é {KEY}")
    redact_flow(flow, REDACTOR)
    assert flow.request.content == f"é {MARK}".encode()
    assert flow.request.headers["content-length"] == str(len(f"é {MARK}".encode()))


def test_what_is_spelled_out_piece_by_piece_takes_the_whole_body_with_it() -> None:
    flow = made()
    lines = [compact({"message": {"content": token}}) for token in NAMED]
    answer(flow).content = b"\n".join(lines)
    assert redact_flow(flow, REDACTOR)
    assert answer(flow).content == SPELLED_OUT


def test_a_password_for_a_registry_is_taken_out() -> None:
    flow = made()
    flow.request.path = "/api/pull"
    flow.request.content = compact({"model": "m", "password": "x"})
    assert redact_flow(flow, REDACTOR)
    assert flow.request.content == compact({"model": "m", "password": MARK})
    assert not redact_flow(flow, REDACTOR)
