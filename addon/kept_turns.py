"""Answers that called tools, as their upstreams want them back; the oldest are forgotten first."""

from collections import Counter, OrderedDict
from collections.abc import Sequence
from typing import Any, Final

from translators.openai_tool_turns import ToolTurn, key_by_id, key_of_answer, keys_in_conversation, parts_in

MOST_KEYS: Final = 4_000
MOST_BYTES: Final = 32 * 1024 * 1024
"""A turn counts once for each of its keys."""

MOST_ALIKE: Final = 4
"""Answers to the same messages that are kept; of more the newest count."""


class KeptTurns:
    """Keeps turns for the requests that go on from them."""

    def __init__(self, *, remembers: bool) -> None:
        """Begin with none.

        Args:
            remembers: Whether any is kept; where exchanges are recorded or replayed, none may depend on another.
        """
        self._remembers = remembers
        # By model and key, the newest first, each with its size.
        self._turns: OrderedDict[tuple[str, str], list[tuple[ToolTurn, int]]] = OrderedDict()
        self._of_models: Counter[str] = Counter()
        self._bytes = 0

    def keep(self, model_id: str, messages: Sequence[dict[str, Any]], turn: ToolTurn) -> None:
        """Keep the turn that answers these messages."""
        if not self._remembers or not turn.is_needed:
            return
        size = turn.size
        if size > MOST_BYTES // 2:
            return
        for key in (key_of_answer(messages), key_by_id(turn.calls[0].id) if turn.items else ""):
            if key:
                alike = self._forget((model_id, key))
                self._put((model_id, key), [(turn, size), *alike[: MOST_ALIKE - 1]])
        while len(self._turns) > MOST_KEYS or self._bytes > MOST_BYTES:
            self._forget(next(iter(self._turns)))

    def find(self, model_id: str, messages: Sequence[dict[str, Any]]) -> dict[int, ToolTurn]:
        """The turns that these messages go on from, by the index of the message that says them again."""
        found: dict[int, ToolTurn] = {}
        if not self._of_models[model_id]:
            return found
        for index, keys in keys_in_conversation(messages):
            if index not in found:
                known = (turn for key in keys for turn, _ in self._turns.get((model_id, key), ()))
                found |= next(filter(None, (parts_in(messages, index, turn) for turn in known)), {})
        return found

    def _put(self, name: tuple[str, str], turns: list[tuple[ToolTurn, int]]) -> None:
        self._turns[name] = turns
        self._of_models[name[0]] += 1
        self._bytes += sum(size for _, size in turns)

    def _forget(self, name: tuple[str, str]) -> list[tuple[ToolTurn, int]]:
        turns = self._turns.pop(name, [])
        if turns:
            self._of_models[name[0]] -= 1
            self._bytes -= sum(size for _, size in turns)
        if not self._of_models[name[0]]:
            del self._of_models[name[0]]
        return turns
