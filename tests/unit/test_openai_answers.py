"""What this proxy itself answers to an OpenAI client, read by the real `openai` package's types."""

import json
from typing import Any

import pytest
from openai.types import Model as OpenAIModel

from translators.errors import (
    ModelNotFound,
    OllamaError,
    RequestError,
    UpstreamBroken,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from translators.ollama_models import UNDATED, Model
from translators.openai_answers import error_event, error_to_openai, model_body, models_body


def told(error: OllamaError) -> dict[str, Any]:
    envelope = json.loads(error_to_openai(error))
    assert list(envelope) == ["error"]
    inner: dict[str, Any] = envelope["error"]
    assert list(inner) == ["message", "type", "param", "code"]
    return inner


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (ModelNotFound("x"), "invalid_request_error", "model_not_found"),
        (RequestError("x", status=403), "invalid_request_error", None),
        (RequestError("x", status=508), "server_error", None),
        (UpstreamUnreachable("x"), "server_error", "upstream_unreachable"),
        (UpstreamTimeout("x"), "server_error", "upstream_timeout"),
        (UpstreamBroken("x"), "server_error", "upstream_broken"),
        (OllamaError("x"), "server_error", None),
    ],
)
def test_an_error_has_openais_four_keys(error: OllamaError, kind: str, code: str | None) -> None:
    assert told(error) == {"message": "x", "type": kind, "param": None, "code": code}


def test_an_upstreams_own_code_and_param_are_kept() -> None:
    error = told(UpstreamError("x", status=401, code="invalid_api_key", param="key"))
    assert (error["type"], error["code"], error["param"]) == ("invalid_request_error", "invalid_api_key", "key")


def test_a_message_of_any_characters_can_be_written() -> None:
    assert told(RequestError('a"\n\ud800<'))["message"] == 'a"\n\ufffd<'


def test_an_error_in_a_stream_is_one_event_and_closes_the_one_that_is_open() -> None:
    error = UpstreamBroken("two\nlines")
    event = error_event(error, between_events=True)
    assert event == b"data: " + error_to_openai(error) + b"\n\n"
    assert event.count(b"\n") == 2
    assert error_event(error, between_events=False) == b"\n\n" + event


def test_a_model_has_openais_shape() -> None:
    body = json.loads(model_body(Model("gpt-4o", 1, (), created=7, owned_by="openai")))
    assert body == {"id": "gpt-4o", "object": "model", "created": 7, "owned_by": "openai"}
    assert OpenAIModel.model_validate(body).to_dict() == body


@pytest.mark.parametrize(
    ("model_id", "owner"), [("meta-llama/llama-3:free", "meta-llama"), ("a/b/c", "a/b"), ("gpt-4o", "system")]
)
def test_a_model_of_an_untold_owner_belongs_to_its_namespace(model_id: str, owner: str) -> None:
    assert json.loads(model_body(Model(model_id, 1, ())))["owned_by"] == owner


def test_the_list_keeps_its_order_and_may_be_empty() -> None:
    body = json.loads(models_body([Model("b", 1, ()), Model("a", 1, ())]))
    assert body["object"] == "list"
    assert [(entry["id"], entry["created"]) for entry in body["data"]] == [("b", UNDATED), ("a", UNDATED)]
    assert json.loads(models_body([])) == {"object": "list", "data": []}
