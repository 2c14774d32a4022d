"""What the table says of a request's fields."""

import json
from typing import Any

import pytest

from translators.inspection.mapping import ABSENT, Row, mapping
from translators.inspection.translation import Sent, translated
from translators.lessons import NOTHING, Lessons
from translators.notes import Note
from translators.repairs import Repair

type Json = dict[str, Any]

HI: Json = {"messages": [{"role": "user", "content": "Hi"}]}
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]
THOUGHT: Json = {"messages": [{"role": "assistant", "content": "a", "thinking": "t"}, {"role": "user", "content": "b"}]}


def rows(path: str = "/api/chat", lessons: Lessons = NOTHING, **asked: Any) -> list[Row]:
    """The rows of a request, which is translated and then shaped by lessons."""
    asked = {"model": "gpt-4o", **asked}
    sent = translated(path, json.dumps(asked).encode())
    assert sent is not None
    body, notes = dict(sent.body), list[Note]()
    if sent.api != "embeddings":
        body, notes = lessons.apply(body, sent.api)
    return mapping(path, asked, sent.api, body, [*sent.notes, *notes])


def told(table: list[Row], field: str) -> tuple[Any, ...]:
    """What is said of a field: action, member, its value, why."""
    (row,) = (row for row in table if row.field == field)
    return row.action, row.member, None if row.sent is ABSENT else row.sent, row.why


def defaulted(table: list[Row]) -> Json:
    """What was sent though no field led to it."""
    return {row.member: row.sent for row in table if not row.field and row.sent is not ABSENT}


