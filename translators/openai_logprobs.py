"""Log probabilities as OpenAI lists them, in Ollama's form.

Chat Completions has the list in `logprobs.content`, the Responses API in `logprobs` of a piece of text; the entries
are the same.
"""

import math
from typing import Any


def logprobs_to_ollama(content: Any, most: int) -> list[dict[str, Any]]:
    """A list of tokens in the form of Ollama's `api/types.go`; entries without a number are left out.

    Args:
        content: The upstream's list, or anything that a server put in its place.
        most: How many alternatives of each token to keep.
    """
    entries = []
    for item in content if isinstance(content, list) else []:
        if entry := _logprob(item):
            top = item.get("top_logprobs")
            if found := [e for e in map(_logprob, top if isinstance(top, list) else []) if e][:most]:
                entry["top_logprobs"] = found
            entries.append(entry)
    return entries


def _logprob(item: Any) -> dict[str, Any] | None:
    """One token; None without a number, which clients require."""
    if not isinstance(item, dict):
        return None
    token, logprob = item.get("token"), item.get("logprob")
    if not isinstance(logprob, int | float) or not -math.inf < logprob < math.inf:
        return None
    token = token if isinstance(token, str) else ""
    octets = list(token.encode("utf-8", "replace"))
    return {"token": token, "logprob": logprob} | ({"bytes": octets} if octets else {})
