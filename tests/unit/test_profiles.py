import pytest

from translators.profiles import (
    ALL_FORMATS,
    DEFAULT,
    EFFORT_SCALE,
    Dialect,
    Profile,
    dialect_for,
    nearest_effort,
    profile_for,
)

FAMILIES = [
    ("gpt-6-astra", "gpt-6-astra"),
    ("gpt-6-astra-law", "gpt-6-astra"),
    ("gpt-6.1-sol", "gpt-6.1-sol"),
    ("gpt-6-sol", "gpt-6-sol and -luna"),
    ("gpt-6-luna-2026-08-01", "gpt-6-sol and -luna"),
    ("gpt-6.1-terra", "gpt-6.1-terra"),
    ("gpt-6", "gpt-6"),
    ("gpt-6.3-nova", "gpt-6"),
    ("gpt-5.6-sol", "gpt-5.6"),
    ("gpt-5.5-pro", "gpt-5.2, 5.4 and 5.5 pro"),
    ("gpt-5.4-pro-2026-03-05", "gpt-5.2, 5.4 and 5.5 pro"),
    ("gpt-5.2-pro", "gpt-5.2, 5.4 and 5.5 pro"),
    ("gpt-5.5", "gpt-5.5"),
    ("gpt-5.4-mini-2026-03-17", "gpt-5.4"),
    ("gpt-5.3-chat-latest", "chat-latest"),
    ("gpt-5.2-chat-latest", "chat-latest"),
    ("gpt-5.1-chat-latest", "chat-latest"),
    ("chat-latest", "chat-latest"),
    ("gpt-5.1-codex", "gpt-5 codex"),
    ("gpt-5.1-codex-mini", "gpt-5 codex"),
    ("gpt-5-codex", "gpt-5 codex"),
    ("gpt-5.1-codex-max", "gpt-5.1 codex-max"),
    ("gpt-5.3-codex", "gpt-5.2 and 5.3 codex"),
    ("gpt-5.2-codex", "gpt-5.2 and 5.3 codex"),
    ("computer-use-preview-2025-03-11", "models of the Responses API"),
    ("gpt-daybreak", "models of the Responses API"),
    ("gpt-5.3", "gpt-5.2 and 5.3"),
    ("gpt-5.2-2025-12-11", "gpt-5.2 and 5.3"),
    ("gpt-5.1-2025-11-13", "gpt-5.1"),
    ("gpt-5-chat-latest", "gpt-5-chat"),
    ("gpt-5-search-api", "gpt-5-search"),
    ("gpt-5-pro-2025-10-06", "gpt-5-pro"),
    ("gpt-5", "gpt-5"),
    ("gpt-5-mini-2025-08-07", "gpt-5"),
    ("o1-mini-2024-09-12", "o1-mini and o1-preview"),
    ("o1-preview", "o1-mini and o1-preview"),
    ("o1-pro-2025-03-19", "o pro and deep-research"),
    ("o3-pro", "o pro and deep-research"),
    ("o3-deep-research", "o pro and deep-research"),
    ("o4-mini-deep-research-2025-06-26", "o pro and deep-research"),
    ("o1-2024-12-17", "o1, o3 and o4"),
    ("o3", "o1, o3 and o4"),
    ("O4-Mini", "o1, o3 and o4"),
    ("gpt-4o-search-preview", "gpt-4o-search"),
    ("gpt-4o-mini-search-preview-2025-03-11", "gpt-4o-search"),
    ("gpt-4o", "gpt-4o and gpt-4.1"),
    ("gpt-4o-mini-2024-07-18", "gpt-4o and gpt-4.1"),
    ("gpt-4.1-nano-2025-04-14", "gpt-4o and gpt-4.1"),
    ("gpt-4.5-preview", "gpt-4o and gpt-4.1"),
    ("chatgpt-4o-latest", "gpt-4o and gpt-4.1"),
    ("gpt-audio-mini", "gpt-4o and gpt-4.1"),
    ("gpt-4-0613", "gpt-3.5 and gpt-4"),
    ("gpt-4-turbo-2024-04-09", "gpt-3.5 and gpt-4"),
    ("gpt-3.5-turbo", "gpt-3.5 and gpt-4"),
    ("gpt-3.5-turbo-instruct-0914", "models that only complete"),
    ("davinci-002", "models that only complete"),
    ("babbage-002", "models that only complete"),
]

THINKING_BACK = "models that want their reasoning back"


@pytest.mark.parametrize(("model_id", "family"), FAMILIES)
def test_the_longest_matching_prefix_names_the_family(model_id: str, family: str) -> None:
    assert profile_for(model_id).name == family