class TestFields:
    """What becomes of each field."""

    def test_what_is_equal_on_both_sides_is_the_same(self) -> None:
        table = rows(**HI, tools=TOOLS, stream=True, logprobs=True, top_logprobs=2, options={"temperature": 0.5})
        same = [row.field for row in table if row.action == "same"]
        assert same == ["model", "messages", "tools", "stream", "logprobs", "top_logprobs", "options.temperature"]
        assert defaulted(table) == {"stream_options": {"include_usage": True}}

    def test_true_and_one_are_not_the_same(self) -> None:
        (row,) = mapping("/api/chat", {"stream": True}, "chat", {"stream": 1}, ())
        assert row.action == "converted"

    @pytest.mark.parametrize(
        ("model", "field"),
        [("gpt-4o", "max_tokens"), ("gpt-5-chat", "max_completion_tokens"), ("gpt-3.5-turbo-instruct", "max_tokens")],
    )
    def test_the_limit_is_renamed(self, model: str, field: str) -> None:
        table = rows(model=model, **HI, options={"num_predict": 5})
        assert told(table, "options.num_predict") == ("renamed", field, 5, "")

    def test_a_limit_that_is_lifted_is_converted(self) -> None:
        table = rows(model="gpt-5-pro", **HI, options={"num_predict": 5})
        why = "max_output_tokens, 25000 more because reasoning counts against it"
        assert told(table, "options.num_predict") == ("converted", "max_output_tokens", 25_005, why)

    def test_a_fraction_that_is_lost_is_told(self) -> None:
        table = rows(**HI, options={"num_predict": 5.5, "seed": 2.0})
        assert told(table, "options.num_predict") == ("converted", "max_tokens", 5, "as Ollama reads it")
        assert told(table, "options.seed") == ("same", "seed", 2, "")

    @pytest.mark.parametrize(
        ("asked", "field", "why"),
        [
            ({"options": {"top_k": 1}}, "options.top_k", "no such sampler at OpenAI"),
            ({"options": {"num_ctx": 1}}, "options.num_ctx", "the upstream's context is what it is"),
            ({"options": {"wat": 1}}, "options.wat", "not an option of Ollama"),
            ({"options": {"top_k": None}}, "options.top_k", "null is as if it were left out"),
            ({"options": {}}, "options", "as if it were left out"),
            ({"keep_alive": "5m"}, "keep_alive", "kept by this proxy: how long /api/ps lists the model"),
            ({"truncate": False}, "truncate", "the upstream's context is what it is"),
            ({"shift": True}, "shift", "the upstream's context is what it is"),
            ({"stream": False}, "stream", "an answer is whole where no stream is asked for"),
            ({"think": True}, "think", "gpt-4o and gpt-4.1 cannot reason"),
            ({"think": False}, "think", "no effort is sent: the model's own counts"),
            ({"logprobs": False}, "logprobs", "as if it were left out"),
            ({"top_logprobs": 2}, "top_logprobs", "counts only beside logprobs"),
            ({"tools": []}, "tools", "as if it were left out"),
            ({"format": ""}, "format", "as if it were left out"),
            ({"format": None}, "format", "null is as if it were left out"),
            ({"raw": True}, "raw", "Ollama takes no notice of it either"),
            ({"prompt": "Hi"}, "prompt", "Ollama takes no notice of it either"),
            ({"_debug_render_only": True}, "_debug_render_only", "answered by this proxy, which then asks nothing"),
        ],
    )
    def test_what_is_dropped_says_why(self, asked: Json, field: str, why: str) -> None:
        assert told(rows(**HI, **asked), field) == ("dropped", "", None, why)

    def test_parts_of_messages_and_tools_have_rows_of_their_own(self) -> None:
        tools = [{"type": "function", "function": {"name": "a b", "parameters": {"type": "object", "properties": {}}}}]
        table = rows(**THOUGHT, tools=tools)
        fields = [row.field for row in table]
        assert fields[:5] == ["model", "messages", "messages.thinking", "tools", "tools.function.name"]
        assert (table[2].value, table[2].action, table[2].sent) == ("t", "dropped", ABSENT)
        assert (table[4].value, table[4].action) == ("a b", "renamed")

    def test_a_format_is_told_with_where_it_goes(self) -> None:
        action, member, sent, _ = told(rows(**HI, format={"type": "object"}), "format")
        assert (action, member, sent["type"]) == ("converted", "response_format", "json_schema")
        action, member, sent, _ = told(rows(model="gpt-5-pro", **HI, format={"type": "object"}), "format")
        assert (action, member, sent["type"]) == ("converted", "text.format", "json_schema")

    def test_a_format_that_is_only_said_is_converted_and_leads_to_no_member(self) -> None:
        action, member, sent, why = told(rows(model="o1-mini", **HI, format="json"), "format")
        assert (action, member, sent) == ("converted", "", None)
        assert why == "a sentence in a message: the upstream takes no response_format"

    def test_what_the_responses_api_gets_beside_it_is_defaulted(self) -> None:
        table = rows(model="gpt-5-pro", **HI, think="high", logprobs=False)
        assert told(table, "messages")[:2] == ("renamed", "input")
        assert told(table, "think") == ("renamed", "reasoning.effort", "high", "")
        assert defaulted(table) == {
            "reasoning.summary": "auto",
            "stream": True,
            "store": False,
            "include": "reasoning.encrypted_content",
        }

    def test_log_probabilities_are_an_item_of_the_responses_api(self) -> None:
        sent = {"include": ["reasoning.encrypted_content", "message.output_text.logprobs"], "top_logprobs": 1}
        table = mapping("/api/chat", {"logprobs": True}, "responses", sent, ())
        why = "how the API asks for them"
        assert told(table, "logprobs") == ("converted", "include", "message.output_text.logprobs", why)
        assert defaulted(table) == {"include": "reasoning.encrypted_content", "top_logprobs": 1}

    def test_a_default_that_stands_for_a_field_is_told_with_that_field(self) -> None:
        table = rows("/api/generate", prompt="Hi", raw=True)
        why = "max_tokens 2048: OpenAI's default is 16"
        assert told(table, "options.num_predict") == ("defaulted", "max_tokens", 2048, why)
        table = rows("/api/generate", prompt="Hi", raw=True, options={"num_predict": -1})
        assert told(table, "options.num_predict") == ("defaulted", "max_tokens", 2048, why)
        table = mapping("/api/chat", {}, "chat", {"reasoning_effort": "none"}, [Note("think", "defaulted", "why")])
        assert told(table, "think") == ("defaulted", "reasoning_effort", "none", "why")

    def test_parts_of_a_generate_request_join_its_messages(self) -> None:
        table = rows("/api/generate", prompt="Hi", system="S", images=[], raw=False)
        assert told(table, "prompt")[:2] == ("converted", "messages")
        assert told(table, "system") == ("converted", "messages", None, "a part of the conversation")
        assert told(table, "images")[0] == told(table, "raw")[0] == "dropped"

    def test_text_is_gone_on_with_as_it_is(self) -> None:
        table = rows("/api/generate", prompt="Hi", suffix="!", raw=True, logprobs=True, top_logprobs=9)
        assert told(table, "prompt") == ("same", "prompt", "Hi", "")
        assert told(table, "suffix") == ("same", "suffix", "!", "")
        assert told(table, "raw") == ("converted", "", None, "asked by this API, which adds no template")
        assert told(table, "logprobs") == ("converted", "", None, "asked for by their number")
        assert told(table, "top_logprobs") == ("converted", "logprobs", 5, "5: the most that OpenAI takes for text")

    def test_embeddings_have_their_own_rows(self) -> None:
        asked: Json = {"model": "text-embedding-3-small", "input": ["a"], "dimensions": 8, "truncate": True}
        table = rows("/api/embed", **asked, options={"seed": 1})
        assert told(table, "input") == ("converted", "input", "a", "one text alone is no list")
        assert told(table, "dimensions") == ("same", "dimensions", 8, "")
        assert told(table, "truncate")[3] == "kept by this proxy: whether texts that are too long are cut"
        assert told(table, "options.seed")[3] == "embeddings have no such setting"
        assert defaulted(table) == {"encoding_format": "base64"}
        assert told(rows("/api/embeddings", prompt="a"), "prompt") == ("renamed", "input", "a", "")

    def test_of_many_texts_one_call_has_some(self) -> None:
        texts = ["a"] * 3000
        action, _, sent, why = told(rows("/api/embed", input=texts), "input")
        assert (action, len(sent), why) == ("converted", 2048, "one call of several: 2,048 of 3,000 texts")

    @pytest.mark.parametrize("sent", ["c", ["c"]])
    def test_a_call_with_the_last_of_several_texts_is_one_of_several(self, sent: Any) -> None:
        asked = {"input": ["a", "b", "c"]}
        cut = Note("input", "converted", "1 of 3 texts is cut")
        (row,) = mapping("/api/embed", asked, "embeddings", {"input": sent}, ())
        assert (row.action, row.why) == ("converted", "one call of several: 1 of 3 texts")
        (row,) = mapping("/api/embed", asked, "embeddings", {"input": sent}, [cut])
        assert row.why == "one call of several: 1 of 3 texts; 1 of 3 texts is cut"

    def test_of_keys_that_differ_in_case_the_last_counts(self) -> None:
        table = rows(**HI, MODEL="gpt-4o-mini", Options={"seed": 1}, options={"seed": 2})
        assert told(table, "model") == ("dropped", "", None, "Ollama takes no notice of it either")
        assert told(table, "MODEL") == ("same", "model", "gpt-4o-mini", "")
        assert told(table, "Options.seed")[0] == "dropped"
        assert told(table, "options.seed") == ("same", "seed", 2, "")


