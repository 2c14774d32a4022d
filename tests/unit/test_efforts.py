import pytest

from translators.efforts import reasoning_effort, wanted_effort
from translators.notes import Note
from translators.ollama_fields import Think
from translators.profiles import profile_for


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
        ("gpt-4o", "low", Note("think", "dropped", "gpt-4o and gpt-4.1 cannot reason")),
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
    ("model_id", "think", "effort"),
    [
        ("gpt-5.6-terra", "max", "max"),
        ("gpt-5.6-terra", "high", "high"),
        ("gpt-6-astra", "max", "max"),
        ("gpt-5.4", "max", "xhigh"),
        ("gpt-5.5-pro", False, "medium"),
        ("o3", "max", "high"),
        ("gpt-4o", "max", None),
        ("llama3.2", "max", "high"),
    ],
)
def test_the_responses_api_has_an_effort_more_where_the_family_has_it(
    model_id: str, think: Think, effort: str | None
) -> None:
    assert reasoning_effort(think, profile_for(model_id).on("responses"), has_tools=True)[0] == effort


@pytest.mark.parametrize("model_id", ["gpt-5.6-terra", "gpt-5.4", "gpt-5.1", "o3", "gpt-4o", "llama3.2"])
@pytest.mark.parametrize("think", [None, True, False, "low", "medium", "high", "max"])
def test_the_effort_that_is_wanted_is_the_one_that_is_sent_without_tools(model_id: str, think: Think | None) -> None:
    profile = profile_for(model_id)
    assert wanted_effort(think, profile) == reasoning_effort(think, profile, has_tools=False)


@pytest.mark.parametrize("model_id", ["gpt-5.6-terra", "gpt-5.4", "gpt-5", "gpt-5.4-pro", "o3", "gpt-5.2-chat-latest"])
@pytest.mark.parametrize("think", [True, False, "low", "medium", "high", "max"])
def test_no_effort_is_sent_that_the_family_lacks(model_id: str, think: Think) -> None:
    profile = profile_for(model_id)
    effort, _ = wanted_effort(think, profile)
    assert effort is None or effort in (profile.efforts or ())
