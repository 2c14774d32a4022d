"""Takes out of mitmproxy's flows what must not be kept: credentials, and whatever the user has named."""

from typing import Any, Final

from mitmproxy import flow as mitmproxy_flow
from mitmproxy import http

from addon.flow_metadata import ASKED, is_edited, note_asked
from addon.redaction.redactor import MARK, Redactor, unpacked
from addon.redaction.secret_shapes import SECRET_HEADERS
from addon.setting_values import redacted

SPELLED_OUT: Final = b"[redacted: the texts of this body spell out in pieces what must not be kept]"
"""Stands for a body out of which nothing can be taken."""


KEY_HEADERS: Final = ("authorization", "api-key", "x-api-key", "x-goog-api-key", "x-auth-token")
"""Headers with which a client says who it is; nobody here asks for that."""


def shorten_keys(headers: http.Headers) -> None:
    """Leave of a client's keys only their ends, by which one who has them knows them: `Bearer …9f3c`.

    Args:
        headers: Of its request; changed in place.
    """
    for name in KEY_HEADERS:
        if values := headers.get_all(name):
            headers.set_all(name, [_shortened(value) for value in values])


def _shortened(value: str) -> str:
    scheme, _, key = value.partition(" ")
    if not key:
        return redacted(scheme)
    # The end of other values may be the end of a password: that of `Basic` is its base64.
    is_one = scheme.lower() == "bearer" and key.isascii() and not any(mark in key for mark in ' ,;="')
    return f"{scheme} {redacted(key) if is_one else '…'}"


def redact_flow(flow: http.HTTPFlow, redactor: Redactor) -> bool:
    """Take credentials, and what the user's pattern finds, out of a flow that is over; whether something was changed.

    Searched are path, headers, trailers, bodies (compressed ones are unpacked for it), websocket messages, error and
    comment. What was edited in the flow before cannot be taken back afterwards: mitmproxy writes that into files, too.

    Args:
        flow: Changed in place.
        redactor: What finds them.
    """
    edited = is_edited(flow)
    changed = [_message(message, redactor) for message in (flow.request, flow.response) if message is not None]
    changed += [_path(flow.request, redactor), _websocket(flow, redactor), _words(flow, redactor)]
    if flow._backup is not None:  # mitmproxy has no other way than to revert to it
        flow._backup = None
        changed.append(True)
    if ASKED in flow.metadata and not edited:
        note_asked(flow)
    return any(changed)


def _message(message: http.Message, redactor: Redactor) -> bool:
    changed = [_headers(message.headers, redactor)]
    if message.trailers is not None:
        changed.append(_headers(message.trailers, redactor))
    if message.raw_content is not None:
        packed = unpacked(message.headers.items(multi=True), message.raw_content)
        body = message.raw_content if packed is None else packed
        clean = _without_secrets(body, message.path if isinstance(message, http.Request) else "", redactor)
        if clean != body:
            message.headers.pop("content-encoding", None)
            message.content = clean
            changed.append(True)
    return any(changed)


def _headers(headers: http.Headers, redactor: Redactor) -> bool:
    fields = tuple((name, _value(name, value, redactor)) for name, value in headers.fields)
    changed = fields != headers.fields
    headers.fields = fields
    return changed


def _value(name: bytes, value: bytes, redactor: Redactor) -> bytes:
    if name.lower().decode("latin-1") in SECRET_HEADERS:
        return MARK.encode()
    return redactor.path(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


def _without_secrets(body: bytes, path: str, redactor: Redactor) -> bytes:
    clean = redactor.request_body(path, body)
    return SPELLED_OUT if redactor.spells_out(clean) else clean


def _path(request: http.Request, redactor: Redactor) -> bool:
    path = redactor.path(request.path)
    changed = path != request.path
    if changed:
        request.path = path
    return changed


def _websocket(flow: http.HTTPFlow, redactor: Redactor) -> bool:
    changed = False
    for message in flow.websocket.messages if flow.websocket else ():
        clean = _without_secrets(message.content, "", redactor)
        changed = changed or clean != message.content
        message.content = clean
    return changed


def _words(flow: http.HTTPFlow, redactor: Redactor) -> bool:
    """What mitmproxy says of the flow, and what the user does, and we."""
    comment = redactor.path(flow.comment)  # which finds what is percent-encoded, too
    metadata = {key: _clean(value, redactor) for key, value in flow.metadata.items()}
    changed = comment != flow.comment or metadata != flow.metadata
    flow.comment, flow.metadata = comment, metadata
    if flow.error and (told := redactor.text(flow.error.msg)) != flow.error.msg:
        flow.error = mitmproxy_flow.Error(told, flow.error.timestamp)
        changed = True
    return changed


def _clean(value: Any, redactor: Redactor) -> Any:
    if isinstance(value, list):
        return [_clean(each, redactor) for each in value]
    return redactor.path(value) if isinstance(value, str) else value
