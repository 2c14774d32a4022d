"""Takes credentials out of texts, paths and bodies.

`secret_search.py` finds them, also where they run over the border of two pieces of an answer. An answer can also spell
a credential out, one token an event: that is found by putting such texts together, but it cannot be taken out.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final
from urllib.parse import unquote, urlsplit

from mitmproxy.net.encoding import custom_decode

from addon.environment import Environment
from addon.option_table import UPSTREAM_PROXY
from addon.redaction.hidden_texts import hidden_texts_of
from addon.redaction.secret_search import MARK, Hit, SecretSearch
from addon.redaction.secret_shapes import REGISTRY_PASSWORD, REGISTRY_PATHS, SECRET_PARAMETER
from addon.settings import Settings

__all__ = ["MARK", "Redactor", "redactor_of", "secrets_in", "secrets_of", "secrets_of_environment", "unpacked"]

LEAST_SECRET: Final = 8
"""Characters; a shorter setting (a local server's key `test`) is a word that texts hold for other reasons."""


class Redactor:
    """Finds credentials, and whatever the user has named, and takes them out; images and other media stay whole.

    Attributes:
        search: What finds them.
        keep_media: Whether recorded requests hold their media, not digests of them.
    """

    def __init__(
        self, secrets: Iterable[str] = (), pattern: re.Pattern[str] | None = None, *, keep_media: bool = True
    ) -> None:
        """Prepare the search.

        Args:
            secrets: What must not be kept besides what looks like a credential. A long one is known by its beginning,
                because servers repeat keys in part.
            pattern: For texts: what must not be kept either.
            keep_media: Whether recorded requests hold their media, not digests of them.
        """
        self.search = SecretSearch(secrets, pattern)
        self.keep_media = keep_media

    def text(self, text: str) -> str:
        """A text without credentials."""
        return self.body(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def body(self, body: bytes) -> bytes:
        """A body without credentials."""
        return _replaced(body, 0, len(body), self.search.hits_beside_media(body))

    def request_body(self, path: str, body: bytes) -> bytes:
        """The body of a request to a path, without credentials and a user's password for a registry."""
        body = self.body(body)
        is_registry = path.partition("?")[0] in REGISTRY_PATHS
        return REGISTRY_PASSWORD.sub(rb"\1" + MARK.encode(), body) if is_registry else body

    def path(self, path: str) -> str:
        """A path without credentials, and without the values of parameters that hold some."""
        data = path.encode("utf-8", "surrogatepass")
        text = _replaced(data, 0, len(data), self.search.url_hits(data)).decode("utf-8", "surrogatepass")
        return SECRET_PARAMETER.sub(rf"\1{MARK}", text)

    def chunks(self, chunks: Sequence[tuple[float, bytes]]) -> tuple[tuple[tuple[float, bytes], ...], bool]:
        """The pieces of an answer without credentials, and whether some had to be joined for that.

        Args:
            chunks: Each with the time at which it came.
        """
        data = b"".join(piece for _, piece in chunks)
        hits = self.search.hits_beside_media(data)
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
        return any(self.search.hits(text.encode()) for text in hidden_texts_of(body))


def secrets_of(settings: Settings) -> list[str]:
    """The secrets that a process works with: keys, the ids that go with them, and the company proxy's password."""
    ids = (settings.organization, settings.project)
    return secrets_in(settings.api_key.get_secret_value(), *ids, settings.upstream_proxy)


def secrets_of_environment(environment: Environment) -> list[str]:
    """The same of an environment, where there are no settings."""
    ids = (environment.organization, environment.project)
    proxy = str(environment.defaults[UPSTREAM_PROXY.name])
    return secrets_in(environment.api_key.get_secret_value(), *ids, proxy)


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
            parts += [data[at : hit.start], hit.mark]
            at = hit.stop
    return b"".join([*parts, data[at:end]])
