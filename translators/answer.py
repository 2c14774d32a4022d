"""One upstream answer on its way to the client: bytes, server-sent events, dialect, events, Ollama lines.

How the answer is framed is decided by what the upstream sent, not by what was asked of it: servers answer a stream
with one document, one document with a stream, and either with a web page, all with status 200.
"""

from codecs import BOM_UTF8
from collections.abc import Callable
from typing import Any, Final, Literal, Protocol

from translators.envelope import Envelope
from translators.errors import OllamaError, UpstreamBroken
from translators.events import Event, Failure, Finish, Text, Usage
from translators.loose_json import read_json
from translators.ollama_answers import Moment, Writer
from translators.openai_document import read_document, shown
from translators.openai_errors import error_from_event
from translators.openai_tool_turns import ToolTurn
from translators.sse import ServerSentEvent, SSEDecoder

_SSE_STARTS: Final = (b"data:", b"event:", b"id:", b"retry:", b"error:", b":")


class Reader(Protocol):
    """What understands one dialect of answers.

    Attributes:
        bare: The last chunk was nothing but text.
    """

    bare: bool

    @property
    def turn(self) -> ToolTurn | None:
        """What the upstream wants back when the conversation goes on, if it called tools; complete at the end."""

    def feed(self, chunk: dict[str, Any]) -> list[Event]:
        """Take one parsed chunk or whole document; returns its events."""

    def close(self, *, complete: bool) -> list[Event]:
        """No more will come; returns what was pending and `Finish` or `Failure`, unless one came already.

        Args:
            complete: The upstream said itself that this is all, by `[DONE]` or by sending one whole document.
        """


class AnswerTranslator:
    """Translates one answer.

    Attributes:
        failure: Why the answer failed; set once. What was returned until then was right, and nothing comes after it.
        finish_reason: How the answer ended; set once. One of this and `failure` is set when the answer is over, which
            can be before the upstream closes the connection; after `close` it always is.
        usage: The upstream's token counts, when it gave any; set with either of the two.
    """

    def __init__(self, reader: Reader, writer: Writer, content_type: str) -> None:
        """Begin an answer.

        Args:
            reader: Of the dialect that was asked for; new.
            writer: Of what the client asked for; new.
            content_type: The upstream's `Content-Type`, or an empty string.
        """
        self.failure: OllamaError | None = None
        self.finish_reason: Literal["stop", "length"] | None = None
        self.usage: Usage | None = None
        self._reader = reader
        self._writer = writer
        self._claims_sse = content_type.lower().startswith("text/event-stream")
        self._decoder = SSEDecoder()
        self._envelope: Envelope | None = None
        self._pieces: list[bytes] = []
        self._receive: Callable[[bytes], list[Event]] = self._sniff

    @property
    def over(self) -> bool:
        """Nothing more will come, whatever else the upstream sends."""
        return self.failure is not None or self.finish_reason is not None

    def feed(self, data: bytes, moment: Moment) -> list[bytes]:
        """Take bytes of the upstream's body, cut anywhere; returns what is ready for the client, in whole lines."""
        if self.over:
            return []
        if self._envelope is not None and self._decoder.is_idle and (text := self._envelope.text_in(data)):
            return self._writer.feed_plain(text, moment)
        return self._write(self._receive(data), moment)

    def close(self, moment: Moment) -> list[bytes]:
        """The upstream's body has ended; returns the rest."""
        return [] if self.over else self._write(self._rest(), moment)

    def _write(self, events: list[Event], moment: Moment) -> list[bytes]:
        if _ended(events):
            self.usage = next((event for event in events if isinstance(event, Usage)), None)
            match events[-1]:
                case Failure(error):
                    self.failure = error
                    events = events[:-1]
                case Finish(reason):
                    self.finish_reason = reason
        return self._writer.feed(events, moment) if events else []

    def _sniff(self, data: bytes) -> list[Event]:
        """Wait until the first bytes tell the framing."""
        self._pieces.append(data)
        head = b"".join(self._pieces)
        start = head.removeprefix(BOM_UTF8).lstrip()
        marks = (BOM_UTF8,) if self._claims_sse else (BOM_UTF8, *_SSE_STARTS)
        if any(mark.startswith(start) for mark in marks):  # blank so far, or the beginning of one of these
            return []
        if start.startswith(_SSE_STARTS) or (self._claims_sse and start[:1] not in (b"{", b"[", b"<")):
            self._receive = self._stream
            return self._stream(head)
        self._receive = self._document
        return []

    def _document(self, data: bytes) -> list[Event]:
        """Wait for the end of a document."""
        self._pieces.append(data)
        return []

    def _stream(self, data: bytes) -> list[Event]:
        """Read a stream of server-sent events."""
        stream = self._decoder.feed(data)
        events = self._read(stream)
        if self._envelope is None and self._reader.bare and len(stream) == 1 and stream[0].is_all_of(data):
            match events:
                case [Text(text)]:
                    self._envelope = Envelope.of(data, text)
        return events

    def _read(self, stream: list[ServerSentEvent]) -> list[Event]:
        events: list[Event] = []
        for name, data in stream:
            events += self._read_one(name, data)
            if _ended(events):
                break
        return events

    def _read_one(self, name: str, data: bytes) -> list[Event]:
        try:
            payload = read_json(data)
        except ValueError:
            text = data.strip()
            if _says_done(text):
                return self._reader.close(complete=True)
            if not text:  # heartbeats
                return []
            payload = text.decode("utf-8", "replace")
        if name != "error" and isinstance(payload, dict):
            return self._reader.feed(payload)
        error = error_from_event(payload, name)
        if error is None and _ended(end := self._reader.close(complete=False)) and isinstance(end[-1], Finish):
            return end  # the answer had finished: what cannot be read after that takes nothing from it
        unreadable = UpstreamBroken(f"the upstream sent an event that is not a JSON object: {shown(data)}")
        return [Failure(error or unreadable)]

    def _rest(self) -> list[Event]:
        if self._receive != self._stream:
            return self._read_document(b"".join(self._pieces))
        # an event that was still open and cannot be read was cut: that the answer did not end says it better
        events = self._read([event for event in self._decoder.close() if _is_whole(event)])
        return events if _ended(events) else events + self._reader.close(complete=False)

    def _read_document(self, body: bytes) -> list[Event]:
        try:
            document = read_document(body)
        except OllamaError as error:
            return [Failure(error)]
        return self._reader.feed(document) + self._reader.close(complete=True)


def _ended(events: list[Event]) -> bool:
    return bool(events) and isinstance(events[-1], Finish | Failure)


def _says_done(text: bytes) -> bool:
    return text in (b"[DONE]", b"DONE")  # without its brackets it is no JSON either, and can mean nothing else


def _is_whole(event: ServerSentEvent) -> bool:
    try:
        read_json(event.data)
    except ValueError:
        return event.event == "error" or _says_done(event.data.strip())
    return True