@pytest.mark.parametrize(("model_id", "family"), FAMILIES)
@pytest.mark.parametrize(
    "written",
    ["openai/{}", "azure/{}", "openrouter/openai/{}:free", "models/{}", " {} ", "{}:latest", "ft:{}:org::x"],
)
def test_the_family_is_known_however_a_host_writes_the_id(written: str, model_id: str, family: str) -> None:
    assert profile_for(written.format(model_id)).name == family


@pytest.mark.parametrize(
    "model_id",
    [
        "deepseek-reasoner",
        "deepseek/deepseek-v4",
        "DeepSeek-V4-Pro",
        "kimi-k2-thinking-turbo",
        "moonshotai/Kimi-K2.5",
        "openrouter/moonshotai/kimi-k2.6:free",
        "accounts/fireworks/models/kimi-k3-preview",
    ],
)
def test_models_that_want_their_reasoning_back_are_known_whoever_hosts_them(model_id: str) -> None:
    profile = profile_for(model_id)
    assert (profile.name, profile.reasoning_back) == (THINKING_BACK, "reasoning_content")


@pytest.mark.parametrize("model_id", ["gpt-6", "gpt-6.3-nova", "gpt-6-unheard-of"])
def test_an_unknown_member_of_the_newest_generation_gets_its_strictest_rules(model_id: str) -> None:
    profile = profile_for(model_id)
    assert (profile.sampling, profile.stop, profile.tools) == ("never", False, "responses")
    assert profile.efforts is not None
    assert "none" not in profile.efforts


@pytest.mark.parametrize(
    "model_id",
    ["llama3.2", "deepseek-chat", "openai/gpt-oss-120b", "o3d-net", "someone/gpt-4-uncensored", "gpt4all", ""],
)
def test_models_of_other_makers_get_the_default(model_id: str) -> None:
    assert profile_for(model_id) is DEFAULT


def test_every_known_effort_is_on_the_scale_and_in_its_order() -> None:
    for model_id in ("o3", "gpt-5", "gpt-5.1", "gpt-5.2", "gpt-5.4-pro", "gpt-5.6-terra", "gpt-6-astra"):
        efforts = profile_for(model_id).efforts
        assert efforts
        assert list(efforts) == [effort for effort in EFFORT_SCALE if effort in efforts]


@pytest.mark.parametrize(
    ("model_id", "effort", "expected"),
    [
        ("gpt-4o", None, True),
        ("gpt-5.4", None, True),
        ("gpt-5.4", "low", False),
        ("gpt-5.6-sol", None, False),
        ("gpt-5.6-sol", "none", True),
        ("gpt-5", "minimal", False),
        ("llama3.2", "high", True),
    ],
)
def test_sampling_is_taken_by_rule_and_effort(model_id: str, effort: str | None, expected: bool) -> None:
    assert profile_for(model_id).takes_sampling(effort) is expected


@pytest.mark.parametrize(
    ("profile", "effort", "expected"),
    [
        (profile_for("gpt-5.4"), None, False),
        (profile_for("gpt-5.4"), "low", True),
        (profile_for("gpt-5.6-sol"), None, True),
        (profile_for("gpt-5.6-sol"), "none", False),
        (profile_for("gpt-6-nova"), None, True),
        (profile_for("gpt-4o"), None, False),
        (DEFAULT, "high", False),
    ],
)
def test_a_model_reasons_unless_its_effort_is_none_or_it_has_none(
    profile: Profile, effort: str | None, expected: bool
) -> None:
    assert profile.reasons(effort) is expected


@pytest.mark.parametrize(("model_id", "family"), FAMILIES)
def test_on_the_responses_api_a_family_keeps_its_rules_but_for_what_that_lacks(model_id: str, family: str) -> None:
    chat = profile_for(model_id)
    there = chat.on("responses")
    assert (there.name, there.sampling, there.top_logprobs) == (family, chat.sampling, chat.top_logprobs)
    assert (there.default_effort, there.system_role, there.formats) == (
        chat.default_effort,
        chat.system_role,
        chat.formats,
    )
    assert (there.length_field, there.shortest) == ("max_output_tokens", 16)
    assert not any((there.stop, there.seed, there.penalties))
    assert there.tools == ("no" if chat.tools == "no" else "yes")
    assert not there.refuses_tools_at(None)
    assert not there.refuses_tools_at("high")


