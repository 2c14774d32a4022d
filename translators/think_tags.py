"""Reasoning that stands between think tags at the beginning of an answer's text.

Hosted models keep the tags in their text where the server does not take them out: MiniMax (its API's documentation),
and any model behind vLLM, SGLang or llama.cpp that was started without a reasoning parser. The rules are those of
Ollama's own parser (`thinking/parser.go`): white space around the opening tag and after the closing one is dropped,
and a tag that does not come first is text.
"""

from collections.abc import Callable
from typing import Final

from translators.events import Text, Thinking

OPENING: Final = "<think>"
CLOSING: Final = "</think>"
"""Of DeepSeek, Qwen, GLM, MiniMax, Nemotron and most others (Ollama's `model/parsers`, vLLM's reasoning parsers)."""

MOST_HELD: Final = 256
"""Characters of white space that may stand before the opening: a model that loses its way writes it for ever."""


class ThinkTagSplitter:
    """Takes the text of one answer in pieces, cut anywhere; holds back only what can still belong to a tag.

    Attributes:
        done: No tag can come any more: what follows is text as it is.
    """

    def __init__(self) -> None:
        self.done = False
        self._held = ""
        self._step: Callable[[], list[Text | Thinking]] = self._find_opening

    def feed(self, text: str) -> list[Text | Thinking]:
        """Take the next piece, while not done; returns what is certain."""
        self._held += text
        return self._step()

    def flush(self) -> list[Text | Thinking]:
        """Nothing completes what is held back; returns it as what it is without that."""
        held, self._held = self._held, ""
        if self._step == self._find_opening:
            self.done = True
            return [Text(held)] if held else []
        return [Thinking(held)] if held else []

    def _find_opening(self) -> list[Text | Thinking]:
        start = self._held.lstrip()
        if start.startswith(OPENING):
            self._held = start[len(OPENING) :]
            self._step = self._begin_thinking
            return self._step()
        waits = OPENING.startswith(start) and len(self._held) <= MOST_HELD
        return [] if waits else self.flush()

    def _begin_thinking(self) -> list[Text | Thinking]:
        self._held = self._held.lstrip()
        if not self._held:
            return []
        self._step = self._find_closing
        return self._step()

    def _find_closing(self) -> list[Text | Thinking]:
        thinking, tag, rest = self._held.partition(CLOSING)
        if not tag:
            beginning = next((n for n in range(len(CLOSING) - 1, 0, -1) if thinking.endswith(CLOSING[:n])), 0)
            thinking, rest = thinking[: len(thinking) - beginning], CLOSING[:beginning]
        self._held = rest
        pieces: list[Text | Thinking] = [Thinking(thinking)] if thinking else []
        if not tag:
            return pieces
        self._step = self._begin_text
        return pieces + self._step()

    def _begin_text(self) -> list[Text | Thinking]:
        text, self._held = self._held.lstrip(), ""
        self.done = bool(text)
        return [Text(text)] if text else []
