"""Whole tool calls out of what the Responses API says of its `function_call` items.

OpenAI says everything of a call up to four times: the item when it is added, its arguments in pieces, its arguments
when they are done, the item when it is done; and then once more in the final response. Servers leave out some of these.
Which call is meant is told by `call_id`, by the item's id (a new one in each event at GitHub Copilot) or by
`output_index` (0 for every call at some gateways): so by the first of the three that is known.
"""

from dataclasses import dataclass, field
from typing import Any

from translators.errors import UpstreamBroken
from translators.events import ToolCall
from translators.tool_call_deltas import ToolCallAssembler


@dataclass(slots=True)
class _Call:
    call_id: str = ""
    item_id: str = ""
    name: str = ""
    pieces: list[str] = field(default_factory=list)
    whole: Any = None
    done: bool = False

    def element(self, index: int) -> dict[str, Any]:
        """The call as Chat Completions would have it."""
        function = {"name": self.name, "arguments": self.whole or "".join(self.pieces)}
        return {"index": index, "id": self.call_id or self.item_id, "function": function}


class FunctionCallItems:
    """Takes what events say of calls; gives each call out once, when it is whole, in the order in which they began.

    A call whose arguments are not a JSON object waits for `close`, and those after it with it: only the end of the
    answer tells whether its token limit has cut them.
    """

    def __init__(self) -> None:
        self._calls: list[_Call] = []
        self._by_id: dict[str, _Call] = {}
        self._by_place: dict[int, _Call] = {}
        self._assembler = ToolCallAssembler()
        self._handed_over = 0

    def __len__(self) -> int:
        return len(self._calls)

    def feed(self, told: dict[str, Any], place: int, *, done: bool) -> list[ToolCall]:
        """Take a `function_call` item, or an event about the arguments of one; returns the calls that are whole now.

        Args:
            told: The item or the event.
            place: Its `output_index`.
            done: All of the arguments have been told.
        """
        call = self._call(told, place)
        call.name = call.name or _text(told.get("name"))
        call.done = call.done or done
        if piece := _text(told.get("delta")):
            call.pieces.append(piece)
        if arguments := told.get("arguments"):
            call.whole = arguments
        ready: list[ToolCall] = []
        while self._handed_over < len(self._calls):
            first = self._calls[self._handed_over]
            if not (first.done and first.name):
                break
            ready += self._hand_over(first)
        return ready

    def feed_final(self, items: list[dict[str, Any]]) -> list[ToolCall]:
        """Take all `function_call` items of a final response, in order; returns the calls that are whole now.

        Places in its `output` need not be those of the stream; where ids do not tell, the first is the first call.
        """
        self._by_place = dict(enumerate(self._calls))
        return [call for number, item in enumerate(items) for call in self.feed(item, number, done=True)]

    def close(self, *, at_limit: bool) -> list[ToolCall]:
        """Every call is whole; returns those not yet given out.

        Args:
            at_limit: The answer was stopped by its token limit, which explains arguments that are cut.

        Raises:
            UpstreamBroken: The arguments of a call are not a JSON object.
        """
        ready = []
        for call in self._calls[self._handed_over :]:
            ready += self._hand_over(call)
        return ready + self._assembler.close(at_limit=at_limit)

    def _call(self, told: dict[str, Any], place: int) -> _Call:
        """The call that is meant; a new one when it is not known yet."""
        call_id = _text(told.get("call_id"))
        item_id = _text(told.get("item_id")) or _text(told.get("id"))
        call = self._by_id.get(call_id) or self._by_id.get(item_id) or self._by_place.get(place)
        if call is None or (call_id and call.call_id and call_id != call.call_id):
            call = _Call()
            self._calls.append(call)
        call.call_id, call.item_id = call.call_id or call_id, call.item_id or item_id
        self._by_id |= {known: call for known in (call_id, item_id) if known}
        self._by_place[place] = call
        return call

    def _hand_over(self, call: _Call) -> list[ToolCall]:
        self._handed_over += 1
        ready = self._assembler.feed(call.element(self._handed_over))
        try:
            return ready + self._assembler.close(at_limit=False)
        except UpstreamBroken:  # it stays in the assembler, which says so again at the end
            return ready


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
