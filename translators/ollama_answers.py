"""Answers of `/api/chat` and `/api/generate`: events written as Ollama objects (its `api/types.go`).

Two shapes (chat, generate) and two writers (a line per event, one object) make the four answers; each knows nothing of
the other, so they cannot drift apart.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple, Protocol, override

from translators.events import Event, Finish, Logprobs, Text, Thinking, ToolCall, Usage
from translators.go_json import encode, encode_string
from translators.ollama_context import Turn, context_of

# The order of the keys is Ollama's: `logprobs` stands before the metrics in chat, and last in generate.
CHAT: Final = (
    '{"model":%(model)s,"created_at":"%(created_at)s",'
    '"message":{"role":"%(role)s","content":%(text)s%(thinking)s%(tool_calls)s},'
    '"done":%(done)s%(logprobs)s%(ending)s}'
)
"""Shape of an `/api/chat` object."""

GENERATE: Final = (
    '{"model":%(model)s,"created_at":"%(created_at)s",'
    '"response":%(text)s%(thinking)s,"done":%(done)s%(ending)s%(tool_calls)s%(logprobs)s}'
)
"""Shape of an `/api/generate` object."""


class Moment(NamedTuple):
    """When bytes came.

    Attributes:
        wall_ns: Nanoseconds since the epoch, for `created_at`.
        elapsed_ns: Nanoseconds since the client's request arrived, for the durations.
    """

    wall_ns: int
    elapsed_ns: int


class Writer(Protocol):
    """What an answer is written with. A `Failure` is not for writers: the caller says it, as a status or a line."""

    def feed(self, events: Sequence[Event], moment: Moment) -> list[bytes]:
        """Take the events that came at one moment; returns what is now ready to be sent, in whole lines."""

    def feed_plain(self, text: str, moment: Moment) -> list[bytes]:
        """Take a piece of text, not the first one, that stands in JSON as it is; returns the same."""


class _Answer(ABC):
    """What both writers know of their answer."""

    def __init__(
        self,
        shape: str,
        model: str,
        *,
        sent_ns: int,
        tool_names: Mapping[str, str],
        conversation: Sequence[Turn] | None = None,
    ) -> None:
        """Prepare to write one answer.

        Args:
            shape: `CHAT` or `GENERATE`.
            model: The name that the client used.
            sent_ns: Nanoseconds from the arrival of the client's request to the sending of the upstream's.
            tool_names: The client's name of each function that goes by another one upstream.
            conversation: What was asked, where the final object is to have the `context` to go on from; else None.
        """
        self._shape = shape
        self._model = encode_string(model)
        self._tool_names = tool_names
        self._ending = _Ending(sent_ns, conversation)
        self._logprobs: list[dict[str, Any]] = []
        self._begin()

    @abstractmethod
    def _begin(self) -> None:
        """Prepare what this writer needs beside that."""


class StreamWriter(_Answer):
    """NDJSON: a line for each piece and each tool call, and on `Finish` the final one.

    A tool call has a line of its own, because clients are known that lose calls which share one.
    """

    @override
    def _begin(self) -> None:
        # the line of a bare piece of text, ready but for its two variable places; "\0" stands in no JSON text
        bare = _object(self._shape, self._model, "\0", text="\0") + "\n"
        self._head, self._middle, self._tail = bare.split("\0")

    def feed(self, events: Sequence[Event], moment: Moment) -> list[bytes]:
        """Take the events that came at one moment; returns their lines, each ending in a line feed."""
        self._ending.see(events, moment)
        created_at = rfc3339(moment.wall_ns)
        start = f"{self._head}{created_at}{self._middle}"
        lines: list[str] = []
        for event in events:
            match event:
                case Text(text) if not self._logprobs:
                    lines.append(f"{start}{encode_string(text)}{self._tail}")
                case Text(text):
                    lines.append(self._line(created_at, text=encode_string(text)))
                case Thinking(text):
                    lines.append(self._line(created_at, thinking=text))
                case ToolCall():
                    lines.append(self._line(created_at, tool_calls=[_tool_call(event, self._tool_names)]))
                case Logprobs(entries):
                    self._logprobs += entries
                case Finish(reason):
                    if self._logprobs:  # of tokens that became no text; the final line has none
                        lines.append(self._line(created_at))
                    done = _object(
                        self._shape, self._model, created_at, done=reason, ending=self._ending.fields(moment)
                    )
                    lines.append(done + "\n")
        return [line.encode() for line in lines]

    def feed_plain(self, text: str, moment: Moment) -> list[bytes]:
        """Take a piece of text, not the first one, that stands in JSON as it is; returns its line."""
        if self._logprobs:
            return self.feed([Text(text)], moment)
        self._ending.hear(text)
        return [f'{self._head}{rfc3339(moment.wall_ns)}{self._middle}"{text}"{self._tail}'.encode()]

    def _line(self, created_at: str, **parts: Any) -> str:
        line = _object(self._shape, self._model, created_at, logprobs=self._logprobs, **parts) + "\n"
        self._logprobs = []
        return line


class WholeWriter(_Answer):
    """One object without a line end, made of all pieces, on `Finish`."""

    @override
    def _begin(self) -> None:
        self._text: list[str] = []
        self._thinking: list[str] = []
        self._tool_calls: list[dict[str, Any]] = []

    def feed(self, events: Sequence[Event], moment: Moment) -> list[bytes]:
        """Take the events that came at one moment; returns nothing until the last, then the object."""
        self._ending.see(events, moment)
        for event in events:
            match event:
                case Text(text):
                    self._text.append(text)
                case Thinking(text):
                    self._thinking.append(text)
                case ToolCall():
                    self._tool_calls.append(_tool_call(event, self._tool_names))
                case Logprobs(entries):
                    self._logprobs += entries
                case Finish(reason):
                    return [self._whole(reason, moment).encode()]
        return []

    def feed_plain(self, text: str, _moment: Moment) -> list[bytes]:
        """Take a piece of text, not the first one, that stands in JSON as it is; returns nothing."""
        self._text.append(text)
        self._ending.hear(text)
        return []

    def _whole(self, reason: str, moment: Moment) -> str:
        return _object(
            self._shape,
            self._model,
            rfc3339(moment.wall_ns),
            text=encode_string("".join(self._text)),
            thinking="".join(self._thinking),
            tool_calls=self._tool_calls,
            logprobs=self._logprobs,
            done=reason,
            ending=self._ending.fields(moment),
        )


class _Ending:
    """What only a final object has: the six numbers, and for generate the context to go on from."""

    def __init__(self, sent_ns: int, conversation: Sequence[Turn] | None) -> None:
        self._sent_ns = sent_ns
        self._first_ns: int | None = None
        self._usage = Usage(None, None)
        self._conversation = conversation
        self._heard: list[str] = []

    def see(self, events: Sequence[Event], moment: Moment) -> None:
        for event in events:
            if isinstance(event, Usage):
                self._usage = event
            elif self._first_ns is None and not isinstance(event, Finish):
                self._first_ns = moment.elapsed_ns
            if isinstance(event, Text):
                self.hear(event.text)

    def hear(self, text: str) -> None:
        """Remember a piece of the answer, if a context is wanted."""
        if self._conversation is not None:
            self._heard.append(text)

    def fields(self, end: Moment) -> str:
        """The keys and values, each with a comma before it.

        The three parts of the total add up to it, and none is 0, because Ollama leaves 0 out and clients divide by
        them. An answer that came in one piece does not tell when its first token was ready: then all of the waiting
        counts as `eval_duration`.
        """
        first_ns = self._first_ns
        if first_ns is None or first_ns == end.elapsed_ns:
            first_ns = self._sent_ns
        load = max(1, self._sent_ns)
        prompt = max(1, first_ns - load)
        answer = max(1, end.elapsed_ns - load - prompt)
        numbers = {
            "total_duration": load + prompt + answer,
            "load_duration": load,
            "prompt_eval_count": self._usage.prompt_tokens,
            "prompt_eval_duration": prompt,
            "eval_count": self._usage.output_tokens,
            "eval_duration": answer,
        }
        return self._context() + members(numbers)

    def _context(self) -> str:
        if self._conversation is None:
            return ""
        said = Turn("assistant", "".join(self._heard))
        return f',"context":[{",".join(map(str, context_of([*self._conversation, said])))}]'


def members(numbers: Mapping[str, int | None]) -> str:
    """Members of an object, each with a comma before it; numbers that are 0 or unknown are left out, as Ollama does."""
    return "".join(f',"{name}":{number}' for name, number in numbers.items() if number)


def load_answer(shape: str, model: str, reason: Literal["load", "unload"], wall_ns: int) -> bytes:
    """The answer to a request without a prompt, streamed or not: one object, without metrics and without a line end."""
    return _object(shape, encode_string(model), rfc3339(wall_ns), done=reason).encode()


def debug_answer(shape: str, model: str, rendered: str, images: int, wall_ns: int) -> bytes:
    """The answer to `_debug_render_only`: what would be asked, and how many images are in it; whole, no line end."""
    info = {"rendered_template": rendered} | ({"image_count": images} if images else {})
    told = f',"_debug_info":{encode(info).decode()}'
    return _object(shape, encode_string(model), rfc3339(wall_ns), ending=told, role="").encode()


def error_body(message: str) -> bytes:
    """`{"error": message}`: the body of an error status."""
    return f'{{"error":{encode_string(message)}}}'.encode()


def error_line(message: str) -> bytes:
    """The same as the last line of a stream that had begun."""
    return error_body(message) + b"\n"


def rfc3339(wall_ns: int) -> str:
    """Nanoseconds since the epoch as Go writes a time: UTC, fraction without trailing zeros."""
    seconds, nanos = divmod(wall_ns, 1_000_000_000)
    return f"{_to_the_second(seconds)}.{nanos:09d}".rstrip("0").rstrip(".") + "Z"


@lru_cache(maxsize=8)  # all lines of all streams within a second share it: half of the cost of a time
def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


def _object(
    shape: str,
    model: str,
    created_at: str,
    *,
    text: str = '""',
    thinking: str = "",
    tool_calls: Sequence[dict[str, Any]] = (),
    logprobs: Sequence[dict[str, Any]] = (),
    done: str = "",
    ending: str = "",
    role: str = "assistant",
) -> str:
    """One Ollama object. `model` and `text` are JSON strings already; what is empty is left out."""
    return shape % {
        "model": model,
        "created_at": created_at,
        "text": text,
        "thinking": f',"thinking":{encode_string(thinking)}' if thinking else "",
        "tool_calls": f',"tool_calls":{encode(tool_calls).decode()}' if tool_calls else "",
        "logprobs": f',"logprobs":{encode(logprobs).decode()}' if logprobs else "",
        "done": f'true,"done_reason":"{done}"' if done else "false",
        "ending": ending,
        "role": role,
    }


def _tool_call(call: ToolCall, names: Mapping[str, str]) -> dict[str, Any]:
    function = {"index": call.index, "name": names.get(call.name, call.name), "arguments": call.arguments}
    return ({"id": call.id} if call.id else {}) | {"function": function}
