"""The routes, Ollama's and OpenAI's, and what a path that is none of them gets (`ollama-contract.md` 1.5)."""

import re
from dataclasses import dataclass
from typing import Final, Literal

from mitmproxy import http

from addon.responses import JSON, is_openai, respond
from translators.openai_answers import error_body

type Name = Literal[
    "root",
    "version",
    "tags",
    "show",
    "chat",
    "generate",
    "embed",
    "embeddings",
    "ps",
    "openai",
    "openai_models",
    "openai_model",
    "health",
    "upstream_health",
    "later",
]
"""What answers a route; `later` is a route of a real server that this proxy does not serve yet."""

METHODS: Final = ("HEAD", "GET", "POST", "DELETE")
"""In the order in which `Allow` lists them."""


@dataclass(frozen=True, slots=True)
class Route:
    """One route.

    Attributes:
        path: A regular expression for the whole path.
        methods: What it answers to.
        name: What answers it.
    """

    path: re.Pattern[str]
    methods: tuple[str, ...]
    name: Name


def _route(path: str, methods: str, name: Name) -> Route:
    return Route(re.compile(path), tuple(methods.split()), name)


ROUTES: Final = (
    _route(r"/", "HEAD GET", "root"),
    _route(r"/api/version", "HEAD GET", "version"),
    _route(r"/api/tags", "HEAD GET", "tags"),
    _route(r"/api/show", "POST", "show"),
    _route(r"/api/chat", "POST", "chat"),
    _route(r"/api/generate", "POST", "generate"),
    _route(r"/api/embed", "POST", "embed"),
    _route(r"/api/embeddings", "POST", "embeddings"),
    _route(r"/api/ps", "GET", "ps"),
    _route(r"/health", "GET", "health"),  # this proxy's own, for load balancers
    _route(r"/openai/health", "GET", "upstream_health"),
    _route(r"/api/(status|experimental/model-recommendations)", "GET", "later"),
    _route(r"/api/(pull|push|create|copy|me|signout)", "POST", "later"),
    _route(r"/api/experimental/(web_search|web_fetch)", "POST", "later"),
    _route(r"/api/delete", "DELETE", "later"),
    _route(r"/api/user/keys/[^/]+", "DELETE", "later"),
    _route(r"/api/blobs/[^/]+", "HEAD POST", "later"),
    _route(r"/v1/chat/completions", "POST", "openai"),
    _route(r"/v1/completions", "POST", "openai"),
    _route(r"/v1/embeddings", "POST", "openai"),
    _route(r"/v1/responses", "POST", "openai"),
    _route(r"/v1/models", "GET", "openai_models"),
    _route(r"/v1/models/.+", "GET", "openai_model"),
)


def find(method: str, target: str) -> tuple[Name | None, tuple[str, ...]]:
    """The route of a request.

    Args:
        method: As the client sent it.
        target: The path, with or without a query.

    Returns:
        What answers it, or None; and the methods that the path knows, none when the path is unknown.
    """
    path = target.partition("?")[0]
    known = [route for route in ROUTES if route.path.fullmatch(path)]
    methods = tuple(each for each in METHODS if any(each in route.methods for route in known))
    return next((route.name for route in known if method in route.methods), None), methods


def refuse(method: str, target: str, methods: tuple[str, ...]) -> http.Response:
    """The answer to a request that has no route: a redirect to the clean path, 405 or 404.

    Args:
        method: As the client sent it.
        target: The path, with or without a query.
        methods: What the path knows.
    """
    if methods:
        return _not_allowed(target, ", ".join(methods))
    path, mark, query = target.partition("?")
    clean = clean_path(path)
    if clean != path:
        return _redirect(307, method, clean + mark + query)
    if len(path) > 1 and path.endswith("/") and find(method, path[:-1])[0]:
        return _redirect(301 if method == "GET" else 307, method, path[:-1] + mark + query)
    if is_openai(path):
        return respond(404, JSON, error_body(f"Invalid URL ({method} {path})", 404))
    return respond(404, "text/plain", b"404 page not found")


def _not_allowed(target: str, methods: str) -> http.Response:
    content_type, body = "text/plain", b"405 method not allowed"
    if is_openai(target):
        content_type = JSON
        body = error_body(f"Only {methods} requests are accepted.", 405, "method_not_supported")
    return respond(405, content_type, body, allow=methods)


def clean_path(path: str) -> str:
    """A path as Go's router cleans it: without doubled slashes and dot segments; a final slash stays."""
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    clean = "/" + "/".join(parts)
    return clean + "/" if path.endswith("/") and clean != "/" else clean


def _redirect(status: int, method: str, location: str) -> http.Response:
    if method not in ("GET", "HEAD"):
        return respond(status, "", b"", location=location)
    reason = {301: "Moved Permanently", 307: "Temporary Redirect"}[status]
    body = f'<a href="{_html(location)}">{reason}</a>.\n\n'.encode() if method == "GET" else b""
    return respond(status, "text/html; charset=utf-8", body, location=location)


def _html(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;"), ("'", "&#39;")):
        text = text.replace(character, entity)
    return text
