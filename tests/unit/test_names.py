"""Names of models, Ollama's and hosted ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.names import (
    canonical_name,
    folded_name,
    is_possible_name,
    names_two_sources,
    openai_name,
    parts_of,
    qualified_name,
    undated,
    upstream_id,
)

HOSTED = [
    "gpt-4o",
    "ft:gpt-4o:org::x",
    "meta-llama/llama-3:free",
    "models/gemini-2.0-flash",
    "@cf/meta/llama-3.1-8b-instruct",
    "accounts/fireworks/models/llama-v3p1-405b-instruct",
    "My_Deployment.v2",
    "qwen3:8b",
    "anthropic/claude-3.7-sonnet:thinking",
    "hf.co/u/m:Q4_K_M",
]


@pytest.mark.parametrize("name", [*HOSTED, " gpt-4o ", "demo:cloud", "x" * 300])
def test_names_that_hosts_use_are_possible(name: str) -> None:
    assert is_possible_name(name)


@pytest.mark.parametrize(
    "name",
    ["", "  ", "a b", "a\tb", "a\u00a0b", "a\x00b", "a\x7f", 'a"b', "a'b", "`a`", "a\\b", "<x>", "a&b", "no\ufffdpe"],
)
def test_names_that_no_host_uses_are_not(name: str) -> None:
    assert not is_possible_name(name)


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("llama3.2", "llama3.2:latest"),
        ("gpt-4o", "gpt-4o:latest"),
        (" gpt-4o ", "gpt-4o:latest"),
        ("qwen3:8b", "qwen3:8b"),
        ("me/m", "me/m:latest"),
        ("hf.co/u/m:Q4", "hf.co/u/m:Q4"),
        ("localhost:11434/u/m", "localhost:11434/u/m:latest"),
        ("library/llama3.2", "llama3.2:latest"),
        ("registry.ollama.ai/library/llama3.2:1b", "llama3.2:1b"),
        ("registry.ollama.ai/me/m", "me/m:latest"),
        ("meta-llama/llama-3:free", "meta-llama/llama-3:free"),
        ("ft:gpt-4o:org::x", "ft:gpt-4o:org::x"),
        ("@cf/meta/llama-3.1-8b-instruct", "@cf/meta/llama-3.1-8b-instruct:latest"),
    ],
)
def test_the_canonical_name_is_short_and_shows_the_tag(name: str, canonical: str) -> None:
    assert canonical_name(name) == canonical
    assert canonical_name(canonical) == canonical


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("gpt-4o:latest", "gpt-4o"),
        (" gpt-4o:LATEST ", "gpt-4o"),
        ("gpt-4o", "gpt-4o"),
        ("chatgpt-4o-latest", "chatgpt-4o-latest"),
        ("ft:gpt-4o:org::x", "ft:gpt-4o:org::x"),
        ("ft:gpt-4o:org::x:latest", "ft:gpt-4o:org::x"),
        ("meta-llama/llama-3:free", "meta-llama/llama-3:free"),
        ("library/x:latest", "library/x"),
        ("latest", "latest"),
        (":latest", ":latest"),
        ("qwen3:8b:local", "qwen3:8b"),
        ("gpt-4o:LOCAL", "gpt-4o"),
        (":local", ":local"),
    ],
)
def test_only_an_added_latest_or_local_and_blanks_are_taken_off(name: str, sent: str) -> None:
    assert upstream_id(name) == sent


@given(st.sampled_from(HOSTED))
def test_a_hosted_name_survives_being_listed_and_asked_for(name: str) -> None:
    assert upstream_id(canonical_name(name)) == name


@pytest.mark.parametrize("name", ["demo:cloud:local", "demo:local:cloud", " Demo:CLOUD:Local "])
def test_two_sources_are_seen(name: str) -> None:
    assert names_two_sources(name)


@pytest.mark.parametrize("name", ["demo:cloud", "demo:local", "demo:8b-cloud", "local:cloud", "demo:cloud:8b", "a:b:c"])
def test_one_source_or_none_is_no_conflict(name: str) -> None:
    assert not names_two_sources(name)


@pytest.mark.parametrize(
    ("name", "qualified"),
    [
        ("llama3.2", "registry.ollama.ai/library/llama3.2:latest"),
        (" llama3.2:1b ", "registry.ollama.ai/library/llama3.2:1b"),
        ("qwen3:8b:local", "registry.ollama.ai/library/qwen3:8b"),
        ("me/m", "registry.ollama.ai/me/m:latest"),
        ("hf.co/u/m:Q4", "hf.co/u/m:Q4"),
        ("a/b/c/d", "a/b/c/d:latest"),
    ],
)
def test_errors_show_the_whole_name(name: str, qualified: str) -> None:
    assert qualified_name(name) == qualified


@pytest.mark.parametrize(
    ("one", "other"),
    [("Qwen3:8B", "qwen3:8b"), ("gpt-4o", " GPT-4o:latest"), ("models/gemini-2.0-flash", "gemini-2.0-flash:local")],
)
def test_ways_to_write_one_model_are_folded_into_one(one: str, other: str) -> None:
    assert folded_name(one) == folded_name(other)


@pytest.mark.parametrize(
    ("name", "without"),
    [
        ("gpt-5.4-mini-2026-03-17", "gpt-5.4-mini"),
        ("claude-3-7-sonnet-20250219", "claude-3-7-sonnet"),
        ("gpt-4-0613", "gpt-4"),
        ("mistral-large-2512", "mistral-large"),
        ("gpt-4o", "gpt-4o"),
        ("gpt-4-0613-preview", "gpt-4-0613-preview"),
        ("llama-405", "llama-405"),
    ],
)
def test_the_date_of_a_release_is_taken_off_the_end(name: str, without: str) -> None:
    assert undated(name) == without


@pytest.mark.parametrize(
    ("model_id", "parts", "of_openai"),
    [
        ("GPT-4o", ("gpt-4o",), "gpt-4o"),
        ("openai/gpt-4o:free", ("openai", "gpt-4o"), "gpt-4o"),
        ("openrouter/openai/gpt-4o:latest", ("openrouter", "openai", "gpt-4o"), "gpt-4o"),
        ("azure/gpt-4o", ("azure", "gpt-4o"), "gpt-4o"),
        ("ft:gpt-4o-2024-08-06:org:suffix:id", ("gpt-4o-2024-08-06",), "gpt-4o-2024-08-06"),
        ("openai/ft:gpt-4o:org::x", ("openai", "gpt-4o"), "gpt-4o"),
        ("models/gemini-2.0-flash", ("gemini-2.0-flash",), "gemini-2.0-flash"),
        ("meta-llama/llama-3:free", ("meta-llama", "llama-3"), ""),
        ("openai/community/gpt-4o", ("openai", "community", "gpt-4o"), ""),
        ("qwen3:8b", ("qwen3:8b",), "qwen3:8b"),
    ],
)
def test_an_id_is_read_without_what_hosts_put_around_it(model_id: str, parts: tuple[str, ...], of_openai: str) -> None:
    assert (parts_of(model_id), openai_name(model_id)) == (parts, of_openai)
