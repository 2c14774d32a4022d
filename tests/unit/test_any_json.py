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
from translators.openai_chat_payload import Translated
from translators.openai_requests import body_to_send, chat_to_openai, generate_to_openai
from translators.openai_tool_turns import keys_in_conversation
from translators.profiles import Dialect, Profile, profile_for

DIALECTS: tuple[Dialect | None, ...] = (None, "chat", "responses", "completions")


def _chat(body: bytes) -> object:
    request = chat_request(body)
    profile = profile_for(request.model)
    return [_body(chat_to_openai(request, request.model, profile, dialect), profile) for dialect in DIALECTS]


def _generate(body: bytes) -> object:
    request = generate_request(body)
    profile = profile_for(request.model)
    return [
        _body(generate_to_openai(request, request.model, profile, dialect, gap_by_chat=True), profile)
        for dialect in DIALECTS
    ]


def _body(translated: Translated, profile: Profile) -> object:
    if translated.dialect != "completions":
        assert all(said for _, (_, said) in keys_in_conversation(translated.payload["messages"]))
    return body_to_send(translated, {}, profile)


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
