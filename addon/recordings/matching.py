"""Which recording answers a request: pure functions of methods, paths and bodies.

Requests are compared in a normal form, so that what does not change an answer does not hide a recording: the order of
keys, ids of tool calls (upstreams make them up), `:latest`, 1 and 1.0, an image or its digest, and to Ollama also
`keep_alive`, `stream`, the case of the first keys, and whatever is empty (programs send `"tools":[]` or leave it out).
To OpenAI's protocol `stream` counts, because there the recorded bytes are the answer.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal

from addon.recordings.recording import Recording, without_surrogates
from addon.redaction.media import without_media
from addon.responses import is_openai
from translators.loose_json import read_json
from translators.names import upstream_id

type Protocol = Literal["ollama", "openai"]

IGNORED: Final[dict[Protocol, frozenset[str]]] = {
    "ollama": frozenset({"keep_alive", "stream"}),
    "openai": frozenset(),
}
"""Members of a request that do not decide which recording answers it."""

CONVERSATIONS: Final = ("messages", "input")
"""Members of a request that are lists of messages, or of items of `/v1/responses`."""

CALL_IDS: Final = frozenset({"tool_call_id", "call_id"})
"""Members of a message or item that say to which tool call it belongs."""


@dataclass(frozen=True)
class Asked:
    """A client's request in its normal form.

    Attributes:
        method: `HEAD` counts as `GET`.
        path: Without the query.
        body: The JSON value, or the text of a body that is none.
    """

    method: str
    path: str
    body: Any

    @property
    def route(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"

    @cached_property
    def digest(self) -> str:
        """The same for requests that the same recording answers, 64 hexadecimal digits."""
        return hashlib.sha256(f"{self.route}\n{json_text(self.body)}".encode("utf-8", "replace")).hexdigest()

    @cached_property
    def words(self) -> frozenset[str]:
        """What its body says."""
        return frozenset(re.findall(r"\w+", json_text(self.body).lower()))

    @property
    def model(self) -> str:
        """The model that it names; empty when it names none."""
        model = self.body.get("model") if isinstance(self.body, dict) else None
        return model if isinstance(model, str) else ""


def protocol_of(path: str) -> Protocol | None:
    """What a client of this path speaks; None where exchanges are not recorded: probes of load balancers, and `/`."""
    if is_openai(path):
        return "openai"
    return "ollama" if path.startswith("/api/") else None


def normal_request(method: str, path: str, body: bytes) -> Asked:
    """A request as it is compared.

    Args:
        method: In capitals.
        path: With or without a query.
        body: As it came.
    """
    path = without_surrogates(path.partition("?")[0])  # as a recording keeps it
    protocol = protocol_of(path) or "ollama"
    return Asked("GET" if method == "HEAD" else method, path, _normal_body(body, protocol))


def asked_of(recording: Recording) -> Asked:
    """The request that a recording answers."""
    request = recording.client.request
    return normal_request(request.method, request.path, request.body)


def _normal_body(body: bytes, protocol: Protocol) -> Any:
    value = json_value(body, protocol)
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("model"), str):
        value["model"] = upstream_id(value["model"])
    return {name: member for name, member in value.items() if name not in IGNORED[protocol]}


def json_value(body: bytes, protocol: Protocol) -> Any:
    """The JSON value of a body in its normal form, or its text.

    Args:
        body: As it came, or as it was sent to the upstream.
        protocol: What it speaks.
    """
    try:
        value = read_json(without_media(body)) if body else None
        if isinstance(value, dict):
            value = _without_call_ids(_folded(value) if protocol == "ollama" else value)
        return _tidy(value, drop_empty=protocol == "ollama")
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


def json_text(value: Any) -> str:
    """A JSON value as text, the same for equal values."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _folded(members: dict[str, Any]) -> dict[str, Any]:
    """A request with its first keys as Ollama reads them: in any case, `null` is absent, the last spelling wins."""
    return {key.casefold(): member for key, member in members.items() if member is not None}


def _without_call_ids(members: dict[str, Any]) -> dict[str, Any]:
    said = {name: members[name] for name in CONVERSATIONS if isinstance(members.get(name), list)}
    return members | {name: [_without_ids(message) for message in messages] for name, messages in said.items()}


def _without_ids(message: Any) -> Any:
    message = _without(CALL_IDS, message)
    if isinstance(message, dict) and isinstance(message.get("tool_calls"), list):
        message["tool_calls"] = [_without({"id"}, call) for call in message["tool_calls"]]
    return message


def _without(names: Set[str], value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: member for name, member in value.items() if name not in names}


def _tidy(value: Any, *, drop_empty: bool) -> Any:
    """A JSON value with its keys sorted."""
    if isinstance(value, dict):
        tidy = {key: _tidy(value[key], drop_empty=drop_empty) for key in sorted(value)}
        return {key: member for key, member in tidy.items() if not drop_empty or member not in (None, "", [], {})}
    if isinstance(value, list):
        return [_tidy(item, drop_empty=drop_empty) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def nearest[T](asked: Asked, recorded: Iterable[T], request_of: Callable[[T], Asked]) -> T | None:
    """What is most like a request: the same route if there is one, then the most words in common; None of nothing.

    Args:
        asked: The request.
        recorded: What there is.
        request_of: The request of each.
    """

    def likeness(candidate: T) -> tuple[bool, float]:
        other = request_of(candidate)
        together = len(asked.words | other.words)
        return asked.route == other.route, len(asked.words & other.words) / together if together else 1.0

    return max(recorded, key=likeness, default=None)
