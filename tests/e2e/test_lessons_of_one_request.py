"""What is wrong beside one prompt, or in one schema, is mended there and not in the requests that follow."""

from pathlib import Path
from typing import Any

import ollama

from tests.e2e.relays import relay, strictly
from tests.process import serving
from tests.upstream.refusals import Refusal
from tests.upstream.routes import Reply, reply_of


def without_room(path: str, body: dict[str, Any]) -> Reply:
    """Has room for a short prompt and the answer's limit, not for a long one."""
    if "max_tokens" in body and len(body["messages"][0]["content"]) > 100:
        return reply_of(Refusal("`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens"))
    return strictly(path, {**body, "model": "gpt-4o"})


def strict_of_few(path: str, body: dict[str, Any]) -> Reply:
    """Takes a strict schema only where nothing in it is called `odd`."""
    schema = body["response_format"]["json_schema"]
    if schema["strict"] and "odd" in schema["schema"]["properties"]:
        text = "Invalid schema for response_format 'x': In context=(), 'odd' is not permitted."
        return reply_of(Refusal(text, param="response_format", code="invalid_json_schema"))
    return strictly(path, {**body, "model": "gpt-4o"})


def asking_for(field: str) -> dict[str, Any]:
    return {"type": "object", "properties": {field: {"type": "string"}}, "required": [field]}


def test_a_limit_beside_which_one_prompt_has_no_room_stays_in_the_next_request(tmp_path: Path) -> None:
    with (
        relay(without_room) as upstream,
        serving(upstream.base_url, tmp_path) as proxy,
        ollama.Client(proxy.url, trust_env=False) as client,
    ):
        for text in ("hello " * 50, "hello"):
            client.chat("m", [{"role": "user", "content": text}], options={"num_predict": 500})
    assert [body.get("max_tokens") for _, body in upstream.asked] == [500, None, 500]


def test_a_schema_that_cannot_be_strict_leaves_the_next_one_strict(tmp_path: Path) -> None:
    with (
        relay(strict_of_few) as upstream,
        serving(upstream.base_url, tmp_path) as proxy,
        ollama.Client(proxy.url, trust_env=False) as client,
    ):
        for field in ("odd", "even"):
            client.chat("m", [{"role": "user", "content": "hello"}], format=asking_for(field))
    assert [body["response_format"]["json_schema"]["strict"] for _, body in upstream.asked] == [True, False, True]
