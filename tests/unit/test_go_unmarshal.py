"""The slow way of reading a request gives what the fast one gives; Go's own answers are in `go_answers.jsonl`."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.any_json import BODIES, changed
from translators.errors import RequestError
from translators.go_struct import GoStruct
from translators.ollama_embed_requests import EmbeddingRequest, EmbedRequest
from translators.ollama_manage_requests import CreateRequest
from translators.ollama_request_checks import read_struct
from translators.ollama_requests import ChatRequest, GenerateRequest, ShowRequest

STRUCTS: dict[str, type[GoStruct]] = {
    "/api/chat": ChatRequest,
    "/api/generate": GenerateRequest,
    "/api/embed": EmbedRequest,
    "/api/embeddings": EmbeddingRequest,
    "/api/show": ShowRequest,
    "/api/create": CreateRequest,
}

SLOWLY = b" and more"
"""What Go does not read and orjson refuses, behind a body."""


def outcome(path: str, body: bytes) -> GoStruct | str:
    try:
        return read_struct(STRUCTS[path], body)
    except RequestError as error:
        return error.message


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_body_is_read_alike_by_either_way(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([*STRUCTS, "/api/chat"]))
    body = data.draw(changed(BODIES[path]))
    assert outcome(path, body) == outcome(path, body + SLOWLY)


@pytest.mark.parametrize("path", STRUCTS)
def test_a_whole_body_is_read_alike_by_either_way(path: str) -> None:
    body = json.dumps(BODIES[path]).encode()
    assert isinstance(outcome(path, body), GoStruct)
    assert outcome(path, body) == outcome(path, body + SLOWLY)


def test_a_schema_is_kept_as_it_was_sent_by_the_slow_way_too() -> None:
    schema = '{"type":"object","Type":"x","properties":{"a":{"TYPE":"b","type":"c","default":-1e400}},"x":null}'
    request = read_struct(ChatRequest, b'{"tools":[{"function":{"parameters":%s}}]}' % schema.encode())
    assert json.dumps(request.tools[0].function.parameters, separators=(",", ":")) == schema.replace(
        "-1e400", "-1.7976931348623157e+308"
    )


@pytest.mark.parametrize(("nested", "closing"), [('{"anyOf":[', "]}"), ('{"properties":{"a":', "}}")])
def test_a_schema_nested_too_deep_for_the_slow_way_is_refused(nested: str, closing: str) -> None:
    body = '{"tools":[{"function":{"parameters":{"properties":{"a":%s{}%s}}}}]}'
    assert isinstance(outcome("/api/chat", (body % (nested * 50, closing * 50)).encode() + SLOWLY), ChatRequest)
    assert outcome("/api/chat", (body % (nested * 250, closing * 250)).encode() + SLOWLY) == "exceeded max depth"


@pytest.mark.parametrize("place", ['{"format":%s}', '{"options":{"a":%s}}', '{"unknown":%s}'])
def test_a_free_value_may_nest_as_deep_as_a_body(place: str) -> None:
    body = (place % ("[" * 1000 + "]" * 1000)).encode()
    assert isinstance(outcome("/api/chat", body + SLOWLY), ChatRequest)


def test_a_great_many_repeated_keys_are_read() -> None:
    members = ",".join(f'"options":{{"{number}":1}}' for number in range(20_000))
    request = read_struct(ChatRequest, f"{{{members}}}".encode() + SLOWLY)
    assert len(request.options) == 20_000
