"""Requests as Ollama reads them: values, defaults, and the text of every refusal.

The texts of type errors were checked against Go 1.26 with structs of the same shape.
"""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from translators.errors import ModelNotFound, RequestError
from translators.ollama_fields import FOREVER
from translators.ollama_requests import (
    ChatRequest,
    GenerateRequest,
    Message,
    chat_request,
    generate_request,
    show_request,
)

SECOND = 1_000_000_000
NOT_AN_OBJECT = "Value looks like object, but can't find closing '}' symbol"


def chat(**fields: Any) -> ChatRequest:
    return chat_request(json.dumps({"model": "m", **fields}).encode())


def generate(**fields: Any) -> GenerateRequest:
    return generate_request(json.dumps({"model": "m", **fields}).encode())


def chat_error(body: Any) -> str:
    return error_of(chat_request, body)


def error_of(read: Any, body: Any) -> str:
    """The text of a 400 for a body, given as bytes or as a value."""
    with pytest.raises(RequestError) as caught:
        read(body if isinstance(body, bytes) else json.dumps(body).encode())
    assert caught.value.status == 400
    return caught.value.message


def test_what_is_left_out_has_its_default() -> None:
    request = chat()
    assert request == ChatRequest(model="m")
    assert (request.messages, request.tools, request.options) == ([], [], {})
    assert (request.stream, request.truncate, request.shift) == (True, True, True)
    assert (request.keep_alive, request.think, request.format) == (None, None, None)
    assert (request.logprobs, request.top_logprobs) == (False, 0)
    assert generate() == GenerateRequest(model="m")
    assert generate().context is None


@pytest.mark.parametrize("field", sorted(ChatRequest.model_fields.keys() - {"model"}))
def test_a_null_field_of_a_chat_is_an_absent_field(field: str) -> None:
    assert chat(**{field: None}) == chat()


@pytest.mark.parametrize("field", sorted(GenerateRequest.model_fields.keys() - {"model"}))
def test_a_null_field_of_generate_is_an_absent_field(field: str) -> None:
    assert generate(**{field: None}) == generate()


def test_null_within_a_list_is_an_empty_element() -> None:
    request = chat(messages=[None, {"images": [None], "tool_calls": [None]}], tools=[None])
    assert request.messages[0] == Message()
    assert request.messages[1].images == [""]
    assert request.messages[1].tool_calls[0].function.arguments == {}
    assert request.tools[0].function.name == ""
    assert generate(context=[1, None]).context == [1, 0]


def test_keys_match_in_any_case_and_the_last_one_wins() -> None:
    request = chat_request(b'{"Model":"a","MODEL":"b","STREAM":false,"messages":[{"ROLE":"user","Content":"hi"}]}')
    assert (request.model, request.stream) == ("b", False)
    assert request.messages == [Message(role="user", content="hi")]
    assert chat_request(b'{"model":"a","MODEL":null}').model == "a"


def test_unknown_fields_are_ignored_at_every_level() -> None:
    message = {"role": "user", "name": 1, "tool_calls": [{"type": 1, "function": {"strict": 1}}]}
    assert chat(seed=1, messages=[message], debug_render_only=1).messages[0].role == "user"


def test_the_underscore_of_a_field_is_part_of_its_key() -> None:
    assert chat(_debug_render_only=True).debug_render_only
    assert chat(_DEBUG_render_only=True).debug_render_only
    assert not chat(debug_render_only=True).debug_render_only


def test_a_message_is_read_whole() -> None:
    call = {"id": "call_1", "function": {"index": 2, "name": "f", "arguments": {"b": 1, "a": {"x": [1.5, None]}}}}
    request = chat(
        messages=[
            {"role": "USER", "content": "look", "images": ["aG\nk="]},
            {"role": "assistant", "content": None, "thinking": "hm", "tool_calls": [call]},
            {"role": "tool", "content": "3", "tool_name": "f", "tool_call_id": "call_1"},
        ]
    )
    user, assistant, tool = request.messages
    assert (user.role, user.images) == ("user", ["aGk="])
    assert (assistant.content, assistant.thinking) == ("", "hm")
    function = assistant.tool_calls[0].function
    assert (assistant.tool_calls[0].id, function.index, function.name) == ("call_1", 2, "f")
    assert json.dumps(function.arguments) == '{"b": 1, "a": {"x": [1.5, null]}}'
    assert (tool.tool_name, tool.tool_call_id) == ("f", "call_1")


