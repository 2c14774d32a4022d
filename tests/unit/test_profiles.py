import pytest

from translators.notes import Note
from translators.ollama_fields import Think
from translators.profiles import DEFAULT, EFFORT_SCALE, Profile, profile_for, reasoning_effort


@pytest.mark.parametrize(
    ("model_id", "family"),
    [
        ("gpt-4o", "gpt-3.5 and gpt-4"),
        ("gpt-4o-mini-2024-07-18", "gpt-3.5 and gpt-4"),
        ("gpt-4o-search-preview", "gpt-4o-search"),
        ("chatgpt-4o-latest", "gpt-3.5 and gpt-4"),
        ("chat-latest", "chat-latest"),
        ("gpt-5", "gpt-5"),
        ("gpt-5-mini-2025-08-07", "gpt-5"),
        ("gpt-5-pro-2025-10-06", "gpt-5-pro"),
        ("gpt-5-chat-latest", "gpt-5-chat"),
        ("gpt-5.1-chat-latest", "chat-latest"),
        ("gpt-5.1-codex-max", "gpt-5 codex"),
        ("gpt-5.1", "gpt-5.1"),
        ("gpt-5.4-mini-2026-03-17", "gpt-5.4"),
        ("gpt-5.4-pro", "gpt-5.2, 5.4 and 5.5 pro"),
        ("gpt-6-sol", "gpt-6-sol and -luna"),
        ("gpt-6-astra-law", "gpt-6-astra"),
        ("gpt-6.1-terra", "gpt-6.1-terra"),
        ("o1-preview", "o1-mini and o1-preview"),
        ("o3", "o1, o3 and o4"),
        ("O4-Mini", "o1, o3 and o4"),
        ("ft:gpt-4o:org::x", "gpt-3.5 and gpt-4"),
        ("ft:o4-mini-2025-04-16:org:suffix:id", "o1, o3 and o4"),
        ("openai/gpt-5.4", "gpt-5.4"),
        ("openrouter/openai/o3-mini:free", "o1, o3 and o4"),
    ],
)
def test_the_longest_matching_prefix_names_the_family(model_id: str, family: str) -> None:
    assert profile_for(model_id).name == family


@pytest.mark.parametrize("model_id", ["gpt-6", "gpt-6.3-nova", "gpt-6-unheard-of"])
def test_an_unknown_member_of_the_newest_generation_gets_its_strictest_rules(model_id: str) -> None:
    profile = profile_for(model_id)
    assert (profile.sampling, profile.stop, profile.tools) == ("never", False, "responses")
    assert profile.efforts is not None
    assert "none" not in profile.efforts


@pytest.mark.parametrize(
    "model_id",
    ["llama3.2", "deepseek-reasoner", "openai/gpt-oss-120b", "o3d-net", "someone/gpt-4-uncensored", "gpt4all", ""],
)
def test_models_of_other_makers_get_the_default(model_id: str) -> None:
    assert profile_for(model_id) is DEFAULT


def test_every_known_effort_is_on_the_scale_and_in_its_order() -> None:
    for model_id in ("o3", "gpt-5", "gpt-5.1", "gpt-5.2", "gpt-5.4-pro", "gpt-5.6-terra", "gpt-6-astra"):
        efforts = profile_for(model_id).efforts
        assert efforts
        assert list(efforts) == [effort for effort in EFFORT_SCALE if effort in efforts]


@pytest.mark.parametrize(
    ("model_id", "think", "effort"),
    [
        ("gpt-5.6-terra", None, None),
        ("gpt-5.6-terra", True, None),
        ("gpt-5.6-terra", False, "none"),
        ("gpt-5.6-terra", "max", "xhigh"),
        ("gpt-5.4", None, None),
        ("gpt-5.4", True, "medium"),
        ("gpt-5.4", "low", "low"),
        ("gpt-5.4", "max", "xhigh"),
        ("gpt-5.1", "max", "high"),
        ("gpt-5", False, "minimal"),
        ("gpt-5", "high", "high"),
        ("o3", False, "low"),
        ("gpt-5-pro", "low", "high"),
        ("gpt-5.4-pro", "low", "medium"),
        ("gpt-5.2-chat-latest", "high", "medium"),
        ("gpt-6-nova", True, None),
        ("gpt-6-astra", False, "low"),
        ("gpt-4o", True, None),
        ("gpt-4o", "high", None),
        ("gpt-4o", False, None),
        ("llama3.2", None, None),
        ("llama3.2", True, None),
        ("llama3.2", False, None),
        ("llama3.2", "medium", "medium"),
        ("llama3.2", "max", "high"),
    ],
)
def test_think_becomes_the_effort_that_the_family_accepts(
    model_id: str, think: Think | None, effort: str | None
) -> None:
    assert reasoning_effort(think, profile_for(model_id), has_tools=False)[0] == effort


@pytest.mark.parametrize(
    ("model_id", "think", "note"),
    [
        ("gpt-5.4", True, Note("think", "renamed", "reasoning_effort")),
        ("gpt-5", False, Note("think", "converted", "reasoning_effort minimal: gpt-5 has no none")),
        ("gpt-5.1", "max", Note("think", "converted", "reasoning_effort high: gpt-5.1 has no max")),
        ("gpt-4o", "low", Note("think", "dropped", "gpt-3.5 and gpt-4 cannot reason")),
        ("llama3.2", False, Note("think", "dropped", "whether this model has an effort none is not known")),
        ("llama3.2", "max", Note("think", "converted", "reasoning_effort high: most servers have no max")),
        ("llama3.2", "low", Note("think", "renamed", "reasoning_effort")),
    ],
)
def test_a_note_says_what_became_of_think(model_id: str, think: Think, note: Note) -> None:
    assert reasoning_effort(think, profile_for(model_id), has_tools=False)[1] == [note]


@pytest.mark.parametrize(
    ("model_id", "think"),
    [("gpt-5.6-terra", True), ("gpt-5.4", None), ("gpt-4o", False), ("gpt-4o", None), ("llama3.2", True)],
)
def test_no_note_where_the_model_does_what_was_asked_by_itself(model_id: str, think: Think | None) -> None:
    assert reasoning_effort(think, profile_for(model_id), has_tools=False) == (None, [])


@pytest.mark.parametrize(
    ("model_id", "think", "effort", "action"),
    [
        ("gpt-5.6-terra", None, "none", "defaulted"),
        ("gpt-5.6-terra", True, "none", "converted"),
        ("gpt-5.6-terra", "high", "none", "converted"),
        ("gpt-5.6-terra", False, "none", "renamed"),
        ("gpt-6-luna", None, "none", "defaulted"),
        ("gpt-5.4", None, None, None),
        ("gpt-5.4", True, "none", "converted"),
        ("gpt-5.1", True, "medium", "renamed"),
        ("gpt-6-astra", "high", "high", "renamed"),
        ("o3", None, None, None),
        ("llama3.2", "high", "high", "renamed"),
    ],
)
def test_reasoning_yields_to_tools_only_where_chat_completions_refuses_both(
    model_id: str, think: Think | None, effort: str | None, action: str | None
) -> None:
    sent, notes = reasoning_effort(think, profile_for(model_id), has_tools=True)
    assert sent == effort
    assert [note.action for note in notes] == ([action] if action else [])


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
