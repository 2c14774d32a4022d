"""What a refusal teaches about a model."""

import json
from collections.abc import Mapping, Set
from typing import Any

import pytest

from translators.errors import UpstreamError
from translators.lessons import MOST_REPAIRS, Lessons
from translators.profiles import ALL_FORMATS, DEFAULT, REASONER, Dialect, profile_for
from translators.repairs import Repair

type Json = dict[str, Any]

BODY: Json = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "seed": 7, "max_tokens": 5}
EVERY: Set[Dialect] = frozenset[Dialect]({"chat", "responses", "completions"})
NO_SEED = Repair("seed", "drop")
NO_STOP = Repair("stop", "drop")
RENAMED = Repair("max_tokens", "rename", "max_completion_tokens")


def refusal(message: str, *, status: int = 400, param: str = "", code: str = "") -> UpstreamError:
    return UpstreamError(message, status=status, param=param, code=code)


SEED = refusal("Unsupported parameter: 'seed' is not supported with this model.", param="seed")
MAX_TOKENS = refusal(
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    param="max_tokens",
    code="unsupported_parameter",
)
USE_RESPONSES = refusal("This model is only supported in v1/responses and not in v1/chat/completions.", status=404)
USE_CHAT = refusal(
    "This is a chat model and not supported in the v1/completions endpoint. Did you mean to use v1/chat/completions?",
    status=404,
)
USE_COMPLETIONS = refusal(
    "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use "
    "v1/completions?",
    status=404,
)
NO_ROUTE = refusal("Not Found", status=404)
WANTED = refusal("The `reasoning_content` in the thinking mode must be passed back to the API.")
REFUSED = refusal("property 'messages.1.assistant.reasoning_content' is unsupported")
UNSIGNED = refusal("Function call is missing a thought_signature in functionCall parts.")
NO_SCHEMA = refusal("Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
                    param="response_format")  # fmt: skip
NO_JSON_OUTPUT = refusal("deepseek-reasoner does not support json output")
BAD_SCHEMA = refusal(
    "Invalid schema for response_format 'x': In context=(), 'additionalProperties' is required to be supplied and to "
    "be false.",
    param="response_format",
    code="invalid_json_schema",
)
BAD_TEXT_SCHEMA = refusal(BAD_SCHEMA.message, param="text.format.schema", code="invalid_json_schema")
NOT_STRICT_ONCE = Lessons(formats_once=frozenset({"strict"}))
SCHEMA_ASKED: Json = {
    "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}, "strict": True}}
}
SCHEMA_ASKED_FLAT: Json = {"text": {"format": {"type": "json_schema", "name": "x", "schema": {}, "strict": True}}}


def learned(
    error: UpstreamError,
    known: Lessons | None = None,
    *,
    body: Mapping[str, Any] = BODY,
    dialect: Dialect = "chat",
    others: Set[Dialect] = frozenset(),
) -> tuple[Lessons, str] | None:
    return (known or Lessons()).learn(error, body, dialect, others)


# --- learning -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["chat", "responses", "completions"])
def test_a_refused_parameter_is_a_repair_for_the_api_that_refused_it(dialect: Dialect) -> None:
    assert learned(SEED, dialect=dialect) == (Lessons(repairs={dialect: (NO_SEED,)}), "seed dropped")


def test_repairs_are_kept_in_the_order_in_which_they_were_learned() -> None:
    known = Lessons(repairs={"chat": (NO_STOP,), "responses": (NO_SEED,)})
    assert learned(SEED, known) == (
        Lessons(repairs={"chat": (NO_STOP, NO_SEED), "responses": (NO_SEED,)}),
        "seed dropped",
    )
    assert known.repairs["chat"] == (NO_STOP,)


def test_of_more_repairs_than_are_kept_the_newest_are() -> None:
    many = tuple(Repair(f"x{number}", "drop") for number in range(MOST_REPAIRS))
    for known, kept in ((many[1:], many[1:]), (many, many[1:])):
        got = learned(SEED, Lessons(repairs={"chat": known}))
        assert got == (Lessons(repairs={"chat": (*kept, NO_SEED)}), "seed dropped")
    assert (Lessons(repairs={"chat": many}) | Lessons(repairs={"chat": (NO_SEED,)})).repairs == {
        "chat": (*many[1:], NO_SEED)
    }