def test_the_schema_of_a_tool_is_kept_as_it_came() -> None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "$defs": {"d": {"const": 1}},
        "required": ["b"],
        "properties": {
            "b": {"type": "integer, string", "default": None, "Type": "x"},
            "a": {"$ref": "#/$defs/d", "type": ["string", "null"], "properties": {"c": {"pattern": "x"}}},
        },
    }
    function = {"name": "f", "description": "d", "strict": True, "parameters": schema}
    (tool,) = chat(tools=[{"type": "function", "function": function}]).tools
    assert (tool.type, tool.function.name, tool.function.description) == ("function", "f", "d")
    assert json.dumps(tool.function.parameters) == json.dumps(schema)


@pytest.mark.parametrize("function", [{"name": "f"}, {"name": "f", "parameters": None}])
def test_a_tool_without_parameters_has_none(function: dict[str, Any]) -> None:
    assert chat(tools=[{"function": function}]).tools[0].function.parameters is None


@pytest.mark.parametrize(
    ("given", "nanoseconds"),
    [
        (0, 0),
        (300, 300 * SECOND),
        (1.5, 3 * SECOND // 2),
        (1e300, 2**63 - 1),
        (10**30, 2**63 - 1),
        (-1, FOREVER),
        (-0.5, FOREVER),
        ("0", 0),
        ("5m", 300 * SECOND),
        ("300ms", 3 * SECOND // 10),
        ("-1m", FOREVER),
    ],
)
def test_keep_alive_is_seconds_or_a_duration(given: float | str, nanoseconds: int) -> None:
    assert chat(keep_alive=given).keep_alive == nanoseconds
    assert generate(keep_alive=given).keep_alive == nanoseconds


@pytest.mark.parametrize("given", [True, False, "low", "medium", "high", "max"])
def test_think_is_kept(given: bool | str) -> None:
    assert chat(think=given).think == given


@pytest.mark.parametrize("given", ["json", "", {"type": "object"}, 1, [], True, "xml"])
def test_any_format_passes_here(given: Any) -> None:
    assert chat(format=given).format == given


def test_an_image_may_be_a_list_of_bytes_as_in_go() -> None:
    assert generate(images=[list(b"\x89PNG")]).images == [base64.b64encode(b"\x89PNG").decode()]


@pytest.mark.parametrize(
    ("fields", "load", "unload"),
    [
        ({}, True, False),
        ({"keep_alive": "5m"}, True, False),
        ({"keep_alive": 0}, True, True),
        ({"keep_alive": "0s"}, True, True),
        ({"keep_alive": -1}, True, False),
    ],
)
def test_a_request_without_work_loads_or_unloads(fields: dict[str, Any], load: bool, unload: bool) -> None:
    for request in (chat(**fields), generate(images=["aGk="], suffix="x", **fields)):
        assert (request.wants_load, request.wants_unload) == (load, unload)
    for request in (chat(messages=[{}], **fields), generate(prompt="x", **fields)):
        assert (request.wants_load, request.wants_unload) == (False, False)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"model": 1}, "number into Go struct field ChatRequest.model of type string"),
        ({"messages": "hi"}, "string into Go struct field ChatRequest.messages of type []api.Message"),
        ({"messages": {}}, "object into Go struct field ChatRequest.messages of type []api.Message"),
        ({"messages": ["hi"]}, "string into Go struct field ChatRequest.messages of type api.Alias"),
        ({"messages": [{}, [1]]}, "array into Go struct field ChatRequest.messages of type api.Alias"),
        ({"messages": [{"content": [{}]}]}, "array into Go struct field ChatRequest.messages.content of type string"),
        ({"messages": [{"Content": 1}]}, "number into Go struct field ChatRequest.messages.content of type string"),
        ({"messages": [{"role": 1.5}]}, "number into Go struct field ChatRequest.messages.role of type string"),
        ({"messages": [{"thinking": True}]}, "bool into Go struct field ChatRequest.messages.thinking of type string"),
        (
            {"messages": [{"images": "x"}]},
            "string into Go struct field ChatRequest.messages.images of type []api.ImageData",
        ),
        (
            {"messages": [{"images": [1]}]},
            "number into Go struct field ChatRequest.messages.images of type api.ImageData",
        ),
        (
            {"messages": [{"tool_calls": {}}]},
            "object into Go struct field ChatRequest.messages.tool_calls of type []api.ToolCall",
        ),
        (
            {"messages": [{"tool_calls": ["x"]}]},
            "string into Go struct field ChatRequest.messages.tool_calls of type api.ToolCall",
        ),
        (
            {"messages": [{"tool_calls": [{"function": "f"}]}]},
            "string into Go struct field ChatRequest.messages.tool_calls.function of type api.ToolCallFunction",
        ),
        (
            {"messages": [{"tool_calls": [{"function": {"index": 1.0}}]}]},
            "number 1.0 into Go struct field ChatRequest.messages.tool_calls.function.index of type int",
        ),
        ({"stream": "false"}, "string into Go struct field ChatRequest.stream of type bool"),
        ({"stream": 1}, "number into Go struct field ChatRequest.stream of type bool"),
        ({"options": "x"}, "string into Go struct field ChatRequest.options of type map[string]interface {}"),
        ({"options": []}, "array into Go struct field ChatRequest.options of type map[string]interface {}"),
        ({"top_logprobs": 1.5}, "number 1.5 into Go struct field ChatRequest.top_logprobs of type int"),
        ({"top_logprobs": 2**63}, f"number {2**63} into Go struct field ChatRequest.top_logprobs of type int"),
        ({"top_logprobs": True}, "bool into Go struct field ChatRequest.top_logprobs of type int"),
        ({"tools": {}}, "object into Go struct field ChatRequest.tools of type api.Tools"),
        ({"tools": ["x"]}, "string into Go struct field ChatRequest.tools of type api.Tool"),
        ({"tools": [{"type": []}]}, "array into Go struct field Tool.tools.type of type string"),
        ({"tools": [{"function": []}]}, "array into Go struct field Tool.tools.function of type api.ToolFunction"),
        (
            {"tools": [{"function": {"name": 1}}]},
            "number into Go struct field ToolFunction.tools.function.name of type string",
        ),
        (
            {"tools": [{"function": {"parameters": "{}"}}]},
            "string into Go struct field ToolFunction.tools.function.parameters of type api.ToolFunctionParameters",
        ),
    ],
)
def test_a_wrong_type_is_told_in_the_words_of_go(fields: dict[str, Any], text: str) -> None:
    assert chat_error(fields) == f"json: cannot unmarshal {text}"


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ({"type": ["object"]}, "array into Go struct field ToolFunctionParameters.{}.type of type string"),
        ({"required": "a"}, "string into Go struct field ToolFunctionParameters.{}.required of type []string"),
        ({"required": [1]}, "number into Go struct field ToolFunctionParameters.{}.required of type string"),
        (
            {"properties": {"x": True}},
            "bool into Go struct field ToolFunctionParameters.{}.properties of type api.ToolProperty",
        ),
        (
            {"properties": {"x": {"description": 1}}},
            "number into Go struct field ToolFunctionParameters.{}.properties.description of type string",
        ),
        (
            {"properties": {"x": {"type": 1}}},
            "number into Go struct field ToolFunctionParameters.{}.properties.type of type []string",
        ),
        (
            {"properties": {"x": {"type": [1]}}},
            "number into Go struct field ToolFunctionParameters.{}.properties.type of type string",
        ),
        (
            {"properties": {"x": {"enum": "a"}}},
            "string into Go struct field ToolFunctionParameters.{}.properties.enum of type []interface {{}}",
        ),
        (
            {"properties": {"x": {"anyOf": [False]}}},
            "bool into Go struct field ToolFunctionParameters.{}.properties.anyOf of type api.ToolProperty",
        ),
        (
            {"properties": {"x": {"ANYOF": {}}}},
            "object into Go struct field ToolFunctionParameters.{}.properties.anyOf of type []api.ToolProperty",
        ),
        (
            {"properties": {"x": {"properties": {"y": {"required": True}}}}},
            "bool into Go struct field ToolFunctionParameters.{}.properties.properties.required of type []string",
        ),
    ],
)
def test_a_wrong_type_in_a_schema_names_the_place(parameters: dict[str, Any], text: str) -> None:
    tools = [{"function": {"name": "f", "parameters": parameters}}]
    place = "tools.function.parameters"
    assert chat_error({"tools": tools}) == f"json: cannot unmarshal {text.format(place)}"


