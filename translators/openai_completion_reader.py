"""Legacy Completions answers, streamed or whole, read into events.

A choice has its `text` where one of Chat Completions has `delta`; all else is read as there, but for think tags: Ollama
leaves the answer to a raw prompt as it is.
"""

from typing import Any

from translators.events import Event
from translators.openai_chat_reader import ChatCompletionReader


class CompletionReader:
    """Reads one answer: choice 0, the only one that is ever asked for.

    Attributes:
        bare: Never: no chunk is read in the fast way.
    """

    def __init__(self, top_logprobs: int = 0) -> None:
        """Begin an answer.

        Args:
            top_logprobs: How many alternatives for each token the client wants; more may have been asked for.
        """
        self.bare = False
        self._reader = ChatCompletionReader(top_logprobs, think_tags=False)

    @property
    def turn(self) -> None:
        """Nothing is wanted back: text calls no tools."""

    def feed(self, chunk: dict[str, Any]) -> list[Event]:
        """Take one parsed chunk, or one whole completion; as `ChatCompletionReader.feed`."""
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            return self._reader.feed(chunk)
        return self._reader.feed({**chunk, "choices": [_as_chat(choice) for choice in choices]})

    def close(self, *, complete: bool) -> list[Event]:
        """The upstream sends no more; as `ChatCompletionReader.close`."""
        return self._reader.close(complete=complete)


def _as_chat(choice: Any) -> Any:
    if not isinstance(choice, dict):
        return choice
    delta = {"delta": {"content": choice["text"]}} if "text" in choice else {}
    return {**choice, **delta, "logprobs": _logprobs(choice.get("logprobs"))}


def _logprobs(legacy: Any) -> Any:
    """Four lists side by side as the one list of Chat Completions, which some servers send here too."""
    if not isinstance(legacy, dict) or not isinstance(tokens := legacy.get("tokens"), list):
        return legacy
    numbers, tops = (legacy.get(key) or [] for key in ("token_logprobs", "top_logprobs"))
    content = []
    for place, token in enumerate(tokens):
        top = tops[place] if isinstance(tops, list) and place < len(tops) else None
        told = top.items() if isinstance(top, dict) else ()
        # A map has no order: the likeliest come first, as in a list of Chat Completions.
        alternatives = sorted((each for each in told if isinstance(each[1], int | float)), key=lambda each: -each[1])
        content.append(
            {
                "token": token,
                "logprob": numbers[place] if isinstance(numbers, list) and place < len(numbers) else None,
                "top_logprobs": [{"token": name, "logprob": number} for name, number in alternatives],
            }
        )
    return {"content": content}