def test_a_name_that_is_wanted_back_takes_the_place_of_the_one_that_was_learned() -> None:
    back = refusal("Unsupported parameter: 'max_completion_tokens' is not supported.", param="max_completion_tokens")
    body = {"model": "m", "messages": [], "max_completion_tokens": 5}
    got = learned(back, Lessons(repairs={"chat": (RENAMED, NO_STOP)}), body=body)
    assert got is not None
    assert got[0].repairs == {"chat": (NO_STOP, Repair("max_completion_tokens", "rename", "max_tokens"))}


@pytest.mark.parametrize(
    ("error", "asked", "demanded", "new"),
    [
        (USE_RESPONSES, "chat", "responses", "asked by the Responses API"),
        (USE_CHAT, "completions", "chat", "asked by Chat Completions"),
        (USE_COMPLETIONS, "chat", "completions", "asked by legacy Completions"),
    ],
)
def test_another_api_that_is_demanded_is_asked(
    error: UpstreamError, asked: Dialect, demanded: Dialect, new: str
) -> None:
    # The models that are served by the Responses API alone are reasoning models.
    known = Lessons(dialect=demanded, reasoner=demanded == "responses")
    assert learned(error, dialect=asked, others=EVERY - {asked}) == (known, new)


@pytest.mark.parametrize(
    ("error", "asked"), [(USE_RESPONSES, "chat"), (USE_CHAT, "completions"), (USE_COMPLETIONS, "chat")]
)
def test_an_api_that_may_not_be_asked_is_not(error: UpstreamError, asked: Dialect) -> None:
    assert learned(error, dialect=asked) is None


def test_two_apis_that_point_at_each_other_are_asked_once_each() -> None:
    first = learned(USE_RESPONSES, dialect="chat", others=EVERY - {"chat"})
    assert first is not None
    back = refusal("This model is not supported here. Use v1/chat/completions.", status=404)
    assert learned(back, first[0], dialect="responses", others=EVERY - {"chat", "responses"}) is None


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_without_the_responses_api_is_asked_by_chat(status: int) -> None:
    error = refusal("Not Found", status=status)
    assert learned(error, dialect="responses", others={"chat"}) == (
        Lessons(dialect="chat"),
        "asked by Chat Completions",
    )
    assert learned(error, dialect="responses") is None
    assert learned(error, dialect="completions", others={"chat"}) is None


@pytest.mark.parametrize("status", [200, 400, 404, 502])
def test_a_server_that_says_so_in_other_words_is_asked_by_chat_whatever_the_status(status: int) -> None:
    error = refusal("Unexpected endpoint or method. (POST /v1/responses)", status=status)  # LM Studio, with 200
    assert learned(error, dialect="responses", others={"chat"}) == (
        Lessons(dialect="chat"),
        "asked by Chat Completions",
    )
    assert learned(error, dialect="chat", others={"responses"}) is None


@pytest.mark.parametrize("field", ["messages", "input", "prompt"])
def test_a_refusal_that_quotes_a_conversation_about_apis_moves_nothing(field: str) -> None:
    error = refusal("The prompt was filtered: 'how do I use v1/responses?'")
    about = {"model": "m", field: [{"role": "user", "content": "how do I use v1/responses?"}]}
    assert learned(error, others={"responses"}) is not None
    assert learned(error, body=about, others={"responses"}) is None


def test_a_tool_that_is_called_as_a_parameter_teaches_nothing() -> None:
    error = refusal("Tool 'temperature' is not supported with this model.")
    body = {**BODY, "temperature": 0.5, "tools": [{"type": "function", "function": {"name": "temperature"}}]}
    assert learned(error, body=body) is None


def test_a_model_that_is_missing_is_not_looked_for_elsewhere() -> None:
    error = refusal("The model 'm' does not exist", status=404, code="model_not_found")
    assert learned(error, dialect="responses", others={"chat"}) is None


def test_reasoning_is_sent_back_where_it_is_missed_and_not_where_it_is_refused() -> None:
    assert learned(WANTED) == (Lessons(reasoning_back=True), "its reasoning is sent back")
    assert learned(REFUSED) == (Lessons(reasoning_back=False), "its reasoning is not sent back")
    assert learned(WANTED, Lessons(reasoning_back=True)) is None
    assert learned(REFUSED, Lessons(reasoning_back=False)) is None
    assert learned(WANTED, Lessons(reasoning_back=False)) == (
        Lessons(reasoning_back=True),
        "its reasoning is sent back",
    )