@pytest.mark.parametrize("arguments", ['{"a":1}', [], 1, True])
def test_arguments_that_are_no_object_are_refused(arguments: Any) -> None:
    call = {"function": {"name": "f", "arguments": arguments}}
    assert chat_error({"messages": [{"role": "assistant", "tool_calls": [call]}]}) == NOT_AN_OBJECT


def test_properties_that_are_no_object_are_refused() -> None:
    assert chat_error({"tools": [{"function": {"parameters": {"properties": []}}}]}) == NOT_AN_OBJECT


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"prompt": 1}, "number into Go struct field GenerateRequest.prompt of type string"),
        ({"prompt": ["a"]}, "array into Go struct field GenerateRequest.prompt of type string"),
        ({"images": "x"}, "string into Go struct field GenerateRequest.images of type []api.ImageData"),
        ({"images": [1]}, "number into Go struct field GenerateRequest.images of type api.ImageData"),
        ({"context": "x"}, "string into Go struct field GenerateRequest.context of type []int"),
        ({"context": [1, 1.5]}, "number 1.5 into Go struct field GenerateRequest.context of type int"),
        ({"raw": "x"}, "string into Go struct field GenerateRequest.raw of type bool"),
        ({"template": {}}, "object into Go struct field GenerateRequest.template of type string"),
    ],
)
def test_a_wrong_type_in_generate_is_told_in_the_words_of_go(fields: dict[str, Any], text: str) -> None:
    assert error_of(generate_request, fields) == f"json: cannot unmarshal {text}"


