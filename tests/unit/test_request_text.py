"""A client's request as mitmproxy's programs show it."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addon.contentviews.columns import WIDTH, table
from addon.contentviews.request_text import Happened, request_text
from tests.any_json import BODIES, changed
from tests.recorded import HELLO, SENT, compact
from translators.inspection.destinations import STRUCTS
from translators.notes import Note

TOOLS = [{"function": {"name": "f", "description": "Does it.", "parameters": {"properties": {"a": {}}}}}]


def shown(asked: Any, happened: Happened | None = None, path: str = "/api/chat") -> list[str]:
    return request_text(path, compact(asked), happened).splitlines()


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("  ") if cell.strip()]


class TestTranslatedAnew:
    """Requests of which it is not known what was sent."""

    def test_the_first_line_says_so(self) -> None:
        first = "As this proxy would translate it: gpt-4o → gpt-4o, Chat Completions"
        assert shown(HELLO)[0] == first

    def test_the_table_comes_before_all_that_may_be_long(self) -> None:
        asked = HELLO | {"tools": TOOLS, "options": {"top_k": 40}, "format": {"type": "object"}}
        lines = shown(asked)
        assert cells(lines[2]) == ["Ollama", "value", "action", "OpenAI", "value", "why"]
        assert cells(lines[3]) == ["model", '"gpt-4o"', "same", "model", '"gpt-4o"']
        assert ["options.top_k", "40", "dropped", "no such sampler at OpenAI"] in map(cells, lines)
        titles = [line for line in lines if line.startswith("───")]
        assert titles == ["─── conversation ───", "─── tools ───", "─── with ───"]
        assert lines[lines.index("─── conversation ───") + 1] == "  user: Hello"
        assert lines[lines.index("─── tools ───") + 1] == "  f(a?: any) — Does it."
        assert '    "format": {' in lines[lines.index("─── with ───") :]

    @pytest.mark.parametrize(
        ("path", "model", "api"),
        [
            ("/api/chat", "gpt-5-pro", "the Responses API"),
            ("/api/generate", "gpt-3.5-turbo-instruct", "legacy Completions"),
            ("/api/embed", "text-embedding-3-small:latest", "Embeddings"),
            ("/api/embeddings", "text-embedding-3-small", "Embeddings"),
        ],
    )
    def test_the_api_is_the_one_that_suits_the_model(self, path: str, model: str, api: str) -> None:
        asked = HELLO | {"prompt": "Hi", "input": "Hi", "model": model}
        assert shown(asked, path=path)[0].endswith(f"{model} → {model.removesuffix(':latest')}, {api}")

    @pytest.mark.parametrize(
        ("path", "asked"),
        [
            ("/api/chat", {"model": "m"}),
            ("/api/chat", {"model": "m", "keep_alive": 0}),
            ("/api/generate", {"model": "m", "keep_alive": 0, "raw": True, "system": "s"}),
            ("/api/embed", {"model": "m", "keep_alive": 0}),
            ("/api/embeddings", {"model": "m", "keep_alive": 0}),
        ],
    )
    def test_what_only_loads_a_model_has_no_table(self, path: str, asked: dict[str, Any]) -> None:
        lines = shown(asked, path=path)
        assert lines[0] == "Only loads or unloads m: the upstream is asked for no answer"
        assert "Ollama" not in "".join(lines)
        assert ('    "keep_alive": 0' in "\n".join(lines)) == ("keep_alive" in asked)


class TestHappened:
    """Requests of which it is known what was sent."""

    @pytest.mark.parametrize("path", ["/chat/completions", "/v1/chat/completions/", "/openai/chat/completions?v=1"])
    def test_what_was_sent_is_told(self, path: str) -> None:
        sent = compact(SENT | {"model": "gpt-4o-2024-08-06", "seed": 3})
        lines = shown(
            HELLO | {"options": {"top_k": 4}}, Happened((Note("options.top_k", "dropped", "why"),), path, sent)
        )
        assert lines[0] == "gpt-4o → gpt-4o-2024-08-06, Chat Completions"
        assert ["options.top_k", "4", "dropped", "why"] in map(cells, lines)
        assert ["defaulted", "seed", "3", "not from the client's request"] in map(cells, lines)

    def test_another_api_than_expected_is_told(self) -> None:
        lines = shown(HELLO, Happened((), "/v1/responses", compact({"model": "gpt-4o", "input": HELLO["messages"]})))
        assert lines[0] == "gpt-4o → gpt-4o, the Responses API"
        assert ["messages", "[1 item]", "renamed", "input", "[1 item]"] in map(cells, lines)

    @pytest.mark.parametrize(
        "happened",
        [
            Happened((), "/models", compact(SENT)),
            Happened((), "/chat/completions", b""),
            Happened((), "/chat/completions", b"[]"),
            Happened((), "/chat/completions", compact(SENT)[:-1]),
        ],
    )
    def test_what_cannot_be_read_is_translated_anew(self, happened: Happened) -> None:
        assert shown(HELLO, happened)[0].startswith("As this proxy would translate it: ")


class TestRefused:
    """Requests that Ollama refuses."""

    @pytest.mark.parametrize(
        ("path", "body", "first"),
        [
            ("/api/chat", b"", "Refused with 400: missing request body"),
            ("/api/chat", b'{"model":"m"', "Refused with 400: unexpected EOF"),
            (
                "/api/chat",
                b"[]",
                "Refused with 400: json: cannot unmarshal array into Go value of type api.ChatRequest",
            ),
            ("/api/chat", b"{}", "Refused with 400: model is required"),
            ("/api/generate", b"{}", "Refused with 404: model '' not found"),
            ("/api/embed", b'{"model":"m","input":5}', "Refused with 400: invalid input type"),
            ("/api/chat", b"[" * 2000, "Refused with 400: invalid character '[' exceeded max depth"),
            (
                "/api/generate",
                b'{"model":"m","prompt":"p","raw":true,"system":"s"}',
                "Refused with 400: raw mode does not support template, system, or context",
            ),
            (
                "/api/chat",
                b'{"model":"m","messages":[{}],"options":{"seed":"x"}}',
                'Refused: option "seed" must be of type integer',
            ),
        ],
    )
    def test_the_error_is_told_that_the_client_gets(self, path: str, body: bytes, first: str) -> None:
        assert request_text(path, body, None).splitlines()[0] == first

    def test_what_can_be_shown_of_it_is_shown(self) -> None:
        lines = shown(HELLO | {"model": 5, "tools": TOOLS, "options": {"seed": 1}})
        assert "  user: Hello" in lines
        assert "  f(a?: any) — Does it." in lines
        assert '      "seed": 1' in lines

    def test_what_is_no_json_is_shown_as_text(self) -> None:
        assert shown_raw(b"a\xff\nb") == ["", "a\ufffd", "b"]
        assert shown_raw(b"x" * 20_000)[1] == "x" * 10_000 + "… and 10,000 characters more"


def shown_raw(body: bytes) -> list[str]:
    return request_text("/api/chat", body, None).splitlines()[1:]


class TestAnything:
    """Whatever a client sends can be shown."""

    @given(data=st.data())
    @settings(max_examples=150, deadline=None)
    def test_odd_requests(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(list(STRUCTS)))
        body = data.draw(changed(BODIES[path]))
        cut = data.draw(st.integers(0, len(body)))
        sent = data.draw(changed(SENT))
        api = data.draw(st.sampled_from(["/chat/completions", "/responses", "/completions", "/embeddings", "/models"]))
        notes = (
            Note("options.top_k", "dropped", "d"),
            Note("messages.role", "converted", "d"),
            Note("x", "dropped", ""),
        )
        for each in (body, body[:cut], data.draw(st.binary(max_size=20))):
            assert request_text(path, each, None)
            assert request_text(path, each, Happened(notes, api, sent))

    @pytest.mark.parametrize("depth", [100, 500, 980])
    def test_deep_ones(self, depth: int) -> None:
        deep = json.loads("[" * depth + "]" * depth)
        objects = json.loads('{"text":' * depth + "1" + "}" * depth)
        properties = json.loads('{"properties":{"a":' * (depth // 2) + "1" + "}}" * (depth // 2))
        for value in (deep, objects, properties):
            tools = [{"function": {"name": "f", "description": value, "parameters": {"properties": {"a": value}}}}]
            calls = [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {"a": value}}}]}]
            said = [{"role": "user", "content": value, "thinking": [value], "images": value}]
            for more in (
                {"format": value},
                {"x": value},
                {"options": {"x": value}},
                {"tools": tools, "messages": calls},
                {"messages": said},
                {"messages": value, "tools": value},
            ):
                asked = HELLO | more
                assert shown(asked)
                assert cells(shown(asked, Happened((), "/chat/completions", compact(asked)))[3])[2] == "same"

    def test_large_ones_are_shown_whole_but_for_their_images(self) -> None:
        image = base64.b64encode(bytes(1024 * 1024)).decode()
        message = {"role": "user", "content": "wide " * 200_000, "images": [image]}
        lines = shown({"model": "gpt-4o", "messages": [message]})
        assert lines[-1] == f"  user: {message['content']} [image, {len(image):,} characters]"
        assert max(map(len, lines[:-1])) <= WIDTH


class TestTable:
    """The table's layout."""

    def test_columns_are_as_wide_as_needed_and_no_wider_than_allowed(self) -> None:
        rows = [("a", "b", "c"), ("long text", "1", "why"), ("x", "22", "")]
        assert list(table(rows, [5, 9])) == ["a      b   c", "long…  1   why", "x      22"]

    def test_wide_and_combining_letters_keep_their_columns(self) -> None:
        rows = [("東京", "x"), ("e\u0301e", "x"), ("abcd", "x"), ("東京京", "x"), ("🦙", "x")]
        assert list(table(rows, [5])) == ["東京   x", "e\u0301e     x", "abcd   x", "東京…  x", "🦙     x"]

    def test_what_would_move_letters_is_escaped(self) -> None:
        assert list(table([("a\u202eb\n", "c\td")], [20])) == ["a\\u202eb\\u000a  c\\u0009d"]

    def test_a_long_reason_goes_on_below_itself(self) -> None:
        first, second = table([("a", "word " * 40)], [5])
        assert first == "a  " + "word " * 26 + "word"
        assert second == "   " + "word " * 12 + "word"
