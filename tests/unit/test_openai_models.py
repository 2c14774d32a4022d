"""Model lists of OpenAI-style servers, in every shape that was seen."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.errors import UpstreamBroken, UpstreamError
from translators.openai_models import Listed, entries_of, listed_model, use_by_name

NOW = 1_780_000_000.0

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
FIELDS = st.sampled_from(
    [
        "id",
        "name",
        "model",
        "created",
        "type",
        "capabilities",
        "architecture",
        "providers",
        "meta",
        "context_length",
        "max_model_len",
        "supported_parameters",
        "input_modalities",
        "output_modalities",
        "n_ctx",
        "completion_chat",
        "vision",
        "supports_tools",
        "endpoints",
        "features",
        "active",
        "owned_by",
        "n_embd",
    ]
)
ENTRIES = st.recursive(JSON, lambda inner: st.lists(inner) | st.dictionaries(FIELDS, inner), max_leaves=10)


def listed(**entry: Any) -> Listed:
    found = listed_model({"id": "some-model"} | entry, NOW)
    assert found is not None
    return found


ONE = {"id": "a"}


@pytest.mark.parametrize(
    "body",
    [
        {"object": "list", "data": [ONE]},  # OpenAI
        {"data": [ONE]},  # OpenRouter
        [ONE],  # Together
        {"models": [{"name": "other"}], "object": "list", "data": [ONE]},  # llama.cpp
        {"models": [ONE]},  # an Ollama
        {"data": [ONE, None, "b", 1, []]},
    ],
)
def test_every_shape_of_a_list_is_read(body: Any) -> None:
    assert entries_of(body) == [ONE]


@pytest.mark.parametrize("body", [[], {"data": []}, {"data": None}, {"models": []}, {"object": "list", "data": None}])
def test_an_empty_list_is_no_error(body: Any) -> None:
    assert entries_of(body) == []


@pytest.mark.parametrize("body", [None, {}, "models", 7, {"data": "x"}, {"data": {"id": "a"}}, {"object": "list"}])
def test_a_body_without_a_list_is_a_broken_upstream(body: Any) -> None:
    with pytest.raises(UpstreamBroken, match="no list of models") as caught:
        entries_of(body)
    assert caught.value.status == 502


def test_an_error_in_place_of_the_list_keeps_the_upstream_s_sentence() -> None:
    with pytest.raises(UpstreamError, match="you may not list models"):
        entries_of({"error": {"message": "you may not list models", "type": "permission_error"}})


@given(JSON | ENTRIES)
def test_no_json_breaks_the_reading(body: Any) -> None:
    try:
        entries = entries_of(body)
    except UpstreamError:
        return
    for entry in entries:
        listed_model(entry, NOW)


@given(st.dictionaries(FIELDS, ENTRIES, max_size=5))
def test_no_entry_breaks_the_reading(entry: Any) -> None:
    listed_model({"id": "some-model"} | entry, NOW)


def test_lists_within_lists_are_not_followed_to_the_end() -> None:
    nested: list[Any] = []
    for _ in range(1000):  # as deep as the JSON reader goes
        nested = [nested]
    assert listed(providers=nested, capabilities=nested).context_length is None


@pytest.mark.parametrize(
    ("entry", "model_id"),
    [
        ({"id": "gpt-4o", "name": "GPT-4o"}, "gpt-4o"),
        ({"name": "llama3.2:latest", "model": "llama3.2:latest"}, "llama3.2:latest"),
        ({"id": "models/gemini-2.0-flash"}, "gemini-2.0-flash"),  # Gemini takes both
        ({"id": "models/text-embedding-004", "owned_by": "google"}, "text-embedding-004"),
        ({"id": "models/gemini-clone", "owned_by": "vllm"}, "models/gemini-clone"),
        ({"id": "models/llama.gguf"}, "models/llama.gguf"),
        ({"id": "models/", "owned_by": "google"}, "models/"),
        ({"id": "whisper-large-v3", "active": True}, "whisper-large-v3"),
        ({"id": "llama-guard-3-8b", "active": False}, None),  # Groq
        ({"id": None, "name": "x"}, "x"),
        ({"id": "", "name": "x"}, "x"),
        ({"id": "Llama 3 8B Instruct"}, None),  # no client could ask for it
        ({"id": 7}, None),
        ({}, None),
    ],
)
def test_the_id_is_the_name_that_a_client_can_ask_for(entry: dict[str, Any], model_id: str | None) -> None:
    found = listed_model(entry, NOW)
    assert (found and found.id) == model_id


@pytest.mark.parametrize(
    ("created", "read"),
    [
        (1_715_367_049, 1_715_367_049),
        (1_715_367_049.5, 1_715_367_049),
        (0, None),  # Cerebras
        (None, None),  # DeepSeek
        (NOW - 5, None),  # Mistral, vLLM, llama.cpp: the time of the answer
        (NOW + 10**9, None),
        (1_715_367_049_000, None),
        (-1, None),
        (True, None),
        ("2024-05-10", None),
    ],
)
def test_a_date_counts_when_it_can_be_one_that_stays(created: Any, read: int | None) -> None:
    assert listed(created=created).created == read


@pytest.mark.parametrize(
    ("entry", "length"),
    [
        ({"context_length": 131_072}, 131_072),
        ({"context_length": 131_072.0}, 131_072),
        ({"max_model_len": 8192}, 8192),
        ({"context_window": 8192}, 8192),
        ({"max_context_length": 8192}, 8192),
        ({"max_context_length": 131_072, "loaded_context_length": 4096}, 4096),
        ({"meta": {"n_ctx": 4096, "n_ctx_train": 131_072}}, 4096),
        ({"meta": {"n_ctx_train": 131_072}}, 131_072),
        ({"providers": [{}, {"context_length": 131_072}, {"context_length": 16_384}]}, 16_384),
        ({"context_length": None, "max_model_len": 0, "context_window": "8192", "max_context_length": 2**40}, None),
        ({"context_length": True, "meta": [], "providers": {}}, None),
        ({}, None),
    ],
)
def test_the_context_length_is_found_under_every_server_s_name(entry: dict[str, Any], length: int | None) -> None:
    assert listed(**entry).context_length == length


@pytest.mark.parametrize(
    ("meta", "length"), [({"n_embd": 768}, 768), ({"n_embd": 0}, None), ({"n_embd": 10**9}, None), ({}, None)]
)
def test_llama_cpp_tells_how_long_vectors_are(meta: dict[str, Any], length: int | None) -> None:
    assert listed(meta=meta).embedding_length == length


@pytest.mark.parametrize(
    ("entry", "can"),
    [
        (
            {"capabilities": {"function_calling": True, "vision": False, "completion_fim": True}},
            {"tools": True, "vision": False},
        ),
        (
            {"supported_parameters": ["tools", "seed"], "architecture": {"input_modalities": ["text", "image"]}},
            {"tools": True, "thinking": False, "vision": True, "audio": False},
        ),
        ({"supported_parameters": []}, {"tools": False, "thinking": False}),
        ({"supported_parameters": None}, {}),
        ({"providers": [{"supports_tools": False}, {}, {"supports_tools": True}]}, {"tools": True}),
        ({"providers": [{"supports_tools": False}]}, {"tools": False}),
        ({"providers": [{"status": "live"}]}, {}),
        ({"supports_tools": True, "supports_image_input": False}, {"tools": True, "vision": False}),
        ({"capabilities": ["completion", "tool_use", "multimodal", "flying"]}, {"tools": True, "vision": True}),
        ({"capabilities": {"function_calling": "yes"}}, {}),
        (
            {"features": ["tools", "strict_tools", "reasoning", "vision"], "supports_vision": True},  # Cohere
            {"tools": True, "thinking": True, "vision": True},
        ),
        ({}, {}),
    ],
)
def test_capabilities_are_granted_and_denied_in_every_server_s_words(entry: dict[str, Any], can: Any) -> None:
    assert listed(**entry).can == can


@pytest.mark.parametrize(
    ("entry", "use"),
    [
        ({"type": "chat"}, "text"),
        ({"type": "image"}, "other"),
        ({"type": "embeddings"}, "embedding"),
        ({"type": "base"}, None),  # Mistral
        ({"type": ["chat"]}, None),
        ({"architecture": {"output_modalities": ["image", "text"]}}, "text"),
        ({"architecture": {"output_modalities": ["embeddings"]}}, "embedding"),
        ({"architecture": {"output_modalities": ["image"]}}, "other"),
        ({"capabilities": ["embedding"]}, "embedding"),
        ({"capabilities": {"completion_chat": True}}, "text"),
        ({"capabilities": {"completion_chat": False}}, "other"),
        ({"id": "codestral-embed", "capabilities": {"completion_chat": False}}, "embedding"),
        ({"supports_chat": True}, "text"),  # Fireworks
        ({"supports_chat": "yes"}, None),
        ({"supports_chat": False}, "other"),
        ({"id": "qwen3-embedding-8b", "supports_chat": False}, "embedding"),
        ({"endpoints": ["embed", "classify"]}, "embedding"),  # Cohere
        ({"endpoints": ["chat", "rerank"]}, "text"),
        ({"endpoints": ["rerank"]}, "other"),
        ({"endpoints": ["/v1/chat/completions"]}, None),
        ({"endpoints": [["chat"], None]}, None),
        ({}, None),
    ],
)
def test_what_a_model_is_for_is_read_where_the_list_tells(entry: dict[str, Any], use: str | None) -> None:
    assert listed(**entry).use == use


@pytest.mark.parametrize(
    ("use", "model_ids"),
    [
        (
            "other",
            "whisper-1 tts-1-hd dall-e-3 gpt-image-1 chatgpt-image-latest gpt-realtime-mini gpt-4o-mini-tts sora-2 "
            "gpt-4o-transcribe-diarize omni-moderation-latest distil-whisper-large-v3-en playai-tts gpt-live-1 "
            "models/imagen-4.0-generate models/veo-3.0 gpt-4o-realtime-preview-2025-06-03 rerank-v3.5",
        ),
        ("embedding", "text-embedding-3-large nomic-embed-text mistral-embed BAAI/bge-m3 models/gemini-embedding-001"),
        (
            None,
            "gpt-4o gpt-4o-audio-preview gpt-audio o3 google/gemini-2.5-flash-image deliveo-7b mattts "
            "computer-use-preview meta-llama/llama-3:free transcribed-7b",
        ),
    ],
)
def test_names_tell_what_a_model_is_for(use: str | None, model_ids: str) -> None:
    assert {model_id: use_by_name(model_id) for model_id in model_ids.split()} == dict.fromkeys(model_ids.split(), use)