def test_signatures_are_sent_back_where_they_are_missed() -> None:
    assert learned(UNSIGNED) == (Lessons(signatures_back=True), "the signatures of its tool calls are sent back")
    assert learned(UNSIGNED, Lessons(signatures_back=True)) is None


@pytest.mark.parametrize(
    ("error", "body", "dialect", "known", "new"),
    [
        (NO_SCHEMA, SCHEMA_ASKED, "chat", Lessons(formats=ALL_FORMATS - {"json_schema"}), "no format json_schema"),
        (BAD_SCHEMA, SCHEMA_ASKED, "chat", NOT_STRICT_ONCE, "no format strict"),
        (BAD_TEXT_SCHEMA, SCHEMA_ASKED_FLAT, "responses", NOT_STRICT_ONCE, "no format strict"),
    ],
)
def test_a_refused_format_is_not_asked_for_again_by_any_api(
    error: UpstreamError, body: Json, dialect: Dialect, known: Lessons, new: str
) -> None:
    got = learned(error, body={**BODY, **body}, dialect=dialect)
    assert got == (known, new)
    assert learned(error, got[0], body={**BODY, **body}, dialect=dialect) is None


def test_a_server_that_knows_no_format_is_asked_for_none() -> None:
    body = {**BODY, "response_format": {"type": "json_object"}}
    got = learned(NO_JSON_OUTPUT, body=body)
    assert got == (Lessons(formats=frozenset()), "no format json_object or json_schema or strict")


def test_openais_reasoning_models_are_known_by_the_parameter_that_only_they_refuse() -> None:
    got = learned(MAX_TOKENS)
    assert got == (
        Lessons(repairs={"chat": (RENAMED,)}, reasoner=True),
        "max_tokens renamed to max_completion_tokens, so it is one that reasons",
    )
    again = learned(MAX_TOKENS, Lessons(reasoner=True))
    assert again == (got[0], "max_tokens renamed to max_completion_tokens")
    assert got[0].shape(DEFAULT) == REASONER
    assert got[0].shape(profile_for("gpt-4o")) == profile_for("gpt-4o")


@pytest.mark.parametrize("status", [401, 402, 408, 409, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("error", [SEED, USE_RESPONSES, WANTED, UNSIGNED, NO_ROUTE])
def test_a_refusal_that_is_not_about_the_request_teaches_nothing(error: UpstreamError, status: int) -> None:
    again = refusal(error.message, status=status, param=error.param, code=error.code)
    assert learned(again, others=EVERY - {"chat"}) is None
    assert Lessons().learn_repair(again, json.dumps(BODY).encode(), "chat") is None


@pytest.mark.parametrize("message", ["Invalid value for 'messages': empty.", "Something went wrong.", ""])
def test_what_says_nothing_that_can_be_done_without_is_told(message: str) -> None:
    assert learned(refusal(message), others=EVERY - {"chat"}) is None


# --- learning from a client's own text ------------------------------------------------------------------------


def test_a_body_that_is_sent_as_it_is_teaches_repairs_too() -> None:
    body = json.dumps(BODY).encode()
    assert Lessons().learn_repair(SEED, body, "chat") == (Lessons(repairs={"chat": (NO_SEED,)}), "seed dropped")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"seed"', b"\xff"])
def test_a_body_that_is_no_object_teaches_nothing(body: bytes) -> None:
    assert Lessons().learn_repair(SEED, body, "chat") is None


@pytest.mark.parametrize(
    ("error", "body"),
    [(NO_SCHEMA, SCHEMA_ASKED), (BAD_SCHEMA, SCHEMA_ASKED), (BAD_TEXT_SCHEMA, SCHEMA_ASKED_FLAT), (USE_RESPONSES, {}),
     (WANTED, {}), (UNSIGNED, {})],
)  # fmt: skip
def test_another_api_format_or_conversation_is_for_the_client_to_choose(error: UpstreamError, body: Json) -> None:
    assert Lessons().learn_repair(error, json.dumps({**BODY, **body}).encode(), "chat") is None


@pytest.mark.parametrize("status", [400, 401, 429, 500])
def test_words_of_a_prompt_that_a_refusal_quotes_are_no_missing_api(status: int) -> None:
    error = UpstreamError("Your prompt was flagged: 'why does nginx say unknown path'", status=status)
    assert Lessons().learn(error, {"input": "why does nginx say unknown path"}, "responses", {"chat"}) is None
