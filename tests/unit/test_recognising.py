"""What is Ollama's and what is OpenAI's in any traffic."""

import pytest

from tests.recorded import compact
from translators.inspection.recognising import is_ollama_request, ollama_route, openai_api
from translators.openai_apis import PATHS, Api, api_of

JSON = "application/json"


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/api/chat", "/api/chat"),
        ("/api/chat/?x=/api/embed", "/api/chat"),
        ("/ollama/api/generate?x=1", "/api/generate"),
        ("/v1/models", "/v1/models"),
        ("", "/"),
    ],
)
def test_a_route_stands_at_the_end_of_a_path(path: str, route: str) -> None:
    assert ollama_route(path) == route


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/api/chat", True), ("/x/api/embed?x=1", True), ("/api/tags", False), ("/v1/embeddings", False), ("", False)],
)
def test_requests_for_answers_of_models_are_mapped(path: str, expected: bool) -> None:
    assert is_ollama_request(path, b"", is_ours=True) == expected
    assert is_ollama_request(path, b'{"model":"m"}', is_ours=False) == expected
    assert not is_ollama_request(path, b"{}", is_ours=False)


@pytest.mark.parametrize("api", PATHS)
def test_every_api_is_known_by_the_end_of_its_path(api: Api) -> None:
    assert api_of(PATHS[api]) == api_of(f"/v1{PATHS[api]}/?api-version=1") == api
    assert api_of(f"{PATHS[api]}/of-something-else") is None


@pytest.mark.parametrize(
    ("body", "api"),
    [
        ({"object": "response", "output": []}, "responses"),
        ({"object": "text_completion", "choices": []}, "completions"),
        ({"object": "chat.completion"}, "chat"),
        ({"choices": [{"text": "a"}]}, "completions"),
        ({"choices": []}, "chat"),
        ({"data": [{"embedding": [0.5]}]}, "embeddings"),
        ({"data": [{"id": "gpt-4o"}]}, None),
        ({"error": {"message": "sorry"}}, None),
        ([1], None),
        ("a", None),
    ],
)
def test_an_answer_on_any_path_is_known_by_what_it_says(body: object, api: Api | None) -> None:
    assert openai_api("/gateway", JSON, compact(body)) == api


def test_an_error_is_of_the_api_that_was_asked() -> None:
    assert openai_api("/v1/responses", JSON, b'{"error":{"message":"sorry"}}') == "responses"
    assert openai_api("/v1/responses", JSON, b"") is None
