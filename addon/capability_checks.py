"""What a request is refused for before the upstream is asked: a model is known to lack what it wants."""

from typing import Final

from addon.model_facts import Known
from translators.errors import RequestError
from translators.names import qualified_name
from translators.ollama_requests import ChatRequest, GenerateRequest
from translators.profiles import Profile

CHECKED: Final = frozenset({"completion", "insert", "thinking", "tools"})
"""The capabilities that are looked at; images are the upstream's to refuse."""


def check_capabilities(
    verb: str, request: ChatRequest | GenerateRequest, known: Known, profile: Profile, *, gap_by_chat: bool
) -> None:
    """Refuse what the model cannot do, in Ollama's order and words.

    A model about which nothing certain is known is never refused here: the upstream decides.

    Args:
        verb: `chat` or `generate`.
        request: What is asked.
        known: What is known of its model.
        profile: What its model accepts.
        gap_by_chat: Whether any model fills gaps, by a prompt.

    Raises:
        RequestError: 400.
    """
    if isinstance(request, GenerateRequest):
        request.check_raw()
    lacking = set(CHECKED.difference(known.capabilities)) if known.known else set[str]()
    if profile.tools == "no":
        lacking.add("tools")
    if gap_by_chat:
        lacking.discard("insert")
    if request.think and "thinking" in lacking:
        raise RequestError(f'"{request.model}" does not support thinking')
    if "completion" in lacking:
        raise RequestError(f'"{request.model}" does not support {verb}')
    for field, capability in (("tools", "tools"), ("suffix", "insert")):
        if getattr(request, field, None) and capability in lacking:
            raise lacks(request.model, capability)


def lacks(model: str, capability: str) -> RequestError:
    """The error for a model without `tools` or `insert`, by the client's name of it."""
    return RequestError(f"{qualified_name(model)} does not support {capability}")
