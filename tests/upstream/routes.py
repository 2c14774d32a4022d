"""From a received request to what is answered: authentication, validation, and the answer, without any network."""

import json
from dataclasses import dataclass
from typing import Any

import orjson

from tests.upstream.answers import Answer, answer_chat
from tests.upstream.chat import Event, chat_events, chat_whole, usage
from tests.upstream.compat import habit_of
from tests.upstream.completions import completion_events, completion_whole
from tests.upstream.edits import EventsEdit
from tests.upstream.embeddings import embed
from tests.upstream.faults import Asked
from tests.upstream.models import model_list, model_object
from tests.upstream.refusals import Refusal
from tests.upstream.responses import answer_response, response_events, response_usage, response_whole
from tests.upstream.sayings import JSON, SSE, Canned
from tests.upstream.strict import check_chat, check_completion, check_embedding
from tests.upstream.strict_responses import check_response

type Body = dict[str, Any]

BAD_KEY = "bad-key"
"""Keys that begin so are refused; every other key is taken."""

CHAT = "/v1/chat/completions"
COMPLETIONS = "/v1/completions"
EMBEDDINGS = "/v1/embeddings"
MODELS = "/v1/models"
RESPONSES = "/v1/responses"
POSTS = (CHAT, COMPLETIONS, EMBEDDINGS, RESPONSES)

_NO_KEY = (
    "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer auth "
    "(i.e. Authorization: Bearer YOUR_KEY), or as the password field (with blank username) if you're accessing the API "
    "from your browser and are prompted for a username and password. You can obtain an API key from "
    "https://platform.openai.com/account/api-keys."
)
_NOT_JSON = (
    "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
    "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON. If you have trouble "
    "figuring out how to fix this, please contact us through our help center at help.openai.com.)"
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: a status, either a body or the events of a stream, and headers of its own."""

    status: int
    content_type: str
    body: str = ""
    events: tuple[Event, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


def key_of(headers: dict[str, str]) -> str:
    """The API key of a request.

    Raises:
        Refusal: 401, there is none, or it is a bad one.
    """
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise Refusal(_NO_KEY, status=401)
    if key.startswith(BAD_KEY):
        text = f"Incorrect API key provided: {_masked(key)}. You can find your API key at https://platform.openai.com/account/api-keys."
        raise Refusal(text, code="invalid_api_key", status=401)
    return key


def _masked(key: str) -> str:
    """A key as the refusal shows it: the first eight and the last four characters."""
    return f"{key[:8]}{'*' * (len(key) - 12)}{key[-4:]}" if len(key) > 12 else key


def parse_body(data: bytes, content_type: str) -> Body:
    """The JSON object of a POST request.

    Raises:
        Refusal: 400, it is no JSON: also NaN, lone surrogates and bad UTF-8 are none.
    """
    # A body that is not declared as JSON is not looked at.
    if "json" not in content_type:
        return {}
    try:
        body = orjson.loads(data)
    except orjson.JSONDecodeError:
        raise Refusal(_NOT_JSON) from None
    if not isinstance(body, dict):
        raise Refusal(_NOT_JSON)
    return body


def check_route(method: str, path: str) -> None:
    """Raise a Refusal for a path that does not exist (404) or a method that it does not take (405)."""
    if path in POSTS:
        if method != "POST":
            raise Refusal("Only POST requests are accepted.", code="method_not_supported", status=405)
    elif path != MODELS and not path.startswith(f"{MODELS}/"):
        raise Refusal(f"Invalid URL ({method} {path})", status=404)
    elif method != "GET":
        raise Refusal("Only GET requests are accepted.", code="method_not_supported", status=405)


def reply_to(path: str, body: Body | None, asked: Asked) -> Reply:
    """The reply to a request on a known route.

    Args:
        path: One of the routes.
        body: The parsed body; None for GET.
        asked: The fault to commit; a canned answer is given before any validation.

    Raises:
        Refusal: OpenAI, or the fault, refuses the request.
    """
    said = asked.said
    streamed = bool(body and body.get("stream"))
    if isinstance(said, Canned):
        content_type = said.content_type or (SSE if streamed else JSON)
        return Reply(said.status, content_type, said.body, headers=said.headers)
    if said:
        raise said.refusal()
    if body is None:
        return _json(model_list() if path == MODELS else model_object(path.removeprefix(f"{MODELS}/")))
    if path == EMBEDDINGS:
        check_embedding(body)
        return _json(embed(body))
    streamed = (streamed or asked.fault.form == "stream") and asked.fault.form != "whole"
    return {CHAT: _chat, COMPLETIONS: _completion, RESPONSES: _response}[path](body, asked, streamed)


def _chat(body: Body, asked: Asked, streamed: bool) -> Reply:
    habit = habit_of(body)
    body = habit.read(body)
    check_chat(body)
    answer = _said(habit.say(answer_chat(body)), asked)
    if streamed:
        events = habit.stream(chat_events(body, answer), usage(answer))
        return _stream(events, asked.fault.events, usage(answer))
    return _json(chat_whole(body, answer))


def _response(body: Body, asked: Asked, streamed: bool) -> Reply:
    check_response(body)
    answer = _said(answer_response(body), asked)
    if streamed:
        return _stream(response_events(body, answer), asked.fault.response_events, response_usage(answer))
    return _json(response_whole(body, answer))


def _completion(body: Body, asked: Asked, streamed: bool) -> Reply:
    check_completion(body)
    whole = completion_whole(body)
    return _stream(completion_events(body), asked.fault.events, whole["usage"]) if streamed else _json(whole)


def _said(answer: Answer, asked: Asked) -> Answer:
    return asked.fault.answer(answer, asked.arguments) if asked.fault.answer else answer


def _stream(events: list[Event], edit: EventsEdit | None, counts: Body) -> Reply:
    return Reply(200, SSE, events=tuple(edit(events, counts) if edit else events))


def _json(value: Body) -> Reply:
    return Reply(200, JSON, json.dumps(value, indent=2, ensure_ascii=False))


def reply_of(refusal: Refusal) -> Reply:
    """An error as a reply: indented JSON with all four keys."""
    body = json.dumps(refusal.body, indent=2, ensure_ascii=False)
    return Reply(refusal.status, JSON, body, headers=tuple(refusal.headers.items()))
