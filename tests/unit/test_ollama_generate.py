"""Generate requests as the chats that they mean."""

import pytest

from translators.errors import OllamaError
from translators.notes import Note
from translators.ollama_context import Turn, context_of
from translators.ollama_generate import AsChat, generate_request_to_chat
from translators.ollama_requests import GenerateRequest

EARLIER = [Turn("system", "Be terse."), Turn("user", "Hi"), Turn("assistant", "Hello.")]


def as_chat(**fields: object) -> AsChat:
    return generate_request_to_chat(GenerateRequest(model="m", **({"prompt": "And now?"} | fields)))  # type: ignore[arg-type]


def messages(chat: AsChat) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in chat.request.messages]


def test_a_context_is_gone_on_with() -> None:
    chat = as_chat(context=context_of(EARLIER))
    assert messages(chat) == [*EARLIER, ("user", "And now?")]
    assert (chat.conversation, chat.notes) == ([*EARLIER, Turn("user", "And now?")], ())


def test_a_new_system_text_replaces_that_of_the_context() -> None:
    chat = as_chat(context=context_of(EARLIER), system="Be kind.")
    assert messages(chat) == [("system", "Be kind."), *EARLIER[1:], ("user", "And now?")]


def test_a_system_text_leads_where_the_context_has_none() -> None:
    chat = as_chat(context=context_of(EARLIER[1:]), system="Be kind.")
    assert messages(chat)[:2] == [("system", "Be kind."), ("user", "Hi")]


@pytest.mark.parametrize(("context", "noted"), [(None, False), ([], False), ([1, 2, 3], True)])
def test_a_context_that_says_nothing_changes_nothing_and_another_servers_is_told(
    context: list[int] | None, noted: bool
) -> None:
    chat = as_chat(context=context)
    assert messages(chat) == [("user", "And now?")]
    assert [note.field for note in chat.notes] == ["context"] * noted


def test_a_template_of_words_is_said_in_the_prompt_and_images_stay_with_it() -> None:
    chat = as_chat(template="Q: {{ .Prompt }} A:", images=["aGk="])
    assert messages(chat) == [("user", "Q: And now? A:")]
    assert chat.request.messages[0].images == ["aGk="]
    assert chat.conversation == [Turn("user", "Q: And now? A:")]
    assert chat.notes == (Note("template", "converted", "into the text of the prompt"),)


def test_a_template_with_a_place_for_the_system_text_says_it_once() -> None:
    assert messages(as_chat(template="{{ .System }}|{{ .Prompt }}", system="S")) == [("user", "S|And now?")]
    assert messages(as_chat(template="-> {{ .Prompt }}", system="S")) == [("system", "S"), ("user", "-> And now?")]


def test_a_template_for_an_engine_is_left_out_and_told() -> None:
    chat = as_chat(template="<|im_start|>system {{ .System }}<|im_end|>{{ .Prompt }}", system="S")
    assert messages(chat) == [("system", "S"), ("user", "And now?")]
    assert [str(note) for note in chat.notes] == [
        "template dropped: it says more than text: the upstream's model has its own"
    ]


def test_a_template_that_go_could_not_parse_is_refused() -> None:
    with pytest.raises(OllamaError, match="unclosed action"):
        as_chat(template="{{ .Prompt")
