"""Legacy completions: what is said to a prompt, whole or as the events of a stream."""

from typing import Any

from tests.upstream.answers import digest
from tests.upstream.chat import CREATED, DONE, Event
from tests.upstream.models import dated_name
from tests.upstream.wording import tokens_of, without_markers

type Body = dict[str, Any]

DEFAULT_MOST_TOKENS = 16


def prompts_of(body: Body) -> list[str]:
    """The prompts of a request: one, or one for each answer wanted."""
    prompt = body["prompt"] or ""
    return [prompt] if isinstance(prompt, str) else [str(each) for each in prompt]


def completion_whole(body: Body) -> Body:
    """The answer to a request without `stream`."""
    said = _said(body)
    choices = [
        {"text": "".join(tokens), "index": index, "logprobs": _logprobs(body, tokens), "finish_reason": finish}
        for index, (tokens, finish) in enumerate(said)
    ]
    return {**_head(body), "choices": choices, "usage": _usage(body, said)}


def completion_events(body: Body) -> list[Event]:
    """The answer to a request with `stream`; the finish_reason stands in each text's last chunk."""
    head, said = _head(body), _said(body)
    wants_usage = (body.get("stream_options") or {}).get("include_usage", False)
    trailer: Body = {"usage": None} if wants_usage else {}
    events = []
    for index, (tokens, finish) in enumerate(said):
        for position, token in enumerate(tokens or ("",)):
            last = position == max(len(tokens) - 1, 0)
            choice = {
                "text": token,
                "index": index,
                "logprobs": _logprobs(body, (token,)),
                "finish_reason": finish if last else None,
            }
            events.append(Event({**head, "choices": [choice], **trailer}, token=True))
    if wants_usage:
        events.append(Event({**head, "choices": [], "usage": _usage(body, said)}))
    return [*events, Event(DONE)]


def _said(body: Body) -> list[tuple[tuple[str, ...], str]]:
    """For each choice its tokens and its finish_reason."""
    limit = DEFAULT_MOST_TOKENS if body.get("max_tokens") is None else body["max_tokens"]
    said = []
    for prompt in prompts_of(body):
        tokens = tokens_of(_continuation(without_markers(prompt), body.get("suffix")))
        choice = (tokens[:limit], "length" if len(tokens) > limit else "stop")
        said += [choice] * (body.get("n") or 1)
    return said


def _continuation(prompt: str, suffix: str | None) -> str:
    last = (prompt.split() or ["nothing"])[-1]
    if suffix:
        return f" between {last} and {suffix.split()[0] if suffix.split() else 'nothing'}"
    return f" follows {last}, the last of {len(prompt.split())} words."


def _head(body: Body) -> Body:
    return {
        "id": f"cmpl-{digest(body)[:29]}",
        "object": "text_completion",
        "created": CREATED,
        "model": dated_name(body["model"]),
    }


def _usage(body: Body, said: list[tuple[tuple[str, ...], str]]) -> Body:
    asked = sum(len(tokens_of(prompt)) for prompt in prompts_of(body))
    written = sum(len(tokens) for tokens, _ in said)
    return {"prompt_tokens": asked, "completion_tokens": written, "total_tokens": asked + written}


def _logprobs(body: Body, tokens: tuple[str, ...]) -> Body | None:
    """Log probabilities in the form of legacy completions: parallel lists."""
    if body.get("logprobs") is None:
        return None
    return {
        "tokens": list(tokens),
        "token_logprobs": [-0.125] * len(tokens),
        "top_logprobs": [{token: -0.125} for token in tokens],
        "text_offset": [len("".join(tokens[:position])) for position in range(len(tokens))],
    }
