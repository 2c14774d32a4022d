"""What a model's id alone tells."""

import pytest

from addon.model_facts import LONGEST_ID, NOT_FOR_TEXT, UNKNOWN, UNKNOWN_EMBEDDING, Known, facts_of
from translators.profiles import profile_for

GPT_4O = Known(128_000, ("completion", "tools", "vision"), known=True, found=True)
GPT_5_4 = Known(922_000, ("completion", "tools", "vision", "thinking"), known=True, found=True)


@pytest.mark.parametrize(
    ("model_id", "known"),
    [
        # exact
        ("gpt-4o", GPT_4O),
        ("gpt-5.4", GPT_5_4),
        ("gpt-4-0613", Known(8192, ("completion", "tools"), known=True, found=True)),
        ("text-embedding-3-large", Known(8191, ("embedding",), 3072, known=True, found=True)),
        (
            "gpt-3.5-turbo-instruct",
            Known(4096, ("completion", "insert"), only_api="completions", known=True, found=True),
        ),
        # without what hosts put around it
        ("models/gpt-4o", GPT_4O),
        ("gpt-4o:free", GPT_4O),
        ("gpt-4o:latest", GPT_4O),
        ("GPT-4o", GPT_4O),
        # without a date
        ("gpt-5.4-2027-01-31", GPT_5_4),
        ("gpt-4-0314", Known(8192, ("completion", "tools"), known=True, found=True)),
        # fine-tunes
        ("ft:gpt-4o:acme::Ab12Cd34", GPT_4O),
        ("ft:gpt-4o-2030-01-01:acme:name:x:ckpt-step-90", GPT_4O),
        # OpenAI's models at others
        ("openai/gpt-5.4", GPT_5_4),
        ("azure/gpt-4o", GPT_4O),
        ("openrouter/openai/gpt-4o:free", GPT_4O),
        # with more at the end
        ("gpt-5.4-nova", GPT_5_4),
        ("gpt-4o_production", GPT_4O),
        ("gpt-4o:extended", GPT_4O),
        # nobody's
        ("llama3.2", UNKNOWN),
        ("anthropic/gpt-4o", UNKNOWN),  # another vendor's is never taken for OpenAI's
        ("o3x", UNKNOWN),
        ("gpt", UNKNOWN),
        ("", UNKNOWN),
        ("/", UNKNOWN),
        ("gpt-4o-" + "x" * LONGEST_ID, UNKNOWN),
        ("nomic-embed-text", UNKNOWN_EMBEDDING),
        ("text-embedding-9-huge", UNKNOWN_EMBEDDING),
        ("whisper-1", NOT_FOR_TEXT),
        ("openai/sora-2", NOT_FOR_TEXT),
        ("gpt-realtime-9", NOT_FOR_TEXT),
    ],
)
def test_a_model_is_looked_up_by_its_name(model_id: str, known: Known) -> None:
    assert facts_of(model_id, "") == known


@pytest.mark.parametrize(
    ("model_id", "known"),
    [
        ("gpt-6.2-astra", Known(922_000, GPT_5_4.capabilities, found=True)),
        ("gpt-4o-audio-preview", Known(128_000, ("completion", "tools", "audio"), found=True)),
        ("gpt-3.5-nova", Known(4096, ("completion",), found=True)),
    ],
)
def test_of_several_relatives_the_smallest_window_counts_and_what_half_of_them_can_do_and_none_of_it_is_certain(
    model_id: str, known: Known
) -> None:
    assert facts_of(model_id, "") == known


