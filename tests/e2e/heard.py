"""An answer of the `ollama` package as programs put it together: ids of calls are not kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ollama


@dataclass(frozen=True)
class Heard:
    """One answer.

    Attributes:
        message: All that was said, as programs send it back.
        logprobs: Of its tokens.
        last: The part that ended it; the answer itself where it was whole.
    """

    message: ollama.Message
    logprobs: list[Any]
    last: ollama.ChatResponse

    @property
    def text(self) -> str:
        return self.message.content or ""

    @property
    def thinking(self) -> str:
        return self.message.thinking or ""

    @property
    def called(self) -> list[str]:
        """The names of the tools that are called."""
        return [call.function.name for call in self.message.tool_calls or []]


def hear(client: ollama.Client, model: str, messages: Sequence[Any], *, stream: bool = False, **request: Any) -> Heard:
    """Ask, and listen to the end.

    Raises:
        ollama.ResponseError: Of the package.
    """
    asked: dict[str, Any] = {"model": model, "messages": messages, "stream": stream, **request}
    answer: Any = client.chat(**asked)
    parts: list[ollama.ChatResponse] = list(answer) if stream else [answer]
    calls = [call for part in parts for call in part.message.tool_calls or []]
    message = ollama.Message(
        role="assistant",
        content="".join(part.message.content or "" for part in parts),
        thinking="".join(part.message.thinking or "" for part in parts) or None,
        tool_calls=calls or None,
    )
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    return Heard(message, [each for part in parts for each in part.logprobs or []], parts[-1])
