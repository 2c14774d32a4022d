"""What a request asks of the server beside an answer: to misbehave, or to wait for the test.

Everything is said by the request itself, so that tests that run at once do not disturb each other:

    [[fault:NAME]]        in the last user text, the prompt or the input; or the model `fault-NAME`; or, for GET
                          requests, which have neither, the key `fault-NAME` (or `Upstream.fault_of_gets`)
    [[gate:NAME]]         each token waits for one `Upstream.release(NAME)`; a whole answer is one token
    [[gate-head:NAME]]    the answer's head waits for one `Upstream.release(NAME)`
"""

import re
from dataclasses import dataclass
from typing import Any

from tests.upstream.models import FAULT_PREFIX
from tests.upstream.wording import last_user_text

_MARKER = re.compile(r"\[\[(fault|gate|gate-head):([^\]]+)\]\]")


@dataclass(frozen=True, slots=True)
class Directives:
    """What a request asks for; empty strings where it asks for nothing.

    Attributes:
        fault: `NAME` or `NAME:ARGUMENT:...`.
        gate: The gate before each token.
        head_gate: The gate before the head.
    """

    fault: str = ""
    gate: str = ""
    head_gate: str = ""


def directives_of(body: Any, key: str) -> Directives:
    """Read what a request asks for.

    Args:
        body: The parsed request, any JSON value; None for a GET request.
        key: The API key.
    """
    request = body if isinstance(body, dict) else {}
    found = dict(_MARKER.findall(_text_of(request)))
    model = str(request.get("model", ""))
    for name in (model, key):
        if name.startswith(FAULT_PREFIX):
            found.setdefault("fault", name.removeprefix(FAULT_PREFIX))
    return Directives(found.get("fault", ""), found.get("gate", ""), found.get("gate-head", ""))


def _text_of(request: dict[str, Any]) -> str:
    said = [_said(request.get(name)) for name in ("messages", "input")]
    return "\n".join([*said, str(request.get("prompt", ""))])


def _said(value: Any) -> str:
    """The last user text among messages or items; texts to embed as they are."""
    turns = [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
    return last_user_text(turns) if turns else str(value or "")