class TestRefused:
    """What an upstream refused, and was changed for that."""

    def test_what_it_refused_is_told_with_the_field_that_led_there(self) -> None:
        lessons = Lessons(repairs={"chat": (Repair("temperature", "drop"), Repair("seed", "at_most", 7))})
        table = rows(lessons=lessons, **HI, options={"temperature": 0.5, "seed": 9})
        assert told(table, "options.temperature") == ("dropped", "", None, "the upstream refused it")
        assert told(table, "options.seed") == ("converted", "seed", 7, "at most 7: the upstream refused it")

    def test_another_name_that_it_wanted_is_told(self) -> None:
        lessons = Lessons(repairs={"chat": (Repair("max_tokens", "rename", "max_completion_tokens"),)})
        table = rows(lessons=lessons, **HI, options={"num_predict": 9})
        why = "max_completion_tokens: the upstream refused it"
        assert told(table, "options.num_predict") == ("renamed", "max_completion_tokens", 9, why)

    def test_what_no_field_led_to_has_a_row_that_says_so(self) -> None:
        lessons = Lessons(repairs={"chat": (Repair("stream_options", "drop"), Repair("store", "set", True))})
        table = rows(lessons=lessons, **HI)
        assert [(row.action, row.member, row.sent, row.why) for row in table if not row.field] == [
            ("defaulted", "stream", True, "Ollama streams where nothing is said"),
            ("defaulted", "store", True, "nothing is kept at the upstream; True: the upstream refused it"),
            ("dropped", "stream_options", ABSENT, "the upstream refused it"),
        ]

    def test_an_effort_is_dropped_though_a_note_says_that_it_is_another(self) -> None:
        lessons = Lessons(repairs={"chat": (Repair("reasoning_effort", "drop"),)})
        table = rows(model="o3", lessons=lessons, **HI, think="low")
        assert told(table, "think") == ("dropped", "", None, "the upstream refused it")


def test_sent_is_what_is_translated() -> None:
    assert translated("/api/embeddings", b'{"model":"m"}') is None
    assert isinstance(translated("/api/embeddings", b'{"model":"m","prompt":"a"}'), Sent)