@pytest.mark.parametrize(
    ("body", "kind"), [(b"[]", "array"), (b'"x"', "string"), (b"1", "number"), (b"1.5", "number"), (b"true", "bool")]
)
@pytest.mark.parametrize(
    ("read", "name"),
    [(chat_request, "ChatRequest"), (generate_request, "GenerateRequest"), (show_request, "ShowRequest")],
)
def test_a_body_that_is_no_object_is_told_so(read: Any, name: str, body: bytes, kind: str) -> None:
    assert error_of(read, body) == f"json: cannot unmarshal {kind} into Go value of type api.{name}"


def test_of_two_spellings_of_a_key_the_last_one_is_told() -> None:
    expected = "json: cannot unmarshal number into Go struct field ChatRequest.stream of type bool"
    assert chat_error(b'{"STREAM":true,"stream":1}') == expected
    assert chat_error(b'{"stream":1,"STREAM":null}') == expected


@pytest.mark.parametrize("literal", ["1.50", "1E2", "-1e-1", "123456789012345678901234567890"])
def test_a_number_is_quoted_as_it_was_written(literal: str) -> None:
    expected = f"json: cannot unmarshal number {literal} into Go struct field ChatRequest.top_logprobs of type int"
    assert chat_error(b'{"top_logprobs":%s}' % literal.encode()) == expected


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"model":1,"stream":"x","options":3}', "model"),
        (b'{"options":3,"stream":"x","model":1}', "options"),
        (b'{"top_logprobs":"x","stream":1}', "top_logprobs"),
        (b'{"messages":[{"role":1}],"model":5}', "messages.role"),
        # A message has a decoder of its own: its error ends the decoding, whatever was noted before.
        (b'{"model":5,"messages":[{},{"content":1,"role":1}]}', "messages.content"),
        (b'{"model":5,"messages":[{"role":1},{"content":1}]}', "messages.role"),
        (b'{"stream":1,"tools":[{"type":1}],"model":5}', "stream"),
        (b'{"STREAM":"x","stream":1,"model":5}', "stream"),
        (b'{"model":5,"MODEL":null}', "model"),
    ],
)
def test_of_several_errors_the_one_that_go_reports_is_told(body: bytes, field: str) -> None:
    assert f"Request.{field} of type" in chat_error(body)


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"model":5,"keep_alive":true}', "Unsupported type: 'bool'"),
        (b'{"think":1,"keep_alive":true}', 'think must be a boolean or string ("high", "medium", "low", "max", true, '),
        (b'{"keep_alive":true,"think":1}', "Unsupported type: 'bool'"),
        (b'{"messages":[{"role":1,"tool_calls":[{"function":{"arguments":"x"}}]}]}', NOT_AN_OBJECT),
        (b'{"tools":[{"function":{"name":1,"parameters":{"properties":1}}}]}', NOT_AN_OBJECT),
        (b'{"messages":[{"images":["!"],"role":1}]}', "illegal base64 data at input byte 0"),
    ],
)
def test_an_error_of_a_decoder_of_its_own_comes_before_what_was_noted(body: bytes, text: str) -> None:
    assert chat_error(body).startswith(text)


