"""Models as Ollama lists and shows them: the bodies of `/api/tags`, `/api/ps` and `/api/show`.

A hosted model has no file, so what Ollama takes from the file is derived from the model's id alone and never changes:
digest, architecture, template. Keys stand in the order of a real server. `license` and `parameters`, which it leaves
out when empty, are always strings here, because OllamaKit decodes them strictly.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from translators.durations import NANOSECONDS
from translators.go_json import encode
from translators.names import canonical_name
from translators.ollama_answers import rfc3339
from translators.ollama_requests import ShowRequest

CAPABILITIES: Final = ("completion", "tools", "insert", "vision", "embedding", "thinking", "audio")
"""Ollama's capabilities that an OpenAI-style server can have, in the order in which they are told."""

LONGEST_CONTEXT: Final = 2**31 - 1
"""Tokens; more is a mistake, and clients keep the number in 32 bits."""

LONGEST_VECTOR: Final = 1_000_000
"""Dimensions; more is a mistake."""

UNDATED: Final = 1_677_628_800
"""When a model came out whose date is not known: 2023-03-01, the day of OpenAI's chat API (Unix seconds)."""

_COPILOT: Final = "GitHubCopilotChat/"  # it shows `general.basename` as the model's name

# A version begins at the first digit, or at one letter before it that stands alone: deepseek-r1, llama-v3p1.
_VERSION: Final = re.compile(r"[-_.]+[a-z]?[0-9]|[0-9]")

# Clients look for single words in the template: litellm for "tools", Continue for ".Suffix". So a capability has its
# piece, and a model without the capability has not one word of it.
_INSERT: Final = "{{- if .Suffix }}<PRE>{{ .Prompt }}<SUF>{{ .Suffix }}<MID>{{ else }}"
_SYSTEM: Final = "{{- if .System }}{{ .System }}\n{{ end }}"
_TOOLS: Final = "{{- if .Tools }}<tools>{{ range .Tools }}{{ . }}{{ end }}</tools>\n{{ end }}"
_MESSAGES: Final = "{{- range .Messages }}{{ .Role }}: %s{{ .Content }}\n{{ end }}"
_THINKING: Final = "{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}"


type Zone = Callable[[int], int]
"""Tells how many seconds east of UTC the clocks stand at a moment (Unix seconds)."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model, as a client should see it.

    Attributes:
        id: The upstream's name of it.
        context_length: The longest prompt, in tokens; 0 when the model reads none, or it is not known.
        capabilities: Some of `CAPABILITIES`, in their order.
        embedding_length: Numbers in a vector; None when unknown, and for models that make none.
        created: When it came out, in Unix seconds.
        owned_by: Whose it is, as the upstream says; empty when it does not.
    """

    id: str
    context_length: int
    capabilities: tuple[str, ...]
    embedding_length: int | None = None
    created: int = UNDATED
    owned_by: str = ""


def ordered(capabilities: Iterable[str]) -> tuple[str, ...]:
    """Those of `CAPABILITIES` that are among these."""
    given = frozenset(capabilities)
    return tuple(capability for capability in CAPABILITIES if capability in given)


def utc(_seconds: int) -> int:
    """The zone in which UTC is spoken."""
    return 0


def tags_body(models: Iterable[Model], zone: Zone = utc) -> bytes:
    """The answer of `/api/tags`: newest first, and of one date by name, so that the order never changes."""
    newest_first = sorted(models, key=lambda model: (-model.created, model.id))
    return encode({"models": [tags_entry(model, zone) for model in newest_first]})


def tags_entry(model: Model, zone: Zone = utc) -> dict[str, Any]:
    """One model of the list."""
    name = canonical_name(model.id)
    return {
        "name": name,
        "model": name,
        "modified_at": _modified_at(model, zone),
        "size": 0,  # it takes no room on this machine
        "digest": digest_of(model.id),
        "details": _details(model) | _lengths(model),
        "capabilities": model.capabilities,
    }