@pytest.mark.parametrize(
    ("provider", "model_id", "context_length", "capabilities"),
    [
        # the same weights at two hosts
        ("groq", "openai/gpt-oss-120b", 131_072, "completion tools thinking"),
        ("cerebras", "gpt-oss-120b", 131_072, "completion tools thinking"),
        ("together", "deepseek-ai/DeepSeek-V3.1", 131_072, "completion tools thinking"),
        ("sambanova", "DeepSeek-V3.2", 32_768, "completion tools thinking"),
        ("fireworks", "accounts/fireworks/models/kimi-k2-thinking", 262_144, "completion tools thinking"),
        # a host that does not have it in its table: what others say
        ("groq", "llama-3.3-70b-versatile", 128_000, "completion tools"),
        # a host whose own models are asked for by name, and by a router's spelling
        ("gemini", "models/gemini-2.5-pro", 1_048_576, "completion tools vision thinking audio"),
        ("", "google/gemini-2.5-pro", 1_048_576, "completion tools vision thinking audio"),
        ("", "gemini-2.5-pro", 1_048_576, "completion tools vision thinking audio"),
        ("gemini", "gemini-3.9-flash", 1_048_576, "completion tools vision thinking audio"),
        ("anthropic", "claude-sonnet-4-5-20250929", 200_000, "completion tools vision thinking"),
        ("", "anthropic/claude-sonnet-4.5", 200_000, "completion tools vision thinking"),
        ("", "together_ai/openai/gpt-oss-20b", 131_072, "completion tools thinking"),
        # another maker's model is not this one's
        ("openai", "claude-sonnet-4-5", 32_768, "completion tools"),
    ],
)
def test_the_same_model_differs_from_host_to_host(
    provider: str, model_id: str, context_length: int, capabilities: str
) -> None:
    known = facts_of(model_id, provider)
    assert (known.context_length, " ".join(known.capabilities)) == (context_length, capabilities)


@pytest.mark.parametrize(
    ("model_id", "capabilities"),
    [
        ("gpt-oss:20b", "completion tools thinking"),
        ("unsloth/gpt-oss-20b-GGUF", "completion tools thinking"),
        ("deepseek-r1:8b", "completion tools thinking"),
        ("deepseek-ai/DeepSeek-R1-0528", "completion tools thinking"),
        ("qwen3:8b", "completion tools thinking"),
        ("Qwen/Qwen3-8B", "completion tools thinking"),
        ("Qwen3-8B-Q4_K_M.gguf", "completion tools thinking"),
        ("qwen3-coder:30b", "completion tools"),
        ("Qwen/Qwen3-4B-Instruct-2507", "completion tools"),
        ("qwen2.5vl:7b", "completion tools vision"),
        ("lmstudio-community/Qwen2.5-VL-7B-Instruct-GGUF", "completion tools vision"),
        ("llama3.1:8b", "completion tools"),
        ("meta-llama/Llama-3.2-11B-Vision-Instruct", "completion vision"),
        ("llama4:scout", "completion tools vision"),
        ("gemma3:4b", "completion tools vision"),
        ("gemma-3-1b-it-custom", "completion tools"),
        ("magistral:24b", "completion tools thinking"),
        ("llava:13b", "completion tools vision"),
    ],
)
def test_what_a_local_server_does_not_say_the_name_of_open_weights_does(model_id: str, capabilities: str) -> None:
    known = facts_of(model_id, "")
    assert " ".join(known.capabilities) == capabilities
    assert not known.known  # so nobody is refused for what is not there
    assert not known.found


def test_the_defaults_are_stated_and_nobody_is_refused_for_them() -> None:
    assert Known(32_768, ("completion", "tools")) == UNKNOWN
    assert not any(known.known or known.found for known in (UNKNOWN, UNKNOWN_EMBEDDING, NOT_FOR_TEXT))


def test_only_openai_s_rows_and_those_of_embedding_models_are_the_whole_truth() -> None:
    assert facts_of("gpt-4o", "azure").known
    assert facts_of("mistral-embed", "mistral").known
    assert not facts_of("gemini-2.5-pro", "gemini").known


@pytest.mark.parametrize(
    ("model_id", "provider", "only_api"),
    [
        ("gpt-5-pro", "openai", "responses"),
        ("gpt-5-pro-2025-10-06", "", "responses"),
        ("o3-deep-research", "azure", "responses"),
        ("davinci-002", "openai", "completions"),
        ("openai/gpt-5-pro", "", None),  # a router's, which serves all by Chat Completions
        ("gpt-5.4", "openai", None),
    ],
)
def test_a_model_that_has_but_one_api_is_known(model_id: str, provider: str, only_api: str | None) -> None:
    assert facts_of(model_id, provider).only_api == only_api


@pytest.mark.parametrize("model_id", ["gpt-4o", "gpt-5", "gpt-5.6-terra", "o3", "o4-mini", "gpt-6-astra", "gpt-4.1"])
def test_the_catalogue_and_the_profiles_agree_on_who_thinks(model_id: str) -> None:
    assert ("thinking" in facts_of(model_id, "").capabilities) == bool(profile_for(model_id).efforts)


def test_the_longest_prompt_counts_not_the_whole_window() -> None:
    assert facts_of("gpt-5", "openai").context_length == 272_000  # of 400,000