@pytest.mark.parametrize(
    ("model_id", "more"),
    [
        ("gpt-6-astra", True),
        ("gpt-6.1-sol", True),
        ("gpt-6-luna", True),
        ("gpt-6.1-terra", True),
        ("gpt-6.3-nova", True),
        ("gpt-5.6", True),
        ("gpt-5.5", False),
        ("gpt-5.4-pro", False),
        ("o3", False),
        ("gpt-4o", False),
        ("llama3.2", False),
    ],
)
def test_max_is_an_effort_of_the_newest_families_on_the_responses_api_only(model_id: str, more: bool) -> None:
    profile = profile_for(model_id)
    assert "max" not in (profile.efforts or ())
    assert profile.on("responses").efforts == ((*(profile.efforts or ()), "max") if more else profile.efforts)


@pytest.mark.parametrize(("model_id", "_family"), FAMILIES)
@pytest.mark.parametrize("dialect", ["chat", "completions"])
def test_elsewhere_a_profile_is_what_it_is(model_id: str, _family: str, dialect: Dialect) -> None:
    profile = profile_for(model_id)
    assert profile.on(dialect) is profile


@pytest.mark.parametrize(
    ("model_id", "effort", "without_tools", "with_tools"),
    [
        ("gpt-6-astra", None, "chat", "responses"),
        ("gpt-6.1-sol", "low", "chat", "responses"),
        ("gpt-6-sol", None, "chat", "responses"),
        ("gpt-6-sol", "none", "chat", "chat"),
        ("gpt-6.1-terra", "high", "chat", "responses"),
        ("gpt-6.3-nova", "low", "chat", "responses"),
        ("gpt-5.6-terra", None, "chat", "responses"),
        ("gpt-5.6-terra", "none", "chat", "chat"),
        ("gpt-5.6-terra", "low", "chat", "responses"),
        ("gpt-5.5", None, "chat", "responses"),
        ("gpt-5.5", "none", "chat", "chat"),
        ("gpt-5.4", None, "chat", "chat"),
        ("gpt-5.4", "none", "chat", "chat"),
        ("gpt-5.4", "medium", "chat", "responses"),
        ("gpt-5.4-pro", None, "responses", "responses"),
        ("gpt-5.4-pro", "high", "responses", "responses"),
        ("gpt-5.2-chat-latest", "medium", "chat", "chat"),
        ("gpt-5-codex", None, "responses", "responses"),
        ("gpt-5.1-codex-max", "high", "responses", "responses"),
        ("gpt-5.3-codex", "none", "responses", "responses"),
        ("computer-use-preview", None, "responses", "responses"),
        ("gpt-5.2", "high", "chat", "chat"),
        ("gpt-5.1", "high", "chat", "chat"),
        ("gpt-5-chat-latest", None, "chat", "chat"),
        ("gpt-5-search-api", None, "chat", "chat"),
        ("gpt-5-pro", "high", "responses", "responses"),
        ("gpt-5", "high", "chat", "chat"),
        ("o1-mini", None, "chat", "chat"),
        ("o3-pro", "low", "responses", "responses"),
        ("o3", "low", "chat", "chat"),
        ("gpt-4o", None, "chat", "chat"),
        ("gpt-4", None, "chat", "chat"),
        ("gpt-3.5-turbo-instruct", None, "completions", "completions"),
        ("deepseek-reasoner", "high", "chat", "chat"),
        ("llama3.2", "high", "chat", "chat"),
    ],
)
def test_the_api_is_chat_unless_that_refuses_what_is_asked(
    model_id: str, effort: str | None, without_tools: Dialect, with_tools: Dialect
) -> None:
    profile = profile_for(model_id)
    asked = [dialect_for(profile, effort, has_tools=has_tools) for has_tools in (False, True)]
    assert asked == [without_tools, with_tools]


@pytest.mark.parametrize(
    ("model_id", "formats"),
    [
        ("gpt-4o", ALL_FORMATS),
        ("o1-2024-12-17", ALL_FORMATS),
        ("llama3.2", ALL_FORMATS),
        ("gpt-4-turbo", {"json_object"}),
        ("gpt-3.5-turbo", {"json_object"}),
    ],
)
def test_schemas_begin_with_gpt_4o(model_id: str, formats: set[str]) -> None:
    assert profile_for(model_id).formats == formats


@pytest.mark.parametrize(
    ("wanted", "efforts", "nearest"),
    [
        ("low", ("low", "high"), "low"),
        ("medium", ("low", "high"), "low"),
        ("none", ("low", "high"), "low"),
        ("max", ("low", "high"), "high"),
        ("max", EFFORT_SCALE, "max"),
        ("none", ("minimal",), "minimal"),
    ],
)
def test_the_nearest_effort_is_the_lower_of_two(wanted: str, efforts: tuple[str, ...], nearest: str) -> None:
    assert nearest_effort(wanted, efforts) == nearest
