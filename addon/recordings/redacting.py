"""Takes out of recordings, before they touch the disk, what must not be kept.

Credentials are taken out of header values, paths, bodies, and the joined pieces of each answer. An exchange that spells
one out, one token an event, is not kept.
"""

from collections.abc import Iterator
from typing import Final

import orjson

from addon.recordings.recording import Client, Headers, Recording, Request, Response, UpstreamCall
from addon.redaction.hidden_texts import all_texts_of
from addon.redaction.media import without_media
from addon.redaction.redactor import Redactor, unpacked
from addon.redaction.secret_shapes import REGISTRY_PATHS, SECRET_PARAMETER

MERGED: Final = "Pieces of an answer were joined where a credential that was taken out ran over their border."


class SpelledOut(Exception):
    """An exchange cannot be recorded, because a text of it spells out a credential in pieces."""


def redacted(recording: Recording, redactor: Redactor) -> Recording:
    """A recording without credentials, and without media if these are not kept.

    Raises:
        SpelledOut: A credential is in a text of it, but nowhere in one piece.
    """
    if redactor.keep_media and is_clean(recording, redactor):
        return recording
    return redacted_by_parts(recording, redactor)


def redacted_by_parts(recording: Recording, redactor: Redactor) -> Recording:
    """The same, with each part searched for itself.

    Raises:
        SpelledOut: As for `redacted`.
    """
    client, merged = _client(recording.client, redactor)
    calls = [_call(call, redactor) for call in recording.upstream]
    merged = merged or any(call_merged for _, call_merged in calls)
    update = {
        "client": client,
        "upstream": tuple(call for call, _ in calls),
        "about": " ".join(filter(None, [redactor.text(recording.about), MERGED if merged else ""])),
    }
    clean = recording.model_copy(update=update)
    requests = [side.request for side in _sides(recording)]
    packed = [body for each in requests if (body := unpacked(each.headers, each.body)) is not None]
    bodies = list(_bodies(clean))
    if any(map(redactor.spells_out, [*bodies, *packed])) or any(map(redactor.search.hits_beside_media, packed)):
        raise SpelledOut(
            f"{client.request.method} {client.request.path} is not recorded: its texts spell out a credential in "
            "pieces, or a compressed body holds one, which cannot be taken out"
        )
    changed = [pair for pair in zip(_bodies(recording), bodies, strict=True) if pair[0] != pair[1]]
    if any(_is_json(before) and not _is_json(after) for before, after in changed):
        raise SpelledOut(
            f"{client.request.method} {client.request.path} is not recorded: what ollama_redact finds in it is no "
            "text, but a part of its JSON: let it find texts only"
        )
    return clean


def _is_json(body: bytes) -> bool:
    """Whether a body is JSON, lines of it, or events with it."""
    documents = [line.removeprefix(b"data:").strip() for line in body.splitlines() if line[:1] in (b"{", b"d")]
    for candidates in ([body], documents):
        try:
            if [orjson.loads(each) for each in candidates if each and each != b"[DONE]"]:
                return True
        except orjson.JSONDecodeError:
            continue
    return False


def is_clean(recording: Recording, redactor: Redactor) -> bool:
    """Whether nothing has to be taken out, as it nearly always is: all texts are searched at once, in place of bodies.

    Args:
        recording: Which.
        redactor: What finds them.

    Returns:
        False also where that cannot be told from the texts alone.
    """
    if not redactor.search.is_for_texts or any(_is_special(side.request) for side in _sides(recording)):
        return False
    said = list(map(all_texts_of, _bodies(recording)))
    heads = "\n".join(_heads(recording))
    if None in said or SECRET_PARAMETER.search(heads):
        return False
    hits = redactor.search.hits(b"\n".join(filter(None, said)))
    return not hits and not redactor.search.url_hits(heads.encode("utf-8", "surrogatepass"))


def _is_special(request: Request) -> bool:
    """Whether a request's body is searched in a way of its own."""
    packed = any(name.lower() == "content-encoding" for name, _ in request.headers)
    return packed or request.path.partition("?")[0] in REGISTRY_PATHS


def _client(client: Client, redactor: Redactor) -> tuple[Client, bool]:
    response, merged = _response(client.response, redactor)
    return client.model_copy(update={"request": _request(client.request, redactor), "response": response}), merged


def _call(call: UpstreamCall, redactor: Redactor) -> tuple[UpstreamCall, bool]:
    response, merged = _response(call.response, redactor)
    update = {
        "url": redactor.path(call.url),
        "request": _request(call.request, redactor),
        "response": response,
        "error": call.error and redactor.text(call.error),
    }
    return call.model_copy(update=update), merged


def _request(request: Request, redactor: Redactor) -> Request:
    # In this order also a request is compared that is to be answered from the recording.
    body = redactor.request_body(request.path, request.body)
    update = {
        "path": redactor.path(request.path),
        "headers": _headers(request.headers, redactor),
        "body": body if redactor.keep_media else without_media(body),
    }
    return request.model_copy(update=update)


def _response(response: Response | None, redactor: Redactor) -> tuple[Response | None, bool]:
    if response is None:
        return None, False
    chunks, merged = redactor.chunks(response.chunks)
    return response.model_copy(update={"headers": _headers(response.headers, redactor), "chunks": chunks}), merged


def _headers(headers: Headers, redactor: Redactor) -> Headers:
    return tuple((name, redactor.path(value)) for name, value in headers)


def _sides(recording: Recording) -> tuple[Client | UpstreamCall, ...]:
    return recording.client, *recording.upstream


def _bodies(recording: Recording) -> Iterator[bytes]:
    for side in _sides(recording):
        yield side.request.body
        if side.response is not None:
            yield side.response.body


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
