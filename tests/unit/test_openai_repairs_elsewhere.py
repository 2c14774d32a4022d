"""What is changed after a refusal by a server that is not OpenAI's, in the words of each."""

from typing import Any

import pytest

from translators.errors import UpstreamError
from translators.openai_repairs import repair_for
from translators.repairs import Repair, repaired

SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}, "strict": True}}
LITELLM = (
    "litellm.UnsupportedParamsError: ollama_chat does not support parameters: ['logprobs'], for model=llama3.1:70b. "
    "To drop these, set `litellm.drop_params=True` or for proxy:\n\n`litellm_settings:\n drop_params: true`"
)
SGLANG = (
    "1 validation error:\n  {'type': 'literal_error', 'loc': ('body', 'reasoning_effort'), 'msg': \"Input should be "
    "'low', 'medium' or 'high'\", 'input': 'xhigh', 'ctx': {'expected': \"'low', 'medium' or 'high'\"}}"
)


def drop(field: str, refused: Any = None, *, once: bool = False) -> Repair:
    return Repair(field, "drop", refused=refused, once=once)


def to_older_name() -> Repair:
    return Repair("max_completion_tokens", "rename", "max_tokens")


# server, message, param, the members of the request that matter, repair
OTHERS: list[tuple[str, str, str, dict[str, Any], Repair]] = [
    ("Groq", "property 'min_p' is unsupported", "", {"min_p": 0.1}, drop("min_p")),
    ("Groq", "property 'store' is unsupported, did you mean 'stop'?", "", {"store": True, "stop": "x"}, drop("store")),
    (
        "Groq",
        "'temperature' : number must be at most 2",
        "",
        {"temperature": 3},
        Repair("temperature", "at_most", 2),
    ),
    (
        "Groq",
        "'stop' : one of the following must be satisfied[('stop' : value must be a string) OR ('stop' : maximum number "
        "of items is 4)]",
        "",
        {"stop": list("12345")},
        Repair("stop", "at_most", 4),
    ),
    (
        "Groq",
        "`max_tokens` must be less than or equal to `16384`, the maximum value for `max_tokens` is less than the "
        "`context_window` for this model",
        "max_tokens",
        {"max_tokens": 131072},
        Repair("max_tokens", "at_most", 16384),
    ),
    (
        "Groq",
        "`reasoning_effort` must be one of `none` or `default`",
        "",
        {"reasoning_effort": "high"},
        drop("reasoning_effort", "high"),
    ),
    (
        "Groq",
        "'reasoning_effort' : value is not one of the allowed values ['none', 'default', 'low', 'medium', 'high']",
        "",
        {"reasoning_effort": "max"},
        Repair("reasoning_effort", "set", "high", refused="max"),
    ),
    (
        "Groq",
        "`reasoning_effort` is not supported with this model",
        "",
        {"reasoning_effort": "low"},
        drop("reasoning_effort"),
    ),
    (
        "Groq",
        "This model does not support response format `json_schema`. See supported models at https://console.groq.com",
        "",
        {"response_format": SCHEMA},
        Repair("response_format", "set", "json_object", refused="json_schema"),
    ),
    (
        "Cerebras",
        "body.store: property 'body.store' is unsupported",
        "validation_error",
        {"store": True},
        drop("store"),
    ),
    (
        "Cerebras",
        "body.maxTokens: property 'body.maxTokens' is unsupported",
        "validation_error",
        {"maxTokens": 5},
        drop("maxTokens"),
    ),
    (
        "Cerebras",
        "stop.list[str]: List should have at most 4 items after validation, not 5\nstop.str: Input should be a valid "
        "string",
        "validation_error",
        {"stop": list("12345")},
        Repair("stop", "at_most", 4),
    ),
    (
        "Cerebras",
        "parallel_tool_calls=False is not supported by this model.",
        "parallel_tool_calls",
        {"parallel_tool_calls": False},
        drop("parallel_tool_calls", False),
    ),
    (
        "Together",
        "stop: Validation error: maximum 4 stop sequences allowed",
        "",
        {"stop": list("12345")},
        Repair("stop", "at_most", 4),
    ),
    (
        "Together",
        "temperature must be within [0, 1], got 2",
        "",
        {"temperature": 2},
        Repair("temperature", "at_most", 1),
    ),
    (
        "xAI",
        "Cannot provide more than 8 stop strings",
        "",
        {"stop": list("123456789")},
        Repair("stop", "at_most", 8),
    ),
    ("xAI", "Model grok-4.6 does not support parameter stop.", "", {"model": "grok-4.6", "stop": ["x"]}, drop("stop")),
    (
        "xAI",
        "Model grok-4.6 does not support parameter presencePenalty.",
        "",
        {"presence_penalty": 0},
        drop("presence_penalty"),
    ),
    (
        "xAI on Responses",
        "Model grok-build does not support parameter reasoningEffort.",
        "",
        {"reasoning": {"effort": "low"}},
        drop("reasoning.effort"),
    ),
    (
        "xAI",
        "This model does not support `reasoning_effort` value `none`.",
        "",
        {"reasoning_effort": "none"},
        drop("reasoning_effort", "none"),
    ),
    ("Mistral", "body.seed: Extra inputs are not permitted", "", {"seed": 1}, drop("seed")),
    (
        "Mistral",
        "body.max_completion_tokens: Extra inputs are not permitted",
        "",
        {"max_completion_tokens": 5},
        to_older_name(),
    ),
    (
        "Mistral",
        "body.temperature: Input should be less than or equal to 1",
        "",
        {"temperature": 1.31},
        Repair("temperature", "at_most", 1),
    ),
    (
        "vLLM",
        "[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens'), 'msg': 'Extra inputs are not "
        "permitted', 'input': 800}]",
        "",
        {"max_completion_tokens": 800},
        to_older_name(),
    ),
    (
        "vLLM",
        "Requested sample logprobs of 25, which is greater than max allowed: 20 (parameter=logprobs, value=25)",
        "logprobs",
        {"logprobs": 25},
        Repair("logprobs", "at_most", 20),
    ),
    (
        "vLLM",
        "This model's maximum context length is 128000 tokens. However, you requested 65535 output tokens and your "
        "prompt contains at least 62466 input tokens, for a total of at least 128001 tokens.",
        "",
        {"max_tokens": 65535},
        drop("max_tokens", once=True),
    ),
    (
        "vLLM",
        "'max_tokens' or 'max_completion_tokens' is too large: 32000. This model's maximum context length is 32768 "
        "tokens and your request has 5000 input tokens (32000 > 32768 - 5000).",
        "",
        {"max_completion_tokens": 32000},
        drop("max_completion_tokens", once=True),
    ),
    (
        "text-generation-inference",
        "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens and "
        "500 `max_new_tokens`",
        "",
        {"max_tokens": 500},
        drop("max_tokens", once=True),
    ),
    (
        "vLLM until 0.5.1",
        "base64 encoding is not currently supported",
        "",
        {"encoding_format": "base64"},
        drop("encoding_format", "base64"),
    ),
    ("SGLang", SGLANG, "", {"reasoning_effort": "xhigh"}, Repair("reasoning_effort", "set", "high", refused="xhigh")),
    (
        "pydantic, rewritten",
        "Validation error for `reasoning_effort`: expected one of `'low' | 'medium' | 'high'`, received `'xhigh'`",
        "",
        {"reasoning_effort": "xhigh"},
        Repair("reasoning_effort", "set", "high", refused="xhigh"),
    ),
    (
        "Gemini",
        'Invalid JSON payload received. Unknown name "frequency_penalty": Cannot find field.\n'
        'Invalid JSON payload received. Unknown name "seed": Cannot find field.',
        "",
        {"seed": 1},
        drop("seed"),
    ),
    (
        "Gemini",
        "Invalid JSON payload received. Unknown name \"extra_body\" at 'extra_body': Cannot find field.",
        "",
        {"extra_body": {}},
        drop("extra_body"),
    ),
    (
        "Gemini",
        "Invalid reasoning_effort: minimal. Valid values are: high, low, medium, none",
        "",
        {"reasoning_effort": "minimal"},
        Repair("reasoning_effort", "set", "low", refused="minimal"),
    ),
    ("Gemini", "Logprobs is not enabled for models/gemini-2.5-pro", "", {"logprobs": True}, drop("logprobs")),
    (
        "DeepSeek R1",
        "deepseek-reasoner does not support the parameter `presence_penalty`",
        "",
        {"presence_penalty": 1},
        drop("presence_penalty"),
    ),
    (
        "DeepSeek",
        "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]",
        "",
        {"max_tokens": 16384},
        Repair("max_tokens", "at_most", 8192),
    ),
    (
        "DeepSeek",
        "This response_format type is unavailable now",
        "",
        {"response_format": SCHEMA},
        Repair("response_format", "set", "json_object", refused="json_schema"),
    ),
    (
        "DeepSeek",
        "Failed to deserialize the JSON body into the target type: response_format: response_format.type `json_schema` "
        "is unavailable now at line 1 column 12440",
        "",
        {"response_format": SCHEMA},
        Repair("response_format", "set", "json_object", refused="json_schema"),
    ),
    (
        "DeepSeek",
        "deepseek-reasoner does not support Json Output.",
        "",
        {"response_format": {"type": "json_object"}},
        drop("response_format"),
    ),
    (
        "DashScope",
        "<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 8192]",
        "",
        {"max_tokens": 32000},
        Repair("max_tokens", "at_most", 8192),
    ),
    (
        "Volcano",
        "The parameter max_tokens specified in the request is not valid: integer above maximum value, expected a value "
        "<= 32768, but got 64000 instead.",
        "max_tokens",
        {"max_tokens": 64000},
        Repair("max_tokens", "at_most", 32768),
    ),
    (
        "Anthropic, behind a gateway",
        "max_tokens: 100000 > 64000, which is the maximum allowed number of output tokens for claude-sonnet-4",
        "",
        {"max_tokens": 100000},
        Repair("max_tokens", "at_most", 64000),
    ),
    (
        "Claude, behind a gateway",
        "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        "",
        {"temperature": 1, "top_p": 0.9},
        Repair("top_p", "drop", beside="temperature"),
    ),
    (
        "Moonshot",
        "invalid temperature: only 1 is allowed for this model",
        "",
        {"temperature": 0.7},
        drop("temperature"),
    ),
    (
        "Perplexity",
        "Frequency penalty must satisfy p > 0.",
        "",
        {"frequency_penalty": 0},
        drop("frequency_penalty", 0),
    ),
    (
        "LM Studio",
        "'response_format.type' must be 'json_schema' or 'text'",
        "",
        {"response_format": {"type": "json_object"}},
        Repair("response_format", "set", "json_schema", refused="json_object"),
    ),
    (
        "LM Studio, older",
        "'response_format.type' must be 'json_schema'",
        "",
        {"response_format": {"type": "text"}},
        drop("response_format", "text"),
    ),
    (
        "DeepInfra",
        "deepinfra error: json_object response format is not supported for model: stepfun-ai/Step-3.5-Flash",
        "",
        {"response_format": {"type": "json_object"}},
        drop("response_format", "json_object"),
    ),
    (
        "a server without formats",
        "response_format is not supported by this model",
        "",
        {"response_format": SCHEMA},
        drop("response_format"),
    ),
    ("LiteLLM", LITELLM, "", {"logprobs": True}, drop("logprobs")),
    (
        "LiteLLM",
        "litellm.UnsupportedParamsError: gpt-5 models (including gpt-5-codex) don't support temperature=0.7. Only "
        "temperature=1 is supported.",
        "",
        {"temperature": 0.7},
        drop("temperature"),
    ),
    (
        "Fireworks",
        "Extra inputs are not permitted, field: 'stream_options', value: None",
        "",
        {"stream_options": {"include_usage": True}},
        drop("stream_options"),
    ),
    (
        "Azure AI",
        "Validation error at #/stream_options: Extra inputs are not permitted",
        "",
        {"stream_options": {"include_usage": True}},
        drop("stream_options"),
    ),
    (
        "Bedrock",
        "Malformed input request: #: extraneous key [logit_bias] is not permitted, please reformat your input",
        "",
        {"logit_bias": {}},
        drop("logit_bias"),
    ),
    ("llama.cpp", "Unsupported param: echo", "", {"echo": True}, drop("echo")),
    ("Go's encoding/json", 'json: unknown field "store"', "", {"store": False}, drop("store")),
    (
        "FastChat",
        "2.5 is greater than the maximum of 2 - 'temperature'",
        "",
        {"temperature": 2.5},
        Repair("temperature", "at_most", 2),
    ),
    (
        "a gateway",
        "max_tokens (current value: 4096) must be between 0 and 4000 ",
        "",
        {"max_tokens": 4096},
        Repair("max_tokens", "at_most", 4000),
    ),
]


@pytest.mark.parametrize(("server", "message", "param", "payload", "repair"), OTHERS)
def test_what_other_servers_refuse_is_repaired(
    server: str, message: str, param: str, payload: dict[str, Any], repair: Repair
) -> None:
    request = {"model": "m", "messages": [], "stream": True, "user": "u", **payload}
    assert repair_for(UpstreamError(message, status=400, param=param), request) == repair, server


@pytest.mark.parametrize("row", OTHERS)
def test_a_server_that_says_the_same_again_and_again_is_given_up(
    row: tuple[str, str, str, dict[str, Any], Repair],
) -> None:
    _, message, param, payload, _ = row
    for _ in range(4):
        repair = repair_for(UpstreamError(message, param=param), payload)
        payload = repaired(payload, [repair] if repair else [])
    assert repair is None