def ps_body(loaded: Iterable[tuple[Model, int]], zone: Zone = utc) -> bytes:
    """The answer of `/api/ps`: what expires last first, to the second, and of one second by name.

    Args:
        loaded: Models, and when each expires, in nanoseconds since the epoch.
        zone: In which that is told.
    """
    last_first = sorted(loaded, key=lambda entry: (-(entry[1] // NANOSECONDS), entry[0].id))
    return encode({"models": [_ps_entry(model, expires_ns, zone) for model, expires_ns in last_first]})


def _ps_entry(model: Model, expires_ns: int, zone: Zone) -> dict[str, Any]:
    name = canonical_name(model.id)
    return {
        "name": name,
        "model": name,
        "size": 0,  # it takes no room on this machine
        "digest": digest_of(model.id),
        "details": _details(model),
        "expires_at": _in_zone(expires_ns, zone),
        "size_vram": 0,
        "context_length": model.context_length,
    }


def show_body(model: Model, request: ShowRequest, user_agent: str, zone: Zone = utc) -> bytes:
    """The answer of `/api/show`.

    `verbose` changes nothing: what it adds, the tokenizer's words, is known of files only.

    Args:
        model: What is shown.
        request: What was asked; its `system` and `options` are shown as if they were the model's own.
        user_agent: The client's `User-Agent`, or an empty string: Copilot Chat is shown the name that it asked for.
        zone: In which times are told.
    """
    architecture = architecture_of(model.id)
    facts: dict[str, Any] = {
        "general.architecture": architecture,
        "general.basename": request.model if user_agent.startswith(_COPILOT) else model.id,
    }
    for key, length in _lengths(model).items():
        facts[f"{architecture}.{key}"] = length
    template = _template(model.capabilities)
    return encode(
        {
            "license": "",
            "modelfile": _modelfile(canonical_name(model.id), template, request),
            "parameters": "",
            "template": template,
            **({"system": request.system} if request.system else {}),
            "details": _details(model),
            "model_info": dict(sorted(facts.items())),
            "capabilities": model.capabilities,
            "modified_at": _modified_at(model, zone),
        }
    )


def digest_of(model_id: str) -> str:
    """64 hex digits that are this id's alone: clients merge models of one digest, and the command needs 12 of them."""
    return hashlib.sha256(model_id.encode("utf-8", "surrogatepass")).hexdigest()


def architecture_of(model_id: str) -> str:
    """The family of a model: its name up to the first version, as one word (`gpt` for `ft:gpt-4.1-mini:org::x`)."""
    name = model_id.lower().removeprefix("ft:").split(":")[0].rpartition("/")[2]
    family = _VERSION.split(name, maxsplit=1)[0]
    if len(family) < 2:  # o3-mini: the version is the name
        family = re.split(r"[-_.]", name, maxsplit=1)[0]
    return re.sub(r"[^a-z0-9]+", "-", family).strip("-") or "unknown"


def _lengths(model: Model) -> dict[str, int]:
    lengths = {"context_length": model.context_length, "embedding_length": model.embedding_length}
    return {key: length for key, length in lengths.items() if length}


def _details(model: Model) -> dict[str, Any]:
    """What show tells of the file; a real server leaves the same fields empty for a model that runs elsewhere."""
    family = architecture_of(model.id)
    return {
        "parent_model": "",
        "format": "",
        "family": family,
        "families": [family],
        "parameter_size": "",
        "quantization_level": "",
    }


def _template(capabilities: tuple[str, ...]) -> str:
    if "completion" not in capabilities:
        return "{{ .Prompt }}"
    tools = _TOOLS if "tools" in capabilities else ""
    chat = _SYSTEM + tools + _MESSAGES % (_THINKING if "thinking" in capabilities else "")
    return f"{_INSERT}{chat}{{{{ end }}}}" if "insert" in capabilities else chat


def _modelfile(name: str, template: str, request: ShowRequest) -> str:
    """In the words of `ollama show --modelfile`."""
    lines = [
        '# Modelfile generated by "ollama show"',
        "# To build a new Modelfile based on this, replace FROM with:",
        f"# FROM {name}",
        "",
        f"FROM {name}",
        f"TEMPLATE {_in_modelfile(template)}",
        *([f"SYSTEM {_in_modelfile(request.system)}"] if request.system else []),
    ]
    for option, value in request.options.items():
        values = value if isinstance(value, list) else [value]
        lines += [f"PARAMETER {option} {_in_modelfile(_go_value(each))}" for each in values]
    return "\n".join(lines) + "\n"


def _in_modelfile(text: str) -> str:
    """Text as Ollama's `Modelfile` writer quotes it: only where it would not be one word of one line."""
    if "\n" not in text and text == text.strip(" "):
        return text
    return f'"""{text}"""' if '"' in text else f'"{text}"'


def _go_value(value: Any) -> str:
    """A JSON value as Go prints it; of the composite ones, which no parameter has, its JSON."""
    return value if isinstance(value, str) else encode(value).decode()


def _modified_at(model: Model, zone: Zone) -> str:
    return _in_zone(model.created * NANOSECONDS, zone)


def _in_zone(wall_ns: int, zone: Zone) -> str:
    """A time as Go writes it in a zone; the answers' `created_at` is in UTC wherever the server stands."""
    offset = zone(wall_ns // NANOSECONDS)
    if not offset:
        return rfc3339(wall_ns)
    hours, minutes = divmod(abs(offset) // 60, 60)
    return f"{rfc3339(wall_ns + offset * NANOSECONDS)[:-1]}{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}"
