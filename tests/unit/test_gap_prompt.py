"""Filling in the middle by a prompt."""

import json
from typing import Any

import pytest

from translators.gap_prompt import gap_to_chat
from translators.notes import Note
from translators.ollama_context import Turn
from translators.ollama_generate import AsChat
from translators.ollama_requests import Message, generate_request

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
ASKED = Note("suffix", "converted", "into a prompt that asks a chat model for the text in the gap")


def asked(**fields: Any) -> AsChat:
    body = {"model": "m", "prompt": "def f(", "suffix": "):\n    pass", **fields}
    return gap_to_chat(generate_request(json.dumps(body).encode()))


def test_the_document_is_sent_as_it_is_with_a_mark_in_its_gap() -> None:
    system, document = asked().request.messages
    assert (system.role, document) == ("system", Message(role="user", content="def f({{GAP}}):\n    pass"))
    assert "{{GAP}}" in system.content
    assert asked().notes == (ASKED,)


@pytest.mark.parametrize(
    ("prompt", "suffix", "mark"),
    [("a {{GAP}} b", "c", "{{GAP_2}}"), ("a", "{{GAP}} {{GAP_2}}", "{{GAP_3}}")],
)
def test_the_mark_is_one_that_is_not_in_the_document(prompt: str, suffix: str, mark: str) -> None:
    system, document = asked(prompt=prompt, suffix=suffix).request.messages
    assert document.content == f"{prompt}{mark}{suffix}"
    assert f"in which {mark} marks the cursor" in system.content


def test_images_stay_with_the_document() -> None:
    system, document = asked(images=[PIXEL]).request.messages
    assert (len(system.images), len(document.images)) == (0, 1)


def test_the_systems_own_text_stands_before_the_task() -> None:
    plain = asked().request.messages[0].content
    assert asked(system="Be brief.").request.messages[0].content == f"Be brief.\n\n{plain}"


def test_the_answers_context_begins_with_the_prompt_alone() -> None:
    assert asked().conversation == [Turn("user", "def f(")]


def test_raw_is_told_to_be_left_out() -> None:
    assert asked(raw=True).notes == (ASKED, Note("raw", "dropped", "a chat model has its own template"))


def test_what_chat_has_too_goes_along() -> None:
    fields = {"stream": False, "format": "json", "options": {"seed": 1}, "think": "low", "top_logprobs": 2}
    request = asked(logprobs=True, **fields).request
    assert {name: getattr(request, name) for name in fields} == fields
    assert request.logprobs
