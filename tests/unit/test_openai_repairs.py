"""What is changed after a refusal, in the words in which servers refuse."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translators.errors import UpstreamError
from translators.openai_errors import error_from_response
from translators.openai_repairs import repair_for
from translators.repairs import Repair, repaired

SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}, "strict": True}}
TOOLS = [{"type": "function", "function": {"name": "f"}}]
EFFORTS = "Supported values are: 'none', 'low', 'medium', 'high', and 'xhigh'."


def unsupported(field: str) -> str:
    return f"Unsupported parameter: '{field}' is not supported with this model."


def drop(field: str, refused: Any = None, *, once: bool = False) -> Repair:
    return Repair(field, "drop", refused=refused, once=once)


# message, param, the members of the request that matter, repair
OPENAI: list[tuple[str, str, dict[str, Any], Repair]] = [
    (
        f"{unsupported('max_tokens')} Use 'max_completion_tokens' instead.",
        "max_tokens",
        {"max_tokens": 5},
        Repair("max_tokens", "rename", "max_completion_tokens"),
    ),
    (
        "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.",
        "max_tokens",
        {"max_tokens": 5, "max_completion_tokens": 5},
        Repair("max_tokens", "drop", beside="max_completion_tokens"),
    ),
    (
        "Unsupported parameter: 'max_tokens'. In the Responses API, this parameter has moved to 'max_output_tokens'. "
        "Try again with the new parameter.",
        "",
        {"max_tokens": 5},
        Repair("max_tokens", "rename", "max_output_tokens"),
    ),
    (
        "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is "
        "supported.",
        "temperature",
        {"temperature": 0.7},
        drop("temperature"),
    ),
    *(
        (unsupported(field), field, {field: value}, drop(field))
        for field, value in {
            "top_p": 0.5,
            "presence_penalty": 0.5,
            "frequency_penalty": 0.5,
            "logit_bias": {"1": 1},
            "stop": ["x"],
            "prediction": {"type": "content"},
            "logprobs": True,
            "parallel_tool_calls": False,
            "metadata": {},
        }.items()
    ),
    ("You are not allowed to request logprobs from this model", "", {"logprobs": True}, drop("logprobs")),
    (
        f"Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. {EFFORTS}",
        "reasoning_effort",
        {"reasoning_effort": "minimal"},
        Repair("reasoning_effort", "set", "low", refused="minimal"),
    ),
    (
        f"Unsupported value: 'reasoning_effort' does not support 'max' with this model. {EFFORTS}",
        "reasoning_effort",
        {"reasoning_effort": "max"},
        Repair("reasoning_effort", "set", "xhigh", refused="max"),
    ),
    (
        "Unsupported value: 'none' is not supported with the 'gpt-6-astra' model. Supported values are: 'low', "
        "'medium', 'high', and 'xhigh'.",
        "reasoning.effort",
        {"reasoning": {"effort": "none"}},
        Repair("reasoning.effort", "set", "low", refused="none"),
    ),
    (unsupported("reasoning.effort"), "reasoning.effort", {"reasoning": {"effort": "low"}}, drop("reasoning.effort")),
    (
        "Function tools with reasoning_effort are not supported for gpt-5.6-luna in /v1/chat/completions. To use "
        "function tools, use /v1/responses or set reasoning_effort to 'none'.",
        "reasoning_effort",
        {"tools": TOOLS},
        Repair("reasoning_effort", "set", "none", beside="tools"),
    ),
    (
        "Unrecognized request argument supplied: reasoning_effort",
        "",
        {"reasoning_effort": "low"},
        drop("reasoning_effort"),
    ),
    ("Unrecognized request argument supplied: top_k", "", {"top_k": 4}, drop("top_k")),
    ("Unrecognized request arguments supplied: user, metadata", "", {"user": "x"}, drop("user")),
    ("Unknown parameter: 'zzz'.", "zzz", {"zzz": 1}, drop("zzz")),
    ("Unknown parameter: 'max_tokns'. Did you mean 'max_tokens'?", "", {"max_tokns": 1}, drop("max_tokns")),
    ("Unknown parameter: 'n'.", "n", {"n": 1}, drop("n", 1)),
    (
        "Unsupported value: 'verbosity' does not support 'low' with this model. Supported values are: 'medium'.",
        "verbosity",
        {"verbosity": "low"},
        Repair("verbosity", "set", "medium", refused="low"),
    ),
    (
        "Unsupported value: 'low' is not supported with the 'gpt-4o' model. Supported values are: 'medium'.",
        "text.verbosity",
        {"text": {"verbosity": "low"}},
        Repair("text.verbosity", "set", "medium", refused="low"),
    ),
    (
        "Invalid value: 'x'. Supported values are: 'auto', 'default', and 'flex'.",
        "service_tier",
        {"service_tier": "x"},
        drop("service_tier", "x"),
    ),
    (
        "Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length 5 "
        "instead.",
        "stop",
        {"stop": ["1", "2", "3", "4", "5"]},
        Repair("stop", "at_most", 4),
    ),
    (
        "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.5 instead.",
        "temperature",
        {"temperature": 2.5},
        Repair("temperature", "at_most", 2),
    ),
    (
        "Invalid 'presence_penalty': decimal below minimum value. Expected a value >= -2, but got -3 instead.",
        "presence_penalty",
        {"presence_penalty": -3},
        Repair("presence_penalty", "at_least", -2),
    ),
    (
        "Invalid 'max_output_tokens': integer below minimum value. Expected a value >= 16, but got 5 instead.",
        "max_output_tokens",
        {"max_output_tokens": 5},
        Repair("max_output_tokens", "at_least", 16),
    ),
    (
        "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got -1 instead.",
        "max_tokens",
        {"max_tokens": -1},
        drop("max_tokens", -1),
    ),
    (
        "Invalid value for 'top_logprobs': must be less than or equal to 5.",
        "top_logprobs",
        {"top_logprobs": 20},
        Repair("top_logprobs", "at_most", 5),
    ),
    (
        "max_tokens is too large: 128000. This model supports at most 16384 completion tokens, whereas you provided "
        "128000.",
        "max_tokens",
        {"max_completion_tokens": 128000},
        Repair("max_completion_tokens", "at_most", 16384),
    ),
    (
        "This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (1000 in the messages, "
        "8000 in the completion). Please reduce the length of the messages or completion.",
        "messages",
        {"max_tokens": 8000},
        drop("max_tokens", once=True),
    ),
    (
        "Your organization must be verified to generate reasoning summaries. Please go to: https://platform.openai.com/"
        "settings/organization/general and click on Verify Organization.",
        "",
        {"reasoning": {"effort": "low", "summary": "auto"}},
        drop("reasoning.summary"),
    ),
    (
        "Unsupported parameter: 'reasoning.summary' is not supported with the 'gpt-5.3-codex-spark' model.",
        "reasoning.summary",
        {"reasoning": {"summary": "auto"}},
        drop("reasoning.summary"),
    ),
    (
        "Unsupported value: 'concise' is not supported with the 'gpt-5-2025-08-07' model. Supported values are: "
        "'detailed'.",
        "reasoning.summary",
        {"reasoning": {"summary": "concise"}},
        Repair("reasoning.summary", "set", "detailed", refused="concise"),
    ),
    (
        "Encrypted content is not supported with this model.",
        "include",
        {"include": ["reasoning.encrypted_content", "message.output_text.logprobs"]},
        drop("include", "reasoning.encrypted_content"),
    ),
    (
        "logprobs are not supported with reasoning models.",
        "include",
        {"include": ["message.output_text.logprobs"]},
        drop("include", "message.output_text.logprobs"),
    ),
    (
        "Invalid value: 'x.y'. Supported values are: 'file_search_call.results' and 'reasoning.encrypted_content'.",
        "include[0]",
        {"include": ["x.y"]},
        drop("include", "x.y"),
    ),
    (
        "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model. Learn more about "
        "supported models at the Structured Outputs guide.",
        "response_format",
        {"response_format": SCHEMA},
        Repair("response_format", "set", "json_object", refused="json_schema"),
    ),
    (
        "Invalid schema for response_format 'x': In context=(), 'additionalProperties' is required to be supplied and "
        "to be false.",
        "response_format",
        {"response_format": SCHEMA},
        Repair("response_format.json_schema.strict", "set", False, refused=True, once=True),
    ),
    (
        "Invalid schema for response_format 'x': In context=(), 'not' is not permitted.",
        "text.format.schema",
        {"text": {"format": {"type": "json_schema", "name": "x", "schema": {}, "strict": True}}},
        Repair("text.format.strict", "set", False, refused=True, once=True),
    ),
]


@pytest.mark.parametrize(("message", "param", "payload", "repair"), OPENAI)
def test_what_openai_refuses_is_repaired(message: str, param: str, payload: dict[str, Any], repair: Repair) -> None:
    assert repair_for(UpstreamError(message, status=400, param=param), {"model": "m", "n": 1, **payload}) == repair


EVERYTHING: dict[str, Any] = {
    "model": "m",
    "messages": [],
    "input": "i",
    "prompt": "p",
    "suffix": "s",
    "stream": True,
    "tools": TOOLS,
    "tool_choice": "required",
    "n": 2,
    "dimensions": 8,
    "user": "u",
    "seed": 1,
    "stop": ["x"],
    "max_tokens": 5,
    "temperature": 0.5,
    "reasoning_effort": "low",
    "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}, "strict": False}},
    "text": {"format": {"type": "text"}},
}

NEVER: list[tuple[str, str]] = [
    ("Unsupported value: 'messages[0].role' does not support 'system' with this model.", "messages[0].role"),
    ("Your organization must be verified to stream this model. Please go to: https://platform.openai.com", "stream"),
    ("Malformed input request: #: extraneous key [stream] is not permitted", ""),
    ("Unknown parameter: 'tools'.", "tools"),
    ("Unsupported param: tools", ""),
    ("tool_choice 'required' is incompatible with thinking enabled and not supported", ""),
    ("Unsupported parameter: 'tool_choice' is not supported with this model.", "tool_choice"),
    ("Invalid 'n': integer above maximum value. Expected a value <= 1, but got 2 instead.", "n"),
    ("Unsupported parameter: 'n' is not supported with this model.", "n"),
    ("The model returned the following errors: suffix: Extra inputs are not permitted", ""),
    ("This model does not support specifying dimensions.", ""),
    ("Unrecognized request argument supplied: dimensions", ""),
    ("Unknown parameter: 'text'.", "text"),
    (
        "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
        "messages",
    ),
    ("Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'", ""),
    # nothing is strict here, so the schema itself is refused
    ("Invalid schema for response_format 'x': schema must be a JSON Schema of 'type: \"object\"'.", "response_format"),
    ("Invalid schema for function 'seed': In context=(), 'not' is not permitted.", "tools[0].function.parameters"),
    ("Invalid schema for function 'seed': In context=(), 'not' is not permitted.", ""),
    ("Invalid JSON payload received. Unknown name \"seed\" at 'tools[0].function': Cannot find field.", ""),
    (
        "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property 'stop' is "
        "unsupported)]",
        "",
    ),
    ("messages.1.assistant.user: property 'messages.1.assistant.user' is unsupported", "validation_error"),
    (
        "Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. Please use "
        "/v1/responses instead.",
        "reasoning_effort",
    ),
    (
        "Unsupported parameter: 'reasoning_effort'. In the Responses API, this parameter has moved to "
        "'reasoning.effort'. Try again with the new parameter.",
        "",
    ),
    ("Unsupported parameter: 'response_format'. In the Responses API, this parameter has moved to 'text.format'.", ""),
    ("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_tokens' instead.", "max_tokens"),
    ("User location is not supported for the API use.", ""),
    ("The model `m` does not exist or you do not have access to it.", "model"),
    ("Incorrect API key provided: sk-x.", ""),
    ("Invalid type for 'temperature': expected a decimal, but got a string instead.", "temperature"),
    ("body.user: Input should be a valid string", ""),
    ("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options"),
    (
        "This model's maximum context length is 8192 tokens. However, you requested 9005 tokens (9000 in the messages, "
        "5 in the completion).",
        "messages",
    ),
    ("Rate limit reached for m on tokens per min (TPM): Limit 3, Used 3, Requested 1.", ""),
    ("This request requires more credits, or fewer max_tokens. You requested up to 64000 tokens.", ""),
    ("", ""),
]


@pytest.mark.parametrize(("message", "param"), NEVER)
def test_what_changes_the_meaning_or_is_about_something_else_is_told(message: str, param: str) -> None:
    assert repair_for(UpstreamError(message, status=400, param=param), EVERYTHING) is None


def test_a_field_that_was_not_sent_is_not_repaired() -> None:
    assert repair_for(UpstreamError(unsupported("top_p"), param="top_p"), {"model": "m"}) is None


def test_a_value_that_is_within_what_is_told_is_not_repaired() -> None:
    error = UpstreamError("temperature must be within [0, 1], got 2", status=400)
    assert repair_for(error, {"temperature": 0.5}) is None


@pytest.mark.parametrize(("field", "value"), [("reasoning_effort", "low"), ("service_tier", "none")])
def test_a_value_that_is_listed_as_taken_is_not_repaired(field: str, value: str) -> None:
    error = UpstreamError(f"Unsupported value: '{field}' does not support 'minimal'. {EFFORTS}", status=400)
    assert repair_for(error, {field: value}) is None


@pytest.mark.parametrize(
    ("most", "repair"),
    [("255", None), ("256", Repair("max_tokens", "at_most", 256)), ("16,384", Repair("max_tokens", "at_most", 16384))],
)
def test_a_limit_that_no_model_has_is_read_wrongly_and_not_believed(most: str, repair: Repair | None) -> None:
    error = UpstreamError(f"max_tokens is too large. This model supports at most {most} completion tokens.", status=400)
    assert repair_for(error, {"max_tokens": 128000}) == repair


def test_a_refused_number_is_only_that_one_unless_no_other_would_be_taken() -> None:
    refused, payload = "Unsupported value: 'temperature' does not support 0.7.", {"temperature": 0.7}
    assert repair_for(UpstreamError(refused, status=400), payload) == drop("temperature", 0.7)
    only_one = f"{refused} Only the default (1) value is supported."
    assert repair_for(UpstreamError(only_one, status=400), payload) == drop("temperature")


def test_a_sentence_about_a_field_that_was_not_sent_is_taken_by_its_words() -> None:
    error = UpstreamError("logprobs are not supported with reasoning models.", status=400)
    assert repair_for(error, {"logprobs": True}) == drop("logprobs")


@pytest.mark.parametrize(
    ("code", "repair"), [("unsupported_parameter", drop("seed")), ("unsupported_value", drop("seed", 1))]
)
def test_a_code_is_enough_where_the_sentence_is_in_another_language(code: str, repair: Repair) -> None:
    error = UpstreamError("参数不支持", status=400, param="seed", code=code)
    assert repair_for(error, {"seed": 1}) == repair


@pytest.mark.parametrize(
    "body",
    [
        b'{"detail":[{"type":"extra_forbidden","loc":["body","seed"],"msg":"Extra inputs are not permitted"}]}',
        b'{"object":"error","message":{"detail":[{"loc":["body","seed"],"msg":"Extra inputs are not permitted"}]}}',
        b'[{"error":{"code":400,"message":"Unknown name \\"seed\\": Cannot find field.","status":"INVALID_ARGUMENT"}}]',
        b'{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\\"error\\":{\\"message\\":'
        b'\\"Unsupported parameter: \'seed\' is not supported with this model.\\",\\"param\\":\\"seed\\"}}"}}}',
        b'{"code":"invalid-argument","error":"Model grok-4 does not support parameter seed."}',
        b'{"error":{"message":"from provider: {\\"error\\":{\\"message\\":\\"property \'seed\' is unsupported\\"}}"}}',
    ],
)
def test_the_envelope_does_not_matter(body: bytes) -> None:
    assert repair_for(error_from_response(400, "application/json", body, None), {"seed": 1}) == drop("seed")


def test_a_request_with_many_faults_is_repaired_one_by_one() -> None:
    payload: dict[str, Any] = {"model": "m", "max_tokens": 5, "temperature": 0.5, "logprobs": True, "top_logprobs": 2}
    said = [f"{unsupported('max_tokens')} Use 'max_completion_tokens' instead.", unsupported("temperature")]
    for message in [*said, unsupported("logprobs")]:
        repair = repair_for(UpstreamError(message, status=400), payload)
        assert repair is not None
        payload = repaired(payload, [repair])
    assert payload == {"model": "m", "max_completion_tokens": 5}


MESSAGES = st.sampled_from([row[0] for row in OPENAI] + [row[0] for row in NEVER])
PARAMS = st.sampled_from(["", "validation_error", *sorted({row[1] for row in OPENAI})])
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.sampled_from(["low", "max", "none", "json", ""])
    | st.lists(st.text(max_size=2), max_size=6)
    | st.sampled_from([SCHEMA, {"type": "json_object"}, {"effort": "max", "summary": "auto"}, {"format": SCHEMA}])
)
FIELDS = sorted({field for row in OPENAI for field in row[2]})
PAYLOADS = st.dictionaries(st.sampled_from([*FIELDS, *EVERYTHING]), VALUES)


@given(MESSAGES | st.text(), PARAMS | st.text(), PAYLOADS)
def test_a_repair_always_changes_the_request(message: str, param: str, payload: dict[str, Any]) -> None:
    repair = repair_for(UpstreamError(message, param=param), payload)
    if repair is not None:
        assert hash(repair) == hash(repair)
        assert repaired(payload, [repair]) != payload


@given(MESSAGES, PARAMS, PAYLOADS)
def test_a_server_that_says_the_same_again_and_again_is_given_up(
    message: str, param: str, payload: dict[str, Any]
) -> None:
    for _ in range(4):
        repair = repair_for(UpstreamError(message, param=param), payload)
        payload = repaired(payload, [repair] if repair else [])
    assert repair is None
