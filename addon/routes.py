"""The routes, Ollama's and OpenAI's, and what a path that is none of them gets (Ollama's `server/routes.go`)."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal
from urllib.parse import quote, unquote

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
    "pull",
    "push",
    "create",
    "copy",
    "delete",
    "blob",
    "status",
    "me",
    "sign_out",
    "web_search",
    "web_fetch",
    "recommendations",
    "openai",
    "openai_models",
    "openai_model",
    "health",
    "upstream_health",
]
"""What answers a route."""

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
    _route(r"/api/pull", "POST", "pull"),
    _route(r"/api/push", "POST", "push"),
    _route(r"/api/create", "POST", "create"),
    _route(r"/api/copy", "POST", "copy"),
    _route(r"/api/delete", "DELETE", "delete"),
    _route(r"/api/blobs/[^/]+", "HEAD POST", "blob"),
    _route(r"/api/status", "GET", "status"),
    _route(r"/api/me", "POST", "me"),
    _route(r"/api/signout", "POST", "sign_out"),
    _route(r"/api/user/keys/[^/]+", "DELETE", "sign_out"),
    _route(r"/api/experimental/web_search", "POST", "web_search"),
    _route(r"/api/experimental/web_fetch", "POST", "web_fetch"),
    _route(r"/api/experimental/model-recommendations", "GET", "recommendations"),
    _route(r"/v1/chat/completions", "POST", "openai"),
    _route(r"/v1/completions", "POST", "openai"),
    _route(r"/v1/embeddings", "POST", "openai"),
    _route(r"/v1/responses", "POST", "openai"),
    _route(r"/v1/models", "GET", "openai_models"),
    _route(r"/v1/models/.+", "GET", "openai_model"),
)


@lru_cache(maxsize=256)
def find(method: str, target: str) -> tuple[Name | None, tuple[str, ...]]:
    """The route of a request.

    Args:
        method: As the client sent it.
        target: The path, with or without a query.

    Returns:
        What answers it, or None; and the methods that the path knows, none when the path is unknown.
    """
    path = _decoded(target.partition("?")[0])
    known = [route for route in ROUTES if route.path.fullmatch(path)]
    methods = tuple(each for each in METHODS if any(each in route.methods for route in known))
    return next((route.name for route in known if method in route.methods), None), methods


def redirect(method: str, target: str) -> http.Response | None:
    """Where Go sends a request before anything else is asked, CORS and host included; None for a path that is clean.

    Its mux cleans the path as it was sent, and writes it with its percent signs escaped once more; gin, which reads
    it decoded, takes a slash away that follows a path of the same method.

    Args:
        method: As the client sent it.
        target: The path, with or without a query.
    """
    path, mark, query = target.partition("?")
    if path == "*":
        return respond(200 if method == "OPTIONS" else 400, "", b"")  # of the server as a whole
    clean = clean_path(path)
    if clean != path:
        return _redirect(307, method, _encoded(clean) + mark + query)
    plain = _decoded(path)
    if len(plain) > 1 and plain.endswith("/") and find(method, shorter := _encoded(plain[:-1]))[0]:
        return _redirect(301 if method == "GET" else 307, method, shorter + mark + query)
    return None


def refuse(method: str, target: str, methods: tuple[str, ...]) -> http.Response:
    """The answer to a request that has no route: 405 or 404.

    Args:
        method: As the client sent it.
        target: The path, with or without a query.
        methods: What the path knows.
    """
    if methods:
        return _not_allowed(target, ", ".join(methods))
    path = target.partition("?")[0]
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


def _decoded(path: str) -> str:
    """A path as gin reads it: `%2F` is a slash like another."""
    return unquote(path, errors="surrogateescape")


def _encoded(path: str) -> str:
    """A path as Go's `net/url` writes it."""
    return quote(path, safe="/$&+,:;=@", errors="surrogateescape")


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
