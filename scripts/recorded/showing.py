"""One recording as people read it."""

import textwrap
from collections.abc import Iterator
from typing import Any

from addon.recordings.matching import asked_of
from addon.recordings.recording import Recording, UpstreamCall
from scripts.recorded.said import said_by_upstream, said_to_client
from scripts.recorded.times import times_of
from translators.inspection.answers import Said
from translators.inspection.transcript import call_text, settings, shortened, tools_offered, transcript
from translators.inspection.values import json_text
from translators.loose_json import read_json

_INDENT = "  "


def body_value(body: bytes) -> Any:
    """The JSON value of a request's body; None of an empty one, its text where it is no JSON."""
    try:
        return read_json(body) if body else None
    except ValueError:
        return body.decode("utf-8", "replace")


def told(recording: Recording) -> Iterator[str]:
    """The lines that tell of a recording: what was asked, what was sent, what came, and when."""
    yield recording.name
    if recording.about:
        yield recording.about
    yield f"recorded at {recording.recorded_at:%Y-%m-%d %H:%M:%S %Z}, {recording.protocol}"
    if recording.fault is not None:
        yield f"fault: {recording.fault}"
    yield from _request(recording)
    count = len(recording.upstream)
    for number, call in enumerate(recording.upstream, 1):
        yield ""
        yield from _call(call, f"Sent, {number} of {count}" if count > 1 else "Sent")
    yield ""
    yield from _answer(recording)


def _request(recording: Recording) -> Iterator[str]:
    request = recording.client.request
    body = body_value(request.body)
    yield ""
    yield f"Asked: {request.method} {request.path}{_model(recording)}"
    yield from _indented(f"{name}: {value}" for name, value in request.headers)
    yield from _indented(transcript(body) if isinstance(body, dict) else [body] if body else [])
    yield from _indented(f"offers {tool}" for tool in tools_offered(body))
    if more := settings(body):
        yield from _indented([f"with {json_text(more)}"])


def _call(call: UpstreamCall, title: str) -> Iterator[str]:
    request, again = call.request, f", attempt {call.attempt}" if call.attempt > 1 else ""
    yield f"{title}: {request.method} {request.path} to {call.provider} ({call.url}) at {call.t_ms:.1f} ms{again}"
    body = body_value(request.body)
    if body is not None:
        yield from _indented([json_text(shortened(body), 2)])
    status = call.response.status if call.response else "nothing"
    yield f"Came: {status}, {call.end}"
    if call.response:
        yield from _indented([str(times_of(call.response, call.t_ms, call.end_ms))])
        yield from _indented(f"{name}: {value}" for name, value in call.response.headers)
    yield from _indented(said_lines(said_by_upstream(call)))


def _answer(recording: Recording) -> Iterator[str]:
    client = recording.client
    yield f"Answered: {client.response.status if client.response else 'nothing'}, {client.end}"
    if client.response:
        yield from _indented([str(times_of(client.response, 0.0, client.end_ms))])
        yield from _indented(said_lines(said_to_client(recording)))


def said_lines(said: Said) -> Iterator[str]:
    """What an answer says, a text of one or several lines for each of its parts."""
    if said.thinking:
        yield f"thinking: {said.thinking}"
    if said.text:
        yield f"text: {said.text}"
    yield from (f"tool call: {call_text(call)}" for call in said.calls)
    if said.document is not None:
        yield json_text(shortened(said.document), 2)
    elif said.facts.end or said.facts.tokens:
        tokens = said.facts.tokens
        prompt, answer = (f"{tokens[name]:,}" if name in tokens else "?" for name in ("prompt", "output"))
        yield f"end: {said.facts.end or 'none'}, {prompt} tokens of prompt, {answer} of answer"
    if said.error:
        yield f"error: {said.error}"


def _model(recording: Recording) -> str:
    model = asked_of(recording).model
    return f" of {model}" if model else ""


def _indented(lines: Iterator[str] | list[str]) -> Iterator[str]:
    return (textwrap.indent(line, _INDENT, lambda _: True) for line in lines)
