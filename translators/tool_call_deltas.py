"""Whole tool calls out of the pieces in which Chat Completions streams them.

OpenAI sends one call after the other, each under its own `index`, arguments as pieces of a JSON string. Others leave
`index` out (Gemini), begin it at 1 (Anthropic), repeat or empty the `id` (OpenRouter, Qwen), reuse one index for
several ids, or send arguments whole, null, or as an object.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from translators.errors import UpstreamBroken
from translators.events import ToolCall
from translators.loose_json import read_json


@dataclass(slots=True)
class _OpenCall:
    id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    extra_content: Any = None

    def add(self, id_: str, name: str, arguments: Any) -> None:
        self.id = self.id or id_
        self.name = self.name or name
        if isinstance(arguments, str):
            self.pieces.append(arguments)
        elif arguments:  # an object as it is: Ollama-like servers
            self.pieces = [json.dumps(arguments)]

    def arguments(self) -> dict[str, Any] | None:
        """The arguments, `{}` for nothing in any spelling; None while they are not an object."""
        text = "".join(self.pieces)
        try:
            value = read_json(text) if text.strip() else {}
        except ValueError:
            return None
        return value if isinstance(value, dict) else None if value else {}


class ToolCallAssembler:
    """Takes the elements of `tool_calls` in the order in which they came; gives calls out in the order they began."""

    def __init__(self) -> None:
        self._open: list[_OpenCall] = []
        self._by_index: dict[int, _OpenCall] = {}
        self._last: _OpenCall | None = None
        self._given = 0

    def feed(self, delta: dict[str, Any]) -> list[ToolCall]:
        """Take one element; returns the calls that are complete because this one begins another.

        A call that is still in pieces then (interleaved calls) waits for `close`, and those after it with it.
        Pieces for a call that was given out already can only repeat it, and change nothing.
        """
        function = delta.get("function")
        function = function if isinstance(function, dict) else {}
        id_, name = _text(delta.get("id")), _text(function.get("name"))
        index = delta.get("index")
        call = self._known(index, id_, name)
        ready: list[ToolCall] = []
        if call is None:
            ready = self._complete()
            call = _OpenCall()
            self._open.append(call)
            if isinstance(index, int):
                self._by_index[index] = call
        self._last = call
        call.add(id_, name, function.get("arguments"))
        call.extra_content = delta.get("extra_content") or call.extra_content
        return ready

    def close(self, *, at_limit: bool) -> list[ToolCall]:
        """Every call is complete; returns those not yet given out.

        Args:
            at_limit: The answer was stopped by its token limit, which explains arguments that are cut.

        Raises:
            UpstreamBroken: The arguments of a call are not a JSON object.
        """
        ready = []
        for call in self._open:
            arguments = call.arguments()
            if arguments is None:
                why = ", cut by the token limit of the answer" if at_limit else ""
                text = "".join(call.pieces)
                raise UpstreamBroken(
                    f'the upstream returned invalid tool call arguments for "{call.name}"{why}: '
                    f"{text[:80]!r} is not a JSON object"
                )
            if call.name or arguments:  # Snowflake fills what is absent with empty strings
                ready.append(self._give(call, arguments))
        self._open = []
        return ready

    def _known(self, index: Any, id_: str, name: str) -> _OpenCall | None:
        """The call that a delta continues; None when it begins one."""
        if isinstance(index, int):
            call = self._by_index.get(index)
            return None if call and id_ and call.id and id_ != call.id else call
        same = id_ == self._last.id if self._last and id_ else not name
        return self._last if same else None

    def _complete(self) -> list[ToolCall]:
        ready = []
        while self._open and any(self._open[0].pieces) and (arguments := self._open[0].arguments()) is not None:
            ready.append(self._give(self._open.pop(0), arguments))
        return ready

    def _give(self, call: _OpenCall, arguments: dict[str, Any]) -> ToolCall:
        self._given += 1
        return ToolCall(self._given - 1, call.id, call.name, arguments, call.extra_content)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