@pytest.mark.parametrize(
    ("given", "kind"), [(True, "bool"), ([], "[]interface {}"), ({"a": 1}, "map[string]interface {}")]
)
def test_a_keep_alive_of_another_type_is_refused(given: Any, kind: str) -> None:
    assert chat_error({"keep_alive": given}) == f"Unsupported type: '{kind}'"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("10", 'time: missing unit in duration "10"'),
        ("", 'time: invalid duration ""'),
        ("1d", 'time: unknown unit "d" in duration "1d"'),
        ("{x}", 'time: invalid duration "{x}"'),
    ],
)
def test_a_bad_duration_is_told_in_the_words_of_go(given: str, text: str) -> None:
    assert error_of(generate_request, {"keep_alive": given}) == text


@pytest.mark.parametrize(
    ("given", "shown"),
    [("xhigh", "xhigh"), ("", ""), ("none", "none"), ("HIGH", "HIGH"), ('a"\n{b}', 'a\\"\\n{b}')],
)
def test_an_unknown_think_level_is_shown(given: str, shown: str) -> None:
    expected = f'invalid think value: "{shown}" (must be "high", "medium", "low", "max", true, or false)'
    assert chat_error({"think": given}) == expected


@pytest.mark.parametrize("given", [1, 0.5, [], {}])
def test_think_of_another_type_is_refused(given: Any) -> None:
    expected = 'think must be a boolean or string ("high", "medium", "low", "max", true, or false)'
    assert chat_error({"think": given}) == expected


def test_an_image_that_is_not_base64_is_refused_with_the_offset() -> None:
    expected = "illegal base64 data at input byte 4"
    assert chat_error({"messages": [{"images": ["aGk=", "data:image/png;base64,aGk="]}]}) == expected
    assert error_of(generate_request, {"images": ["http://x/y.png"]}) == expected


@pytest.mark.parametrize("read", [chat_request, generate_request, show_request])
def test_bad_json_is_told_before_anything_else(read: Any) -> None:
    assert error_of(read, b"") == "missing request body"
    assert error_of(read, b'{"model":1,}') == "invalid character '}' looking for beginning of object key string"


@pytest.mark.parametrize("count", [-1, 21])
@pytest.mark.parametrize("read", [chat_request, generate_request])
def test_top_logprobs_are_checked_before_the_model_and_even_when_logprobs_are_off(read: Any, count: int) -> None:
    assert error_of(read, {"model": "", "top_logprobs": count}) == "top_logprobs must be between 0 and 20"


@pytest.mark.parametrize("body", [b"null", b"{}", b'{"model":""}', b'{"model":"  "}', b'{"model":null}'])
def test_chat_and_show_require_a_model(body: bytes) -> None:
    assert error_of(chat_request, body) == "model is required"
    assert error_of(show_request, body) == "model is required"


