"""What refusals say besides which field they are about."""

import pytest

from translators.errors import UpstreamError
from translators.openai_refusals import (
    bounds,
    dialect_demanded,
    field_named,
    refuses_reasoning_back,
    wants_reasoning_back,
    wants_signatures_back,
)
from translators.profiles import Dialect


def refusal(message: str, param: str = "") -> UpstreamError:
    return UpstreamError(message, status=400, param=param)


@pytest.mark.parametrize(
    ("message", "dialect"),
    [
        ("This model is only supported in v1/responses and not in v1/chat/completions.", "responses"),
        (
            "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use "
            "v1/responses?",
            "responses",
        ),
        (
            "Function tools with reasoning_effort are not supported for gpt-5.4 in /v1/chat/completions. Please use "
            "/v1/responses instead.",
            "responses",
        ),
        (
            "Function tools with reasoning_effort are not supported for gpt-5.6-luna in /v1/chat/completions. To use "
            "function tools, use /v1/responses or set reasoning_effort to 'none'.",
            "responses",
        ),
        ("Unsupported legacy protocol: /v1/chat/completions is not supported. Please use /v1/responses.", "responses"),
        ("This model is only available through the Responses API.", "responses"),
        ("Please use the Responses API for this model.", "responses"),
        (
            "The chatCompletion operation does not work with the specified model, gpt-5-codex. Please choose different "
            "model and try again.",
            "responses",
        ),
        ("The model 'openai.gpt-5.6-terra' does not support the '/v1/chat/completions' API", "responses"),
        (
            "This is a chat model and not supported in the v1/completions endpoint. Did you mean to use "
            "v1/chat/completions?",
            "chat",
        ),
        ("The completion operation does not work with the specified model, gpt-35-turbo.", "chat"),
        (
            "This is not a chat model and thus not supported in the v1/chat/completions endpoint. Did you mean to use "
            "v1/completions?",
            "completions",
        ),
        ("davinci-002 is not a chat model.", "completions"),
        # about a field, not the model
        (
            "Unsupported parameter: 'max_tokens'. In the Responses API, this parameter has moved to "
            "'max_output_tokens'. Try again with the new parameter.",
            None,
        ),
        ("The model `x` does not exist or you do not have access to it.", None),
        ("", None),
    ],
)
def test_a_refusal_may_demand_another_api(message: str, dialect: Dialect | None) -> None:
    assert dialect_demanded(refusal(message)) == dialect


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ("Missing `reasoning_content` field in the assistant message at message index 3.", ""),
        ("The `reasoning_content` in the thinking mode must be passed back to the API.", ""),
        ("The reasoning_content in the thinking mode must be passed back to the API.", ""),
        ("Param Incorrect", "The reasoning_content in the thinking mode must be passed back to the API."),
        ("thinking is enabled but reasoning_content is missing in assistant tool call message at index 32", ""),
    ],
)
def test_reasoning_may_be_wanted_back(message: str, param: str) -> None:
    assert wants_reasoning_back(refusal(message, param))
    assert not refuses_reasoning_back(refusal(message, param))


@pytest.mark.parametrize(
    "message",
    [
        "The reasoning_content is an intermediate result for display purposes only and will not be included in the "
        "context for inference. Please remove the reasoning_content from your message",
        "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property "
        "'reasoning_content' is unsupported)]",
        "messages.2.assistant.reasoning_content: property 'messages.2.assistant.reasoning_content' is unsupported",
        "'messages.1' : property 'reasoning' is unsupported",
        "body.messages.1.assistant.reasoning_content: Extra inputs are not permitted",
        "Extra inputs are not permitted, field: 'messages[1].reasoning_content', value: 'x'",
    ],
)
def test_reasoning_may_be_refused(message: str) -> None:
    assert refuses_reasoning_back(refusal(message))
    assert not wants_reasoning_back(refusal(message))


def test_the_signatures_of_calls_may_be_wanted_back() -> None:
    missed = refusal(
        "Function call is missing a thought_signature in functionCall parts. This is required for tools to work "
        "correctly, and missing thought_signature may lead to degraded model performance."
    )
    assert wants_signatures_back(missed)
    assert not wants_reasoning_back(missed)
    assert not refuses_reasoning_back(missed)


@pytest.mark.parametrize(
    "message", ["property 'min_p' is unsupported", "body.seed: Extra inputs are not permitted", ""]
)
def test_most_refusals_are_not_about_what_is_sent_back(message: str) -> None:
    assert not wants_reasoning_back(refusal(message))
    assert not wants_signatures_back(refusal(message))
    assert not refuses_reasoning_back(refusal(message))


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("This model supports at most 16,384 completion tokens.", (None, 16384)),
        ("max_tokens must be less than or equal to 1,048,576.", (None, 1048576)),
        ("max_tokens must be between 1,024 and 65,536", (1024, 65536)),
        ("temperature must be within [1,100], got 200", (1, 100)),
        ("the valid range of max_tokens is [1, 8192]", (1, 8192)),
        ("Expected a value >= 0.5, but got 0.1 instead.", (0.5, None)),
        ("Something went wrong.", (None, None)),
    ],
)
def test_numbers_are_read_as_they_are_written(message: str, told: tuple[float | None, float | None]) -> None:
    assert bounds(message) == told


@pytest.mark.parametrize(
    "message",
    [
        "Tool 'temperature' is not supported with this model.",
        "Invalid schema for function 'temperature': 'not' is not permitted.",
        "The image 'temperature' is not supported.",
        "Unknown field 'temperature' in the audio part.",
    ],
)
def test_a_sentence_about_tools_images_audio_or_schemas_names_no_field_unless_param_does(message: str) -> None:
    assert field_named(refusal(message), {"temperature": 1}) == ""
    assert field_named(refusal(message, param="temperature"), {"temperature": 1}) == "temperature"
