"""Any JSON value at any place of a request is read, or refused with a status and a text of Ollama's."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.any_json import BODIES, DELETE_BODY, changed
from translators.errors import OllamaError
from translators.ollama_embed_requests import embed_request, embeddings_request
from translators.ollama_manage_requests import (
    copy_request,
    create_request,
    delete_request,
    pull_request,
    push_request,
)
from translators.ollama_requests import chat_request, generate_request, show_request
from translators.openai_chat_payload import chat_request_to_openai, generate_request_to_openai
from translators.profiles import profile_for


def _chat(body: bytes) -> object:
    request = chat_request(body)
    return chat_request_to_openai(request, request.model, profile_for(request.model))


def _generate(body: bytes) -> object:
    request = generate_request(body)
    return generate_request_to_openai(request, request.model, profile_for(request.model))


READERS: dict[str, Callable[[bytes], object]] = {
    "/api/chat": _chat,
    "/api/generate": _generate,
    "/api/embed": embed_request,
    "/api/embeddings": embeddings_request,
    "/api/show": show_request,
    "/api/create": create_request,
    "/api/pull": pull_request,
    "/api/push": push_request,
    "/api/copy": copy_request,
    "/api/delete": delete_request,
}


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_any_value_at_any_place_is_read_or_refused_as_ollama_refuses(data: st.DataObject) -> None:
    route = data.draw(st.sampled_from([*READERS, "/api/chat", "/api/generate"]))
    body = data.draw(changed(BODIES.get(route, DELETE_BODY)))
    try:
        READERS[route](body)
    except OllamaError as error:
        assert error.status in (400, 404, 500)  # noqa: PT017 - either outcome is right
        assert error.message  # noqa: PT017
