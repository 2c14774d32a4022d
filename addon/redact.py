"""Takes credentials out of recordings before they touch the disk.

Looked for are this process's own secrets and what is known to be a credential by its shape: in header values, paths,
bodies, and in the joined pieces of each answer. An answer can also spell a credential out, one token an event: that is
found by putting such texts together, but it cannot be taken out, so such an exchange is not kept.

It runs in a thread beside the event loop, which stands still during each single call of C code. So bodies, which can be
tens of megabytes, are searched in slices, and what cannot hide a credential is left out before a body is parsed.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import orjson

from addon.recording import Chunk, Client, Headers, Recording, Request, Response, UpstreamCall
from addon.setting_values import LEAST_TELLING
from addon.settings import Settings
from translators.sse import SSEDecoder

MARK: Final = "[redacted]"

MERGED: Final = "Pieces of an answer were joined where a credential that was taken out ran over their border."

LEAST_SECRET: Final = 8
"""Characters; a shorter setting (a local server's key `test`) is a word that texts hold for other reasons."""

_NOT_WITHIN: Final = rb"(?:(?<![A-Za-z0-9])|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4}))"
"""A credential does not begin inside a word or base64; the letter of a JSON escape before it is no part of a word."""

_PEM: Final = r"[\x00-\x7f]{,16384}"
"""What can stand in a private key; an RSA key of 16,384 bits has about 12,500 characters."""

SHAPES: Final[tuple[tuple[str, str], ...]] = (
    ("sk-", r"[\w-]{16,}"),  # OpenAI (sk-proj-, sk-svcacct-), Anthropic (sk-ant-), OpenRouter (sk-or-), DeepSeek …
    ("csk-", r"[\w-]{16,}"),  # Cerebras
    ("sess-", r"[A-Za-z0-9]{24,}"),  # OpenAI, of a browser session
    ("org-", r"[A-Za-z0-9]{16,}"),  # an OpenAI organisation, as rate limit errors name it
    ("proj_", r"[A-Za-z0-9]{16,}"),  # an OpenAI project
    ("xai-", r"[A-Za-z0-9]{20,}"),  # xAI
    ("gsk_", r"[A-Za-z0-9]{20,}"),  # Groq
    ("AIza", r"[\w-]{35}"),  # Google
    ("pplx-", r"[A-Za-z0-9]{32,}"),  # Perplexity
    ("nvapi-", r"[\w-]{32,}"),  # NVIDIA
    ("tgp_v1_", r"[\w-]{24,}"),  # Together
    ("fw_", r"[A-Za-z0-9]{20,}"),  # Fireworks
    ("hf_", r"[A-Za-z0-9]{30,}"),  # Hugging Face
    ("r8_", r"[A-Za-z0-9]{30,}"),  # Replicate
    ("ghp_", r"[A-Za-z0-9]{36}"),  # GitHub
    ("gho_", r"[A-Za-z0-9]{36}"),
    ("ghs_", r"[A-Za-z0-9]{36}"),
    ("ghu_", r"[A-Za-z0-9]{36}"),  # GitHub Copilot
    ("github_pat_", r"\w{40,}"),
    ("AKIA", r"[0-9A-Z]{16}(?![0-9A-Za-z])"),  # AWS
    ("xoxb-", r"[A-Za-z0-9-]{20,}"),  # Slack
    ("xoxp-", r"[A-Za-z0-9-]{20,}"),
    ("eyJ", r"[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"),  # JSON Web Token
    ("Bearer ", r"(?=\S*\d)[\w.~+/-]{16,}=*"),  # a credential of no known shape; with a digit, else it may be prose
    ("bearer ", r"(?=\S*\d)[\w.~+/-]{16,}=*"),
    ("Basic ", r"(?=\S*\d)[A-Za-z0-9+/]{16,}=*"),
    ("-----BEGIN ", rf"[A-Z ]*PRIVATE KEY-----(?:{_PEM}?-----END [A-Z ]*PRIVATE KEY-----|{_PEM})"),
)
"""How a credential begins, literally, and what follows. The beginning is looked for first: that is much faster."""

_QUERY_SECRET: Final = re.compile(r"(?i)([?&](?:api[-_]?key|key|(?:access[-_]?)?token|password|secret|code|sig)=)[^&]+")

REGISTRY_PATHS: Final = frozenset({"/api/pull", "/api/push"})
"""Whose requests may hold a user's password for a registry; nothing else of the proxy has passwords."""

_PASSWORD: Final = re.compile(rb'(?i)("password"\s*:\s*")(?:[^"\\]|\\.)*')

SLICE: Final = 65_536
"""Bytes that are searched by one call."""

_BULK: Final = re.compile(
    rb"\[[-+.\deE,\s]{1000,}+\]"  # a list of numbers
    rb'|"(?P<begin>[^"\\\[\]{}]{1024})[^"\\\[\]{}]{2048,}+"'  # a long text in one piece: base64
)
"""What makes a body large, and was searched as it stands. Between two texts there are always brackets or little."""

type Span = tuple[int, int]


class SpelledOut(Exception):
    """An exchange cannot be recorded, because a text of it spells out a credential in pieces."""


class Redactor:
    """Finds credentials and takes them out."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Prepare the search.

        Args:
            secrets: What must not be kept besides what looks like a credential. A long one is known by its beginning,
                because servers repeat keys in part.
        """
        self._searches = [(start.encode(), _pattern(_NOT_WITHIN, start, rest)) for start, rest in SHAPES]
        for secret in secrets:
            # In bodies it stands as JSON writes it.
            for form in {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}:
                start = form[:LEAST_TELLING]
                rest = r"[\w-]*" if len(form) > LEAST_TELLING and re.fullmatch(r"[\w-]+", form) else ""
                start = start if rest else form
                self._searches.append((start.encode(), _pattern(b"", start, rest)))

    def recording(self, recording: Recording) -> Recording:
        """A recording without credentials.

        Raises:
            SpelledOut: A credential is in a text of it, but nowhere in one piece.
        """
        client, merged = self._client(recording.client)
        calls = [self._call(call) for call in recording.upstream]
        merged = merged or any(call_merged for _, call_merged in calls)
        redacted = recording.model_copy(
            update={
                "client": client,
                "upstream": tuple(call for call, _ in calls),
                "about": " ".join(filter(None, [recording.about, MERGED if merged else ""])),
            }
        )
        if any(map(self.spells_out, _bodies(redacted))):
            raise SpelledOut(
                f"{client.request.method} {client.request.path} is not recorded: its texts spell out a credential in "
                "pieces, which cannot be taken out"
            )
        return redacted

    def text(self, text: str) -> str:
        """A text without credentials."""
        return self.body(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def body(self, body: bytes) -> bytes:
        """A body without credentials."""
        return _replaced(body, 0, len(body), self._spans(body))

    def path(self, path: str) -> str:
        """A path without credentials, and without the values of parameters that hold some."""
        return _QUERY_SECRET.sub(rf"\1{MARK}", self.text(path))

    def chunks(self, chunks: Sequence[Chunk]) -> tuple[tuple[Chunk, ...], bool]:
        """The pieces of an answer without credentials, and whether some had to be joined for that."""
        data = b"".join(piece for _, piece in chunks)
        spans = self._spans(data)
        if not spans:
            return tuple(chunks), False
        ends = accumulate(len(piece) for _, piece in chunks)
        # A border inside a credential is given up: what stood before it counts as come with what stood behind it.
        kept = [
            (t_ms, end)
            for (t_ms, _), end in zip(chunks, ends, strict=True)
            if not any(start < end < stop for start, stop in spans)
        ]
        starts = [0, *(end for _, end in kept)]
        pieces = [(t_ms, _replaced(data, start, end, spans)) for start, (t_ms, end) in zip(starts, kept, strict=False)]
        return tuple(pieces), len(pieces) < len(chunks)

    def spells_out(self, body: bytes) -> bool:
        """Whether a body in which no credential stands holds one in a text that is escaped or comes in pieces."""
        return any(self._spans(text.encode("utf-8", "replace")) for text in hidden_texts_of(body))

    def _spans(self, data: bytes) -> list[Span]:
        """Where credentials are: sorted, and apart from each other."""
        found: list[Span] = []
        for begin in range(0, len(data), SLICE):
            for start, pattern in self._searches:
                end = begin + SLICE + len(start) - 1  # a beginning may run over the border
                at = data.find(start, begin, end)
                while at >= 0:
                    match = pattern.match(data, at)
                    if match:
                        found.append(match.span())
                    at = data.find(start, match.end() if match else at + 1, end)
        return _joined(found)

    def _client(self, client: Client) -> tuple[Client, bool]:
        response, merged = self._response(client.response)
        return client.model_copy(update={"request": self._request(client.request), "response": response}), merged

    def _call(self, call: UpstreamCall) -> tuple[UpstreamCall, bool]:
        response, merged = self._response(call.response)
        update = {
            "url": self.path(call.url),
            "request": self._request(call.request),
            "response": response,
            "error": call.error and self.text(call.error),
        }
        return call.model_copy(update=update), merged

    def _request(self, request: Request) -> Request:
        path, headers, body = self.path(request.path), self._headers(request.headers), self.body(request.body)
        if path.partition("?")[0] in REGISTRY_PATHS:
            body = _PASSWORD.sub(rb"\1" + MARK.encode(), body)
        return request.model_copy(update={"path": path, "headers": headers, "body": body})

    def _response(self, response: Response | None) -> tuple[Response | None, bool]:
        if response is None:
            return None, False
        chunks, merged = self.chunks(response.chunks)
        return response.model_copy(update={"headers": self._headers(response.headers), "chunks": chunks}), merged

    def _headers(self, headers: Headers) -> Headers:
        return tuple((name, self.path(value)) for name, value in headers)


def secrets_of(settings: Settings) -> list[str]:
    """The secrets that a process works with: keys, the ids that go with them, and the company proxy's password."""
    key, password = settings.api_key.get_secret_value(), urlsplit(settings.upstream_proxy).password or ""
    secrets = {key, settings.organization, settings.project, password, unquote(password)}
    return [secret for secret in secrets if len(secret) >= LEAST_SECRET]


def hidden_texts_of(body: bytes) -> Iterator[str]:
    """The texts of a body that may read otherwise than the body itself: put together of pieces, or escaped.

    The pieces of a text stand in the same place of several JSON documents, or of several items of a list.

    Args:
        body: One JSON document, lines of JSON, or server-sent events; anything else has no texts.
    """
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for document in _documents(_without_bulk(body)):
        _collect(document, "", texts)
    escaped = b"\\" in body
    return ("".join(pieces) for pieces in texts.values() if escaped or len(pieces) > 1)


def _without_bulk(body: bytes) -> bytes:
    """A body without long lists of numbers, and with only the ends of long texts: what may go on in another piece."""
    parts, at = [], 0
    for match in _BULK.finditer(body):
        begin = match["begin"]
        parts += [body[at : match.start()], b"[]" if begin is None else b'"%s %s"' % (begin, match[0][-1025:-1])]
        at = match.end()
    return b"".join([*parts, body[at:]])


def _documents(body: bytes) -> Iterator[Any]:
    try:
        yield orjson.loads(body)
        return
    except orjson.JSONDecodeError:
        decoder = SSEDecoder()
        events = [event.data for event in (*decoder.feed(body), *decoder.close())]
    for data in events or body.splitlines():
        try:
            yield orjson.loads(data)
        except orjson.JSONDecodeError:
            continue


def _collect(value: Any, place: str, texts: defaultdict[str, list[str]]) -> None:
    if isinstance(value, str):
        texts[place].append(value)
    elif isinstance(value, dict):
        for key, member in value.items():
            if member is not None:
                _collect(member, f"{place}.{key}", texts)
    elif isinstance(value, list):
        for item in value:
            # Choices and tool calls say themselves to which of several texts their piece belongs.
            index = item.get("index", "") if isinstance(item, dict) else ""
            _collect(item, f"{place}[{index}]", texts)


def _bodies(recording: Recording) -> Iterator[bytes]:
    sides: list[Client | UpstreamCall] = [recording.client, *recording.upstream]
    for side in sides:
        yield side.request.body
        if side.response is not None:
            yield b"".join(piece for _, piece in side.response.chunks)


def _pattern(before: bytes, start: str, rest: str) -> re.Pattern[bytes]:
    return re.compile(before + re.escape(start).encode() + rest.encode(), re.DOTALL)


def _joined(spans: list[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, stop in sorted(spans):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(stop, joined[-1][1]))
        else:
            joined.append((start, stop))
    return joined


def _replaced(data: bytes, begin: int, end: int, spans: list[Span]) -> bytes:
    """A part of some data, with a mark in the place of each credential; none of them reaches over its borders."""
    parts, at = [], begin
    for start, stop in spans:
        if begin <= start and stop <= end:
            parts += [data[at:start], MARK.encode()]
            at = stop
    return b"".join([*parts, data[at:end]])
