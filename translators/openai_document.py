"""An upstream's whole answer, as one JSON document, or what came in its place."""

from codecs import BOM_UTF8
from typing import Any, Final

from translators.errors import UpstreamBroken
from translators.loose_json import read_json
from translators.openai_errors import error_from_event

_QUOTED: Final = 80  # characters of an unreadable answer that are shown


def read_document(body: bytes) -> dict[str, Any]:
    """The JSON object that is the whole body of an answer with status 200.

    Raises:
        UpstreamBroken: The body is empty, a web page or anything else.
        UpstreamError: It is an error in a list, as Gemini wraps them; that of an object is left to its reader.
    """
    if not body.removeprefix(BOM_UTF8).strip():
        raise UpstreamBroken("the upstream answered with an empty body")
    try:
        document = read_json(body)
    except ValueError:
        if body.lstrip().startswith(b"<"):
            text = "the upstream answered with a web page instead of JSON: is its base URL right?"
        else:
            text = f"the upstream's answer is not JSON: {shown(body)}"
        raise UpstreamBroken(text) from None
    if isinstance(document, dict):
        return document
    unreadable = UpstreamBroken(f"the upstream's answer is not a JSON object: {shown(body)}")
    raise error_from_event(document) or unreadable


def shown(data: bytes) -> str:
    """The beginning of unreadable data, as an error shows it."""
    text = data.decode("utf-8", "replace").strip()
    return repr(text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…")
