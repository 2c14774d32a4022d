"""Takes credentials out of recordings before they touch the disk.

`secret_search.py` finds them: in header values, paths, bodies, and in the joined pieces of each answer. An answer can
also spell a credential out, one token an event: that is found by putting such texts together, but it cannot be taken
out, so such an exchange is not kept.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Final
from urllib.parse import unquote, urlsplit

from mitmproxy.net.encoding import custom_decode

from addon.recordings.media import without_media
from addon.recordings.recording import Chunk, Client, Headers, Recording, Request, Response, UpstreamCall
from addon.redaction.hidden_texts import all_texts_of, hidden_texts_of
from addon.redaction.secret_search import MARK, Hit, SecretSearch
from addon.redaction.secret_shapes import REGISTRY_PASSWORD, REGISTRY_PATHS, SECRET_PARAMETER
from addon.settings import Settings

__all__ = ["MARK", "MERGED", "Redactor", "SpelledOut", "redactor_of", "secrets_in", "secrets_of", "unpacked"]

MERGED: Final = "Pieces of an answer were joined where a credential that was taken out ran over their border."

LEAST_SECRET: Final = 8
"""Characters; a shorter setting (a local server's key `test`) is a word that texts hold for other reasons."""


class SpelledOut(Exception):
    """An exchange cannot be recorded, because a text of it spells out a credential in pieces."""


class Redactor:
    """Finds credentials, and whatever the user has named, and takes them out."""

    def __init__(
        self, secrets: Iterable[str] = (), pattern: re.Pattern[str] | None = None, *, keep_media: bool = True
    ) -> None:
        """Prepare the search.

        Args:
            secrets: What must not be kept besides what looks like a credential. A long one is known by its beginning,
                because servers repeat keys in part.
            pattern: For texts: what must not be kept either.
            keep_media: Whether recorded requests hold their images, not digests of them.
        """
        self._search = SecretSearch(secrets, pattern)
        self._pattern = pattern
        self._keep_media = keep_media

    def recording(self, recording: Recording) -> Recording:
        """A recording without credentials.

        Raises:
            SpelledOut: A credential is in a text of it, but nowhere in one piece.
        """
        if self._is_clean(recording):
            return recording
        client, merged = self._client(recording.client)
        calls = [self._call(call) for call in recording.upstream]
        merged = merged or any(call_merged for _, call_merged in calls)
        redacted = recording.model_copy(
            update={
                "client": client,
                "upstream": tuple(call for call, _ in calls),
                "about": " ".join(filter(None, [self.text(recording.about), MERGED if merged else ""])),
            }
        )
        requests = [side.request for side in _sides(recording)]
        packed = [body for each in requests if (body := unpacked(each.headers, each.body)) is not None]
        if any(map(self.spells_out, [*_bodies(redacted), *packed])) or any(map(self._search.hits, packed)):
            raise SpelledOut(
                f"{client.request.method} {client.request.path} is not recorded: its texts spell out a credential in "
                "pieces, or a compressed body holds one, which cannot be taken out"
            )
        return redacted

    def text(self, text: str) -> str:
        """A text without credentials."""
        return self.body(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def body(self, body: bytes) -> bytes:
        """A body without credentials."""
        return _replaced(body, 0, len(body), self._search.hits(body))

    def request_body(self, path: str, body: bytes) -> bytes:
        """The body of a request to a path, without credentials and a user's password for a registry."""
        body = self.body(body)
        is_registry = path.partition("?")[0] in REGISTRY_PATHS
        return REGISTRY_PASSWORD.sub(rb"\1" + MARK.encode(), body) if is_registry else body

    def path(self, path: str) -> str:
        """A path without credentials, and without the values of parameters that hold some."""
        data = path.encode("utf-8", "surrogatepass")
        text = _replaced(data, 0, len(data), self._search.url_hits(data)).decode("utf-8", "surrogatepass")
        return SECRET_PARAMETER.sub(rf"\1{MARK}", text)

    def chunks(self, chunks: Sequence[Chunk]) -> tuple[tuple[Chunk, ...], bool]:
        """The pieces of an answer without credentials, and whether some had to be joined for that."""
        data = b"".join(piece for _, piece in chunks)
        hits = self._search.hits(data)
        if not hits:
            return tuple(chunks), False
        ends = accumulate(len(piece) for _, piece in chunks)
        # A border inside a credential is given up: what stood before it counts as come with what stood behind it.
        kept = [
            (t_ms, end)
            for (t_ms, _), end in zip(chunks, ends, strict=True)
            if not any(hit.start < end < hit.stop for hit in hits)
        ]
        starts = [0, *(end for _, end in kept)]
        pieces = [(t_ms, _replaced(data, start, end, hits)) for start, (t_ms, end) in zip(starts, kept, strict=False)]
        return tuple(pieces), len(pieces) < len(chunks)

    def spells_out(self, body: bytes) -> bool:
        """Whether a body in which no credential stands holds one in a text that is escaped or comes in pieces."""
        return any(self._search.hits(text.encode("utf-8", "replace")) for text in hidden_texts_of(body))

    def _is_clean(self, recording: Recording) -> bool:
        """Whether nothing has to be taken out, as it nearly always is: all that is said is searched once."""
        requests = [side.request for side in _sides(recording)]
        if self._pattern or not self._keep_media or any(map(_is_special, requests)):
            return False
        said = list(map(all_texts_of, _bodies(recording)))
        heads = "\n".join(_heads(recording))
        if None in said or SECRET_PARAMETER.search(heads):
            return False
        hits = self._search.hits(b"\n".join(filter(None, said)))
        return not hits and not self._search.url_hits(heads.encode("utf-8", "surrogatepass"))

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
        body = request.body if self._keep_media else without_media(request.body)
        update = {
            "path": self.path(request.path),
            "headers": self._headers(request.headers),
            "body": self.request_body(request.path, body),
        }
        return request.model_copy(update=update)

    def _response(self, response: Response | None) -> tuple[Response | None, bool]:
        if response is None:
            return None, False
        chunks, merged = self.chunks(response.chunks)
        return response.model_copy(update={"headers": self._headers(response.headers), "chunks": chunks}), merged

    def _headers(self, headers: Headers) -> Headers:
        return tuple((name, self.path(value)) for name, value in headers)


def secrets_of(settings: Settings) -> list[str]:
    """The secrets that a process works with: keys, the ids that go with them, and the company proxy's password."""
    ids = (settings.organization, settings.project)
    return secrets_in(settings.api_key.get_secret_value(), *ids, settings.upstream_proxy)


def secrets_in(api_key: str, organization: str, project: str, upstream_proxy: str) -> list[str]:
    """What is secret of these settings, and can be looked for.

    Args:
        api_key: The upstream's key.
        organization: The id that goes with it.
        project: Another one.
        upstream_proxy: URL of the company proxy, which may hold a password.
    """
    password = urlsplit(upstream_proxy).password or ""
    secrets = {api_key, organization, project, password, unquote(password)}
    return [secret for secret in secrets if len(secret) >= LEAST_SECRET]


def redactor_of(settings: Settings) -> Redactor:
    """What takes out what these settings say must not be kept."""
    return Redactor(secrets_of(settings), settings.redact, keep_media=settings.record_media)


def _sides(recording: Recording) -> tuple[Client | UpstreamCall, ...]:
    return recording.client, *recording.upstream


def _bodies(recording: Recording) -> Iterator[bytes]:
    for side in _sides(recording):
        yield side.request.body
        if side.response is not None:
            yield b"".join(piece for _, piece in side.response.chunks)


def _heads(recording: Recording) -> Iterator[str]:
    """All texts of a recording but the bodies."""
    yield recording.about
    for side in _sides(recording):
        yield side.request.path
        responses = (side.response.headers,) if side.response else ()
        for headers in (side.request.headers, *responses):
            yield from (value for _, value in headers)
    for call in recording.upstream:
        yield call.url
        yield call.error or ""


def _is_special(request: Request) -> bool:
    """Whether a request's body is searched in a way of its own."""
    packed = any(name.lower() == "content-encoding" for name, _ in request.headers)
    return packed or request.path.partition("?")[0] in REGISTRY_PATHS


def unpacked(headers: Iterable[tuple[str, str]], body: bytes) -> bytes | None:
    """What a compressed body holds; None of one that is not compressed, or not as its headers say.

    Requests come compressed and travel on so; answers are asked for as they are. mitmproxy's own `encoding.decode` is
    not for threads.

    Args:
        headers: Of its message.
        body: As it was sent.
    """
    values = [value for name, value in headers if name.lower() == "content-encoding"]
    codings = [coding.strip() for coding in ",".join(values).lower().split(",")]
    plain = body
    try:
        for coding in reversed(codings):
            plain = custom_decode[coding](plain)
    except Exception:  # each decoder has its own
        return None
    return plain


def _replaced(data: bytes, begin: int, end: int, hits: Iterable[Hit]) -> bytes:
    """A part of some data, with a mark in the place of each credential; none of them reaches over its borders."""
    parts, at = [], begin
    for hit in hits:
        if begin <= hit.start and hit.stop <= end:
            parts += [data[at : hit.start], MARK.encode()]
            at = hit.stop
    return b"".join([*parts, data[at:end]])
