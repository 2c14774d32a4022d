"""Request bodies in which any JSON value stands at any place."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="  # one pixel

_MESSAGES = [
    {"role": "user", "content": "hi", "images": [_PNG]},
    {
        "role": "assistant",
        "content": "",
        "thinking": "t",
        "tool_calls": [{"id": "c", "function": {"index": 0, "name": "f", "arguments": {"a": [1, {"b": None}]}}}],
    },
    {"role": "tool", "content": "3", "tool_name": "f", "tool_call_id": "c"},
]

_PROPERTY = {
    "type": ["string", "null"],
    "anyOf": [{"type": "string"}],
    "items": {"type": "string"},
    "description": "d",
    "enum": ["a", 1],
    "properties": {"b": {"type": "string"}},
    "required": ["b"],
}

_PARAMETERS = {"type": "object", "$defs": {"x": {}}, "items": {}, "required": ["a"], "properties": {"a": _PROPERTY}}

_TOOLS = [{"type": "function", "function": {"name": "f", "description": "d", "parameters": _PARAMETERS}}]

_OPTIONS = {
    "num_ctx": 2048,
    "num_predict": 5,
    "seed": 1,
    "stop": ["x"],
    "temperature": 0.5,
    "use_mmap": True,
    "top_k": 40,
}

_SHARED = {
    "stream": False,
    "format": {"type": "object"},
    "keep_alive": "5m",
    "options": _OPTIONS,
    "think": False,
    "truncate": True,
    "shift": True,
    "_debug_render_only": False,
    "logprobs": True,
    "top_logprobs": 2,
}

BODIES: dict[str, dict[str, Any]] = {
    "/api/chat": {"model": "gpt-4o", "messages": _MESSAGES, "tools": _TOOLS, **_SHARED},
    "/api/generate": {
        "model": "gpt-4o",
        "prompt": "p",
        "system": "s",
        "template": "{{ .Prompt }}",
        "images": [_PNG],
        "context": [],
        "suffix": "",
        "raw": False,
        **_SHARED,
    },
    "/api/embed": {
        "model": "text-embedding-3-small",
        "input": ["a", "b"],
        "truncate": True,
        "dimensions": 8,
        "keep_alive": 30,
        "options": _OPTIONS,
    },
    "/api/embeddings": {"model": "text-embedding-3-small", "prompt": "a", "keep_alive": -1, "options": _OPTIONS},
    "/api/show": {"model": "gpt-4o", "name": "", "verbose": True, "system": "s", "template": "t", "options": _OPTIONS},
    "/api/pull": {"model": "gpt-4o", "name": "", "insecure": True, "username": "", "password": "", "stream": False},
    "/api/push": {"model": "me/gpt-4o", "name": "", "insecure": True, "username": "", "password": "", "stream": False},
    "/api/create": {
        "model": "mine",
        "name": "",
        "from": "gpt-4o",
        "files": {"a.gguf": "sha256:00"},
        "adapters": {"a.gguf": "sha256:00"},
        "draft_files": {"a.gguf": "sha256:00"},
        "template": "{{ .Prompt }}",
        "license": ["MIT"],
        "system": "s",
        "parameters": _OPTIONS,
        "messages": _MESSAGES,
        "quantize": "q4_0",
        "quantization": "",
        "draft_quantize": "",
        "renderer": "",
        "parser": "",
        "requires": "0.1.0",
        "info": {"general.architecture": "x"},
        "remote_host": "",
        "stream": False,
    },
    "/api/copy": {"source": "gpt-4o", "destination": "mine"},
    "/api/me": {},
    "/api/signout": {},
    "/api/experimental/web_search": {"query": "x"},
    "/api/experimental/web_fetch": {"url": "x"},
}
"""A body for each POST route of Ollama's that takes one, with all its fields."""

DELETE_BODY = {"model": "gpt-4o", "name": ""}
"""Of `DELETE /api/delete`."""

OPENAI_BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "hi"}],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
        "temperature": 0.5,
    },
    "/v1/completions": {"model": "gpt-3.5-turbo-instruct", "prompt": "p", "max_tokens": 5},
    "/v1/embeddings": {"model": "text-embedding-3-small", "input": ["a"], "dimensions": 8},
    "/v1/responses": {"model": "gpt-4o", "input": "hi"},
}
"""The same of OpenAI's."""


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Each container with each of its keys or indexes."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield value, key
        yield from _places(item)


_ODD_KEYS = ["Model", "STREAM", "\u212aeep_alive", "me\u017f\u017fages", "$ref", ""]

_KEYS = st.sampled_from(
    [*_ODD_KEYS, *sorted({str(key) for body in BODIES.values() for _, key in _places(body)})]
) | st.text(max_size=3)

_SCALARS = (
    st.sampled_from(
        [None, True, False, 0, -1, 1.5, 1e300, 2**63, -(2**63) - 1, 10**30, "", "x", "5m", "-1", "high", "max", "json"]
    )
    | st.sampled_from(
        ["gpt-4o", "gpt-5.1", "o3", "a b", "nope", "m:cloud", "aGk=", "aGk", "data:image/png;base64,aGk="]
    )
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["{{if .Prompt}}" * 2000 + "{{end}}" * 2000, "{{ " * 5000, "a" * 100_000, '"' * 5000])
    | st.sampled_from([90, 500, 900]).map(lambda depth: json.loads("[" * depth + "]" * depth))
    | st.sampled_from([40, 400]).map(lambda depth: json.loads('{"properties":{"a":' * depth + "1" + "}}" * depth))
)

VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=12,
)


@st.composite
def changed(draw: st.DrawFn, body: dict[str, Any]) -> bytes:
    """A body with one to three values replaced, added or taken away, or another value in its place."""
    whole = {"": json.loads(json.dumps(body))}
    for _ in range(draw(st.integers(1, 3))):
        holder, key = draw(st.sampled_from(list(_places(whole))))
        action = draw(st.sampled_from(["replace", "replace", "add", "remove"]))
        if action == "replace" or holder is whole:
            holder[key] = draw(VALUES)
        elif action == "remove":
            del holder[key]
        elif isinstance(holder, dict):
            holder[draw(_KEYS)] = draw(VALUES)
        else:
            holder.insert(key, draw(VALUES))
    return json.dumps(whole[""], ensure_ascii=draw(st.booleans())).encode()