@pytest.mark.parametrize(("body", "name"), [(b"null", ""), (b"{}", ""), (b'{"model":"  "}', "  ")])
def test_generate_does_not_find_a_model_without_a_name(body: bytes, name: str) -> None:
    with pytest.raises(ModelNotFound) as caught:
        generate_request(body)
    assert (caught.value.status, caught.value.message) == (404, f"model '{name}' not found")


@pytest.mark.parametrize("read", [chat_request, generate_request, show_request])
def test_bad_names_are_refused(read: Any) -> None:
    expected = 'use either :local or :cloud, not both: "demo:cloud:local"'
    assert error_of(read, {"model": "demo:cloud:local"}) == expected
    assert error_of(read, {"model": "a b"}) == "invalid model name"
    assert error_of(read, b'{"model":"no\\ud800pe"}') == "invalid model name"


@pytest.mark.parametrize("name", [" Demo:V1 ", "ft:gpt-4o:org::x", "meta-llama/llama-3:free", "demo:cloud"])
def test_a_model_is_kept_exactly_as_asked(name: str) -> None:
    assert chat(model=name).model == generate(model=name).model == name


@pytest.mark.parametrize("body", [{"name": "m"}, {"name": "m", "model": ""}, {"name": "other", "model": "m"}])
def test_show_takes_model_before_name(body: dict[str, Any]) -> None:
    assert show_request(json.dumps(body).encode()).model == "m"


def test_show_reads_its_other_fields() -> None:
    request = show_request(b'{"model":"m","verbose":true,"system":"s","options":{"top_k":1},"template":"t"}')
    assert (request.verbose, request.system, request.options) == (True, "s", {"top_k": 1})


@pytest.mark.parametrize("fields", [{"template": "t"}, {"system": "s"}, {"context": [1]}])
def test_raw_excludes_template_system_and_context(fields: dict[str, Any]) -> None:
    request = generate(raw=True, **fields)
    with pytest.raises(RequestError, match=r"^raw mode does not support template, system, or context$"):
        request.check_raw()
    generate(**fields).check_raw()


def test_raw_goes_with_an_empty_context() -> None:
    generate(raw=True, context=[], suffix="x", images=[]).check_raw()


@pytest.mark.parametrize("field", ["model", "messages"])
def test_a_request_cannot_be_changed(field: str) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(chat(), field, "other")


@pytest.mark.parametrize(("nested", "closing"), [('{"anyOf":[', "]}"), ('{"properties":{"a":', "}}")])
def test_a_tool_schema_nested_too_deep_is_refused(nested: str, closing: str) -> None:
    body = '{"model":"m","tools":[{"function":{"parameters":{"properties":{"a":%s{}%s}}}}]}'
    assert chat_request((body % (nested * 200, closing * 200)).encode()).tools
    assert chat_error((body % (nested * 300, closing * 300)).encode()) == "exceeded max depth"


def test_a_great_many_errors_take_no_longer_than_some() -> None:
    expected = "json: cannot unmarshal string into Go struct field ChatRequest.tools of type api.Tool"
    assert chat_error({"tools": ["x"] * 20_000}) == expected


FIELDS = sorted({*ChatRequest.model_fields, *GenerateRequest.model_fields, *Message.model_fields, "function", "anyOf"})
SCHEMA_WORDS = ["name", "description", "parameters", "properties", "type", "required", "arguments", "index", "id"]
KEYS = st.sampled_from([*FIELDS, *SCHEMA_WORDS]) | st.text(max_size=3)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    SCALARS | st.sampled_from(["m", "5m", "high", "aGk="]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=30,
)


@given(VALUES | st.dictionaries(KEYS, VALUES, max_size=8))
def test_any_json_value_is_a_request_or_a_request_error(value: Any) -> None:
    for read in (chat_request, generate_request, show_request):
        try:
            read(json.dumps(value).encode())
        except RequestError as error:
            assert error.message  # noqa: PT017 - either outcome is right
